package config

import (
	"slices"
	"strings"
)

// Names is how user names are made (FR-16).
type Names struct {
	Policy    string   `toml:"policy"`    // "code", "given+code", "given.family+code", "given.initials", "initials+given" or "template"
	Template  string   `toml:"template"`  // "{given}.{family}{code}"
	Collision string   `toml:"collision"` // "suffix" or "error"; default: suffix for names without the code, which are always an error
	Longest   int      `toml:"longest"`   // characters of a user name; 0: 64, in Active Directory 20
	Instead   string   `toml:"instead"`   // "code": for who would have no name, or a reserved or unsuitable one; "": he is refused (ACC-02, ACC-03)
	Suitable  []string `toml:"suitable"`  // words that may be given although the built-in list of unsuitable ones has them
}

// resolveNames fills in what follows from the policy.
func (a *Accounts) resolveNames() {
	n := &a.Names
	n.Policy = or(n.Policy, "code")
	if n.Longest == 0 {
		n.Longest = a.longestName()
	}
	for i, word := range n.Suitable {
		n.Suitable[i] = strings.ToLower(word)
	}
	if n.Collision == "" {
		n.Collision = "suffix"
		if n.byCode() {
			n.Collision = "error"
		}
	}
}

// longestName is what the platform takes: RFC 5321 §4.5.3.1.1; as sAMAccountName [MS-SAMR] §3.1.1.6.
func (a *Accounts) longestName() int {
	if a.Platform == "ldap" && a.LDAP.Layout == "ad" {
		return 20
	}
	return 64
}

// byCode says whether names hold the code of their person.
func (n Names) byCode() bool {
	return n.Policy == "template" && strings.Contains(n.Template, "{code}") || n.Policy == "code" || strings.HasSuffix(n.Policy, "+code")
}

var namePolicies = []string{"code", "given+code", "given.family+code", "given.initials", "initials+given", "template"} // read-only

// names checks how user names are made.
func (c *checker) names() {
	n := &c.cfg.Accounts.Names
	c.oneOf("accounts.names.policy", n.Policy, namePolicies...)
	c.oneOf("accounts.names.collision", n.Collision, "suffix", "error")
	if slices.Contains(namePolicies, n.Policy) && n.byCode() && n.Collision == "suffix" {
		c.add("accounts.names.collision", `is "suffix", but these names hold the code: whoever has one already has the same code; write "error" or leave it out`)
	}
	if n.Policy == "template" {
		c.template(n.Template)
	} else if n.Template != "" {
		c.add("accounts.names.template", `is given, but accounts.names.policy is %q; write policy = "template", or leave the template out`, n.Policy)
	}
	c.between("accounts.names.longest", n.Longest, 8, c.cfg.Accounts.longestName())
	if n.Instead != "" {
		c.oneOf("accounts.names.instead", n.Instead, "code")
	}
	c.words("accounts.names.suitable", n.Suitable, `["cut"]`)
}

// nameFields are what a template may name (account.Fields, which this package does not know; a test holds them together).
var nameFields = []string{"given", "family", "middle", "initials", "code", "class", "cohort"} // read-only

func (c *checker) template(text string) {
	const path = "accounts.names.template"
	if !c.need(path, text, `"{given}.{family}{code}"`) {
		return
	}
	var between strings.Builder
	tells := false
	for rest := text; rest != ""; {
		before, after, open := strings.Cut(rest, "{")
		between.WriteString(before)
		if !open {
			break
		}
		field, left, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(nameFields, field) {
			c.add(path, "{%s} is no field; possible: {%s}", field, strings.Join(nameFields, "}, {"))
			return
		}
		tells = tells || slices.Contains(nameFields[:2], field) || field == "initials" || field == "code"
		rest = left
	}
	switch {
	case strings.Trim(between.String(), "abcdefghijklmnopqrstuvwxyz0123456789.") != "":
		c.add(path, "%q: between the fields stand small letters, digits and one dot", text)
	case strings.Count(between.String(), ".") > 1:
		c.add(path, "%q has more than one dot; a user name has one at the most", text)
	case !tells:
		c.add(path, "%q would give everybody one name; name {given}, {family}, {initials} or {code}", text)
	}
}
