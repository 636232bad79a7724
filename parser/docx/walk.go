package docx

import (
	"errors"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
	"vanthu/parser/xmlscan"
)

// A walk is the way through one part. Every method reads to the end of the element whose start was just read.
type walk struct {
	x      *xmlscan.Scanner
	lim    parser.Limits
	looks  *looks
	base   look // of the table, or of the document
	blocks []grid.Block
	tables []grid.Sheet
	rows   int

	fields      []field // open ones of the paragraph
	placeholder bool    // the content control just opened shows what to fill in
	hide        int     // content controls that do, and rows that are deleted
	sigLine     bool    // the shape just read is a line to sign on
	spare       []byte  // a buffer for the next text
}

// child goes to the next element inside the current one; ok is false at its end.
func (d *walk) child() (ok bool, err error) {
	for {
		switch kind, err := d.x.Next(); {
		case err != nil:
			return false, err
		case kind == xmlscan.Start:
			return true, nil
		case kind == xmlscan.End:
			return false, nil
		}
	}
}

// val returns the attribute val.
func (d *walk) val() string {
	v, _ := d.x.Attr("val")
	return string(v)
}

// on reads an on/off property: it is on unless it says otherwise (§17.17.4).
func (d *walk) on() bool {
	v, ok := d.x.Attr("val")
	return !ok || len(v) == 0 || ooxml.True(string(v))
}

// number reads the attribute val as a number, bounded so that no sum overflows.
func (d *walk) number() (int, bool) {
	v, _ := d.x.Attr("val")
	n, err := strconv.Atoi(string(v))
	return min(max(n, -1<<30), 1<<30), err == nil || errors.Is(err, strconv.ErrRange)
}

// wrapped reads elements that stand around others, in every place where they may: content controls, the two renderings of
// a drawing, text that is gone. done is false for an element that is something else.
func (d *walk) wrapped(inner func() error) (done bool, err error) {
	switch string(d.x.Local()) {
	case "del", "moveFrom", "instrText", "delText", "delInstrText", "sectPr", "pPrChange", "rPrChange", "tblPrChange", "rt":
		return true, d.x.Skip() // deleted and moved-away text (§17.13.5), field codes, how it looked before, reading aids
	case "AlternateContent":
		return true, d.alternate(inner)
	case "sdtPr":
		return true, d.control()
	case "sdtContent":
		if !d.placeholder {
			return true, inner()
		}
		d.placeholder = false
		d.hide++
		defer func() { d.hide-- }()
		return true, inner()
	}
	return false, nil
}

// alternate reads the first rendering of what comes in several (ECMA-376 part 3 §7.2).
func (d *walk) alternate(inner func() error) error {
	chosen := false
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if chosen {
			err = d.x.Skip()
		} else {
			chosen = true
			err = inner()
		}
		if err != nil {
			return err
		}
	}
}

// control reads sdtPr: a control that shows its placeholder is empty (§17.5.2.39).
func (d *walk) control() error {
	d.placeholder = false
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if d.x.Is("showingPlcHdr") {
			d.placeholder = d.on()
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}

// container reads what holds paragraphs and tables: the body, a content control, an insertion, a text box.
func (d *walk) container() error {
	open := -1 // a paragraph whose end is deleted goes on in the next one
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "p":
			open, err = d.paragraph(open)
		case "tbl":
			open = -1
			err = d.table()
		default:
			var done bool
			if done, err = d.wrapped(d.container); !done && err == nil {
				err = d.container()
			}
		}
		if err != nil {
			return err
		}
	}
}

// paragraph reads a paragraph of the text. open is the block that it goes on with, or -1; it returns the same for the next.
func (d *walk) paragraph(open int) (int, error) {
	p := d.newText()
	at := len(d.blocks)
	if err := d.paragraphText(&p); err != nil {
		return -1, err
	}
	if open >= 0 && open == at-1 {
		b := &d.blocks[open]
		b.Text += string(p.buf)
		b.Picture = b.Picture || p.picture
		at = open
	} else {
		b := grid.Block{Text: string(p.buf), Font: p.font, Picture: p.picture}
		d.blocks = append(d.blocks, grid.Block{}) // text boxes anchored in the paragraph came first; they stand behind it
		copy(d.blocks[at+1:], d.blocks[at:])
		d.blocks[at] = b
	}
	goesOn := p.goesOn
	d.spare = p.buf
	if goesOn {
		return at, nil
	}
	return -1, nil
}
