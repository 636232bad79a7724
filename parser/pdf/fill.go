package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"vanthu/parser/grid"
)

// middle is how far above its foot the middle of a small letter stands, in sizes of the font.
const middle = 0.25

// A stretch is glyphs that were painted one behind the other without a gap: a piece of one cell's text.
type stretch struct {
	from, to int // in the page's glyphs, in the order of painting
}

// gap is what may lie between two glyphs of one stretch, in sizes of the font.
const gap = 0.6

// stretches cuts the glyphs where the painting goes on elsewhere, and where a border lies in a gap.
func (l *lattice) stretches(glyphs []glyphAt) []stretch {
	var out []stretch
	from := 0
	cutAt := func(i int) {
		if i > from {
			out = append(out, stretch{from, i})
		}
		from = i
	}
	for i := range glyphs {
		if i == 0 {
			continue
		}
		a, b := glyphs[i-1], glyphs[i]
		end := a.x + a.w
		apart := a.picture || b.picture || abs(a.y-b.y) > 0.1*b.size || b.x < end-0.5*b.size || b.x > end+gap*b.size
		if !apart && b.x > end+0.1*b.size {
			c := nearest(l.xs, (end+b.x)/2)
			apart = l.xs[c] > end-0.5 && l.xs[c] < b.x+0.5
		}
		if apart {
			cutAt(i)
		}
	}
	cutAt(len(glyphs))
	return out
}

// maxOvers bounds the texts of one table that run over their borders.
const maxOvers = 1000

// fill puts the glyphs into the cells of the lattice and marks them as taken. It reports false when a text stands in no one
// cell, or is not shown whole: then nobody knows which row it belongs to.
func (l *lattice) fill(glyphs []glyphAt, taken []bool) ([][]glyphAt, bool) {
	cells := make([][]glyphAt, len(l.cells))
	touched := map[int][]int{} // cell → stretches that begin elsewhere and run into it
	all := l.stretches(glyphs)
	home := make([]int, len(all))
	overs, sure := 0, true
	for n, s := range all {
		home[n] = -1
		begun, cut := false, false
		for i := s.from; i < s.to; i++ {
			g := glyphs[i]
			if g.picture || strings.TrimSpace(g.text) == "" {
				continue
			}
			c := l.at(g.x+g.w/2, g.y+middle*g.size)
			cut = cut || g.cut || c >= 0 && !l.high(c, g)
			switch {
			case home[n] < 0 && c >= 0:
				home[n] = c
				sure = sure && !begun
			case c < 0 && l.box().holds(g): // beside the cells, where the outline has a corner
				sure = false
			case home[n] >= 0 && c >= 0 && c != home[n]:
				if t := touched[c]; len(t) == 0 || t[len(t)-1] != n {
					touched[c] = append(t, n)
					overs++
				}
			}
			begun = true
		}
		if home[n] < 0 {
			continue
		}
		sure = sure && !cut
		for i := s.from; i < s.to; i++ {
			taken[i] = true
			cells[home[n]] = append(cells[home[n]], glyphs[i])
		}
	}
	// A text that runs over its border is read as the spreadsheet shows it: when nothing stands on its height next door.
	sure = l.runOut(glyphs, all, home, cells, taken) && !abutting(glyphs, all, home) && sure
	if overs > maxOvers {
		return nil, false
	}
	for c, runs := range touched {
		for _, n := range runs {
			y := glyphs[all[n].from].y
			sure = sure && !slices.ContainsFunc(cells[c], func(g glyphAt) bool { return abs(g.y-y) < g.size })
		}
	}
	var w windows
	for _, c := range cells {
		sure = sure && !overprinted(c)
		w.add(c, l.xs[len(l.xs)-1]-l.xs[0])
	}
	return cells, sure && !w.hide()
}

// runOut takes in what of a text stands to the right of the table: one that runs over the last border may be painted in
// pieces. It reports false for too much of it.
func (l *lattice) runOut(glyphs []glyphAt, all []stretch, home []int, cells [][]glyphAt, taken []bool) bool {
	edge := l.xs[len(l.xs)-1]
	var out, beside []int
	for n, s := range all {
		last := glyphs[s.to-1]
		switch {
		case home[n] >= 0 && last.x+last.w > edge:
			out = append(out, n)
		case home[n] < 0 && last.x+last.w/2 > edge && !last.picture:
			beside = append(beside, n)
		}
	}
	if len(out) == 0 {
		return true
	}
	if len(out)*len(beside) > maxOvers*maxOvers {
		return false
	}
	slices.SortStableFunc(beside, func(a, b int) int { return cmp.Compare(glyphs[all[a].from].x, glyphs[all[b].from].x) })
	for _, n := range out {
		end := glyphs[all[n].to-1]
		for _, m := range beside {
			g := glyphs[all[m].from]
			if taken[all[m].from] || abs(g.y-end.y) > 0.1*g.size || g.x > end.x+end.w+0.5*g.size || g.x < end.x {
				continue
			}
			for i := all[m].from; i < all[m].to; i++ {
				taken[i] = true
				cells[home[n]] = append(cells[home[n]], glyphs[i])
			}
			end, home[m] = glyphs[all[m].to-1], home[n]
		}
	}
	return true
}

// abutting reports whether texts of two cells touch: they are one text, that runs over a border in pieces.
func abutting(glyphs []glyphAt, all []stretch, home []int) bool {
	order := make([]int, 0, len(all))
	for n, s := range all {
		if g := glyphs[s.from]; !g.picture && first(glyphs, s) < s.to {
			order = append(order, n)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		g, h := glyphs[all[a].from], glyphs[all[b].from]
		return cmp.Or(cmp.Compare(g.y, h.y), cmp.Compare(g.x, h.x))
	})
	for i := 1; i < len(order); i++ {
		a, b := order[i-1], order[i]
		left, right := glyphs[all[a].to-1], glyphs[first(glyphs, all[b])]
		if home[a] != home[b] && abs(left.y-right.y) <= 0.1*right.size && right.x-left.x-left.w <= noGap*right.size {
			return true
		}
	}
	return false
}

