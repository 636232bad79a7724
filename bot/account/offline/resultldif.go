package offline

import (
	"encoding/base64"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// isLDIF says whether a text looks like what ldapsearch or `ldapadd -S` writes.
func isLDIF(text string) bool {
	return strings.HasPrefix(text, "dn:") || strings.Contains(text, "\ndn:") || strings.Contains(text, "\n"+wholeLDIF)
}

// wholeLDIF is the last word of a search that came to its end, where ldapsearch is not told to leave it out (-LL).
const wholeLDIF = "result: 0 Success"

// An entry is a record of LDIF with what was written above it.
type entry struct {
	line   int
	failed string // the comment of `ldapadd -S`: "Already exists (68)"
	values map[string][]string
}

// readLDIF reads the entries that ldapsearch shows, and those that `ldapadd -c -S FILE` has skipped with the server's word as a
// comment above each (ldapmodify(1)). Values that a URL would be opened for are left out; nothing is opened.
func readLDIF(s Settings, text string) (read Results, err error) {
	read.Listing = true
	var e entry
	end := func() error {
		if e.failed == "" && len(e.values["userpassword"]) > 0 {
			return lineError(e.line, handedOver)
		}
		if r, ok := e.result(s); ok {
			read.Results = append(read.Results, r)
			read.Marks = read.Marks || r.Status == Shown && (r.Marker != "" || len(e.values[strings.ToLower(s.Marker)]) > 0)
		}
		e = entry{}
		if len(read.Results) > maxRows {
			return lineError(e.line, "more than %d entries; send the part of this bundle alone", maxRows)
		}
		return nil
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line, n := strings.TrimSuffix(lines[i], "\r"), i+1
		var folded []string
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], " ") { // RFC 2849, note 2
			i++
			folded = append(folded, strings.TrimSuffix(lines[i], "\r")[1:])
		}
		if len(folded) > 0 {
			line += strings.Join(folded, "")
		}
		switch {
		case line == "":
			if e.values == nil && e.failed != "" { // a comment stands above its entry, with or without an empty line
				continue
			}
			if err := end(); err != nil {
				return Results{}, err
			}
		case line == "-": // between the changes of a record that ldapmodify has skipped
		case line == wholeLDIF:
			read.Whole = true
		case strings.HasPrefix(line, "#"):
			if word, ok := strings.CutPrefix(line, "# Error: "); ok {
				if e.values != nil {
					if err := end(); err != nil {
						return Results{}, err
					}
				}
				e.failed = said(word)
			}
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok || name == "" || strings.ContainsAny(name, " \t") {
				return Results{}, lineError(n, "is no line of LDIF (attribute: value); send what ldapsearch -LLL and ldapadd -S wrote, unchanged")
			}
			if value, err = unfold(value); err != nil {
				return Results{}, lineError(n, "its base64 is damaged; send the file unchanged")
			}
			if e.values == nil {
				e.values, e.line = make(map[string][]string), n
			}
			name, _, _ = strings.Cut(strings.ToLower(name), ";") // options
			e.values[name] = append(e.values[name], value)
		}
	}
	if err := end(); err != nil {
		return Results{}, err
	}
	return read, nil
}

func unfold(value string) (string, error) {
	switch {
	case strings.HasPrefix(value, ":"):
		raw, err := base64.StdEncoding.DecodeString(strings.TrimLeft(value[1:], " "))
		return string(raw), err
	case strings.HasPrefix(value, "<"):
		return "", nil
	}
	return strings.TrimLeft(value, " "), nil
}

// result says what an entry says; of one without an address only when it was skipped: then its name tells whose it is.
func (e entry) result(s Settings) (Result, bool) {
	if len(e.values["dn"]) == 0 || len(e.values["mail"]) == 0 && e.failed == "" {
		return Result{}, false
	}
	r := Result{Line: e.line, Status: Shown}
	if mail := e.values["mail"]; len(mail) > 0 {
		r.Address = strings.ToLower(strings.TrimSpace(mail[0]))
	} else if r.User = userOf(e.values["dn"][0]); r.User == "" {
		return Result{}, false
	}
	for _, values := range e.values {
		for _, v := range values {
			if strings.HasPrefix(v, "vanthu:") {
				r.Marker = v
			}
		}
	}
	first := func(name string) string { return append(e.values[name], "")[0] }
	switch {
	case e.failed == "":
		r.Password, r.Changed = generalized(first("pwdchangedtime")), generalized(first("modifytimestamp"))
		if lock, value, ok := strings.Cut(s.Suspend, "="); ok {
			r.Access = AccessOpen
			if strings.EqualFold(first(strings.ToLower(lock)), value) {
				r.Access = AccessStopped
			}
		}
	case exists(e.failed):
		r.Status, r.Said = Exists, e.failed
	default:
		r.Status, r.Said, r.Gone = Refused, e.failed, missing(e.failed)
	}
	return r, true
}

// userOf is the user name in the name of an entry, "uid=…,ou=…".
func userOf(dn string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 || len(parsed.RDNs[0].Attributes) != 1 || !strings.EqualFold(parsed.RDNs[0].Attributes[0].Type, "uid") {
		return ""
	}
	return strings.ToLower(parsed.RDNs[0].Attributes[0].Value)
}
