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

// The attributes of an inetOrgPerson (RFC 2798).
const (
	attrUser  = "uid"
	attrOwner = "owner"

	attrPassword = "userPassword"

	attrMade       = "createTimestamp" // RFC 4512 §3.4.1
	attrPasswordAt = "pwdChangedTime"  // draft-behera-ldap-password-policy §5.3.2
)

// aside stands before a password hash that opens nothing for now. A value whose scheme slapd does not know fits no
// password (lutil_passwd), and neither does it in other directories; the hash behind it comes back as it was. The usual "!"
// of passwd(1) would not do: a value without a scheme is a password in the clear.
const aside = "{VANTHU-SUSPENDED}"

// inetOrgPerson is the layout of OpenLDAP, 389 Directory Server and others: the hash of the password is ours.
type inetOrgPerson struct{ *Directory }

func (inetOrgPerson) user() string { return attrUser }

func (inetOrgPerson) owner() string { return attrOwner }

func (l inetOrgPerson) reads() []string {
	attributes := []string{cmp.Or(l.lockAttr, attrPassword)}
	if l.changeAttr != "" {
		attributes = append(attributes, l.changeAttr, attrMade, attrPasswordAt)
	}
	return attributes
}

func (l inetOrgPerson) addressTests(address string) (tests []string) {
	for _, attribute := range append([]string{attrAddress}, l.cfg.AliasAttrs...) {
		tests = append(tests, is(attribute, address))
	}
	return tests
}

func (inetOrgPerson) userTests(user string) []string { return []string{is(attrUser, user)} }

func (l inetOrgPerson) markerTests(marker string) []string {
	return []string{is(l.cfg.MarkerAttr, marker)}
}

func (inetOrgPerson) everybody() string { return "(objectClass=inetOrgPerson)" }

// addresses: further values of mail are aliases, too.
func (l inetOrgPerson) addresses(e *goldap.Entry, _ account.Keys) (addresses []string) {
	for _, attribute := range append([]string{attrAddress}, l.cfg.AliasAttrs...) {
		addresses = append(addresses, e.GetEqualFoldAttributeValues(attribute)...)
	}
	return addresses
}

