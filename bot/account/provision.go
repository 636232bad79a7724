package account

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Provisioner makes the accounts of a case (step 4, FR-18): row by row, resumable, each once.
//
// The order makes a crash harmless: the sealed password and the intent to ask are stored first (intent.go), then the account is made with
// our marker and read back, then the row says so. Whatever was cut off is found again by the marker, and what the platform has
// agreed to is never asked for again.
type Provisioner struct {
	DB       *store.DB
	Platform Platform
	Password func() (string, error)
	Seal     func(plain []byte, label string) ([]byte, error)
	Unseal   func(sealed []byte, label string) ([]byte, error)
	InFlight int // rows at once, 0: as many as are of use to the platform
}

// Label binds a sealed password to its row.
func Label(number string, n int) string { return fmt.Sprintf("%s row %d", number, n) }

// Marker is what our accounts carry, so that they are found again.
func Marker(number string, n int) string { return fmt.Sprintf("vanthu:%s:%d", number, n) }

// Create makes what is still to be made of a case in state creating. When all is done it moves the case to created and
// wakes its delivery. A *PutOff means that there is more to do, later; any other error that it should be tried again.
func (p *Provisioner) Create(ctx context.Context, caseID int64) error {
	w, err := p.begin(ctx, caseID)
	if err != nil || w.c.State != bot.Creating || w.plan.Paused.Done() {
		return err
	}
	if rest := w.rests.Sub(p.DB.Now()); rest > 0 && rest <= farthestRest {
		return &PutOff{For: min(rest, longestRest), Why: p.Platform.Name() + " wants to be let alone"}
	}
	err = p.rows(ctx, w)
	if _, pending := errors.AsType[*Pending](err); pending { // who reads the result wakes the case: no job may stand in the way of that one
		return nil
	}
	if err != nil {
		return err
	}
	return p.finish(ctx, caseID)
}

// work is what a plan has to do for a case.
type work struct {
	c     bot.Case
	plan  store.StoredPlan
	todo  []bot.PlanItem // that are due, those that failed before at the end
	later string         // the day for which the next of the others wait, "" none
	rests time.Time      // until when the platform is let alone
}

// rows does what is due, set by set.
func (p *Provisioner) rows(ctx context.Context, w work) error {
	r, cancel := newRun(ctx)
	defer cancel()
	l := &ledger{db: p.DB}
	atOnce := p.InFlight
	if n := p.Platform.Describe().InFlight; atOnce == 0 && n > 0 {
		atOnce = n
	}
	for todo := w.todo; len(todo) > 0 && !r.over(); {
		set := todo[:min(setSize, len(todo))]
		todo = todo[len(set):]
		rows, next, err := p.take(ctx, w.c, w.plan, set)
		if err != nil {
			return err
		}
		if !next.IsZero() {
			r.ended(&PutOff{For: max(next.Sub(p.DB.Now()), time.Second), Why: "rows that are looked for later"})
		}
		left := p.set(ctx, r, l, w, rows, cmp.Or(atOnce, 8))
		if err := p.release(ctx, l, left); err != nil {
			return err
		}
		if !r.over() { // they had no time left in this set
			for _, row := range left {
				todo = append(todo, row.item)
			}
		}
	}
	return r.end(ctx, len(w.todo))
}

// set does the rows of a set and returns those that were not begun with.
func (p *Provisioner) set(ctx context.Context, r *run, l *ledger, w work, rows []taken, atOnce int) []taken {
	byN := make(map[int]taken, len(rows))
	items := make([]bot.PlanItem, len(rows))
	for i, row := range rows {
		byN[row.item.N], items[i] = row, row.item
	}
	var mu sync.Mutex
	r.do(atOnce, items, func(item bot.PlanItem) error {
		mu.Lock()
		row := byN[item.N]
		left := row.left(p.DB.Now()) // counted from the moment of the intent: we may have been frozen since
		if left >= callTime {
			delete(byN, item.N)
		}
		mu.Unlock()
		if left < callTime {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, min(left, reach))
		defer cancel()
		act := p.make
		if w.plan.Kind == bot.PlanReset {
			act = p.reset
		}
		return p.row(ctx, r, l, w, row, act)
	})
	return slices.Collect(maps.Values(byN))
}

