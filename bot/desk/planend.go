package desk

import (
	"context"

	"vanthu/bot"
	"vanthu/bot/store"
)

// begin saves a case, and lets its plan begin with it when check and approval are both there (Q6) and its first day has come: a
// case whose batch waits for its day can still be corrected and withdrawn. What is begun is begun once (store.Tx.BeginPlan).
func (d *Desk) begin(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error) {
	c, err := tx.SaveCase(ctx, c)
	if err != nil || !c.Checked.Done() || !c.Planned.Done() || c.PlanID == 0 {
		return c, err
	}
	return d.start(ctx, tx, c)
}

// start begins with a case whose plan is approved, when its own first batch has its day; until then nothing is written.
func (d *Desk) start(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error) {
	plan, err := tx.Plan(ctx, c.PlanID)
	if err != nil {
		return c, err
	}
	day, has := plan.Due(c.Number)
	if !plan.Approved.Done() || plan.Dropped || plan.Paused.Done() || !has || day > Today(tx.Now) {
		return c, nil
	}
	if err := plan.Ready(); err != nil { // somebody was in the database: this must be seen
		return c, err
	}
	if first, err := tx.BeginPlan(ctx, plan.ID, c.ID); err != nil || !first {
		return c, err
	}
	what, job := "creation_started", store.CreateJob
	c.State = bot.Creating
	switch plan.Kind {
	case bot.PlanCreate:
	case bot.PlanReset:
		what = "reset_started"
	case bot.PlanSuspend:
		what, job, c.State = "suspension_started", store.SuspendJob, bot.Suspending
	}
	if c, err = tx.SaveCase(ctx, c); err != nil {
		return c, err
	}
	tx.Wake(job, c.ID)
	return c, tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: what})
}

// Begin lets the approved plan of a case begin whose first day has come. It looks first, and is harmless when run twice.
func (d *Desk) Begin(ctx context.Context, caseID int64) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		ready, err := tx.ReadyToBegin(ctx, Today(tx.Now))
		if err != nil {
			return err
		}
		for _, id := range ready {
			if id != caseID {
				continue
			}
			c, err := tx.Case(ctx, id)
			if err != nil {
				return err
			}
			_, err = d.start(ctx, tx, c)
			return err
		}
		return nil
	})
}

// DropPlan gives a plan up that has not begun, approved or not; its cases can be planned anew.
func (d *Desk) DropPlan(ctx context.Context, actor bot.Actor, number, reason string) (plan store.StoredPlan, err error) {
	if reason == "" {
		return plan, bot.Errorf(bot.Invalid, "say why the plan is dropped")
	}
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		if plan, err = tx.PlanByNumber(ctx, number); err != nil {
			return err
		}
		if err := d.dropPlan(ctx, tx, actor, plan, "plan_dropped", reason, ""); err != nil {
			return err
		}
		plan, err = tx.Plan(ctx, plan.ID)
		return err
	})
	return plan, err
}

// RefuseIn drops a plan because an approver does not approve it.
func (d *Desk) RefuseIn(ctx context.Context, tx *store.Tx, approver bot.Officer, number, hash, reason string) (store.StoredPlan, error) {
	plan, err := tx.PlanByNumber(ctx, number)
	switch {
	case err != nil:
		return plan, err
	case !approver.Approver:
		return plan, bot.Errorf(bot.Forbidden, "%s may not decide about plans", approver.Name)
	case plan.Approved.Done():
		return plan, bot.Errorf(bot.Conflict, "plan %s was approved already", number)
	case plan.Hash != hash:
		return plan, bot.Errorf(bot.Conflict, "plan %s has another hash", number)
	}
	if err := d.dropPlan(ctx, tx, OfficerActor(approver), plan, "plan_refused", reason, ""); err != nil {
		return plan, err
	}
	return tx.Plan(ctx, plan.ID)
}

