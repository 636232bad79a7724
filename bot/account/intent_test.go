package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// hazy is a world on a cloud that settles within ten minutes, with a clock that the test moves.
func hazy(t *testing.T, db *store.DB) (*world, *cloud, *time.Time) {
	t.Helper()
	now := time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return now }
	w := newWorld(t, db)
	c := newCloud(func() time.Time { return now }, 10*time.Minute)
	w.prov.Platform, w.prov.InFlight = c, 1
	return w, c, &now
}

func (w *world) putOff(err error) time.Duration {
	w.t.Helper()
	put, ok := errors.AsType[*account.PutOff](err)
	if !ok {
		w.t.Fatalf("%v is no putting off", err)
	}
	return put.For
}

func (w *world) events(what string) (n int) {
	w.t.Helper()
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, w.id) }) {
		if e.What == what {
			n++
		}
	}
	return n
}

// What the platform has agreed to is looked for, with growing pauses, and never asked for again; when it ought to show and does not, the
// officers are told, once.
func TestPain27WhatWasAgreedToIsNeverAskedForAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w, c, now := hazy(t, db)
		c.create = func(_ context.Context, a account.Account) (time.Duration, error, error) {
			if a.Code == code(2) {
				return time.Hour, nil, nil
			}
			return 0, nil, nil
		}
		began, last := *now, time.Duration(0)
		for w.state() == bot.Creating {
			err := w.prov.Create(t.Context(), w.id)
			if err == nil {
				break
			}
			pause := w.putOff(err)
			if pause < last || pause > 5*time.Minute {
				t.Errorf("after a pause of %v one of %v", last, pause)
			}
			told := w.events("account_unseen")
			if due := now.Sub(began) >= 10*time.Minute; due != (told == 1) {
				t.Errorf("after %v officers were told %d times", now.Sub(began), told)
			}
			last, *now = pause, now.Add(pause)
		}
		for n := 1; n <= people; n++ {
			if got := c.of(code(n)); len(got) != 1 || c.asked[code(n)] != 1 || !got[0].finished {
				t.Errorf("row %d: asked %d times, %d accounts", n, c.asked[code(n)], len(got))
			}
		}
		if since := now.Sub(began); since < time.Hour || since > 70*time.Minute || c.broken != nil {
			t.Errorf("took %v; %v", since, c.broken)
		}
	})
}

// Nobody knows what became of an ask whose reply was lost: it is looked for, and asked again only when it must have shown.
func TestPain30AnAskWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]bool{"made": true, "not made": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, now := hazy(t, storetest.SQLite(t))
			tries := 0
			c.create = func(_ context.Context, a account.Account) (late time.Duration, before, after error) {
				if tries++; a.Code != code(3) || c.asked[a.Code] > 1 {
					return 0, nil, nil
				}
				if made {
					return 9 * time.Minute, nil, errDown
				}
				return 0, errDown, nil
			}
			began := *now
			if err := w.prov.Create(t.Context(), w.id); !errors.Is(err, errDown) {
				t.Fatal(err)
			}
			for w.state() == bot.Creating {
				if err := w.prov.Create(t.Context(), w.id); err != nil {
					*now = now.Add(w.putOff(err))
				}
			}
			want := map[bool]int{true: 1, false: 2}[made]
			if took := now.Sub(began); c.asked[code(3)] != want || len(c.of(code(3))) != 1 || c.broken != nil || took > 11*time.Minute || !made && took < 10*time.Minute {
				t.Errorf("asked %d times in %v: %v", c.asked[code(3)], took, c.broken)
			}
		})
	}
}

// A run that dies with a set in its hands: who comes next neither touches it while the dead one might still ask, nor asks before what
// that one may have asked for must show.
func TestPain25ARunDies(t *testing.T) {
	t.Parallel()
	w, c, now := hazy(t, storetest.SQLite(t))
	dead := false
	c.create = func(context.Context, account.Account) (time.Duration, error, error) {
		dead = true
		return 9 * time.Minute, nil, nil
	}
	w.db.Commit = func() error {
		if dead { // the process was killed between the platform's work and its note
			return errCut
		}
		return nil
	}
	if err := w.prov.Create(t.Context(), w.id); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if len(c.accounts) == 0 {
		t.Fatal("nothing was made")
	}
	w.db.Commit, c.create = nil, nil
	began := *now
	for w.state() == bot.Creating {
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			*now = now.Add(w.putOff(err))
		}
	}
	if took := now.Sub(began); c.broken != nil || len(c.accounts) != people || took < 10*time.Minute || took > 20*time.Minute {
		t.Errorf("%d accounts after %v: %v", len(c.accounts), took, c.broken)
	}
}

