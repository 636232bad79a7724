package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var hoa = bot.Officer{ID: "hoa", Name: "Phạm Thị Hoa", Approver: true}

// at sets the clock of a world.
func (w *world) at(now string) {
	w.t.Helper()
	t, err := time.Parse("2006-01-02 15:04 -07", now+" +07")
	if err != nil {
		w.t.Fatal(err)
	}
	w.db.Now = func() time.Time { return t }
}

func (w *world) planAs(wish bot.PlanWish, numbers ...string) store.StoredPlan {
	w.t.Helper()
	p, err := w.desk.MakePlanAs(w.t.Context(), "officer:lan", numbers, wish)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) approve(who bot.Officer, p store.StoredPlan) error {
	w.t.Helper()
	_, err := w.desk.ApprovePlan(w.t.Context(), who, p.Number, p.Hash)
	return err
}

// classes gives the rows of a case their classes.
func (w *world) classes(number string, classes ...string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return err
		}
		var with []bot.Row
		for i, r := range rows {
			r.Class = classes[i]
			with = append(with, r.Row)
		}
		return tx.SetRows(ctx, c.ID, with, nil)
	})
}

// What is approved is one text: this one. Who changes it must raise its format, or no plan that waits could be approved any more.
func TestFrozenPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-12-07 09:00")
	w.desk.Officers = []bot.Officer{lan, minh}
	number := w.opens(ctsv, bot.Received, "2153010001")
	p := w.planAs(bot.PlanWish{Batch: 1, Starts: "2026-12-08", Ends: "2026-12-10"}, number)
	const want = `{"format":2,"kind":"create","starts":"2026-12-08","ends":"2026-12-10","officer":"lan","needs":1,"batch":1,"by_class":false,` +
		`"batches":[{"n":1,"starts":"2026-12-08"}],"items":[{"case":"YC-2026-0001","n":1,"code":"2153010001","name":"Nguyễn Văn An","class":"","cohort":"","user":"2153010001",` +
		`"address":"2153010001@sv.truong.example","platform":"file","action":"create","batch":1}]}`
	if diff := cmp.Diff(want, string(p.Frozen)); diff != "" {
		t.Error(diff)
	}
	if p.Hash != bot.HashPlan([]byte(want)) {
		t.Error("the hash is over something else")
	}
}

// A plan that was frozen by an earlier vanthu, a list of items alone, is read, shown and approved as it is.
func TestAPlanOfBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Planning.Group = func(bot.Case, bot.CaseRow) string { return "lop-a@sv.truong.example" } // what came after it was made
	w.desk.Planning.Needs = func(context.Context, *store.Tx, bot.Plan) (int, error) { return 2, nil }
	number := w.opens(ctsv, bot.Received, "2153010001")
	w.must(w.desk.Check(t.Context(), "officer:lan", number))
	frozen := []byte(`[{"case":"` + number + `","n":1,"code":"2153010001","name":"Nguyễn Văn An","class":"","cohort":"","user":"2153010001","address":"2153010001@sv.truong.example","platform":"file","action":"create"}]`)
	var old store.StoredPlan
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		old = store.StoredPlan{Plan: bot.Plan{Hash: bot.HashPlan(frozen), Made: bot.Stamp{By: "officer:lan"}, Items: []bot.PlanItem{{CaseID: c.ID}}}, Frozen: frozen}
		if old, err = tx.AddPlan(ctx, old); err != nil {
			return err
		}
		c.PlanID = old.ID
		_, err = tx.SaveCase(ctx, c)
		return err
	})
	if err := w.approve(minh, old); err != nil {
		t.Fatal(err)
	}
	if p := w.plan(old); p.Kind != bot.PlanCreate || p.Needs != 1 || len(p.Items) != 1 || p.Ready() != nil || w.find(number).State != bot.Creating {
		t.Errorf("%+v, the case is %s", p, w.find(number).State)
	}
}

func TestPreviewKeepsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.opens(ctsv, bot.Received, "2153010001", "!x"), w.opens(sdh, bot.Received, "2153010002")
	shown, err := w.desk.PreviewPlan(t.Context(), "officer:lan", []string{a, b}, bot.PlanWish{Batch: 1})
	if err != nil || len(shown.Items) != 2 || shown.Number != "" {
		t.Fatalf("%v, %+v", err, shown)
	}
	if plans := look(w, func(ctx context.Context, tx *store.Tx) ([]store.StoredPlan, error) { return tx.Plans(ctx) }); len(plans) != 0 || w.find(a).State != bot.Received {
		t.Errorf("%d plans, the case is %s", len(plans), w.find(a).State)
	}
	if made := w.planAs(bot.PlanWish{Batch: 1}, a, b); made.Hash != shown.Hash {
		t.Error("what was made is not what was shown")
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	weekend := func(day time.Time) time.Time {
		for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			day = day.AddDate(0, 0, 1)
		}
		return day
	}
	for name, tt := range map[string]struct {
		wish bot.PlanWish
		want string // batch of each person; days
	}{
		"all at once":             {bot.PlanWish{}, "[0 0 0 0 0] []"},
		"by two, no day":          {bot.PlanWish{Batch: 2}, "[1 1 2 2 3] [{1 } {2 } {3 }]"},
		"one each working day":    {bot.PlanWish{Batch: 2, Starts: "2026-12-11"}, "[1 1 2 2 3] [{1 2026-12-11} {2 2026-12-14} {3 2026-12-15}]"},
		"spread up to the end":    {bot.PlanWish{Batch: 2, Starts: "2026-12-07", Ends: "2026-12-15"}, "[1 1 2 2 3] [{1 2026-12-07} {2 2026-12-10} {3 2026-12-14}]"},
		"never after the end":     {bot.PlanWish{Batch: 1, Starts: "2026-12-11", Ends: "2026-12-13"}, "[1 2 3 4 5] [{1 2026-12-11} {2 2026-12-11} {3 2026-12-13} {4 2026-12-13} {5 2026-12-13}]"},
		"a class, a batch":        {bot.PlanWish{ByClass: true, Starts: "2026-12-07"}, "[1 2 1 3 2] [{1 2026-12-07} {2 2026-12-08} {3 2026-12-09}]"},
		"one batch for everybody": {bot.PlanWish{Batch: 100, Starts: "2026-12-07"}, "[1 1 1 1 1] [{1 2026-12-07}]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.at("2026-12-07 09:00")
			w.desk.Planning.Workday = weekend
			number := w.opens(ctsv, bot.Received, "2153010001", "2153010002", "2153010003", "2153010004", "2153010005")
			w.classes(number, "A", "B", "A", "C", "B")
			p := w.planAs(tt.wish, number)
			var of []int
			for _, i := range p.Items {
				of = append(of, i.Batch)
			}
			if got := fmt.Sprint(of, p.Batches); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if err := w.approve(minh, p); err != nil { // it is filled the same again
				t.Error(err)
			}
		})
	}
}

func TestWishesThatDoNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-12-07 00:30")
	w.desk.Officers = []bot.Officer{lan, minh}
	number := w.opens(ctsv, bot.Received, "2153010001")
	for name, tt := range map[string]struct {
		wish bot.PlanWish
		want bot.Code
	}{
		"a day that is past":     {bot.PlanWish{Starts: "2026-12-06"}, bot.Invalid},
		"no day":                 {bot.PlanWish{Starts: "7/12/2026"}, bot.Invalid},
		"an end before its day":  {bot.PlanWish{Starts: "2026-12-09", Ends: "2026-12-08"}, bot.Invalid},
		"an end that is past":    {bot.PlanWish{Ends: "2026-12-06"}, bot.Invalid},
		"both kinds of batch":    {bot.PlanWish{Batch: 2, ByClass: true}, bot.Invalid},
		"less than nobody":       {bot.PlanWish{Batch: -1}, bot.Invalid},
		"an officer who is none": {bot.PlanWish{Officer: "nobody"}, bot.NotFound},
		"today":                  {bot.PlanWish{Starts: "2026-12-07", Ends: "2026-12-07", Officer: "minh"}, ""},
	} {
		if _, err := w.desk.PreviewPlan(t.Context(), "officer:lan", []string{number}, tt.wish); bot.ErrorCode(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A plan whose day has not come waits: its case is in work and can be withdrawn; on the day it begins, once.
func TestAPlanWaitsForItsDay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.at("2026-12-07 09:00")
		a, b := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
		p := w.planAs(bot.PlanWish{Batch: 1, Starts: "2026-12-09"}, a, b) // b is the second batch, a day later
		w.must(w.desk.Check(t.Context(), "officer:lan", a))
		w.must(w.desk.Check(t.Context(), "officer:lan", b))
		if err := w.approve(minh, p); err != nil {
			t.Fatal(err)
		}
		version := w.find(b).Version
		states := func() string {
			for _, number := range []string{a, b} {
				if err := w.desk.Begin(t.Context(), w.find(number).ID); err != nil {
					t.Fatal(err)
				}
			}
			return fmt.Sprint(w.find(a).State, " ", w.find(b).State)
		}
		for _, tt := range []struct{ now, want string }{
			{"2026-12-08 23:59", "in_work in_work"}, {"2026-12-09 00:00", "creating in_work"}, {"2026-12-09 23:59", "creating in_work"}, {"2026-12-10 00:00", "creating creating"},
		} {
			w.at(tt.now)
			if got := states(); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.now, got, tt.want)
			}
			if c := w.find(b); c.State == bot.InWork && c.Version != version { // an officer's look at it would be stale each minute
				t.Errorf("%s: waiting changes the case", tt.now)
			}
		}
		if _, err := w.desk.DropPlan(t.Context(), "officer:lan", p.Number, "x"); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("a plan that has begun is dropped: %v", err)
		}
		if _, _, err := w.desk.RemakePlan(t.Context(), "officer:lan", p.Number, nil); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("a plan that has begun is made anew: %v", err)
		}
	})
}

// Above the brakes of a deletion two others must approve; the same one twice are not two.
func TestTwoApprovals(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.desk.Planning.Needs = func(context.Context, *store.Tx, bot.Plan) (int, error) { return 2, nil }
		number := w.opens(ctsv, bot.Received, "2153010001")
		w.must(w.desk.Check(t.Context(), "officer:lan", number))
		p := w.plans(number)
		if err := w.approve(minh, p); err != nil {
			t.Fatal(err)
		}
		if now := w.plan(p); now.Approved.Done() || now.Ready() == nil || w.find(number).State != bot.InWork || len(now.Approvals) != 1 {
			t.Errorf("with one of two: %+v, the case is %s", now.Plan, w.find(number).State)
		}
		if err := w.approve(minh, p); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("the same one again: %v", err)
		}
		if err := w.approve(bot.Officer{ID: "lan", Approver: true}, p); bot.ErrorCode(err) != bot.Forbidden {
			t.Errorf("the maker: %v", err)
		}
		if err := w.approve(hoa, p); err != nil {
			t.Fatal(err)
		}
		now := w.plan(p)
		if now.Approved.By != "officer:hoa" || now.Ready() != nil || w.find(number).State != bot.Creating {
			t.Errorf("with two: %+v, the case is %s", now.Plan, w.find(number).State)
		}
		for _, a := range now.Given {
			if a.Hash != p.Hash || a.Via != store.ByCommand {
				t.Errorf("%+v", a)
			}
		}
		w.desk.Officers = []bot.Officer{lan, minh}
		if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{w.opens(ctsv, bot.Received, "2153010002")}); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("a plan that nobody can approve: %v", err)
		}
	})
}

