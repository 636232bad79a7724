// Package trust says who really sent a mail and how sure we are. It believes only the Authentication-Results that our
// own MTA wrote (RFC 8601), and the DKIM signatures that it has verified itself (RFC 6376); it fails closed.
//
// It must not know units or who may ask for what (bot/intake does).
package trust

// A Policy says which results are ours.
type Policy struct {
	AuthservID string   // the name our MTA writes into Authentication-Results; "" believes none
	Domains    []string // domains for which our MTA's login (smtp.auth) speaks for the sender; none: a login proves nothing
	DMARC      bool     // dmarc=pass is enough; without it DKIM must align
	Known      []string // addresses, lower case, that others may want to be taken for; only for Verdict.Notes
}

// Level is how sure we are of the sender.
type Level string

// The levels.
const (
	Authenticated Level = "authenticated" // our MTA vouches for the From address
	Unverified    Level = "unverified"    // nothing proves it, nothing disproves it
	Spoofed       Level = "spoofed"       // something disproves it: two Froms, failed DMARC, another person's login
)

// A Verdict is what is known of the sender.
type Verdict struct {
	Address   string // the From address, lower case; "" when there is none or more than one
	Level     Level
	Why       string // "auth=pass smtp.auth=ctsv@…", "dkim=fail …": for the officer, names no secret
	Notes     string // what else is odd about the sender, "" nothing; it proves and disproves nothing
	Temporary bool   // the DNS did not answer: to be judged again later
}

// Reason is all of it for the officer.
func (v Verdict) Reason() string {
	if v.Notes == "" {
		return v.Why
	}
	return v.Why + "; " + v.Notes
}
