package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"vanthu/bot"
)

const caseColumns = `c.id, c.number, c.procedure, c.edition, c.kind, c.unit, c.state, c.version, c.reason, c.letter_date, c.signer, c.letter_file,
	c.list_file, c.mail_id, c.received_at, c.checked_at, c.checked_by, c.planned_at, c.planned_by, c.plan_id, c.updated_at,
	c.token, c.list_hash, c.letter_hash, c.evidence, c.signatures, c.owner, c.held_at, c.held_by, c.held_why, c.promised_at, c.supersedes,
	c.decision, c.decision_date, c.erase_at`

func scanCase(s scanner) (bot.Case, error) {
	var c bot.Case
	var received, checked, planned, updated, held, promised, erase int64
	var signatures string
	err := s.Scan(&c.ID, &c.Number, &c.Procedure, &c.Edition, &c.Kind, &c.Unit, &c.State, &c.Version, &c.Reason, &c.LetterDate, &c.Signer,
		&c.LetterFile, &c.ListFile, &c.MailID, &received, &checked, &c.Checked.By, &planned, &c.Planned.By, &c.PlanID, &updated,
		&c.Token, &c.ListHash, &c.LetterHash, &c.Evidence, &signatures, &c.Owner, &held, &c.Held.By, &c.HeldWhy, &promised, &c.Supersedes,
		&c.Decision, &c.DecisionDate, &erase)
	c.ReceivedAt, c.Checked.At, c.Planned.At, c.UpdatedAt = instant(received), instant(checked), instant(planned), instant(updated)
	c.Held.At, c.Promised, c.EraseAt = instant(held), instant(promised), instant(erase)
	if err == nil && signatures != "" {
		err = json.Unmarshal([]byte(signatures), &c.Signatures)
	}
	return c, err
}

func signaturesOf(c bot.Case) string {
	if len(c.Signatures) == 0 {
		return ""
	}
	text, err := json.Marshal(c.Signatures)
	if err != nil { // texts and times; a time beyond the year 9999 alone cannot be written
		return ""
	}
	return string(text)
}

// ErrStale is within the bot.Conflict of a case that has changed since it was read: looking again may help.
var ErrStale = errors.New("store: the case has changed meanwhile")

func stale(c bot.Case) error {
	return &bot.Error{Code: bot.Conflict, Err: ErrStale, Message: fmt.Sprintf("case %s was changed by somebody else meanwhile; look at it again", c.Number)}
}

// AddCase opens a case and returns it with its id. c.Number must have been kept by KeepNumber.
func (tx *Tx) AddCase(ctx context.Context, c bot.Case) (bot.Case, error) {
	c.Version, c.UpdatedAt = 1, tx.Now
	err := tx.row(ctx, `INSERT INTO cases (number, procedure, edition, kind, unit, state, reason, letter_date, signer, letter_file,
		list_file, mail_id, received_at, updated_at, token, list_hash, letter_hash, evidence, signatures, owner, promised_at, supersedes,
		decision, decision_date)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) RETURNING id`,
		c.Number, c.Procedure, c.Edition, string(c.Kind), c.Unit, string(c.State), c.Reason, c.LetterDate, c.Signer, c.LetterFile, c.ListFile,
		c.MailID, micros(c.ReceivedAt), micros(tx.Now), c.Token, c.ListHash, c.LetterHash, string(c.Evidence), signaturesOf(c),
		c.Owner, micros(c.Promised), c.Supersedes, c.Decision, c.DecisionDate).Scan(&c.ID)
	if err != nil {
		return c, fmt.Errorf("store: add case: %w", err)
	}
	return c, nil
}

// SaveCase writes what may change of a case. It refuses when the case has changed since c was read (ErrStale), or when the arrow to
// its new state is not drawn.
func (tx *Tx) SaveCase(ctx context.Context, c bot.Case) (bot.Case, error) {
	old, err := tx.Case(ctx, c.ID)
	if err != nil {
		return c, err
	}
	if old.Version != c.Version {
		return c, stale(c)
	}
	if old.State != c.State {
		if err := bot.Move(old.Kind, old.State, c.State); err != nil {
			return c, err
		}
	}
	n, err := tx.exec(ctx, `UPDATE cases SET state = $1, reason = $2, letter_date = $3, signer = $4, letter_file = $5, list_file = $6, mail_id = $7,
		checked_at = $8, checked_by = $9, planned_at = $10, planned_by = $11, plan_id = $12, updated_at = $13, received_at = $14, list_hash = $15, letter_hash = $16,
		evidence = $17, signatures = $18, owner = $19, held_at = $20, held_by = $21, held_why = $22, promised_at = $23, supersedes = $24,
		decision = $25, decision_date = $26, erase_at = $27,
		version = version + 1 WHERE id = $28 AND version = $29`,
		string(c.State), c.Reason, c.LetterDate, c.Signer, c.LetterFile, c.ListFile, c.MailID, micros(c.Checked.At), string(c.Checked.By),
		micros(c.Planned.At), string(c.Planned.By), c.PlanID, micros(tx.Now), micros(c.ReceivedAt),
		c.ListHash, c.LetterHash, string(c.Evidence), signaturesOf(c),
		c.Owner, micros(c.Held.At), string(c.Held.By), c.HeldWhy, micros(c.Promised), c.Supersedes, c.Decision, c.DecisionDate, micros(c.EraseAt), c.ID, c.Version)
	if err != nil {
		return c, err
	}
	if n == 0 {
		return c, stale(c)
	}
	c.Version++
	c.UpdatedAt = tx.Now
	return c, nil
}