// Whoever writes into the database an approval of something else, his own, or one too few, has approved nothing.
func TestReady(t *testing.T) {
	t.Parallel()
	good := func() store.StoredPlan {
		p := store.StoredPlan{Plan: bot.Plan{Kind: bot.PlanCreate, Needs: 2, Made: bot.Stamp{By: "officer:lan"}, Items: []bot.PlanItem{{Case: "YC-2026-0001", N: 1}}}}
		var err error
		if p.Frozen, p.Hash, err = p.Freeze(); err != nil {
			t.Fatal(err)
		}
		p.Approved = bot.Stamp{At: time.Now(), By: "officer:hoa"}
		p.Given = []store.Approval{{Officer: "officer:minh", Hash: p.Hash, Via: store.ByCommand}, {Officer: "officer:hoa", Hash: p.Hash, Via: "mail:7"}}
		return p
	}
	if err := good().Ready(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*store.StoredPlan){
		"another item": func(p *store.StoredPlan) { p.Frozen = []byte(strings.Replace(string(p.Frozen), "0001", "0002", 1)) },
		"fewer needed": func(p *store.StoredPlan) {
			p.Frozen = []byte(strings.Replace(string(p.Frozen), `"needs":2`, `"needs":1`, 1))
		},
		"not stamped":        func(p *store.StoredPlan) { p.Approved = bot.Stamp{} },
		"dropped":            func(p *store.StoredPlan) { p.Dropped = true },
		"one approval":       func(p *store.StoredPlan) { p.Given = p.Given[:1] },
		"of another hash":    func(p *store.StoredPlan) { p.Given[0].Hash = strings.Repeat("0", 64) },
		"of its own maker":   func(p *store.StoredPlan) { p.Given[1].Officer = "officer:lan" },
		"of no one":          func(p *store.StoredPlan) { p.Given = nil },
		"a hash of its own":  func(p *store.StoredPlan) { p.Hash = bot.HashPlan([]byte("x")) },
		"another's approval": func(p *store.StoredPlan) { p.Given[1].Hash, p.Given[1].Via = "", store.ByOneself },
	} {
		p := good()
		change(&p)
		if p.Ready() == nil {
			t.Errorf("%s: it may be carried out", name)
		}
	}
}

func TestDropAndRemake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-12-07 09:00")
	a, b, gone := w.opens(ctsv, bot.Received, "2153010001", "2153010002"), w.opens(sdh, bot.Received, "2153010003"), w.opens(sdh, bot.Received, "2153010004")
	p := w.planAs(bot.PlanWish{Starts: "2026-12-10"}, b, a, gone)
	if _, _, err := w.desk.RemakePlan(t.Context(), "officer:lan", p.Number, nil); bot.ErrorCode(err) != bot.Conflict || w.plan(p).Dropped {
		t.Errorf("made anew without a change: %v", err)
	}
	w.must(w.desk.Withdraw(t.Context(), "officer:lan", gone, "nhầm")) // drops the plan
	if err := w.corrects(a, bot.Received, bot.Acknowledged, "2153010001", "2153010009"); err != nil {
		t.Fatal(err)
	}
	w.at("2026-12-11 09:00") // its day is past
	anew, differs, err := w.desk.RemakePlan(t.Context(), "officer:lan", p.Number, func(wish *bot.PlanWish) { wish.Batch = 2 })
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(differs)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"kind":"changed","case":"","n":0,"code":"","name":"","fields":[{"field":"starts","was":"2026-12-10","is":"2026-12-11"},{"field":"batches","was":"[]","is":"[{1 2026-12-11} {2 2026-12-12}]"}]},` +
		`{"kind":"changed","case":"` + b + `","n":1,"code":"2153010003","name":"Nguyễn Văn An","fields":[{"field":"batch","was":"0","is":"1"}]},` +
		`{"kind":"changed","case":"` + a + `","n":1,"code":"2153010001","name":"Nguyễn Văn An","fields":[{"field":"batch","was":"0","is":"1"}]},` +
		`{"kind":"changed","case":"` + a + `","n":2,"code":"2153010009","name":"Nguyễn Văn An","fields":[{"field":"id","was":"2153010002","is":"2153010009"},{"field":"user","was":"2153010002","is":"2153010009"},{"field":"address","was":"2153010002@sv.truong.example","is":"2153010009@sv.truong.example"},{"field":"batch","was":"0","is":"2"}]},` +
		`{"kind":"removed","case":"` + gone + `","n":1,"code":"2153010004","name":"Nguyễn Văn An"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if err := w.approve(minh, p); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("the old one is approved: %v", err)
	}
	if _, err := w.desk.DropPlan(t.Context(), "officer:lan", anew.Number, ""); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", a))
	if err := w.approve(minh, anew); err != nil { // a has begun, b waits for its check
		t.Fatal(err)
	}
	if _, err := w.desk.DropPlan(t.Context(), "officer:lan", anew.Number, "x"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("it has begun: %v", err)
	}

	// An approved plan that has not begun can be given up: its cases are free, their approval is gone.
	c := w.opens(ctsv, bot.Received, "2153010011")
	later := w.planAs(bot.PlanWish{Starts: "2026-12-20"}, c)
	w.must(w.desk.Check(t.Context(), "officer:lan", c))
	if err := w.approve(minh, later); err != nil {
		t.Fatal(err)
	}
	if dropped, err := w.desk.DropPlan(t.Context(), "officer:hoa", later.Number, "dời sang năm sau"); err != nil || !dropped.Dropped || dropped.DroppedWhy != "dời sang năm sau" {
		t.Fatalf("%v, %+v", err, dropped)
	}
	w.at("2026-12-21 09:00")
	if err := w.desk.Begin(t.Context(), w.find(c).ID); err != nil {
		t.Fatal(err)
	}
	if k := w.find(c); k.State != bot.InWork || k.Planned.Done() || k.PlanID != 0 || !k.Checked.Done() {
		t.Errorf("%+v", k)
	}
	w.planAs(bot.PlanWish{}, c)
}

