package intake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// TestUnderstood reads testdata/understood.tsv: what a mail is understood as, its subject ("Re: …" is a reply), its files
// ("list=", "letter=" before a name), and its text with ⏎ for a line break and ⇥ for a tab. A new case needs no Go.
func TestUnderstood(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "understood.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 4 {
			t.Errorf("line %d has %d fields", i+1, len(fields))
			continue
		}
		n++
		if got := understoodAs(t, fields[1], fields[2], strings.NewReplacer("⏎", "\n", "⇥", "\t").Replace(fields[3])); got != fields[0] {
			t.Errorf("line %d: %q, not %q: %s", i+1, got, fields[0], fields[3])
		}
	}
	if n < 120 {
		t.Errorf("%d cases", n)
	}
}

// understoodAs says in a few words what a mail is taken for.
func understoodAs(t *testing.T, subject, files, text string) string {
	t.Helper()
	msg := &mime.Message{Subject: subject, Text: text, Date: time.Unix(1_800_000_000, 0)}
	for name := range strings.SplitSeq(files, "; ") {
		if name != "" {
			msg.Parts = append(msg.Parts, mime.Part{Name: name, Type: "application/octet-stream", Data: []byte(name)})
		}
	}
	r, err := Read(t.Context(), msg, pretended)
	if err != nil {
		t.Fatal(err)
	}
	doubt := map[bool]string{true: "?"}[r.Trial == perhaps]
	var said string
	switch {
	case r.Doubt != NoDoubt:
		said = "person"
	case r.Kind == bot.AccountRequest && r.isTrial(nil):
		said = "trial" + doubt
	case r.Kind == bot.AccountRequest:
		said = "request" + doubt
	case r.Kind == bot.FormRequest:
		return "form"
	case r.Kind == bot.Confirmation:
		if r.Said.Withdraw {
			return "confirms withdrawal " + strings.Join(r.Wishes.List[0].Cases, " ")
		}
		return "confirms"
	case r.Kind == bot.DeletionRequest:
		return "deletion"
	case r.Kind == bot.Incident:
		return "incident"
	case r.Kind == bot.Question:
		said = "asks"
	default:
		return "person"
	}
	if said == "person" {
		return said
	}
	for _, w := range r.Wishes.List {
		if w.Kind == bot.WishTrial && said != "asks" {
			continue
		}
		said += " " + strings.Join(append([]string{string(w.Kind)}, w.Cases...), ":")
		if w.Topic != "" {
			said += ":" + string(w.Topic)
		}
	}
	if n := len(r.Wishes.Unclear); n > 0 {
		said += fmt.Sprintf(" unclear:%d", n)
	}
	return said
}

// pretended reads files by their names alone: "list=…" has one person, "letter=…" is the letter.
func pretended(_ context.Context, files []parser.File) ([]parser.File, parser.Submission, error) {
	var sub parser.Submission
	for i, f := range files {
		kind, name, _ := strings.Cut(f.Name, "=")
		switch {
		case f.Body: // a line with a code is a list
			if studentCode.MatchString(string(f.Data)) {
				sub.Rows = append(sub.Rows, parser.Row{N: 1, Code: parser.Value{Text: "2153010001"}})
				sub.Lists = append(sub.Lists, parser.List{File: f.Name})
			}
		case kind == "list":
			files[i].Name = name
			sub.Rows = append(sub.Rows, parser.Row{N: 1, Code: parser.Value{Text: "2153010001"}})
			sub.Lists = append(sub.Lists, parser.List{File: name})
		case kind == "letter":
			files[i].Name = name
			sub.Letter = &parser.Letter{File: name, Request: parser.Value{Text: "Đề nghị cấp"}}
		}
		sub.Files = append(sub.Files, parser.FileReport{Name: files[i].Name})
	}
	return files, sub, nil
}

// FuzzUnderstand: whatever is written, it is understood in bounded time and within bounds, and every wish was written by somebody.
func FuzzUnderstand(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "understood.tsv"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); len(fields) == 4 {
			f.Add(fields[1], fields[3])
		}
	}
	for _, long := range []string{"\"", "“", "Hồ sơ ", "xin rút vì ", "a\n", "?", "chính thức ", "YC-2026-0001 "} {
		f.Add("", strings.Repeat(long, readable/len(long)))
	}
	f.Fuzz(func(t *testing.T, subject, text string) {
		began := time.Now()
		w := understand(subject, text)
		trialIn(subject, text, []string{subject})
		if took := time.Since(began); took > time.Duration(2+len(text)>>14)*time.Second {
			t.Errorf("took %v for %d bytes", took, len(text))
		}
		if len(w.List) > 20 || len(w.Unclear) > mostUnclear || len(w.List) == 0 && len(w.Unclear) > 0 {
			t.Errorf("%d wishes, %d unclear", len(w.List), len(w.Unclear))
		}
		for _, wish := range w.List {
			for _, number := range wish.Cases {
				if !strings.Contains(strings.ToUpper(subject+"\n"+strings.ReplaceAll(text, "\n", " ")), number) {
					t.Errorf("nobody wrote %s", number)
				}
			}
			if len(wish.Cases) > mostNumbers {
				t.Errorf("%d numbers", len(wish.Cases))
			}
		}
		for _, s := range w.Unclear {
			if n := len([]rune(s)); n > longUnclear+1 {
				t.Errorf("%d runes of what was not understood", n)
			}
		}
	})
}
