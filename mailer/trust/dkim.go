package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/authres"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"

	"vanthu/mailer/mime"
)

// A Resolver returns the TXT records of a name, as net.Resolver.LookupTXT does. Every error but “there is no such name”
// (net.DNSError.IsNotFound) counts as temporary.
type Resolver func(ctx context.Context, name string) ([]string, error)

// A Verifier verifies DKIM signatures (RFC 6376) itself, for mail systems whose MTA does not. Its word counts only where
// our MTA says nothing of DKIM, and only for what Judge would believe of our MTA: a signature of the From domain or one above it.
type Verifier struct {
	TXT     Resolver
	Timeout time.Duration    // of all look-ups for one mail; 0: 10 s
	Now     func() time.Time // for expired signatures (x=)
}

// Bounds on what one mail may ask for. Honest mail has two or three signatures, one of them of its From domain.
const (
	maxSignatures = 10   // looked at, from the top
	maxKeys       = 5    // asked for in the DNS
	maxRecord     = 4096 // bytes of a key record: room for RSA keys beyond 8192 bits
	maxPolicies   = 5    // names asked for a DMARC policy
)

// Judge says who sent the mail whose bytes are raw. It asks the DNS only when our MTA leaves the sender unproven. A verdict
// that is Temporary may be another one when the DNS answers again; it is never Authenticated.
func (v *Verifier) Judge(ctx context.Context, msg *mime.Message, raw []byte, p Policy) Verdict {
	verdict, results, ok := judge(msg, p)
	if verdict.Level != Unverified || verdict.Address == "" || !ok || saysDKIM(results) {
		return verdict
	}
	timeout := v.Timeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := claim{address: verdict.Address, domain: domainOf(verdict.Address), policy: p}
	own := v.verify(ctx, raw, c)
	why := strings.Join(own.said, ", ")
	if p.AuthservID != "" {
		why = verdict.Why + "; " + why
	}
	verdict.Why = why
	switch {
	case own.passed:
		verdict.Level = Authenticated
	case own.temporary:
		verdict.Temporary = true
	default:
		v.dmarc(ctx, &verdict, c, results)
	}
	return verdict
}

// own is what we found out ourselves.
type own struct {
	passed, temporary bool
	said              []string // for the officer, one for each signature
}

func (v *Verifier) verify(ctx context.Context, raw []byte, c claim) own {
	if why := strange(raw); why != "" {
		return own{said: []string{"DKIM is not verified: " + why}}
	}
	keys := &keys{ctx: ctx, resolve: v.TXT, claim: c}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: keys.txt, MaxVerifications: maxSignatures})
	o := own{}
	for _, f := range found {
		err := f.Err
		if err == nil && !f.Expiration.IsZero() && v.Now().After(f.Expiration) { // by the desk's clock, too
			err = errors.New("signature has expired")
		}
		domain := clip(f.Domain)
		switch {
		case err == nil && c.speaksFor(f.Domain):
			o.passed = true
			o.said = append([]string{"dkim=pass header.d=" + domain + " (verified here)"}, o.said...)
		case err == nil: // cannot be: keys are asked for signers that speak for the From domain only
			o.said = append(o.said, "dkim=pass header.d="+domain+" (verified here)")
		case dkim.IsTempFail(err):
			o.temporary = true
			o.said = append(o.said, "dkim=temperror header.d="+domain+" (the DNS does not answer)")
		default:
			o.said = append(o.said, "dkim=fail header.d="+domain+" (verified here: "+clip(strings.TrimPrefix(err.Error(), "dkim: "))+")")
		}
	}
	switch {
	case errors.Is(err, dkim.ErrTooManySignatures):
		o.said = append(o.said, fmt.Sprintf("more than %d DKIM signatures, the others are not looked at", maxSignatures))
	case err != nil:
		o.said = append(o.said, "DKIM cannot be verified")
	case len(found) == 0:
		o.said = append(o.said, "dkim=none (looked for here)")
	}
	return o
}

