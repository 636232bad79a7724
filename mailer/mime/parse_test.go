package mime_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/mailer/mime"
)

var update = flag.Bool("update", false, "write what was read as the cases' want.json; read the difference before you commit it")

// A view is what want.json holds of a Message; attachments by length and hash.
type view struct {
	Error      string         `json:"error,omitempty"`
	ID         string         `json:"id,omitempty"`
	InReplyTo  []string       `json:"in_reply_to,omitempty"`
	References []string       `json:"references,omitempty"`
	From       []mime.Address `json:"from,omitempty"`
	ReturnPath string         `json:"return_path,omitempty"`
	Subject    string         `json:"subject,omitempty"`
	Date       string         `json:"date,omitempty"`
	Text       string         `json:"text,omitempty"`
	HTML       string         `json:"html,omitempty"`
	Parts      []partView     `json:"parts,omitempty"`
	Automated  string         `json:"automated,omitempty"`
	List       bool           `json:"list,omitempty"`
	DSN        *mime.DSN      `json:"dsn,omitempty"`
	Damage     mime.Damage    `json:"damage,omitempty"`
	Problems   []string       `json:"problems,omitempty"`
}

type partView struct {
	Name   string      `json:"name"`
	Type   string      `json:"type"`
	Inline bool        `json:"inline,omitempty"`
	Damage mime.Damage `json:"damage,omitempty"`
	Bytes  int         `json:"bytes"`
	SHA256 string      `json:"sha256"`
}

func viewOf(m *mime.Message, err error) view {
	var v view
	if m != nil {
		v = view{
			ID: m.ID, InReplyTo: m.InReplyTo, References: m.References, From: m.From, ReturnPath: m.ReturnPath,
			Subject: m.Subject, Text: m.Text, HTML: m.HTML, Automated: m.Automated, List: m.List, DSN: m.DSN,
			Damage: m.Damage, Problems: m.Problems,
		}
		if !m.Date.IsZero() {
			v.Date = m.Date.Format(time.RFC3339)
		}
		for _, p := range m.Parts {
			sum := sha256.Sum256(p.Data)
			v.Parts = append(v.Parts, partView{p.Name, p.Type, p.Inline, p.Damage, len(p.Data), hex.EncodeToString(sum[:4])})
		}
	}
	if err != nil {
		v.Error = err.Error()
	}
	return v
}

// TestCases reads every testdata/*/message.eml and compares with want.json beside it. Real mails go to
// testdata/private/*/, which is never committed; without a want.json they only have to be read.
func TestCases(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/[0-9]*/message.eml")
	if len(files) < 40 {
		t.Fatalf("only %d cases found", len(files))
	}
	private, _ := filepath.Glob("testdata/private/*/message.eml")
	for _, file := range append(files, private...) {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := viewOf(mime.Parse(raw, mime.DefaultLimits()))
			compare(t, filepath.Join(filepath.Dir(file), "want.json"), got)
		})
	}
}

func compare(t *testing.T, file string, got view) {
	t.Helper()
	if *update {
		var data bytes.Buffer
		enc := json.NewEncoder(&data)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && filepath.Base(filepath.Dir(filepath.Dir(file))) == "private" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var want view
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", file, diff)
	}
}
