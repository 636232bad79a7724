package pdf

import (
	"slices"
	"strings"

	"vanthu/parser/grid"
)

// A table without lines is read when its columns are plain to see: its first row has a text for every column, white runs down
// between the columns, and every row fills most of them.
const (
	fewColumns = 4    // a letter has up to three texts beside each other: two seals and a name
	white      = 0.05 // width of the white in all rows together, in sizes of the font
	noGap      = 0.07 // between letters of one text
)

// A span is a piece of the line from left to right.
type span struct{ from, to float64 }

func (s span) meets(t span) bool { return s.from < t.to && t.from < s.to }

func (s span) with(t span) span { return span{min(s.from, t.from), max(s.to, t.to)} }

// A height is what stands on one height of a page.
type height struct {
	y, size float64
	glyphs  []glyphAt
	ink     []span // what is painted without a gap; a blank between words is painted, the white between columns is not
	pieces  []Line
	cut     bool
}

func newHeight(glyphs []glyphAt) height {
	h := height{glyphs: glyphs, pieces: split(glyphs)} // sorts from left to right
	for _, g := range glyphs {
		if g.picture {
			continue
		}
		blank := strings.TrimSpace(g.text) == ""
		if !blank {
			h.y, h.size, h.cut = g.y, max(h.size, g.size), h.cut || g.cut
		}
		now := span{g.x, g.x + g.w}
		if n := len(h.ink); n > 0 && g.x-h.ink[n-1].to <= noGap*g.size {
			h.ink[n-1] = h.ink[n-1].with(now)
		} else if !blank {
			h.ink = append(h.ink, now)
		}
	}
	return h
}

// An alignment is a table without lines among the heights of a page: the first and the last of them.
type alignment struct {
	*table
	first, last int
}

// full reports whether the height could be a row by itself.
func (h height) full() bool { return len(h.ink) >= fewColumns-1 }

// aligned finds such a table. before is the page before: when it ends with such a table, this one may go on without a header.
// sure is false when there seems to be a table whose rows or columns are not plain.
func aligned(all []height, before *layout) (a alignment, sure bool) {
	none := alignment{last: -1}
	open := before.open()
	if open != nil {
		first := slices.IndexFunc(all, height.full)
		if first < 0 {
			return none, true
		}
		rows, first, last := grouped(all, first)
		if t := rowsOf(rows, open.edges); t != nil && before.heads(all[:first]) {
			return alignment{t, first, last}, true
		}
	}
	head := slices.IndexFunc(all, func(h height) bool { return len(h.pieces) >= fewColumns })
	if head < 0 {
		return none, true
	}
	rows, first, last := grouped(all, head)
	if len(rows) < 2 {
		return none, false
	}
	t := rowsOf(rows, columns(all[head], rows[1:]))
	if t == nil || open != nil && !repeats(open, t) {
		return none, false
	}
	return alignment{t, first, last}, true
}

// grouped puts the heights from head on into rows. A cell's text may go on above and below: then the heights of one row stand
// clearly closer together than rows do, and each row has one height that is full. It returns nil where that is not so, or
// where what stands below the last row may belong to it.
func grouped(all []height, head int) (rows [][]height, first, last int) {
	first, last = head, head
	for n := range all {
		if n > head && all[n].full() {
			last = n
		}
	}
	near := nearness(all[first : last+1])
	if near > 0 {
		for first > 0 && all[first-1].y-all[first].y < near && !all[first-1].full() {
			first--
		}
		for last+1 < len(all) && all[last].y-all[last+1].y < near {
			last++
		}
	} else if last > first && last+1 < len(all) {
		pitch := (all[first].y - all[last].y) / float64(last-first)
		if all[last].y-all[last+1].y <= 1.25*pitch {
			return nil, 0, -1
		}
	}
	for n := first; n <= last; n++ {
		if n > first && near > 0 && all[n-1].y-all[n].y < near {
			rows[len(rows)-1] = append(rows[len(rows)-1], all[n])
		} else {
			rows = append(rows, []height{all[n]})
		}
	}
	for _, r := range rows {
		n := 0
		for _, h := range r {
			if h.full() {
				n++
			}
		}
		if n != 1 {
			return nil, 0, -1
		}
	}
	return rows, first, last
}

// nearness returns how far apart the lines of one row stand at most, 0 when every height is a row.
func nearness(all []height) float64 {
	if !slices.ContainsFunc(all, func(h height) bool { return !h.full() }) {
		return 0
	}
	var gaps []float64
	for n := 1; n < len(all); n++ {
		gaps = append(gaps, all[n-1].y-all[n].y)
	}
	slices.Sort(gaps)
	best, near := 0.0, 0.0
	for n := 1; n < len(gaps); n++ {
		if ratio := gaps[n] / max(gaps[n-1], 0.1); ratio > best {
			best, near = ratio, 1.1*gaps[n-1]
		}
	}
	if best < 1.25 {
		return 0.001 // nothing is near
	}
	return near
}

