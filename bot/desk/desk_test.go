package desk_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Check and approval come in either order; only with both the creation starts.
func TestCheckAndPlanInEitherOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	checkedFirst, plannedFirst := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
	var woken []store.Job
	w.db.Enqueue = func(_ context.Context, _ *store.Tx, jobs []store.Job) error {
		woken = append(woken, jobs...)
		return nil
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", checkedFirst))
	p := w.plans(plannedFirst, checkedFirst) // in the order in which they are named
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
		t.Fatal(err)
	}
	if a, b := w.find(checkedFirst), w.find(plannedFirst); a.State != bot.Creating || b.State != bot.InWork || len(woken) != 1 || woken[0] != (store.Job{Kind: "create", ID: a.ID}) {
		t.Errorf("%s, %s, woken %v", a.State, b.State, woken)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", plannedFirst))
	if b := w.find(plannedFirst); b.State != bot.Creating || b.Checked.By != "officer:lan" || b.Planned.By != "officer:minh" || len(woken) != 2 {
		t.Errorf("%+v, woken %v", b, woken)
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", plannedFirst); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("checked twice: %v", err)
	}
}

func TestWhoMayApproveWhat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		office bool
		who    bot.Officer
		hash   string
		want   bot.Code
	}{
		{name: "another person", who: minh},
		{name: "who may not approve", who: bot.Officer{ID: "binh"}, want: bot.Forbidden},
		{name: "the maker", who: bot.Officer{ID: "lan", Approver: true}, want: bot.Forbidden},
		{name: "the maker in an office of one", office: true, who: bot.Officer{ID: "lan", Approver: true}},
		{name: "a maker who may not approve in an office of one", office: true, who: lan, want: bot.Forbidden},
		{name: "another hash", who: minh, hash: strings.Repeat("0", 64), want: bot.Conflict},
		{name: "no hash", who: minh, hash: "none", want: bot.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.desk.OfficeOfOne = tt.office
			number := w.opens(ctsv, bot.Received, "2153010001")
			w.must(w.desk.Check(t.Context(), "officer:lan", number))
			p := w.plans(number)
			hash := p.Hash
			if tt.hash != "" {
				hash = strings.TrimPrefix(tt.hash, "none")
			}
			_, err := w.desk.ApprovePlan(t.Context(), tt.who, p.Number, hash)
			state := w.find(number).State
			if bot.ErrorCode(err) != tt.want || (err == nil) != (state == bot.Creating) || (err == nil) != w.plan(p).Approved.Done() {
				t.Errorf("%v; the case is %s", err, state)
			}
			if err == nil {
				if _, err = w.desk.ApprovePlan(t.Context(), tt.who, p.Number, hash); bot.ErrorCode(err) != bot.Conflict {
					t.Errorf("approved twice: %v", err)
				}
			}
		})
	}
}

func TestWhatCannotBePlanned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	planned := w.opens(ctsv, bot.Received, "2153010001")
	w.plans(planned)
	for name, numbers := range map[string][]string{
		"a case in a plan":              {planned},
		"a case with open defects":      {w.opens(ctsv, bot.WaitingUnit, "2153010002", "!x")},
		"the same case twice":           {w.opens(ctsv, bot.Received, "2153010003")},
		"a code that gives no address":  {w.opens(ctsv, bot.Received, "admin")},
		"a case that is not there":      {"YC-2026-9999"},
		"nothing":                       {},
		"a case without any person":     {w.opens(ctsv, bot.Received)},
		"two people with one address":   {w.opens(ctsv, bot.Received, "2153010004"), w.opens(sdh, bot.Received, "2153010004")},
		"a case that was withdrawn":     {w.opens(ctsv, bot.Withdrawn, "2153010005")},
		"a case with another beside it": {w.opens(ctsv, bot.Received, "2153010006"), planned},
	} {
		if name == "the same case twice" {
			numbers = append(numbers, numbers[0])
		}
		if p, err := w.desk.MakePlan(t.Context(), "officer:lan", numbers); err == nil {
			t.Errorf("%s is planned: %+v", name, p.Items)
		}
	}
	if plans := look(w, func(ctx context.Context, tx *store.Tx) ([]store.StoredPlan, error) { return tx.Plans(ctx) }); len(plans) != 1 {
		t.Errorf("%d plans are there", len(plans))
	}
}

// What changes drops a plan that waits for approval; one that changed unseen cannot be approved.
func TestAPlanHoldsExactlyWhatWasFrozen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
	p := w.plans(a, b)
	if err := w.corrects(a, bot.Received, bot.Acknowledged, "2153010009"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a dropped plan: %v", err)
	}
	if left := w.find(b); left.PlanID != 0 || left.State != bot.InWork {
		t.Errorf("the other case: %+v", left)
	}
	dropped := func(number string) bool {
		id := w.find(number).ID
		return slices.ContainsFunc(look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, id) }),
			func(e bot.Event) bool { return e.What == "plan_dropped" && e.Detail["because"] == a })
	}
	if !dropped(a) || !dropped(b) {
		t.Error("the history of a case does not say that its plan was dropped")
	}

	p = w.plans(b, a)
	w.write(func(ctx context.Context, tx *store.Tx) error { // behind the desk's back
		r, err := tx.Row(ctx, w.find(b).ID, 1)
		if err != nil {
			return err
		}
		r.OK = false
		return tx.SaveRow(ctx, r)
	})
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); bot.ErrorCode(err) != bot.Conflict || w.plan(p).Approved.Done() {
		t.Errorf("a plan whose rows changed: %v", err)
	}
}

// A case of an approved plan that is corrected before it is checked leaves the plan; the others go on.
func TestCorrectedAfterApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
	p := w.plans(a, b)
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
		t.Fatal(err)
	}
	if err := w.corrects(a, bot.Received, bot.Acknowledged, "2153010009"); err != nil {
		t.Fatal(err)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", a))
	w.must(w.desk.Check(t.Context(), "officer:lan", b))
	if x, y := w.find(a), w.find(b); x.State != bot.InWork || x.Planned.Done() || x.PlanID != 0 || y.State != bot.Creating {
		t.Errorf("corrected: %+v; the other is %s", x, y.State)
	}
	if err := w.corrects(b, bot.Received, bot.Acknowledged, "2153010008"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("corrected while creating: %v", err)
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.brings(ctsv, bot.InWork, "2153010001")
	p := w.plans(number)
	if _, err := w.desk.Return(t.Context(), "officer:lan", number, ""); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	w.must(w.desk.Return(t.Context(), "officer:lan", number, "chữ ký không đúng"))
	if c := w.find(number); c.State != bot.WaitingUnit || c.Checked.Done() || c.PlanID != 0 || !w.plan(p).Dropped {
		t.Errorf("%+v", c)
	}
	if _, err := w.desk.Return(t.Context(), "officer:lan", w.brings(ctsv, bot.Creating, "2153010002"), "x"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("returned while creating: %v", err)
	}
}
