package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
)

// BundleRowState is how far a row of the offline platform is.
type BundleRowState string

// The states of a row: asked for, in a bundle, shown by a result, refused by the platform, or taken out again.
const (
	RowGathered BundleRowState = "gathered"
	RowBundled  BundleRowState = "bundled"
	RowDone     BundleRowState = "done"
	RowRefused  BundleRowState = "refused"
	RowVoid     BundleRowState = "void"
)

// A Bundle is what another admin is to carry out, as files.
type Bundle struct {
	ID       int64     `json:"-"`
	Number   string    `json:"number"`
	PlanID   int64     `json:"-"`
	Plan     string    `json:"plan"`
	PlanHash string    `json:"plan_hash"`
	Form     string    `json:"form"`
	State    string    `json:"state"` // "open", "closed", "void"
	Sums     string    `json:"sums"`  // SHA-256 of the signed SHA256SUMS
	MadeAt   time.Time `json:"made_at"`
	Exported bot.Stamp `json:"exported,omitzero"` // the first time
	Ended    bot.Stamp `json:"ended,omitzero"`
	Why      string    `json:"why,omitempty"`

	Waits   int `json:"waits"` // rows of which no result has been read
	Done    int `json:"done"`
	Refused int `json:"refused"`
	Void    int `json:"void"`
}

// A BundleRow is the intent that an account be made by another admin, written before anything is handed over.
type BundleRow struct {
	ID      int64          `json:"-"`
	CaseID  int64          `json:"-"`
	Case    string         `json:"case"`
	N       int            `json:"row"`
	PlanID  int64          `json:"-"`
	Code    string         `json:"code"`
	Name    string         `json:"-"`
	Class   string         `json:"-"`
	Cohort  string         `json:"-"`
	User    string         `json:"user"`
	Address string         `json:"address"`
	Bundle  string         `json:"bundle,omitempty"` // "" in none yet
	State   BundleRowState `json:"state"`
	Said    string         `json:"said,omitempty"`
	At      time.Time      `json:"at"`    // asked for
	Since   time.Time      `json:"since"` // of the bundle
}

const bundleRowColumns = `b.id, b.case_id, c.number, b.n, b.plan_id, r.code, r.name, r.class, r.cohort, b.user_name, b.address, coalesce(p.number, ''), b.state, b.said, b.at, coalesce(p.made_at, 0)`

const bundleRowTables = ` FROM bundle_rows b JOIN cases c ON c.id = b.case_id JOIN case_rows r ON r.case_id = b.case_id AND r.n = b.n LEFT JOIN bundles p ON p.id = b.bundle_id `

func scanBundleRow(s scanner) (BundleRow, error) {
	var r BundleRow
	var at, since int64
	err := s.Scan(&r.ID, &r.CaseID, &r.Case, &r.N, &r.PlanID, &r.Code, &r.Name, &r.Class, &r.Cohort, &r.User, &r.Address, &r.Bundle, &r.State, &r.Said, &at, &since)
	r.At, r.Since = instant(at), instant(since)
	return r, err
}

