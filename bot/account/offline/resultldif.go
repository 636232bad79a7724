package offline

import (
	"encoding/base64"
	"strings"
)

// isLDIF says whether a text looks like what ldapsearch or `ldapadd -S` writes.
func isLDIF(text string) bool {
	return strings.HasPrefix(text, "dn:") || strings.Contains(text, "\ndn:")
}

// An entry is a record of LDIF with what was written above it.
type entry struct {
	line   int
	failed string // the comment of `ldapadd -S`: "Already exists (68)"
	values map[string][]string
}

// readLDIF reads the entries that ldapsearch shows, and those that `ldapadd -c -S FILE` has skipped with the server's word as a
// comment above each (ldapmodify(1)). Values that a URL would be opened for are left out; nothing is opened.
func readLDIF(text string) (results []Result, err error) {
	var e entry
	end := func() error {
		if r, ok := e.result(); ok {
			results = append(results, r)
		}
		e = entry{}
		if len(results) > maxRows {
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
				return nil, err
			}
		case strings.HasPrefix(line, "#"):
			if word, ok := strings.CutPrefix(line, "# Error: "); ok {
				if e.values != nil {
					if err := end(); err != nil {
						return nil, err
					}
				}
				e.failed = said(word)
			}
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok || name == "" || strings.ContainsAny(name, " \t") {
				return nil, lineError(n, "is no line of LDIF (attribute: value); send what ldapsearch -LLL and ldapadd -S wrote, unchanged")
			}
			if value, err = unfold(value); err != nil {
				return nil, lineError(n, "its base64 is damaged; send the file unchanged")
			}
			if e.values == nil {
				e.values, e.line = make(map[string][]string), n
			}
			name, _, _ = strings.Cut(strings.ToLower(name), ";") // options
			e.values[name] = append(e.values[name], value)
		}
	}
	if err := end(); err != nil {
		return nil, err
	}
	return results, nil
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

// result says what an entry says; of one without an address nothing.
func (e entry) result() (Result, bool) {
	if len(e.values["dn"]) == 0 || len(e.values["mail"]) == 0 {
		return Result{}, false
	}
	r := Result{Line: e.line, Address: strings.ToLower(strings.TrimSpace(e.values["mail"][0])), Status: Shown}
	for _, values := range e.values {
		for _, v := range values {
			if strings.HasPrefix(v, "vanthu:") {
				r.Marker = v
			}
		}
	}
	switch {
	case e.failed == "":
	case exists(e.failed):
		r.Status, r.Said = Exists, e.failed
	default:
		r.Status, r.Said = Refused, e.failed
	}
	return r, true
}
