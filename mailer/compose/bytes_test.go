package compose_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

var update = flag.Bool("update", false, "write the mails as testdata/*.eml; read the difference before you commit it")

func answer() compose.Mail {
	return compose.Mail{
		From:          mime.Address{Name: "Phòng Công nghệ Thông tin", Address: "cntt@truong.example"},
		To:            []mime.Address{{Name: "Phòng Công tác sinh viên", Address: "ctsv@truong.example"}, {Address: "lan@truong.example"}},
		Cc:            []mime.Address{{Name: "Văn thư (P. HCTH)", Address: "vanthu@truong.example"}, {Name: `Tran "Ty" Ba, Jr.`, Address: "ba@truong.example"}},
		Subject:       "[QT.CNTT.03] [YC-2026-0042] Đã tiếp nhận đề nghị cấp tài khoản email cho 50 sinh viên khóa K50",
		MessageID:     "<outbox.17@mail.truong.example>",
		InReplyTo:     "<second@mail.truong.example>",
		References:    []string{"<first@mail.truong.example>", "<second@mail.truong.example>"},
		Date:          time.Date(2026, 11, 21, 8, 30, 5, 0, time.FixedZone("", 7*3600)),
		AutoSubmitted: "auto-replied",
		Text:          "Kính gửi Phòng Công tác sinh viên,\n\nPhòng CNTT đã tiếp nhận.\n.\nFrom here on: --=_x \n",
		Header:        []mime.Field{{Name: "X-Vanthu-Case", Value: "YC-2026-0042"}},
	}
}

func list(name string, size int) compose.Attachment {
	return compose.Attachment{
		Name: name, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		Data: bytes.Repeat([]byte("PK\x03\x04\x00\xff\r\n"), size/8),
	}
}

// TestBytes writes mails of every shape, compares them with the committed ones, and reads them again.
func TestBytes(t *testing.T) {
	t.Parallel()
	html := answer()
	html.HTML = "<p>Phòng CNTT đã tiếp nhận.</p>"
	files := answer()
	files.Attachments = []compose.Attachment{list("Danh sách đề nghị cấp email - Khóa 50.xlsx", 200), list("DS.xlsx", 16)}
	all := files
	all.HTML = html.HTML
	person := answer()
	person.AutoSubmitted, person.InReplyTo, person.References, person.Cc = "", "", nil, nil
	person.Subject, person.Text = "Bao cao", "In ASCII."
	for name, m := range map[string]compose.Mail{"text": answer(), "html": html, "files": files, "all": all, "person": person} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := m.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			golden := "testdata/" + name + ".eml"
			if *update {
				if err := os.WriteFile(golden, raw, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(raw)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			strict(t, raw)
			roundTrip(t, m, raw)
		})
	}
}

// strict checks what a strict receiver does: CRLF alone, 7 bits, lines within RFC 5322 §2.1.1, a header that the
// standard library reads.
func strict(t *testing.T, raw []byte) {
	t.Helper()
	if bytes.Count(raw, []byte("\n")) != bytes.Count(raw, []byte("\r\n")) || bytes.Count(raw, []byte("\r")) != bytes.Count(raw, []byte("\r\n")) {
		t.Error("a bare CR or LF")
	}
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes: %.60q", len(line), line)
		}
		for _, c := range line {
			if c >= utf8.RuneSelf || c < ' ' && c != '\t' {
				t.Errorf("byte %#x in %.60q", c, line)
			}
		}
	}
	for line := range bytes.SplitSeq(header, []byte("\r\n")) {
		if len(line) > 78 && len(bytes.Fields(line)) > 1 {
			t.Errorf("a header line of %d bytes that could be folded: %q", len(line), line)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			t.Errorf("an empty line within the header")
		}
	}
	if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
		t.Errorf("the standard library: %v", err)
	}
}

