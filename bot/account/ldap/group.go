package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

const attrMember = "member"

func (d *Directory) groupBase() error {
	if d.cfg.GroupBase == "" {
		return fmt.Errorf("%w: ldap: no base for groups is configured", account.ErrPermanent)
	}
	return nil
}

// Group looks below the base of groups.
func (d *Directory) Group(ctx context.Context, address string) (*account.Group, error) {
	e, err := d.groupEntry(ctx, address)
	if e == nil || err != nil {
		return nil, err
	}
	g := &account.Group{Address: e.GetEqualFoldAttributeValue(attrAddress), Name: e.GetEqualFoldAttributeValue(attrDisplay)}
	for _, marker := range e.GetEqualFoldAttributeValues(d.cfg.MarkerAttr) {
		if strings.HasPrefix(marker, ours) {
			g.Marker = marker
		}
	}
	if g.Members, g.Owner, err = d.layout.people(ctx, e); err != nil {
		return nil, err
	}
	slices.Sort(g.Members)
	return g, nil
}

// userOf is the user name in a DN of ours, the DN itself of another's.
func userOf(dn string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 || !strings.EqualFold(parsed.RDNs[0].Attributes[0].Type, attrUser) {
		return dn
	}
	return parsed.RDNs[0].Attributes[0].Value
}

func (d *Directory) groupEntry(ctx context.Context, address string) (*goldap.Entry, error) {
	if err := d.groupBase(); err != nil {
		return nil, err
	}
	request := goldap.NewSearchRequest(d.cfg.GroupBase, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, max(1, int(d.cfg.Timeout.Seconds())), false,
		"(|("+attrAddress+"="+goldap.EscapeFilter(address)+"))", []string{"objectClass", attrAddress, attrName, attrDisplay, attrMember, d.layout.owner(), d.cfg.MarkerAttr}, nil)
	var entries []*goldap.Entry
	err := d.do(ctx, func(c *goldap.Conn) error {
		result, err := c.Search(request)
		if err == nil {
			entries = result.Entries
		}
		return err
	})
	if err != nil {
		return nil, d.explain(err)
	}
	entries = slices.DeleteFunc(entries, func(e *goldap.Entry) bool {
		return !slices.ContainsFunc(e.GetEqualFoldAttributeValues("objectClass"), func(v string) bool { return strings.EqualFold(v, d.layout.groupClass()) })
	})
	if len(entries) == 0 {
		return nil, nil
	}
	return entries[0], nil
}

// dns finds the entries of users. One that the directory does not show (yet) is a temporary error.
func (d *Directory) dns(ctx context.Context, users []string) (map[string]string, error) {
	found := make(map[string]string, len(users))
	for set := range slices.Chunk(d.tests(account.Keys{Users: users}), keysPerSearch) {
		entries, err := d.search(ctx, set)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			for _, user := range e.GetEqualFoldAttributeValues(d.layout.user()) {
				found[strings.ToLower(user)] = e.DN
			}
		}
	}
	for _, user := range users {
		if found[strings.ToLower(user)] == "" {
			return nil, fmt.Errorf("ldap: a member of a group: %w", account.ErrUnseen)
		}
	}
	return found, nil
}

// MakeGroup adds the entry. Its name below the base is the local part of its address.
func (d *Directory) MakeGroup(ctx context.Context, g account.Group) error {
	if err := d.groupBase(); err != nil {
		return err
	}
	users := slices.Clone(g.Members)
	if g.Owner != "" {
		users = append(users, g.Owner)
	}
	dns, err := d.dns(ctx, users)
	if err != nil {
		return err
	}
	local, _, _ := strings.Cut(g.Address, "@")
	add := goldap.NewAddRequest(attrName+"="+goldap.EscapeDN(local)+","+d.cfg.GroupBase, nil)
	d.layout.group(add, local)
	add.Attribute(attrName, []string{local})
	add.Attribute(attrDisplay, []string{g.Name})
	add.Attribute(attrAddress, []string{g.Address})
	add.Attribute(d.cfg.MarkerAttr, []string{g.Marker})
	add.Attribute(attrMember, dnsOf(dns, g.Members))
	if g.Owner != "" {
		add.Attribute(d.layout.owner(), dnsOf(dns, []string{g.Owner}))
	}
	err = d.explain(d.do(ctx, func(c *goldap.Conn) error { return c.Add(add) }))
	if errors.Is(err, errConstraint) { // overlay unique: somebody else has the address
		return fmt.Errorf("%w: %w", account.ErrExists, err)
	}
	return err
}

func dnsOf(dns map[string]string, users []string) (all []string) {
	for _, user := range users {
		if dn := dns[strings.ToLower(user)]; !slices.Contains(all, dn) {
			all = append(all, dn)
		}
	}
	return all
}

// JoinGroup adds values; what is there already is not asked for, and what another process adds at the same moment is no error.
func (d *Directory) JoinGroup(ctx context.Context, g account.Group) error {
	for range 3 {
		e, err := d.groupEntry(ctx, g.Address)
		if err != nil {
			return err
		}
		if e == nil {
			return fmt.Errorf("ldap: group: %w", account.ErrGone)
		}
		if !slices.Contains(e.GetEqualFoldAttributeValues(d.cfg.MarkerAttr), g.Marker) {
			return fmt.Errorf("ldap: group: %w: it has not our marker", account.ErrOther)
		}
		change, err := d.joins(ctx, e, g)
		if err != nil || len(change.Changes) == 0 {
			return err
		}
		err = d.do(ctx, func(c *goldap.Conn) error { return c.Modify(change) })
		if !goldap.IsErrorAnyOf(err, goldap.LDAPResultAttributeOrValueExists, goldap.LDAPResultEntryAlreadyExists) { // Active Directory says the second
			return d.refused(d.explain(err))
		}
	}
	return fmt.Errorf("ldap: group: %w", account.ErrUnseen)
}

func (d *Directory) joins(ctx context.Context, e *goldap.Entry, g account.Group) (*goldap.ModifyRequest, error) {
	change := goldap.NewModifyRequest(e.DN, nil)
	there, _, err := d.layout.people(ctx, e) // the values of a group of more than 1,500 Active Directory does not show here
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(g.Members), func(user string) bool {
		return slices.ContainsFunc(there, func(have string) bool { return strings.EqualFold(have, user) })
	})
	users := slices.Clone(missing)
	takes := g.Owner != "" && e.GetEqualFoldAttributeValue(d.layout.owner()) == ""
	if takes {
		users = append(users, g.Owner)
	}
	dns, err := d.dns(ctx, users)
	if err != nil {
		return nil, err
	}
	in := e.GetEqualFoldAttributeValues(attrMember)
	fresh := slices.DeleteFunc(dnsOf(dns, missing), func(dn string) bool {
		return slices.ContainsFunc(in, func(have string) bool { return sameDN(have, dn) })
	})
	if len(fresh) > 0 {
		change.Add(attrMember, fresh)
	}
	if takes {
		change.Add(d.layout.owner(), dnsOf(dns, []string{g.Owner}))
	}
	return change, nil
}

// sameDN compares as directories do (RFC 4517 §4.2.15).
func sameDN(a, b string) bool {
	x, errX := goldap.ParseDN(a)
	y, errY := goldap.ParseDN(b)
	return errX == nil && errY == nil && x.EqualFold(y)
}
