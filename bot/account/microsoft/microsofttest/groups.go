package microsofttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A group is a Microsoft 365 group; others have no mail that Graph could make.
type group struct {
	id, name, nick, mail, description string
	members, owners                   []string // ids
}

func (g *group) get(path string) []string {
	switch path {
	case "mail":
		return []string{g.mail}
	case "proxyAddresses":
		return []string{"SMTP:" + g.mail}
	case "mailNickname":
		return []string{g.nick}
	case "description":
		return []string{g.description}
	}
	return nil
}

func (g *group) view() map[string]any {
	return map[string]any{"id": g.id, "displayName": g.name, "mail": g.mail, "mailNickname": g.nick, "description": g.description, "groupTypes": []string{"Unified"}, "mailEnabled": true}
}

func (f *Fake) serveGroups(w http.ResponseWriter, r *http.Request, rest []string) {
	if !f.may(w, "Group.ReadWrite.All") {
		return
	}
	switch {
	case len(rest) == 0 && r.Method == "GET":
		filter, err := clauses(r)
		if err != nil {
			say(w, 400, "Request_UnsupportedQuery", err.Error())
			return
		}
		var all []map[string]any
		for _, g := range f.groups {
			if matches(filter, g.get) {
				all = append(all, g.view())
			}
		}
		page(w, r, "groups", all)
		return
	case len(rest) == 0 && r.Method == "POST":
		f.addGroup(w, r)
		return
	}
	i := slices.IndexFunc(f.groups, func(g *group) bool { return g.id == rest[0] })
	if i < 0 {
		notFound(w, rest[0])
		return
	}
	g := f.groups[i]
	switch what := strings.Join(rest[1:], "/"); {
	case (what == "members" || what == "owners") && r.Method == "GET":
		ids := g.members
		if what == "owners" {
			ids = g.owners
		}
		var all []map[string]any
		for _, u := range f.users {
			if u.deleted.IsZero() && slices.Contains(ids, u.id) {
				all = append(all, view(&u.state, "id,userPrincipalName"))
			}
		}
		page(w, r, "groups/"+g.id+"/"+what, all)
	case what == "owners/$ref" && r.Method == "POST":
		f.ref(w, r, &g.owners)
	case what == "" && r.Method == "PATCH":
		var in struct {
			Members []string `json:"members@odata.bind"`
		}
		if !body(w, r, &in) || !f.bound(w, in.Members) {
			return
		}
		ids := idsOf(in.Members)
		if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(g.members, id) }) {
			say(w, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")
			return
		}
		g.members = append(g.members, ids...)
		w.WriteHeader(204)
	case what == "" && r.Method == "DELETE":
		f.groups = slices.Delete(f.groups, i, i+1)
		w.WriteHeader(204)
	default:
		say(w, 400, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
}

func (f *Fake) ref(w http.ResponseWriter, r *http.Request, to *[]string) {
	var in struct {
		ID string `json:"@odata.id"`
	}
	if !body(w, r, &in) || !f.bound(w, []string{in.ID}) {
		return
	}
	id := idsOf([]string{in.ID})[0]
	if slices.Contains(*to, id) {
		say(w, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'owners'.")
		return
	}
	*to = append(*to, id)
	w.WriteHeader(204)
}

// addGroup makes a Microsoft 365 group. Its address is the nickname in the tenant's default domain; mail cannot be said.
func (f *Fake) addGroup(w http.ResponseWriter, r *http.Request) {
	var in struct {
		DisplayName, Description, MailNickname, Visibility string
		GroupTypes                                         []string
		MailEnabled, SecurityEnabled                       bool
		Owners                                             []string `json:"owners@odata.bind"`
		Members                                            []string `json:"members@odata.bind"`
	}
	if !body(w, r, &in) {
		return
	}
	switch {
	case in.DisplayName == "" || in.MailNickname == "" || strings.ContainsAny(in.MailNickname, `@()\[]";:<>, `) || !in.MailEnabled || !slices.Equal(in.GroupTypes, []string{"Unified"}):
		say(w, 400, "Request_BadRequest", "Invalid value specified for property 'mailNickname' of resource 'Group'.")
		return
	case len(in.Owners)+len(in.Members) > 20:
		say(w, 400, "Request_BadRequest", "The number of relationships exceeds 20.")
		return
	}
	if !f.bound(w, in.Owners) || !f.bound(w, in.Members) {
		return
	}
	g := &group{id: f.id(), name: in.DisplayName, nick: in.MailNickname, mail: in.MailNickname + "@" + Domain, description: in.Description, members: idsOf(in.Members), owners: idsOf(in.Owners)}
	taken := slices.ContainsFunc(f.groups, func(other *group) bool { return strings.EqualFold(other.nick, g.nick) }) ||
		slices.ContainsFunc(f.users, func(u *user) bool { return u.deleted.IsZero() && shares(u.proxy, []string{"SMTP:" + g.mail}) })
	if taken {
		say(w, 400, "Request_BadRequest", "Another object with the same value for property mailNickname already exists.",
			map[string]string{"code": "ObjectConflict", "target": "mailNickname"})
		return
	}
	f.groups = append(f.groups, g)
	answer(w, 201, g.view())
}

func idsOf(urls []string) []string {
	var ids []string
	for _, u := range urls {
		ids = append(ids, u[strings.LastIndex(u, "/")+1:])
	}
	return ids
}

// bound makes sure that what is bound is there, and that none is bound twice.
func (f *Fake) bound(w http.ResponseWriter, urls []string) bool {
	seen := map[string]bool{}
	for i, id := range idsOf(urls) {
		if f.find(id) == nil || !strings.Contains(urls[i], "/v1.0/") {
			notFound(w, id)
			return false
		}
		if seen[id] {
			say(w, 400, "Request_BadRequest", fmt.Sprintf("The reference %d is there twice.", i))
			return false
		}
		seen[id] = true
	}
	return true
}
