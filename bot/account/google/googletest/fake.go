// Package googletest is a fake of the parts of Google Workspace that bot/account/google speaks to, written from Google's
// published documentation: the Directory API of the Admin SDK ("REST Resource: users", "groups", "members", "orgunits",
// "domains"; "Search for users"; "Limits and quotas"; "Resolve errors"), the user invitations of the Cloud Identity API, and the
// token endpoint for service accounts (RFC 7523). It keeps the quota and its delays by the clock that it is given.
//
// It is for tests; nothing else may import it.
package googletest

import (
	"crypto/rsa"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Fake is one customer's Google Workspace. Change its settings before it is used.
type Fake struct {
	Domain    string   // verified
	Units     []string // organizational units, beside "/"
	Admin     string   // for whom a service account may act
	Scopes    []string // that are delegated to it; nil: all
	PerMinute int      // queries of a user and project ("Limits and quotas"): 2,400
	PerSecond int      // users that are made in the domain ("Limits and quotas", Creating users): 10
	Licences  int      // users that there may be; 0: no limit
	// Late is for how long a user who was made is not found by users.get (404, of some 403), and for how long he cannot be
	// changed (412) a tenth of it. Search is for how long a listing or a query does not know him.
	Late, Search time.Duration
	Unmanaged    []string // personal accounts with an address of the domain
	// Conflicts is what the school has chosen for them ("Conflicting accounts management"): "" the user is not made (409), "invite" they are
	// invited and he is not made (202), "replace" their address is taken away. Who does not say resolveConflictAccount takes it away,
	// whatever was chosen.
	Conflicts string
	Evicted   []string // personal accounts whose address was taken away

	now func() time.Time
	key *rsa.PrivateKey
	mux *http.ServeMux

	mu      sync.Mutex
	users   map[string]*User // by id
	emails  map[string]*User // by primary address and alias, of who is not deleted
	groups  map[string]*Group
	tokens  map[string]token
	asked   []time.Time // queries of the last minute
	made    []time.Time // users of the last seconds
	ids     int
	refused int // because of the quota
	queries int
}

// A User is one user as the fake keeps him.
type User struct {
	ID, Email, Family, Given, Display, Password, OrgUnit string
	ExternalIDs                                          []ExternalID
	Aliases                                              []string
	Suspended, Archived, MustChange, Admin               bool
	Created, LastLogin, Deleted                          time.Time
	seen, changes, searched                              time.Time // from when on
}

// An ExternalID is one entry of externalIds.
type ExternalID struct {
	Value  string `json:"value"`
	Type   string `json:"type"`
	Custom string `json:"customType,omitempty"`
}

// A Group is one group.
type Group struct {
	Email, Name, Description string
	Members                  map[string]string // role by address
}

// New makes an empty one for the domain sv.truong.example.
func New(now func() time.Time) *Fake {
	f := &Fake{Domain: "sv.truong.example", Units: []string{"/Sinh viên"}, Admin: "quantri@sv.truong.example", PerMinute: 2400, PerSecond: 10,
		now: now, users: map[string]*User{}, emails: map[string]*User{}, groups: map[string]*Group{}, tokens: map[string]token{}, key: signingKey()}
	f.mux = http.NewServeMux()
	const directory = "/admin/directory/v1"
	f.mux.HandleFunc("POST /token", f.token)
	f.api("POST "+directory+"/users", scopeUser, f.insert)
	f.api("GET "+directory+"/users", scopeUser, f.list)
	f.api("GET "+directory+"/users/{user}", scopeUser, f.get)
	f.api("PATCH "+directory+"/users/{user}", scopeUser, f.patch)
	f.api("DELETE "+directory+"/users/{user}", scopeUser, f.delete)
	f.api("POST "+directory+"/users/{user}/undelete", scopeUser, f.undelete)
	f.api("POST "+directory+"/groups", scopeGroup, f.insertGroup)
	f.api("GET "+directory+"/groups", scopeGroup, f.listGroups)
	f.api("GET "+directory+"/groups/{group}", scopeGroup, f.getGroup)
	f.api("GET "+directory+"/groups/{group}/members", scopeGroup, f.listMembers)
	f.api("POST "+directory+"/groups/{group}/members", scopeGroup, f.insertMember)
	f.api("PATCH "+directory+"/groups/{group}/members/{member}", scopeGroup, f.patchMember)
	f.api("GET "+directory+"/customer/{customer}/domains/{domain}", scopeDomain, f.getDomain)
	f.api("GET "+directory+"/customer/{customer}/orgunits/{unit...}", scopeUnit, f.getUnit)
	f.api("GET /v1/customers/{customer}/userinvitations", scopeInvite, f.listInvitations)
	f.api("GET /v1/customers/{customer}/userinvitations/{address}", scopeInvite, f.invitable)
	return f
}

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", f.now().UTC().Format(http.TimeFormat))
	f.mux.ServeHTTP(w, r)
}

// Stats says how many queries were answered, and how many refused because of the quota.
func (f *Fake) Stats() (queries, refused int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queries, f.refused
}

// Accounts returns everybody who is not deleted, by address.
func (f *Fake) Accounts() []User {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []User
	for _, u := range f.users {
		if u.Deleted.IsZero() {
			all = append(all, *u)
		}
	}
	slices.SortFunc(all, func(a, b User) int { return strings.Compare(a.Email, b.Email) })
	return all
}

// SignsIn says whether a person can sign in.
func (f *Fake) SignsIn(_ testing.TB, user, password string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.emails[f.address(user)]
	return u != nil && !u.Suspended && !u.Archived && u.Password == password
}

// ChangesPassword is a person who signs in for the first time and chooses a password.
func (f *Fake) ChangesPassword(user, password string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.emails[f.address(user)]
	u.Password, u.MustChange, u.LastLogin = password, false, f.now()
}

// Change lets a test do what an administrator does by hand.
func (f *Fake) Change(user string, change func(u *User)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.emails[f.address(user)]
	change(u)
	for _, alias := range u.Aliases {
		f.emails[alias] = u
	}
}

// Add puts a user in, whom everybody sees at once.
func (f *Fake) Add(u User) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(&u)
	u.seen, u.changes, u.searched = time.Time{}, time.Time{}, time.Time{}
}

func (f *Fake) add(u *User) {
	f.ids++
	now := f.now()
	u.ID = id(f.ids)
	u.Created, u.seen, u.changes, u.searched = now, now.Add(f.Late), now.Add(f.Late/10), now.Add(f.Search)
	f.users[u.ID] = u
	for _, address := range append(u.Aliases, u.Email) {
		f.emails[address] = u
	}
}

func (f *Fake) address(user string) string {
	if strings.Contains(user, "@") {
		return strings.ToLower(user)
	}
	return strings.ToLower(user + "@" + f.Domain)
}
