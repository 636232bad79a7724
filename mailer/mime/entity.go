package mime

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
)

// A place is where an entity stands.
type place struct {
	depth   int
	parent  string // the media type that holds it
	outside bool   // of the boundaries of its multipart
}

func (p place) inside(parent string) place { return place{depth: p.depth + 1, parent: parent} }

// entity reads one part whose header is known.
func (r *reader) entity(head header, body []byte, at place) error {
	r.parts++
	if r.parts > r.lim.Parts {
		return &LimitError{What: "parts", Limit: int64(r.lim.Parts)}
	}
	if at.depth > r.lim.Depth {
		return &LimitError{What: "depth", Limit: int64(r.lim.Depth), Where: fmt.Sprintf("part %d", r.parts)}
	}
	kind := r.kindOf(head, body, at)
	if strings.HasPrefix(kind.value, "multipart/") {
		return r.multipart(head, kind, body, at)
	}
	disposition := parseParams(head.get("Content-Disposition"))
	name := fileName(disposition, kind)
	if mayBeSigned(kind.value, name) {
		if done, err := r.signed(head, body, name, at); done || err != nil {
			return err
		}
	}
	return r.leaf(head, kind, disposition, name, body, at)
}

// kindOf is the Content-Type of a part as it is meant.
func (r *reader) kindOf(head header, body []byte, at place) params {
	said := head.all("Content-Type")
	kind := params{}
	if len(said) > 0 {
		kind = parseParams(said[0])
	}
	for _, other := range said[min(1, len(said)):] {
		r.problem("part %d: a second Content-Type", r.parts)
		// Where they differ, the one is meant whose boundary is there: read as text, the files would be gone.
		if more := parseParams(other); !strings.HasPrefix(kind.value, "multipart/") && strings.HasPrefix(more.value, "multipart/") {
			if _, _, _, ok := cutAtBoundary(body, more.get("boundary")); ok {
				kind = more
			}
		}
	}
	switch {
	case kind.value == "" && at.parent == "multipart/digest":
		kind.value = "message/rfc822" // RFC 2046 §5.1.5
	case !strings.Contains(kind.value, "/"):
		// A mail that lost the field that names its parts still has them.
		first := bytes.TrimLeft(body, "\r\n")
		if b := guessBoundary(body, true); b != "" && (bytes.Contains(body, []byte("--"+b+"--")) || bytes.HasPrefix(first, []byte("--"+b)) || at.outside) {
			r.problem("part %d: no Content-Type, and a boundary %q: read as multipart/mixed", r.parts, clip(b, 70))
			return params{value: "multipart/mixed", list: map[string]string{"boundary": b}}
		}
		if kind.value == "" || kind.value == "text" {
			kind.value = "text/plain" // RFC 2045 §5.2
		}
	}
	return kind
}

// mayBeSigned says whether a part may be an opaque signature: by its type, or by the name that gateways keep when they write
// application/octet-stream.
func mayBeSigned(kind, name string) bool {
	return kind == "application/pkcs7-mime" || kind == "application/x-pkcs7-mime" || strings.HasSuffix(strings.ToLower(name), ".p7m")
}

// signed reads what is in an opaque signature: a mail's part with its header (S/MIME, RFC 8551 §3.5.2), or, as signing
// programs for documents write it, a file. done is false when there is no such thing.
func (r *reader) signed(head header, body []byte, name string, at place) (done bool, err error) {
	remarks, problems, parts := len(r.msg.Problems), r.problems, len(r.msg.Parts)
	data, damage := r.decode(body, head.get("Content-Transfer-Encoding"), cmp.Or(name, "signed part"))
	signed, ok := signedContent(data)
	if !ok {
		r.unsay(remarks, problems)
		return false, nil
	}
	inner, content, err := r.header(signed, "header of the signed part")
	if err != nil {
		return false, err
	}
	document, isP7M := strings.CutSuffix(strings.ToLower(name), ".p7m")
	if isP7M && document != "smime" && inner.get("Content-Type") == "" {
		r.unsay(remarks, problems)
		name = name[:len(document)]
		r.addSigned(Signed{Document: signed, Object: data})
		r.file(Part{Name: name, Type: "application/octet-stream", Data: signed}, name)
	} else {
		r.addSigned(Signed{Whole: at.depth == 1, Object: data})
		err = r.entity(inner, content, at.inside("application/pkcs7-mime"))
	}
	r.spoil(parts, damage)
	return true, err
}

