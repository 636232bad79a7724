package html

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// A table is an open table (HTML standard §4.9.12, forming a table).
type table struct {
	base   int // its element's place in the stack
	block  int // its block, behind which the next begins
	sheet  grid.Sheet
	number int
	row    *row
	cell   *cell
	busy   []int // by column from 0: the last row that a cell from above covers
	col    int   // columns declared by <col> so far
	hidden []at  // cells that do not show
	ruled  bool  // Google's pages draw the letters of columns and the numbers of rows in cells around the sheet
}

type at struct{ row, cell int }

type row struct {
	base int
	grid.Row
	next int  // column of the next cell, from 0
	skip int  // empty rows that Excel draws together in this one
	told bool // its number stands in front of it
}

type cell struct {
	base int
	flow flow
	grid.Cell
	attributes attributes
	columns    int
	rows       int
	merged     bool
	hidden     bool
	ruler      bool // no cell of the sheet
}

// table returns the innermost open table.
func (w *walk) table() *table {
	if len(w.tables) == 0 {
		return nil
	}
	return w.tables[len(w.tables)-1]
}

func (w *walk) openTable(a attributes) error {
	if len(w.tables) == w.lim.Depth {
		return parser.Beyond(w.lim.Depth, "cấp lồng nhau")
	}
	if outer := w.table(); outer != nil {
		w.nested = true
		w.current().block()
	} else {
		w.paragraph()
	}
	t := &table{base: len(w.stack), block: len(w.blocks), ruled: strings.Contains(a.class, "waffle")}
	s := w.css.style("table", a, w.top())
	t.sheet.Hidden, s.hidden = s.hidden, false
	w.blocks = append(w.blocks, block{table: t})
	w.tables = append(w.tables, t)
	if len(w.spare) < len(w.tables) {
		w.spare = append(w.spare, &cell{})
	}
	return w.push("table", s)
}

func (w *walk) closeTable() error {
	t := w.table()
	if err := w.closeRow(t); err != nil {
		return err
	}
	w.stack = w.stack[:t.base]
	w.tables = w.tables[:len(w.tables)-1]
	t.finish()
	if len(w.tables) == 0 {
		if title := w.flow.take(); title.s != "" { // a caption, or what stands between the rows: shown above
			w.blocks = slices.Insert(w.blocks, t.block, block{Block: grid.Block{Text: title.s, Font: title.font}})
		}
	} else {
		w.current().block()
	}
	if len(t.sheet.Rows) > 0 {
		if w.filled++; w.filled > w.lim.Sheets {
			return parser.Beyond(w.lim.Sheets, "bảng")
		}
	}
	return nil
}

// finish closes the ranges that reach below the table, and marks the columns of which nothing shows.
func (t *table) finish() {
	for i := range t.sheet.Merged {
		t.sheet.Merged[i].LastRow = min(t.sheet.Merged[i].LastRow, t.number)
	}
	t.sheet.Merged = slices.DeleteFunc(t.sheet.Merged, func(r grid.Range) bool { return r.Row == r.LastRow && r.Col == r.LastCol })
	if len(t.hidden) == 0 {
		return
	}
	shows := map[int]bool{}
	unseen := map[at]bool{}
	for _, h := range t.hidden {
		unseen[h] = true
	}
	for i, r := range t.sheet.Rows {
		for j, c := range r.Cells {
			shows[c.Col] = shows[c.Col] || !unseen[at{i, j}]
		}
	}
	done := map[int]bool{}
	for i := range t.sheet.Rows {
		r := &t.sheet.Rows[i]
		var kept []grid.Cell
		for j, c := range r.Cells {
			if unseen[at{i, j}] {
				if shows[c.Col] { // one cell of a column that shows: nobody sees it
					continue
				}
				if !done[c.Col] {
					done[c.Col] = true
					t.sheet.HiddenCols = append(t.sheet.HiddenCols, grid.Range{Col: c.Col, LastCol: c.Col})
				}
			}
			kept = append(kept, c)
		}
		r.Cells = kept
	}
	t.sheet.Rows = slices.DeleteFunc(t.sheet.Rows, func(r grid.Row) bool { return len(r.Cells) == 0 })
}

// column takes one <col>: Excel hides columns by it.
func (t *table) column(a attributes, hidden bool, most int) {
	n := count(a.span, most)
	if hidden && t.col < most {
		t.sheet.HiddenCols = append(t.sheet.HiddenCols, grid.Range{Col: t.col + 1, LastCol: min(t.col+n, most)})
	}
	t.col += n
}

// count reads a number of rows or columns, at least 1, at most most; 1 when it says none.
func count(s string, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 {
		n = 1
	}
	return min(n, most)
}

var skipRE = regexp.MustCompile(`(?i)mso-xlrowspan:\s*(\d{1,7})`)

