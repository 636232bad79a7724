package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Planning is how plans are made ([plan]); every function may be nil.
type Planning struct {
	// Needs is how many others must approve what would be done: 1, or 2 for a deletion above its brakes (DEL-06).
	Needs func(ctx context.Context, tx *store.Tx, p bot.Plan) (int, error)
	// Group is the address of the class group that somebody joins, "" none.
	Group func(c bot.Case, r bot.CaseRow) string
	// EraseOn is the day on which an account is erased that a plan of that day suspends (Q11).
	EraseOn func(c bot.Case, made time.Time) string
	// Workday is a day, or the first working day after it.
	Workday func(day time.Time) time.Time
	// Ready says what the platform would refuse of a plan, "" nothing that is known; nil: it is not asked.
	Ready func(ctx context.Context, tx *store.Tx, p bot.Plan) (string, error)
	// MailValid is how long an approver may answer by mail; 0: nobody is asked by mail.
	MailValid time.Duration
}

// MakePlan gathers cases into a plan that is carried out at once, frozen with a hash over exactly what would be done (step 2, FR-10,
// FR-12). A wish with batches, dates or another officer goes by MakePlanAs.
func (d *Desk) MakePlan(ctx context.Context, actor bot.Actor, numbers []string) (store.StoredPlan, error) {
	return d.MakePlanAs(ctx, actor, numbers, bot.PlanWish{})
}

// MakePlanAs makes a plan as an officer wants it.
func (d *Desk) MakePlanAs(ctx context.Context, actor bot.Actor, numbers []string, wish bot.PlanWish) (plan store.StoredPlan, err error) {
	err = d.asking(ctx, func(n *naming) error {
		return d.DB.Write(ctx, func(tx *store.Tx) error {
			plan, err = d.makePlan(ctx, tx, n, actor, numbers, wish)
			return err
		})
	})
	return plan, err
}

// PreviewPlan is the plan that MakePlanAs would make now: it has no number, and nothing is kept.
func (d *Desk) PreviewPlan(ctx context.Context, actor bot.Actor, numbers []string, wish bot.PlanWish) (plan store.StoredPlan, err error) {
	err = d.asking(ctx, func(n *naming) error {
		return d.DB.Read(ctx, func(tx *store.Tx) error {
			plan, _, err = d.draftPlan(ctx, tx, n, actor, numbers, wish)
			return err
		})
	})
	return plan, err
}

func (d *Desk) makePlan(ctx context.Context, tx *store.Tx, n *naming, actor bot.Actor, numbers []string, wish bot.PlanWish) (store.StoredPlan, error) {
	if err := tx.Lock(ctx, store.LockRegister); err != nil { // two officers who plan at once must see each other's names
		return store.StoredPlan{}, err
	}
	plan, cases, err := d.draftPlan(ctx, tx, n, actor, numbers, wish)
	if err != nil {
		return plan, err
	}
	if plan, err = tx.AddPlan(ctx, plan); err != nil {
		return plan, err
	}
	if plan.Kind == bot.PlanCreate {
		if err := tx.ReserveNames(ctx, plan); err != nil {
			return plan, err
		}
	}
	for _, c := range cases {
		c.PlanID = plan.ID
		if c.State == bot.Received {
			c.State = bot.InWork
		}
		if _, err := tx.SaveCase(ctx, c); err != nil {
			return plan, err
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Plan: plan.ID, What: "case_planned", Detail: map[string]string{"plan": plan.Number, "hash": plan.Hash, "kind": string(plan.Kind)}}); err != nil {
			return plan, err
		}
	}
	if d.Planning.MailValid > 0 {
		err = d.askApprovers(ctx, tx, plan)
	}
	return plan, err
}

