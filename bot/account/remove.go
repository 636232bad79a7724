package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Remover carries out deletions (step 7, FR-25): it suspends, gives access back, and erases when the window is over. Row by row
// it looks, acts, reads back and records row, register and event in one transaction, so that a crash repeats a step and never a
// result.
//
// What it does was approved in a plan, and it looks again each time: at the plan's hash and approval, at who is on hold or
// stopped, and whether the account still is the one of the person. What does not fit is left alone and told to officers.
type Remover struct {
	DB       *store.DB
	Platform Platform
	InFlight int // rows at once
	Window   int // days from the suspension to the erasure
	// SameName says whether two names are those of one person, as the rules see it (DEL-03).
	SameName func(a, b string) bool
	// Tell puts a letter about a case as it stands into the outbox.
	Tell func(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind) error
	// EraseAt is the moment on a day from which accounts are erased.
	EraseAt func(day string) time.Time
}

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

// Suspend stops the sign-in of everybody in a case that is suspending, or was on hold then. When nobody is left the case is
// suspended, and its unit is told.
func (m *Remover) Suspend(ctx context.Context, caseID int64) error {
	r, err := m.read(ctx, caseID)
	if err != nil || r.plan.Paused.Done() || r.c.State != bot.Suspending && r.c.State != bot.Suspended {
		return err
	}
	today := m.DB.Now().In(bot.ICT).Format(time.DateOnly)
	begun := r.todo(func(item bot.PlanItem) bool { return r.toSuspend(item) && r.plan.StartOf(item) <= today }) // the other batches wait for their days
	err = inTurn(ctx, m.InFlight, begun, func(item bot.PlanItem) error {
		return m.row(ctx, r.c, item, bot.RowSuspended)
	})
	if err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil || r.plan.Paused.Done() || r.c.State != bot.Suspending || len(r.todo(r.toSuspend)) > 0 {
			return err
		}
		if slices.ContainsFunc(r.items, func(i bot.PlanItem) bool { return r.toSuspend(i) && r.toRestore(i) }) { // spared: the letter says so
			tx.Wake(store.RestoreJob, caseID)
			return nil
		}
		c := r.c
		c.State, c.EraseAt = bot.Suspended, m.eraseAt(tx.Now, r.items)
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := m.Tell(ctx, tx, c, bot.SuspendedNote); err != nil {
			return err
		}
		if !c.EraseAt.After(tx.Now) {
			tx.Wake(store.EraseJob, c.ID)
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "accounts_suspended", Detail: map[string]string{"rows": fmt.Sprint(r.count(bot.RowSuspended))}})
	})
}

func (r *removal) count(state bot.RowState) (n int) {
	for _, item := range r.items {
		if r.state(item) == state {
			n++
		}
	}
	return n
}

// eraseAt is when the window of what is suspended now is over: never before the day that was approved, and never sooner than the
// whole window.
func (m *Remover) eraseAt(now time.Time, items []bot.PlanItem) time.Time {
	at := now
	for _, item := range items {
		if item.EraseOn != "" {
			if day := m.EraseAt(item.EraseOn); day.After(at) {
				at = day
			}
		}
	}
	if whole := m.EraseAt(now.AddDate(0, 0, m.Window).In(bot.ICT).Format(time.DateOnly)); m.Window > 0 && whole.After(at) {
		at = whole
	}
	return at
}

