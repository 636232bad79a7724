package doc

import (
	"fmt"
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// A table is a table while it is read.
type table struct {
	sheet, block int // its indexes among the tables and blocks
	rows         []row
	cells        []text // of the present row
	cell         *text  // the present one
	picture      bool
}

// A row is one row of a table with what its end mark says. A deleted row keeps its number, because Word still shows it,
// struck through; its cells are empty, because their text is deleted (the mark at the end of the row is not asked:
// LibreOffice marks that of the row before).
type row struct {
	rowFormat
	cells []text
}

// add adds a paragraph to the present cell.
func (t *table) add(p *text) {
	if t.cell == nil {
		t.cell = &text{}
	}
	c := t.cell
	if c.Len() > 0 {
		c.WriteByte('\n')
	}
	c.join(p)
}

func (t *table) endCell() {
	if t.cell == nil {
		t.cell = &text{}
	}
	t.picture = t.picture || t.cell.picture
	t.cells = append(t.cells, *t.cell)
	t.cell = nil
}

func (t *table) endRow(f rowFormat) {
	t.rows = append(t.rows, row{rowFormat: f, cells: t.cells})
	t.cells, t.cell = nil, nil
}

// A rowFormat is what the end mark of a row says of its cells.
type rowFormat struct {
	edges []int16 // one more than cells, in twips
	cells []cellFormat
}

// A cellFormat says how a cell belongs to others ([MS-DOC] §2.9.327 TCGRF).
type cellFormat struct {
	across uint8 // 0: alone; otherwise two values that differ for the first cell of a group and for the others
	down   uint8 // 0: alone, 1: goes on, 3: begins
}

// modify applies a modifier of tables.
func (f *rowFormat) modify(sprm int, v []byte) {
	switch sprm {
	case sprmTDefTable: // §2.9.315
		if len(v) < 1 || len(v) < 1+2*(int(v[0])+1) {
			return
		}
		n := int(v[0])
		f.edges, f.cells = make([]int16, n+1), make([]cellFormat, n)
		for i := range f.edges {
			f.edges[i] = int16(u16(v, 1+2*i))
		}
		for i, b := 0, v[1+2*(n+1):]; i < n && len(b) >= 20; i, b = i+1, b[20:] {
			f.cells[i] = cellFormat{across: b[0] & 3, down: b[0] >> 5 & 3}
		}
	case sprmTMerge, sprmTSplit:
		for i := int(v[0]); i < int(v[1]) && i < len(f.cells); i++ {
			switch {
			case sprm == sprmTSplit:
				f.cells[i].across = 0
			case i == int(v[0]):
				f.cells[i].across = 2
			default:
				f.cells[i].across = 1
			}
		}
	case sprmTVertMerge:
		if len(v) >= 2 && int(v[0]) < len(f.cells) {
			f.cells[v[0]].down = v[1] & 3
		}
	}
}

// grid makes the sheet. Its columns are the spaces between the edges of cells.
func (t *table) grid(lim parser.Limits) (grid.Sheet, error) {
	if len(t.cells) > 0 || t.cell != nil { // a row without its end mark
		t.endRow(rowFormat{})
	}
	s := grid.Sheet{Name: fmt.Sprintf("Bảng %d", t.sheet+1)}
	place := columns(t.rows)
	open := map[int]int{} // column of a cell that goes on downwards → its index in Merged
	for i, r := range t.rows {
		out := grid.Row{Number: i + 1}
		before := open
		open = map[int]int{}
		for j := 0; j < len(r.cells); j++ {
			first, down := j, uint8(0)
			if j < len(r.rowFormat.cells) {
				down = r.rowFormat.cells[j].down
				for j+1 < len(r.cells) && r.joined(first, j+1) {
					j++
				}
			}
			from, to := place(i, first), place(i, j+1)-1
			if to > lim.Columns {
				return s, parser.Beyond(lim.Columns, "cột")
			}
			at, goesOn := before[from]
			switch goesOn = goesOn && down == 1; {
			case goesOn:
				s.Merged[at].LastRow = i + 1
				open[from] = at
			case down == 3 || to > from:
				if down == 3 {
					open[from] = len(s.Merged)
				}
				s.Merged = append(s.Merged, grid.Range{Row: i + 1, Col: from, LastRow: i + 1, LastCol: to})
			}
			c := &r.cells[first]
			if shown := strings.Trim(c.String(), " \t\n"); shown != "" && !goesOn {
				out.Cells = append(out.Cells, grid.Cell{Col: from, Text: shown, Raw: shown, Font: c.font(), Struck: c.solid > 0 && c.struck == c.solid, Partly: c.struck > 0 && c.struck < c.solid})
			}
		}
		if len(out.Cells) > 0 {
			s.Rows = append(s.Rows, out)
		}
	}
	return s, nil
}

// joined reports whether cell j belongs to the group that cell first begins.
func (f *rowFormat) joined(first, j int) bool {
	if j >= len(f.cells) || f.cells[first].across == 0 || f.cells[j].across == 0 {
		return false
	}
	for _, c := range f.cells { // the first one that belongs to a group begins it
		if c.across != 0 {
			return f.cells[j].across != c.across
		}
	}
	return false
}

// columns says in which column (1-based) a cell of a row begins. Rows of a Word table do not share their columns: each says
// where its cells end, in twips. Most rows of a list have the same cells, but for a little; their columns count. What is
// near one of their edges is that edge, what is far from all is a column of its own.
func columns(rows []row) func(row, cell int) int {
	byIndex := func(_, cell int) int { return cell + 1 }
	model := modelRow(rows)
	if model == nil {
		return byIndex
	}
	const near, most = 100, 256
	edges := slices.Clone(model)
	snapped := make([][]int16, len(rows))
	for i, r := range rows {
		if len(r.edges) != len(r.cells)+1 || !slices.IsSorted(r.edges) {
			continue
		}
		snapped[i] = make([]int16, len(r.edges))
		like := len(r.edges) == len(model)
		for j, e := range r.edges {
			like = like && nearest(model, e) == j
		}
		for j, e := range r.edges {
			if k := nearest(edges, e); like {
				snapped[i][j] = model[j]
			} else if n := edges[k]; max(int(n)-int(e), int(e)-int(n)) <= near {
				snapped[i][j] = n
			} else {
				snapped[i][j] = e
				at, _ := slices.BinarySearch(edges, e)
				edges = slices.Insert(edges, at, e)
			}
		}
		if len(edges) > most {
			return byIndex
		}
	}
	for _, s := range snapped {
		for j := 1; j < len(s); j++ {
			if s[j] <= s[j-1] { // cells narrower than what counts as near
				return byIndex
			}
		}
	}
	return func(row, cell int) int {
		if snapped[row] == nil {
			return cell + 1
		}
		at, _ := slices.BinarySearch(edges, snapped[row][cell])
		return at + 1
	}
}

// modelRow returns the edges of a row that has as many cells as most have.
func modelRow(rows []row) []int16 {
	count := map[int]int{}
	best := 0
	for _, r := range rows {
		n := len(r.cells)
		if len(r.edges) != n+1 || !slices.IsSorted(r.edges) {
			continue
		}
		if count[n]++; count[n] > count[best] || count[n] == count[best] && n > best {
			best = n
		}
	}
	for _, r := range rows {
		if best > 0 && len(r.cells) == best && len(r.edges) == best+1 && slices.IsSorted(r.edges) {
			return slices.Compact(slices.Clone(r.edges))
		}
	}
	return nil
}

// nearest returns the index of the edge nearest to e.
func nearest(edges []int16, e int16) int {
	at, _ := slices.BinarySearch(edges, e)
	if at == len(edges) || at > 0 && int(e)-int(edges[at-1]) < int(edges[at])-int(e) {
		at--
	}
	return at
}
