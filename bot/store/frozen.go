package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Frozen is a plan as it lies in the table, unread: what was changed behind our back may be no JSON any more.
type Frozen struct {
	Number   string
	Hash     string
	Bytes    string // of a plan that is there: one that was destroyed is not looked at
	Approved string // the hashes that were approved, '' none
}

// EachFrozen calls f for each plan, one at a time.
func (db *DB) EachFrozen(ctx context.Context, f func(Frozen)) error {
	return each(ctx, db, func(ctx context.Context, tx *Tx, after int64) (int64, bool, error) {
		var id int64
		var p Frozen
		err := tx.row(ctx, `SELECT p.id, p.number, p.hash, p.items, coalesce((SELECT max(a.hash) FROM plan_approvals a WHERE a.plan_id = p.id AND a.hash <> p.hash),
			(SELECT max(a.hash) FROM plan_approvals a WHERE a.plan_id = p.id), '') FROM plans p WHERE p.id > $1 AND p.destroyed = 0 ORDER BY p.id LIMIT 1`, after).Scan(&id, &p.Number, &p.Hash, &p.Bytes, &p.Approved)
		if err == nil {
			f(p)
		}
		return id, err == nil, err
	})
}

// EachMail calls f for each line of the journal with its bytes, one at a time; nil when they are not there.
func (db *DB) EachMail(ctx context.Context, f func(m Mail, raw []byte)) error {
	return each(ctx, db, func(ctx context.Context, tx *Tx, after int64) (int64, bool, error) {
		m, err := scanMail(tx.row(ctx, `SELECT `+mailColumns+` FROM mails WHERE id > $1 ORDER BY id LIMIT 1`, after))
		if err != nil {
			return 0, false, err
		}
		var raw []byte
		if err := tx.row(ctx, `SELECT raw FROM mail_raw WHERE hash = $1`, m.Hash).Scan(&raw); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, false, err
		}
		f(m, raw)
		return m.ID, true, nil
	})
}

// each goes through a table in transactions of their own: a look through gigabytes must keep no snapshot of the database open.
func each(ctx context.Context, db *DB, next func(ctx context.Context, tx *Tx, after int64) (int64, bool, error)) error {
	for after, more := int64(0), true; more; {
		err := db.Read(ctx, func(tx *Tx) (err error) {
			after, more, err = next(ctx, tx, after)
			if errors.Is(err, sql.ErrNoRows) { // the end
				more, err = false, nil
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}