// Erase removes for ever who is suspended in a case whose window is over. Who was suspended later than the others waits for his
// own window. When nobody is left the case is closed, and its unit is told.
func (m *Remover) Erase(ctx context.Context, caseID int64) error {
	r, err := m.begin(ctx, caseID)
	if err != nil || r.plan.Paused.Done() || r.c.State != bot.Erasing {
		return err
	}
	suspended := func(item bot.PlanItem) bool { return r.state(item) == bot.RowSuspended }
	err = inTurn(ctx, m.InFlight, r.todo(suspended), func(item bot.PlanItem) error { return m.row(ctx, r.c, item, bot.RowErased) })
	if err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil || r.plan.Paused.Done() || r.c.State != bot.Erasing || len(r.todo(suspended)) > 0 {
			return err
		}
		if len(r.untold()) > 0 {
			tx.Wake(store.RestoreJob, caseID)
			return nil
		}
		c := r.c
		left := r.count(bot.RowSuspended)
		for _, item := range r.items {
			if r.toSuspend(item) { // on hold since before it was suspended
				left++
			}
		}
		if left > 0 { // the others have been erased; these wait for an officer
			c.State = bot.Suspended
			_, err := tx.SaveCase(ctx, c)
			return err
		}
		c.State = bot.Closed
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := m.Tell(ctx, tx, c, bot.ErasedNote); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "case_closed", Detail: map[string]string{"rows": fmt.Sprint(r.count(bot.RowErased))}})
	})
}

// begin moves a case to erasing when its window is over.
func (m *Remover) begin(ctx context.Context, caseID int64) (r removal, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil || r.c.State != bot.Suspended {
			return err
		}
		if r.c.Held.Done() || r.plan.Paused.Done() || len(r.untold()) > 0 { // its clock stands still; or a letter comes first
			return nil
		}
		was := r.c.EraseAt
		for _, item := range r.items { // suspended later than the others: the window is his, too
			since, err := tx.SuspendedSince(ctx, item.Code)
			if err != nil {
				return err
			}
			if at := m.eraseAt(since, []bot.PlanItem{item}); r.state(item) == bot.RowSuspended && !r.waits(item) && at.After(r.c.EraseAt) && at.After(tx.Now) {
				r.c.EraseAt = at
			}
		}
		if r.c.EraseAt.IsZero() || r.c.EraseAt.After(tx.Now) {
			if r.c.EraseAt != was {
				r.c, err = tx.SaveCase(ctx, r.c)
			}
			return err
		}
		if r.count(bot.RowErased) == 0 && r.count(bot.RowSuspended) == 0 { // everybody was restored or spared
			r.c.State = bot.Closed
			if r.c, err = tx.SaveCase(ctx, r.c); err != nil {
				return err
			}
			return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: r.c.ID, Plan: r.c.PlanID, What: "case_closed"})
		}
		r.c.State = bot.Erasing
		r.c, err = tx.SaveCase(ctx, r.c)
		return err
	})
	return r, err
}

// Restore gives access back to those for whom an officer decided so. When nobody is left to be erased the case is closed. The stops
// of the rows end with the letter, so that who is cut off between account and letter finds both again.
func (m *Remover) Restore(ctx context.Context, caseID int64) error {
	r, err := m.read(ctx, caseID)
	if err != nil {
		return err
	}
	var todo []bot.PlanItem
	for _, item := range r.items {
		if r.toRestore(item) {
			todo = append(todo, item)
		}
	}
	if len(todo) == 0 && len(r.untold()) == 0 {
		return nil
	}
	if err := inTurn(ctx, m.InFlight, todo, func(item bot.PlanItem) error { return m.row(ctx, r.c, item, bot.RowRestored) }); err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if r, err = m.load(ctx, tx, caseID); err != nil {
			return err
		}
		tx.Wake(map[bot.State]string{bot.Suspending: store.SuspendJob, bot.Suspended: store.EraseJob, bot.Erasing: store.EraseJob}[r.c.State], caseID)
		back := r.untold()
		if len(back) == 0 {
			return nil
		}
		for _, n := range back {
			if err := tx.EndStop(ctx, caseID, n, "restored", bot.System); err != nil {
				return err
			}
		}
		c := r.c
		c.UpdatedAt = tx.Now
		if c, err = tx.SaveCase(ctx, c); err != nil { // a version of its own: the letter is one step
			return err
		}
		if err := m.Tell(ctx, tx, c, bot.RestoredNote); err != nil {
			return err
		}
		if left := r.todoOrWaiting(); left > 0 || c.State != bot.Suspended {
			return nil
		}
		if r.count(bot.RowErased) > 0 { // closed by the way of the others
			return nil
		}
		c.State = bot.Closed
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "case_closed"})
	})
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

