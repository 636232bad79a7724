package desk_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A case is one officer's until he gives it back or another one takes it over, knowing that.
func TestTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.Received, "2153010001")
	take := func(o bot.Officer, over bool) bot.Code {
		_, err := w.desk.Take(t.Context(), o, number, over)
		return bot.ErrorCode(err)
	}
	for range 2 { // once more changes nothing
		if code := take(lan, false); code != "" || w.find(number).Owner != "lan" {
			t.Errorf("%s: the case is %q's", code, w.find(number).Owner)
		}
	}
	if take(minh, false) != bot.Conflict || w.find(number).Owner != "lan" {
		t.Error("taken from another officer without saying so")
	}
	if _, err := w.desk.Release(t.Context(), minh, number); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("given back by another: %v", err)
	}
	if take(minh, true) != "" || w.find(number).Owner != "minh" {
		t.Errorf("taken over: the case is %q's", w.find(number).Owner)
	}
	w.must(w.desk.Release(t.Context(), minh, number))
	w.must(w.desk.Withdraw(t.Context(), "officer:lan", number, ""))
	if take(lan, false) != bot.Conflict {
		t.Error("a case that has ended was taken")
	}
	if diff := cmp.Diff([]string{"case_taken", "case_taken", "case_released", "case_withdrawn"}, w.history(number)); diff != "" {
		t.Error(diff)
	}
}

// While a case is on hold nothing of it is checked, planned, approved or made; the unit is told, and what ends the case ends the hold.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.Received, "2153010001")
	hold := func(why string) error {
		_, err := w.desk.Hold(t.Context(), "officer:lan", number, why)
		return err
	}
	if bot.ErrorCode(hold("")) != bot.Invalid {
		t.Error("held without a reason")
	}
	p := w.plans(number)
	w.must(w.desk.Hold(t.Context(), "officer:lan", number, "chờ xác nhận tên lớp"))
	if bot.ErrorCode(hold("again")) != bot.Conflict {
		t.Error("held twice")
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", number); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("checked on hold: %v", err)
	}
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("approved on hold: %v", err)
	}
	other := w.opens(ctsv, bot.Received, "2153010002")
	w.must(w.desk.Hold(t.Context(), "officer:lan", other, "x"))
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{other}); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("planned on hold: %v", err)
	}
	w.must(w.desk.Withdraw(t.Context(), "officer:lan", other, ""))
	if w.find(other).Held.Done() {
		t.Error("an ended case is on hold")
	}

	w.must(w.desk.Resume(t.Context(), "officer:minh", number))
	if _, err := w.desk.Resume(t.Context(), "officer:minh", number); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("resumed twice: %v", err)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", number))
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
		t.Error(err)
	}
	if bot.ErrorCode(hold("too late")) != bot.Conflict || w.find(number).State != bot.Creating {
		t.Errorf("held while accounts are made; it is %s", w.find(number).State)
	}
	if diff := cmp.Diff([]string{"on_hold", "resumed"}, w.letters(number)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"case_planned", "case_held", "case_resumed", "case_checked", "plan_approved", "creation_started"}, w.history(number)); diff != "" {
		t.Error(diff)
	}
}

func TestSupersede(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number, by := w.opens(ctsv, bot.Received, "2153010001"), w.opens(ctsv, bot.Received, "2153010004")
	another, closed := w.opens(sdh, bot.Received, "2053010001"), w.opens(ctsv, bot.Received, "2153010003")
	w.must(w.desk.Withdraw(t.Context(), "officer:lan", closed, ""))
	p := w.plans(number, by) // both in one plan: it cannot be approved any more
	for other, want := range map[string]bot.Code{number: bot.Invalid, another: bot.Invalid, closed: bot.Conflict, "YC-2026-9999": bot.NotFound} {
		if _, err := w.desk.Supersede(t.Context(), "officer:lan", number, other); bot.ErrorCode(err) != want {
			t.Errorf("by %s: %v, want %s", other, err, want)
		}
	}
	w.must(w.desk.Supersede(t.Context(), "officer:lan", number, by))
	if old, now := w.find(number), w.find(by); old.State != bot.Superseded || now.Supersedes != old.ID || now.State != bot.InWork || !w.plan(p).Dropped {
		t.Errorf("%s is %s; %s is %s and stands in for %d; plan dropped %v", number, old.State, by, now.State, now.Supersedes, w.plan(p).Dropped)
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", number); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("an ended case was checked: %v", err)
	}
	if diff := cmp.Diff([]string{"superseded"}, w.letters(number)); diff != "" {
		t.Error(diff)
	}
}

// An officer decides about what he has seen: a case that has changed since is refused.
func TestWhatAnOfficerSaw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.Received, "2153010001")
	seen := fmt.Sprintf("%s@%d", number, w.find(number).Version)
	if err := w.corrects(number, bot.Received, bot.Acknowledged, "2153010002"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", seen); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("checked a list that nobody has seen: %v", err)
	}
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{seen}); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("planned a list that nobody has seen: %v", err)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", fmt.Sprintf("%s@%d", number, w.find(number).Version)))
}

// Of officers who act on one case at the same moment, having seen the same, one succeeds.
func TestOfficersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.Received, "2153010001")
	seen := fmt.Sprintf("%s@%d", number, w.find(number).Version)
	acts := []func() (bot.Case, error){
		func() (bot.Case, error) { return w.desk.Check(t.Context(), "officer:lan", seen) },
		func() (bot.Case, error) { return w.desk.Return(t.Context(), "officer:minh", seen, "thiếu lớp") },
		func() (bot.Case, error) { return w.desk.Withdraw(t.Context(), "officer:lan", seen, "") },
		func() (bot.Case, error) { return w.desk.Take(t.Context(), minh, seen, false) },
		func() (bot.Case, error) { return w.desk.Hold(t.Context(), "officer:lan", seen, "x") },
	}
	done := make([]error, len(acts))
	var together sync.WaitGroup
	for i, act := range acts {
		together.Go(func() { _, done[i] = act() })
	}
	together.Wait()
	conflicts := len(slices.DeleteFunc(slices.Clone(done), func(err error) bool { return bot.ErrorCode(err) != bot.Conflict }))
	if conflicts != len(acts)-1 || !slices.Contains(done, nil) || w.find(number).Version != 2 {
		t.Errorf("%d conflicts of %v, version %d", conflicts, done, w.find(number).Version)
	}
}

// history lists what happened to a case.
func (w *world) history(number string) (what []string) {
	w.t.Helper()
	id := w.find(number).ID
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, id) }) {
		what = append(what, e.What)
	}
	return what
}
