package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
)

// A StoredPlan is a plan with the frozen bytes that its hash is over.
type StoredPlan struct {
	bot.Plan
	Frozen     []byte
	Dropped    bool // it can never be approved or carried out
	DroppedBy  bot.Actor
	DroppedWhy string
	Given      []Approval
	Paused     bot.Stamp // an officer has stopped it: nothing of it is done but what was in flight
	PausedWhy  string
}

// An Approval is one person's word for exactly what a hash is over.
type Approval struct {
	Officer bot.Actor `json:"officer"`
	At      time.Time `json:"at"`
	Hash    string    `json:"hash"`
	Via     string    `json:"via"` // ByCommand, ByOneself, or the mail: "mail:17"
}

// How an approval was given.
const (
	ByCommand = "command"
	ByOneself = "office_of_one" // the maker's own, which counts in an office of one only
)

// Ready says why a plan may not be carried out; nil: it may. It is asked again before each act: the frozen bytes are what the hash
// is over, and as many people as it needs have approved that hash, its maker not among them.
func (p StoredPlan) Ready() error {
	switch {
	case p.Dropped:
		return bot.Errorf(bot.Conflict, "plan %s was dropped", p.Number)
	case bot.HashPlan(p.Frozen) != p.Hash:
		return bot.Errorf(bot.Conflict, "plan %s is not what its hash is over", p.Number)
	case !p.Approved.Done():
		return bot.Errorf(bot.Conflict, "plan %s is not approved", p.Number)
	}
	if n := p.counts(); n < p.Needs {
		return bot.Errorf(bot.Conflict, "plan %s has %d of %d approvals of what it would do", p.Number, n, p.Needs)
	}
	return nil
}

// counts are the approvals of this very hash by others than the maker (by himself, where the office is one person).
func (p StoredPlan) counts() (n int) {
	for _, a := range p.Given { // one for each officer, by the primary key
		if a.Hash == p.Hash && (a.Officer != p.Made.By || a.Via == ByOneself) {
			n++
		}
	}
	return n
}

