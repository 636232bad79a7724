// Package xlsx reads Excel's .xlsx and .xlsm (ECMA-376 part 1, SpreadsheetML) into a grid. excelize opens the workbook and
// knows its styles and number formats; the cells are read by a scan of our own, because a list must be whole or refused:
// excelize's reader ends without a word at broken XML, and its stream says neither type nor formula nor font of a cell.
//
// It must not know what a column means.
package xlsx

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
)

// What one book may hold beside parser.Limits: bounds on memory, far above any list.
const (
	around      = 1000 // rows of titles and signatures beside the people that parser.Limits counts
	maxCells    = 200_000 * 12
	maxCellText = 32_767 // characters of a cell, Excel's own limit
)

// A book is a workbook while it is read.
type book struct {
	lim     parser.Limits
	pkg     *ooxml.Package
	strings []shared
	styles  *styles
	rows    int // read so far, of all sheets
	cells   int
}

// Read reads a workbook. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Book, error) {
	pkg, err := ooxml.Open(data, lim.Unpacked)
	if err != nil {
		return grid.Book{}, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: lim.Unpacked, UnzipXMLSizeLimit: lim.Unpacked, // nothing is written to temporary files
	})
	if err != nil {
		return grid.Book{}, parser.Damage("workbook: %v", err)
	}
	defer f.Close()
	if f.WorkBook == nil {
		return grid.Book{}, parser.Damage("no workbook")
	}
	f.Pkg.Clear() // its copy of the sheets is not needed
	b := &book{lim: lim, pkg: pkg, styles: newStyles(f)}
	defer b.styles.close()

	main := pkg.Main("xl/workbook.xml")
	part := map[string]ooxml.Relation{}
	for _, r := range pkg.Relations(main) {
		part[r.ID] = r
		if r.Kind == "sharedStrings" && pkg.Has(r.Part) {
			if b.strings, err = b.readStrings(r.Part); err != nil {
				return grid.Book{}, err
			}
		}
	}
	out := grid.Book{Format: "xlsx", Macros: macros(pkg, part)}
	for _, s := range f.WorkBook.Sheets.Sheet {
		r, ok := part[s.ID]
		if !ok {
			return grid.Book{}, parser.Damage("sheet without part")
		}
		if r.Kind != "worksheet" { // a chart, a dialogue
			continue
		}
		if len(out.Sheets) == lim.Sheets {
			return grid.Book{}, parser.Beyond(lim.Sheets, "trang tính")
		}
		sheet, err := b.readSheet(r.Part)
		if err != nil {
			return grid.Book{}, err
		}
		sheet.Name = s.Name
		sheet.Hidden = s.State == "hidden" || s.State == "veryHidden"
		out.Sheets = append(out.Sheets, sheet)
	}
	if len(out.Sheets) == 0 {
		return grid.Book{}, parser.Damage("no sheet")
	}
	return out, nil
}

func macros(pkg *ooxml.Package, part map[string]ooxml.Relation) bool {
	for _, r := range part {
		if r.Kind == "vbaProject" || strings.HasSuffix(r.Kind, "Macrosheet") {
			return true
		}
	}
	return pkg.Has("xl/vbaProject.bin")
}

// open returns the tokens of a part.
func (b *book) open(part string) (*ooxml.Reader, io.Closer, error) {
	r, err := b.pkg.Part(part)
	if err != nil {
		return nil, nil, err
	}
	return ooxml.NewReader(r, b.lim.Depth), r, nil
}

func done(err error) bool { return errors.Is(err, io.EOF) }
