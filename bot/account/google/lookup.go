package google

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// singly is how many keys are always asked for one by one.
const singly = 40

// Lookup returns every account that has one of the keys, deleted ones too, and personal accounts that stand in the way of an
// address. Google answers no question about several people at once: a query has no "or" ("Search for users"). Few keys are asked
// for one by one; for many the whole directory is read, 500 people a query.
func (p *Platform) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	w := p.wanted(keys)
	if len(w.addresses)+len(w.codes)+len(w.markers) == 0 {
		return nil, nil
	}
	ask := p.one
	if len(w.addresses)+len(w.codes)+len(w.markers) > max(singly, p.all.cost()) {
		ask = p.many
	}
	found, err := ask(ctx, w)
	if err != nil {
		return nil, err
	}
	gone, err := p.deleted(ctx, deletedFor)
	if err != nil {
		return nil, err
	}
	for _, u := range gone {
		if a := p.account(u); w.has(a) {
			found[u.ID] = a
		}
	}
	accounts := slices.Collect(maps.Values(found))
	for address := range w.addresses {
		what, err := p.blocked(ctx, address)
		if err != nil {
			return nil, err
		}
		if what != "" {
			accounts = append(accounts, p.stranger(address, what))
		}
	}
	return accounts, nil
}

// A want is what is looked for.
type want struct{ codes, addresses, markers map[string]bool }