// keys looks up the keys of signatures. The library asks from one goroutine for each signature.
type keys struct {
	ctx     context.Context
	resolve Resolver
	claim   claim

	mu    sync.Mutex
	asked int
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

func (k *keys) txt(name string) ([]string, error) {
	_, signer, _ := strings.Cut(strings.ToLower(name), "._domainkey.")
	if !k.claim.speaksFor(signer) { // whatever it signed, it does not speak for this sender
		return nil, errors.New("the signer does not speak for the From domain")
	}
	if len(name) > 253 || !keyName.MatchString(name) {
		return nil, errors.New("no name of a key")
	}
	k.mu.Lock()
	k.asked++
	many := k.asked > maxKeys
	k.mu.Unlock()
	if many {
		return nil, errors.New("too many keys")
	}
	records, err := ask(k.ctx, k.resolve, name)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		switch {
		case len(r) > maxRecord:
			return nil, errors.New("the key record is too long")
		case isTesting(r): // RFC 6376 §3.6.1: as if the mail were not signed
			return nil, errors.New("the signer is only testing (t=y)")
		}
	}
	return records, nil
}

// ask makes every failure of the DNS temporary but the certainty that there is no such name.
func ask(ctx context.Context, resolve Resolver, name string) ([]string, error) {
	records, err := resolve(ctx, name)
	if err == nil {
		return records, nil
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return nil, &net.DNSError{Err: "no such name", Name: name, IsNotFound: true}
	}
	return nil, &net.DNSError{Err: "no answer", Name: name, IsTemporary: true}
}

func isTesting(record string) bool {
	for tag := range strings.SplitSeq(record, ";") {
		name, flags, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(name) != "t" {
			continue
		}
		for flag := range strings.SplitSeq(flags, ":") {
			if strings.TrimSpace(flag) == "y" {
				return true
			}
		}
	}
	return false
}

// once are the fields that may stand once (RFC 5322 §3.6, RFC 2045 §3). A signature covers the lowest one, a reader takes the
// first: with two of them the mail that was signed is not the mail that is read (RFC 6376 §8.15).
var once = []string{"from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
	"mime-version", "content-type", "content-transfer-encoding"}

// strange says why the header block of a mail could be read in two ways. Package mime puts such headers right; what it
// makes of them need not be what the signer signed.
func strange(raw []byte) string {
	seen := map[string]int{}
	n := 0
	for line := range bytes.Lines(raw) {
		n++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 {
			if n == 1 {
				return "the header is empty"
			}
			return ""
		}
		if bytes.ContainsAny(line, "\r\x00") {
			return fmt.Sprintf("header line %d holds a control character", n)
		}
		if line[0] == ' ' || line[0] == '\t' {
			if n == 1 {
				return "header line 1 continues nothing"
			}
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return fmt.Sprintf("header line %d is no field", n)
		}
		field := strings.ToLower(string(name))
		if seen[field]++; seen[field] > 1 && slices.Contains(once, field) {
			return fmt.Sprintf("the field %s stands twice", field)
		}
	}
	return "the header does not end"
}

// dmarc adds what the From domain asks of mail that is not proved (RFC 7489 §6.3). Where our MTA has judged SPF, too, the mail
// fails DMARC for certain; otherwise it is only unproven.
func (v *Verifier) dmarc(ctx context.Context, verdict *Verdict, c claim, results []authres.Result) {
	record, at, err := v.policyOf(ctx, c.domain)
	switch {
	case dmarc.IsTempFail(err):
		verdict.Temporary = true
		verdict.Why += ", dmarc=temperror header.from=" + c.domain
		return
	case err != nil:
		return
	}
	policy := record.Policy
	if at != c.domain && record.SubdomainPolicy != "" {
		policy = record.SubdomainPolicy
	}
	verdict.Why += fmt.Sprintf(", dmarc policy of %s: %s", at, policy)
	passed, known := c.spfAligned(results)
	if known && !passed && policy != dmarc.PolicyNone {
		verdict.Level = Spoofed
		verdict.Why += ", dmarc=fail (verified here)"
	}
}

// policyOf asks for the policy of a domain, then of those above it that have a dot: it needs no list of public suffixes.
func (v *Verifier) policyOf(ctx context.Context, domain string) (record *dmarc.Record, at string, err error) {
	options := &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) {
		if len(name) > 253 || !keyName.MatchString(name) {
			return nil, &net.DNSError{Err: "no name", IsNotFound: true}
		}
		return ask(ctx, v.TXT, name)
	}}
	for range maxPolicies {
		if record, err = dmarc.LookupWithOptions(domain, options); !errors.Is(err, dmarc.ErrNoPolicy) {
			return record, domain, err
		}
		_, above, _ := strings.Cut(domain, ".")
		if !strings.Contains(above, ".") {
			break
		}
		domain = above
	}
	return nil, "", dmarc.ErrNoPolicy
}
