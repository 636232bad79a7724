//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// An office that wants digital signatures: OpenSSL makes its authority and signs the mails of the unit, `serve` reads them in its
// children, officers see what they are worth.
func TestSignedRequests(t *testing.T) {
	w := newWorld(t, "sqlite")
	run := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "openssl", args...)
		cmd.Dir = w.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	w.write("ext", "keyUsage=digitalSignature\nextendedKeyUsage=emailProtection\n")
	for _, name := range []string{"ca", "foreign"} {
		run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name+".key", "-out", name+".pem", "-days", "10", "-subj", "/CN=CA vi du", "-addext", "keyUsage=keyCertSign")
	}
	for name, subject := range map[string]string{"head": "/CN=Nguyễn Thị Lan", "clerk": "/CN=Trần Văn Minh/emailAddress=ctsv@truong.example", "other": "/CN=Lê Hòa", "alien": "/CN=Nguyễn Thị Lan"} {
		issuer := "ca"
		if name == "alien" {
			issuer = "foreign"
		}
		run("req", "-new", "-newkey", "rsa:2048", "-nodes", "-utf8", "-keyout", name+".key", "-out", name+".csr", "-subj", subject)
		run("x509", "-req", "-in", name+".csr", "-CA", issuer+".pem", "-CAkey", issuer+".key", "-CAcreateserial", "-days", "5", "-extfile", "ext", "-out", name+".pem")
	}
	w.change("[secret]", "[evidence]\nroots_file = \"ca.pem\"\naccount_request = \"E3\"\n\n[secret]")
	w.change(`addresses = ["ctsv@truong.example"]`, "addresses = [\"ctsv@truong.example\"]\nsigners = [\"Nguyễn Thị Lan\"]")
	w.serve()
	a := w.open()

	n := 0
	send := func(id, signer string, change func(string) string, args ...string) store.Mail {
		t.Helper()
		n++
		raw, err := request(t, ctsv, id, people(10*n, 2)).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		mail := string(raw)
		if signer != "" {
			header, content, ok := strings.Cut(mail, "MIME-Version: 1.0\r\n")
			if !ok || !strings.HasPrefix(content, "Content-Type:") {
				t.Fatalf("the mail cannot be taken apart:\n%s", mail[:500])
			}
			w.write("content", content)
			run(append([]string{"cms", "-sign", "-in", "content", "-out", "signed", "-signer", signer + ".pem", "-inkey", signer + ".key"}, args...)...)
			body, err := os.ReadFile(filepath.Join(w.dir, "signed"))
			if err != nil {
				t.Fatal(err)
			}
			mail = header + strings.ReplaceAll(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n", "\r\n")
		}
		if change != nil {
			mail = change(mail)
		}
		if err := w.post(&corpusMail{From: ctsv, Rcpt: []string{service}, Via: "submission", Auth: ctsv}, []byte(mail)); err != nil {
			t.Fatal(err)
		}
		w.await(id+" is judged", time.Minute, func() bool { m := mailsOf(t, a); return len(m) == n && m[n-1].Outcome != "" })
		return mailsOf(t, a)[n-1]
	}
	for _, tt := range []struct {
		id, signer string
		change     func(string) string
		args       []string
		state      bot.State
		shown      []string
	}{
		{"unsigned", "", nil, nil, bot.WaitingUnit, []string{"evidence: E1", "FRM-18"}},
		{"head-opaque", "head", nil, []string{"-nodetach"}, bot.Received, []string{"evidence: E3", "signature: good on the mail by Nguyễn Thị Lan", "issued by CA vi du"}},
		{"head-stream", "head", nil, []string{"-nodetach", "-stream"}, bot.Received, []string{"evidence: E3", "signature: good"}},
		{"head-detached", "head", nil, nil, bot.Received, []string{"evidence: E3", "signature: good"}},
		{"clerk", "clerk", nil, nil, bot.Received, []string{"evidence: E3", "signature: good on the mail by Trần Văn Minh (ctsv@truong.example)"}},
		{"another-person", "other", nil, []string{"-nodetach"}, bot.WaitingUnit, []string{"evidence: E1", "signature: other_person", "FRM-11", "FRM-18"}},
		{"same-name-elsewhere", "alien", nil, nil, bot.WaitingUnit, []string{"evidence: E1", "signature: untrusted", "FRM-11"}},
		{"changed", "head", func(m string) string {
			return strings.Replace(m, "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: BASE64", 1)
		}, nil, bot.WaitingUnit,
			[]string{"evidence: E1", "signature: changed", "FRM-11"}},
	} {
		m := send(tt.id, tt.signer, tt.change, tt.args...)
		if m.Outcome != store.IsCase {
			t.Errorf("%s: %s %s", tt.id, m.Outcome, m.Reason)
			continue
		}
		shown := w.must("case", "show", m.Number, "--as", "lan")
		for _, want := range append(tt.shown, string(tt.state)) {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: %q is not shown in\n%s", tt.id, want, shown)
			}
		}
		if _, history, _ := strings.Cut(shown, "mail_became_case"); strings.Contains(history, "Nguyễn Thị Lan") {
			t.Errorf("%s: an event tells a name:\n%s", tt.id, shown)
		}
	}
}
