package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// The attributes of a user in Active Directory (MS-ADA3, MS-ADTS).
const (
	adUser       = "sAMAccountName"     // unique in the domain, at most 20 characters for a person (MS-SAMR §3.1.1.6, MS-ADA3 §2.222)
	adSignIn     = "userPrincipalName"  // unique in the forest
	adAliases    = "proxyAddresses"     // Exchange: "SMTP:" the first address, "smtp:" the others
	adControl    = "userAccountControl" // bits, MS-ADTS §2.2.16
	adPassword   = "unicodePwd"         // written, never read (MS-ADTS §3.1.1.3.1.5.1)
	adPasswordAt = "pwdLastSet"         // 0: must be changed at the next sign-in
	adMade       = "whenCreated"
	adOrder      = "uSNCreated" // grows with every change on this domain controller
	adOwner      = "managedBy"

	accountDisable = 0x2   // of userAccountControl
	normalAccount  = 0x200 // of userAccountControl

	universalDistribution = "8" // groupType: a list for mail that grants nothing (MS-ADTS §2.2.12)
)

// activeDirectory is the layout of Active Directory and Samba. The server keeps the password; it comes over TLS alone.
//
// An account is made disabled and with half behind its marker, then gets its password, and only then, in one change, is enabled and
// bears the marker alone. So an enabled account of ours always has the password that was sealed; one that was cut off is disabled, is
// known by its marker and is finished by the next try. The server keeps user names and sign-in names unique, and neither codes nor
// addresses: create looks before it adds and again after, and of two entries the older stays.
type activeDirectory struct{ *Directory }

func (activeDirectory) user() string { return adUser }

func (activeDirectory) owner() string { return adOwner }

func (activeDirectory) reads() []string {
	return []string{adSignIn, adAliases, adControl, adPasswordAt, adMade, adOrder}
}

// addressTests: whoever has the address as the name of his sign-in stands in the way, too.
func (l activeDirectory) addressTests(address string) []string {
	tests := []string{is(attrAddress, address), is(adAliases, "smtp:"+address), is(adSignIn, address)}
	for _, attribute := range l.cfg.AliasAttrs {
		tests = append(tests, is(attribute, address))
	}
	return tests
}

func (l activeDirectory) userTests(user string) []string {
	tests := []string{is(adUser, user)}
	if l.cfg.UPNSuffix != "" { // else it is the address
		tests = append(tests, is(adSignIn, user+"@"+l.cfg.UPNSuffix))
	}
	return tests
}

func (l activeDirectory) markerTests(marker string) []string {
	return []string{is(l.cfg.MarkerAttr, marker), is(l.cfg.MarkerAttr, begun(marker))}
}

func (activeDirectory) everybody() string { return "(&(objectCategory=person)(objectClass=user))" }

// addresses of a user. Where proxyAddresses names the first one (SMTP:), mail says the same.
func (l activeDirectory) addresses(e *goldap.Entry, keys account.Keys) (addresses []string) {
	add := func(values ...string) {
		for _, v := range values {
			if v != "" && !slices.ContainsFunc(addresses, func(have string) bool { return strings.EqualFold(have, v) }) {
				addresses = append(addresses, v)
			}
		}
	}
	add(e.GetEqualFoldAttributeValues(attrAddress)...)
	for _, prefix := range []string{"SMTP:", "smtp:"} {
		for _, v := range e.GetEqualFoldAttributeValues(adAliases) {
			if address, ok := strings.CutPrefix(v, prefix); ok {
				add(address)
			}
		}
	}
	for _, attribute := range l.cfg.AliasAttrs {
		add(e.GetEqualFoldAttributeValues(attribute)...)
	}
	if signIn := e.GetEqualFoldAttributeValue(adSignIn); slices.ContainsFunc(keys.Addresses, func(k string) bool { return strings.EqualFold(k, signIn) }) {
		add(signIn) // who signs in as the address that is asked for is found by it
	}
	return addresses
}

