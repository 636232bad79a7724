package clock

import (
	"cmp"
	"time"

	"vanthu/bot"
)

// A history is what the events of a case say of its steps.
type history struct {
	first      time.Time // when its first mail came
	complete   time.Time // since when its list waits for nothing; zero: it waits for the unit
	checked    bot.Stamp
	planned    bot.Stamp
	rounds     []round
	handedOver bot.Stamp
	suspended  bot.Stamp
	holds      []hold
}

// A round is one time that accounts were made: the first, or again for rows that the unit missed.
type round struct {
	approved  time.Time // its plan
	created   bot.Stamp
	delivered bot.Stamp
}

// A hold is a time in which the case stood still; to is zero while it does.
type hold struct{ from, to time.Time }

func read(c bot.Case, events []bot.Event) history {
	h := history{first: c.ReceivedAt, complete: c.ReceivedAt}
	if len(events) > 0 && events[0].At.Before(h.first) {
		h.first = events[0].At
	}
	var handing bot.Actor // who last said that something was handed over
	begun := false        // the first creation, or the suspension: from then on the stamps of the case may be those of a later plan
	for _, e := range events {
		stamp := bot.Stamp{At: e.At, By: e.Actor}
		switch e.What {
		case "part_accepted": // the limits start anew with the consent (M02)
			h.complete = later(h.complete, e.At)
		case "case_checked":
			if !begun {
				h.checked = stamp
			}
		case "plan_approved":
			if !begun {
				h.planned = stamp
			}
			if n := len(h.rounds); n > 0 && h.rounds[n-1].delivered.Done() {
				h.rounds = append(h.rounds, round{approved: e.At})
			}
		case "creation_started":
			begun = true
			if len(h.rounds) == 0 {
				h.rounds = []round{{approved: h.planned.At}}
			}
		case "suspension_started":
			begun = true
		case "accounts_created":
			if n := len(h.rounds); n > 0 {
				h.rounds[n-1].created = stamp
			}
		case "case_delivered":
			if n := len(h.rounds); n > 0 {
				h.rounds[n-1].delivered = stamp
			}
		case "unit_handed_over": // a class, or all
			handing = e.Actor
		case "case_handed_over", "case_closed": // the latter also of a case in which nothing could be made
			if !h.handedOver.Done() {
				h.handedOver = bot.Stamp{At: e.At, By: cmp.Or(handing, e.Actor)}
			}
		case "accounts_suspended":
			if !h.suspended.Done() {
				h.suspended = stamp
			}
		case "case_held":
			h.holds = append(h.holds, hold{from: e.At})
		case "case_resumed":
			if n := len(h.holds); n > 0 && h.holds[n-1].to.IsZero() {
				h.holds[n-1].to = e.At
			}
		}
	}
	if !begun {
		h.checked, h.planned = c.Checked, c.Planned
	}
	if c.State == bot.WaitingUnit {
		h.complete, h.checked, h.planned = time.Time{}, bot.Stamp{}, bot.Stamp{}
	}
	return h
}
