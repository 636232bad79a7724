package desk

import (
	"context"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// PausePlan stops a plan: what is in flight is ended and recorded, nothing more is begun. It may be done before the plan has begun, too.
func (d *Desk) PausePlan(ctx context.Context, actor bot.Actor, number, reason string) (plan store.StoredPlan, err error) {
	if reason == "" {
		return plan, bot.Errorf(bot.Invalid, "say why the plan is stopped")
	}
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		if plan, err = tx.PlanByNumber(ctx, number); err != nil {
			return err
		}
		p, err := progress(ctx, tx, plan)
		switch {
		case err != nil:
			return err
		case plan.Dropped:
			return bot.Errorf(bot.Conflict, "plan %s was dropped (%s)", number, plan.DroppedWhy)
		case p.Left+p.Later == 0:
			return bot.Errorf(bot.Conflict, "plan %s is done: there is nothing to stop", number)
		}
		if stopped, err := tx.PausePlan(ctx, plan.ID, actor, reason); err != nil || !stopped {
			return orConflict(err, "plan %s is stopped already, by %s", number, plan.Paused.By)
		}
		if plan, err = tx.Plan(ctx, plan.ID); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Plan: plan.ID, What: "plan_paused", Detail: map[string]string{"plan": number, "reason": reason}})
	})
	return plan, err
}

// ContinuePlan lets a stopped plan go on where it was.
func (d *Desk) ContinuePlan(ctx context.Context, actor bot.Actor, number string) (plan store.StoredPlan, err error) {
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		if plan, err = tx.PlanByNumber(ctx, number); err != nil {
			return err
		}
		if goesOn, err := tx.ContinuePlan(ctx, plan.ID); err != nil || !goesOn {
			return orConflict(err, "plan %s is not stopped", number)
		}
		cases, err := tx.CasesOfPlan(ctx, plan.ID)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if job := map[bot.State]string{bot.Creating: store.CreateJob, bot.Suspending: store.SuspendJob, bot.InWork: store.BeginJob}[c.State]; job != "" {
				tx.Wake(job, c.ID)
			}
		}
		if plan, err = tx.Plan(ctx, plan.ID); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Plan: plan.ID, What: "plan_continued", Detail: map[string]string{"plan": number}})
	})
	return plan, err
}

func orConflict(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return bot.Errorf(bot.Conflict, format, args...)
}

// A Progress is how far a plan has come. All of it is read from the database, so it is right whichever machines work on it.
type Progress struct {
	Plan   string `json:"plan"`
	Kind   string `json:"kind"`
	State  string `json:"state"` // RunWaits …
	Of     int    `json:"of"`
	Done   int    `json:"done"`
	Failed int    `json:"failed"` // given up for an officer: somebody else's account, a refusal
	Left   int    `json:"left"`   // to be done now
	Hidden int    `json:"hidden"` // of these: asked for, and not shown yet
	Later  int    `json:"later"`  // their day has not come
	Next   string `json:"next,omitempty"`
	Tried  int    `json:"tried"`          // of Left: asked for and not done: tried in vain, or with another admin
	Said   string `json:"said,omitempty"` // of the first of these
	// With another admin (decisions 34 and 37): what of the plan he has, or gets next; also erasures, which come after the plan is done.
	Handed []store.Handing `json:"handed,omitempty"`
	Paused bot.Stamp       `json:"paused,omitzero"`
	Why    string          `json:"why,omitempty"`
	Rests  time.Time       `json:"rests_until,omitzero"` // the platform wants to be let alone until then

	PerMinute float64   `json:"per_minute"`
	Last      time.Time `json:"last,omitzero"` // when a row was last done
	Ends      time.Time `json:"ends,omitzero"` // expected, of what can be done now; zero: nobody can tell
}

// The states of a run.
const (
	RunDropped = "dropped"
	RunWaits   = "waits" // for approval, check or its day
	RunPaused  = "paused"
	RunRests   = "rests"
	RunWorks   = "works"
	RunDone    = "done"
)

// paceOver is the while over which the pace is counted.
const paceOver = 10 * time.Minute

// Progress says how far a plan has come.
func (d *Desk) Progress(ctx context.Context, number string) (p Progress, err error) {
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		plan, err := tx.PlanByNumber(ctx, number)
		if err != nil {
			return err
		}
		p, err = progress(ctx, tx, plan)
		return err
	})
	return p, err
}

