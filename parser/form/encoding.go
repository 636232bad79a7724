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
	cells   map[cellPlace]decoded // of sheets, as far as they are not plain
	lines   []decoded             // of paragraphs, the same
	unknown map[cellPlace]bool    // columns (row 0) that cannot be read
	misled  []misled
}

type cellPlace struct {
	sheet    string
	row, col int
}

// A decoded is one text that is read in another encoding, or doubted.
type decoded struct {
	viet.Reading
	raw, font string
	page      int
}

// A misled is a font that speaks of another encoding than the text in it, and where it first stands.
type misled struct {
	at   cellPlace
	font string
	page int
}

// A column of a sheet that is not plain, while it is decided.
type column struct {
	sheet, col int
	samples    []viet.Sample
	at         []int // row and cell of each sample, as indexes
	cell       []int
	decision   viet.Decision
}

// decode reads a file's text as Unicode: column by column over each sheet, because a list is often pasted together from
// several, and all paragraphs together. It comes before the header is looked for, whose words may be in an old encoding
// themselves. What is plain costs one look at its bytes. nil: all of it is.
func decode(d grid.Document) (grid.Document, *decoding) {
	j := viet.NewJudge()
	suspects := make([]map[int]bool, len(d.Sheets))
	found := false
	for i := range d.Sheets {
		suspects[i] = suspectColumns(j, &d.Sheets[i])
		found = found || len(suspects[i]) > 0
	}
	lines := paragraphs(&d)
	odd := slices.ContainsFunc(lines, func(s viet.Sample) bool { return j.Suspect(s.Text, s.Font) })
	if !found && !odd {
		return d, nil
	}
	var columns []*column
	var counts [256]int
	count := func(dec viet.Decision) {
		for _, r := range dec.Readings {
			if r.Encoding != viet.Unicode {
				counts[r.Encoding]++
			}
		}
	}
	for i := range d.Sheets {
		for _, col := range slices.Sorted(maps.Keys(suspects[i])) {
			c := columnOf(&d.Sheets[i], i, col)
			c.decision = j.Decide(c.samples, viet.Unicode)
			count(c.decision)
			columns = append(columns, c)
		}
	}
	text := j.Decide(lines, viet.Unicode)
	count(text)
	if most := slices.Max(counts[:]); most > 0 { // what one column is in, its neighbours are likely to be in
		lean := viet.Encoding(slices.Index(counts[:], most))
		columns = allColumns(&d)
		for _, c := range columns {
			c.decision = j.Decide(c.samples, lean)
		}
		text = j.Decide(lines, lean)
	}
	n := &decoding{cells: map[cellPlace]decoded{}, unknown: map[cellPlace]bool{}}
	d.Sheets = n.sheets(d.Sheets, columns)
	n.document(&d, lines, text)
	return d, n
}

// suspectColumns returns the columns of a sheet that hold something to decide.
func suspectColumns(j *viet.Judge, s *grid.Sheet) map[int]bool {
	var cols map[int]bool
	for i := range s.Rows {
		for k := range s.Rows[i].Cells {
			c := &s.Rows[i].Cells[k]
			if c.Kind == grid.Text && !cols[c.Col] && j.Suspect(c.Text, c.Font) {
				if cols == nil {
					cols = map[int]bool{}
				}
				cols[c.Col] = true
			}
		}
	}
	return cols
}

// columnOf gathers the texts of one column.
func columnOf(s *grid.Sheet, sheet, col int) *column {
	c := &column{sheet: sheet, col: col}
	for i := range s.Rows {
		for k := range s.Rows[i].Cells {
			if cell := &s.Rows[i].Cells[k]; cell.Col == col && cell.Kind == grid.Text && cell.Text != "" {
				c.add(i, k, cell)
			}
		}
	}
	return c
}

func (c *column) add(row, cell int, from *grid.Cell) {
	c.samples = append(c.samples, viet.Sample{Text: from.Text, Font: from.Font})
	c.at, c.cell = append(c.at, row), append(c.cell, cell)
}

// allColumns gathers the texts of all columns that hold more than ASCII, of all sheets.
func allColumns(d *grid.Document) []*column {
	var all []*column
	for i := range d.Sheets {
		beyond := map[int]bool{}
		for r := range d.Sheets[i].Rows {
			for k := range d.Sheets[i].Rows[r].Cells {
				if cell := &d.Sheets[i].Rows[r].Cells[k]; cell.Kind == grid.Text && strings.ContainsFunc(cell.Text, func(r rune) bool { return r >= 0x80 }) {
					beyond[cell.Col] = true
				}
			}
		}
		of := map[int]*column{}
		for r := range d.Sheets[i].Rows {
			for k := range d.Sheets[i].Rows[r].Cells {
				cell := &d.Sheets[i].Rows[r].Cells[k]
				if cell.Kind != grid.Text || cell.Text == "" || !beyond[cell.Col] {
					continue
				}
				c := of[cell.Col]
				if c == nil {
					c = &column{sheet: i, col: cell.Col}
					of[cell.Col] = c
					all = append(all, c)
				}
				c.add(r, k, cell)
			}
		}
	}
	return all
}

// sheets gives back the sheets with what was decoded put in; the ones handed in stay as they are.
func (n *decoding) sheets(from []grid.Sheet, columns []*column) []grid.Sheet {
	sheets := slices.Clone(from)
	fresh := make([]map[int]bool, len(sheets)) // rows whose cells are copies
	for _, c := range columns {
		s := &sheets[c.sheet]
		if c.decision.Unknown {
			n.unknown[cellPlace{s.Name, 0, c.col}] = true
		}
		for _, m := range c.decision.Misled {
			n.misled = append(n.misled, misled{cellPlace{s.Name, s.Rows[c.at[m.Sample]].Number, c.col}, m.Font, s.Page})
		}
		for i, r := range c.decision.Readings {
			if r.Encoding == viet.Unicode && r.Doubt == viet.Certain {
				continue
			}
			sample := c.samples[i]
			n.cells[cellPlace{s.Name, s.Rows[c.at[i]].Number, c.col}] = decoded{Reading: r, raw: sample.Text, font: sample.Font, page: s.Page}
			if r.Text == sample.Text {
				continue
			}
			if fresh[c.sheet] == nil {
				fresh[c.sheet] = map[int]bool{}
				s.Rows = slices.Clone(s.Rows)
			}
			row := &s.Rows[c.at[i]]
			if !fresh[c.sheet][c.at[i]] {
				fresh[c.sheet][c.at[i]] = true
				row.Cells = slices.Clone(row.Cells)
			}
			row.Cells[c.cell[i]].Text = r.Text
		}
	}
	return sheets
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

// document puts in what was decoded of the paragraphs.
func (n *decoding) document(d *grid.Document, lines []viet.Sample, text viet.Decision) {
	d.Blocks, d.Margins = slices.Clone(d.Blocks), slices.Clone(d.Margins)
	for _, m := range text.Misled {
		first := misled{font: m.Font}
		if m.Sample < len(d.Blocks) {
			first.page = d.Blocks[m.Sample].Page
		}
		n.misled = append(n.misled, first)
	}
	for i, r := range text.Readings {
		if r.Encoding == viet.Unicode && r.Doubt == viet.Certain {
			continue
		}
		line := decoded{Reading: r, raw: lines[i].Text, font: lines[i].Font}
		if i < len(d.Blocks) {
			d.Blocks[i].Text = r.Text
			line.page = d.Blocks[i].Page
		} else {
			d.Margins[i-len(d.Blocks)] = r.Text
		}
		n.lines = append(n.lines, line)
	}
}
