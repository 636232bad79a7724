package xlsx

import (
	"vanthu/parser"
	"vanthu/parser/grid"
)

// Walk reads a workbook row by row: memory does not grow with the rows (but with the shared strings, where the file has
// them). The row and its cells are valid until the function returns, their strings for ever. Merged is not known while the
// rows of a sheet come, so what lies beneath merged cells comes, too. An error of the function ends the reading and is returned.
func Walk(data []byte, lim parser.Limits, row func(s *grid.Sheet, r *grid.Row) error) error {
	b := &book{lim: lim}
	b.visit.row = row
	_, err := b.walk(data)
	return err
}
