package store

import (
	"context"
	"fmt"

	"vanthu/bot"
)

// mostTold bounds how many cases one answer tells of.
const mostTold = 50

// OpenCases returns the open cases of a unit, the oldest first.
func (tx *Tx) OpenCases(ctx context.Context, unit string) ([]bot.Case, error) {
	return list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c WHERE c.unit = $1 AND c.state NOT IN ('closed', 'withdrawn', 'superseded')
		ORDER BY c.id LIMIT `+fmt.Sprint(mostTold), unit)
}

// LastCase returns the newest case of a unit, open or not.
func (tx *Tx) LastCase(ctx context.Context, unit string) (bot.Case, bool, error) {
	return tx.firstCase(ctx, `SELECT `+caseColumns+` FROM cases c WHERE c.unit = $1 ORDER BY c.id DESC`, unit)
}

// CountRows says how many rows a case has, and how many of them are good.
func (tx *Tx) CountRows(ctx context.Context, caseID int64) (rows, good int, err error) {
	if err := tx.row(ctx, `SELECT count(*), count(CASE WHEN ok THEN 1 END) FROM case_rows WHERE case_id = $1`, caseID).Scan(&rows, &good); err != nil {
		return 0, 0, fmt.Errorf("store: rows: %w", err)
	}
	return rows, good, nil
}
