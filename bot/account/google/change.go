package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// resolve lets Google do what the school has chosen for personal accounts ("Conflicting accounts management"): invite their holder (202) or
// make nobody (409). Whoever does not say it takes the address away from the holder ("users.insert").
const resolve = "resolveConflictAccount"

// Create makes the user. Google alone knows whether the address is free, now; that the code is nobody else's, and that the
// address was not somebody's who can still be restored, is looked at here.
func (p *Platform) Create(ctx context.Context, a account.Account, password string) error {
	if err := p.writable(ctx, a); err != nil {
		return err
	}
	taken, err := p.inUse(ctx, a)
	if err != nil {
		return fmt.Errorf("%w: %w", account.ErrUndone, err)
	}
	if taken {
		return fmt.Errorf("google: %w", account.ErrExists)
	}
	p.remember(a)
	answer, err := p.api.Do(ctx, rest.Request{What: "users.insert", Method: http.MethodPost, Path: usersPath, Query: url.Values{"fields": {"id"}, resolve: {"true"}}, Body: p.newUser(a, password)})
	p.remember(a) // the time counts from now: the request may have waited for its turn
	switch {
	case err == nil && answer.Status == http.StatusAccepted:
		p.hold(strings.ToLower(a.Address), aPersonal)
		return fmt.Errorf("google: users.insert: %w: Google has invited the holder of a personal account, and made nobody", account.ErrExists)
	case errors.Is(err, account.ErrGone):
		return fmt.Errorf("google: users.insert: %w: the organizational unit or the domain is not there", rest.ErrLater)
	case errors.Is(err, account.ErrExists):
		p.whose(ctx, strings.ToLower(a.Address))
	}
	return err
}

// inUse says whether somebody who is there, or was deleted, has the code or the address.
func (p *Platform) inUse(ctx context.Context, a account.Account) (bool, error) {
	there, err := p.Lookup(ctx, account.Keys{Codes: []string{a.Code}})
	if err != nil {
		return false, err
	}
	gone, err := p.deleted(ctx, deletedFor)
	if err != nil {
		return false, err
	}
	what, err := p.blocked(ctx, strings.ToLower(a.Address))
	return len(there) > 0 || what != "" || slices.ContainsFunc(gone, func(u user) bool { return p.account(u).Has(a.Address) }), err
}

