package microsofttest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

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
