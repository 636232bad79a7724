package config

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A case is a folder: vanthu.toml, what is expected in want.txt, and perhaps env (NAME=value lines). bad/: the problems,
// a line each. good/: what Print writes. A name that begins with "offline-" is read by LoadOffline. {} stands for the folder.

func TestBadFiles(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t, "bad") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCase(t, "bad", name)
			_, err := c.load()
			if err == nil {
				t.Fatal("loaded without an error")
			}
			if diff := cmp.Diff(c.want, c.shown(err.Error()+"\n")); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t, "good") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCase(t, "good", name)
			cfg, err := c.load()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, c.shown(printed(t, cfg))); diff != "" {
				t.Errorf("effective settings (-want +got):\n%s", diff)
			}
			if len(cfg.IMAP.TokenCommand) > 0 { // printed without its arguments
				return
			}
			c.write("vanthu.toml", printed(t, cfg), 0o600)
			again, err := c.load()
			if err != nil {
				t.Fatalf("what Print wrote does not load: %v", err)
			}
			if diff := cmp.Diff(printed(t, cfg), printed(t, again)); diff != "" {
				t.Errorf("printed and loaded again (-first +second):\n%s", diff)
			}
		})
	}
}

func printed(t *testing.T, cfg *Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, cfg); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func cases(t *testing.T, kind string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", kind))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// A testCase is a case copied to a folder of its own, beside secret files that no repository should hold.
type testCase struct {
	t      *testing.T
	name   string
	folder string
	secret string // what every secret file holds
	want   string
	env    map[string]string
}

func newCase(t *testing.T, kind, name string) *testCase {
	t.Helper()
	c := &testCase{t: t, name: name, folder: t.TempDir(), secret: rand.Text(), env: map[string]string{}}
	from := filepath.Join("testdata", kind, name)
	c.write("vanthu.toml", read(t, filepath.Join(from, "vanthu.toml")), 0o600)
	c.want = read(t, filepath.Join(from, "want.txt"))
	for _, file := range []string{"imap.pw", "smtp.pw", "ldap.pw", "store.pw", "ctsv.pass", "dtsdh.pass", "vanthu.key", "oauth.secret", "oauth.token"} {
		c.write(file, c.secret+"\n", 0o600)
	}
	c.write("world.pw", c.secret, 0o644)
	c.write("empty.pw", "\n", 0o600)
	c.write("huge.pw", strings.Repeat(c.secret, maxSecret/len(c.secret)+1), 0o600)
	c.write("ca.pem", read(t, filepath.Join("testdata", "ca.pem")), 0o644)
	if err := os.Mkdir(filepath.Join(c.folder, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(from, "env")); err == nil {
		for line := range strings.Lines(string(data)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			c.env[key] = value
		}
	}
	return c
}

func (c *testCase) write(name, text string, mode os.FileMode) {
	c.t.Helper()
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		c.t.Fatal(err)
	}
}

func (c *testCase) load() (*Config, error) {
	getenv := func(name string) string { return c.env[name] }
	path := filepath.Join(c.folder, "vanthu.toml")
	if strings.HasPrefix(c.name, "offline-") {
		return load(path, getenv, (*checker).offline)
	}
	return load(path, getenv, (*checker).all)
}

// shown is a text as want.txt writes it. No text may hold a secret.
func (c *testCase) shown(text string) string {
	c.t.Helper()
	for _, secret := range []string{c.secret, "geheim", "not-for-the-log", "invented for the environment"} {
		if strings.Contains(text, secret) {
			c.t.Errorf("%q is a secret and stands in:\n%s", secret, text)
		}
	}
	return strings.ReplaceAll(text, c.folder, "{}")
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