// Rows that the unit misses get a plan of their own (step 6): new passwords, for these rows alone. When it is dropped the case goes
// back to the plan that made its accounts; approved, it begins once.
func TestPlanOfMissingRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.desk.Sent(ctx, tx, store.Letter{CaseID: w.find(number).ID, Kind: string(bot.CredentialsOf)})
	})
	made := w.find(number).PlanID
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number}); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("nothing is missing, and yet: %v", err)
	}
	missing := func() {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			r, err := tx.Row(ctx, w.find(number).ID, 1)
			if err != nil {
				return err
			}
			r.State = bot.RowMissing
			return tx.SaveRow(ctx, r)
		})
	}
	missing()
	p := w.plans(number)
	if p.Kind != bot.PlanReset || len(p.Items) != 1 || p.Items[0].N != 1 || p.Items[0].Action != "reset" || p.Items[0].Address != "2153010001@sv.truong.example" {
		t.Fatalf("%+v", p.Plan)
	}
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number}); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("in two plans: %v", err)
	}
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{w.opens(ctsv, bot.Received, "2153010077"), number}); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("two kinds in one plan: %v", err)
	}
	if _, err := w.desk.DropPlan(t.Context(), "officer:lan", p.Number, "tìm thấy rồi"); err != nil {
		t.Fatal(err)
	}
	if c := w.find(number); c.PlanID != made || !c.Planned.Done() || c.State != bot.Delivered {
		t.Errorf("after the drop: %+v", c)
	}
	p = w.plans(number)
	if err := w.approve(minh, p); err != nil {
		t.Fatal(err)
	}
	if c := w.find(number); c.State != bot.Creating || c.PlanID != p.ID {
		t.Errorf("approved: %s in plan %d", c.State, c.PlanID)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error { // the password is made and delivered, and the row is missed again
		c := w.find(number)
		r, err := tx.Row(ctx, c.ID, 1)
		if err != nil {
			return err
		}
		for _, state := range []bot.RowState{bot.RowCreated, bot.RowDelivered, bot.RowMissing} {
			r.State = state
			if err := tx.SaveRow(ctx, r); err != nil {
				return err
			}
		}
		for _, state := range []bot.State{bot.Created, bot.Delivered} {
			c.State = state
			if c, err = tx.SaveCase(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err := w.desk.Begin(t.Context(), w.find(number).ID); err != nil || w.find(number).State != bot.Delivered {
		t.Errorf("an old approval was used again: %v, %s", err, w.find(number).State)
	}
	if again := w.plans(number); again.Kind != bot.PlanReset || again.Number == p.Number {
		t.Errorf("%+v", again.Plan)
	}
}

// No person gets, gets now or ever had the address of a class group, and none of theirs is a group's (FR-17, Q17).
func TestGroupsHaveAddressesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		group string
		there func(ctx context.Context, tx *store.Tx, c bot.Case) error
		code  bot.Code
	}{
		"their own":                   {group: "lop-a@sv.truong.example"},
		"the address of a row":        {group: "2153010001@SV.truong.example", code: bot.Conflict},
		"the user name of a row":      {group: "2153010001@lop.truong.example", code: bot.Conflict},
		"an address of the register":  {group: "lop-a@sv.truong.example", there: registers("lop-a@sv.truong.example"), code: bot.Conflict},
		"a row with that of a group":  {group: "", there: groups("2153010001@sv.truong.example"), code: bot.Conflict},
		"the group of an earlier one": {group: "lop-a@sv.truong.example", there: groups("lop-a@sv.truong.example")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.desk.Planning.Group = func(bot.Case, bot.CaseRow) string { return tt.group }
			earlier := w.opens(ctsv, bot.Received, "2153019999")
			if tt.there != nil {
				w.write(func(ctx context.Context, tx *store.Tx) error { return tt.there(ctx, tx, w.find(earlier)) })
			}
			number := w.opens(ctsv, bot.Received, "2153010001")
			p, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number})
			if bot.ErrorCode(err) != tt.code {
				t.Fatalf("%v, want %q", err, tt.code)
			}
			if err == nil && (p.Items[0].Group != tt.group || !strings.Contains(string(p.Frozen), tt.group)) {
				t.Errorf("the plan: %s", p.Frozen)
			}
		})
	}
}

