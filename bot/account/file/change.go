package file

import (
	"context"
	"errors"
	"fmt"

	"vanthu/bot/account"
)

// SetPassword keeps another hash. A suspended account keeps what it has.
func (d *Directory) SetPassword(ctx context.Context, a account.Account, password string) error {
	hash, err := account.HashPassword(account.SSHA512, password)
	if err != nil {
		return fmt.Errorf("account file: %w", err)
	}
	return d.change(ctx, a, func(l *line) (bool, error) {
		if l.Suspended {
			return false, fmt.Errorf("%w: account file: the account is suspended", account.ErrPermanent)
		}
		l.Password = hash
		return true, nil
	})
}

// Suspend notes that nobody may sign in; whoever carries the file over to a platform sees it there.
func (d *Directory) Suspend(ctx context.Context, a account.Account) error {
	return d.suspend(ctx, a, true)
}

// Restore undoes Suspend.
func (d *Directory) Restore(ctx context.Context, a account.Account) error {
	return d.suspend(ctx, a, false)
}

func (d *Directory) suspend(ctx context.Context, a account.Account, wanted bool) error {
	return d.change(ctx, a, func(l *line) (bool, error) {
		changed := l.Suspended != wanted
		l.Suspended = wanted
		return changed, nil
	})
}

// Erase takes the account out. Its earlier lines stay in the file: they are its history.
func (d *Directory) Erase(ctx context.Context, a account.Account) error {
	err := d.change(ctx, a, func(l *line) (bool, error) {
		*l = line{Code: l.Code, User: l.User, Address: l.Address, Name: l.Name, Marker: l.Marker, Erased: true}
		return true, nil
	})
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return err
}

// change writes what f makes of the account that is named.
func (d *Directory) change(ctx context.Context, a account.Account, f func(l *line) (changed bool, err error)) error {
	return d.write(ctx, func(known *index) (line, bool, error) {
		places := known.places(account.Keys{Codes: []string{a.Code}})
		switch {
		case a.Code == "":
			return line{}, false, a.Is(a) // says so
		case len(places) == 0:
			return line{}, false, fmt.Errorf("account file: %w", account.ErrGone)
		case len(places) > 1:
			return line{}, false, fmt.Errorf("%w: account file: %d accounts have its code", account.ErrOther, len(places))
		}
		l := known.lines[places[0]]
		if err := l.account().Is(a); err != nil {
			return line{}, false, fmt.Errorf("account file: %w", err)
		}
		changed, err := f(&l)
		return l, changed, err
	})
}
