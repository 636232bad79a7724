package mime

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrEmpty is returned by Parse for no bytes at all.
var ErrEmpty = errors.New("mime: the mail is empty")

// A LimitError says which limit a mail exceeds.
type LimitError struct {
	What  string // "size", "header", "parts" or "depth"
	Limit int64  // bytes for size and header, a count for parts and depth
}

func (e *LimitError) Error() string {
	switch e.What {
	case "parts":
		return fmt.Sprintf("mime: the mail has more than %d parts", e.Limit)
	case "depth":
		return fmt.Sprintf("mime: the mail's parts are nested deeper than %d", e.Limit)
	default:
		return fmt.Sprintf("mime: the mail's %s is over the limit of %d bytes", e.What, e.Limit)
	}
}

// maxProblems bounds Message.Problems: a hostile mail must not grow a list of a million remarks.
const maxProblems = 50

// Parse reads one mail. Everything that can be put right is put right and named in Message.Problems; the error is
// ErrEmpty or a *LimitError and nothing else. A zero in lim means the default's value. With a *LimitError for parts or
// depth the Message holds what was read until then, so that its sender can be told.
//
// The parts' Data do not share memory with raw, so that raw may be dropped.
func Parse(raw []byte, lim Limits) (*Message, error) {
	lim = lim.orDefaults()
	if int64(len(raw)) > lim.Size {
		return nil, &LimitError{What: "size", Limit: lim.Size}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	raw = bytes.TrimLeft(raw, "\r\n") // a blank line above the header would hide all of it
	if len(raw) == 0 {
		return nil, ErrEmpty
	}
	r := &reader{lim: lim, msg: &Message{}}
	head, body, err := r.header(raw, "header")
	if err != nil {
		return nil, err
	}
	r.msg.Fields = head.fields
	r.envelope(head)
	err = r.entity(head, body, 1, "")
	r.finish()
	return r.msg, err
}

func (l Limits) orDefaults() Limits {
	def := DefaultLimits()
	if l.Size <= 0 {
		l.Size = def.Size
	}
	if l.Parts <= 0 {
		l.Parts = def.Parts
	}
	if l.Depth <= 0 {
		l.Depth = def.Depth
	}
	if l.Header <= 0 {
		l.Header = def.Header
	}
	return l
}

// A reader walks one mail.
type reader struct {
	lim      Limits
	msg      *Message
	texts    []string  // text/plain parts that are no attachment
	pictures []picture // parts that may turn out to be shown in the HTML
	calendar string    // METHOD of an invitation, "" none
	report   bool      // multipart/report
	last     string    // how remarks call the leaf read last
	parts    int
	problems int
}

// A picture is a part with a Content-ID, by its index in Message.Parts.
type picture struct {
	part int
	id   string
}

// finish says what can only be said of the whole.
func (r *reader) finish() {
	r.msg.Text = strings.Join(r.texts, "\n")
	r.markPictures()
	r.msg.DSN = r.readDSN()
	r.msg.Automated = r.automated()
	r.msg.List = isList(r.msg)
}

// entity reads one part whose header is known; parent is the media type that holds it.
func (r *reader) entity(head header, body []byte, depth int, parent string) error {
	r.parts++
	if r.parts > r.lim.Parts {
		return &LimitError{What: "parts", Limit: int64(r.lim.Parts)}
	}
	if depth > r.lim.Depth {
		return &LimitError{What: "depth", Limit: int64(r.lim.Depth)}
	}
	kind := parseParams(head.get("Content-Type"))
	if kind.value == "" && parent == "multipart/digest" {
		kind.value = "message/rfc822" // RFC 2046 §5.1.5
	}
	if kind.value == "" {
		kind.value = "text/plain" // RFC 2045 §5.2
	}
	if strings.HasPrefix(kind.value, "multipart/") {
		return r.multipart(kind, body, depth)
	}
	if kind.value == "application/pkcs7-mime" || kind.value == "application/x-pkcs7-mime" {
		object := r.decode(body, head.get("Content-Transfer-Encoding"), "signed part")
		if signed, ok := signedContent(object); ok {
			r.addSigned(Signed{Whole: depth == 1, Object: object})
			inner, content, err := r.header(signed, "header of the signed part")
			if err != nil {
				return err
			}
			return r.entity(inner, content, depth+1, kind.value)
		}
	}
	r.leaf(head, kind, body, parent)
	return nil
}

func (r *reader) multipart(kind params, body []byte, depth int) error {
	if kind.value == "multipart/report" {
		r.report = true
	}
	boundary := kind.get("boundary")
	if boundary == "" {
		if boundary = guessBoundary(body); boundary != "" {
			r.problem("%s without a boundary: took %q", kind.value, clip(boundary, 70))
		}
	}
	found, closed := false, false
	signed := &detached{}
	for piece, last := range split(body, boundary) {
		found, closed = true, last
		head, inner, err := r.header(piece, fmt.Sprintf("header of part %d", r.parts+1))
		if err != nil {
			return err
		}
		from := len(r.msg.Parts)
		if err := r.entity(head, inner, depth+1, kind.value); err != nil {
			return err
		}
		signed.piece(r, piece, from)
	}
	signed.end(r, kind.value, depth == 1)
	switch {
	case !found:
		r.problem("%s: its boundary stands nowhere, read as text", clip(kind.value, 40))
		r.leaf(header{}, params{value: "text/plain"}, body, "")
	case !closed:
		r.problem("the last boundary is missing: %s may be cut off", r.last)
	}
	return nil
}

// leaf files one part away: as text of the mail, or among the other parts.
func (r *reader) leaf(head header, kind params, body []byte, parent string) {
	disposition := parseParams(head.get("Content-Disposition"))
	name := fileName(disposition, kind)
	where := name
	if where == "" {
		where = fmt.Sprintf("part %d", r.parts)
	}
	r.last = where
	data := r.decode(body, head.get("Content-Transfer-Encoding"), where)
	isText := name == "" && disposition.value != "attachment"
	switch {
	case isText && kind.value == "text/plain":
		if text := r.text(data, kind.get("charset"), where); strings.TrimSpace(text) != "" {
			r.texts = append(r.texts, text)
		}
		return
	case isText && kind.value == "text/html" && r.msg.HTML == "":
		r.msg.HTML = r.text(data, kind.get("charset"), where)
		return
	case kind.value == "text/calendar":
		r.calendar = strings.ToUpper(kind.get("method"))
	}
	part := Part{Name: name, Type: kind.value, Data: data}
	if !strings.Contains(part.Type, "/") {
		part.Type = "application/octet-stream"
	}
	if strings.HasPrefix(part.Type, "image/") {
		part.Inline = parent == "multipart/related"
		if id := strings.Trim(head.get("Content-Id"), "<> "); id != "" {
			r.pictures = append(r.pictures, picture{part: len(r.msg.Parts), id: id})
		}
	}
	r.msg.Parts = append(r.msg.Parts, part)
}

// markPictures finds the pictures that the HTML shows (RFC 2392). Disposition "inline" alone says nothing: Apple's
// program writes it for real attachments too.
func (r *reader) markPictures() {
	for _, p := range r.pictures {
		if strings.Contains(r.msg.HTML, "cid:"+p.id) {
			r.msg.Parts[p.part].Inline = true
		}
	}
}

func (r *reader) problem(format string, args ...any) {
	r.problems++
	switch {
	case r.problems <= maxProblems:
		r.msg.Problems = append(r.msg.Problems, clean(fmt.Sprintf(format, args...)))
	case r.problems == maxProblems+1:
		r.msg.Problems = append(r.msg.Problems, "… and more")
	}
}
