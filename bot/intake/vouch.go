package intake

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
)

// Confirming bounds how units without signatures confirm their mails ([[unit]] confirm).
type Confirming struct {
	Valid   time.Duration // of one token
	Waiting int           // most that wait at once for one unit
	Day     int           // most that one unit is asked in 24 hours
}

// awaiting begins the reason of a mail that waits for its unit's word.
const awaiting = "awaiting_confirmation"

// askUnit asks a unit, at its registered address, whether a mail that bears its address is its own. The mail waits in
// quarantine. Whoever sends mails in the unit's name makes it get questions, so that these are few, and hold nothing of the mail.
func (in *Intake) askUnit(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, verdict trust.Verdict) error {
	m.Kind = bot.Other
	token, until := bot.NewToken(), in.DB.Now().Add(in.Ask.Valid)
	hash := digest([]byte(token))
	letter, err := in.Compose(bot.Answer{Kind: bot.ConfirmSender, Step: fmt.Sprintf("confirm mail %d %s", m.ID, hash[:8]), Unit: unit, At: in.DB.Now(),
		Token: token, Mail: m.ID, Received: m.ArrivedAt, Files: len(files(msg)), ConfirmDue: until})
	if err != nil {
		return err
	}
	letter.MailID = m.ID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // the counts must be true
			return err
		}
		waiting, today, same, err := tx.Asked(ctx, unit.ID, m.Hash, tx.Now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		code, why := awaiting, fmt.Sprintf("asked %s until %s; %s", letter.To, until.UTC().Format(time.RFC3339), verdict.Reason())
		switch {
		case same:
			why = "a copy of a mail that the unit is asked about already"
		case waiting >= in.Ask.Waiting || today >= in.Ask.Day:
			code, why = "brake", "too many confirmations are asked of this unit already; "+verdict.Reason()
		}
		first, err := in.endTx(ctx, tx, m, store.Quarantined, in.Folders.Quarantine, code, why)
		if err != nil || !first || same {
			return err
		}
		event := bot.Event{Actor: bot.System, Mail: m.ID, What: "confirmation_asked", Detail: map[string]string{"unit": unit.ID, "to": letter.To}}
		if code != awaiting {
			in.Logger.Warn("confirmations_braked", "mail", m.ID, "code", unit.ID)
			event.What = "confirmations_braked"
			return tx.AddEvent(ctx, event)
		}
		if _, err := tx.AddLetter(ctx, letter); err != nil {
			return err
		}
		sent, _, err := tx.Answer(ctx, letter.MessageID)
		if err != nil {
			return err
		}
		if err := tx.AddConfirmation(ctx, store.Confirmation{TokenHash: hash, Unit: unit.ID, MailID: m.ID, MailHash: m.Hash, LetterID: sent.ID, ExpiresAt: until}); err != nil {
			return err
		}
		return tx.AddEvent(ctx, event)
	})
}

var confirmTag = regexp.MustCompile(`(?i)\[` + bot.ConfirmTag + `([a-z2-7]{16})\]`)

// confirmToken is the token of a request for confirmation that a mail answers: in the address that it was sent to, else the tag in its
// subject. A text or a web address is not looked at: what is quoted, or opened by a scanner, confirms nothing.
func (in *Intake) confirmToken(msg *mime.Message) string {
	if tokens := in.tokensIn(msg, "x"); len(tokens) > 0 {
		return tokens[0]
	}
	if found := confirmTag.FindStringSubmatch(msg.Subject); found != nil {
		return strings.ToLower(found[1])
	}
	return ""
}

// A refusedError says why an answer confirms nothing.
type refusedError struct {
	why  string
	mail int64 // that it is about, 0: none of this unit's
}

func (e *refusedError) Error() string { return e.why }

