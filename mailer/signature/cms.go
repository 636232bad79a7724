package signature

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // the hash that an old attribute names a certificate by
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

// The object identifiers of CMS (RFC 5652), its attributes (RFC 5035) and time stamps (RFC 3161).
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidTimeStamp     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// A cms is a SignedData object (RFC 5652 §5.1), taken apart.
type cms struct {
	kind         asn1.ObjectIdentifier // of the content
	content      []byte
	detached     bool // the content stands elsewhere
	certificates []*x509.Certificate
	signers      []cryptobyte.String
}

// parse reads a SignedData object; false when there is none. Zeros may stand behind it: PDF files leave room.
func parse(data []byte) (c *cms, ok bool) {
	der, rest, err := toDER(data)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, false
	}
	input := cryptobyte.String(der)
	var info, explicit, signed, encapsulated, algorithms cryptobyte.String
	var kind asn1.ObjectIdentifier
	var version int
	if !input.ReadASN1(&info, tags.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&explicit, tags.Tag(0).ContextSpecific().Constructed()) || !explicit.ReadASN1(&signed, tags.SEQUENCE) ||
		!signed.ReadASN1Integer(&version) || !signed.ReadASN1(&algorithms, tags.SET) || !signed.ReadASN1(&encapsulated, tags.SEQUENCE) {
		return nil, false
	}
	c = &cms{detached: true}
	if !encapsulated.ReadASN1ObjectIdentifier(&c.kind) {
		return nil, false
	}
	if !encapsulated.Empty() {
		var content, octets cryptobyte.String
		if !encapsulated.ReadASN1(&content, tags.Tag(0).ContextSpecific().Constructed()) || !content.ReadASN1(&octets, tags.OCTET_STRING) || !content.Empty() {
			return nil, false
		}
		c.content, c.detached = octets, false
	}
	var certificates, lists, signers cryptobyte.String
	var has bool
	if !signed.ReadOptionalASN1(&certificates, &has, tags.Tag(0).ContextSpecific().Constructed()) ||
		!signed.ReadOptionalASN1(&lists, &has, tags.Tag(1).ContextSpecific().Constructed()) || !signed.ReadASN1(&signers, tags.SET) {
		return nil, false
	}
	c.readCertificates(certificates)
	for !signers.Empty() && len(c.signers) < maxSigners {
		var s cryptobyte.String
		if !signers.ReadASN1(&s, tags.SEQUENCE) {
			return nil, false
		}
		c.signers = append(c.signers, s)
	}
	return c, len(c.signers) > 0
}

func (c *cms) readCertificates(certificates cryptobyte.String) {
	size := 0
	for !certificates.Empty() && len(c.certificates) < maxCertificates {
		var one cryptobyte.String
		var tag tags.Tag
		if !certificates.ReadAnyASN1Element(&one, &tag) {
			return
		}
		if size += len(one); tag != tags.SEQUENCE || size > maxCertBytes {
			continue // attribute certificates and older forms
		}
		if cert, err := x509.ParseCertificate(one); err == nil {
			c.certificates = append(c.certificates, cert)
		}
	}
}

// verify judges one signer. content is what was signed.
func (c *cms) verify(info cryptobyte.String, content []byte) Signature {
	var version int
	var algorithm, attributes, method cryptobyte.String
	var signature []byte
	var has bool
	s := Signature{Fault: Unreadable}
	if !info.ReadASN1Integer(&version) {
		return s
	}
	cert, ok := c.signer(&info)
	if !ok || !info.ReadASN1(&algorithm, tags.SEQUENCE) {
		return s
	}
	rest := info
	if !info.ReadOptionalASN1(&attributes, &has, tags.Tag(0).ContextSpecific().Constructed()) {
		return s
	}
	signed := []byte(rest)[:len(rest)-len(info)]
	if !info.ReadASN1(&method, tags.SEQUENCE) || !info.ReadASN1Bytes(&signature, tags.OCTET_STRING) {
		return s
	}
	if cert == nil {
		s.Fault = NoSigner
		return s
	}
	s.Certificates = [][]byte{cert.Raw}
	for _, other := range c.certificates {
		if !other.Equal(cert) {
			s.Certificates = append(s.Certificates, other.Raw)
		}
	}
	hash, fault := hashOf(algorithm)
	if fault != Intact {
		s.Fault = fault
		return s
	}
	// Without attributes the content itself would be signed, and attributes of another signature could be shown as content
	// (RFC 5652 §5.4 hashes both alike). No mail program and no PDF leaves them out.
	if !has {
		s.Fault = Unknown
		return s
	}
	a, ok := readAttributes(attributes)
	if !ok || !a.kind.Equal(c.kind) {
		return s
	}
	s.Signed = a.at
	h := hash.New()
	h.Write(content)
	if subtle.ConstantTimeCompare(h.Sum(nil), a.digest) != 1 {
		s.Fault = Changed
		return s
	}
	check, fault := methodOf(method, hash, cert)
	if fault != Intact {
		s.Fault = fault
		return s
	}
	set := append([]byte{0x31}, signed[1:]...) // signed as a SET, not as [0] (§5.4)
	if !a.names(cert) || check(set, signature) != nil {
		s.Fault = Invalid
		return s
	}
	s.Fault = Intact
	return s
}

