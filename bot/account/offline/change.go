package offline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vanthu/bot/account"
	"vanthu/bot/store"
)

// SetPassword writes down that a new password is wanted, once in a plan. The password was sealed for the row of the account before
// (bot/account, Provisioner), and is opened when the bundle is made: it counts only when a result says that it is set.
func (p *Platform) SetPassword(ctx context.Context, a account.Account, _ string) error {
	have, err := p.named(ctx, a)
	if err != nil {
		return err
	}
	if have.Suspended {
		return fmt.Errorf("%w: offline: the account is suspended", account.ErrPermanent)
	}
	number, n, ok := marked(have.Marker)
	if !ok {
		return fmt.Errorf("%w: offline: the account names no case and row", account.ErrPermanent)
	}
	var e account.Errand
	if err := p.DB.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		e = account.Errand{CaseID: c.ID, N: n, PlanID: c.PlanID}
		return err
	}); err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	return p.ask(ctx, e, store.ActReset, have)
}

// Suspend writes down that nobody may sign in to it.
func (p *Platform) Suspend(ctx context.Context, a account.Account) error {
	have, err := p.named(ctx, a)
	if err != nil || have.Suspended {
		return err
	}
	return p.ask(ctx, p.errand, store.ActSuspend, have)
}

// Restore takes back what was to suspend or erase it, as long as that is in no bundle; what is in one must end first, for nobody can know
// whether it is being carried out. Then, if it is suspended, it writes down that its holder may sign in again.
func (p *Platform) Restore(ctx context.Context, a account.Account) error {
	have, err := p.named(ctx, a)
	if err != nil {
		return err
	}
	return p.ask(ctx, p.errand, store.ActRestore, have)
}

// Erase writes down that it is to be removed. One that nobody knows is no error.
func (p *Platform) Erase(ctx context.Context, a account.Account) error {
	have, err := p.named(ctx, a)
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.ask(ctx, p.errand, store.ActErase, have)
}

// named returns the account that a names, and no other's.
func (p *Platform) named(ctx context.Context, a account.Account) (account.Account, error) {
	if a.Code == "" {
		return a, a.Is(a) // says so
	}
	found, err := p.Lookup(ctx, account.Keys{Codes: []string{a.Code}})
	switch {
	case err != nil:
		return a, fmt.Errorf("offline: %w", err)
	case len(found) == 0:
		return a, fmt.Errorf("offline: %w", account.ErrGone)
	case len(found) > 1:
		return a, fmt.Errorf("%w: offline: %d accounts have its code", account.ErrOther, len(found))
	}
	if err := found[0].Is(a); err != nil {
		return a, fmt.Errorf("offline: %w", err)
	}
	return found[0], nil
}

// ask writes down what is wanted of an account, and says how far that is: nil when it was done.
func (p *Platform) ask(ctx context.Context, e account.Errand, act store.BundleAct, have account.Account) error {
	if e.CaseID == 0 {
		return fmt.Errorf("%w: offline: no row of a plan asks for it", account.ErrPermanent)
	}
	f, err := formOf(p.S, act)
	if err != nil {
		return err
	}
	if err := f.fits(have); err != nil {
		return fmt.Errorf("%w: %w", account.ErrRefused, err)
	}
	w := store.Wish{CaseID: e.CaseID, N: e.N, PlanID: e.PlanID, Act: act, User: have.User, Address: strings.ToLower(have.Address), Marker: have.Marker, Name: have.Name}
	var r store.BundleRow
	taken, idle := false, act == store.ActRestore && !have.Suspended
	if err := p.DB.Write(ctx, func(tx *store.Tx) error {
		living, err := tx.Living(ctx, e.CaseID, e.N)
		if err != nil {
			return err
		}
		if r, taken = living, false; act == store.ActRestore && r.Act != act && r.State == store.RowGathered {
			back, err := tx.TakeBack(ctx, r.ID)
			if err != nil {
				return err
			}
			if back {
				r = store.BundleRow{}
			}
		}
		if r.ID != 0 || idle {
			return nil
		}
		r, taken, err = tx.GatherRow(ctx, w)
		return err
	}); err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	switch {
	case taken:
		return &account.Pending{For: "waits for what another case has in hand with this account"}
	case r.ID == 0: // nothing was to be done
		return nil
	case r.State == store.RowRefused:
		return fmt.Errorf("%w: bundle %s: %s", account.ErrRefused, r.Bundle, r.Said)
	case r.State == store.RowDone:
		return nil
	}
	return pending(r)
}
