package account

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// ErrRefused is permanent for one row: who carries it out says that it cannot be done, and why. Nothing is tried again. What he says may
// name people.
var ErrRefused = fmt.Errorf("%w: it was not done", ErrPermanent)

// ErrTaken is an ErrRefused for the name: somebody else has it there, or nobody says that it is not so. With any other refusal the name stays
// the person's.
var ErrTaken = fmt.Errorf("%w, and its name counts as somebody else's", ErrRefused)

// forEver is what the history may hold of a refusal: not a person's words, nor a platform's as he sent them, for they may name people and
// cannot be destroyed there. The row has them.
func forEver(said string, refused bool) string {
	if refused {
		return ErrRefused.Error()
	}
	return said
}

// An Errand is the row of an approved plan for which something is to be done with an account that is there.
type Errand struct {
	CaseID int64
	N      int
	PlanID int64
}

// An Agent is a Platform whose acts a person carries out, gathered by plan: what it returns writes down for which row each of them is,
// and says that it is Pending.
type Agent interface {
	For(e Errand) Platform
}

// acting is the platform that does something for a row; by a person, or at once.
func acting(p Platform, e Errand) (_ Platform, person bool) {
	if agent, ok := p.(Agent); ok {
		return agent.For(e), true
	}
	return p, false
}

// A Pending says that a platform has taken an account in hand and that a person must carry it out: it is neither a failure nor
// waited for in minutes. Who reads the result wakes the case. Asking again changes nothing.
type Pending struct {
	For string // "waits for the result of bundle GT-2026-0001 since 26/11/2026 10:00"
}

func (p *Pending) Error() string { return p.For }

// Unwrap makes a Pending an ErrUndone: nothing was done by this call.
func (p *Pending) Unwrap() error { return ErrUndone }

// rest is how long nobody looks at pending rows when nobody wakes their case.
const rest = 24 * time.Hour

// pend notes that a case waits for a person, until its next batch begins. It is not late: alarms of accounts in work leave it out, and
// what is pending has a line of its own in status.
func pend(ctx context.Context, tx *store.Tx, w work) error {
	until := tx.Now.Add(rest)
	if w.later != "" {
		day, err := time.ParseInLocation(time.DateOnly, w.later, bot.ICT)
		if err != nil {
			return fmt.Errorf("account: plan of case %s: %w", w.c.Number, err)
		}
		if day.Before(until) {
			until = day
		}
	}
	return tx.PlanWaits(ctx, w.plan.ID, w.c.ID, until)
}
