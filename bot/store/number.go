package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// SkipNumbers takes numbers as given that this database does not know of: n more of this year's series of each prefix, and
// those up to the given ones ("YC-2026" → 57). It returns the last number of each series that is taken then.
func (tx *Tx) SkipNumbers(ctx context.Context, prefixes []string, n int64, upTo map[string]int64) (last []string, err error) {
	upTo = maps.Clone(upTo)
	if upTo == nil {
		upTo = make(map[string]int64)
	}
	for _, prefix := range prefixes {
		series := seriesOf(prefix, tx.Now)
		var value int64
		if err := tx.row(ctx, `SELECT coalesce(max(value), 0) FROM counters WHERE name = $1`, series).Scan(&value); err != nil {
			return nil, fmt.Errorf("store: numbers: %w", err)
		}
		upTo[series] = max(upTo[series], value+n)
	}
	for _, series := range slices.Sorted(maps.Keys(upTo)) {
		var value int64
		err := tx.row(ctx, `INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name)
			DO UPDATE SET value = CASE WHEN counters.value < $2 THEN $2 ELSE counters.value END RETURNING value`, series, upTo[series]).Scan(&value)
		if err != nil {
			return nil, fmt.Errorf("store: numbers: %w", err)
		}
		last = append(last, numberOf(series, value))
	}
	return last, nil
}

// nextNumber returns the next number of a yearly series: "YC-2026-0042".
func (tx *Tx) nextNumber(ctx context.Context, prefix string) (string, error) {
	series := seriesOf(prefix, tx.Now)
	var n int64
	err := tx.row(ctx, `INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, series).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("store: number: %w", err)
	}
	return numberOf(series, n), nil
}

// seriesOf is the series of a year. The year is the one at the desk (UTC+7).
func seriesOf(prefix string, now time.Time) string {
	return fmt.Sprintf("%s-%d", prefix, now.Add(7*time.Hour).Year())
}

func numberOf(series string, n int64) string { return fmt.Sprintf("%s-%04d", series, n) }