// Case returns a case by its id.
func (tx *Tx) Case(ctx context.Context, id int64) (bot.Case, error) {
	return tx.oneCase(ctx, fmt.Sprint(id), `c.id = $1`, id)
}

// CaseByNumber returns a case by its number, "YC-2026-0042".
func (tx *Tx) CaseByNumber(ctx context.Context, number string) (bot.Case, error) {
	return tx.oneCase(ctx, number, `c.number = $1`, number)
}

func (tx *Tx) oneCase(ctx context.Context, name, where string, arg any) (bot.Case, error) {
	c, err := scanCase(tx.row(ctx, `SELECT `+caseColumns+` FROM cases c WHERE `+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Case{}, bot.Errorf(bot.NotFound, "there is no case %s", name)
	}
	if err != nil {
		return bot.Case{}, fmt.Errorf("store: case: %w", err)
	}
	return c, nil
}

// Cases returns the cases in order, those in the state, or all for "".
func (tx *Tx) Cases(ctx context.Context, state bot.State) ([]bot.Case, error) {
	if state == "" {
		return list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c ORDER BY c.id`)
	}
	return list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c WHERE c.state = $1 ORDER BY c.id`, string(state))
}

// AllOpen returns the cases that still ask for something, in order. The states are named, not those that are left out: the index
// finds the few among all that were closed.
func (tx *Tx) AllOpen(ctx context.Context) ([]bot.Case, error) {
	return list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c WHERE c.state IN ('received', 'waiting_unit', 'in_work', 'creating', 'created', 'delivered',
		'received_by_unit', 'handed_over', 'suspending', 'suspended', 'erasing') ORDER BY c.id`)
}

// CasesOfPlan returns the cases that a plan holds.
func (tx *Tx) CasesOfPlan(ctx context.Context, planID int64) ([]bot.Case, error) {
	return list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c WHERE c.plan_id = $1 ORDER BY c.id`, planID)
}

// CaseOfAnswer returns the case of the answer with that Message-ID, for References and In-Reply-To of a reply.
func (tx *Tx) CaseOfAnswer(ctx context.Context, messageID string) (bot.Case, bool, error) {
	cases, err := list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c JOIN outbox o ON o.case_id = c.id WHERE o.message_id = $1`, messageID)
	if err != nil || len(cases) == 0 {
		return bot.Case{}, false, err
	}
	return cases[0], true, nil
}

// SetRows replaces the rows and findings of a case. Rows that have become accounts are never replaced.
func (tx *Tx) SetRows(ctx context.Context, caseID int64, rows []bot.Row, findings []bot.Finding) error {
	var made int
	if err := tx.row(ctx, `SELECT count(*) FROM case_rows WHERE case_id = $1 AND state NOT IN ('good', 'warned', 'bad')`, caseID).Scan(&made); err != nil {
		return fmt.Errorf("store: rows: %w", err)
	}
	if made > 0 {
		return bot.Errorf(bot.Conflict, "what case rows ask for has been done already")
	}
	stopped, err := tx.stopped(ctx, caseID)
	if err != nil {
		return err
	}
	for _, table := range []string{"case_rows", "findings"} {
		if _, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE case_id = $1`, caseID); err != nil {
			return err
		}
	}
	warned := make(map[int]bool)
	for _, f := range findings {
		warned[f.N] = warned[f.N] || f.N > 0
	}
	insertRow, err := tx.tx.PrepareContext(ctx, `INSERT INTO case_rows (case_id, n, stt, code, name, class, cohort, note, monitor, file, sheet, line, cells, ok, state, decision, decision_date, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`)
	if err != nil {
		return fmt.Errorf("store: rows: %w", err)
	}
	defer insertRow.Close()
	for _, r := range rows {
		cells, err := json.Marshal(r.Cells)
		if err != nil {
			return fmt.Errorf("store: rows: %w", err)
		}
		state := bot.RowGood
		switch {
		case !r.OK:
			state = bot.RowBad
		case warned[r.N]:
			state = bot.RowWarned
		}
		if _, err := insertRow.ExecContext(ctx, storable([]any{caseID, r.N, r.STT, short(r.Code, longestID), r.Name, r.Class, r.Cohort, r.Note, r.Monitor, r.File, r.Sheet,
			r.Line, string(cells), r.OK, string(state), r.Decision, r.DecisionDate, r.Account})...); err != nil {
			return fmt.Errorf("store: rows: %w", err)
		}
	}
	if err := tx.followStops(ctx, stopped, rows); err != nil {
		return err
	}
	return tx.addFindings(ctx, caseID, findings)
}

