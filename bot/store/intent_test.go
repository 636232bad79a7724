package store_test

import (
	"context"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// A case whose accounts are being made while vanthu is brought up to date: what may have been asked for is known as such, what was made
// as made, and what nobody has begun with as new.
func TestUpgradeWhileAccountsAreMade(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		aCase(t, db)
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			rows := []bot.Row{{N: 1, Code: "1", OK: true}, {N: 2, Code: "2", OK: true}, {N: 3, Code: "3", OK: true}}
			if err := tx.SetRows(ctx, 1, rows, nil); err != nil {
				return err
			}
			_, err := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Items: []bot.PlanItem{{CaseID: 1}}}, Frozen: []byte("[]")})
			return err
		})
		store.Exec(t, db, `UPDATE cases SET checked_at = 1, planned_at = 1, state = 'creating', plan_id = 1`)
		store.Migrate(t, db, 17)
		store.Exec(t, db, `INSERT INTO secrets (case_id, n, sealed, made_at) VALUES (1, 1, $1, 700), (1, 2, $1, 700)`, []byte("x"))
		store.Exec(t, db, `UPDATE case_rows SET state = 'created', created_at = 800 WHERE n = 1`)
		store.Migrate(t, db, newest)
		intents := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) (map[int]store.Intent, error) { return tx.Intents(ctx, 1, 1) })
		if made := intents[1]; made.Done.IsZero() || made.Acknowledged.IsZero() || made.AskedAt.IsZero() {
			t.Errorf("the row that was made: %+v", made)
		}
		if asked := intents[2]; !asked.Done.IsZero() || asked.AskedUntil.UnixMicro() != 700 || !asked.Acknowledged.IsZero() || asked.Tries != 1 {
			t.Errorf("the row that may have been asked for: %+v", asked)
		}
		if len(intents) != 2 {
			t.Errorf("%d intents", len(intents))
		}
	})
}

// Only who took a row up last says how it ended; what the platform has agreed to is never taken back.
func TestIntents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		aCase(t, db)
		i := store.Intent{PlanID: 1, CaseID: 1, N: 1, Platform: "file", Tries: 1, AskedAt: now, AskedUntil: now.Add(time.Minute)}
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Items: []bot.PlanItem{{CaseID: 1}}}, Frozen: []byte("[]")})
			if err != nil {
				return err
			}
			return tx.PutIntents(ctx, []store.Intent{i})
		})
		again := i
		again.Tries = 2
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.PutIntents(ctx, []store.Intent{again}); err != nil {
				return err
			}
			if ours, err := tx.EndIntent(ctx, i, false); err != nil || ours {
				t.Errorf("who had it before had a say: %v, %v", ours, err)
			}
			if err := tx.Acknowledge(ctx, i); err != nil { // the platform's word is true, whoever heard it
				return err
			}
			again.Looks, again.Told = 3, now
			ours, err := tx.EndIntent(ctx, again, false)
			if !ours {
				t.Error("who has it has no say")
			}
			return err
		})
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Intents(ctx, 1, 1)
			if err != nil || !got[1].Acknowledged.Equal(now) || got[1].Looks != 3 {
				t.Errorf("%+v, %v", got, err)
			}
			if w, err := tx.Waits(ctx); err != nil || w.Hidden.N != 1 || !w.Hidden.Since.Equal(now) {
				t.Errorf("%+v, %v", w.Hidden, err)
			}
			for _, want := range []bool{true, false} {
				if done, err := tx.PausePlan(ctx, 1, "officer:lan", "the platform is being moved"); err != nil || done != want {
					t.Errorf("paused: %v, %v", done, err)
				}
			}
			if p, err := tx.Plan(ctx, 1); err != nil || !p.Paused.Done() || p.PausedWhy == "" {
				t.Errorf("%+v, %v", p.Paused, err)
			}
			for _, want := range []bool{true, false} {
				if done, err := tx.ContinuePlan(ctx, 1); err != nil || done != want {
					t.Errorf("continued: %v, %v", done, err)
				}
			}
			return nil
		})
	})
}
