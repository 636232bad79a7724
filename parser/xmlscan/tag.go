package xmlscan

import (
	"bytes"
	"unicode/utf8"
)

// What a byte may be, and what its text needs.
const (
	nameChar = 1 << iota // may stand in a name (first letters are looked at again)
	blank
	illegal // a control character (XML 1.0 §2.2)
	high    // part of a character beyond ASCII
	mark    // begins U+FFFE and U+FFFF, which are no characters, among others
	amp     // a reference
	cr      // a line end to be normalised (§2.11)
	line    // blank but no space: a space in attributes (§3.3.3)
	bracket // perhaps "]]>" (§2.4)
)

var class = func() (t [256]uint16) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = nameChar | high
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == ':' || c == '-' || c == '.':
			t[c] = nameChar
		case c < ' ':
			t[c] = illegal
		}
	}
	t[' '] = blank
	t['\t'], t['\n'] = blank|line, blank|line
	t['\r'] = blank | cr | line
	t[0xEF] |= mark
	t['&'] = amp
	t[']'] = bracket
	return t
}()

// startTag reads the start tag that b begins with. It returns its length, 0 when b ends in it.
func (s *Scanner) startTag(b []byte) int {
	i := 1
	for i < len(b) && class[b[i]]&nameChar != 0 {
		i++
	}
	if i == len(b) {
		return s.unfinished(i)
	}
	colon, ok := s.checkName(b[1:i])
	if !ok {
		s.fail("xml: < without a name")
		return 0
	}
	stop := i
	for {
		from := i
		for i < len(b) && class[b[i]]&blank != 0 {
			i++
		}
		if i == len(b) {
			s.attrs = s.attrs[:0]
			return 0
		}
		if b[i] == '>' {
			i++
			break
		}
		if b[i] == '/' {
			if i+1 == len(b) {
				s.attrs = s.attrs[:0]
				return 0
			}
			if b[i+1] != '>' {
				s.fail("xml: a stray / in <%s", part(b[1:]))
				return 0
			}
			s.closing = true
			i += 2
			break
		}
		if from == i {
			s.fail("xml: <%s goes on without a blank", part(b[1:]))
			return 0
		}
		n := s.attribute(b, i)
		if n == 0 {
			s.attrs, s.scratch = s.attrs[:0], s.scratch[:0]
			return 0
		}
		i = n
	}
	if len(s.attrs) > 1 && s.twice() {
		return 0
	}
	if len(s.open) == 0 {
		if s.rooted {
			s.closing = false
			s.fail("xml: a second root")
			return 0
		}
		s.rooted = true
	}
	s.at, s.stop, s.colon = s.pos+1, s.pos+stop, -1
	local := 0
	if colon > 0 {
		s.colon = s.pos + 1 + colon
		local = colon + 1
	}
	s.push(b[1:stop], local)
	if s.err != nil {
		s.closing = false
	}
	return i
}

// unfinished says that a name ends with the buffer: 0, and an error when it is no name any more.
func (s *Scanner) unfinished(n int) int {
	if n > maxName {
		s.fail("xml: a name of more than %d bytes", maxName)
	}
	return 0
}

// attribute reads the attribute at b[i:] and returns where it ends, 0 when b ends in it or it is none.
func (s *Scanner) attribute(b []byte, i int) int {
	at := i
	for i < len(b) && class[b[i]]&nameChar != 0 {
		i++
	}
	if i == len(b) {
		return s.unfinished(i - at)
	}
	colon, ok := s.checkName(b[at:i])
	if !ok {
		s.fail("xml: an attribute without a name")
		return 0
	}
	a := attr{at: s.pos + at, colon: -1, stop: s.pos + i}
	if colon > 0 {
		a.colon = a.at + colon
	}
	for i < len(b) && class[b[i]]&blank != 0 {
		i++
	}
	if i == len(b) {
		return 0
	}
	if b[i] != '=' {
		s.fail("xml: attribute %s without value", part(b[at:]))
		return 0
	}
	for i++; i < len(b) && class[b[i]]&blank != 0; i++ {
		continue
	}
	if i == len(b) {
		return 0
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		s.fail("xml: attribute %s without quotes", part(b[at:]))
		return 0
	}
	i++
	from := i
	var flags uint16
	for i < len(b) && b[i] != quote && b[i] != '<' {
		flags |= class[b[i]]
		i++
	}
	if i == len(b) {
		return 0
	}
	if b[i] == '<' {
		s.fail("xml: < in attribute %s", part(b[at:]))
		return 0
	}
	a.from, a.to = s.pos+from, s.pos+i
	if flags&(illegal|high) != 0 && !s.legal(b[from:i], flags) {
		return 0
	}
	if flags&(amp|line) != 0 {
		a.from, a.decoded = len(s.scratch), true
		s.decode(b[from:i], true)
		if a.to = len(s.scratch); s.err != nil {
			return 0
		}
	}
	s.attrs = append(s.attrs, a)
	return i + 1
}

