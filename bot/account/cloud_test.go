package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vanthu/bot/account"
)

// cloud is a platform in memory as those behind an API are at their worst: it shows late what it has done, to its own check of who is
// there already, too; it keeps deleted accounts; and a reply may be lost.
type cloud struct {
	now    func() time.Time
	settle time.Duration

	mu       sync.Mutex
	accounts []*stored
	asked    map[string]int // calls of Create by code
	// create says how a Create goes: how late it shows, and whether it fails before or after the work. nil: well, at once.
	create func(ctx context.Context, a account.Account) (late time.Duration, before, after error)
	each   func(call string) error // before any call; nil: nothing
	broken []string                // what must never be so
}

type stored struct {
	account.Account
	password string
	shown    time.Time
	finished bool
}

// errDown is a temporary error.
var errDown = errors.New("the platform is down")

func newCloud(now func() time.Time, settle time.Duration) *cloud {
	return &cloud{now: now, settle: settle, asked: make(map[string]int)}
}

func (*cloud) Name() string { return "file" }

func (c *cloud) Describe() account.Description {
	return account.Description{Settle: c.settle, Undelete: 20 * 24 * time.Hour, InFlight: 4}
}

func (c *cloud) enter(ctx context.Context, call string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.each != nil {
		return c.each(call)
	}
	return nil
}

func (c *cloud) Lookup(ctx context.Context, k account.Keys) (found []account.Account, err error) {
	if err := c.enter(ctx, "lookup"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.accounts {
		has := slices.Contains(k.Codes, s.Code) || slices.ContainsFunc(k.Addresses, s.Has) || slices.Contains(k.Users, s.User) || slices.Contains(k.Markers, s.Marker) && s.Marker != ""
		if has && !s.shown.After(c.now()) {
			found = append(found, s.Account)
		}
	}
	return found, nil
}

// Create sees only what is shown: who asks twice too early gets two accounts.
func (c *cloud) Create(ctx context.Context, a account.Account, password string) error {
	if err := c.enter(ctx, "create"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[a.Code]++
	var late time.Duration
	var before, after error
	if c.create != nil {
		late, before, after = c.create(ctx, a)
	}
	if before != nil {
		return before
	}
	for _, s := range c.accounts {
		if s.Code != a.Code && s.User != a.User && !s.Has(a.Address) {
			continue
		}
		if !s.shown.After(c.now()) {
			return account.ErrExists
		}
		c.broken = append(c.broken, fmt.Sprintf("%s was made twice, the second time for %s", a.Code, a.Marker))
	}
	c.accounts = append(c.accounts, &stored{Account: a, password: password, shown: c.now().Add(late)})
	return after
}

// Finish gives a licence.
func (c *cloud) Finish(ctx context.Context, a account.Account) error {
	return c.change(ctx, "finish", a, func(s *stored) { s.finished = true })
}

func (c *cloud) SetPassword(ctx context.Context, a account.Account, password string) error {
	return c.change(ctx, "password", a, func(s *stored) { s.password = password })
}

func (c *cloud) Suspend(ctx context.Context, a account.Account) error {
	return c.change(ctx, "suspend", a, func(s *stored) { s.Suspended = true })
}

func (c *cloud) Restore(ctx context.Context, a account.Account) error {
	return c.change(ctx, "restore", a, func(s *stored) { s.Suspended = false })
}

func (c *cloud) Erase(ctx context.Context, a account.Account) error {
	err := c.change(ctx, "erase", a, func(s *stored) { s.DeletedUntil = c.now().Add(c.Describe().Undelete) })
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return err
}

func (c *cloud) change(ctx context.Context, call string, a account.Account, f func(*stored)) error {
	if err := c.enter(ctx, call); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.accounts {
		if s.Code != a.Code || s.shown.After(c.now()) || s.Deleted() {
			continue
		}
		if err := s.Is(a); err != nil {
			return err
		}
		f(s)
		return nil
	}
	return account.ErrGone
}

// passing is a cloud that invents the credential: each pass voids the one before.
type passing struct{ *cloud }

func (p passing) Pass(ctx context.Context, a account.Account) (pass string, err error) {
	err = p.change(ctx, "pass", a, func(s *stored) {
		n := 1
		if old, is := strings.CutPrefix(s.password, "Pass"); is {
			_, _ = fmt.Sscan(old, &n)
			n++
		}
		s.password = fmt.Sprintf("Pass%d", n)
		pass = s.password
	})
	return pass, err
}

// of returns the accounts with a code that there really are.
func (c *cloud) of(code string) (all []stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.accounts {
		if s.Code == code {
			all = append(all, *s)
		}
	}
	return all
}
