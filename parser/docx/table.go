package docx

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
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
	if err := d.tableRows(&s); err != nil {
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
}

// tableRows reads the rows of a table and of what wraps rows (content controls, insertions).
func (d *walk) tableRows(s *sheet) error {
	return d.children(func(e xml.StartElement) error {
		switch {
		case gone(e.Name.Local) || e.Name.Local == "tblPr" || e.Name.Local == "tblGrid":
			return d.x.Skip()
		case e.Name.Local == "tr":
			return d.tableRow(s)
		}
		return d.tableRows(s)
	})
}

func (d *walk) tableRow(s *sheet) error {
	if d.rows++; d.rows > d.lim.Rows {
		return parser.Beyond(d.lim.Rows, "dòng")
	}
	r := tableRow{Row: grid.Row{Number: s.number + 1}, col: 1}
	merged, open := len(s.merged), s.open
	s.open = map[int]int{}
	for col, i := range open {
		s.open[col] = i
	}
	if err := d.cells(s, &r); err != nil {
		return err
	}
	s.number++ // a deleted row keeps its number: Word still shows it, struck through
	if r.deleted {
		s.merged, s.open = s.merged[:merged], open
		return nil
	}
	if len(r.Cells) > 0 {
		s.rows = append(s.rows, r.Row)
	}
	return nil
}

type tableRow struct {
	grid.Row
	col     int // of the next cell
	deleted bool
}

// cells reads the cells of a row and of what wraps cells.
func (d *walk) cells(s *sheet, r *tableRow) error {
	return d.children(func(e xml.StartElement) error {
		switch {
		case e.Name.Local == "trPr":
			return d.rowFormat(r)
		case gone(e.Name.Local) || e.Name.Local == "tblPrEx":
			return d.x.Skip()
		case e.Name.Local == "tc":
			return d.cell(s, r)
		}
		return d.cells(s, r)
	})
}

// rowFormat reads trPr: columns left out before the first cell, a tracked deletion of the row, hidden rows.
func (d *walk) rowFormat(r *tableRow) error {
	return d.properties(func(e xml.StartElement) {
		switch e.Name.Local {
		case "gridBefore":
			r.col += span(e, d.lim.Columns)
		case "del":
			r.deleted = true
		case "hidden":
			r.Hidden = on(e)
		}
	})
}

// span reads a count of columns, bounded so that no sum overflows.
func span(e xml.StartElement, limit int) int {
	n, err := strconv.Atoi(ooxml.Attr(e, "val"))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, limit+1)
}

// A tableCell is a cell while it is read.
type tableCell struct {
	text
	span     int
	vertical string // "restart", "continue" or "": §17.4.84 vMerge
}

func (d *walk) cell(s *sheet, r *tableRow) error {
	c := tableCell{span: 1}
	if err := d.cellContent(&c); err != nil {
		return err
	}
	from, to := r.col, r.col+c.span-1
	r.col = to + 1
	if to > d.lim.Columns {
		return parser.Beyond(d.lim.Columns, "cột")
	}
	s.merge(r.Number, from, to, c.vertical)
	s.picture = s.picture || c.picture
	shown := strings.TrimSpace(c.String())
	if shown == "" || c.vertical == "continue" {
		return nil
	}
	r.Cells = append(r.Cells, grid.Cell{Col: from, Text: shown, Raw: shown, Font: c.font, Struck: c.struck >= len(shown)})
	return nil
}

// merge notes the merged ranges that the cell starts or goes on with.
func (s *sheet) merge(row, from, to int, vertical string) {
	if vertical == "continue" {
		if i, ok := s.open[from]; ok {
			s.merged[i].LastRow = row
			return
		}
	}
	delete(s.open, from)
	if vertical == "restart" {
		s.open[from] = len(s.merged)
	}
	if vertical == "restart" || to > from {
		s.merged = append(s.merged, grid.Range{Row: row, Col: from, LastRow: row, LastCol: to})
	}
}

// cellContent reads the paragraphs of a cell, one line each.
func (d *walk) cellContent(c *tableCell) error {
	return d.children(func(e xml.StartElement) error {
		switch {
		case gone(e.Name.Local):
			return d.x.Skip()
		case e.Name.Local == "tcPr":
			return d.cellFormat(c)
		case e.Name.Local == "p":
			if c.Len() > 0 {
				c.WriteByte('\n')
			}
			return d.runs(&c.text, run{})
		case e.Name.Local == "tbl":
			return d.table()
		}
		return d.cellContent(c)
	})
}

func (d *walk) cellFormat(c *tableCell) error {
	return d.properties(func(e xml.StartElement) {
		switch e.Name.Local {
		case "gridSpan":
			c.span = span(e, d.lim.Columns)
		case "vMerge":
			if c.vertical = ooxml.Attr(e, "val"); c.vertical == "" {
				c.vertical = "continue"
			}
		}
	})
}