// twice reports an attribute that stands twice in a tag (§3.1).
func (s *Scanner) twice() bool {
	if len(s.attrs) > 32 { // many: not each with each
		seen := make(map[string]bool, len(s.attrs))
		for _, a := range s.attrs {
			name := string(s.buf[a.at:a.stop])
			if seen[name] {
				s.fail("xml: attribute %s twice", part([]byte(name)))
				return true
			}
			seen[name] = true
		}
		return false
	}
	for i := range s.attrs {
		a := &s.attrs[i]
		for j := range i {
			if o := &s.attrs[j]; o.stop-o.at == a.stop-a.at && string(s.buf[o.at:o.stop]) == string(s.buf[a.at:a.stop]) {
				s.fail("xml: attribute %s twice", part(s.buf[a.at:a.stop]))
				return true
			}
		}
	}
	return false
}

// endTag reads the end tag that b begins with; it must be that of the innermost open element. It returns its length, 0
// when b ends in it.
func (s *Scanner) endTag(b []byte) int {
	if len(s.open) == 0 {
		s.fail("xml: an end without a beginning")
		return 0
	}
	e := s.open[len(s.open)-1]
	name := s.names[e.at:]
	i := 2 + len(name)
	if len(b) <= i {
		if !bytes.HasPrefix(name, b[2:]) {
			s.fail("xml: <%s> ends with </%s>", part(name), part(b[2:]))
		}
		return 0
	}
	if string(b[2:i]) != string(name) || class[b[i]]&nameChar != 0 {
		s.fail("xml: <%s> ends with </%s>", part(name), part(b[2:]))
		return 0
	}
	for i < len(b) && class[b[i]]&blank != 0 {
		i++
	}
	if i == len(b) {
		return 0
	}
	if b[i] != '>' {
		s.fail("xml: <%s> ends with </%s>", part(name), part(b[2:]))
		return 0
	}
	s.at, s.stop, s.colon = s.pos+2, s.pos+2+len(name), -1
	if e.local > e.at {
		s.colon = s.at + e.local - e.at - 1
	}
	s.pop()
	return i + 1
}

// checkName reports whether b is a name (XML 1.0 §2.3) with at most one colon (Namespaces §4), and where the colon
// stands; 0: nowhere, or first or last, where it divides nothing.
func (s *Scanner) checkName(b []byte) (colon int, ok bool) {
	if len(b) == 0 || len(b) > maxName {
		return 0, false
	}
	if c := b[0]; c == '-' || c == '.' || '0' <= c && c <= '9' {
		return 0, false
	}
	colons := 0
	for i, c := range b {
		if c == ':' {
			colon = i
			colons++
		} else if c >= utf8.RuneSelf {
			if !nameBeyondASCII(b) {
				return 0, false
			}
		}
	}
	if colon == len(b)-1 {
		colon = 0
	}
	return colon, colons < 2
}

// nameBeyondASCII looks at the characters of a name one by one (§2.3 [4], [4a]).
func nameBeyondASCII(b []byte) bool {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n < 2 {
			return false
		}
		switch {
		case r < utf8.RuneSelf:
		case r == 0xB7, 0x300 <= r && r <= 0x36F, 0x203F <= r && r <= 0x2040:
			if i == 0 {
				return false
			}
		case 0xC0 <= r && r <= 0x2FF && r != 0xD7 && r != 0xF7, 0x370 <= r && r <= 0x1FFF && r != 0x37E, r == 0x200C, r == 0x200D,
			0x2070 <= r && r <= 0x218F, 0x2C00 <= r && r <= 0x2FEF, 0x3001 <= r && r <= 0xD7FF, 0xF900 <= r && r <= 0xFDCF,
			0xFDF0 <= r && r <= 0xFFFD, 0x10000 <= r && r <= 0xEFFFF:
		default:
			return false
		}
		i += n
	}
	return true
}