// AddPlan stores a frozen plan under the next number and notes which cases are in it.
func (tx *Tx) AddPlan(ctx context.Context, p StoredPlan) (StoredPlan, error) {
	number, err := tx.nextNumber(ctx, "KH")
	if err != nil {
		return p, err
	}
	p.Number, p.Made.At = number, tx.Now
	p.Kind, p.Needs = cmp.Or(p.Kind, bot.PlanCreate), max(p.Needs, 1)
	err = tx.row(ctx, `INSERT INTO plans (number, hash, items, made_at, made_by, kind, starts, ends, officer, needs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		p.Number, p.Hash, string(p.Frozen), micros(p.Made.At), string(p.Made.By), string(p.Kind), p.Starts, p.Ends, p.Officer, p.Needs).Scan(&p.ID)
	if err != nil {
		return p, fmt.Errorf("store: plan: %w", err)
	}
	for _, i := range p.Items {
		if i.CaseID == 0 {
			continue
		}
		if _, err := tx.exec(ctx, `INSERT INTO plan_cases (plan_id, case_id) VALUES ($1, $2) ON CONFLICT (plan_id, case_id) DO NOTHING`, p.ID, i.CaseID); err != nil {
			return p, err
		}
	}
	return p, nil
}

// PlanByNumber returns a plan, "KH-2026-0003".
func (tx *Tx) PlanByNumber(ctx context.Context, number string) (StoredPlan, error) {
	return tx.onePlan(ctx, number, `number = $1`, number)
}

// Plan returns a plan by its id.
func (tx *Tx) Plan(ctx context.Context, id int64) (StoredPlan, error) {
	return tx.onePlan(ctx, fmt.Sprint(id), `id = $1`, id)
}

func (tx *Tx) onePlan(ctx context.Context, name, where string, arg any) (StoredPlan, error) {
	p, err := scanPlan(tx.row(ctx, `SELECT `+planColumns+` FROM plans WHERE `+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return p, bot.Errorf(bot.NotFound, "there is no plan %s", name)
	}
	if err != nil {
		return p, fmt.Errorf("store: plan: %w", err)
	}
	p.Given, err = list(ctx, tx, func(s scanner) (Approval, error) { a, _, err := scanApproval(s); return a, err },
		`SELECT plan_id, officer, at, hash, via FROM plan_approvals WHERE plan_id = $1 ORDER BY at, officer`, p.ID)
	p.stamp()
	return p, err
}

func scanApproval(s scanner) (a Approval, planID int64, err error) {
	var at int64
	err = s.Scan(&planID, &a.Officer, &at, &a.Hash, &a.Via)
	a.At = instant(at)
	return a, planID, err
}

func (p *StoredPlan) stamp() {
	for _, a := range p.Given {
		p.Approvals = append(p.Approvals, bot.Stamp{At: a.At, By: a.Officer})
	}
}

const planColumns = `id, number, hash, items, made_at, made_by, approved_at, approved_by, dropped_at, dropped_by, dropped_why, paused_at, paused_by, paused_why`

// scanPlan takes what the plan would do from its frozen bytes alone: the columns beside them are for looking it up.
func scanPlan(s scanner) (StoredPlan, error) {
	var p StoredPlan
	var frozen string
	var made, approved, dropped, paused int64
	if err := s.Scan(&p.ID, &p.Number, &p.Hash, &frozen, &made, &p.Made.By, &approved, &p.Approved.By, &dropped, &p.DroppedBy, &p.DroppedWhy, &paused, &p.Paused.By, &p.PausedWhy); err != nil {
		return p, err
	}
	p.Frozen, p.Made.At, p.Approved.At, p.Dropped, p.Paused.At = []byte(frozen), instant(made), instant(approved), dropped > 0, instant(paused)
	return p, p.Thaw(p.Frozen)
}

// Plans returns all plans in order.
func (tx *Tx) Plans(ctx context.Context) ([]StoredPlan, error) {
	plans, err := list(ctx, tx, scanPlan, `SELECT `+planColumns+` FROM plans ORDER BY id`)
	if err != nil {
		return nil, err
	}
	given := make(map[int64][]Approval)
	_, err = list(ctx, tx, func(s scanner) (struct{}, error) {
		a, id, err := scanApproval(s)
		given[id] = append(given[id], a)
		return struct{}{}, err
	}, `SELECT plan_id, officer, at, hash, via FROM plan_approvals ORDER BY at, officer`)
	for i := range plans {
		plans[i].Given = given[plans[i].ID]
		plans[i].stamp()
	}
	return plans, err
}

// PlansToApprove returns the plans of a kind that wait for their approval, in order, without the approvals that some have already. Of all
// others nothing is read: a school keeps its plans for years.
func (tx *Tx) PlansToApprove(ctx context.Context, kind bot.PlanKind) ([]StoredPlan, error) {
	return list(ctx, tx, scanPlan, `SELECT `+planColumns+` FROM plans WHERE approved_at = 0 AND dropped_at = 0 AND kind = $1 ORDER BY id`, string(kind))
}

// ApprovePlan adds one person's approval, and stamps the plan when it has as many as it needs. It returns the plan as it is then.
func (tx *Tx) ApprovePlan(ctx context.Context, id int64, by bot.Actor, hash, via string) (StoredPlan, error) {
	if err := tx.Lock(ctx, LockRegister); err != nil { // two who approve at once must see each other
		return StoredPlan{}, err
	}
	p, err := tx.Plan(ctx, id)
	switch {
	case err != nil:
		return p, err
	case p.Approved.Done() || p.Dropped:
		return p, bot.Errorf(bot.Conflict, "this plan was approved or dropped already")
	case p.Hash != hash:
		return p, bot.Errorf(bot.Conflict, "plan %s has another hash", p.Number)
	}
	n, err := tx.exec(ctx, `INSERT INTO plan_approvals (plan_id, officer, at, hash, via) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (plan_id, officer) DO NOTHING`,
		id, string(by), micros(tx.Now), hash, via)
	if err == nil && n == 0 {
		err = bot.Errorf(bot.Conflict, "%s has approved plan %s already", by, p.Number)
	}
	if err != nil {
		return p, err
	}
	p.Given = append(p.Given, Approval{Officer: by, At: tx.Now, Hash: hash, Via: via})
	p.Approvals = append(p.Approvals, bot.Stamp{At: tx.Now, By: by})
	if p.counts() < p.Needs {
		return p, nil
	}
	p.Approved = bot.Stamp{At: tx.Now, By: by}
	_, err = tx.exec(ctx, `UPDATE plans SET approved_at = $1, approved_by = $2 WHERE id = $3`, micros(tx.Now), string(by), id)
	return p, err
}

// DropPlan makes a plan unusable for ever. Its cases are the caller's.
func (tx *Tx) DropPlan(ctx context.Context, id int64, by bot.Actor, why string) error {
	n, err := tx.exec(ctx, `UPDATE plans SET dropped_at = $1, dropped_by = $2, dropped_why = $3 WHERE id = $4 AND dropped_at = 0`, micros(tx.Now), string(by), short(why, longestReason), id)
	if err == nil && n == 0 {
		return bot.Errorf(bot.Conflict, "this plan was dropped already")
	}
	if err != nil {
		return err
	}
	return tx.releaseNames(ctx, id)
}

// BeginPlan notes that an approved plan begins with a case. It says false when it has begun before: then what is missing of it
// is approved anew, in another plan.
func (tx *Tx) BeginPlan(ctx context.Context, id, caseID int64) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE plan_cases SET begun_at = $1 WHERE plan_id = $2 AND case_id = $3 AND begun_at = 0`, micros(tx.Now), id, caseID)
	return n == 1, err
}

