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
)

// What is read of one file beside parser.Limits.
const (
	maxPages  = 500
	maxGlyphs = 2_000_000
	maxOps    = 10_000_000
)

// A Document is the text of a PDF, page by page.
type Document struct {
	Pages     []Page
	Signature bool // it carries a digital signature (which nobody has checked)
}

// A Page is one page: its lines from top to bottom.
type Page struct{ Lines []Line }

// A Line is a run of text on one height. Two runs far apart on the same height are two lines, left before right.
type Line struct {
	Text    string
	Column  int  // 1 for the first run on its height, 2 for the next …
	Picture bool // a picture instead of text
}

// HasText reports whether any page has text.
func (d Document) HasText() bool {
	for _, p := range d.Pages {
		for _, l := range p.Lines {
			if l.Text != "" {
				return true
			}
		}
	}
	return false
}

// Text reads the text of a PDF. Errors are *parser.Problem: Damaged, Encrypted or TooLarge.
func Text(data []byte, lim parser.Limits) (Document, error) {
	f := newFile(data, lim)
	if f.encrypted() {
		return Document{}, &parser.Problem{Code: parser.Encrypted}
	}
	pages := f.pages()
	switch {
	case f.problem != nil:
		return Document{}, f.problem
	case len(pages) == 0:
		return Document{}, parser.Damage("pdf: no page")
	case len(pages) > maxPages:
		return Document{}, parser.Beyond(maxPages, "trang")
	}
	d := Document{Signature: bytes.Contains(data, []byte("/ByteRange"))}
	p := &painter{f: f, fonts: map[int]*font{}}
	for _, page := range pages {
		d.Pages = append(d.Pages, p.page(page))
		if f.problem != nil {
			return Document{}, f.problem
		}
	}
	return d, nil
}
