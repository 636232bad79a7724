package reply

import (
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// A marker holds an open workbook while it is marked.
type marker struct {
	w           *Writer
	f           *excelize.File
	red, yellow int // ids of fills
	wrapped     int // id of a style that wraps
	ownFont     int // id of our font
	styles      map[look]int
	notes       map[string][]note // by sheet
	known       map[string]view   // sheets that need not be read again
	merges      [][4]int          // of the sheet at hand: first column, first row, last column, last row
	heights     map[int]float64   // of its rows that have one of their own, in points; 0: hidden
}

// A look is a style of the unit's with what is changed about it.
type look struct {
	style int
	fill  int // id, keep when negative
	wrap  bool
	bare  bool // without borders
	own   bool // in our font
}

const keep = -1

func newMarker(w *Writer, f *excelize.File) (*marker, error) {
	m := &marker{w: w, f: f, styles: map[look]int{}, notes: map[string][]note{}}
	var err error
	if m.red, err = fillID(f, red); err != nil {
		return nil, err
	}
	if m.yellow, err = fillID(f, yellow); err != nil {
		return nil, err
	}
	m.wrapped, err = f.NewStyle(&excelize.Style{Font: font(false), Alignment: &excelize.Alignment{WrapText: true, Vertical: "center", Horizontal: "left"}})
	if err == nil {
		m.ownFont = *f.Styles.CellXfs.Xf[m.wrapped].FontID
	}
	return m, err
}

func fillID(f *excelize.File, colour string) (int, error) {
	style, err := f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}})
	if err != nil {
		return 0, err
	}
	return *f.Styles.CellXfs.Xf[style].FillID, nil
}

// restyle returns the style that is like l.style but for the changes. The record is copied as it is: going through
// excelize's own Style would turn theme colours and number formats into something else.
func (m *marker) restyle(l look) int {
	if id, known := m.styles[l]; known {
		return id
	}
	xfs, yes := m.f.Styles.CellXfs, true
	if l.style < 0 || l.style >= len(xfs.Xf) {
		l.style = 0
	}
	xf := xfs.Xf[l.style]
	if l.fill != keep {
		xf.FillID, xf.ApplyFill = &l.fill, &yes
	}
	if l.wrap {
		xf.Alignment, xf.ApplyAlignment = xfs.Xf[m.wrapped].Alignment, &yes
	}
	if l.own {
		xf.FontID, xf.ApplyFont = &m.ownFont, &yes
	}
	if l.bare {
		none := 0
		xf.BorderID, xf.ApplyBorder = &none, &yes
	}
	xfs.Xf = append(xfs.Xf, xf)
	xfs.Count = len(xfs.Xf)
	m.styles[l] = xfs.Count - 1
	return xfs.Count - 1
}

// paint fills one cell.
func (m *marker) paint(sheet, cell string, fill int) error {
	style, err := m.f.GetCellStyle(sheet, cell)
	if err != nil {
		return err
	}
	return m.f.SetCellStyle(sheet, cell, cell, m.restyle(look{style: style, fill: fill}))
}

// write puts a text into the reason column, in the font and borders of the cell to its left in row like, and makes its
// row high enough. bare leaves the borders out: above the table there are none.
func (m *marker) write(sheet string, col, row, like int, text string, bare bool) error {
	cell, err := excelize.CoordinatesToCellName(col, row)
	if err != nil {
		return err
	}
	if err := setText(m.f, sheet, cell, text); err != nil {
		return err
	}
	style := 0
	if col > 1 && like > 0 {
		left, err := excelize.CoordinatesToCellName(col-1, like)
		if err != nil {
			return err
		}
		if style, err = m.f.GetCellStyle(sheet, m.shown(left)); err != nil {
			return err
		}
	}
	style = m.restyle(look{style: style, wrap: true, bare: bare, own: !m.shows(style)})
	if err := m.f.SetCellStyle(sheet, cell, cell, style); err != nil {
		return err
	}
	return m.grow(sheet, row, text, m.faceOf(style))
}

