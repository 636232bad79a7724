package store_test

import (
	"context"
	"errors"
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
			accounts, err7 := tx.BundleAccounts(ctx, []string{"a"}, []string{"a@b.example"}, []string{"a"})
			entries, err8 := tx.EntriesBy(ctx, []string{"a"}, []string{"a@b.example"}, []string{"a"})
			gatherings, err9 := tx.Gatherings(ctx)
			create, err10 := tx.ToCreate(ctx)
			if n := len(gathered) + len(plans) + len(all) + len(open) + len(rows) + len(files) + len(accounts) + len(entries) + len(gatherings) + len(create); n > 0 {
				t.Errorf("%d answers in an empty database", n)
			}
			if _, err := tx.Bundle(ctx, "GT-2026-0001"); bot.ErrorCode(err) != bot.NotFound {
				t.Errorf("a bundle that is not there: %v", err)
			}
			return errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10)
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
			return errors.Join(err, tx.ResumeCases(ctx, 1, []int64{1}))
		})
		if err != nil {
			t.Error(err)
		}
		if err := db.Write(ctx, func(tx *store.Tx) error {
			_, _, err := tx.GatherRow(ctx, 1, 1, 1, "a", "a@b.example")
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
			_, _, err2 := tx.GatherRow(ctx, 1, 1, 1, "a", "a@sv.truong.example")
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
