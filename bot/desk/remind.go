package desk

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// mostReminders to a unit after one delivery; then it is for an officer to call, whose digest has named it since the second.
const mostReminders = 4

// Remind asks a unit for its receipt, or for word of the hand-over, when the day for it has passed (step 6, M04): once, then every
// RemindEvery days, in working hours. It is called again and again, and looks at the history.
func (d *Desk) Remind(ctx context.Context, caseID int64) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil || c.State != bot.Delivered && c.State != bot.ReceivedByUnit || c.Held.Done() {
			return err
		}
		limits, events, err := d.LimitsOf(ctx, tx, c)
		if err != nil || !d.mayRemind(limits, events, tx.Now) {
			return err
		}
		n, _ := reminders(events)
		a, err := Answer(ctx, tx, d.Units, c, bot.Reminder)
		if err != nil {
			return err
		}
		a.Step, a.ConfirmDue = fmt.Sprintf("%s reminder %d of %s", c.Number, n+1, Today(delivered(limits))), d.StepDue(c, bot.StepHandOver, a.At)
		a.Delivered, a.Reminder = firstDelivered(events), n+1
		letter, err := d.Compose(a)
		if err != nil {
			return err
		}
		added, err := tx.AddLetter(ctx, letter)
		if err != nil || !added {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, What: "unit_reminded"})
	})
}

// Silent lists the cases whose unit is to be reminded now.
func (d *Desk) Silent(ctx context.Context, tx *store.Tx) (ids []int64, err error) {
	if d.Digests.Open != nil && !d.Digests.Open(tx.Now) {
		return nil, nil
	}
	for _, state := range []bot.State{bot.Delivered, bot.ReceivedByUnit} {
		cases, err := tx.Cases(ctx, state)
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			limits, events, err := d.LimitsOf(ctx, tx, c)
			if err != nil {
				return nil, err
			}
			if !c.Held.Done() && d.mayRemind(limits, events, tx.Now) {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids, nil
}

func (d *Desk) mayRemind(limits []bot.Limit, events []bot.Event, now time.Time) bool {
	if d.Digests.Open != nil && !d.Digests.Open(now) {
		return false
	}
	overdue := false
	for _, l := range limits {
		overdue = overdue || l.Step.ID == bot.StepHandOver && l.Stage == bot.StageOverdue
	}
	n, last := reminders(events)
	switch {
	case !overdue:
		return false
	case n == 0:
		return true
	}
	return d.RemindEvery > 0 && n < mostReminders && !now.Before(last.AddDate(0, 0, d.RemindEvery))
}

// reminders counts those since the last delivery.
func reminders(events []bot.Event) (n int, last time.Time) {
	for _, e := range events {
		switch e.What {
		case "unit_reminded":
			n, last = n+1, e.At
		case "case_delivered":
			n = 0
		}
	}
	return n, last
}

// firstDelivered is when the unit got its accounts: the day that it can find in its files. New passwords for some of them came later.
func firstDelivered(events []bot.Event) time.Time {
	for _, e := range events {
		if e.What == "case_delivered" {
			return e.At
		}
	}
	return time.Time{}
}

// delivered is when the unit got its accounts, the last time.
func delivered(limits []bot.Limit) (at time.Time) {
	for _, l := range limits {
		if l.Step.ID == bot.StepHandOver {
			at = l.Started
		}
	}
	return at
}