// row brings one account to where its row is to be, and records it.
func (m *Remover) row(ctx context.Context, c bot.Case, item bot.PlanItem, to bot.RowState) error {
	fresh, err := m.read(ctx, c.ID) // stops and holds of this moment: a mail may have come since we began
	if err != nil {
		return err
	}
	if waits := fresh.waits(item); waits && to != bot.RowRestored || !fresh.may(item, to) {
		return nil
	}
	if to == bot.RowSuspended {
		if may, err := m.begins(ctx, c, item); err != nil || !may {
			return err
		}
	}
	have, err := m.find(ctx, item)
	switch {
	case to == bot.RowRestored && fresh.toSuspend(item) && (err == nil && !have.Suspended || errors.Is(err, ErrPermanent)):
		return m.record(ctx, c, item, to, "it was not suspended")
	case errors.Is(err, ErrGone) && to == bot.RowErased: // by us, or by somebody else: it is erased
		return m.record(ctx, c, item, to, m.Platform.Name()+": not there any more")
	case errors.Is(err, ErrPermanent):
		return m.doubt(ctx, c, item, to, err)
	case err != nil:
		return errors.Join(err, m.note(ctx, c, item, err))
	}
	if to == bot.RowErased && !have.Suspended { // somebody let its holder in again: is it still to be erased?
		return m.doubt(ctx, c, item, to, fmt.Errorf("%s: the account was opened again by somebody else", m.Platform.Name()))
	}
	act := map[bot.RowState]func(context.Context, Account) error{bot.RowSuspended: m.Platform.Suspend, bot.RowErased: m.Platform.Erase, bot.RowRestored: m.Platform.Restore}[to]
	if err := act(ctx, have); errors.Is(err, ErrPermanent) {
		return m.doubt(ctx, c, item, to, err)
	} else if err != nil {
		return errors.Join(err, m.note(ctx, c, item, err))
	}
	after, err := m.find(ctx, item)
	done := err == nil && after.Suspended == (to == bot.RowSuspended)
	if to == bot.RowErased {
		done = errors.Is(err, ErrGone)
	}
	if !done {
		err = fmt.Errorf("%s: %w: what was done does not show", m.Platform.Name(), cmp.Or(err, ErrUnseen))
		return errors.Join(err, m.note(ctx, c, item, err))
	}
	said := map[bot.RowState]string{bot.RowSuspended: "suspended", bot.RowErased: "erased", bot.RowRestored: "restored"}[to]
	err = m.record(ctx, c, item, to, m.Platform.Name()+": "+said+" and read back")
	if errors.Is(err, errSpared) && !have.Suspended {
		err = m.Platform.Restore(ctx, have)
	}
	return err
}

// errSpared is of a row that an officer gave back while its account was being suspended.
var errSpared = errors.New("account: the row was spared meanwhile")

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

// begins notes that a row is about to be suspended: an officer who spares it from then on cannot know whether it was, and leaves it to
// Restore to look (bot/desk). It says false when the row was spared or stopped meanwhile.
func (m *Remover) begins(ctx context.Context, c bot.Case, item bot.PlanItem) (may bool, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // the officer takes it, too
			return err
		}
		r, err := m.load(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if may = r.may(item, bot.RowSuspended) && !r.waits(item); !may || r.rows[item.N].Said != "" {
			return nil
		}
		row := r.rows[item.N]
		row.Said = m.Platform.Name() + ": about to be suspended"
		return tx.SaveRow(ctx, row)
	})
	return may, err
}

