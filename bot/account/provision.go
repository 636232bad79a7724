package account

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Provisioner makes the accounts of a case (step 4, FR-18): row by row, resumable, each once.
//
// The order makes a crash harmless: the sealed password is stored first, then the account is made with our marker and
// read back, then the row says so. Whatever was cut off is found again by the marker.
type Provisioner struct {
	DB       *store.DB
	Platform Platform
	Password func() (string, error)
	Seal     func(plain []byte, label string) ([]byte, error)
	Unseal   func(sealed []byte, label string) ([]byte, error)
	InFlight int // rows at once
}

// Label binds a sealed password to its row.
func Label(number string, n int) string { return fmt.Sprintf("%s row %d", number, n) }

// Marker is what our accounts carry, so that they are found again.
func Marker(number string, n int) string { return fmt.Sprintf("vanthu:%s:%d", number, n) }

// Create makes what is still to be made of a case in state creating. When all is done it moves the case to created and
// wakes its delivery. An error means that it should be tried again.
func (p *Provisioner) Create(ctx context.Context, caseID int64) error {
	c, plan, todo, _, err := p.begin(ctx, caseID)
	if err != nil || c.State != bot.Creating {
		return err
	}
	sealed, err := p.passwords(ctx, c, todo)
	if err != nil {
		return err
	}
	row := p.row
	if plan.Kind == bot.PlanReset {
		row = p.reset
	}
	if err := inTurn(ctx, p.InFlight, todo, func(item bot.PlanItem) error { return row(ctx, c, item, sealed[item.N]) }); err != nil {
		return err
	}
	return p.finish(ctx, caseID)
}

// away is after how many rows in vain the platform is taken to be away, and the rest is left to the next try.
const away = 3

// inTurn does the rows, some at once. One that fails holds up nobody else; the first failure is told.
func inTurn(ctx context.Context, atOnce int, todo []bot.PlanItem, row func(bot.PlanItem) error) error {
	var mu sync.Mutex
	var first error
	failed, inVain := 0, 0
	stop := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return inVain >= away || ctx.Err() != nil
	}
	var group errgroup.Group
	group.SetLimit(max(1, atOnce))
	for _, item := range todo {
		group.Go(func() error {
			if stop() {
				return nil
			}
			err := row(item)
			if err == nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			failed++
			if !errors.Is(err, ErrPermanent) {
				inVain++
			}
			first = cmp.Or(first, err)
			return nil
		})
	}
	_ = group.Wait()
	if first != nil {
		return fmt.Errorf("account: %d of %d rows failed, the first: %w", failed, len(todo), first)
	}
	return ctx.Err()
}

// begin returns the case and the items of its approved plan that have not become accounts yet and whose day has come, those that
// failed before at the end; later is the day for which the next of the others wait, "" for none. What runs must be what was approved: items that the hash is
// not over, or a row that differs from its frozen item, stop everything.
func (p *Provisioner) begin(ctx context.Context, caseID int64) (c bot.Case, plan store.StoredPlan, todo []bot.PlanItem, later string, err error) {
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		if c, err = tx.Case(ctx, caseID); err != nil || c.State != bot.Creating {
			return err
		}
		if plan, err = tx.Plan(ctx, c.PlanID); err != nil {
			return err
		}
		if err := plan.Ready(); err != nil {
			return err
		}
		today := tx.Now.In(bot.ICT).Format(time.DateOnly)
		rows, err := tx.Rows(ctx, caseID)
		if err != nil {
			return err
		}
		byN := make(map[int]bot.CaseRow, len(rows))
		for _, r := range rows {
			byN[r.N] = r
		}
		var again []bot.PlanItem
		for _, item := range plan.Items {
			if item.Case != c.Number {
				continue
			}
			r := byN[item.N]
			if err := p.approved(plan.Kind, item, r); err != nil {
				return bot.Errorf(bot.Conflict, "row %d of case %s is not what plan %s approved: %w", item.N, c.Number, plan.Number, err)
			}
			switch {
			case plan.StartOf(item) > today: // its batch waits for its day
				if later == "" || plan.StartOf(item) < later {
					later = plan.StartOf(item)
				}
			case !undone(plan.Kind, c, r):
			case r.Said != "" && plan.Kind != bot.PlanReset:
				again = append(again, item)
			default:
				todo = append(todo, item)
			}
		}
		todo = append(todo, again...)
		return nil
	})
	return c, plan, todo, later, err
}

