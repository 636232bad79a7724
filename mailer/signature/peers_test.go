//go:build e2e

package signature_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/mailer/mime"
	"vanthu/mailer/signature"
	"vanthu/mailer/signature/signaturetest"

	"crypto/x509"
)

// run runs a program of the machine in dir.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestPeersSign lets OpenSSL sign mails in every way it knows, with certificates of its own making.
func TestPeersSign(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "10", "-subj", "/CN=CA vi du",
		"-addext", "keyUsage=keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE")
	write(t, dir, "ext", "keyUsage=digitalSignature\nextendedKeyUsage=emailProtection\nsubjectAltName=email:ctsv@truong.example\nsubjectKeyIdentifier=hash\n")
	for name, key := range map[string][]string{"rsa": {"-newkey", "rsa:2048"}, "ec": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"}} {
		run(t, dir, "openssl", append([]string{"req", "-new", "-nodes", "-utf8", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=Nguyễn Thị Lan"}, key...)...)
		run(t, dir, "openssl", "x509", "-req", "-in", name+".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "5", "-extfile", "ext", "-out", name+".pem")
	}
	write(t, dir, "content", "Content-Type: text/plain; charset=utf-8\r\n\r\nĐề nghị cấp tài khoản.\r\n")
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	for _, args := range [][]string{
		{"cms", "rsa"}, {"cms", "ec"}, {"cms", "rsa", "-nodetach"}, {"cms", "ec", "-nodetach"}, {"smime", "rsa"}, {"smime", "rsa", "-nodetach"},
		{"cms", "rsa", "-md", "sha512"}, {"cms", "ec", "-md", "sha384"}, {"cms", "rsa", "-keyid"}, {"cms", "rsa", "-nodetach", "-stream"}, {"cms", "rsa", "-stream"},
		{"cms", "rsa", "-keyopt", "rsa_padding_mode:pss"}, {"cms", "rsa", "-cades"}, {"cms", "rsa", "-binary"},
	} {
		name := strings.Join(args, " ")
		all := append([]string{args[0], "-sign", "-in", "content", "-out", "mail", "-signer", args[1] + ".pem", "-inkey", args[1] + ".key"}, args[2:]...)
		run(t, dir, "openssl", all...)
		mail, err := os.ReadFile(filepath.Join(dir, "mail"))
		if err != nil {
			t.Fatal(err)
		}
		mail = append([]byte("From: ctsv@truong.example\n"), mail...)
		found := inMail(t, mail)
		if len(found) != 1 || found[0].Fault != signature.Intact || !found[0].Whole {
			t.Errorf("%s: %+v", name, found)
			continue
		}
		if who := signature.Check(found[0], roots, time.Now()); who.Distrust != signature.Trusted || who.Name != "Nguyễn Thị Lan" || len(who.Emails) != 1 || who.Emails[0] != "ctsv@truong.example" {
			t.Errorf("%s: %+v", name, who)
		}
		if bytes.Contains(mail, []byte("multipart/signed")) {
			found = inMail(t, bytes.Replace(mail, []byte("cấp"), []byte("xóa"), 1))
			if len(found) != 1 || found[0].Fault != signature.Changed {
				t.Errorf("%s, changed: %+v", name, found)
			}
		}
	}
	for _, args := range [][]string{{"-md", "sha1"}, {"-noattr"}} {
		run(t, dir, "openssl", append([]string{"cms", "-sign", "-in", "content", "-out", "mail", "-signer", "rsa.pem", "-inkey", "rsa.key"}, args...)...)
		mail, err := os.ReadFile(filepath.Join(dir, "mail"))
		if err != nil {
			t.Fatal(err)
		}
		if found := inMail(t, mail); len(found) != 1 || found[0].Fault != signature.Weak && found[0].Fault != signature.Unknown {
			t.Errorf("%v: %+v", args, found)
		}
	}
}

func inMail(t *testing.T, raw []byte) (found []signature.Signature) {
	t.Helper()
	msg, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range msg.Signed {
		found = append(found, signature.InMail(s.Content, s.Object, s.Whole)...)
	}
	return found
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPeersVerify holds that what the tests sign is what others take for a signature: OpenSSL the mails, Poppler's pdfsig the files.
func TestPeersVerify(t *testing.T) {
	dir := t.TempDir()
	ca := signaturetest.Authority(t, "CA ví dụ")
	lan := ca.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil)
	write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw})))
	write(t, dir, "detached", "From: x@truong.example\r\n"+lan.Detached(t, strings.TrimSuffix(content, "\r\n"), signaturetest.Options{}))
	write(t, dir, "opaque", "From: x@truong.example\r\n"+lan.Opaque(t, content, signaturetest.Options{Indefinite: true}))
	for _, name := range []string{"detached", "opaque"} {
		if out := run(t, dir, "openssl", "cms", "-verify", "-in", name, "-CAfile", "ca.pem", "-out", "text"); !strings.Contains(out, "successful") {
			t.Errorf("%s: %s", name, out)
		}
	}
	file := lan.PDF(t, signaturetest.Page("BAN DE NGHI"), signaturetest.Options{})
	for name, tt := range map[string]struct {
		data  []byte
		valid string
		whole bool
	}{"signed.pdf": {file, "Signature is Valid", true}, "twice.pdf": {lan.PDF(t, file, signaturetest.Options{}), "Signature is Valid", false},
		"changed.pdf": {bytes.Replace(bytes.Clone(file), []byte("BAN DE NGHI"), []byte("BAN TU CHOI"), 1), "Digest Mismatch", true}} {
		write(t, dir, name, string(tt.data))
		cmd := exec.CommandContext(t.Context(), "pdfsig", "-nocert", name)
		cmd.Dir = dir
		out, err := cmd.Output()
		if len(out) == 0 {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), tt.valid) || tt.whole == strings.Contains(string(out), "Not total document signed") {
			t.Errorf("%s: %s", name, out)
		}
		found := signature.InPDF(name, tt.data)
		if intact := tt.valid == "Signature is Valid"; len(found) == 0 || (found[0].Fault == signature.Intact) != intact || found[0].Whole != tt.whole {
			t.Errorf("%s: %+v", name, found)
		}
	}
}
