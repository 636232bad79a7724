package mime_test

import (
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"vanthu/mailer/mime"
)

// FuzzParse holds what every mail keeps: no panic, an error of a known kind, clean texts, safe names, no more bytes than
// came in, no more parts than allowed, and the same Message for the same bytes.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/[0-9]*/message.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, flood := range floods() {
		f.Add([]byte(flood(300)))
	}
	lim := mime.Limits{Size: 1 << 20, Parts: 50, Depth: 5, Header: 1 << 16, Fields: 100}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := string(raw)
		m, err := mime.Parse(raw, lim)
		if _, limit := errors.AsType[*mime.LimitError](err); err != nil && !limit && !errors.Is(err, mime.ErrEmpty) {
			t.Fatalf("an error of no known kind: %v", err)
		}
		if string(raw) != before {
			t.Fatal("the bytes were changed")
		}
		again, err2 := mime.Parse(raw, lim)
		if diff := cmp.Diff(m, again); diff != "" || (err == nil) != (err2 == nil) {
			t.Fatalf("the same bytes gave another mail (%v, %v):\n%s", err, err2, diff)
		}
		if m != nil {
			wellFormed(t, m, len(raw), lim)
		}
	})
}

func wellFormed(t *testing.T, m *mime.Message, raw int, lim mime.Limits) {
	t.Helper()
	texts := append([]string{m.Subject, m.Text, m.HTML, m.ID, m.ReturnPath, m.Automated}, m.Problems...)
	for _, a := range m.From {
		texts = append(texts, a.Name, a.Address)
	}
	size := 0
	for _, p := range m.Parts {
		texts = append(texts, p.Name, p.Type)
		size += len(p.Data)
		if strings.ContainsAny(p.Name, "/\\\r\n") || len(p.Name) > 200 {
			t.Errorf("unsafe name %q", p.Name)
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("not clean: %q", s)
		}
	}
	if size > raw {
		t.Errorf("%d bytes of parts from %d", size, raw)
	}
	if len(m.Parts) > lim.Parts || len(m.Fields) > lim.Fields || len(m.Problems) > 51 || len(m.References) > 100 {
		t.Errorf("%d parts, %d fields, %d problems, %d references", len(m.Parts), len(m.Fields), len(m.Problems), len(m.References))
	}
}

// FuzzParts holds that what was read of any mail, written down cleanly, is read as the same: nothing is put right twice.
func FuzzParts(f *testing.F) {
	for _, seed := range [][3]string{
		{"Danh sách.xlsx", "PK\x03\x04", "Kính gửi"}, {"a\"b\\c.csv", "begin 644 x\n", "begin 644 x\r\n#86)C\r\n`\r\nend"}, {"=?utf-8?q?a?=", "--b--", "--b\r\n"},
		{"%41.csv", "=\r\n", "a\x00\xff"}, {"\u202excod.exe", "", "+AGE-"},
	} {
		f.Add(seed[0], []byte(seed[1]), seed[2])
	}
	f.Fuzz(func(t *testing.T, name string, data []byte, text string) {
		first := mustParse(t, written(mime.Part{Name: name, Type: "application/x-a", Data: data}, text))
		if len(first.Parts) == 0 {
			t.Fatal("the file is gone")
		}
		file := first.Parts[len(first.Parts)-1]
		if string(file.Data) != string(data) || len(first.Problems) > 0 && utf8.ValidString(text) && !strings.Contains(text, "begin") {
			t.Errorf("%d bytes of %d; %q", len(file.Data), len(data), first.Problems)
		}
		second := mustParse(t, written(file, first.Text))
		if len(second.Parts) == 0 || second.Parts[len(second.Parts)-1].Name != file.Name && !strings.ContainsAny(file.Name, "%=\"") || !strings.Contains(first.Text, "begin") && second.Text != first.Text {
			t.Errorf("read again: %q, not %q; text %q, not %q", second.Parts[0].Name, file.Name, second.Text, first.Text)
		}
	})
}

// written is a mail with a text and a file, as an honest program writes it.
func written(p mime.Part, text string) []byte {
	return []byte("From: a@truong.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_fuzz_0123456789\"\r\n\r\n--=_fuzz_0123456789\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(text)) +
		"\r\n--=_fuzz_0123456789\r\nContent-Type: " + p.Type + "\r\nContent-Disposition: attachment; filename*=utf-8''" + url.PathEscape(p.Name) +
		"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(p.Data) + "\r\n--=_fuzz_0123456789--\r\n")
}

func mustParse(t *testing.T, raw []byte) *mime.Message {
	t.Helper()
	m, err := mime.Parse(raw, mime.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
