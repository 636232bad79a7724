package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// removing is a deletion of people whose plan is approved, about to be carried out. The clock stands until it is moved.
type removing struct {
	*world
	remover *account.Remover
	desk    *desk.Desk
	number  string

	mu   sync.Mutex
	now  time.Time
	told []bot.AnswerKind
}

const window = 30 // days

func newRemoving(t *testing.T, db *store.DB) *removing {
	t.Helper()
	r := &removing{world: &world{t: t, db: db, dir: &directory{accounts: make(map[string]made)}}, now: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.now
	}
	at := func(day string) time.Time {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return d.Add(2 * time.Hour)
	}
	r.remover = &account.Remover{DB: db, Platform: r.dir, InFlight: 2, Window: window, SameName: strings.EqualFold, EraseAt: at,
		Tell: func(_ context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if c.State == bot.Creating || tx == nil {
				return errors.New("told too early")
			}
			r.told = append(r.told, kind)
			return nil
		}}
	deleting := desk.Deleting{Window: window}
	r.desk = &desk.Desk{DB: db, Platform: "file", Deleting: deleting, Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) { return r.Code, r.Code + "@sv.truong.example", nil }},
		Planning: desk.Planning{EraseOn: func(_ bot.Case, made time.Time) string { return deleting.EraseOn(made) }}}
	var rows []bot.Row
	for n := 1; n <= people; n++ {
		a := account.Account{Code: code(n), User: code(n), Address: code(n) + "@sv.truong.example", Name: "Nguyễn Văn An", Marker: "vanthu:YC-2025-0001:1"}
		if n == people { // one that vanthu did not make, under an address of its own
			a.Address, a.User, a.Marker = "nvan@sv.truong.example", "nvan", ""
		}
		r.dir.accounts[a.Code] = made{a, "secret", 1}
		rows = append(rows, bot.Row{N: n, Code: a.Code, Name: a.Name, Class: "YAK43", OK: true, Account: a.Address, Decision: "12/QĐ", DecisionDate: "2026-11-25"})
	}
	rows = append(rows, bot.Row{N: people + 1, Code: "12", Name: "Lê Thị Bé"}) // it matched nobody
	r.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}}); err != nil {
			return err
		}
		var err error
		if r.number, err = tx.KeepNumber(ctx, 1, "YC"); err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: r.number, Kind: bot.DeletionRequest, Unit: "CTSV", State: bot.Received, MailID: 1, ReceivedAt: tx.Now, Decision: "12/QĐ", DecisionDate: "2026-11-25"})
		if err != nil {
			return err
		}
		r.id = c.ID
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
	if _, err := r.desk.Check(t.Context(), "officer:lan", r.number); err != nil {
		t.Fatal(err)
	}
	p, err := r.desk.MakePlan(t.Context(), "officer:lan", []string{r.number})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.remover.Suspend(t.Context(), r.id); err != nil || len(r.dir.changes) > 0 {
		t.Fatalf("before the approval: %v, %v", err, r.dir.changes)
	}
	if _, err := r.desk.ApprovePlan(t.Context(), bot.Officer{ID: "minh", Approver: true}, p.Number, p.Hash); err != nil {
		t.Fatal(err)
	}
	if r.state() != bot.Suspending {
		t.Fatalf("the case is %s", r.state())
	}
	return r
}

func (r *removing) later(days int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.AddDate(0, 0, days)
}

// try does f until it succeeds; failures other than errCut end the test.
func (r *removing) try(f func(context.Context, int64) error) (failed int) {
	r.t.Helper()
	for {
		err := f(context.WithoutCancel(r.t.Context()), r.id)
		if err == nil {
			return failed
		}
		if failed++; !errors.Is(err, errCut) || failed > 4*people {
			r.t.Fatal(err)
		}
	}
}

