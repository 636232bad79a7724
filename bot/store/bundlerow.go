package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"vanthu/bot"
)

// A BundleAct is what another admin is to do with an account.
type BundleAct string

// The acts: an account is made, gets a new password, nobody can sign in to it, its holder can again, it is removed for ever.
const (
	ActCreate  BundleAct = "create"
	ActReset   BundleAct = "reset"
	ActSuspend BundleAct = "suspend"
	ActRestore BundleAct = "restore"
	ActErase   BundleAct = "erase"
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

// A BundleRow is the intent that another admin make or change an account, written before anything is handed over.
type BundleRow struct {
	ID      int64          `json:"-"`
	Act     BundleAct      `json:"act"`
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
	Marker  string         `json:"-"`                // of the account that is to be changed; "" vanthu did not make it, or it is to be made
	Bundle  string         `json:"bundle,omitempty"` // "" in none yet
	State   BundleRowState `json:"state"`
	Said    string         `json:"said,omitempty"`
	At      time.Time      `json:"at"`    // asked for
	Since   time.Time      `json:"since"` // of the bundle
}

const bundleRowColumns = `b.id, b.act, b.case_id, c.number, b.n, b.plan_id, r.code, CASE WHEN b.act = 'create' THEN r.name ELSE b.name END, r.class, r.cohort, b.user_name, b.address, b.marker, coalesce(p.number, ''), b.state, b.said, b.at, coalesce(p.made_at, 0)`

const bundleRowTables = ` FROM bundle_rows b JOIN cases c ON c.id = b.case_id JOIN case_rows r ON r.case_id = b.case_id AND r.n = b.n LEFT JOIN bundles p ON p.id = b.bundle_id `

func scanBundleRow(s scanner) (BundleRow, error) {
	var r BundleRow
	var at, since int64
	err := s.Scan(&r.ID, &r.Act, &r.CaseID, &r.Case, &r.N, &r.PlanID, &r.Code, &r.Name, &r.Class, &r.Cohort, &r.User, &r.Address, &r.Marker, &r.Bundle, &r.State, &r.Said, &at, &since)
	r.At, r.Since = instant(at), instant(since)
	return r, err
}

// A Wish is what a row of a case wants of an account.
type Wish struct {
	CaseID int64
	N      int
	PlanID int64
	Act    BundleAct

	User, Address string
	Marker, Name  string // as the account has them that is to be changed
}

// GatherRow writes down what a row wants, once, and returns what stands of the row then: what is in hand of it, whatever that is; else what
// was settled, of what is wanted once (an account, a new password of a plan) or was refused and no officer has decided anew since. taken: another row wants the address, or
// has something in hand with it.
func (tx *Tx) GatherRow(ctx context.Context, w Wish) (r BundleRow, taken bool, err error) {
	if r, err = tx.wished(ctx, w); !errors.Is(err, sql.ErrNoRows) {
		return r, false, err
	}
	added, err := tx.exec(ctx, `INSERT INTO bundle_rows (case_id, n, plan_id, act, user_name, address, marker, name, state, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'gathered', $9) ON CONFLICT DO NOTHING`,
		w.CaseID, w.N, w.PlanID, string(w.Act), w.User, w.Address, w.Marker, w.Name, micros(tx.Now))
	if err != nil {
		return r, false, err
	}
	if r, err = tx.wished(ctx, w); added == 0 && errors.Is(err, sql.ErrNoRows) {
		return r, true, nil
	}
	return r, false, err
}

func (tx *Tx) wished(ctx context.Context, w Wish) (BundleRow, error) {
	return scanBundleRow(tx.row(ctx, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.case_id = $1 AND b.n = $2 AND b.gone_at = 0 AND (b.state IN ('gathered', 'bundled')
		OR b.act = $3 AND (b.act = 'create' AND b.state <> 'void' OR b.plan_id = $4 AND (b.act = 'reset' AND b.state <> 'void'
			OR b.state = 'refused' AND b.settled_at > coalesce((SELECT max(s.ended_at) FROM row_stops s WHERE s.case_id = b.case_id AND s.n = b.n), 0))))
		ORDER BY CASE WHEN b.state IN ('gathered', 'bundled') THEN 0 ELSE 1 END, b.id DESC LIMIT 1`, w.CaseID, w.N, string(w.Act), w.PlanID))
}

// Living returns what is in hand of a row of a case; without an id: nothing.
func (tx *Tx) Living(ctx context.Context, caseID int64, n int) (BundleRow, error) {
	r, err := scanBundleRow(tx.row(ctx, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.case_id = $1 AND b.n = $2 AND b.state IN ('gathered', 'bundled')`, caseID, n))
	if errors.Is(err, sql.ErrNoRows) {
		return BundleRow{}, nil
	}
	return r, err
}

// TakeBack takes a row back that stands in no bundle yet. It says false when it does by now.
func (tx *Tx) TakeBack(ctx context.Context, id int64) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE bundle_rows SET state = 'void', said = 'taken back before it was handed over', settled_at = $1 WHERE id = $2 AND state = 'gathered'`, micros(tx.Now), id)
	return n == 1, err
}

// SettleRow writes what a result says of a row that waits. It says false for one that does not wait (any more). Who is erased is there no
// more, whichever row he was made for.
func (tx *Tx) SettleRow(ctx context.Context, id int64, state BundleRowState, said string) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE bundle_rows SET state = $1, said = $2, settled_at = $3 WHERE id = $4 AND state = 'bundled'`, string(state), short(said, longestReason), micros(tx.Now), id)
	if err != nil || n == 0 || state != RowDone {
		return n == 1, err
	}
	_, err = tx.exec(ctx, `UPDATE bundle_rows SET gone_at = $1 WHERE act = 'create' AND state = 'done' AND gone_at = 0 AND address <> ''
		AND address IN (SELECT e.address FROM bundle_rows e WHERE e.id = $2 AND e.act = 'erase')`, micros(tx.Now), id)
	return true, err
}

