package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Both databases understand what is asked about bundles, also while there are none.
func TestBundleQuestions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		err := db.Read(ctx, func(tx *store.Tx) error {
			gathered, err1 := tx.Gathered(ctx, 1)
			plans, err2 := tx.ToBundle(ctx, time.Now())
			all, err3 := tx.Bundles(ctx, false)
			open, err4 := tx.Bundles(ctx, true)
			rows, err5 := tx.BundleRows(ctx, 1)
			files, err6 := tx.BundleFiles(ctx, 1)
			accounts, err7 := tx.BundleAccounts(ctx, []string{"a"}, []string{"a@b.example"}, []string{"a"}, []string{"vanthu:YC-2026-0001:1"})
			entries, err8 := tx.EntriesBy(ctx, []string{"a"}, []string{"a@b.example"}, []string{"a"})
			gatherings, err9 := tx.Gatherings(ctx)
			create, err10 := tx.ToCreate(ctx)
			changes, err11 := tx.LastChanges(ctx, []string{"a@b.example"})
			handings, err12 := tx.Handings(ctx, 1)
			suspend, err13 := tx.ToSuspend(ctx)
			erase, err14 := tx.ToErase(ctx)
			if n := len(gathered) + len(plans) + len(all) + len(open) + len(rows) + len(files) + len(accounts) + len(entries) + len(gatherings) + len(create) + len(changes) + len(handings) + len(suspend) + len(erase); n > 0 {
				t.Errorf("%d answers in an empty database", n)
			}
			if _, err := tx.Bundle(ctx, "GT-2026-0001"); bot.ErrorCode(err) != bot.NotFound {
				t.Errorf("a bundle that is not there: %v", err)
			}
			return errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13, err14)
		})
		if err != nil {
			t.Error(err)
		}
		err = db.Write(ctx, func(tx *store.Tx) error {
			settled, err := tx.SettleRow(ctx, 1, store.RowDone, "x")
			if settled {
				t.Error("a row that is not there was settled")
			}
			if err2 := tx.EndBundle(ctx, store.Bundle{ID: 1, Number: "GT-2026-0001"}, "void", "x", "officer:lan"); bot.ErrorCode(err2) != bot.Conflict {
				t.Errorf("ended what is not there: %v", err2)
			}
			return errors.Join(err, tx.ResumeCases(ctx, 1, store.ActErase, []int64{1}))
		})
		if err != nil {
			t.Error(err)
		}
		if err := db.Write(ctx, func(tx *store.Tx) error {
			_, _, err := tx.GatherRow(ctx, store.Wish{CaseID: 1, N: 1, PlanID: 1, Act: store.ActCreate, User: "a", Address: "a@b.example"})
			return err
		}); err == nil {
			t.Error("a row of no case was gathered")
		}
	})
}

// Of a plan that an officer has stopped nothing is handed over; when it goes on, what was gathered is still there.
func TestNoBundleOfAStoppedPlan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		aCase(t, db)
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err1 := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Items: []bot.PlanItem{{CaseID: 1}}}, Frozen: []byte("[]")})
			_, _, err2 := tx.GatherRow(ctx, store.Wish{CaseID: 1, N: 1, PlanID: 1, Act: store.ActCreate, User: "a", Address: "a@sv.truong.example"})
			return errors.Join(err1, tx.SetRows(ctx, 1, []bot.Row{{N: 1, Code: "1", OK: true}}, nil), err2)
		})
		for _, step := range []struct {
			do   func(ctx context.Context, tx *store.Tx) (bool, error)
			want int
		}{
			{func(ctx context.Context, tx *store.Tx) (bool, error) { return true, nil }, 1},
			{func(ctx context.Context, tx *store.Tx) (bool, error) {
				return tx.PausePlan(ctx, 1, "officer:lan", "wait")
			}, 0},
			{func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.ContinuePlan(ctx, 1) }, 1},
		} {
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := step.do(ctx, tx)
				return err
			})
			plans := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]int64, error) {
				return tx.ToBundle(ctx, tx.Now.Add(time.Minute))
			})
			if len(plans) != step.want {
				t.Errorf("bundles are to be made of %d plans, not %d", len(plans), step.want)
			}
		}
	})
}