// A layout is where the reason column stands.
type layout struct {
	col    int
	header int   // row of the header, 0 when the table has none
	last   int   // last row with a person
	above  []int // free rows over the header, from the top
	again  bool  // the sheet was marked before
}

// headRows is how far above the first person a header is looked for.
const headRows = 6

// layout finds the header and the first column to the right of all that stands beside the rows.
func (m *marker) layout(s *sheetMarks) (layout, error) {
	first, last := 2, 0 // without people the column starts at the top of the sheet
	if len(s.rows) > 0 {
		first, last = s.rows[0].Line, s.rows[len(s.rows)-1].Line
	}
	head, width, err := m.look(s.name, first, last)
	if err != nil {
		return layout{}, err
	}
	if err := m.readMerges(s.name); err != nil {
		return layout{}, err
	}
	at := layout{last: last, header: first - 1}
	if row, col := find(head, ReasonHeader); row > 0 {
		at.header, at.col, at.again = row, col, true
	} else {
		if len(s.rows) > 0 {
			at.header = headerRow(head, first, s.rows[0])
		}
		at.col, err = m.freeColumn(s.name, at, max(width, len(head[at.header])))
	}
	for row := 1; row < at.header; row++ {
		if text := at0(head[row], at.col); m.isFree(at.col, row) && (text == "" || at.again && isReason(text)) {
			at.above = append(at.above, row)
		}
	}
	if len(s.rows) == 0 { // no table was found: what is wrong stands right under the header
		at.above = []int{at.header + 1}
	}
	return at, err
}

// A view is what of a sheet decides where the reasons go, for who wrote it himself.
type view struct {
	head    map[int][]string // the rows above the first person, by their number
	width   int              // columns that are used from there on
	heights map[int]float64  // of rows that have one of their own, in points; 0: hidden
}

func (m *marker) look(sheet string, first, last int) (head map[int][]string, width int, err error) {
	if v, known := m.known[sheet]; known {
		m.heights = v.heights
		return v.head, v.width, nil
	}
	return m.scan(sheet, first, last)
}

// scan reads the rows up to last. It returns those above first, by row, and how many columns are used from first on; for
// a sheet without people (last < first) how many columns are used at all.
func (m *marker) scan(sheet string, first, last int) (head map[int][]string, width int, err error) {
	rows, err := m.f.Rows(sheet)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	head, m.heights = map[int][]string{}, map[int]float64{}
	for row := 1; rows.Next() && (row <= last || last < first); row++ {
		values, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, 0, err
		}
		if options := rows.GetRowOpts(); options.Hidden {
			m.heights[row] = 0
		} else if options.Height > 0 {
			m.heights[row] = options.Height
		}
		for len(values) > 0 && values[len(values)-1] == "" {
			values = values[:len(values)-1]
		}
		if row < first || last < first {
			head[row] = values
		}
		if row >= first || last < first {
			width = max(width, len(values))
		}
	}
	return head, width, rows.Error()
}

func (m *marker) readMerges(sheet string) error {
	cells, err := m.f.GetMergeCells(sheet, true)
	if err != nil {
		return err
	}
	m.merges = m.merges[:0]
	for _, c := range cells {
		c1, r1, err := excelize.CellNameToCoordinates(c.GetStartAxis())
		if err != nil {
			return err
		}
		c2, r2, err := excelize.CellNameToCoordinates(c.GetEndAxis())
		if err != nil {
			return err
		}
		m.merges = append(m.merges, [4]int{c1, r1, c2, r2})
	}
	return nil
}

// headerRow is the row above the first person where most columns of the list have a word, the nearest of equals; 0 when
// the list starts at the top.
func headerRow(head map[int][]string, first int, row bot.Row) int {
	best, most := first-1, 0
	for line := first - 1; line >= max(1, first-headRows); line-- {
		named := 0
		for _, cell := range row.Cells {
			if col, _, err := excelize.CellNameToCoordinates(cell); err == nil && at0(head[line], col) != "" {
				named++
			}
		}
		if named > most {
			best, most = line, named
		}
	}
	return best
}

