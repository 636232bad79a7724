package mime

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/emersion/go-message/textproto"
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

// header cuts the header block off b and reads it. What the library refuses is cleaned line by line and read again. Bytes
// that hold no field at all are no header but body.
func (r *reader) header(b []byte, where string) (header, []byte, error) {
	block, body := cutHeader(b)
	if len(block) > r.lim.Header {
		return header{}, nil, &LimitError{What: "header", Limit: int64(r.lim.Header)}
	}
	remarks, problems := len(r.msg.Problems), r.problems
	head, err := readHeader(block)
	if err != nil {
		head, err = readHeader(r.cleanHeader(block, where))
	}
	if err != nil { // cleaned lines cannot be refused; should they be, the part is still read
		r.problem("%s: cannot be read", where)
	}
	if len(head.fields) == 0 && len(bytes.TrimSpace(block)) > 0 {
		r.msg.Problems, r.problems = r.msg.Problems[:remarks], problems
		r.problem("%s: holds no field, read as text", where)
		return header{}, b, nil
	}
	return head, body, nil
}

// cutHeader cuts b behind the first empty line.
func cutHeader(b []byte) (block, body []byte) {
	for at := 0; at < len(b); {
		line, _, found := bytes.Cut(b[at:], []byte("\n"))
		end := at + len(line)
		if found {
			end++
		}
		if len(line) == 0 || string(line) == "\r" {
			return b[:end], b[end:]
		}
		at = end
	}
	return b, nil
}

func readHeader(block []byte) (header, error) {
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(block)))
	if err != nil {
		return header{}, fmt.Errorf("mime: header: %w", err)
	}
	head := header{fields: make([]Field, 0, h.Len())}
	for f := h.Fields(); f.Next(); {
		head.fields = append(head.fields, Field{Name: f.Key(), Value: f.Value()})
	}
	return head, nil
}

// cleanHeader drops the lines that cannot begin a field, with their continuations: lines without a colon, a leftover
// "From " line of an mbox, names with spaces inside (RFC 5322 §2.2).
func (r *reader) cleanHeader(block []byte, where string) []byte {
	kept := make([]byte, 0, len(block))
	n, dropping := 0, true // a continuation above the first field continues nothing
	for line := range bytes.Lines(block) {
		n++
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case len(text) == 0:
			return append(kept, line...)
		case text[0] == ' ' || text[0] == '\t':
			if n == 1 {
				r.problem("%s line 1 continues nothing: dropped", where)
			}
		default:
			why := whyNoField(text)
			if dropping = why != ""; dropping {
				r.problem("%s line %d %s: dropped", where, n, why)
			}
		}
		if !dropping {
			kept = append(kept, line...)
		}
	}
	return kept
}

func whyNoField(line []byte) string {
	if bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
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