func (p *Platform) wanted(keys account.Keys) want {
	w := want{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, address := range keys.Addresses {
		w.addresses[strings.ToLower(address)] = true
	}
	for _, user := range keys.Users {
		w.addresses[strings.ToLower(p.addressOf(user))] = true
	}
	for _, code := range keys.Codes {
		w.codes[strings.ToLower(code)] = true
	}
	for _, marker := range keys.Markers {
		w.markers[marker] = true
	}
	maps.DeleteFunc(w.addresses, func(address string, _ bool) bool { return !possible(address) })
	delete(w.codes, "")
	delete(w.markers, "")
	return w
}

func (w want) has(a account.Account) bool {
	return w.codes[strings.ToLower(a.Code)] || w.markers[a.Marker] || w.addresses[a.Address] ||
		slices.ContainsFunc(a.Aliases, func(alias string) bool { return w.addresses[alias] })
}

// one asks for each key that the last listing does not rule out.
func (p *Platform) one(ctx context.Context, w want) (map[string]account.Account, error) {
	p.all.refresh(ctx, p)
	found := map[string]account.Account{}
	take := func(users []user, err error) error {
		for _, u := range users {
			if a := p.account(u); w.has(a) {
				found[u.ID] = a
			}
		}
		return err
	}
	for address := range w.addresses {
		if _, ours := p.remembered(addressKey(address)); !ours && p.all.without(addressKey(address)) {
			continue
		}
		if err := take(p.byAddress(ctx, address)); err != nil {
			return nil, err
		}
	}
	for code := range w.codes {
		if err := p.search(ctx, codeKey(code), code, w, found, take); err != nil {
			return nil, err
		}
	}
	for marker := range w.markers {
		if err := p.search(ctx, markerKey(marker), marker, w, found, take); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// search looks for an external id. Whoever was made here lately is found by his address: a search does not know him yet.
func (p *Platform) search(ctx context.Context, key, value string, w want, found map[string]account.Account, take func([]user, error) error) error {
	has := func(a account.Account) bool { return codeKey(a.Code) == key || markerKey(a.Marker) == key }
	if m, ours := p.remembered(key); ours && !w.addresses[m.address] {
		if err := take(p.byAddress(ctx, m.address)); err != nil {
			return err
		}
	}
	if p.all.without(key) {
		return nil // but for who was made here, and has been read by now
	}
	if _, ours := p.remembered(key); ours && slices.ContainsFunc(slices.Collect(maps.Values(found)), has) {
		return nil
	}
	return take(p.byExternalID(ctx, value))
}

// many reads the whole directory; who was made here lately is asked for by his address.
func (p *Platform) many(ctx context.Context, w want) (map[string]account.Account, error) {
	found := map[string]account.Account{}
	err := p.all.read(ctx, p, func(u user) {
		if a := p.account(u); w.has(a) {
			found[u.ID] = a
		}
	})
	if err != nil {
		return nil, err
	}
	for address := range p.madeFor(w) {
		if slices.ContainsFunc(slices.Collect(maps.Values(found)), func(a account.Account) bool { return a.Has(address) }) {
			continue
		}
		users, err := p.byAddress(ctx, address)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if a := p.account(u); w.has(a) {
				found[u.ID] = a
			}
		}
	}
	return found, nil
}

// madeFor returns the addresses of what was made here and is wanted.
func (p *Platform) madeFor(w want) map[string]bool {
	addresses := map[string]bool{}
	p.mu.Lock()
	defer p.mu.Unlock()
	take := func(key string) {
		if m, ok := p.made[key]; ok {
			addresses[m.address] = true
		}
	}
	for code := range w.codes {
		take(codeKey(code))
	}
	for marker := range w.markers {
		take(markerKey(marker))
	}
	for address := range w.addresses {
		take(addressKey(address))
	}
	return addresses
}

// byAddress reads the user whom an address reaches, his primary one or an alias (users.get takes both).
func (p *Platform) byAddress(ctx context.Context, address string) ([]user, error) {
	if !possible(address) {
		return nil, nil
	}
	p.all.asked()
	var u user
	fresh := p.fresh(address) // when it was asked, not when the answer came
	_, err := p.api.Do(ctx, rest.Request{What: "users.get", Method: http.MethodGet, Path: usersPath + "/" + url.PathEscape(address),
		Query: url.Values{"projection": {"full"}, "fields": {userFields}}, Into: &u})
	switch {
	case errors.Is(err, account.ErrGone):
		return nil, nil
	case errors.Is(err, errForbidden) && (fresh || !strings.HasSuffix(strings.ToLower(address), "@"+p.cfg.Domain)):
		return nil, nil // not shown yet, or not in a domain of ours
	case err != nil:
		return nil, err
	}
	return []user{u}, nil
}

// fresh says whether a user was made here so lately that Google may refuse to show him, with 404 or 403.
func (p *Platform) fresh(address string) bool {
	m, ok := p.remembered(addressKey(address))
	return ok && p.cfg.Now().Sub(m.at) < p.cfg.Settle
}

const usersPath = "/admin/directory/v1/users"

// byExternalID searches for a code or a marker.
func (p *Platform) byExternalID(ctx context.Context, value string) ([]user, error) {
	var users []user
	p.all.asked()
	err := p.list(ctx, url.Values{"query": {"externalId=" + quote(value)}}, func(u user) error {
		users = append(users, u)
		return nil
	})
	return users, err
}

// quote writes a value of a query: in quotes, those within escaped ("Search for users").
func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(strings.ToValidUTF8(value, "")) + "'"
}

// list goes through all pages of users.list.
func (p *Platform) list(ctx context.Context, query url.Values, each func(user) error) error {
	query.Set("customer", p.cfg.Customer)
	query.Set("projection", "full")
	query.Set("maxResults", "500")
	query.Set("fields", listFields)
	seen := map[string]bool{}
	for {
		var page struct {
			Users []user `json:"users"`
			Next  string `json:"nextPageToken"`
		}
		if _, err := p.api.Do(ctx, rest.Request{What: "users.list", Method: http.MethodGet, Path: usersPath, Query: query, Into: &page}); errors.Is(err, account.ErrGone) { // of who is searched for and not there an empty list is shown
			return fmt.Errorf("google: users.list: %w", errElsewhere)
		} else if err != nil {
			return err
		}
		for _, u := range page.Users {
			if err := each(u); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		if seen[page.Next] {
			return errors.New("google: users.list: the pages go round in a circle")
		}
		seen[page.Next] = true
		query.Set("pageToken", page.Next)
	}
}