// columns returns the edges of the columns that the texts of the header name, nil when they are not plain. Texts of the rows
// stand in bands; a band belongs to the header's text over it, and where every text has one, to the one of the same number.
func columns(head height, rows [][]height) []float64 {
	var bands []span
	size := head.size
	for _, r := range rows {
		for _, h := range r {
			size = max(size, h.size)
			bands = append(bands, h.ink...)
		}
	}
	bands = union(bands, white*size)
	names := make([]span, len(head.pieces))
	for i, p := range head.pieces {
		names[i] = span{p.from, p.to}
	}
	if len(bands) > len(names) || len(bands) < fewColumns-1 || !bands[0].meets(names[0]) && len(bands) < len(names) {
		return nil
	}
	cols := slices.Clone(names)
	for n, b := range bands {
		at := n
		if len(bands) < len(names) {
			at = slices.IndexFunc(names, b.meets)
		}
		if at < 0 {
			return nil
		}
		for i, name := range names {
			if i != at && b.meets(name) {
				return nil
			}
		}
		cols[at] = cols[at].with(b)
	}
	edges := []float64{cols[0].from}
	for i := 1; i < len(cols); i++ {
		if cols[i].from <= cols[i-1].to {
			return nil
		}
		edges = append(edges, (cols[i].from+cols[i-1].to)/2)
	}
	return append(edges, cols[len(cols)-1].to)
}

// union joins spans between which no gap wider than that lies.
func union(spans []span, gap float64) []span {
	slices.SortFunc(spans, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from-out[n-1].to <= gap {
			out[n-1] = out[n-1].with(s)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// rowsOf puts the texts of rows into columns. It returns nil when a text was cut off, crosses an edge, or shares its cell with
// another one: then the columns are not what they seem.
func rowsOf(rows [][]height, edges []float64) *table {
	if len(rows) == 0 || edges == nil {
		return nil
	}
	t := &table{edges: edges, height: len(rows)}
	t.box = box{edges[0], 0, edges[len(edges)-1], rows[0][0].y + rows[0][0].size}
	var w windows
	for n, r := range rows {
		cells := make([][]glyphAt, len(edges)-1)
		for _, h := range r {
			t.feet = append(t.feet, h.y)
			if h.cut || h.into(cells, edges) != len(h.ink) || h.ink[0].from < edges[0]-h.size {
				return nil
			}
			for _, w := range h.ink {
				if slices.ContainsFunc(edges[1:len(edges)-1], func(e float64) bool { return w.from < e && e < w.to }) {
					return nil
				}
			}
		}
		out := grid.Row{Number: n + 1}
		for c, glyphs := range cells {
			if s := text(glyphs); s != "" {
				w.add(glyphs, edges[len(edges)-1]-edges[0])
				font, _ := look(glyphs, nil)
				out.Cells = append(out.Cells, grid.Cell{Col: c + 1, Text: s, Raw: s, Font: font})
			}
		}
		t.rows = append(t.rows, out)
	}
	if w.hide() {
		return nil
	}
	return t
}

// into adds the glyphs of a height to the cells of its row, and returns how many of them it has a text for.
func (h height) into(cells [][]glyphAt, edges []float64) int {
	n, last := 0, -1
	for _, g := range h.glyphs {
		if g.picture {
			continue
		}
		c, _ := slices.BinarySearch(edges, g.x+g.w/2)
		c = min(max(c-1, 0), len(cells)-1)
		cells[c] = append(cells[c], g)
		if strings.TrimSpace(g.text) != "" && c != last {
			n, last = n+1, c
		}
	}
	return n
}

// joined returns a row with the cells of another one as further lines.
func joined(row, more grid.Row) grid.Row {
	for _, c := range more.Cells {
		i := slices.IndexFunc(row.Cells, func(u grid.Cell) bool { return u.Col >= c.Col })
		switch {
		case i < 0:
			row.Cells = append(row.Cells, c)
		case row.Cells[i].Col > c.Col:
			row.Cells = slices.Insert(row.Cells, i, c)
		default:
			u := &row.Cells[i]
			if !broken(u.Text) {
				u.Text += "\n"
			}
			u.Text += c.Text
			u.Raw, u.Struck = u.Text, u.Struck && c.Struck
		}
	}
	return row
}
