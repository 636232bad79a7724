package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// The attributes of an account (RFC 2798, RFC 4519).
const (
	attrUser    = "uid"
	attrCode    = "employeeNumber"
	attrAddress = "mail"
	attrName    = "cn"
	attrDisplay = "displayName"
	attrFamily  = "sn"
	attrGiven   = "givenName"

	attrPassword = "userPassword"

	attrMade       = "createTimestamp" // RFC 4512 §3.4.1
	attrPasswordAt = "pwdChangedTime"  // draft-behera-ldap-password-policy §5.3.2
)

// ours begins every marker. A description that somebody wrote is not one.
const ours = "vanthu:"

// keysPerSearch keeps a search below the size limits that servers have (slapd 500, Active Directory 1,000).
const keysPerSearch = 50

// Create adds the entry. ErrExists when the server says that the user name, the code or the address is taken.
func (d *Directory) Create(ctx context.Context, a account.Account, password string) error {
	hash, err := account.HashPassword(d.cfg.Hash, password)
	if err != nil {
		return fmt.Errorf("ldap: %w", err)
	}
	add := d.entry(a, hash)
	_, digest, _ := strings.Cut(hash, "}")
	err = d.explain(d.do(ctx, func(c *goldap.Conn) error { return c.Add(add) }), password, hash, digest)
	if err == nil || !errors.Is(err, errConstraint) {
		return err
	}
	// slapd's overlay unique says ConstraintViolation, and so does a password policy. What is there decides, not the text.
	found, lookErr := d.Lookup(ctx, account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
	switch {
	case lookErr != nil:
		return lookErr
	case len(found) > 0:
		return fmt.Errorf("%w: %w", account.ErrExists, err)
	}
	return fmt.Errorf("%w: %w", account.ErrPermanent, err)
}

func (d *Directory) entry(a account.Account, hash string) *goldap.AddRequest {
	add := goldap.NewAddRequest(attrUser+"="+goldap.EscapeDN(a.User)+","+d.cfg.Base, nil)
	add.Attribute("objectClass", []string{"inetOrgPerson"})
	for _, value := range [][2]string{
		{attrUser, a.User}, {attrCode, a.Code}, {attrAddress, a.Address}, {attrName, a.Name}, {attrDisplay, a.Name},
		{attrFamily, a.Family}, {attrGiven, a.Given}, {d.cfg.MarkerAttr, a.Marker}, {d.cfg.ClassAttr, a.Class},
		{attrPassword, hash}, {d.changeAttr, d.changeVal},
	} {
		if value[0] != "" && value[1] != "" { // an attribute without a value is an error in LDAP
			add.Attribute(value[0], []string{value[1]})
		}
	}
	return add
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
	add := func(attribute string, values []string) {
		for _, v := range values {
			if v != "" {
				tests = append(tests, "("+attribute+"="+goldap.EscapeFilter(v)+")")
			}
		}
	}
	add(attrCode, keys.Codes)
	for _, attribute := range append([]string{attrAddress}, d.cfg.AliasAttrs...) {
		add(attribute, keys.Addresses)
	}
	add(attrUser, keys.Users)
	add(d.cfg.MarkerAttr, keys.Markers)
	return tests
}

// search asks for one set. When the server finds the answer too long the set is halved; paging would not help, because
// slapd counts all pages together against its size limit (size.prtotal).
func (d *Directory) search(ctx context.Context, tests []string) ([]*goldap.Entry, error) {
	attributes := append([]string{attrUser, attrCode, attrAddress, attrName, attrDisplay, attrFamily, attrGiven, d.cfg.MarkerAttr,
		cmp.Or(d.lockAttr, attrPassword)}, d.cfg.AliasAttrs...)
	if d.cfg.ClassAttr != "" {
		attributes = append(attributes, d.cfg.ClassAttr)
	}
	if d.changeAttr != "" {
		attributes = append(attributes, d.changeAttr, attrMade, attrPasswordAt)
	}
	seconds := max(1, int(d.cfg.Timeout.Seconds()))
	request := goldap.NewSearchRequest(d.cfg.SearchBase, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, seconds, false,
		"(|"+strings.Join(tests, "")+")", attributes, nil)
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
		Code:   asked(e.GetEqualFoldAttributeValues(attrCode), keys.Codes),
		User:   asked(e.GetEqualFoldAttributeValues(attrUser), keys.Users),
		Name:   name,
		Family: e.GetEqualFoldAttributeValue(attrFamily),
		Given:  e.GetEqualFoldAttributeValue(attrGiven),
	}
	var addresses []string
	for _, attribute := range append([]string{attrAddress}, d.cfg.AliasAttrs...) {
		addresses = append(addresses, e.GetEqualFoldAttributeValues(attribute)...)
	}
	if len(addresses) > 0 {
		a.Address = addresses[0]
	}
	if len(addresses) > 1 {
		a.Aliases = addresses[1:]
	}
	if d.cfg.ClassAttr != "" {
		a.Class = e.GetEqualFoldAttributeValue(d.cfg.ClassAttr)
	}
	markers := slices.DeleteFunc(slices.Clone(e.GetEqualFoldAttributeValues(d.cfg.MarkerAttr)), func(v string) bool {
		return !strings.HasPrefix(v, ours)
	})
	a.Marker = asked(markers, keys.Markers)
	a.Suspended = d.suspended(e)
	a.Changed = a.Marker != "" && d.changed(e)
	return a
}

// changed says that the holder has changed the initial password: the server has taken the demand away, as slapd's ppolicy does with
// pwdReset, and says that the password is younger than the entry. The demand alone would not tell: an account that was made before
// it was configured never had it.
func (d *Directory) changed(e *goldap.Entry) bool {
	if d.changeAttr == "" || slices.Contains(e.GetEqualFoldAttributeValues(d.changeAttr), d.changeVal) {
		return false
	}
	const seconds = len("20061126120000") // GeneralizedTime; fractions may follow
	made, at := e.GetEqualFoldAttributeValue(attrMade), e.GetEqualFoldAttributeValue(attrPasswordAt)
	return len(made) >= seconds && len(at) >= seconds && at[:seconds] > made[:seconds]
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
