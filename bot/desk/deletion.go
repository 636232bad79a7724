package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// StopRows keeps the rows of a deletion from being suspended and erased, because their unit asks for it in a mail; no codes: all of
// them. It says how many, and tells the officers at once.
func (d *Desk) StopRows(ctx context.Context, tx *store.Tx, c bot.Case, by bot.Unit, mailID int64, codes []string) (int, error) {
	if c.Unit != by.ID || c.Kind != bot.DeletionRequest {
		return 0, bot.Errorf(bot.Forbidden, "case %s is no deletion of unit %s", c.Number, by.ID)
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	var stopped []string
	for _, r := range rows {
		if len(codes) > 0 && !slices.Contains(codes, r.Code) || !pending(r) {
			continue
		}
		if err := tx.StopRow(ctx, c.ID, store.RowStop{N: r.N, Since: bot.Stamp{By: UnitActor(by)}, MailID: mailID, Why: "the unit asks for it"}); err != nil {
			return 0, err
		}
		stopped = append(stopped, fmt.Sprint(r.N))
	}
	if err := tx.AddEvent(ctx, bot.Event{Actor: UnitActor(by), Case: c.ID, Mail: mailID, What: "deletion_stopped", Detail: map[string]string{"rows": strings.Join(stopped, " ")}}); err != nil {
		return 0, err
	}
	for _, o := range d.Officers {
		if o.Address == "" || c.Owner != "" && c.Owner != o.ID && !o.Head {
			continue
		}
		a, err := Answer(ctx, tx, d.Units, c, bot.StopAsked)
		if err != nil {
			return 0, err
		}
		a.Step, a.To, a.Mail, a.Reason = fmt.Sprintf("%s stop mail %d to %s", c.Number, mailID, o.ID), o.Address, mailID, strings.Join(stopped, ", ")
		if err := d.post(ctx, tx, a); err != nil {
			return 0, err
		}
	}
	return len(stopped), nil
}

// pending says whether something may still happen to the account of a row of a deletion.
func pending(r bot.CaseRow) bool {
	return r.OK && (r.State == bot.RowGood || r.State == bot.RowWarned) || r.State == bot.RowSuspended
}

// GiveBack restores accounts within the window, or spares them before they are suspended: one officer's act, for it only gives
// back. No rows: all of which something is still to come. The serving process does what is to be done on the platform.
func (d *Desk) GiveBack(ctx context.Context, actor bot.Actor, ref string, rows []int, reason string) (bot.Case, error) {
	return d.decide(ctx, ref, rows, reason, func(tx *store.Tx, c bot.Case, r bot.CaseRow) error {
		switch c.State {
		case bot.Suspending, bot.Suspended, bot.Erasing:
		default:
			return bot.Errorf(bot.Conflict, "case %s is %s: nothing has been suspended yet; return or withdraw it", c.Number, c.State)
		}
		if r.State == bot.RowSuspended || r.Said != "" { // or is perhaps suspended: the remover has begun with it
			return tx.StopRow(ctx, c.ID, store.RowStop{N: r.N, Since: bot.Stamp{By: actor}, Why: reason, Restore: true})
		}
		r.OK, r.State, r.Said = false, bot.RowBad, "spared by an officer"
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
		return tx.EndStop(ctx, c.ID, r.N, reason, actor)
	}, func(tx *store.Tx, c bot.Case, done string) error {
		tx.Wake(store.RestoreJob, c.ID)
		tx.Wake(store.SuspendJob, c.ID) // who is left
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "restore_decided", Detail: map[string]string{"rows": done, "reason": reason}})
	})
}

// GoOn lets rows go on that were stopped: an officer has spoken with the unit, or looked at the account. What was approved is not
// changed by it.
func (d *Desk) GoOn(ctx context.Context, actor bot.Actor, ref string, rows []int, reason string) (bot.Case, error) {
	return d.decide(ctx, ref, rows, reason, func(tx *store.Tx, c bot.Case, r bot.CaseRow) error {
		stops, err := tx.Stops(ctx, c.ID)
		if err != nil {
			return err
		}
		stop, stopped := stops[r.N]
		switch {
		case stop.Restore:
			return bot.Errorf(bot.Conflict, "row %d of case %s is being restored", r.N, c.Number)
		case !stopped && len(rows) > 0:
			return bot.Errorf(bot.Conflict, "nothing stops row %d of case %s", r.N, c.Number)
		}
		return tx.EndStop(ctx, c.ID, r.N, reason, actor)
	}, func(tx *store.Tx, c bot.Case, done string) error {
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "deletion_goes_on", Detail: map[string]string{"rows": done, "reason": reason}})
	})
}