// draftPlan freezes what would be done for cases now.
func (d *Desk) draftPlan(ctx context.Context, tx *store.Tx, n *naming, actor bot.Actor, numbers []string, wish bot.PlanWish) (store.StoredPlan, []bot.Case, error) {
	plan := store.StoredPlan{Plan: bot.Plan{Made: bot.Stamp{At: tx.Now, By: actor}, Starts: wish.Starts, Ends: wish.Ends, Batch: wish.Batch, ByClass: wish.ByClass, Officer: wish.Officer}}
	if err := d.fitWish(tx, actor, &plan.Plan); err != nil {
		return plan, nil, err
	}
	var cases []bot.Case
	for _, number := range numbers {
		c, err := d.find(ctx, tx, number)
		if err != nil {
			return plan, nil, err
		}
		kind, err := d.plannable(ctx, tx, c)
		if err != nil {
			return plan, nil, err
		}
		if plan.Kind != "" && plan.Kind != kind {
			return plan, nil, bot.Errorf(bot.Conflict, "%s would be in a plan of the kind %q, the cases before it in one of the kind %q; make a plan for each", c.Number, kind, plan.Kind)
		}
		plan.Kind = kind
		cases = append(cases, c)
	}
	if err := d.fill(ctx, tx, n, &plan.Plan, cases); err != nil {
		return plan, nil, err
	}
	if len(plan.Items) == 0 {
		return plan, nil, bot.Errorf(bot.Invalid, "there is nothing to plan")
	}
	var err error
	if err = d.enoughApprovers(plan.Plan); err != nil {
		return plan, nil, err
	}
	plan.Frozen, plan.Hash, err = plan.Freeze()
	return plan, cases, err
}

// plannable says what may be planned for a case as it stands.
func (d *Desk) plannable(ctx context.Context, tx *store.Tx, c bot.Case) (bot.PlanKind, error) {
	if err := notHeld(c); err != nil {
		return "", err
	}
	inPlan := c.PlanID
	kind := bot.PlanCreate
	switch c.State {
	case bot.Received, bot.InWork:
		if c.Kind == bot.DeletionRequest {
			kind = bot.PlanSuspend
			if err := d.surely(ctx, tx, c); err != nil {
				return "", err
			}
		}
	case bot.Delivered, bot.ReceivedByUnit: // rows that the unit misses (step 6)
		kind = bot.PlanReset
		before, err := tx.PlanBefore(ctx, c.ID)
		if err != nil {
			return "", err
		}
		if inPlan == before {
			inPlan = 0
		}
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(rows, func(r bot.CaseRow) bool { return r.State == bot.RowMissing }) {
			return "", bot.Errorf(bot.Conflict, "case %s is %s and the unit misses nothing of it: there is nothing to plan", c.Number, c.State)
		}
	case bot.WaitingUnit, bot.Creating, bot.Created, bot.HandedOver, bot.Suspending, bot.Suspended, bot.Erasing, bot.Closed, bot.Withdrawn, bot.Superseded:
		return "", bot.Errorf(bot.Conflict, "case %s is %s: only a case without open defects can be planned", c.Number, c.State)
	}
	if inPlan != 0 {
		p, err := tx.Plan(ctx, inPlan)
		if err != nil {
			return "", err
		}
		return "", bot.Errorf(bot.Conflict, "case %s is in plan %s already", c.Number, p.Number)
	}
	return kind, nil
}

// enoughApprovers refuses a plan that nobody could approve: better said now than when it is needed.
func (d *Desk) enoughApprovers(p bot.Plan) error {
	others := 0
	for _, o := range d.Officers {
		if o.Approver && (OfficerActor(o) != p.Made.By || d.OfficeOfOne) {
			others++
		}
	}
	if len(d.Officers) > 0 && others < p.Needs {
		return bot.Errorf(bot.Conflict, "this plan needs %d approvals beside its maker's word, and only %d others may approve; let somebody else make it, or add approver = true to an [[officer]]", p.Needs, others)
	}
	return nil
}

// ApprovePlan approves exactly what hash is over (FR-11). The approver is another person than the maker, unless the office
// is one person by configuration. Cases that are checked too begin to be created.
func (d *Desk) ApprovePlan(ctx context.Context, approver bot.Officer, number, hash string) (plan store.StoredPlan, err error) {
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		plan, err = d.ApproveIn(ctx, tx, approver, number, hash, store.ByCommand)
		return err
	})
	return plan, err
}

// ApproveDespite approves although the platform would refuse accounts: the approver says why, and it stands in the history.
func (d *Desk) ApproveDespite(ctx context.Context, approver bot.Officer, number, hash, why string) (plan store.StoredPlan, err error) {
	if strings.TrimSpace(why) == "" {
		return plan, bot.Errorf(bot.Invalid, "why the plan is approved all the same must be said")
	}
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		plan, err = d.approve(ctx, tx, approver, number, hash, store.ByCommand, why)
		return err
	})
	return plan, err
}

