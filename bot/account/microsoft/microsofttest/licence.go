package microsofttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
)

func (f *Fake) consumed() int {
	n := 0
	for _, u := range f.users {
		n += len(u.licences)
	}
	return n
}

func (f *Fake) skus(w http.ResponseWriter) {
	status, units := "Enabled", map[string]int{"enabled": f.Seats, "suspended": 0, "warning": 0, "lockedOut": 0}
	if f.Expired {
		status, units["enabled"], units["warning"] = "Warning", 0, f.Seats
	}
	answer(w, 200, map[string]any{"value": []map[string]any{{"skuId": SkuID, "skuPartNumber": Licence, "capabilityStatus": status, "appliesTo": "User",
		"consumedUnits": f.consumed(), "prepaidUnits": units}}})
}

// assign is user: assignLicense.
func (f *Fake) assign(w http.ResponseWriter, r *http.Request, u *user) {
	var in struct {
		AddLicenses []struct {
			SkuID         string
			DisabledPlans []string
		}
		RemoveLicenses []string
	}
	if !f.may(w, "User.ReadWrite.All", "LicenseAssignment.ReadWrite.All") || !body(w, r, &in) {
		return
	}
	if in.AddLicenses == nil || in.RemoveLicenses == nil {
		say(w, 400, "Request_BadRequest", "One or more parameters of the function import 'assignLicense' are missing from the request payload. The missing parameters are: addLicenses, removeLicenses.")
		return
	}
	for _, add := range in.AddLicenses {
		switch {
		case add.SkuID != SkuID:
			say(w, 400, "Request_BadRequest", "License "+add.SkuID+" does not correspond to a valid company License.")
			return
		case u.location == "":
			say(w, 400, "Request_BadRequest", "License assignment cannot be done for user with invalid usage location.")
			return
		case slices.Contains(u.licences, SkuID):
		case f.consumed() >= f.Seats:
			say(w, 400, "Request_BadRequest", "Subscription with SKU "+SkuID+" does not have any available licenses.")
			return
		default:
			u.licences = append(u.licences, SkuID)
			f.write(u)
		}
	}
	answer(w, 200, view(&u.state, "id,userPrincipalName,assignedLicenses"))
}

// servePass is authentication/temporaryAccessPassMethods: one for each user.
func (f *Fake) servePass(w http.ResponseWriter, r *http.Request, u *user, id string) {
	switch {
	case id == "" && r.Method == "GET":
		value := []map[string]any{}
		if u.pass != nil {
			value = append(value, map[string]any{"id": u.pass.id, "temporaryAccessPass": nil, "isUsableOnce": u.pass.once, "lifetimeInMinutes": u.pass.minutes})
		}
		answer(w, 200, map[string]any{"value": value})
	case id == "" && r.Method == "POST":
		var in struct {
			IsUsableOnce      bool
			LifetimeInMinutes int
		}
		if !body(w, r, &in) {
			return
		}
		if in.LifetimeInMinutes < 10 || in.LifetimeInMinutes > 43200 {
			say(w, 400, "badRequest", "Temporary Access Pass lifetime is not within the policy.")
			return
		}
		if u.pass != nil {
			say(w, 400, "badRequest", "The user already has a Temporary Access Pass.")
			return
		}
		u.pass = &pass{id: f.id(), once: in.IsUsableOnce, minutes: in.LifetimeInMinutes, at: f.now()}
		u.pass.code = fmt.Sprintf("+pass%04d", f.serial)
		answer(w, 201, map[string]any{"id": u.pass.id, "temporaryAccessPass": u.pass.code, "lifetimeInMinutes": u.pass.minutes, "isUsableOnce": u.pass.once, "isUsable": true, "methodUsabilityReason": "EnabledByPolicy"})
	case r.Method == "DELETE" && u.pass != nil && u.pass.id == id:
		u.pass = nil
		w.WriteHeader(204)
	default:
		notFound(w, id)
	}
}

// PassWorks says whether a Temporary Access Pass lets somebody in now.
func (f *Fake) PassWorks(_ testing.TB, name, code string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range f.users {
		if u.deleted.IsZero() && strings.EqualFold(u.upn, name+"@"+Domain) {
			return u.pass != nil && u.pass.code == code && f.now().Sub(u.pass.at) < time.Duration(u.pass.minutes)*time.Minute
		}
	}
	return false
}

// A Holder is what a test may see of a user that is not deleted.
type Holder struct {
	ID, Name, UPN, Code, Marker, Location string
	Licences                              int
	Enabled                               bool
}

// Holders are all users that are not deleted.
func (f *Fake) Holders() []Holder {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Holder
	for _, u := range f.users {
		if u.deleted.IsZero() {
			all = append(all, Holder{u.id, u.name, u.upn, u.code, u.ext["extensionAttribute15"], u.location, len(u.licences), u.enabled})
		}
	}
	return all
}

// Change lets a test do what an administrator or the holder does by hand.
func (f *Fake) Change(upn string, do Act) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range f.users {
		if !strings.EqualFold(u.upn, upn) {
			continue
		}
		if do.Password != "" {
			u.password, u.force, u.changed = do.Password, false, f.now()
		}
		if do.Alias != "" {
			u.proxy = append(u.proxy, "smtp:"+do.Alias)
		}
		f.write(u)
	}
}

// An Act is something that is done to a user by hand.
type Act struct{ Password, Alias string }

// Add makes a user without anybody asking for it, as an administrator does in the portal.
func (f *Fake) Add(a account.Account) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := &user{state: state{id: f.id(), upn: a.User + "@" + Domain, nick: a.User, name: a.Name, given: a.Given, family: a.Family, mail: a.Address, code: a.Code,
		enabled: true, password: "x", created: f.now(), changed: f.now(), proxy: []string{"SMTP:" + a.Address}, ext: map[string]string{"extensionAttribute15": a.Marker}}}
	f.users = append(f.users, u)
	f.write(u)
}
