// Package signaturetest makes certificates of invented people and signs with them, for tests: mails and PDF files as mail
// programs and signing programs write them, and such as only a forger writes.
package signaturetest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // forgers and old programs use it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Person has a key and a certificate. An authority is one, too.
type Person struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// Authority makes a root.
func Authority(t testing.TB, name string) Person {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Person{Key: key}.certified(t, Person{Key: key}, template(name, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage, c.EmailAddresses = true, true, x509.KeyUsageCertSign, nil, nil
	}))
}

// Issue makes a person with a certificate of the authority. change may alter the certificate before it is signed; nil: as usual.
func (p Person) Issue(t testing.TB, name, email string, change func(*x509.Certificate)) Person {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p.Certify(t, key, name, email, change)
}

// Certify issues a certificate for a key.
func (p Person) Certify(t testing.TB, key crypto.Signer, name, email string, change func(*x509.Certificate)) Person {
	t.Helper()
	return Person{Key: key}.certified(t, p, template(name, func(c *x509.Certificate) {
		if email != "" {
			c.EmailAddresses = []string{email}
		}
		if change != nil {
			change(c)
		}
	}))
}

func template(name string, change func(*x509.Certificate)) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-24 * time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
	change(c)
	return c
}

func (p Person) certified(t testing.TB, ca Person, c *x509.Certificate) Person {
	t.Helper()
	issuer := ca.Cert
	if issuer == nil {
		issuer = c // itself
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, p.Key.Public(), ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	if p.Cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return p
}

// Pool is the roots that believe these authorities.
func Pool(authorities ...Person) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, a := range authorities {
		pool.AddCert(a.Cert)
	}
	return pool
}

// Options are how a CMS object departs from the usual one.
type Options struct {
	Opaque       bool                  // with its content
	Kind         asn1.ObjectIdentifier // of the content; nil: data
	SaysKind     asn1.ObjectIdentifier // the attribute; nil: Kind
	NoAttributes bool
	Twice        bool // the digest attribute stands twice
	Digest       []byte
	Hash         crypto.Hash // 0: SHA-256
	At           time.Time   // zero: now
	With         []Person    // further certificates
	NoCerts      bool
	Names        *Person // whose certificate the attribute names; nil: no such attribute
	Indefinite   bool    // BER with indefinite lengths, the content in pieces
}

var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	hashes        = map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1: {1, 3, 14, 3, 2, 26}, crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3}}
)

// CMS signs content.
func (p Person) CMS(t testing.TB, content []byte, o Options) []byte {
	t.Helper()
	if o.Hash == 0 {
		o.Hash = crypto.SHA256
	}
	if o.Kind == nil {
		o.Kind = oidData
	}
	if o.SaysKind == nil {
		o.SaysKind = o.Kind
	}
	if o.At.IsZero() {
		o.At = time.Now()
	}
	if o.Digest == nil {
		o.Digest = sum(o.Hash, content)
	}
	attributes := bytes.Join([][]byte{attribute(9, 3, der(t, o.SaysKind)), attribute(9, 5, der(t, o.At.UTC())), attribute(9, 4, der(t, o.Digest))}, nil)
	if o.Twice {
		attributes = append(attributes, attribute(9, 4, der(t, o.Digest))...)
	}
	if o.Names != nil {
		attributes = append(attributes, seq(oid(t, 1, 2, 840, 113549, 1, 9, 16, 2, 47), tlv(0x31, seq(seq(seq(der(t, sum(crypto.SHA256, o.Names.Cert.Raw)))))))...)
	}
	signed := tlv(0x31, attributes)
	if o.NoAttributes {
		signed = content
	}
	raw, err := p.Key.Sign(rand.Reader, sum(o.Hash, signed), o.Hash)
	if err != nil {
		t.Fatal(err)
	}
	method := seq(oid(t, 1, 2, 840, 10045, 4, 3, map[crypto.Hash]int{crypto.SHA256: 2, crypto.SHA384: 3, crypto.SHA512: 4, crypto.SHA1: 2}[o.Hash]))
	if _, ok := p.Key.(*rsa.PrivateKey); ok {
		method = seq(oid(t, 1, 2, 840, 113549, 1, 1, 1), []byte{5, 0})
	}
	digest := seq(der(t, hashes[o.Hash]))
	info := [][]byte{der(t, 1), seq(p.Cert.RawIssuer, der(t, p.Cert.SerialNumber)), digest}
	if !o.NoAttributes {
		info = append(info, tlv(0xa0, attributes))
	}
	info = append(info, method, der(t, raw))
	encapsulated := [][]byte{der(t, o.Kind)}
	if o.Opaque {
		encapsulated = append(encapsulated, tlv(0xa0, tlv(4, content)))
	}
	var certificates []byte
	if !o.NoCerts {
		for _, c := range append([]Person{p}, o.With...) {
			certificates = append(certificates, c.Cert.Raw...)
		}
	}
	if o.Indefinite {
		if o.Opaque {
			encapsulated[1] = open(0xa0, open(0x24, pieces(content)))
		}
		return open(0x30, der(t, oidSignedData), open(0xa0, open(0x30, der(t, 1), tlv(0x31, digest), open(0x30, encapsulated...), open(0xa0, certificates), tlv(0x31, seq(info...)))))
	}
	return seq(der(t, oidSignedData), tlv(0xa0, seq(der(t, 1), tlv(0x31, digest), seq(encapsulated...), tlv(0xa0, certificates), tlv(0x31, seq(info...)))))
}

