package xlsx

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf16"

	"vanthu/parser"
	"vanthu/parser/ooxml"
)

// A shared is one string: plain, or runs with fonts of their own (§18.4.8 si, §18.3.1.53 is).
type shared struct {
	text   string
	font   string // of the first run that names one
	struck bool   // every run is struck through
}

func (b *book) readStrings(part string) ([]shared, error) {
	x, c, err := b.open(part)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var all []shared
	for {
		t, err := x.Token()
		if done(err) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "si" {
			s, err := readText(x)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
}

// readText reads to the end of an element that holds t, or r with rPr and t. Phonetic guides (rPh) are left out.
func readText(x *ooxml.Reader) (shared, error) {
	var s shared
	var text strings.Builder
	var runs, struck int
	for depth := 1; depth > 0; {
		t, err := x.Token()
		if err != nil {
			return s, err
		}
		switch e := t.(type) {
		case xml.StartElement:
			depth++
			switch e.Name.Local {
			case "rPh":
				depth--
				if err := x.Skip(); err != nil {
					return s, err
				}
			case "r":
				runs++
			case "rFont":
				if s.font == "" {
					s.font = ooxml.Attr(e, "val")
				}
			case "strike":
				if v := ooxml.Attr(e, "val"); v == "" || ooxml.True(v) {
					struck++
				}
			case "t":
				depth--
				if err := chars(x, &text); err != nil {
					return s, err
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	s.text = unescape(text.String())
	s.struck = runs > 0 && struck == runs
	return s, nil
}

// chars adds the characters up to the end of the current element to b.
func chars(x *ooxml.Reader, b *strings.Builder) error {
	for depth := 1; depth > 0; {
		t, err := x.Token()
		if err != nil {
			return err
		}
		switch e := t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if b.Len()+len(e) > 4*maxCellText {
				return parser.Beyond(maxCellText, "ký tự trong một ô")
			}
			b.Write(e)
		}
	}
	return nil
}

// unescape turns _xHHHH_ into its character (§22.9.2.19 ST_Xstring): what XML 1.0 cannot hold.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var units []uint16 // pending, so that a pair of surrogates becomes one character
	var b strings.Builder
	flush := func() {
		b.WriteString(string(utf16.Decode(units)))
		units = units[:0]
	}
	for i := 0; i < len(s); {
		if i+7 <= len(s) && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				units = append(units, uint16(n))
				i += 7
				continue
			}
		}
		flush()
		b.WriteByte(s[i])
		i++
	}
	flush()
	return b.String()
}
