package bot

import "time"

// Evidence is how strongly it is proved that the head of a unit asks (law 20/2023/QH15, art. 22; procedure 1.2). Greater is stronger.
type Evidence string

// The levels.
const (
	E0 Evidence = "E0" // nothing
	E1 Evidence = "E1" // the unit's mailbox, proved
	E2 Evidence = "E2" // and the letter is a scan, or bears the mark of a signature: an officer reads it
	E3 Evidence = "E3" // and a digital signature of the unit or its head was verified
)

// A Signature is a digital signature that came with a request, as it was judged.
type Signature struct {
	File    string           `json:"file"`   // the attachment that bears it; "" the mail itself
	By      string           `json:"by"`     // name on the certificate
	Email   string           `json:"email"`  // first address on the certificate, "" none
	Issuer  string           `json:"issuer"` // who issued the certificate
	At      time.Time        `json:"at,omitzero"`
	Verdict SignatureVerdict `json:"verdict"`
}

// SignatureVerdict is what a signature is worth.
type SignatureVerdict string

// The verdicts. All but the first two are said to the unit (FRM-11); none of them takes away what the mailbox proves.
const (
	SignatureGood      SignatureVerdict = "good"         // whole, intact, of a believed certificate, of the sender or a signer of the unit
	SignatureUnchecked SignatureVerdict = "unchecked"    // whole and intact; no roots are configured, so nobody knows whose it is
	SignatureEarlier   SignatureVerdict = "earlier"      // of an earlier version of a file that was signed again since
	SignaturePart      SignatureVerdict = "part"         // something stands outside of what was signed
	SignatureChanged   SignatureVerdict = "changed"      // the content is not what was signed
	SignatureInvalid   SignatureVerdict = "invalid"      // broken, or cannot be read
	SignatureWeak      SignatureVerdict = "weak"         // made with an algorithm or a key that is not accepted
	SignatureUntrusted SignatureVerdict = "untrusted"    // no chain to a configured root
	SignatureExpired   SignatureVerdict = "expired"      // the certificate was not valid when it was signed or received
	SignaturePurpose   SignatureVerdict = "purpose"      // the certificate is for other purposes
	SignatureOther     SignatureVerdict = "other_person" // of somebody who is neither the sender nor a signer of the unit
)

// Faulty says whether the unit should hear of it.
func (s Signature) Faulty() bool {
	switch s.Verdict {
	case SignatureGood, SignatureUnchecked, SignatureEarlier:
		return false
	case SignaturePart, SignatureChanged, SignatureInvalid, SignatureWeak, SignatureUntrusted, SignatureExpired, SignaturePurpose, SignatureOther:
	}
	return true
}