// GatherRow writes down that a row is wanted, once, and returns it as it stands; taken: another row wants the address.
func (tx *Tx) GatherRow(ctx context.Context, caseID int64, n int, planID int64, user, address string) (r BundleRow, taken bool, err error) {
	find := func() (BundleRow, error) {
		return scanBundleRow(tx.row(ctx, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.case_id = $1 AND b.n = $2 AND b.state <> 'void'`, caseID, n))
	}
	if r, err = find(); !errors.Is(err, sql.ErrNoRows) {
		return r, false, err
	}
	added, err := tx.exec(ctx, `INSERT INTO bundle_rows (case_id, n, plan_id, user_name, address, state, at) VALUES ($1, $2, $3, $4, $5, 'gathered', $6) ON CONFLICT DO NOTHING`,
		caseID, n, planID, user, address, micros(tx.Now))
	if err != nil {
		return r, false, err
	}
	if r, err = find(); added == 0 && errors.Is(err, sql.ErrNoRows) {
		return r, true, nil
	}
	return r, false, err
}

// Gathered returns the rows of a plan that stand in no bundle yet, in the order of cases and rows.
func (tx *Tx) Gathered(ctx context.Context, planID int64) ([]BundleRow, error) {
	return list(ctx, tx, scanBundleRow, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.plan_id = $1 AND b.state = 'gathered' ORDER BY b.case_id, b.n`, planID)
}

// ToBundle returns the plans with rows in no bundle, the last of which was asked for before then; not those that an officer has stopped.
func (tx *Tx) ToBundle(ctx context.Context, before time.Time) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT plan_id FROM bundle_rows WHERE state = 'gathered'
		AND NOT EXISTS (SELECT 1 FROM plans p WHERE p.id = bundle_rows.plan_id AND p.paused_at > 0) GROUP BY plan_id HAVING max(at) <= $1 ORDER BY plan_id`, micros(before))
}

// NextBundle gives the next number.
func (tx *Tx) NextBundle(ctx context.Context) (string, error) { return tx.nextNumber(ctx, "GT") }

// A BundleFile is one file of a bundle.
type BundleFile struct {
	Name string
	Data []byte
}

// AddBundle keeps a bundle with its files and puts the rows into it. It refuses when one of them is not gathered any more.
func (tx *Tx) AddBundle(ctx context.Context, b Bundle, files []BundleFile, rows []BundleRow) error {
	if err := tx.row(ctx, `INSERT INTO bundles (number, plan_id, form, sums, made_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
		b.Number, b.PlanID, b.Form, b.Sums, micros(tx.Now)).Scan(&b.ID); err != nil {
		return fmt.Errorf("store: bundle: %w", err)
	}
	for i, f := range files {
		if _, err := tx.exec(ctx, `INSERT INTO bundle_files (bundle_id, seq, name, data) VALUES ($1, $2, $3, $4)`, b.ID, i, f.Name, f.Data); err != nil {
			return err
		}
	}
	cases := make(map[int64]int)
	for _, r := range rows {
		n, err := tx.exec(ctx, `UPDATE bundle_rows SET bundle_id = $1, state = 'bundled' WHERE id = $2 AND state = 'gathered'`, b.ID, r.ID)
		if err == nil && n != 1 {
			err = bot.Errorf(bot.Conflict, "row %d of case %s is in another bundle by now", r.N, r.Case)
		}
		if err != nil {
			return err
		}
		cases[r.CaseID]++
	}
	for _, r := range rows { // in their order: one event for each case
		n, ok := cases[r.CaseID]
		if !ok {
			continue
		}
		delete(cases, r.CaseID)
		if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: r.CaseID, Plan: b.PlanID, What: "bundle_made",
			Detail: map[string]string{"bundle": b.Number, "rows": fmt.Sprint(n), "sha256": b.Sums}}); err != nil {
			return err
		}
	}
	return nil
}

const bundleColumns = `p.id, p.number, p.plan_id, k.number, k.hash, p.form, p.state, p.sums, p.made_at, p.exported_at, p.exported_by, p.ended_at, p.ended_by, p.why,
	(SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'bundled'), (SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'done'),
	(SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'refused'), (SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'void')
	FROM bundles p JOIN plans k ON k.id = p.plan_id`

func scanBundle(s scanner) (Bundle, error) {
	var b Bundle
	var made, exported, ended int64
	err := s.Scan(&b.ID, &b.Number, &b.PlanID, &b.Plan, &b.PlanHash, &b.Form, &b.State, &b.Sums, &made, &exported, &b.Exported.By, &ended, &b.Ended.By, &b.Why,
		&b.Waits, &b.Done, &b.Refused, &b.Void)
	b.MadeAt, b.Exported.At, b.Ended.At = instant(made), instant(exported), instant(ended)
	return b, err
}

// Bundles returns the bundles in order; open: those alone that are not ended.
func (tx *Tx) Bundles(ctx context.Context, open bool) ([]Bundle, error) {
	return list(ctx, tx, scanBundle, `SELECT `+bundleColumns+` WHERE NOT $1 OR p.state = 'open' ORDER BY p.id`, open)
}

// Bundle returns a bundle by its number.
func (tx *Tx) Bundle(ctx context.Context, number string) (Bundle, error) {
	b, err := scanBundle(tx.row(ctx, `SELECT `+bundleColumns+` WHERE p.number = $1`, number))
	if errors.Is(err, sql.ErrNoRows) {
		return b, bot.Errorf(bot.NotFound, "there is no bundle %s", number)
	}
	if err != nil {
		return b, fmt.Errorf("store: bundle: %w", err)
	}
	return b, nil
}

// BundleRows returns the rows of a bundle in the order of its file.
func (tx *Tx) BundleRows(ctx context.Context, bundleID int64) ([]BundleRow, error) {
	return list(ctx, tx, scanBundleRow, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.bundle_id = $1 ORDER BY b.case_id, b.n`, bundleID)
}

// BundleFiles returns the files of an open bundle.
func (tx *Tx) BundleFiles(ctx context.Context, bundleID int64) ([]BundleFile, error) {
	return list(ctx, tx, func(s scanner) (f BundleFile, err error) {
		err = s.Scan(&f.Name, &f.Data)
		return f, err
	}, `SELECT name, data FROM bundle_files WHERE bundle_id = $1 ORDER BY seq`, bundleID)
}

// NoteExport notes that the files of a bundle were taken out.
func (tx *Tx) NoteExport(ctx context.Context, b Bundle, by bot.Actor) error {
	if _, err := tx.exec(ctx, `UPDATE bundles SET exported_at = $1, exported_by = $2 WHERE id = $3 AND exported_at = 0`, micros(tx.Now), string(by), b.ID); err != nil {
		return err
	}
	return tx.AddEvent(ctx, bot.Event{Actor: by, Plan: b.PlanID, What: "bundle_exported", Detail: map[string]string{"bundle": b.Number, "sha256": b.Sums}})
}

// SettleRow writes what a result says of a row that waits. It says false for one that does not wait (any more).
func (tx *Tx) SettleRow(ctx context.Context, id int64, state BundleRowState, said string) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE bundle_rows SET state = $1, said = $2, settled_at = $3 WHERE id = $4 AND state = 'bundled'`, string(state), short(said, longestReason), micros(tx.Now), id)
	return n == 1, err
}

