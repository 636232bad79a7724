package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"vanthu/bot"
	"vanthu/bot/store"
)

// MakePlan gathers cases into a plan, frozen with a hash over exactly what would be done (step 2, FR-10, FR-12).
func (d *Desk) MakePlan(ctx context.Context, actor bot.Actor, numbers []string) (store.StoredPlan, error) {
	var plan store.StoredPlan
	err := d.DB.Write(ctx, func(tx *store.Tx) error {
		var cases []bot.Case
		for _, number := range numbers {
			c, err := d.find(ctx, tx, number)
			if err != nil {
				return err
			}
			if c.State != bot.Received && c.State != bot.InWork {
				return bot.Errorf(bot.Conflict, "case %s is %s: only a case without open defects can be planned", number, c.State)
			}
			if c.PlanID != 0 {
				return bot.Errorf(bot.Conflict, "case %s is in a plan already", number)
			}
			if err := notHeld(c); err != nil {
				return err
			}
			cases = append(cases, c)
		}
		items, err := d.items(ctx, tx, cases)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return bot.Errorf(bot.Invalid, "there is nothing to plan")
		}
		frozen, hash, err := freeze(items)
		if err != nil {
			return err
		}
		plan, err = tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Hash: hash, Items: items, Made: bot.Stamp{By: actor}}, Frozen: frozen})
		if err != nil {
			return err
		}
		for _, c := range cases {
			c.PlanID, c.State = plan.ID, bot.InWork
			if _, err := tx.SaveCase(ctx, c); err != nil {
				return err
			}
			if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Plan: plan.ID, What: "case_planned", Detail: map[string]string{"plan": plan.Number, "hash": hash}}); err != nil {
				return err
			}
		}
		return nil
	})
	return plan, err
}

// items lists what would be done for the good rows of cases, in order.
func (d *Desk) items(ctx context.Context, tx *store.Tx, cases []bot.Case) ([]bot.PlanItem, error) {
	var items []bot.PlanItem
	taken := make(map[string]string)
	for _, c := range cases {
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !r.OK {
				continue
			}
			user, address, err := d.UserName(r.Code)
			if err != nil {
				return nil, bot.Errorf(bot.Invalid, "case %s row %d: %w", c.Number, r.N, err)
			}
			here := fmt.Sprintf("case %s row %d", c.Number, r.N)
			if other, ok := taken[address]; ok {
				return nil, bot.Errorf(bot.Conflict, "%s and %s would get the same address", other, here)
			}
			taken[address] = here
			items = append(items, bot.PlanItem{CaseID: c.ID, Case: c.Number, N: r.N, Code: r.Code, Name: r.Name, Class: r.Class, Cohort: r.Cohort,
				User: user, Address: address, Platform: d.Platform, Action: "create"})
		}
	}
	return items, nil
}

// freeze returns the bytes that are approved, and their hash.
func freeze(items []bot.PlanItem) (frozen []byte, hash string, err error) {
	frozen, err = json.Marshal(items)
	if err != nil {
		return nil, "", fmt.Errorf("desk: plan: %w", err)
	}
	sum := sha256.Sum256(frozen)
	return frozen, hex.EncodeToString(sum[:]), nil
}

// ApprovePlan approves exactly what hash is over (FR-11). The approver is another person than the maker, unless the office
// is one person by configuration. Cases that are checked too begin to be created.
func (d *Desk) ApprovePlan(ctx context.Context, approver bot.Officer, number, hash string) (store.StoredPlan, error) {
	actor := OfficerActor(approver)
	var plan store.StoredPlan
	err := d.DB.Write(ctx, func(tx *store.Tx) error {
		var err error
		if plan, err = tx.PlanByNumber(ctx, number); err != nil {
			return err
		}
		switch {
		case !approver.Approver:
			return bot.Errorf(bot.Forbidden, "%s may not approve plans", approver.Name)
		case plan.Made.By == actor && !d.OfficeOfOne:
			return bot.Errorf(bot.Forbidden, "a plan is approved by another person than the one who made it (%s)", plan.Made.By)
		case plan.Dropped:
			return bot.Errorf(bot.Conflict, "plan %s was dropped because a case in it has changed; make a new one", number)
		case plan.Hash != hash:
			return bot.Errorf(bot.Conflict, "plan %s has another hash (%s…): look at it again", number, plan.Hash[:12])
		}
		cases, err := tx.CasesOfPlan(ctx, plan.ID)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if err := notHeld(c); err != nil {
				return err
			}
		}
		if err := d.unchanged(ctx, tx, plan, cases); err != nil {
			return err
		}
		if err := tx.ApprovePlan(ctx, plan.ID, actor); err != nil {
			return err
		}
		plan.Approved = bot.Stamp{At: tx.Now, By: actor}
		for _, c := range cases {
			c.Planned = plan.Approved
			if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Plan: plan.ID, What: "plan_approved", Detail: map[string]string{"plan": plan.Number, "hash": hash}}); err != nil {
				return err
			}
			if _, err := d.beginCreating(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return plan, err
}

// unchanged makes sure that what would be done now is what was frozen.
func (d *Desk) unchanged(ctx context.Context, tx *store.Tx, plan store.StoredPlan, cases []bot.Case) error {
	// The plan keeps the order in which its cases were named; CasesOfPlan returns them by id.
	byNumber := make(map[string]bot.Case, len(cases))
	for _, c := range cases {
		byNumber[c.Number] = c
	}
	var ordered []bot.Case
	for _, item := range plan.Items {
		if c, ok := byNumber[item.Case]; ok {
			ordered = append(ordered, c)
			delete(byNumber, item.Case)
		}
	}
	items, err := d.items(ctx, tx, ordered)
	if err != nil {
		return err
	}
	_, hash, err := freeze(items)
	if err != nil {
		return err
	}
	if hash != plan.Hash {
		return bot.Errorf(bot.Conflict, "what plan %s would do has changed since it was made; make a new one", plan.Number)
	}
	return nil
}

// OfficerActor is how an officer is named in events.
func OfficerActor(o bot.Officer) bot.Actor { return bot.Actor("officer:" + o.ID) }

// UnitActor is how a unit is named in events.
func UnitActor(u bot.Unit) bot.Actor { return bot.Actor("unit:" + u.ID) }