// signer finds the certificate that a SignerInfo names (§5.3): by issuer and serial number, or by its key identifier; nil
// when it did not come along.
func (c *cms) signer(info *cryptobyte.String) (*x509.Certificate, bool) {
	keyTag := tags.Tag(0).ContextSpecific()
	if info.PeekASN1Tag(keyTag) {
		var id cryptobyte.String
		if !info.ReadASN1(&id, keyTag) {
			return nil, false
		}
		for _, cert := range c.certificates {
			if len(cert.SubjectKeyId) > 0 && bytes.Equal(cert.SubjectKeyId, id) {
				return cert, true
			}
		}
		return nil, true
	}
	var id, issuer cryptobyte.String
	serial := new(big.Int)
	if !info.ReadASN1(&id, tags.SEQUENCE) || !id.ReadASN1Element(&issuer, tags.SEQUENCE) || !id.ReadASN1Integer(serial) {
		return nil, false
	}
	for _, cert := range c.certificates {
		if cert.SerialNumber.Cmp(serial) == 0 && bytes.Equal(cert.RawIssuer, issuer) {
			return cert, true
		}
	}
	return nil, true
}

// signedAttributes are those that are looked at (§11, RFC 5035).
type signedAttributes struct {
	kind    asn1.ObjectIdentifier
	digest  []byte
	at      time.Time
	certs   []byte // ESSCertIDv2 or ESSCertID of the signer, nil: none is named
	certsV2 bool
}

// readAttributes reads them; each that counts may stand once, with one value.
func readAttributes(attributes cryptobyte.String) (a signedAttributes, ok bool) {
	seen := map[string]bool{}
	for !attributes.Empty() {
		var one, values cryptobyte.String
		var kind asn1.ObjectIdentifier
		if !attributes.ReadASN1(&one, tags.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&kind) || !one.ReadASN1(&values, tags.SET) || !one.Empty() {
			return a, false
		}
		if seen[kind.String()] {
			return a, false
		}
		seen[kind.String()] = true
		ok := true
		switch {
		case kind.Equal(oidContentType):
			ok = values.ReadASN1ObjectIdentifier(&a.kind) && values.Empty()
		case kind.Equal(oidDigest):
			ok = values.ReadASN1Bytes(&a.digest, tags.OCTET_STRING) && values.Empty()
		case kind.Equal(oidSigningTime):
			a.at, ok = readTime(&values)
		case kind.Equal(oidCertificate), kind.Equal(oidCertificateV2):
			var list, ids, first cryptobyte.String
			ok = values.ReadASN1(&list, tags.SEQUENCE) && list.ReadASN1(&ids, tags.SEQUENCE) && ids.ReadASN1(&first, tags.SEQUENCE)
			if v2 := kind.Equal(oidCertificateV2); ok && (v2 || a.certs == nil) {
				a.certs, a.certsV2 = first, v2
			}
		}
		if !ok {
			return a, false
		}
	}
	return a, a.kind != nil && a.digest != nil
}

func readTime(values *cryptobyte.String) (at time.Time, ok bool) {
	if values.PeekASN1Tag(tags.GeneralizedTime) {
		ok = values.ReadASN1GeneralizedTime(&at)
	} else {
		ok = values.ReadASN1UTCTime(&at)
	}
	return at, ok && values.Empty()
}

// names says whether the attribute that names the signer's certificate names this one; without the attribute it does.
func (a signedAttributes) names(cert *x509.Certificate) bool {
	if a.certs == nil {
		return true
	}
	id, hash := cryptobyte.String(a.certs), crypto.SHA1
	if a.certsV2 {
		hash = crypto.SHA256
		if id.PeekASN1Tag(tags.SEQUENCE) {
			var algorithm cryptobyte.String
			var fault Fault
			if !id.ReadASN1(&algorithm, tags.SEQUENCE) {
				return false
			}
			if hash, fault = hashOf(algorithm); fault != Intact {
				return false
			}
		}
	}
	var sum []byte
	if !id.ReadASN1Bytes(&sum, tags.OCTET_STRING) {
		return false
	}
	h := hash.New()
	h.Write(cert.Raw)
	return bytes.Equal(h.Sum(nil), sum)
}
