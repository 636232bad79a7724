package ods

import (
	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/odf"
)

// row reads a row; one that is repeated with something in it stands there as often.
func (b *book) row(t *table, hidden bool) error {
	n := odf.Repeated(b.x, "number-rows-repeated")
	r := grid.Row{Number: t.row + 1, Hidden: hidden}
	if v := b.attr("visibility"); v == "collapse" || v == "filter" {
		r.Hidden = true
	}
	var format *odf.Format
	if name := b.attr("default-cell-style-name"); name != "" {
		f := b.format(name, nil)
		format = &f
	}
	b.reserve()
	from, merged := len(b.arena), len(t.Merged)
	col := 0
	if err := b.x.Children(func() error {
		switch {
		case b.x.Is("table-cell"):
			return b.cell(t, &col, r.Number, format)
		case b.x.Is("covered-table-cell"): // under a merged cell: nobody sees it
			col = min(col+odf.Repeated(b.x, "number-columns-repeated"), odf.Farthest)
		}
		return b.x.Skip()
	}); err != nil {
		return err
	}
	t.row = min(t.row+n, odf.Farthest)
	r.Cells = b.arena[from:len(b.arena):len(b.arena)]
	if len(r.Cells) == 0 {
		return nil
	}
	ranges := t.Merged[merged:]
	for i := range n {
		if b.rows++; b.rows > b.lim.Rows+around {
			return parser.Beyond(b.lim.Rows, "dòng")
		}
		if b.cells += len(r.Cells) + len(ranges); b.cells > maxCells {
			return parser.Beyond(maxCells, "ô")
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

// reserve keeps the cells of one row in one piece of the arena.
func (b *book) reserve() {
	if need := b.lim.Columns; cap(b.arena)-len(b.arena) < need {
		b.arena = make([]grid.Cell, 0, max(4096, 2*need))
	}
}

// cell reads a cell, or several alike.
func (b *book) cell(t *table, col *int, row int, format *odf.Format) error {
	x := b.x
	n := odf.Repeated(b.x, "number-columns-repeated")
	first := *col + 1
	*col = min(*col+n, odf.Farthest)
	if wide, high := odf.Repeated(b.x, "number-columns-spanned"), odf.Repeated(b.x, "number-rows-spanned"); (wide > 1 || high > 1) && first <= b.lim.Columns {
		t.Merged = append(t.Merged, grid.Range{Row: row, Col: first, LastRow: min(row+high-1, odf.Farthest), LastCol: min(first+wide-1, b.lim.Columns)})
	}
	if format == nil && first <= len(t.columns) {
		format = &t.columns[first-1]
	}
	c := grid.Cell{Col: first}
	v := b.value()
	_, c.Formula = x.Attr("formula")
	f := b.cellFormat(format)
	b.text.Reset()
	if err := x.Children(func() error {
		if x.Is("p") {
			return b.text.Paragraph(x, b.styles, f, nil)
		}
		return x.Skip() // annotations, drawings, detective arrows
	}); err != nil {
		return err
	}
	v.fill(&c, b.shown(first, v.raw), b.text.Begun())
	if c.Text == "" && !c.Formula {
		return nil
	}
	c.Font, c.Struck, c.Partly = b.text.Font, b.text.Struck(), b.text.Partly()
	for i := range n {
		if c.Col = first + i; c.Col > b.lim.Columns {
			t.Cut = true
			break
		}
		b.arena = append(b.arena, c)
	}
	return nil
}

// cellFormat returns the format of the cell whose start was just returned; otherwise, when it names no style.
func (b *book) cellFormat(otherwise *odf.Format) odf.Format {
	name, ok := b.x.Attr("style-name")
	if !ok {
		return b.format("", otherwise)
	}
	if f, ok := b.formats[string(name)]; ok {
		return f
	}
	return b.format(string(name), nil)
}

// shown returns the text of the cell, without a copy when it is the stored number, or what stood above it.
func (b *book) shown(col int, raw string) string {
	if string(b.text.Bytes) == raw {
		return raw
	}
	if col > b.lim.Columns {
		return string(b.text.Bytes)
	}
	for len(b.last) <= col {
		b.last = append(b.last, "")
	}
	if b.last[col] != string(b.text.Bytes) {
		b.last[col] = string(b.text.Bytes)
	}
	return b.last[col]
}
