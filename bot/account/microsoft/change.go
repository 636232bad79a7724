package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Create makes the user. Graph itself refuses a second user principal name and a second address, at once; that the code is taken, or the
// address by a deleted user, only a look can say.
func (p *Platform) Create(ctx context.Context, a account.Account, password string) error {
	u, err := p.write(a, password)
	if err != nil {
		return err
	}
	there, err := p.Lookup(ctx, account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
	if err != nil {
		return fmt.Errorf("%w: %w", account.ErrUndone, err)
	}
	if len(there) > 0 {
		return fmt.Errorf("%w: microsoft: the code, the user name or the address is in use", account.ErrExists)
	}
	var made user
	return p.do(ctx, rest.Request{What: "make a user", Method: http.MethodPost, Path: usersPath, Body: u, Into: &made})
}

// find returns the user with the code of the named account, which he must be. ErrGone when there is none that is not deleted.
func (p *Platform) find(ctx context.Context, named account.Account) (user, error) {
	live, _, err := p.withCode(ctx, named.Code)
	switch {
	case err != nil:
		return user{}, err
	case len(live) == 0:
		return user{}, fmt.Errorf("microsoft: %w", account.ErrGone)
	case len(live) > 1:
		return user{}, fmt.Errorf("microsoft: %w: %d users have its code", account.ErrOther, len(live))
	}
	return live[0], p.account(live[0]).Is(named)
}

// withCode returns the users that have a code, those that are and those that are deleted.
func (p *Platform) withCode(ctx context.Context, code string) (live, deleted []user, err error) {
	if code == "" || !plain(code) {
		return nil, nil, fmt.Errorf("microsoft: %w: its code was not named", account.ErrOther)
	}
	query := url.Values{"$filter": {"employeeId eq '" + strings.ReplaceAll(code, "'", "''") + "'"}, "$select": {selected}}
	answers, err := p.batch(ctx, "look up", []ask{{path: usersPath, query: query, units: 1}, {path: deletedPath, query: query, units: 1}})
	if err != nil {
		return nil, nil, err
	}
	for i, into := range []*[]user{&live, &deleted} {
		err := pagesOf(ctx, p, answers[i], func(u user) error {
			if strings.EqualFold(u.Code, code) {
				*into = append(*into, u)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return live, deleted, nil
}

func userPath(id string, more ...string) string {
	return usersPath + "/" + url.PathEscape(id) + strings.Join(more, "")
}

// patch changes a user. To set the same again changes nothing.
func (p *Platform) patch(ctx context.Context, what string, u user, change map[string]any) error {
	return unseen(p.do(ctx, rest.Request{What: what, Method: http.MethodPatch, Path: userPath(u.ID), Body: change, Repeat: true}))
}

// SetPassword gives the account another initial password, and notes when: a later change is the holder's own.
func (p *Platform) SetPassword(ctx context.Context, a account.Account, password string) error {
	u, err := p.find(ctx, a)
	if err != nil {
		return err
	}
	if !u.Enabled {
		return fmt.Errorf("%w: microsoft: the account is suspended", account.ErrPermanent)
	}
	return p.patch(ctx, "set a password", u, map[string]any{"passwordProfile": passwordProfile{password, true},
		"onPremisesExtensionAttributes": map[string]string{p.cfg.PasswordAttr: p.cfg.Now().UTC().Format(time.RFC3339)}})
}

// Suspend stops sign-ins and ends the sessions that are open ("revoke user access in Microsoft Entra ID").
func (p *Platform) Suspend(ctx context.Context, a account.Account) error {
	u, err := p.find(ctx, a)
	if err != nil {
		return err
	}
	if err := p.patch(ctx, "suspend", u, map[string]any{"accountEnabled": false}); err != nil {
		return err
	}
	return unseen(p.do(ctx, rest.Request{What: "end the sessions", Method: http.MethodPost, Path: userPath(u.ID, "/revokeSignInSessions"), Body: struct{}{}, Repeat: true}))
}

// Restore lets the account sign in again.
func (p *Platform) Restore(ctx context.Context, a account.Account) error {
	u, err := p.find(ctx, a)
	if err != nil {
		return err
	}
	return p.patch(ctx, "restore", u, map[string]any{"accountEnabled": true})
}

// Erase deletes the user; Microsoft keeps him for 30 days.
func (p *Platform) Erase(ctx context.Context, a account.Account) error {
	u, err := p.find(ctx, a)
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	err = p.do(ctx, rest.Request{What: "erase", Method: http.MethodDelete, Path: userPath(u.ID)})
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return err
}

// Undelete brings a deleted user back with all that was his ("Restore deleted item").
func (p *Platform) Undelete(ctx context.Context, a account.Account) error {
	live, deleted, err := p.withCode(ctx, a.Code)
	if err != nil {
		return err
	}
	if len(live) == 1 {
		return p.account(live[0]).Is(a) // back already
	}
	var other error
	for _, u := range deleted {
		if other = p.account(u).Is(a); other == nil {
			return unseen(p.do(ctx, rest.Request{What: "bring back", Method: http.MethodPost, Path: "/directory/deletedItems/" + url.PathEscape(u.ID) + "/restore", Body: struct{}{}}))
		}
	}
	if other != nil {
		return other
	}
	return fmt.Errorf("microsoft: %w", account.ErrGone)
}
