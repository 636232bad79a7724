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

// lagging is a directory whose replicas are late, and whose word about what it made was lost.
type lagging struct {
	*directory
	now   func() time.Time
	shows time.Time // zero: never
}

func (lagging) Describe() account.Description { return account.Description{Settle: 15 * time.Minute} }

func (d lagging) hidden() bool { return d.shows.IsZero() || d.now().Before(d.shows) }

func (d lagging) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	if d.hidden() {
		return nil, nil
	}
	return d.directory.Lookup(ctx, keys)
}

func (d lagging) Create(ctx context.Context, a account.Account, password string) error {
	return errors.Join(d.directory.Create(ctx, a, password), errBroken)
}

func (d lagging) Erase(ctx context.Context, a account.Account) error {
	if d.hidden() {
		return nil // nobody is there, as far as can be seen
	}
	return d.directory.Erase(ctx, a)
}

// A throw-away account that was asked for and is not shown yet is not said to be gone.
func TestTrialThatShowsLate(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		shows time.Time
		left  bool
	}{
		"in a moment":   {begin.Add(10 * time.Second), false},
		"not by then":   {begin.Add(time.Hour), true},
		"nobody's clue": {time.Time{}, true},
	} {
		now := begin
		d := lagging{&directory{accounts: map[string]made{}}, func() time.Time { return now }, c.shows}
		a := account.TrialAccount("sv.truong.example", "AB13")
		checks, left := account.Trial{Platform: d, Account: a, Password: "Canary7Canary7", Now: d.now,
			Wait: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }}.Run(t.Context())
		if (left != "") != c.left || c.left && !strings.Contains(left, a.Address) {
			t.Errorf("%s: left %q, checks %+v", name, left, checks)
		}
		if there := len(d.accounts) > 0; there != c.left {
			t.Errorf("%s: an account is there: %v", name, there)
		}
	}
}
