package xmlscan

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// begin finds the encoding of the document (XML 1.0 appendix F) and has everything but UTF-8 transcoded.
func (s *Scanner) begin() {
	s.more()
	b := s.buf[:s.end]
	var e encoding.Encoding
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		s.pos = 3
		return
	case bytes.HasPrefix(b, []byte("\xFF\xFE")), bytes.HasPrefix(b, []byte("<\x00")):
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(b, []byte("\xFE\xFF")), bytes.HasPrefix(b, []byte("\x00<")):
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		name := declared(b)
		if name == "" || name == "utf-8" || name == "utf8" || name == "us-ascii" || strings.HasPrefix(name, "utf-16") {
			return // as the bytes show it is not UTF-16, whatever it says
		}
		var err error
		if e, err = htmlindex.Get(name); err != nil {
			s.fail("xml: encoding %.20q", name)
			return
		}
	}
	first := bytes.NewReader(append([]byte(nil), b...))
	s.r = e.NewDecoder().Reader(io.MultiReader(first, &rest{s.r, s.last}))
	s.pos, s.end, s.last = 0, 0, nil
}

// A rest is what comes after the first bytes: nothing any more when the reader has ended with them.
type rest struct {
	r    io.Reader
	last error
}

func (r *rest) Read(p []byte) (int, error) {
	if r.last != nil {
		return 0, r.last
	}
	return r.r.Read(p)
}

// declared returns the encoding that the XML declaration names, in lower case.
func declared(b []byte) string {
	b = bytes.TrimLeft(b, " \t\r\n")
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(b, []byte("?>"))
	if end < 0 {
		return ""
	}
	_, after, ok := bytes.Cut(b[:end], []byte("encoding"))
	if !ok {
		return ""
	}
	after = bytes.TrimLeft(after, " \t\r\n=")
	if len(after) == 0 || after[0] != '"' && after[0] != '\'' {
		return ""
	}
	name, _, ok := bytes.Cut(after[1:], after[:1])
	if !ok {
		return ""
	}
	return strings.ToLower(string(bytes.TrimSpace(name)))
}

// aside passes what is no token: a comment, a processing instruction, the DOCTYPE. It begins a CDATA section.
func (s *Scanner) aside() {
	const cdata, doctype, comment = "<![CDATA[", "<!DOCTYPE", "<!--"
	for s.end-s.pos < len(cdata) && s.more() {
		continue
	}
	b := s.buf[s.pos:s.end]
	switch {
	case bytes.HasPrefix(b, []byte("<?")):
		s.pos += 2
		s.past("?>")
	case bytes.HasPrefix(b, []byte(comment)):
		s.pos += len(comment)
		if s.past("--"); s.err == nil { // two hyphens end it, or nothing does (§2.5)
			if c := s.next(); c != '>' {
				s.fail("xml: -- in a comment")
			}
		}
	case bytes.HasPrefix(b, []byte(cdata)):
		if len(s.open) == 0 {
			s.fail("xml: CDATA outside of the document")
			return
		}
		s.pos += len(cdata)
		s.cdata = true
	case bytes.HasPrefix(b, []byte(doctype)) && !s.rooted:
		s.pos += len(doctype)
		s.doctype()
	case strings.HasPrefix(cdata, string(b)), strings.HasPrefix(doctype, string(b)), strings.HasPrefix(comment, string(b)):
		s.cut()
	default:
		s.fail("xml: <!%s has no place here", part(b[2:]))
	}
}

// past reads past the next end.
func (s *Scanner) past(end string) {
	for {
		b := s.buf[s.pos:s.end]
		if n := bytes.Index(b, []byte(end)); n >= 0 {
			s.pos += n + len(end)
			return
		}
		if len(b) >= len(end) {
			s.pos += len(b) - len(end) + 1
		}
		if !s.more() {
			s.cut()
			return
		}
	}
}

// next returns the next byte.
func (s *Scanner) next() byte {
	if s.pos == s.end && !s.more() {
		s.cut()
		return 0
	}
	s.pos++
	return s.buf[s.pos-1]
}

// doctype passes the rest of a document type declaration (§2.8). What it declares is not looked at: an entity of its own
// stays unknown.
func (s *Scanner) doctype() {
	var quote byte
	for depth := 1; depth > 0 && s.err == nil; {
		c := s.next()
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			depth--
		case c == '<':
			for s.end-s.pos < 3 && s.more() {
				continue
			}
			switch b := s.buf[s.pos:s.end]; {
			case bytes.HasPrefix(b, []byte("!--")):
				s.pos += 3
				s.past("-->")
			case bytes.HasPrefix(b, []byte("?")):
				s.past("?>")
			default:
				depth++
			}
		}
	}
}