// create adds the entry at once: it is there with its password, or not there.
func (l inetOrgPerson) create(ctx context.Context, a account.Account, password string) error {
	hash, err := account.HashPassword(l.cfg.Hash, password)
	if err != nil {
		return fmt.Errorf("ldap: %w", err)
	}
	add := l.entry(a, hash)
	_, digest, _ := strings.Cut(hash, "}")
	err = l.explain(l.do(ctx, func(c *goldap.Conn) error { return c.Add(add) }), password, hash, digest)
	if err == nil || !errors.Is(err, errConstraint) {
		return err
	}
	// slapd's overlay unique says ConstraintViolation, and so does a password policy. What is there decides, not the text.
	found, lookErr := l.Lookup(ctx, account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
	switch {
	case lookErr != nil:
		return lookErr
	case len(found) > 0:
		return fmt.Errorf("%w: %w", account.ErrExists, err)
	}
	return fmt.Errorf("%w: %w", account.ErrPermanent, err)
}

func (l inetOrgPerson) entry(a account.Account, hash string) *goldap.AddRequest {
	add := goldap.NewAddRequest(attrUser+"="+goldap.EscapeDN(a.User)+","+l.cfg.Base, nil)
	add.Attribute("objectClass", []string{"inetOrgPerson"})
	attributes(add, [][2]string{
		{attrUser, a.User}, {l.cfg.CodeAttr, a.Code}, {attrAddress, a.Address}, {attrName, a.Name}, {attrDisplay, a.Name},
		{attrFamily, a.Family}, {attrGiven, a.Given}, {l.cfg.MarkerAttr, a.Marker}, {l.cfg.ClassAttr, a.Class},
		{attrPassword, hash}, {l.changeAttr, l.changeVal},
	})
	return add
}

// attributes leaves out what has no value: that is an error in LDAP.
func attributes(add *goldap.AddRequest, values [][2]string) {
	for _, value := range values {
		if value[0] != "" && value[1] != "" {
			add.Attribute(value[0], []string{value[1]})
		}
	}
}

func (l inetOrgPerson) setPassword(ctx context.Context, e *goldap.Entry, password string) error {
	hash, err := account.HashPassword(l.cfg.Hash, password)
	if err != nil {
		return fmt.Errorf("ldap: %w", err)
	}
	change := goldap.NewModifyRequest(e.DN, nil)
	change.Replace(attrPassword, []string{hash})
	if l.changeAttr != "" {
		change.Replace(l.changeAttr, []string{l.changeVal})
	}
	_, digest, _ := strings.Cut(hash, "}")
	return l.explain(l.do(ctx, func(c *goldap.Conn) error { return c.Modify(change) }), password, hash, digest)
}

// suspended says what an entry shows: only one of whose passwords none opens it.
func (l inetOrgPerson) suspended(e *goldap.Entry) bool {
	if l.lockAttr != "" {
		return slices.ContainsFunc(e.GetEqualFoldAttributeValues(l.lockAttr), func(v string) bool { return strings.EqualFold(v, l.lockVal) })
	}
	hashes := e.GetEqualFoldAttributeValues(attrPassword)
	return len(hashes) > 0 && !slices.ContainsFunc(hashes, func(v string) bool { return !strings.HasPrefix(v, aside) })
}

// changed says that the holder has changed the initial password: the server has taken the demand away, as slapd's ppolicy does with
// pwdReset, and says that the password is younger than the entry. The demand alone would not tell: an account that was made before
// it was configured never had it.
func (l inetOrgPerson) changed(e *goldap.Entry) bool {
	if l.changeAttr == "" || slices.Contains(e.GetEqualFoldAttributeValues(l.changeAttr), l.changeVal) {
		return false
	}
	const seconds = len("20061126120000") // GeneralizedTime; fractions may follow
	made, at := e.GetEqualFoldAttributeValue(attrMade), e.GetEqualFoldAttributeValue(attrPasswordAt)
	return len(made) >= seconds && len(at) >= seconds && at[:seconds] > made[:seconds]
}

func (inetOrgPerson) unfinished(*goldap.Entry) bool { return false }

func (l inetOrgPerson) suspend(e *goldap.Entry, change *goldap.ModifyRequest) error {
	if l.suspended(e) {
		return nil
	}
	if l.lockAttr != "" {
		change.Replace(l.lockAttr, []string{l.lockVal})
		return nil
	}
	hashes := e.GetEqualFoldAttributeValues(attrPassword)
	if len(hashes) == 0 {
		return fmt.Errorf("%w: ldap: the account shows no password that could be set aside; let %s read userPassword, or set suspend to the attribute=value that locks an account there",
			account.ErrPermanent, l.cfg.BindDN)
	}
	swap(change, hashes, func(hash string) string { return aside + strings.TrimPrefix(hash, aside) })
	return nil
}

func (l inetOrgPerson) restore(e *goldap.Entry, change *goldap.ModifyRequest) error {
	switch {
	case !l.suspended(e):
	case l.lockAttr != "":
		change.Delete(l.lockAttr, nil)
	default:
		swap(change, e.GetEqualFoldAttributeValues(attrPassword), func(hash string) string { return strings.TrimPrefix(hash, aside) })
	}
	return nil
}

// swap replaces all values at once: slapd's ppolicy takes a deleted value for the old password in the clear and refuses it.
// Whoever changes the password between our look and this loses that change; the account is suspended all the same.
func swap(change *goldap.ModifyRequest, hashes []string, to func(string) string) {
	after := make([]string, len(hashes))
	for i, hash := range hashes {
		after[i] = to(hash)
	}
	change.Replace(attrPassword, after)
}

// putBack: a server that hashes whatever is written as a password (389 Directory Server, slapd's ppolicy_hash_cleartext) makes a
// password of the hash that was set aside; then the old one is put back at once.
func (l inetOrgPerson) putBack(before *goldap.Entry, change *goldap.ModifyRequest) bool {
	if l.lockAttr != "" {
		return false
	}
	change.Replace(attrPassword, before.GetEqualFoldAttributeValues(attrPassword))
	return true
}

// A class group is a groupOfNames (RFC 4519 §3.5) with owner and member; extensibleObject (RFC 4512 §4.3) lets it have mail.
func (inetOrgPerson) groupClass() string { return "groupOfNames" }

func (l inetOrgPerson) group(add *goldap.AddRequest, _ string) {
	add.Attribute("objectClass", []string{l.groupClass(), "extensibleObject"})
}

func (inetOrgPerson) people(_ context.Context, group *goldap.Entry) (members []string, owner string, err error) {
	for _, dn := range group.GetEqualFoldAttributeValues(attrMember) {
		members = append(members, userOf(dn))
	}
	for _, dn := range group.GetEqualFoldAttributeValues(attrOwner) {
		owner = userOf(dn)
	}
	return members, owner, nil
}
