package store

import (
	"context"
	"encoding/json"
	"fmt"

	"vanthu/bot"
)

// AddEvent appends to the history. At is the transaction's Now.
func (tx *Tx) AddEvent(ctx context.Context, e bot.Event) error {
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("store: event: %w", err)
	}
	_, err = tx.exec(ctx, `INSERT INTO events (at, actor, what, case_id, plan_id, mail_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		micros(tx.Now), string(e.Actor), e.What, e.Case, e.Plan, e.Mail, string(detail))
	return err
}

// Events returns the history of a case, of everything for 0.
func (tx *Tx) Events(ctx context.Context, caseID int64) ([]bot.Event, error) {
	return list(ctx, tx, scanEvent, `SELECT `+eventColumns+` FROM events WHERE $1 = 0 OR case_id = $1 ORDER BY id`, caseID)
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

// EventsOfMail returns the history of a mail.
func (tx *Tx) EventsOfMail(ctx context.Context, mailID int64) ([]bot.Event, error) {
	return list(ctx, tx, scanEvent, `SELECT `+eventColumns+` FROM events WHERE mail_id = $1 ORDER BY id`, mailID)
}