// decide does f to rows of a deletion of which something is still to come, and then finish.
func (d *Desk) decide(ctx context.Context, ref string, rows []int, reason string, f func(*store.Tx, bot.Case, bot.CaseRow) error, finish func(*store.Tx, bot.Case, string) error) (bot.Case, error) {
	if strings.TrimSpace(reason) == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say why")
	}
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		switch {
		case c.Kind != bot.DeletionRequest:
			return c, bot.Errorf(bot.Conflict, "case %s is no deletion", c.Number)
		case !c.State.Open():
			return c, bot.Errorf(bot.Conflict, "case %s is %s: nothing of it can be taken back", c.Number, c.State)
		}
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // the remover may be recording one of them
			return c, err
		}
		all, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return c, err
		}
		var done []string
		seen := make(map[int]bool)
		for _, r := range all {
			seen[r.N] = true
			if len(rows) > 0 && !slices.Contains(rows, r.N) {
				continue
			}
			if !pending(r) {
				if len(rows) > 0 {
					return c, bot.Errorf(bot.Conflict, "row %d of case %s is %s", r.N, c.Number, r.State)
				}
				continue
			}
			if err := f(tx, c, r); err != nil {
				return c, err
			}
			done = append(done, fmt.Sprint(r.N))
		}
		for _, n := range rows {
			if !seen[n] {
				return c, bot.Errorf(bot.NotFound, "case %s has no row %d", c.Number, n)
			}
		}
		if len(done) == 0 {
			return c, bot.Errorf(bot.Conflict, "nothing of case %s is left to decide about", c.Number)
		}
		return c, finish(tx, c, strings.Join(done, " "))
	})
}

// HoldPerson keeps the account of a person as it is, whatever a list says. Only officers learn why.
func (d *Desk) HoldPerson(ctx context.Context, actor bot.Actor, code, reason string) error {
	code = strings.ToUpper(strings.TrimSpace(code))
	if code == "" || strings.TrimSpace(reason) == "" {
		return bot.Errorf(bot.Invalid, "say whose account must stay, and why")
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AddHold(ctx, code, reason, actor); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "person_held", Detail: map[string]string{"code": code}})
	})
}

// LiftHold ends it. What was approved meanwhile goes on.
func (d *Desk) LiftHold(ctx context.Context, actor bot.Actor, code, reason string) error {
	code = strings.ToUpper(strings.TrimSpace(code))
	if strings.TrimSpace(reason) == "" {
		return bot.Errorf(bot.Invalid, "say why the hold is lifted")
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LiftHold(ctx, code, reason, actor); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "person_hold_lifted", Detail: map[string]string{"code": code}})
	})
}

// Tell puts a letter about a deletion as it stands into the outbox, once for each version of its case.
func (d *Desk) Tell(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind) error {
	if !d.knows(c.Unit) { // it has left the configuration; what was approved is done all the same
		return nil
	}
	a, err := Answer(ctx, tx, d.Units, c, kind)
	if err != nil {
		return err
	}
	return d.post(ctx, tx, a)
}

// post composes a letter and puts it into the outbox.
func (d *Desk) post(ctx context.Context, tx *store.Tx, a bot.Answer) error {
	if told, err := tx.HasLetter(ctx, a.Step); err != nil || told {
		return err
	}
	letter, err := d.Compose(a)
	if err != nil {
		return err
	}
	_, err = tx.AddLetter(ctx, letter)
	return err
}

// deletion fills what a letter about a deletion may say: how far each row is, and which ones wait.
func deletion(ctx context.Context, tx *store.Tx, c bot.Case, rows []bot.CaseRow, a *bot.Answer) error {
	stops, err := tx.Stops(ctx, c.ID)
	if err != nil {
		return err
	}
	var codes []string
	for _, r := range rows {
		codes = append(codes, r.Code)
	}
	held, err := tx.Held(ctx, codes)
	if err != nil {
		return err
	}
	a.Deletion, a.Waits, a.EraseOn = rows, make(map[int]bool), c.EraseAt
	for _, r := range rows {
		if stop, stopped := stops[r.N]; stopped && !stop.Restore || held[r.Code] {
			a.Waits[r.N] = pending(r)
		}
	}
	return nil
}
