package mime

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
)

// cut marks the leaf read last as cut off.
func (r *reader) cut() {
	if r.last.part >= 0 {
		r.msg.Parts[r.last.part].Damage = Cut
		return
	}
	r.msg.Damage = Cut
}

// leaf files one part away: as text of the mail, or among the other parts.
func (r *reader) leaf(head header, kind, disposition params, name string, body []byte, at place) error {
	where := cmp.Or(name, fmt.Sprintf("part %d", r.parts))
	r.last = lastLeaf{where: where, part: -1}
	data, damage := r.decode(body, r.encoding(head, where), where)
	if name == "" && disposition.value != "attachment" && !isFile(data, kind) {
		switch {
		case kind.value == "text/plain":
			return r.plain(data, kind, damage, where)
		case kind.value == "text/html" && r.msg.HTML == "":
			r.msg.HTML = r.text(data, kind.get("charset"), where)
			r.msg.Damage = cmp.Or(r.msg.Damage, damage)
			return nil
		}
	}
	switch kind.value {
	case "text/calendar":
		r.calendar = strings.ToUpper(kind.get("method"))
	case "message/partial":
		r.problem("%s: piece %s of %s of a mail", where, clip(kind.get("number"), 10), clip(kind.get("total"), 10))
		damage = Piece
	case "message/external-body":
		r.problem("%s: is not in the mail, which only says where it lies", where)
		damage = Elsewhere
	}
	part := Part{Name: name, Type: kind.value, Damage: damage, Data: data}
	if !strings.Contains(part.Type, "/") {
		part.Type = "application/octet-stream"
	}
	if strings.HasPrefix(part.Type, "image/") {
		part.Inline = at.parent == "multipart/related"
		if id := strings.Trim(head.get("Content-Id"), "<> "); id != "" {
			r.pictures = append(r.pictures, picture{part: len(r.msg.Parts), id: id})
		}
	}
	r.file(part, where)
	return nil
}

// isFile says whether the bytes of a part that calls itself text are those of a file: without its type and name a workbook
// would be read as words, and be gone.
func isFile(data []byte, kind params) bool {
	for _, begin := range []string{"PK\x03\x04", "%PDF-", "{\\rtf", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(data, []byte(begin)) {
			return true
		}
	}
	wide := strings.HasPrefix(charsetLabel(kind.get("charset")), "utf-16") || strings.HasPrefix(charsetLabel(kind.get("charset")), "utf-32")
	return !wide && bytes.Count(data[:min(len(data), 4096)], []byte{0}) > 8
}

// encoding is the transfer encoding of a part. Of several the first that is known counts.
func (r *reader) encoding(head header, where string) string {
	said := head.all("Content-Transfer-Encoding")
	if len(said) > 1 {
		r.problem("%s: %d transfer encodings", where, len(said))
	}
	for _, s := range said {
		if transferEncoding(s) != "" {
			return s
		}
	}
	return head.get("Content-Transfer-Encoding")
}

// file adds a part that is no text.
func (r *reader) file(part Part, where string) {
	r.last = lastLeaf{where: where, part: len(r.msg.Parts)}
	r.msg.Parts = append(r.msg.Parts, part)
}

// plain adds a text of the mail, and apart from it the files that stand in it in the way of uuencode.
func (r *reader) plain(data []byte, kind params, damage Damage, where string) error {
	r.msg.Damage = cmp.Or(r.msg.Damage, damage)
	files, data := uuFiles(data, r.lim.Parts-r.parts+1)
	text := r.text(data, kind.get("charset"), where)
	if strings.EqualFold(kind.get("format"), "flowed") {
		text = unflow(text, strings.EqualFold(kind.get("delsp"), "yes"))
	}
	if strings.TrimSpace(text) != "" {
		r.texts = append(r.texts, text)
	}
	for _, f := range files {
		if r.parts++; r.parts > r.lim.Parts {
			return &LimitError{What: "parts", Limit: int64(r.lim.Parts), Where: "uuencode in " + where}
		}
		part := Part{Name: CleanName(word(f.name)), Type: "application/octet-stream", Data: f.data}
		called := cmp.Or(part.Name, fmt.Sprintf("part %d", r.parts))
		switch {
		case f.yenc:
			part.Damage = Undecoded
			r.problem("%s: yEnc is not read", called)
		case !f.ended:
			part.Damage = Cut
			r.problem("%s: its uuencode has no end", called)
		}
		r.file(part, called)
	}
	return nil
}