func control(e *goldap.Entry) int64 { return number(e, adControl) }

func number(e *goldap.Entry, attribute string) int64 {
	n, _ := strconv.ParseInt(e.GetEqualFoldAttributeValue(attribute), 10, 64)
	return n
}

func (activeDirectory) suspended(e *goldap.Entry) bool { return control(e)&accountDisable != 0 }

func (l activeDirectory) unfinished(e *goldap.Entry) bool {
	return slices.ContainsFunc(e.GetEqualFoldAttributeValues(l.cfg.MarkerAttr), func(v string) bool {
		return strings.HasPrefix(v, ours) && strings.HasSuffix(v, half)
	})
}

// changed says that the holder has changed the initial password: pwdLastSet was set to 0 by us and is not any more. A time close to that
// of the entry is our own, of an account that was made before the change was demanded.
func (l activeDirectory) changed(e *goldap.Entry) bool {
	const (
		ours  = time.Minute
		epoch = 11_644_473_600 // seconds from 1601-01-01 to 1970-01-01 (MS-DTYP §2.3.3)
	)
	at := number(e, adPasswordAt)
	if l.changeAttr == "" || at <= 0 {
		return false
	}
	made, err := time.Parse("20060102150405.0Z", e.GetEqualFoldAttributeValue(adMade))
	return err == nil && time.Unix(at/10_000_000-epoch, 0).After(made.Add(ours))
}

// create brings the account from where it is to where it should be: it may be called again after any interruption, and by several at
// once, of whom one has made it.
func (l activeDirectory) create(ctx context.Context, a account.Account, password string) error {
	if err := fitsAD(a); err != nil {
		return err
	}
	own, others, err := l.own(ctx, a)
	if err != nil {
		return err
	}
	if own == nil && len(others) == 0 {
		add := l.entry(a)
		addErr := l.explain(l.do(ctx, func(c *goldap.Conn) error { return c.Add(add) }))
		if addErr != nil && !errors.Is(addErr, account.ErrExists) && !errors.Is(addErr, errConstraint) {
			return addErr
		}
		if own, others, err = l.own(ctx, a); err != nil {
			return err
		}
		switch {
		case own == nil && errors.Is(addErr, errConstraint) && len(others) == 0: // not a sign-in name that is taken: a rule
			return l.refused(addErr)
		case own == nil && addErr != nil && len(others) == 0:
			return l.hidden(ctx, a, addErr)
		case own == nil && addErr != nil:
			return fmt.Errorf("%w: %w", account.ErrExists, addErr)
		case own == nil:
			return fmt.Errorf("ldap: %w", account.ErrUnseen)
		}
	}
	if own == nil || !l.unfinished(own) {
		return fmt.Errorf("%w: ldap: the user name, the code or the address is taken", account.ErrExists)
	}
	for _, other := range others { // somebody was at it at the same time: the older entry stays
		if !l.unfinished(other) || number(other, adOrder) < number(own, adOrder) {
			return l.rollBack(ctx, own, fmt.Errorf("%w: ldap: the code or the address is taken", account.ErrExists))
		}
	}
	return l.finish(ctx, own, a.Marker, password)
}

// hidden says why the server finds a name taken that no entry shows: somebody has the name of the entry and another user name (an
// administrator has changed it), or the name is taken outside of what is searched. It is no ErrExists: nobody would ever come to light.
func (l activeDirectory) hidden(ctx context.Context, a account.Account, cause error) error {
	dn := l.entry(a).DN
	there, err := l.one(ctx, dn, goldap.ScopeBaseObject, anything, adUser)
	switch {
	case err != nil:
		return err
	case there != nil:
		return fmt.Errorf("%w: ldap: the entry %s is there, and its user name is another one; rename that entry (%s)", account.ErrPermanent, dn, cause.Error())
	}
	return fmt.Errorf("%w: ldap: taken by an entry that is not below %s; widen search_base (%s)", account.ErrPermanent, l.cfg.SearchBase, cause.Error())
}