func roundTrip(t *testing.T, m compose.Mail, raw []byte) {
	t.Helper()
	got, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := &mime.Message{
		ID: m.MessageID, References: m.References, From: []mime.Address{m.From}, To: m.To, Cc: m.Cc,
		Subject: m.Subject, Date: m.Date, Text: m.Text, HTML: m.HTML,
	}
	if m.InReplyTo != "" {
		want.InReplyTo = []string{m.InReplyTo}
	}
	if m.AutoSubmitted != "" {
		want.Automated = "Auto-Submitted: " + m.AutoSubmitted
	}
	if !strings.HasSuffix(want.Text, "\n") {
		want.Text += "\n"
	}
	if want.HTML != "" {
		want.HTML += "\n"
	}
	for _, a := range m.Attachments {
		want.Parts = append(want.Parts, mime.Part{Name: a.Name, Type: a.Type, Data: a.Data})
	}
	fields := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Fields" }, cmp.Ignore())
	if diff := cmp.Diff(want, got, fields); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestSubjectStaysGreppable(t *testing.T) {
	t.Parallel()
	raw, err := answer().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte("\r\nSubject: [QT.CNTT.03] [YC-2026-0042]\r\n ")) {
		t.Errorf("%s", raw)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	m := answer()
	m.References = nil
	for i := range 40 {
		m.References = append(m.References, fmt.Sprintf("<%d@truong.example>", i))
	}
	m.References = append(m.References, "<3@truong.example>", "no id", "<ô@truong.example>", "<"+strings.Repeat("x", 2000)+">")
	m.InReplyTo = "<7@truong.example>"
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	strict(t, raw)
	got, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"<0@truong.example>"}
	for i := 22; i < 40; i++ {
		want = append(want, fmt.Sprintf("<%d@truong.example>", i))
	}
	if diff := cmp.Diff(append(want, m.InReplyTo), got.References); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBadParentIsLeftOut(t *testing.T) {
	t.Parallel()
	m := answer()
	m.InReplyTo = "<not an id>"
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got.InReplyTo != nil || len(got.References) != 2 {
		t.Errorf("In-Reply-To %q, References %q", got.InReplyTo, got.References)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	const crlf = "a\r\nBcc: attacker@evil.example"
	for name, c := range map[string]struct {
		change    func(*compose.Mail)
		injection bool
	}{
		"subject":      {func(m *compose.Mail) { m.Subject = crlf }, true},
		"subject LF":   {func(m *compose.Mail) { m.Subject = "a\nBcc: x" }, true},
		"subject CR":   {func(m *compose.Mail) { m.Subject = "a\rBcc: x" }, true},
		"from name":    {func(m *compose.Mail) { m.From.Name = crlf }, true},
		"to address":   {func(m *compose.Mail) { m.To[0].Address = crlf }, true},
		"cc name":      {func(m *compose.Mail) { m.Cc[0].Name = crlf }, true},
		"message id":   {func(m *compose.Mail) { m.MessageID = "<a@b>\r\nX: y" }, true},
		"parent":       {func(m *compose.Mail) { m.InReplyTo = "<a@b>\r\nX: y" }, true},
		"reference":    {func(m *compose.Mail) { m.References = []string{"<a@b>\nX: y"} }, true},
		"field name":   {func(m *compose.Mail) { m.Header[0].Name = "X\r\nY" }, true},
		"field value":  {func(m *compose.Mail) { m.Header[0].Value = crlf }, true},
		"file name":    {func(m *compose.Mail) { m.Attachments[0].Name = crlf }, true},
		"file type":    {func(m *compose.Mail) { m.Attachments[0].Type = "a/b\r\nX: y" }, true},
		"auto":         {func(m *compose.Mail) { m.AutoSubmitted = "auto-replied\r\nX: y" }, true},
		"auto unknown": {func(m *compose.Mail) { m.AutoSubmitted = "yes" }, false},
		"own field":    {func(m *compose.Mail) { m.Header[0].Name = "Subject" }, false},
		"bcc":          {func(m *compose.Mail) { m.Header[0].Name = "bcc" }, false},
		"content":      {func(m *compose.Mail) { m.Header[0].Name = "Content-Type" }, false},
		"colon":        {func(m *compose.Mail) { m.Header[0].Name = "X: a" }, false},
		"two in one":   {func(m *compose.Mail) { m.To[0].Address = "a@truong.example, b@evil.example" }, false},
		"not ASCII":    {func(m *compose.Mail) { m.To[0].Address = "mãi@truong.example" }, false},
		"no recipient": {func(m *compose.Mail) { m.To = nil }, false},
		"no date":      {func(m *compose.Mail) { m.Date = time.Time{} }, false},
		"no id":        {func(m *compose.Mail) { m.MessageID = "" }, false},
		"id bare":      {func(m *compose.Mail) { m.MessageID = "a@b" }, false},
		"no file name": {func(m *compose.Mail) { m.Attachments[0].Name = ".." }, false},
		"type params":  {func(m *compose.Mail) { m.Attachments[0].Type = "text/plain; charset=x" }, false},
		"rfc822":       {func(m *compose.Mail) { m.Attachments[0].Type = "message/rfc822" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := answer()
			m.Attachments = []compose.Attachment{list("DS.xlsx", 16)}
			c.change(&m)
			_, err := m.Bytes()
			if err == nil || errors.Is(err, compose.ErrInjection) != c.injection {
				t.Errorf("got %v, injection: want %v", err, c.injection)
			}
		})
	}
}

// FuzzBytes puts foreign words wherever an answer quotes them: they are written so that they read the same, or refused.
func FuzzBytes(f *testing.F) {
	for _, s := range []string{"Đề nghị", "=?utf-8?q?x?=", "a\r\nBcc: x", strings.Repeat("x", 2000), `"\<>(),;:@[]`, "  a  b ", "\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := answer()
		m.Subject, m.To[0].Name, m.Header[0].Value, m.Text = s, s, s, s
		m.Attachments = []compose.Attachment{list("a"+s, 16)}
		raw, err := m.Bytes()
		if err != nil {
			return
		}
		strict(t, raw)
		got, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		want := norm.NFC.String(strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " "))
		if got.Subject != want || len(got.To) != 2 || got.To[0].Name != want {
			t.Errorf("%q came back as %q and %q", want, got.Subject, got.To[0].Name)
		}
		if len(got.Parts) != 1 || got.Parts[0].Name != mime.CleanName("a"+s) {
			t.Errorf("the file %q came back as %+v", "a"+s, got.Parts)
		}
		if len(got.Problems) > 0 || got.Header("Bcc") != "" {
			t.Errorf("problems: %q", got.Problems)
		}
	})
}

// A text file without a charset is US-ASCII to whoever reads it (RFC 2046 §4.1.2).
func TestTextAttachmentsSayTheirCharset(t *testing.T) {
	t.Parallel()
	raw, err := compose.Mail{From: mime.Address{Address: "a@b.example"}, To: []mime.Address{{Address: "c@d.example"}}, MessageID: "<1@b.example>", Date: time.Now(),
		Text: "x", Attachments: []compose.Attachment{{Name: "tb.txt", Type: "text/plain", Data: []byte("Chào")}, {Name: "cu.txt", Type: "text/plain", Data: []byte{0xe3, 'x'}}}}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64"); n != 1 {
		t.Errorf("%d text attachments say UTF-8, want the one that is:\n%s", n, raw)
	}
}
