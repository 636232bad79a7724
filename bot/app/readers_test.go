package app

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/reply"
	"vanthu/bot/sandbox"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

const childArg = "app-child"

// TestMain lets the test program be its own child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		if err := ServeForeign(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func newTestReaders(t testing.TB, cfg config.Limits) *readers {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newReaders(cfg, parser.DefaultLimits(), func() *exec.Cmd { return exec.Command(self, childArg) }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func attached(t testing.TB, corpus string) (files []parser.File) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../cmd/vanthu/testdata/corpus", corpus, "message.eml"))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range msg.Parts {
		files = append(files, parser.File{Name: p.Name, Type: p.Type, Data: p.Data})
	}
	return files
}

// TestChildReadsTheSame holds that a child says exactly what is said in this process.
func TestChildReadsTheSame(t *testing.T) {
	t.Parallel()
	r := newTestReaders(t, config.Limits{ReaderMB: 256, ReaderSeconds: 60})
	for _, corpus := range []string{"a01-xlsx-plain", "a03-docx-table", "a04-pdf-letter-xlsx", "b37-formula-errors", "d24-mixed-twelve-defects", "e03-password-xlsx"} {
		files := attached(t, corpus)
		_, got, err := r.read(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(form.Read(files, r.limits), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", corpus, diff)
		}
	}
}

// TestChildDies holds that a file that kills its reader is named with the limit, and the others are read.
func TestChildDies(t *testing.T) {
	t.Parallel()
	r := newTestReaders(t, config.Limits{ReaderMB: 48, ReaderSeconds: 60})
	files := attached(t, "a01-xlsx-plain")
	want := form.Read(files, r.limits)
	hungry := parser.File{Name: "large.xlsx", Data: make([]byte, 80<<20)}
	_, got, err := r.read(t.Context(), append(files, hungry))
	if err != nil {
		t.Fatal(err)
	}
	last := got.Files[len(got.Files)-1]
	if last.Problem == nil || last.Name != hungry.Name || last.Role != parser.RoleProblem {
		t.Errorf("%+v, %+v", last, last.Problem)
	}
	if diff := cmp.Diff(want.Rows, got.Rows); diff != "" {
		t.Error(diff)
	}
	if _, got, err = r.read(t.Context(), []parser.File{hungry}); err != nil || got.Files[0].Problem == nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, got, err = r.read(t.Context(), files); err != nil || len(got.Rows) != len(want.Rows) {
		t.Errorf("the next mail: %d rows, %v", len(got.Rows), err)
	}
}

func TestProblemOfDeath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		death sandbox.Death
		want  string
	}{
		{sandbox.Death{Cause: sandbox.Hungry, Memory: 256 << 20}, "too_large: 256 MB bộ nhớ khi đọc"},
		{sandbox.Death{Cause: sandbox.Slow, Timeout: 5e9}, "too_large: 5 giây để đọc"},
		{sandbox.Death{Cause: sandbox.Crashed}, "damaged: the reader died of it"},
	} {
		if got := problemOf(&tt.death).Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestChildMarks(t *testing.T) {
	t.Parallel()
	r := newTestReaders(t, config.Limits{ReaderMB: 256, ReaderSeconds: 60})
	list, err := os.ReadFile("../reply/testdata/lists/mixed-defects.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	office := reply.Office{Office: "Phòng CNTT"}
	req := bot.Request{Rows: []bot.Row{{N: 1, Sheet: "Sheet1", Line: 10, Cells: map[string]string{"code": "B10"}}},
		Findings: []bot.Finding{{Rule: "ROW-01", Severity: bot.RejectRow, N: 1, Sheet: "Sheet1", Cell: "B10"}}}
	marked, err := r.mark(office, bot.ListFile{Name: "ds.xlsx", Data: list}, req)
	if err != nil || !strings.HasPrefix(string(marked), "PK") {
		t.Errorf("%d bytes, %v", len(marked), err)
	}
	if _, err := r.mark(office, bot.ListFile{Name: "ds.xlsx", Data: []byte("junk")}, req); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("%v", err)
	}
}

// TestNoReaders holds that a machine on which no child can be started is noticed at once.
func TestNoReaders(t *testing.T) {
	t.Parallel()
	_, err := newReaders(config.Limits{ReaderMB: 64, ReaderSeconds: 1}, parser.DefaultLimits(), func() *exec.Cmd { return exec.Command("/no/such/program") }, slog.New(slog.DiscardHandler))
	if _, died := errors.AsType[*sandbox.Death](err); err == nil || died {
		t.Errorf("%v", err)
	}
}

// BenchmarkReadInChild is what a mail with a list costs more than reading it here.
func BenchmarkReadInChild(b *testing.B) {
	files := attached(b, "d24-mixed-twelve-defects")
	r := newTestReaders(b, config.Limits{ReaderMB: 256, ReaderSeconds: 60})
	b.Run("child", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := r.read(b.Context(), files); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			form.Read(files, r.limits)
		}
	})
}
