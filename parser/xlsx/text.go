package xlsx

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"vanthu/parser"
	"vanthu/parser/xmlscan"
)

// readStrings reads the shared strings (§18.4.9 sst).
func (b *book) readStrings(part string) error {
	var t texts
	return b.scan(part, func(x *xmlscan.Scanner) error {
		if err := root(x); err != nil {
			return err
		}
		for {
			if err := b.strings.full(); err != nil {
				return err
			}
			if !b.slow {
				b.fastStrings(x, &t)
			}
			k, err := x.Next()
			switch {
			case err != nil:
				return err
			case k == xmlscan.End:
				return nil
			case k != xmlscan.Start:
				continue
			case !x.Is("si"):
				err = x.Skip()
			default:
				if err = t.read(x); err == nil {
					b.strings.add(t.unescaped(t.text), t.look())
				}
			}
			if err != nil {
				return err
			}
		}
	})
}

// texts reads one text after the other: plain, or in runs with fonts of their own (§18.4.8 si, §18.3.1.53 is).
type texts struct {
	text []byte
	runs []run
	buf  []byte // of unescaped
}

// A run is a part of a text with a look of its own (§18.4.4 r).
type run struct {
	look
	from, to int // in text
}

// read reads to the end of the element whose Start was just returned. Phonetic guides (rPh) are left out.
func (t *texts) read(x *xmlscan.Scanner) error {
	t.text, t.runs = t.text[:0], t.runs[:0]
	return children(x, func() (bool, error) {
		switch {
		case x.Is("t"):
			return true, t.chars(x)
		case !x.Is("r"):
			return false, nil
		}
		r := run{from: len(t.text)}
		err := children(x, func() (bool, error) {
			switch {
			case x.Is("t"):
				return true, t.chars(x)
			case !x.Is("rPr"):
				return false, nil
			}
			return true, children(x, func() (bool, error) {
				switch {
				case x.Is("rFont"):
					v, _ := x.Attr("val")
					r.font = string(v)
				case x.Is("strike"):
					r.struck = on(x)
				}
				return false, nil
			})
		})
		r.to = len(t.text)
		t.runs = append(t.runs, r)
		return true, err
	})
}

// chars adds the characters up to the end of the current element.
func (t *texts) chars(x *xmlscan.Scanner) (err error) {
	t.text, err = appendChars(t.text, x)
	return err
}

func appendChars(to []byte, x *xmlscan.Scanner) ([]byte, error) {
	for end := x.Depth() - 1; x.Depth() > end; {
		k, err := x.Next()
		if err != nil {
			return to, err
		}
		if k != xmlscan.Text {
			continue
		}
		if to = append(to, x.Text()...); len(to) > 4*maxCellText {
			return to, parser.Beyond(maxCellText, "ký tự trong một ô")
		}
	}
	return to, nil
}

// look sums the runs up: the font that most characters have, and whether everything but blanks is struck through.
func (t *texts) look() look {
	if len(t.runs) == 0 {
		return look{}
	}
	l := look{struck: true}
	most := 0
	for i, r := range t.runs {
		n := 0
		for _, o := range t.runs[i:] {
			if o.font == r.font {
				n += utf8.RuneCount(t.text[o.from:o.to])
			}
		}
		if n > most {
			most, l.font = n, r.font
		}
		switch blank := len(bytes.TrimSpace(t.text[r.from:r.to])) == 0; {
		case blank:
		case r.struck:
			l.partly = true
		default:
			l.struck = false
		}
		if i == 32 { // a text of more runs than that is no code and no name
			break
		}
	}
	l.struck = l.struck && most > 0
	l.partly = l.partly && !l.struck
	return l
}

// unescaped returns b with _xHHHH_ resolved; it is valid until the next call.
func (t *texts) unescaped(b []byte) []byte {
	if !bytes.Contains(b, []byte("_x")) {
		return b
	}
	t.buf = append(t.buf[:0], unescape(string(b))...)
	return t.buf
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
