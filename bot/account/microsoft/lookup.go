package microsoft

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// clauseSize is how many comparisons one $filter may join with or: more are refused as "too many child clauses".
const clauseSize = 15

// The collections that are looked through. A deleted user and a group keep an address as well as anybody (FR-17, Q17).
const (
	usersPath   = "/users"
	deletedPath = "/directory/deletedItems/microsoft.graph.user"
	groupsPath  = "/groups"
)

// Lookup asks for all keys in sets: 15 comparisons in a request, 20 requests in a batch.
//
// What has a property of its own with an index (code, name, addresses) is read from the directory; the marker only from the index of
// advanced queries, which is later. So account.Ensure asks for it last.
func (p *Platform) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	tests := tests(p, keys)
	var asks []ask
	var paths []string
	for _, t := range tests {
		for set := range slices.Chunk(t.clauses, clauseSize) {
			query := url.Values{"$filter": {strings.Join(set, " or ")}, "$select": {selected}}
			if t.path == groupsPath {
				query.Set("$select", groupSelected)
			}
			if t.eventual {
				query.Set("$count", "true")
			}
			asks, paths = append(asks, ask{path: t.path, query: query, eventual: t.eventual, units: 1}), append(paths, t.path)
		}
	}
	if len(asks) == 0 {
		return nil, nil
	}
	answers, err := p.batch(ctx, "look up", asks)
	if err != nil {
		return nil, err
	}
	var found []account.Account
	seen := make(map[string]bool)
	for i, body := range answers {
		if paths[i] == groupsPath {
			err = pagesOf(ctx, p, body, func(g group) error {
				if a := g.account(); !seen[g.ID] && slices.ContainsFunc(keys.Addresses, a.Has) {
					seen[g.ID], found = true, append(found, a)
				}
				return nil
			})
		} else {
			err = pagesOf(ctx, p, body, func(u user) error {
				if a := p.account(u); !seen[u.ID] && p.has(&a, u, keys) {
					seen[u.ID], found = true, append(found, a)
				}
				return nil
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// A test is what is compared in one collection.
type test struct {
	path     string
	eventual bool
	clauses  []string
}

func tests(p *Platform, keys account.Keys) []test {
	users, deleted, groups := test{path: usersPath}, test{path: deletedPath}, test{path: groupsPath}
	marked, once := test{path: usersPath, eventual: true}, test{path: deletedPath, eventual: true}
	add := func(t *test, form, value string) {
		clause := fmt.Sprintf(form, strings.ReplaceAll(value, "'", "''"))
		if !slices.Contains(t.clauses, clause) {
			t.clauses = append(t.clauses, clause)
		}
	}
	each := func(values []string, f func(string)) {
		for _, v := range values {
			if v != "" && len(v) <= 320 && plain(v) {
				f(v)
			}
		}
	}
	each(keys.Codes, func(v string) {
		add(&users, "employeeId eq '%s'", v)
		add(&deleted, "employeeId eq '%s'", v)
	})
	each(keys.Users, func(v string) {
		add(&users, "userPrincipalName eq '%s'", p.upn(v))
		add(&deleted, "mailNickname eq '%s'", v) // the principal name of a deleted user begins with his id
	})
	each(keys.Addresses, func(v string) {
		add(&users, "userPrincipalName eq '%s'", v)
		for _, t := range []*test{&users, &deleted, &groups} {
			add(t, "mail eq '%s'", v)
			add(t, "proxyAddresses/any(p:p eq 'smtp:%s')", v)
		}
	})
	each(keys.Markers, func(v string) {
		for _, t := range []*test{&marked, &once} {
			add(t, "onPremisesExtensionAttributes/"+p.cfg.MarkerAttr+" eq '%s'", v)
		}
	})
	return []test{users, deleted, groups, marked, once}
}

// A page is one of a collection.
type page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink"`
}

// pagesOf goes through a collection from a page on that was read already.
func pagesOf[T any](ctx context.Context, p *Platform, first json.RawMessage, f func(T) error) error {
	var at page[T]
	if err := json.Unmarshal(first, &at); err != nil {
		return fmt.Errorf("microsoft: the answer cannot be read as JSON")
	}
	for {
		for _, one := range at.Value {
			if err := f(one); err != nil {
				return err
			}
		}
		if at.Next == "" {
			return nil
		}
		path, query, err := p.follow(at.Next)
		if err != nil {
			return err
		}
		at = page[T]{}
		if err := p.do(ctx, rest.Request{What: "next page", Method: http.MethodGet, Path: path, Query: query, Into: &at, N: 2}); err != nil {
			return elsewhere(err)
		}
	}
}

// get reads a collection from its first page on.
func get[T any](ctx context.Context, p *Platform, what, path string, query url.Values, units int, f func(T) error) error {
	var first json.RawMessage
	if err := p.do(ctx, rest.Request{What: what, Method: http.MethodGet, Path: path, Query: query, Into: &first, N: units}); err != nil {
		return err
	}
	return pagesOf(ctx, p, first, f)
}

// List goes through all users, deleted ones too.
func (p *Platform) List(ctx context.Context, f func(account.Account) error) error {
	for _, path := range []string{usersPath, deletedPath} {
		err := get(ctx, p, "list", path, url.Values{"$select": {selected}, "$top": {"999"}}, 2, func(u user) error { return f(p.account(u)) })
		if err != nil {
			return err
		}
	}
	return nil
}
