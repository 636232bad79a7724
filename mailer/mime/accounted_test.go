package mime_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vanthu/mailer/mime"
)

// A writer makes mails of any shape by chance. Every leaf carries a mark that must be found again.
type writer struct {
	*rand.Rand
	marks []string
	bound int
}

func (w *writer) pick(of ...string) string { return of[w.IntN(len(of))] }

// leaf is one part with its header.
func (w *writer) leaf(depth int) string {
	mark := fmt.Sprintf("MARK-%d-%d", len(w.marks), w.IntN(1_000_000))
	if depth < 3 && w.IntN(8) == 0 {
		return w.pick("Content-Type: message/rfc822\r\n\r\n", "Content-Type: application/octet-stream; name=thu.eml\r\n\r\n") + "From: a@truong.example\r\n" + w.entity(depth+1, "")
	}
	w.marks = append(w.marks, mark)
	data := mark + w.pick("", "\r\nKính gửi Phòng CNTT,\r\n\r\nDanh sách =E1 kèm theo.", ",x\r\n--b\r\ny", "\r\n.\r\nbegin 2024")
	head := w.pick("Content-Type: text/plain; charset=utf-8", "Content-Type: text/html", "Content-Type: text/csv; name=ds.csv", "Content-Type: application/octet-stream", "content-type: IMAGE/png", "Content-Type: text/calendar",
		"Content-Type: application/pkcs7-signature", "Content-Type: nonsense", "Content-Type: application/pkcs7-mime; name=smime.p7m", "Content-Type: multipart/mixed; boundary=nowhere", "Content-Type: message/delivery-status") + "\r\n"
	head += w.pick("", "Content-Disposition: attachment; filename=ds.xlsx\r\n", "Content-Disposition: inline\r\n", "Content-Disposition: attachment\r\n", "Content-ID: <a>\r\n")
	switch w.IntN(6) {
	case 0:
		var b strings.Builder
		q := quotedprintable.NewWriter(&b)
		_, _ = io.WriteString(q, data)
		_ = q.Close()
		return head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b.String()
	case 1:
		return head + "Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(data))
	case 2:
		return head + "Content-Transfer-Encoding: x-unknown\r\n\r\n" + data
	case 3:
		return "Content-Type: text/plain\r\n\r\nabc\r\nbegin 644 ds.csv\r\n" + uuencoded(data) + "`\r\nend\r\n"
	}
	return head + "\r\n" + data
}

func uuencoded(data string) string {
	var b strings.Builder
	for len(data) > 0 {
		line := data[:min(45, len(data))]
		data = data[len(line):]
		b.WriteByte(byte(' ' + len(line)))
		for i := 0; i < len(line); i += 3 {
			var g [3]byte
			copy(g[:], line[i:])
			for _, v := range []byte{g[0] >> 2, g[0]<<4&63 | g[1]>>4, g[1]<<2&63 | g[2]>>6, g[2] & 63} {
				if v == 0 {
					v = 64
				}
				b.WriteByte(v + ' ')
			}
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// entity is a header and a body: a leaf, or a multipart of any health.
func (w *writer) entity(depth int, parent string) string {
	if depth > 4 || depth > 1 && w.IntN(3) > 0 {
		return w.leaf(depth)
	}
	w.bound++
	boundary := fmt.Sprintf("b%d", w.bound)
	if parent != "" && w.IntN(8) == 0 {
		boundary = parent
	}
	said := "; boundary=" + boundary
	chance := w.IntN(10)
	if boundary == parent { // one such defect in one mail is enough to ask for
		chance = 9
	}
	switch chance {
	case 0:
		said = ""
	case 1:
		said = "; boundary=mistyped"
	case 2:
		said = ";\r\nboundary=" + boundary
	}
	var body strings.Builder
	body.WriteString(w.pick("", "This is a multi-part message.\r\n", "\r\n"))
	for range 1 + w.IntN(4) {
		body.WriteString("--" + boundary + "\r\n" + w.entity(depth+1, boundary) + "\r\n")
	}
	body.WriteString(w.pick("--"+boundary+"--\r\n", "--"+boundary+"--\r\n", "--"+boundary+"\r\n", ""))
	head := "Content-Type: multipart/" + w.pick("mixed", "alternative", "related", "signed", "report", "x-odd") + said + "\r\n"
	if w.IntN(10) == 0 {
		return head + "Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(body.String()))
	}
	return head + w.pick("", "X-Odd: á\r\nno colon here\r\n", "X-A: b\r\n c\r\n") + "\r\n" + body.String()
}

// everything is all that a mail gives, with what stands in the mails and wrappers in it.
func everything(m *mime.Message, depth int) string {
	all := m.Text + "\n" + m.HTML
	for _, p := range m.Parts {
		all += "\n" + string(p.Data)
		if inner, err := mime.Parse(p.Data, mime.Limits{}); err == nil && depth < 10 && (p.Type == "message/rfc822" || strings.HasSuffix(p.Name, ".eml")) {
			all += everything(inner, depth+1)
		}
	}
	return all
}

// Pain 16: an attachment was dropped in silence and its sender not told. Whatever the shape of a mail, each of its leaves is in
// its text, its HTML or its parts; what is over a limit is named in the error.
func TestPain16EveryPartIsAccountedFor(t *testing.T) {
	t.Parallel()
	damaged, smallest := 0, ""
	for seed := range uint64(2_000) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 16))}
		raw := "From: a@truong.example\r\nMIME-Version: 1.0\r\n" + w.entity(1, "")
		if w.IntN(4) == 0 {
			raw = strings.ReplaceAll(raw, "\r\n", "\n")
		}
		m, err := mime.Parse([]byte(raw), mime.Limits{})
		if limit, ok := errors.AsType[*mime.LimitError](err); ok && limit.What != "" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Problems) > 0 {
			damaged++
		}
		all := everything(m, 0)
		for _, mark := range w.marks {
			if said := fmt.Sprintf("seed %d: %s is nowhere; problems %q, in\n%s", seed, mark, m.Problems, raw); !strings.Contains(all, mark) && (smallest == "" || len(said) < len(smallest)) {
				smallest = said
			}
		}
	}
	if smallest != "" {
		t.Error(smallest)
	}
	if damaged < 300 {
		t.Errorf("only %d mails were damaged", damaged)
	}
}

