package offline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// desk is an office whose accounts are there, and a list of what its other admin is handed.
type desk struct {
	*served
	office *Office
	a      account.Account
	e      account.Errand
}

func newDesk(t *testing.T, db *store.DB) desk {
	t.Helper()
	s := newServed(t, db, Settings{Form: Google, OrgUnit: "/", Hash: func(password string) (string, error) { return "hash of " + password, nil }}, &book{users: make(map[string]string)})
	a := accounttest.Person(1, 0)
	if err := s.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	e, err := s.of(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return desk{s, &Office{DB: db, S: s.S}, a, e}
}

func (d desk) waits(err error, what string) {
	d.t.Helper()
	if _, pending := errors.AsType[*account.Pending](err); !pending || !strings.Contains(err.Error(), what) {
		d.t.Errorf("%v, want that it %s", err, what)
	}
}

func (d desk) make() {
	d.t.Helper()
	if err := d.maker.Make(d.t.Context(), 1); err != nil {
		d.t.Fatal(err)
	}
}

// open are the bundles that are open, and what is in each: "GT-2026-0002 suspend bundled".
func (d desk) open() string {
	d.t.Helper()
	return strings.Join(storetest.Read(d.t, d.DB, func(ctx context.Context, tx *store.Tx) ([]string, error) {
		bundles, err := tx.Bundles(ctx, true)
		if err != nil {
			return nil, err
		}
		var all []string
		for _, b := range bundles {
			rows, err := tx.BundleRows(ctx, b.ID)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				all = append(all, fmt.Sprint(b.Number, " ", r.Act, " ", r.State))
			}
		}
		return all, nil
	}), "; ")
}

func (d desk) answers(number, status string) {
	d.t.Helper()
	if _, err := d.office.Export(d.t.Context(), "officer:lan", number, d.t.TempDir()); err != nil {
		d.t.Fatal(err)
	}
	text := "bundle,address,status,message\n" + number + "," + d.a.Address + "," + status + ",Canary\n"
	if _, err := d.office.Read(d.t.Context(), "officer:lan", number, []Input{{"result.csv", []byte(text)}}, false); err != nil {
		d.t.Fatal(err)
	}
}

// An act that is asked for by many, and again and again, stands in one bundle once; taken out of that it goes into another; refused it is
// not asked again before an officer has decided anew.
func TestAskedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		suspend := func() error { return d.For(d.e).Suspend(ctx, d.a) }
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { d.waits(suspend(), "waits to be put into a bundle") })
		}
		all.Wait()
		d.make()
		d.waits(suspend(), "GT-2026-0002")
		d.make()
		if got := d.open(); got != "GT-2026-0002 suspend bundled" {
			t.Error(got)
		}
		other := d.e
		other.N = 2
		d.waits(d.For(other).Erase(ctx, d.a), "another case")

		if _, err := d.office.Void(ctx, "officer:lan", "GT-2026-0002", "hỏng"); err != nil {
			t.Fatal(err)
		}
		d.waits(suspend(), "waits to be put into a bundle")
		d.make()
		if got := d.open(); got != "GT-2026-0003 suspend bundled" {
			t.Error(got)
		}
		d.answers("GT-2026-0003", "failed")
		for range 2 {
			if err := suspend(); !errors.Is(err, account.ErrRefused) || !strings.Contains(err.Error(), "Canary") {
				t.Error(err)
			}
		}
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error { // as the engine and the officer do
			err := tx.StopRow(ctx, d.e.CaseID, store.RowStop{N: d.e.N, Since: bot.Stamp{By: bot.System}, Why: "refused"})
			return errors.Join(err, tx.EndStop(ctx, d.e.CaseID, d.e.N, "hỏi lại", "officer:lan"))
		})
		d.waits(suspend(), "waits to be put into a bundle")
		d.make()
		d.answers("GT-2026-0004", "done")
		if err := suspend(); err != nil {
			t.Error(err)
		}
		if found, err := d.Lookup(ctx, account.Keys{Codes: []string{d.a.Code}}); err != nil || len(found) != 1 || !found[0].Suspended {
			t.Error(found, err)
		}
		if err := d.Platform.SetPassword(ctx, d.a, "Canary8Canary8"); !errors.Is(err, account.ErrPermanent) {
			t.Error(err)
		}
	})
}

