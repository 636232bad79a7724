package signature_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"vanthu/mailer/signature"
	"vanthu/mailer/signature/signaturetest"
)

const content = "Content-Type: text/plain; charset=utf-8\r\n\r\nĐề nghị cấp tài khoản.\r\n"

func TestMails(t *testing.T) {
	t.Parallel()
	ca := signaturetest.Authority(t, "CA ví dụ")
	lan := ca.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil)
	other := ca.Issue(t, "Trần Văn Minh", "minh@truong.example", nil)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	byRSA, byWeak := ca.Certify(t, rsaKey, "Lê Hòa", "hoa@truong.example", nil), ca.Certify(t, weakKey, "Lê Hòa", "hoa@truong.example", nil)
	type options = signaturetest.Options
	for _, tt := range []struct {
		name    string
		signer  signaturetest.Person
		options options
		content string // as it arrives; "": as it was signed
		object  func([]byte) []byte
		want    signature.Fault
	}{
		{name: "as usual", signer: lan},
		{name: "RSA", signer: byRSA},
		{name: "SHA-512", signer: lan, options: options{Hash: crypto.SHA512}},
		{name: "bare line feeds", signer: lan, content: strings.ReplaceAll(content, "\r\n", "\n")},
		{name: "names its certificate", signer: lan, options: options{Names: &lan}},
		{name: "indefinite lengths", signer: lan, options: options{Indefinite: true}},
		{name: "another content", signer: lan, content: strings.Replace(content, "cấp", "xóa", 1), want: signature.Changed},
		{name: "one more line", signer: lan, content: content + "\r\n", want: signature.Changed},
		{name: "another digest", signer: lan, options: options{Digest: make([]byte, 32)}, want: signature.Changed},
		{name: "digest twice", signer: lan, options: options{Twice: true}, want: signature.Unreadable},
		{name: "without attributes", signer: lan, options: options{NoAttributes: true}, want: signature.Unknown},
		{name: "another content type in the attributes", signer: lan, options: options{SaysKind: asn1.ObjectIdentifier{1, 2, 3}}, want: signature.Unreadable},
		{name: "another content type", signer: lan, options: options{Kind: asn1.ObjectIdentifier{1, 2, 3}}, want: signature.Unreadable},
		{name: "SHA-1", signer: lan, options: options{Hash: crypto.SHA1}, want: signature.Weak},
		{name: "small RSA key", signer: byWeak, want: signature.Weak},
		{name: "no certificate", signer: lan, options: options{NoCerts: true}, want: signature.NoSigner},
		{name: "only another's certificate", signer: lan, options: options{NoCerts: true, With: []signaturetest.Person{other}}, want: signature.NoSigner},
		{name: "names another's certificate", signer: lan, options: options{Names: &other}, want: signature.Invalid},
		{name: "another's key", signer: signaturetest.Person{Cert: lan.Cert, Key: other.Key}, want: signature.Invalid},
		{name: "cut off", signer: lan, object: func(b []byte) []byte { return b[:len(b)-10] }, want: signature.Unreadable},
		{name: "something behind it", signer: lan, object: func(b []byte) []byte { return append(b, 1) }, want: signature.Unreadable},
		{name: "nothing", signer: lan, object: func([]byte) []byte { return nil }, want: signature.Unreadable},
		{name: "with its content although detached", signer: lan, options: options{Opaque: true}, want: signature.Unreadable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			object := tt.signer.CMS(t, []byte(content), tt.options)
			if tt.object != nil {
				object = tt.object(object)
			}
			arrived := content
			if tt.content != "" {
				arrived = tt.content
			}
			got := signature.InMail([]byte(arrived), object, true)
			if len(got) != 1 || got[0].Fault != tt.want || !got[0].Whole {
				t.Errorf("%+v; want fault %q", got, tt.want)
			}
			if tt.content != "" || tt.object != nil || tt.options.Opaque {
				return
			}
			tt.options.Opaque = true
			got = signature.InMail(nil, tt.signer.CMS(t, []byte(content), tt.options), false)
			if len(got) != 1 || got[0].Fault != tt.want || got[0].Whole {
				t.Errorf("opaque: %+v; want fault %q", got, tt.want)
			}
		})
	}
}

// The attributes of one signature must not pass as the content of another one without attributes: both are hashed alike.
func TestAttributesAreNoContent(t *testing.T) {
	t.Parallel()
	lan := signaturetest.Authority(t, "CA ví dụ").Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil)
	attributes := []byte{0x31, 0x00}
	got := signature.InMail(attributes, lan.CMS(t, attributes, signaturetest.Options{NoAttributes: true}), true)
	if len(got) != 1 || got[0].Fault == signature.Intact {
		t.Errorf("%+v", got)
	}
}

