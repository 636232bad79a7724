package pdf

import (
	"cmp"
	"slices"

	"vanthu/parser/grid"
)

// How exactly lines are drawn, in points.
const (
	sameRule = 2.5 // two lines closer than this are one border, be it a double one
	touching = 3.0 // how far the end of a line may be from the line that it meets
)

// A table is one that was found on a page.
type table struct {
	page   int
	box    box
	edges  []float64 // of its columns, from left to right; one more than there are columns
	height int       // rows, empty ones too
	rows   []grid.Row
	merged []grid.Range
	ruled  bool
	feet   []float64 // heights on which its texts stand, from top to bottom
}

// join puts pieces of one line together, and sorts the lines by place.
func join(rules []rule, vertical bool) []rule {
	var in, out []rule
	for _, r := range rules {
		if r.vertical == vertical {
			in = append(in, r)
		}
	}
	slices.SortStableFunc(in, func(a, b rule) int { return cmp.Compare(a.at, b.at) })
	for i := 0; i < len(in); {
		j := i + 1
		for j < len(in) && in[j].at-in[i].at <= sameRule {
			j++
		}
		same := in[i:j]
		slices.SortStableFunc(same, func(a, b rule) int { return cmp.Compare(a.from, b.from) })
		at := same[0].at
		now := same[0]
		for _, r := range same[1:] {
			if r.from <= now.to+touching {
				now.to = max(now.to, r.to)
				continue
			}
			out = append(out, now)
			now = r
			now.at = at
		}
		out = append(out, now)
		i = j
	}
	return out
}

// maxJoined bounds the lines of a page that are compared with each other.
const maxJoined = 4000

// A net is lines that hold together.
type net struct{ across, down []rule }

// nets finds the lines that meet, directly or by others. ok is false when there are too many.
func nets(rules []rule) (all []net, ok bool) {
	across, down := join(rules, false), join(rules, true)
	if len(across)+len(down) > maxJoined {
		return nil, false
	}
	set := newSets(len(across) + len(down))
	met := make([]bool, len(across)+len(down))
	for i, h := range across {
		for j, v := range down {
			if h.from-touching <= v.at && v.at <= h.to+touching && v.from-touching <= h.at && h.at <= v.to+touching {
				set.join(i, len(across)+j)
				met[i], met[len(across)+j] = true, true
			}
		}
	}
	byRoot := map[int]int{}
	take := func(i int, r rule) {
		if !met[i] {
			return
		}
		root := set.root(i)
		n, ok := byRoot[root]
		if !ok {
			n = len(all)
			byRoot[root] = n
			all = append(all, net{})
		}
		if r.vertical {
			all[n].down = append(all[n].down, r)
		} else {
			all[n].across = append(all[n].across, r)
		}
	}
	for i, r := range across {
		take(i, r)
	}
	for i, r := range down {
		take(len(across)+i, r)
	}
	return all, true
}

// sets are disjoint sets of numbers.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) root(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

func (s sets) join(a, b int) { s[s.root(a)] = s.root(b) }

// A lattice is a net as rows and columns of the smallest cells, and the cells that a person sees in it.
type lattice struct {
	xs, ys []float64 // borders from left to right, from top to bottom
	cells  []area
	of     [][]int // row, column → index in cells, -1 outside of the table
}

// An area is one cell: rows and columns from 0, the last ones included.
type area struct{ row, col, lastRow, lastCol int }

// maxCells bounds the smallest cells of one table on one page.
const maxCells = 200_000

// newLattice returns the cells of a net. ok is false when it is none: a frame around text, or lines between which the cells
// are no rectangles.
func newLattice(n net, columns int) (l lattice, ok bool) {
	l.xs, l.ys = places(n.down), places(n.across)
	slices.Reverse(l.ys)
	l.open(n)
	w, h := len(l.xs)-1, len(l.ys)-1
	if w < 2 || h < 1 || w > columns || w*h > maxCells {
		return l, false
	}
	// right[r][c]: a line stands between the cells c-1 and c of row r; below[r][c]: above row r in column c.
	right, below := marks(h, w+1), marks(h+1, w)
	for _, v := range n.down {
		c := nearest(l.xs, v.at)
		for r := range h {
			if mid := (l.ys[r] + l.ys[r+1]) / 2; v.from <= mid && mid <= v.to {
				right[r][c] = true
			}
		}
	}
	for _, a := range n.across {
		r := nearest(l.ys, a.at)
		for c := range w {
			if mid := (l.xs[c] + l.xs[c+1]) / 2; a.from <= mid && mid <= a.to {
				below[r][c] = true
			}
		}
	}
	return l, l.parts(right, below)
}

