package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vanthu/bot/config"
)

// A person fills in the placeholders; the examples in them are real values, most of them.
func fillIn(t *testing.T, folder, text string) string {
	t.Helper()
	for _, name := range []string{"imap.pw", "smtp.pw", "ldap.pw", "ctsv.pass"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("invented for this test\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return regexp.MustCompile(`"<([^>\n]*)>"`).ReplaceAllString(text, `"$1"`)
}

func TestInitWritesAFileThatLoadsOnceFilledIn(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new")
	file := filepath.Join(folder, "vanthu.toml")
	var out bytes.Buffer
	if err := (initCmd{Folder: folder}).Run(&env{ctx: t.Context(), stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), file) || !strings.Contains(out.String(), "vanthu serve") {
		t.Errorf("init does not say what it wrote and what comes next:\n%s", out.String())
	}
	key, err := os.Stat(filepath.Join(folder, "vanthu.key"))
	if err != nil {
		t.Fatal(err)
	}
	if got := key.Mode().Perm(); got != 0o600 {
		t.Errorf("mode of the key: got %o, want 600", got)
	}

	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	placeholders := len(regexp.MustCompile(`(?m)^\w.*"<`).FindAll(written, -1))
	_, err = config.Load(file)
	if problems, ok := errors.AsType[config.Problems](err); !ok || placeholders == 0 || len(problems) != placeholders {
		t.Errorf("before it is filled in, each of the %d placeholders should be named, and nothing else: %v", placeholders, err)
	}
	if err := os.WriteFile(file, []byte(fillIn(t, folder, string(written))), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Units[0].ID != "CTSV" || cfg.Accounts.Domain != "sv.truong.example" || cfg.IMAP.Value == "" {
		t.Errorf("the filled-in file was read as %+v", cfg)
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vanthu.toml", "vanthu.key"} {
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := (initCmd{Folder: folder}).Run(&env{ctx: t.Context(), stdout: &bytes.Buffer{}})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s exists: got error %v, want one that names it", name, err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
			t.Errorf("%s was changed: %q %v", name, data, err)
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 1 {
			t.Errorf("%s exists: init still wrote something: %v", name, entries)
		}
	}
}