// Gathered returns the rows of a plan that stand in no bundle yet, in the order of cases and rows.
func (tx *Tx) Gathered(ctx context.Context, planID int64) ([]BundleRow, error) {
	return list(ctx, tx, scanBundleRow, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.plan_id = $1 AND b.state = 'gathered' ORDER BY b.case_id, b.n`, planID)
}

// BundleAccounts returns the rows with one of the keys whose accounts a result has shown, but for those that were erased since.
func (tx *Tx) BundleAccounts(ctx context.Context, codes, addresses, users, markers []string) (found []BundleRow, err error) {
	for _, key := range []struct {
		column string
		values []string
	}{{"r.code", codes}, {"b.address", addresses}, {"b.user_name", users}, {`'vanthu:' || c.number || ':' || b.n`, markers}} {
		for values := key.values; len(values) > 0; {
			set := values[:min(500, len(values))]
			values = values[len(set):]
			marks, args := placeholders(set)
			rows, err := list(ctx, tx, scanBundleRow, `SELECT `+bundleRowColumns+bundleRowTables+`WHERE b.act = 'create' AND b.state = 'done' AND b.gone_at = 0 AND `+key.column+` IN (`+marks+`) ORDER BY b.id`, args...)
			if err != nil {
				return nil, err
			}
			found = append(found, rows...)
		}
	}
	return found, nil
}

// A Change is the last thing that a result has shown to be done with an account.
type Change struct {
	Act      BundleAct
	Recorded bool // its case has recorded it: from then on the register knows better
}

// LastChanges returns what was last shown to be done: that it was made, suspended, restored or erased; by address in lower case.
func (tx *Tx) LastChanges(ctx context.Context, addresses []string) (map[string]Change, error) {
	type line struct {
		address string
		Change
	}
	last := make(map[string]Change)
	for set := range chunks(addresses) {
		marks, args := placeholders(set)
		lines, err := list(ctx, tx, func(s scanner) (l line, err error) {
			err = s.Scan(&l.address, &l.Act, &l.Recorded)
			return l, err
		}, `SELECT b.address, b.act, CASE b.act WHEN 'create' THEN r.state NOT IN ('good', 'warned') WHEN 'suspend' THEN r.state IN ('suspended', 'restored', 'erased') WHEN 'restore' THEN r.state IN ('restored', 'bad') ELSE r.state = 'erased' END`+
			bundleRowTables+`WHERE b.act <> 'reset' AND b.state = 'done' AND b.address IN (`+marks+`) ORDER BY b.id`, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			last[l.address] = l.Change
		}
	}
	return last, nil
}

// An Entry is an account of the register with the row that it was made for; of one that vanthu did not make there is none.
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
			}, `SELECT a.code, a.address, a.user_name, a.name, CASE WHEN a.origin = 'made' THEN coalesce(c.number, '') ELSE '' END, a.n, a.state FROM accounts a LEFT JOIN cases c ON c.id = a.case_id WHERE `+column+` IN (`+marks+`) ORDER BY a.code`, args...)
			if err != nil {
				return nil, err
			}
			found = append(found, rows...)
		}
	}
	return found, nil
}
