package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
)

// RetentionKind is what is destroyed.
type RetentionKind string

// The kinds, in the order in which they come due.
const (
	RetentionFiles   RetentionKind = "files"   // the bytes of the mails and letters of a case; their hashes stay
	RetentionCase    RetentionKind = "case"    // the people in its list, findings, notices, plans, the details of its events
	RetentionAccount RetentionKind = "account" // the name in the register of an account that was deleted; its address stays blocked (Q17)
)

// A RetentionItem is one thing to be destroyed. It names no person: a list is kept for ever.
type RetentionItem struct {
	Kind    RetentionKind `json:"kind"`
	Case    string        `json:"case"`
	CaseID  int64         `json:"case_id"`
	N       int           `json:"n,omitempty"` // row of the account
	Ended   string        `json:"ended"`       // 2026-12-07, as the office reads it
	Mails   int           `json:"mails,omitempty"`
	Letters int           `json:"letters,omitempty"`
	Rows    int           `json:"rows,omitempty"`
	Events  int           `json:"events,omitempty"`

	Destroyed time.Time `json:"-"`
	LeftWhy   string    `json:"-"`
}

// A RetentionList is frozen when made; what is approved is its hash.
type RetentionList struct {
	ID       int64           `json:"id"`
	Number   string          `json:"number"`
	Hash     string          `json:"hash"`
	Frozen   []byte          `json:"-"`
	Items    []RetentionItem `json:"items"`
	Made     bot.Stamp       `json:"made,omitzero"`
	Approved bot.Stamp       `json:"approved,omitzero"`
	Done     bot.Stamp       `json:"done,omitzero"`
}

// Ages says before when something must have ended to be destroyed; the zero time: never.
type Ages struct{ Files, Cases, Accounts time.Time }

const ended = `c.state IN ('closed', 'withdrawn', 'superseded')
	AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.case_id = c.id AND (o.state IN ('queued', 'sending', 'unknown') OR o.settled = '' AND (o.state = 'failed' OR o.fate = 'bounced')))
	AND NOT EXISTS (SELECT 1 FROM mails w WHERE w.case_id = c.id AND (w.outcome = '' OR w.outcome = 'quarantine' AND w.handled_at = 0))`

