package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// aside stands before a password hash that opens nothing for now. A value whose scheme slapd does not know fits no
// password (lutil_passwd), and neither does it in other directories; the hash behind it comes back as it was. The usual "!"
// of passwd(1) would not do: a value without a scheme is a password in the clear.
const aside = "{VANTHU-SUSPENDED}"

// SetPassword replaces the password and, where that is asked for, says that it must be changed. A suspended account keeps
// what it has: a new password would let its holder in.
func (d *Directory) SetPassword(ctx context.Context, a account.Account, password string) error {
	hash, err := account.HashPassword(d.cfg.Hash, password)
	if err != nil {
		return fmt.Errorf("ldap: %w", err)
	}
	e, err := d.named(ctx, a)
	if err != nil {
		return err
	}
	if d.suspended(e) {
		return fmt.Errorf("%w: ldap: the account is suspended", account.ErrPermanent)
	}
	change := goldap.NewModifyRequest(e.DN, nil)
	change.Replace(attrPassword, []string{hash})
	if d.changeAttr != "" {
		change.Replace(d.changeAttr, []string{d.changeVal})
	}
	_, digest, _ := strings.Cut(hash, "}")
	return d.refused(d.explain(d.do(ctx, func(c *goldap.Conn) error { return c.Modify(change) }), password, hash, digest))
}

// Suspend stops the sign-in of the account.
func (d *Directory) Suspend(ctx context.Context, a account.Account) error {
	return d.change(ctx, a, func(e *goldap.Entry, change *goldap.ModifyRequest) error {
		if d.suspended(e) {
			return nil
		}
		if d.lockAttr != "" {
			change.Replace(d.lockAttr, []string{d.lockVal})
			return nil
		}
		hashes := e.GetEqualFoldAttributeValues(attrPassword)
		if len(hashes) == 0 {
			return fmt.Errorf("%w: ldap: the account shows no password that could be set aside; let %s read userPassword, or set suspend to the attribute=value that locks an account there",
				account.ErrPermanent, d.cfg.BindDN)
		}
		swap(change, hashes, func(hash string) string { return aside + strings.TrimPrefix(hash, aside) })
		return nil
	})
}

// Restore lets its holder sign in again, with the password of before.
func (d *Directory) Restore(ctx context.Context, a account.Account) error {
	return d.change(ctx, a, func(e *goldap.Entry, change *goldap.ModifyRequest) error {
		switch {
		case !d.suspended(e):
		case d.lockAttr != "":
			change.Delete(d.lockAttr, nil)
		default:
			swap(change, e.GetEqualFoldAttributeValues(attrPassword), func(hash string) string { return strings.TrimPrefix(hash, aside) })
		}
		return nil
	})
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
	err = d.do(ctx, func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(e.DN, nil)) })
	if goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject) {
		return nil // somebody was faster
	}
	return d.refused(d.explain(err))
}

// suspended says what an entry shows: only one of whose passwords none opens it.
func (d *Directory) suspended(e *goldap.Entry) bool {
	if d.lockAttr != "" {
		return slices.ContainsFunc(e.GetEqualFoldAttributeValues(d.lockAttr), func(v string) bool { return strings.EqualFold(v, d.lockVal) })
	}
	hashes := e.GetEqualFoldAttributeValues(attrPassword)
	return len(hashes) > 0 && !slices.ContainsFunc(hashes, func(v string) bool { return !strings.HasPrefix(v, aside) })
}

// swap replaces all values at once: slapd's ppolicy takes a deleted value for the old password in the clear and refuses it.
// Whoever changes the password between our look and this loses that change; the account is suspended all the same.
func swap(change *goldap.ModifyRequest, hashes []string, to func(string) string) {
	after := make([]string, len(hashes))
	for i, hash := range hashes {
		after[i] = to(hash)
	}
	change.Replace(attrPassword, after)
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

// kept reads back. A server that hashes whatever is written as a password (389 Directory Server, slapd's
// ppolicy_hash_cleartext) makes a password of the hash that was set aside; then the old one is put back at once.
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
	if d.lockAttr != "" {
		return err
	}
	undo := goldap.NewModifyRequest(e.DN, nil)
	undo.Replace(attrPassword, before.GetEqualFoldAttributeValues(attrPassword))
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
