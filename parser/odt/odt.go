// Package odt reads OpenDocument texts (ODF 1.2 part 1 §5), in a package or as one XML file: paragraphs and tables in the
// order in which a person reads them, without what tracked changes have deleted.
//
// It must not know what a letter or a list is.
package odt

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/odf"
	"vanthu/parser/xmlscan"
)

// around are rows and paragraphs beside the people that parser.Limits counts.
const around = 1000

// Read reads a text document. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	f, err := odf.Open(data, lim)
	if err != nil {
		return grid.Document{}, err
	}
	w := &walk{lim: lim, styles: f.Styles}
	var margins []string
	if err := f.Body(func(x *xmlscan.Scanner) error {
		m := &walk{lim: lim, styles: f.Styles, x: x}
		err := m.pages()
		margins = m.lines()
		return err
	}, w.body); err != nil {
		return grid.Document{}, err
	}
	return grid.Document{
		Book:      grid.Book{Format: "odt", Sheets: w.tables, Macros: f.Macros()},
		Blocks:    w.blocks,
		Margins:   margins,
		Signature: f.Signed(),
	}, nil
}

// A walk is the way through one part. Every method reads to the end of the element whose start was just returned.
type walk struct {
	x      *xmlscan.Scanner
	lim    parser.Limits
	styles odf.Styles
	blocks []grid.Block
	tables []grid.Sheet
	rows   int
	found  bool // the document is a text
}

// pages reads office:master-styles: the headers and footers of the pages (§16.9 to §16.13).
func (w *walk) pages() error {
	return w.x.Children(func() error {
		if !w.x.Is("master-page") {
			return w.x.Skip()
		}
		return w.x.Children(func() error {
			if strings.HasPrefix(string(w.x.Local()), "header") || strings.HasPrefix(string(w.x.Local()), "footer") {
				if d, _ := w.x.Attr("display"); string(d) != "false" {
					return w.container(nil)
				}
			}
			return w.x.Skip()
		})
	})
}

// lines are all lines that were read, those of tables, too.
func (w *walk) lines() []string {
	var lines []string
	add := func(text string) {
		for l := range strings.SplitSeq(text, "\n") {
			if l != "" {
				lines = append(lines, l)
			}
		}
	}
	for _, b := range w.blocks {
		if b.Table == 0 {
			add(b.Text)
			continue
		}
		for _, r := range w.tables[b.Table-1].Rows {
			for _, c := range r.Cells {
				add(c.Text)
			}
		}
	}
	return lines
}

func (w *walk) body(x *xmlscan.Scanner) error {
	w.x = x
	err := x.Children(func() error {
		if !x.Is("text") {
			return x.Skip()
		}
		w.found = true
		return w.container(nil)
	})
	if err == nil && !w.found {
		return parser.Damage("no text")
	}
	return err
}

// container reads what holds paragraphs and tables: the body, a section, a list, a text box, a cell. Paragraphs go into
// text when it is there, else they are blocks.
func (w *walk) container(text *odf.Text) error {
	return w.x.Children(func() error { return w.child(text) })
}

func (w *walk) child(text *odf.Text) error {
	switch string(w.x.Local()) {
	case "p", "h":
		return w.paragraph(text)
	case "table":
		return w.table()
	case "image":
		w.picture(text)
	case "section":
		d, _ := w.x.Attr("display")
		if hidden, _ := w.x.Attr("is-hidden"); string(d) != "none" && string(hidden) != "true" {
			return w.container(text)
		}
	case "tracked-changes", "annotation", "forms", "sequence-decls", "variable-decls", "user-field-decls", "event-listeners", "script",
		"binary-data", "object", "object-ole", "title", "desc", "table-of-content-source", "alphabetical-index-source":
	default:
		return w.container(text)
	}
	return w.x.Skip()
}

// picture marks the cell, or the paragraph before: a picture that hangs on the page stands on its own.
func (w *walk) picture(text *odf.Text) {
	if text != nil {
		text.Picture = true
		return
	}
	w.blocks = append(w.blocks, grid.Block{Picture: true})
}

// paragraph reads a paragraph. What is anchored in it, a text box or a drawing with text, comes behind it.
func (w *walk) paragraph(text *odf.Text) error {
	own := text
	at := len(w.blocks)
	if own == nil {
		if at > w.lim.Rows+around {
			return parser.Beyond(w.lim.Rows, "đoạn văn")
		}
		own = &odf.Text{}
	}
	name, _ := w.x.Attr("style-name")
	format := w.styles.Format("paragraph", string(name), w.styles.Default("paragraph"))
	if err := own.Paragraph(w.x, w.styles, format, func() (bool, error) {
		switch string(w.x.Local()) {
		case "image":
			own.Picture = true
			return true, w.x.Skip()
		case "text-box", "custom-shape", "rect", "ellipse", "circle", "polygon", "path", "caption":
			return true, w.container(nil)
		case "object", "object-ole", "binary-data", "table-template":
			return true, w.x.Skip()
		}
		return false, nil
	}); err != nil || text != nil {
		return err
	}
	if len(own.Bytes) == 0 && !own.Picture {
		return nil
	}
	w.blocks = append(w.blocks, grid.Block{})
	copy(w.blocks[at+1:], w.blocks[at:])
	w.blocks[at] = grid.Block{Text: string(own.Bytes), Font: own.Font, Picture: own.Picture}
	return nil
}