// begin returns what is still to be done for a case. What runs must be what was approved: items that the hash is not over, or a row
// that differs from its frozen item, stop everything.
func (p *Provisioner) begin(ctx context.Context, caseID int64) (w work, err error) {
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		if w.c, err = tx.Case(ctx, caseID); err != nil || w.c.State != bot.Creating {
			return err
		}
		if w.plan, err = tx.Plan(ctx, w.c.PlanID); err != nil {
			return err
		}
		if err := w.plan.Ready(); err != nil {
			return err
		}
		if w.rests, err = tx.PlanRest(ctx, w.plan.ID, caseID); err != nil {
			return err
		}
		today := tx.Now.In(bot.ICT).Format(time.DateOnly)
		rows, err := tx.Rows(ctx, caseID)
		if err != nil {
			return err
		}
		byN := make(map[int]bot.CaseRow, len(rows))
		for _, r := range rows {
			byN[r.N] = r
		}
		var again []bot.PlanItem
		for _, item := range w.plan.Items {
			if item.Case != w.c.Number {
				continue
			}
			r := byN[item.N]
			if err := p.approved(w.plan.Kind, item, r); err != nil {
				return bot.Errorf(bot.Conflict, "row %d of case %s is not what plan %s approved: %w", item.N, w.c.Number, w.plan.Number, err)
			}
			switch {
			case w.plan.StartOf(item) > today: // its batch waits for its day
				if w.later == "" || w.plan.StartOf(item) < w.later {
					w.later = w.plan.StartOf(item)
				}
			case !undone(w.plan.Kind, w.c, r):
			case r.Said != "" && w.plan.Kind != bot.PlanReset:
				again = append(again, item)
			default:
				w.todo = append(w.todo, item)
			}
		}
		w.todo = append(w.todo, again...)
		return nil
	})
	return w, err
}

// approved compares what would be done for a row now with what was approved of it, byte for byte.
func (p *Provisioner) approved(kind bot.PlanKind, item bot.PlanItem, r bot.CaseRow) error {
	now := item
	now.N, now.Code, now.Name, now.Class, now.Cohort, now.Platform, now.Action = r.N, r.Code, r.Name, r.Class, r.Cohort, p.Platform.Name(), string(kind)
	is, err := json.Marshal(now)
	if err != nil {
		return err
	}
	was, err := json.Marshal(item)
	if err != nil {
		return err
	}
	if !bytes.Equal(is, was) {
		return errNotApproved
	}
	return nil
}

var errNotApproved = errors.New("the row or the platform is another one")

// finish moves the case to created once no row is left to be made.
func (p *Provisioner) finish(ctx context.Context, caseID int64) error {
	w, err := p.begin(ctx, caseID)
	if err != nil || w.c.State != bot.Creating || w.plan.Paused.Done() { // another process has finished, or an officer stops it
		return err
	}
	if len(w.todo) > 0 {
		return fmt.Errorf("account: %d rows are still to be made", len(w.todo))
	}
	if w.later != "" { // the sweep comes back each minute
		until, err := time.ParseInLocation(time.DateOnly, w.later, bot.ICT)
		if err != nil {
			return fmt.Errorf("account: plan of case %s: %w", w.c.Number, err)
		}
		return p.DB.Write(ctx, func(tx *store.Tx) error { return tx.PlanWaits(ctx, w.c.PlanID, w.c.ID, until) })
	}
	if err := p.groups(ctx, w.c, w.plan); err != nil {
		return err
	}
	return p.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil || c.State != bot.Creating {
			return err
		}
		c.State = bot.Created
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		tx.Wake(store.DeliverJob, c.ID)
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "accounts_created"})
	})
}
