// Package xmlss reads SpreadsheetML 2003, the workbook in one XML file that Excel 2003 and many export programs write, mostly
// under the name .xls (Microsoft's "XML Spreadsheet Reference" for Office XP and 2003).
//
// It must not know what a column means.
package xmlss

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xmlscan"
)

// Bounds on memory beside parser.Limits, far above any list.
const (
	around   = 1000 // rows of titles and signatures beside the people that parser.Limits counts
	maxCells = 200_000 * 12
	maxText  = 1 << 20 // bytes of a cell; Excel's own limit is 32,767 characters
	farthest = 1 << 30 // rows and columns are counted no further: nothing stands there
)

// Read reads a workbook. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Book, error) {
	b := &book{x: xmlscan.New(bytes.NewReader(data), lim.Depth), lim: lim, styles: map[string]*style{}}
	if _, err := b.x.Next(); err != nil {
		return grid.Book{}, err
	}
	if !b.x.Is("Workbook") {
		return grid.Book{}, parser.Damage("no workbook")
	}
	if err := b.x.Children(func() error {
		switch {
		case b.x.Is("Styles"):
			return b.x.Children(b.style)
		case b.x.Is("Worksheet"):
			return b.sheet()
		}
		return b.x.Skip()
	}); err != nil {
		return grid.Book{}, err
	}
	if _, err := b.x.Next(); !errors.Is(err, io.EOF) {
		return grid.Book{}, err
	}
	if len(b.sheets) == 0 {
		return grid.Book{}, parser.Damage("no sheet")
	}
	return grid.Book{Format: "xmlss", Sheets: b.sheets}, nil
}

// A book is a workbook while it is read.
type book struct {
	x      *xmlscan.Scanner
	lim    parser.Limits
	styles map[string]*style
	sheets []grid.Sheet
	rows   int // with cells, of all sheets
	cells  int
	data   data
}

func (b *book) attr(local string) string {
	v, _ := b.x.Attr(local)
	return string(v)
}

// count returns a number in an attribute, 0 when it is not there.
func (b *book) count(local string) int {
	v, ok := b.x.Attr(local)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 0 {
		return 0
	}
	return min(n, farthest)
}

// A sheet is a worksheet while it is read.
type sheet struct {
	grid.Sheet
	row     int // number of the row before
	column  int
	style   *style         // of the whole table
	columns map[int]*style // of single columns
}

func (b *book) sheet() error {
	if len(b.sheets) == b.lim.Sheets {
		return parser.Beyond(b.lim.Sheets, "trang tính")
	}
	s := &sheet{columns: map[int]*style{}}
	s.Name = b.attr("Name")
	if err := b.x.Children(func() error {
		switch {
		case b.x.Is("Table"):
			s.style = b.styles[b.attr("StyleID")]
			return b.x.Children(func() error {
				switch {
				case b.x.Is("Column"):
					b.column(s)
				case b.x.Is("Row"):
					return b.row(s)
				}
				return b.x.Skip()
			})
		case b.x.Is("WorksheetOptions"):
			return b.x.Children(func() error {
				if !b.x.Is("Visible") {
					return b.x.Skip()
				}
				text, err := b.text()
				s.Hidden = string(text) == "SheetHidden" || string(text) == "SheetVeryHidden"
				return err
			})
		}
		return b.x.Skip()
	}); err != nil {
		return err
	}
	b.sheets = append(b.sheets, s.Sheet)
	return nil
}

// text reads the characters of the current element to its end.
func (b *book) text() (text []byte, err error) {
	for {
		kind, err := b.x.Next()
		if err != nil || kind == xmlscan.End {
			return text, err
		}
		if kind == xmlscan.Start {
			if err := b.x.Skip(); err != nil {
				return text, err
			}
			continue
		}
		text = append(text, b.x.Text()...)
	}
}

// next returns where a row, column or cell stands: behind the one before unless it says so itself (ss:Index). An index that
// goes back is none: Excel does not open such a file, and neither one that leaves out the index behind ss:Span.
func (b *book) next(before int) (at int, err error) {
	at = before + 1
	if n := b.count("Index"); n > 0 {
		if n < at {
			return 0, parser.Damage("index %d behind %d", n, before)
		}
		at = n
	}
	return min(at, farthest), nil
}

// column reads the columns that are hidden or have a style. One that goes back is left alone.
func (b *book) column(s *sheet) {
	at, err := b.next(s.column)
	if err != nil || at > b.lim.Columns {
		return
	}
	s.column = at
	last := min(at+b.count("Span"), b.lim.Columns)
	if b.attr("Hidden") == "1" {
		s.HiddenCols = append(s.HiddenCols, grid.Range{Col: at, LastCol: last})
	}
	if st := b.styles[b.attr("StyleID")]; st != nil {
		for col := at; col <= last; col++ {
			s.columns[col] = st
		}
	}
}

func (b *book) row(s *sheet) error {
	at, err := b.next(s.row)
	if err != nil {
		return err
	}
	s.row = at
	r := grid.Row{Number: at, Hidden: b.attr("Hidden") == "1"}
	style := b.styles[b.attr("StyleID")]
	col := 0
	if err := b.x.Children(func() error {
		if !b.x.Is("Cell") {
			return b.x.Skip()
		}
		return b.cell(s, &r, &col, style)
	}); err != nil || len(r.Cells) == 0 {
		return err
	}
	if b.rows++; b.rows > b.lim.Rows+around {
		return parser.Beyond(b.lim.Rows, "dòng")
	}
	s.Rows = append(s.Rows, r)
	return nil
}
