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
	p, person := acting(m.Platform, Errand{CaseID: c.ID, N: item.N, PlanID: c.PlanID})
	have, err := m.find(ctx, item)
	switch {
	case person && to == bot.RowRestored && err == nil: // who is to suspend it may have it in hand
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
	act := map[bot.RowState]func(context.Context, Account) error{bot.RowSuspended: p.Suspend, bot.RowErased: p.Erase, bot.RowRestored: p.Restore}[to]
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
		err = p.Restore(ctx, have)
	}
	return err
}

// errSpared is of a row that an officer gave back while its account was being suspended.
var errSpared = errors.New("account: the row was spared meanwhile")

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
		what := map[bot.RowState]string{bot.RowSuspended: "account_suspended", bot.RowErased: "account_erased", bot.RowRestored: "account_restored"}[to]
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: what,
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
			Detail: map[string]string{"row": fmt.Sprint(r.N), "platform": m.Platform.Name(), "said": forEver(r.Said, errors.Is(cause, ErrRefused))}})
	})
}

// waiting leaves out that rows are pending: who reads the result wakes the case, and no job may stand in the way of that one.
func waiting(err error) error {
	if _, pending := errors.AsType[*Pending](err); pending {
		return nil
	}
	return err
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
