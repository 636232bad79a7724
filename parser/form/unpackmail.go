package form

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"path"
	"strings"

	"vanthu/parser"
)

// archivedMail takes the files out of a mail that is attached as a file (.eml), and the pages out of a web archive (.mht, RFC
// 2557), as which some programs save workbooks.
func (u *unpacker) archivedMail(f parser.File) ([]parser.File, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(f.Data))
	if err != nil {
		return nil, parser.Damage("mail: %v", err)
	}
	w := mailWalk{u: u, name: f.Name, pages: detect(f.Data).format == formatMHT, taken: map[string]bool{}}
	if err := w.part(textproto.MIMEHeader(msg.Header), msg.Body, 0); err != nil {
		return nil, err
	}
	if len(w.files) == 0 {
		return nil, &parser.Problem{Code: parser.Unsupported}
	}
	return w.files, nil
}

// A mailWalk goes down the parts of one mail.
type mailWalk struct {
	u     *unpacker
	name  string
	pages bool // pages of a web archive are wanted, else attachments
	taken map[string]bool
	files []parser.File
}

// mailDepth bounds multiparts in each other.
const mailDepth = 8

func (w *mailWalk) part(h textproto.MIMEHeader, body io.Reader, depth int) error {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind, params = "text/plain", nil
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		if depth == mailDepth {
			return parser.Beyond(mailDepth, "cấp lồng nhau")
		}
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return parser.Damage("mail: %v", err)
			}
			if err := w.part(p.Header, p, depth+1); err != nil {
				return err
			}
		}
	}
	name := fileName(h, params)
	text := name == "" && (kind == "text/plain" || kind == "text/html") && !strings.HasPrefix(strings.ToLower(h.Get("Content-Disposition")), "attachment")
	if w.pages && kind != "text/html" || !w.pages && text {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(io.LimitReader(body, w.u.left+1))
	switch {
	case err != nil:
		return parser.Damage("mail: %v", err)
	case int64(len(data)) > w.u.left:
		return parser.BeyondBytes(w.u.lim.Unpacked, "sau khi giải nén")
	case w.u.files == 0:
		return parser.Beyond(w.u.lim.Files, "tệp trong một tệp nén")
	}
	w.u.left -= int64(len(data))
	w.u.files--
	w.files = append(w.files, parser.File{Name: unique(w.taken, w.name+"/"+cleanPath(name)), Type: kind, Data: data})
	return nil
}

// fileName is the name that a part gives itself: of the attachment, else the last part of where a page was.
func fileName(h textproto.MIMEHeader, params map[string]string) string {
	name := ""
	if _, p, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil {
		name = p["filename"]
	}
	if name == "" {
		name = params["name"]
	}
	if name == "" {
		name = path.Base(strings.ReplaceAll(h.Get("Content-Location"), `\`, "/"))
		name = strings.Trim(name, "./")
	}
	if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = decoded
	}
	return decodeName(name)
}
