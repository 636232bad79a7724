package desk

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Resend puts the answers of a case that failed or bounced back into the queue: the same mails with the same Message-IDs. It
// returns how many.
func (d *Desk) Resend(ctx context.Context, actor bot.Actor, number string) (int, error) {
	n := 0
	err := d.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		letters, err := tx.Letters(ctx, c.ID)
		if err != nil {
			return err
		}
		n = 0
		for _, l := range letters {
			if l.State != store.LetterFailed && l.Fate != store.Bounced {
				continue
			}
			if err := requeue(ctx, tx, l); err != nil {
				return err
			}
			n++
		}
		if n == 0 {
			return bot.Errorf(bot.Invalid, "no answer of case %s failed or bounced", number)
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "answers_queued_again", Detail: map[string]string{"answers": fmt.Sprint(n)}})
	})
	return n, err
}

// ResendLetter puts one answer back into the queue: the same bytes with the same Message-ID. What is on its way and what the
// server has taken without complaint is refused.
func (d *Desk) ResendLetter(ctx context.Context, actor bot.Actor, id int64) (store.Letter, error) {
	return d.change(ctx, id, func(tx *store.Tx, l store.Letter) error {
		switch {
		case l.Waits():
			return bot.Errorf(bot.Conflict, "answer %d is on its way already: it is %s", id, l.State)
		case l.State == store.LetterSent && l.Fate != store.Bounced:
			return bot.Errorf(bot.Conflict, "answer %d was taken by the mail server, which said %q", id, l.Reply)
		}
		if err := requeue(ctx, tx, l); err != nil {
			return err
		}
		return d.noteLetter(ctx, tx, actor, l, "answer_queued_again")
	})
}

// Settle ends what only a person can know. Of an unknown answer: whether it arrived; when it did not, it goes again, the same
// bytes with the same Message-ID. Of one that failed or bounced: that it was seen, and is not to be sent again.
func (d *Desk) Settle(ctx context.Context, actor bot.Actor, id int64, delivered bool) (store.Letter, error) {
	return d.change(ctx, id, func(tx *store.Tx, l store.Letter) error {
		if !l.NeedsPerson() {
			return bot.Errorf(bot.Conflict, "answer %d does not wait for a person: it is %s", id, l.State)
		}
		return d.settle(ctx, tx, actor, l, delivered)
	})
}

func (d *Desk) settle(ctx context.Context, tx *store.Tx, by bot.Actor, l store.Letter, delivered bool) error {
	if !delivered {
		if l.State == store.LetterUnknown {
			if err := requeue(ctx, tx, l); err != nil {
				return err
			}
		} else {
			l.Settled = by
			if err := tx.SaveLetter(ctx, l); err != nil {
				return err
			}
		}
		return d.noteLetter(ctx, tx, by, l, "answer_settled_not_delivered")
	}
	first := l.State != store.LetterSent // the unit has it, whatever the mail servers said
	l.State, l.Fate, l.Settled = store.LetterSent, "", by
	if l.SentAt.IsZero() {
		l.SentAt = tx.Now
	}
	if err := tx.SaveLetter(ctx, l); err != nil {
		return err
	}
	if err := d.noteLetter(ctx, tx, by, l, "answer_settled_delivered"); err != nil || !first {
		return err
	}
	return d.Sent(ctx, tx, l)
}

// change runs f on an answer as it stands and returns it as f left it.
func (d *Desk) change(ctx context.Context, id int64, f func(tx *store.Tx, l store.Letter) error) (l store.Letter, err error) {
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		if l, err = tx.Letter(ctx, id); err != nil {
			return err
		}
		if err := f(tx, l); err != nil {
			return err
		}
		l, err = tx.Letter(ctx, id)
		return err
	})
	return l, err
}

// requeue makes an answer due. Its tries go on being counted; the days until it is given up begin again.
func requeue(ctx context.Context, tx *store.Tx, l store.Letter) error {
	raw, err := tx.LetterRaw(ctx, l.ID)
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return bot.Errorf(bot.Conflict, "answer %d was erased when the unit confirmed it", l.ID)
	}
	l.State, l.NextAt, l.QueuedAt, l.Fate, l.FateSaid, l.Settled = store.LetterQueued, tx.Now, tx.Now, "", "", ""
	l.LateAt, l.DotAt = time.Time{}, time.Time{}
	if err := tx.SaveLetter(ctx, l); err != nil {
		return err
	}
	tx.Wake(store.SendJob, l.ID)
	return nil
}

func (d *Desk) noteLetter(ctx context.Context, tx *store.Tx, actor bot.Actor, l store.Letter, what string) error {
	return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: l.CaseID, Mail: l.MailID, What: what, Detail: map[string]string{"kind": l.Kind, "to": l.To, "answer": l.MessageID}})
}