func sum(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

func attribute(arc, n int, value []byte) []byte {
	id, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, arc, n})
	if err != nil {
		panic(err)
	}
	return seq(id, tlv(0x31, value))
}

func der(t testing.TB, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func oid(t testing.TB, arcs ...int) []byte {
	t.Helper()
	return der(t, asn1.ObjectIdentifier(arcs))
}

func seq(parts ...[]byte) []byte { return tlv(0x30, bytes.Join(parts, nil)) }

func tlv(tag byte, content []byte) []byte {
	switch n := len(content); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	case n < 0x10000:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	default:
		return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
	}
}

// open is an element of indefinite length (X.690 §8.1.3.6).
func open(tag byte, parts ...[]byte) []byte {
	return append(append([]byte{tag, 0x80}, bytes.Join(parts, nil)...), 0, 0)
}

func pieces(content []byte) (all []byte) {
	for len(content) > 0 {
		n := min(len(content), 1000)
		all, content = append(all, tlv(4, content[:n])...), content[n:]
	}
	return all
}

// Detached is the body of a mail, with its header fields, that carries content signed in the open (RFC 8551 §3.5.3.3).
func (p Person) Detached(t testing.TB, content string, o Options) string {
	t.Helper()
	return "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=sgn\r\n\r\n--sgn\r\n" +
		content + "\r\n--sgn\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=smime.p7s\r\n\r\n" + lines(p.CMS(t, []byte(content), o)) + "--sgn--\r\n"
}

// Opaque is the body of a mail that is signed as one piece (RFC 8551 §3.5.2).
func (p Person) Opaque(t testing.TB, content string, o Options) string {
	t.Helper()
	o.Opaque = true
	return "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		lines(p.CMS(t, []byte(content), o))
}

func lines(data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 0 {
		n := min(len(text), 76)
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return b.String()
}

var (
	rootOf = regexp.MustCompile(`/Root (\d+) 0 R`)
	sizeOf = regexp.MustCompile(`/Size (\d+)`)
)

// PDF signs a file by an incremental update (ISO 32000-2 §12.8): a signature field in the form of the document. The file must have
// classic cross-reference tables and its catalog in the open.
func (p Person) PDF(t testing.TB, file []byte, o Options) []byte {
	t.Helper()
	const room = 8000
	base := len(file)
	prev := strings.TrimSpace(string(file[bytes.LastIndex(file, []byte("startxref"))+len("startxref"):]))
	prev, _, _ = strings.Cut(prev, "\n")
	trailer := file[bytes.LastIndex(file, []byte("trailer")):]
	root := string(rootOf.FindSubmatch(trailer)[1])
	size, err := strconv.Atoi(string(sizeOf.FindSubmatch(trailer)[1]))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(file, []byte("\n"+root+" 0 obj")) + 1
	catalog := string(file[at : at+bytes.Index(file[at:], []byte("endobj"))])
	if strings.Contains(catalog, "/Fields [") {
		catalog = strings.Replace(catalog, "/Fields [", fmt.Sprintf("/Fields [%d 0 R ", size), 1)
	} else {
		catalog = strings.Replace(catalog, "<<", fmt.Sprintf("<< /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> ", size), 1)
	}
	var b bytes.Buffer
	b.Write(file)
	var offsets [3]int
	offsets[0] = b.Len()
	fmt.Fprintf(&b, "%sendobj\n", catalog)
	offsets[1] = b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Sig /T (Sig%d) /V %d 0 R /Rect [0 0 0 0] /F 132 >>\nendobj\n", size, base, size+1)
	offsets[2] = b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [", size+1)
	rangeAt := b.Len()
	fmt.Fprintf(&b, "%44s] /Contents ", "")
	gap := b.Len()
	b.WriteString("<" + strings.Repeat("0", room) + ">")
	behind := b.Len()
	b.WriteString(" >>\nendobj\n")
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n%s 1\n%010d 00000 n \n%d 2\n%010d 00000 n \n%010d 00000 n \ntrailer\n<< /Size %d /Root %s 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n",
		root, offsets[0], size, offsets[1], offsets[2], size+2, root, prev, xref)
	out := b.Bytes()
	copy(out[rangeAt:], fmt.Sprintf("0 %d %d %d", gap, behind, len(out)-behind))
	signed := append(append([]byte{}, out[:gap]...), out[behind:]...)
	object := p.CMS(t, signed, o)
	if hex.EncodedLen(len(object)) > room {
		t.Fatal("signaturetest: the signature has no room")
	}
	hex.Encode(out[gap+1:], object)
	return out
}

// Page is a PDF file with one page that says text, for PDF to sign.
func Page(text ...string) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(offsets)}, args...)...)
	}
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	var shown strings.Builder
	shown.WriteString("BT /F1 12 Tf 72 780 Td 18 TL ")
	for _, line := range text {
		fmt.Fprintf(&shown, "(%s) Tj T* ", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(line))
	}
	shown.WriteString("ET")
	object("<< /Length %d >>\nstream\n%s\nendstream", shown.Len(), shown.String())
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	return b.Bytes()
}
