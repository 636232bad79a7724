package trust_test

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
)

// forgeries are what somebody outside can write into a mail of his own, to be taken for ctsv@truong.example. %SIGNED% is the
// header of a mail that the unit really signed, with another content.
var forgeries = []string{
	"Authentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\n",
	"Authentication-Results: mail.truong.example; dkim=pass header.d=truong.example; dmarc=pass header.from=truong.example\r\n",
	"AUTHENTICATION-RESULTS:\tMail.Truong.Example 1 ; dkim=pass header.d=truong.example\r\n",
	"Authentication-Results: (mail.truong.example) mail.truong.example; (x) dkim=pass header.d=truong.example\r\n",
	"ARC-Authentication-Results: i=1; mail.truong.example; dkim=pass header.d=truong.example\r\n",
	"Received-SPF: pass (mail.truong.example: domain of ctsv@truong.example) envelope-from=ctsv@truong.example\r\n",
	"Received: from localhost by mail.truong.example with LMTP id 1\r\n",
	"Received: from pc (Authenticated sender: ctsv@truong.example) by mail.truong.example with ESMTPSA id 2\r\n",
	"Sender: ctsv@truong.example\r\nReply-To: ctsv@truong.example\r\nReturn-Path: <ctsv@truong.example>\r\n",
	"X-Authenticated-Sender: ctsv@truong.example\r\nX-Auth: pass\r\n",
	"%SIGNED%", // a replayed signature
	"Auto-Submitted: auto-replied\r\nIn-Reply-To: <answer@truong.example>\r\n",
}

// TestPain38SpoofedFrom writes every combination of forgeries into a mail, in both orders around its From, and lets our MTA
// say nothing, dkim=none, or another person's login above it: never is the sender believed.
func TestPain38SpoofedFrom(t *testing.T) {
	t.Parallel()
	theirKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	dns := zone{"k1._domainkey.truong.example": {record(t, rsaKey(), "")}, "k1._domainkey.evil.example": {record(t, theirKey, "")}}
	signed, _, _ := strings.Cut(sign(t, strings.Replace(theirs, "Xem danh sach", "Mot thu khac", 1), &dkim.SignOptions{}), "From:")
	const from = "From: Phong CTSV <ctsv@truong.example>\r\n"
	const rest = "To: cntt@truong.example\r\nSubject: De nghi\r\nDate: Mon, 23 Nov 2026 08:30:05 +0700\r\nMessage-ID: <1@truong.example>\r\n\r\nXem danh sach.\r\n"
	believed := 0
	for set := range 1 << len(forgeries) {
		var chosen strings.Builder
		for i, f := range forgeries {
			if set>>i&1 == 1 {
				chosen.WriteString(strings.Replace(f, "%SIGNED%", signed, 1))
			}
		}
		mail := chosen.String() + from + rest
		if set%2 == 1 {
			mail = from + chosen.String() + rest
		}
		if set%16 == 0 {
			mail = sign(t, mail, &dkim.SignOptions{Domain: "evil.example", Signer: theirKey})
		}
		word := []string{"", "Authentication-Results: mail.truong.example; dkim=none\r\n",
			"Authentication-Results: mail.truong.example; auth=pass smtp.auth=sv1@truong.example\r\n",
			"Authentication-Results: mail.truong.example; spf=pass smtp.mailfrom=ctsv@truong.example\r\n"}[set/7%4]
		raw := "Return-Path: <a@evil.example>\r\n" + word + "Received: from mx.evil.example by mail.truong.example with ESMTP id 9\r\n" + mail
		p := ourPolicy()
		p.DMARC, p.Known = true, []string{"ctsv@truong.example"}
		if set%5 == 0 {
			p.AuthservID = ""
		}
		if v := judgeHere(t, raw, dns, p); v.Level == trust.Authenticated {
			if believed++; believed < 4 {
				t.Errorf("believed: %+v\n%s", v, raw)
			}
		}
	}
}

// FuzzVerify lets the sender write a whole mail; the key of evil.example is his, that of truong.example is not.
func FuzzVerify(f *testing.F) {
	stolen, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		f.Fatal(err)
	}
	dns := zone{"k1._domainkey.truong.example": {record(f, rsaKey(), "")}, "k1._domainkey.evil.example": {record(f, stolen, "")}}
	files, _ := filepath.Glob("testdata/[0-9]*/message.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Add(sign(f, theirs, &dkim.SignOptions{Signer: stolen}))
	f.Add(sign(f, theirs, &dkim.SignOptions{Domain: "evil.example", Signer: stolen}))
	f.Add(sign(f, "From: a@evil.example\r\n"+theirs, &dkim.SignOptions{Domain: "evil.example", Signer: stolen}))
	f.Fuzz(func(t *testing.T, raw string) {
		msg, err := mime.Parse([]byte(raw), mime.Limits{Size: 1 << 20})
		if err != nil {
			return
		}
		v := &trust.Verifier{TXT: dns.txt, Now: time.Now}
		got := v.Judge(t.Context(), msg, []byte(raw), trust.Policy{Known: []string{"ctsv@truong.example"}})
		if got.Level == trust.Authenticated && strings.HasSuffix(got.Address, "truong.example") {
			t.Errorf("believed: %+v", got)
		}
		if len(got.Notes) > 2000 || len(got.Why) > 5000 {
			t.Errorf("%d and %d bytes of reasons", len(got.Notes), len(got.Why))
		}
	})
}
