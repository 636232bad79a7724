package desk

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// ReminderDue is which reminder of a deletion is due: 7 or 1, the days that are left at most; 0 for none. A window that is hardly
// longer has none of that kind: the letter of the suspension has just said it.
func (d Deleting) ReminderDue(c bot.Case, now time.Time) int {
	left := c.EraseAt.Sub(now)
	if c.State != bot.Suspended || c.EraseAt.IsZero() || left <= 0 {
		return 0
	}
	for _, days := range []int{1, 7} {
		if left <= time.Duration(days)*24*time.Hour && d.Window > days+1 {
			return days
		}
	}
	return 0
}

// ReminderStep names a reminder in the outbox: a window that was prolonged is reminded of anew.
func ReminderStep(c bot.Case, days int) string {
	return fmt.Sprintf("%s erase reminder %d %s", c.Number, days, c.EraseAt.UTC().Format(time.DateOnly))
}

// RemindErase says to the unit and to the officers of a case how many days are left in which its deletion can be undone.
func (d *Desk) RemindErase(ctx context.Context, caseID int64) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil {
			return err
		}
		days := d.Deleting.ReminderDue(c, tx.Now)
		if days == 0 || c.Held.Done() || !d.knows(c.Unit) {
			return nil
		}
		step := ReminderStep(c, days)
		if told, err := tx.HasLetter(ctx, step); err != nil || told {
			return err
		}
		a, err := Answer(ctx, tx, d.Units, c, bot.EraseReminder)
		if err != nil {
			return err
		}
		a.Step = step
		if err := d.post(ctx, tx, a); err != nil {
			return err
		}
		for _, o := range d.Officers {
			if o.Address == "" || c.Owner != "" && c.Owner != o.ID {
				continue
			}
			a.Step, a.To = step+" to "+o.ID, o.Address
			if err := d.post(ctx, tx, a); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, What: "erase_reminded", Detail: map[string]string{"days": fmt.Sprint(days)}})
	})
}
