package secret

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newVault(t testing.TB) *Vault {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := GenerateKey(path); err != nil {
		t.Fatal(err)
	}
	v, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealAndUnseal(t *testing.T) {
	t.Parallel()
	v, stranger := newVault(t), newVault(t)
	plain := []byte("Canary7Canary7")
	sealed, err := v.Seal(plain, "case 12 row 7")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, plain) {
		t.Fatal("the seal shows what is inside")
	}
	got, err := v.Unseal(sealed, "case 12 row 7")
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("unsealed %d bytes, error %v", len(got), err)
	}
	again, err := v.Seal(plain, "case 12 row 7")
	if err != nil || bytes.Equal(sealed, again) {
		t.Errorf("two seals of one password are equal (error %v)", err)
	}

	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1
	for name, c := range map[string]struct {
		vault *Vault
		blob  []byte
		label string
		want  error
	}{
		"other row":     {v, sealed, "case 12 row 8", ErrLabel},
		"longer label":  {v, sealed, "case 12 row 77", ErrLabel},
		"shorter label": {v, sealed, "case 12 row ", ErrLabel},
		"no label":      {v, sealed, "", ErrLabel},
		"other key":     {stranger, sealed, "case 12 row 7", ErrKey},
		"damaged":       {v, damaged, "case 12 row 7", ErrKey},
		"cut short":     {v, sealed[:len(sealed)/2], "case 12 row 7", ErrKey},
		"empty":         {v, nil, "case 12 row 7", ErrKey},
	} {
		got, err := c.vault.Unseal(c.blob, c.label)
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), string(plain)) {
			t.Errorf("%s: the error shows what was inside", name)
		}
	}
}

func TestSealRefusesNovels(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	if _, err := v.Seal(make([]byte, maxPlain+1), "x"); err == nil {
		t.Error("sealed what it would not open again")
	}
	long := strings.Repeat("x", maxPlain)
	sealed, err := v.Seal(make([]byte, maxPlain), long)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Unseal(sealed, long); err != nil || len(got) != maxPlain {
		t.Errorf("the longest allowed: %d bytes, error %v", len(got), err)
	}
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	if err := GenerateKey(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600 (error %v)", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if err := GenerateKey(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("second key: error %v, want ErrExist", err)
	}
	after, _ := os.ReadFile(path)
	if !bytes.Equal(before, after) {
		t.Error("the key was overwritten")
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 {
		t.Errorf("%d files left in the folder, want the key alone", len(left))
	}
	if err := GenerateKey(filepath.Join(dir, "nowhere", "key")); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	good := filepath.Join(t.TempDir(), "key")
	if err := GenerateKey(good); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	secretLine := key[bytes.Index(key, []byte("AGE-SECRET-KEY-")):]
	for name, c := range map[string]struct {
		text []byte
		mode os.FileMode
		want string // part of the message; "" no error
	}{
		"good":           {key, 0o600, ""},
		"read only":      {key, 0o400, ""},
		"group reads":    {key, 0o440, ""},
		"others read":    {key, 0o644, "chmod 600"},
		"group writes":   {key, 0o660, "chmod 600"},
		"empty":          {nil, 0o600, "exactly one"},
		"two keys":       {append(bytes.Clone(key), secretLine...), 0o600, "exactly one"},
		"misspelt key":   {bytes.ToLower(secretLine[:40]), 0o600, "exactly one"},
		"a public key":   {[]byte("age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg\n"), 0o600, "exactly one"},
		"something big":  {bytes.Repeat([]byte("# x\n"), maxKeyFile), 0o600, "too big"},
		"no text at all": {[]byte{0, 1, 2, 255}, 0o600, "exactly one"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, c.text, c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		_, err := Open(path)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want the path and %q", name, err, c.want)
		}
		if err != nil && strings.Contains(strings.ToUpper(err.Error()), "SECRET-KEY") {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: error %v, want ErrNotExist", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened as a key")
	}
}

func TestPassphrase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
		err  string // part of the message; "" no error
	}{
		"one line":        {"con mèo trèo cây cau\n", 0o600, "con mèo trèo cây cau", ""},
		"spaces around":   {"  twelve chars \r\n\n", 0o600, "twelve chars", ""},
		"byte order mark": {"\ufefftwelve chars\n", 0o600, "twelve chars", ""},
		"12 letters":      {"ầẫậấằẵặắồỗộố", 0o600, "ầẫậấằẵặắồỗộố", ""},
		"11 letters":      {"ầẫậấằẵặắồỗộ", 0o600, "", "at least 12"},
		"empty":           {"\n", 0o600, "", "at least 12"},
		"endless":         {strings.Repeat("x", 256), 0o600, "", "at most 255"},
		"two lines":       {"twelve chars\nand twelve more", 0o600, "", "one line"},
		"nul":             {"twelve\x00chars more", 0o600, "", "one line"},
		"not UTF-8":       {"twelve ch\xff\xfers", 0o600, "", "UTF-8"},
		"others read":     {"con mèo trèo cây cau\n", 0o604, "", "chmod 600"},
		"huge":            {strings.Repeat("x", 5000), 0o600, "", "too big"},
	} {
		path := filepath.Join(t.TempDir(), "ctsv.pass")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := Passphrase(path)
		if got != c.want {
			t.Errorf("%s: another passphrase than written", name)
		}
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), path)):
			t.Errorf("%s: error %v, want the path and %q", name, err, c.err)
		case err != nil && len(strings.TrimSpace(c.text)) > 4 && strings.Contains(err.Error(), strings.TrimSpace(c.text)[:5]):
			t.Errorf("%s: the error shows the passphrase", name)
		}
	}
	if _, err := Passphrase(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: error %v, want ErrNotExist", err)
	}
}

// Sealed bytes come back from a database that others may have touched.
func FuzzUnseal(f *testing.F) {
	v := newVault(f)
	sealed, err := v.Seal([]byte("Canary7Canary7"), "case 1 row 1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, blob []byte) {
		plain, err := v.Unseal(blob, "case 1 row 2")
		if err == nil {
			t.Fatalf("opened %d bytes that were never sealed for this row", len(plain))
		}
		if !errors.Is(err, ErrKey) && !errors.Is(err, ErrLabel) {
			t.Fatalf("error %v is none of ours", err)
		}
	})
}