// A platform that wants to be let alone is, by everybody; no row has failed by that.
func TestAPlatformWantsToBeLetAlone(t *testing.T) {
	t.Parallel()
	w, c, now := hazy(t, storetest.SQLite(t))
	quota := 2
	c.each = func(call string) error {
		if call != "create" {
			return nil
		}
		if quota--; quota < 0 {
			return &account.Wait{For: 7 * time.Hour, Err: account.ErrUndone}
		}
		return nil
	}
	if pause := w.putOff(w.prov.Create(t.Context(), w.id)); pause != 10*time.Minute {
		t.Errorf("put off for %v: an officer may put it right meanwhile", pause)
	}
	calls := 0
	c.each = func(string) error { calls++; return nil }
	*now = now.Add(6 * time.Hour)
	if pause := w.putOff(w.prov.Create(t.Context(), w.id)); pause != 10*time.Minute || calls > 0 {
		t.Errorf("put off for %v after %d calls", pause, calls)
	}
	*now = now.Add(time.Hour)
	if err := w.prov.Create(t.Context(), w.id); err != nil || w.state() != bot.Created || c.asked[code(3)] != 1 {
		t.Errorf("%v: %s, asked %d times", err, w.state(), c.asked[code(3)])
	}
}

// A deleted account keeps what it had: it is given to nobody.
func TestADeletedAccountIsAConflict(t *testing.T) {
	t.Parallel()
	w, c, now := hazy(t, storetest.SQLite(t))
	c.accounts = []*stored{{Account: account.Account{Code: "x", User: "x", Address: code(4) + "@sv.truong.example", Name: "Lê Thị Bé", DeletedUntil: now.AddDate(0, 0, 9)}}}
	if err := w.prov.Create(t.Context(), w.id); err != nil || w.state() != bot.Created {
		t.Fatal(err, w.state())
	}
	if r := w.rows()[3]; r.State != bot.RowBad || !strings.Contains(r.Said, "deleted") || c.asked[code(4)] != 0 {
		t.Errorf("row 4 is %s: %s", r.State, r.Said)
	}
}

// A pass that the platform invents is sealed instead of the password; one that was lost between the two is void, and another is asked for.
func TestPass(t *testing.T) {
	t.Parallel()
	for n := 0; n <= 3*people; n++ {
		w, c, now := hazy(t, storetest.SQLite(t))
		w.prov.Platform = passing{c}
		commits := 0
		w.db.Commit = func() error {
			if commits++; commits == n {
				return errCut
			}
			return nil
		}
		for tries := 0; w.state() == bot.Creating && tries < 50; tries++ {
			err := w.prov.Create(t.Context(), w.id)
			if _, put := errors.AsType[*account.PutOff](err); put {
				*now = now.Add(w.putOff(err))
			}
		}
		secrets := look(w, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, w.id) })
		for _, r := range w.rows()[:people] {
			_, sealed, _ := strings.Cut(string(secrets[r.N]), "|")
			have := c.of(r.Code)
			if r.State != bot.RowCreated || len(have) != 1 || have[0].password != sealed || !strings.HasPrefix(sealed, "Pass") {
				t.Errorf("cut off at %d: row %d is %s, sealed %q, %d accounts", n, r.N, r.State, sealed, len(have))
			}
		}
	}
}

// A row that had no time left in its set is taken up again, and nobody thinks that it was asked for.
func TestASetThatTakesTooLong(t *testing.T) {
	t.Parallel()
	w, c, now := hazy(t, storetest.SQLite(t))
	c.each = func(call string) error {
		if call == "create" {
			*now = now.Add(50 * time.Second)
		}
		return nil
	}
	if err := w.prov.Create(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	if got := w.states(); w.state() != bot.Created || slices.Contains(got[:people], bot.RowGood) || c.broken != nil {
		t.Errorf("%s: %v", w.state(), got)
	}
}

// A look that is answered 409 is a server that is confused, and no account of somebody else.
func TestALookIsNoConflict(t *testing.T) {
	t.Parallel()
	w, c, _ := hazy(t, storetest.SQLite(t))
	c.each = func(call string) error {
		if call == "lookup" {
			return fmt.Errorf("users.list: 409: %w", account.ErrExists)
		}
		return nil
	}
	if err := w.prov.Create(t.Context(), w.id); err == nil {
		t.Fatal("it did not fail")
	}
	c.each = nil
	if err := w.prov.Create(t.Context(), w.id); err != nil || w.state() != bot.Created || slices.Contains(w.states()[:people], bot.RowBad) {
		t.Errorf("%v: %s, %v", err, w.state(), w.states())
	}
}
