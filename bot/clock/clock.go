// Package clock holds a case against the time limits of its procedure (D2 to D7): when each step began, when it is due, when and by
// whom it was done, how many days have run. It is a pure function of the case, its history and the moment.
//
// It must not know where the history is kept, how days are counted (bot/calendar, handed in) nor who is told.
package clock

import (
	"time"

	"vanthu/bot"
)

// A Clock counts for one edition of the procedure.
type Clock struct {
	Step func(bot.StepID) bot.Step
	Due  func(start time.Time, days int, working bool) time.Time // the end of the last day of a limit
	Days func(from, to time.Time, working bool) int              // how many days of a limit have begun
}

// Limits returns the steps that have a limit, in the order of the procedure. Steps of a case that waits for its unit have not begun:
// they start anew with the corrected list. Of a case that was withdrawn or superseded only what was done remains.
func (k Clock) Limits(c bot.Case, events []bot.Event, now time.Time) []bot.Limit {
	h := read(c, events)
	var limits []bot.Limit
	if c.Kind == bot.DeletionRequest {
		limits = k.deletion(c, h, now)
	} else {
		limits = k.creation(h, now)
	}
	if c.State != bot.Withdrawn && c.State != bot.Superseded {
		return limits
	}
	var done []bot.Limit
	for _, l := range limits {
		if l.Done.Done() {
			done = append(done, l)
		}
	}
	return done
}

// creation is steps 2 to 6. Check and plan may come in either order (Q6): step 3 runs from the end of step 2's day or from the
// approval of the plan, whichever is earlier (Q9), step 4 from the later of both.
func (k Clock) creation(h history, now time.Time) []bot.Limit {
	plan := k.limit(bot.StepPlan, h.complete, h.planned, h, now)
	check := k.limit(bot.StepCheck, earlier(plan.Due, h.planned.At), h.checked, h, now)
	if h.checked.Done() { // it may be done before its time begins to run
		check.Started = earlier(check.Started, h.checked.At)
	}
	limits := []bot.Limit{plan, check}
	var begun time.Time
	if h.planned.Done() && h.checked.Done() {
		begun = later(h.planned.At, h.checked.At)
	}
	rounds := h.rounds
	if len(rounds) == 0 {
		rounds = []round{{}}
	}
	for i, r := range rounds {
		started := begun
		if i > 0 {
			started = r.approved
		}
		of := []bot.Limit{k.limit(bot.StepCreate, started, r.created, h, now), k.limit(bot.StepDeliver, r.created.At, r.delivered, h, now)}
		if i == len(rounds)-1 { // what the unit misses is handed over with what it gets for it
			of = append(of, k.limit(bot.StepHandOver, r.delivered.At, h.handedOver, h, now))
		}
		for j := range of {
			of[j].Round = i + 1
		}
		limits = append(limits, of...)
	}
	return limits
}

// deletion is step 7 with its two clocks: the unit's from the decision to its mail, ours from the mail until the accounts are
// suspended (Q10, Q11).
func (k Clock) deletion(c bot.Case, h history, now time.Time) []bot.Limit {
	var decided time.Time
	if day, err := time.ParseInLocation(time.DateOnly, c.DecisionDate, bot.ICT); err == nil {
		decided = day
	}
	unit := k.limit(bot.StepDelete, decided, bot.Stamp{At: h.first, By: bot.Actor("unit:" + c.Unit)}, history{}, now)
	unit.Whose = bot.WhoseUnit
	return []bot.Limit{unit, k.limit(bot.StepDelete, h.complete, h.suspended, h, now)}
}

// limit counts one step. started is zero while nothing has begun.
func (k Clock) limit(id bot.StepID, started time.Time, done bot.Stamp, h history, now time.Time) bot.Limit {
	step := k.Step(id)
	l := bot.Limit{Step: step, Whose: step.Whose, Round: 1, Started: started, Done: done, Stage: bot.StageAhead}
	if started.IsZero() {
		return l
	}
	end := now
	if done.Done() {
		end = done.At
	}
	l.Due, l.Held, l.Left = k.due(step, step.Days, started, end, h.holds)
	if step.Target > 0 && step.Target < step.Days {
		l.Target, _, _ = k.due(step, step.Target, started, end, h.holds)
	}
	l.Used = k.used(step, started, end, h.holds)
	if !l.Due.IsZero() {
		l.Left = k.Days(end, l.Due, step.Working)
		l.Over = k.Days(l.Due, end, false)
	}
	l.Stage = stage(l, now)
	return l
}

func stage(l bot.Limit, now time.Time) bot.Stage {
	late := !l.Due.IsZero() && l.Over > 0
	switch {
	case l.Done.Done() && late:
		return bot.StageLate
	case l.Done.Done():
		return bot.StageOnTime
	case l.Held:
		return bot.StageHeld
	case l.Started.After(now):
		return bot.StageAhead
	case late:
		return bot.StageOverdue
	case l.Left == 0:
		return bot.StageDue
	case 10*l.Used >= 8*(l.Used+l.Left):
		return bot.StageNear
	case 2*l.Used >= l.Used+l.Left:
		return bot.StageHalf
	}
	return bot.StageRuns
}

// due is the end of a limit. A hold stops it: its days so far count, the day of the hold among them, and when the case goes on the
// others run from that day, which is not counted, as the first of a limit never is. While the case stands still there is no day,
// only how many are left. A hold after the limit was over, or after end, changes nothing.
func (k Clock) due(step bot.Step, days int, started, end time.Time, holds []hold) (due time.Time, held bool, left int) {
	from := started
	for _, h := range holds {
		if !h.to.IsZero() && !h.to.After(from) || h.from.After(end) {
			continue
		}
		if h.from.After(from) {
			if h.from.After(k.Due(from, days, step.Working)) {
				break
			}
			days = max(0, days-k.Days(from, h.from, step.Working))
		}
		if h.to.IsZero() || h.to.After(end) {
			return time.Time{}, true, days
		}
		from = h.to
	}
	return k.Due(from, days, step.Working), false, 0
}

// used counts the days that have run until end.
func (k Clock) used(step bot.Step, started, end time.Time, holds []hold) int {
	n, from := 0, started
	for _, h := range holds {
		if !h.to.IsZero() && !h.to.After(from) || h.from.After(end) {
			continue
		}
		n += k.Days(from, h.from, step.Working)
		if h.to.IsZero() || h.to.After(end) {
			return n
		}
		from = h.to
	}
	return n + k.Days(from, end, step.Working)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