// writable refuses what Google cannot hold.
func (p *Platform) writable(ctx context.Context, a account.Account) error {
	switch {
	case !possible(a.Address):
		return fmt.Errorf("%w: google: the address holds letters that Google does not take", account.ErrPermanent)
	case len([]rune(a.Name)) > longestDisplay:
		return fmt.Errorf("%w: google: the name is longer than %d letters", account.ErrPermanent, longestDisplay)
	case strings.EqualFold(p.addressOf(a.User), a.Address):
		return nil
	}
	// It is refused, but whoever is in the way is told first: that is what a person has to know.
	p.whose(ctx, strings.ToLower(a.Address))
	taken, err := p.Lookup(ctx, account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
	if err != nil {
		return fmt.Errorf("%w: %w", account.ErrUndone, err)
	}
	if len(taken) > 0 {
		return fmt.Errorf("google: %w", account.ErrExists)
	}
	return fmt.Errorf("%w: google: the user name is the part of the address before the @, in the domain of the accounts", account.ErrPermanent)
}

// named returns the user whom an account names, when it is he. He is found by his address: an alias finds him too, and so does
// another's; whether it is he say the code, the name and the marker (GAM's trap: what is done to an alias is done to whoever has it).
func (p *Platform) named(ctx context.Context, a account.Account) (user, error) {
	asked := p.cfg.Now()
	users, err := p.byAddress(ctx, strings.ToLower(a.Address))
	if err != nil {
		return user{}, err
	}
	if len(users) == 0 && a.Code != "" {
		found := map[string]user{}
		w := want{map[string]bool{strings.ToLower(a.Code): true}, map[string]bool{}, map[string]bool{}}
		err := p.search(ctx, codeKey(a.Code), a.Code, w, nil, func(all []user, err error) error {
			for _, u := range all {
				if w.has(p.account(u)) {
					found[u.ID] = u
				}
			}
			return err
		})
		if err != nil {
			return user{}, err
		}
		for _, u := range found {
			users = append(users, u)
		}
	}
	if len(users) == 0 {
		return user{}, p.absent(ctx, a, asked)
	}
	for _, u := range users {
		if err := p.account(u).Is(a); err != nil {
			return user{}, fmt.Errorf("google: %w", err)
		}
	}
	return users[0], nil
}

// absent says of an account that was not shown when it was asked for whether it is gone, or only not shown yet.
func (p *Platform) absent(ctx context.Context, a account.Account, asked time.Time) error {
	m, ours := p.remembered(codeKey(a.Code))
	if !ours || asked.Sub(m.at) > p.cfg.Settle {
		return fmt.Errorf("google: %w", account.ErrGone)
	}
	gone, err := p.deleted(ctx, 0)
	if err != nil {
		return err
	}
	for _, u := range gone {
		if p.account(u).Has(a.Address) {
			return fmt.Errorf("google: %w", account.ErrGone)
		}
	}
	return fmt.Errorf("google: %w", account.ErrUnseen)
}

// patch sets the same however often it is sent.
func (p *Platform) patch(ctx context.Context, id string, change user) error {
	_, err := p.api.Do(ctx, rest.Request{What: "users.patch", Method: http.MethodPatch, Path: usersPath + "/" + url.PathEscape(id),
		Query: url.Values{"fields": {"id"}}, Body: change, Repeat: true})
	return unexpected(err)
}

// unexpected makes a 409 of what cannot clash a temporary error: Google is known to say so after a change that it has made.
func unexpected(err error) error {
	if errors.Is(err, account.ErrExists) {
		return fmt.Errorf("google: said that it exists already, of what is there: %w", rest.ErrLater)
	}
	return err
}

// SetPassword gives another initial password; whoever has signed in with the one of before is signed out by Google.
func (p *Platform) SetPassword(ctx context.Context, a account.Account, password string) error {
	u, err := p.named(ctx, a)
	if err != nil {
		return err
	}
	if p.account(u).Suspended {
		return fmt.Errorf("%w: google: the account is suspended", account.ErrPermanent)
	}
	change := !p.cfg.KeepFirst
	return p.patch(ctx, u.ID, user{Password: password, ChangePassword: &change})
}

// Suspend stops every sign-in and keeps everything ("Suspend a user").
func (p *Platform) Suspend(ctx context.Context, a account.Account) error {
	return p.suspend(ctx, a, true)
}

// Restore ends the suspension. An archived user needs another licence, which is a person's affair.
func (p *Platform) Restore(ctx context.Context, a account.Account) error {
	return p.suspend(ctx, a, false)
}

func (p *Platform) suspend(ctx context.Context, a account.Account, suspended bool) error {
	u, err := p.named(ctx, a)
	if err != nil {
		return err
	}
	if u.Archived && !suspended {
		return fmt.Errorf("%w: google: the account is archived; give it a licence in the Admin console", account.ErrPermanent)
	}
	return p.patch(ctx, u.ID, user{Suspended: &suspended})
}

// Erase deletes the user; for 20 days he can be restored.
func (p *Platform) Erase(ctx context.Context, a account.Account) error {
	u, err := p.named(ctx, a)
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	if u.Admin || u.SomeAdmin {
		return fmt.Errorf("%w: google: an administrator is not deleted", account.ErrPermanent)
	}
	_, err = p.api.Do(ctx, rest.Request{What: "users.delete", Method: http.MethodDelete, Path: usersPath + "/" + url.PathEscape(u.ID)})
	p.erased.forget()
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return unexpected(err)
}

// Undelete restores who was deleted, by the id that only the list of the deleted still tells. He comes back to the unit where
// accounts are made: Google has forgotten his.
func (p *Platform) Undelete(ctx context.Context, a account.Account) error {
	if _, err := p.named(ctx, a); err == nil || !errors.Is(err, account.ErrGone) && !errors.Is(err, account.ErrUnseen) {
		return err
	}
	gone, err := p.deleted(ctx, 0)
	if err != nil {
		return err
	}
	other := error(nil)
	for _, u := range gone {
		there := p.account(u)
		if !there.Has(a.Address) && !strings.EqualFold(there.Code, a.Code) {
			continue
		}
		if err := there.Is(a); err != nil {
			other = fmt.Errorf("google: %w", err)
			continue
		}
		p.remember(there)
		_, err := p.api.Do(ctx, rest.Request{What: "users.undelete", Method: http.MethodPost, Path: usersPath + "/" + url.PathEscape(u.ID) + "/undelete",
			Body: map[string]string{"orgUnitPath": p.cfg.OrgUnit}})
		p.erased.forget()
		return unexpected(err)
	}
	if other != nil {
		return other
	}
	return fmt.Errorf("google: %w", account.ErrGone)
}
