package offline

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"vanthu/bot/store"
)

// newKey makes a key as an officer does, with ssh-keygen, and skips where there is none.
func newKey(t testing.TB) (path string) {
	t.Helper()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("no ssh-keygen here")
	}
	path = filepath.Join(t.TempDir(), "bundle.key")
	if out, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func open(t testing.TB, path string) Key {
	t.Helper()
	k, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var head = Head{Number: "GT-2026-0001", Act: store.ActCreate, Plan: "KH-2026-0003", PlanHash: strings.Repeat("ab", 32), MadeAt: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC),
	School: "Trường Đại học Ví dụ", Office: "Phòng CNTT", Contact: "cntt@truong.example"}

// pack makes the bundle of a case folder and exports it.
func pack(t *testing.T, form string, sealer Sealer, key Key) (folder string, docs []Doc, rows []Row) {
	t.Helper()
	s, rows := readWanted(t, "testdata/forms/"+form)
	files, err := Write(s, store.ActCreate, rows)
	if err != nil {
		t.Fatal(err)
	}
	if docs, err = Pack(head, s, sealer, key, files[0]); err != nil {
		t.Fatal(err)
	}
	if folder, err = Export(t.TempDir(), head.Number, docs); err != nil {
		t.Fatal(err)
	}
	return folder, docs, rows
}

// verify is what the instructions tell the other admin to do.
func verify(t *testing.T, folder, signers string) (string, error) {
	t.Helper()
	sums, err := os.Open(filepath.Join(folder, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	defer sums.Close()
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "verify", "-f", signers, "-I", "vanthu", "-n", "vanthu-bundle", "-s", "SHA256SUMS.sig")
	cmd.Dir, cmd.Stdin = folder, sums
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), err
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--strict", "-c", "SHA256SUMS")
	check.Dir = folder
	more, err := check.CombinedOutput()
	return string(out) + string(more), err
}

// The other admin sees with OpenSSH and sha256sum alone that a bundle is ours and whole; and that it is not when a byte of it is
// another one, or the signature somebody else's.
func TestStandardToolsVerify(t *testing.T) {
	t.Parallel()
	path := newKey(t)
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	signers := filepath.Join(t.TempDir(), "allowed_signers")
	if err := os.WriteFile(signers, append([]byte("vanthu "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	key := open(t, path)
	if line, err := key.AllowedSigner(); err != nil || !strings.HasPrefix(string(public), strings.TrimSpace(strings.TrimPrefix(line, "vanthu "))) {
		t.Errorf("%q, %v", line, err)
	}
	folder, docs, _ := pack(t, "google", Sealer{}, key)
	out, err := verify(t, folder, signers)
	if err != nil || !strings.Contains(out, `Good "vanthu-bundle" signature for vanthu`) || strings.Count(out, ": OK") != 4 {
		t.Fatalf("%v\n%s", err, out)
	}
	again, err := key.Sign(docs[4].Data)
	if err != nil || !bytes.Equal(again, docs[5].Data) {
		t.Error("another signature for the same bytes", err)
	}

	for _, d := range docs {
		name := filepath.Join(folder, d.Name)
		damaged := bytes.Clone(d.Data)
		damaged[len(damaged)/2] ^= 1
		if err := os.WriteFile(name, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := verify(t, folder, signers); err == nil {
			t.Errorf("%s is damaged, and nobody sees it:\n%s", d.Name, out)
		}
		if err := os.WriteFile(name, d.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := verify(t, folder, signers); err != nil {
		t.Fatalf("whole again: %v\n%s", err, out)
	}
	foreign, _, _ := pack(t, "google", Sealer{}, open(t, newKey(t)))
	if out, err := verify(t, foreign, signers); err == nil {
		t.Errorf("somebody else's signature is taken:\n%s", out)
	}
}

// What holds passwords is encrypted, and nothing else of the bundle holds one.
func TestPasswordsAreEncrypted(t *testing.T) {
	t.Parallel()
	key := open(t, newKey(t))
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := ToRecipient(identity.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	quick, err := age.NewScryptRecipient("năm từ ngẫu nhiên cho gói")
	if err != nil {
		t.Fatal(err)
	}
	quick.SetWorkFactor(10) // 18, as WithPassphrase has it, takes a second each time
	phrase := Sealer{quick}
	scrypt, err := age.NewScryptIdentity("năm từ ngẫu nhiên cho gói")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		form   string
		sealer Sealer
		opens  age.Identity
	}{{"entra", recipient, identity}, {"zimbra", recipient, identity}, {"zimbra", phrase, scrypt}, {"google", recipient, identity}} {
		_, docs, rows := pack(t, c.form, c.sealer, key)
		for _, d := range docs {
			for _, r := range rows {
				if len(r.Password) > 3 && bytes.Contains(d.Data, []byte(r.Password)) {
					t.Errorf("%s shows a password", d.Name)
				}
			}
		}
		plain, err := age.Decrypt(bytes.NewReader(docs[0].Data), c.opens)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(plain)
		if err != nil || !bytes.Contains(docs[3].Data, []byte(Sum(data))) || !bytes.Contains(docs[1].Data, []byte(Sum(data))) {
			t.Errorf("%s: the sum of what comes out is not the one that is named (%v)", c.form, err)
		}
	}

	s, rows := readWanted(t, "testdata/forms/entra")
	files, err := Write(s, store.ActCreate, rows)
	if err != nil {
		t.Fatal(err)
	}
	if docs, err := Pack(head, s, Sealer{}, key, files[0]); err == nil {
		t.Errorf("passwords lie in the clear in %d files", len(docs))
	}
	for _, bad := range []string{"", "age1", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1QQQ"} {
		if _, err := ToRecipient(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) && strings.HasPrefix(bad, "AGE") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A key that others may read, or that is none, is refused without showing it.
func TestOpenKey(t *testing.T) {
	t.Parallel()
	path := newKey(t)
	if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // that is what is tried
		t.Fatal(err)
	}
	if _, err := OpenKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("Canary-key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(other); err == nil || strings.Contains(err.Error(), "Canary") || !strings.Contains(err.Error(), "ssh-keygen") {
		t.Error(err)
	}
	if _, err := OpenKey(other + "x"); err == nil {
		t.Error("a key from nowhere")
	}
	if _, err := (Key{}).Sign(nil); err == nil {
		t.Error("signed without a key")
	}
}

// What was exported is not written over.
func TestExportOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	docs := []Doc{{"a", []byte("x")}}
	folder, err := Export(dir, "GT-2026-0001", docs)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder, "a"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(err, info)
	}
	if _, err := Export(dir, "GT-2026-0001", docs); err == nil {
		t.Error("written over")
	}
}
