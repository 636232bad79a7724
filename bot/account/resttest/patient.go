package resttest

import (
	"context"
	"errors"
	"slices"

	"vanthu/bot/account"
)

// Patient asks again what failed for a time, as account.Ensure and the jobs do. Embed it in a struct that has the abilities
// of the platform, too.
type Patient struct {
	account.Platform
	Settled func() // lets the clock of a fake that shows late go on; may be nil
}

// tries is more than Faults spoil in a row, with what the client tries in place on top.
const tries = 30

func (p Patient) settle() {
	if p.Settled != nil {
		p.Settled()
	}
}

func passes(err error) bool {
	return err != nil && !errors.Is(err, account.ErrPermanent) && !errors.Is(err, account.ErrExists)
}

// Lookup asks until there is an answer.
func (p Patient) Lookup(ctx context.Context, keys account.Keys) (found []account.Account, err error) {
	err = p.Again(ctx, func() error {
		found, err = p.Platform.Lookup(ctx, keys)
		return err
	})
	return found, err
}

// Again repeats what may be repeated.
func (p Patient) Again(ctx context.Context, do func() error) error {
	err := do()
	for n := 0; n < tries && passes(err) && ctx.Err() == nil; n++ {
		p.settle()
		err = do()
	}
	return err
}

// Create looks after each failure whether the account is there: a reply was lost, or a 409 was none.
func (p Patient) Create(ctx context.Context, a account.Account, password string) error {
	before, err := p.ours(ctx, a)
	if err != nil {
		return err
	}
	unknown := false
	for range tries {
		err = p.Platform.Create(ctx, a, password)
		if err == nil || errors.Is(err, account.ErrPermanent) || ctx.Err() != nil {
			return err
		}
		exists := errors.Is(err, account.ErrExists)
		if exists && before {
			return err
		}
		unknown = unknown || !exists && !errors.Is(err, account.ErrUndone)
		p.settle()
		ours, look := p.ours(ctx, a)
		switch {
		case look != nil:
			return look
		case ours && unknown && !before:
			return nil
		case exists && ours:
			return err
		case exists:
			all, look := p.Lookup(ctx, account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
			if look != nil || len(all) > 0 {
				return errors.Join(err, look)
			}
		}
	}
	return err
}

// ours says whether the account is there, of one without a marker by what else names it.
func (p Patient) ours(ctx context.Context, a account.Account) (bool, error) {
	keys := account.Keys{Markers: []string{a.Marker}}
	if a.Marker == "" {
		keys = account.Keys{Codes: []string{a.Code}}
	}
	found, err := p.Lookup(ctx, keys)
	return slices.ContainsFunc(found, func(f account.Account) bool { return f.Marker == a.Marker && (a.Marker != "" || f.Is(a) == nil) }), err
}

// SetPassword repeats.
func (p Patient) SetPassword(ctx context.Context, a account.Account, password string) error {
	return p.Again(ctx, func() error { return p.Platform.SetPassword(ctx, a, password) })
}

// Suspend repeats.
func (p Patient) Suspend(ctx context.Context, a account.Account) error {
	return p.Again(ctx, func() error { return p.Platform.Suspend(ctx, a) })
}

// Restore repeats.
func (p Patient) Restore(ctx context.Context, a account.Account) error {
	return p.Again(ctx, func() error { return p.Platform.Restore(ctx, a) })
}

// Erase repeats.
func (p Patient) Erase(ctx context.Context, a account.Account) error {
	return p.Again(ctx, func() error { return p.Platform.Erase(ctx, a) })
}
