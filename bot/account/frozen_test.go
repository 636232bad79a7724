package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// other is a second process that has its turn with the same case.
func (w *world) other() {
	w.t.Helper()
	p := account.Provisioner{DB: w.db, Platform: w.prov.Platform, Password: w.prov.Password, Seal: w.prov.Seal, Unseal: w.prov.Unseal, InFlight: 1}
	w.putOff(p.Create(w.t.Context(), w.id))
}

// goesOn is the process that was frozen, and whoever comes after it.
func (w *world) goesOn(now *time.Time) {
	w.t.Helper()
	for tries := 0; w.state() == bot.Creating && tries < 200; tries++ {
		if put, ok := errors.AsType[*account.PutOff](w.prov.Create(w.t.Context(), w.id)); ok {
			*now = now.Add(put.For)
		}
	}
}

// A process is frozen right after it has taken rows up, or right before it asks, and wakes when they are another's: it asks no more. If it
// did, the other, who waits for what may have been asked until then, would not see it, and make the account a second time.
func TestAFrozenProcessAsksNoMore(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"after the intent", "before the ask"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			w, c, now := hazy(t, storetest.SQLite(t))
			frozen := false
			freeze := func() {
				if frozen {
					return
				}
				frozen = true
				*now = now.Add(3 * time.Minute)
				w.other()
				*now = now.Add(5 * time.Minute) // in all eight of the ten in which it may not show
			}
			c.create = func(context.Context, account.Account) (time.Duration, error, error) {
				return 9 * time.Minute, nil, errDown
			}
			if where == "after the intent" {
				unseal := w.prov.Unseal // the first thing that is done with a row is to look at the clock, the second this
				w.prov.Unseal = func(sealed []byte, label string) ([]byte, error) { freeze(); return unseal(sealed, label) }
			} else {
				c.each = func(call string) error {
					if call == "lookup" {
						freeze()
					}
					return nil
				}
			}
			w.goesOn(now)
			for n := 1; n <= people; n++ {
				if len(c.of(code(n))) != 1 {
					t.Errorf("row %d has %d accounts", n, len(c.of(code(n))))
				}
			}
			if c.broken != nil {
				t.Error(c.broken)
			}
		})
	}
}

// What may be asked is decided when the intent is written. A row that was only to be looked for then, and may be asked for a moment
// later, is not: nothing in the database would tell that it was.
func TestNothingIsAskedWithoutAnIntent(t *testing.T) {
	t.Parallel()
	w, c, now := hazy(t, storetest.SQLite(t))
	first := *now
	c.create = func(_ context.Context, a account.Account) (time.Duration, error, error) { // the first is lost, what came after shows late
		if a.Code == code(1) && *now == first {
			return 0, errDown, nil
		}
		return 9 * time.Minute, nil, nil
	}
	if err := w.prov.Create(t.Context(), w.id); err == nil {
		t.Fatal("it did not fail")
	}
	*now = first.Add(10*time.Minute - time.Second)
	dead := false
	c.each = func(call string) error {
		if call == "lookup" && !dead {
			*now = first.Add(10*time.Minute + time.Second) // the row waited for its turn
		}
		return nil
	}
	c.create = func(context.Context, account.Account) (time.Duration, error, error) {
		dead = true
		return 9 * time.Minute, nil, nil
	}
	unseal := w.prov.Unseal
	w.prov.Unseal = func(sealed []byte, label string) ([]byte, error) {
		*now = first.Add(10*time.Minute + time.Second)
		return unseal(sealed, label)
	}
	w.db.Commit = func() error {
		if dead { // killed between the platform's work and the note
			return errCut
		}
		return nil
	}
	_ = w.prov.Create(t.Context(), w.id)
	w.db.Commit, c.each, w.prov.Unseal = nil, nil, unseal
	w.goesOn(now)
	if c.broken != nil || len(c.of(code(1))) != 1 {
		t.Errorf("%d accounts: %v", len(c.of(code(1))), c.broken)
	}
}

// A process is frozen between the platform's answer and its note; meanwhile another has ended the row, it was delivered, and the unit
// misses it. When the first one wakes it must not take the new password for set.
func TestAFrozenProcessRecordsNothingThatIsOver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.prov.InFlight = 1
		unseal := w.prov.Unseal
		var before map[string]string
		var woken error
		w.prov.Unseal = func(sealed []byte, label string) ([]byte, error) { // of the first row
			w.prov.Unseal = unseal
			before = w.missed()
			return unseal(sealed, label)
		}
		woken = w.prov.Create(t.Context(), w.id)
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err, woken)
		}
		w.reset(before)
	})
}

// The clock was a year ahead when rows were taken up, asked for and looked for in vain, and is set back: nobody waits for a year.
func TestTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"killed", "lost", "unseen", "resting"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w, c, now := hazy(t, storetest.SQLite(t))
			right := *now
			*now = right.AddDate(1, 0, 0)
			dead := false
			c.create = func(context.Context, account.Account) (time.Duration, error, error) {
				switch dead = what == "killed"; what {
				case "lost":
					return 0, errDown, nil
				case "resting":
					return 0, &account.Wait{For: time.Hour, Err: account.ErrUndone}, nil
				}
				return time.Minute, nil, nil
			}
			w.db.Commit = func() error {
				if dead {
					return errCut
				}
				return nil
			}
			_ = w.prov.Create(t.Context(), w.id)
			w.db.Commit, c.create, *now = nil, nil, right
			for _, a := range c.accounts {
				a.shown = right.Add(time.Minute)
			}
			w.goesOn(now)
			if took := now.Sub(right); w.state() != bot.Created || c.broken != nil || took > 15*time.Minute {
				t.Errorf("%s after %v: %v", w.state(), took, c.broken)
			}
		})
	}
}
