package mime

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrEmpty is returned by Parse for no bytes at all.
var ErrEmpty = errors.New("mime: the mail is empty")

// A LimitError says which limit a mail exceeds, and where.
type LimitError struct {
	What  string // "size", "header", "fields", "parts" or "depth"
	Limit int64  // bytes for size and header, a count for the others
	Where string // "header of part 3"; "" the mail as a whole
}

func (e *LimitError) Error() string {
	said := ""
	switch e.What {
	case "parts":
		said = fmt.Sprintf("mime: the mail has more than %d parts", e.Limit)
	case "depth":
		said = fmt.Sprintf("mime: the mail's parts are nested deeper than %d", e.Limit)
	case "fields":
		said = fmt.Sprintf("mime: the mail has more than %d fields in one header", e.Limit)
	default:
		said = fmt.Sprintf("mime: the mail's %s is over the limit of %d bytes", e.What, e.Limit)
	}
	if e.Where != "" {
		said += " (" + e.Where + ")"
	}
	return said
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
	if !bytes.Contains(raw, []byte("\n")) { // lines that end in CR alone, as old Macs wrote them
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	raw = bytes.TrimLeft(raw, "\r\n") // a blank line above the header would hide all of it
	if len(raw) == 0 {
		return nil, ErrEmpty
	}
	r := &reader{lim: lim, msg: &Message{}}
	head, body, err := r.header(raw, "header")
	if err != nil {
		return nil, err
	}
	sender, err := r.senderHeader(raw, head)
	if err != nil {
		return nil, err
	}
	r.msg.Fields = sender.fields
	r.envelope(sender)
	err = r.entity(head, body, place{depth: 1})
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
	if l.Fields <= 0 {
		l.Fields = def.Fields
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
	last     lastLeaf
	parts    int
	problems int
}

// A lastLeaf is the leaf read last: the one that is cut when the mail is.
type lastLeaf struct {
	where string // how remarks call it
	part  int    // its index in Message.Parts, -1 when it is text
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

// longestID bounds a Content-ID that is looked for.
const longestID = 250

// markPictures finds the pictures that the HTML shows (RFC 2392). Disposition "inline" alone says nothing: Apple's
// program writes it for real attachments too.
func (r *reader) markPictures() {
	if len(r.pictures) == 0 {
		return
	}
	shown := map[string]bool{}
	for rest := r.msg.HTML; ; {
		_, after, found := strings.Cut(rest, "cid:")
		if !found {
			break
		}
		id := after[:min(len(after), longestID)]
		if end := strings.IndexAny(id, "\"'<> )\t\r\n"); end >= 0 {
			id = id[:end]
		}
		shown[id] = true
		rest = after[len(id):]
	}
	for _, p := range r.pictures {
		if escaped := strings.ReplaceAll(p.id, "%", "%25"); shown[p.id] || shown[escaped] {
			r.msg.Parts[p.part].Inline = true
		}
	}
}

// unsay takes back what was remarked since: what was tried led nowhere.
func (r *reader) unsay(remarks, problems int) {
	if r.problems = problems; remarks < len(r.msg.Problems) {
		r.msg.Problems = append([]string(nil), r.msg.Problems[:remarks]...)
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
