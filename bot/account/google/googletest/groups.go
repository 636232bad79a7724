package googletest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const noGroup = "Resource Not Found: groupKey"

func (g *Group) resource() map[string]any {
	return map[string]any{"kind": "admin#directory#group", "id": "g" + g.Email, "email": g.Email, "name": g.Name, "description": g.Description,
		"directMembersCount": strconv.Itoa(len(g.Members)), "adminCreated": true}
}

func (f *Fake) insertGroup(r *http.Request) (int, any) {
	var body struct{ Email, Name, Description string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Email == "" {
		return failed(400, "invalid", "Invalid Input")
	}
	email := strings.ToLower(body.Email)
	_, domain, _ := strings.Cut(email, "@")
	switch {
	case domain != f.Domain:
		return failed(404, "notFound", "Domain not found.")
	case len([]rune(body.Name)) > 73 || len(body.Description) > 4096:
		return failed(400, "invalid", "Invalid Input: name")
	case f.groups[email] != nil || f.emails[email] != nil:
		return failed(409, "duplicate", "Entity already exists.")
	}
	g := &Group{Email: email, Name: body.Name, Description: body.Description, Members: map[string]string{}}
	f.groups[email] = g
	return 200, g.resource()
}

func (f *Fake) listGroups(*http.Request) (int, any) {
	return 200, map[string]any{"kind": "admin#directory#groups"}
}

func (f *Fake) group(r *http.Request) *Group { return f.groups[strings.ToLower(r.PathValue("group"))] }

func (f *Fake) getGroup(r *http.Request) (int, any) {
	g := f.group(r)
	if g == nil {
		if _, domain, ok := strings.Cut(r.PathValue("group"), "@"); ok && domain != f.Domain {
			return failed(403, "forbidden", "Not Authorized to access this resource/api")
		}
		return failed(404, "notFound", noGroup)
	}
	return 200, g.resource()
}

func (f *Fake) listMembers(r *http.Request) (int, any) {
	g := f.group(r)
	if g == nil {
		return failed(404, "notFound", noGroup)
	}
	all := slices.Sorted(maps.Keys(g.Members))
	from, _ := slices.BinarySearch(all, r.URL.Query().Get("pageToken"))
	most, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("maxResults"), "200"))
	if err != nil || most < 1 || most > 200 {
		return failed(400, "invalid", "Invalid value for maxResults")
	}
	answer := map[string]any{"kind": "admin#directory#members"}
	if all = all[from:]; len(all) > most {
		answer["nextPageToken"] = all[most]
		all = all[:most]
	}
	var members []any
	for _, address := range all {
		members = append(members, map[string]any{"kind": "admin#directory#member", "email": address, "role": g.Members[address], "type": "USER", "status": "ACTIVE"})
	}
	if len(members) > 0 {
		answer["members"] = members
	}
	return 200, answer
}

func (f *Fake) insertMember(r *http.Request) (int, any) {
	var body struct{ Email, Role string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return failed(400, "invalid", "Invalid Input")
	}
	g, u := f.group(r), f.emails[strings.ToLower(body.Email)]
	switch {
	case g == nil:
		return failed(404, "notFound", noGroup)
	case u == nil:
		return failed(404, "notFound", "Resource Not Found: memberKey")
	case g.Members[u.Email] != "":
		return failed(409, "duplicate", "Member already exists.")
	}
	g.Members[u.Email] = body.Role
	return 200, map[string]any{"kind": "admin#directory#member", "email": u.Email, "role": body.Role, "type": "USER"}
}

func (f *Fake) patchMember(r *http.Request) (int, any) {
	var body struct{ Role string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return failed(400, "invalid", "Invalid Input")
	}
	g := f.group(r)
	if g == nil || g.Members[strings.ToLower(r.PathValue("member"))] == "" {
		return failed(404, "notFound", "Resource Not Found: memberKey")
	}
	g.Members[strings.ToLower(r.PathValue("member"))] = body.Role
	return 200, map[string]any{"kind": "admin#directory#member", "role": body.Role}
}

func (f *Fake) getDomain(r *http.Request) (int, any) {
	if r.PathValue("domain") != f.Domain {
		return failed(404, "notFound", "Domain not found.")
	}
	return 200, map[string]any{"kind": "admin#directory#domain", "domainName": f.Domain, "verified": true, "isPrimary": true}
}

func (f *Fake) getUnit(r *http.Request) (int, any) {
	path := "/" + r.PathValue("unit")
	if !f.unit(path) {
		return failed(404, "notFound", "Org unit not found")
	}
	return 200, map[string]any{"kind": "admin#directory#orgUnit", "orgUnitPath": path}
}

func (f *Fake) listInvitations(*http.Request) (int, any) {
	var all []any
	for _, address := range f.Unmanaged {
		all = append(all, map[string]string{"name": "customers/C01abcdef/userinvitations/" + address, "state": "NOT_YET_SENT"})
	}
	return 200, map[string]any{"userInvitations": all}
}

func (f *Fake) invitable(r *http.Request) (int, any) {
	address, ok := strings.CutSuffix(r.PathValue("address"), ":isInvitableUser")
	if !ok {
		return failed(404, "notFound", "Not found")
	}
	return 200, map[string]bool{"isInvitableUser": slices.Contains(f.Unmanaged, address)}
}
