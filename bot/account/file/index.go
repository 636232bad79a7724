package file

import (
	"slices"
	"strings"

	"vanthu/bot/account"
)

// fold is how keys are compared: like LDAP's caseIgnoreMatch, without regard to case.
func fold(key string) string { return strings.ToLower(key) }

// An index holds the accounts of the file by their keys.
type index struct {
	whole int64 // length of the whole lines in bytes
	open  bool  // the last one lacks its line end
	lines []line
	byKey map[string][]int // "code:…", "address:…", "user:…", "marker:…" → places in lines
}

// put takes in a line: it replaces the one of the same user name, and leaves none when it says that the account is erased.
func (x *index) put(l line) {
	for _, i := range slices.Clone(x.byKey["user:"+fold(l.User)]) {
		for _, key := range keysOf(x.lines[i]) {
			x.byKey[key] = slices.DeleteFunc(x.byKey[key], func(place int) bool { return place == i })
		}
	}
	if l.Erased {
		return
	}
	for _, key := range keysOf(l) {
		x.byKey[key] = append(x.byKey[key], len(x.lines))
	}
	x.lines = append(x.lines, l)
}

func keysOf(l line) []string {
	return []string{"code:" + fold(l.Code), "address:" + fold(l.Address), "user:" + fold(l.User), "marker:" + fold(l.Marker)}
}

func (x *index) lookup(keys account.Keys) []account.Account {
	var found []account.Account
	for _, i := range x.places(keys) {
		found = append(found, x.lines[i].account())
	}
	return found
}

func (x *index) places(keys account.Keys) []int {
	var places []int
	for kind, values := range map[string][]string{
		"code:": keys.Codes, "address:": keys.Addresses, "user:": keys.Users, "marker:": keys.Markers,
	} {
		for _, v := range values {
			if v != "" {
				places = append(places, x.byKey[kind+fold(v)]...)
			}
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}
