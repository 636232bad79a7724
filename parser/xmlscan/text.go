package xmlscan

import (
	"bytes"
	"unicode/utf8"
)

// chars reads text up to the next tag, or as much of it as the buffer holds.
func (s *Scanner) chars() {
	i := 0
	var flags uint16
	for {
		b := s.buf[s.pos:s.end]
		for i < len(b) && b[i] != '<' {
			flags |= class[b[i]]
			i++
		}
		if i < len(b) {
			break
		}
		if len(b) < bufferSize && s.more() {
			continue
		}
		if s.err != nil {
			return
		}
		if s.last != nil { // the input ends in text: fine only where it is blank and after the root
			if len(s.open) > 0 {
				s.cut()
				return
			}
			break
		}
		i = whole(b)
		break
	}
	b := s.buf[s.pos : s.pos+i]
	s.pos += i
	if len(s.open) == 0 { // before or after the root
		if flags&^(blank|line|cr) != 0 || len(bytes.TrimLeft(b, " \t\r\n")) > 0 {
			s.fail("xml: text outside of the document")
		}
		return
	}
	if flags&(illegal|high) != 0 && !s.legal(b, flags) {
		return
	}
	if flags&bracket != 0 && bytes.Contains(b, []byte("]]>")) {
		s.fail("xml: ]]> in text")
		return
	}
	if flags&(amp|cr) != 0 {
		s.decode(b, false)
		b = s.scratch
	}
	s.text = b
}

// whole returns how much of a text whose end is not in sight can be handed out: not the half of a character, a reference,
// a line end or a "]]>".
func whole(b []byte) int {
	n := len(b)
	if i := bytes.LastIndexByte(b[max(0, n-maxReference):], '&'); i >= 0 {
		if i += max(0, n-maxReference); bytes.IndexByte(b[i:], ';') < 0 {
			n = i
		}
	}
	for k := 0; k < utf8.UTFMax && n > 0; k++ {
		if r, size := utf8.DecodeLastRune(b[:n]); r != utf8.RuneError || size != 1 {
			break
		}
		n--
	}
	for k := 0; k < 2 && n > 0 && (b[n-1] == ']' || b[n-1] == '\r'); k++ {
		n--
	}
	return n
}

// legal reports whether the bytes are characters of XML (§2.2).
func (s *Scanner) legal(b []byte, flags uint16) bool {
	switch {
	case flags&illegal != 0:
		s.fail("xml: a control character")
	case !utf8.Valid(b):
		s.fail("xml: no UTF-8")
	case flags&mark != 0 && (bytes.Contains(b, []byte("\uFFFE")) || bytes.Contains(b, []byte("\uFFFF"))):
		s.fail("xml: a character that is none")
	default:
		return true
	}
	return false
}

// section reads on in a CDATA section, to its end or as much as the buffer holds.
func (s *Scanner) section() {
	for {
		b := s.buf[s.pos:s.end]
		n := bytes.Index(b, []byte("]]>"))
		switch {
		case n >= 0:
			s.cdata = false
			s.pos += n + 3
		case len(b) < bufferSize && s.more():
			continue
		case s.err != nil:
			return
		case s.last != nil:
			s.cut()
			return
		default:
			n = len(b)
			for k := 0; k < utf8.UTFMax && n > 0; k++ {
				if r, size := utf8.DecodeLastRune(b[:n]); r != utf8.RuneError || size != 1 {
					break
				}
				n--
			}
			for k := 0; k < 3 && n > 0 && (b[n-1] == ']' || b[n-1] == '\r'); k++ {
				n--
			}
			s.pos += n
		}
		b = b[:n]
		var flags uint16
		for _, c := range b {
			flags |= class[c]
		}
		if flags&(illegal|high) != 0 && !s.legal(b, flags) {
			return
		}
		if flags&cr != 0 {
			s.lines(b)
			b = s.scratch
		}
		s.text = b
		return
	}
}

// lines adds b to scratch with its line ends normalised (§2.11).
func (s *Scanner) lines(b []byte) {
	for i, c := range b {
		switch {
		case c != '\r':
			s.scratch = append(s.scratch, c)
		case i+1 == len(b) || b[i+1] != '\n':
			s.scratch = append(s.scratch, '\n')
		}
	}
}

// maxReference bounds a reference: "&#x10FFFF;" with some zeros in front.
const maxReference = 32

// decode adds b to scratch with its references resolved and its line ends normalised; in an attribute these are spaces.
func (s *Scanner) decode(b []byte, attribute bool) {
	var bad string
	if s.scratch, bad = decode(s.scratch, b, attribute); bad != "" {
		s.fail("xml: %s", bad)
	}
}

// Decode adds raw, as it stands between two tags of a Window, to the bytes of to: references resolved, line ends
// normalised. ok is false for a reference that is none.
func Decode(to, raw []byte) (decoded []byte, ok bool) {
	to, bad := decode(to, raw, false)
	return to, bad == ""
}

func decode(to, b []byte, attribute bool) (decoded []byte, bad string) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '&':
			n := bytes.IndexByte(b[i:min(len(b), i+maxReference)], ';')
			if n < 0 {
				return to, "& without ;"
			}
			r := reference(b[i+1 : i+n])
			if r < 0 {
				return to, "unknown entity &" + string(part(b[i+1:i+n])) + ";"
			}
			to = utf8.AppendRune(to, r)
			i += n
		case c == '\r':
			if i+1 < len(b) && b[i+1] == '\n' {
				continue // the line feed that follows stands for both
			}
			to = append(to, lineEnd(attribute))
		case attribute && (c == '\n' || c == '\t'):
			to = append(to, ' ')
		default:
			to = append(to, c)
		}
	}
	return to, ""
}

func lineEnd(attribute bool) byte {
	if attribute {
		return ' '
	}
	return '\n'
}

// reference returns the character that &name; stands for, -1 for none (§4.1, §4.6).
func reference(name []byte) rune {
	switch string(name) {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "apos":
		return '\''
	case "quot":
		return '"'
	}
	if len(name) < 2 || name[0] != '#' {
		return -1
	}
	name = name[1:]
	base := rune(10)
	if name[0] == 'x' {
		base = 16
		if name = name[1:]; len(name) == 0 {
			return -1
		}
	}
	var r rune
	for _, c := range name {
		d := rune(99)
		switch {
		case '0' <= c && c <= '9':
			d = rune(c - '0')
		case 'a' <= c && c <= 'f':
			d = rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			d = rune(c-'A') + 10
		}
		if d >= base {
			return -1
		}
		if r = r*base + d; r > utf8.MaxRune {
			return -1
		}
	}
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || 0xD800 <= r && r < 0xE000 || r == 0xFFFE || r == 0xFFFF {
		return -1
	}
	return r
}
