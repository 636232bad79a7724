package trust_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
)

// zone is the DNS of a test. A name that is not there does not exist; one whose value is nil does not answer.
type zone map[string][]string

func (z zone) txt(_ context.Context, name string) ([]string, error) {
	records, ok := z[strings.ToLower(name)]
	switch {
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case records == nil:
		return nil, errors.New("server misbehaving")
	}
	return records, nil
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func record(t testing.TB, key crypto.Signer, more string) string {
	t.Helper()
	if public, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public) + more
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; p=" + base64.StdEncoding.EncodeToString(der) + more
}

// theirs is the mail as it left the unit; ours is what our MTA writes above it: nothing of DKIM.
const (
	theirs = "From: Phong CTSV <ctsv@truong.example>\r\nTo: cntt@truong.example\r\nSubject: De nghi\r\n" +
		"Date: Mon, 23 Nov 2026 08:30:05 +0700\r\nMessage-ID: <1@truong.example>\r\n\r\nXem danh sach.\r\n"
	ours = "Return-Path: <ctsv@truong.example>\r\nReceived: from mx.truong.example by mail.truong.example with ESMTP id 2\r\n"
)

func sign(t testing.TB, mail string, o *dkim.SignOptions) string {
	t.Helper()
	if o.Signer == nil {
		o.Signer = rsaKey()
	}
	if o.Domain == "" {
		o.Domain = "truong.example"
	}
	o.Selector, o.Hash = "k1", crypto.SHA256
	if o.HeaderCanonicalization == "" {
		o.HeaderCanonicalization, o.BodyCanonicalization = dkim.CanonicalizationRelaxed, dkim.CanonicalizationRelaxed
	}
	var out bytes.Buffer
	if err := dkim.Sign(&out, strings.NewReader(mail), o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func judgeHere(t testing.TB, raw string, z zone, p trust.Policy) trust.Verdict {
	t.Helper()
	msg, err := mime.Parse([]byte(raw), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	v := &trust.Verifier{TXT: z.txt, Now: time.Now}
	return v.Judge(t.Context(), msg, []byte(raw), p)
}

func TestVerifyingOurselves(t *testing.T) {
	t.Parallel()
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := zone{"k1._domainkey.truong.example": {record(t, rsaKey(), "")}}
	plain := func(t *testing.T) string { return ours + sign(t, theirs, &dkim.SignOptions{}) }
	for _, tt := range []struct {
		name   string
		mail   func(t *testing.T) string
		dns    zone
		policy func(*trust.Policy)
		level  trust.Level
		why    string // a part of it
		later  bool
	}{
		{name: "genuine", mail: plain, level: trust.Authenticated, why: "dkim=pass header.d=truong.example (verified here)"},
		{name: "genuine without any word of our MTA", mail: plain, policy: func(p *trust.Policy) { p.AuthservID = "" }, level: trust.Authenticated, why: "dkim=pass"},
		{name: "ed25519 and simple", mail: func(t *testing.T) string {
			return ours + sign(t, theirs, &dkim.SignOptions{Signer: edKey, HeaderCanonicalization: dkim.CanonicalizationSimple, BodyCanonicalization: dkim.CanonicalizationSimple})
		}, dns: zone{"k1._domainkey.truong.example": {record(t, edKey, "")}}, level: trust.Authenticated, why: "dkim=pass"},
		{name: "domain above", mail: func(t *testing.T) string {
			return ours + sign(t, strings.Replace(theirs, "ctsv@truong", "ctsv@vp.truong", 1), &dkim.SignOptions{})
		}, level: trust.Authenticated, why: "dkim=pass header.d=truong.example"},
		{name: "domain below", mail: func(t *testing.T) string {
			return ours + sign(t, theirs, &dkim.SignOptions{Domain: "sv.truong.example"})
		}, dns: zone{"k1._domainkey.sv.truong.example": {record(t, rsaKey(), "")}}, level: trust.Unverified, why: "the signer does not speak for the From domain"},
		{name: "signer of another domain", mail: func(t *testing.T) string {
			return ours + sign(t, theirs, &dkim.SignOptions{Domain: "evil.example"})
		}, dns: zone{"k1._domainkey.evil.example": {record(t, rsaKey(), "")}}, level: trust.Unverified, why: "does not speak"},
		{name: "two signatures, ours the second", mail: func(t *testing.T) string {
			return ours + sign(t, sign(t, theirs, &dkim.SignOptions{}), &dkim.SignOptions{Domain: "relay.example"})
		}, level: trust.Authenticated, why: "dkim=pass header.d=truong.example (verified here), dkim=fail header.d=relay.example"},
		{name: "our MTA says dkim=none", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "Received:", "Authentication-Results: mail.truong.example; dkim=none\r\nReceived:", 1)
		}, level: trust.Unverified, why: "dkim=none"},
		{name: "our MTA says dkim=fail", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "Received:", "Authentication-Results: mail.truong.example; dkim=fail header.d=truong.example\r\nReceived:", 1)
		}, level: trust.Unverified, why: "dkim=fail"},
		{name: "our MTA says another login", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "Received:", "Authentication-Results: mail.truong.example; auth=pass smtp.auth=sv1@truong.example\r\nReceived:", 1)
		}, level: trust.Spoofed, why: "another than the From address"},
		{name: "our MTA cannot be read", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "Received:", "Authentication-Results: mail.truong.example; dmarc=fail (\r\nReceived:", 1)
		}, level: trust.Unverified, why: "cannot be read"},
		{name: "our MTA says spf alone", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "Received:", "Authentication-Results: mail.truong.example; spf=softfail smtp.mailfrom=ctsv@truong.example\r\nReceived:", 1)
		}, level: trust.Authenticated, why: "dkim=pass header.d=truong.example (verified here)"},
		{name: "no signature", mail: func(*testing.T) string { return ours + theirs }, level: trust.Unverified, why: "dkim=none (looked for here)"},
		{name: "body changed", mail: func(t *testing.T) string { return plain(t) + "Va them 100 nguoi.\r\n" }, level: trust.Unverified, why: "body hash did not verify"},
		{name: "subject changed", mail: func(t *testing.T) string { return strings.Replace(plain(t), "De nghi", "Xoa", 1) }, level: trust.Unverified, why: "signature did not verify"},
		{name: "from changed", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "From: Phong CTSV <ctsv@", "From: Phong CTSV <dtsdh@", 1)
		}, level: trust.Unverified, why: "signature did not verify"},
		{name: "second from on top", mail: func(t *testing.T) string {
			return ours + "From: dtsdh@truong.example\r\n" + sign(t, theirs, &dkim.SignOptions{})
		}, level: trust.Spoofed, why: "more than one From field"},
		{name: "second from with a space before its colon", mail: func(t *testing.T) string {
			signed := sign(t, strings.Replace(theirs, "From: Phong CTSV <ctsv@", "From : <sv1@", 1), &dkim.SignOptions{})
			return ours + "From: ctsv@truong.example\r\n" + signed
		}, level: trust.Spoofed, why: "more than one From"},
		{name: "second from behind a stray line", mail: func(t *testing.T) string {
			signed := sign(t, strings.Replace(theirs, "From: Phong CTSV <ctsv@", "F\x01rom: x\r\nFrom: <sv1@", 1), &dkim.SignOptions{})
			return ours + signed
		}, level: trust.Unverified, why: "is no field"},
		{name: "second subject on top", mail: func(t *testing.T) string { return ours + "Subject: Xoa\r\n" + sign(t, theirs, &dkim.SignOptions{}) }, level: trust.Unverified, why: "the field subject stands twice"},
		{name: "second content type on top", mail: func(t *testing.T) string {
			return ours + "Content-Type: text/html\r\n" + sign(t, "Content-Type: text/plain\r\n"+theirs, &dkim.SignOptions{})
		}, level: trust.Unverified, why: "the field content-type stands twice"},
		{name: "oversigned", mail: func(t *testing.T) string {
			return ours + sign(t, theirs, &dkim.SignOptions{HeaderKeys: []string{"From", "From", "Subject", "Subject", "To", "Date"}})
		}, level: trust.Authenticated, why: "dkim=pass"},
		{name: "carriage return in the header", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "Subject: De", "Subject: \rFrom: x@truong.example\r De", 1)
		}, level: trust.Unverified, why: "control character"},
		{name: "blank line on top", mail: func(t *testing.T) string { return "\r\n" + plain(t) }, level: trust.Unverified, why: "the header is empty"},
		{name: "with a length", mail: func(t *testing.T) string { return strings.Replace(plain(t), "v=1;", "v=1; l=5;", 1) }, level: trust.Unverified, why: "insecure body length"},
		{name: "expired", mail: func(t *testing.T) string {
			return ours + sign(t, theirs, &dkim.SignOptions{Expiration: time.Now().Add(-time.Minute)})
		}, level: trust.Unverified, why: "expired"},
		{name: "a tag twice", mail: func(t *testing.T) string {
			return strings.Replace(plain(t), "v=1;", "v=1; d=truong.example;", 1)
		}, level: trust.Unverified, why: "duplicate tag"},
		{name: "rsa-sha1", mail: func(t *testing.T) string { return strings.Replace(plain(t), "rsa-sha256", "rsa-sha1", 1) }, level: trust.Unverified, why: "hash algorithm too weak"},
		{name: "weak key", mail: plain, dns: zone{"k1._domainkey.truong.example": {"v=DKIM1; p=" + smallKey}}, level: trust.Unverified, why: "too short"},
		{name: "another key", mail: plain, dns: zone{"k1._domainkey.truong.example": {record(t, weak, "")}}, level: trust.Unverified, why: "did not verify"},
		{name: "revoked", mail: plain, dns: zone{"k1._domainkey.truong.example": {"v=DKIM1; p="}}, level: trust.Unverified, why: "revoked"},
		{name: "only testing", mail: plain, dns: zone{"k1._domainkey.truong.example": {record(t, rsaKey(), "; t=s:y")}}, level: trust.Unverified, why: "only testing"},
		{name: "for another service", mail: plain, dns: zone{"k1._domainkey.truong.example": {record(t, rsaKey(), "; s=tlsrpt")}}, level: trust.Unverified, why: "inappropriate service"},
		{name: "two records", mail: plain, dns: zone{"k1._domainkey.truong.example": {record(t, rsaKey(), ""), record(t, weak, "")}}, level: trust.Unverified, why: "multiple TXT"},
		{name: "a record without end", mail: plain, dns: zone{"k1._domainkey.truong.example": {record(t, rsaKey(), "; n="+strings.Repeat("x", 5000))}}, level: trust.Unverified, why: "too long"},
		{name: "no key", mail: plain, dns: zone{}, level: trust.Unverified, why: "no key for signature"},
		{name: "the DNS is away", mail: plain, dns: zone{"k1._domainkey.truong.example": nil}, level: trust.Unverified, why: "the DNS does not answer", later: true},
		{name: "the DNS is away for one of two", mail: func(t *testing.T) string {
			return ours + strings.Replace(sign(t, theirs, &dkim.SignOptions{}), "s=k1", "s=gone", 1) + ""
		}, dns: zone{"gone._domainkey.truong.example": nil}, level: trust.Unverified, why: "temperror", later: true},
		{name: "policy of the domain", mail: func(*testing.T) string { return ours + theirs }, dns: zone{"_dmarc.truong.example": {"v=DMARC1; p=reject"}},
			level: trust.Unverified, why: "dmarc policy of truong.example: reject"},
		{name: "policy of the domain above", mail: func(*testing.T) string { return ours + strings.Replace(theirs, "ctsv@truong", "ctsv@vp.truong", 1) },
			dns: zone{"_dmarc.truong.example": {"v=DMARC1; p=none; sp=reject"}}, level: trust.Unverified, why: "dmarc policy of truong.example: reject"},
		{name: "fails the policy", mail: func(*testing.T) string {
			return strings.Replace(ours, "Received:", "Authentication-Results: mail.truong.example; spf=pass smtp.mailfrom=evil.example\r\nReceived:", 1) + theirs
		}, dns: zone{"_dmarc.truong.example": {"v=DMARC1; p=quarantine"}}, level: trust.Spoofed, why: "dmarc=fail (verified here)"},
		{name: "spf of the domain itself", mail: func(*testing.T) string {
			return strings.Replace(ours, "Received:", "Authentication-Results: mail.truong.example; spf=pass smtp.mailfrom=ctsv@truong.example\r\nReceived:", 1) + theirs
		}, dns: zone{"_dmarc.truong.example": {"v=DMARC1; p=quarantine"}}, level: trust.Unverified, why: "spf=pass"},
		{name: "the policy is away", mail: func(*testing.T) string { return ours + theirs }, dns: zone{"_dmarc.truong.example": nil},
			level: trust.Unverified, why: "dmarc=temperror", later: true},
		{name: "no word of a DNS name", mail: func(t *testing.T) string { return strings.Replace(plain(t), "s=k1", "s=../x y", 1) }, level: trust.Unverified, why: "no name of a key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, dns := ourPolicy(), tt.dns
			if tt.policy != nil {
				tt.policy(&p)
			}
			if dns == nil {
				dns = good
			}
			got := judgeHere(t, tt.mail(t), dns, p)
			if got.Level != tt.level || !strings.Contains(got.Why, tt.why) || got.Temporary != tt.later {
				t.Errorf("%+v; want %s, %q, later %v", got, tt.level, tt.why, tt.later)
			}
		})
	}
}