// own is the entry that create has begun, and who else has one of the keys.
func (l activeDirectory) own(ctx context.Context, a account.Account) (own *goldap.Entry, others []*goldap.Entry, err error) {
	keys := account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}, Markers: []string{a.Marker}}
	entries, err := l.search(ctx, l.tests(keys))
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if l.account(e, keys).Is(a) == nil && own == nil {
			own = e
		} else {
			others = append(others, e)
		}
	}
	return own, others, nil
}

// finish gives the password and then, in one change, lets its holder in and takes half off the marker. Both are done to an unfinished
// entry or not at all: whoever comes late, perhaps from a long sleep, must not set the initial password of an account that is in use.
func (l activeDirectory) finish(ctx context.Context, e *goldap.Entry, marker, password string) error {
	still := func(change *goldap.ModifyRequest, then string) {
		change.Delete(l.cfg.MarkerAttr, []string{begun(marker)})
		if then != "" {
			change.Add(l.cfg.MarkerAttr, []string{then})
		}
	}
	err := l.modify(ctx, e, func(change *goldap.ModifyRequest) {
		still(change, begun(marker))
		change.Replace(adPassword, []string{quoted(password)})
	})
	if err == nil {
		err = l.modify(ctx, e, func(change *goldap.ModifyRequest) {
			still(change, marker)
			change.Replace(adControl, []string{strconv.FormatInt(control(e)&^accountDisable|normalAccount, 10)})
			if l.changeAttr != "" {
				change.Replace(l.changeAttr, []string{l.changeVal})
			}
		})
	}
	switch {
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultNoSuchAttribute):
		return fmt.Errorf("%w: ldap: another try has finished it", account.ErrExists)
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultNoSuchObject):
		return fmt.Errorf("ldap: another try has rolled it back: %w", account.ErrUnseen)
	}
	err = l.refused(l.explain(err, password, quoted(password)))
	if errors.Is(err, account.ErrPermanent) {
		return l.rollBack(ctx, e, err)
	}
	return err
}

// begun is what an unfinished account has for its marker.
func begun(marker string) string { return cmp.Or(marker, ours) + half }

// modify says what the server said, unexplained.
func (l activeDirectory) modify(ctx context.Context, e *goldap.Entry, f func(*goldap.ModifyRequest)) error {
	change := goldap.NewModifyRequest(e.DN, nil)
	f(change)
	return l.do(ctx, func(c *goldap.Conn) error { return c.Modify(change) })
}

// rollBack removes what create has begun: a disabled entry that nobody has used. What cannot be removed the next try goes on with.
func (l activeDirectory) rollBack(ctx context.Context, e *goldap.Entry, cause error) error {
	err := l.do(ctx, func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(e.DN, nil)) })
	if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject) {
		return fmt.Errorf("%w; the entry %s is left, disabled: %s", cause, e.DN, l.explain(err).Error())
	}
	return cause
}

