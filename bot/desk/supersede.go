package desk

import (
	"context"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Supersede ends a case because another one of the same unit stands in for it ("thay thế"): the unit has sent its request again
// as a new one, and people must not be served, or asked for corrections, twice.
func (d *Desk) Supersede(ctx context.Context, actor bot.Actor, ref, by string) (bot.Case, error) {
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		other, err := d.find(ctx, tx, by)
		if err != nil {
			return c, err
		}
		switch {
		case other.ID == c.ID:
			return c, bot.Errorf(bot.Invalid, "case %s cannot stand in for itself", c.Number)
		case other.Unit != c.Unit || other.Kind != c.Kind:
			return c, bot.Errorf(bot.Invalid, "case %s asks for something else, or for another unit", other.Number)
		case !other.State.Open():
			return c, bot.Errorf(bot.Conflict, "case %s is %s: it cannot stand in for another", other.Number, other.State)
		case other.Supersedes != 0 && other.Supersedes != c.ID:
			return c, bot.Errorf(bot.Conflict, "case %s stands in for another one already", other.Number)
		}
		if c, err = d.leavePlan(ctx, tx, c); err != nil {
			return c, err
		}
		if c, err = endHold(ctx, tx, c, actor); err != nil {
			return c, err
		}
		c.State = bot.Superseded
		c, err = d.saved(ctx, tx, c, bot.Event{Actor: actor, What: "case_superseded", Detail: map[string]string{"by": other.Number}})
		if err != nil {
			return c, err
		}
		if other, err = tx.Case(ctx, other.ID); err != nil { // it may have lain in the same plan
			return c, err
		}
		other.Supersedes = c.ID
		if _, err := d.saved(ctx, tx, other, bot.Event{Actor: actor, What: "case_supersedes", Detail: map[string]string{"case": c.Number}}); err != nil {
			return c, err
		}
		if !d.knows(c.Unit) {
			return c, nil
		}
		return c, d.tell(ctx, tx, c, bot.SupersededNote, other.Number)
	})
}