// freeColumn is the first column after the used ones that no merged cell of the table and no formula reaches.
func (m *marker) freeColumn(sheet string, at layout, used int) (int, error) {
	for _, merge := range m.merges {
		if at.last < at.header || merge[3] >= at.header && merge[1] <= at.last { // without people: every merged cell
			used = max(used, merge[2])
		}
	}
	for col := used + 1; ; col++ {
		taken := false
		if _, known := m.known[sheet]; known { // it has no formulas
			return col, nil
		}
		for row := max(at.header, 1); row <= at.last && !taken; row++ {
			cell, err := excelize.CoordinatesToCellName(col, row)
			if err != nil {
				return 0, err
			}
			formula, err := m.f.GetCellFormula(sheet, cell)
			if err != nil {
				return 0, err
			}
			taken = formula != "" // a formula without a result reads as an empty cell
		}
		if !taken {
			return col, nil
		}
	}
}

// forget takes the marks of an earlier answer away: the texts of the column and our fills on the rows' cells.
func (m *marker) forget(s *sheetMarks, at layout) error {
	for row := 1; row <= at.last; row++ {
		if row <= at.header && !slices.Contains(at.above, row) {
			continue
		}
		cell, err := excelize.CoordinatesToCellName(at.col, row)
		if err != nil {
			return err
		}
		if err := m.f.SetCellValue(s.name, cell, nil); err != nil {
			return err
		}
	}
	for _, row := range s.rows {
		for _, cell := range row.Cells {
			cell = m.shown(cell)
			style, err := m.f.GetCellStyle(s.name, cell)
			if err != nil {
				return err
			}
			if m.isOurs(style) {
				if err := m.paint(s.name, cell, 0); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// isOurs says whether a style has one of our fills, by its colour: spreadsheet programs number fills anew.
func (m *marker) isOurs(style int) bool {
	styles := m.f.Styles
	if style < 0 || style >= len(styles.CellXfs.Xf) {
		return false
	}
	id := styles.CellXfs.Xf[style].FillID
	if id == nil || *id < 0 || *id >= len(styles.Fills.Fill) {
		return false
	}
	pattern := styles.Fills.Fill[*id].PatternFill
	if pattern == nil || pattern.FgColor == nil {
		return false
	}
	return strings.HasSuffix(pattern.FgColor.RGB, red) || strings.HasSuffix(pattern.FgColor.RGB, yellow)
}

// shown is the cell that a person sees at the place of cell: the first one of a merged range.
func (m *marker) shown(cell string) string {
	col, row, err := excelize.CellNameToCoordinates(cell)
	if err != nil {
		return cell
	}
	for _, r := range m.merges {
		if r[0] <= col && col <= r[2] && r[1] <= row && row <= r[3] {
			if first, err := excelize.CoordinatesToCellName(r[0], r[1]); err == nil {
				return first
			}
		}
	}
	return cell
}

func (m *marker) isFree(col, row int) bool {
	return !slices.ContainsFunc(m.merges, func(r [4]int) bool {
		return r[0] <= col && col <= r[2] && r[1] <= row && row <= r[3]
	})
}

// find returns the row and column of the lowest cell that begins with text, 0 for none.
func find(head map[int][]string, text string) (row, col int) {
	for line, values := range head {
		i := slices.IndexFunc(values, func(v string) bool { return strings.HasPrefix(v, text) })
		if i >= 0 && line > row {
			row, col = line, i+1
		}
	}
	return row, col
}

// isReason tells a text of ours by its "[ROW-02] ".
func isReason(text string) bool { return strings.HasPrefix(text, "[") && strings.Contains(text, "] ") }

// at0 is the value in a 1-based column, "" beyond the end.
func at0(values []string, col int) string {
	if col < 1 || col > len(values) {
		return ""
	}
	return values[col-1]
}
