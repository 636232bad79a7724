package form

import (
	"slices"

	"vanthu/parser/grid"
)

// merges answers for the merged ranges of a sheet: by row and column of their first cell, and by column for those that go
// down.
type merges struct {
	first map[[2]int]grid.Range
	down  map[int][]grid.Range // in order of Row
}

func newMerges(s *grid.Sheet) merges {
	m := merges{first: make(map[[2]int]grid.Range, len(s.Merged)), down: map[int][]grid.Range{}}
	for _, r := range s.Merged {
		m.first[[2]int{r.Row, r.Col}] = r
		if r.LastRow > r.Row {
			m.down[r.Col] = append(m.down[r.Col], r)
		}
	}
	for _, d := range m.down {
		slices.SortFunc(d, func(a, b grid.Range) int { return a.Row - b.Row })
	}
	return m
}

// lastCol returns the last column that the cell covers.
func (m merges) lastCol(row, col int) int {
	if r, ok := m.first[[2]int{row, col}]; ok {
		return r.LastCol
	}
	return col
}

// above returns the range that begins above row in column col and covers it.
func (m merges) above(row, col int) (grid.Range, bool) {
	d := m.down[col]
	i, _ := slices.BinarySearchFunc(d, row, func(r grid.Range, row int) int { return r.Row - row })
	if i > 0 && d[i-1].LastRow >= row {
		return d[i-1], true
	}
	return grid.Range{}, false
}