// counts says what stands in rows, on the platform and in the register.
func (r *removing) counts() string {
	r.t.Helper()
	rows := make(map[bot.RowState]int)
	for _, row := range r.rows() {
		rows[row.State]++
	}
	suspended := 0
	for _, m := range r.dir.accounts {
		if m.Suspended {
			suspended++
		}
	}
	register := make(map[bot.AccountState]int)
	for _, e := range look(r.world, func(ctx context.Context, tx *store.Tx) ([]bot.Existing, error) { return tx.Accounts(ctx) }) {
		register[e.State]++
	}
	return fmt.Sprint(r.state(), " rows ", rows, " platform ", len(r.dir.accounts), " suspended ", suspended, " register ", register)
}

func (r *removing) is(want string) {
	r.t.Helper()
	if got := r.counts(); got != want {
		r.t.Errorf("got  %s\nwant %s", got, want)
	}
}

func (r *removing) events(what string) (n int) {
	for _, e := range look(r.world, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, r.id) }) {
		if e.What == what {
			n++
		}
	}
	return n
}

const (
	allSuspended = "suspended rows map[bad:1 suspended:5] platform 5 suspended 5 register map[suspended:5]"
	allErased    = "closed rows map[bad:1 erased:5] platform 0 suspended 0 register map[deleted:5]"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRemoving(t, db)
		for range 2 {
			r.try(r.remover.Suspend)
			r.is(allSuspended)
		}
		if _, err := r.desk.ApprovePlan(t.Context(), bot.Officer{ID: "minh", Approver: true}, "KH-2026-0001", "x"); err == nil {
			t.Error("approved twice")
		}
		r.later(window - 1)
		for range 2 {
			r.try(r.remover.Erase) // too early
			r.is(allSuspended)
		}
		r.later(1)
		for range 2 {
			r.try(r.remover.Erase)
			r.is(allErased)
		}
		if diff := cmp.Diff([]bot.AnswerKind{bot.SuspendedNote, bot.ErasedNote}, r.told); diff != "" {
			t.Error(diff)
		}
		if r.events("account_suspended") != people || r.events("account_erased") != people {
			t.Error("events")
		}
		known := look(r.world, func(ctx context.Context, tx *store.Tx) (map[string][]bot.Existing, error) {
			return tx.Known(ctx, []string{code(1), code(people)}, 0)
		})
		for _, c := range []string{code(1), code(people)} { // ROW-07: never again
			if len(known[c]) != 1 || known[c][0].State != bot.AccountDeleted || known[c][0].Decision != "12/QĐ" {
				t.Errorf("%s in the register: %+v", c, known[c])
			}
		}
	})
}

// A process that dies at any write goes on where it was; a platform that has done the work and loses the reply as well.
func TestRemoveCutOff(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 3*people+3; n++ { // each row three times (about to be suspended, suspended, erased), and suspended, erasing, closed
		t.Run(fmt.Sprintf("write %d", n), func(t *testing.T) {
			t.Parallel()
			r := newRemoving(t, storetest.SQLite(t))
			var mu sync.Mutex
			commits := 0
			r.db.Commit = func() error {
				mu.Lock()
				defer mu.Unlock()
				if commits++; commits == n {
					return errCut
				}
				return nil
			}
			failed := r.try(r.remover.Suspend)
			r.is(allSuspended)
			r.later(window)
			failed += r.try(r.remover.Erase)
			r.is(allErased)
			if failed == 0 {
				t.Error("nothing was cut off")
			}
			if r.events("account_suspended") != people || r.events("account_erased") != people {
				t.Error("something was recorded twice")
			}
		})
	}
	for name, bad := range map[string]failure{"before": {before: errCut}, "after": {after: errCut}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemoving(t, storetest.SQLite(t))
			seen := make(map[string]int)
			r.dir.fails = func(code string) failure {
				if seen[code]++; seen[code]%2 == 1 {
					return bad
				}
				return failure{}
			}
			if r.try(r.remover.Suspend) == 0 {
				t.Error("nothing failed")
			}
			r.is(allSuspended)
			clear(seen)
			r.later(window)
			if r.try(r.remover.Erase) == 0 {
				t.Error("nothing failed")
			}
			r.is(allErased)
		})
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, []int{2}, ""); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	r.try(r.remover.Suspend)
	if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, []int{2, people}, "học tiếp"); err != nil {
		t.Fatal(err)
	}
	r.later(window) // decided in time, done late: nobody is erased whom an officer gave back
	r.try(r.remover.Erase)
	r.is("suspended rows map[bad:1 erased:3 suspended:2] platform 2 suspended 2 register map[deleted:3 suspended:2]")
	for range 2 {
		r.try(r.remover.Restore)
		r.is("suspended rows map[bad:1 erased:3 restored:2] platform 2 suspended 0 register map[active:2 deleted:3]")
	}
	if !slices.Contains(look(r.world, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToErase(ctx) }), r.id) {
		t.Error("nothing closes the case")
	}
	r.try(r.remover.Erase)
	r.is("closed rows map[bad:1 erased:3 restored:2] platform 2 suspended 0 register map[active:2 deleted:3]")
	if diff := cmp.Diff([]bot.AnswerKind{bot.SuspendedNote, bot.RestoredNote, bot.ErasedNote}, r.told); diff != "" {
		t.Error(diff)
	}
	if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, []int{1}, "học tiếp"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("after the end: %v", err)
	}
}

