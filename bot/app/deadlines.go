package app

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/calendar"
	"vanthu/bot/clock"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/procedure"
	"vanthu/bot/store"
)

// readBook reads the editions of the procedure, those built in and those of the configuration.
func readBook(cfg *config.Config) (*procedure.Book, error) {
	var later []procedure.Source
	for _, e := range cfg.Editions {
		from, err := time.ParseInLocation(time.DateOnly, e.From, bot.ICT)
		if err != nil {
			return nil, bot.Errorf(bot.Invalid, "%s: edition.from %q is no day", cfg.File, e.From)
		}
		later = append(later, procedure.Source{File: e.Definition, From: from})
	}
	return procedure.Read(later...)
}

// Calendar is what a configuration counts by: the built-in days off with the office's own table over them.
func Calendar(cfg *config.Config) (*calendar.Calendar, error) {
	if cfg.Deadline.DaysOff == "" {
		return calendar.Vietnam()
	}
	table, err := os.ReadFile(cfg.Deadline.DaysOff)
	if err != nil {
		return nil, fmt.Errorf("app: days off: %w", err)
	}
	days, err := calendar.New(string(table))
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "%s: %w", cfg.Deadline.DaysOff, err)
	}
	return days, nil
}

// Editions lists the editions of the procedure that a configuration knows, their limits counted as it wants them.
func Editions(cfg *config.Config) ([]procedure.Edition, error) {
	book, err := readBook(cfg)
	if err != nil {
		return nil, err
	}
	editions := book.Editions()
	for _, e := range editions {
		for i, s := range e.Steps {
			e.Steps[i] = counted(cfg, s)
		}
	}
	return editions, nil
}

// counted is a step as the configuration wants its days counted.
func counted(cfg *config.Config, step bot.Step) bot.Step {
	step.Working = step.Working || slices.Contains(cfg.Deadline.Working, string(step.ID))
	return step
}

// edition is the one that a case follows which comes at that moment.
func (a *App) edition(at time.Time) string { return a.Book.At(at).Edition }

// definition is the edition that a case follows. One that is not in the configuration any more (a closed case of long ago) is read
// as the first one was.
func (a *App) definition(c bot.Case) bot.Definition {
	if d, ok := a.Book.Of(c.Edition); ok {
		return d
	}
	return a.Book.Editions()[0].Definition
}

// knowEditions refuses to serve while an open case follows an edition that is not there: its limits would be another's.
func (a *App) knowEditions(ctx context.Context) error {
	return a.DB.Read(ctx, func(tx *store.Tx) error {
		cases, err := tx.AllOpen(ctx)
		for _, c := range cases {
			if _, ok := a.Book.Of(c.Edition); !ok {
				return bot.Errorf(bot.Conflict, "case %s was opened under edition %s of %s, which %s does not name: put its [[edition]] back until its last case is closed", c.Number, c.Edition, c.Procedure, a.Config.File)
			}
		}
		return err
	})
}

// due is the last moment of a step of a case that began at from.
func (a *App) due(c bot.Case, id bot.StepID, from time.Time) time.Time {
	step := a.step(c, id)
	return a.Calendar.Due(from, step.Days, step.Working)
}

// step is one of the case's own edition, counted as the configuration wants it.
func (a *App) step(c bot.Case, id bot.StepID) bot.Step {
	return counted(a.Config, a.definition(c).Step(id))
}

// limits holds a case against its own edition.
func (a *App) limits(c bot.Case, events []bot.Event, now time.Time) []bot.Limit {
	k := clock.Clock{Step: func(id bot.StepID) bot.Step { return a.step(c, id) }, Due: a.Calendar.Due, Days: a.Calendar.Days}
	return k.Limits(c, events, now)
}

// digests is how officers are told.
func (a *App) digests() desk.Digests {
	return desk.Digests{On: a.Config.Deadline.Digest, Open: a.atWork, Missing: a.Calendar.Missing,
		Days: func(from, to time.Time) int { return a.Calendar.Days(from, to, false) }}
}

// atWork says whether the office works at that moment: nobody is reminded of anything at night, or on a day off.
func (a *App) atWork(now time.Time) bool {
	from, to, err := a.Config.Deadline.WorkingHours()
	if err != nil || a.Calendar.IsOff(now) {
		return false
	}
	at := now.In(bot.ICT)
	clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	return clock >= from && clock < to
}

// progress is how far a case is, for its unit.
func (a *App) progress(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Progress, error) {
	limits, _, err := a.Desk.LimitsOf(ctx, tx, c)
	return bot.ProgressOf(c, limits), err
}

// again is what promise comes to for a case that has begun: from its limits as far as they are known, the others added.
func (a *App) again(c bot.Case, limits []bot.Limit) time.Time {
	end := map[bot.StepID]time.Time{}
	for _, l := range limits {
		if end[l.Step.ID] = l.Due; l.Done.Done() {
			end[l.Step.ID] = l.Done.At
		}
		if l.Step.ID == bot.StepDeliver && l.Done.Done() {
			return c.Promised // kept or not, it is done
		}
	}
	create := end[bot.StepCreate]
	if create.IsZero() {
		checked := end[bot.StepCheck]
		if planned := end[bot.StepPlan]; checked.Before(planned) {
			checked = planned
		}
		create = a.due(c, bot.StepCreate, checked)
	}
	if deliver := end[bot.StepDeliver]; !deliver.IsZero() {
		return deliver
	}
	return a.due(c, bot.StepDeliver, create)
}

// promise adds the limits up: plan, check (which runs from the end of the plan's day at the latest, Q9), creation, delivery.
func (a *App) promise(c bot.Case, from time.Time) bot.Promise {
	create, deliver := a.step(c, bot.StepCreate), a.step(c, bot.StepDeliver)
	check := a.due(c, bot.StepCheck, a.due(c, bot.StepPlan, from))
	accounts := func(days int) time.Time {
		return a.Calendar.Due(a.Calendar.Due(check, days, create.Working), deliver.Days, deliver.Working)
	}
	return bot.Promise{Check: check, Expected: accounts(create.Target), Accounts: accounts(create.Days)}
}