func (w *walk) openRow(t *table, a attributes) error {
	if w.rows++; w.rows > w.lim.Rows+around {
		return parser.Beyond(w.lim.Rows, "dòng")
	}
	s := w.css.style("tr", a, w.top())
	t.number++
	t.row = &row{base: len(w.stack), Row: grid.Row{Number: t.number, Hidden: s.hidden}}
	if strings.Contains(a.style, "mso-") {
		if m := skipRE.FindStringSubmatch(a.style); m != nil {
			t.row.skip = count(m[1], 1<<20) - 1
		}
	}
	s.hidden = false
	return w.push("tr", s)
}

func (w *walk) closeRow(t *table) error {
	if err := w.closeCell(t); err != nil || t.row == nil {
		return err
	}
	w.stack = w.stack[:t.row.base]
	if t.ruled && !t.row.told { // the letters of the columns, or the bar beneath frozen rows
		t.number--
		t.row = nil
		return nil
	}
	if len(t.row.Cells) > 0 {
		t.sheet.Rows = append(t.sheet.Rows, t.row.Row)
	}
	t.number += t.row.skip
	t.row = nil
	return nil
}

func (w *walk) openCell(t *table, tag string, a attributes) error {
	if err := w.closeCell(t); err != nil {
		return err
	}
	if t.row == nil {
		if err := w.openRow(t, attributes{}); err != nil {
			return err
		}
	}
	s := w.css.style(tag, a, w.top())
	c := w.spare[len(w.tables)-1]
	*c = cell{base: len(w.stack), attributes: a, hidden: s.hidden, flow: flow{b: c.flow.b[:0]}}
	r := t.row
	for r.next < len(t.busy) && t.busy[r.next] >= r.Number {
		r.next++
	}
	c.Col = r.next + 1
	c.ruler = t.ruled && (tag == "th" || strings.Contains(a.class, "freezebar"))
	c.columns = count(a.colspan, max(1, w.lim.Columns-r.next))
	c.rows = count(a.rowspan, math.MaxInt32)
	if strings.TrimSpace(a.rowspan) == "0" { // to the end of the table
		c.rows = math.MaxInt32
	}
	c.merged = (c.columns > 1 || c.rows > 1) && !strings.Contains(a.style, "mso-ignore")
	if c.rows > 1 && c.Col <= w.lim.Columns && !c.ruler {
		for len(t.busy) < r.next+c.columns {
			t.busy = append(t.busy, 0)
		}
		for i := range c.columns {
			t.busy[r.next+i] = r.Number + c.rows - 1
		}
	}
	if c.ruler {
		c.columns, c.rows, c.merged = 0, 1, false
	}
	r.next += c.columns
	t.cell = c
	s.hidden = false
	return w.push(tag, s)
}

func (w *walk) closeCell(t *table) error {
	c := t.cell
	if c == nil {
		return nil
	}
	t.cell = nil
	w.stack = w.stack[:c.base]
	c.fill(c.flow.take())
	if c.ruler {
		if n, err := strconv.Atoi(c.Text); err == nil && !t.row.told && n >= t.row.Number && n < math.MaxInt32 {
			t.row.Number, t.number, t.row.told = n, n, true
		}
		return nil
	}
	if c.merged && c.Col <= w.lim.Columns {
		t.sheet.Merged = append(t.sheet.Merged, grid.Range{Row: t.row.Number, Col: c.Col, LastRow: t.row.Number + c.rows - 1, LastCol: c.Col + c.columns - 1})
	}
	if c.Text == "" && !c.Formula {
		return nil
	}
	if c.Col > w.lim.Columns {
		return parser.Beyond(w.lim.Columns, "cột")
	}
	if c.hidden {
		t.hidden = append(t.hidden, at{len(t.sheet.Rows), len(t.row.Cells)})
	}
	t.row.Cells = append(t.row.Cells, c.Cell)
	return nil
}

// fill gives the cell its text, and what Excel and LibreOffice store beside it.
func (c *cell) fill(t text) {
	a := c.attributes
	c.Text, c.Raw, c.Font, c.Struck, c.Partly, c.Formula = t.s, t.s, t.font, t.struck, t.partly, a.hasFormula
	if inner, ok := grid.AsText(t.s); ok {
		c.Text = inner
	}
	switch {
	case a.err != "" || grid.IsError(c.Text):
		c.Kind = grid.Error
		if c.Text == "" {
			c.Text, c.Raw = a.err, a.err
		}
	case a.bool != "":
		c.Kind, c.Raw = grid.Bool, a.bool
	case a.hasNumber && !a.isText && c.Text != "":
		if raw, ok := grid.Digits(a.number); ok {
			c.Kind, c.Raw = grid.Number, raw
			if isDate(a.shown) {
				c.Kind = grid.Date
			}
		} else if raw, ok := grid.Digits(c.Text); ok && a.number == "" { // x:num alone: the text is the number
			c.Kind, c.Raw = grid.Number, raw
		}
	}
}

// isDate tells LibreOffice's date formats ("1033;0;DD/MM/YYYY") from those of numbers.
func isDate(format string) bool {
	code := format[strings.LastIndexByte(format, ';')+1:]
	return strings.ContainsAny(code, "yYdD") && !strings.ContainsAny(code, "0#")
}
