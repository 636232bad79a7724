// Package docx reads Word's .docx and .docm (ECMA-376 part 1, WordprocessingML): its paragraphs and tables in the order in
// which a person reads them, in the final state of tracked changes.
//
// It must not know what a letter or a list is.
package docx

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
)

// Read reads a document. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	pkg, err := ooxml.Open(data, lim.Unpacked)
	if err != nil {
		return grid.Document{}, err
	}
	main := pkg.Main("word/document.xml")
	d, err := readPart(pkg, main, lim)
	if err != nil {
		return grid.Document{}, err
	}
	out := grid.Document{Book: grid.Book{Format: "docx", Sheets: d.tables}, Blocks: d.blocks}
	for _, r := range pkg.Relations(main) {
		if r.Kind == "vbaProject" {
			out.Macros = true
		}
		if r.Kind != "header" && r.Kind != "footer" {
			continue
		}
		m, err := readPart(pkg, r.Part, lim)
		if err != nil {
			continue // a broken margin leaves the document readable
		}
		for _, b := range m.blocks {
			out.Margins = append(out.Margins, strings.Split(b.Text, "\n")...)
		}
	}
	out.Macros = out.Macros || pkg.Has("word/vbaProject.bin")
	out.Signature = pkg.HasFolder("_xmlsignatures")
	return out, nil
}

func readPart(pkg *ooxml.Package, part string, lim parser.Limits) (*walk, error) {
	r, err := pkg.Part(part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := &walk{x: ooxml.NewReader(r, lim.Depth), lim: lim}
	for {
		t, err := d.x.Token()
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		if e, ok := t.(xml.StartElement); ok {
			switch e.Name.Local {
			case "body", "hdr", "ftr":
				if err := d.container(); err != nil {
					return nil, err
				}
			}
		}
	}
}

// A walk is the way through one part. Every method reads to the end of the element whose start was just read.
type walk struct {
	x      *ooxml.Reader
	lim    parser.Limits
	blocks []grid.Block
	tables []grid.Sheet
	rows   int
}

// gone reports elements that are no part of what a person reads in the final state: deleted and moved-away text (§17.13.5),
// the second rendering of a drawing, field codes.
func gone(local string) bool {
	switch local {
	case "del", "moveFrom", "Fallback", "instrText", "delText", "delInstrText":
		return true
	}
	return false
}

// children calls each for every element inside the current one. each reads to the end of the element it is given.
func (d *walk) children(each func(e xml.StartElement) error) error {
	for {
		t, err := d.x.Token()
		if err != nil {
			return whole(err)
		}
		switch e := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := each(e); err != nil {
				return err
			}
		}
	}
}

// properties calls each for every element inside the current one; what stands inside those is skipped.
func (d *walk) properties(each func(e xml.StartElement)) error {
	return d.children(func(e xml.StartElement) error {
		each(e)
		return d.x.Skip()
	})
}

// container reads what holds paragraphs and tables: the body, a content control, an insertion.
func (d *walk) container() error {
	return d.children(func(e xml.StartElement) error {
		switch {
		case gone(e.Name.Local):
			return d.x.Skip()
		case e.Name.Local == "p":
			return d.paragraph()
		case e.Name.Local == "tbl":
			return d.table()
		}
		return d.container()
	})
}

// whole turns an early end into a Problem.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return parser.Damage("xml: cut off")
	}
	return err
}

func (d *walk) paragraph() error {
	var p text
	at := len(d.blocks)
	if err := d.runs(&p, run{}); err != nil {
		return err
	}
	b := grid.Block{Text: p.String(), Font: p.font, Picture: p.picture}
	if at == len(d.blocks) {
		d.blocks = append(d.blocks, b)
		return nil
	}
	// Text boxes anchored in the paragraph came first; they stand behind it.
	d.blocks = append(d.blocks, grid.Block{})
	copy(d.blocks[at+1:], d.blocks[at:])
	d.blocks[at] = b
	return nil
}

// A text gathers the runs of a paragraph or of a cell.
type text struct {
	strings.Builder
	font    string // of the first run that names one
	struck  int    // characters struck through
	picture bool
}

// A run is the formatting that matters.
type run struct{ struck, hidden bool }

// runs reads the content of a paragraph, of a run, or of anything transparent in between.
func (d *walk) runs(p *text, in run) error {
	return d.children(func(e xml.StartElement) error { return d.inline(p, &in, e) })
}

func (d *walk) inline(p *text, in *run, e xml.StartElement) error {
	switch local := e.Name.Local; {
	case gone(local):
		return d.x.Skip()
	case local == "t":
		return d.characters(p, *in)
	case local == "tab":
		p.add("\t", *in)
	case local == "br", local == "cr":
		p.add("\n", *in)
	case local == "noBreakHyphen":
		p.add("-", *in)
	case local == "softHyphen": // under a font of TCVN3 it is the letter ư that passed through another program
		p.add("\u00AD", *in)
	case local == "rPr":
		r, font, err := d.format()
		if p.font == "" {
			p.font = font
		}
		*in = r
		return err
	case local == "pPr": // its tab stops and the format of its mark are no text
	case local == "blip", local == "imagedata":
		p.picture = true
	case local == "txbxContent":
		return d.container()
	case local == "r":
		return d.runs(p, run{})
	default:
		return d.runs(p, *in)
	}
	return d.x.Skip()
}

func (p *text) add(s string, in run) {
	if in.hidden {
		return
	}
	p.WriteString(s)
	if in.struck {
		p.struck += len(s)
	}
}

func (d *walk) characters(p *text, in run) error {
	for {
		t, err := d.x.Token()
		if err != nil {
			return whole(err)
		}
		switch e := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := d.x.Skip(); err != nil {
				return err
			}
		case xml.CharData:
			p.add(string(e), in)
		}
	}
}

// format reads rPr (§17.3.2).
func (d *walk) format() (r run, font string, err error) {
	err = d.properties(func(e xml.StartElement) {
		switch e.Name.Local {
		case "strike", "dstrike":
			r.struck = on(e)
		case "vanish":
			r.hidden = on(e)
		case "rFonts":
			font = ooxml.Attr(e, "ascii")
		}
	})
	return r, font, err
}

// on reads an on/off property: it is on unless it says otherwise (§17.17.4).
func on(e xml.StartElement) bool {
	v := ooxml.Attr(e, "val")
	return v == "" || ooxml.True(v)
}
