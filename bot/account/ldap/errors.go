package ldap

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"unicode"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// errConstraint is a ConstraintViolation, of which Create finds out what it means.
var errConstraint = errors.New("ldap: constraint violation")

// maxWord bounds how much of a server's word goes into an error, in bytes.
const maxWord = 300

// explain turns what go-ldap says into the errors of the contract. Secrets are what the text must not hold: a server may
// quote the value that it refuses.
func (d *Directory) explain(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	secrets = append(secrets, d.cfg.Password)
	if signIn, ok := errors.AsType[*signInError](err); ok {
		return fmt.Errorf("ldap: sign in as %s: %s", d.cfg.BindDN, word(signIn.err, secrets))
	}
	answer, ok := errors.AsType[*goldap.Error](err)
	if !ok {
		return fmt.Errorf("ldap: %w", err) // the network, a certificate or the context: nothing that was sent is in it
	}
	text := word(answer, secrets)
	if d.cfg.Layout == ActiveDirectory {
		if err := adExplain(answer, text); err != nil {
			return err
		}
	}
	switch answer.ResultCode {
	case goldap.LDAPResultEntryAlreadyExists:
		return fmt.Errorf("%w: %s", account.ErrExists, text)
	case goldap.LDAPResultConstraintViolation:
		return fmt.Errorf("%w: %s", errConstraint, text)
	case goldap.LDAPResultNoSuchObject, goldap.LDAPResultInvalidDNSyntax, goldap.LDAPResultNamingViolation,
		goldap.LDAPResultUndefinedAttributeType, goldap.LDAPResultNoSuchAttribute, goldap.LDAPResultInappropriateMatching,
		goldap.LDAPResultInvalidAttributeSyntax, goldap.LDAPResultAttributeOrValueExists, goldap.LDAPResultObjectClassViolation,
		goldap.LDAPResultNotAllowedOnRDN, goldap.LDAPResultNotAllowedOnNonLeaf, goldap.LDAPResultObjectClassModsProhibited, goldap.LDAPResultInsufficientAccessRights,
		goldap.LDAPResultStrongAuthRequired, goldap.LDAPResultConfidentialityRequired, goldap.LDAPResultReferral,
		goldap.LDAPResultSizeLimitExceeded:
		return fmt.Errorf("%w: ldap: %s", account.ErrPermanent, text)
	}
	return fmt.Errorf("ldap: %s", text) // busy, unavailable, a lost connection …: another try
}

// away says whether the server was not there, or not in a state to answer. Who answers that it does not know us, or shows a certificate
// that proves nothing, is there.
func away(err error) bool {
	if _, refused := errors.AsType[*tls.CertificateVerificationError](err); refused {
		return false
	}
	answer, ok := errors.AsType[*goldap.Error](signInCause(err))
	if !ok {
		return true // the network, or the time was over
	}
	switch answer.ResultCode {
	case goldap.ErrorNetwork, goldap.LDAPResultBusy, goldap.LDAPResultUnavailable, goldap.LDAPResultTimeLimitExceeded:
		return true
	}
	return false
}

// word is the code and what the server said, on one line and without secrets.
func word(err error, secrets []string) string {
	text := err.Error()
	if answer, ok := errors.AsType[*goldap.Error](err); ok {
		text = fmt.Sprintf("%s (%d)", goldap.LDAPResultCodeMap[answer.ResultCode], answer.ResultCode)
		if answer.Err != nil && answer.Err.Error() != "" {
			text += ": " + answer.Err.Error()
		}
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxWord {
		text = strings.ToValidUTF8(text[:maxWord], "") + "…"
	}
	return strings.ToValidUTF8(text, "?")
}
