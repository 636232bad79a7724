package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
)

// A Bundle is what another admin is to carry out, as files.
type Bundle struct {
	ID       int64     `json:"-"`
	Number   string    `json:"number"`
	PlanID   int64     `json:"-"`
	Plan     string    `json:"plan"`
	PlanHash string    `json:"plan_hash"`
	Form     string    `json:"form"`
	Act      BundleAct `json:"act"`
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
	if err := tx.row(ctx, `INSERT INTO bundles (number, plan_id, form, act, sums, made_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		b.Number, b.PlanID, b.Form, string(b.Act), b.Sums, micros(tx.Now)).Scan(&b.ID); err != nil {
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
			Detail: map[string]string{"bundle": b.Number, "act": string(b.Act), "rows": fmt.Sprint(n), "sha256": b.Sums}}); err != nil {
			return err
		}
	}
	return nil
}

const bundleColumns = `p.id, p.number, p.plan_id, k.number, k.hash, p.form, p.act, p.state, p.sums, p.made_at, p.exported_at, p.exported_by, p.ended_at, p.ended_by, p.why,
	(SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'bundled'), (SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'done'),
	(SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'refused'), (SELECT count(*) FROM bundle_rows r WHERE r.bundle_id = p.id AND r.state = 'void')
	FROM bundles p JOIN plans k ON k.id = p.plan_id`

func scanBundle(s scanner) (Bundle, error) {
	var b Bundle
	var made, exported, ended int64
	err := s.Scan(&b.ID, &b.Number, &b.PlanID, &b.Plan, &b.PlanHash, &b.Form, &b.Act, &b.State, &b.Sums, &made, &exported, &b.Exported.By, &ended, &b.Ended.By, &b.Why,
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

// ReadBefore says whether a file with this SHA-256 has settled something of a bundle before then.
func (tx *Tx) ReadBefore(ctx context.Context, sum string, then time.Time) (bool, error) {
	var n int
	if err := tx.row(ctx, `SELECT count(*) FROM events WHERE what = 'bundle_read' AND at < $1 AND detail LIKE $2`, micros(then), `%"`+sum+`"%`).Scan(&n); err != nil {
		return false, fmt.Errorf("store: bundle: %w", err)
	}
	return n > 0, nil
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

// resumes are the jobs that go on when a result of an act was read. Who gives access back may wait for what was to take it.
func (a BundleAct) resumes() []string {
	switch a {
	case ActSuspend:
		return []string{SuspendJob, RestoreJob}
	case ActRestore:
		return []string{RestoreJob}
	case ActErase:
		return []string{EraseJob, RestoreJob}
	case ActCreate, ActReset:
	}
	return []string{CreateJob}
}

// ResumeCases lets the cases of a plan go on at once that wait for a result.
func (tx *Tx) ResumeCases(ctx context.Context, planID int64, act BundleAct, cases []int64) error {
	for _, id := range cases {
		if err := tx.PlanWaits(ctx, planID, id, time.Time{}); err != nil {
			return err
		}
		for _, job := range act.resumes() {
			tx.Wake(job, id)
		}
	}
	return nil
}

// A Gathering is what waits to be put into a bundle.
type Gathering struct {
	Plan  string    `json:"plan"`
	Act   BundleAct `json:"act"`
	N     int       `json:"accounts"`
	Since time.Time `json:"since"`
}

// Gatherings returns what waits to be put into a bundle, by plan and act.
func (tx *Tx) Gatherings(ctx context.Context) ([]Gathering, error) {
	return list(ctx, tx, func(s scanner) (g Gathering, err error) {
		var since int64
		err = s.Scan(&g.Plan, &g.Act, &g.N, &since)
		g.Since = instant(since)
		return g, err
	}, `SELECT p.number, b.act, count(*), min(b.at) FROM bundle_rows b JOIN plans p ON p.id = b.plan_id WHERE b.state = 'gathered' GROUP BY p.id, p.number, b.act ORDER BY p.id, b.act`)
}

// A Handing is what of a plan is in the hands of another admin, or on its way there.
type Handing struct {
	Act      BundleAct `json:"act"`
	Gathered int       `json:"gathered,omitempty"` // in no bundle yet
	Handed   int       `json:"handed,omitempty"`   // in an open bundle
	Void     int       `json:"void,omitempty"`     // taken out of one, and not gathered again yet
	Bundle   string    `json:"bundle,omitempty"`   // the oldest that is open
	Since    time.Time `json:"since,omitzero"`
}

// Handings says what of a plan waits for another admin, by act.
func (tx *Tx) Handings(ctx context.Context, planID int64) ([]Handing, error) {
	return list(ctx, tx, func(s scanner) (h Handing, err error) {
		var since int64
		err = s.Scan(&h.Act, &h.Gathered, &h.Handed, &h.Void, &h.Bundle, &since)
		h.Since = instant(since)
		return h, err
	}, `SELECT b.act, sum(CASE WHEN b.state = 'gathered' THEN 1 ELSE 0 END), sum(CASE WHEN b.state = 'bundled' THEN 1 ELSE 0 END),
		sum(CASE WHEN b.state = 'void' THEN 1 ELSE 0 END), coalesce(min(p.number), ''), coalesce(min(p.made_at), 0)
		FROM bundle_rows b LEFT JOIN bundles p ON p.id = b.bundle_id AND b.state = 'bundled' WHERE b.plan_id = $1 AND (b.state IN ('gathered', 'bundled') OR b.state = 'void' AND b.bundle_id > 0
			AND NOT EXISTS (SELECT 1 FROM bundle_rows l WHERE l.case_id = b.case_id AND l.n = b.n AND l.act = b.act AND l.plan_id = b.plan_id AND (l.state <> 'void' OR l.id > b.id)))
		GROUP BY b.act ORDER BY b.act`, planID)
}