// AtWork says how far the plans have come of which something is being done, or that are stopped.
func AtWork(ctx context.Context, tx *store.Tx) (all []Progress, err error) {
	ids, err := tx.PlansAtWork(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		plan, err := tx.Plan(ctx, id)
		if err != nil {
			return nil, err
		}
		p, err := progress(ctx, tx, plan)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func progress(ctx context.Context, tx *store.Tx, plan store.StoredPlan) (p Progress, err error) {
	p = Progress{Plan: plan.Number, Kind: string(plan.Kind), Of: len(plan.Items), Paused: plan.Paused, Why: plan.PausedWhy}
	began, err := p.count(ctx, tx, plan)
	if err != nil {
		return p, err
	}
	if p.Handed, err = tx.Handings(ctx, plan.ID); err != nil {
		return p, err
	}
	if p.Rests, err = tx.PlanRestsUntil(ctx, plan.ID); err != nil {
		return p, err
	}
	if !p.Rests.After(tx.Now) {
		p.Rests = time.Time{}
	}
	switch {
	case plan.Dropped:
		p.State = RunDropped
	case p.Left+p.Later == 0:
		p.State = RunDone
	case plan.Paused.Done():
		p.State = RunPaused
	case !began || p.Left == 0:
		p.State = RunWaits
	case !p.Rests.IsZero():
		p.State = RunRests
	default:
		p.State = RunWorks
	}
	return p, p.pace(ctx, tx, plan)
}

// count looks at each row that the plan names. began says whether any case of it is being worked on.
func (p *Progress) count(ctx context.Context, tx *store.Tx, plan store.StoredPlan) (began bool, err error) {
	cases, err := CasesIn(ctx, tx, plan.Plan)
	if err != nil {
		return false, err
	}
	begun, err := tx.BegunCases(ctx, plan.ID)
	if err != nil {
		return false, err
	}
	type known struct {
		rows    map[int]bot.CaseRow
		intents map[int]store.Intent
		over    bool // nothing more is done of it
	}
	of := make(map[string]known, len(cases))
	for number, c := range cases {
		k := known{rows: make(map[int]bot.CaseRow)}
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return false, err
		}
		for _, r := range rows {
			k.rows[r.N] = r
		}
		if k.intents, err = tx.Intents(ctx, plan.ID, c.ID); err != nil {
			return false, err
		}
		works := c.PlanID == plan.ID && (c.State == bot.Creating || c.State == bot.Suspending)
		began, k.over = began || works, begun[c.ID] && !works
		of[number] = k
	}
	today := Today(tx.Now)
	for _, item := range plan.Items {
		k := of[item.Case]
		r, i := k.rows[item.N], k.intents[item.N]
		switch {
		case done(plan.Kind, r):
			p.Done++
		case k.over || !does(plan.Kind, r) || !i.Done.IsZero():
			p.Failed++
		case plan.StartOf(item) > today:
			p.Later++
			if day := plan.StartOf(item); p.Next == "" || day < p.Next {
				p.Next = day
			}
		default:
			p.Left++
			if i.Looks > 0 {
				p.Hidden++
			} else if r.Said != "" && (i.Tries > 0 || plan.Kind == bot.PlanSuspend) {
				p.Tried++
				if p.Said == "" {
					p.Said = r.Said
				}
			}
		}
	}
	return began, nil
}

// pace says how fast rows are done, and when the last of those that can be done now will be.
func (p *Progress) pace(ctx context.Context, tx *store.Tx, plan store.StoredPlan) (err error) {
	if p.Last, err = tx.LastDone(ctx, plan.ID); err != nil || p.Last.IsZero() {
		return err
	}
	to := tx.Now
	if p.State != RunWorks { // as long as it went
		to = p.Last
	}
	n, first, _, err := tx.PlanPace(ctx, plan.ID, to.Add(-paceOver))
	if err != nil || n < 2 {
		return err
	}
	p.PerMinute = float64(n) / max(to.Sub(first), 5*time.Second).Minutes()
	if p.State == RunWorks || p.State == RunRests {
		from := tx.Now
		if p.Rests.After(from) {
			from = p.Rests
		}
		p.Ends = from.Add(time.Duration(float64(p.Left) / p.PerMinute * float64(time.Minute))).Truncate(time.Second)
	}
	return nil
}

// done says whether what a plan wants of a row is done.
func done(kind bot.PlanKind, r bot.CaseRow) bool {
	switch kind {
	case bot.PlanSuspend:
		return r.State == bot.RowSuspended || r.State == bot.RowErased || r.State == bot.RowRestored
	case bot.PlanReset:
		return r.State == bot.RowCreated || r.State == bot.RowDelivered
	case bot.PlanCreate:
	}
	return r.IsAccount()
}
