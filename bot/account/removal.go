package account

import (
	"cmp"
	"context"
	"slices"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A removal is a case with what its approved plan does for each row, and the rows that wait for a person.
type removal struct {
	c     bot.Case
	plan  store.StoredPlan
	rows  map[int]bot.CaseRow
	stops map[int]store.RowStop
	held  map[string]bool
	items []bot.PlanItem
}

// waits says whether a row must not be touched now: it is stopped, its person or the whole case is on hold, or an officer stops the plan.
func (r *removal) waits(item bot.PlanItem) bool {
	_, stopped := r.stops[item.N]
	return stopped || r.plan.Paused.Done() || r.held[item.Code] || r.c.Held.Done()
}

// toRestore says whether an officer gave an account back, or spared it, and that is still to be done.
func (r *removal) toRestore(item bot.PlanItem) bool {
	return r.stops[item.N].Restore && (r.state(item) == bot.RowSuspended || r.toSuspend(item))
}

// untold are the rows that were restored since the unit was last told of such: their stop ends with its letter.
func (r *removal) untold() (rows []int) {
	for _, item := range r.items {
		if r.stops[item.N].Restore && r.state(item) == bot.RowRestored {
			rows = append(rows, item.N)
		}
	}
	return rows
}

func (r *removal) state(item bot.PlanItem) bot.RowState { return r.rows[item.N].State }

// toSuspend says whether a row is still to be suspended, some day.
func (r *removal) toSuspend(item bot.PlanItem) bool {
	row := r.rows[item.N]
	return row.OK && (row.State == bot.RowGood || row.State == bot.RowWarned)
}

// load reads a case with its approved plan. What runs must be what was approved: items that the hash is not over, or a row that
// differs from its frozen item, stop everything.
func (m *Remover) load(ctx context.Context, tx *store.Tx, caseID int64) (r removal, err error) {
	if r.c, err = tx.Case(ctx, caseID); err != nil || !slices.Contains([]bot.State{bot.Suspending, bot.Suspended, bot.Erasing}, r.c.State) {
		return r, err
	}
	if r.plan, err = tx.Plan(ctx, r.c.PlanID); err != nil {
		return r, err
	}
	if err := r.plan.Ready(); err != nil {
		return r, err
	}
	switch {
	case !r.c.Planned.Done():
		return r, bot.Errorf(bot.Conflict, "plan %s of case %s is not approved", r.plan.Number, r.c.Number)
	case r.plan.Kind != bot.PlanSuspend:
		return r, bot.Errorf(bot.Conflict, "plan %s of case %s deletes nobody", r.plan.Number, r.c.Number)
	}
	rows, err := tx.Rows(ctx, caseID)
	if err != nil {
		return r, err
	}
	r.rows = make(map[int]bot.CaseRow, len(rows))
	var codes []string
	for _, row := range rows {
		r.rows[row.N] = row
		codes = append(codes, row.Code)
	}
	for _, item := range r.plan.Items {
		if item.Case != r.c.Number {
			continue
		}
		if row := r.rows[item.N]; row.Code != item.Code || row.Name != item.Name || item.Platform != m.Platform.Name() || item.Address == "" || row.Address != item.Address {
			return r, bot.Errorf(bot.Conflict, "row %d of case %s is not what plan %s approved", item.N, r.c.Number, r.plan.Number)
		}
		r.items = append(r.items, item)
	}
	if r.stops, err = tx.Stops(ctx, caseID); err != nil {
		return r, err
	}
	r.held, err = tx.Held(ctx, codes)
	return r, err
}

func (m *Remover) read(ctx context.Context, caseID int64) (r removal, err error) {
	err = m.DB.Read(ctx, func(tx *store.Tx) error {
		r, err = m.load(ctx, tx, caseID)
		return err
	})
	return r, err
}

// todo are the items of a removal that keep says yes to and nothing keeps, those that failed before at the end.
func (r *removal) todo(keep func(bot.PlanItem) bool) (todo []bot.PlanItem) {
	for _, item := range r.items {
		if keep(item) && !r.waits(item) {
			todo = append(todo, item)
		}
	}
	slices.SortStableFunc(todo, func(a, b bot.PlanItem) int {
		return cmp.Compare(len(r.rows[a.N].Said), len(r.rows[b.N].Said))
	})
	return todo
}

func (r *removal) count(state bot.RowState) (n int) {
	for _, item := range r.items {
		if r.state(item) == state {
			n++
		}
	}
	return n
}

// todoOrWaiting counts the rows of which something is still to come.
func (r *removal) todoOrWaiting() (n int) {
	for _, item := range r.items {
		if r.toSuspend(item) || r.state(item) == bot.RowSuspended {
			n++
		}
	}
	return n
}

// may says whether a row may be brought there from where it is now.
func (r *removal) may(item bot.PlanItem, to bot.RowState) bool {
	switch to {
	case bot.RowSuspended:
		return r.toSuspend(item) && (r.c.State == bot.Suspending || r.c.State == bot.Suspended)
	case bot.RowErased:
		return r.state(item) == bot.RowSuspended && r.c.State == bot.Erasing
	default:
		return r.toRestore(item)
	}
}
