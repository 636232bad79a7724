// Package xlsx reads Excel's .xlsx and .xlsm (ECMA-376 part 1, SpreadsheetML, in its transitional and its strict form) into
// a grid. The reader is our own, and streams: rows are handed out while the sheet is unpacked, so that a list costs little
// more than inflating it, and is whole or refused. What nearly every program writes for a cell is read by a short cut
// (fast.go); everything else takes the way over all tokens, with the same result.
//
// It must not know what a column means.
package xlsx

import (
	"errors"
	"io"
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
	"vanthu/parser/xmlscan"
)

// What one book may hold beside parser.Limits: bounds on memory, far above any list.
const (
	around      = 1000 // rows of titles and signatures beside the people that parser.Limits counts
	maxCells    = 200_000 * 9
	maxCellText = 32_767 // characters of a cell, Excel's own limit
	maxMerged   = 100_000
	maxStrings  = 4_000_000 // shared ones
	background  = 1 << 20   // a part from this size on is unpacked in a goroutine of its own
)

// A book is a workbook while it is read.
type book struct {
	lim     parser.Limits
	pkg     *ooxml.Package
	strings table
	styles  styles
	arena   arena // text of cells
	read    int   // rows so far, of all sheets
	shown   int64 // bytes that number formats made
	open    []unvalued
	sheets  int  // read so far
	slow    bool // no short cuts (tests)
	visit   visitor
}

// A visitor is told what is read, in the order of the file. What it is given is used again after it returns.
type visitor struct {
	row func(s *grid.Sheet, r *grid.Row) error
	end func(s *grid.Sheet)
}

// Read reads a workbook. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Book, error) { return read(data, lim, false) }

func read(data []byte, lim parser.Limits, slow bool) (grid.Book, error) {
	out := grid.Book{Format: "xlsx"}
	var pool []grid.Cell // cells of many rows in one piece
	size, cells := 64, 0
	b := &book{lim: lim, slow: slow}
	b.visit.row = func(s *grid.Sheet, r *grid.Row) error {
		n := len(r.Cells)
		if cells += n; cells > maxCells {
			return parser.Beyond(maxCells, "ô")
		}
		if len(pool)+n > cap(pool) {
			size = min(2*size, 8192)
			pool = make([]grid.Cell, 0, max(size, n))
		}
		from := len(pool)
		pool = append(pool, r.Cells...)
		s.Rows = append(s.Rows, grid.Row{Number: r.Number, Hidden: r.Hidden, Cells: pool[from:len(pool):len(pool)]})
		return nil
	}
	b.visit.end = func(s *grid.Sheet) { out.Sheets = append(out.Sheets, *s) }
	macros, err := b.walk(data)
	if err != nil {
		return grid.Book{}, err
	}
	out.Macros = macros
	workOut(&out, b.open) // formulas see what lies beneath merged cells, people do not
	for i := range out.Sheets {
		if err := uncover(&out.Sheets[i]); err != nil {
			return grid.Book{}, err
		}
	}
	return out, nil
}

// walk reads the workbook: its list of sheets, then styles and strings, then sheet by sheet.
func (b *book) walk(data []byte) (macros bool, err error) {
	if b.pkg, err = ooxml.Open(data, b.lim.Unpacked); err != nil {
		return false, err
	}
	main := b.pkg.Main("xl/workbook.xml")
	sheets, err := b.workbook(main)
	if err != nil {
		return false, err
	}
	parts := b.pkg.Relations(main)
	if err := b.shared(parts); err != nil {
		return false, err
	}
	n := 0
	for _, s := range sheets {
		i := slices.IndexFunc(parts, func(r ooxml.Relation) bool { return r.ID == s.id })
		if i < 0 {
			return false, parser.Damage("sheet without part")
		}
		if parts[i].Kind != "worksheet" { // a chart, a dialogue
			continue
		}
		if n++; n > b.lim.Sheets {
			return false, parser.Beyond(b.lim.Sheets, "trang tính")
		}
		out := grid.Sheet{Name: s.name, Hidden: s.hidden}
		if err := b.sheet(parts[i].Part, &out); err != nil {
			return false, err
		}
		b.sheets++
		if b.visit.end != nil {
			b.visit.end(&out)
		}
	}
	if n == 0 {
		return false, parser.Damage("no sheet")
	}
	return hasMacros(b.pkg, parts), nil
}

// shared reads what all sheets use. Both parts may be missing.
func (b *book) shared(parts []ooxml.Relation) error {
	for _, r := range parts {
		if !b.pkg.Has(r.Part) {
			continue
		}
		var err error
		switch r.Kind {
		case "sharedStrings":
			err = b.readStrings(r.Part)
		case "styles":
			err = b.readStyles(r.Part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func hasMacros(pkg *ooxml.Package, parts []ooxml.Relation) bool {
	for _, r := range parts {
		if r.Kind == "vbaProject" || strings.HasSuffix(r.Kind, "Macrosheet") {
			return true
		}
	}
	return pkg.Has("xl/vbaProject.bin")
}

// scan hands the tokens of a part to f, and reads it to its end: what comes after the last thing of interest must hold
// together, too.
func (b *book) scan(part string, f func(x *xmlscan.Scanner) error) error {
	r, err := b.pkg.Part(part)
	if err != nil {
		return err
	}
	defer r.Close()
	var src io.Reader = r
	if b.pkg.Size(part) >= background {
		ahead := xmlscan.Ahead(r)
		defer ahead.Close()
		src = ahead
	}
	x := xmlscan.New(src, b.lim.Depth)
	if err := f(x); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		if _, err := x.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// children calls f for each child element of the element whose Start was just returned. f must read to the child's end;
// f returning false passes over it.
func children(x *xmlscan.Scanner, f func() (read bool, err error)) error {
	for {
		k, err := x.Next()
		if err != nil {
			return err
		}
		if k == xmlscan.End {
			return nil
		}
		if k != xmlscan.Start {
			continue
		}
		read, err := f()
		if err == nil && !read {
			err = x.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// root reads up to the root element.
func root(x *xmlscan.Scanner) error {
	for {
		if k, err := x.Next(); err != nil || k == xmlscan.Start {
			return err
		}
	}
}

// A listed is a sheet as the workbook lists it.
type listed struct {
	name, id string
	hidden   bool
}

// workbook reads the list of sheets (§18.2.27) and the date system (§18.2.28).
func (b *book) workbook(part string) (sheets []listed, err error) {
	err = b.scan(part, func(x *xmlscan.Scanner) error {
		if err := root(x); err != nil {
			return err
		}
		return children(x, func() (bool, error) {
			switch {
			case x.Is("workbookPr"):
				v, _ := x.Attr("date1904")
				b.styles.date1904 = ooxml.True(string(v))
				return false, nil
			case !x.Is("sheets"):
				return false, nil
			}
			return true, children(x, func() (bool, error) {
				if !x.Is("sheet") {
					return false, nil
				}
				if len(sheets) > 10*b.lim.Sheets {
					return false, parser.Beyond(b.lim.Sheets, "trang tính")
				}
				name, _ := x.Attr("name")
				id, _ := x.Attr("id") // r:id, whatever the prefix is called
				state, _ := x.Attr("state")
				sheets = append(sheets, listed{unescape(string(name)), string(id), string(state) == "hidden" || string(state) == "veryHidden"})
				return false, nil
			})
		})
	})
	return sheets, err
}
