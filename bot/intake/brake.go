package intake

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Brakes stop two programs that answer each other when nothing else tells the other one from a person. A mail over one of these
// counts is answered by nobody and waits in quarantine; an officer lets it through (`vanthu mail retry`). Each brake releases
// by itself when its hour or day is over. 0 switches one off.
//
// A unit that sends thirty lists in an hour is no program: lists count against SenderHour alone. Rounds counts what a program
// does and a unit hardly ever: mail about one case over and over, and mail that brings no list.
type Brakes struct {
	Rounds     int // answers in an hour about one case, or to one address that sends no list
	SenderHour int // answers to one address in an hour
	SenderDay  int // answers to one address in 24 hours
	DeskHour   int // answers of the whole desk in an hour
}

// braked says which brake holds a mail, "" for none. c is the case that it belongs to, if any; brings says whether a list is in it.
func (in *Intake) braked(ctx context.Context, m store.Mail, to string, c *bot.Case, brings bool) (why string, err error) {
	if m.Vouched != "" { // an officer has looked
		return "", nil
	}
	type check struct {
		which  store.Answers
		limit  int
		window time.Duration
		what   string
	}
	unasked := bot.Unasked() // deliveries and reminders are no answers to the mails of this hour
	checks := []check{
		{store.Answers{Not: unasked}, in.Brakes.DeskHour, time.Hour, "answers of the whole desk in an hour"},
		{store.Answers{Not: unasked, To: to}, in.Brakes.SenderHour, time.Hour, "answers to this unit in an hour"},
		{store.Answers{Not: unasked, To: to}, in.Brakes.SenderDay, 24 * time.Hour, "answers to this unit in 24 hours"},
	}
	switch {
	case c != nil:
		checks = append(checks, check{store.Answers{Not: unasked, CaseID: c.ID}, in.Brakes.Rounds, time.Hour, "answers about one case in an hour"})
	case !brings:
		nothing := []bot.AnswerKind{bot.Returned, bot.BlankForm, bot.Talk}
		checks = append(checks, check{store.Answers{Kinds: nothing, To: to}, in.Brakes.Rounds, time.Hour, "answers in an hour to mails of this unit without a list"})
	}
	err = in.DB.Read(ctx, func(tx *store.Tx) error {
		for _, check := range checks {
			if check.limit <= 0 {
				continue
			}
			n, err := tx.CountAnswers(ctx, check.which, tx.Now.Add(-check.window))
			if err != nil {
				return err
			}
			if n >= check.limit {
				why = fmt.Sprintf("%d %s", n, check.what)
				return nil
			}
		}
		return nil
	})
	return why, err
}

// brake quarantines a mail that a brake holds, and says whether it did.
func (in *Intake) brake(ctx context.Context, m store.Mail, unit bot.Unit, c *bot.Case, brings bool) (held bool, err error) {
	why, err := in.braked(ctx, m, unit.Addresses[0], c, brings)
	if err != nil || why == "" {
		return false, err
	}
	if c != nil {
		m.CaseID = c.ID
	}
	in.Logger.Error("braked", "mail", m.ID, "code", "brake")
	return true, in.quarantine(ctx, m, "brake", why)
}
