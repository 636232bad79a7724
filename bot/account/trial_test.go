package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
)

// tried is a directory that can go wrong in one act.
type tried struct {
	*directory
	broken string
	opens  func(a account.Account) bool
}

var errBroken = errors.New("it does not work")

func (d tried) Create(ctx context.Context, a account.Account, password string) error {
	if d.broken == "make" {
		return errors.Join(errBroken, account.ErrPermanent)
	}
	err := d.directory.Create(ctx, a, password)
	if d.broken == "lost" {
		return errors.Join(errBroken, account.ErrPermanent) // made all the same
	}
	return err
}

func (d tried) Suspend(ctx context.Context, a account.Account) error {
	if d.broken == "suspend" {
		return errBroken
	}
	return d.directory.Suspend(ctx, a)
}

func (d tried) Erase(ctx context.Context, a account.Account) error {
	if d.broken == "erase" {
		return errBroken
	}
	return d.directory.Erase(ctx, a)
}

func (d tried) Opens(ctx context.Context, a account.Account, _ string) (bool, error) {
	found, err := d.directory.Lookup(ctx, account.Keys{Codes: []string{a.Code}})
	if err != nil || len(found) != 1 {
		return false, err
	}
	return d.opens(found[0]), nil
}

// A trial leaves nothing behind, wherever it fails, or says what and where.
func TestTrial(t *testing.T) {
	t.Parallel()
	right := func(a account.Account) bool { return !a.Suspended }
	for name, c := range map[string]struct {
		broken string
		opens  func(account.Account) bool
		want   string // the checks, those that failed in capitals
		left   bool
	}{
		"well":                 {"", right, "make sign_in suspend locked erase", false},
		"not made":             {"make", right, "MAKE erase", false},
		"made, the word lost":  {"lost", right, "MAKE erase", false},
		"nobody can sign in":   {"", func(account.Account) bool { return false }, "make SIGN_IN erase", false},
		"a lock that is none":  {"", func(account.Account) bool { return true }, "make sign_in suspend LOCKED erase", false},
		"cannot be suspended":  {"suspend", right, "make sign_in SUSPEND erase", false},
		"cannot be taken away": {"erase", right, "make sign_in suspend locked ERASE", true},
	} {
		d := tried{&directory{accounts: map[string]made{}}, c.broken, c.opens}
		a := account.TrialAccount("sv.truong.example", "AB12")
		checks, left := account.Trial{Platform: d, Account: a, Password: "Canary7Canary7", Now: time.Now,
			Wait: func(context.Context, time.Duration) error { return nil }}.Run(t.Context())
		var got []string
		for _, check := range checks {
			if check.Level == account.CheckFailed {
				check.What = strings.ToUpper(check.What)
			}
			got = append(got, check.What)
			if strings.Contains(check.Said, "Canary") {
				t.Errorf("%s: the password is said: %s", name, check.Said)
			}
		}
		if strings.Join(got, " ") != c.want || (left != "") != c.left || c.left && !strings.Contains(left, a.Address) {
			t.Errorf("%s: %v, left %q; want %s", name, got, left, c.want)
		}
		found, err := d.directory.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}})
		if err != nil || (len(found) > 0) != c.left {
			t.Errorf("%s: found %+v, %v", name, found, err)
		}
	}
}