// What takes access away and was not handed over yet is taken back when an officer gives it back; what was handed over must end first.
func TestGivenBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		suspend, restore := func() error { return d.For(d.e).Suspend(ctx, d.a) }, func() error { return d.For(d.e).Restore(ctx, d.a) }
		if err := restore(); err != nil {
			t.Error("nothing was to be given back:", err)
		}
		d.waits(suspend(), "waits")
		if err := restore(); err != nil {
			t.Error(err)
		}
		if d.make(); d.open() != "" {
			t.Error("handed over all the same:", d.open())
		}
		d.waits(suspend(), "waits")
		d.make()
		d.waits(restore(), "GT-2026-0002")
		if d.make(); d.open() != "GT-2026-0002 suspend bundled" {
			t.Error(d.open())
		}
		d.answers("GT-2026-0002", "done")
		d.waits(restore(), "waits to be put into a bundle")
		d.make()
		if d.open() != "GT-2026-0003 restore bundled" {
			t.Error(d.open())
		}
		d.answers("GT-2026-0003", "done")
		if err := restore(); err != nil {
			t.Error(err)
		}
	})
}

// Whom an officer puts on hold after his erasure was gathered is not handed over; who gets access back is.
func TestNotHandedOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	d.waits(d.For(d.e).Erase(ctx, d.a), "waits")
	for name, step := range map[string][2]func(ctx context.Context, tx *store.Tx) error{
		"hold": {func(ctx context.Context, tx *store.Tx) error {
			return tx.AddHold(ctx, d.a.Code, "khiếu nại", "officer:lan")
		},
			func(ctx context.Context, tx *store.Tx) error {
				return tx.LiftHold(ctx, d.a.Code, "xong", "officer:lan")
			}},
		"stop": {func(ctx context.Context, tx *store.Tx) error {
			return tx.StopRow(ctx, d.e.CaseID, store.RowStop{N: d.e.N, Since: bot.Stamp{By: "officer:lan"}, Why: "x"})
		}, func(ctx context.Context, tx *store.Tx) error {
			return tx.EndStop(ctx, d.e.CaseID, d.e.N, "x", "officer:lan")
		}},
	} {
		storetest.Write(t, d.DB, step[0])
		if d.make(); d.open() != "" {
			t.Errorf("%s: %s", name, d.open())
		}
		storetest.Write(t, d.DB, step[1])
	}
	if d.make(); d.open() != "GT-2026-0002 erase bundled" {
		t.Error(d.open())
	}
}

// Who is put on hold while a bundle is being made is not in it; who is held, stopped or given back later keeps it from leaving the house.
func TestHeldMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, storetest.SQLite(t))
	ctx := t.Context()
	d.waits(d.For(d.e).Erase(ctx, d.a), "waits")
	rows := storetest.Read(t, d.DB, func(ctx context.Context, tx *store.Tx) ([]store.BundleRow, error) { return tx.Gathered(ctx, 1) })
	plan := storetest.Read(t, d.DB, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, 1) })
	type step = func(ctx context.Context, tx *store.Tx) error
	steps := map[string][2]step{
		"hold": {
			func(ctx context.Context, tx *store.Tx) error {
				return tx.AddHold(ctx, d.a.Code, "khiếu nại", "officer:lan")
			},
			func(ctx context.Context, tx *store.Tx) error {
				return tx.LiftHold(ctx, d.a.Code, "xong", "officer:lan")
			}},
		"given back": {
			func(ctx context.Context, tx *store.Tx) error {
				return tx.StopRow(ctx, d.e.CaseID, store.RowStop{N: d.e.N, Since: bot.Stamp{By: "officer:lan"}, Why: "x", Restore: true})
			},
			func(ctx context.Context, tx *store.Tx) error {
				return tx.EndStop(ctx, d.e.CaseID, d.e.N, "x", "officer:lan")
			}},
		"paused": {
			func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.PausePlan(ctx, 1, "officer:lan", "x")
				return err
			},
			func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.ContinuePlan(ctx, 1)
				return err
			}},
	}
	for name, s := range steps {
		storetest.Write(t, d.DB, s[0])
		if err := d.maker.bundles(ctx, plan, rows, nil); err == nil || d.open() != "" { // they were read a moment ago
			t.Errorf("%s: %v, %s", name, err, d.open())
		}
		storetest.Write(t, d.DB, s[1])
	}
	d.make()
	for name, s := range steps {
		storetest.Write(t, d.DB, s[0])
		if folder, err := d.office.Export(ctx, "officer:lan", "GT-2026-0002", t.TempDir()); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("%s: taken out to %q, %v", name, folder, err)
		}
		storetest.Write(t, d.DB, s[1])
	}
	if _, err := d.office.Export(ctx, "officer:lan", "GT-2026-0002", t.TempDir()); err != nil {
		t.Error(err)
	}
}