func marks(h, w int) [][]bool {
	m := make([][]bool, h)
	for i := range m {
		m[i] = make([]bool, w)
	}
	return m
}

// places returns where lines stand, in order.
func places(rules []rule) []float64 {
	var all []float64
	for _, r := range rules {
		all = append(all, r.at)
	}
	slices.Sort(all)
	var out []float64
	for _, x := range all {
		if len(out) == 0 || x-out[len(out)-1] > sameRule {
			out = append(out, x)
		}
	}
	return out
}

func nearest(places []float64, at float64) int {
	best := 0
	for i, p := range places {
		if abs(p-at) < abs(places[best]-at) {
			best = i
		}
	}
	return best
}

// open closes a table whose outer borders are not drawn: its inner lines go on to where it ends.
func (l *lattice) open(n net) {
	left, right, bottom, top := l.xs[0], l.xs[len(l.xs)-1], l.ys[len(l.ys)-1], l.ys[0]
	from, to := left, right
	for _, a := range n.across {
		from, to = min(from, a.from), max(to, a.to)
	}
	if left-from > 2*touching {
		l.xs = slices.Insert(l.xs, 0, from)
	}
	if to-right > 2*touching {
		l.xs = append(l.xs, to)
	}
	low, high := bottom, top
	for _, d := range n.down {
		low, high = min(low, d.from), max(high, d.to)
	}
	if high-top > 2*touching {
		l.ys = slices.Insert(l.ys, 0, high)
	}
	if bottom-low > 2*touching {
		l.ys = append(l.ys, low)
	}
}

// parts joins the smallest cells between which no line stands. Where the outermost line is missing, the paper begins, unless
// the whole side is open.
func (l *lattice) parts(right, below [][]bool) bool {
	h, w := len(l.ys)-1, len(l.xs)-1
	set := newSets(h*w + 1)
	paper := h * w
	column := func(c int) bool { // some line stands there
		for r := range h {
			if right[r][c] {
				return true
			}
		}
		return false
	}
	leftOpen, rightOpen := !column(0), !column(w)
	topOpen, bottomOpen := !slices.Contains(below[0], true), !slices.Contains(below[h], true)
	for r := range h {
		for c := range w {
			i := r*w + c
			if c+1 < w && !right[r][c+1] {
				set.join(i, i+1)
			}
			if r+1 < h && !below[r+1][c] {
				set.join(i, i+w)
			}
			missing := 0 // a cell of which one side alone is missing is a cell: its text runs over that border
			for _, drawn := range []bool{right[r][c], right[r][c+1], below[r][c], below[r+1][c]} {
				if !drawn {
					missing++
				}
			}
			if missing > 1 && (c == 0 && !right[r][0] && !leftOpen || c == w-1 && !right[r][w] && !rightOpen ||
				r == 0 && !below[0][c] && !topOpen || r == h-1 && !below[h][c] && !bottomOpen) {
				set.join(i, paper)
			}
		}
	}
	index := map[int]int{}
	l.of = make([][]int, h)
	size := []int{}
	for r := range h {
		l.of[r] = make([]int, w)
		for c := range w {
			root := set.root(r*w + c)
			if root == set.root(paper) {
				l.of[r][c] = -1
				continue
			}
			n, ok := index[root]
			if !ok {
				n = len(l.cells)
				index[root] = n
				l.cells = append(l.cells, area{r, c, r, c})
				size = append(size, 0)
			}
			a := &l.cells[n]
			a.col, a.lastRow, a.lastCol = min(a.col, c), max(a.lastRow, r), max(a.lastCol, c)
			l.of[r][c] = n
			size[n]++
		}
	}
	for n, a := range l.cells {
		if (a.lastRow-a.row+1)*(a.lastCol-a.col+1) != size[n] {
			return false
		}
	}
	return len(l.cells) > 1
}

// at returns the cell at a point, -1 outside.
func (l *lattice) at(x, y float64) int {
	if x < l.xs[0] || x > l.xs[len(l.xs)-1] || y > l.ys[0] || y < l.ys[len(l.ys)-1] {
		return -1
	}
	c, _ := slices.BinarySearch(l.xs, x)
	r, _ := slices.BinarySearchFunc(l.ys, y, func(e, t float64) int { return cmp.Compare(t, e) })
	return l.of[min(max(r-1, 0), len(l.of)-1)][min(max(c-1, 0), len(l.of[0])-1)]
}

func (l *lattice) box() box {
	return box{l.xs[0], l.ys[len(l.ys)-1], l.xs[len(l.xs)-1], l.ys[0]}
}
