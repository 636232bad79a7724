// Package ods reads OpenDocument spreadsheets (ODF 1.2 part 1 §9), in a package or as one XML file, as LibreOffice, gnumeric,
// Excel and Google write them.
//
// It must not know what a column means.
package ods

import (
	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/odf"
	"vanthu/parser/xmlscan"
)

// Bounds on memory beside parser.Limits, far above any list.
const (
	around   = 1000 // rows of titles and signatures beside the people that parser.Limits counts
	maxCells = 200_000 * 12
)

// Read reads a spreadsheet. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Book, error) {
	f, err := odf.Open(data, lim)
	if err != nil {
		return grid.Book{}, err
	}
	b := &book{lim: lim, styles: f.Styles, formats: map[string]odf.Format{}}
	if err := f.Body(nil, b.body); err != nil {
		return grid.Book{}, err
	}
	if len(b.sheets) == 0 {
		return grid.Book{}, parser.Damage("no sheet")
	}
	return grid.Book{Format: "ods", Sheets: b.sheets, Macros: f.Macros()}, nil
}

// A book is a spreadsheet while it is read.
type book struct {
	lim     parser.Limits
	styles  odf.Styles
	formats map[string]odf.Format // of cell styles, resolved
	sheets  []grid.Sheet
	x       *xmlscan.Scanner
	rows    int // with cells, of all sheets
	cells   int
	arena   []grid.Cell
	text    odf.Text
	last    []string // the texts of each column in the row before: most columns repeat themselves
}

// body reads office:body.
func (b *book) body(x *xmlscan.Scanner) error {
	b.x = x
	return x.Children(func() error {
		if !x.Is("spreadsheet") {
			return x.Skip()
		}
		return x.Children(func() error {
			if x.Is("table") {
				return b.table()
			}
			return x.Skip() // tracked changes, named ranges, filters, pivot tables
		})
	})
}

func (b *book) attr(local string) string {
	v, _ := b.x.Attr(local)
	return string(v)
}

// A table is a sheet while it is read.
type table struct {
	grid.Sheet
	row     int          // number of the row before
	columns []odf.Format // the default format of each column (§19.615)
	column  int          // columns declared so far
}

func (b *book) table() error {
	if len(b.sheets) == b.lim.Sheets {
		return parser.Beyond(b.lim.Sheets, "trang tính")
	}
	t := &table{}
	t.Name = b.attr("name")
	t.Hidden = b.styles.Format("table", b.attr("style-name"), odf.Format{}).Hidden
	if err := b.group(t, false); err != nil {
		return err
	}
	b.sheets = append(b.sheets, t.Sheet)
	return nil
}

// group reads rows and columns, and what groups them.
func (b *book) group(t *table, hidden bool) error {
	return b.x.Children(func() error {
		switch string(b.x.Local()) {
		case "table-row":
			return b.row(t, hidden)
		case "table-column":
			b.column(t, hidden)
		case "table-rows", "table-header-rows", "table-columns", "table-header-columns":
			return b.group(t, hidden)
		case "table-row-group", "table-column-group": // folded away by its plus sign (§19.629)
			return b.group(t, hidden || b.attr("display") == "false")
		}
		return b.x.Skip()
	})
}

func (b *book) column(t *table, hidden bool) {
	n := odf.Repeated(b.x, "number-columns-repeated")
	if v := b.attr("visibility"); hidden || v == "collapse" || v == "filter" {
		if first := t.column + 1; first <= b.lim.Columns {
			t.HiddenCols = append(t.HiddenCols, grid.Range{Col: first, LastCol: min(t.column+n, b.lim.Columns)})
		}
	}
	format := b.format(b.attr("default-cell-style-name"), nil)
	for range min(n, b.lim.Columns-min(t.column, b.lim.Columns)) {
		t.columns = append(t.columns, format)
	}
	t.column = min(t.column+n, odf.Farthest)
}

// format returns the format of a cell style; otherwise, when it names none.
func (b *book) format(name string, otherwise *odf.Format) odf.Format {
	if name == "" && otherwise != nil {
		return *otherwise
	}
	if f, ok := b.formats[name]; ok {
		return f
	}
	f := b.styles.Format("table-cell", name, b.styles.Default("table-cell"))
	b.formats[name] = f
	return f
}
