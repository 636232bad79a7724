package docx

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

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

// A text gathers the runs of a paragraph or of a cell.
type text struct {
	buf     []byte
	font    string // of the first character that is no blank
	inked   bool   // there was one
	struck  int    // bytes struck through
	picture bool
	goesOn  bool   // the end of its last paragraph is deleted
	number  string // that a list gives to its last paragraph
}

func (d *walk) newText() text {
	t := text{buf: d.spare[:0]}
	d.spare = nil
	return t
}

// blanks are what may be cut off a cell: a no-break space or a soft hyphen may be a letter of a legacy encoding.
const blanks = " \t\r\n"

// paragraphText adds the text of a paragraph.
func (d *walk) paragraphText(p *text) error {
	d.fields = d.fields[:0] // a field that was left open hides no more than its paragraph
	p.goesOn, p.number = false, ""
	look := d.base.with(d.looks.paragraph)
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if d.x.Is("pPr") {
			look, err = d.paragraphFormat(p)
		} else {
			err = d.inline(p, look)
		}
		if err != nil {
			return err
		}
	}
}

// runs reads what holds runs: a link, an insertion, a simple field, a drawing.
func (d *walk) runs(p *text, look look) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if err := d.inline(p, look); err != nil {
			return err
		}
	}
}

// inline reads one element among runs.
func (d *walk) inline(p *text, look look) error {
	switch string(d.x.Local()) {
	case "r":
		return d.run(p, look)
	case "t":
		return d.characters(p, look)
	case "pPr", "bookmarkStart", "bookmarkEnd", "proofErr":
		return d.x.Skip()
	case "pict":
		before := p.picture
		d.sigLine = false
		if err := d.runs(p, look); err != nil {
			return err
		}
		if d.sigLine { // a line to sign on is a picture, but nobody has signed
			p.picture, d.sigLine = before, false
		}
		return nil
	case "signatureline":
		d.sigLine = true
	case "blip", "imagedata":
		p.picture = true
	case "txbxContent":
		return d.box()
	default:
		if done, err := d.wrapped(func() error { return d.runs(p, look) }); done || err != nil {
			return err
		}
		return d.runs(p, look)
	}
	return d.x.Skip()
}

// box reads a text box. Its paragraphs are blocks of their own.
func (d *walk) box() error {
	fields := d.fields
	d.fields = nil
	err := d.container()
	d.fields = fields
	return err
}

// run reads a run (§17.3.2.25).
func (d *walk) run(p *text, look look) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "rPr":
			look, err = d.format(look)
		case "t":
			err = d.characters(p, look)
		case "tab", "ptab":
			err = d.char(p, look, "\t")
		case "br", "cr":
			err = d.char(p, look, "\n")
		case "noBreakHyphen":
			err = d.char(p, look, "-")
		case "softHyphen": // also the letter "ư" of a font of TCVN3
			err = d.char(p, look, "\u00ad")
		case "sym":
			err = d.symbol(p, look)
		case "fldChar":
			err = d.field(p, look)
		default:
			err = d.inline(p, look)
		}
		if err != nil {
			return err
		}
	}
}

// char adds a character for an element.
func (d *walk) char(p *text, look look, s string) error {
	d.add(p, look, []byte(s))
	return d.x.Skip()
}

// add adds characters where they are seen.
func (d *walk) add(p *text, look look, s []byte) {
	if look.vanish == on || d.hide > 0 || len(d.fields) > 0 && d.instruction() {
		return
	}
	p.buf = append(p.buf, s...)
	if look.strike == on {
		p.struck += len(s)
	}
	if !p.inked && len(bytes.Trim(s, blanks)) > 0 {
		p.inked, p.font = true, look.font
	}
}

// characters reads t: its text.
func (d *walk) characters(p *text, look look) error {
	for {
		switch kind, err := d.x.Next(); {
		case err != nil:
			return err
		case kind == xmlscan.Text:
			d.add(p, look, d.x.Text())
		case kind == xmlscan.End:
			return nil
		default:
			if err := d.x.Skip(); err != nil {
				return err
			}
		}
	}
}

// A field is one whose end was not read yet (§17.16.18).
type field struct {
	instruction bool   // what stands here is the instruction, not what is shown
	choice      string // of a list to choose from, which shows nothing else
}

// instruction reports whether the instruction of a field goes on.
func (d *walk) instruction() bool {
	for _, f := range d.fields {
		if f.instruction {
			return true
		}
	}
	return false
}

// field reads fldChar: between begin and separate stands the instruction, between separate and end what is shown.
func (d *walk) field(p *text, look look) error {
	v, _ := d.x.Attr("fldCharType")
	switch n := len(d.fields); string(v) {
	case "begin":
		choice, err := d.choice()
		if n < d.lim.Depth {
			d.fields = append(d.fields, field{instruction: true, choice: choice})
		}
		return err
	case "separate":
		if n > 0 {
			d.fields[n-1] = field{}
		}
	case "end":
		if n > 0 {
			choice := d.fields[n-1].choice
			d.fields = d.fields[:n-1]
			d.add(p, look, []byte(choice))
		}
	}
	return d.x.Skip()
}

// choice reads what was chosen in a form's list (§17.16.9 ddList), anywhere inside the current element.
func (d *walk) choice() (string, error) {
	at, n, chosen := 0, 0, ""
	for end := d.x.Depth() - 1; d.x.Depth() > end; {
		kind, err := d.x.Next()
		if err != nil {
			return "", err
		}
		if kind != xmlscan.Start {
			continue
		}
		switch string(d.x.Local()) {
		case "result":
			at, _ = d.number()
		case "listEntry":
			if n == at {
				chosen = d.val()
			}
			n++
		}
	}
	return chosen, nil
}

// Symbols that stand in cells, by their place in Wingdings.
var wingdings = map[byte]string{0xFC: "✓", 0xFB: "✗", 0xFD: "☒", 0xFE: "☑", 0x6F: "□", 0xA8: "□", 0x78: "☒", 0x71: "❑"}

// symbol reads sym: a character by its place in a font (§17.3.3.30).
func (d *walk) symbol(p *text, look look) error {
	name, _ := d.x.Attr("font")
	v, _ := d.x.Attr("char")
	code, err := strconv.ParseUint(string(v), 16, 16)
	font := strings.ToLower(string(name))
	if err != nil {
		return d.x.Skip()
	}
	s := string(rune(code))
	if 0xF020 <= code && code <= 0xF0FF {
		b := byte(code)
		switch {
		case font == "wingdings" && wingdings[b] != "":
			s = wingdings[b]
		case font == "symbol", strings.HasPrefix(font, "wingdings"), font == "webdings":
		default: // a letter of an old font
			s = string(charmap.Windows1252.DecodeByte(b))
			look.font = d.looks.name(name)
		}
	}
	return d.char(p, look, s)
}
