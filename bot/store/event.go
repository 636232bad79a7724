package store

import (
	"context"
	"encoding/json"

	"vanthu/bot"
)

// Events returns the history of a case, of everything for 0.
func (tx *Tx) Events(ctx context.Context, caseID int64) ([]bot.Event, error) {
	if caseID == 0 {
		return tx.eventsWhere(ctx, `id > $1`, 0)
	}
	return tx.eventsWhere(ctx, `case_id = $1`, caseID) // alone: beside an OR SQLite goes through all events
}

// EventsOfMail returns the history of a mail.
func (tx *Tx) EventsOfMail(ctx context.Context, mailID int64) ([]bot.Event, error) {
	return tx.eventsWhere(ctx, `mail_id = $1`, mailID)
}

// EventsOfPlan returns the history of a plan.
func (tx *Tx) EventsOfPlan(ctx context.Context, planID int64) ([]bot.Event, error) {
	return tx.eventsWhere(ctx, `plan_id = $1 AND (case_id = 0 OR what LIKE 'plan_%' OR what LIKE '%_started' OR what = 'case_planned')`, planID)
}

func (tx *Tx) eventsWhere(ctx context.Context, where string, id int64) ([]bot.Event, error) {
	if err := tx.chain(ctx); err != nil { // those of this transaction, too
		return nil, err
	}
	return list(ctx, tx, scanEvent, `SELECT `+eventColumns+` FROM events WHERE `+where+` ORDER BY id`, id)
}

const eventColumns = `id, at, actor, what, case_id, plan_id, mail_id, detail`

func scanEvent(s scanner) (bot.Event, error) {
	var e bot.Event
	var at int64
	var detail string
	if err := s.Scan(&e.ID, &at, &e.Actor, &e.What, &e.Case, &e.Plan, &e.Mail, &detail); err != nil {
		return e, err
	}
	e.At = instant(at)
	return e, json.Unmarshal([]byte(detail), &e.Detail)
}
