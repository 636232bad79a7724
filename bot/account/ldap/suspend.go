package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// SetPassword replaces the password and, where that is asked for, says that it must be changed. A suspended account keeps
// what it has: a new password would let its holder in.
func (d *Directory) SetPassword(ctx context.Context, a account.Account, password string) error {
	e, err := d.named(ctx, a)
	if err != nil {
		return err
	}
	if d.layout.suspended(e) {
		return fmt.Errorf("%w: ldap: the account is suspended", account.ErrPermanent)
	}
	return d.refused(d.layout.setPassword(ctx, e, password))
}

// Suspend stops the sign-in of the account.
func (d *Directory) Suspend(ctx context.Context, a account.Account) error {
	return d.change(ctx, a, d.layout.suspend)
}

// Restore lets its holder sign in again, with the password of before.
func (d *Directory) Restore(ctx context.Context, a account.Account) error {
	return d.change(ctx, a, d.layout.restore)
}

// Erase deletes the entry.
func (d *Directory) Erase(ctx context.Context, a account.Account) error {
	e, err := d.named(ctx, a)
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	remove := func(controls ...goldap.Control) error {
		return d.do(ctx, func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(e.DN, controls)) })
	}
	err = remove()
	if d.cfg.Layout == ActiveDirectory && goldap.IsErrorWithCode(err, goldap.LDAPResultNotAllowedOnNonLeaf) {
		err = remove(goldap.NewControlSubtreeDelete()) // Exchange keeps a person's telephones below his entry (ExchangeActiveSyncDevices)
	}
	if goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject) {
		return nil // somebody was faster
	}
	return d.refused(d.explain(err))
}

// change looks for the named account, changes it as f says, and reads it back: f that then asks for nothing finds it as it
// should be.
func (d *Directory) change(ctx context.Context, a account.Account, f func(*goldap.Entry, *goldap.ModifyRequest) error) error {
	e, err := d.named(ctx, a)
	if err != nil {
		return err
	}
	change := goldap.NewModifyRequest(e.DN, nil)
	if err := f(e, change); err != nil || len(change.Changes) == 0 {
		return err
	}
	err = d.do(ctx, func(c *goldap.Conn) error { return c.Modify(change) })
	if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchAttribute) { // a lock that somebody else has just taken off
		return d.refused(d.explain(err, hashesOf(e)...))
	}
	return d.kept(ctx, a, e, f)
}

// kept reads back. What the server does not keep as it was written is undone at once.
func (d *Directory) kept(ctx context.Context, a account.Account, before *goldap.Entry, f func(*goldap.Entry, *goldap.ModifyRequest) error) error {
	e, err := d.named(ctx, a)
	if err != nil {
		return err
	}
	again := goldap.NewModifyRequest(e.DN, nil)
	if err := f(e, again); err != nil || len(again.Changes) == 0 {
		return err
	}
	err = fmt.Errorf("%w: ldap: the server does not keep what was written; set suspend to the attribute=value that locks an account there", account.ErrPermanent)
	undo := goldap.NewModifyRequest(e.DN, nil)
	if !d.layout.putBack(before, undo) {
		return err
	}
	return errors.Join(err, d.explain(d.do(ctx, func(c *goldap.Conn) error { return c.Modify(undo) }), hashesOf(before)...))
}

// hashesOf lists what of an entry no error may hold.
func hashesOf(e *goldap.Entry) (secrets []string) {
	for _, hash := range e.GetEqualFoldAttributeValues(attrPassword) {
		hash = strings.TrimPrefix(hash, aside)
		_, digest, _ := strings.Cut(hash, "}")
		secrets = append(secrets, hash, digest)
	}
	return secrets
}

// named returns the entry of the account that a names, and no other's.
func (d *Directory) named(ctx context.Context, a account.Account) (*goldap.Entry, error) {
	if a.Code == "" {
		return nil, a.Is(a) // says so
	}
	keys := account.Keys{Codes: []string{a.Code}}
	entries, err := d.search(ctx, d.tests(keys))
	switch {
	case err != nil:
		return nil, err
	case len(entries) == 0:
		return nil, fmt.Errorf("ldap: %w", account.ErrGone)
	case len(entries) > 1:
		return nil, fmt.Errorf("%w: ldap: %d accounts have its code", account.ErrOther, len(entries))
	}
	if a.Marker != "" {
		keys.Markers = []string{a.Marker}
	}
	return entries[0], d.account(entries[0], keys).Is(a)
}

// refused makes a rule of the server that we know nothing of a lasting refusal.
func (d *Directory) refused(err error) error {
	if errors.Is(err, errConstraint) {
		return fmt.Errorf("%w: %w", account.ErrPermanent, err)
	}
	return err
}
