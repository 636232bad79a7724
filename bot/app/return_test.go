package app

import (
	"fmt"
	"os"
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
		t.Skip("no list of people who come")
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
	l := newLetters(cfg)
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
