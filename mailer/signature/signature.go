// Package signature verifies digital signatures: those of mails (S/MIME, RFC 8551) and those in PDF files (ISO 32000-2 §12.8,
// PAdES). All of them are CMS (RFC 5652). Reading one is apart from trusting its signer: InMail and InPDF are pure and made for
// bytes of strangers; Check holds what they found against roots and a moment.
//
// It must not know units, nor who may sign for whom. It knows no revocation: nobody is asked whether a certificate was withdrawn.
package signature

import "time"

// A Signature is one signer's signature, as it was found.
type Signature struct {
	File         string    // the attachment that holds it; "" the mail itself
	Whole        bool      // it covers all of the file or the mail; false: something was added or stands beside it
	Fault        Fault     // why it proves nothing; "" it is intact
	Signed       time.Time // when, as the signer says; zero: he does not
	Certificates [][]byte  // DER; the signer's own first, then what came with it
}

// A Fault is why a signature proves nothing, whoever made it.
type Fault string

// The faults.
const (
	Intact     Fault = ""
	Changed    Fault = "changed"    // the content is not what was signed
	Invalid    Fault = "invalid"    // the signature is not of its certificate
	Unreadable Fault = "unreadable" // no CMS, or more of it than is read
	NoSigner   Fault = "no_signer"  // the signer's certificate is not there
	Weak       Fault = "weak"       // SHA-1 or older, an RSA key under 2048 bits
	Unknown    Fault = "unknown"    // an algorithm or a form that is not read
)

// Bounds on what is read.
const (
	maxCMS          = 48 << 20  // bytes of one CMS object; an opaque mail is one
	maxDetached     = 1 << 20   // bytes of one without its content
	maxElements     = 100_000   // of ASN.1
	maxDepth        = 32        // of ASN.1
	maxSigners      = 4         // of one CMS object
	maxCertificates = 12        // of one CMS object
	maxCertBytes    = 128 << 10 // of all of them
	maxInPDF        = 8         // signatures of one file, the latest
)
