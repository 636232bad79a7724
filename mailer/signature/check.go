package signature

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"time"
)

// A Signer is who a signature is of, by his certificate.
type Signer struct {
	Name     string   // common name
	Emails   []string // lower case
	Issuer   string   // common name of who issued the certificate
	Distrust Distrust // why the certificate is not believed; "" it is
}

// Distrust is why a certificate is not believed.
type Distrust string

// The reasons.
const (
	Trusted    Distrust = ""
	NoRoots    Distrust = "no_roots"  // none are configured
	Untrusted  Distrust = "untrusted" // no chain to a root
	Expired    Distrust = "expired"   // not valid at the moment, or not when it was signed
	NotForThis Distrust = "purpose"   // the certificate is not made for signing documents or mail
	FromFuture Distrust = "future"    // signed later than it was received
)

// The purposes (extended key usages) beside e-mail that documents are signed with: RFC 9336, Microsoft's and Adobe's.
var documentPurposes = []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 36}, {1, 3, 6, 1, 4, 1, 311, 10, 3, 12}, {1, 2, 840, 113583, 1, 1, 5}}

// ahead is how far a signer's clock may be ahead of ours.
const ahead = 24 * time.Hour

// Check says who made an intact signature, and whether his certificate is to be believed at the moment at which the signature
// was received: it must be valid then, and at the time that the signer claims. A claimed time alone is never enough: whoever
// has a key can claim any.
func Check(s Signature, roots *x509.CertPool, received time.Time) Signer {
	certs := make([]*x509.Certificate, 0, len(s.Certificates))
	for _, der := range s.Certificates {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return Signer{Distrust: Untrusted}
	}
	leaf := certs[0]
	signer := Signer{Name: leaf.Subject.CommonName, Emails: emails(leaf), Issuer: leaf.Issuer.CommonName}
	signer.Distrust = distrust(s, certs, roots, received)
	return signer
}

func distrust(s Signature, certs []*x509.Certificate, roots *x509.CertPool, received time.Time) Distrust {
	leaf := certs[0]
	switch {
	case roots == nil:
		return NoRoots
	case received.Before(leaf.NotBefore) || received.After(leaf.NotAfter),
		!s.Signed.IsZero() && (s.Signed.Before(leaf.NotBefore) || s.Signed.After(leaf.NotAfter)):
		return Expired
	case s.Signed.After(received.Add(ahead)):
		return FromFuture
	case leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return NotForThis
	}
	others := x509.NewCertPool()
	for _, c := range certs[1:] {
		others.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, CurrentTime: received, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return Untrusted
	}
	if !slices.ContainsFunc(chains, forSigning) {
		return NotForThis
	}
	return Trusted
}

// forSigning says whether all of a chain below its root agrees on one purpose for which mail or documents are signed.
func forSigning(chain []*x509.Certificate) bool {
	below := chain
	if len(chain) > 1 {
		below = chain[:len(chain)-1]
	}
	allow := func(one func(*x509.Certificate) bool) bool {
		return !slices.ContainsFunc(below, func(c *x509.Certificate) bool {
			free := len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
			return !free && !one(c)
		})
	}
	if allow(func(c *x509.Certificate) bool { return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) }) {
		return true
	}
	return slices.ContainsFunc(documentPurposes, func(p asn1.ObjectIdentifier) bool {
		return allow(func(c *x509.Certificate) bool { return slices.ContainsFunc(c.UnknownExtKeyUsage, p.Equal) })
	})
}

var oidEmail = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// emails are the addresses of a certificate: its alternative names, else those in the subject (RFC 8550 §3).
func emails(c *x509.Certificate) []string {
	found := slices.Clone(c.EmailAddresses)
	if len(found) == 0 {
		for _, name := range c.Subject.Names {
			if text, ok := name.Value.(string); ok && name.Type.Equal(oidEmail) {
				found = append(found, text)
			}
		}
	}
	for i := range found {
		found[i] = strings.ToLower(found[i])
	}
	return found
}
