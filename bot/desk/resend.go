package desk

import (
	"context"
	"fmt"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Resend puts the answers of a case that a server refused for good back into the queue: the same mails with the same
// Message-IDs. It returns how many.
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
		for _, l := range letters {
			if l.State != store.LetterFailed {
				continue
			}
			l.State, l.NextAt = store.LetterQueued, tx.Now
			if err := tx.SaveLetter(ctx, l); err != nil {
				return err
			}
			tx.Wake(store.SendJob, l.ID)
			n++
		}
		if n == 0 {
			return bot.Errorf(bot.Invalid, "no answer of case %s was refused", number)
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "answers_queued_again", Detail: map[string]string{"answers": fmt.Sprint(n)}})
	})
	return n, err
}
