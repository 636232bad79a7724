package docx

import (
	"errors"
	"io"

	"vanthu/parser"
	"vanthu/parser/ooxml"
	"vanthu/parser/xmlscan"
)

// A toggle is an on/off property that may be unsaid.
type toggle uint8

const (
	unsaid toggle = iota
	on
	off
)

// A look is the formatting that matters.
type look struct {
	font           string // "": unsaid
	strike, vanish toggle
}

// with returns the look under a more special one.
func (l look) with(m look) look {
	if m.font != "" {
		l.font = m.font
	}
	if m.strike != unsaid {
		l.strike = m.strike
	}
	if m.vanish != unsaid {
		l.vanish = m.vanish
	}
	return l
}

// A style is one of styles.xml (§17.7.4).
type style struct {
	based string
	own   look
	list  list
	whole look // with what it is based on
	done  bool
}

// Looks are the styles of a document, its lists and its fonts.
type looks struct {
	styles    map[string]*style
	defaults  look // docDefaults (§17.7.5)
	paragraph look // of a paragraph that names no style
	first     string
	theme     map[string]string // "minor" and "major"
	names     map[string]string // of fonts, kept once
	numbers   numbering
}

// newLooks reads the parts beside the document. One that is missing or broken leaves its looks unsaid.
func newLooks(pkg *ooxml.Package, relations []ooxml.Relation, lim parser.Limits) *looks {
	l := &looks{styles: map[string]*style{}, theme: map[string]string{}, names: map[string]string{}}
	l.numbers.init()
	for _, kind := range []string{"theme", "styles", "numbering"} { // styles name fonts of the theme
		for _, r := range relations {
			if r.Kind != kind {
				continue
			}
			part, err := pkg.Part(r.Part)
			if err != nil {
				continue
			}
			d := &walk{x: xmlscan.New(part, lim.Depth), lim: lim, looks: l}
			switch kind {
			case "theme":
				d.readTheme()
			case "styles":
				d.readStyles()
			case "numbering":
				d.readNumbering()
			}
			part.Close()
		}
	}
	if s := l.styles[l.first]; s != nil {
		l.paragraph = l.style(l.first)
	}
	return l
}

// name keeps a font's name once.
func (l *looks) name(b []byte) string {
	if s, ok := l.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(l.names) < 1000 {
		l.names[s] = s
	}
	return s
}

// style returns the look of a style with what it is based on.
func (l *looks) style(id string) look {
	s := l.styles[id]
	if s == nil {
		return look{}
	}
	chain := []*style{}
	for n := s; n != nil && !n.done; n = l.styles[n.based] {
		n.done = true // a circle ends here
		chain = append(chain, n)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		n := chain[i]
		var below look
		if up := l.styles[n.based]; up != nil {
			below = up.whole
			n.list = n.list.over(up.list)
		}
		n.whole = below.with(n.own)
	}
	return s.whole
}

// readTheme takes the fonts that styles call minor and major (§20.1.4.1.24).
func (d *walk) readTheme() {
	scheme := ""
	for {
		kind, err := d.x.Next()
		if err != nil {
			return
		}
		if kind != xmlscan.Start {
			continue
		}
		switch string(d.x.Local()) {
		case "minorFont":
			scheme = "minor"
		case "majorFont":
			scheme = "major"
		case "latin":
			if v, _ := d.x.Attr("typeface"); scheme != "" && d.looks.theme[scheme] == "" {
				d.looks.theme[scheme] = string(v)
			}
		}
	}
}

// readStyles reads styles.xml as far as it goes.
func (d *walk) readStyles() {
	for {
		kind, err := d.x.Next()
		if err != nil {
			return
		}
		if kind != xmlscan.Start {
			continue
		}
		switch string(d.x.Local()) {
		case "rPrDefault":
			err = d.into(&style{}, func(s *style) { d.looks.defaults = s.own })
		case "latentStyles":
			err = d.x.Skip()
		case "style":
			id, _ := d.x.Attr("styleId")
			key := string(id)
			kind, _ := d.x.Attr("type")
			if standard, _ := d.x.Attr("default"); ooxml.True(string(standard)) && string(kind) == "paragraph" {
				d.looks.first = key
			}
			err = d.into(&style{}, func(s *style) { d.looks.styles[key] = s })
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

// into reads the properties of a style and hands it on.
func (d *walk) into(s *style, done func(*style)) error {
	for {
		ok, err := d.child()
		if err != nil {
			return err
		}
		if !ok {
			done(s)
			return nil
		}
		switch string(d.x.Local()) {
		case "basedOn":
			s.based = d.val()
			err = d.x.Skip()
		case "rPr":
			s.own, err = d.format(s.own)
		case "pPr":
			err = d.listOf(&s.list)
		default: // the looks of a table's first row and the like
			err = d.x.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// format reads rPr over a look (§17.3.2.28).
func (d *walk) format(l look) (look, error) {
	own := look{}
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return l.with(own), err
		}
		switch string(d.x.Local()) {
		case "strike", "dstrike":
			if t := d.toggle(); own.strike != on {
				own.strike = t
			}
		case "vanish":
			own.vanish = d.toggle()
		case "rFonts":
			own.font = d.fontName()
		case "rStyle":
			v, _ := d.x.Attr("val")
			if s := d.looks.styles[string(v)]; s != nil {
				l = l.with(d.looks.style(string(v)))
			}
		}
		if err := d.x.Skip(); err != nil {
			return l, err
		}
	}
}

func (d *walk) toggle() toggle {
	if d.on() {
		return on
	}
	return off
}

// fontName reads rFonts: the font of letters beyond ASCII, which tells a legacy encoding; a font of the theme goes before a
// name (§17.3.2.26).
func (d *walk) fontName() string {
	for _, at := range []string{"hAnsiTheme", "asciiTheme"} {
		if v, ok := d.x.Attr(at); ok {
			if len(v) > 5 {
				if name := d.looks.theme[string(v[:5])]; name != "" { // minorHAnsi, majorAscii …
					return name
				}
			}
		}
	}
	for _, at := range []string{"hAnsi", "ascii"} {
		if v, ok := d.x.Attr(at); ok && len(v) > 0 {
			return d.looks.name(v)
		}
	}
	return ""
}

// paragraphFormat reads pPr: the paragraph's style, its place in a list, whether its end is deleted.
func (d *walk) paragraphFormat(p *text) (look, error) {
	l := d.looks.paragraph
	var own list
	for {
		ok, err := d.child()
		if err != nil {
			return l, err
		}
		if !ok {
			break
		}
		switch string(d.x.Local()) {
		case "pStyle":
			v, _ := d.x.Attr("val")
			if s := d.looks.styles[string(v)]; s != nil {
				l = d.looks.style(string(v))
				own = own.over(s.list)
			}
			err = d.x.Skip()
		case "numPr":
			var direct list
			err = d.numPr(&direct)
			own = direct.over(own)
		case "rPr":
			err = d.markFormat(p)
		default:
			err = d.x.Skip()
		}
		if err != nil {
			return l, err
		}
	}
	if own.id != 0 && !p.goesOn && d.hide == 0 {
		p.number = d.looks.numbers.next(own)
	}
	return d.base.with(l), nil
}

// markFormat reads the rPr of a paragraph's end: deleted or moved away, the paragraph goes on in the next one (§17.13.5.15).
func (d *walk) markFormat(p *text) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if d.x.Is("del") || d.x.Is("moveFrom") {
			p.goesOn = true
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}
