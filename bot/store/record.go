package store

import (
	"context"
	"time"

	"vanthu/bot"
)

// What an archive of a case is made of, beside what other methods give.

// MailsOfCase returns the journal's lines of a case in order.
func (tx *Tx) MailsOfCase(ctx context.Context, caseID int64) ([]Mail, error) {
	return list(ctx, tx, scanMail, `SELECT `+mailColumns+` FROM mails WHERE case_id = $1 ORDER BY id`, caseID)
}

// PlansOfCase returns the plans that a case has been in, in order.
func (tx *Tx) PlansOfCase(ctx context.Context, caseID int64) ([]StoredPlan, error) {
	ids, err := list(ctx, tx, scanID, `SELECT plan_id FROM plan_cases WHERE case_id = $1 ORDER BY plan_id`, caseID)
	if err != nil {
		return nil, err
	}
	var plans []StoredPlan
	for _, id := range ids {
		p, err := tx.Plan(ctx, id)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// A Registered is one line of the register of accounts (section VII.2, FR-28). It holds no password.
type Registered struct {
	Code, Name, Class, Address, Platform string
	State                                bot.AccountState
	Created, Suspended, Deleted          time.Time
	Decision                             string // of the dismissal
}

// RegisterOfCase returns the accounts that a case made or deleted.
func (tx *Tx) RegisterOfCase(ctx context.Context, caseID int64) ([]Registered, error) {
	return list(ctx, tx, func(s scanner) (Registered, error) {
		var r Registered
		var created, suspended, deleted int64
		err := s.Scan(&r.Code, &r.Name, &r.Class, &r.Address, &r.Platform, &r.State, &created, &suspended, &deleted, &r.Decision)
		r.Created, r.Suspended, r.Deleted = instant(created), instant(suspended), instant(deleted)
		return r, err
	}, `SELECT a.code, a.name, a.class, a.address, a.platform, a.state, a.created_at, a.suspended_at, a.deleted_at, a.decision
		FROM accounts a
		WHERE a.case_id = $1 OR a.delete_case = $1 OR a.code IN (SELECT d.code FROM case_rows d WHERE d.case_id = $1 AND d.state IN ('suspended', 'restored', 'erased')) ORDER BY a.code`, caseID)
}

// A Proof is an event with what its hash is over, so that it can be recomputed without the database.
type Proof struct {
	Link
	Prev string // hash of the event before
}

// ProofOfCase returns the history of a case with its hashes.
func (tx *Tx) ProofOfCase(ctx context.Context, caseID int64) ([]Proof, error) {
	return list(ctx, tx, func(s scanner) (p Proof, err error) {
		l := &p.Link
		return p, s.Scan(&l.ID, &l.At, &l.Actor, &l.What, &l.Case, &l.Plan, &l.Mail, &l.Detail, &l.Salt, &l.Sums, &l.Hash, &l.Kept, &l.Destroyed, &p.Prev)
	}, `SELECT `+linkColumns+`, coalesce((SELECT p.hash FROM events p WHERE p.id < e.id ORDER BY p.id DESC LIMIT 1), '')
		FROM events e WHERE case_id = $1 ORDER BY id`, caseID)
}
