package intake

import (
	"context"
	"fmt"

	"vanthu/bot"
	"vanthu/bot/store"
)

// quarantine keeps a mail for an officer; nobody is answered.
func (in *Intake) quarantine(ctx context.Context, m store.Mail, code, why string) error {
	return in.end(ctx, m, store.Quarantined, in.Folders.Quarantine, code, why)
}

// ignore records a mail that asks for nothing.
func (in *Intake) ignore(ctx context.Context, m store.Mail, kind bot.Kind, code, why string) error {
	m.Kind = kind
	return in.end(ctx, m, store.Ignored, in.Folders.Ignored, code, why)
}

func (in *Intake) end(ctx context.Context, m store.Mail, outcome store.Outcome, folder, code, why string) error {
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := in.endTx(ctx, tx, m, outcome, folder, code, why)
		return err
	})
}

// endTx gives a mail its outcome with its event. It says false when the mail had an outcome already.
func (in *Intake) endTx(ctx context.Context, tx *store.Tx, m store.Mail, outcome store.Outcome, folder, code, why string) (bool, error) {
	if err := tx.Describe(ctx, m); err != nil {
		return false, err
	}
	reason := code
	if why != "" {
		reason += ": " + why
	}
	first, err := tx.EndMail(ctx, m.ID, outcome, reason, folder, m.CaseID)
	if err != nil || !first {
		return first, err
	}
	what := map[store.Outcome]string{store.IsCase: "mail_became_case", store.IsFollowUp: "mail_followed_up", store.Quarantined: "mail_quarantined", store.Ignored: "mail_ignored"}[outcome]
	in.Logger.Info(string(outcome), "mail", m.ID, "code", code) //nolint:sloglint // the event is the outcome, one of four constants
	if disagree(m.Thread) {
		if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: m.CaseID, Mail: m.ID, What: "hints_disagree", Detail: map[string]string{"named": m.Thread}}); err != nil {
			return true, err
		}
	}
	return true, tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: m.CaseID, Mail: m.ID, What: what, Detail: map[string]string{"reason": reason}})
}

// A copyError says that a mail is another one again.
type copyError struct{ of store.Mail }

func (e *copyError) Error() string { return fmt.Sprintf("intake: the same as mail %d", e.of.ID) }

// pending makes sure that m is to be judged. The error is errEnded when another process did it meanwhile, a *copyError when
// the mail came before; while its copy has no outcome yet, this one waits. It is asked once more in the transaction that
// writes, because both may be judged at the same time.
func pending(ctx context.Context, tx *store.Tx, m store.Mail) error {
	now, err := tx.Mail(ctx, m.ID)
	if err != nil {
		return err
	}
	if now.Outcome != "" {
		return errEnded
	}
	twin, ok, err := tx.Twin(ctx, m)
	switch {
	case err != nil || !ok:
		return err
	case twin.Outcome == "":
		return bot.Errorf(bot.Temporary, "mail %d is the same as mail %d, which is being judged", m.ID, twin.ID)
	}
	return &copyError{twin}
}

// sameAgain ends a mail that is a copy of an earlier one: it follows that one's case, or is ignored with it. Nothing is
// opened or answered twice.
func (in *Intake) sameAgain(ctx context.Context, m, twin store.Mail) error {
	why := fmt.Sprintf("the same as mail %d", twin.ID)
	if twin.CaseID != 0 {
		m.CaseID = twin.CaseID
		return in.end(ctx, m, store.IsFollowUp, in.Folders.Done, "same_mail", why)
	}
	return in.end(ctx, m, store.Ignored, orWord(twin.Folder, in.Folders.Ignored), "same_mail", why)
}

func orWord(word, other string) string {
	if word == "" {
		return other
	}
	return word
}

// confirm does what the unit said. What does not fit the case as it stands goes to an officer.
func (in *Intake) confirm(ctx context.Context, m store.Mail, unit bot.Unit, c bot.Case, r Reading) error {
	m.CaseID = c.ID
	err := untilSettled(func() error { return in.confirmOnce(ctx, m, unit, c, r) })
	switch bot.ErrorCode(err) {
	case bot.Conflict, bot.Forbidden, bot.Invalid:
		return in.quarantine(ctx, m, "needs_person", err.Error())
	case "", bot.NotFound, bot.Temporary, bot.Internal:
	}
	return err
}

func (in *Intake) confirmOnce(ctx context.Context, m store.Mail, unit bot.Unit, c bot.Case, r Reading) error {
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		fresh, err := tx.Case(ctx, c.ID)
		if err != nil {
			return err
		}
		first, err := in.endTx(ctx, tx, m, store.IsFollowUp, in.Folders.Done, "confirmation", "")
		if err != nil || !first {
			return err
		}
		if !r.aboutAccounts() {
			return in.Confirm(ctx, tx, fresh, r.Said, unit, m.ID)
		}
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return err
		}
		return in.Receipt(ctx, tx, fresh, Understood(r.Text, r.Below, rows), unit, m.ID)
	})
}
