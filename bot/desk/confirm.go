package desk

import (
	"context"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Said is what a unit answered to a letter.
type Said string

// What a unit may say (M02, M04).
const (
	SaidReceived   Said = "received"    // "Đã nhận đủ"
	SaidHandedOver Said = "handed_over" // "Đã bàn giao"
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
	c, err := d.arrived(ctx, tx, c, said, actor)
	if err != nil {
		return err
	}
	event := bot.Event{Actor: actor, Case: c.ID, Mail: mailID}
	switch said {
	case SaidReceived:
		if c.State == bot.ReceivedByUnit || c.State == bot.HandedOver || c.State == bot.Closed {
			return nil // said twice
		}
		event.What = "unit_received"
		_, err := d.moved(ctx, tx, c, bot.ReceivedByUnit, event)
		return err
	case SaidHandedOver:
		return d.handOver(ctx, tx, c, event)
	case SaidAcceptPart:
		return d.acceptPart(ctx, tx, c, event)
	case SaidWithdraw:
		if c.State == bot.Withdrawn {
			return nil // said twice
		}
		_, err := d.withdraw(ctx, tx, c, actor, "")
		return err
	}
	return bot.Errorf(bot.Invalid, "nothing is known about %q", said)
}

// arrived looks at credentials that are in the hands of the MTA and not noted as taken: a quick unit, or its program, may
// answer before. When nobody knew whether they arrived, a unit that has received them has settled it.
func (d *Desk) arrived(ctx context.Context, tx *store.Tx, c bot.Case, said Said, by bot.Actor) (bot.Case, error) {
	if c.State != bot.Created {
		return c, nil
	}
	letters, err := tx.Letters(ctx, c.ID)
	if err != nil {
		return c, err
	}
	for _, l := range letters {
		switch {
		case l.Kind != string(bot.CredentialsOf):
		case l.State == store.LetterSending:
			return c, bot.Errorf(bot.Temporary, "the credentials of case %s are just being sent", c.Number)
		case l.State == store.LetterUnknown && (said == SaidReceived || said == SaidHandedOver):
			if err := d.settle(ctx, tx, by, l, true); err != nil {
				return c, err
			}
			return tx.Case(ctx, c.ID)
		}
	}
	return c, nil
}

// moved takes a case along an arrow. From the unit's receipt on, the encrypted credentials need not wait any longer in
// the outbox: they are erased.
func (d *Desk) moved(ctx context.Context, tx *store.Tx, c bot.Case, to bot.State, event bot.Event) (bot.Case, error) {
	c.State = to
	c, err := tx.SaveCase(ctx, c)
	if err != nil {
		return c, err
	}
	if err := tx.EraseLetters(ctx, c.ID, string(bot.CredentialsOf)); err != nil {
		return c, err
	}
	return c, tx.AddEvent(ctx, event)
}

// handOver notes that the students have their accounts, closes the case and says so (step 6, M05).
func (d *Desk) handOver(ctx context.Context, tx *store.Tx, c bot.Case, event bot.Event) error {
	if c.State == bot.Closed {
		return nil
	}
	event.What = "unit_handed_over"
	c, err := d.moved(ctx, tx, c, bot.HandedOver, event)
	if err != nil {
		return err
	}
	if c, err = d.close(ctx, tx, c); err != nil {
		return err
	}
	return d.tell(ctx, tx, c, bot.Closing, "")
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
