package zimbratest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// entry is an account, a distribution list or a dynamic group.
type entry struct {
	id, kind, name string
	password       string
	old            []string            // passwords of before
	attrs          map[string][]string // nil: deleted
	versions       []version
	members        []string
	owner          string
}

// version is what an entry was from a moment on.
type version struct {
	from  time.Time
	attrs map[string][]string
}

func (e *entry) domain() string {
	_, domain, _ := strings.Cut(e.name, "@")
	return domain
}

func (e *entry) one(name string) string { return first(e.attrs, name) }

func first(attrs map[string][]string, name string) string {
	for key, values := range attrs {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// at is what a replica knew then; nil: nothing.
func (e *entry) at(t time.Time) map[string][]string {
	var attrs map[string][]string
	for _, v := range e.versions {
		if !v.from.After(t) {
			attrs = v.attrs
		}
	}
	return attrs
}

func (f *Fake) stamp() string { return f.now().UTC().Format("20060102150405Z") }

// holder is who has an address, primary or alias, in the master directory.
func (f *Fake) holder(address string) *entry {
	for _, e := range f.entries {
		if e.attrs != nil && (strings.EqualFold(e.name, address) || slices.ContainsFunc(e.attrs["zimbraMailAlias"], func(a string) bool { return strings.EqualFold(a, address) })) {
			return e
		}
	}
	return nil
}

func (f *Fake) make(kind, address, password string, attrs map[string][]string) *entry {
	f.ids++
	address = strings.ToLower(address)
	local, _, _ := strings.Cut(address, "@")
	e := &entry{id: fmt.Sprintf("%08x-0000-4000-8000-%012x", f.ids, f.ids), kind: kind, name: address, password: password}
	f.entries[e.id] = e
	all := map[string][]string{"zimbraId": {e.id}, "uid": {local}, "mail": {address}, "zimbraCreateTimestamp": {f.stamp()}, "zimbraMailStatus": {"enabled"}}
	if kind == "account" {
		maps.Copy(all, map[string][]string{"objectClass": {"inetOrgPerson", "zimbraAccount"}, "zimbraMailDeliveryAddress": {address}, "zimbraAccountStatus": {"active"},
			"cn": {local}, "sn": {local}, "zimbraPasswordModifiedTime": {f.stamp()}})
	} else {
		all["objectClass"] = []string{map[string]string{"dl": "zimbraDistributionList", "group": "zimbraGroup"}[kind]}
	}
	maps.Copy(all, attrs)
	all["mail"] = append(all["mail"], attrs["zimbraMailAlias"]...)
	e.attrs = map[string][]string{}
	f.change(e, all)
	return e
}

// change sets attributes; an empty value takes one away.
func (f *Fake) change(e *entry, attrs map[string][]string) {
	next := maps.Clone(e.attrs)
	for name, values := range attrs {
		delete(next, name)
		if len(values) > 0 && values[0] != "" {
			next[name] = values
		}
	}
	e.attrs = next
	e.versions = append(e.versions, version{f.now(), next})
}

func (f *Fake) remove(e *entry) {
	e.attrs = nil
	e.versions = append(e.versions, version{f.now(), nil})
}

// A filter of RFC 4515, as far as it is used: and, or, not, presence and equality.
type filter struct {
	kind  byte // '&', '|', '!', '*' or '='
	inner []filter
	name  string
	value string
}

// parse reads one filter and says what stands behind it.
func parse(text string) (filter, string, error) {
	bad := errors.New("bad filter")
	if len(text) < 3 || text[0] != '(' {
		return filter{}, "", bad
	}
	text = text[1:]
	if kind := text[0]; strings.IndexByte("&|!", kind) >= 0 {
		f := filter{kind: kind}
		for text = text[1:]; strings.HasPrefix(text, "("); {
			inner, rest, err := parse(text)
			if err != nil {
				return filter{}, "", err
			}
			f.inner, text = append(f.inner, inner), rest
		}
		if !strings.HasPrefix(text, ")") || len(f.inner) == 0 || kind == '!' && len(f.inner) > 1 {
			return filter{}, "", bad
		}
		return f, text[1:], nil
	}
	test, rest, ended := strings.Cut(text, ")")
	name, value, equal := strings.Cut(test, "=")
	if !ended || !equal || name == "" || strings.ContainsAny(value, "(\x00") {
		return filter{}, "", bad
	}
	if value == "*" {
		return filter{kind: '*', name: name}, rest, nil
	}
	if strings.Contains(value, "*") {
		return filter{}, "", errors.New("parts of values are not searched for here")
	}
	f := filter{kind: '=', name: name}
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' {
			f.value += value[i : i+1]
			continue
		}
		if i+2 >= len(value) {
			return filter{}, "", bad
		}
		c, err := strconv.ParseUint(value[i+1:i+3], 16, 8)
		if err != nil {
			return filter{}, "", bad
		}
		f.value += string([]byte{byte(c)})
		i += 2
	}
	return f, rest, nil
}

// matches compares without regard to case, as the attributes of people are (RFC 4519).
func (f filter) matches(attrs map[string][]string) bool {
	matches := func(inner filter) bool { return inner.matches(attrs) }
	switch f.kind {
	case '&':
		return !slices.ContainsFunc(f.inner, func(inner filter) bool { return !matches(inner) })
	case '|':
		return slices.ContainsFunc(f.inner, matches)
	case '!':
		return !matches(f.inner[0])
	}
	for name, values := range attrs {
		if strings.EqualFold(name, f.name) && (f.kind == '*' || slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, f.value) })) {
			return true
		}
	}
	return false
}
