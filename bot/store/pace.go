package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// LockOutbox is the lock under which an answer is taken to be sent: of several processes one counts at a time.
const LockOutbox int64 = 0x76616e746875 + 3

// A Pace is how fast the mail server lets us send; 0: no limit.
type Pace struct{ PerMinute, PerDay, Connections int }

// What counts against a limit: what the server has taken, and what it may have taken.
const counted = `outcome IN ('', 'sent', 'unknown', 'lost')`

// longTry is how long a try counts as a connection in use. One that lasts longer is most likely a killed process's: it must not
// hold up the letters of all others until its lease ends.
const longTry = time.Minute

// open repeats the condition of the index outbox_due word for word: SQLite takes an index of some rows for no other.
const open = `state IN ('queued', 'sending', 'unknown')`

// waits is what will be sent by itself.
const waits = open + ` AND (state IN ('queued', 'sending') OR state = 'unknown' AND NOT once)`

// due is what may be sent now. An answer that goes once is left alone when its last try may have reached the server.
const due = open + ` AND ((state = 'queued' OR state = 'unknown' AND NOT once OR state = 'sending' AND NOT (once AND dot_at <> 0)) AND next_at <= $1)`

// NextLetter takes the most urgent answer that is due into this process's hands until then. It says false when nothing may be
// sent now; wait is how long, when pace or rest is the reason.
func (tx *Tx) NextLetter(ctx context.Context, until time.Time, pace Pace) (l Letter, ok bool, wait time.Duration, err error) {
	if err := tx.Lock(ctx, LockOutbox); err != nil {
		return l, false, 0, err
	}
	if wait, err = tx.mustWait(ctx, pace); err != nil || wait > 0 {
		return l, false, wait, err
	}
	claimed, err := list(ctx, tx, scanLetter, `UPDATE outbox SET state = 'sending', tries = tries + 1, next_at = $2, dot_at = 0, holder = $3
		WHERE id = (SELECT id FROM outbox WHERE `+due+` ORDER BY urgency, next_at, id LIMIT 1) RETURNING `+letterColumns, micros(tx.Now), micros(until), tx.db.Holder)
	if err != nil || len(claimed) == 0 {
		return l, false, 0, err
	}
	l = claimed[0]
	if _, err := tx.exec(ctx, `UPDATE outbox_tries SET outcome = 'lost', ended_at = $1 WHERE outbox_id = $2 AND outcome = ''`, micros(tx.Now), l.ID); err != nil {
		return l, false, 0, err
	}
	_, err = tx.exec(ctx, `INSERT INTO outbox_tries (outbox_id, began_at) VALUES ($1, $2)`, l.ID, micros(tx.Now))
	return l, err == nil, 0, err
}

// mustWait says how long nothing may be sent.
func (tx *Tx) mustWait(ctx context.Context, pace Pace) (time.Duration, error) {
	rest, resting, err := tx.Resting(ctx)
	if err != nil || resting {
		return rest.Until.Sub(tx.Now), err
	}
	if pace.Connections > 0 {
		var busy int
		if err := tx.row(ctx, `SELECT count(*) FROM outbox_tries WHERE outcome = '' AND began_at > $1 AND began_at <= $2`,
			micros(tx.Now.Add(-longTry)), micros(tx.Now.Add(longTry))).Scan(&busy); err != nil {
			return 0, fmt.Errorf("store: outbox: %w", err)
		}
		if busy >= pace.Connections {
			return time.Second, nil
		}
	}
	minute, err := tx.full(ctx, pace.PerMinute, time.Minute)
	if err != nil {
		return 0, err
	}
	day, err := tx.full(ctx, pace.PerDay, 24*time.Hour)
	return max(minute, day), err
}

// full says how long it takes until fewer than most tries lie in the window that ends now. No window, wherever it begins, ever
// holds more: that is stricter than a bucket, which lets twice as much through around its refill. What began later than now is
// of a clock that was set back.
func (tx *Tx) full(ctx context.Context, most int, window time.Duration) (time.Duration, error) {
	if most <= 0 {
		return 0, nil
	}
	var began int64
	err := tx.row(ctx, `SELECT began_at FROM outbox_tries WHERE began_at > $1 AND began_at <= $2 AND `+counted+` ORDER BY began_at DESC LIMIT 1 OFFSET $3`,
		micros(tx.Now.Add(-window)), micros(tx.Now.Add(time.Minute)), most-1).Scan(&began)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("store: outbox: %w", err)
	}
	return max(instant(began).Add(window).Sub(tx.Now), time.Millisecond), nil
}

// Ahead counts the answers that are due and go before this one.
func (tx *Tx) Ahead(ctx context.Context, l Letter) (n int, err error) {
	if err := tx.row(ctx, `SELECT count(*) FROM outbox WHERE `+due+` AND (urgency < $2 OR urgency = $2 AND (next_at < $3 OR next_at = $3 AND id < $4))`,
		micros(tx.Now), l.Urgency, micros(l.NextAt), l.ID).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: outbox: %w", err)
	}
	return n, nil
}

// ErrNotMine says that another process has taken an answer meanwhile.
var ErrNotMine = errors.New("store: another process has this answer now")

