package store

import (
	"context"
	"time"

	"vanthu/bot"
)

// A Warned is what a person was told of one step: the highest stage, and when last.
type Warned struct {
	What  string
	Stage bot.Stage
	At    time.Time
}

// BeginDigest notes that a person's digest of a day is being made; false when it was made already. Of two processes one gets true.
func (tx *Tx) BeginDigest(ctx context.Context, day, person string) (bool, error) {
	n, err := tx.exec(ctx, `INSERT INTO digests (day, person, at) VALUES ($1, $2, $3) ON CONFLICT (day, person) DO NOTHING`, day, person, micros(tx.Now))
	return n == 1, err
}

// Digested lists who had the digest of a day made.
func (tx *Tx) Digested(ctx context.Context, day string) ([]string, error) {
	return list(ctx, tx, func(s scanner) (person string, err error) { return person, s.Scan(&person) }, `SELECT person FROM digests WHERE day = $1 ORDER BY person`, day)
}

// WarnedOf returns what a person was told.
func (tx *Tx) WarnedOf(ctx context.Context, person string) (map[string]Warned, error) {
	all, err := list(ctx, tx, func(s scanner) (w Warned, err error) {
		var at int64
		err = s.Scan(&w.What, &w.Stage, &at)
		w.At = instant(at)
		return w, err
	}, `SELECT what, stage, at FROM warned WHERE person = $1`, person)
	told := make(map[string]Warned, len(all))
	for _, w := range all {
		told[w.What] = w
	}
	return told, err
}

// Warn notes what a person was told now.
func (tx *Tx) Warn(ctx context.Context, person, what string, stage bot.Stage) error {
	_, err := tx.exec(ctx, `INSERT INTO warned (person, what, stage, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person, what) DO UPDATE SET stage = excluded.stage, at = excluded.at`, person, what, string(stage), micros(tx.Now))
	return err
}
