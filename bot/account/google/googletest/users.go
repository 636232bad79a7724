package googletest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// keepDeleted is how long a deleted user can be restored.
const keepDeleted = 20 * 24 * time.Hour

func id(n int) string { return fmt.Sprintf("1%020d", n) }

// resource is the user as JSON.
func (f *Fake) resource(u *User) map[string]any {
	login := u.LastLogin
	if login.IsZero() {
		login = time.Unix(0, 0)
	}
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	local, _, _ := strings.Cut(u.Email, "@")
	r := map[string]any{
		"kind": "admin#directory#user", "id": u.ID, "primaryEmail": u.Email, "etag": `"x"`,
		"name":    map[string]any{"givenName": u.Given, "familyName": u.Family, "fullName": u.Given + " " + u.Family, "displayName": u.Display},
		"isAdmin": u.Admin, "isDelegatedAdmin": false, "lastLoginTime": stamp(login), "creationTime": stamp(u.Created), "agreedToTerms": !u.LastLogin.IsZero(),
		"suspended": u.Suspended, "archived": u.Archived, "changePasswordAtNextLogin": u.MustChange,
		"emails":             []any{map[string]any{"address": u.Email, "primary": true}},
		"nonEditableAliases": []string{local + "@" + f.Domain + ".test-google-a.com"}, "customerId": "C01abcdef", "orgUnitPath": cmp.Or(u.OrgUnit, "/"), "isMailboxSetup": true,
	}
	if len(u.ExternalIDs) > 0 {
		r["externalIds"] = u.ExternalIDs
	}
	if len(u.Aliases) > 0 {
		r["aliases"] = u.Aliases
	}
	if u.Suspended {
		r["suspensionReason"] = "ADMIN"
	}
	if !u.Deleted.IsZero() {
		r["deletionTime"], r["orgUnitPath"] = stamp(u.Deleted), "/"
	}
	return r
}

// change is what may be written of a user.
type change struct {
	PrimaryEmail *string
	Password     *string
	Name         *struct{ GivenName, FamilyName, DisplayName string }
	Change       *bool `json:"changePasswordAtNextLogin"`
	Suspended    *bool
	OrgUnitPath  *string
	ExternalIDs  []ExternalID
}

func (f *Fake) insert(r *http.Request) (int, any) {
	var c change
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		return failed(400, "parseError", "Parse Error")
	}
	if c.PrimaryEmail == nil || c.Password == nil || c.Name == nil {
		return failed(400, "required", "Missing required field")
	}
	email := strings.ToLower(*c.PrimaryEmail)
	switch _, domain, _ := strings.Cut(email, "@"); {
	case domain != f.Domain:
		return failed(404, "notFound", "Domain not found.")
	case len(*c.Password) < 8 || len(*c.Password) > 100 || strings.ContainsFunc(*c.Password, func(r rune) bool { return r > '~' || r < ' ' }):
		return failed(400, "invalid", "Invalid Password")
	case c.Name.GivenName == "" || c.Name.FamilyName == "" || utf8.RuneCountInString(c.Name.GivenName) > 40 || utf8.RuneCountInString(c.Name.FamilyName) > 40:
		return failed(400, "invalid", "Invalid Given/Family Name: FamilyName")
	case utf8.RuneCountInString(c.Name.DisplayName) > 256:
		return failed(400, "invalid", "Invalid Input: displayName")
	}
	u := &User{Email: email, Password: *c.Password, Family: c.Name.FamilyName, Given: c.Name.GivenName, Display: c.Name.DisplayName, ExternalIDs: c.ExternalIDs}
	if c.Change != nil {
		u.MustChange = *c.Change
	}
	if c.Suspended != nil {
		u.Suspended = *c.Suspended
	}
	if c.OrgUnitPath != nil {
		if u.OrgUnit = *c.OrgUnitPath; !f.unit(u.OrgUnit) {
			return failed(400, "invalid", "Invalid Input: INVALID_OU_ID")
		}
	}
	if i := slices.Index(f.Unmanaged, email); i >= 0 {
		switch resolve := r.URL.Query().Get("resolveConflictAccount") == "true"; {
		case resolve && f.Conflicts == "invite":
			return 202, map[string]any{"kind": "admin#directory#user", "primaryEmail": email}
		case resolve && f.Conflicts != "replace":
			return failed(409, "duplicate", "Entity already exists.")
		}
		f.Evicted, f.Unmanaged = append(f.Evicted, email), slices.Delete(slices.Clone(f.Unmanaged), i, i+1)
	}
	if f.emails[email] != nil || f.groups[email] != nil {
		return failed(409, "duplicate", "Entity already exists.")
	}
	if f.Licences > 0 && len(f.emails) >= f.Licences {
		return failed(412, "limitExceeded", "Domain user limit reached.")
	}
	f.add(u)
	return 200, f.resource(u)
}

func (f *Fake) unit(path string) bool {
	return path == "/" || slices.ContainsFunc(f.Units, func(u string) bool { return strings.EqualFold(u, path) })
}

