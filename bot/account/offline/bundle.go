package offline

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
)

// A Maker puts what is gathered into bundles. Only the serving process can: it alone opens sealed passwords.
type Maker struct {
	DB     *store.DB
	S      Settings
	Sealer Sealer
	Key    Key
	Head   Head // school, office, contact
	Unseal func(sealed []byte, label string) ([]byte, error)
}

// Make puts the gathered rows of a plan into as many bundles as their acts and the form need. Cases and people on hold are left out, and
// rows that are stopped, but for who gets access back. What was approved is looked at again: passwords leave the house here.
func (m *Maker) Make(ctx context.Context, planID int64) error {
	var plan store.StoredPlan
	var rows []store.BundleRow
	sealed := make(map[int64]map[int][]byte)
	if err := m.takeBack(ctx, planID); err != nil {
		return err
	}
	err := m.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if plan, rows, err = leaving(ctx, tx, planID); err != nil {
			return err
		}
		for _, r := range rows {
			if sealed[r.CaseID] == nil {
				if sealed[r.CaseID], err = tx.Secrets(ctx, r.CaseID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	slices.SortStableFunc(rows, func(a, b store.BundleRow) int { return cmp.Compare(a.Act, b.Act) })
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Act == rows[0].Act {
			n++
		}
		if err := m.bundles(ctx, plan, rows[:n], sealed); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// takeBack takes out what is not to be done any more: nobody would ask for it again, nor end it.
func (m *Maker) takeBack(ctx context.Context, planID int64) error {
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		gathered, err := tx.Gathered(ctx, planID)
		if err != nil {
			return err
		}
		for _, r := range gathered {
			row, err := tx.Row(ctx, r.CaseID, r.N)
			if err != nil {
				return err
			}
			if !over(r.Act, row.State) {
				continue
			}
			if _, err := tx.TakeBack(ctx, r.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// over says whether a row is where an act was to bring it, or was left alone since: its account may not be what was approved any more.
func over(act store.BundleAct, state bot.RowState) bool {
	switch state {
	case bot.RowBad: // who is spared may have to be given back
		return act != store.ActRestore
	case bot.RowSuspended:
		return act == store.ActSuspend
	case bot.RowRestored, bot.RowErased:
		return act == store.ActSuspend || act == store.ActErase
	case bot.RowGood, bot.RowWarned, bot.RowCreated, bot.RowDelivered, bot.RowMissing:
	}
	return false
}

// leaving returns a plan and what is gathered of it and may be handed over now: of a plan that is stopped, nothing.
func leaving(ctx context.Context, tx *store.Tx, planID int64) (plan store.StoredPlan, rows []store.BundleRow, err error) {
	if plan, err = tx.Plan(ctx, planID); err != nil {
		return plan, nil, err
	}
	gathered, err := tx.Gathered(ctx, planID)
	if err != nil || len(gathered) == 0 {
		return plan, nil, err
	}
	if err := plan.Ready(); err != nil || plan.Paused.Done() {
		return plan, nil, err
	}
	keep, err := keeper(ctx, tx, planID, gathered)
	if err != nil {
		return plan, nil, err
	}
	return plan, slices.DeleteFunc(gathered, keep), nil
}

// keeper says which rows are handed over to nobody now: officers may have decided so since they were gathered.
func keeper(ctx context.Context, tx *store.Tx, planID int64, gathered []store.BundleRow) (keep func(store.BundleRow) bool, err error) {
	heldCases, stops := make(map[int64]bool), make(map[int64]map[int]store.RowStop)
	other := make(map[int64]bool) // cases that have another plan by now
	states := make(map[int64]map[int]bot.RowState)
	var codes []string
	for _, r := range gathered {
		codes = append(codes, r.Code)
		if stops[r.CaseID] != nil {
			continue
		}
		c, err := tx.Case(ctx, r.CaseID)
		if err != nil {
			return nil, err
		}
		heldCases[r.CaseID], other[r.CaseID] = c.Held.Done(), c.PlanID != planID
		if stops[r.CaseID], err = tx.Stops(ctx, r.CaseID); err != nil {
			return nil, err
		}
		rows, err := tx.Rows(ctx, r.CaseID)
		if err != nil {
			return nil, err
		}
		states[r.CaseID] = make(map[int]bot.RowState, len(rows))
		for _, row := range rows {
			states[r.CaseID][row.N] = row.State
		}
	}
	held, err := tx.Held(ctx, codes)
	return func(r store.BundleRow) bool {
		_, stopped := stops[r.CaseID][r.N]
		takes := r.Act == store.ActSuspend || r.Act == store.ActErase
		return over(r.Act, states[r.CaseID][r.N]) || other[r.CaseID] || heldCases[r.CaseID] && r.Act != store.ActRestore || takes && (stopped || held[r.Code])
	}, err
}

// bundles makes those of rows with one act.
func (m *Maker) bundles(ctx context.Context, plan store.StoredPlan, rows []store.BundleRow, sealed map[int64]map[int][]byte) error {
	files, err := m.files(rows, sealed)
	if err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // two numbers at once
			return err
		}
		if err := still(ctx, tx, plan.ID, rows); err != nil {
			return err
		}
		left := rows // not rows itself: what is written may be written again
		for _, file := range files {
			in := left[:len(file.Rows)]
			left = left[len(in):]
			if err := m.add(ctx, tx, plan, file, in); err != nil {
				return err
			}
		}
		return nil
	})
}

// still is an error when one of the rows may not be handed over any more: hashing the passwords of a school takes its time. The next try
// leaves it out.
func still(ctx context.Context, tx *store.Tx, planID int64, rows []store.BundleRow) error {
	_, now, err := leaving(ctx, tx, planID)
	if err != nil {
		return err
	}
	may := make(map[int64]bool, len(now))
	for _, r := range now {
		may[r.ID] = true
	}
	for _, r := range rows {
		if !may[r.ID] {
			return bot.Errorf(bot.Conflict, "row %d of case %s is not to be handed over any more; the bundle is made again without it", r.N, r.Case)
		}
	}
	return nil
}

// files writes the data of the bundles: outside of any transaction, because hashing takes its time.
func (m *Maker) files(rows []store.BundleRow, sealed map[int64]map[int][]byte) ([]File, error) {
	wanted := make([]Row, len(rows))
	for i, r := range rows {
		wanted[i] = Row{Case: r.Case, N: r.N, Account: accountOf(r)}
		if r.Act != store.ActCreate && r.Act != store.ActReset {
			continue
		}
		plain, err := m.Unseal(sealed[r.CaseID][r.N], account.Label(r.Case, r.N))
		if err != nil {
			return nil, fmt.Errorf("offline: row %d of case %s: its password: %w", r.N, r.Case, err)
		}
		wanted[i].Password = string(plain)
	}
	return Write(m.S, rows[0].Act, wanted)
}

func (m *Maker) add(ctx context.Context, tx *store.Tx, plan store.StoredPlan, file File, rows []store.BundleRow) error {
	h := m.Head
	h.Plan, h.PlanHash, h.MadeAt, h.Act = plan.Number, plan.Hash, tx.Now, rows[0].Act
	var err error
	if h.Number, err = tx.NextBundle(ctx); err != nil {
		return err
	}
	docs, err := Pack(h, m.S, m.Sealer, m.Key, file)
	if err != nil {
		return err
	}
	b := store.Bundle{Number: h.Number, PlanID: plan.ID, Form: m.S.Form, Act: h.Act}
	var kept []store.BundleFile
	for _, d := range docs {
		kept = append(kept, store.BundleFile(d))
		if d.Name == sumsName {
			b.Sums = Sum(d.Data)
		}
	}
	if err := tx.AddBundle(ctx, b, kept, rows); err != nil {
		return err
	}
	for _, r := range rows { // "case explain" says for what it waits
		row, err := tx.Row(ctx, r.CaseID, r.N)
		if err != nil {
			return err
		}
		row.Said = waitsFor(b.Number, tx.Now)
		if err := tx.SaveRow(ctx, row); err != nil {
			return err
		}
	}
	return nil
}
