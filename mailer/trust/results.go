package trust

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"vanthu/mailer/mime"
)

// with finds the protocols that a Received field names (RFC 5321 §4.4).
var with = regexp.MustCompile(`(?i)\bwith\s+([a-z0-9]+)`)

var errUnreadable = errors.New("trust: Authentication-Results cannot be read")

// ours returns the results that our own MTA wrote.
//
// A mail grows at its top, so what our MTA wrote stands above the Received field with which it took the mail from
// outside; everything below came with the mail and may be forged, whatever names it bears. From the top, a Received field
// of local delivery (with LMTP) is passed, the first other one ends the part that is believed. This needs neither the name
// of a host nor good behaviour of the sender. It does need an MTA that stamps above its own Received field, as Postfix
// does with milters (opendkim, rspamd, OpenDMARC) and with PREPEND at submission. That MTA should also remove fields with
// its own name from incoming mail (RFC 8601 §5); nothing here relies on it.
//
// Fields of other names and of no name (Microsoft writes those) are passed over. One of ours that cannot be read is an
// error: it might have been the one that says fail.
func ours(fields []mime.Field, id string) ([]authres.Result, error) {
	var found []authres.Result
	for _, f := range fields {
		switch strings.ToLower(f.Name) {
		case "received":
			if !delivery(f.Value) {
				return found, nil
			}
		case "authentication-results":
			results, err := parse(f.Value, id)
			if err != nil {
				return nil, err
			}
			found = append(found, results...)
		}
	}
	// Without any Received field no border is known: nothing is believed.
	return nil, nil
}

// forged says whether a field with our name stands below that border, or where no border is known.
func forged(fields []mime.Field, id string) bool {
	below := !slices.ContainsFunc(fields, func(f mime.Field) bool { return strings.EqualFold(f.Name, "Received") && !delivery(f.Value) })
	for _, f := range fields {
		switch strings.ToLower(f.Name) {
		case "received":
			below = below || !delivery(f.Value)
		case "authentication-results":
			if name, _, _ := strings.Cut(f.Value, ";"); below && isOurs(name, id) {
				return true
			}
		}
	}
	return false
}

func isOurs(name, id string) bool {
	name, _ = plain(name)
	words := strings.Fields(name)
	return len(words) > 0 && strings.EqualFold(words[0], id)
}

// delivery says whether a Received field records a step within our house: LMTP (RFC 2033), and no other protocol named
// anywhere. A client may put "with LMTP" into its HELO name, but our MTA still writes its own "with ESMTP" behind it.
func delivery(received string) bool {
	named := with.FindAllStringSubmatch(received, -1)
	for _, m := range named {
		switch strings.ToUpper(m[1]) {
		case "LMTP", "LMTPS", "LMTPA", "LMTPSA":
		default:
			return false
		}
	}
	return len(named) > 0
}

// parse reads one field; nil when it is not ours.
func parse(value, id string) ([]authres.Result, error) {
	value, plainErr := plain(value)
	name, rest, _ := strings.Cut(value, ";")
	words := strings.Fields(name)
	if len(words) == 0 || !strings.EqualFold(words[0], id) {
		return nil, nil
	}
	if plainErr != nil || twice(rest) {
		return nil, errUnreadable
	}
	_, results, err := authres.Parse(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return results, nil
}

// plain takes the comments off and the quotes apart (RFC 8601 §2.2), which the library does not: a comment may hold what
// the sender chose, "(… ; dkim=pass header.d=…)". A quoted string that would change the structure is an error.
func plain(value string) (string, error) {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		c := value[i]
		escaped := c == '\\' && (depth > 0 || quoted) && i+1 < len(value)
		if escaped {
			i++
			c = value[i]
		}
		switch {
		case !escaped && c == '"' && depth == 0:
			quoted = !quoted
		case quoted && strings.IndexByte(" \t;=()\"", c) >= 0:
			b.WriteByte('_') // only free text (reason="…") has these; it is not looked at
		case quoted:
			b.WriteByte(c)
		case !escaped && c == '(':
			depth++
		case !escaped && c == ')' && depth > 0:
			depth--
			b.WriteByte(' ')
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth > 0 || quoted {
		return b.String(), errUnreadable
	}
	return b.String(), nil
}

// twice says whether one result names a property two times: the library would take the last.
func twice(results string) bool {
	for result := range strings.SplitSeq(results, ";") {
		seen := map[string]bool{}
		for _, word := range strings.Fields(result) {
			name, _, ok := strings.Cut(strings.ToLower(word), "=")
			if ok && seen[name] {
				return true
			}
			seen[name] = true
		}
	}
	return false
}
