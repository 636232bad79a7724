package rtf

import (
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// A merge says what part a cell has in merged cells.
type merge uint8

const (
	alone merge = iota
	first       // \clvmgf, \clmgf
	more        // \clvmrg, \clmrg
)

// A cellDef is what \trowd … \cellx says of one cell.
type cellDef struct {
	edge        int // right edge in twips
	down, right merge
	gone        bool // its deletion is tracked
}

type rowDef struct {
	left  int
	cells []cellDef
	next  cellDef // before its \cellx
}

// A table is a table while it is read.
type table struct {
	rows    []row
	cells   []*text // of the current row
	cell    text
	picture bool
	marked  bool // its cells have \intbl
}

type row struct {
	cells []*text
	def   *rowDef
}

// add adds a paragraph to the current cell. A number that a list gives is the cell's text when there is no other: a column
// of running numbers is often made so.
func (t *table) add(p paragraph) {
	s := p.String()
	if n := strings.Trim(p.number, blanks); strings.Trim(s, blanks) == "" && running(n) {
		s = n
	}
	c := &t.cell
	t.picture = t.picture || p.picture
	if c.Len() > 0 {
		c.WriteByte('\n')
	}
	c.WriteString(s)
	c.struck += p.struck
	if c.font == "" {
		c.font = p.font
	}
}

// with returns t and what a cell that is merged into it holds, which is nothing in files of Word.
func (t *text) with(more *text) *text {
	if strings.Trim(more.String(), blanks) == "" {
		return t
	}
	both := &text{font: t.font, struck: t.struck + more.struck}
	both.WriteString(t.String() + "\n" + more.String())
	return both
}

// running reports whether s is a number that counts rows, not a bullet.
func running(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.Trim(s, "0123456789.)( ") == ""
}

func (t *table) endCell() {
	c := t.cell
	t.cell = text{}
	t.cells = append(t.cells, &c)
}

func (t *table) endRow(def *rowDef) {
	t.rows = append(t.rows, row{t.cells, def})
	t.cells = nil
}

// Edges that a hand has drawn are not quite equal from row to row.
const (
	sameEdge = 30  // twips: 0.5 mm
	sameLeft = 200 // a row that begins this much further right leaves no column out
)

// A layout knows the columns of a table by their edges.
type layout struct {
	left  int
	edges []int // right edge of every column, in order
}

// newLayout finds the columns: every edge of every row ends one. Edges that lie close together are one, unless a row has a
// cell between them.
func newLayout(rows []row) layout {
	l := layout{}
	var all []int
	for _, r := range rows {
		if r.def == nil || len(r.def.cells) == 0 {
			continue
		}
		if len(all) == 0 || r.def.left < l.left {
			l.left = r.def.left
		}
		for _, c := range r.def.cells {
			all = append(all, c.edge)
		}
	}
	for _, r := range rows {
		if r.def != nil && r.def.left > l.left+sameLeft {
			all = append(all, r.def.left)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, near := range []int{sameEdge, 0} {
		l.edges = l.edges[:0]
		for _, e := range all {
			if n := len(l.edges); n == 0 || e-l.edges[n-1] > near {
				l.edges = append(l.edges, e)
			}
		}
		if near > 0 && l.parts(rows, near) {
			break
		}
	}
	return l
}

// parts reports whether every cell of every row has a column of its own.
func (l layout) parts(rows []row, near int) bool {
	for _, r := range rows {
		if r.def == nil {
			continue
		}
		last := -1
		for _, c := range r.def.cells {
			at := l.column(c.edge, near)
			if at == last {
				return false
			}
			last = at
		}
	}
	return true
}

// column returns the index of the column that ends at edge.
func (l layout) column(edge, near int) int {
	i, found := slices.BinarySearch(l.edges, edge)
	if !found && i > 0 && edge-l.edges[i-1] <= near {
		i--
	}
	return i
}

// sheet lays the table out.
func (t *table) sheet(lim parser.Limits) (grid.Sheet, error) {
	l := newLayout(t.rows)
	var s grid.Sheet
	below := map[int]int{} // column of a vertical merge → its index in Merged
	for i, r := range t.rows {
		out := grid.Row{Number: i + 1}
		open := below
		below = map[int]int{}
		for _, c := range l.place(r) {
			if c.to > lim.Columns {
				return s, parser.Beyond(lim.Columns, "cột")
			}
			if c.down == more {
				if m, ok := open[c.from]; ok && s.Merged[m].LastRow == i {
					s.Merged[m].LastRow, below[c.from] = i+1, m
				}
				continue
			}
			if c.down == first {
				below[c.from] = len(s.Merged)
			}
			if c.down == first || c.to > c.from {
				s.Merged = append(s.Merged, grid.Range{Row: i + 1, Col: c.from, LastRow: i + 1, LastCol: c.to})
			}
			if shown := strings.Trim(c.text.String(), blanks); shown != "" && !c.gone {
				out.Cells = append(out.Cells, grid.Cell{
					Col: c.from, Text: shown, Raw: shown, Font: c.text.font, Struck: c.text.struck >= len(shown), Partly: c.text.struck > 0 && c.text.struck < len(shown),
				})
			}
		}
		if len(out.Cells) > 0 {
			s.Rows = append(s.Rows, out)
		}
	}
	return s, nil
}

// A placed cell knows its columns, from 1.
type placed struct {
	cellDef
	from, to int
	text     *text
}

// place gives the cells of a row their columns. Cells that no \cellx describes follow one by one.
func (l layout) place(r row) []placed {
	var def rowDef
	if r.def != nil {
		def = *r.def
	}
	next := 1
	if len(def.cells) > 0 && def.left > l.left+sameLeft {
		next = l.column(def.left, sameEdge) + 2
	}
	var out []placed
	for i, c := range r.cells {
		p := placed{from: next, to: next, text: c}
		if i < len(def.cells) {
			p.cellDef = def.cells[i]
			p.to = max(l.column(p.edge, sameEdge)+1, next)
		}
		next = p.to + 1
		if n := len(out); p.right == more && n > 0 {
			out[n-1].to = p.to
			out[n-1].text = out[n-1].text.with(c)
			continue
		}
		out = append(out, p)
	}
	return out
}
