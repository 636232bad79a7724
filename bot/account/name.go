package account

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Policy is how user names are made (FR-16). The zero Policy with a domain is the usual one: the student code in lower case.
type Policy struct {
	Domain   string   // "sv.truong.example"
	Reserved []string // never given (ACC-03), beside the built-in ones; "loptruong*" reserves whatever begins so
	Kind     string   // "code" ("" too), "given+code", "given.family+code", "given.initials", "initials+given", "template"
	Template string   // of the kind "template": "{given}.{family}{code}"
	Suffix   bool     // of two who would have one name the second gets a number (nvan, nvan2); else that is an error
	Longest  int      // characters of a user name; 0: maxUser
	Instead  bool     // who would have no name, or a reserved or unsuitable one, gets his code
	Suitable []string // words that are given although the built-in list has them
}

// A Holder is whom a user name is for.
type Holder struct{ Code, Name, Class, Cohort string }

// A NameError is a person who gets no user name; Rule is the finding it becomes.
type NameError struct {
	Rule  string // "ACC-02": nothing can be derived; "ACC-03": reserved or unsuitable
	Field string // what Value is: "v" a code or a user name, "name" a name, as the message of the rule calls it
	Value string // as the message of the rule quotes it
}

// Error quotes codes and user names, never the name of a person: it may stand in a log.
func (e *NameError) Error() string {
	switch {
	case e.Field == "name":
		return "account: no user name can be made from this name"
	case e.Rule == "ACC-02":
		return fmt.Sprintf("account: no user name can be made from the code %q", e.Value)
	}
	return fmt.Sprintf("account: the user name %q is reserved or unsuitable", e.Value)
}

const (
	minUser = 2
	maxUser = 64 // RFC 5321 §4.5.3.1.1
)

// RFC 2142 and the words of the house. Lower case.
var reserved = []string{
	"abuse", "admin", "administrator", "ctsv", "daotao", "ftp", "hostmaster", "info", "loptruong*", "marketing", "news", "noc",
	"noreply", "phongdt", "postmaster", "root", "sales", "security", "support", "usenet", "uucp", "webmaster", "www",
}

// What initials can spell by accident and nobody wants to be called (ACC-03), one a line. Whole names and whole groups of initials are
// held against it, never parts: "clonh" is a name.
//
//go:embed unsuitable.txt
var unsuitableTXT string

var unsuitable = readWords(unsuitableTXT) // read-only

func readWords(text string) map[string]bool {
	words := make(map[string]bool)
	for line := range strings.Lines(text) {
		word, _, _ := strings.Cut(line, "#")
		if word = strings.TrimSpace(word); word != "" {
			words[word] = true
		}
	}
	return words
}

var userForm = regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9]+)?$`)

// templates are the kinds that have a name, as templates.
var templates = map[string]string{
	"": "{code}", "code": "{code}", "given+code": "{given}{code}", "given.family+code": "{given}.{family}{code}",
	"given.initials": "{given}.{initials}", "initials+given": "{initials}{given}",
}

// Fields are what a template may name.
func Fields() []string {
	return []string{"given", "family", "middle", "initials", "code", "class", "cohort"}
}

func (p Policy) template() string {
	if p.Kind == "template" {
		return p.Template
	}
	return templates[p.Kind]
}

// ByCode says whether names hold the code: then each is one person's alone, and a collision is an error, never a number.
func (p Policy) ByCode() bool { return strings.Contains(p.template(), "{code}") }

// A piece of a template is a field or what stands between two.
type piece struct{ field, text string }

// cut parts a template into its pieces; what a template may be the configuration checks.
func cut(template string) (pieces []piece, err error) {
	for rest := template; rest != ""; {
		before, after, open := strings.Cut(rest, "{")
		if before != "" {
			pieces = append(pieces, piece{text: before})
		}
		if !open {
			break
		}
		field, left, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(Fields(), field) {
			return nil, fmt.Errorf("{%s} is no field of a template; possible: {%s}", field, strings.Join(Fields(), "}, {"))
		}
		pieces = append(pieces, piece{field: field})
		rest = left
	}
	return pieces, nil
}

// UserName gives the n-th user name that a person may get, from 1, and its address. The error is a *NameError when it is the code's or
// the name's fault. A policy without suffixes has no second name.
func (p Policy) UserName(h Holder, n int) (user, address string, err error) {
	if p.Domain == "" {
		return "", "", errors.New("account: the policy has no domain")
	}
	s, err := p.spell(h)
	if err != nil {
		return "", "", err
	}
	if n > 1 {
		if !p.Suffix || s.instead {
			return "", "", fmt.Errorf("account: the user name %q is taken, and this policy gives no other", s.user)
		}
		number := strconv.Itoa(n)
		s.user = strings.TrimRight(s.user[:min(len(s.user), p.longest()-len(number))], ".") + number
	}
	return s.user, p.Address(s.user), nil
}

// Address is that of a user name.
func (p Policy) Address(user string) string { return user + "@" + strings.ToLower(p.Domain) }

func (p Policy) longest() int {
	if p.Longest > 0 {
		return p.Longest
	}
	return maxUser
}

// fault says by which rule a spelt name cannot be given.
func (p Policy) fault(s spelling, h Holder) *NameError {
	nothing := &NameError{Rule: "ACC-02", Field: "v", Value: h.Code}
	if s.foreign || s.user == "" && !p.ByCode() {
		nothing.Field, nothing.Value = "name", h.Name
	}
	switch {
	case s.foreign || !userForm.MatchString(s.user):
		return nothing
	case len(s.user) < minUser, len(s.user) > p.longest(), p.isReserved(s.user), p.isUnsuitable(s):
		return &NameError{Rule: "ACC-03", Field: "v", Value: s.user}
	}
	return nil
}

func (p Policy) isReserved(user string) bool {
	taken := func(word string) bool {
		word = strings.ToLower(word)
		if prefix, ok := strings.CutSuffix(word, "*"); ok {
			return strings.HasPrefix(user, prefix)
		}
		return user == word
	}
	return slices.ContainsFunc(reserved, taken) || slices.ContainsFunc(p.Reserved, taken)
}

// isUnsuitable holds what initials made against the list: all of the name, or the group of initials behind or before its dot. What
// holds no initials was chosen by somebody's parents, or is a code.
func (p Policy) isUnsuitable(s spelling) bool {
	if !strings.Contains(p.template(), "{initials}") {
		return false
	}
	for _, word := range append(strings.Split(s.user, "."), s.user) {
		if word == s.given { // "Ngữ" is a name
			continue
		}
		if unsuitable[word] && !slices.Contains(p.Suitable, word) {
			return true
		}
	}
	return false
}

// SplitName gives the family name (the first word, họ) and the rest (tên đệm and tên), as LDAP's sn and givenName want
// them. A Vietnamese name is written family first, and nearly every family name is one word; where it is two ("Tôn Nữ"),
// the full name in cn and displayName is still right. A one-word name is the family name, because LDAP demands an sn.
func SplitName(full string) (family, given string) {
	words := strings.Fields(full)
	if len(words) == 0 {
		return "", ""
	}
	return words[0], strings.Join(words[1:], " ")
}
