package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Remover carries out deletions (step 7, FR-25): it suspends, gives access back, and erases when the window is over. Row by row
// it looks, acts, reads back and records row, register and event in one transaction, so that a crash repeats a step and never a
// result.
//
// What it does was approved in a plan, and it looks again each time: at the plan's hash and approval, at who is on hold or
// stopped, and whether the account still is the one of the person. What does not fit is left alone and told to officers.
type Remover struct {
	DB       *store.DB
	Platform Platform
	InFlight int // rows at once
	Window   int // days from the suspension to the erasure
	// SameName says whether two names are those of one person, as the rules see it (DEL-03).
	SameName func(a, b string) bool
	// Tell puts a letter about a case as it stands into the outbox.
	Tell func(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind) error
	// EraseAt is the moment on a day from which accounts are erased.
	EraseAt func(day string) time.Time
}

// Suspend stops the sign-in of everybody in a case that is suspending, or was on hold then. When nobody is left the case is
// suspended, and its unit is told.
func (m *Remover) Suspend(ctx context.Context, caseID int64) error {
	r, err := m.read(ctx, caseID)
	if err != nil || r.plan.Paused.Done() || r.c.State != bot.Suspending && r.c.State != bot.Suspended {
		return err
	}
	today := m.DB.Now().In(bot.ICT).Format(time.DateOnly)
	begun := r.todo(func(item bot.PlanItem) bool { return r.toSuspend(item) && r.plan.StartOf(item) <= today }) // the other batches wait for their days
	err = inTurn(ctx, m.InFlight, begun, func(item bot.PlanItem) error {
		return m.row(ctx, r.c, item, bot.RowSuspended)
	})
	if err = waiting(err); err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil || r.plan.Paused.Done() || r.c.State != bot.Suspending || len(r.todo(r.toSuspend)) > 0 {
			return err
		}
		if slices.ContainsFunc(r.items, func(i bot.PlanItem) bool { return r.toSuspend(i) && r.toRestore(i) }) { // spared: the letter says so
			tx.Wake(store.RestoreJob, caseID)
			return nil
		}
		c := r.c
		c.State, c.EraseAt = bot.Suspended, m.eraseAt(tx.Now, r.items)
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := m.Tell(ctx, tx, c, bot.SuspendedNote); err != nil {
			return err
		}
		if !c.EraseAt.After(tx.Now) {
			tx.Wake(store.EraseJob, c.ID)
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "accounts_suspended", Detail: map[string]string{"rows": fmt.Sprint(r.count(bot.RowSuspended))}})
	})
}

// eraseAt is when the window of what is suspended now is over: never before the day that was approved, and never sooner than the
// whole window.
func (m *Remover) eraseAt(now time.Time, items []bot.PlanItem) time.Time {
	at := now
	for _, item := range items {
		if item.EraseOn != "" {
			if day := m.EraseAt(item.EraseOn); day.After(at) {
				at = day
			}
		}
	}
	if whole := m.EraseAt(now.AddDate(0, 0, m.Window).In(bot.ICT).Format(time.DateOnly)); m.Window > 0 && whole.After(at) {
		at = whole
	}
	return at
}

// Erase removes for ever who is suspended in a case whose window is over. Who was suspended later than the others waits for his
// own window. When nobody is left the case is closed, and its unit is told.
func (m *Remover) Erase(ctx context.Context, caseID int64) error {
	r, err := m.begin(ctx, caseID)
	if err != nil || r.plan.Paused.Done() || r.c.State != bot.Erasing {
		return err
	}
	suspended := func(item bot.PlanItem) bool { return r.state(item) == bot.RowSuspended }
	err = inTurn(ctx, m.InFlight, r.todo(suspended), func(item bot.PlanItem) error { return m.row(ctx, r.c, item, bot.RowErased) })
	if err = waiting(err); err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil || r.plan.Paused.Done() || r.c.State != bot.Erasing || len(r.todo(suspended)) > 0 {
			return err
		}
		if len(r.untold()) > 0 {
			tx.Wake(store.RestoreJob, caseID)
			return nil
		}
		c := r.c
		left := r.count(bot.RowSuspended)
		for _, item := range r.items {
			if r.toSuspend(item) { // on hold since before it was suspended
				left++
			}
		}
		if left > 0 { // the others have been erased; these wait for an officer
			c.State = bot.Suspended
			_, err := tx.SaveCase(ctx, c)
			return err
		}
		c.State = bot.Closed
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := m.Tell(ctx, tx, c, bot.ErasedNote); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "case_closed", Detail: map[string]string{"rows": fmt.Sprint(r.count(bot.RowErased))}})
	})
}

