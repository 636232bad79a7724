package desk

import (
	"context"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Said is what a unit answered to a letter.
type Said string

// What a unit may say (M02); of its accounts it speaks in a bot.Receipt.
const (
	SaidAcceptPart Said = "accept_part" // "Đồng ý cấp phần hợp lệ"
	SaidWithdraw   Said = "withdraw"    // "Xin rút đề nghị"
)

// Confirm does what a unit said in a mail about its own case, within the transaction that ends the mail. A bot.Conflict
// says that it does not fit the case as it stands: an officer must look.
func (d *Desk) Confirm(ctx context.Context, tx *store.Tx, c bot.Case, said Said, by bot.Unit, mailID int64) error {
	if c.Unit != by.ID {
		return bot.Errorf(bot.Forbidden, "case %s belongs to another unit", c.Number)
	}
	actor := UnitActor(by)
	switch said {
	case SaidAcceptPart:
		return d.acceptPart(ctx, tx, c, bot.Event{Actor: actor, Case: c.ID, Mail: mailID})
	case SaidWithdraw:
		if c.State == bot.Withdrawn {
			return nil // said twice
		}
		_, err := d.withdraw(ctx, tx, c, actor, "")
		return err
	}
	return bot.Errorf(bot.Invalid, "nothing is known about %q", said)
}

// acceptPart lets the good rows go on; the bad ones stay named and are not served (Q13).
func (d *Desk) acceptPart(ctx context.Context, tx *store.Tx, c bot.Case, event bot.Event) error {
	if c.State != bot.WaitingUnit {
		return bot.Errorf(bot.Conflict, "case %s is %s: there is no part to accept", c.Number, c.State)
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return err
	}
	good := 0
	for _, r := range rows {
		if r.OK {
			good++
		}
	}
	findings, err := tx.Findings(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Severity == bot.RejectRequest {
			return bot.Errorf(bot.Conflict, "case %s was returned as a whole (%s): there is no part to accept", c.Number, f.Rule)
		}
	}
	letters, err := tx.Letters(ctx, c.ID)
	if err != nil {
		return err
	}
	returned := false // by an officer, and no other list has been taken up since
	for _, l := range letters {
		switch bot.AnswerKind(l.Kind) {
		case bot.ReturnedByUs:
			returned = true
		case bot.Acknowledged, bot.Defects:
			returned = false
		default:
		}
	}
	if returned {
		return bot.Errorf(bot.Conflict, "case %s was returned by an officer: there is no part to accept", c.Number)
	}
	if good == 0 {
		return bot.Errorf(bot.Conflict, "case %s has no good row", c.Number)
	}
	c.State, c.Promised = bot.Received, d.Promise(c, tx.Now).Accounts
	if c, err = tx.SaveCase(ctx, c); err != nil {
		return err
	}
	event.What = "part_accepted"
	if err := tx.AddEvent(ctx, event); err != nil {
		return err
	}
	return d.tell(ctx, tx, c, bot.PartAccepted, "")
}
