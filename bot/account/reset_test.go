package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// missed takes a case on to where rows 2 and 4 were delivered, and the unit misses them; a plan to give them new passwords is approved.
// It returns the passwords of before by code.
func (w *world) missed() map[string]string {
	w.t.Helper()
	if err := w.prov.Create(w.t.Context(), w.id); err != nil {
		w.t.Fatal(err)
	}
	before := make(map[string]string)
	for code, m := range w.dir.accounts {
		before[code] = m.password
	}
	var number string
	w.write(func(ctx context.Context, tx *store.Tx) error {
		for n := 1; n <= people; n++ {
			r, err := tx.Row(ctx, w.id, n)
			if err != nil {
				return err
			}
			r.State = bot.RowDelivered
			if err := errors.Join(tx.SaveRow(ctx, r), tx.MoveAccount(ctx, r.Code, bot.AccountHandedOut)); err != nil {
				return err
			}
			if n == 2 || n == 4 {
				r.State, r.Said = bot.RowMissing, "the unit says: no_sign_in"
				if err := tx.SaveRow(ctx, r); err != nil {
					return err
				}
			}
		}
		c, err := tx.Case(ctx, w.id)
		if err != nil {
			return err
		}
		number, c.State = c.Number, bot.Delivered
		if _, err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
		return tx.ForgetSecrets(ctx, c.ID)
	})
	d := &desk.Desk{DB: w.db, Platform: "file", Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) {
		return strings.ToLower(r.Code), strings.ToLower(r.Code) + "@sv.truong.example", nil
	}}}
	p, err := d.MakePlan(w.t.Context(), "officer:lan", []string{number})
	if err != nil {
		w.t.Fatal(err)
	}
	if p.Kind != bot.PlanReset || len(p.Items) != 2 {
		w.t.Fatalf("the plan is %s of %d items", p.Kind, len(p.Items))
	}
	if err := w.prov.Create(w.t.Context(), w.id); err != nil || w.dir.changes != nil {
		w.t.Fatalf("before anybody approved: %v, %v", err, w.dir.changes)
	}
	if _, err := d.ApprovePlan(w.t.Context(), bot.Officer{ID: "minh", Approver: true}, p.Number, p.Hash); err != nil {
		w.t.Fatal(err)
	}
	if w.state() != bot.Creating {
		w.t.Fatalf("approved, the case is %s", w.state())
	}
	return before
}

// reset makes sure that exactly rows 2 and 4 have new passwords, those that were sealed for them, on the accounts that they had.
func (w *world) reset(before map[string]string) {
	w.t.Helper()
	secrets := look(w, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, w.id) })
	register := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Existing, error) { return tx.Accounts(ctx) })
	if w.state() != bot.Created || len(w.dir.accounts) != people || len(register) != people || len(secrets) != 2 {
		w.t.Errorf("%s: %d accounts, %d in the register, %d passwords", w.state(), len(w.dir.accounts), len(register), len(secrets))
	}
	for _, r := range w.rows()[:people] {
		have := w.dir.accounts[r.Code]
		_, sealed, _ := strings.Cut(string(secrets[r.N]), "|")
		missed := r.N == 2 || r.N == 4
		switch {
		case have.times != 1:
			w.t.Errorf("row %d: made %d times", r.N, have.times)
		case missed && (r.State != bot.RowCreated || have.password != sealed || sealed == before[r.Code]):
			w.t.Errorf("row %d is %s, password %q, sealed %q, before %q", r.N, r.State, have.password, sealed, before[r.Code])
		case !missed && (r.State != bot.RowDelivered || have.password != before[r.Code] || sealed != ""):
			w.t.Errorf("row %d, which was not missing, is %s with password %q, before %q", r.N, r.State, have.password, before[r.Code])
		}
	}
	for _, a := range register {
		want := bot.AccountHandedOut
		if a.Code == code(2) || a.Code == code(4) {
			want = bot.AccountNew
		}
		if a.State != want {
			w.t.Errorf("%s is %s in the register", a.Code, a.State)
		}
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		before := w.missed()
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				for range 20 {
					if err := w.prov.Create(context.WithoutCancel(t.Context()), w.id); err == nil {
						return
					}
				}
				t.Error("never done")
			})
		}
		group.Wait()
		w.reset(before)
	})
}

// Cut off at each write, and on a platform that fails before or after it has done the work: the same password is set again.
func TestResetCutOff(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 4; n++ { // the passwords, both rows, the end
		t.Run(fmt.Sprintf("write %d", n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			before := w.missed()
			w.prov.InFlight = 1
			commits, failed := 0, 0
			w.db.Commit = func() error {
				if commits++; commits == n {
					return errCut
				}
				return nil
			}
			for w.state() == bot.Creating {
				if err := w.prov.Create(t.Context(), w.id); err != nil {
					if failed++; !errors.Is(err, errCut) || failed > 1 {
						t.Fatal(err)
					}
				}
			}
			w.reset(before)
		})
	}
	for name, bad := range map[string]failure{"before": {before: errCut}, "after": {after: errCut}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			before := w.missed()
			seen := make(map[string]bool)
			w.dir.fails = func(code string) failure {
				if seen[code] {
					return failure{}
				}
				seen[code] = true
				return bad
			}
			for tries := 0; w.state() == bot.Creating; tries++ {
				if err := w.prov.Create(t.Context(), w.id); err != nil && (!errors.Is(err, errCut) || tries > 4) {
					t.Fatal(err)
				}
			}
			w.reset(before)
		})
	}
}

