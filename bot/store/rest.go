package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Rest is a time in which nothing is sent, because the server said that we send too much.
type Rest struct {
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	Times int       `json:"times"` // how often it was said, without a letter taken between
	Said  string    `json:"said"`
}

// longestRest bounds what a rest grows to: each time is twice the one before.
const longestRest = 2 * time.Hour

// Resting returns the rest that was ordered last, and whether it still lasts.
func (tx *Tx) Resting(ctx context.Context) (Rest, bool, error) {
	var r Rest
	var since, until int64
	err := tx.row(ctx, `SELECT since, until_at, times, said FROM outbox_rest`).Scan(&since, &until, &r.Times, &r.Said)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("store: rest: %w", err)
	}
	r.Since, r.Until = instant(since), instant(until)
	return r, r.Until.After(tx.Now) && r.Until.Before(tx.Now.Add(farthest)), nil // beyond: the clock was set back
}

// RestOutbox lets nothing be sent for at least that long, and longer each time that it is said again.
func (tx *Tx) RestOutbox(ctx context.Context, least time.Duration, said string) (Rest, error) {
	if err := tx.Lock(ctx, LockOutbox); err != nil {
		return Rest{}, err
	}
	r, resting, err := tx.Resting(ctx)
	if err != nil {
		return r, err
	}
	if r.Since.IsZero() {
		r.Since = tx.Now
	}
	if !resting { // several connections hear it at once
		least = max(least, min(least<<min(r.Times, 10), longestRest))
		r.Times++
	}
	if until := tx.Now.Add(least); until.After(r.Until) || !resting {
		r.Until = until
	}
	r.Said = said
	_, err = tx.exec(ctx, `INSERT INTO outbox_rest (one, since, until_at, times, said) VALUES (1, $1, $2, $3, $4)
		ON CONFLICT (one) DO UPDATE SET until_at = $2, times = $3, said = $4`, micros(r.Since), micros(r.Until), r.Times, r.Said)
	return r, err
}

// EndRest notes that the server takes letters. It says whether it had refused them before.
func (tx *Tx) EndRest(ctx context.Context) (bool, error) {
	n, err := tx.exec(ctx, `DELETE FROM outbox_rest`)
	return n > 0, err
}
