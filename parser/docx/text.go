package docx

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"vanthu/parser/xmlscan"
)

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
