package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
)

// A NamedHold keeps the account of a person as it is, whatever a list or a plan says: a complaint, a court.
type NamedHold struct {
	ID     int64     `json:"id"`
	Code   string    `json:"code"`
	Reason string    `json:"reason"` // for officers alone
	Added  bot.Stamp `json:"added"`
	Lifted bot.Stamp `json:"lifted,omitzero"`
	Why    string    `json:"why,omitempty"` // it was lifted
}

// AddHold puts a person on hold. One who is on hold already is a bot.Conflict.
func (tx *Tx) AddHold(ctx context.Context, code, reason string, by bot.Actor) error {
	held, err := tx.Held(ctx, []string{code})
	if err != nil {
		return err
	}
	if held[code] {
		return bot.Errorf(bot.Conflict, "%s is on hold already", code)
	}
	_, err = tx.exec(ctx, `INSERT INTO named_holds (code, reason, added_at, added_by) VALUES ($1, $2, $3, $4)`, code, reason, micros(tx.Now), string(by))
	return err
}

// LiftHold ends the hold of a person.
func (tx *Tx) LiftHold(ctx context.Context, code, why string, by bot.Actor) error {
	n, err := tx.exec(ctx, `UPDATE named_holds SET lifted_at = $1, lifted_by = $2, lifted_why = $3 WHERE code = $4 AND lifted_at = 0`, micros(tx.Now), string(by), why, code)
	if err == nil && n == 0 {
		return bot.Errorf(bot.NotFound, "%s is not on hold", code)
	}
	return err
}

// Holds returns who is on hold, and with all also who was.
func (tx *Tx) Holds(ctx context.Context, all bool) ([]NamedHold, error) {
	return list(ctx, tx, func(s scanner) (h NamedHold, err error) {
		var added, lifted int64
		err = s.Scan(&h.ID, &h.Code, &h.Reason, &added, &h.Added.By, &lifted, &h.Lifted.By, &h.Why)
		h.Added.At, h.Lifted.At = instant(added), instant(lifted)
		return h, err
	}, `SELECT id, code, reason, added_at, added_by, lifted_at, lifted_by, lifted_why FROM named_holds WHERE $1 OR lifted_at = 0 ORDER BY id`, all)
}

