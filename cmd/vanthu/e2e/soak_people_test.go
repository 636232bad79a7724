//go:build e2e

package e2e

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// unit reads its mailbox and does what its stories say.
func (s *soak) unit(ctx context.Context, address string) {
	reader := &reader{soak: s, address: address}
	defer reader.close()
	for ctx.Err() == nil {
		mails, err := reader.news()
		if err != nil {
			s.troubles.Add(1)
		}
		for _, m := range mails {
			if l := s.reaction(m); l != nil {
				for s.send(l) != nil && ctx.Err() == nil {
					s.troubles.Add(1)
					pauseFor(ctx, 300*time.Millisecond)
				}
			}
		}
		pauseFor(ctx, 300*time.Millisecond)
	}
}

// reaction is the mail that a story writes to an answer: once, however often that comes.
func (s *soak) reaction(m *mime.Message) *letterIn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived[m.ID] = true
	for _, id := range append(m.InReplyTo, m.References...) {
		l := s.byID[id]
		if l == nil {
			continue
		}
		kind := kindOf(m.Subject)
		write := l.story.then[kind]
		if write == nil || l.story.reacted[kind] {
			return nil
		}
		l.story.reacted[kind] = true
		reply := write(m)
		s.byID[reply.id] = reply
		return reply
	}
	return nil
}

// reader is a kept connection to a mailbox of a unit.
type reader struct {
	soak    *soak
	address string
	client  *imapclient.Client
	count   uint32 // mails in the folder
	seen    int
}

func (r *reader) close() {
	if r.client != nil {
		_ = r.client.Close()
	}
	r.client = nil
}

// officers check, plan and approve what is ready. One case in nine is checked and never approved.
func (s *soak) officers(ctx context.Context) {
	approver := bot.Officer{ID: "minh", Name: "Minh", Approver: true}
	asked := make(map[int64]time.Time)
	for ctx.Err() == nil {
		var ready []bot.Case
		s.look(func(tx *store.Tx) (err error) {
			ready, err = tx.Cases(ctx, bot.Received)
			return err
		})
		for _, c := range ready {
			_, err := s.a.Desk.Check(ctx, "officer:lan", c.Number)
			if err == nil && !s.never(c) {
				var p store.StoredPlan
				if p, err = s.a.Desk.MakePlan(ctx, "officer:lan", []string{c.Number}); err == nil {
					_, err = s.a.Desk.ApprovePlan(ctx, approver, p.Number, p.Hash)
				}
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				s.troubles.Add(1)
			}
		}
		s.unfinished(ctx, approver)
		s.unknown(ctx, asked)
		pauseFor(ctx, 400*time.Millisecond)
	}
}

func (s *soak) never(c bot.Case) bool { return c.ID%9 == 0 }

// unfinished takes up what an officer had begun when the database went away.
func (s *soak) unfinished(ctx context.Context, approver bot.Officer) {
	var begun []bot.Case
	plans := make(map[int64]store.StoredPlan)
	s.look(func(tx *store.Tx) (err error) {
		if begun, err = tx.Cases(ctx, bot.InWork); err != nil {
			return err
		}
		for _, c := range begun {
			if c.PlanID != 0 {
				if plans[c.ID], err = tx.Plan(ctx, c.PlanID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, c := range begun {
		if s.never(c) {
			continue
		}
		p, planned := plans[c.ID]
		var err error
		if !planned {
			p, err = s.a.Desk.MakePlan(ctx, "officer:lan", []string{c.Number})
		}
		if err == nil && !p.Approved.Done() {
			_, err = s.a.Desk.ApprovePlan(ctx, approver, p.Number, p.Hash)
		}
		if err == nil && !c.Checked.Done() {
			_, err = s.a.Desk.Check(ctx, "officer:lan", c.Number)
		}
		if err != nil {
			s.troubles.Add(1)
		}
	}
}

// unknown settles credentials of which nobody knows whether they were taken: the officer looks into the log of the mail
// server and asks the unit. asked holds since when he knows of each.
func (s *soak) unknown(ctx context.Context, asked map[int64]time.Time) {
	var open []store.Letter
	s.look(func(tx *store.Tx) (err error) {
		open, err = tx.OpenLetters(ctx)
		return err
	})
	for _, l := range open {
		if l.State != store.LetterUnknown || !l.Once {
			continue
		}
		if asked[l.ID].IsZero() {
			asked[l.ID] = time.Now()
		}
		s.mu.Lock()
		arrived := s.arrived[l.MessageID]
		s.mu.Unlock()
		patience := 3 * time.Second
		for _, d := range s.cutter.sent(l.MessageID) {
			if d.Accepted {
				patience = time.Hour // it is in the queue of Postfix
			} else if d.Uncertain {
				patience = max(patience, 15*time.Second)
			}
		}
		if !arrived && time.Since(asked[l.ID]) < patience {
			continue
		}
		if _, err := s.a.Desk.Settle(ctx, "officer:lan", l.ID, arrived); err != nil {
			s.troubles.Add(1)
			continue
		}
		s.settled.Add(1)
		delete(asked, l.ID)
	}
}