// spoil marks the parts from an index on, and the text, that were read of damaged bytes.
func (r *reader) spoil(from int, damage Damage) {
	if damage == Whole {
		return
	}
	r.msg.Damage = cmp.Or(r.msg.Damage, damage)
	for i := range r.msg.Parts[from:] {
		r.msg.Parts[from+i].Damage = cmp.Or(r.msg.Parts[from+i].Damage, damage)
	}
}

func (r *reader) multipart(head header, kind params, body []byte, at place) error {
	if kind.value == "multipart/report" {
		r.report = true
	}
	parts, size := len(r.msg.Parts), len(body)
	undone, boundary, damage := r.boundary(head, kind, body)
	if len(undone) != size { // without its encoding
		head = header{}
	}
	body = undone
	found, closed := false, false
	signed := &detached{}
	for p := range split(body, boundary) {
		if p.outside {
			from := outsideFields(p.data)
			if from < 0 {
				continue
			}
			r.problem("%s: part %d stands outside of its boundaries", clip(kind.value, 40), r.parts+1)
			signed.outside = true
			if p.closed = true; guessBoundary(p.data, true) != "" { // several: read by their own boundary
				if err := r.entity(header{}, p.data, place{depth: at.depth + 1, parent: kind.value, outside: true}); err != nil {
					return err
				}
				continue
			}
			p.data = p.data[from:]
		}
		found, closed = true, p.closed
		inner, content, err := r.header(p.data, fmt.Sprintf("header of part %d", r.parts+1))
		if err != nil {
			return err
		}
		from := len(r.msg.Parts)
		if err := r.entity(inner, content, at.inside(kind.value)); err != nil {
			return err
		}
		signed.piece(r, p.data, from)
	}
	if asSaid := len(undone) == size && boundary == kind.get("boundary"); asSaid { // what was guessed is nothing that was signed
		signed.end(r, kind.value, at.depth == 1)
	}
	r.spoil(parts, damage)
	switch {
	case !found:
		if _, _, _, ok := cutAtBoundary(body, boundary); ok && at.depth == 1 { // the mail ends where its first part begins
			r.msg.Damage = Cut
		}
		if len(bytes.TrimSpace(body)) > 0 {
			r.problem("%s: its boundary stands nowhere, read as text", clip(kind.value, 40))
		}
		disposition := parseParams(head.get("Content-Disposition"))
		return r.leaf(head, params{value: "text/plain"}, disposition, fileName(disposition, kind), body, at)
	case !closed:
		r.problem("the last boundary is missing: %s may be cut off", r.last.where)
		if at.depth == 1 { // in another one that goes on it was only forgotten
			r.cut()
		}
	}
	return nil
}

// boundary is the one of a multipart, and its body without a transfer encoding, which it must not have (RFC 2045 §6.4) and
// some programs give it.
func (r *reader) boundary(head header, kind params, body []byte) ([]byte, string, Damage) {
	said, name := kind.get("boundary"), clip(kind.value, 40)
	if _, _, _, ok := cutAtBoundary(body, said); ok {
		return body, said, Whole
	}
	damage := Whole
	if e := transferEncoding(head.get("Content-Transfer-Encoding")); e == encodingBase64 || e == encodingQuoted {
		decoded, lost := r.decode(body, e, name)
		if bytes.HasPrefix(decoded, []byte("--")) || bytes.Contains(decoded, []byte("\n--")) {
			r.problem("%s: has a transfer encoding, undone", name)
			body, damage = decoded, lost
		}
		if _, _, _, ok := cutAtBoundary(body, said); ok {
			return body, said, damage
		}
	}
	guess := guessBoundary(body, said != "")
	switch {
	case guess == "":
		return body, said, damage
	case said == "":
		r.problem("%s without a boundary: took %q", name, clip(guess, 70))
	default:
		r.problem("%s: its boundary stands nowhere, took %q", name, clip(guess, 70))
	}
	return body, guess, damage
}