func registers(address string) func(ctx context.Context, tx *store.Tx, c bot.Case) error {
	return func(ctx context.Context, tx *store.Tx, c bot.Case) error {
		return tx.AddAccount(ctx, bot.CaseRow{Row: bot.Row{N: 1, Code: "2153019999", Name: "Nguyễn Văn An"}, CaseID: c.ID, Address: address})
	}
}

func groups(address string) func(ctx context.Context, tx *store.Tx, c bot.Case) error {
	return func(ctx context.Context, tx *store.Tx, c bot.Case) error {
		return tx.SaveGroup(ctx, bot.ClassGroup{Address: address, CaseID: c.ID})
	}
}

// An approved plan whose bytes somebody has changed does not begin, and that is seen by who lets it begin.
func TestATamperedPlanDoesNotBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.Received, "2153010001")
	p := w.plans(number)
	if err := w.approve(minh, p); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.SQLite().ExecContext(t.Context(), `UPDATE plans SET items = REPLACE(items, '2153010001@sv', 'root@sv')`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", number); bot.ErrorCode(err) != bot.Conflict || w.find(number).State != bot.InWork {
		t.Errorf("%v, %s", err, w.find(number).State)
	}
}

// A plan whose accounts the platform would refuse is approved only by who says why, and that stands in the history.
func TestPlanOfAPlatformThatIsNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.Received, "2153010001")
	p := w.planAs(bot.PlanWish{}, number)
	failed := "licences: 3 of 10 are left"
	w.desk.Planning.Ready = func(context.Context, *store.Tx, bot.Plan) (string, error) { return failed, nil }
	err := w.approve(minh, p)
	if !errors.Is(err, desk.ErrNotReady) || bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), failed) || !strings.Contains(err.Error(), "--despite") {
		t.Errorf("error %v, want what failed, and how to approve all the same", err)
	}
	if _, err := w.desk.ApproveDespite(t.Context(), minh, p.Number, p.Hash, " "); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if p, err = w.desk.ApproveDespite(t.Context(), minh, p.Number, p.Hash, "Giấy phép về trong ngày."); err != nil || !p.Approved.Done() {
		t.Fatalf("with a reason: %v", err)
	}
	events := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.EventsOfPlan(ctx, p.ID) })
	i := slices.IndexFunc(events, func(e bot.Event) bool { return e.What == "plan_approved" })
	if i < 0 || events[i].Detail["despite"] != "Giấy phép về trong ngày." || events[i].Detail["failed"] != failed {
		t.Errorf("%+v", events)
	}
	failed = ""
	second := w.planAs(bot.PlanWish{}, w.opens(ctsv, bot.Received, "2153010002"))
	if err := w.approve(minh, second); err != nil {
		t.Errorf("ready again: %v", err)
	}
}
