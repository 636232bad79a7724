package reply

import (
	"math"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/parser/grid"
)

// A copier writes the sheets of a grid into a workbook.
type copier struct {
	tabler
	f      *excelize.File
	styles map[cellLook]int
	merged int // cells in merged ranges so far
}

// A cellLook is what decides the style of a copied cell.
type cellLook struct {
	font                       string
	bold, struck, framed, wrap bool
}

// The widths of copied columns in characters, and how many fonts of its own a workbook may bring.
const (
	leastWidth = 5
	mostWidth  = 45
	mostFonts  = 32
)

// copy writes one sheet. at is where its list stands: that part is framed, and its texts decide the widths of the columns.
func (c *copier) copy(s *grid.Sheet, at area) view {
	seen := view{head: map[int][]string{}, heights: map[int]float64{}}
	c.lay()
	widths := widthsOf(s, at)
	for col, width := range widths {
		if width > 0 {
			c.width(col, width)
		}
	}
	if at.width > 0 { // empty cells of the list are framed, too
		c.keep(c.f.SetCellStyle(c.sheet, cellName(1, max(at.header, 1)), cellName(at.width, at.last), c.style(cellLook{framed: true})))
	}
	last := 0
	for _, row := range s.Rows {
		last = row.Number
		if at.width == 0 || row.Number < at.first {
			seen.head[row.Number] = textsOf(row)
		}
		if n := len(row.Cells); n > 0 && (at.width == 0 || at.first <= row.Number && row.Number <= at.last) {
			seen.width = max(seen.width, row.Cells[n-1].Col)
		}
		lines := 1
		for _, cell := range row.Cells {
			text := shownText(cell)
			framed := at.has(row.Number, cell.Col)
			wrapped := strings.Contains(text, "\n") || framed && charsOf(text) > widthAt(widths, cell.Col)
			if wrapped {
				lines = max(lines, linesOf(text, copied, widthAt(widths, cell.Col)*pointsOfChar))
			}
			c.cell(row.Number, cell.Col, text, cellLook{font: cell.Font, bold: framed && row.Number == at.header, struck: cell.Struck, framed: framed, wrap: wrapped})
		}
		if lines > 1 {
			seen.heights[row.Number] = min(math.Ceil(float64(lines)*copied.size*lineHeight), rowLimit)
			c.keep(c.f.SetRowHeight(c.sheet, row.Number, seen.heights[row.Number]))
		}
		if row.Hidden {
			seen.heights[row.Number] = 0
			c.keep(c.f.SetRowVisible(c.sheet, row.Number, false))
		}
	}
	c.merge(s.Merged, last, len(widths)-1)
	c.hide(s.HiddenCols, len(widths)-1)
	return seen
}

// shownText is what the person sees. Of a number that shows as 2,15E+09 all digits are written: as text they could never be
// got back.
func shownText(c grid.Cell) string {
	if c.Kind == grid.Number && strings.ContainsAny(c.Text, "eE#") && c.Raw != "" {
		return c.Raw
	}
	return c.Text
}

// copied is the face of a copied cell whose font says nothing.
var copied = face{size: 12, wide: 1}

// pointsOfChar is the width of a character of the usual font: 7 pixels (ECMA-376 part 1, §18.3.1.13).
const pointsOfChar = 7 * 72.0 / 96

// charsOf is the width of a text, of its widest line, in such characters.
func charsOf(text string) float64 {
	most := 0.0
	for part := range strings.SplitSeq(text, "\n") {
		used := 0.0
		for _, r := range part {
			used += copied.size * letterWidth(r)
		}
		most = max(most, used)
	}
	return most/pointsOfChar + 1.5
}

// widthsOf fits the columns, by their number, to the texts of the list; on a sheet without one to all texts.
func widthsOf(s *grid.Sheet, at area) []float64 {
	widths := []float64{0}
	for _, row := range s.Rows {
		for _, cell := range row.Cells {
			for len(widths) <= cell.Col {
				widths = append(widths, 0)
			}
			if at.width > 0 && !at.has(row.Number, cell.Col) {
				continue
			}
			width := min(max(charsOf(shownText(cell)), leastWidth), mostWidth)
			if row.Number == at.header { // a long heading is wrapped
				width = min(width, 14)
			}
			widths[cell.Col] = max(widths[cell.Col], width)
		}
	}
	return widths
}

func widthAt(widths []float64, col int) float64 {
	if col >= len(widths) || widths[col] == 0 {
		return 9 // about what a program gives a column that nobody set
	}
	return widths[col]
}

func (c *copier) cell(row, col int, text string, look cellLook) {
	name := cellName(col, row)
	c.keep(setText(c.f, c.sheet, name, text))
	c.keep(c.f.SetCellStyle(c.sheet, name, name, c.style(look)))
}

// style makes the style of a look once. The font stays the cell's own where there is one: a text in an old encoding shows as
// its sender sees it only in that font.
func (c *copier) style(look cellLook) int {
	look.font = string(plain(look.font, excelize.MaxFontFamilyLength))
	if id, known := c.styles[look]; known {
		return id
	}
	made := look
	if look.font == "" || len(c.styles) > mostFonts*8 {
		made.font = font(false).Family
	}
	style := excelize.Style{
		NumFmt: 49, Font: &excelize.Font{Family: made.font, Size: copied.size, Bold: look.bold, Strike: look.struck},
		Alignment: &excelize.Alignment{Vertical: "center", WrapText: look.wrap},
	}
	if look.framed {
		style.Border = borders()
	}
	if look.bold {
		style.Alignment.Horizontal = "center"
	}
	id, err := c.f.NewStyle(&style)
	c.keep(err)
	c.styles[look] = id
	return id
}

// Bounds of merged ranges in cells, of one and of all in a workbook: the library keeps a record for each cell of a range.
const (
	rangeBound  = 20_000
	mergedBound = 100_000
)

// merge merges what was merged, up to the last column and row that are used: inside the sheet, more than one cell, no range
// over another. A value under another one is not seen by anybody, and is left out.
func (c *copier) merge(ranges []grid.Range, lastRow, lastCol int) {
	var kept []grid.Range
	for _, r := range ranges {
		r.LastRow, r.LastCol = min(r.LastRow, lastRow), min(r.LastCol, lastCol)
		size := (r.LastRow - r.Row + 1) * (r.LastCol - r.Col + 1)
		if r.Row < 1 || r.Col < 1 || r.LastRow < r.Row || r.LastCol < r.Col || size < 2 || size > rangeBound || c.merged+size > mergedBound || len(kept) == mergeBound {
			continue
		}
		if slices.ContainsFunc(kept, func(k grid.Range) bool {
			return r.Row <= k.LastRow && k.Row <= r.LastRow && r.Col <= k.LastCol && k.Col <= r.LastCol
		}) {
			continue
		}
		kept = append(kept, r)
		c.merged += size
		c.keep(c.f.MergeCell(c.sheet, cellName(r.Col, r.Row), cellName(r.LastCol, r.LastRow)))
	}
}

// cellName is "B14". Rows and columns were checked against the bounds of a sheet before.
func cellName(col, row int) string {
	name, _ := excelize.CoordinatesToCellName(col, row)
	return name
}

// hide hides columns up to the last one that is used: what lies beyond is empty, and the reasons stand there.
func (c *copier) hide(ranges []grid.Range, last int) {
	for _, r := range ranges {
		for col := max(r.Col, 1); col <= min(r.LastCol, last); col++ {
			name, err := excelize.ColumnNumberToName(col)
			if err == nil {
				err = c.f.SetColVisible(c.sheet, name, false)
			}
			c.keep(err)
		}
	}
}