// first returns the index of the first glyph of a stretch that is no blank, s.to without one.
func first(glyphs []glyphAt, s stretch) int {
	i := s.from
	for i < s.to && strings.TrimSpace(glyphs[i].text) == "" {
		i++
	}
	return i
}

// windows counts what is painted through a clipping path of its own. A spreadsheet that does so for every cell does it by
// habit; one that does so for some may have left out there what had no room, and nobody sees how much.
type windows struct {
	narrow, all int
	full        bool // a text fills its window from side to side
}

// add takes the glyphs of a cell of a table of that width.
func (w *windows) add(glyphs []glyphAt, width float64) {
	var text, window span
	size := 0.0
	for _, g := range glyphs {
		if strings.TrimSpace(g.text) == "" {
			continue
		}
		w.all++
		if g.window.to-g.window.from < 0.9*width {
			w.narrow++
			window = g.window
		}
		now := span{g.x, g.x + g.w}
		if size == 0 {
			text = now
		}
		text, size = text.with(now), max(size, g.size)
	}
	if window.to > window.from {
		w.full = w.full || text.from-window.from < 0.9*size && window.to-text.to < 0.9*size
	}
}

func (w *windows) hide() bool { return w.full && 10*w.narrow < 9*w.all }

// high reports whether a glyph fits into the height of its cell. A row that is too low for its text shows it over the next one.
func (l *lattice) high(c int, g glyphAt) bool {
	a := l.cells[c]
	return g.y+0.05*g.size > l.ys[a.lastRow+1] && g.y+0.5*g.size < l.ys[a.row]
}

// overprinted reports whether glyphs stand over each other: texts of two cells, one of which has no room.
func overprinted(glyphs []glyphAt) bool {
	for _, h := range heights(glyphs) {
		slices.SortStableFunc(h, func(a, b glyphAt) int { return cmp.Compare(a.x, b.x) })
		end := math.Inf(-1)
		for _, g := range h {
			if strings.TrimSpace(g.text) == "" {
				continue
			}
			if end-g.x > 0.35*g.size && strings.IndexFunc(g.text, unicode.IsMark) != 0 { // an accent stands over its letter
				return true
			}
			end = max(end, g.x+g.w)
		}
	}
	return false
}

// text returns the text of a cell: its lines from top to bottom. A line that is broken behind a hyphen goes on without a
// blank: "A-" and "K50" are one word. Where the hyphen had a blank behind it, that is painted.
func text(glyphs []glyphAt) string {
	var b strings.Builder
	whole := true
	for _, height := range heights(glyphs) {
		lines := split(height)
		if len(lines) == 0 {
			continue
		}
		if b.Len() > 0 && whole {
			b.WriteByte('\n')
		}
		for i, n := range lines {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(n.Text)
		}
		whole = !broken(lines[len(lines)-1].Text) || strings.TrimSpace(height[len(height)-1].text) == ""
	}
	return b.String()
}

// broken reports whether a line ends with a hyphen or a stroke in a word.
func broken(line string) bool {
	rest := strings.TrimRight(line, "-/")
	last, _ := utf8.DecodeLastRuneInString(rest)
	return len(rest) == len(line)-1 && (unicode.IsLetter(last) || unicode.IsDigit(last))
}

// sheet makes the rows of a table of what stands in its cells.
func (l *lattice) sheet(cells [][]glyphAt, through []rule) table {
	t := table{box: l.box(), edges: l.xs, height: len(l.ys) - 1, ruled: true}
	order := make([]int, len(l.cells))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(l.cells[a].row, l.cells[b].row), cmp.Compare(l.cells[a].col, l.cells[b].col))
	})
	for _, i := range order {
		a := l.cells[i]
		if a.row != a.lastRow || a.col != a.lastCol {
			t.merged = append(t.merged, grid.Range{Row: a.row + 1, Col: a.col + 1, LastRow: a.lastRow + 1, LastCol: a.lastCol + 1})
		}
		for _, g := range cells[i] {
			if n := len(t.feet); n == 0 || abs(t.feet[n-1]-g.y) > 0.5 {
				t.feet = append(t.feet, g.y)
			}
		}
		font, struck := look(cells[i], through)
		s := text(cells[i])
		if s == "" {
			continue
		}
		if n := len(t.rows); n == 0 || t.rows[n-1].Number != a.row+1 {
			t.rows = append(t.rows, grid.Row{Number: a.row + 1})
		}
		r := &t.rows[len(t.rows)-1]
		r.Cells = append(r.Cells, grid.Cell{Col: a.col + 1, Text: s, Raw: s, Font: font, Struck: struck})
	}
	return t
}

// look returns the font of a cell's first character, and whether a line goes through all of them.
func look(glyphs []glyphAt, through []rule) (font string, struck bool) {
	seen, struck := false, true
	for _, g := range glyphs {
		if strings.TrimSpace(g.text) == "" {
			continue
		}
		if !seen {
			seen, font = true, g.font
		}
		struck = struck && slices.ContainsFunc(through, func(r rule) bool {
			mid := g.x + g.w/2
			return r.from-1 <= mid && mid <= r.to+1 && g.y+strikeLow*g.size <= r.at && r.at <= g.y+strikeHigh*g.size
		})
	}
	return font, seen && struck
}
