package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// wishWords is how many words a mail has at most that asks for the form and nothing else.
const wishWords = 60

// formWish reports whether somebody asks for the blank form: in a short text a sentence that asks, names the form, and does
// not say that one comes along ("gửi kèm biểu mẫu đã điền") or is about one that was filled in.
func formWish(text string) bool {
	if len(strings.Fields(text)) > wishWords {
		return false
	}
	return slices.ContainsFunc(sentences(text), func(sentence string) bool {
		folded := words(sentence)
		return meaning("form").in(folded) && meaning("form_wish").in(folded) && !meaning("form_stop").in(folded)
	})
}

// formsADay is how many blank forms one mailbox gets in 24 hours: a program that answers us by asking again must not go on
// for ever, even when nothing tells it from a person.
const formsADay = 3

// sendForm answers with the blank form. No case is opened: the mail follows the case that it belongs to, if any, or is
// ignored with this reason. A reply to a blank form that asks for one more is no program's to get: an officer looks.
func (in *Intake) sendForm(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, c *bot.Case) error {
	outcome, a := store.Ignored, bot.Answer{Kind: bot.BlankForm, Step: fmt.Sprintf("form mail %d", m.ID), Unit: unit, At: in.DB.Now(), Thread: thread(msg)}
	if c != nil {
		outcome, a.Case, m.CaseID = store.IsFollowUp, *c, c.ID
	}
	letter, err := in.Compose(a)
	if err != nil {
		return err
	}
	letter.MailID, letter.CaseID = m.ID, m.CaseID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		again, err := askedAgain(ctx, tx, msg, letter.To)
		if err != nil {
			return err
		}
		if again {
			_, err := in.endTx(ctx, tx, m, store.Quarantined, in.Folders.Quarantine, "needs_person", "asks for the blank form again")
			return err
		}
		first, err := in.endTx(ctx, tx, m, outcome, in.Folders.Done, "form_sent", "the blank form was sent")
		if err != nil || !first {
			return err
		}
		_, err = tx.AddLetter(ctx, letter)
		return err
	})
}

// askedAgain says whether a mail answers a blank form of ours, or its mailbox got enough of them today.
func askedAgain(ctx context.Context, tx *store.Tx, msg *mime.Message, to string) (bool, error) {
	for _, id := range slices.Concat(msg.InReplyTo, msg.References) {
		l, ok, err := tx.Answer(ctx, id)
		if err != nil {
			return false, err
		}
		if ok && l.Kind == string(bot.BlankForm) {
			return true, nil
		}
	}
	n, err := tx.LettersSince(ctx, string(bot.BlankForm), to, tx.Now.Add(-24*time.Hour))
	return n >= formsADay, err
}
