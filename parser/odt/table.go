package odt

import (
	"strconv"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/odf"
)

// A table is a table while it is read.
type table struct {
	grid.Sheet
	row     int
	picture bool
}

// table reads a table into a sheet (§9.1). A table inside a cell becomes a sheet of its own behind it.
func (w *walk) table() error {
	n := len(w.tables)
	if n == w.lim.Sheets {
		return parser.Beyond(w.lim.Sheets, "bảng")
	}
	w.tables = append(w.tables, grid.Sheet{})
	at := len(w.blocks)
	w.blocks = append(w.blocks, grid.Block{Table: n + 1})
	t := &table{}
	t.Name = "Bảng " + strconv.Itoa(n+1)
	if err := w.group(t); err != nil {
		return err
	}
	w.tables[n] = t.Sheet
	w.blocks[at].Picture = t.picture
	return nil
}

// group reads the rows of a table and of what groups them.
func (w *walk) group(t *table) error {
	return w.x.Children(func() error {
		switch string(w.x.Local()) {
		case "table-row":
			return w.row(t)
		case "table-rows", "table-header-rows", "table-row-group":
			return w.group(t)
		}
		return w.x.Skip()
	})
}

func (w *walk) row(t *table) error {
	n := odf.Repeated(w.x, "number-rows-repeated")
	r := grid.Row{Number: t.row + 1}
	merged := len(t.Merged)
	col := 0
	if err := w.x.Children(func() error {
		switch {
		case w.x.Is("table-cell"):
			return w.cell(t, &r, &col)
		case w.x.Is("covered-table-cell"):
			col = min(col+odf.Repeated(w.x, "number-columns-repeated"), odf.Farthest)
		}
		return w.x.Skip()
	}); err != nil {
		return err
	}
	t.row = min(t.row+n, odf.Farthest)
	if len(r.Cells) == 0 {
		return nil
	}
	ranges := t.Merged[merged:]
	for i := range n {
		if w.rows += 1 + len(ranges); w.rows > w.lim.Rows+around {
			return parser.Beyond(w.lim.Rows, "dòng")
		}
		if i > 0 {
			r.Number++
			for _, m := range ranges {
				m.Row, m.LastRow = m.Row+i, m.LastRow+i
				t.Merged = append(t.Merged, m)
			}
		}
		t.Rows = append(t.Rows, r)
	}
	return nil
}

func (w *walk) cell(t *table, r *grid.Row, col *int) error {
	n := odf.Repeated(w.x, "number-columns-repeated")
	first := *col + 1
	*col = min(*col+n, odf.Farthest)
	if wide, high := odf.Repeated(w.x, "number-columns-spanned"), odf.Repeated(w.x, "number-rows-spanned"); (wide > 1 || high > 1) && first <= w.lim.Columns {
		t.Merged = append(t.Merged, grid.Range{Row: r.Number, Col: first, LastRow: min(r.Number+high-1, odf.Farthest), LastCol: min(first+wide-1, w.lim.Columns)})
	}
	var text odf.Text
	if err := w.container(&text); err != nil {
		return err
	}
	t.picture = t.picture || text.Picture
	s := string(text.Bytes)
	if s == "" {
		return nil
	}
	for i := range n {
		if first+i > w.lim.Columns {
			return parser.Beyond(w.lim.Columns, "cột")
		}
		r.Cells = append(r.Cells, grid.Cell{Col: first + i, Text: s, Raw: s, Font: text.Font, Struck: text.Struck(), Partly: text.Partly()})
	}
	return nil
}
