package account_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// agent is a platform whose acts a person carries out: what is asked of it is pending until he has done it.
type agent struct {
	*directory
	errands map[account.Errand]int
	inHand  func(string) error // of "restore" before anything is done
}

func (a *agent) For(e account.Errand) account.Platform {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errands[e]++
	return a
}

func (a *agent) Restore(ctx context.Context, of account.Account) error {
	if a.inHand != nil {
		if err := a.inHand(of.Code); err != nil {
			return err
		}
	}
	return a.directory.Restore(ctx, of)
}

var errPending = &account.Pending{For: "waits for the result of bundle GT-2026-0001"}

func (r *removing) byHand() *agent {
	a := &agent{directory: r.dir, errands: make(map[account.Errand]int)}
	r.remover.Platform = a
	r.waits(true)
	return a
}

// waits: from now on everything that is asked for is with the other admin; or he has done it all.
func (r *removing) waits(on bool) {
	r.dir.mu.Lock()
	defer r.dir.mu.Unlock()
	r.dir.fails = nil
	if on {
		r.dir.fails = func(string) failure { return failure{before: errPending} }
	}
}

// A deletion whose acts a person carries out waits at each step without a failure, is told to nobody before it is done, and says for
// which row of which plan each act is.
func TestRemovePending(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRemoving(t, db)
		a := r.byHand()
		for range 2 {
			if r.try(r.remover.Suspend) > 0 {
				t.Error("waiting is a failure")
			}
			r.is("suspending rows map[bad:1 good:5] platform 5 suspended 0 register map[]")
		}
		if said := r.rows()[0].Said; said != errPending.For || len(r.told) > 0 {
			t.Errorf("row 1: %q, told %v", said, r.told)
		}
		for n := 1; n <= people; n++ {
			if a.errands[account.Errand{CaseID: r.id, N: n, PlanID: 1}] == 0 {
				t.Errorf("nothing was asked for row %d: %v", n, a.errands)
			}
		}
		r.waits(false)
		r.try(r.remover.Suspend)
		r.is(allSuspended)

		r.waits(true)
		r.later(window)
		for range 2 {
			r.try(r.remover.Erase)
			r.is(strings.Replace(allSuspended, "suspended", "erasing", 1))
		}
		r.waits(false)
		r.try(r.remover.Erase)
		r.is(allErased)
		if diff := cmp.Diff([]bot.AnswerKind{bot.SuspendedNote, bot.ErasedNote}, r.told); diff != "" {
			t.Error(diff)
		}
	})
}

// Who is spared while his suspension is in somebody's hands is not said to be spared before that has ended: it may be carried out yet.
func TestSparedWhilePending(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	a := r.byHand()
	r.try(r.remover.Suspend)
	if _, err := r.desk.GiveBack(t.Context(), "officer:lan", r.number, nil, "gửi nhầm"); err != nil {
		t.Fatal(err)
	}
	a.inHand = func(string) error { return errPending }
	for range 2 {
		r.try(r.remover.Restore)
		r.try(r.remover.Suspend)
		r.is("suspending rows map[bad:1 good:5] platform 5 suspended 0 register map[]")
	}
	r.waits(false)
	for _, m := range []string{code(1), code(2)} { // he has done two of them by then, and not the others
		if err := r.dir.Suspend(t.Context(), r.dir.accounts[m].Account); err != nil {
			t.Fatal(err)
		}
	}
	a.inHand = nil
	r.try(r.remover.Restore)
	r.try(r.remover.Suspend)
	for _, m := range r.dir.accounts {
		if m.Suspended {
			t.Errorf("%s was spared, and is suspended: %s", m.Code, r.counts())
		}
	}
	if rows := r.rows(); rows[0].State != bot.RowBad || !strings.Contains(rows[0].Said, "spared") {
		t.Errorf("row 1 is %s: %s", rows[0].State, rows[0].Said)
	}
}

// What a person refuses in his own words leaves the row to an officer, and stays out of the history.
func TestRemoveRefusedByHand(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	r.byHand()
	refused := fmt.Errorf("%w: bundle GT-2026-0001: Canary Nguyễn Văn An still studies", account.ErrRefused)
	r.dir.fails = func(c string) failure {
		if c == code(2) {
			return failure{before: refused}
		}
		return failure{}
	}
	r.try(r.remover.Suspend)
	r.is("suspended rows map[bad:2 suspended:4] platform 5 suspended 4 register map[suspended:4]")
	if row := r.rows()[1]; !strings.Contains(row.Said, "Canary") {
		t.Errorf("row 2: %s", row.Said)
	}
	for _, e := range look(r.world, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, r.id) }) {
		if strings.Contains(fmt.Sprint(e.Detail), "Canary") {
			t.Errorf("%s holds his words: %v", e.What, e.Detail)
		}
	}
}
