package main

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
)

// dueCmd lists the steps that run.
type dueCmd struct {
	officerFlags
	Mine bool `help:"Only of cases that you have, and of those that nobody has."`
}

func (c *dueCmd) Run(e *env) error {
	return c.open(e, func(a *app.App, officer bot.Officer) error {
		due, err := a.Desk.Due(e.ctx)
		if err != nil {
			return err
		}
		if c.Mine {
			due = slices.DeleteFunc(due, func(d bot.Due) bool { return d.Case.Owner != "" && d.Case.Owner != officer.ID })
		}
		if c.JSON {
			return writeJSON(e, due)
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "DUE\tSTAGE\tCASE\tUNIT\tPEOPLE\tSTEP\tWHOSE\tOFFICER")
		for _, d := range due {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", date(d.Limit.Due), stageOf(d.Limit), d.Case.Number, d.Case.Unit, d.Rows, stepOf(d.Limit), d.Limit.Whose, dash(d.Case.Owner))
		}
		return w.Flush()
	})
}

// overdue keeps the cases of which a step is.
func overdue(e *env, a *app.App, cases []bot.Case) ([]bot.Case, error) {
	due, err := a.Desk.Due(e.ctx)
	if err != nil {
		return nil, err
	}
	late := map[int64]bool{}
	for _, d := range due {
		late[d.Case.ID] = late[d.Case.ID] || d.Limit.Stage == bot.StageOverdue
	}
	return slices.DeleteFunc(cases, func(c bot.Case) bool { return !late[c.ID] }), nil
}

// printLimits shows each step of a case against its time limit.
func printLimits(e *env, limits []bot.Limit) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tWHOSE\tBEGUN\tDUE\tSTAGE\tDONE\tBY")
	for _, l := range limits {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", stepOf(l), l.Whose, local(l.Started), date(l.Due), stageOf(l), local(l.Done.At), dash(string(l.Done.By)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.stdout)
	return err
}

func stepOf(l bot.Limit) string {
	name := fmt.Sprintf("%d %s", l.Step.Number, l.Step.ID)
	if l.Round > 1 {
		name += fmt.Sprintf(" (round %d)", l.Round)
	}
	return name
}

// stageOf says how far a limit has run: "day 12 of 30", "2 days over".
func stageOf(l bot.Limit) string {
	switch l.Stage {
	case bot.StageAhead:
		return "-"
	case bot.StageHeld:
		return fmt.Sprintf("on hold, %s left", count(l.Left, "day"))
	case bot.StageOverdue:
		return "OVERDUE " + count(l.Over, "day")
	case bot.StageDue:
		return "DUE TODAY"
	case bot.StageLate:
		return "late " + count(l.Over, "day")
	case bot.StageOnTime:
		return "on time"
	case bot.StageRuns, bot.StageHalf, bot.StageNear:
	}
	return fmt.Sprintf("day %d of %d", l.Used, l.Used+l.Left)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// date shows the day of an instant as the office reads it.
func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(bot.ICT).Format("02/01/2006")
}
