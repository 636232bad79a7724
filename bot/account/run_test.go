package account_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

const planOne = "KH-2026-0001" // the plan of a world

// An officer stops a plan while it is carried out: what is in flight is ended and recorded, nothing else is begun, by whichever machine,
// until somebody lets it go on; then it goes on where it was.
func TestPause(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		at := time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return at }
		w := newWorld(t, db)
		d := &desk.Desk{DB: db}
		var once sync.Once
		w.dir.fails = func(c string) failure {
			if c == code(2) {
				once.Do(func() {
					if _, err := d.PausePlan(context.WithoutCancel(t.Context()), "officer:minh", planOne, "nền tảng đang bảo trì"); err != nil {
						t.Error(err)
					}
				})
			}
			return failure{}
		}
		for range 3 {
			if err := w.prov.Create(t.Context(), w.id); err != nil {
				t.Fatal(err)
			}
		}
		if w.dir.creates > 1+w.prov.InFlight || w.dir.creates < 2 || w.state() != bot.Creating {
			t.Errorf("%d accounts were made, the case is %s", w.dir.creates, w.state())
		}
		p, err := d.Progress(t.Context(), planOne)
		if err != nil || p.State != desk.RunPaused || p.Done != w.dir.creates || p.Left != people-w.dir.creates || p.Paused.By != "officer:minh" || p.Why == "" || !p.Ends.IsZero() {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := d.PausePlan(t.Context(), "officer:lan", planOne, "x"); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("stopped twice: %v", err)
		}
		var woken []store.Job
		db.Enqueue = func(_ context.Context, _ *store.Tx, jobs []store.Job) error {
			woken = append(woken, jobs...)
			return nil
		}
		if _, err := d.ContinuePlan(t.Context(), "officer:lan", planOne); err != nil || !slices.Contains(woken, store.Job{Kind: store.CreateJob, ID: w.id}) {
			t.Errorf("%v, woken %v", err, woken)
		}
		if _, err := d.ContinuePlan(t.Context(), "officer:lan", planOne); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("let go on twice: %v", err)
		}
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err)
		}
		w.complete()
		if _, err := d.PausePlan(t.Context(), "officer:lan", planOne, "x"); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("stopped when it was done: %v", err)
		}
		var acts []string
		for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.EventsOfPlan(ctx, 1) }) {
			if strings.HasPrefix(e.What, "plan_p") || strings.HasPrefix(e.What, "plan_c") {
				acts = append(acts, fmt.Sprint(e.What, " ", e.Actor))
			}
		}
		if got := strings.Join(acts, ", "); got != "plan_paused officer:minh, plan_continued officer:lan" {
			t.Errorf("the history says %s", got)
		}
	})
}

// A plan that is stopped before its day does not begin; its cases can still be corrected.
func TestPauseBeforeItBegins(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	at := time.Date(2026, 12, 6, 2, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return at }
	w := newWorldAs(t, db, bot.PlanWish{Starts: "2026-12-07"})
	d := &desk.Desk{DB: db}
	if _, err := d.PausePlan(t.Context(), "officer:lan", planOne, "chờ giấy phép"); err != nil {
		t.Fatal(err)
	}
	at = at.AddDate(0, 0, 2)
	if err := d.Begin(t.Context(), w.id); err != nil || w.state() != bot.InWork {
		t.Errorf("%v: it is %s", err, w.state())
	}
	if _, err := d.ContinuePlan(t.Context(), "officer:lan", planOne); err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(t.Context(), w.id); err != nil || w.state() != bot.Creating {
		t.Errorf("%v: it is %s", err, w.state())
	}
}

// A deletion that is stopped neither suspends nor erases, and goes on where it was.
func TestPauseADeletion(t *testing.T) {
	t.Parallel()
	r := newRemoving(t, storetest.SQLite(t))
	pause := func() {
		t.Helper()
		if _, err := r.desk.PausePlan(t.Context(), "officer:lan", planOne, "đơn vị đang xem lại"); err != nil {
			t.Fatal(err)
		}
	}
	goOn := func() {
		t.Helper()
		if _, err := r.desk.ContinuePlan(t.Context(), "officer:lan", planOne); err != nil {
			t.Fatal(err)
		}
	}
	pause()
	r.try(r.remover.Suspend)
	if len(r.dir.changes) > 0 || r.state() != bot.Suspending {
		t.Fatalf("%v: it is %s", r.dir.changes, r.state())
	}
	goOn()
	r.try(r.remover.Suspend)
	if r.state() != bot.Suspended || len(r.dir.changes) != people {
		t.Fatalf("%v: it is %s", r.dir.changes, r.state())
	}
}

// Pace and end come from the history, whoever did the rows. A batch of a later day is named with its day.
func TestProgress(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var mu sync.Mutex
		at := time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
		w := newWorldAs(t, db, bot.PlanWish{Batch: 4, Starts: "2026-12-07"})
		w.prov.InFlight = 1
		d := &desk.Desk{DB: db}
		progress := func() desk.Progress {
			t.Helper()
			p, err := d.Progress(t.Context(), planOne)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		if p := progress(); p.State != desk.RunWorks || p.Of != people || p.Left != 4 || p.Later != 1 || p.Next != "2026-12-08" || !p.Ends.IsZero() {
			t.Errorf("at its begin: %+v", p)
		}
		w.dir.fails = func(c string) failure {
			mu.Lock()
			defer mu.Unlock()
			if at = at.Add(20 * time.Second); c == code(4) {
				return failure{before: errCut}
			}
			return failure{}
		}
		if err := w.prov.Create(t.Context(), w.id); err == nil {
			t.Fatal("it did not fail")
		}
		// three in 20, 40, 60 s, the fourth in vain at 80 s: three since the first of them, 60 s ago
		p := progress()
		if p.Done != 3 || p.Left != 1 || p.Tried != 1 || p.Said != errCut.Error() || p.PerMinute != 3 || !p.Ends.Equal(at.Add(20*time.Second)) {
			t.Errorf("in its middle: %+v", p)
		}
		w.dir.fails = nil
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err)
		}
		if p := progress(); p.State != desk.RunWaits || p.Done != 4 || p.Left != 0 || p.Later != 1 {
			t.Errorf("before its second day: %+v", p)
		}
		mu.Lock()
		at = at.AddDate(0, 0, 1)
		mu.Unlock()
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err)
		}
		if p := progress(); p.State != desk.RunDone || p.Done != people || !p.Ends.IsZero() {
			t.Errorf("at its end: %+v", p)
		}
		all := look(w, desk.AtWork)
		if len(all) != 0 {
			t.Errorf("at work: %+v", all)
		}
	})
}

// A job that must end soon takes up no further row, and loses nothing: the next goes on.
func TestAJobHasItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // less than it spares for what is in flight
	defer cancel()
	err := w.prov.Create(ctx, w.id)
	if pause := w.putOff(err); pause > time.Second || w.dir.creates > 0 {
		t.Errorf("put off for %v after %d accounts", pause, w.dir.creates)
	}
	if err := w.prov.Create(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	w.complete()
}
