package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Today is the day at the desk, as plans write it.
func Today(now time.Time) string { return now.In(bot.ICT).Format(time.DateOnly) }

// fitWish checks how a plan is wanted, and fills in who carries it out.
func (d *Desk) fitWish(tx *store.Tx, maker bot.Actor, p *bot.Plan) error {
	for _, day := range []string{p.Starts, p.Ends} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return bot.Errorf(bot.Invalid, "%q is no date; write it as %s", day, Today(tx.Now))
		}
	}
	today := Today(tx.Now)
	switch {
	case p.Starts != "" && p.Starts < today:
		return bot.Errorf(bot.Invalid, "the plan would start on %s, which is past", p.Starts)
	case p.Ends != "" && p.Ends < max(p.Starts, today):
		return bot.Errorf(bot.Invalid, "the plan would end on %s, before it starts", p.Ends)
	case p.Batch < 0 || p.Batch > 0 && p.ByClass:
		return bot.Errorf(bot.Invalid, "a batch is either a number of people or a class")
	}
	if p.Officer == "" { // who made it
		for _, o := range d.Officers {
			if OfficerActor(o) == maker {
				p.Officer = o.ID
			}
		}
		return nil
	}
	if !slices.ContainsFunc(d.Officers, func(o bot.Officer) bool { return o.ID == p.Officer }) {
		return bot.Errorf(bot.NotFound, "no officer %q in the configuration", p.Officer)
	}
	return nil
}

// fill says what a plan does for cases, in order, by the plan's own terms: the same plan is filled with the same as long as the
// world has not changed.
func (d *Desk) fill(ctx context.Context, tx *store.Tx, n *naming, p *bot.Plan, cases []bot.Case) error {
	p.Items = nil
	for _, c := range cases {
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if !does(p.Kind, r) {
				continue
			}
			p.Items = append(p.Items, d.item(p, c, r))
		}
	}
	if err := onceEach(p.Items); err != nil {
		return err
	}
	switch p.Kind {
	case bot.PlanCreate:
		if err := n.names(ctx, tx, p); err != nil {
			return err
		}
		if err := d.groupsFree(ctx, tx, p); err != nil {
			return err
		}
	case bot.PlanSuspend:
		if err := usersOf(ctx, tx, p); err != nil {
			return err
		}
	case bot.PlanReset:
	}
	p.Batches = d.batches(p)
	p.Needs = 1
	if d.Planning.Needs != nil && p.Format != bot.ItemsFormat {
		var err error
		p.Needs, err = d.Planning.Needs(ctx, tx, *p)
		return err
	}
	return nil
}

// does says whether a plan does something for a row.
func does(kind bot.PlanKind, r bot.CaseRow) bool {
	if kind == bot.PlanReset {
		return r.State == bot.RowMissing
	}
	return r.OK && (r.State == bot.RowGood || r.State == bot.RowWarned)
}

// item is what a plan does for a row. Who gets a new account gets his user name later, with all others of the plan.
func (d *Desk) item(p *bot.Plan, c bot.Case, r bot.CaseRow) bot.PlanItem {
	item := bot.PlanItem{CaseID: c.ID, Case: c.Number, N: r.N, Code: r.Code, Name: r.Name, Class: r.Class, Cohort: r.Cohort,
		Platform: d.Platform, Action: string(p.Kind)}
	switch p.Kind {
	case bot.PlanCreate:
		if d.Planning.Group != nil && p.Format != bot.ItemsFormat {
			item.Group = d.Planning.Group(c, r)
		}
		return item
	case bot.PlanSuspend:
		if d.Planning.EraseOn != nil {
			item.EraseOn = d.Planning.EraseOn(c, p.Made.At)
		}
	case bot.PlanReset:
	}
	item.User, item.Address, item.Platform = r.User, r.Address, cmp.Or(r.Platform, item.Platform) // of the account as it is
	return item
}

// usersOf fills in the user names of accounts that are there. Of one that vanthu did not make, and whose user name nobody has told, what
// stands before the @ of its address is shown.
func usersOf(ctx context.Context, tx *store.Tx, p *bot.Plan) error {
	var codes []string
	for _, i := range p.Items {
		codes = append(codes, i.Code)
	}
	users, err := tx.RegisteredUsers(ctx, codes)
	if err != nil {
		return err
	}
	for i := range p.Items {
		item := &p.Items[i]
		local, _, _ := strings.Cut(item.Address, "@")
		item.User = cmp.Or(users[item.Code], local)
	}
	return nil
}

// batches parts the items of a plan, and says when each batch begins: with a last day they are spread evenly up to it, without one
// there is one each working day.
func (d *Desk) batches(p *bot.Plan) []bot.PlanBatch {
	if p.Batch <= 0 && !p.ByClass {
		return nil
	}
	classes := make(map[string]int)
	var all []bot.PlanBatch
	for i := range p.Items {
		n := 0
		if p.ByClass {
			if n = classes[p.Items[i].Class]; n == 0 {
				n = len(classes) + 1
				classes[p.Items[i].Class] = n
			}
		} else {
			n = i/p.Batch + 1
		}
		p.Items[i].Batch = n
		if n > len(all) {
			all = append(all, bot.PlanBatch{N: n})
		}
	}
	first, err := time.ParseInLocation(time.DateOnly, p.Starts, bot.ICT)
	if err != nil { // at once
		return all
	}
	last, err := time.ParseInLocation(time.DateOnly, p.Ends, bot.ICT)
	open, day := err != nil, first
	span := int(last.Sub(first)/(24*time.Hour)) + 1
	for i := range all {
		switch {
		case i == 0:
		case open:
			day = d.workday(day.AddDate(0, 0, 1))
		default:
			day = d.workday(first.AddDate(0, 0, i*span/len(all)))
			if day.After(last) {
				day = last
			}
		}
		all[i].Starts = day.Format(time.DateOnly)
	}
	return all
}

func (d *Desk) workday(day time.Time) time.Time {
	if d.Planning.Workday == nil {
		return day
	}
	return d.Planning.Workday(day)
}

// CasesIn returns the cases that a plan does something for, by their numbers.
func CasesIn(ctx context.Context, tx *store.Tx, p bot.Plan) (map[string]bot.Case, error) {
	cases := make(map[string]bot.Case)
	for _, i := range p.Items {
		if _, known := cases[i.Case]; known {
			continue
		}
		c, err := tx.CaseByNumber(ctx, i.Case)
		if err != nil {
			return nil, err
		}
		cases[i.Case] = c
	}
	return cases, nil
}