// Held returns which of the codes are on hold.
func (tx *Tx) Held(ctx context.Context, codes []string) (map[string]bool, error) {
	held := make(map[string]bool)
	for len(codes) > 0 {
		set := codes[:min(500, len(codes))]
		codes = codes[len(set):]
		marks, args := placeholders(set)
		found, err := list(ctx, tx, scanText, `SELECT DISTINCT code FROM named_holds WHERE lifted_at = 0 AND code IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, code := range found {
			held[code] = true
		}
	}
	return held, nil
}

// A RowStop keeps a row of a deletion as it is until an officer has decided.
type RowStop struct {
	N       int       `json:"n"`
	Since   bot.Stamp `json:"since"`
	MailID  int64     `json:"mail_id,omitempty"` // in which the unit asked for it
	Why     string    `json:"why,omitempty"`
	Restore bool      `json:"restore,omitempty"` // decided: access is given back
}

// StopRow stops a row; one that is stopped already stays so, and may become one to be restored.
func (tx *Tx) StopRow(ctx context.Context, caseID int64, s RowStop) error {
	n, err := tx.exec(ctx, `UPDATE row_stops SET restore = restore OR $1 WHERE case_id = $2 AND n = $3 AND ended_at = 0`, s.Restore, caseID, s.N)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO row_stops (case_id, n, at, by, mail_id, why, restore) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		caseID, s.N, micros(tx.Now), string(s.Since.By), s.MailID, s.Why, s.Restore)
	return err
}

// EndStop lets a row go on, or notes that it was restored.
func (tx *Tx) EndStop(ctx context.Context, caseID int64, n int, why string, by bot.Actor) error {
	_, err := tx.exec(ctx, `UPDATE row_stops SET ended_at = $1, ended_by = $2, ended_why = $3 WHERE case_id = $4 AND n = $5 AND ended_at = 0`,
		micros(tx.Now), string(by), why, caseID, n)
	return err
}

// Stops returns the rows of a case that are stopped.
func (tx *Tx) Stops(ctx context.Context, caseID int64) (map[int]RowStop, error) {
	all, err := list(ctx, tx, func(s scanner) (r RowStop, err error) {
		var at int64
		err = s.Scan(&r.N, &at, &r.Since.By, &r.MailID, &r.Why, &r.Restore)
		r.Since.At = instant(at)
		return r, err
	}, `SELECT n, at, by, mail_id, why, restore FROM row_stops WHERE case_id = $1 AND ended_at = 0 ORDER BY n`, caseID)
	stops := make(map[int]RowStop, len(all))
	for _, s := range all {
		stops[s.N] = s
	}
	return stops, err
}

// A stoppedPerson is whom a stop is for, whichever row he has in the list of the moment.
type stoppedPerson struct {
	id   int64
	code string
}

// stopped are the people of a case whose rows are stopped.
func (tx *Tx) stopped(ctx context.Context, caseID int64) ([]stoppedPerson, error) {
	return list(ctx, tx, func(s scanner) (p stoppedPerson, err error) {
		err = s.Scan(&p.id, &p.code)
		return p, err
	}, `SELECT s.id, r.code FROM row_stops s JOIN case_rows r ON r.case_id = s.case_id AND r.n = s.n WHERE s.case_id = $1 AND s.ended_at = 0 ORDER BY s.id`, caseID)
}

// followStops takes stops along to the rows that their people have in a corrected list: a number alone would stop somebody else, and
// let go on whom the unit wants kept. Who is in it no more needs no stop.
func (tx *Tx) followStops(ctx context.Context, stopped []stoppedPerson, rows []bot.Row) error {
	for _, p := range stopped {
		at := slices.IndexFunc(rows, func(r bot.Row) bool { return r.Code == p.code })
		if at < 0 {
			if _, err := tx.exec(ctx, `UPDATE row_stops SET ended_at = $1, ended_by = $2, ended_why = $3 WHERE id = $4`, micros(tx.Now), string(bot.System), "not in the corrected list", p.id); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.exec(ctx, `UPDATE row_stops SET n = $1 WHERE id = $2`, rows[at].N, p.id); err != nil {
			return err
		}
	}
	return nil
}

// KeepSure notes that an officer looked at a list that looks like one of a current class, and that it is meant.
func (tx *Tx) KeepSure(ctx context.Context, c bot.Case, why string, by bot.Actor) error {
	n, err := tx.exec(ctx, `INSERT INTO sure_deletions (case_id, mail_id, at, by, why) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (case_id, mail_id) DO NOTHING`,
		c.ID, c.MailID, micros(tx.Now), string(by), why)
	if err == nil && n == 0 {
		return bot.Errorf(bot.Conflict, "the list of case %s was confirmed already", c.Number)
	}
	return err
}

// Sure says who confirmed the list that a case has now; the zero Stamp: nobody.
func (tx *Tx) Sure(ctx context.Context, c bot.Case) (s bot.Stamp, err error) {
	var at int64
	err = tx.row(ctx, `SELECT at, by FROM sure_deletions WHERE case_id = $1 AND mail_id = $2`, c.ID, c.MailID).Scan(&at, &s.By)
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Stamp{}, nil
	}
	if err != nil {
		return s, fmt.Errorf("store: sure: %w", err)
	}
	s.At = instant(at)
	return s, nil
}

// A Standing is what the register knows of somebody.
type Standing struct {
	Code  string
	Class string // when the account was made
	Gone  bool   // suspended or deleted
}

// Standings returns what the register knows of the codes, by code.
func (tx *Tx) Standings(ctx context.Context, codes []string) (map[string]Standing, error) {
	known := make(map[string]Standing)
	for len(codes) > 0 {
		set := codes[:min(500, len(codes))]
		codes = codes[len(set):]
		marks, args := placeholders(set)
		found, err := list(ctx, tx, func(s scanner) (k Standing, err error) {
			err = s.Scan(&k.Code, &k.Class, &k.Gone)
			return k, err
		}, `SELECT a.code, a.class, a.state IN ('suspended', 'deleted') FROM accounts a WHERE a.code IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, k := range found {
			known[k.Code] = k
		}
	}
	return known, nil
}

// DeletionsPlanned are what the plans of deletions do that were made since then and not dropped, before plan id (0: all of them).
func (tx *Tx) DeletionsPlanned(ctx context.Context, since time.Time, id int64) (items []bot.PlanItem, err error) {
	plans, err := list(ctx, tx, scanPlan, `SELECT `+planColumns+` FROM plans WHERE kind = 'suspend' AND dropped_at = 0 AND made_at >= $1 AND ($2 = 0 OR id < $2) ORDER BY id`, micros(since), id)
	for _, p := range plans {
		items = append(items, p.Items...)
	}
	return items, err
}

// LiveByClass counts the accounts of the register that live, by class.
func (tx *Tx) LiveByClass(ctx context.Context) (classes map[string]int, all int, err error) {
	type count struct {
		class string
		n     int
	}
	counts, err := list(ctx, tx, func(s scanner) (c count, err error) {
		err = s.Scan(&c.class, &c.n)
		return c, err
	}, `SELECT a.class, count(*) FROM accounts a WHERE a.state NOT IN ('suspended', 'deleted') GROUP BY a.class`)
	classes = make(map[string]int, len(counts))
	for _, c := range counts {
		classes[c.class] = c.n
		all += c.n
	}
	return classes, all, err
}

// NoteSuspended enters into the register that an account is suspended, and by what decision. One that vanthu did not make is
// entered now: its code and address are never given again (Q17).
func (tx *Tx) NoteSuspended(ctx context.Context, c bot.Case, r bot.CaseRow) error {
	if _, err := tx.exec(ctx, `INSERT INTO accounts (code, address, name, platform, case_id, n, created_at, state, class, cohort, name_key, origin) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10, 'found')
		ON CONFLICT DO NOTHING`, r.Code, r.Address, r.Name, r.Platform, c.ID, r.N, micros(tx.Now), r.Class, r.Cohort, tx.db.nameKey(r.Name)); err != nil {
		return err
	}
	// An imported one has its first case now: the register's line is destroyed with it one day (section VII).
	if _, err := tx.exec(ctx, `UPDATE accounts SET case_id = $1, n = $2 WHERE code = $3 AND case_id IS NULL`, c.ID, r.N, r.Code); err != nil {
		return err
	}
	if err := tx.MoveAccount(ctx, r.Code, bot.AccountSuspended); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE accounts SET decision = $1, delete_case = $2 WHERE code = $3`, r.Decision, c.ID, r.Code)
	return err
}

// NoteRestored enters that an account lives again, and that no dismissal stands against its holder. Whether its initial password was
// changed the platform says later; of one that vanthu did not make, which its suspension entered, nobody asks.
func (tx *Tx) NoteRestored(ctx context.Context, code string) error {
	state := bot.AccountHandedOut
	var ours bool
	err := tx.row(ctx, `SELECT origin = 'made' FROM accounts WHERE code = $1`, code).Scan(&ours)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: account: %w", err)
	}
	if !ours {
		state = bot.AccountActive
	}
	if err := tx.MoveAccount(ctx, code, state); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE accounts SET decision = '', delete_case = 0 WHERE code = $1`, code)
	return err
}

