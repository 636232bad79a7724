package xlsx

import (
	"unicode/utf8"

	"vanthu/parser/xmlscan"
)

// maxWindow is how far a short cut looks ahead.
const maxWindow = 48 << 10

// What a short cut says beside a length.
const (
	again   = -1 // the window ended in it
	unusual = -2 // what stands there must go the long way
)

// stop is what a short cut returns for what plain said.
func stop(said int) int {
	if said == again {
		return again
	}
	return 0
}

// further returns a longer window than w, for a short cut that came to its end; nil when the long way must be taken.
func further(x *xmlscan.Scanner, w []byte) []byte {
	if len(w) > maxWindow {
		return nil
	}
	if more := x.Window(len(w) + 1); len(more) > len(w) {
		return more
	}
	return nil
}

// fastRows reads rows by the short cut, as many as there are.
func (s *sheet) fastRows() error {
	w := s.x.Window(1)
	for len(w) > 0 {
		n := s.fastRow(w)
		switch {
		case n > 0:
			s.x.Enter(n, "row")
			if err := s.readRow(); err != nil {
				return err
			}
			w = s.x.Window(1)
		case n == again:
			w = further(s.x, w)
		default:
			return nil
		}
	}
	return nil
}

// fastCells reads cells by the short cut, as many as there are. ended: that was all of the row.
func (s *sheet) fastCells() (ended bool, err error) {
	w := s.x.Window(1)
	for from := 0; len(w) > 0; {
		n := s.fastCell(w[from:])
		if n > 0 {
			if err := s.put(&s.cell); err != nil {
				return false, err
			}
			from += n
			continue
		}
		s.x.Advance(from)
		if n != again {
			if n = literal(w, from, "</row>"); n > 0 {
				s.x.Leave(n - from)
				return true, nil
			}
		}
		if n != again {
			return false, nil
		}
		w, from = further(s.x, w[from:]), 0
	}
	return false, nil
}

// fastStrings reads shared strings by the short cut, as many as there are.
func (b *book) fastStrings(x *xmlscan.Scanner, t *texts) {
	w := x.Window(1)
	for from := 0; len(w) > 0 && b.strings.n <= maxStrings; {
		text, n := t.fastString(w[from:])
		if n > 0 {
			b.strings.add(t.unescaped(text), look{})
			from += n
			continue
		}
		x.Advance(from)
		if n != again {
			return
		}
		w, from = further(x, w[from:]), 0
	}
}

// The bytes of a text that means what it says.
const (
	special   = 1 << iota // a tag, "]]>", a line end to be normalised, what is no character
	beyond                // ASCII
	reference             // &amp;
)

var textClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c < ' ' && c != '\t' && c != '\n', c == '<', c == ']', c == 0xEF: // 0xEF begins U+FFFE
			t[c] = special
		case c == '&':
			t[c] = reference
		case c >= utf8.RuneSelf:
			t[c] = beyond
		}
	}
	return t
}()

// plain returns how long the text is that w begins with, if a tag ends it and nothing but references in it needs to be
// decoded (flags says whether there are some); again when w ends in it, unusual when it must go the long way.
func plain(w []byte) (n int, flags uint8) {
	i := 0
	for i < len(w) {
		f := textClass[w[i]]
		if f&special != 0 {
			break
		}
		flags |= f
		i++
	}
	switch {
	case i == len(w):
		return again, 0
	case w[i] != '<' || i > 4*maxCellText || flags&beyond != 0 && !utf8.Valid(w[:i]):
		return unusual, 0
	}
	return i, flags
}

// literal reports how s stands at w[i:]: n is where it ends, again when w ends in it, 0 when something else is there.
func literal(w []byte, i int, s string) int {
	if len(w)-i >= len(s) {
		if string(w[i:i+len(s)]) == s {
			return i + len(s)
		}
		return 0
	}
	if string(w[i:]) == s[:len(w)-i] {
		return again
	}
	return 0
}

const preserve = `<t xml:space="preserve">`

// fastString knows <si><t>text</t></si>.
func (t *texts) fastString(w []byte) (text []byte, n int) {
	i := literal(w, 0, "<si>")
	if i <= 0 {
		return nil, i
	}
	return t.fastText(w, i, "</t></si>")
}

