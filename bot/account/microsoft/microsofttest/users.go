package microsofttest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kept is how long a deleted user stays in the deleted items ("directory resource type": 30 days).
const kept = 30 * 24 * time.Hour

// A user is one of the directory, as the service that takes the writes knows him; shown is what other replicas know.
type user struct {
	state
	shown []version
}

type state struct {
	id, upn, nick, name, given, family, mail, code, department, location string
	proxy, licences                                                      []string
	ext                                                                  map[string]string
	enabled, force                                                       bool
	password                                                             string
	created, changed, deleted                                            time.Time
	pass                                                                 *pass
}

type version struct {
	at time.Time
	state
}

type pass struct {
	id, code string
	once     bool
	minutes  int
	at       time.Time
}

// write notes that the state is now as it is.
func (f *Fake) write(u *user) {
	s := u.state
	s.proxy, s.licences = slices.Clone(u.proxy), slices.Clone(u.licences)
	s.ext = map[string]string{}
	for k, v := range u.ext {
		s.ext[k] = v
	}
	u.shown = append(u.shown, version{f.now(), s})
}

// seen is the user as a late replica shows him; nil: not at all.
func (f *Fake) seen(u *user) *state {
	now := f.now()
	for i := len(u.shown) - 1; i >= 0; i-- {
		if v := &u.shown[i]; now.Sub(v.at) >= f.Lag {
			if !v.deleted.IsZero() && now.Sub(v.deleted) > kept {
				return nil
			}
			return &v.state
		}
	}
	return nil
}

// find is the live user with that id or user principal name, where a replica shows him.
func (f *Fake) find(key string) *user {
	for _, u := range f.users {
		s := f.seen(u)
		if s != nil && s.deleted.IsZero() && u.deleted.IsZero() && (s.id == key || strings.EqualFold(s.upn, key)) {
			return u
		}
	}
	return nil
}

func (f *Fake) serveUsers(w http.ResponseWriter, r *http.Request, rest []string) {
	switch {
	case len(rest) == 0 && r.Method == "GET":
		if f.may(w, "User.Read.All", "User.ReadWrite.All") {
			f.list(w, r, "users", func(s *state) bool { return s.deleted.IsZero() })
		}
		return
	case len(rest) == 0 && r.Method == "POST":
		if f.may(w, "User.ReadWrite.All") {
			f.addUser(w, r)
		}
		return
	}
	u := f.find(rest[0])
	if u == nil {
		notFound(w, rest[0])
		return
	}
	switch what := strings.Join(rest[1:], "/"); {
	case what == "" && r.Method == "GET":
		answer(w, 200, view(f.seen(u), r.URL.Query().Get("$select")))
	case what == "" && r.Method == "PATCH":
		f.patchUser(w, r, u)
	case what == "" && r.Method == "DELETE":
		if !f.mayOnly(w, "User.DeleteRestore.All", "User.ReadWrite.All") {
			return
		}
		u.deleted = f.now()
		u.upn = strings.ReplaceAll(u.id, "-", "") + u.upn // a deleted user gives his name free
		f.write(u)
		w.WriteHeader(204)
	case what == "assignLicense" && r.Method == "POST":
		f.assign(w, r, u)
	case what == "revokeSignInSessions" && r.Method == "POST":
		if f.may(w, "User.RevokeSessions.All", "User.ReadWrite.All") {
			answer(w, 200, map[string]any{"value": true})
		}
	case strings.HasPrefix(what, "authentication/temporaryAccessPassMethods"):
		if f.mayOnly(w, "UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All") {
			f.servePass(w, r, u, strings.TrimPrefix(strings.TrimPrefix(what, "authentication/temporaryAccessPassMethods"), "/"))
		}
	default:
		say(w, 400, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
}

// list pages through the users that a replica shows.
func (f *Fake) list(w http.ResponseWriter, r *http.Request, path string, of func(*state) bool) {
	filter, err := clauses(r)
	if err != nil {
		say(w, 400, "Request_UnsupportedQuery", err.Error())
		return
	}
	var all []map[string]any
	for _, u := range f.users {
		if s := f.seen(u); s != nil && of(s) && matches(filter, s.get) {
			all = append(all, view(s, r.URL.Query().Get("$select")))
		}
	}
	page(w, r, path, all)
}

// page gives out $top of them at a time (default 100, at most 999), and says where the next are.
func page(w http.ResponseWriter, r *http.Request, path string, all []map[string]any) {
	q := r.URL.Query()
	top, from := 100, 0
	if n, err := strconv.Atoi(q.Get("$top")); err == nil && n > 0 {
		top = min(n, 999)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(q.Get("$skiptoken"), "RFNwdAoAAQ")); err == nil {
		from = min(n, len(all))
	}
	out := map[string]any{"value": append([]map[string]any{}, all[from:min(from+top, len(all))]...)}
	if from+top < len(all) {
		q.Set("$skiptoken", fmt.Sprintf("RFNwdAoAAQ%d", from+top))
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		out["@odata.nextLink"] = scheme + "://" + r.Host + "/v1.0/" + path + "?" + q.Encode()
	}
	answer(w, 200, out)
}

func (s *state) get(path string) []string {
	switch path {
	case "proxyAddresses":
		return s.proxy
	case "userPrincipalName":
		return []string{s.upn}
	case "mailNickname":
		return []string{s.nick}
	case "mail":
		return []string{s.mail}
	case "employeeId":
		return []string{s.code}
	}
	if name, ok := strings.CutPrefix(path, "onPremisesExtensionAttributes/"); ok {
		return []string{s.ext[name]}
	}
	return nil
}

// view is a user in JSON: the selected properties, or those that are given without $select.
func view(s *state, selected string) map[string]any {
	orNull := func(v string) any {
		if v == "" {
			return nil
		}
		return v
	}
	ext := map[string]any{}
	for n := 1; n <= 15; n++ {
		name := fmt.Sprintf("extensionAttribute%d", n)
		ext[name] = orNull(s.ext[name])
	}
	licences := []map[string]any{}
	for _, sku := range s.licences {
		licences = append(licences, map[string]any{"skuId": sku, "disabledPlans": []string{}})
	}
	all := map[string]any{"id": s.id, "userPrincipalName": s.upn, "displayName": s.name, "givenName": orNull(s.given), "surname": orNull(s.family), "mail": orNull(s.mail),
		"mailNickname": s.nick, "employeeId": orNull(s.code), "department": orNull(s.department), "usageLocation": orNull(s.location), "accountEnabled": s.enabled,
		"proxyAddresses": append([]string{}, s.proxy...), "assignedLicenses": licences, "onPremisesExtensionAttributes": ext,
		"createdDateTime": s.created.UTC().Format(time.RFC3339), "lastPasswordChangeDateTime": s.changed.UTC().Format(time.RFC3339), "deletedDateTime": nil}
	if !s.deleted.IsZero() {
		all["deletedDateTime"] = s.deleted.UTC().Format(time.RFC3339)
	}
	if selected == "" {
		selected = "id,userPrincipalName,displayName,givenName,surname,mail"
	}
	out := map[string]any{}
	for name := range strings.SplitSeq(selected, ",") {
		if v, known := all[name]; known {
			out[name] = v
		}
	}
	return out
}