// smallKey is an RSA key of 512 bits, which RFC 8301 §3.2 forbids; the library makes none any more.
const smallKey = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMxknZTTfoMZ/m06Z/Rx2zMCy/njzkpv6/QyfC0K9D5f5s7OCdqyaYb/7tUXOt10SEpSAn2CEgS2yPiB/BKkMgUCAwEAAQ=="

// Ten signatures are looked at, five keys are asked for, and the DNS has ten seconds for all of them.
func TestBoundsOfVerifying(t *testing.T) {
	t.Parallel()
	mail := theirs
	for range 30 {
		mail = sign(t, mail, &dkim.SignOptions{})
	}
	raw := ours + mail
	msg, err := mime.Parse([]byte(raw), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := 0
	v := &trust.Verifier{Now: time.Now, TXT: func(context.Context, string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return nil, &net.DNSError{IsNotFound: true}
	}}
	if got := v.Judge(t.Context(), msg, []byte(raw), ourPolicy()); got.Level != trust.Unverified || !strings.Contains(got.Why, "more than 10 DKIM signatures") {
		t.Errorf("%+v", got)
	}
	if asked > 5+5 { // keys, then policies
		t.Errorf("%d look-ups", asked)
	}
	slow := &trust.Verifier{Now: time.Now, Timeout: time.Millisecond, TXT: func(ctx context.Context, _ string) ([]string, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	if got := slow.Judge(t.Context(), msg, []byte(raw), ourPolicy()); got.Level != trust.Unverified || !got.Temporary {
		t.Errorf("a DNS that never answers: %+v", got)
	}
}

// A mail that our MTA vouches for needs no DNS.
func TestProvenMailAsksNoDNS(t *testing.T) {
	t.Parallel()
	raw := strings.Replace(ours, "Received:", "Authentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\nReceived:", 1) + theirs
	msg, err := mime.Parse([]byte(raw), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	v := &trust.Verifier{Now: time.Now, TXT: func(_ context.Context, name string) ([]string, error) {
		return nil, fmt.Errorf("asked for %s", name)
	}}
	if got := v.Judge(t.Context(), msg, []byte(raw), ourPolicy()); got.Level != trust.Authenticated || strings.Contains(got.Why, "DNS") {
		t.Errorf("%+v", got)
	}
}