// begin moves a case to erasing when its window is over.
func (m *Remover) begin(ctx context.Context, caseID int64) (r removal, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil || r.c.State != bot.Suspended {
			return err
		}
		if r.c.Held.Done() || r.plan.Paused.Done() || len(r.untold()) > 0 { // its clock stands still; or a letter comes first
			return nil
		}
		was := r.c.EraseAt
		for _, item := range r.items { // suspended later than the others: the window is his, too
			since, err := tx.SuspendedSince(ctx, item.Code)
			if err != nil {
				return err
			}
			if at := m.eraseAt(since, []bot.PlanItem{item}); r.state(item) == bot.RowSuspended && !r.waits(item) && at.After(r.c.EraseAt) && at.After(tx.Now) {
				r.c.EraseAt = at
			}
		}
		if r.c.EraseAt.IsZero() || r.c.EraseAt.After(tx.Now) {
			if r.c.EraseAt != was {
				r.c, err = tx.SaveCase(ctx, r.c)
			}
			return err
		}
		if r.count(bot.RowErased) == 0 && r.count(bot.RowSuspended) == 0 { // everybody was restored or spared
			r.c.State = bot.Closed
			if r.c, err = tx.SaveCase(ctx, r.c); err != nil {
				return err
			}
			return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: r.c.ID, Plan: r.c.PlanID, What: "case_closed"})
		}
		r.c.State = bot.Erasing
		r.c, err = tx.SaveCase(ctx, r.c)
		return err
	})
	return r, err
}

// Restore gives access back to those for whom an officer decided so. When nobody is left to be erased the case is closed. The stops
// of the rows end with the letter, so that who is cut off between account and letter finds both again.
func (m *Remover) Restore(ctx context.Context, caseID int64) error {
	r, err := m.read(ctx, caseID)
	if err != nil {
		return err
	}
	var todo []bot.PlanItem
	for _, item := range r.items {
		if r.toRestore(item) {
			todo = append(todo, item)
		}
	}
	if len(todo) == 0 && len(r.untold()) == 0 {
		return nil
	}
	done := inTurn(ctx, m.InFlight, todo, func(item bot.PlanItem) error { return m.row(ctx, r.c, item, bot.RowRestored) })
	if err := waiting(done); err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil {
			return err
		}
		if done != nil && len(r.untold()) == 0 { // all that is left waits for a person: who would be woken now would wake us again at once
			return nil
		}
		tx.Wake(map[bot.State]string{bot.Suspending: store.SuspendJob, bot.Suspended: store.EraseJob, bot.Erasing: store.EraseJob}[r.c.State], caseID)
		back := r.untold()
		if len(back) == 0 {
			return nil
		}
		for _, n := range back {
			if err := tx.EndStop(ctx, caseID, n, "restored", bot.System); err != nil {
				return err
			}
		}
		c := r.c
		c.UpdatedAt = tx.Now
		if c, err = tx.SaveCase(ctx, c); err != nil { // a version of its own: the letter is one step
			return err
		}
		if err := m.Tell(ctx, tx, c, bot.RestoredNote); err != nil {
			return err
		}
		if left := r.todoOrWaiting(); left > 0 || c.State != bot.Suspended {
			return nil
		}
		if r.count(bot.RowErased) > 0 { // closed by the way of the others
			return nil
		}
		c.State = bot.Closed
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "case_closed"})
	})
}
