package pdf

import (
	"cmp"
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// An item is what stands on a page from top to bottom: a line, or a table.
type item struct {
	line  Line
	table *table
	more  bool // the table began on an earlier page
}

// A layout is one page as lines and tables.
type layout struct {
	items  []item
	doubt  bool // a table could not be read with certainty
	wide   int  // heights outside of tables on which as many texts stand as in a row of a list
	number int
	frames []frame
	cells  int
}

// What is looked at to find tables. A page that has more is a drawing, and its document is read as lines.
const (
	maxTables = 64          // of a page
	maxPairs  = 200_000_000 // of a line and a glyph
	maxAreas  = 2_000_000   // cells of a document
	maxFrames = 2000
)

// nets finds what is drawn of tables, and the lines that go through text. ok is false for too much of it.
func (p *layout) nets(glyphs []glyphAt, rules []rule) (all []net, through []rule, ok bool) {
	if len(rules) == 0 {
		return nil, nil, true
	}
	if len(rules) > maxRules || len(rules)*len(glyphs) > maxPairs {
		return nil, nil, false
	}
	rules, through = strokes(glyphs, rules)
	all, ok = nets(rules)
	return all, through, ok
}

// A frame is what is drawn of a table, as far as it is compared with others.
type frame struct{ xs, ys []float64 }

// newLayout finds the tables of a page and puts the rest into lines.
func newLayout(glyphs []glyphAt, rules []rule, number int, lim parser.Limits, before *layout) *layout {
	p := &layout{number: number}
	taken := make([]bool, len(glyphs))
	all, through, ok := p.nets(glyphs, rules)
	p.doubt = !ok
	var tables []*table
	for _, n := range all {
		l, ok := newLattice(n, lim.Columns)
		if len(l.ys) > 3 {
			p.frames = append(p.frames, frame{l.xs, l.ys})
		}
		p.cells += len(l.cells)
		if len(tables) == maxTables {
			p.doubt = true
			break
		}
		if !ok {
			p.doubt = p.doubt || len(l.cells) > 1
			continue
		}
		cells, sure := l.fill(glyphs, taken)
		if !sure {
			p.doubt = true
			continue
		}
		t := l.sheet(cells, through)
		if len(t.rows) == 0 {
			continue
		}
		t.page = number
		tables = append(tables, &t)
	}
	var rest []glyphAt
	for i, g := range glyphs {
		if !taken[i] {
			rest = append(rest, g)
		}
	}
	var lines []height
	for _, g := range heights(rest) {
		lines = append(lines, newHeight(g))
	}
	t, sure := aligned(lines, before)
	p.doubt = p.doubt || !sure
	for n, h := range lines {
		switch {
		case t.table != nil && t.first <= n && n <= t.last:
			if n == t.first {
				t.page = number
				p.items = append(p.items, item{table: t.table})
			}
			continue
		case len(h.pieces) >= fewColumns:
			p.wide++
		}
		for _, l := range h.pieces {
			p.items = append(p.items, item{line: l})
		}
	}
	slices.SortStableFunc(tables, func(a, b *table) int {
		return cmp.Or(cmp.Compare(b.box.y1, a.box.y1), cmp.Compare(a.box.x0, b.box.x0))
	})
	for _, t := range tables {
		at := slices.IndexFunc(p.items, func(i item) bool {
			return i.table == nil && i.line.y < t.box.y1 || i.table != nil && i.table.box.y1 < t.box.y1
		})
		if at < 0 {
			at = len(p.items)
		}
		p.items = slices.Insert(p.items, at, item{table: t})
	}
	return p
}

// plainLines gives the page as lines of text.
func plainLines(glyphs []glyphAt, number int) *layout {
	p := &layout{number: number}
	for _, l := range lines(glyphs) {
		p.items = append(p.items, item{line: l})
	}
	return p
}

// open returns the table without lines with which the page ends, if it does.
func (p *layout) open() *table {
	if p == nil {
		return nil
	}
	if i := p.last(); i >= 0 && !p.items[i].table.ruled {
		return p.items[i].table
	}
	return nil
}

// heads reports whether everything that stands there on the next page is its running head.
func (p *layout) heads(above []height) bool {
	var items []item
	for _, h := range above {
		for _, l := range h.pieces {
			items = append(items, item{line: l})
		}
	}
	return p.running(items)
}

// continues joins a table that stands on two pages: the last of one, the first of the next, with the same columns. A text
// between them, but for running heads, begins a new table when that has a header of its own.
func (p *layout) continues(next *layout) {
	a, b := p.last(), next.first()
	if a < 0 || b < 0 {
		return
	}
	up, down := p.items[a].table, next.items[b].table
	if !sameColumns(up, down) || (!next.running(p.items[a+1:]) || !p.running(next.items[:b])) && repeats(up, down) {
		return
	}
	up.append(down)
	next.items[b].table = up
	next.items[b].more = true
}

// last returns the index of the page's last table, -1 without one.
func (p *layout) last() int {
	for i := len(p.items) - 1; i >= 0; i-- {
		if p.items[i].table != nil {
			return i
		}
	}
	return -1
}

func (p *layout) first() int {
	return slices.IndexFunc(p.items, func(i item) bool { return i.table != nil })
}

// running reports whether every line is one of a running head or foot: this page has the same at the same height, but for its
// number.
func (p *layout) running(items []item) bool {
	if len(items) > 12 {
		return false
	}
	for _, i := range items {
		if i.line.Picture {
			continue
		}
		text := withoutDigits(i.line.Text)
		if text != "" && !slices.ContainsFunc(p.items, func(o item) bool {
			return o.table == nil && abs(o.line.y-i.line.y) < 3 && withoutDigits(o.line.Text) == text
		}) {
			return false
		}
	}
	return true
}

func withoutDigits(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || r == '-' || r == '/' {
			return -1
		}
		return r
	}, s))
}

