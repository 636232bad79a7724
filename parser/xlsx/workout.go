package xlsx

import (
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/formula"
	"vanthu/parser/grid"
)

// An unvalued cell is a formula that nobody has calculated: programs that write workbooks leave that to Excel, and the unit
// saw names where the file has none.
type unvalued struct {
	sheet, row, col int // sheet from 0
	formula         string
}

// maxUnvalued bounds what is kept of them; a list of more is left without values (LST-11).
const maxUnvalued = 100_000

// remember keeps the formula of the cell at col of the current row.
func (s *sheet) remember(col int) error {
	if len(s.open) < maxUnvalued {
		if s.shown += int64(len(s.formula)); s.shown > s.lim.Unpacked/4 {
			return parser.BeyondBytes(s.lim.Unpacked, "sau khi giải nén")
		}
		s.open = append(s.open, unvalued{s.sheets, s.row.Number, col, string(s.formula)})
	}
	return nil
}

// A calculation fills in the values of formulas that have none.
type calculation struct {
	book  *grid.Book
	open  map[place]string
	state map[place]step
	depth int
	steps int // looked at in all
}

type place struct{ sheet, row, col int }

type step uint8

const (
	working step = iota + 1
	failed
	worked
)

// Bounds of a whole calculation: how deep formulas hang on each other, and cells looked at.
const (
	maxChain = 100
	maxSteps = 20_000_000
)

// workOut gives the cells of open their values, where these are certain.
func workOut(b *grid.Book, open []unvalued) {
	if len(open) == 0 {
		return
	}
	c := &calculation{book: b, open: make(map[place]string, len(open)), state: make(map[place]step, len(open))}
	for _, u := range open {
		c.open[place{u.sheet, u.row, u.col}] = u.formula
	}
	for _, u := range open {
		c.work(place{u.sheet, u.row, u.col})
	}
}

// work works out one cell, and before it those that it hangs on.
func (c *calculation) work(at place) {
	if c.state[at] != 0 || c.depth >= maxChain {
		return
	}
	c.state[at] = working
	c.depth++
	v, ok := formula.Eval(c.open[at], at.row, at.col, func(sheet string, row, col int) (formula.Value, bool) {
		return c.value(at.sheet, sheet, row, col)
	})
	c.depth--
	cell := c.cell(at)
	if !ok || cell == nil {
		c.state[at] = failed
		return
	}
	c.state[at] = worked
	cell.Text = v.String()
	cell.Raw, cell.Worked = cell.Text, true
	if v.Kind == formula.Number {
		cell.Kind = grid.Number
	}
	if cell.Text == "" { // calculated, and nothing came out: an empty cell
		cell.Formula = false
	}
}

// value is what a formula of sheet own sees of a cell.
func (c *calculation) value(own int, sheet string, row, col int) (formula.Value, bool) {
	at := place{own, row, col}
	if sheet != "" {
		at.sheet = slices.IndexFunc(c.book.Sheets, func(s grid.Sheet) bool { return strings.EqualFold(s.Name, sheet) })
	}
	if c.steps++; at.sheet < 0 || c.steps > maxSteps {
		return formula.Value{}, false
	}
	if _, open := c.open[at]; open {
		c.work(at)
		if c.state[at] != worked {
			return formula.Value{}, false
		}
	}
	cell := c.cell(at)
	if cell == nil || cell.Text == "" {
		return formula.Value{}, true
	}
	switch cell.Kind {
	case grid.Text:
		return formula.Value{Kind: formula.Text, Text: cell.Text}, true
	case grid.Number:
		f, ok := decimal([]byte(cell.Raw))
		return formula.Value{Kind: formula.Number, Number: f}, ok
	case grid.Bool:
		return formula.Value{Kind: formula.Bool, Bool: cell.Text == "TRUE"}, true
	case grid.Date, grid.Error: // a date in a text is written by its serial
	}
	return formula.Value{}, false
}

func (c *calculation) cell(at place) *grid.Cell {
	rows := c.book.Sheets[at.sheet].Rows
	i, ok := slices.BinarySearchFunc(rows, at.row, func(r grid.Row, n int) int { return r.Number - n })
	if !ok {
		return nil
	}
	cells := rows[i].Cells
	k, ok := slices.BinarySearchFunc(cells, at.col, func(c grid.Cell, n int) int { return c.Col - n })
	if !ok {
		return nil
	}
	return &cells[k]
}
