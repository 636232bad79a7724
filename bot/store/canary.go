package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Canary is a mail that vanthu sent to itself.
type Canary struct {
	Token     string    `json:"-"`
	SentAt    time.Time `json:"sent_at,omitzero"`
	BackAt    time.Time `json:"back_at,omitzero"`    // judged; zero: not yet
	ArrivedAt time.Time `json:"arrived_at,omitzero"` // as the mail server dated it
}

// AddCanary notes a canary that is about to be sent. It says false when one was sent less than every ago, by this process or
// another.
func (tx *Tx) AddCanary(ctx context.Context, token string, every time.Duration) (bool, error) {
	if err := tx.Lock(ctx, LockAlarms); err != nil {
		return false, err
	}
	if _, err := tx.exec(ctx, `DELETE FROM canaries WHERE sent_at > $1`, micros(tx.Now)); err != nil { // the clock was set back
		return false, err
	}
	n, err := tx.exec(ctx, `INSERT INTO canaries (token, sent_at) SELECT $1, CAST($2 AS BIGINT)
		WHERE NOT EXISTS (SELECT 1 FROM canaries WHERE sent_at > $3)`, token, micros(tx.Now), micros(tx.Now.Add(-every)))
	return n == 1, err
}

// DropCanary forgets a canary that could not be sent.
func (tx *Tx) DropCanary(ctx context.Context, token string) error {
	_, err := tx.exec(ctx, `DELETE FROM canaries WHERE token = $1`, token)
	return err
}

// CanaryBack notes that a canary came back, and how long it took. It says false when we sent no such mail, or it came before.
func (tx *Tx) CanaryBack(ctx context.Context, token string, arrived time.Time) (took time.Duration, ours bool, err error) {
	var sent int64
	err = tx.row(ctx, `UPDATE canaries SET back_at = $1, arrived_at = $2 WHERE token = $3 AND back_at = 0 RETURNING sent_at`,
		micros(tx.Now), micros(arrived), token).Scan(&sent)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("store: canary: %w", err)
	}
	return tx.Now.Sub(instant(sent)), true, nil
}

// Canaries returns the last canary that came back, and the first of those sent after it, which has not. Either may be zero.
func (tx *Tx) Canaries(ctx context.Context) (back, away Canary, err error) {
	one := func(query string, args ...any) (Canary, error) {
		found, err := list(ctx, tx, func(s scanner) (Canary, error) {
			var c Canary
			var sent, back, arrived int64
			err := s.Scan(&c.Token, &sent, &back, &arrived)
			c.SentAt, c.BackAt, c.ArrivedAt = instant(sent), instant(back), instant(arrived)
			return c, err
		}, `SELECT token, sent_at, back_at, arrived_at FROM canaries WHERE `+query+` LIMIT 1`, args...)
		if err != nil || len(found) == 0 {
			return Canary{}, err
		}
		return found[0], nil
	}
	if back, err = one(`back_at > 0 ORDER BY sent_at DESC`); err != nil {
		return back, away, err
	}
	away, err = one(`back_at = 0 AND sent_at > $1 ORDER BY sent_at`, micros(back.SentAt))
	return back, away, err
}

// CanaryReason begins the reason of a mail that was a canary.
const CanaryReason = "canary"

// OldCanaries returns the journal's lines of canaries that were filed before then, the last first; not those that lie in a
// folder nobody knows under which UID.
func (tx *Tx) OldCanaries(ctx context.Context, before time.Time, limit int) ([]Mail, error) {
	return list(ctx, tx, scanMail, `SELECT `+mailColumns+` FROM mails WHERE outcome = 'ignored' AND kind = 'own_mail' AND reason LIKE 'canary:%'
		AND filed_at > 0 AND filed_at <= $1 AND (lies_uid <> 0 OR lies_in = '') ORDER BY id DESC LIMIT $2`, micros(before), limit)
}

// PruneMail takes a line and its bytes out of the journal and counts it, so that the journal still balances. It is for
// canaries alone.
func (tx *Tx) PruneMail(ctx context.Context, m Mail) error {
	if !strings.HasPrefix(m.Reason, CanaryReason+":") || m.Outcome != Ignored {
		return fmt.Errorf("store: mail %d is no canary: it stays in the journal", m.ID)
	}
	n, err := tx.exec(ctx, `DELETE FROM mails WHERE id = $1 AND outcome = $2 AND reason = $3`, m.ID, string(m.Outcome), m.Reason)
	if err != nil || n == 0 {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM mail_raw WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM mails WHERE hash = $1)`, m.Hash); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO mails_pruned (outcome, reason, n) VALUES ($1, $2, 1)
		ON CONFLICT (outcome, reason) DO UPDATE SET n = mails_pruned.n + 1`, string(m.Outcome), CanaryReason)
	return err
}

// Pruned counts the lines that were taken out of the journal, by outcome.
func (tx *Tx) Pruned(ctx context.Context) (map[Outcome]int, error) {
	return tx.countBy(ctx, `SELECT outcome, sum(n) FROM mails_pruned GROUP BY outcome`)
}

// ForgetCanaries erases what is known of canaries sent before then.
func (tx *Tx) ForgetCanaries(ctx context.Context, before time.Time) error {
	_, err := tx.exec(ctx, `DELETE FROM canaries WHERE sent_at <= $1`, micros(before))
	return err
}