// A process that dies at any write of a restoration leaves it to the next: the unit is told once, and the case ends.
func TestRestoreCutOff(t *testing.T) {
	t.Parallel()
	for n := 1; n <= people+1; n++ { // each row, and the letter
		t.Run(fmt.Sprintf("write %d", n), func(t *testing.T) {
			t.Parallel()
			r := newRemoving(t, storetest.SQLite(t))
			r.try(r.remover.Suspend)
			if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, nil, "gửi nhầm"); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			commits := 0
			r.db.Commit = func() error {
				mu.Lock()
				defer mu.Unlock()
				if commits++; commits == n {
					return errCut
				}
				return nil
			}
			if err := r.remover.Restore(t.Context(), r.id); !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			r.told = nil // what was not committed
			if left := look(r.world, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToRestore(ctx) }); len(left) != 1 {
				t.Errorf("the sweep finds %v", left)
			}
			for range 2 {
				r.try(r.remover.Restore)
			}
			r.is("closed rows map[bad:1 restored:5] platform 5 suspended 0 register map[active:5]")
			if diff := cmp.Diff([]bot.AnswerKind{bot.RestoredNote}, r.told); diff != "" {
				t.Error(diff)
			}
			if left := look(r.world, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToRestore(ctx) }); len(left) != 0 {
				t.Errorf("the sweep still finds %v", left)
			}
		})
	}
}

// An officer spares people while their accounts are being suspended: whose account is suspended already, although that was not
// recorded, gets it back.
func TestSparedWhileSuspended(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRemoving(t, db)
		r.dir.fails = func(string) failure { return failure{after: errCut} } // suspended, and the reply is lost
		if err := r.remover.Suspend(t.Context(), r.id); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		r.dir.fails = nil
		if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, nil, "gửi nhầm"); err != nil {
			t.Fatal(err)
		}
		for _, f := range []func(context.Context, int64) error{r.remover.Suspend, r.remover.Restore, r.remover.Suspend, r.remover.Restore} {
			r.try(f)
		}
		for _, m := range r.dir.accounts {
			if m.Suspended {
				t.Errorf("%s was spared, and is suspended: %s", m.Code, r.counts())
			}
		}
		if got := look(r.world, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToRestore(ctx) }); len(got) != 0 {
			t.Errorf("the sweep still finds %v", got)
		}
		t.Log(r.counts())
	})
}

// slow is a platform with which something happens before it suspends.
type slow struct {
	account.Platform
	before func(code string)
}

func (s slow) Suspend(ctx context.Context, a account.Account) error {
	s.before(a.Code)
	return s.Platform.Suspend(ctx, a)
}

// The officer's word and the look at the platform both come while the platform is asked to suspend.
func TestSparedJustNow(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	r.remover.Platform = slow{r.dir, func(c string) {
		if c != code(2) {
			return
		}
		if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, []int{2}, "gửi nhầm"); err != nil {
			t.Error(err)
		}
		r.try(r.remover.Restore)
	}}
	r.try(r.remover.Suspend)
	r.is("suspended rows map[bad:2 suspended:4] platform 5 suspended 4 register map[suspended:4]")
}

