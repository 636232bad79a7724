package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vanthu/bot"
	"vanthu/bot/reply"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xlsx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A watcher of the timeline calls seen with each line.
type watcher struct{ seen func(line string) }

func (w watcher) Write(p []byte) (int, error) {
	w.seen(string(p))
	return len(p), nil
}

func TestStayKeepsRunningUntilInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	logins := 0
	out := watcher{func(line string) {
		if strings.Contains(line, "password ") && strings.Contains(line, "@") {
			if logins++; logins == 4 {
				interrupt()
			}
		}
	}}
	if err := Run(ctx, Options{Dir: t.TempDir(), Stay: true, Out: out}); err != nil || logins != 4 {
		t.Errorf("%d logins, error %v", logins, err)
	}
}

// An interrupted play is no success, and leaves nothing running (goleak, above).
func TestInterruptedPlayFails(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := watcher{func(line string) {
		if strings.Contains(line, "KHẨN") {
			interrupt()
		}
	}}
	if err := Run(ctx, Options{Dir: t.TempDir(), Out: out}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the interruption", err)
	}
}

func TestOpenWorkbook(t *testing.T) {
	t.Parallel()
	none := func(bot.Finding) (string, string) { return "", "" }
	file, err := reply.New(reply.Office{}, none, none).Credentials(reply.CredentialSheet{Case: "YC-2026-0001", Accounts: []reply.Credential{
		{Code: "2653010101", Class: "YK52", User: "2653010101", Address: "2653010101@sv.truong.example", Password: []byte("canary-one")},
		{Code: "2653030101", Class: "DK52", User: "2653030101", Address: "2653030101@sv.truong.example", Password: []byte("canary-two")},
	}}, "con mèo trèo cây cau")
	if err != nil {
		t.Fatal(err)
	}
	accounts, classes, err := openWorkbook(file, "con mèo trèo cây cau")
	want := []opened{{"2653010101", "2653010101", "2653010101@sv.truong.example", "canary-one"},
		{"2653030101", "2653030101", "2653030101@sv.truong.example", "canary-two"}}
	if diff := cmp.Diff(want, accounts, cmp.AllowUnexported(opened{})); err != nil || classes != 2 || diff != "" {
		t.Errorf("%d classes, error %v\n%s", classes, err, diff)
	}
	if _, _, err := openWorkbook(file, "con mèo trèo cây cau?"); !errors.Is(err, errPassphrase) {
		t.Errorf("another passphrase: error %v", err)
	}
	plain, err := files.ReadFile("files/ctsv-list.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := openWorkbook(plain, "con mèo trèo cây cau"); err == nil {
		t.Error("a workbook without encryption passes for an encrypted one")
	}
}

// The hunt for passwords must find one wherever it hides.
func TestNoPasswordFindsThem(t *testing.T) {
	t.Parallel()
	const canary = "canary-Xy7"
	packed := func(text string) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		part, err := w.Create("xl/sharedStrings.xml")
		if err == nil {
			_, err = io.WriteString(part, strings.Repeat("compressible ", 50)+text)
		}
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	mail := func(body string) string {
		return "Message-ID: <1@truong.example>\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.xlsx\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(body)) + "\r\n"
	}
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"nothing":            {"no secret", false},
		"log":                {"level=INFO msg=" + canary, true},
		"workbook":           {packed(canary), true},
		"innocent workbook":  {packed("nothing"), false},
		"attachment":         {mail(canary), true},
		"attached workbook":  {mail(packed(canary)), true},
		"innocent mail":      {mail(packed("nothing")), false},
		"quoted in the text": {"Message-ID: <1@truong.example>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncanary=2DXy7\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &demo{folder: t.TempDir(), accounts: []opened{{password: canary}}}
			if err := os.WriteFile(filepath.Join(d.folder, "file"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := d.noPassword(t.Context()); (err != nil) != c.want {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	written := map[string]bool{"<1@unit>": true}
	good := func() *mime.Message {
		return &mime.Message{InReplyTo: []string{"<1@unit>"}, References: []string{"<1@unit>"}, ReturnPath: service,
			Subject: "[QT.CNTT.03] [YC-2026-0001] Đã tiếp nhận",
			Fields:  []mime.Field{{Name: "Auto-Submitted", Value: "auto-replied"}, {Name: "X-Vanthu-Case", Value: "YC-2026-0001"}}}
	}
	if err := inOrder(good(), written); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(m *mime.Message){
		"not threaded":     func(m *mime.Message) { m.InReplyTo = nil },
		"another's thread": func(m *mime.Message) { m.InReplyTo[0] = "<2@unit>" },
		"no references":    func(m *mime.Message) { m.References = nil },
		"not automatic":    func(m *mime.Message) { m.Fields[0].Value = "no" },
		"another case":     func(m *mime.Message) { m.Subject = "[QT.CNTT.03] [YC-2026-0002] Đã tiếp nhận" },
		"no case":          func(m *mime.Message) { m.Fields[1].Value = "" },
		"null sender":      func(m *mime.Message) { m.ReturnPath = "<>" },
	} {
		m := good()
		spoil(m)
		if inOrder(m, written) == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

func TestAddedTo(t *testing.T) {
	t.Parallel()
	data, err := files.ReadFile("files/ctsv-list-2.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	read := func() grid.Book {
		book, err := xlsx.Read(data, parser.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		return book
	}
	sent, back := read(), read()
	if added, err := addedTo(sent, back); added != 0 || err != nil {
		t.Errorf("the same book: %d added, error %v", added, err)
	}
	last := &back.Sheets[0].Rows[len(back.Sheets[0].Rows)-1]
	last.Cells = append(last.Cells, grid.Cell{Col: 7, Text: "Lý do"})
	if added, err := addedTo(sent, back); added != 1 || err != nil {
		t.Errorf("one more cell: %d added, error %v", added, err)
	}
	back.Sheets[0].Rows[0].Cells[0].Text = "changed"
	if _, err := addedTo(sent, back); err == nil {
		t.Error("a changed cell was not noticed")
	}
}

func TestFindingsFitTheScreen(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newStory(&out, time.Now)
	s.findings([]bot.Finding{
		{Rule: "ROW-04", N: 3, Cell: "B10", Args: map[string]string{"v": "2653050103", "rows": "3, 4"}},
		{Rule: "ROW-04", N: 4, Cell: "B11", Args: map[string]string{"v": "2653050103", "rows": "3, 4"}},
		{Rule: "NAM-04", N: 6, Cell: "C13", Args: map[string]string{"v": strings.Repeat("100% ", 30), "name": "x"}},
	})
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "row 3 (B10), row 4 (B11): ") || !strings.HasSuffix(lines[1], "…") || strings.Contains(lines[1], "%!") {
		t.Errorf("printed:\n%s", &out)
	}
}
