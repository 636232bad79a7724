package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"vanthu/bot"
)

// Known returns, for a set of student codes, the accounts of the register and the open cases that ask for them, other
// than the case itself, always in the same order. Codes are asked for in sets: one by one costs several times more.
func (tx *Tx) Known(ctx context.Context, codes []string, except int64) (map[string][]bot.Existing, error) {
	known := make(map[string][]bot.Existing)
	for len(codes) > 0 {
		set := codes[:min(500, len(codes))]
		codes = codes[len(set):]
		marks, args := placeholders(set)
		accounts, err := list(ctx, tx, scanExisting, `SELECT code, name, address, created_at, '', state, CASE WHEN deleted_at > 0 THEN deleted_at ELSE suspended_at END, decision FROM accounts WHERE code IN (`+marks+`) ORDER BY code`, args...)
		if err != nil {
			return nil, err
		}
		// CROSS JOIN keeps SQLite from beginning with all open cases: the codes are few.
		open, err := list(ctx, tx, scanExisting, fmt.Sprintf(`SELECT r.code, r.name, r.address, 0, c.number, '', 0, CASE WHEN c.kind = 'deletion_request' THEN c.decision ELSE '' END FROM case_rows r CROSS JOIN cases c
			WHERE c.id = r.case_id AND r.code IN (%s) AND r.ok AND c.id <> $%d AND r.state IN ('good', 'warned')
			AND c.state IN ('received', 'waiting_unit', 'in_work', 'creating', 'suspending') ORDER BY c.id, r.n`, marks, len(args)+1), append(args, except)...)
		if err != nil {
			return nil, err
		}
		for _, e := range append(accounts, open...) {
			known[e.Code] = append(known[e.Code], e)
		}
	}
	return known, nil
}

// KnownAt returns who in the register has or had an address, by address in lower case.
func (tx *Tx) KnownAt(ctx context.Context, addresses []string) (map[string]bot.Existing, error) {
	known := make(map[string]bot.Existing)
	for set := range chunks(addresses) {
		marks, args := placeholders(set)
		accounts, err := list(ctx, tx, scanExisting, `SELECT code, name, address, created_at, '', state, CASE WHEN deleted_at > 0 THEN deleted_at ELSE suspended_at END, decision FROM accounts WHERE lower(address) IN (`+marks+`) ORDER BY code`, args...)
		if err != nil {
			return nil, err
		}
		for _, e := range accounts {
			known[strings.ToLower(e.Address)] = e
		}
	}
	return known, nil
}

func scanExisting(s scanner) (bot.Existing, error) {
	var e bot.Existing
	var since, changed int64
	err := s.Scan(&e.Code, &e.Name, &e.Address, &since, &e.Case, &e.State, &changed, &e.Decision)
	e.Since, e.Changed = instant(since), instant(changed)
	return e, err
}

func placeholders(values []string) (marks string, args []any) {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+1)
		args = append(args, v)
	}
	return b.String(), args
}

// AddAccount enters an account into the register. An account of the same case and row that is there already is left. One that an import
// has just found on the platform, between its making and this, becomes that of its row: who calls has read back our marker on it.
func (tx *Tx) AddAccount(ctx context.Context, r bot.CaseRow) error {
	n, err := tx.exec(ctx, `INSERT INTO accounts (code, address, name, platform, case_id, n, created_at, user_name, class, cohort, name_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (code) DO NOTHING`, r.Code, r.Address, r.Name, r.Platform, r.CaseID, r.N, micros(tx.Now), strings.ToLower(r.User), r.Class, r.Cohort, tx.db.nameKey(r.Name))
	if err != nil {
		return err
	}
	if n == 1 {
		return tx.turnName(ctx, r.Code, r.Address)
	}
	n, err = tx.exec(ctx, `UPDATE accounts SET name = $3, platform = $4, case_id = $5, n = $6, created_at = $7, user_name = $8, class = $9, cohort = $10, name_key = $11,
		state = 'new', suspended_at = 0, origin = 'made' WHERE code = $1 AND lower(address) = lower($2) AND case_id IS NULL AND origin = 'imported' AND state <> 'deleted'`,
		r.Code, r.Address, r.Name, r.Platform, r.CaseID, r.N, micros(tx.Now), strings.ToLower(r.User), r.Class, r.Cohort, tx.db.nameKey(r.Name))
	if err != nil {
		return err
	}
	if n == 1 {
		return tx.turnName(ctx, r.Code, r.Address)
	}
	var caseID sql.NullInt64 // none of an imported one
	var row int
	if err := tx.row(ctx, `SELECT case_id, n FROM accounts WHERE code = $1`, r.Code).Scan(&caseID, &row); err != nil {
		return fmt.Errorf("store: account: %w", err)
	}
	if caseID.Int64 != r.CaseID || row != r.N {
		return bot.Errorf(bot.Conflict, "student code %s has an account in the register already", r.Code)
	}
	return nil
}