var notFound = "Resource Not Found: userKey"

// find returns the user with an id, an address or an alias.
func (f *Fake) find(key string) *User {
	if u := f.users[key]; u != nil && u.Deleted.IsZero() {
		return u
	}
	return f.emails[strings.ToLower(key)]
}

func (f *Fake) get(r *http.Request) (int, any) {
	key := r.PathValue("user")
	u := f.find(key)
	if u == nil {
		if _, domain, ok := strings.Cut(key, "@"); ok && domain != f.Domain {
			return failed(403, "forbidden", "Not Authorized to access this resource/api")
		}
		return failed(404, "notFound", notFound)
	}
	if f.now().Before(u.seen) {
		if h := fnv.New32a(); len(u.ID) > 0 {
			_, _ = h.Write([]byte(u.ID))
			if h.Sum32()%4 == 0 {
				return failed(403, "forbidden", "Not Authorized to access this resource/api")
			}
		}
		return failed(404, "notFound", notFound)
	}
	return 200, f.resource(u)
}

func (f *Fake) patch(r *http.Request) (int, any) {
	var c change
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		return failed(400, "parseError", "Parse Error")
	}
	u := f.find(r.PathValue("user"))
	switch {
	case u == nil:
		return failed(404, "notFound", notFound)
	case f.now().Before(u.changes):
		return failed(412, "conditionNotMet", "User creation is not complete.")
	}
	if c.Password != nil {
		u.Password = *c.Password
	}
	if c.Change != nil {
		u.MustChange = *c.Change
	}
	if c.Suspended != nil {
		u.Suspended = *c.Suspended
	}
	return 200, f.resource(u)
}

func (f *Fake) delete(r *http.Request) (int, any) {
	u := f.find(r.PathValue("user"))
	if u == nil {
		return failed(404, "notFound", notFound)
	}
	u.Deleted = f.now()
	maps.DeleteFunc(f.emails, func(_ string, other *User) bool { return other == u })
	return 204, nil
}

func (f *Fake) undelete(r *http.Request) (int, any) {
	var body struct{ OrgUnitPath string }
	u := f.users[r.PathValue("user")]
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case err != nil || !f.unit(body.OrgUnitPath):
		return failed(400, "invalid", "Invalid Input: INVALID_OU_ID")
	case u == nil || u.Deleted.IsZero() || f.now().Sub(u.Deleted) > keepDeleted:
		return failed(404, "notFound", notFound)
	case f.emails[u.Email] != nil || f.groups[u.Email] != nil:
		return failed(409, "duplicate", "Entity already exists.")
	}
	u.Deleted, u.OrgUnit = time.Time{}, body.OrgUnitPath
	f.emails[u.Email] = u
	return 204, nil
}

func (f *Fake) list(r *http.Request) (int, any) {
	q := r.URL.Query()
	if q.Get("customer") == "" && q.Get("domain") == "" {
		return failed(400, "badRequest", "Bad Request")
	}
	value, searched, ok := externalID(q.Get("query"))
	if !ok {
		return failed(400, "invalid", "Invalid Input: Bad request for query")
	}
	deleted, now := q.Get("showDeleted") == "true", f.now()
	var all []*User
	for _, u := range f.users {
		if u.Deleted.IsZero() == deleted || deleted && now.Sub(u.Deleted) > keepDeleted || !deleted && now.Before(u.searched) {
			continue
		}
		if !searched || slices.ContainsFunc(u.ExternalIDs, func(e ExternalID) bool { return strings.EqualFold(e.Value, value) }) {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *User) int { return cmp.Or(cmp.Compare(a.Email, b.Email), cmp.Compare(a.ID, b.ID)) })
	from, _ := slices.BinarySearchFunc(all, q.Get("pageToken"), func(u *User, token string) int { return cmp.Compare(u.Email+" "+u.ID, token) })
	all = all[from:]
	most, err := strconv.Atoi(cmp.Or(q.Get("maxResults"), "100"))
	if err != nil || most < 1 || most > 500 {
		return failed(400, "invalid", "Invalid value for maxResults")
	}
	answer := map[string]any{"kind": "admin#directory#users", "etag": `"x"`}
	if len(all) > most {
		answer["nextPageToken"] = all[most].Email + " " + all[most].ID
		all = all[:most]
	}
	var users []any
	for _, u := range all {
		users = append(users, f.resource(u))
	}
	if len(users) > 0 {
		answer["users"] = users
	}
	return 200, answer
}

// externalID reads the only kind of query that is asked here: externalId='value'.
func externalID(query string) (value string, searched, ok bool) {
	if query == "" {
		return "", false, true
	}
	quoted, ok := strings.CutPrefix(query, "externalId='")
	if !ok || !strings.HasSuffix(quoted, "'") {
		return "", true, false
	}
	return strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(strings.TrimSuffix(quoted, "'")), true, true
}
