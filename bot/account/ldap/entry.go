package ldap

import (
	"context"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// The attributes that both layouts have (RFC 4519, RFC 2798).
const (
	attrAddress = "mail"
	attrName    = "cn"
	attrDisplay = "displayName"
	attrFamily  = "sn"
	attrGiven   = "givenName"
)

// A layout is what entries look like, and how passwords and locks are kept in them.
type layout interface {
	// user and owner are the attributes that hold a user name and the owner of a group.
	user() string
	owner() string
	// reads are the attributes that are read beside those that both layouts have.
	reads() []string
	// The parts of a filter that find who has the address, the user name or the marker.
	addressTests(address string) []string
	userTests(user string) []string
	markerTests(marker string) []string
	// everybody is a filter for all accounts.
	everybody() string
	// addresses are those of an entry, the one that people know first.
	addresses(e *goldap.Entry, keys account.Keys) []string
	suspended(e *goldap.Entry) bool
	changed(e *goldap.Entry) bool
	// unfinished says that create has begun with the entry and not come to its end.
	unfinished(e *goldap.Entry) bool

	create(ctx context.Context, a account.Account, password string) error
	setPassword(ctx context.Context, e *goldap.Entry, password string) error
	// suspend and restore write into the change what is to be done, nothing when it is done.
	suspend(e *goldap.Entry, change *goldap.ModifyRequest) error
	restore(e *goldap.Entry, change *goldap.ModifyRequest) error
	// putBack undoes a change that the server did not keep as it was written; false: nothing needs to be undone.
	putBack(before *goldap.Entry, change *goldap.ModifyRequest) bool

	// preflight looks at what only this layout has.
	preflight(ctx context.Context) []account.Check

	// group adds to the new entry of a group what only this layout has, and says the classes that it is known by.
	group(add *goldap.AddRequest, local string)
	groupClass() string
	// people are the user names of those in a group, and of its owner.
	people(ctx context.Context, group *goldap.Entry) (members []string, owner string, err error)
}

// ours begins every marker. A description that somebody wrote is not one.
const ours = "vanthu:"

// keysPerSearch keeps a search below the size limits that servers have (slapd 500, Active Directory 1,000).
const keysPerSearch = 50

// Create makes the entry. ErrExists when the server says that the user name, the code or the address is taken.
func (d *Directory) Create(ctx context.Context, a account.Account, password string) error {
	return d.layout.create(ctx, a, password)
}

// Lookup returns the accounts below the search base that have one of the keys. Keys are asked for in sets.
func (d *Directory) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	var (
		found []account.Account
		seen  = map[string]bool{} // by DN: two sets may find one entry
	)
	for set := range slices.Chunk(d.tests(keys), keysPerSearch) {
		entries, err := d.search(ctx, set)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !seen[e.DN] {
				seen[e.DN] = true
				found = append(found, d.account(e, keys))
			}
		}
	}
	return found, nil
}

// tests are the parts of the OR filter, one a key.
func (d *Directory) tests(keys account.Keys) []string {
	var tests []string
	add := func(values []string, test func(value string) []string) {
		for _, v := range values {
			if v != "" {
				tests = append(tests, test(v)...)
			}
		}
	}
	add(keys.Codes, func(code string) []string { return []string{is(d.cfg.CodeAttr, code)} })
	add(keys.Addresses, d.layout.addressTests)
	add(keys.Users, d.layout.userTests)
	add(keys.Markers, d.layout.markerTests)
	return tests
}

// is is a part of a filter.
func is(attribute, value string) string {
	return "(" + attribute + "=" + goldap.EscapeFilter(value) + ")"
}

func (d *Directory) attributes() []string {
	all := append([]string{attrAddress, attrName, attrDisplay, attrFamily, attrGiven, d.cfg.CodeAttr, d.cfg.MarkerAttr, d.layout.user()}, d.cfg.AliasAttrs...)
	if d.cfg.ClassAttr != "" {
		all = append(all, d.cfg.ClassAttr)
	}
	return append(all, d.layout.reads()...)
}

// search asks for one set. When the server finds the answer too long the set is halved; paging would not help, because
// slapd counts all pages together against its size limit (size.prtotal).
func (d *Directory) search(ctx context.Context, tests []string) ([]*goldap.Entry, error) {
	seconds := max(1, int(d.cfg.Timeout.Seconds()))
	request := goldap.NewSearchRequest(d.cfg.SearchBase, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, seconds, false,
		"(|"+strings.Join(tests, "")+")", d.attributes(), nil)
	var entries []*goldap.Entry
	err := d.do(ctx, func(c *goldap.Conn) error {
		result, err := c.Search(request)
		if err == nil {
			entries = result.Entries
		}
		return err
	})
	if len(tests) == 1 || !goldap.IsErrorAnyOf(err, goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultAdminLimitExceeded) {
		return entries, d.explain(err)
	}
	half := len(tests) / 2
	first, err := d.search(ctx, tests[:half])
	if err != nil {
		return nil, err
	}
	second, err := d.search(ctx, tests[half:])
	return append(first, second...), err
}

// account reads an entry. Of several codes, users and markers the one that was asked for counts. The first mail is the address
// and what else reaches the entry its aliases: whoever is found by an alias is shown by the address that people know.
func (d *Directory) account(e *goldap.Entry, keys account.Keys) account.Account {
	name := e.GetEqualFoldAttributeValue(attrDisplay)
	if name == "" {
		name = e.GetEqualFoldAttributeValue(attrName)
	}
	a := account.Account{
		Code:   asked(e.GetEqualFoldAttributeValues(d.cfg.CodeAttr), keys.Codes),
		User:   asked(e.GetEqualFoldAttributeValues(d.layout.user()), keys.Users),
		Name:   name,
		Family: e.GetEqualFoldAttributeValue(attrFamily),
		Given:  e.GetEqualFoldAttributeValue(attrGiven),
	}
	addresses := d.layout.addresses(e, keys)
	if len(addresses) > 0 {
		a.Address = addresses[0]
	}
	if len(addresses) > 1 {
		a.Aliases = addresses[1:]
	}
	if d.cfg.ClassAttr != "" {
		a.Class = e.GetEqualFoldAttributeValue(d.cfg.ClassAttr)
	}
	a.Marker = asked(d.markers(e), keys.Markers)
	a.Suspended = d.layout.suspended(e)
	a.Changed = a.Marker != "" && d.layout.changed(e)
	a.Unfinished = d.layout.unfinished(e)
	return a
}

// half follows the marker of an entry that create has not finished.
const half = " half-made"

// markers are ours alone, as they are in plans and events.
func (d *Directory) markers(e *goldap.Entry) (markers []string) {
	for _, v := range e.GetEqualFoldAttributeValues(d.cfg.MarkerAttr) {
		if strings.HasPrefix(v, ours) {
			markers = append(markers, strings.TrimSuffix(v, half))
		}
	}
	return markers
}

func asked(values, keys []string) string {
	for _, v := range values {
		if slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, v) }) {
			return v
		}
	}
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
