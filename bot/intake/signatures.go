package intake

import (
	"bytes"
	"context"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"vanthu/bot"
	"vanthu/mailer/mime"
	sig "vanthu/mailer/signature"
	"vanthu/parser"
)

// A Signed is something with a digital signature that nobody has verified yet: a PDF file, or a CMS object with or without
// the content that it signs.
type Signed struct {
	File     string
	PDF      bool
	Whole    bool
	Detached bool   // Content was signed; otherwise Data holds it
	Content  []byte // as it stands in the mail
	Data     []byte
}

// A SignatureReader verifies what was signed: FindSignatures, in this process or in another one that may die of it.
type SignatureReader func(ctx context.Context, signed []Signed) ([]sig.Signature, error)

// FindSignatures verifies what was signed, whoever did it.
func FindSignatures(signed []Signed) (found []sig.Signature) {
	for _, s := range signed {
		if s.PDF {
			found = append(found, sig.InPDF(s.File, s.Data)...)
			continue
		}
		content := s.Content
		if !s.Detached {
			content = nil
		}
		for _, f := range sig.InMail(content, s.Data, s.Whole) {
			f.File = s.File
			found = append(found, f)
		}
	}
	return found
}

// signedIn gathers what may be signed in a mail and its files. A mail signed as a whole, and documents signed by themselves.
func signedIn(msg *mime.Message, files []parser.File) (signed []Signed) {
	if msg != nil {
		for _, s := range msg.Signed {
			one := Signed{Whole: s.Whole, Detached: s.Content != nil, Content: s.Content, Data: s.Object}
			if s.Document != nil { // by its bytes: another file may bear its name
				at := slices.IndexFunc(files, func(f parser.File) bool { return bytes.Equal(f.Data, s.Document) })
				if one.Whole = at >= 0; one.Whole {
					one.File = files[at].Name
				}
			}
			signed = append(signed, one)
		}
	}
	for _, f := range files {
		if sig.MaySign(f.Data) {
			signed = append(signed, Signed{PDF: true, File: f.Name, Data: f.Data})
		}
	}
	return signed
}

// A Notary judges digital signatures: by the roots that are configured, the sender and his unit.
type Notary struct {
	Read  SignatureReader
	Roots *x509.CertPool // nil: nobody's certificate is believed
}

// Judge says what the signatures of a mail and its files are worth for a request of the unit from that address. unit may be
// zero in a check before sending, and msg nil.
func (n Notary) Judge(ctx context.Context, msg *mime.Message, files []parser.File, from string, unit bot.Unit, received time.Time) ([]bot.Signature, error) {
	signed := signedIn(msg, files)
	if len(signed) == 0 || n.Read == nil {
		return nil, nil
	}
	found, err := n.Read(ctx, signed)
	if err != nil {
		return nil, err
	}
	judged := make([]bot.Signature, 0, len(found))
	for _, f := range found {
		judged = append(judged, n.judge(f, from, unit, received))
	}
	for i, s := range judged { // an earlier one of a file that was signed again, as a whole
		again := func(other bot.Signature) bool { return other.File == s.File && other.Verdict == bot.SignatureGood }
		if s.File != "" && s.Verdict == bot.SignaturePart && slices.ContainsFunc(judged, again) {
			judged[i].Verdict = bot.SignatureEarlier
		}
	}
	return judged, nil
}

func (n Notary) judge(f sig.Signature, from string, unit bot.Unit, received time.Time) bot.Signature {
	signer := sig.Check(f, n.Roots, received)
	s := bot.Signature{File: f.File, By: signer.Name, Issuer: signer.Issuer, At: f.Signed, Verdict: bot.SignatureInvalid}
	if len(signer.Emails) > 0 {
		s.Email = signer.Emails[0]
	}
	switch f.Fault {
	case sig.Changed:
		s.Verdict = bot.SignatureChanged
	case sig.Weak, sig.Unknown:
		s.Verdict = bot.SignatureWeak
	case sig.Invalid, sig.Unreadable, sig.NoSigner:
	case sig.Intact:
		s.Verdict = worth(f, signer, from, unit)
	}
	return s
}

func worth(f sig.Signature, signer sig.Signer, from string, unit bot.Unit) bot.SignatureVerdict {
	if !f.Whole {
		return bot.SignaturePart
	}
	switch signer.Distrust {
	case sig.NoRoots:
		return bot.SignatureUnchecked
	case sig.Untrusted:
		return bot.SignatureUntrusted
	case sig.Expired, sig.FromFuture:
		return bot.SignatureExpired
	case sig.NotForThis:
		return bot.SignaturePurpose
	case sig.Trusted:
	}
	if signsFor(signer, from, unit) {
		return bot.SignatureGood
	}
	return bot.SignatureOther
}

// signsFor says whether the signer is the sender, or one of those whom the unit named. A name must be the certificate's, letter by
// letter but for case: the authority answers for it.
func signsFor(signer sig.Signer, from string, unit bot.Unit) bool {
	if from != "" && slices.Contains(signer.Emails, from) {
		return true
	}
	return slices.ContainsFunc(unit.Signers, func(s string) bool {
		if strings.Contains(s, "@") {
			return slices.Contains(signer.Emails, strings.ToLower(s))
		}
		return s != "" && strings.EqualFold(plainName(s), plainName(signer.Name))
	})
}

func plainName(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// describeEvidence adds to an event how strongly the request is proved; whose signature it is stands in the case.
func describeEvidence(detail map[string]string, r bot.Request) {
	if r.Evidence != "" {
		detail["evidence"] = string(r.Evidence)
	}
	var verdicts []string
	for _, s := range r.Signatures {
		verdicts = append(verdicts, string(s.Verdict))
	}
	if len(verdicts) > 0 {
		detail["signatures"] = strings.Join(verdicts, ", ")
	}
}
