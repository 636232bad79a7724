package desk

import (
	"cmp"
	"context"
	"slices"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Due lists the steps that run in all open cases, the most urgent first: overdue ones by how long, then by the day on which they are due.
// Cases on hold are not among them.
func (d *Desk) Due(ctx context.Context) (due []bot.Due, err error) {
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		due, _, err = d.due(ctx, tx)
		return err
	})
	return due, err
}

// due also counts the open cases.
func (d *Desk) due(ctx context.Context, tx *store.Tx) (due []bot.Due, open int, err error) {
	cases, err := tx.AllOpen(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range cases {
		limits, events, err := d.LimitsOf(ctx, tx, c)
		if err != nil {
			return nil, 0, err
		}
		for _, l := range limits {
			if !l.Stage.Runs() || c.Held.Done() {
				continue
			}
			one := bot.Due{Case: c, Limit: l}
			if one.Rows, _, err = tx.CountRows(ctx, c.ID); err != nil {
				return nil, 0, err
			}
			// One of today may be written at this moment, beside the digest: it does not count yet.
			one.Reminds, _ = reminders(slices.DeleteFunc(slices.Clone(events), func(e bot.Event) bool { return e.What == "unit_reminded" && Today(e.At) == Today(tx.Now) }))
			if l.Step.ID == bot.StepPlan && c.PlanID != 0 && !c.Planned.Done() {
				plan, err := tx.Plan(ctx, c.PlanID)
				if err != nil {
					return nil, 0, err
				}
				one.Plan = plan.Number
			}
			due = append(due, one)
		}
	}
	slices.SortStableFunc(due, func(x, y bot.Due) int {
		overdue := func(u bot.Due) bool { return u.Limit.Stage == bot.StageOverdue }
		if overdue(x) != overdue(y) {
			return map[bool]int{true: -1, false: 1}[overdue(x)]
		}
		return cmp.Or(x.Limit.Due.Compare(y.Limit.Due), cmp.Compare(x.Case.ID, y.Case.ID))
	})
	return due, len(cases), nil
}

// LimitsOf holds a case against its time limits now, by its history.
func (d *Desk) LimitsOf(ctx context.Context, tx *store.Tx, c bot.Case) ([]bot.Limit, []bot.Event, error) {
	events, err := tx.Events(ctx, c.ID)
	if err != nil {
		return nil, nil, err
	}
	return d.Limits(c, events, tx.Now), events, nil
}