// dropPlan ends a plan that has not begun, and frees its cases. because is the case that changed, "" when a person wants it.
func (d *Desk) dropPlan(ctx context.Context, tx *store.Tx, actor bot.Actor, plan store.StoredPlan, what, reason, because string) error {
	begun, err := tx.PlanBegun(ctx, plan.ID)
	switch {
	case err != nil:
		return err
	case plan.Dropped:
		return bot.Errorf(bot.Conflict, "plan %s was dropped already (%s)", plan.Number, plan.DroppedWhy)
	case begun:
		return bot.Errorf(bot.Conflict, "plan %s has begun: what is done of it cannot be taken back by dropping it", plan.Number)
	}
	cases, err := tx.CasesOfPlan(ctx, plan.ID)
	if err != nil {
		return err
	}
	if err := tx.DropPlan(ctx, plan.ID, actor, reason); err != nil {
		return err
	}
	detail := map[string]string{"plan": plan.Number, "reason": reason}
	if because != "" {
		detail["because"] = because
	}
	for _, c := range cases {
		if err := d.free(ctx, tx, c); err != nil {
			return err
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Plan: plan.ID, What: what, Detail: detail}); err != nil {
			return err
		}
	}
	return nil
}

// free takes a case out of a plan that will not be carried out: one whose accounts were made goes back to the plan that made them.
func (d *Desk) free(ctx context.Context, tx *store.Tx, c bot.Case) (err error) {
	c.PlanID = 0
	if c.State == bot.InWork {
		c.Planned = bot.Stamp{}
	} else if c.PlanID, err = tx.PlanBefore(ctx, c.ID); err != nil {
		return err
	}
	_, err = tx.SaveCase(ctx, c)
	return err
}

// RemakePlan makes a plan anew because the world has changed, in the same order and by the same terms, and says what the new one
// does otherwise. Cases that cannot be planned any more are left out. The old plan is dropped; it must not have begun.
func (d *Desk) RemakePlan(ctx context.Context, actor bot.Actor, number string, change func(*bot.PlanWish)) (plan store.StoredPlan, differs []bot.PlanDifference, err error) {
	err = d.asking(ctx, func(n *naming) error {
		return d.DB.Write(ctx, func(tx *store.Tx) error {
			plan, differs, err = d.remake(ctx, tx, n, actor, number, change)
			return err
		})
	})
	return plan, differs, err
}

func (d *Desk) remake(ctx context.Context, tx *store.Tx, n *naming, actor bot.Actor, number string, change func(*bot.PlanWish)) (plan store.StoredPlan, differs []bot.PlanDifference, err error) {
	if err := tx.Lock(ctx, store.LockRegister); err != nil { // before the plan, as who approves it does
		return plan, nil, err
	}
	old, err := tx.PlanByNumber(ctx, number)
	if err != nil {
		return plan, nil, err
	}
	if begun, err := tx.PlanBegun(ctx, old.ID); err != nil || begun {
		if err == nil {
			err = bot.Errorf(bot.Conflict, "plan %s has begun; plan what is left by `plan make`", number)
		}
		return plan, nil, err
	}
	if !old.Dropped {
		if err := d.dropPlan(ctx, tx, actor, old, "plan_dropped", "made anew", ""); err != nil {
			return plan, nil, err
		}
	}
	numbers, err := d.stillPlannable(ctx, tx, old.Plan)
	if err != nil {
		return plan, nil, err
	}
	wish := old.Wish()
	if today := Today(tx.Now); wish.Starts != "" && wish.Starts < today {
		wish.Starts = today
	}
	if change != nil {
		change(&wish)
	}
	if plan, err = d.makePlan(ctx, tx, n, actor, numbers, wish); err != nil {
		return plan, nil, err
	}
	differs = plan.Differs(old.Plan)
	if len(differs) == 0 && !old.Dropped {
		return plan, nil, bot.Errorf(bot.Conflict, "nothing has changed: plan %s would be the same again", number)
	}
	return plan, differs, tx.AddEvent(ctx, bot.Event{Actor: actor, Plan: plan.ID, What: "plan_remade", Detail: map[string]string{"plan": plan.Number, "was": old.Number}})
}

// stillPlannable are the cases of a plan, in its order, that can be planned as they stand.
func (d *Desk) stillPlannable(ctx context.Context, tx *store.Tx, old bot.Plan) (numbers []string, err error) {
	seen := make(map[string]bool)
	for _, i := range old.Items {
		if seen[i.Case] {
			continue
		}
		seen[i.Case] = true
		c, err := tx.CaseByNumber(ctx, i.Case)
		if err != nil {
			return nil, err
		}
		kind, err := d.plannable(ctx, tx, c)
		switch bot.ErrorCode(err) {
		case "":
			if kind == old.Kind {
				numbers = append(numbers, i.Case)
			}
		case bot.Conflict:
		case bot.Invalid, bot.NotFound, bot.Forbidden, bot.Temporary, bot.Internal:
			return nil, err
		}
	}
	return numbers, nil
}
