package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"vanthu/bot"
)

// A StoredNotice is a notice of delivery (section VII.3) as it was written.
type StoredNotice struct {
	bot.Notice
	Step string // of the delivery
	Hash string // of Doc
	Doc  []byte // .docx; nil: not written yet, or destroyed
}

// KeepNotice gives a delivery its number once; a later try finds the same number and day.
func (tx *Tx) KeepNotice(ctx context.Context, caseID int64, step string) (bot.Notice, error) {
	if err := tx.Lock(ctx, LockRegister); err != nil {
		return bot.Notice{}, err
	}
	var before int
	if err := tx.row(ctx, `SELECT count(*) FROM notices WHERE case_id = $1 AND step <> $2 AND hash <> ''`, caseID, step).Scan(&before); err != nil {
		return bot.Notice{}, fmt.Errorf("store: notice: %w", err)
	}
	n, err := scanNotice(tx.row(ctx, `SELECT `+noticeColumns+` FROM notices WHERE step = $1`, step))
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		n.Again = before > 0
		return n.Notice, err
	}
	number, err := tx.nextNumber(ctx, "TB")
	if err != nil {
		return bot.Notice{}, err
	}
	_, err = tx.exec(ctx, `INSERT INTO notices (step, number, case_id, at) VALUES ($1, $2, $3, $4)`, step, number, caseID, micros(tx.Now))
	return bot.Notice{Number: number, At: tx.Now, Again: before > 0}, err
}

// SaveNotice keeps the document of a notice, once, and says so in the history.
func (tx *Tx) SaveNotice(ctx context.Context, caseID int64, n bot.Notice, doc []byte) error {
	sum := sha256.Sum256(doc)
	hash := hex.EncodeToString(sum[:])
	changed, err := tx.exec(ctx, `UPDATE notices SET hash = $1, doc = $2 WHERE number = $3 AND hash = ''`, hash, doc, n.Number)
	if err != nil || changed == 0 {
		return err
	}
	return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: caseID, What: "notice_given", Detail: map[string]string{"notice": n.Number, "sha256": hash}})
}

// Notices returns the notices of a case in order.
func (tx *Tx) Notices(ctx context.Context, caseID int64) ([]StoredNotice, error) {
	return list(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM notices WHERE case_id = $1 ORDER BY at, number`, caseID)
}

const noticeColumns = `step, number, at, hash, doc`

func scanNotice(s scanner) (StoredNotice, error) {
	var n StoredNotice
	var at int64
	err := s.Scan(&n.Step, &n.Number, &at, &n.Hash, &n.Doc)
	n.At = instant(at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("store: notice: %w", err)
	}
	return n, err
}
