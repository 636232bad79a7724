package store

import (
	"context"
	"errors"
	"time"
)

// An Alarm is something that a person must be told by another way than the mailbox, from the first sight of it until its
// end was told too. A condition stands at most once.
type Alarm struct {
	ID        int64     `json:"-"` // 0: not in the database yet
	Condition string    `json:"condition"`
	Code      string    `json:"code"`
	Detail    string    `json:"detail"`
	Since     time.Time `json:"since,omitzero"`
	SeenAt    time.Time `json:"seen_at,omitzero"` // when somebody last found it so
	Told      int       `json:"told"`             // how often
	ToldAt    time.Time `json:"told_at,omitzero"`
	ClearedAt time.Time `json:"cleared_at,omitzero"`
	Claimed   time.Time `json:"-"` // one process is telling it until then
	Ended     bool      `json:"-"` // its end was told, or nothing of it ever was
}

// Stands says whether the condition lasts.
func (a Alarm) Stands() bool { return a.ClearedAt.IsZero() }

// LockAlarms is held while the alarms are looked through: of several processes one tells.
const LockAlarms int64 = 0x76616e746875 + 7

const alarmColumns = `id, condition, code, detail, since, seen_at, told, told_at, cleared_at, claimed_until, ended`

func scanAlarm(s scanner) (Alarm, error) {
	var a Alarm
	var since, seen, told, cleared, claimed int64
	err := s.Scan(&a.ID, &a.Condition, &a.Code, &a.Detail, &since, &seen, &a.Told, &told, &cleared, &claimed, &a.Ended)
	a.Since, a.SeenAt, a.ToldAt, a.ClearedAt, a.Claimed = instant(since), instant(seen), instant(told), instant(cleared), instant(claimed)
	return a, err
}

// OpenAlarms returns what stands, and what is over without anybody having been told so.
func (tx *Tx) OpenAlarms(ctx context.Context) ([]Alarm, error) {
	return list(ctx, tx, scanAlarm, `SELECT `+alarmColumns+` FROM alarms WHERE NOT ended ORDER BY id`)
}

// AlarmsSince returns every alarm that stood after that, told or not.
func (tx *Tx) AlarmsSince(ctx context.Context, since time.Time) ([]Alarm, error) {
	return list(ctx, tx, scanAlarm, `SELECT `+alarmColumns+` FROM alarms WHERE cleared_at = 0 OR cleared_at >= $1 ORDER BY id`, micros(since))
}

// SaveAlarms writes alarms whole. What ended without anybody having been told of it leaves no trace.
func (tx *Tx) SaveAlarms(ctx context.Context, alarms []Alarm) error {
	var errs []error
	for _, a := range alarms {
		errs = append(errs, tx.saveAlarm(ctx, a))
	}
	return errors.Join(errs...)
}

func (tx *Tx) saveAlarm(ctx context.Context, a Alarm) (err error) {
	switch {
	case a.Ended && a.Told == 0:
		_, err = tx.exec(ctx, `DELETE FROM alarms WHERE id = $1`, a.ID)
	case a.ID == 0:
		_, err = tx.exec(ctx, `INSERT INTO alarms (condition, code, detail, since, seen_at, told, told_at, cleared_at, claimed_until, ended)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			a.Condition, a.Code, a.Detail, micros(a.Since), micros(a.SeenAt), a.Told, micros(a.ToldAt), micros(a.ClearedAt), micros(a.Claimed), a.Ended)
	default:
		_, err = tx.exec(ctx, `UPDATE alarms SET code = $1, detail = $2, seen_at = $3, told = $4, told_at = $5, cleared_at = $6, claimed_until = $7, ended = $8
			WHERE id = $9`, a.Code, a.Detail, micros(a.SeenAt), a.Told, micros(a.ToldAt), micros(a.ClearedAt), micros(a.Claimed), a.Ended, a.ID)
	}
	return err
}

// Beat notes that a process serves, and what it knows of its connections.
func (tx *Tx) Beat(ctx context.Context, process, state string) error {
	_, err := tx.exec(ctx, `INSERT INTO beats (process, at, state) VALUES ($1, $2, $3)
		ON CONFLICT (process) DO UPDATE SET at = excluded.at, state = excluded.state`, process, micros(tx.Now), state)
	return err
}

// A Beat is the pulse of a serving process.
type Beat struct {
	Process string
	At      time.Time
	State   string // JSON
}

// Beats returns the pulse of every process that ever served and was not forgotten.
func (tx *Tx) Beats(ctx context.Context) ([]Beat, error) {
	return list(ctx, tx, func(s scanner) (Beat, error) {
		var b Beat
		var at int64
		err := s.Scan(&b.Process, &at, &b.State)
		b.At = instant(at)
		return b, err
	}, `SELECT process, at, state FROM beats ORDER BY process`)
}

// EndBeat takes the pulse of a process away that ends of its own will.
func (tx *Tx) EndBeat(ctx context.Context, process string) error {
	_, err := tx.exec(ctx, `DELETE FROM beats WHERE process = $1`, process)
	return err
}

// ForgetBeats takes every pulse away. Only who is alone on the database may say so.
func (tx *Tx) ForgetBeats(ctx context.Context) error {
	_, err := tx.exec(ctx, `DELETE FROM beats`)
	return err
}

// ForgetAlarms erases alarms that were over, and pulses that stopped, before then.
func (tx *Tx) ForgetAlarms(ctx context.Context, before time.Time) error {
	if _, err := tx.exec(ctx, `DELETE FROM beats WHERE at < $1`, micros(before)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM alarms WHERE ended AND cleared_at < $1`, micros(before))
	return err
}