func (tx *Tx) addFindings(ctx context.Context, caseID int64, findings []bot.Finding) error {
	for i, f := range findings {
		args, err := json.Marshal(f.Args)
		if err != nil {
			return fmt.Errorf("store: findings: %w", err)
		}
		if _, err := tx.exec(ctx, `INSERT INTO findings (case_id, seq, rule, severity, n, file, sheet, cell, value, args) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			caseID, i+1, f.Rule, string(f.Severity), f.N, f.File, f.Sheet, f.Cell, f.Value, string(args)); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns the rows of a case in the sender's order.
func (tx *Tx) Rows(ctx context.Context, caseID int64) ([]bot.CaseRow, error) {
	return list(ctx, tx, scanRow, `SELECT `+rowColumns+` FROM case_rows WHERE case_id = $1 ORDER BY n`, caseID)
}

const rowColumns = `case_id, n, stt, code, name, class, cohort, note, monitor, file, sheet, line, cells, ok, state, address, platform, created_at, said, handed_at, handed_by, decision, decision_date, user_name`

func scanRow(s scanner) (bot.CaseRow, error) {
	var r bot.CaseRow
	var cells string
	var created, handed int64
	err := s.Scan(&r.CaseID, &r.N, &r.STT, &r.Code, &r.Name, &r.Class, &r.Cohort, &r.Note, &r.Monitor, &r.File, &r.Sheet, &r.Line, &cells,
		&r.OK, &r.State, &r.Address, &r.Platform, &created, &r.Said, &handed, &r.HandedOver.By, &r.Decision, &r.DecisionDate, &r.User)
	if err != nil {
		return r, err
	}
	r.CreatedAt, r.HandedOver.At = instant(created), instant(handed)
	return r, json.Unmarshal([]byte(cells), &r.Cells)
}

// SaveRow writes what has been made of a row. It refuses a move that is not drawn (bot.RowArrows).
func (tx *Tx) SaveRow(ctx context.Context, r bot.CaseRow) error {
	old, err := tx.Row(ctx, r.CaseID, r.N)
	if err != nil {
		return err
	}
	if err := bot.MoveRow(old.State, r.State); err != nil {
		return fmt.Errorf("row %d: %w", r.N, err)
	}
	_, err = tx.exec(ctx, `UPDATE case_rows SET state = $1, ok = $2, address = $3, platform = $4, created_at = $5, said = $6,
		handed_at = $7, handed_by = $8, user_name = $9 WHERE case_id = $10 AND n = $11`,
		string(r.State), r.OK, r.Address, r.Platform, micros(r.CreatedAt), r.Said, micros(r.HandedOver.At), string(r.HandedOver.By), r.User, r.CaseID, r.N)
	return err
}

// Findings returns what the rules said of a case, in the order of places.
func (tx *Tx) Findings(ctx context.Context, caseID int64) ([]bot.Finding, error) {
	return list(ctx, tx, func(s scanner) (bot.Finding, error) {
		var f bot.Finding
		var args string
		if err := s.Scan(&f.Rule, &f.Severity, &f.N, &f.File, &f.Sheet, &f.Cell, &f.Value, &args); err != nil {
			return f, err
		}
		return f, json.Unmarshal([]byte(args), &f.Args)
	}, `SELECT rule, severity, n, file, sheet, cell, value, args FROM findings WHERE case_id = $1 ORDER BY seq`, caseID)
}

// Row returns one row of a case.
func (tx *Tx) Row(ctx context.Context, caseID int64, n int) (bot.CaseRow, error) {
	r, err := scanRow(tx.row(ctx, `SELECT `+rowColumns+` FROM case_rows WHERE case_id = $1 AND n = $2`, caseID, n))
	if errors.Is(err, sql.ErrNoRows) {
		return r, bot.Errorf(bot.NotFound, "this case has no row %d", n)
	}
	if err != nil {
		return r, fmt.Errorf("store: row: %w", err)
	}
	return r, nil
}
