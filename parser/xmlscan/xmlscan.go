// Package xmlscan reads XML 1.0 token by token for the readers of workbooks and documents, several times faster than
// encoding/xml: nothing is allocated for a token, names and text are handed out where they lie in the buffer. It is strict
// (what ends with io.EOF was one whole, well-formed document) and safe on foreign bytes: memory is bounded by the longest
// tag, nesting by the caller, and no entity of a DOCTYPE is ever expanded.
//
// It must not know any vocabulary, and it does not resolve namespaces: prefixes are handed out as they stand.
package xmlscan

import (
	"bytes"
	"errors"
	"io"

	"vanthu/parser"
)

// A Kind says what Next found.
type Kind uint8

// The kinds of token. An element without content gives Start, then End.
const (
	None Kind = iota
	Start
	End
	Text
)

const (
	firstBuffer = 8 << 10  // a relationship part needs no more
	bufferSize  = 64 << 10 // what a large part is read with
	maxTag      = 1 << 20  // one tag with its attributes
	maxName     = 1 << 10  // one name
	atLeast     = 2 << 10  // read at once where the input has it: a tag is begun again when the buffer ended in it
)

// A Scanner reads one document. What its methods return is valid until the next call of Next, Skip, Window or Advance.
type Scanner struct {
	r        io.Reader
	buf      []byte
	pos, end int   // what is not yet read lies in buf[pos:end]
	total    int64 // bytes read so far, to let the buffer grow with the document
	last     error // what the reader said at its end
	err      error // what Next says from now on
	begun    bool

	names []byte // the names of the open elements, one after the other
	open  []element
	depth int // allowed

	kind    Kind
	closing bool // the End of an element without content is still to be told
	cdata   bool // inside a CDATA section that is longer than the buffer
	rooted  bool // the root element was seen

	at, colon, stop int // the name of the token: buf[at:stop], its prefix before colon; colon < at: none
	attrs           []attr
	text            []byte
	scratch         []byte // decoded values of this token
}

// An element is an open one: where its name begins in names, and where its local name does.
type element struct{ at, local int }

// An attr lies in the buffer; its value there too, or decoded in scratch.
type attr struct {
	at, colon, stop int
	from, to        int
	decoded         bool
}

// New reads XML from r; depth bounds nested elements. The encoding is UTF-8 unless a byte order mark or the declaration
// says otherwise; every other one is transcoded on the way.
func New(r io.Reader, depth int) *Scanner {
	return &Scanner{r: r, depth: depth}
}

// Next returns the next token. It returns io.EOF only after one whole, well-formed document, otherwise a *parser.Problem
// (Damaged, TooLarge). Comments, processing instructions and the DOCTYPE are passed over.
func (s *Scanner) Next() (Kind, error) {
	if s.closing {
		s.closing = false
		s.attrs = s.attrs[:0]
		s.pop()
		s.kind = End
		return End, nil
	}
	if s.err != nil {
		return None, s.err
	}
	if !s.begun {
		s.begun = true
		if s.begin(); s.err != nil {
			return None, s.err
		}
	}
	s.attrs, s.scratch, s.text = s.attrs[:0], s.scratch[:0], nil
	s.kind = s.token()
	if s.err != nil {
		s.kind = None
		return None, s.err
	}
	return s.kind, nil
}

// token finds the next token; an error is left in err.
func (s *Scanner) token() Kind {
	for {
		if s.cdata {
			if s.section(); len(s.text) > 0 || s.err != nil {
				return Text
			}
			continue
		}
		if s.pos == s.end && !s.more() {
			s.finish()
			return None
		}
		if s.buf[s.pos] != '<' {
			if s.chars(); len(s.text) > 0 || s.err != nil {
				return Text
			}
			continue
		}
		if s.end-s.pos < 2 {
			if !s.more() {
				s.cut()
				return None
			}
			continue
		}
		var n int
		kind := Start
		switch s.buf[s.pos+1] {
		case '/':
			kind = End
			n = s.endTag(s.buf[s.pos:s.end])
		case '!', '?':
			if s.aside(); s.err != nil {
				return None
			}
			continue
		default:
			n = s.startTag(s.buf[s.pos:s.end])
		}
		if s.err != nil {
			return None
		}
		if n > 0 {
			s.pos += n
			return kind
		}
		if !s.more() { // the tag goes on beyond what was read
			s.cut()
			return None
		}
	}
}

// finish says how the input ended.
func (s *Scanner) finish() {
	switch {
	case s.last != nil && !errors.Is(s.last, io.EOF):
		s.broken()
	case len(s.open) > 0:
		s.cut()
	case !s.rooted:
		s.fail("xml: no document")
	case s.err == nil:
		s.err = io.EOF
	}
}

// cut says that the input ended too early, or why it could not be read on.
func (s *Scanner) cut() {
	if s.last != nil && !errors.Is(s.last, io.EOF) {
		s.broken()
		return
	}
	s.fail("xml: the document is cut off")
}

func (s *Scanner) broken() {
	if s.err != nil {
		return
	}
	var p *parser.Problem
	if errors.As(s.last, &p) {
		s.err = p
		return
	}
	s.fail("xml: %v", s.last)
}

func (s *Scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = parser.Damage(format, args...)
	}
}

