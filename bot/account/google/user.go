package google

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"vanthu/bot/account"
)

// A user is the part of Google's resource that is ours ("REST Resource: users").
type user struct {
	ID             string          `json:"id,omitempty"`
	Email          string          `json:"primaryEmail,omitempty"`
	Name           *userName       `json:"name,omitempty"`
	Password       string          `json:"password,omitempty"`
	ChangePassword *bool           `json:"changePasswordAtNextLogin,omitempty"`
	Suspended      *bool           `json:"suspended,omitempty"`
	Archived       bool            `json:"archived,omitempty"`
	OrgUnit        string          `json:"orgUnitPath,omitempty"`
	ExternalIDs    json.RawMessage `json:"externalIds,omitempty"` // documented as a value of any kind
	Aliases        []string        `json:"aliases,omitempty"`
	FixedAliases   []string        `json:"nonEditableAliases,omitempty"`
	LastLogin      string          `json:"lastLoginTime,omitempty"`
	Deleted        string          `json:"deletionTime,omitempty"`
	Admin          bool            `json:"isAdmin,omitempty"`
	SomeAdmin      bool            `json:"isDelegatedAdmin,omitempty"`
}

type userName struct {
	Family  string `json:"familyName,omitempty"`
	Given   string `json:"givenName,omitempty"`
	Display string `json:"displayName,omitempty"`
}

type externalID struct {
	Value  string `json:"value"`
	Type   string `json:"type,omitempty"`
	Custom string `json:"customType,omitempty"`
}

// markerType is the external id that holds our marker: it needs no schema to be made first, and a search finds it as it finds
// every external id.
const markerType = "vanthu"

// userFields and listFields keep answers small ("Performance tips: partial response").
const (
	userFields = "id,primaryEmail,name(familyName,givenName,displayName),changePasswordAtNextLogin,suspended,archived,orgUnitPath," +
		"externalIds,aliases,nonEditableAliases,lastLoginTime,deletionTime,isAdmin,isDelegatedAdmin"
	listFields = "nextPageToken,users(" + userFields + ")"
)

const (
	longestName    = 40  // family and given name: so "Limits and quotas"; the reference of the resource and the help center say 60. The display name has it all
	longestDisplay = 256 // display name
)

// newUser writes an account as Google wants it. Google needs two names, and shows the given one first: the display name is
// the name as people write it here.
func (p *Platform) newUser(a account.Account, password string) user {
	family, given := a.Family, a.Given
	if family == "" {
		family, given = account.SplitName(a.Name)
	}
	if given == "" {
		given = family
	}
	ids := []externalID{{Value: a.Code, Type: p.cfg.CodeType}}
	if a.Marker != "" {
		ids = append(ids, externalID{Value: a.Marker, Type: "custom", Custom: markerType})
	}
	encoded, _ := json.Marshal(ids) // strings
	change := !p.cfg.KeepFirst
	return user{Email: a.Address, Password: password, ChangePassword: &change, OrgUnit: p.cfg.OrgUnit, ExternalIDs: encoded,
		Name: &userName{Family: cut(family, longestName), Given: cut(given, longestName), Display: cut(a.Name, longestDisplay)}}
}

func cut(s string, runes int) string {
	for utf8.RuneCountInString(s) > runes {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return strings.TrimSpace(s)
}

// account reads what Google shows.
func (p *Platform) account(u user) account.Account {
	a := account.Account{Address: strings.ToLower(u.Email), User: p.userOf(u.Email), Suspended: u.Suspended != nil && *u.Suspended || u.Archived}
	if u.Name != nil {
		a.Name, a.Family, a.Given = u.Name.Display, u.Name.Family, u.Name.Given
		if a.Given == a.Family {
			a.Given = ""
		}
		if a.Name == "" {
			a.Name = strings.TrimSpace(a.Family + " " + a.Given)
		}
	}
	for _, id := range u.externalIDs() {
		switch {
		case id.Type == "custom" && id.Custom == markerType:
			a.Marker = id.Value
		case strings.EqualFold(id.Type, p.cfg.CodeType) && a.Code == "":
			a.Code = id.Value
		}
	}
	for _, alias := range append(u.Aliases, u.FixedAliases...) {
		if alias = strings.ToLower(alias); !strings.HasSuffix(alias, ".test-google-a.com") { // everybody has such a one
			a.Aliases = append(a.Aliases, alias)
		}
	}
	// Of an initial password that need not be changed nobody can tell whether it was.
	a.Changed = !p.cfg.KeepFirst && (u.ChangePassword == nil || !*u.ChangePassword) && after(u.LastLogin)
	if deleted, err := time.Parse(time.RFC3339, u.Deleted); err == nil {
		a.DeletedUntil = deleted.Add(undelete)
	}
	return a
}

// after says whether somebody has ever signed in: of who has not Google shows the year 1970.
func after(login string) bool {
	at, err := time.Parse(time.RFC3339, login)
	return err == nil && at.Year() > 1970
}

func (u user) externalIDs() []externalID {
	var ids []externalID
	if json.Unmarshal(u.ExternalIDs, &ids) != nil {
		return nil
	}
	return ids
}

// userOf is the user name of an address: its local part in our domain, else all of it, which is what signs in.
func (p *Platform) userOf(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	if domain == p.cfg.Domain {
		return local
	}
	return strings.ToLower(address)
}

// addressOf is the address of a user name.
func (p *Platform) addressOf(user string) string {
	if user == "" || strings.Contains(user, "@") {
		return user
	}
	return user + "@" + p.cfg.Domain
}

// possible says whether an address may be one: others are not asked for. Google takes letters, digits, and . _ - ' ("Name and
// password guidelines"); + is for whoever writes to somebody.
func possible(address string) bool {
	local, domain, ok := strings.Cut(address, "@")
	return ok && local != "" && len(local) <= 64 && strings.Contains(domain, ".") && len(domain) <= 253 &&
		strings.Trim(strings.ToLower(local), "abcdefghijklmnopqrstuvwxyz0123456789._-'+") == "" && strings.Trim(strings.ToLower(domain), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
