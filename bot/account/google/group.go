package google

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

const groupsPath = "/admin/directory/v1/groups"

// A group is Google's resource ("REST Resource: groups"); the description holds our marker.
type group struct {
	Email       string `json:"email"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

type member struct {
	Email string `json:"email,omitempty"`
	Role  string `json:"role"`
	Type  string `json:"type,omitempty"`
}

// The roles ("Manage group members").
const (
	owner   = "OWNER"
	ordered = "MEMBER"
)

const longestGroup = 73 // of a group's name

// Group returns the group with that address or alias.
func (p *Platform) Group(ctx context.Context, address string) (*account.Group, error) {
	if !possible(address) {
		return nil, nil //nolint:nilnil // the contract: none
	}
	var g group
	_, err := p.api.Do(ctx, rest.Request{What: "groups.get", Method: http.MethodGet, Path: groupPath(address), Into: &g})
	switch {
	case errors.Is(err, account.ErrGone):
		return nil, nil //nolint:nilnil // the contract: none
	case errors.Is(err, errForbidden) && !strings.HasSuffix(strings.ToLower(address), "@"+p.cfg.Domain): // not a domain of ours
		return nil, nil //nolint:nilnil // the contract: none
	case err != nil:
		return nil, err
	}
	found := &account.Group{Address: strings.ToLower(g.Email), Name: g.Name, Marker: g.Description}
	query := url.Values{"maxResults": {"200"}}
	for range 1000 {
		var page struct {
			Members []member `json:"members"`
			Next    string   `json:"nextPageToken"`
		}
		_, err := p.api.Do(ctx, rest.Request{What: "members.list", Method: http.MethodGet, Path: groupPath(address) + "/members", Query: query, Into: &page})
		if errors.Is(err, account.ErrGone) {
			return nil, fmt.Errorf("google: members.list: %w", account.ErrUnseen)
		}
		if err != nil {
			return nil, err
		}
		for _, m := range page.Members {
			found.Members = append(found.Members, p.userOf(m.Email))
			if m.Role == owner && found.Owner == "" {
				found.Owner = p.userOf(m.Email)
			}
		}
		if page.Next == "" {
			return found, nil
		}
		query.Set("pageToken", page.Next)
	}
	return nil, errors.New("google: members.list: the pages do not end")
}

func groupPath(address string) string { return groupsPath + "/" + url.PathEscape(address) }

// MakeGroup makes the group and lets its members in. One whose members could not all be let in is completed by JoinGroup.
func (p *Platform) MakeGroup(ctx context.Context, g account.Group) error {
	if len(g.Members) == 0 {
		return fmt.Errorf("%w: google: a group needs a member", account.ErrPermanent)
	}
	if users, err := p.byAddress(ctx, g.Address); err != nil || len(users) > 0 {
		return errors.Join(err, taken(len(users) > 0))
	}
	_, err := p.api.Do(ctx, rest.Request{What: "groups.insert", Method: http.MethodPost, Path: groupsPath,
		Body: group{Email: g.Address, Name: cut(g.Name, longestGroup), Description: g.Marker}})
	if err != nil {
		return err
	}
	return p.admit(ctx, g, account.Group{})
}

func taken(is bool) error {
	if is {
		return fmt.Errorf("google: %w", account.ErrExists)
	}
	return nil
}

// JoinGroup lets those in who are not yet.
func (p *Platform) JoinGroup(ctx context.Context, g account.Group) error {
	have, err := p.Group(ctx, g.Address)
	switch {
	case err != nil:
		return err
	case have == nil:
		return fmt.Errorf("google: %w: no such group", account.ErrGone)
	case have.Marker != g.Marker:
		return fmt.Errorf("google: the group: %w", account.ErrOther)
	}
	return p.admit(ctx, g, *have)
}

func (p *Platform) admit(ctx context.Context, want, have account.Group) error {
	leads := have.Owner == "" && want.Owner != ""
	for _, user := range want.Members {
		if user == want.Owner && leads || slices.ContainsFunc(have.Members, func(m string) bool { return strings.EqualFold(m, user) }) {
			continue
		}
		if err := p.enter(ctx, want.Address, user, ordered); err != nil {
			return err
		}
	}
	if leads {
		return p.enter(ctx, want.Address, want.Owner, owner)
	}
	return nil
}

// enter lets somebody in; whoever is in already keeps his role, unless he becomes the owner.
func (p *Platform) enter(ctx context.Context, address, user, role string) error {
	who := p.addressOf(user)
	_, err := p.api.Do(ctx, rest.Request{What: "members.insert", Method: http.MethodPost, Path: groupPath(address) + "/members", Body: member{Email: who, Role: role}, Repeat: true})
	if errors.Is(err, account.ErrExists) {
		if role != owner {
			return nil
		}
		_, err = p.api.Do(ctx, rest.Request{What: "members.patch", Method: http.MethodPatch, Path: groupPath(address) + "/members/" + url.PathEscape(who), Body: member{Role: role}, Repeat: true})
	}
	if errors.Is(err, account.ErrGone) { // the group or the person is made and not shown yet
		return fmt.Errorf("google: members.insert: %w", account.ErrUnseen)
	}
	return err
}
