package intake

import (
	"context"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// bounce ties a delivery report to the answer that came back. It is never answered. A report about no answer of ours is
// nobody's and changes nothing: anybody can write one (pain 38).
func (in *Intake) bounce(ctx context.Context, m store.Mail, msg *mime.Message) error {
	m.Kind = bot.Bounce
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		l, ok, err := in.bounced(ctx, tx, msg)
		if err != nil {
			return err
		}
		if !ok {
			_, err := in.endTx(ctx, tx, m, store.Ignored, in.Folders.Ignored, "bounce", "a delivery report about no answer of ours")
			return err
		}
		outcome, folder := store.Ignored, in.Folders.Ignored
		if m.CaseID = l.CaseID; l.CaseID != 0 {
			outcome, folder = store.IsFollowUp, in.Folders.Done
		}
		first, err := in.endTx(ctx, tx, m, outcome, folder, "bounce", "a delivery report")
		if err != nil || !first {
			return err
		}
		for _, r := range msg.DSN.Recipients {
			if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: l.CaseID, Mail: m.ID, What: "answer_" + fate(r.Action),
				Detail: map[string]string{"kind": l.Kind, "to": r.Address, "status": r.Status, "said": r.Said, "answer": l.MessageID}}); err != nil {
				return err
			}
			l = fares(l, r)
		}
		if l.Fate == store.Bounced {
			in.Logger.Error("answer_bounced", "mail", m.ID, "code", l.Kind)
		} else {
			in.Logger.Warn("answer_delayed", "mail", m.ID, "code", l.Kind)
		}
		return tx.SaveFate(ctx, l)
	})
}

// bounced finds the answer that a report is about: by the token in the address that it was sent to, our return path; else by
// the Message-ID of the mail that it returns or answers. Both are known only to who had the letter in hands.
func (in *Intake) bounced(ctx context.Context, tx *store.Tx, msg *mime.Message) (store.Letter, bool, error) {
	for _, token := range in.tokensIn(msg, "b") {
		if l, ok, err := tx.AnswerByToken(ctx, token); err != nil || ok {
			return l, ok, err
		}
	}
	for _, id := range slices.Concat(ids(msg.DSN.OriginalID), nearest(msg)) {
		if l, ok, err := tx.Answer(ctx, id); err != nil || ok {
			return l, ok, err
		}
	}
	return store.Letter{}, false, nil
}

// fares notes on an answer what a report says of one recipient. A failure is the last word; who settled an earlier one has to
// look again.
func fares(l store.Letter, r mime.DSNRecipient) store.Letter {
	said := strings.TrimSpace(r.Status + " " + r.Said)
	switch fate(r.Action) {
	case "failed", "bounced":
		l.Fate, l.FateSaid, l.Settled = store.Bounced, said, ""
	case "delayed":
		if l.Fate == "" {
			l.Fate, l.FateSaid = store.Delayed, said
		}
	case "delivered", "relayed", "expanded":
		if l.Fate == store.Delayed {
			l.Fate, l.FateSaid = "", ""
		}
	}
	return l
}

// fate is what a report says became of an answer, in one of the words of RFC 3464 §2.3.3: anybody can write a report, and
// must not write into the history what only we say.
func fate(action string) string {
	switch action {
	case "failed", "delayed", "delivered", "relayed", "expanded":
		return action
	}
	return "bounced"
}