// MoveLiving notes what has become of the password of an account. Of one that is suspended or deleted by now nothing is noted: that it
// is so stays in the register until it is restored, or its erasure could not be entered.
func (tx *Tx) MoveLiving(ctx context.Context, code string, to bot.AccountState) error {
	var from bot.AccountState
	err := tx.row(ctx, `SELECT state FROM accounts WHERE code = $1`, code).Scan(&from)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("store: account: %w", err)
	case from == bot.AccountSuspended, from == bot.AccountDeleted:
		return nil
	}
	if err := bot.MoveAccount(from, to); err != nil {
		return err
	}
	// It may be suspended in this moment, by another process.
	_, err = tx.exec(ctx, `UPDATE accounts SET state = $1 WHERE code = $2 AND state NOT IN ('suspended', 'deleted')`, string(to), code)
	return err
}

// MoveAccount notes in the register what has become of an account; one that is not there is left alone (the platform knows more
// accounts than vanthu made). It refuses a move that is not drawn (bot.AccountArrows).
func (tx *Tx) MoveAccount(ctx context.Context, code string, to bot.AccountState) error {
	var from bot.AccountState
	var suspended, deleted int64
	err := tx.row(ctx, `SELECT state, suspended_at, deleted_at FROM accounts WHERE code = $1`, code).Scan(&from, &suspended, &deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: account: %w", err)
	}
	if err := bot.MoveAccount(from, to); err != nil {
		return err
	}
	if from == to {
		return nil
	}
	switch to {
	case bot.AccountSuspended:
		suspended = micros(tx.Now)
	case bot.AccountDeleted:
		deleted = micros(tx.Now)
	case bot.AccountLives, bot.AccountNew, bot.AccountHandedOut, bot.AccountActive:
		suspended = 0
	}
	_, err = tx.exec(ctx, `UPDATE accounts SET state = $1, suspended_at = $2, deleted_at = $3 WHERE code = $4`, string(to), suspended, deleted, code)
	return err
}

// HandedOut returns accounts whose initial password is with the unit, after a code, in order; at most that many.
func (tx *Tx) HandedOut(ctx context.Context, after string, most int) ([]bot.CaseRow, error) {
	return list(ctx, tx, func(s scanner) (bot.CaseRow, error) {
		var r bot.CaseRow
		err := s.Scan(&r.Code, &r.CaseID, &r.N)
		return r, err
	}, `SELECT code, coalesce(case_id, 0), n FROM accounts WHERE state = 'waits_for_password' AND code > $1 ORDER BY code LIMIT $2`, after, most)
}

// Accounts returns the register.
func (tx *Tx) Accounts(ctx context.Context) ([]bot.Existing, error) {
	return list(ctx, tx, scanExisting, `SELECT a.code, a.name, a.address, a.created_at, coalesce(c.number, ''), a.state, CASE WHEN a.deleted_at > 0 THEN a.deleted_at ELSE a.suspended_at END, a.decision FROM accounts a LEFT JOIN cases c ON c.id = a.case_id ORDER BY a.code`)
}

// KeepSecret stores a sealed password once; a later try finds the first one.
func (tx *Tx) KeepSecret(ctx context.Context, caseID int64, n int, sealed []byte) error {
	_, err := tx.exec(ctx, `INSERT INTO secrets (case_id, n, sealed, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (case_id, n) DO NOTHING`,
		caseID, n, sealed, micros(tx.Now))
	return err
}

// ReplaceSecret seals another password for a row: the platform invented one of its own.
func (tx *Tx) ReplaceSecret(ctx context.Context, caseID int64, n int, sealed []byte) error {
	_, err := tx.exec(ctx, `UPDATE secrets SET sealed = $1, made_at = $2 WHERE case_id = $3 AND n = $4`, sealed, micros(tx.Now), caseID, n)
	return err
}

// Secrets returns the sealed passwords of a case by row.
func (tx *Tx) Secrets(ctx context.Context, caseID int64) (map[int][]byte, error) {
	return tx.SecretsOf(ctx, caseID, 0, math.MaxInt32)
}

// SecretsOf returns those of the rows from first to last.
func (tx *Tx) SecretsOf(ctx context.Context, caseID int64, first, last int) (map[int][]byte, error) {
	type secret struct {
		n      int
		sealed []byte
	}
	all, err := list(ctx, tx, func(s scanner) (secret, error) {
		var v secret
		err := s.Scan(&v.n, &v.sealed)
		return v, err
	}, `SELECT n, sealed FROM secrets WHERE case_id = $1 AND n BETWEEN $2 AND $3`, caseID, first, last)
	secrets := make(map[int][]byte, len(all))
	for _, v := range all {
		secrets[v.n] = v.sealed
	}
	return secrets, err
}

// ForgetSecrets erases the sealed passwords of a case (FR-32).
func (tx *Tx) ForgetSecrets(ctx context.Context, caseID int64) error {
	_, err := tx.exec(ctx, `DELETE FROM secrets WHERE case_id = $1`, caseID)
	return err
}
