package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
)

// A Letter is one answer in the outbox.
type Letter struct {
	ID        int64       `json:"id"`
	Step      string      `json:"step"`       // its identity: a second answer for the same step is refused
	MessageID string      `json:"message_id"` // with angle brackets, the same at every try
	Kind      string      `json:"kind"`       // "acknowledged", "defects", "delivered" …
	CaseID    int64       `json:"case_id"`
	MailID    int64       `json:"mail_id"` // the mail that it answers, 0: none
	To        string      `json:"to"`
	Subject   string      `json:"subject"`
	Raw       []byte      `json:"-"` // the mail, ready to be sent
	State     LetterState `json:"state"`
	Tries     int         `json:"tries"`
	NextAt    time.Time   `json:"next_at,omitzero"`
	Reply     string      `json:"reply"` // what the server said
	CreatedAt time.Time   `json:"created_at,omitzero"`
	SentAt    time.Time   `json:"sent_at,omitzero"`
}

// LetterState is where an answer stands.
type LetterState string

// The states of an answer.
const (
	LetterQueued  LetterState = "queued"
	LetterSending LetterState = "sending" // a process has it, or had it when it was killed
	LetterSent    LetterState = "sent"
	LetterFailed  LetterState = "failed"  // refused for good
	LetterUnknown LetterState = "unknown" // lost between the final dot and the reply, tried again with the same Message-ID
)

// AddLetter puts an answer into the outbox and wakes its sending. It says false when the step was answered already.
func (tx *Tx) AddLetter(ctx context.Context, l Letter) (bool, error) {
	var id int64
	err := tx.tx.QueryRowContext(ctx, `INSERT INTO outbox (step, message_id, kind, case_id, mail_id, rcpt, subject, state, next_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $8) ON CONFLICT (step) DO NOTHING RETURNING id`,
		l.Step, l.MessageID, l.Kind, l.CaseID, l.MailID, l.To, l.Subject, micros(tx.Now)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: outbox: %w", err)
	}
	if _, err := tx.exec(ctx, `INSERT INTO outbox_raw (id, raw) VALUES ($1, $2)`, id, l.Raw); err != nil {
		return false, err
	}
	tx.Wake(SendJob, id)
	return true, nil
}

const letterColumns = `id, step, message_id, kind, case_id, mail_id, rcpt, subject, state, tries, next_at, reply, created_at, sent_at`

func scanLetter(s scanner) (Letter, error) {
	var l Letter
	var next, created, sent int64
	err := s.Scan(&l.ID, &l.Step, &l.MessageID, &l.Kind, &l.CaseID, &l.MailID, &l.To, &l.Subject, &l.State, &l.Tries, &next, &l.Reply, &created, &sent)
	l.NextAt, l.CreatedAt, l.SentAt = instant(next), instant(created), instant(sent)
	return l, err
}

// Letter returns an answer without its bytes.
func (tx *Tx) Letter(ctx context.Context, id int64) (Letter, error) {
	l, err := scanLetter(tx.tx.QueryRowContext(ctx, `SELECT `+letterColumns+` FROM outbox WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Letter{}, bot.Errorf(bot.NotFound, "there is no answer %d in the outbox", id)
	}
	if err != nil {
		return Letter{}, fmt.Errorf("store: outbox: %w", err)
	}
	return l, nil
}

// LetterRaw returns the bytes of an answer; nil when they were erased.
func (tx *Tx) LetterRaw(ctx context.Context, id int64) ([]byte, error) {
	var raw []byte
	if err := tx.tx.QueryRowContext(ctx, `SELECT raw FROM outbox_raw WHERE id = $1`, id).Scan(&raw); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("store: outbox: %w", err)
	}
	return raw, nil
}

// ClaimLetter takes a due answer into this process's hands until then. It says false when it is not due, in another's
// hands, or done.
func (tx *Tx) ClaimLetter(ctx context.Context, id int64, until time.Time) (Letter, bool, error) {
	claimed, err := list(ctx, tx, scanLetter, `UPDATE outbox SET state = 'sending', tries = tries + 1, next_at = $1
		WHERE id = $2 AND state IN ('queued', 'sending', 'unknown') AND next_at <= $3 RETURNING `+letterColumns, micros(until), id, micros(tx.Now))
	if err != nil || len(claimed) == 0 {
		return Letter{}, false, err
	}
	return claimed[0], true, nil
}

// Answer returns the answer with that Message-ID, whether it belongs to a case or to none.
func (tx *Tx) Answer(ctx context.Context, messageID string) (Letter, bool, error) {
	letters, err := list(ctx, tx, scanLetter, `SELECT `+letterColumns+` FROM outbox WHERE message_id = $1`, messageID)
	if err != nil || len(letters) == 0 {
		return Letter{}, false, err
	}
	return letters[0], true, nil
}

// LettersSince counts the answers of a kind to an address.
func (tx *Tx) LettersSince(ctx context.Context, kind, to string, since time.Time) (n int, err error) {
	if err := tx.tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE kind = $1 AND rcpt = $2 AND created_at >= $3`, kind, to, micros(since)).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: outbox: %w", err)
	}
	return n, nil
}

// HasLetter says whether a step was answered already.
func (tx *Tx) HasLetter(ctx context.Context, step string) (bool, error) {
	var n int
	if err := tx.tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE step = $1`, step).Scan(&n); err != nil {
		return false, fmt.Errorf("store: outbox: %w", err)
	}
	return n > 0, nil
}

// SaveLetter writes what became of a try.
func (tx *Tx) SaveLetter(ctx context.Context, l Letter) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET state = $1, tries = $2, next_at = $3, reply = $4, sent_at = $5 WHERE id = $6`,
		string(l.State), l.Tries, micros(l.NextAt), l.Reply, micros(l.SentAt), l.ID)
	return err
}

// EraseLetters takes the bytes of a case's answers of that kind away; the rows stay as proof.
func (tx *Tx) EraseLetters(ctx context.Context, caseID int64, kind string) error {
	_, err := tx.exec(ctx, `DELETE FROM outbox_raw WHERE id IN (SELECT id FROM outbox WHERE case_id = $1 AND kind = $2 AND state = 'sent')`, caseID, kind)
	return err
}

// Letters returns the answers of a case in order, of all cases for 0.
func (tx *Tx) Letters(ctx context.Context, caseID int64) ([]Letter, error) {
	return list(ctx, tx, scanLetter, `SELECT `+letterColumns+` FROM outbox WHERE $1 = 0 OR case_id = $1 ORDER BY id`, caseID)
}

// Unsent returns the ids of answers that are due now or were being sent when their process ended.
func (tx *Tx) Unsent(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT id FROM outbox WHERE state IN ('queued', 'sending', 'unknown') AND next_at <= $1 ORDER BY id`, micros(tx.Now))
}

// ReleaseLetters makes answers due that a process had when it was killed. Only who is alone on the database may say so.
func (tx *Tx) ReleaseLetters(ctx context.Context) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET next_at = $1 WHERE state = 'sending' AND next_at > $1`, micros(tx.Now))
	return err
}
