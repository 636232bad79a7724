package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// leastUnseen is how long a platform must not show an account at the least before it is given up, also one that shows at once what it has
// done: a directory server may be restored, or a copy of it be behind.
const leastUnseen = 10 * time.Minute

// lost looks once more for an account that officers hold for lost (decision 40), by its marker, too, and says how its row ends when it is: the
// platform has not shown it at any look for as long as it may take to show (Settle), and just now, and another officer has approved. Else it
// says why not yet, which is still an ErrUnseen. Nothing is made; who is to get an account after all is sent again and planned.
func (p *Provisioner) lost(ctx context.Context, l *ledger, t taken, want Account, try Try, unseen error) (end, error) {
	if err := try.inTime(); err != nil {
		return end{}, err
	}
	at := p.DB.Now()
	found, err := p.Platform.Lookup(ctx, Keys{Codes: []string{want.Code}, Addresses: []string{want.Address}, Users: []string{want.User}, Markers: []string{want.Marker}})
	if err != nil {
		return end{}, fmt.Errorf("%s: look up: %w", p.Platform.Name(), err)
	}
	if len(found) > 0 {
		err := l.write(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.LossShown(ctx, *t.loss) })
		if err != nil {
			return end{}, err
		}
		return end{}, fmt.Errorf("%w: but an account there has its %s", unseen, strings.Join(keysOf(want, found), " and "))
	}
	if t.loss.Unseen.IsZero() {
		if err := l.write(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.LossUnseen(ctx, *t.loss, at) }); err != nil {
			return end{}, err
		}
	}
	switch wait := max(p.Platform.Describe().Settle, leastUnseen); {
	case t.loss.Unseen.IsZero(), !t.loss.Approved.Done():
		return end{}, fmt.Errorf("%w: an officer holds it for lost, and another must approve", unseen)
	case at.Sub(t.loss.Unseen) < wait:
		return end{}, fmt.Errorf("%w: it is held for lost when it does not show for %v", unseen, wait)
	}
	said, taken := "agreed and does not show it", !try.Acknowledged
	if taken {
		said = "says that its name is taken, and shows nobody who has it"
	}
	return end{what: accountLost, taken: taken, change: bad(fmt.Errorf("%w: %s %s; held for lost by %s and %s", ErrPermanent, p.Platform.Name(), said, t.loss.Asked.By, t.loss.Approved.By))}, nil
}

const accountLost = "account_lost"

// keysOf says by what accounts are the wanted one.
func keysOf(want Account, found []Account) (keys []string) {
	for _, k := range []struct {
		name string
		has  func(Account) bool
	}{
		{"marker", func(a Account) bool { return a.Marker == want.Marker }},
		{"code", func(a Account) bool { return strings.EqualFold(a.Code, want.Code) }},
		{"address", func(a Account) bool { return a.Has(want.Address) }},
		{"user name", func(a Account) bool { return strings.EqualFold(a.User, want.User) }},
	} {
		for _, a := range found {
			if k.has(a) {
				keys = append(keys, k.name)
				break
			}
		}
	}
	return keys
}

// giveUp ends a row whose account is lost. Who took it up after us may have seen the account meanwhile: his word counts, and nothing is
// recorded of ours; nor when an officer has taken his word back.
func (p *Provisioner) giveUp(ctx context.Context, tx *store.Tx, w work, t taken, e end) error {
	if ours, err := tx.EndLoss(ctx, *t.loss); err != nil || !ours {
		return err
	}
	i := t.now
	i.AskedAt, i.AskedUntil, i.Done = t.before.AskedAt, t.before.AskedUntil, tx.Now
	ours, err := tx.EndIntent(ctx, i, false)
	if err == nil && !ours {
		err = bot.Errorf(bot.Conflict, "row %d of case %s is in the hands of another run", t.item.N, w.c.Number) // rolls back
	}
	if err != nil {
		return err
	}
	return p.record(ctx, tx, w.c, t.item, e)
}
