package app

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/parser"
)

// Every list of the corpus comes back marked, whatever its format, and reads the same when its unit sends the marked file.
func TestEveryListComesBack(t *testing.T) {
	t.Parallel()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.SMTP.From = "cntt@truong.example"
	world, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mails, err := filepath.Glob("../../cmd/vanthu/testdata/corpus/*/message*.eml")
	if err != nil || len(mails) == 0 {
		t.Fatal("no corpus", err)
	}
	for _, name := range mails {
		t.Run(filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			comesBack(t, cfg, world, name)
		})
	}
}

func comesBack(t *testing.T, cfg *config.Config, world World, name string) {
	t.Helper()
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := world.CheckMail(t.Context(), raw, nil, now)
	if err != nil || len(sent.Request.Rows) == 0 || sent.Request.Kind != bot.AccountRequest {
		return // no list of people who come
	}
	if slices.ContainsFunc(sent.Request.ListFiles, func(f string) bool { return !sent.Request.ReadWhole(f) }) {
		return // over a limit
	}
	answer := bot.Answer{Request: sent.Request}
	var files []parser.File
	for _, f := range sent.Reading.Files {
		if slices.Contains(sent.Request.ListFiles, f.Name) {
			answer.Lists = append(answer.Lists, bot.ListFile{Name: f.Name, Data: f.Data})
		} else if f.Name == sent.Request.LetterFile {
			files = append(files, f)
		}
	}
	l := newLetters(cfg, "")
	for _, list := range answer.Lists {
		w := l.workbook(answer, list)
		if len(w.Data) == 0 {
			t.Fatalf("%s does not come back", list.Name)
		}
		files = append(files, parser.File{Name: w.Name, Data: w.Data})
	}
	again, err := world.CheckFiles(t.Context(), files, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(people(sent.Request), people(again.Request)); diff != "" {
		t.Errorf("-sent +came back:\n%s", diff)
	}
}

// people are the rows with what was found of each, and of the lists as a whole.
func people(r bot.Request) []string {
	rules := map[int][]string{}
	for _, f := range r.Findings {
		if f.Rule == "ENC-05" { // what comes back is a workbook
			continue
		}
		if f.N > 0 || strings.HasPrefix(f.Rule, "LST") || strings.HasPrefix(f.Rule, "ROW") || strings.HasPrefix(f.Rule, "ENC") {
			rules[f.N] = append(rules[f.N], f.Rule)
		}
	}
	var all []string
	for _, p := range r.Rows {
		all = append(all, fmt.Sprintf("%d %s|%s|%s|%s|%s|%s %v %v", p.Line, p.STT, p.Code, p.Name, p.Class, p.Cohort, p.Note, p.OK, rules[p.N]))
	}
	return append(all, fmt.Sprint(rules[0]))
}

// A unit opens the marked file in another program and saves it there, in whatever format: it reads the same, and is marked anew
// with the old marks renewed.
func TestMarkedListSavedByLibreOffice(t *testing.T) {
	t.Parallel()
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice (soffice) is not on this machine")
	}
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.SMTP.From = "cntt@truong.example"
	world, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(name string, data []byte) bot.Request {
		checked, err := world.CheckFiles(t.Context(), []parser.File{{Name: name, Data: data}}, nil, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		return checked.Request
	}
	w := newLetters(cfg, "").writer
	for _, name := range []string{"mixed-defects", "merged-class"} {
		original, err := os.ReadFile("../reply/testdata/lists/" + name + ".xlsx")
		if err != nil {
			t.Fatal(err)
		}
		before := judge("ds.xlsx", original)
		marked, err := markList(w, parser.File{Name: "ds.xlsx", Data: original}, world.Parse, before)
		if err != nil {
			t.Fatal(err)
		}
		for _, ext := range []string{"ods", "xls", "xlsx", "html", "csv:Text - txt - csv (StarCalc):44,34,76"} {
			format, _, _ := strings.Cut(ext, ":")
			if format == "csv" && name == "merged-class" { // a .csv cannot say what was merged
				continue
			}
			t.Run(name+" as "+format, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				in := filepath.Join(dir, "in.xlsx")
				if err := os.WriteFile(in, marked, 0o600); err != nil {
					t.Fatal(err)
				}
				said, err := exec.CommandContext(t.Context(), soffice, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", ext, "--outdir", filepath.Join(dir, "out"), in).CombinedOutput()
				if err != nil {
					t.Fatalf("soffice: %v %s", err, said)
				}
				saved, err := os.ReadFile(filepath.Join(dir, "out", "in."+format))
				if err != nil {
					t.Fatal(err)
				}
				file := parser.File{Name: "ds." + format, Data: saved}
				got := judge(file.Name, saved)
				if diff := cmp.Diff(people(before), people(got)); diff != "" {
					t.Errorf("-sent +saved:\n%s", diff)
				}
				again, err := markList(w, file, world.Parse, got)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(people(got), people(judge("ds.xlsx", again))); diff != "" {
					t.Errorf("-saved +marked again:\n%s", diff)
				}
			})
		}
	}
}