// confirmed lets the mail go on that a unit confirms: its sender counts as proven from now on, by the word of whoever reads the
// registered mailbox. Every other answer goes to an officer, who sees why.
func (in *Intake) confirmed(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, token string) error {
	m.Kind = bot.Confirmation
	if machineKind(msg) != "" { // by a subject that only a program writes
		return in.ignore(ctx, m, bot.Automatic, "automatic", "by its subject")
	}
	said := confirmsSender(newText(msg))
	err := in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		c, err := in.confirmation(ctx, tx, unit, token, said)
		if err != nil {
			return err
		}
		if used, err := tx.UseConfirmation(ctx, c.TokenHash, m.ID); err != nil || !used {
			return errors.Join(err, errRaced)
		}
		if err := tx.RetryMail(ctx, c.MailID, fmt.Sprintf("token:%d", c.LetterID)); err != nil {
			return err
		}
		m.Unit = unit.ID
		outcome, folder, code, why := store.Ignored, in.Folders.Done, "confirmed", fmt.Sprintf("the unit confirms mail %d", c.MailID)
		if brings(msg) { // the words do not speak of them, so that only a person knows what they are for
			outcome, folder, code, why = store.Quarantined, in.Folders.Quarantine, "needs_person", why+", and brings files"
		}
		if _, err := in.endTx(ctx, tx, m, outcome, folder, code, why); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.Actor("unit:" + unit.ID), Mail: c.MailID, What: "sender_confirmed", Detail: map[string]string{"by_mail": fmt.Sprint(m.ID)}})
	})
	if again, ok := errors.AsType[*copyError](err); ok {
		return in.sameAgain(ctx, m, again.of)
	}
	refused, ok := errors.AsType[*refusedError](err)
	switch {
	case errors.Is(err, errEnded):
		return nil
	case errors.Is(err, errRaced):
		return bot.Errorf(bot.Temporary, "%w", err)
	case !ok:
		return err
	}
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		first, err := in.endTx(ctx, tx, m, store.Quarantined, in.Folders.Quarantine, "confirmation_refused", refused.why)
		if err != nil || !first || refused.mail == 0 {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Mail: refused.mail, What: "confirmation_refused",
			Detail: map[string]string{"by_mail": fmt.Sprint(m.ID), "reason": refused.why}})
	})
}

// confirmation is what a token confirms; the error is a *refusedError when it confirms nothing.
func (in *Intake) confirmation(ctx context.Context, tx *store.Tx, unit bot.Unit, token string, said bool) (store.Confirmation, error) {
	c, err := tx.Confirmation(ctx, digest([]byte(token)))
	if bot.ErrorCode(err) == bot.NotFound || err == nil && c.Unit != unit.ID {
		return c, &refusedError{why: "no confirmation was asked of this unit under that token"}
	}
	if err != nil {
		return c, err
	}
	mail, err := tx.Mail(ctx, c.MailID)
	if err != nil {
		return c, err
	}
	refused := &refusedError{mail: c.MailID}
	switch {
	case !c.UsedAt.IsZero():
		refused.why = fmt.Sprintf("mail %d was confirmed before", c.MailID)
	case !said:
		refused.why = fmt.Sprintf("it does not say XÁC NHẬN clearly, or says more; mail %d waits", c.MailID)
	case !tx.Now.Before(c.ExpiresAt):
		refused.why = fmt.Sprintf("too late: mail %d waits for an officer", c.MailID)
	case mail.Outcome != store.Quarantined || !strings.HasPrefix(mail.Reason, awaiting) || mail.Hash != c.MailHash:
		refused.why = fmt.Sprintf("mail %d does not wait for it any more", c.MailID)
	default:
		return c, nil
	}
	return c, refused
}

// confirmsSender reads the answer to a request for confirmation: the first sentence that says anything must say XÁC NHẬN and nothing beyond
// polite words; nothing in the text may speak against it. Our own request, quoted without marks, does not begin so.
func confirmsSender(text string) bool {
	if all := words(text); strings.Contains(text, "?") || meaning("stop").in(all) || meaning("disowns").in(all) {
		return false
	}
	for _, sentence := range sentences(text) {
		folded := words(sentence)
		if meaning("confirm_sender").in(folded) {
			return only(folded, "confirm_sender")
		}
		if meaning("filler").without(folded) != "" {
			return false
		}
	}
	return false
}