// Everybody comes back: the case ends, and nobody is erased.
func TestRestoreAll(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	r.try(r.remover.Suspend)
	if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, nil, "gửi nhầm"); err != nil {
		t.Fatal(err)
	}
	r.try(r.remover.Restore)
	r.is("closed rows map[bad:1 restored:5] platform 5 suspended 0 register map[active:5]")
	for _, m := range r.dir.accounts {
		if m.password != "secret" {
			t.Error("the password is another one")
		}
	}
}

// Who is on hold, and what a unit wants stopped, is neither suspended nor erased until that is over. His window is whole then.
func TestHoldsAndStops(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	if err := r.desk.HoldPerson(t.Context(), "officer:lan", code(1), "khiếu nại"); err != nil {
		t.Fatal(err)
	}
	r.try(r.remover.Suspend)
	r.is("suspended rows map[bad:1 good:1 suspended:4] platform 5 suspended 4 register map[suspended:4]")
	r.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Case(ctx, r.id)
		if err != nil {
			return err
		}
		n, err := r.desk.StopRows(ctx, tx, c, bot.Unit{ID: "CTSV"}, 1, []string{code(2), code(9)})
		if n != 1 {
			t.Errorf("%d rows stopped", n)
		}
		return err
	})
	r.later(window)
	r.try(r.remover.Erase)
	r.is("suspended rows map[bad:1 erased:3 good:1 suspended:1] platform 2 suspended 1 register map[deleted:3 suspended:1]")

	if err := r.desk.LiftHold(t.Context(), "officer:lan", code(1), "đã giải quyết"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.desk.GoOn(t.Context(), "officer:lan", r.number, []int{2}, "đơn vị xác nhận xoá"); err != nil {
		t.Fatal(err)
	}
	r.try(r.remover.Suspend) // the one who was on hold
	r.try(r.remover.Erase)   // would erase row 2 now, and waits for row 1: its window begins today
	r.is("suspended rows map[bad:1 erased:3 suspended:2] platform 2 suspended 2 register map[deleted:3 suspended:2]")
	r.later(window)
	r.try(r.remover.Erase)
	r.is(allErased)
}

// A case on hold stands still: a job that was due before it is put on hold suspends nobody after it.
func TestHeldCaseStandsStill(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	if err := r.desk.HoldPerson(t.Context(), "officer:lan", code(1), "khiếu nại"); err != nil {
		t.Fatal(err)
	}
	r.try(r.remover.Suspend)
	const before = "suspended rows map[bad:1 good:1 suspended:4] platform 5 suspended 4 register map[suspended:4]"
	r.is(before)
	hold := func(held bot.Stamp) {
		r.write(func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.Case(ctx, r.id)
			if err != nil {
				return err
			}
			c.Held = held
			_, err = tx.SaveCase(ctx, c)
			return err
		})
	}
	hold(bot.Stamp{At: r.now, By: "officer:lan"})
	if err := r.desk.LiftHold(t.Context(), "officer:lan", code(1), "đã giải quyết"); err != nil {
		t.Fatal(err)
	}
	r.try(r.remover.Suspend)
	r.later(2 * window)
	r.try(r.remover.Erase)
	r.is(before)
	hold(bot.Stamp{})
	r.try(r.remover.Suspend)
	r.is("suspended rows map[bad:1 suspended:5] platform 5 suspended 5 register map[suspended:5]")
}

