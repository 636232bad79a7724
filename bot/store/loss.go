package store

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
)

// A Loss is an account that the platform agreed to make, or says to be there, and does not show, and what officers have said of that (decision 40).
type Loss struct {
	PlanID   int64     `json:"-"`
	CaseID   int64     `json:"-"`
	Plan     string    `json:"plan"`
	Case     string    `json:"case"`
	N        int       `json:"row"`
	Code     string    `json:"code"`
	Address  string    `json:"address"` // that was asked for
	Platform string    `json:"platform"`
	Agreed   time.Time `json:"agreed"` // when the platform said that it is made; zero: it says that the name is taken
	Told     time.Time `json:"told"`   // when officers were told that it does not show
	Asked    bot.Stamp `json:"asked,omitzero"`
	Why      string    `json:"why,omitempty"`
	Unseen   time.Time `json:"unseen,omitzero"` // since when it was not shown at each look, after it was asked
	Approved bot.Stamp `json:"approved,omitzero"`
}

// Open says whether somebody has asked for it.
func (l Loss) Open() bool { return l.Asked.Done() }

const unseenAccounts = `SELECT i.plan_id, i.case_id, p.number, c.number, i.n, r.code, coalesce(u.address, ''), i.platform, i.acknowledged_at, i.told_at,
	coalesce(l.asked_at, 0), coalesce(l.asked_by, ''), coalesce(l.why, ''), coalesce(l.unseen_at, 0), coalesce(l.approved_at, 0), coalesce(l.approved_by, '')
	FROM intents i JOIN plans p ON p.id = i.plan_id JOIN cases c ON c.id = i.case_id AND c.plan_id = i.plan_id JOIN case_rows r ON r.case_id = i.case_id AND r.n = i.n
	LEFT JOIN user_names u ON u.code = r.code AND u.plan_id = i.plan_id AND u.state = 'reserved'
	LEFT JOIN losses l ON l.plan_id = i.plan_id AND l.case_id = i.case_id AND l.n = i.n
	WHERE i.told_at > 0 AND i.done_at = 0 AND p.kind = 'create' AND c.state = 'creating' `

func scanLoss(s scanner) (l Loss, err error) {
	var agreed, told, asked, unseen, approved int64
	err = s.Scan(&l.PlanID, &l.CaseID, &l.Plan, &l.Case, &l.N, &l.Code, &l.Address, &l.Platform, &agreed, &told, &asked, &l.Asked.By, &l.Why, &unseen, &approved, &l.Approved.By)
	l.Agreed, l.Told, l.Asked.At, l.Unseen, l.Approved.At = instant(agreed), instant(told), instant(asked), instant(unseen), instant(approved)
	return l, err
}

// UnseenAccounts returns what a platform agreed to make, or says to be there, and ought to show by now, with what officers have said of it.
func (tx *Tx) UnseenAccounts(ctx context.Context) ([]Loss, error) {
	return list(ctx, tx, scanLoss, unseenAccounts+`ORDER BY i.told_at, i.case_id, i.n`)
}

// UnseenAccount returns that of a person.
func (tx *Tx) UnseenAccount(ctx context.Context, code string) (l Loss, found bool, err error) {
	all, err := list(ctx, tx, scanLoss, unseenAccounts+`AND r.code = $1 ORDER BY i.told_at, i.case_id, i.n`, code)
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	return all[0], true, nil
}

// LossesOf returns the accounts of a case that officers hold for lost and that have not been given up, by row.
func (tx *Tx) LossesOf(ctx context.Context, planID, caseID int64) (map[int]Loss, error) {
	all, err := list(ctx, tx, scanLoss, unseenAccounts+`AND l.asked_at > 0 AND i.plan_id = $1 AND i.case_id = $2`, planID, caseID)
	losses := make(map[int]Loss, len(all))
	for _, l := range all {
		losses[l.N] = l
	}
	return losses, err
}

// AskLoss notes that an officer holds an account for lost. It says false when somebody has said so already.
func (tx *Tx) AskLoss(ctx context.Context, l Loss, by bot.Actor, why string) (bool, error) {
	n, err := tx.exec(ctx, `INSERT INTO losses (plan_id, case_id, n, asked_at, asked_by, why) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		l.PlanID, l.CaseID, l.N, micros(tx.Now), string(by), short(why, longestReason))
	if err == nil && n == 1 {
		err = tx.lookSoon(ctx, l)
	}
	return n == 1, err
}

// ApproveLoss notes that another officer does, too, who has seen since when the platform does not show it.
func (tx *Tx) ApproveLoss(ctx context.Context, l Loss, by bot.Actor) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE losses SET approved_at = $1, approved_by = $2 WHERE plan_id = $3 AND case_id = $4 AND n = $5 AND approved_at = 0 AND unseen_at = $6 AND unseen_at > 0`,
		micros(tx.Now), string(by), l.PlanID, l.CaseID, l.N, micros(l.Unseen))
	if err == nil && n == 1 {
		err = tx.lookSoon(ctx, l)
	}
	return n == 1, err
}

// WithdrawLoss takes it back.
func (tx *Tx) WithdrawLoss(ctx context.Context, l Loss) (bool, error) {
	n, err := tx.exec(ctx, `DELETE FROM losses WHERE plan_id = $1 AND case_id = $2 AND n = $3 AND lost_at = 0`, l.PlanID, l.CaseID, l.N)
	return n == 1, err
}

// lookSoon lets the platform be looked at for a row now, whatever pause it has.
func (tx *Tx) lookSoon(ctx context.Context, l Loss) error {
	if _, err := tx.exec(ctx, `UPDATE intents SET next_at = 0 WHERE plan_id = $1 AND case_id = $2 AND n = $3 AND done_at = 0`, l.PlanID, l.CaseID, l.N); err != nil {
		return err
	}
	tx.Wake(CreateJob, l.CaseID)
	return nil
}

// LossUnseen notes that the platform has not shown the account at a look, the first since it was asked or last shown.
func (tx *Tx) LossUnseen(ctx context.Context, l Loss, at time.Time) error {
	_, err := tx.exec(ctx, `UPDATE losses SET unseen_at = $1 WHERE plan_id = $2 AND case_id = $3 AND n = $4 AND unseen_at = 0 AND lost_at = 0`, micros(at), l.PlanID, l.CaseID, l.N)
	return err
}

// LossShown notes that the platform has something to show of the account: it must not show for as long again, and be approved again.
func (tx *Tx) LossShown(ctx context.Context, l Loss) error {
	_, err := tx.exec(ctx, `UPDATE losses SET unseen_at = 0, approved_at = 0, approved_by = '' WHERE plan_id = $1 AND case_id = $2 AND n = $3 AND lost_at = 0`, l.PlanID, l.CaseID, l.N)
	return err
}

// EndLoss gives an account up, if all is still as it was when the platform was looked at: asked, approved, and not shown since then.
func (tx *Tx) EndLoss(ctx context.Context, l Loss) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE losses SET lost_at = $1 WHERE plan_id = $2 AND case_id = $3 AND n = $4 AND lost_at = 0 AND asked_at = $5 AND approved_at = $6 AND approved_at > 0 AND unseen_at = $7 AND unseen_at > 0`,
		micros(tx.Now), l.PlanID, l.CaseID, l.N, micros(l.Asked.At), micros(l.Approved.At), micros(l.Unseen))
	if err != nil {
		return false, fmt.Errorf("store: loss: %w", err)
	}
	return n == 1, nil
}
