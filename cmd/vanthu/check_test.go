package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/mailer/mime"
)

// TestCorpus reads real mails. A case is a folder: message.eml and expected.json, what a careful clerk reads in it. Folders
// under testdata/private are looked at too and never committed: the place for mails of real people.
func TestCorpus(t *testing.T) {
	t.Parallel()
	says := defectKinds(t)
	var cases []string
	for _, pattern := range []string{"testdata/corpus/*/expected.json", "testdata/private/*/expected.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, found...)
	}
	if len(cases) < 50 {
		t.Fatalf("only %d cases are left", len(cases))
	}
	for _, path := range cases {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want expected
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			want.compare(t, checkJSON(t, filepath.Join(filepath.Dir(path), "message.eml")), says)
		})
	}
}

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

// expected is a clerk's reading. Fields whose name ends in accept hold other fair readings.
type expected struct {
	Kind          string           `json:"kind"`
	AcceptActions []string         `json:"accept_actions"`
	Unit          string           `json:"unit"`
	Reason        *string          `json:"reason"`
	Date          *string          `json:"date"`
	Rows          []map[string]any `json:"rows"`
	RowsMayRepeat bool             `json:"rows_may_repeat"`
	Loose         []string         `json:"loose"`
	Defects       []defect         `json:"defects"`
	Either        []defect         `json:"either_defects"`
}

type defect struct {
	N        int      `json:"n"`
	Kind     string   `json:"kind"`
	Severity string   `json:"severity"`
	Accept   []string `json:"accept"`
}

func (e expected) compare(t *testing.T, got jsonReport, says map[string][]string) {
	t.Helper()
	if !slices.Contains(e.AcceptActions, string(got.Action)) {
		t.Errorf("action %s, not one of %v", got.Action, e.AcceptActions)
	}
	if strings.HasSuffix(e.Kind, "_request") && string(got.Kind) != e.Kind && e.Kind != "other_request" {
		t.Errorf("kind %s, not %s", got.Kind, e.Kind)
	}
	goesOn := got.Action == "queue" || got.Action == "queue_with_defects"
	if goesOn {
		e.compareFields(t, got)
	}
	if e.Rows != nil && !slices.Contains(e.Loose, "rows") && (goesOn || len(got.Rows) > 0) {
		e.compareRows(t, got.Rows, goesOn)
	}
	for _, d := range e.Defects {
		rules := says[d.Kind]
		for _, other := range d.Accept {
			rules = append(slices.Clone(rules), says[other]...)
		}
		if d.Severity == "error" && !slices.ContainsFunc(got.Findings, func(f jsonFinding) bool {
			return slices.Contains(rules, f.Rule) && (d.N == 0 || f.N != nil && *f.N == d.N)
		}) {
			t.Errorf("%s at row %d is not said", d.Kind, d.N)
		}
	}
	if len(e.Defects)+len(e.Either) == 0 && goesOn {
		for _, f := range got.Findings {
			if f.Severity != "warn" {
				t.Errorf("false alarm: %s %s", f.Rule, f.MessageVI)
			}
		}
	}
}

func (e expected) compareFields(t *testing.T, got jsonReport) {
	t.Helper()
	same := func(field string, want *string, got *string) {
		if want != nil && !slices.Contains(e.Loose, field) && plain(*want) != plain(deref(got)) {
			t.Errorf("%s %q, not %q", field, deref(got), *want)
		}
	}
	same("unit", &e.Unit, got.Unit)
	same("reason", e.Reason, got.Reason)
	same("date", e.Date, got.Date)
}

func (e expected) compareRows(t *testing.T, got []jsonRow, goesOn bool) {
	t.Helper()
	if len(got) < len(e.Rows) || len(got) > len(e.Rows) && !e.RowsMayRepeat {
		t.Errorf("%d rows, not %d", len(got), len(e.Rows))
		return
	}
	for i, want := range e.Rows {
		row := got[i]
		for field, value := range map[string]string{"id": row.ID, "name": row.Name, "class": row.Class, "cohort": row.Cohort, "note": row.Note} {
			fair := []any{want[field]}
			if more, ok := want[field+"_accept"].([]any); ok {
				fair = append(fair, more...)
			}
			if !slices.ContainsFunc(fair, func(v any) bool { s, _ := v.(string); return plain(s) == plain(value) }) {
				t.Errorf("row %d: %s %q, not %q", i+1, field, value, fair)
			}
		}
		if line, ok := want["sheet_row"].(float64); ok && row.SheetRow != 0 && row.SheetRow != int(line) {
			t.Errorf("row %d stands in row %d of the sheet, not %v", i+1, row.SheetRow, line)
		}
		if ok, known := want["ok"].(bool); known && goesOn && row.OK != ok && (row.OK || len(e.Either) == 0) {
			t.Errorf("row %d: ok is %v", i+1, row.OK)
		}
	}
}

func plain(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// defectKinds reads which rules say which kind of defect.
func defectKinds(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/corpus/kinds.tsv")
	if err != nil {
		t.Fatal(err)
	}
	says := make(map[string][]string)
	for line := range strings.Lines(string(data)) {
		if kind, rules, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			says[kind] = strings.Fields(rules)
		}
	}
	return says
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
		checked, err := world.CheckMail(raw, nil, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
		if err == nil && checked.Request.Action == "" {
			t.Error("no action")
		}
	})
}