// An account that is gone, suspended or another's gets no password: its row stays missing, the others go on, nothing is made.
func TestResetRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(d *directory){
		"gone": func(d *directory) { delete(d.accounts, code(2)) },
		"another's": func(d *directory) {
			m := d.accounts[code(2)]
			m.Marker = "vanthu:YC-2026-9999:1"
			d.accounts[code(2)] = m
		},
		"another one": func(d *directory) { m := d.accounts[code(2)]; m.Name = "Người Khác"; d.accounts[code(2)] = m },
		"in use":      func(d *directory) { m := d.accounts[code(2)]; m.Changed = true; d.accounts[code(2)] = m }, // its holder chose a password
		"suspended":   func(d *directory) { m := d.accounts[code(2)]; m.Suspended = true; d.accounts[code(2)] = m },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			before := w.missed()
			change(w.dir)
			creates := w.dir.creates
			if err := w.prov.Create(t.Context(), w.id); err != nil {
				t.Fatal(err)
			}
			states := w.states()
			if w.state() != bot.Created || states[1] != bot.RowMissing || states[3] != bot.RowCreated || w.dir.creates != creates {
				t.Errorf("%s, rows %v, %d more accounts", w.state(), states, w.dir.creates-creates)
			}
			refused := slices.ContainsFunc(look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, w.id) }),
				func(e bot.Event) bool { return e.What == "reset_refused" && e.Detail["row"] == "2" })
			if !refused {
				t.Error("nobody says that it was refused")
			}
			if have, there := w.dir.accounts[code(2)]; there && name == "in use" && have.password != before[code(2)] {
				t.Error("it has another password all the same")
			}
		})
	}
}

// An account that is suspended while it gets another password, or while that is on its way to the unit, is suspended in the register
// until it is given back: else its erasure could never be entered. Found by TestExactlyOnce.
func TestSuspendedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.missed()
	suspend := func(n int) {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.MoveAccount(ctx, code(n), bot.AccountSuspended)
		})
	}
	asked := 0
	w.prov.InFlight = 1
	w.dir.lookups = func(codes []string) error {
		if asked++; asked == 2 { // it was read back open, and is suspended before that is recorded
			suspend(2)
		}
		return nil
	}
	if err := w.prov.Create(t.Context(), w.id); err != nil || w.state() != bot.Created {
		t.Fatalf("%s: %v", w.state(), err)
	}
	suspend(4)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return (&desk.Desk{}).Sent(ctx, tx, store.Letter{CaseID: w.id, Kind: string(bot.CredentialsOf)})
	})
	if w.state() != bot.Delivered {
		t.Errorf("the case is %s", w.state())
	}
	for _, a := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Existing, error) { return tx.Accounts(ctx) }) {
		want := bot.AccountHandedOut
		if a.Code == code(2) || a.Code == code(4) {
			want = bot.AccountSuspended
		}
		if a.State != want {
			t.Errorf("%s is %s in the register, want %s", a.Code, a.State, want)
		}
	}
	for _, n := range []int{2, 4} {
		w.write(func(ctx context.Context, tx *store.Tx) error { return tx.MoveAccount(ctx, code(n), bot.AccountDeleted) })
	}
}

// Where a person sets the password, its row waits without a failure, the case is not delivered, and what he refuses in his own words
// stays out of the history.
func TestResetPending(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		before := w.missed()
		waits := failure{before: &account.Pending{For: "waits for the result of bundle GT-2026-0001"}}
		w.dir.fails = func(string) failure { return waits }
		for range 2 {
			if err := w.prov.Create(t.Context(), w.id); err != nil {
				t.Fatal(err)
			}
		}
		if r := w.rows()[1]; w.state() != bot.Creating || r.State != bot.RowMissing || r.Said != waits.before.Error() {
			t.Fatalf("the case is %s, row 2 %s: %s", w.state(), r.State, r.Said)
		}
		if due := look(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToCreate(ctx) }); len(due) > 0 {
			t.Error("the sweep does not let it wait")
		}
		w.dir.fails = func(c string) failure {
			if c == code(4) {
				return failure{before: fmt.Errorf("%w: bundle GT-2026-0001: Canary Nguyễn Văn An has left", account.ErrRefused)}
			}
			return failure{}
		}
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err)
		}
		rows := w.rows()
		if w.state() != bot.Created || rows[1].State != bot.RowCreated || w.dir.accounts[code(2)].password == before[code(2)] {
			t.Errorf("the case is %s, row 2 %s", w.state(), rows[1].State)
		}
		if rows[3].State != bot.RowMissing || !strings.Contains(rows[3].Said, "Canary") || w.dir.accounts[code(4)].password != before[code(4)] {
			t.Errorf("row 4 is %s: %s", rows[3].State, rows[3].Said)
		}
		for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, w.id) }) {
			if strings.Contains(fmt.Sprint(e.Detail), "Canary") {
				t.Errorf("%s holds his words: %v", e.What, e.Detail)
			}
		}
	})
}