// find returns the one account that has the code of an item. It must be that of the person: code, name and address. Whoever made
// it, what it bears now is what the platform is asked to act on.
func (m *Remover) find(ctx context.Context, item bot.PlanItem) (Account, error) {
	found, err := m.Platform.Lookup(ctx, Keys{Codes: []string{item.Code}})
	switch {
	case errors.Is(err, ErrGone): // a look that finds nobody is no error: what is not there is something else, and nobody was erased
		return Account{}, fmt.Errorf("%s: look up: %s", m.Platform.Name(), err.Error())
	case err != nil:
		return Account{}, fmt.Errorf("%s: look up: %w", m.Platform.Name(), err)
	case len(found) == 0, len(found) == 1 && found[0].Deleted(): // kept to be brought back by hand, it is erased all the same
		return Account{}, fmt.Errorf("%s: %w", m.Platform.Name(), ErrGone)
	case len(found) > 1:
		return Account{}, fmt.Errorf("%s: %w: %d accounts have the code", m.Platform.Name(), ErrOther, len(found))
	case !found[0].Has(item.Address):
		return Account{}, fmt.Errorf("%s: %w: it has another address", m.Platform.Name(), ErrOther)
	case !m.SameName(found[0].Name, item.Name):
		return Account{}, fmt.Errorf("%s: %w: it has another name", m.Platform.Name(), ErrOther)
	}
	return found[0], nil
}

// record writes what became of a row, with register and event, in one transaction.
func (m *Remover) record(ctx context.Context, c bot.Case, item bot.PlanItem, to bot.RowState, said string) error {
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // another process may record the same row
			return err
		}
		r, err := tx.Row(ctx, c.ID, item.N)
		if err != nil || r.State == to {
			return err
		}
		if to == bot.RowRestored && (r.State == bot.RowGood || r.State == bot.RowWarned) {
			return m.spared(ctx, tx, c, r, said)
		}
		if to == bot.RowSuspended && (r.State == bot.RowBad || r.State == bot.RowRestored) {
			return errSpared
		}
		r.State, r.Said, r.Platform = to, said, m.Platform.Name()
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
		switch to {
		case bot.RowSuspended:
			err = tx.NoteSuspended(ctx, c, r)
		case bot.RowErased:
			err = tx.MoveAccount(ctx, r.Code, bot.AccountDeleted)
		default:
			err = tx.NoteRestored(ctx, r.Code)
		}
		if err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "account_" + string(to),
			Detail: map[string]string{"row": fmt.Sprint(r.N), "platform": m.Platform.Name(), "said": said}})
	})
}

// spared takes a row out of a deletion that an officer gave back while nobody knew whether it was suspended already. The register
// never said that it was.
func (m *Remover) spared(ctx context.Context, tx *store.Tx, c bot.Case, r bot.CaseRow, said string) error {
	r.OK, r.State, r.Said = false, bot.RowBad, "spared by an officer; "+said
	if err := errors.Join(tx.SaveRow(ctx, r), tx.EndStop(ctx, c.ID, r.N, "spared", bot.System)); err != nil {
		return err
	}
	return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "account_spared",
		Detail: map[string]string{"row": fmt.Sprint(r.N), "platform": m.Platform.Name(), "said": r.Said}})
}

// doubt leaves an account alone that is not what was approved, or that the platform refuses to touch: the row waits for an
// officer. One that was never suspended is not done.
func (m *Remover) doubt(ctx context.Context, c bot.Case, item bot.PlanItem, to bot.RowState, cause error) error {
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil {
			return err
		}
		r, err := tx.Row(ctx, c.ID, item.N)
		if err != nil || slices.Contains([]bot.RowState{bot.RowBad, bot.RowErased, bot.RowRestored}, r.State) {
			return err
		}
		r.Said = cause.Error()
		if to == bot.RowSuspended {
			r.OK, r.State = false, bot.RowBad
		} else if err := errors.Join(tx.EndStop(ctx, c.ID, r.N, "it could not be done", bot.System), tx.StopRow(ctx, c.ID, store.RowStop{N: r.N, Since: bot.Stamp{By: bot.System}, Why: r.Said})); err != nil {
			return err
		}
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "account_left_alone",
			Detail: map[string]string{"row": fmt.Sprint(r.N), "platform": m.Platform.Name(), "said": r.Said}})
	})
}

// note keeps the platform's last word about a row, for `case explain`.
func (m *Remover) note(ctx context.Context, c bot.Case, item bot.PlanItem, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Row(ctx, c.ID, item.N)
		if err != nil {
			return err
		}
		r.Said = cause.Error()
		return tx.SaveRow(ctx, r)
	})
}
