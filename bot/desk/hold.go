package desk

import (
	"context"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Take makes an officer the one who has the case (FR-06). One that another officer has is taken over only when that is said.
func (d *Desk) Take(ctx context.Context, officer bot.Officer, ref string, over bool) (bot.Case, error) {
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		switch {
		case !c.State.Open():
			return c, bot.Errorf(bot.Conflict, "case %s is %s: there is nothing left to do", c.Number, c.State)
		case c.Owner == officer.ID:
			return c, nil
		case c.Owner != "" && !over:
			return c, bot.Errorf(bot.Conflict, "officer %s has case %s: ask, or take it over", c.Owner, c.Number)
		}
		detail := map[string]string{}
		if c.Owner != "" {
			detail["from"] = c.Owner
		}
		c.Owner = officer.ID
		return d.saved(ctx, tx, c, bot.Event{Actor: OfficerActor(officer), What: "case_taken", Detail: detail})
	})
}

// Release gives a case back to the office.
func (d *Desk) Release(ctx context.Context, officer bot.Officer, ref string) (bot.Case, error) {
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		if c.Owner != officer.ID {
			return c, bot.Errorf(bot.Conflict, "you do not have case %s", c.Number)
		}
		c.Owner = ""
		return d.saved(ctx, tx, c, bot.Event{Actor: OfficerActor(officer), What: "case_released"})
	})
}

// Hold stops the clock of a case (procedure 1.5, "tạm dừng"), and says so to the unit. Nothing is planned, approved, made or
// erased of it until it goes on; what the unit sends is still taken in. The events case_held and case_resumed tell the periods.
func (d *Desk) Hold(ctx context.Context, actor bot.Actor, ref, why string) (bot.Case, error) {
	if why == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say why the case is put on hold")
	}
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		switch c.State {
		case bot.Received, bot.WaitingUnit, bot.InWork, bot.Delivered, bot.ReceivedByUnit, bot.Suspended:
		case bot.Creating, bot.Created, bot.HandedOver, bot.Suspending, bot.Erasing:
			return c, bot.Errorf(bot.Conflict, "case %s is %s: what has been approved is being done and cannot stand still half-way", c.Number, c.State)
		case bot.Closed, bot.Withdrawn, bot.Superseded:
			return c, bot.Errorf(bot.Conflict, "case %s is %s: its clock has stopped for good", c.Number, c.State)
		}
		if c.Held.Done() {
			return c, bot.Errorf(bot.Conflict, "case %s is on hold already, by %s", c.Number, c.Held.By)
		}
		c.Held, c.HeldWhy = bot.Stamp{At: tx.Now, By: actor}, why
		c, err := d.saved(ctx, tx, c, bot.Event{Actor: actor, What: "case_held", Detail: map[string]string{"reason": why}})
		if err != nil {
			return c, err
		}
		return c, d.tell(ctx, tx, c, bot.OnHold, why)
	})
}

// Resume lets a case go on that was on hold.
func (d *Desk) Resume(ctx context.Context, actor bot.Actor, ref string) (bot.Case, error) {
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		if !c.Held.Done() {
			return c, bot.Errorf(bot.Conflict, "case %s is not on hold", c.Number)
		}
		if c.State == bot.Suspended { // the window in which a deletion can be undone stood still, too
			c.EraseAt = c.EraseAt.Add(tx.Now.Sub(c.Held.At))
		}
		c.Held, c.HeldWhy = bot.Stamp{}, ""
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "case_resumed"}); err != nil {
			return c, err
		}
		if !c.Promised.IsZero() { // what was promised moves with the clock
			limits, _, err := d.LimitsOf(ctx, tx, c)
			if err != nil {
				return c, err
			}
			c.Promised = d.Again(c, limits)
		}
		c, err := tx.SaveCase(ctx, c)
		if err != nil {
			return c, err
		}
		return c, d.tell(ctx, tx, c, bot.Resumed, "")
	})
}

// notHeld refuses what must wait while a case is on hold.
func notHeld(c bot.Case) error {
	if c.Held.Done() {
		return bot.Errorf(bot.Conflict, "case %s is on hold, by %s: let it go on first", c.Number, c.Held.By)
	}
	return nil
}

// endHold ends a hold with what makes it pointless: the case ends, or goes back to its unit.
func endHold(ctx context.Context, tx *store.Tx, c bot.Case, actor bot.Actor) (bot.Case, error) {
	if !c.Held.Done() {
		return c, nil
	}
	c.Held, c.HeldWhy = bot.Stamp{}, ""
	return c, tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "case_resumed"})
}

// saved writes a case with its event.
func (d *Desk) saved(ctx context.Context, tx *store.Tx, c bot.Case, e bot.Event) (bot.Case, error) {
	c, err := tx.SaveCase(ctx, c)
	if err != nil {
		return c, err
	}
	e.Case = c.ID
	return c, tx.AddEvent(ctx, e)
}