// more reads on, keeping buf[pos:end]. It reports false when nothing came.
func (s *Scanner) more() bool {
	if s.last != nil || s.err != nil {
		return false
	}
	left := s.end - s.pos
	size := len(s.buf)
	switch {
	case size == 0:
		size = firstBuffer
	case left == size:
		size *= 2
		if size > maxTag {
			s.err = parser.BeyondBytes(maxTag, "một thẻ XML")
			return false
		}
	case size < bufferSize && s.total >= int64(size):
		size *= 2
	}
	if size > len(s.buf) {
		grown := make([]byte, size)
		copy(grown, s.buf[s.pos:s.end])
		s.buf = grown
	} else {
		copy(s.buf, s.buf[s.pos:s.end])
	}
	s.pos, s.end = 0, left
	for idle := 0; s.last == nil && s.end < min(left+atLeast, size); {
		var n int
		n, s.last = s.r.Read(s.buf[s.end:])
		s.end += n
		if idle++; n > 0 {
			idle = 0
		} else if idle == 100 && s.last == nil {
			s.last = io.ErrNoProgress
		}
	}
	s.total += int64(s.end - left)
	return s.end > left
}

func (s *Scanner) push(name []byte, local int) {
	if len(s.open) == s.depth {
		s.err = parser.Beyond(s.depth, "cấp lồng nhau")
		return
	}
	s.open = append(s.open, element{len(s.names), len(s.names) + local})
	s.names = append(s.names, name...)
}

func (s *Scanner) pop() {
	s.names = s.names[:s.open[len(s.open)-1].at]
	s.open = s.open[:len(s.open)-1]
}

// Local returns the local name of the Start or End token.
func (s *Scanner) Local() []byte {
	if s.kind != Start && s.kind != End {
		return nil
	}
	if s.colon >= s.at {
		return s.buf[s.colon+1 : s.stop]
	}
	return s.buf[s.at:s.stop]
}

// Attr returns the decoded value of the first attribute with that local name, whatever its prefix.
func (s *Scanner) Attr(local string) ([]byte, bool) {
	for i := range s.attrs {
		a := &s.attrs[i]
		if string(s.buf[max(a.at, a.colon+1):a.stop]) == local {
			return s.value(a), true
		}
	}
	return nil, false
}

// AttrNS returns the decoded value of the attribute with that prefix and local name; an empty prefix means none. A
// declaration of a namespace is an attribute like any other here: AttrNS("xmlns", "r").
func (s *Scanner) AttrNS(prefix, local string) ([]byte, bool) {
	for i := range s.attrs {
		a := &s.attrs[i]
		if string(s.buf[max(a.at, a.colon+1):a.stop]) == local && string(s.buf[a.at:max(a.at, a.colon)]) == prefix {
			return s.value(a), true
		}
	}
	return nil, false
}

func (s *Scanner) value(a *attr) []byte {
	if a.decoded {
		return s.scratch[a.from:a.to:a.to]
	}
	return s.buf[a.from:a.to:a.to]
}

// Text returns the decoded characters of a Text token. A long text, or one with CDATA or comments in it, comes in several
// tokens.
func (s *Scanner) Text() []byte { return s.text }

// Depth returns the number of open elements: that of a Start token is among them, that of an End token no more.
func (s *Scanner) Depth() int {
	return len(s.open)
}

// Children calls each for every element inside the one whose Start was just returned; each reads to the end of the element
// it is given.
func (s *Scanner) Children(each func() error) error {
	for {
		kind, err := s.Next()
		if err != nil {
			return err
		}
		if kind == End {
			return nil
		}
		if kind == Start {
			if err := each(); err != nil {
				return err
			}
		}
	}
}

// Skip reads past the end of the element whose Start was just returned.
func (s *Scanner) Skip() error {
	for end := len(s.open) - 1; len(s.open) > end; {
		if _, err := s.Next(); err != nil {
			return err
		}
	}
	return nil
}

// Window returns what comes next as it stands in the file (as UTF-8), at least n bytes where the document has them; nil
// between the Start and the End of an element without content. It is for callers that know a common shape of elements by
// heart: what they have understood whole they pass with Advance, for anything else they call Next.
func (s *Scanner) Window(n int) []byte {
	if s.closing || s.cdata || s.err != nil || !s.begun {
		return nil
	}
	for s.end-s.pos < n && s.more() {
		continue
	}
	return s.buf[s.pos:s.end]
}

// Advance passes n bytes of the Window. They must be whole elements, well-formed and balanced, or text.
func (s *Scanner) Advance(n int) {
	s.pos += n
	s.kind = None
}

// Enter passes n bytes of the Window that are the start tag of an element with that name, which has no prefix.
func (s *Scanner) Enter(n int, name string) {
	if s.push([]byte(name), 0); s.err == nil {
		s.Advance(n)
	}
}

// Leave passes n bytes of the Window that are the end tag of the element that was entered last.
func (s *Scanner) Leave(n int) {
	s.pop()
	s.Advance(n)
}

// Is reports whether the token is a Start or End with that local name.
func (s *Scanner) Is(local string) bool { return string(s.Local()) == local }

// part is for messages: the beginning of the mark-up that stands there, never of a text.
func part(b []byte) []byte {
	n := 0
	for n < min(len(b), 20) && class[b[n]]&nameChar != 0 {
		n++
	}
	return bytes.ToValidUTF8(b[:n], []byte("?"))
}
