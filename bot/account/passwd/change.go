package passwd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"vanthu/bot/account"
)

// pageOfList is how many rows List takes at once: no connection is held while somebody thinks about them.
const pageOfList = 1000

// Lookup returns the accounts that have one of the keys, whatever case they are written in.
func (t *Table) Lookup(ctx context.Context, keys account.Keys) (found []account.Account, err error) {
	err = t.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		found, err = t.find(ctx, tx, keys, "")
		return err
	})
	return found, err
}

// List goes through the table by address.
func (t *Table) List(ctx context.Context, f func(account.Account) error) error {
	column := quote(t.cfg.Columns.Address)
	query, args := fmt.Sprintf("%s ORDER BY %s LIMIT %d", t.sql.users, column, pageOfList), []any{}
	for {
		var page []account.Account
		err := t.do(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			if page, err = t.accounts(ctx, tx, query, args...); err != nil {
				return err
			}
			return t.addAliases(ctx, tx, page)
		})
		if err != nil {
			return err
		}
		for _, a := range page {
			if err := f(a); err != nil {
				return err
			}
		}
		if len(page) < pageOfList {
			return nil
		}
		query = fmt.Sprintf("%s WHERE %s > $1 ORDER BY %s LIMIT %d", t.sql.users, column, column, pageOfList)
		args = []any{page[len(page)-1].Address}
	}
}

// Create adds the row. ErrExists when user, address or code is taken, by a row or by an alias.
func (t *Table) Create(ctx context.Context, a account.Account, password string) error {
	if t.cfg.Columns.User == "" && !strings.EqualFold(a.User+"@"+t.cfg.Domain, a.Address) {
		return fmt.Errorf("%w: passwd: the table has no column for user names, and this one is not what stands before the @ of the address", account.ErrPermanent)
	}
	hash, err := t.hash(password)
	if err != nil {
		return err
	}
	values := t.values(a, hash)
	if slices.ContainsFunc(values, func(v any) bool { return !fits(v.(string)) }) {
		return fmt.Errorf("%w: passwd: a value holds a zero byte or is not UTF-8", account.ErrPermanent)
	}
	keys := account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}}
	err = t.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		taken, err := t.find(ctx, tx, keys, "")
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return fmt.Errorf("%w: passwd", account.ErrExists)
		}
		_, err = tx.Exec(ctx, t.sql.insert, values...)
		return err
	})
	if !errors.Is(err, errUnique) {
		return err
	}
	// Somebody was faster, or the table holds another column unique, too. What is there decides.
	found, lookErr := t.Lookup(ctx, keys)
	switch {
	case lookErr != nil:
		return lookErr
	case len(found) > 0:
		return fmt.Errorf("%w: %w", account.ErrExists, err)
	}
	return fmt.Errorf("%w: %w", account.ErrPermanent, err)
}

// SetPassword replaces the password and, where that is asked for, says that it must be changed. A suspended account keeps what it
// has: it gets no new password before it is restored.
func (t *Table) SetPassword(ctx context.Context, a account.Account, password string) error {
	hash, err := t.hash(password)
	if err != nil {
		return err
	}
	return t.change(ctx, a, func(have account.Account) (string, []any, error) {
		if have.Suspended {
			return "", nil, fmt.Errorf("%w: passwd: the account is suspended", account.ErrPermanent)
		}
		if t.changeCol == "" {
			return t.update(t.cfg.Columns.Password), []any{hash}, nil
		}
		return t.update(t.cfg.Columns.Password, t.changeCol), []any{hash, t.changeVal}, nil
	})
}

// Suspend says in the table that nobody may sign in; Dovecot's password_query must ask for it.
func (t *Table) Suspend(ctx context.Context, a account.Account) error {
	return t.change(ctx, a, func(account.Account) (string, []any, error) {
		return t.update(t.cfg.Columns.Active), []any{t.cfg.No}, nil
	})
}

// Restore says that its holder may sign in again, with the password of before.
func (t *Table) Restore(ctx context.Context, a account.Account) error {
	return t.change(ctx, a, func(account.Account) (string, []any, error) {
		return t.update(t.cfg.Columns.Active), []any{t.cfg.Yes}, nil
	})
}

// Erase deletes the row. The mails in its folder and aliases that lead to it are not the table's, and stay.
func (t *Table) Erase(ctx context.Context, a account.Account) error {
	err := t.change(ctx, a, func(account.Account) (string, []any, error) {
		return "DELETE FROM " + quoteTable(t.cfg.Table) + t.sql.key, nil, nil
	})
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return err
}

// change changes the row of the account that a names, and no other's: it is locked from the look to the commit.
func (t *Table) change(ctx context.Context, a account.Account, how func(have account.Account) (query string, args []any, err error)) error {
	if a.Code == "" {
		return a.Is(a) // says so
	}
	return t.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		found, err := t.find(ctx, tx, account.Keys{Codes: []string{a.Code}}, " FOR UPDATE")
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return fmt.Errorf("passwd: %w", account.ErrGone)
		case len(found) > 1:
			return fmt.Errorf("%w: passwd: %d rows have its code", account.ErrOther, len(found))
		}
		if err := found[0].Is(a); err != nil {
			return err
		}
		query, args, err := how(found[0])
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, query, append([]any{found[0].Address}, args...)...)
		if err == nil && done.RowsAffected() != 1 {
			return fmt.Errorf("%w: passwd: %d rows have its address", account.ErrPermanent, done.RowsAffected())
		}
		return err
	})
}

// update sets columns of one row; $1 is its address.
func (t *Table) update(columns ...string) string {
	for i, column := range columns {
		columns[i] = fmt.Sprintf("%s = $%d", quote(column), i+2)
	}
	return "UPDATE " + quoteTable(t.cfg.Table) + " SET " + strings.Join(columns, ", ") + t.sql.key
}

// hash is the password as Dovecot reads it (Dovecot's manual, "Password schemes"): it names Argon2 by its variant.
func (t *Table) hash(password string) (string, error) {
	hash, err := account.HashPassword(t.cfg.Hash, password)
	if err != nil {
		return "", fmt.Errorf("passwd: %w", err)
	}
	if rest, ok := strings.CutPrefix(hash, "{ARGON2}"); ok {
		return "{ARGON2ID}" + rest, nil
	}
	return hash, nil
}

func fits(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
