// Package docx reads Word's .docx and .docm (ECMA-376 part 1, WordprocessingML): its paragraphs and tables in the order in
// which a person reads them, in the final state of tracked changes.
//
// It must not know what a letter or a list is.
package docx

import (
	"errors"
	"io"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
	"vanthu/parser/xmlscan"
)

// Read reads a document. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	pkg, err := ooxml.Open(data, lim.Unpacked)
	if err != nil {
		return grid.Document{}, err
	}
	main := pkg.Main("word/document.xml")
	relations := pkg.Relations(main)
	looks := newLooks(pkg, relations, lim)
	d, err := readPart(pkg, main, lim, looks)
	if err != nil {
		return grid.Document{}, err
	}
	out := grid.Document{Book: grid.Book{Format: "docx", Sheets: d.tables}, Blocks: d.blocks}
	for _, r := range relations {
		if r.Kind == "vbaProject" {
			out.Macros = true
		}
		if r.Kind != "header" && r.Kind != "footer" {
			continue
		}
		m, err := readPart(pkg, r.Part, lim, looks)
		if err != nil {
			continue // a broken margin leaves the document readable
		}
		out.Margins = append(out.Margins, m.lines()...)
	}
	out.Macros = out.Macros || pkg.Has("word/vbaProject.bin")
	out.Signature = pkg.HasFolder("_xmlsignatures")
	out.Scan = len(out.Sheets) == 0 && grid.OnlyPictures(out.Blocks)
	return out, nil
}

// readPart reads a part that holds paragraphs and tables. Its bytes are unpacked beside.
func readPart(pkg *ooxml.Package, part string, lim parser.Limits, looks *looks) (*walk, error) {
	r, err := pkg.Part(part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	ahead := xmlscan.Ahead(r)
	defer ahead.Close()
	d := &walk{x: xmlscan.New(ahead, lim.Depth), lim: lim, looks: looks, base: looks.defaults}
	for {
		switch kind, err := d.x.Next(); {
		case errors.Is(err, io.EOF):
			return d, nil
		case err != nil:
			return nil, err
		case kind == xmlscan.Start:
			switch string(d.x.Local()) {
			case "body", "hdr", "ftr":
				if err := d.container(); err != nil {
					return nil, err
				}
			}
		}
	}
}

// lines returns what was read as lines of text.
func (d *walk) lines() []string {
	var out []string
	for _, b := range d.blocks {
		if b.Table == 0 {
			out = append(out, strings.Split(b.Text, "\n")...)
			continue
		}
		for _, row := range d.tables[b.Table-1].Rows {
			for _, c := range row.Cells {
				out = append(out, strings.Split(c.Text, "\n")...)
			}
		}
	}
	return out
}
