package microsoft

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vanthu/bot/account"
)

// selected are the properties that are read. A $select makes a request cheaper, too.
const selected = "id,userPrincipalName,mailNickname,displayName,givenName,surname,mail,proxyAddresses,employeeId,department,accountEnabled," +
	"createdDateTime,lastPasswordChangeDateTime,deletedDateTime,onPremisesExtensionAttributes,usageLocation,assignedLicenses"

// A user is what is read of one.
type user struct {
	ID       string   `json:"id"`
	UPN      string   `json:"userPrincipalName"`
	Nick     string   `json:"mailNickname"`
	Name     string   `json:"displayName"`
	Given    string   `json:"givenName"`
	Family   string   `json:"surname"`
	Mail     string   `json:"mail"`
	Proxies  []string `json:"proxyAddresses"`
	Code     string   `json:"employeeId"`
	Class    string   `json:"department"`
	Enabled  bool     `json:"accountEnabled"`
	Location string   `json:"usageLocation"`

	Created  time.Time  `json:"createdDateTime"`
	Password time.Time  `json:"lastPasswordChangeDateTime"`
	Deleted  *time.Time `json:"deletedDateTime"`

	Ext      map[string]*string `json:"onPremisesExtensionAttributes"`
	Licences []struct {
		SkuID string `json:"skuId"`
	} `json:"assignedLicenses"`
}

// ours begins every marker; an attribute that somebody else fills is none.
const ours = "vanthu:"

// apart is how much later than the password was set it must have been changed for being changed by its holder: clocks differ.
const apart = 5 * time.Minute

func (u user) ext(name string) string {
	if v := u.Ext[name]; v != nil {
		return *v
	}
	return ""
}

// name is the user principal name as it was before a deletion, which puts the object's id before it, so that the name is free again.
func (u user) name() string {
	if u.Deleted == nil || len(u.UPN) <= 32 {
		return u.UPN
	}
	if _, err := hex.DecodeString(u.UPN[:32]); err != nil {
		return u.UPN
	}
	return u.UPN[32:]
}

// account is the user as the desk knows accounts.
func (p *Platform) account(u user) account.Account {
	upn := u.name()
	local, domain, _ := strings.Cut(upn, "@")
	a := account.Account{Code: u.Code, User: local, Address: u.Mail, Name: u.Name, Family: u.Family, Given: u.Given, Class: u.Class, Suspended: !u.Enabled}
	if !strings.EqualFold(domain, p.cfg.Domain) { // somebody of another domain of the tenant does not have our user name
		a.User = upn
	}
	if a.Address == "" {
		a.Address = upn
	}
	for _, proxy := range u.Proxies {
		kind, address, _ := strings.Cut(proxy, ":")
		if strings.EqualFold(kind, "smtp") && !a.Has(address) {
			a.Aliases = append(a.Aliases, address)
		}
	}
	if marker := u.ext(p.cfg.MarkerAttr); strings.HasPrefix(marker, ours) {
		a.Marker = marker
	}
	set := u.Created
	if at, err := time.Parse(time.RFC3339, u.ext(p.cfg.PasswordAttr)); err == nil && at.After(set) {
		set = at
	}
	a.Changed = u.Password.Sub(set) > apart
	if u.Deleted != nil {
		a.DeletedUntil = u.Deleted.Add(kept)
	}
	return a
}

// upn is the user principal name of a user name.
func (p *Platform) upn(name string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@" + p.cfg.Domain
}

// upnLetters are those that a user principal name may have ("Microsoft Entra UserPrincipalName policies").
var upnLetters = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]{1,64}$`)

type passwordProfile struct {
	Password string `json:"password"`
	Force    bool   `json:"forceChangePasswordNextSignIn"`
}

// newUser is what is written of one. Graph refuses empty strings: what is empty is left out.
type newUser struct {
	Enabled  bool              `json:"accountEnabled"`
	Name     string            `json:"displayName"`
	UPN      string            `json:"userPrincipalName"`
	Nick     string            `json:"mailNickname"`
	Given    string            `json:"givenName,omitempty"`
	Family   string            `json:"surname,omitempty"`
	Mail     string            `json:"mail"`
	Code     string            `json:"employeeId"`
	Class    string            `json:"department,omitempty"`
	Location string            `json:"usageLocation,omitempty"`
	Password passwordProfile   `json:"passwordProfile"`
	Ext      map[string]string `json:"onPremisesExtensionAttributes,omitempty"`
}

// write is the user for an account. What Graph would refuse is named here, because its own words repeat the value.
func (p *Platform) write(a account.Account, password string) (newUser, error) {
	for _, f := range []struct {
		name, value string
		most        int
	}{{"display name", a.Name, 256}, {"given name", a.Given, 64}, {"surname", a.Family, 64}, {"student code", a.Code, 16}, {"class", a.Class, 64}, {"address", a.Address, 256}} {
		if n := utf8.RuneCountInString(f.value); n > f.most || !plain(f.value) {
			return newUser{}, fmt.Errorf("%w: microsoft: the %s has %d characters, of which %d may be, and none may be a control character", account.ErrPermanent, f.name, n, f.most)
		}
	}
	if !upnLetters.MatchString(a.User) || strings.HasPrefix(a.User, ".") || strings.HasSuffix(a.User, ".") {
		return newUser{}, fmt.Errorf("%w: microsoft: the user name has a letter that a user principal name cannot have", account.ErrPermanent)
	}
	u := newUser{Enabled: true, Name: a.Name, UPN: p.upn(a.User), Nick: a.User, Given: a.Given, Family: a.Family, Mail: a.Address, Code: a.Code, Class: a.Class,
		Location: p.cfg.UsageLocation, Password: passwordProfile{password, true}}
	if a.Marker != "" {
		u.Ext = map[string]string{p.cfg.MarkerAttr: a.Marker}
	}
	return u, nil
}

// plain says whether a value can stand in the directory, and so whether it is worth asking for.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// has says whether a user has one of the keys; an address that is only his user principal name becomes an alias, so that whoever asked
// sees what is taken. Everything that Graph gives is held against it: a filter that is not understood may be ignored in silence.
func (p *Platform) has(a *account.Account, u user, keys account.Keys) bool {
	same := func(values []string, have string) bool {
		return have != "" && slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, have) })
	}
	found := same(keys.Codes, a.Code) || same(keys.Users, a.User) || same(keys.Markers, a.Marker) || slices.ContainsFunc(keys.Addresses, func(address string) bool { return address != "" && a.Has(address) })
	if upn := u.name(); !a.Has(upn) && same(keys.Addresses, upn) {
		a.Aliases, found = append(a.Aliases, upn), true
	}
	return found
}
