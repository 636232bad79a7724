package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Groups with mail can only be Microsoft 365 groups here: Graph makes no distribution lists and no mail-enabled security groups ("Create
// group"). The marker stands in the description, which owners see and may change: then the group is theirs.
const groupSelected = "id,displayName,description,mail,mailNickname,proxyAddresses"

type group struct {
	ID          string   `json:"id"`
	Name        string   `json:"displayName"`
	Description string   `json:"description"`
	Mail        string   `json:"mail"`
	Nick        string   `json:"mailNickname"`
	Proxies     []string `json:"proxyAddresses"`
}

// account is the group as one who has its address.
func (g group) account() account.Account {
	a := account.Account{User: g.Nick, Address: g.Mail, Name: g.Name}
	for _, proxy := range g.Proxies {
		if kind, address, _ := strings.Cut(proxy, ":"); strings.EqualFold(kind, "smtp") && !a.Has(address) {
			a.Aliases = append(a.Aliases, address)
		}
	}
	if strings.HasPrefix(g.Description, ours) {
		a.Marker = g.Description
	}
	return a
}

// perRequest is how many members and owners may be bound at once ("Create group", "Add members").
const perRequest = 20

// group returns the one with that primary address; nil without one.
func (p *Platform) group(ctx context.Context, address string) (*group, error) {
	if address == "" || !plain(address) {
		return nil, nil
	}
	query := url.Values{"$filter": {"mail eq '" + strings.ReplaceAll(address, "'", "''") + "'"}, "$select": {groupSelected}}
	answers, err := p.batch(ctx, "look for a group", []ask{{path: groupsPath, query: query, units: 1}})
	if err != nil {
		return nil, err
	}
	var found *group
	err = pagesOf(ctx, p, answers[0], func(g group) error {
		if strings.EqualFold(g.Mail, address) {
			found = &g
		}
		return nil
	})
	return found, err
}

// names returns the user names of a group's members or owners, by their ids.
func (p *Platform) names(ctx context.Context, id, of string) (map[string]string, error) {
	names := make(map[string]string)
	err := get(ctx, p, "look for "+of, groupsPath+"/"+url.PathEscape(id)+"/"+of, url.Values{"$select": {"id,userPrincipalName"}, "$top": {"999"}}, 2, func(u user) error {
		if u.UPN != "" { // a group may hold groups and devices, too
			names[u.ID] = p.account(u).User
		}
		return nil
	})
	return names, err
}

// Group returns a group with its members and its owner.
func (p *Platform) Group(ctx context.Context, address string) (*account.Group, error) {
	g, err := p.group(ctx, address)
	if err != nil || g == nil {
		return nil, err
	}
	members, err := p.names(ctx, g.ID, "members")
	if err != nil {
		return nil, unseen(err)
	}
	owners, err := p.names(ctx, g.ID, "owners")
	if err != nil {
		return nil, unseen(err)
	}
	got := &account.Group{Address: g.Mail, Name: g.Name, Marker: g.account().Marker}
	for _, name := range members {
		got.Members = append(got.Members, name)
	}
	slices.Sort(got.Members)
	for _, name := range owners {
		if got.Owner == "" || name < got.Owner {
			got.Owner = name
		}
	}
	return got, nil
}

// ids returns the object ids of users. Whoever is not seen yet makes the error temporary.
func (p *Platform) ids(ctx context.Context, names []string) (map[string]string, error) {
	var asks []ask
	for set := range slices.Chunk(names, clauseSize) {
		var clauses []string
		for _, name := range set {
			clauses = append(clauses, "userPrincipalName eq '"+strings.ReplaceAll(p.upn(name), "'", "''")+"'")
		}
		asks = append(asks, ask{path: usersPath, query: url.Values{"$filter": {strings.Join(clauses, " or ")}, "$select": {"id,userPrincipalName"}}, units: 1})
	}
	answers, err := p.batch(ctx, "look up members", asks)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]string)
	for _, body := range answers {
		if err := pagesOf(ctx, p, body, func(u user) error { ids[strings.ToLower(u.UPN)] = u.ID; return nil }); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if ids[strings.ToLower(p.upn(name))] == "" {
			return nil, fmt.Errorf("microsoft: a member of the group: %w", account.ErrUnseen)
		}
	}
	return ids, nil
}

// bind names an object as relations do.
func (p *Platform) bind(kind, id string) string {
	return strings.TrimSuffix(p.cfg.Graph, "/") + "/v1.0/" + kind + "/" + id
}