func TestPDF(t *testing.T) {
	t.Parallel()
	ca := signaturetest.Authority(t, "CA ví dụ")
	lan, minh := ca.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil), ca.Issue(t, "Trần Văn Minh", "minh@truong.example", nil)
	page := signaturetest.Page("BAN DE NGHI")
	file := lan.PDF(t, page, signaturetest.Options{})
	faults := func(data []byte) (said []string) {
		for _, s := range signature.InPDF("de nghi.pdf", data) {
			whole := "part"
			if s.Whole {
				whole = "whole"
			}
			said = append(said, strings.TrimSpace(whole+" "+string(s.Fault)))
		}
		return said
	}
	replace := func(old, by string) []byte { return bytes.Replace(bytes.Clone(file), []byte(old), []byte(by), 1) }
	at := bytes.Index(file, []byte("/Contents <")) + len("/Contents ")
	end := at + bytes.IndexByte(file[at:], '>')
	within := func(at int, text string) []byte {
		d := bytes.Clone(file)
		copy(d[at:], text)
		return d
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"as usual", file, "whole"},
		{"no signature", page, ""},
		{"signed twice", minh.PDF(t, file, signaturetest.Options{}), "part,whole"},
		{"text changed", replace("BAN DE NGHI", "BAN TU CHOI"), "whole changed"},
		{"something appended", append(bytes.Clone(file), "\n% x\n"...), "part"},
		{"an update appended", update(file), "part"},
		{"a line break appended", append(bytes.Clone(file), '\n'), "part"},
		{"one byte less", file[:len(file)-1], "part unreadable"},
		{"something in front", append([]byte("x"), file...), "part unreadable"},
		{"the range begins later", replace("/ByteRange [0 ", "/ByteRange [9 "), "part unreadable"},
		{"another string in the gap", within(at, "("), "part unreadable"},
		{"a string without its end", within(end, "0"), "part unreadable"},
		{"text in the gap", within(end-8, "(hidden)"), "part unreadable"},
		{"a blank in the gap", within(end-1, " "), "part unreadable"},
		{"the padding changed", within(end-1, "1"), "part unreadable"},
		{"a second range of a forger", append(bytes.Clone(file), "\n9 0 obj <</ByteRange [0 1 9999999999 9999999999]>>"...), "part,part unreadable"},
		{"with its content", lan.PDF(t, page, signaturetest.Options{Kind: asn1.ObjectIdentifier{1, 2, 3}}), "part unknown"},
		{"a time stamp", lan.PDF(t, page, signaturetest.Options{Kind: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}}), ""},
	} {
		if got := strings.Join(faults(tt.data), ","); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// update appends what a program does that fills in a form or adds a page, without signing again.
func update(file []byte) []byte {
	return append(bytes.Clone(file), "4 0 obj\n<< /Length 30 >>\nstream\nBT /F1 12 Tf (200 nguoi) Tj ET\nendstream\nendobj\nxref\n4 1\n0000000000 00000 n \ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"...)
}

func TestWhoSigned(t *testing.T) {
	t.Parallel()
	ca, foreign := signaturetest.Authority(t, "CA ví dụ"), signaturetest.Authority(t, "CA ví dụ")
	sub := ca.Issue(t, "CA cấp dưới", "", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	})
	forTLS := ca.Issue(t, "CA máy chủ", "", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	now := time.Now()
	day := 24 * time.Hour
	type options = signaturetest.Options
	lan := func(change func(*x509.Certificate)) signaturetest.Person {
		return ca.Issue(t, "Nguyễn Thị Lan", "CTSV@truong.example", change)
	}
	for _, tt := range []struct {
		name     string
		signer   signaturetest.Person
		options  options
		roots    *x509.CertPool
		received time.Time
		want     signature.Distrust
	}{
		{name: "as usual", signer: lan(nil)},
		{name: "no roots", signer: lan(nil), roots: nil, want: signature.NoRoots},
		{name: "another root of the same name", signer: foreign.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil), want: signature.Untrusted},
		{name: "self-signed", signer: signaturetest.Authority(t, "Nguyễn Thị Lan"), want: signature.NotForThis},
		{name: "by an authority below", signer: sub.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil), options: options{With: []signaturetest.Person{sub}}},
		{name: "its certificate missing", signer: sub.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil), want: signature.Untrusted},
		{name: "by a person", signer: lan(nil).Issue(t, "Lê Hòa", "ctsv@truong.example", nil), options: options{With: []signaturetest.Person{lan(nil)}}, want: signature.Untrusted},
		{name: "received when it had expired", signer: lan(nil), received: now.Add(2 * day), want: signature.Expired},
		{name: "signed before it was valid", signer: lan(nil), options: options{At: now.Add(-3 * day)}, want: signature.Expired},
		{name: "signed later than received", signer: lan(func(c *x509.Certificate) { c.NotAfter = now.Add(90 * day) }), options: options{At: now.Add(9 * day)}, want: signature.FromFuture},
		{name: "expired, dated back", signer: lan(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) }), options: options{At: now.Add(-2 * time.Hour)}, want: signature.Expired},
		{name: "for servers", signer: lan(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), want: signature.NotForThis},
		{name: "for documents", signer: lan(func(c *x509.Certificate) {
			c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 36}}
		})},
		{name: "for anything", signer: lan(func(c *x509.Certificate) { c.ExtKeyUsage = nil })},
		{name: "by an authority for servers", signer: forTLS.Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil), options: options{With: []signaturetest.Person{forTLS}}, want: signature.NotForThis},
		{name: "a key for encryption", signer: lan(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), want: signature.NotForThis},
		{name: "a key for lasting signatures", signer: lan(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := signature.InMail([]byte(content), tt.signer.CMS(t, []byte(content), tt.options), true)
			if len(found) != 1 || found[0].Fault != signature.Intact {
				t.Fatalf("%+v", found)
			}
			roots, received := signaturetest.Pool(ca), now
			if tt.want == signature.NoRoots {
				roots = tt.roots
			}
			if !tt.received.IsZero() {
				received = tt.received
			}
			if got := signature.Check(found[0], roots, received); got.Distrust != tt.want {
				t.Errorf("%+v; want %q", got, tt.want)
			}
		})
	}
	got := signature.Check(signature.InMail([]byte(content), lan(nil).CMS(t, []byte(content), options{}), true)[0], signaturetest.Pool(ca), now)
	if got.Name != "Nguyễn Thị Lan" || len(got.Emails) != 1 || got.Emails[0] != "ctsv@truong.example" || got.Issuer != "CA ví dụ" {
		t.Errorf("%+v", got)
	}
}
