// Package doc reads Word's binary documents (Word 97 to 2003, [MS-DOC]): paragraphs and tables in the order in which a
// person reads them, in the final state of tracked changes, with the results of fields.
//
// It must not know what a letter or a list is.
package doc

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/cfb"
	"vanthu/parser/grid"
)

// Read reads a document. Errors are *parser.Problem: Damaged, TooLarge, Encrypted or Unsupported.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	container, err := cfb.Open(data)
	if err != nil {
		return grid.Document{}, err
	}
	d, err := open(container)
	if err != nil {
		return grid.Document{}, err
	}
	w := &walk{file: d, lim: lim}
	if err := w.story(d.story(mainText)); err != nil {
		return grid.Document{}, err
	}
	if err := w.otherBoxes(); err != nil {
		return grid.Document{}, err
	}
	out := grid.Document{Book: grid.Book{Format: "doc", Sheets: w.tables, Macros: container.Has("Macros")}, Blocks: w.blocks}
	out.Signature = container.Has("_signatures") || container.Has("_xmlsignatures")
	out.Scan = len(w.tables) == 0 && grid.OnlyPictures(w.blocks)
	margins := &walk{file: d, lim: lim}
	for _, story := range []int{headers, headerTextBoxes} {
		if err := margins.story(d.story(story)); err != nil {
			return grid.Document{}, err
		}
	}
	out.Margins = margins.lines()
	return out, nil
}

// lines returns every line of text, in tables or not.
func (w *walk) lines() []string {
	var out []string
	add := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.TrimSpace(line) != "" {
				out = append(out, line)
			}
		}
	}
	for _, b := range w.blocks {
		add(b.Text)
		if b.Table == 0 {
			continue
		}
		for _, r := range w.tables[b.Table-1].Rows {
			for _, c := range r.Cells {
				add(c.Text)
			}
		}
	}
	return out
}