func sameColumns(a, b *table) bool {
	if len(a.edges) != len(b.edges) || a.ruled != b.ruled {
		return false
	}
	for i := range a.edges {
		if abs(a.edges[i]-b.edges[i]) > touching {
			return false
		}
	}
	return true
}

// repeats reports whether b begins with a row that stands among the first rows of a.
func repeats(a, b *table) bool { return a.has(b.rows[0]) }

// has reports whether the same row stands among the first of the table.
func (t *table) has(row grid.Row) bool {
	return slices.ContainsFunc(t.rows[:min(6, len(t.rows))], func(r grid.Row) bool {
		return len(r.Cells) > 1 && slices.EqualFunc(r.Cells, row.Cells, func(x, y grid.Cell) bool { return x.Col == y.Col && x.Text == y.Text })
	})
}

// append adds the rows of the next page. A row that was broken between the pages is put together: its second half has
// nothing in the first column, and nothing in any column where the first half has nothing.
func (t *table) append(next *table) {
	rows, base := next.rows, t.height
	k := 0 // behind the header that every page has
	for k < len(rows) && rows[k].Number == k+1 && t.has(rows[k]) {
		k++
	}
	if up := &t.rows[len(t.rows)-1]; k < len(rows) && rows[k].Number == k+1 && up.Number == t.height &&
		isHalf(*up, rows[k]) && !next.mergedIn(k+1) {
		*up = joined(*up, rows[k])
		rows = append(slices.Clone(rows[:k]), rows[k+1:]...)
		next.shift(k+1, -1)
		for i := k; i < len(rows); i++ {
			rows[i].Number--
		}
	}
	for _, r := range rows {
		r.Number += base
		t.rows = append(t.rows, r)
	}
	next.shift(0, base)
	t.merged = append(t.merged, next.merged...)
	t.height = base + next.height
}

// shift moves the merged cells below a row by n, and the height.
func (t *table) shift(row, n int) {
	for i := range t.merged {
		if m := &t.merged[i]; m.Row > row {
			m.Row, m.LastRow = m.Row+n, m.LastRow+n
		}
	}
	if n < 0 {
		t.height += n
	}
}

func (t *table) mergedIn(row int) bool {
	return slices.ContainsFunc(t.merged, func(m grid.Range) bool { return m.Row == row })
}

func isHalf(up, down grid.Row) bool {
	if len(down.Cells) >= len(up.Cells) || down.Cell(1).Text != "" || up.Cell(1).Text == "" {
		return false
	}
	for _, c := range down.Cells {
		if up.Cell(c.Col).Text == "" {
			return false
		}
	}
	return true
}