// MarkDot notes that the final dot of an answer is about to go out: from here on it may have been taken. Of an answer that may go
// again the mark need not outlive a crash of the database.
func (tx *Tx) MarkDot(ctx context.Context, l Letter) error {
	if !l.Once && tx.db.dialect == postgres {
		if _, err := tx.exec(ctx, `SET LOCAL synchronous_commit TO OFF`); err != nil {
			return err
		}
	}
	n, err := tx.exec(ctx, `UPDATE outbox SET dot_at = $1 WHERE id = $2 AND state = 'sending' AND tries = $3`, micros(tx.Now), l.ID, l.Tries)
	if err == nil && n == 0 {
		return ErrNotMine
	}
	return err
}

// EndTry notes how the try ended that is under way, and where the answer stands now. A try that failed is noted only while the
// answer is in the hands of the process that made it; that the server has taken it is true in any case.
func (tx *Tx) EndTry(ctx context.Context, l Letter, outcome string) error {
	now, err := tx.Letter(ctx, l.ID)
	if err != nil {
		return err
	}
	if l.State != LetterSent && (now.State != LetterSending || now.Tries != l.Tries) {
		return ErrNotMine
	}
	if _, err := tx.exec(ctx, `UPDATE outbox_tries SET outcome = $1, ended_at = $2, said = $3 WHERE outbox_id = $4 AND outcome = ''`,
		outcome, micros(tx.Now), l.Reply, l.ID); err != nil {
		return err
	}
	// No more than that: a delivery report may have come meanwhile, or somebody was told that the answer is late.
	_, err = tx.exec(ctx, `UPDATE outbox SET state = $1, tries = $2, next_at = $3, reply = $4, sent_at = $5 WHERE id = $6`,
		string(l.State), l.Tries, micros(l.NextAt), l.Reply, micros(l.SentAt), l.ID)
	return err
}

// A Try is one try to send an answer.
type Try struct {
	BeganAt time.Time `json:"began_at,omitzero"`
	EndedAt time.Time `json:"ended_at,omitzero"`
	Outcome string    `json:"outcome"` // "" while it lasts, "lost" when its process was killed
	Said    string    `json:"said"`
}

// Tries returns the tries to send an answer in order.
func (tx *Tx) Tries(ctx context.Context, id int64) ([]Try, error) {
	return list(ctx, tx, func(s scanner) (Try, error) {
		var t Try
		var began, ended int64
		err := s.Scan(&began, &ended, &t.Outcome, &t.Said)
		t.BeganAt, t.EndedAt = instant(began), instant(ended)
		return t, err
	}, `SELECT began_at, ended_at, outcome, said FROM outbox_tries WHERE outbox_id = $1 ORDER BY id`, id)
}

// Unsent returns the ids of answers that are due now or were being sent when their process ended; with later also those that
// are due another time.
func (tx *Tx) Unsent(ctx context.Context, later bool) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT id FROM outbox WHERE `+waits+` AND ($2 = 1 OR next_at <= $1)
		ORDER BY urgency, next_at, id`, micros(tx.Now), map[bool]int{true: 1}[later])
}

// StrandLetters makes those answers unknown that go once and whose process ended after the mark before the final dot. It
// returns them: a person must look.
func (tx *Tx) StrandLetters(ctx context.Context) ([]Letter, error) {
	stranded, err := list(ctx, tx, scanLetter, `UPDATE outbox SET state = 'unknown', reply = 'the process ended while the final dot was sent'
		WHERE `+open+` AND state = 'sending' AND once AND dot_at <> 0 AND next_at <= $1 RETURNING `+letterColumns, micros(tx.Now))
	if err != nil || len(stranded) == 0 {
		return nil, err
	}
	for _, l := range stranded {
		if _, err := tx.exec(ctx, `UPDATE outbox_tries SET outcome = 'unknown', ended_at = $1 WHERE outbox_id = $2 AND outcome = ''`, micros(tx.Now), l.ID); err != nil {
			return nil, err
		}
	}
	return stranded, nil
}

// ReleaseLetters makes answers due that a process had when it was killed. Only who is alone on the database may say so.
func (tx *Tx) ReleaseLetters(ctx context.Context) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET next_at = $1 WHERE `+open+` AND state = 'sending' AND next_at > $1`, micros(tx.Now))
	return err
}

// farthest is longer than any answer is put off: by a failed try, a lease or a rest.
const farthest = 3 * time.Hour

// RecallLetters makes answers due that are put off to a time that is too far away: the clock was ahead, and was set back. What
// a process may have in its hands now is left to it for a lease.
func (tx *Tx) RecallLetters(ctx context.Context, lease time.Duration) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET next_at = CASE WHEN state = 'sending' THEN CAST($2 AS BIGINT) ELSE CAST($1 AS BIGINT) END,
		queued_at = CASE WHEN queued_at > $1 THEN CAST($1 AS BIGINT) ELSE queued_at END WHERE `+open+` AND next_at > $3`,
		micros(tx.Now), micros(tx.Now.Add(lease)), micros(tx.Now.Add(farthest)))
	return err
}

// LateLetters returns the answers that wait since before then and that nobody was told of; they are marked.
func (tx *Tx) LateLetters(ctx context.Context, before time.Time) ([]Letter, error) {
	return list(ctx, tx, scanLetter, `UPDATE outbox SET late_at = $1 WHERE `+waits+`
		AND late_at = 0 AND queued_at <= $2 RETURNING `+letterColumns, micros(tx.Now), micros(before))
}