// SuspendedSince is when the register says that an account was suspended; zero: it does not.
func (tx *Tx) SuspendedSince(ctx context.Context, code string) (time.Time, error) {
	var at int64
	err := tx.row(ctx, `SELECT suspended_at FROM accounts WHERE code = $1`, code).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("store: account: %w", err)
	}
	return instant(at), nil
}

// free is a row that nothing stops.
const free = `NOT EXISTS (SELECT 1 FROM row_stops s WHERE s.case_id = r.case_id AND s.n = r.n AND s.ended_at = 0)
	AND NOT EXISTS (SELECT 1 FROM named_holds h WHERE h.code = r.code AND h.lifted_at = 0)`

// inHand is a row of which another admin is to do something: who reads what came of it wakes the case (decision 37).
const inHand = `EXISTS (SELECT 1 FROM bundle_rows b WHERE b.case_id = r.case_id AND b.n = r.n AND b.state IN ('gathered', 'bundled'))`

// workable says whether something can be done for the rows of a case, or all has been done for them: not when each is in another admin's hands.
func workable(rows string) string {
	of := `EXISTS (SELECT 1 FROM case_rows r WHERE r.case_id = c.id AND ` + rows + ` AND ` + free
	return `(` + of + ` AND NOT ` + inHand + `) OR NOT ` + of + `))`
}

const (
	toSuspend = `r.ok AND r.state IN ('good', 'warned')`
	toErase   = `r.state = 'suspended'`
)

// ToSuspend returns the deletions in which an account is to be suspended now: those that begin, and those in which somebody was
// on hold and is so no more.
func (tx *Tx) ToSuspend(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT c.id FROM cases c WHERE c.state = 'suspending' AND `+workable(toSuspend)+` OR c.state = 'suspended' AND c.held_at = 0
		AND EXISTS (SELECT 1 FROM case_rows r WHERE r.case_id = c.id AND `+toSuspend+` AND `+free+` AND NOT `+inHand+`) ORDER BY c.id`)
}

// ToErase returns the deletions whose window is over and in which somebody can be erased, or nobody is left.
func (tx *Tx) ToErase(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT c.id FROM cases c WHERE c.state = 'erasing' AND `+workable(toErase)+` OR c.state = 'suspended' AND c.held_at = 0 AND c.erase_at <= $1
		AND (EXISTS (SELECT 1 FROM case_rows r WHERE r.case_id = c.id AND `+toErase+` AND `+free+`)
			OR NOT EXISTS (SELECT 1 FROM case_rows r WHERE r.case_id = c.id AND r.ok AND r.state IN ('good', 'warned', 'suspended'))) ORDER BY c.id`, micros(tx.Now))
}

// ToRestore returns the deletions in which an officer gave somebody's access back, and of which the unit was not told yet.
func (tx *Tx) ToRestore(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT DISTINCT s.case_id FROM row_stops s JOIN case_rows r ON r.case_id = s.case_id AND r.n = s.n
		WHERE s.ended_at = 0 AND s.restore AND r.state IN ('good', 'warned', 'suspended', 'restored') ORDER BY s.case_id`)
}

// DeletionsOf returns the deletions of a unit that are being carried out and have one of the codes.
func (tx *Tx) DeletionsOf(ctx context.Context, unit string, codes []string) ([]bot.Case, error) {
	marks, args := placeholders(codes)
	return list(ctx, tx, scanCase, fmt.Sprintf(`SELECT `+caseColumns+` FROM cases c WHERE c.kind = 'deletion_request' AND c.state IN ('received', 'waiting_unit', 'in_work', 'suspending', 'suspended', 'erasing')
		AND c.unit = $%d AND EXISTS (SELECT 1 FROM case_rows r WHERE r.case_id = c.id AND r.code IN (%s)) ORDER BY c.id`, len(args)+1, marks), append(args, unit)...)
}
