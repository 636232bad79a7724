package store

import (
	"context"
	"time"

	"vanthu/bot"
)

// A PlanToken lets one officer approve, or refuse, one plan by mail, once, as it was when he was asked.
type PlanToken struct {
	TokenHash string
	PlanID    int64
	PlanHash  string
	Officer   string // id
	AskedAt   time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
	UsedBy    int64 // mail
}

// AddPlanToken notes that an officer is asked.
func (tx *Tx) AddPlanToken(ctx context.Context, t PlanToken) error {
	_, err := tx.exec(ctx, `INSERT INTO plan_tokens (token_hash, plan_id, plan_hash, officer, asked_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.TokenHash, t.PlanID, t.PlanHash, t.Officer, micros(tx.Now), micros(t.ExpiresAt))
	return err
}

// PlanToken returns what a token is for. The error is bot.NotFound when no token has that hash.
func (tx *Tx) PlanToken(ctx context.Context, tokenHash string) (PlanToken, error) {
	found, err := list(ctx, tx, func(s scanner) (t PlanToken, err error) {
		var asked, expires, used int64
		err = s.Scan(&t.TokenHash, &t.PlanID, &t.PlanHash, &t.Officer, &asked, &expires, &used, &t.UsedBy)
		t.AskedAt, t.ExpiresAt, t.UsedAt = instant(asked), instant(expires), instant(used)
		return t, err
	}, `SELECT token_hash, plan_id, plan_hash, officer, asked_at, expires_at, used_at, used_by FROM plan_tokens WHERE token_hash = $1`, tokenHash)
	if err != nil {
		return PlanToken{}, err
	}
	if len(found) == 0 {
		return PlanToken{}, bot.Errorf(bot.NotFound, "nobody was asked under that token")
	}
	return found[0], nil
}

// UsePlanToken takes a token, once and while it is valid. It says false when it was taken or has expired.
func (tx *Tx) UsePlanToken(ctx context.Context, tokenHash string, mailID int64) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE plan_tokens SET used_at = $1, used_by = $2 WHERE token_hash = $3 AND used_at = 0 AND expires_at > $1`, micros(tx.Now), mailID, tokenHash)
	return n == 1, err
}

// VoidPlanTokens lets the tokens of a plan that nobody has used expire now.
func (tx *Tx) VoidPlanTokens(ctx context.Context, planID int64) error {
	_, err := tx.exec(ctx, `UPDATE plan_tokens SET expires_at = $1 WHERE plan_id = $2 AND used_at = 0 AND expires_at > $1`, micros(tx.Now), planID)
	return err
}