// A deletion whose rows are all in another admin's hands is nobody's work; once one of them is settled or taken back it is, and so it is
// when a row stands beside them that nobody has in hand.
func TestInHand(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rows := []bot.Row{{N: 1, Code: "1", OK: true}, {N: 2, Code: "2", OK: true}}
		for i, state := range []bot.State{bot.Suspending, bot.Erasing} {
			id := int64(i + 1)
			act := store.ActSuspend
			due := func() int {
				return len(storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]int64, error) {
					if state == bot.Erasing {
						return tx.ToErase(ctx)
					}
					return tx.ToSuspend(ctx)
				}))
			}
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
				err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: uint32(id), ArrivedAt: tx.Now, Raw: []byte{byte(id)}}})
				_, err2 := tx.AddCase(ctx, bot.Case{Number: fmt.Sprint("YC-2026-000", id), Kind: bot.DeletionRequest, Unit: "CTSV", State: bot.Received, MailID: id, ReceivedAt: tx.Now})
				_, err3 := tx.AddPlan(ctx, store.StoredPlan{Frozen: []byte("[]")})
				err4 := tx.SetRows(ctx, id, rows, nil)
				to := []bot.State{bot.InWork, bot.Suspending}
				if state == bot.Erasing {
					to = append(to, bot.Suspended, bot.Erasing)
					act = store.ActErase
					for _, r := range rows {
						err4 = errors.Join(err4, tx.SaveRow(ctx, bot.CaseRow{Row: r, CaseID: id, State: bot.RowSuspended}))
					}
				}
				return errors.Join(err, err2, err3, err4, move(ctx, tx, id, to...))
			})
			gather := func(n int) (r store.BundleRow) {
				storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
					r, _, err = tx.GatherRow(ctx, store.Wish{CaseID: id, N: n, PlanID: id, Act: act, Address: fmt.Sprint(id, n, "@sv.truong.example")})
					return err
				})
				return r
			}
			if due() != 1 {
				t.Errorf("%s: nobody begins", state)
			}
			gather(1)
			if due() != 1 {
				t.Errorf("%s: row 2 is nobody's", state)
			}
			second := gather(2)
			if due() != 0 {
				t.Errorf("%s: woken although all is in hand", state)
			}
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
				back, err := tx.TakeBack(ctx, second.ID)
				if !back {
					t.Error("not taken back")
				}
				return err
			})
			if due() != 1 {
				t.Errorf("%s: what was taken back is forgotten", state)
			}
			if third := gather(2); third.ID == second.ID {
				t.Error("gathered as it was")
			}
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error { // held: what is left is in hand
				_, err := tx.TakeBack(ctx, gatheredOf(ctx, t, tx, id, 2))
				return errors.Join(err, tx.AddHold(ctx, "2", "khiếu nại", "officer:lan"))
			})
			if due() != 0 {
				t.Errorf("%s: woken for whom an officer holds", state)
			}
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.LiftHold(ctx, "2", "xong", "officer:lan") })
			if due() != 1 {
				t.Errorf("%s: who is held no more is forgotten", state)
			}
		}
	})
}

// move takes a case through states, checked and planned.
func move(ctx context.Context, tx *store.Tx, id int64, states ...bot.State) error {
	for _, state := range states {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		stamp := bot.Stamp{At: tx.Now, By: "officer:lan"}
		c.State, c.PlanID, c.Checked, c.Planned = state, id, stamp, stamp
		if _, err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func gatheredOf(ctx context.Context, t *testing.T, tx *store.Tx, caseID int64, n int) int64 {
	t.Helper()
	r, err := tx.Living(ctx, caseID, n)
	if err != nil || r.State != store.RowGathered {
		t.Fatal(r.State, err)
	}
	return r.ID
}

// A case that was put to rest while its result was being read is found by the sweep: for a new password as for a new account. Once a refusal
// stands in its row, it rests again.
func TestResultWhileResting(t *testing.T) {
	t.Parallel()
	for _, result := range []store.BundleRowState{store.RowDone, store.RowRefused} {
		storetest.Each(t, func(t *testing.T, db *store.DB) { resultWhileResting(t, db, result) })
	}
}

func resultWhileResting(t *testing.T, db *store.DB, result store.BundleRowState) {
	t.Helper()
	aCase(t, db)
	due := func() int {
		return len(storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.ToCreate(ctx) }))
	}
	var line store.BundleRow
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Items: []bot.PlanItem{{CaseID: 1}}}, Frozen: []byte("[]")})
		if err != nil {
			return err
		}
		if err := move(ctx, tx, 1, bot.InWork, bot.Creating); err != nil {
			return err
		}
		r, err := tx.Row(ctx, 1, 1)
		if err != nil {
			return err
		}
		for _, state := range []bot.RowState{bot.RowCreated, bot.RowDelivered, bot.RowMissing} {
			if r.State = state; err == nil {
				err = tx.SaveRow(ctx, r)
			}
		}
		if err := errors.Join(err, tx.PlanWaits(ctx, 1, 1, tx.Now.Add(time.Hour))); err != nil {
			return err
		}
		line, _, err = tx.GatherRow(ctx, store.Wish{CaseID: 1, N: 1, PlanID: 1, Act: store.ActReset, Address: "a@sv.truong.example"})
		if err != nil {
			return err
		}
		return tx.AddBundle(ctx, store.Bundle{Number: "GT-2026-0001", PlanID: 1, Form: "ldif", Act: store.ActReset}, nil, []store.BundleRow{line})
	})
	if due() != 0 {
		t.Error("it does not rest")
	}
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		settled, err := tx.SettleRow(ctx, line.ID, result, "shown")
		if !settled {
			t.Error("not settled")
		}
		return err
	})
	if due() != 1 {
		t.Error("nobody goes on")
	}
	handings := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Handing, error) { return tx.Handings(ctx, 1) })
	if len(handings) != 0 {
		t.Errorf("%+v", handings)
	}
	if result == store.RowDone {
		return
	}
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error { // as the engine does
		r, err := tx.Row(ctx, 1, 1)
		r.Said = "refused (plan 1): no"
		return errors.Join(err, tx.SaveRow(ctx, r))
	})
	if due() != 0 {
		t.Error("woken each minute for what was refused")
	}
}