// PlanWaits notes until when a plan that has begun with a case has nothing to do for it.
func (tx *Tx) PlanWaits(ctx context.Context, id, caseID int64, until time.Time) error {
	_, err := tx.exec(ctx, `UPDATE plan_cases SET waits_until = $1 WHERE plan_id = $2 AND case_id = $3 AND waits_until <> $1`, micros(until), id, caseID)
	return err
}

// ToCreate returns the cases whose accounts are being made and of whose plan something can be done now: those that wait for nothing, and
// those of which a bundle has said something, or was ended, since; a refused password that its row says by now (bot/account, refusal) is nothing new.
func (tx *Tx) ToCreate(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT c.id FROM cases c LEFT JOIN plan_cases k ON k.plan_id = c.plan_id AND k.case_id = c.id
		WHERE c.state = 'creating' AND (coalesce(k.waits_until, 0) <= $1 OR EXISTS (SELECT 1 FROM case_rows r JOIN bundle_rows b ON b.case_id = r.case_id AND b.n = r.n
			WHERE r.case_id = c.id AND (b.act = 'create' AND r.ok AND r.state IN ('good', 'warned') OR b.act = 'reset' AND b.plan_id = c.plan_id AND r.state = 'missing' AND r.said NOT LIKE 'refused (plan ' || c.plan_id || ')%')
			AND b.state IN ('done', 'refused', 'void')
			AND NOT EXISTS (SELECT 1 FROM bundle_rows l WHERE l.case_id = b.case_id AND l.n = b.n AND l.state IN ('gathered', 'bundled')))) ORDER BY c.id`, micros(tx.Now))
}

// PlanBegun says whether a plan has begun with any of its cases.
func (tx *Tx) PlanBegun(ctx context.Context, id int64) (begun bool, err error) {
	var n int
	if err := tx.row(ctx, `SELECT count(*) FROM plan_cases WHERE plan_id = $1 AND begun_at > 0`, id).Scan(&n); err != nil {
		return false, fmt.Errorf("store: plan: %w", err)
	}
	return n > 0, nil
}

// PlanBefore is the plan that last began with a case, 0 for none: what the case goes back to when a later one is dropped.
func (tx *Tx) PlanBefore(ctx context.Context, caseID int64) (id int64, err error) {
	if err := tx.row(ctx, `SELECT coalesce(max(plan_id), 0) FROM plan_cases WHERE case_id = $1 AND begun_at > 0`, caseID).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: plan: %w", err)
	}
	return id, nil
}

// ReadyToBegin returns the cases whose approved plan has not begun with them although its first day has come.
func (tx *Tx) ReadyToBegin(ctx context.Context, today string) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT c.id FROM plan_cases k JOIN plans p ON p.id = k.plan_id JOIN cases c ON c.id = k.case_id
		WHERE k.begun_at = 0 AND p.approved_at > 0 AND p.dropped_at = 0 AND p.paused_at = 0 AND p.starts <= $1 AND c.plan_id = p.id AND c.checked_at > 0 AND c.planned_at > 0 AND c.held_at = 0
		AND c.state IN ('in_work', 'delivered', 'received_by_unit') ORDER BY c.id`, today)
}