// What is cut off of a mail at any byte is said: by the damage of its last part or text, or by the lines that are missing.
func TestPain16CutAnywhereIsSaid(t *testing.T) {
	t.Parallel()
	whole := []byte("From: a@truong.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nKinh gui\r\n--b\r\nContent-Type: text/csv; name=ds.csv\r\n\r\na,b\r\n--b\r\nContent-Disposition: attachment; filename=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJDREVG\r\n--b--\r\n")
	begin, end := bytes.Index(whole, []byte("--b\r\n")), bytes.Index(whole, []byte("--b--"))
	for cut := begin + 6; cut < end+5; cut++ { // before it no part has begun
		m, err := mime.Parse(whole[:cut], mime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		said := m.Damage == mime.Cut
		for _, p := range m.Parts {
			said = said || p.Damage == mime.Cut
		}
		if !said {
			t.Errorf("cut at %d, behind %q: nothing says so", cut, whole[max(0, cut-20):cut])
		}
	}
}

// The standard library is the measure for mails that it can read: each file that it finds is found here, byte by byte.
func TestAgainstTheStandardLibrary(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/[0-9]*/message.eml")
	compared := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := standardFiles(raw)
		if err != nil {
			continue // it is damaged
		}
		m, err := mime.Parse(raw, mime.Limits{})
		if err != nil {
			continue // over a limit, which the cases hold
		}
		for _, data := range theirs {
			compared++
			found := strings.Contains(m.Text, string(data))
			for _, p := range m.Parts {
				found = found || bytes.Equal(p.Data, data)
			}
			if !found {
				t.Errorf("%s: %d bytes are missing: %.40q", file, len(data), data)
			}
		}
	}
	if compared < 90 {
		t.Errorf("only %d files compared", compared)
	}
}

// standardFiles are the parts of a mail that are no text, as the standard library reads them.
func standardFiles(raw []byte) (files [][]byte, err error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var walk func(get func(string) string, body io.Reader) error
	walk = func(get func(string) string, body io.Reader) error {
		kind, params, err := stdmime.ParseMediaType(get("Content-Type"))
		if err != nil {
			return err
		}
		if strings.HasPrefix(kind, "multipart/") {
			for r := multipart.NewReader(body, params["boundary"]); ; {
				p, err := r.NextRawPart()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				if err := walk(p.Header.Get, p); err != nil {
					return err
				}
			}
		}
		switch strings.ToLower(get("Content-Transfer-Encoding")) {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "", "7bit", "8bit", "binary":
		default:
			return errors.ErrUnsupported
		}
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "pkcs7-mime") && params["name"] != "smime.p7m" && !strings.Contains(get("Content-Disposition"), ".p7m") {
			files = append(files, data)
		}
		return nil
	}
	return files, walk(msg.Header.Get, msg.Body)
}