// What is not the account that was approved, or not as it was left, is left alone and told to an officer.
func TestRemoveAnotherOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before, between func(m *made)
		want            string
	}{
		"another name":    {before: func(m *made) { m.Name = "Trần Thị Bích" }, want: "closed rows map[bad:2 erased:4] platform 1 suspended 0 register map[deleted:4]"},
		"another address": {before: func(m *made) { m.Address = "b@sv.truong.example" }, want: "closed rows map[bad:2 erased:4] platform 1 suspended 0 register map[deleted:4]"},
		"renamed later": {between: func(m *made) { m.Name = "Trần Thị Bích" },
			want: "suspended rows map[bad:1 erased:4 suspended:1] platform 1 suspended 1 register map[deleted:4 suspended:1]"},
		"opened by another": {between: func(m *made) { m.Suspended = false },
			want: "suspended rows map[bad:1 erased:4 suspended:1] platform 1 suspended 0 register map[deleted:4 suspended:1]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemoving(t, storetest.SQLite(t))
			change := func(f func(*made)) {
				if f != nil {
					m := r.dir.accounts[code(3)]
					f(&m)
					r.dir.accounts[code(3)] = m
				}
			}
			change(tt.before)
			r.try(r.remover.Suspend)
			change(tt.between)
			r.later(window)
			r.try(r.remover.Erase)
			r.is(tt.want)
			if r.events("account_left_alone") != 1 {
				t.Error("no officer can see it")
			}
			if strings.Contains(fmt.Sprint(r.rows()[2].Said), "Bích") {
				t.Error("a name stands in what the platform said")
			}
			for _, e := range look(r.world, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToErase(ctx) }) {
				t.Errorf("case %d is woken for ever", e)
			}
		})
	}
}

// A look-up that ends in "not there" is a wrong address or a proxy's word: nobody is recorded as erased by it, nor given up.
func TestRemoveWhileTheLookGoesAstray(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	astray := fmt.Errorf("directory: 404: %w", account.ErrGone)
	r.dir.lookups = func([]string) error { return astray }
	if err := r.remover.Suspend(t.Context(), r.id); err == nil || errors.Is(err, account.ErrPermanent) {
		t.Errorf("suspend: %v", err)
	}
	r.dir.lookups = nil
	r.try(r.remover.Suspend)
	r.is(allSuspended)
	r.later(window)
	r.dir.lookups = func([]string) error { return astray }
	if err := r.remover.Erase(t.Context(), r.id); err == nil || errors.Is(err, account.ErrPermanent) {
		t.Errorf("erase: %v", err)
	}
	r.is(strings.Replace(allSuspended, "suspended rows", "erasing rows", 1))
	r.dir.lookups = nil
	r.try(r.remover.Erase)
	r.is(allErased)
}

// A plan that is not what was approved deletes nobody.
func TestRemoveWhatWasApproved(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"items":    `UPDATE plans SET items = replace(items, 'Nguyễn Văn An', 'Trần Thị Bích')`,
		"row":      `UPDATE case_rows SET name = 'Trần Thị Bích' WHERE n = 1`,
		"address":  `UPDATE case_rows SET address = 'b@sv.truong.example' WHERE n = 1`,
		"approval": `DELETE FROM plan_approvals`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []string{"suspend", "erase"} {
				r := newRemoving(t, storetest.SQLite(t))
				f := r.remover.Suspend
				if step == "erase" {
					r.try(r.remover.Suspend)
					r.later(window)
					f = r.remover.Erase
				}
				before := len(r.dir.changes)
				if _, err := r.db.SQLite().ExecContext(t.Context(), spoil); err != nil {
					t.Fatal(err)
				}
				if err := f(t.Context(), r.id); bot.ErrorCode(err) != bot.Conflict || len(r.dir.changes) != before {
					t.Errorf("%s: %v, %d changes", step, err, len(r.dir.changes)-before)
				}
			}
		})
	}
}

// Two processes carry out the same deletion at once.
func TestRemoveTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRemoving(t, db)
		for _, step := range []func(context.Context, int64) error{r.remover.Suspend, r.remover.Erase} {
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					for range 20 {
						if err := step(context.WithoutCancel(t.Context()), r.id); err == nil {
							return
						}
					}
					t.Error("never done")
				})
			}
			group.Wait()
			r.later(window)
		}
		r.is(allErased)
		if r.events("account_suspended") != people || r.events("account_erased") != people {
			t.Error("something was recorded twice")
		}
	})
}
