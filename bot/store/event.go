package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"vanthu/bot"
)

// Events returns the history of a case, of everything for 0. Events that this transaction has added come last, without an id: they
// are chained when it commits.
func (tx *Tx) Events(ctx context.Context, caseID int64) ([]bot.Event, error) {
	if caseID == 0 {
		return tx.eventsWhere(ctx, `id > $1`, 0, func(bot.Event) bool { return true })
	}
	return tx.eventsWhere(ctx, `case_id = $1`, caseID, func(e bot.Event) bool { return e.Case == caseID }) // alone: beside an OR SQLite goes through all events
}

// EventsOfMail returns the history of a mail.
func (tx *Tx) EventsOfMail(ctx context.Context, mailID int64) ([]bot.Event, error) {
	return tx.eventsWhere(ctx, `mail_id = $1`, mailID, func(e bot.Event) bool { return e.Mail == mailID })
}

// EventsOfPlan returns the history of a plan.
func (tx *Tx) EventsOfPlan(ctx context.Context, planID int64) ([]bot.Event, error) {
	return tx.eventsWhere(ctx, `plan_id = $1 AND (case_id = 0 OR what LIKE 'plan_%' OR what LIKE '%_started' OR what = 'case_planned')`, planID, func(e bot.Event) bool {
		return e.Plan == planID && (e.Case == 0 || strings.HasPrefix(e.What, "plan_") || strings.HasSuffix(e.What, "_started") || e.What == "case_planned")
	})
}

func (tx *Tx) eventsWhere(ctx context.Context, where string, id int64, mine func(bot.Event) bool) ([]bot.Event, error) {
	events, err := list(ctx, tx, scanEvent, `SELECT `+eventColumns+` FROM events WHERE `+where+` ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	for _, l := range tx.events {
		e, err := l.event()
		if err != nil {
			return nil, fmt.Errorf("store: event: %w", err)
		}
		if mine(e) {
			events = append(events, e)
		}
	}
	return events, nil
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

// event is one that is not in the table yet.
func (l Link) event() (e bot.Event, err error) {
	e.Actor, e.What = bot.Actor(l.Actor), l.What
	for text, to := range map[*string]*int64{&l.Case: &e.Case, &l.Plan: &e.Plan, &l.Mail: &e.Mail} {
		if *to, err = strconv.ParseInt(*text, 10, 64); err != nil {
			return e, err
		}
	}
	at, err := strconv.ParseInt(l.At, 10, 64)
	if err != nil {
		return e, err
	}
	e.At = instant(at)
	return e, json.Unmarshal([]byte(l.Detail), &e.Detail)
}