// MakeGroup makes a Microsoft 365 group. Graph gives it the address: nickname @ the tenant's default domain. When that is not the address
// that was wanted the group is taken away again.
func (p *Platform) MakeGroup(ctx context.Context, g account.Group) error {
	nick, _, _ := strings.Cut(g.Address, "@")
	if nick == "" || len(nick) > 64 || strings.ContainsAny(nick, `@()\[]";:<>, `) || !plain(nick) {
		return fmt.Errorf("%w: microsoft: the address of the group has a letter that a mail nickname cannot have", account.ErrPermanent)
	}
	there, err := p.Lookup(ctx, account.Keys{Addresses: []string{g.Address}})
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return fmt.Errorf("%w: microsoft: the address of the group is in use", account.ErrExists)
	}
	wanted := g.Members
	if g.Owner != "" && !slices.Contains(wanted, g.Owner) {
		wanted = append(slices.Clone(wanted), g.Owner)
	}
	ids, err := p.ids(ctx, wanted)
	if err != nil {
		return err
	}
	body := map[string]any{"displayName": g.Name, "description": g.Marker, "mailNickname": nick, "mailEnabled": true, "securityEnabled": false,
		"groupTypes": []string{"Unified"}, "visibility": "Private"}
	room := perRequest
	if g.Owner != "" {
		body["owners@odata.bind"] = []string{p.bind("users", ids[strings.ToLower(p.upn(g.Owner))])}
		room--
	}
	first := g.Members[:min(room, len(g.Members))]
	body["members@odata.bind"] = p.binds(first, ids)
	var made group
	if err := p.do(ctx, rest.Request{What: "make a group", Method: http.MethodPost, Path: groupsPath, Body: body, Into: &made}); err != nil {
		return unseen(err)
	}
	if !strings.EqualFold(made.Mail, g.Address) {
		err := p.do(ctx, rest.Request{What: "take the group away", Method: http.MethodDelete, Path: groupsPath + "/" + url.PathEscape(made.ID)})
		return errors.Join(fmt.Errorf("%w: microsoft: the tenant gives groups addresses in another domain; make the domain of groups.address its default domain", account.ErrPermanent), err)
	}
	return p.addMembers(ctx, made.ID, g.Members[len(first):], ids)
}

func (p *Platform) binds(names []string, ids map[string]string) []string {
	var all []string
	for _, name := range names {
		all = append(all, p.bind("directoryObjects", ids[strings.ToLower(p.upn(name))]))
	}
	return all
}

func (p *Platform) addMembers(ctx context.Context, id string, names []string, ids map[string]string) error {
	for set := range slices.Chunk(names, perRequest) {
		err := p.do(ctx, rest.Request{What: "add members", Method: http.MethodPatch, Path: groupsPath + "/" + url.PathEscape(id), Body: map[string]any{"members@odata.bind": p.binds(set, ids)}})
		if err != nil {
			return unseen(err)
		}
	}
	return nil
}

// JoinGroup adds who is not in yet. Somebody who was added meanwhile by another process makes the error temporary: the next look tells.
func (p *Platform) JoinGroup(ctx context.Context, g account.Group) error {
	there, err := p.group(ctx, g.Address)
	if err != nil {
		return err
	}
	if there == nil {
		return fmt.Errorf("microsoft: %w", account.ErrGone)
	}
	if there.account().Marker != g.Marker {
		return fmt.Errorf("microsoft: the group: %w", account.ErrOther)
	}
	have, err := p.Group(ctx, g.Address)
	if err != nil || have == nil {
		return errors.Join(err, fmt.Errorf("microsoft: the group: %w", account.ErrUnseen))
	}
	missing := slices.DeleteFunc(slices.Clone(g.Members), func(name string) bool {
		return slices.ContainsFunc(have.Members, func(m string) bool { return strings.EqualFold(m, name) })
	})
	wanted := missing
	owner := have.Owner == "" && g.Owner != ""
	if owner {
		wanted = append(slices.Clone(missing), g.Owner)
	}
	if len(wanted) == 0 {
		return nil
	}
	ids, err := p.ids(ctx, wanted)
	if err != nil {
		return err
	}
	if owner {
		err := p.do(ctx, rest.Request{What: "name an owner", Method: http.MethodPost, Path: groupsPath + "/" + url.PathEscape(there.ID) + "/owners/$ref",
			Body: map[string]string{"@odata.id": p.bind("users", ids[strings.ToLower(p.upn(g.Owner))])}})
		if err != nil && !errors.Is(err, errReferred) {
			return unseen(err)
		}
	}
	return p.addMembers(ctx, there.ID, missing, ids)
}