// A result of a bundle that never left the house is another's; so is one that was read before the passwords of this one were made.
func TestResultsOfBefore(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		file := []Input{{"log.csv", []byte("address,status\n" + d.a.Address + ",updated\n")}} // a platform's own: it names no bundle
		read := func(number, refused string) {
			t.Helper()
			_, err := d.office.Read(ctx, "officer:lan", number, file, false)
			if refused == "" && err != nil || refused != "" && (bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), refused)) {
				t.Error(err)
			}
		}
		makes := func(plan int64) {
			t.Helper()
			d.waits(d.Platform.SetPassword(ctx, d.a, "Canary8Canary8"), "waits")
			if err := d.maker.Make(ctx, plan); err != nil {
				t.Fatal(err)
			}
		}
		takenOut := func(number string) {
			if _, err := d.office.Export(ctx, "officer:lan", number, t.TempDir()); err != nil {
				t.Fatal(err)
			}
		}
		makes(1)
		read("GT-2026-0002", "never taken out")
		takenOut("GT-2026-0002")
		read("GT-2026-0002", "")
		read("GT-2026-0002", "")
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error { // he misses it again
			frozen := []byte("[]")
			p, err := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Made: bot.Stamp{By: "officer:lan"}, Hash: bot.HashPlan(frozen)}, Frozen: frozen})
			_, err2 := tx.ApprovePlan(ctx, p.ID, "officer:minh", p.Hash, store.ByCommand)
			c, err3 := tx.Case(ctx, d.e.CaseID)
			c.PlanID = p.ID
			_, err4 := tx.SaveCase(ctx, c)
			return errors.Join(err, err2, err3, err4)
		})
		makes(2)
		takenOut("GT-2026-0003")
		read("GT-2026-0003", "read before")
		if d.open() != "GT-2026-0003 reset bundled" {
			t.Error(d.open())
		}
	})
}

// leftAlone is what the engine does when the account is another one than was approved.
func (d desk) leftAlone() {
	d.t.Helper()
	storetest.Write(d.t, d.DB, func(ctx context.Context, tx *store.Tx) error {
		r, err := tx.Row(ctx, d.e.CaseID, d.e.N)
		r.OK, r.State = false, bot.RowBad
		return errors.Join(err, tx.SaveRow(ctx, r))
	})
}

// Whose row was left alone since (the account is not what was approved any more) is not handed over, and waits for no bundle; what stands in
// one does not leave the house.
func TestLeftAloneMeanwhile(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		d.waits(d.For(d.e).Suspend(ctx, d.a), "waits")
		d.leftAlone()
		d.make()
		if waits := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Gathering, error) { return tx.Gatherings(ctx) }); d.open() != "" || len(waits) > 0 {
			t.Errorf("open %q, gathered %+v", d.open(), waits)
		}
	})
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		d.waits(d.For(d.e).Suspend(ctx, d.a), "waits")
		d.make()
		d.leftAlone()
		if _, err := d.office.Export(ctx, "officer:lan", "GT-2026-0002", t.TempDir()); bot.ErrorCode(err) != bot.Conflict {
			t.Error("taken out:", err)
		}
	})
}
