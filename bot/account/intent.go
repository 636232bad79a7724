package account

import (
	"context"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

const (
	// setSize is how many rows are taken up in one transaction. What a crash leaves of a set counts as asked for.
	setSize = 64
	// reach is how long a run may have a set in its hands: none of its calls begins later.
	reach = 2 * time.Minute
	// callTime is what a call needs: it is not begun when less is left of reach.
	callTime = 30 * time.Second
)

// A taken row is in our hands until its intent says: what was known of it before, what stands in the database now, and the password
// that is sealed for it.
type taken struct {
	item   bot.PlanItem
	before store.Intent
	now    store.Intent
	at     time.Time // when it was taken up, as it stands in now: what may be asked was decided then
	start  time.Time // the same moment or a little before, by the clock that runs on when the one on the wall is set
	sealed []byte
	loss   *store.Loss // officers hold its account for lost; nil: they do not
}

// left is how long the row is ours: after that another run may take it up, and nobody who has not asked yet may ask. The clock on the wall
// knows of a machine that was asleep, the other one of a wall clock that was set back.
func (t taken) left(now time.Time) time.Duration { return reach - max(now.Sub(t.at), now.Sub(t.start)) }

// careful says whether two runs must never have the same row in hand: where the platform itself could not tell at once that it is
// the same (Settle), or where the later of two passes makes the earlier one void.
func (p *Provisioner) careful() bool {
	_, passes := p.Platform.(Passer)
	return passes || p.Platform.Describe().Settle > 0
}

// take takes rows up: in one transaction the sealed passwords, and the intent to ask. Only when that is in the database is anybody
// asked. Rows that another run has in its hands, or that must not be looked at yet, are left out; next is when the first of these may be.
func (p *Provisioner) take(ctx context.Context, c bot.Case, plan store.StoredPlan, set []bot.PlanItem) (rows []taken, next time.Time, err error) {
	fresh := make(map[int][]byte, len(set))
	for _, item := range set {
		plain, err := p.Password()
		if err != nil {
			return nil, next, err
		}
		if fresh[item.N], err = p.Seal([]byte(plain), Label(c.Number, item.N)); err != nil {
			return nil, next, err
		}
	}
	d, careful, start := p.Platform.Describe(), p.careful(), p.DB.Now()
	err = p.DB.Write(ctx, func(tx *store.Tx) error {
		rows, next = nil, time.Time{}
		if err := tx.Lock(ctx, store.LockIntents); err != nil {
			return err
		}
		if paused, err := tx.PlanPaused(ctx, plan.ID); err != nil || paused {
			return err
		}
		if now, err := tx.Case(ctx, c.ID); err != nil || now.State != bot.Creating || now.PlanID != plan.ID { // another run has finished it
			return err
		}
		known, err := tx.Intents(ctx, plan.ID, c.ID)
		if err != nil {
			return err
		}
		losses, err := tx.LossesOf(ctx, plan.ID, c.ID)
		if err != nil {
			return err
		}
		var intents []store.Intent
		for _, item := range set {
			i, ahead := setBack(known[item.N], tx.Now)
			if ahead {
				intents = append(intents, i)
			}
			if later := laterOf(i.Next, i.TakenUntil); !i.Done.IsZero() || later.After(tx.Now) {
				if i.Done.IsZero() && (next.IsZero() || later.Before(next)) {
					next = later
				}
				continue
			}
			row := taken{item: item, before: i, at: tx.Now, start: start}
			if loss, ok := losses[item.N]; ok {
				row.loss = &loss
			}
			i.PlanID, i.CaseID, i.N, i.Platform = plan.ID, c.ID, item.N, p.Platform.Name()
			i.Tries++
			if careful {
				i.TakenUntil = tx.Now.Add(reach)
			}
			if known := (Try{Now: tx.Now, AskedUntil: i.AskedUntil, Acknowledged: !i.Acknowledged.IsZero()}); known.MayAsk(d) {
				i.AskedAt, i.AskedUntil = tx.Now, tx.Now.Add(reach)
			}
			row.now = i
			rows, intents = append(rows, row), append(intents, i)
		}
		if err := tx.PutIntents(ctx, intents); err != nil {
			return err
		}
		for _, row := range rows {
			if err := tx.KeepSecret(ctx, c.ID, row.item.N, fresh[row.item.N]); err != nil {
				return err
			}
		}
		first, last := set[0].N, set[0].N
		for _, item := range set {
			first, last = min(first, item.N), max(last, item.N)
		}
		sealed, err := tx.SecretsOf(ctx, c.ID, first, last)
		for k := range rows {
			rows[k].sealed = sealed[rows[k].item.N]
		}
		return err
	})
	return rows, next, err
}

// setBack says whether an intent was written by a clock that was ahead and has been set back since, and returns it as if it had been written
// now: else the row would be waited for until that clock's time has come, for hours or years (as with answers, RecallLetters).
func setBack(i store.Intent, now time.Time) (store.Intent, bool) {
	was := i
	for _, until := range []*time.Time{&i.TakenUntil, &i.AskedUntil} {
		if until.After(now.Add(2 * reach)) {
			*until = now.Add(reach)
		}
	}
	if i.Next.After(now.Add(2 * longestPause)) {
		i.Next = now
	}
	return i, i != was
}

// release gives rows back that were taken up and not begun with: nobody was asked, and who comes next must not think so.
func (p *Provisioner) release(ctx context.Context, l *ledger, rows []taken) error {
	if len(rows) == 0 {
		return nil
	}
	return l.write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, row := range rows {
			i := row.before
			i.PlanID, i.CaseID, i.N, i.Tries = row.now.PlanID, row.now.CaseID, row.now.N, row.now.Tries
			if _, err := tx.EndIntent(ctx, i, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// pause is how long nobody looks for what does not show after so many looks: a second, then longer and longer.
func pause(looks int) time.Duration { return min(time.Second<<min(looks, 10), longestPause) }

const longestPause = 5 * time.Minute

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