// Expired returns what is old enough and still there: nothing of an open case, nor of one with an answer, or a mail in
// quarantine, that waits or needs a person.
func (tx *Tx) Expired(ctx context.Context, ages Ages) ([]RetentionItem, error) {
	var items []RetentionItem
	for _, look := range []struct {
		kind   RetentionKind
		before time.Time
		query  string
	}{
		{RetentionFiles, ages.Files, `SELECT c.number, c.id, 0, c.updated_at, (SELECT count(*) FROM mails m WHERE m.case_id = c.id), (SELECT count(*) FROM outbox o JOIN outbox_raw r ON r.id = o.id WHERE o.case_id = c.id), 0, 0
			FROM cases c WHERE c.updated_at < $1 AND ` + ended + ` AND NOT EXISTS (SELECT 1 FROM retention_items i WHERE i.case_id = c.id AND i.kind = 'files' AND i.destroyed_at > 0) ORDER BY c.id`},
		{RetentionCase, ages.Cases, `SELECT c.number, c.id, 0, c.updated_at, 0, 0, (SELECT count(*) FROM case_rows r WHERE r.case_id = c.id), (SELECT count(*) FROM events e WHERE e.case_id = c.id)
			FROM cases c WHERE c.updated_at < $1 AND ` + ended + ` AND NOT EXISTS (SELECT 1 FROM retention_items i WHERE i.case_id = c.id AND i.kind = 'case' AND i.destroyed_at > 0) ORDER BY c.id`},
		{RetentionAccount, ages.Accounts, `SELECT c.number, c.id, a.n, a.deleted_at, 0, 0, 1, 0 FROM accounts a JOIN cases c ON c.id = a.case_id
			WHERE a.state = 'deleted' AND a.deleted_at > 0 AND a.deleted_at < $1 AND a.name <> '' ORDER BY c.id, a.n`},
	} {
		if look.before.IsZero() {
			continue
		}
		found, err := list(ctx, tx, func(s scanner) (RetentionItem, error) {
			i := RetentionItem{Kind: look.kind}
			var at int64
			err := s.Scan(&i.Case, &i.CaseID, &i.N, &at, &i.Mails, &i.Letters, &i.Rows, &i.Events)
			i.Ended = instant(at).Add(7 * time.Hour).Format(time.DateOnly) // the day at the desk (UTC+7)
			return i, err
		}, look.query, micros(look.before))
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	return items, nil
}

// CodesOf are the student codes that an item is about.
func (tx *Tx) CodesOf(ctx context.Context, i RetentionItem) ([]string, error) {
	if i.Kind == RetentionAccount {
		return list(ctx, tx, scanText, `SELECT code FROM accounts WHERE case_id = $1 AND n = $2`, i.CaseID, i.N)
	}
	return list(ctx, tx, scanText, `SELECT code FROM case_rows WHERE case_id = $1 AND code <> '' ORDER BY n`, i.CaseID)
}

// AddRetentionList stores a frozen list under the next number.
func (tx *Tx) AddRetentionList(ctx context.Context, l RetentionList) (RetentionList, error) {
	number, err := tx.nextNumber(ctx, "TH")
	if err != nil {
		return l, err
	}
	l.Number, l.Made.At = number, tx.Now
	if err := tx.row(ctx, `INSERT INTO retention_lists (number, hash, items, made_at, made_by) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
		l.Number, l.Hash, string(l.Frozen), micros(l.Made.At), string(l.Made.By)).Scan(&l.ID); err != nil {
		return l, fmt.Errorf("store: retention: %w", err)
	}
	for _, i := range l.Items {
		if _, err := tx.exec(ctx, `INSERT INTO retention_items (list_id, kind, case_id, n) VALUES ($1, $2, $3, $4)`, l.ID, string(i.Kind), i.CaseID, i.N); err != nil {
			return l, err
		}
	}
	return l, nil
}

const retentionColumns = `id, number, hash, items, made_at, made_by, approved_at, approved_by, done_at, done_by`

func scanRetention(s scanner) (RetentionList, error) {
	var l RetentionList
	var frozen string
	var made, approved, done int64
	if err := s.Scan(&l.ID, &l.Number, &l.Hash, &frozen, &made, &l.Made.By, &approved, &l.Approved.By, &done, &l.Done.By); err != nil {
		return l, err
	}
	l.Frozen, l.Made.At, l.Approved.At, l.Done.At = []byte(frozen), instant(made), instant(approved), instant(done)
	return l, json.Unmarshal(l.Frozen, &l.Items)
}

// RetentionLists returns all lists in order.
func (tx *Tx) RetentionLists(ctx context.Context) ([]RetentionList, error) {
	return list(ctx, tx, scanRetention, `SELECT `+retentionColumns+` FROM retention_lists ORDER BY id`)
}

// RetentionList returns a list with what became of its items.
func (tx *Tx) RetentionList(ctx context.Context, number string) (RetentionList, error) {
	l, err := scanRetention(tx.row(ctx, `SELECT `+retentionColumns+` FROM retention_lists WHERE number = $1`, number))
	if errors.Is(err, sql.ErrNoRows) {
		return l, bot.Errorf(bot.NotFound, "there is no list %s", number)
	}
	if err != nil {
		return l, fmt.Errorf("store: retention: %w", err)
	}
	for i := range l.Items {
		item := &l.Items[i]
		var at int64
		if err := tx.row(ctx, `SELECT destroyed_at, left_why FROM retention_items WHERE list_id = $1 AND kind = $2 AND case_id = $3 AND n = $4`,
			l.ID, string(item.Kind), item.CaseID, item.N).Scan(&at, &item.LeftWhy); err != nil {
			return l, fmt.Errorf("store: retention: %w", err)
		}
		item.Destroyed = instant(at)
	}
	return l, nil
}

// ApproveRetention stamps a list once.
func (tx *Tx) ApproveRetention(ctx context.Context, id int64, by bot.Actor) error {
	n, err := tx.exec(ctx, `UPDATE retention_lists SET approved_at = $1, approved_by = $2 WHERE id = $3 AND approved_at = 0`, micros(tx.Now), string(by), id)
	if err == nil && n == 0 {
		return bot.Errorf(bot.Conflict, "this list was approved already")
	}
	return err
}

// EndRetention notes that a list was carried out.
func (tx *Tx) EndRetention(ctx context.Context, id int64, by bot.Actor) error {
	_, err := tx.exec(ctx, `UPDATE retention_lists SET done_at = $1, done_by = $2 WHERE id = $3 AND done_at = 0`, micros(tx.Now), string(by), id)
	return err
}

// Keep notes that an item of a list was not destroyed, and why.
func (tx *Tx) Keep(ctx context.Context, listID int64, i RetentionItem, why string) error {
	_, err := tx.exec(ctx, `UPDATE retention_items SET left_why = $1 WHERE list_id = $2 AND kind = $3 AND case_id = $4 AND n = $5`, why, listID, string(i.Kind), i.CaseID, i.N)
	return err
}

// Destroy destroys an item of a list. What stays in its place: hashes, numbers, dates, who did what.
func (tx *Tx) Destroy(ctx context.Context, listID int64, i RetentionItem) error {
	var statements []string
	switch i.Kind {
	case RetentionFiles:
		statements = []string{
			`UPDATE mails SET destroyed = $1 WHERE case_id = $2 AND destroyed = 0`,
			`DELETE FROM mail_raw WHERE hash IN (SELECT m.hash FROM mails m WHERE m.case_id = $2 AND m.destroyed = $1)
				AND NOT EXISTS (SELECT 1 FROM mails o WHERE o.hash = mail_raw.hash AND o.destroyed = 0)`, // another case may have the same bytes
			`DELETE FROM outbox_raw WHERE $1 > 0 AND id IN (SELECT id FROM outbox WHERE case_id = $2)`,
		}
	case RetentionCase:
		if err := tx.destroyDetails(ctx, listID, i.CaseID); err != nil {
			return err
		}
		statements = []string{
			`UPDATE case_rows SET stt = '', code = '', name = '', note = '', file = '', sheet = '', cells = 'null', address = '', user_name = '', said = '', decision = '', decision_date = '' WHERE $1 > 0 AND case_id = $2`,
			`UPDATE bundle_rows SET user_name = '', address = '', name = '', said = '' WHERE $1 > 0 AND case_id = $2`,
			`UPDATE losses SET why = '' WHERE $1 > 0 AND case_id = $2`,
			`DELETE FROM findings WHERE $1 > 0 AND case_id = $2`,
			`DELETE FROM corrections WHERE $1 > 0 AND case_id = $2`,
			`UPDATE cases SET signer = '', letter_file = '', list_file = '', signatures = '', decision = '', held_why = '' WHERE $1 > 0 AND id = $2`,
			`UPDATE notices SET doc = NULL WHERE $1 > 0 AND case_id = $2`,
			// a plan goes with the last of its cases
			`UPDATE plans SET items = '[]', destroyed = $1 WHERE destroyed = 0 AND id IN (SELECT p.plan_id FROM plan_cases p WHERE p.case_id = $2)
				AND NOT EXISTS (SELECT 1 FROM plan_cases q WHERE q.plan_id = plans.id AND q.case_id <> $2
					AND NOT EXISTS (SELECT 1 FROM retention_items i WHERE i.case_id = q.case_id AND i.kind = 'case' AND i.destroyed_at > 0))`,
		}
	case RetentionAccount:
		n, err := tx.exec(ctx, `UPDATE accounts SET name = '', name_key = '', class = '', cohort = '', decision = '' WHERE case_id = $1 AND n = $2 AND state = 'deleted'`, i.CaseID, i.N)
		if err == nil && n != 1 {
			err = bot.Errorf(bot.Conflict, "the account is not a deleted one")
		}
		if err != nil {
			return err
		}
	}
	for _, s := range statements {
		if _, err := tx.exec(ctx, s, listID, i.CaseID); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, `UPDATE retention_items SET destroyed_at = $1, left_why = '' WHERE list_id = $2 AND kind = $3 AND case_id = $4 AND n = $5`,
		micros(tx.Now), listID, string(i.Kind), i.CaseID, i.N)
	return err
}

// destroyDetails leaves of each event of a case all but its detail, and the leaf that the chain needs.
func (tx *Tx) destroyDetails(ctx context.Context, listID, caseID int64) error {
	if err := tx.chain(ctx); err != nil {
		return err
	}
	links, err := list(ctx, tx, scanLink, `SELECT `+linkColumns+` FROM events WHERE case_id = $1 AND leaf = '' ORDER BY id`, caseID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if _, err := tx.exec(ctx, `UPDATE events SET leaf = $1, detail = '{}', salt = '', destroyed = $2 WHERE id = $3`, l.Leaf(), listID, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// Shred makes SQLite overwrite what is deleted, and empties its log: else it lies in the file until something else is written there.
// PostgreSQL does so when it vacuums.
func (db *DB) Shred(ctx context.Context, f func() error) error {
	if db.dialect != sqlite {
		return f()
	}
	if _, err := db.write.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return fmt.Errorf("store: shred: %w", err)
	}
	err := f()
	_, err2 := db.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	_, err3 := db.write.ExecContext(ctx, `PRAGMA secure_delete = OFF`)
	return errors.Join(err, err2, err3)
}
