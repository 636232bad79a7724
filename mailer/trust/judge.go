package trust

import (
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"vanthu/mailer/mime"
)

// Judge says who sent the mail. What it weighs, the stronger first:
//
//  1. One From field with one readable address; two of either are Spoofed (RFC 5322 §3.6.2 allows more, honest mail to
//     an office has one). Display names are never looked at.
//  2. dmarc=fail: Spoofed.
//  3. auth=pass: the login at submission. Another login than the From address is Spoofed, the same one within
//     Policy.Domains is Authenticated.
//  4. dkim=pass of a domain that speaks for the From domain, or dmarc=pass when the policy takes it: Authenticated.
//
// Everything else is Unverified, also when a field of our MTA cannot be read. spf=pass proves the envelope only and is
// told to the officer beside the rest.
func Judge(msg *mime.Message, p Policy) Verdict {
	verdict, _, _ := judge(msg, p)
	return verdict
}

// judge also returns what our MTA said; ok is false when that cannot be read.
func judge(msg *mime.Message, p Policy) (v Verdict, results []authres.Result, ok bool) {
	address, doubt := sender(msg)
	if doubt != nil {
		return *doubt, nil, true
	}
	v = Verdict{Address: address, Level: Unverified, Notes: notes(msg, address, p)}
	if p.AuthservID == "" {
		v.Why = "no authserv-id is configured"
		return v, nil, true
	}
	results, err := ours(msg.Fields, p.AuthservID)
	if err != nil {
		v.Why = "our own Authentication-Results cannot be read"
		return v, nil, false
	}
	c := claim{address: address, domain: domainOf(address), policy: p}
	for _, check := range []func([]authres.Result) (Level, string){c.dmarcFailed, c.login, c.dkim, c.dmarc} {
		if level, why := check(results); level != "" {
			v.Level, v.Why = level, why+c.spf(results)
			return v, results, true
		}
	}
	v.Why = unproven(results) + c.spf(results)
	return v, results, true
}

// sender reads the From address; doubt is the verdict when there is not exactly one.
func sender(msg *mime.Message) (address string, doubt *Verdict) {
	fields := 0
	for _, f := range msg.Fields {
		if strings.EqualFold(f.Name, "From") {
			fields++
		}
	}
	switch {
	case fields > 1:
		return "", &Verdict{Level: Spoofed, Why: "more than one From field"}
	case len(msg.From) > 1:
		return "", &Verdict{Level: Spoofed, Why: "more than one From address"}
	case len(msg.From) == 0 && fields == 0:
		return "", &Verdict{Level: Unverified, Why: "no From field"}
	case len(msg.From) == 0 || domainOf(msg.From[0].Address) == "":
		return "", &Verdict{Level: Unverified, Why: "the From field holds no readable address"}
	}
	return strings.ToLower(msg.From[0].Address), nil
}

// A claim is the From address whose proof is looked for.
type claim struct {
	address, domain string
	policy          Policy
}

func (c claim) dmarcFailed(results []authres.Result) (Level, string) {
	for _, r := range results {
		if r, ok := r.(*authres.DMARCResult); ok && (r.Value == authres.ResultFail || r.Value == authres.ResultHardFail) {
			return Spoofed, "dmarc=fail header.from=" + r.From
		}
	}
	return "", ""
}

func (c claim) login(results []authres.Result) (Level, string) {
	level, why := Level(""), ""
	for _, r := range results {
		r, ok := r.(*authres.AuthResult)
		if !ok || r.Value != authres.ResultPass {
			continue
		}
		why = "auth=pass smtp.auth=" + r.Auth
		if !c.isLogin(strings.ToLower(r.Auth)) {
			return Spoofed, why + ", another than the From address"
		}
		if slices.ContainsFunc(c.policy.Domains, func(d string) bool { return strings.EqualFold(d, c.domain) }) {
			level = Authenticated
		}
	}
	return level, why
}

// isLogin says whether a login is the From address. A login without a domain is read in each of our domains.
func (c claim) isLogin(login string) bool {
	if strings.Contains(login, "@") {
		return login == c.address
	}
	return slices.ContainsFunc(c.policy.Domains, func(d string) bool {
		return login != "" && login+"@"+strings.ToLower(d) == c.address
	})
}

func (c claim) dkim(results []authres.Result) (Level, string) {
	for _, r := range results {
		if r, ok := r.(*authres.DKIMResult); ok && r.Value == authres.ResultPass && c.speaksFor(r.Domain) {
			return Authenticated, "dkim=pass header.d=" + r.Domain
		}
	}
	return "", ""
}

// speaksFor says whether the signer's domain is the From domain or one above it. That is narrower than the relaxed
// alignment of RFC 7489 §3.1.1, on purpose: a signature of sv.truong.example, where students are, must not speak for
// truong.example; and a domain above holds the DNS of those below, so that no list of public suffixes is needed.
func (c claim) speaksFor(signer string) bool {
	signer = strings.ToLower(strings.TrimSuffix(signer, "."))
	return strings.Contains(signer, ".") && (c.domain == signer || strings.HasSuffix(c.domain, "."+signer))
}

func (c claim) dmarc(results []authres.Result) (Level, string) {
	for _, r := range results {
		if r, ok := r.(*authres.DMARCResult); ok && c.policy.DMARC && r.Value == authres.ResultPass && strings.EqualFold(r.From, c.domain) {
			return Authenticated, "dmarc=pass header.from=" + r.From
		}
	}
	return "", ""
}

func (c claim) spf(results []authres.Result) string {
	for _, r := range results {
		if r, ok := r.(*authres.SPFResult); ok {
			return "; spf=" + string(r.Value) + " smtp.mailfrom=" + r.From
		}
	}
	return ""
}

// spfAligned says whether our MTA judged SPF, and whether it passed for the From domain or one above it.
func (c claim) spfAligned(results []authres.Result) (passed, known bool) {
	for _, r := range results {
		if r, ok := r.(*authres.SPFResult); ok {
			known = true
			domain := r.From[strings.LastIndexByte(r.From, '@')+1:]
			passed = passed || r.Value == authres.ResultPass && c.speaksFor(domain)
		}
	}
	return passed, known
}

// saysDKIM says whether our MTA has looked for DKIM signatures, whatever it found.
func saysDKIM(results []authres.Result) bool {
	return slices.ContainsFunc(results, func(r authres.Result) bool {
		_, ok := r.(*authres.DKIMResult)
		return ok
	})
}

// unproven tells the officer what our MTA did say.
func unproven(results []authres.Result) string {
	var said []string
	for _, r := range results {
		switch r := r.(type) {
		case *authres.AuthResult:
			said = append(said, "auth="+string(r.Value)+" smtp.auth="+r.Auth)
		case *authres.DKIMResult:
			word := "dkim=" + string(r.Value)
			if r.Domain != "" {
				word += " header.d=" + r.Domain
			}
			said = append(said, word)
		case *authres.DMARCResult:
			said = append(said, "dmarc="+string(r.Value)+" header.from="+r.From)
		}
	}
	if len(said) == 0 {
		return "our MTA says nothing of the sender"
	}
	return strings.Join(said, ", ")
}

func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return ""
	}
	return strings.ToLower(address[at+1:])
}
