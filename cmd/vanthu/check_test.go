package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/mailer/mime"
)

// checkJSON runs the command as a person would.
func checkJSON(t *testing.T, files ...string) jsonReport {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := &checkCmd{Files: files, Config: "testdata/corpus.toml", JSON: true, Lang: "vi"}
	err := c.Run(&env{ctx: t.Context(), stdout: &stdout, stderr: &stderr})
	if _, ok := errors.AsType[exit](err); err != nil && !ok {
		t.Fatalf("%v", err)
	}
	var got jsonReport
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, &stdout)
	}
	return got
}

// TestReport holds that the report for people says what the JSON says, in both languages, and lets no control character of
// a sender reach the terminal.
func TestReport(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"vi": {"đề nghị cấp tài khoản email", "ROW-02 B14", "không đúng định dạng", "→ Ghi lại đúng mã số.", "15/24 dòng hợp lệ."},
		"en": {"request for accounts", "ROW-02 B14", "does not have the right form", "→ Write the right code.", "15 of 24 rows are good."},
	} {
		var stdout, stderr bytes.Buffer
		c := &checkCmd{Files: []string{"testdata/corpus/d24-mixed-twelve-defects/message.eml"}, Config: "testdata/corpus.toml", Lang: lang}
		err := c.Run(&env{ctx: t.Context(), stdout: &stdout, stderr: &stderr})
		if code, _ := errors.AsType[exit](err); code != exitRejects {
			t.Errorf("%s: exit %v", lang, err)
		}
		for _, s := range want {
			if !strings.Contains(stdout.String(), s) {
				t.Errorf("%s: %q is not said in\n%s", lang, s, &stdout)
			}
		}
	}
	if got := printable("a\x1b[31mb\rc\u202ed Ệ"); got != "a·[31mb·c·d Ệ" {
		t.Errorf("printable: %q", got)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]exit{
		"testdata/corpus/a01-xlsx-plain/message.eml":    0,
		"testdata/corpus/d17-no-letter/message.eml":     exitRejects,
		"testdata/corpus/e03-password-xlsx/message.eml": exitUnreadable,
		"testdata/corpus/f12-autoreply/message.eml":     0,
		"testdata/no-such-file.xlsx":                    exitUnreadable,
	} {
		var stdout, stderr bytes.Buffer
		err := (&checkCmd{Files: []string{file}, Config: "testdata/corpus.toml", Lang: "vi"}).Run(&env{ctx: t.Context(), stdout: &stdout, stderr: &stderr})
		code, isExit := errors.AsType[exit](err)
		if err != nil && !isExit || code != want {
			t.Errorf("%s: %v, not %d", file, err, want)
		}
	}
}

// TestUnread holds that a report keeps to one language, also when there is nothing to read.
func TestUnread(t *testing.T) {
	t.Parallel()
	mail := "testdata/corpus/a01-xlsx-plain/message.eml"
	for _, tt := range []struct {
		files  []string
		vi, en string
	}{
		{[]string{"testdata/no-such-file.xlsx"}, "Không tìm thấy tệp testdata/no-such-file.xlsx.\n", "There is no file testdata/no-such-file.xlsx.\n"},
		{[]string{"testdata"}, "testdata là một thư mục: đề nghị nêu tên từng tệp.\n", "testdata is a folder: please name the files.\n"},
		{[]string{mail, mail}, "Tệp " + mail + " là một thư: đề nghị kiểm tra riêng thư này.\n", "The file " + mail + " is a mail: please check it alone.\n"},
	} {
		for lang, want := range map[string]string{"vi": tt.vi, "en": tt.en} {
			var stdout, stderr bytes.Buffer
			err := (&checkCmd{Files: tt.files, Config: "testdata/corpus.toml", Lang: lang}).Run(&env{ctx: t.Context(), stdout: &stdout, stderr: &stderr})
			if code, _ := errors.AsType[exit](err); code != exitUnreadable || stderr.String() != want || stdout.Len() > 0 {
				t.Errorf("%v: %v, said %q and %q, want %q", tt.files, err, &stdout, &stderr, want)
			}
		}
	}
}

// TestBareFiles checks the files of a request before they are mailed: the unit is the letter's.
func TestBareFiles(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/corpus/a01-xlsx-plain/message.eml")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, part := range msg.Parts {
		path := filepath.Join(t.TempDir(), part.Name)
		if err := os.WriteFile(path, part.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	got := checkJSON(t, files...)
	if got.Action != "queue" || deref(got.Unit) != "CTSV" || len(got.Rows) != 8 || got.Rows[0].File == "" {
		t.Errorf("%+v", got)
	}
	if got := checkJSON(t, files[len(files)-1]); got.Action != "ask_sender" { // the list alone
		t.Errorf("a list without its letter: %s", got.Action)
	}
}

// FuzzCheckMail feeds whole mails to everything that reads foreign bytes, as `check` and `serve` do.
func FuzzCheckMail(f *testing.F) {
	mails, err := filepath.Glob("testdata/corpus/*/message.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range mails {
		if data, err := os.ReadFile(path); err == nil && len(data) < 30_000 {
			f.Add(data)
		}
	}
	cfg, err := config.LoadOffline("testdata/corpus.toml")
	if err != nil {
		f.Fatal(err)
	}
	world, err := app.NewWorld(cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checked, err := world.CheckMail(t.Context(), raw, nil, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
		if err == nil && checked.Request.Action == "" {
			t.Error("no action")
		}
	})
}