// fastText knows <t>text and its end.
func (t *texts) fastText(w []byte, i int, end string) (text []byte, n int) {
	n = literal(w, i, "<t>")
	if n == 0 {
		n = literal(w, i, preserve)
	}
	if n <= 0 {
		return nil, n
	}
	k, flags := plain(w[n:])
	if k < 0 {
		return nil, stop(k)
	}
	text = w[n : n+k]
	if n = literal(w, n+k, end); n > 0 && flags&reference != 0 {
		var ok bool
		if t.text, ok = xmlscan.Decode(t.text[:0], text); !ok {
			return nil, 0
		}
		text = t.text
	}
	return text, n
}

// What fastRow knows of a row's attributes.
var rowAttributes = []string{` r="`, ` spans="`, ` x14ac:dyDescent="`, ` ht="`, ` hidden="`, ` s="`, ` customFormat="`, ` customHeight="`, ` outlineLevel="`, ` collapsed="`}

// fastRow knows <row r="7" spans="1:6">, with more attributes in any order. It leaves what it read in s.row, for readRow.
func (s *sheet) fastRow(w []byte) int {
	i := literal(w, 0, "<row")
	if i <= 0 {
		return i
	}
	s.start = start{}
	seen := 0
	for {
		if len(w)-i < 64 {
			return again
		}
		if w[i] == '>' {
			return i + 1
		}
		k, which := 0, 0
		for which = range rowAttributes {
			if k = literal(w, i, rowAttributes[which]); k > 0 {
				break
			}
		}
		if k <= 0 || seen&(1<<which) != 0 {
			return 0
		}
		seen |= 1 << which
		for i = k; i < len(w) && (textClass[w[i]] == 0 && w[i] >= ' ' && w[i] != '"'); i++ {
			continue
		}
		switch {
		case i == len(w):
			return again
		case w[i] != '"':
			return 0
		case which == 0:
			n, ok := index(w[k:i])
			if !ok || n == 0 {
				return 0
			}
			s.start.number = n
		case which == 3 && w[k] == '0', which == 4 && string(w[k:i]) != "0" && string(w[k:i]) != "false": // perhaps hidden
			return 0
		}
		i++
	}
}

// fastCell knows <c r="B7" s="1" t="s"><v>12</v></c>, with its attributes in any order or missing, inline strings, and
// cells without a value. It leaves what it read in s.cell.
func (s *sheet) fastCell(w []byte) int {
	i := literal(w, 0, "<c")
	if i <= 0 {
		return i
	}
	c := &s.cell
	*c = stored{}
	var seen uint8
	for {
		if len(w)-i < 16 {
			return again
		}
		if w[i] == '>' {
			i++
			break
		}
		if w[i] == '/' && w[i+1] == '>' {
			return i + 2
		}
		if w[i] != ' ' || w[i+2] != '=' || w[i+3] != '"' {
			return 0
		}
		name := w[i+1]
		i += 4
		bit := uint8(0)
		switch name {
		case 'r':
			bit = 1
			for 'A' <= w[i] && w[i] <= 'Z' && c.col < lastCol {
				c.col = c.col*26 + int(w[i]-'A') + 1
				if i++; i == len(w) {
					return again
				}
			}
			if len(w)-i <= len(s.digits) {
				return again
			}
			if c.col == 0 || string(w[i:i+len(s.digits)]) != string(s.digits) {
				return 0
			}
			i += len(s.digits)
		case 's':
			bit = 2
			for ; '0' <= w[i] && w[i] <= '9' && c.style < 1<<20; i++ {
				c.style = c.style*10 + int(w[i]-'0')
				if i+1 == len(w) {
					return again
				}
			}
		case 't':
			bit = 4
			from := i
			for 'A' <= w[i] && w[i] <= 'z' {
				if i++; i == len(w) {
					return again
				}
			}
			c.kind = kindOf(w[from:i])
		}
		if bit == 0 || seen&bit != 0 || w[i] != '"' {
			return 0
		}
		seen |= bit
		i++
	}
	switch k := literal(w, i, "<v>"); {
	case k == again:
		return again
	case k > 0:
		v, flags := plain(w[k:])
		if v < 0 {
			return stop(v)
		}
		if flags&reference != 0 {
			return 0
		}
		c.given, c.value = true, w[k:k+v]
		return literal(w, k+v, "</v></c>")
	}
	k := literal(w, i, "<is>")
	if k <= 0 {
		return literal(w, i, "</c>")
	}
	c.inline = true
	text, n := s.texts.fastText(w, k, "</t></is></c>")
	c.text = text
	return n
}
