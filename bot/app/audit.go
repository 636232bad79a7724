package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/alarm"
	"vanthu/bot/audit"
	"vanthu/bot/store"
)

// An Audit says what is verified beside the chain of all events.
type Audit struct {
	Heads []string // hashes that were kept outside
	Deep  bool     // plans and mails are held against their hashes, too
}

// Audit recomputes the history. What it cannot read is a fault in the report, and no error.
func (a *App) Audit(ctx context.Context, what Audit) (*audit.Report, error) {
	chain := audit.New(a.DB.Now(), what.Heads)
	r, err := a.audit(ctx, chain, 0)
	if err != nil || !what.Deep {
		return r, err
	}
	if err := a.DB.EachFrozen(ctx, r.Plan); err != nil {
		return r, err
	}
	if err := a.DB.EachMail(ctx, r.Mail); err != nil {
		return r, err
	}
	return r, a.nameCases(ctx, r)
}

// auditTail recomputes the newest events: at a start nobody waits for all of them.
func (a *App) auditTail(ctx context.Context, events int64) (*audit.Report, error) {
	var head store.Head
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		head, err = tx.Head(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if head.Event <= events {
		return a.audit(ctx, audit.New(a.DB.Now(), nil), 0)
	}
	return a.audit(ctx, audit.Tail(a.DB.Now()), head.Event-events)
}

func (a *App) audit(ctx context.Context, chain *audit.Chain, from int64) (*audit.Report, error) {
	head, err := a.DB.Links(ctx, from, chain.Add)
	var unread *store.Unreadable
	if err != nil && (!errors.As(err, &unread) || ctx.Err() != nil) {
		return nil, err
	}
	if unread != nil {
		r := chain.Report
		r.Head = head
		r.Faults = append(r.Faults, audit.Fault{Check: audit.Unread, Event: unread.After + 1, What: unread.Error()})
		return r, a.nameCases(ctx, r)
	}
	r := chain.End(head)
	if len(r.Lists) > 0 {
		var lists []store.RetentionList
		if err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
			lists, err = tx.RetentionLists(ctx)
			return err
		}); err != nil {
			return nil, err
		}
		r.Approved(lists)
	}
	return r, a.nameCases(ctx, r)
}

// nameCases puts the numbers of cases beside the faults.
func (a *App) nameCases(ctx context.Context, r *audit.Report) error {
	if r.OK() {
		return nil
	}
	return a.DB.Read(ctx, func(tx *store.Tx) error {
		for i := range r.Faults {
			f := &r.Faults[i]
			if f.CaseID == 0 || f.Case != "" {
				continue
			}
			c, err := tx.Case(ctx, f.CaseID)
			if bot.ErrorCode(err) == bot.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			f.Case = c.Number
		}
		return nil
	})
}

// The audit of a serving process: the tail at its start, then all of it daily.
const (
	auditTail  = 1000
	auditFirst = 10 * time.Minute // after the start: not while everything else begins, too
	auditEvery = 24 * time.Hour
	auditAgain = 10 * time.Minute // when it could not be done
)

// auditing verifies the history, and raises an alarm when it is broken. Each head that it finds goes to the log, which is kept
// elsewhere than the database.
func (s *Server) auditing(ctx context.Context) error {
	look, pause := func() (*audit.Report, error) { return s.auditTail(ctx, auditTail) }, auditFirst
	for {
		r, err := look()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.Logger.Warn("audit", "code", "unaudited", "error", err.Error())
			pause = min(pause, auditAgain)
		default:
			s.tellAudit(r)
			look = func() (*audit.Report, error) { return s.Audit(ctx, Audit{Deep: true}) }
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		pause = auditEvery
	}
}

func (s *Server) tellAudit(r *audit.Report) {
	if r.OK() {
		s.Alarms.Clear(alarm.Audit)
		s.Logger.Info("audit", "code", "whole", "events", r.Events, "head", r.Head.Event, "hash", r.Head.Hash)
		return
	}
	for _, f := range r.Faults[:min(len(r.Faults), 20)] {
		s.Logger.Error("audit", "code", f.Check, "event", f.Event, "case", f.Case, "what", f.Says())
	}
	s.Alarms.Raise(alarm.Audit, "", fmt.Sprintf("%d; %s", len(r.Faults)+r.More, r.Faults[0].Says()))
}
