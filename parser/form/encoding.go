package form

import (
	"maps"
	"slices"
	"strings"

	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// A decoding is what was found out about the encoding of one file's text, before anything is looked for in it.
type decoding struct {
	sheets  []grid.Sheet // decoded
	cells   map[cellPlace]verdict
	lines   []decodedLine
	unknown map[cellPlace]bool // columns (row 0) that cannot be read
	misled  []misled
}

// A cellPlace names a cell by the index of its sheet and as a person numbers it.
type cellPlace struct{ sheet, row, col int32 }

// A verdict is how a text that is not plain was read.
type verdict struct {
	encoding viet.Encoding
	doubt    viet.Doubt
}

// A decodedLine is a paragraph that is not plain.
type decodedLine struct {
	verdict
	text, font string
	page       int
}

// A misled is a font that speaks of another encoding than the text in it, and where it first stands.
type misled struct {
	at   cellPlace // row 0: in a paragraph
	font string
	page int
}

// decode reads a file's text as Unicode: column by column over each sheet, because a list is often pasted together from
// several, and all paragraphs together. It comes before the header is looked for, whose words may be in an old encoding
// themselves. What is plain costs one look at its bytes. The document handed in stays as it is. nil: all of it is plain.
func decode(d grid.Document) (grid.Document, *decoding) {
	j := viet.NewJudge()
	suspects := make([][]int, len(d.Sheets))
	found := false
	for i := range d.Sheets {
		suspects[i] = suspectColumns(j, &d.Sheets[i])
		found = found || len(suspects[i]) > 0
	}
	lines := paragraphs(&d)
	if !found && !slices.ContainsFunc(lines, func(s viet.Sample) bool { return j.Suspect(s.Text, s.Font) }) {
		return d, nil
	}
	lean := leaning(j, d.Sheets, suspects, lines)
	n := &decoding{sheets: slices.Clone(d.Sheets), cells: map[cellPlace]verdict{}, unknown: map[cellPlace]bool{}}
	for i := range n.sheets {
		cols := suspects[i]
		if lean != viet.Unicode {
			cols = columnsBeyondASCII(&n.sheets[i])
		}
		fresh := map[int]bool{} // rows whose cells are copies
		for _, col := range cols {
			c := columnOf(&n.sheets[i], col, -1)
			n.column(i, c, j.Decide(c.samples, lean), fresh)
		}
	}
	d.Sheets = n.sheets
	n.document(&d, lines, j.Decide(lines, lean))
	return d, n
}

// firstLook is how much of a column tells what a file leans to.
const firstLook = 2000

// leaning returns the encoding that most of what is not Unicode is in: what one column is in, its neighbours are likely to
// be in. Unicode: nothing is.
func leaning(j *viet.Judge, sheets []grid.Sheet, suspects [][]int, lines []viet.Sample) viet.Encoding {
	var counts [256]int
	look := func(samples []viet.Sample) {
		for _, r := range j.Decide(samples, viet.Unicode).Readings {
			if r.Encoding != viet.Unicode {
				counts[r.Encoding]++
			}
		}
	}
	for i := range sheets {
		for _, col := range suspects[i] {
			look(columnOf(&sheets[i], col, firstLook).samples)
		}
	}
	look(lines)
	if most := slices.Max(counts[:]); most > 0 {
		return viet.Encoding(slices.Index(counts[:], most))
	}
	return viet.Unicode
}

// suspectColumns returns the columns of a sheet that hold something to decide, in order.
func suspectColumns(j *viet.Judge, s *grid.Sheet) []int {
	return columnsWith(s, func(c *grid.Cell) bool { return j.Suspect(c.Text, c.Font) })
}

func columnsBeyondASCII(s *grid.Sheet) []int {
	return columnsWith(s, func(c *grid.Cell) bool {
		return strings.ContainsFunc(c.Text, func(r rune) bool { return r >= 0x80 })
	})
}

// columnsWith returns the columns that hold a text of a kind.
func columnsWith(s *grid.Sheet, is func(*grid.Cell) bool) []int {
	cols := map[int]bool{}
	for i := range s.Rows {
		for k := range s.Rows[i].Cells {
			if c := &s.Rows[i].Cells[k]; c.Kind == grid.Text && (len(cols) == 0 || !cols[c.Col]) && is(c) {
				cols[c.Col] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(cols))
}

// A column is the texts of one column, each with the indexes of its row and cell.
type column struct {
	col     int
	samples []viet.Sample
	at      [][2]int32
}

// columnOf gathers the texts of one column, at most so many unless that is negative.
func columnOf(s *grid.Sheet, col, most int) *column {
	c := &column{col: col}
	for i := range s.Rows {
		if most >= 0 && len(c.samples) >= most {
			break
		}
		for k := range s.Rows[i].Cells {
			if cell := &s.Rows[i].Cells[k]; cell.Col == col && cell.Kind == grid.Text && cell.Text != "" {
				c.samples = append(c.samples, viet.Sample{Text: cell.Text, Font: cell.Font})
				c.at = append(c.at, [2]int32{int32(i), int32(k)})
			}
		}
	}
	return c
}

// column puts in what was decided of one column. Rows are copied before they change.
func (n *decoding) column(sheet int, c *column, decision viet.Decision, fresh map[int]bool) {
	s := &n.sheets[sheet]
	place := func(sample int) cellPlace {
		return cellPlace{int32(sheet), int32(s.Rows[c.at[sample][0]].Number), int32(c.col)}
	}
	if decision.Unknown {
		n.unknown[cellPlace{int32(sheet), 0, int32(c.col)}] = true
	}
	for _, m := range decision.Misled {
		n.misled = append(n.misled, misled{place(m.Sample), m.Font, s.Page})
	}
	for i, r := range decision.Readings {
		if r.Encoding == viet.Unicode && r.Doubt == viet.Certain {
			continue
		}
		n.cells[place(i)] = verdict{r.Encoding, r.Doubt}
		if r.Text == c.samples[i].Text {
			continue
		}
		if len(fresh) == 0 {
			s.Rows = slices.Clone(s.Rows)
		}
		at := int(c.at[i][0])
		if !fresh[at] {
			fresh[at] = true
			s.Rows[at].Cells = slices.Clone(s.Rows[at].Cells)
		}
		s.Rows[at].Cells[c.at[i][1]].Text = r.Text
	}
}

// cell returns the decoded cell of a place.
func (n *decoding) cell(p cellPlace) grid.Cell {
	rows := n.sheets[p.sheet].Rows
	at, found := slices.BinarySearchFunc(rows, int(p.row), func(r grid.Row, number int) int { return r.Number - number })
	if !found {
		return grid.Cell{}
	}
	return rows[at].Cell(int(p.col))
}

// paragraphs gathers the text of a document outside of its tables.
func paragraphs(d *grid.Document) []viet.Sample {
	var lines []viet.Sample
	for _, b := range d.Blocks {
		lines = append(lines, viet.Sample{Text: b.Text, Font: b.Font})
	}
	for _, m := range d.Margins {
		lines = append(lines, viet.Sample{Text: m})
	}
	return lines
}

// document puts in what was decided of the paragraphs.
func (n *decoding) document(d *grid.Document, lines []viet.Sample, text viet.Decision) {
	d.Blocks, d.Margins = slices.Clone(d.Blocks), slices.Clone(d.Margins)
	page := func(sample int) int {
		if sample < len(d.Blocks) {
			return d.Blocks[sample].Page
		}
		return 0
	}
	for _, m := range text.Misled {
		n.misled = append(n.misled, misled{font: m.Font, page: page(m.Sample)})
	}
	for i, r := range text.Readings {
		if r.Encoding == viet.Unicode && r.Doubt == viet.Certain {
			continue
		}
		n.lines = append(n.lines, decodedLine{verdict{r.Encoding, r.Doubt}, r.Text, lines[i].Font, page(i)})
		if i < len(d.Blocks) {
			d.Blocks[i].Text = r.Text
		} else {
			d.Margins[i-len(d.Blocks)] = r.Text
		}
	}
}
