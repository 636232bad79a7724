package docx

import (
	"fmt"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// table reads a table into a sheet. A table inside a cell becomes a sheet of its own behind it.
func (d *walk) table() error {
	n := len(d.tables)
	if n == d.lim.Sheets {
		return parser.Beyond(d.lim.Sheets, "bảng")
	}
	d.tables = append(d.tables, grid.Sheet{Name: fmt.Sprintf("Bảng %d", n+1)})
	at := len(d.blocks)
	d.blocks = append(d.blocks, grid.Block{Table: n + 1})
	s := sheet{open: map[int]int{}}
	base := d.base
	err := d.tableRows(&s)
	d.base = base
	if err != nil {
		return err
	}
	d.tables[n].Rows, d.tables[n].Merged = s.rows, s.merged
	d.blocks[at].Picture = s.picture
	return nil
}

// A sheet is a table while it is read.
type sheet struct {
	rows    []grid.Row
	merged  []grid.Range
	open    map[int]int // column of a vertical merge → its index in merged
	number  int
	picture bool
	cells   []grid.Cell // of the rows, in pieces
}

// tableRows reads the rows of a table and of what wraps rows (content controls, insertions).
func (d *walk) tableRows(s *sheet) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "tr":
			err = d.tableRow(s)
		case "tblGrid":
			err = d.x.Skip()
		case "tblPr":
			err = d.tableFormat()
		default:
			inner := func() error { return d.tableRows(s) }
			var done bool
			if done, err = d.wrapped(inner); !done && err == nil {
				err = inner()
			}
		}
		if err != nil {
			return err
		}
	}
}

// tableFormat reads tblPr: a style may name a font for the whole table.
func (d *walk) tableFormat() error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if v, _ := d.x.Attr("val"); d.x.Is("tblStyle") && d.looks.styles[string(v)] != nil {
			d.base = d.looks.defaults.with(d.looks.style(string(v)))
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}

func (d *walk) tableRow(s *sheet) error {
	if d.rows++; d.rows > d.lim.Rows {
		return parser.Beyond(d.lim.Rows, "dòng")
	}
	r := tableRow{Row: grid.Row{Number: s.number + 1}, col: 1, from: len(s.cells)}
	if err := d.cells(s, &r); err != nil {
		return err
	}
	s.number++ // a deleted row keeps its number: Word still shows it, struck through
	if r.deleted {
		d.hide--
		s.cells = s.cells[:r.from]
		return nil
	}
	if n := len(s.cells) - r.from; n > 0 {
		r.Cells = s.cells[r.from:len(s.cells):len(s.cells)]
		s.rows = append(s.rows, r.Row)
	}
	if cap(s.cells)-len(s.cells) < 16 { // rows that are done keep their piece
		s.cells = make([]grid.Cell, 0, min(32+16*len(s.rows), 1024))
	}
	return nil
}

type tableRow struct {
	grid.Row
	col     int // of the next cell
	from    int // its first cell in the sheet's cells
	deleted bool
}

// cells reads the cells of a row and of what wraps cells.
func (d *walk) cells(s *sheet, r *tableRow) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "tc":
			err = d.cell(s, r)
		case "trPr":
			err = d.rowFormat(r)
		case "tblPrEx":
			err = d.x.Skip()
		default:
			inner := func() error { return d.cells(s, r) }
			var done bool
			if done, err = d.wrapped(inner); !done && err == nil {
				err = inner()
			}
		}
		if err != nil {
			return err
		}
	}
}

// rowFormat reads trPr: columns left out before the first cell, a tracked deletion of the row, hidden rows.
func (d *walk) rowFormat(r *tableRow) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "gridBefore":
			r.col += d.span()
		case "del", "moveFrom":
			if !r.deleted {
				r.deleted = true
				d.hide++ // its paragraphs are not counted in lists
			}
		case "hidden":
			r.Hidden = d.on()
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}

