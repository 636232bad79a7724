package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// An act brings one row to where its plan wants it, and says how far it came. The end is how the row is recorded.
type act func(ctx context.Context, w work, want Account, password string, t Try) (Result, end, error)

// An end is what becomes of a row.
type end struct {
	what   string // the event
	change func(*bot.CaseRow)
	taken  bool // of a row that is bad: somebody else has its name
	words  bool // it was refused in the words of who carries it out
}

// row does one row and records it.
func (p *Provisioner) row(ctx context.Context, r *run, l *ledger, w work, t taken, act act) error {
	plain, err := p.Unseal(t.sealed, Label(w.c.Number, t.item.N))
	if err != nil {
		return err
	}
	want := Account{Code: t.item.Code, User: t.item.User, Address: t.item.Address, Name: t.item.Name, Class: t.item.Class, Cohort: t.item.Cohort,
		Marker: Marker(w.c.Number, t.item.N)}
	try := Try{Now: t.at, Late: func() bool { return t.left(p.DB.Now()) <= 0 }, AskedUntil: t.before.AskedUntil, Acknowledged: !t.before.Acknowledged.IsZero(), Agreed: p.agreed(l, t)}
	result, end, err := act(ctx, w, want, string(plain), try)
	// It has agreed and is not asked any more, or it was asked just now and said that the name is taken. While nobody knows what became of an ask: no.
	if errors.Is(err, ErrUnseen) && t.loss != nil && !result.Agreed && result.Asked != try.Acknowledged {
		if end, err = p.lost(ctx, l, t, want, try, err); err == nil {
			return l.write(ctx, func(ctx context.Context, tx *store.Tx) error {
				return errors.Join(p.giveUp(ctx, tx, w, t, end), stopPaused(ctx, tx, r, w))
			})
		}
	}
	var pass []byte
	if err == nil && result.Account.Code != "" {
		pass, err = p.pass(ctx, w.c, t.item, result.Account, try)
	}
	if err != nil {
		return p.note(ctx, r, l, w, t, result, err)
	}
	return l.write(ctx, func(ctx context.Context, tx *store.Tx) error {
		i := t.now
		i.Done = tx.Now
		heard(&i, t.before, result, tx.Now)
		// Who took the row up after us has had another pass since, and ours is void: his counts. And what is recorded is over: by now
		// the case may have been delivered, and be here again for a new password.
		if ours, err := tx.EndIntent(ctx, i, pass == nil); err != nil || !ours {
			return err
		}
		if pass != nil {
			if err := tx.ReplaceSecret(ctx, w.c.ID, t.item.N, pass); err != nil {
				return err
			}
		}
		return errors.Join(p.record(ctx, tx, w.c, t.item, end), stopPaused(ctx, tx, r, w))
	})
}

// stopPaused ends a run whose plan an officer has stopped: looked at with each row that is recorded, so that it stops within the rows
// in flight.
func stopPaused(ctx context.Context, tx *store.Tx, r *run, w work) error {
	paused, err := tx.PlanPaused(ctx, w.plan.ID)
	if paused {
		r.stop()
	}
	return err
}

// agreed keeps the platform's word that an account is made, before it is read back. Where it shows at once, the record that follows
// says it early enough.
func (p *Provisioner) agreed(l *ledger, t taken) func(context.Context) error {
	if p.Platform.Describe().Settle == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		return l.write(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Acknowledge(ctx, t.now) })
	}
}

// pass lets the platform invent the credential, where it does, and seals it instead of ours. A crash between the two is harmless: the
// row is not recorded, so the next try asks for another pass, which makes the one void that nobody knows.
func (p *Provisioner) pass(ctx context.Context, c bot.Case, item bot.PlanItem, a Account, t Try) ([]byte, error) {
	passer, ok := p.Platform.(Passer)
	if !ok {
		return nil, nil
	}
	if err := t.inTime(); err != nil {
		return nil, err
	}
	pass, err := passer.Pass(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("%s: pass: %w", p.Platform.Name(), err)
	}
	return p.Seal([]byte(pass), Label(c.Number, item.N))
}

// make makes an account.
func (p *Provisioner) make(ctx context.Context, _ work, want Account, password string, t Try) (Result, end, error) {
	result, err := t.Ensure(ctx, p.Platform, want, password)
	if errors.Is(err, ErrRefused) {
		return result, end{what: "account_refused", change: bad(err), taken: errors.Is(err, ErrTaken), words: true}, nil
	}
	if c, ok := errors.AsType[*Conflict](err); ok { // not any ErrExists: a look may be answered so by a server that is confused
		result.Account = Account{} // somebody else's
		return result, end{what: "account_conflict", change: bad(err), taken: slices.ContainsFunc(c.Taken, func(key string) bool { return key != "code" })}, nil
	}
	return result, end{what: "account_created", change: func(r *bot.CaseRow) {
		r.State, r.User, r.Address, r.Platform, r.Said = bot.RowCreated, want.User, result.Account.Address, p.Platform.Name(), result.Said
	}}, err
}

