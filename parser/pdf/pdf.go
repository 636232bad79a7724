// Package pdf takes the lines of text out of a PDF (ISO 32000-1). A scan has none: its pages come back with pictures only.
//
// It is a reader of its own because a letter is put together from glyphs by their place: office programs paint "Đề nghị" as
// "Đ ngh" and then, in another font, "ề" and "ị" into the gaps, so that text in the order of painting is unreadable. And a
// hostile file must end in an error: objects are found by looking for them, not by the cross-reference table, and every
// loop has a bound.
//
// It must not know what a letter is.
package pdf

import (
	"bytes"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// What is read of one file beside parser.Limits.
const (
	maxPages  = 500
	maxGlyphs = 2_000_000
	maxOps    = 10_000_000
)

// A Page is one page: its lines from top to bottom.
type Page struct{ Lines []Line }

// A Line is a run of text on one height. Two runs far apart on the same height are two lines, left before right.
type Line struct {
	Text    string
	Column  int  // 1 for the first run on its height, 2 for the next …
	Picture bool // a picture instead of text
}

// Read reads the text of a PDF: every run of text is a block. Errors are *parser.Problem: Damaged, Encrypted or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	f := newFile(data, lim)
	if f.encrypted() {
		return grid.Document{}, &parser.Problem{Code: parser.Encrypted}
	}
	pages := f.pages()
	switch {
	case f.problem != nil:
		return grid.Document{}, f.problem
	case len(pages) == 0:
		return grid.Document{}, parser.Damage("pdf: no page")
	case len(pages) > maxPages:
		return grid.Document{}, parser.Beyond(maxPages, "trang")
	}
	d := grid.Document{Book: grid.Book{Format: "pdf"}, Signature: bytes.Contains(data, []byte("/ByteRange")), Scan: true}
	p := &painter{f: f, fonts: map[int]*font{}}
	for i, page := range pages {
		for _, n := range p.page(page).Lines {
			d.Scan = d.Scan && n.Text == ""
			d.Blocks = append(d.Blocks, grid.Block{Text: n.Text, Page: i + 1, Column: n.Column, Picture: n.Picture})
		}
		if f.problem != nil {
			return grid.Document{}, f.problem
		}
	}
	return d, nil
}
