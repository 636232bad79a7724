package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"vanthu/bot"
)

// A StoredPlan is a plan with the frozen bytes that its hash is over.
type StoredPlan struct {
	bot.Plan
	Frozen  []byte
	Dropped bool // a case in it changed before it was approved
}

// AddPlan stores a frozen plan under the next number and puts its cases into it.
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
	return p, nil
}

const planColumns = `id, number, hash, items, made_at, made_by, approved_at, approved_by, dropped_at, kind, starts, ends, officer, needs`

func scanPlan(s scanner) (StoredPlan, error) {
	var p StoredPlan
	var items string
	var made, approved, dropped int64
	if err := s.Scan(&p.ID, &p.Number, &p.Hash, &items, &made, &p.Made.By, &approved, &p.Approved.By, &dropped, &p.Kind, &p.Starts, &p.Ends, &p.Officer, &p.Needs); err != nil {
		return p, err
	}
	p.Frozen, p.Made.At, p.Approved.At, p.Dropped = []byte(items), instant(made), instant(approved), dropped > 0
	return p, json.Unmarshal(p.Frozen, &p.Items)
}

// Plans returns all plans in order.
func (tx *Tx) Plans(ctx context.Context) ([]StoredPlan, error) {
	return list(ctx, tx, scanPlan, `SELECT `+planColumns+` FROM plans ORDER BY id`)
}

// ApprovePlan stamps a plan once.
func (tx *Tx) ApprovePlan(ctx context.Context, id int64, by bot.Actor) error {
	n, err := tx.exec(ctx, `UPDATE plans SET approved_at = $1, approved_by = $2 WHERE id = $3 AND approved_at = 0 AND dropped_at = 0`, micros(tx.Now), string(by), id)
	if err == nil && n == 0 {
		return bot.Errorf(bot.Conflict, "this plan was approved or dropped already")
	}
	return err
}

// DropPlan makes a plan that was not approved unusable, because a case in it has changed, and frees its cases.
func (tx *Tx) DropPlan(ctx context.Context, id int64) error {
	if _, err := tx.exec(ctx, `UPDATE plans SET dropped_at = $1 WHERE id = $2 AND approved_at = 0`, micros(tx.Now), id); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE cases SET plan_id = 0, version = version + 1, updated_at = $1 WHERE plan_id = $2 AND planned_at = 0`, micros(tx.Now), id)
	return err
}