// span reads a count of columns, bounded so that no sum overflows.
func (d *walk) span() int {
	n, ok := d.number()
	if !ok || n < 1 {
		return 1
	}
	return min(n, d.lim.Columns+1)
}

// A part says where a cell stands in merged ones (§17.4.84 vMerge, hMerge).
type part uint8

const (
	alone part = iota
	first
	more
)

// A tableCell is a cell while it is read.
type tableCell struct {
	text
	span        int
	down, right part
	deleted     bool
}

func (d *walk) cell(s *sheet, r *tableRow) error {
	c := tableCell{text: d.newText(), span: 1}
	if err := d.cellContent(&c); err != nil {
		return err
	}
	d.spare = c.buf
	from, to := r.col, r.col+c.span-1
	r.col = to + 1
	if to > d.lim.Columns {
		return parser.Beyond(d.lim.Columns, "cột")
	}
	if r.deleted {
		return nil
	}
	if c.right == more && from > 1 {
		s.widen(r.Number, from-1, to)
		if c.down != more {
			c.down = alone
		}
	} else {
		s.merge(r.Number, from, to, c.down)
	}
	s.picture = s.picture || c.picture
	shown := strings.Trim(string(c.buf), blanks)
	if shown == "" || c.down == more || c.deleted {
		return nil
	}
	s.cells = append(s.cells, grid.Cell{Col: from, Text: shown, Raw: shown, Font: c.font, Struck: c.struck >= len(shown), Partly: c.struck > 0 && c.struck < len(shown)})
	return nil
}

// merge notes the merged ranges that the cell starts or goes on with.
func (s *sheet) merge(row, from, to int, down part) {
	if down == more {
		if i, ok := s.open[from]; ok {
			s.merged[i].LastRow = row
			return
		}
	}
	delete(s.open, from)
	if down == first {
		s.open[from] = len(s.merged)
	}
	if down == first || to > from {
		s.merged = append(s.merged, grid.Range{Row: row, Col: from, LastRow: row, LastCol: to})
	}
}

// widen merges columns into the range that ends before them.
func (s *sheet) widen(row, last, to int) {
	for i := len(s.merged) - 1; i >= 0 && s.merged[i].LastRow == row; i-- {
		if m := &s.merged[i]; m.LastCol == last {
			m.LastCol = to
			return
		}
	}
	s.merged = append(s.merged, grid.Range{Row: row, Col: last, LastRow: row, LastCol: to})
}

// cellContent reads the paragraphs of a cell, one line each.
func (d *walk) cellContent(c *tableCell) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "p":
			err = d.cellParagraph(c)
		case "tcPr":
			err = d.cellFormat(c)
		case "tbl":
			err = d.table()
		default:
			inner := func() error { return d.cellContent(c) }
			var done bool
			if done, err = d.wrapped(inner); !done && err == nil {
				err = inner()
			}
		}
		if err != nil {
			return err
		}
	}
}

// cellParagraph adds a paragraph to a cell. The number that a list gives it is its text when there is no other: a column of
// running numbers is often made so.
func (d *walk) cellParagraph(c *tableCell) error {
	if len(c.buf) > 0 && !c.goesOn {
		c.buf = append(c.buf, '\n')
	}
	from := len(c.buf)
	if err := d.paragraphText(&c.text); err != nil {
		return err
	}
	if c.number != "" && strings.Trim(string(c.buf[from:]), blanks) == "" {
		c.buf = append(c.buf[:from], c.number...)
	}
	return nil
}

func (d *walk) cellFormat(c *tableCell) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "gridSpan":
			c.span = d.span()
		case "vMerge":
			c.down = d.part()
		case "hMerge":
			c.right = d.part()
		case "cellDel":
			c.deleted = true
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}

func (d *walk) part() part {
	if v, _ := d.x.Attr("val"); string(v) == "restart" {
		return first
	}
	return more
}