// approved compares what would be done for a row now with what was approved of it, byte for byte.
func (p *Provisioner) approved(kind bot.PlanKind, item bot.PlanItem, r bot.CaseRow) error {
	now := item
	now.N, now.Code, now.Name, now.Class, now.Cohort, now.Platform, now.Action = r.N, r.Code, r.Name, r.Class, r.Cohort, p.Platform.Name(), string(kind)
	is, err := json.Marshal(now)
	if err != nil {
		return err
	}
	was, err := json.Marshal(item)
	if err != nil {
		return err
	}
	if !bytes.Equal(is, was) {
		return errNotApproved
	}
	return nil
}

var errNotApproved = errors.New("the row or the platform is another one")

// passwords returns a sealed password for each row: the one that an earlier try stored, or a new one, stored now.
func (p *Provisioner) passwords(ctx context.Context, c bot.Case, todo []bot.PlanItem) (map[int][]byte, error) {
	fresh := make(map[int][]byte, len(todo))
	for _, item := range todo {
		plain, err := p.Password()
		if err != nil {
			return nil, err
		}
		if fresh[item.N], err = p.Seal([]byte(plain), Label(c.Number, item.N)); err != nil {
			return nil, err
		}
	}
	var sealed map[int][]byte
	err := p.DB.Write(ctx, func(tx *store.Tx) error {
		for n, s := range fresh {
			if err := tx.KeepSecret(ctx, c.ID, n, s); err != nil {
				return err
			}
		}
		var err error
		sealed, err = tx.Secrets(ctx, c.ID)
		return err
	})
	return sealed, err
}

// row makes one account and records it.
func (p *Provisioner) row(ctx context.Context, c bot.Case, item bot.PlanItem, sealed []byte) error {
	plain, err := p.Unseal(sealed, Label(c.Number, item.N))
	if err != nil {
		return err
	}
	want := Account{Code: item.Code, User: item.User, Address: item.Address, Name: item.Name, Class: item.Class, Cohort: item.Cohort,
		Marker: Marker(c.Number, item.N)}
	result, err := Ensure(ctx, p.Platform, want, string(plain))
	switch {
	case errors.Is(err, ErrExists):
		return p.record(ctx, c, item, func(r *bot.CaseRow) {
			r.OK, r.State, r.Said = false, bot.RowBad, err.Error()
		}, "account_conflict")
	case err != nil:
		return errors.Join(err, p.note(ctx, c, item, err))
	}
	return p.record(ctx, c, item, func(r *bot.CaseRow) {
		r.State, r.Address, r.Platform, r.Said = bot.RowCreated, result.Account.Address, p.Platform.Name(), result.Said
	}, "account_created")
}

// record writes what became of a row, with its event, in one transaction.
func (p *Provisioner) record(ctx context.Context, c bot.Case, item bot.PlanItem, change func(*bot.CaseRow), what string) error {
	return p.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Row(ctx, c.ID, item.N)
		if err != nil || r.State == bot.RowCreated || r.State == bot.RowDelivered {
			return err
		}
		change(&r)
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
		if what == "account_reset" {
			if err := tx.MoveAccount(ctx, r.Code, bot.AccountNew); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: what,
			Detail: map[string]string{"row": fmt.Sprint(item.N), "platform": p.Platform.Name(), "said": r.Said}})
	})
}

// note keeps the platform's last word about a row that has not been made, for `case explain`.
func (p *Provisioner) note(ctx context.Context, c bot.Case, item bot.PlanItem, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return p.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Row(ctx, c.ID, item.N)
		if err != nil || r.State == bot.RowCreated {
			return err
		}
		r.Said = cause.Error()
		return tx.SaveRow(ctx, r)
	})
}

// finish moves the case to created once no row is left to be made.
func (p *Provisioner) finish(ctx context.Context, caseID int64) error {
	c, plan, todo, later, err := p.begin(ctx, caseID)
	if err == nil && len(todo) == 0 && later != "" { // the sweep comes back each minute
		until, err := time.ParseInLocation(time.DateOnly, later, bot.ICT)
		if err != nil {
			return fmt.Errorf("account: plan of case %s: %w", c.Number, err)
		}
		return p.DB.Write(ctx, func(tx *store.Tx) error { return tx.PlanWaits(ctx, c.PlanID, c.ID, until) })
	}
	if err != nil || len(todo) > 0 {
		return errors.Join(err, errIfAny(len(todo)))
	}
	if c.State != bot.Creating { // another process has finished
		return nil
	}
	if err := p.groups(ctx, c, plan); err != nil {
		return err
	}
	return p.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil || c.State != bot.Creating {
			return err
		}
		c.State = bot.Created
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		tx.Wake(store.DeliverJob, c.ID)
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: "accounts_created"})
	})
}

func errIfAny(left int) error {
	if left == 0 {
		return nil
	}
	return fmt.Errorf("account: %d rows are still to be made", left)
}
