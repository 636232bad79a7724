package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"vanthu/bot"
	"vanthu/bot/config"
)

// TestDemo is the newcomer's first test: the whole procedure, over the wire, on this machine alone. It runs alone, so that
// what it leaves running is seen.
func TestDemo(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := filepath.Join(t.TempDir(), "demo")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"demo", "--dir", dir}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, &stdout, &stderr)
	}
	if text := stdout.String(); strings.Contains(text, "FAILED") || !strings.Contains(text, dir) || strings.Count(text, "\n  ok ") != 6 {
		t.Errorf("the timeline does not name the folder or the checks:\n%s", text)
	}
	for pattern, want := range map[string]int{
		"mail/cntt@truong.example/INBOX/*":                       0,
		"mail/cntt@truong.example/Done/*.eml":                    10,
		"mail/cntt@truong.example/Returned/*.eml":                1,
		"mail/cntt@truong.example/Ignored/*.eml":                 1,
		"mail/cntt@truong.example/Quarantine/*.eml":              1,
		"mail/ctsv@truong.example/INBOX/*.eml":                   7,
		"mail/ctsv@truong.example/INBOX/*(đã đánh dấu).xlsx":     1,
		"mail/ctsv@truong.example/INBOX/*mật khẩu (mã hoá).xlsx": 2,
		"mail/dtsdh@truong.example/INBOX/*.eml":                  4,
		"mail/ctsv@evil.example/INBOX/*":                         0,
		"accounts.jsonl":                                         1,
		"serve.log":                                              1,
		"vanthu.db":                                              1,
	} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err != nil || len(found) != want {
			t.Errorf("%s: %d files, want %d (error %v)", pattern, len(found), want, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "serve.log")); err != nil || bytes.Contains(text, []byte("level=ERROR")) {
		t.Errorf("serve logged an error (%v):\n%s", err, text)
	}
	lookAround(t, filepath.Join(dir, "vanthu.toml"))

	stderr.Reset()
	if code := run(t.Context(), []string{"demo", "--dir", dir}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "not empty") {
		t.Errorf("the same folder again: exit %d, %s", code, &stderr)
	}
}

// lookAround makes sure that the officers' commands work on what the demo left, as it says.
func lookAround(t *testing.T, file string) {
	t.Helper()
	if _, err := config.Load(file); err != nil {
		t.Error(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"case", "list", "--json", "--config", file}, &stdout, &stderr); code != 0 {
		t.Fatalf("case list: exit %d\n%s", code, &stderr)
	}
	var cases []bot.Case
	if err := json.Unmarshal(stdout.Bytes(), &cases); err != nil || len(cases) != 3 {
		t.Fatalf("case list: %d cases, error %v", len(cases), err)
	}
	for _, c := range cases {
		if c.State != bot.Closed || c.Checked.By != "officer:lan" || c.Planned.By != "officer:minh" {
			t.Errorf("case %s is %s, checked by %s, planned by %s", c.Number, c.State, c.Checked.By, c.Planned.By)
		}
	}
}
