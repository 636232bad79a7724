package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// PlanPace counts the rows of a plan that were done or given up since then, and says when the first and the last of them was.
func (tx *Tx) PlanPace(ctx context.Context, planID int64, since time.Time) (n int, first, last time.Time, err error) {
	var from, to sql.NullInt64
	err = tx.row(ctx, `SELECT count(*), min(e.at), max(e.at) FROM plan_cases k JOIN events e ON e.case_id = k.case_id
		WHERE k.plan_id = $1 AND e.plan_id = $1 AND e.at >= $2
		AND e.what IN ('account_created', 'account_conflict', 'account_refused', 'account_lost', 'account_reset', 'reset_refused', 'account_suspended', 'account_left_alone')`, planID, micros(since)).Scan(&n, &from, &to)
	if err != nil {
		return 0, first, last, fmt.Errorf("store: plan: %w", err)
	}
	return n, instant(from.Int64), instant(to.Int64), nil
}

// LastDone is when the last row of a plan was done or given up, the zero time for none.
func (tx *Tx) LastDone(ctx context.Context, planID int64) (time.Time, error) {
	_, _, last, err := tx.PlanPace(ctx, planID, time.Time{})
	return last, err
}

// PlanRestsUntil is until when the platform is let alone for any case of a plan, the zero time when it is not.
func (tx *Tx) PlanRestsUntil(ctx context.Context, planID int64) (time.Time, error) {
	var at sql.NullInt64
	if err := tx.row(ctx, `SELECT max(rests_until) FROM plan_cases WHERE plan_id = $1`, planID).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("store: plan: %w", err)
	}
	return instant(at.Int64), nil
}

// BegunCases are the cases with which a plan has begun.
func (tx *Tx) BegunCases(ctx context.Context, planID int64) (map[int64]bool, error) {
	ids, err := list(ctx, tx, scanID, `SELECT case_id FROM plan_cases WHERE plan_id = $1 AND begun_at > 0`, planID)
	begun := make(map[int64]bool, len(ids))
	for _, id := range ids {
		begun[id] = true
	}
	return begun, err
}

// PlansAtWork returns the plans of which something is being done, or that an officer has stopped.
func (tx *Tx) PlansAtWork(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT plan_id FROM cases WHERE state IN ('creating', 'suspending', 'erasing') AND plan_id <> 0
		UNION SELECT id FROM plans WHERE paused_at > 0 AND dropped_at = 0 ORDER BY 1`)
}