// bad ends a row whose account is not made.
func bad(why error) func(*bot.CaseRow) {
	return func(r *bot.CaseRow) { r.OK, r.State, r.Said = false, bot.RowBad, why.Error() }
}

// record writes what became of a row, with its event.
func (p *Provisioner) record(ctx context.Context, tx *store.Tx, c bot.Case, item bot.PlanItem, end end) error {
	r, err := tx.Row(ctx, c.ID, item.N)
	if err != nil || r.State == bot.RowCreated || r.State == bot.RowDelivered {
		return err
	}
	end.change(&r)
	if r.State == bot.RowCreated {
		if r.CreatedAt.IsZero() { // not of one that got another password
			r.CreatedAt = tx.Now
		}
		if err := tx.AddAccount(ctx, r); err != nil { // waits for another process that records the same row
			return err
		}
		if now, err := tx.Row(ctx, c.ID, item.N); err != nil || now.State == bot.RowCreated {
			return err
		}
	}
	if err := tx.SaveRow(ctx, r); err != nil {
		return err
	}
	if r.State == bot.RowBad {
		let := tx.ReleaseName
		if end.taken {
			let = tx.RefuseName
		}
		if err := let(ctx, r.Code); err != nil {
			return err
		}
	}
	if end.what == "account_reset" {
		if err := tx.MoveLiving(ctx, r.Code, bot.AccountNew); err != nil {
			return err
		}
	}
	return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: end.what,
		Detail: map[string]string{"row": fmt.Sprint(item.N), "platform": p.Platform.Name(), "said": forEver(r.Said, end.words)}})
}

// note keeps how far a row came that is not done, and the platform's last word about it, for `case explain`. It returns the cause, or for
// what only does not show yet a PutOff.
func (p *Provisioner) note(ctx context.Context, r *run, l *ledger, w work, t taken, result Result, cause error) error {
	wait, waits := errors.AsType[*Wait](cause)
	_, pending := errors.AsType[*Pending](cause)
	back := cause
	err := l.write(ctx, func(ctx context.Context, tx *store.Tx) error {
		i := t.now
		heard(&i, t.before, result, tx.Now)
		tell := false
		switch {
		case waits:
			if err := tx.PlanRests(ctx, w.plan.ID, w.c.ID, tx.Now.Add(max(wait.For, time.Second))); err != nil {
				return err
			}
		case pending:
			if err := pend(ctx, tx, w); err != nil {
				return err
			}
		case errors.Is(cause, ErrUnseen):
			tell = p.unseen(&i, t.before, result, tx.Now)
			back = &PutOff{For: i.Next.Sub(tx.Now), Why: cause.Error()}
		}
		if ours, err := tx.EndIntent(ctx, i, false); err != nil || !ours { // another run has the row by now, and its word counts
			return err
		}
		row, err := tx.Row(ctx, w.c.ID, t.item.N)
		if err != nil || row.State == bot.RowCreated {
			return err
		}
		row.Said = cause.Error()
		if err := tx.SaveRow(ctx, row); err != nil {
			return err
		}
		if tell {
			if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: w.c.ID, Plan: w.plan.ID, What: "account_unseen",
				Detail: map[string]string{"row": fmt.Sprint(t.item.N), "platform": p.Platform.Name(), "said": row.Said}}); err != nil {
				return err
			}
		}
		return stopPaused(ctx, tx, r, w)
	})
	return errors.Join(back, err)
}

// heard enters what a try has heard of the platform. A call without an answer may have reached it until now.
func heard(i *store.Intent, before store.Intent, result Result, now time.Time) {
	i.AskedAt, i.AskedUntil = before.AskedAt, before.AskedUntil
	if result.Asked {
		i.AskedAt, i.AskedUntil = now, now
	}
	if result.Agreed {
		i.Acknowledged = now
	}
	if result.Account.Code != "" {
		i.Seen = now
	}
}

// unseen puts off a row that the platform does not show yet, longer each time, and says whether officers must be told: it said that the
// account is there, and it ought to show by now. It is looked for all the same, and never made again.
func (p *Provisioner) unseen(i *store.Intent, before store.Intent, result Result, now time.Time) (tell bool) {
	settle := p.Platform.Describe().Settle
	i.Next = now.Add(pause(i.Looks))
	i.Looks++
	must := laterOf(i.Acknowledged, i.Seen)
	switch {
	case !must.IsZero():
	case result.Asked: // it says that the account exists, and shows none
		must = before.AskedUntil
	default: // nobody knows whether it is there: when it does not show until then, it is not
		if may := before.AskedUntil.Add(settle); i.Next.After(may) {
			i.Next = may
		}
	}
	if tell = !must.IsZero() && i.Told.IsZero() && !now.Before(must.Add(settle)) && i.Looks > 1; tell {
		i.Told = now
	}
	return tell
}
