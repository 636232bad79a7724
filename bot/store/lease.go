package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
)

// A Lease is the right to do something that one process does at a time (decision 36). It is a row, not a lock of a session: a
// restart of the database does not give it away, and a frozen process does not keep it. Epoch grows with each holder, so that
// one who was frozen is told from the one who came after him (M. Kleppmann, "How to do distributed locking": fencing).
type Lease struct {
	Name   string
	Holder string
	Epoch  int64
}

// LeaseTime is how long a lease is believed after it was renewed, by the database's clock and by its holder's alike.
const LeaseTime = 10 * time.Second

// ErrLeaseLost says that another process may have the lease now: what was to be written under it is not written.
var ErrLeaseLost = errors.New("store: the lease was lost")

type leaseKey struct{}

// Under is a context under which nothing is written but by the holder of the lease: each transaction asks the row, and keeps it
// from being given away until it has ended. On SQLite one process serves, and nobody is asked.
func Under(ctx context.Context, l Lease) context.Context {
	return context.WithValue(ctx, leaseKey{}, l)
}

// fence refuses the transaction of a process that has lost the lease of ctx. FOR KEY SHARE lets the holder renew it meanwhile
// (renewing changes no key) and nobody take it (take asks FOR UPDATE).
func (tx *Tx) fence(ctx context.Context) error {
	l, ok := ctx.Value(leaseKey{}).(Lease)
	if !ok || tx.db.dialect == sqlite {
		return nil
	}
	var one int
	err := tx.row(ctx, `SELECT 1 FROM leases WHERE name = $1 AND holder = $2 AND epoch = $3 FOR KEY SHARE`, l.Name, l.Holder, l.Epoch).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Errorf(bot.Temporary, "%s %d: %w", l.Name, l.Epoch, ErrLeaseLost)
	}
	if err != nil {
		return bot.Errorf(bot.Temporary, "store: lease: %w", err)
	}
	return nil
}

// dbNow is the time of the database in microseconds. Only one clock says when a lease ends.
const dbNow = `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`

// untaken is a lease that nobody holds: its time is over, or was written by a clock that has been set back since.
const untaken = `(holder = '' OR until_at <= ` + dbNow + ` OR until_at > ` + dbNow + ` + 2 * $2)`

// take takes the lease when it is free.
func (tx *Tx) take(ctx context.Context, name, id string) (l Lease, taken bool, err error) {
	if _, err := tx.exec(ctx, `INSERT INTO leases (name, holder, epoch, until_at) VALUES ($1, '', 0, 0) ON CONFLICT (name) DO NOTHING`, name); err != nil {
		return l, false, err
	}
	l = Lease{Name: name, Holder: id}
	// Somebody may be writing under it: then it is not taken now. He may be frozen and must be hung up on before (Bury).
	err = tx.row(ctx, `SELECT epoch + 1 FROM leases WHERE name = $1 AND `+untaken+` FOR UPDATE SKIP LOCKED`, name, LeaseTime.Microseconds()).Scan(&l.Epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	if err != nil {
		return l, false, fmt.Errorf("store: lease: %w", err)
	}
	_, err = tx.exec(ctx, `UPDATE leases SET holder = $1, epoch = $2, until_at = `+dbNow+` + $3 WHERE name = $4`, id, l.Epoch, LeaseTime.Microseconds(), name)
	return l, err == nil, err
}

// renew prolongs every lease of a process, and returns them.
func (tx *Tx) renew(ctx context.Context, id string) ([]Lease, error) {
	return list(ctx, tx, func(s scanner) (Lease, error) {
		l := Lease{Holder: id}
		return l, s.Scan(&l.Name, &l.Epoch)
	}, `UPDATE leases SET until_at = `+dbNow+` + $2 WHERE holder = $1 RETURNING name, epoch`, id, LeaseTime.Microseconds())
}

// GiveBack ends a lease before its time, so that nobody waits for it.
func (db *DB) GiveBack(ctx context.Context, l Lease) error {
	return db.aside(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE leases SET holder = '', until_at = 0 WHERE name = $1 AND holder = $2 AND epoch = $3`, l.Name, l.Holder, l.Epoch)
		return err
	})
}
