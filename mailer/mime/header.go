package mime

import (
	"bytes"
	"net/textproto"
	"regexp"
	"strings"
)

// A header is one header block in the order of the mail.
type header struct{ fields []Field }

// get returns the first field of that name; a second one is what a forger adds below.
func (h header) get(name string) string {
	for _, f := range h.fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func (h header) all(name string) []string {
	var values []string
	for _, f := range h.fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// header cuts the header block off b and reads it line by line. A line that can be no field is dropped and named; bytes that
// hold no field at all are no header but body.
func (r *reader) header(b []byte, where string) (header, []byte, error) {
	block, body, ended := cutHeader(b)
	remarks, problems := len(r.msg.Problems), r.problems
	if !ended { // no empty line: the header ends where its fields do
		if body == nil {
			end := endOfFields(block)
			block, body = block[:end], block[end:]
		}
		if len(body) > 0 {
			r.problem("%s: no empty line ends it, read up to the first line that is no field", where)
		}
	}
	over := &LimitError{Where: where}
	if where == "header" { // the mail's own
		over.Where = ""
	}
	if len(block) > r.lim.Header {
		over.What, over.Limit = "header", int64(r.lim.Header)
		return header{}, nil, over
	}
	head, ok := r.fields(block, where)
	if !ok {
		over.What, over.Limit = "fields", int64(r.lim.Fields)
		return header{}, nil, over
	}
	if len(head.fields) == 0 && len(bytes.TrimSpace(block)) > 0 {
		r.unsay(remarks, problems)
		r.problem("%s: holds no field, read as text", where)
		return header{}, b, nil
	}
	return head, body, nil
}

// senderHeader is the header by which the sender is judged: always all fields above the first empty line, whatever was taken
// for the begin of the body. Whoever verifies a signature reads it so; a second From must not hide behind a line that looks
// like a boundary.
func (r *reader) senderHeader(raw []byte, head header) (header, error) {
	at := 0
	for at < len(raw) {
		line, next := cutLine(raw, at)
		if at = next; len(line) == 0 {
			break
		}
	}
	if at > r.lim.Header {
		return header{}, &LimitError{What: "header", Limit: int64(r.lim.Header)}
	}
	if block, _, ended := cutHeader(raw); ended && len(block) == at {
		return head, nil
	}
	remarks, problems := len(r.msg.Problems), r.problems
	all, ok := r.fields(raw[:at], "header")
	r.unsay(remarks, problems)
	if !ok {
		return header{}, &LimitError{What: "fields", Limit: int64(r.lim.Fields)}
	}
	return all, nil
}

// cutHeader cuts b behind the first empty line; ended says that there is one. A boundary line with a field of MIME beneath it
// ends a header, too: what comes is the first part, not more of the header.
func cutHeader(b []byte) (block, body []byte, ended bool) {
	for at := 0; at < len(b); {
		line, next := cutLine(b, at)
		if len(line) == 0 {
			return b[:next], b[next:], true
		}
		if at > 0 && bytes.HasPrefix(line, []byte("--")) && isContentField(b[next:]) {
			return b[:at], b[at:], false
		}
		at = next
	}
	return b, nil, false
}

// isContentField says whether b begins with a field of MIME (RFC 2045 §9).
func isContentField(b []byte) bool { return len(b) > 8 && bytes.EqualFold(b[:8], []byte("content-")) }

// endOfFields is where the fields of a block end that no empty line ends: at its first line, behind a field, that is none.
// Without such a line it is the length of the block.
func endOfFields(block []byte) int {
	at, fields := 0, 0
	for line := range bytes.Lines(block) {
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case len(text) > 0 && (text[0] == ' ' || text[0] == '\t'), strayParameter.Match(text):
		case whyNoField(text) == "":
			fields++
		case fields > 0:
			return at
		}
		at += len(line)
	}
	return at
}

// strayParameter begins a line that continues a field and lost its indentation: without it the boundary or the name of a
// file would be gone.
var strayParameter = regexp.MustCompile(`(?i)^(boundary|name|filename|charset|type|format|delsp|smime-type|protocol|micalg)(\*\d*)*\*? ?=`)

// fields reads a block. A name is of RFC 5322 §2.2; continuations are joined by one blank. Dropped are lines without a
// colon, a leftover "From " line of an mbox, names with blanks inside, each with its continuations. ok is false when there
// are more fields than the limit.
func (r *reader) fields(block []byte, where string) (head header, ok bool) {
	var name string // of the field that is being read, "" none
	var value []byte
	keep := func() {
		if name != "" {
			head.fields = append(head.fields, Field{Name: name, Value: string(value)})
		}
		name, value = "", nil
	}
	n := 0
	for line := range bytes.Lines(block) {
		n++
		text := bytes.TrimRight(line, "\r\n")
		if len(text) == 0 {
			break
		}
		if text[0] == ' ' || text[0] == '\t' {
			if n == 1 {
				r.problem("%s line 1 continues nothing: dropped", where)
			}
			value = continued(value, text)
			continue
		}
		if name != "" && strayParameter.Match(text) {
			r.problem("%s line %d is not indented: read as part of the field above it", where, n)
			if len(value) > 0 && value[len(value)-1] != ';' {
				value = append(value, ';')
			}
			value = continued(value, text)
			continue
		}
		keep()
		if len(head.fields) == r.lim.Fields {
			return head, false
		}
		if why := whyNoField(text); why != "" {
			r.problem("%s line %d %s: dropped", where, n, why)
			continue
		}
		key, first, _ := bytes.Cut(text, []byte(":"))
		name = textproto.CanonicalMIMEHeaderKey(string(bytes.TrimRight(key, " \t")))
		value = continued(nil, first)
	}
	keep()
	return head, true
}

func continued(value, line []byte) []byte {
	line = bytes.Trim(line, " \t")
	if len(value) > 0 && len(line) > 0 {
		value = append(value, ' ')
	}
	return append(value, line...)
}

func whyNoField(line []byte) string {
	if mbox, ok := bytes.CutPrefix(bytes.TrimPrefix(line, []byte(">")), []byte("From ")); ok && !bytes.HasPrefix(bytes.TrimLeft(mbox, " \t"), []byte(":")) {
		return "is a mailbox file's From line"
	}
	name, _, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return "has no colon"
	}
	name = bytes.TrimRight(name, " \t")
	if len(name) == 0 {
		return "has no name"
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return "has no valid name"
		}
	}
	return ""
}
