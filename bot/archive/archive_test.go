package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vanthu/bot/archive"
)

func TestFolderAndZip(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "hs")
	file := dir + ".zip"
	fill := func(a *archive.Archive, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"thư.eml", "../../etc/passwd", "a/b.txt", "A_B.txt", "", "con.txt", strings.Repeat("dài ", 200) + ".xlsx", "-rf"} {
			if _, err := a.Add([]byte(name), "1 danh sách", name); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fill(archive.Folder(dir))
	fill(archive.Zip(file, time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)))
	if _, err := archive.Folder(dir); err == nil {
		t.Error("a folder with an archive in it is written again")
	}
	if _, err := archive.Zip(file, time.Time{}); err == nil {
		t.Error("a file that is there is written again")
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--strict", "-c", archive.Sums)
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), ": OK\n") != 8 {
		t.Errorf("%v\n%s", err, out)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 9 {
		t.Errorf("%d files", len(z.File))
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		same, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil || !bytes.Equal(data, same) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

const token = "abcdefghij234567"

func hider() archive.Hider {
	return archive.NewHider([]string{"zzzz2222yyyy3333"}, "cntt@truong.example", "+", "XN-", len(token))
}

// A token is hidden however a mail carries it.
func TestHide(t *testing.T) {
	t.Parallel()
	long := "Kính gửi phòng, em trả lời địa chỉ cntt+" + token + "@truong.example ạ. " + strings.Repeat("Cảm ơn. ", 20)
	packed := base64.StdEncoding.EncodeToString([]byte(long))
	var lines strings.Builder
	for len(packed) > 76 {
		lines.WriteString(packed[:76] + "\r\n")
		packed = packed[76:]
	}
	lines.WriteString(packed + "\r\n")
	for name, text := range map[string]string{
		"address":          "To: cntt+" + token + "@truong.example",
		"question":         "To: cntt+x" + token + "@truong.example",
		"upper case":       "To: CNTT+" + strings.ToUpper(token) + "@TRUONG.example",
		"known":            "X-Vanthu-Id: zzzz2222yyyy3333",
		"soft break":       "cntt+abcde=\r\nfghij234567@truong.example",
		"quoted printable": "cntt=2B" + token + "=40truong.example",
		"subject":          "Subject: Re: [XN-" + token + "]",
		"base64":           "\r\n" + lines.String(),
	} {
		got, found := hider().Hide([]byte(text))
		if !found || len(got) != len(text) {
			t.Errorf("%s: %v, %d bytes of %d", name, found, len(got), len(text))
		}
		plain := strings.ReplaceAll(string(got), "=\r\n", "")
		if decoded, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(got)), "\r\n", "")); err == nil {
			plain += string(decoded)
		}
		for _, secret := range []string{token, strings.ToUpper(token), "zzzz2222yyyy3333"} {
			if strings.Contains(plain, secret) {
				t.Errorf("%s: %s", name, plain)
			}
		}
	}
	for _, text := range []string{"", "Kính gửi", "cntt@truong.example", "cntt+ctsv@truong.example", "lan+" + token + "@truong.example"} {
		if got, found := hider().Hide([]byte(text)); found || string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func FuzzHide(f *testing.F) {
	f.Add([]byte("To: cntt+" + token + "@truong.example\r\n\r\nWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhY\r\n"))
	f.Add([]byte("cntt+abcde=\r\nfghij234567@truong.example"))
	h := hider()
	f.Fuzz(func(t *testing.T, data []byte) {
		got, found := h.Hide(bytes.Clone(data))
		if !found && !bytes.Equal(got, data) {
			t.Error("changed without a token")
		}
		if utf8.Valid(data) && len(got) != len(data) {
			t.Errorf("%d bytes of %d", len(got), len(data))
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"thư.eml", "../x", "con", "a\x00b", "\u202egpj.exe", "", ".", ".. .", strings.Repeat("ế", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := archive.Name(s)
		if n == "" || n == "." || n == ".." || len(n) > 160 || !utf8.ValidString(n) || strings.ContainsAny(n, "/\\\x00\n\r:") || strings.HasPrefix(n, "-") {
			t.Errorf("%q became %q", s, n)
		}
	})
}
