package account

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Policy is how user names are made: the student code in lower case, at the school's domain (FR-16).
type Policy struct {
	Domain   string   // "sv.truong.example"
	Reserved []string // never given (ACC-03), beside the built-in ones; "loptruong*" reserves whatever begins so
}

// A NameError is a code that gives no user name; Rule is the finding it becomes.
type NameError struct {
	Rule  string // "ACC-02": nothing can be derived; "ACC-03": reserved or unsuitable
	Value string // the code or the user name, as the message of the rule quotes it
}

func (e *NameError) Error() string {
	if e.Rule == "ACC-02" {
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

var userForm = regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9]+)?$`)

// UserName derives the user name and the address from a student code. The error is a *NameError when it is the code's
// fault.
func (p Policy) UserName(code string) (user, address string, err error) {
	if p.Domain == "" {
		return "", "", errors.New("account: the policy has no domain")
	}
	user = strings.ToLower(strings.TrimSpace(code))
	switch {
	case !userForm.MatchString(user):
		return "", "", &NameError{Rule: "ACC-02", Value: code}
	case len(user) < minUser, len(user) > maxUser, p.isReserved(user):
		return "", "", &NameError{Rule: "ACC-03", Value: user}
	}
	return user, user + "@" + strings.ToLower(p.Domain), nil
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
