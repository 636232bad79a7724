package store

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
)

// A Confirmation is the question to a unit whether a mail is its own. It is used once.
type Confirmation struct {
	TokenHash string
	Unit      string
	MailID    int64
	MailHash  string // of the bytes that are confirmed
	LetterID  int64
	AskedAt   time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
	UsedBy    int64 // mail
}

// AddConfirmation notes that a unit is asked.
func (tx *Tx) AddConfirmation(ctx context.Context, c Confirmation) error {
	_, err := tx.exec(ctx, `INSERT INTO confirmations (token_hash, unit, mail_id, mail_hash, letter_id, asked_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.TokenHash, c.Unit, c.MailID, c.MailHash, c.LetterID, micros(tx.Now), micros(c.ExpiresAt))
	return err
}

// Confirmation returns what a token asks for. The error is bot.NotFound when no token has that hash.
func (tx *Tx) Confirmation(ctx context.Context, tokenHash string) (Confirmation, error) {
	found, err := list(ctx, tx, func(s scanner) (c Confirmation, err error) {
		var asked, expires, used int64
		err = s.Scan(&c.TokenHash, &c.Unit, &c.MailID, &c.MailHash, &c.LetterID, &asked, &expires, &used, &c.UsedBy)
		c.AskedAt, c.ExpiresAt, c.UsedAt = instant(asked), instant(expires), instant(used)
		return c, err
	}, `SELECT token_hash, unit, mail_id, mail_hash, letter_id, asked_at, expires_at, used_at, used_by FROM confirmations WHERE token_hash = $1`, tokenHash)
	if err != nil {
		return Confirmation{}, err
	}
	if len(found) == 0 {
		return Confirmation{}, bot.Errorf(bot.NotFound, "there is no such confirmation")
	}
	return found[0], nil
}

// UseConfirmation takes a token, once and while it is valid. It says false when it was taken or has expired.
func (tx *Tx) UseConfirmation(ctx context.Context, tokenHash string, mailID int64) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE confirmations SET used_at = $1, used_by = $2 WHERE token_hash = $3 AND used_at = 0 AND expires_at > $1`,
		micros(tx.Now), mailID, tokenHash)
	return n == 1, err
}

// Asked counts what a unit was asked: confirmations that are neither used nor expired, and all since an instant; same says
// whether one of those that wait is for a mail of these very bytes.
func (tx *Tx) Asked(ctx context.Context, unit, mailHash string, since time.Time) (waiting, all int, same bool, err error) {
	var ofMail int
	err = tx.row(ctx, `SELECT count(CASE WHEN used_at = 0 AND expires_at > $1 THEN 1 END), count(CASE WHEN asked_at >= $2 THEN 1 END),
		count(CASE WHEN used_at = 0 AND expires_at > $1 AND mail_hash = $3 THEN 1 END) FROM confirmations WHERE unit = $4`,
		micros(tx.Now), micros(since), mailHash, unit).Scan(&waiting, &all, &ofMail)
	if err != nil {
		return 0, 0, false, fmt.Errorf("store: confirmations: %w", err)
	}
	return waiting, all, ofMail > 0, nil
}

// LettersOfKind counts the answers of a kind since an instant, to everybody.
func (tx *Tx) LettersOfKind(ctx context.Context, kind string, since time.Time) (n int, err error) {
	if err := tx.row(ctx, `SELECT count(*) FROM outbox WHERE kind = $1 AND created_at >= $2`, kind, micros(since)).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: outbox: %w", err)
	}
	return n, nil
}

// EraseLetter takes the bytes of one answer away; the row stays as proof.
func (tx *Tx) EraseLetter(ctx context.Context, id int64) error {
	_, err := tx.exec(ctx, `DELETE FROM outbox_raw WHERE id = $1`, id)
	return err
}

// LettersToDomain counts the answers of a kind to all addresses of a domain since an instant.
func (tx *Tx) LettersToDomain(ctx context.Context, kind, domain string, since time.Time) (n int, err error) {
	// substr with a negative start means another thing to PostgreSQL.
	if err := tx.row(ctx, `SELECT count(*) FROM outbox WHERE kind = $1 AND created_at >= $2 AND length(rcpt) > $3
		AND substr(rcpt, length(rcpt) - $3 + 1) = $4`, kind, micros(since), len([]rune(domain))+1, "@"+domain).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: outbox: %w", err)
	}
	return n, nil
}