// fitsAD holds an account against the rules for sAMAccountName: not every server does.
func fitsAD(a account.Account) error {
	const most, forbidden = 20, `"/\[]:;|=,+*?<>@`
	switch {
	case len(a.User) > most:
		return fmt.Errorf("%w: ldap: the user name has %d characters, and sAMAccountName may have %d", account.ErrPermanent, len(a.User), most)
	case strings.ContainsAny(a.User, forbidden) || strings.ContainsFunc(a.User, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("%w: ldap: sAMAccountName may hold ASCII letters, digits and marks, and none of %s", account.ErrPermanent, forbidden)
	case strings.HasSuffix(a.User, ".") || strings.TrimSpace(a.User) != a.User:
		return fmt.Errorf("%w: ldap: sAMAccountName must not begin or end with a blank, or end with a full stop", account.ErrPermanent)
	}
	return nil
}

// entry is named by the user name: full names are not unique below a base.
func (l activeDirectory) entry(a account.Account) *goldap.AddRequest {
	add := goldap.NewAddRequest("CN="+goldap.EscapeDN(a.User)+","+l.cfg.Base, nil)
	add.Attribute("objectClass", []string{"user"})
	_, domain, _ := strings.Cut(a.Address, "@")
	attributes(add, [][2]string{
		{adUser, a.User}, {adSignIn, a.User + "@" + cmp.Or(l.cfg.UPNSuffix, domain)}, {l.cfg.CodeAttr, a.Code}, {attrAddress, a.Address}, {attrDisplay, a.Name},
		{attrFamily, a.Family}, {attrGiven, a.Given}, {l.cfg.ClassAttr, a.Class}, {l.cfg.MarkerAttr, begun(a.Marker)},
		{adControl, strconv.Itoa(normalAccount | accountDisable)},
	})
	return add
}

// quoted is a password as unicodePwd wants it: in quotation marks, in UTF-16 (MS-ADTS §3.1.1.3.1.5.1). A single replace sets it without
// that of before.
func quoted(password string) string {
	var value []byte
	for _, unit := range utf16.Encode([]rune(`"` + password + `"`)) {
		value = append(value, byte(unit), byte(unit>>8))
	}
	return string(value)
}

// setPassword: the demand to change it comes after, because setting a password takes it away. A try that was cut off between the two is
// repeated as a whole.
func (l activeDirectory) setPassword(ctx context.Context, e *goldap.Entry, password string) error {
	err := l.modify(ctx, e, func(change *goldap.ModifyRequest) { change.Replace(adPassword, []string{quoted(password)}) })
	if err == nil && l.changeAttr != "" {
		err = l.modify(ctx, e, func(change *goldap.ModifyRequest) { change.Replace(l.changeAttr, []string{l.changeVal}) })
	}
	return l.explain(err, password, quoted(password))
}

func (l activeDirectory) suspend(e *goldap.Entry, change *goldap.ModifyRequest) error {
	if !l.suspended(e) {
		change.Replace(adControl, []string{strconv.FormatInt(control(e)|accountDisable, 10)})
	}
	return nil
}

func (l activeDirectory) restore(e *goldap.Entry, change *goldap.ModifyRequest) error {
	if l.unfinished(e) {
		return fmt.Errorf("%w: ldap: the account has not been finished: it has no password", account.ErrPermanent)
	}
	if l.suspended(e) {
		change.Replace(adControl, []string{strconv.FormatInt(control(e)&^accountDisable, 10)})
	}
	return nil
}

func (activeDirectory) putBack(*goldap.Entry, *goldap.ModifyRequest) bool { return false }

func (activeDirectory) groupClass() string { return "group" }

func (l activeDirectory) group(add *goldap.AddRequest, local string) {
	add.Attribute("objectClass", []string{l.groupClass()})
	add.Attribute(adUser, []string{local})
	add.Attribute("groupType", []string{universalDistribution})
}

// people are asked for from their side: a group with more than 1,500 shows its members in pieces, and their names are not in their DNs.
func (l activeDirectory) people(ctx context.Context, group *goldap.Entry) (members []string, owner string, err error) {
	err = l.pages(ctx, l.cfg.SearchBase, goldap.ScopeWholeSubtree, is("memberOf", group.DN), []string{adUser}, func(e *goldap.Entry) error {
		members = append(members, e.GetEqualFoldAttributeValue(adUser))
		return nil
	})
	if dn := group.GetEqualFoldAttributeValue(adOwner); dn != "" && err == nil {
		err = l.pages(ctx, dn, goldap.ScopeBaseObject, "(objectClass=*)", []string{adUser}, func(e *goldap.Entry) error {
			owner = e.GetEqualFoldAttributeValue(adUser)
			return nil
		})
	}
	return members, owner, err
}
