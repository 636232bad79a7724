package microsofttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
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

var (
	upnLetters = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]+$`)
	controls   = regexp.MustCompile(`[\x00-\x1f\x7f]`)
)

// body reads a JSON object whose properties are among those that the platform may write.
func body(w http.ResponseWriter, r *http.Request, in any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		say(w, 400, "Request_BadRequest", "One or more properties are invalid: "+err.Error())
		return false
	}
	return true
}

type profile struct {
	Password                      string
	ForceChangePasswordNextSignIn bool
}

func (f *Fake) addUser(w http.ResponseWriter, r *http.Request) {
	var in struct {
		AccountEnabled                                                  *bool
		DisplayName, UserPrincipalName, MailNickname                    string
		GivenName, Surname, Mail, EmployeeID, Department, UsageLocation *string
		PasswordProfile                                                 *profile
		OnPremisesExtensionAttributes                                   map[string]string
	}
	if !body(w, r, &in) {
		return
	}
	local, domain, _ := strings.Cut(in.UserPrincipalName, "@")
	invalid := func(property string) {
		say(w, 400, "Request_BadRequest", "Invalid value specified for property '"+property+"' of resource 'User'.", map[string]string{"code": "InvalidValue", "target": property})
	}
	for _, p := range []struct {
		name  string
		value *string
		most  int
	}{{"displayName", &in.DisplayName, 256}, {"mailNickname", &in.MailNickname, 64}, {"givenName", in.GivenName, 64}, {"surname", in.Surname, 64}, {"mail", in.Mail, 256},
		{"employeeId", in.EmployeeID, 16}, {"department", in.Department, 64}, {"usageLocation", in.UsageLocation, 2}} {
		if p.value != nil && (*p.value == "" || utf8.RuneCountInString(*p.value) > p.most || controls.MatchString(*p.value)) {
			invalid(p.name)
			return
		}
	}
	switch {
	case in.AccountEnabled == nil || in.PasswordProfile == nil:
		say(w, 400, "Request_BadRequest", "A value is required for property 'passwordProfile' of resource 'User'.")
		return
	case !strings.EqualFold(domain, Domain):
		say(w, 400, "Request_BadRequest", "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
		return
	case !upnLetters.MatchString(local) || len(local) > 64 || strings.HasSuffix(local, "."):
		invalid("userPrincipalName")
		return
	case !strong(in.PasswordProfile.Password):
		say(w, 400, "Request_BadRequest", "The specified password does not comply with password complexity requirements. Please provide a different password.")
		return
	}
	u := &user{state: state{id: f.id(), upn: in.UserPrincipalName, nick: in.MailNickname, name: in.DisplayName, enabled: *in.AccountEnabled,
		given: text(in.GivenName), family: text(in.Surname), mail: text(in.Mail), code: text(in.EmployeeID), department: text(in.Department), location: text(in.UsageLocation),
		password: in.PasswordProfile.Password, force: in.PasswordProfile.ForceChangePasswordNextSignIn, ext: in.OnPremisesExtensionAttributes,
		created: f.now().Truncate(time.Second), changed: f.now().Truncate(time.Second)}}
	if u.mail != "" {
		u.proxy = []string{"SMTP:" + u.mail}
	}
	if f.conflict(w, u) {
		return
	}
	f.users = append(f.users, u)
	f.write(u)
	answer(w, 201, view(&u.state, ""))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// strong is the default password policy: 8 to 256 characters, three of four kinds.
func strong(p string) bool {
	kinds := 0
	for _, of := range []string{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "@#$%^&*-_!+=[]{}|\\:',.?/`~\"();<> "} {
		if strings.ContainsAny(p, of) {
			kinds++
		}
	}
	return len(p) >= 8 && len(p) <= 256 && kinds >= 3
}

// conflict refuses what another live object of the directory has: the service that takes the writes is never late.
func (f *Fake) conflict(w http.ResponseWriter, u *user) bool {
	refuse := func(property string) bool {
		message := "Another object with the same value for property " + property + " already exists."
		say(w, 400, "Request_BadRequest", message, map[string]string{"code": "ObjectConflict", "message": message, "target": property})
		return true
	}
	for _, other := range f.users {
		if other == u || !other.deleted.IsZero() {
			continue
		}
		if strings.EqualFold(other.upn, u.upn) {
			return refuse("userPrincipalName")
		}
		if shares(other.proxy, u.proxy) {
			return refuse("proxyAddresses")
		}
	}
	for _, g := range f.groups {
		if shares([]string{"SMTP:" + g.mail}, u.proxy) {
			return refuse("proxyAddresses")
		}
	}
	return false
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return strings.EqualFold(x, y) })
	})
}

func (f *Fake) patchUser(w http.ResponseWriter, r *http.Request, u *user) {
	var in struct {
		AccountEnabled                *bool
		UsageLocation                 *string
		PasswordProfile               *profile
		OnPremisesExtensionAttributes map[string]string
	}
	if !f.may(w, "User.ReadWrite.All") || !body(w, r, &in) {
		return
	}
	if in.PasswordProfile != nil {
		if !f.mayOnly(w, "User-PasswordProfile.ReadWrite.All") {
			return
		}
		if !strong(in.PasswordProfile.Password) {
			say(w, 400, "Request_BadRequest", "The specified password does not comply with password complexity requirements. Please provide a different password.")
			return
		}
		u.password, u.force, u.changed = in.PasswordProfile.Password, in.PasswordProfile.ForceChangePasswordNextSignIn, f.now().Truncate(time.Second)
	}
	if in.AccountEnabled != nil {
		u.enabled = *in.AccountEnabled
	}
	if in.UsageLocation != nil {
		u.location = *in.UsageLocation
	}
	for k, v := range in.OnPremisesExtensionAttributes {
		if u.ext == nil {
			u.ext = map[string]string{}
		}
		u.ext[k] = v
	}
	f.write(u)
	w.WriteHeader(204)
}

// serveDeleted is directory/deletedItems.
func (f *Fake) serveDeleted(w http.ResponseWriter, r *http.Request, rest []string) {
	switch {
	case len(rest) == 1 && rest[0] == "microsoft.graph.user" && r.Method == "GET":
		if f.may(w, "User.Read.All", "User.ReadWrite.All") {
			f.list(w, r, "directory/deletedItems/microsoft.graph.user", func(s *state) bool { return !s.deleted.IsZero() })
		}
	case len(rest) == 2 && rest[1] == "restore" && r.Method == "POST":
		if !f.mayOnly(w, "User.DeleteRestore.All", "User.ReadWrite.All") {
			return
		}
		for _, u := range f.users {
			if s := f.seen(u); s == nil || s.deleted.IsZero() || u.deleted.IsZero() || u.id != rest[0] {
				continue
			}
			before := u.upn
			u.upn = strings.TrimPrefix(u.upn, strings.ReplaceAll(u.id, "-", ""))
			if f.conflict(w, u) {
				u.upn = before
				return
			}
			u.deleted = time.Time{}
			f.write(u)
			answer(w, 200, view(&u.state, ""))
			return
		}
		notFound(w, rest[0])
	default:
		notFound(w, strings.Join(rest, "/"))
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
