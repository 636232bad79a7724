package xlsx

import (
	"slices"
	"sort"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// maxCovered bounds the rows that are looked at for merged cells. Excel's do not overlap: a sheet of them is looked at once
// for each column.
const maxCovered = 20_000_000

// uncover takes out what lies beneath merged cells: programs leave values there, which nobody sees (§18.3.1.55 mergeCell:
// the first cell's value is shown for all).
func uncover(s *grid.Sheet) error {
	looked := 0
	for _, m := range s.Merged {
		first := sort.Search(len(s.Rows), func(i int) bool { return s.Rows[i].Number >= m.Row })
		for i := first; i < len(s.Rows) && s.Rows[i].Number <= m.LastRow; i++ {
			if looked++; looked > maxCovered {
				return parser.Damage("merged cells overlap")
			}
			r := &s.Rows[i]
			r.Cells = slices.DeleteFunc(r.Cells, func(c grid.Cell) bool {
				return m.Col <= c.Col && c.Col <= m.LastCol && (c.Col > m.Col || r.Number > m.Row)
			})
		}
	}
	s.Rows = slices.DeleteFunc(s.Rows, func(r grid.Row) bool { return len(r.Cells) == 0 })
	return nil
}
