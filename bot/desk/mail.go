package desk

import (
	"context"
	"fmt"
	"slices"

	"vanthu/bot"
	"vanthu/bot/store"
)

// What an officer does with a mail in quarantine. Each act is an event with its actor; the outcome of the mail stays what it
// was until it is judged again.

// RetryMail has a quarantined mail judged again by the serving process, as after a change of the configuration. With vouch the
// officer answers for its sender, a unit, after having asked there by another way than mail: that stands in for the missing
// proof, and lets it past the brakes. why is what he wants to be read later.
func (d *Desk) RetryMail(ctx context.Context, actor bot.Actor, id int64, vouch bool, why string) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail(ctx, id)
		if err != nil {
			return err
		}
		vouched := ""
		if vouch {
			if d.unitOf(m.Sender).ID == "" {
				return bot.Errorf(bot.Conflict, "the sender of mail %d is no unit: nobody can vouch for it", id)
			}
			vouched = string(actor)
		}
		if err := tx.RetryMail(ctx, id, vouched); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: m.CaseID, Mail: id, What: "mail_retried",
			Detail: map[string]string{"reason": why, "vouched": vouched, "was": m.Reason}})
	})
}

// MailDone closes a quarantined mail that an officer has handled otherwise.
func (d *Desk) MailDone(ctx context.Context, actor bot.Actor, id int64, why string) error {
	if why == "" {
		return bot.Errorf(bot.Invalid, "say how the mail was handled")
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := d.handle(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: m.CaseID, Mail: id, What: "mail_done", Detail: map[string]string{"reason": why}})
	})
}

// AnswerMail answers a quarantined mail in the officer's words or with a prepared letter, and closes it. It goes to the
// registered address of the unit whose address the sender used; to the sender himself only if he is no unit and proven says
// that our mail server vouches for his address. It returns where it goes.
func (d *Desk) AnswerMail(ctx context.Context, actor bot.Actor, id int64, text, template string, proven bool) (to string, err error) {
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := d.handle(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		unit := d.unitOf(m.Sender)
		if unit.ID == "" {
			if !proven || m.Sender == "" {
				return bot.Errorf(bot.Forbidden, "nothing proves that mail %d came from its sender, and he is no unit: answer him by another way, then close it with `mail done`", id)
			}
			unit = bot.Unit{Addresses: []string{m.Sender}}
		}
		to = unit.Addresses[0]
		a := bot.Answer{Kind: bot.OfficerNote, Step: fmt.Sprintf("mail %d answer %d", id, m.JudgedAt.UnixMicro()), Unit: unit, Reason: text, Template: template, At: tx.Now,
			Thread: bot.Thread{InReplyTo: m.MessageID}}
		if m.MessageID != "" {
			a.Thread.References = []string{m.MessageID}
		}
		if m.CaseID != 0 && unit.ID != "" {
			if a.Case, err = tx.Case(ctx, m.CaseID); err != nil {
				return err
			}
		}
		letter, err := d.Compose(a)
		if err != nil {
			return err
		}
		letter.MailID = id
		if _, err := tx.AddLetter(ctx, letter); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: m.CaseID, Mail: id, What: "mail_answered", Detail: map[string]string{"to": to, "kind": template}})
	})
	return to, err
}

// handle notes that a quarantined mail is dealt with, once.
func (d *Desk) handle(ctx context.Context, tx *store.Tx, actor bot.Actor, id int64) (store.Mail, error) {
	m, err := tx.Mail(ctx, id)
	switch {
	case err != nil:
		return m, err
	case m.Outcome != store.Quarantined:
		return m, bot.Errorf(bot.Conflict, "mail %d is not in quarantine", id)
	case m.Handled.Done():
		return m, bot.Errorf(bot.Conflict, "mail %d was handled by %s already", id, m.Handled.By)
	}
	return m, tx.HandleMail(ctx, id, actor)
}

func (d *Desk) unitOf(address string) bot.Unit {
	for _, u := range d.Units {
		if address != "" && slices.Contains(u.Addresses, address) {
			return u
		}
	}
	return bot.Unit{}
}