// ErrNotReady says that the platform would refuse accounts of a plan.
var ErrNotReady = errors.New("the platform is not ready")

// ApproveIn approves within a transaction. via says how the approval came.
func (d *Desk) ApproveIn(ctx context.Context, tx *store.Tx, approver bot.Officer, number, hash, via string) (store.StoredPlan, error) {
	return d.approve(ctx, tx, approver, number, hash, via, "")
}

func (d *Desk) approve(ctx context.Context, tx *store.Tx, approver bot.Officer, number, hash, via, despite string) (store.StoredPlan, error) {
	actor := OfficerActor(approver)
	plan, err := tx.PlanByNumber(ctx, number)
	if err != nil {
		return plan, err
	}
	switch {
	case !approver.Approver:
		return plan, bot.Errorf(bot.Forbidden, "%s may not approve plans", approver.Name)
	case plan.Made.By == actor && !(d.OfficeOfOne && via == store.ByCommand):
		return plan, bot.Errorf(bot.Forbidden, "a plan is approved by another person than the one who made it (%s)", plan.Made.By)
	case plan.Dropped:
		return plan, bot.Errorf(bot.Conflict, "plan %s was dropped (%s); make a new one with `plan remake`", number, plan.DroppedWhy)
	case plan.Hash != hash:
		return plan, bot.Errorf(bot.Conflict, "plan %s has another hash (%s…): look at it again", number, plan.Hash[:min(len(plan.Hash), 12)])
	}
	if plan.Made.By == actor {
		via = store.ByOneself
	}
	cases, err := tx.CasesOfPlan(ctx, plan.ID)
	if err != nil {
		return plan, err
	}
	for _, c := range cases {
		if err := notHeld(c); err != nil {
			return plan, err
		}
	}
	if err := d.unchanged(ctx, tx, plan, cases); err != nil {
		return plan, err
	}
	detail := map[string]string{"plan": plan.Number, "hash": hash}
	if d.Planning.Ready != nil {
		said, err := d.Planning.Ready(ctx, tx, plan.Plan)
		switch {
		case err != nil:
			return plan, err
		case said != "" && despite == "":
			return plan, bot.Errorf(bot.Conflict, "%w: %s; approve when it is mended (`vanthu preflight` looks again), or with --despite REASON", ErrNotReady, said)
		case said != "":
			detail["despite"], detail["failed"] = despite, said
		}
	}
	if plan, err = tx.ApprovePlan(ctx, plan.ID, actor, hash, via); err != nil {
		return plan, err
	}
	if via != store.ByCommand {
		detail["via"] = via
	}
	if !plan.Approved.Done() {
		return plan, tx.AddEvent(ctx, bot.Event{Actor: actor, Plan: plan.ID, What: "plan_seconded", Detail: detail})
	}
	for _, c := range cases {
		c.Planned = plan.Approved
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Plan: plan.ID, What: "plan_approved", Detail: detail}); err != nil {
			return plan, err
		}
		if _, err := d.begin(ctx, tx, c); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

// unchanged makes sure that what would be done now is what was frozen, byte for byte.
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
	now := plan.Plan
	if err := d.fill(ctx, tx, &naming{nth: d.Names.Nth, suffix: d.Names.Suffix, window: 1}, &now, ordered); err != nil {
		return err
	}
	now.Needs = max(now.Needs, plan.Needs) // never fewer than were asked for, whatever became of other plans
	_, hash, err := now.Freeze()
	if err != nil {
		return err
	}
	if hash != plan.Hash || bot.HashPlan(plan.Frozen) != plan.Hash {
		return bot.Errorf(bot.Conflict, "what plan %s would do has changed since it was made; see what with `plan remake %s`", plan.Number, plan.Number)
	}
	return nil
}

// OfficerActor is how an officer is named in events.
func OfficerActor(o bot.Officer) bot.Actor { return bot.Actor("officer:" + o.ID) }

// UnitActor is how a unit is named in events.
func UnitActor(u bot.Unit) bot.Actor { return bot.Actor("unit:" + u.ID) }
