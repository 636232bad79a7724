package ldap

import (
	"errors"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

// What stands in the way of a name without having it as its user name is told, and is not waited for.
func adHidden(t *testing.T, w adWorld) {
	d := w.plain(t)
	add := func(dn string, attributes map[string]string) {
		t.Helper()
		request := goldap.NewAddRequest(dn, nil)
		for name, value := range attributes {
			request.Attribute(name, []string{value})
		}
		if err := d.do(t.Context(), func(c *goldap.Conn) error { return c.Add(request) }); err != nil {
			t.Fatal(err)
		}
	}
	renamed, outside := accounttest.Person(940, 0), accounttest.Person(940, 1)
	add("CN="+renamed.User+","+sambaBase, map[string]string{"objectClass": "user", adUser: "other940", adControl: "514"})
	outside.User = "lethimy" // OU=Staff
	for _, test := range []struct {
		d    adSigner
		a    account.Account
		says string
	}{
		{d, renamed, "rename that entry"},
		{w.open(t, func(c *Config) { c.SearchBase = sambaBase }), outside, "search_base"},
	} {
		_, err := account.Ensure(t.Context(), test.d, test.a, accounttest.Password)
		if !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrUnseen) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("error %v, want a lasting one that says %q", err, test.says)
		}
	}
}

// Exchange keeps the telephones of a person below his entry: he is erased with them.
func adBelow(t *testing.T, w adWorld) {
	d := w.plain(t)
	a := accounttest.Person(941, 0)
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	below := goldap.NewAddRequest("CN=ExchangeActiveSyncDevices,CN="+a.User+","+sambaBase, nil)
	below.Attribute("objectClass", []string{"classStore"}) // a class that may stand there without Exchange's schema
	if err := d.do(t.Context(), func(c *goldap.Conn) error { return c.Add(below) }); err != nil {
		t.Fatal(err)
	}
	if err := d.Erase(t.Context(), a); err != nil {
		t.Error(err)
	}
	if found, err := d.Lookup(t.Context(), byCode(a)); err != nil || len(found) != 0 {
		t.Errorf("left: %+v, error %v", found, err)
	}
}

// Active Directory says of a member that is there already that the entry exists, and not that the value does.
func adJoinAgain(t *testing.T, w adWorld) {
	d := w.open(t, func(c *Config) { c.GroupBase = sambaGroups })
	a := accounttest.Person(942, 0)
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	g := account.Group{Address: "lop942@sv.truong.example", Name: "Lớp 942", Members: []string{a.User}}
	g.Marker = account.GroupMarker(g.Address)
	if err := d.MakeGroup(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	e, err := d.groupEntry(t.Context(), g.Address)
	if err != nil || e == nil {
		t.Fatal(err)
	}
	change := goldap.NewModifyRequest(e.DN, nil)
	change.Add(attrMember, []string{"CN=" + a.User + "," + sambaBase})
	err = d.do(t.Context(), func(c *goldap.Conn) error { return c.Modify(change) })
	if !goldap.IsErrorWithCode(err, goldap.LDAPResultEntryAlreadyExists) {
		t.Errorf("a member twice: error %v, want entryAlreadyExists, which JoinGroup waits for", err)
	}
	// Of a group of more than 1,500 the members are not among its values.
	e.Attributes = nil
	joins, err := d.joins(t.Context(), e, g)
	if err != nil || len(joins.Changes) != 0 {
		t.Errorf("%v, error %v; want nobody to be added", joins, err)
	}
}