// EndBundle ends an open bundle; its files go, with the passwords that are encrypted in them. Rows that wait are taken out and may go
// into another.
func (tx *Tx) EndBundle(ctx context.Context, b Bundle, state, why string, by bot.Actor) error {
	n, err := tx.exec(ctx, `UPDATE bundles SET state = $1, ended_at = $2, ended_by = $3, why = $4 WHERE id = $5 AND state = 'open'`,
		state, micros(tx.Now), string(by), short(why, longestReason), b.ID)
	if err == nil && n == 0 {
		err = bot.Errorf(bot.Conflict, "bundle %s is ended already", b.Number)
	}
	if err != nil {
		return err
	}
	freed, err := tx.exec(ctx, `UPDATE bundle_rows SET state = 'void', settled_at = $1 WHERE bundle_id = $2 AND state = 'bundled'`, micros(tx.Now), b.ID)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM bundle_files WHERE bundle_id = $1`, b.ID); err != nil {
		return err
	}
	return tx.AddEvent(ctx, bot.Event{Actor: by, Plan: b.PlanID, What: map[string]string{"closed": "bundle_closed", "void": "bundle_void"}[state],
		Detail: map[string]string{"bundle": b.Number, "done": fmt.Sprint(b.Done), "refused": fmt.Sprint(b.Refused), "freed": fmt.Sprint(freed), "why": why}})
}

// ResumeCases lets the cases of a plan go on at once that wait for a result.
func (tx *Tx) ResumeCases(ctx context.Context, planID int64, cases []int64) error {
	for _, id := range cases {
		if err := tx.PlanWaits(ctx, planID, id, time.Time{}); err != nil {
			return err
		}
		tx.Wake(CreateJob, id)
	}
	return nil
}

// BundleAccounts returns the rows with one of the keys whose accounts a result has shown.
func (tx *Tx) BundleAccounts(ctx context.Context, codes, addresses, users []string) (found []BundleRow, err error) {
	for _, key := range []struct {
		column string
		values []string
	}{{"r.code", codes}, {"b.address", addresses}, {"b.user_name", users}} {
		for values := key.values; len(values) > 0; {
			set := values[:min(500, len(values))]
			values = values[len(set):]
			marks, args := placeholders(set)
			rows, err := list(ctx, tx, scanBundleRow, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.state = 'done' AND `+key.column+` IN (`+marks+`) ORDER BY b.id`, args...)
			if err != nil {
				return nil, err
			}
			found = append(found, rows...)
		}
	}
	return found, nil
}

// An Entry is an account of the register with the row that it was made for.
type Entry struct {
	Code, Address, User, Name, Case string
	N                               int
	State                           bot.AccountState
}

// EntriesBy returns the accounts of the register that have one of the codes, addresses or user names.
func (tx *Tx) EntriesBy(ctx context.Context, codes, addresses, users []string) (found []Entry, err error) {
	for column, values := range map[string][]string{"a.code": codes, "a.address": addresses, "a.user_name": users} {
		for len(values) > 0 {
			set := values[:min(500, len(values))]
			values = values[len(set):]
			marks, args := placeholders(set)
			rows, err := list(ctx, tx, func(s scanner) (r Entry, err error) {
				err = s.Scan(&r.Code, &r.Address, &r.User, &r.Name, &r.Case, &r.N, &r.State)
				return r, err
			}, `SELECT a.code, a.address, a.user_name, a.name, coalesce(c.number, ''), a.n, a.state FROM accounts a LEFT JOIN cases c ON c.id = a.case_id WHERE `+column+` IN (`+marks+`) ORDER BY a.code`, args...)
			if err != nil {
				return nil, err
			}
			found = append(found, rows...)
		}
	}
	return found, nil
}

// A Gathering is what waits to be put into a bundle.
type Gathering struct {
	Plan  string    `json:"plan"`
	N     int       `json:"accounts"`
	Since time.Time `json:"since"`
}

// Gatherings returns what waits to be put into a bundle, by plan.
func (tx *Tx) Gatherings(ctx context.Context) ([]Gathering, error) {
	return list(ctx, tx, func(s scanner) (g Gathering, err error) {
		var since int64
		err = s.Scan(&g.Plan, &g.N, &since)
		g.Since = instant(since)
		return g, err
	}, `SELECT p.number, count(*), min(b.at) FROM bundle_rows b JOIN plans p ON p.id = b.plan_id WHERE b.state = 'gathered' GROUP BY p.id, p.number ORDER BY p.id`)
}
