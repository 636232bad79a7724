package desk

import (
	"context"
	"fmt"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Unseen are the accounts that the platform agreed to make and does not show although it ought to, with what officers have said of them.
func (d *Desk) Unseen(ctx context.Context) (all []store.Loss, err error) {
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		all, err = tx.UnseenAccounts(ctx)
		return err
	})
	return all, err
}

// AskLost says of the account of a person that the platform has lost it (decision 40). Nothing follows from one officer's word but that the
// platform is looked at again; another must approve, and it must not show for a while yet.
func (d *Desk) AskLost(ctx context.Context, actor bot.Actor, code, reason string) (store.Loss, error) {
	if strings.TrimSpace(reason) == "" {
		return store.Loss{}, bot.Errorf(bot.Invalid, "say why you hold the account for lost: who has looked, and where")
	}
	return d.ofLoss(ctx, code, func(tx *store.Tx, l store.Loss) (bot.Event, error) {
		asked, err := tx.AskLoss(ctx, l, actor, reason)
		if err == nil && !asked {
			err = bot.Errorf(bot.Conflict, "%s has said so already; another officer approves", l.Asked.By)
		}
		return bot.Event{Actor: actor, What: "loss_asked", Detail: map[string]string{"reason": reason}}, err
	})
}

// ApproveLost is another officer's word, who may approve plans. It can be given only when the serving process has looked since and was shown
// nothing.
func (d *Desk) ApproveLost(ctx context.Context, approver bot.Officer, code string) (store.Loss, error) {
	actor := OfficerActor(approver)
	return d.ofLoss(ctx, code, func(tx *store.Tx, l store.Loss) (e bot.Event, err error) {
		switch {
		case !l.Open():
			return e, bot.Errorf(bot.Conflict, "nobody holds the account of %s for lost; say so first, with --reason", l.Code)
		case !approver.Approver:
			return e, bot.Errorf(bot.Forbidden, "%s may not approve", approver.Name)
		case l.Asked.By == actor && !d.OfficeOfOne:
			return e, bot.Errorf(bot.Forbidden, "another person must approve than the one who said it (%s)", l.Asked.By)
		case l.Approved.Done():
			return e, bot.Errorf(bot.Conflict, "%s has approved already", l.Approved.By)
		case l.Unseen.IsZero():
			return e, bot.Errorf(bot.Conflict, "the serving process has not looked since, or the platform shows something of it; see `vanthu account lost` and `vanthu case explain %s`", l.Case)
		}
		approved, err := tx.ApproveLoss(ctx, l, actor)
		if err == nil && !approved {
			err = bot.Errorf(bot.Conflict, "it has changed a moment ago; look again")
		}
		return bot.Event{Actor: actor, What: "loss_approved", Detail: map[string]string{"asked_by": string(l.Asked.By)}}, err
	})
}

// WithdrawLost takes it back, whoever said it.
func (d *Desk) WithdrawLost(ctx context.Context, actor bot.Actor, code string) (store.Loss, error) {
	return d.ofLoss(ctx, code, func(tx *store.Tx, l store.Loss) (bot.Event, error) {
		withdrawn, err := tx.WithdrawLoss(ctx, l)
		if err == nil && !withdrawn {
			err = bot.Errorf(bot.Conflict, "nobody holds the account of %s for lost", l.Code)
		}
		return bot.Event{Actor: actor, What: "loss_withdrawn"}, err
	})
}

// ofLoss does something about the account of a person that does not show, with its event, and returns how it stands then.
func (d *Desk) ofLoss(ctx context.Context, code string, act func(*store.Tx, store.Loss) (bot.Event, error)) (l store.Loss, err error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		var found bool
		if l, found, err = tx.UnseenAccount(ctx, code); err != nil {
			return err
		}
		if !found {
			return bot.Errorf(bot.NotFound, "no account of %s waits to be shown: only one that the platform agreed to make, and that does not show for as long as it may take, can be held for lost", code)
		}
		e, err := act(tx, l)
		if err != nil {
			return err
		}
		if e.Detail == nil {
			e.Detail = make(map[string]string)
		}
		e.Case, e.Plan, e.Detail["row"], e.Detail["platform"] = l.CaseID, l.PlanID, fmt.Sprint(l.N), l.Platform
		if err := tx.AddEvent(ctx, e); err != nil {
			return err
		}
		l, _, err = tx.UnseenAccount(ctx, code)
		return err
	})
	return l, err
}
