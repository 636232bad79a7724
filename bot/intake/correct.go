package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// request handles a letter or a list. In answer to a case whose list may still change it corrects that case (FR-15);
// otherwise it is a new one, and whoever is in an open case already is named there (ROW-06).
func (in *Intake) request(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c *bot.Case) error {
	if c == nil || c.Kind != r.Kind { // a list of people who left never replaces one of newcomers
		return in.open(ctx, m, msg, unit, r)
	}
	changes, err := in.mayChange(ctx, *c)
	if err != nil {
		return err
	}
	if !changes {
		return in.open(ctx, m, msg, unit, r)
	}
	if r, err = in.withEarlierList(ctx, r, *c); err != nil {
		return err
	}
	return in.toPerson(ctx, m, *c, in.settle(ctx, m, msg, unit, r, *c))
}

// toPerson gives a correction that the case cannot take any more to an officer.
func (in *Intake) toPerson(ctx context.Context, m store.Mail, c bot.Case, err error) error {
	if bot.ErrorCode(err) != bot.Conflict || errors.Is(err, store.ErrStale) {
		return err
	}
	m.CaseID = c.ID
	return in.quarantine(ctx, m, "needs_person", err.Error())
}

// mayChange says whether a list is meant to replace the one of the case. After the unit has agreed to the good part the
// rest comes as a request of its own: replacing the list would take the agreed rows away. A list that comes while accounts
// are made is meant as a correction, and an officer must look.
func (in *Intake) mayChange(ctx context.Context, c bot.Case) (bool, error) {
	switch c.State {
	case bot.WaitingUnit:
		return true, nil
	case bot.Received, bot.InWork, bot.Creating, bot.Created, bot.Suspending:
	case bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Suspended, bot.Erasing, bot.Closed, bot.Withdrawn, bot.Superseded:
		return false, nil
	}
	var rows []bot.CaseRow
	err := in.DB.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Rows(ctx, c.ID)
		return err
	})
	return !slices.ContainsFunc(rows, func(r bot.CaseRow) bool { return !r.OK }), err
}

// withEarlierList joins a letter that comes alone with the list that it was asked for: the one of the case's last mail.
func (in *Intake) withEarlierList(ctx context.Context, r Reading, c bot.Case) (Reading, error) {
	if r.Submission.Letter == nil || len(r.Submission.Lists) > 0 {
		return r, nil
	}
	var raw []byte
	err := in.DB.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail(ctx, c.MailID)
		if err == nil {
			raw, err = tx.Raw(ctx, m.Hash)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	msg, err := mime.Parse(raw, in.MIME)
	if err != nil { // it could not be read then either
		return r, nil //nolint:nilerr // the letter alone is judged
	}
	earlier, err := Read(ctx, msg, in.Files)
	if err != nil {
		return r, bot.Errorf(bot.Temporary, "the earlier files cannot be read now: %w", err)
	}
	files := slices.Clone(r.Files)
	for i, f := range earlier.Submission.Files {
		if f.Role == parser.RoleList || f.Role == parser.RoleBoth {
			files = append(files, earlier.Files[i])
		}
	}
	if len(files) > len(r.Files) {
		if r.Files, r.Submission, err = in.Files(ctx, files); err != nil {
			return r, bot.Errorf(bot.Temporary, "the files cannot be read now: %w", err)
		}
	}
	return r, nil
}

// reopen takes an existing case back to the state that its corrected list gives. What was said of the earlier list must still
// be true: another mail may have corrected it meanwhile.
func (in *Intake) reopen(ctx context.Context, tx *store.Tx, c bot.Case, was earlier) (bot.Case, error) {
	fresh, err := tx.Case(ctx, c.ID)
	if err != nil {
		return c, err
	}
	if fresh.MailID > c.MailID {
		return c, bot.Errorf(bot.Conflict, "a later mail has corrected case %s already", c.Number)
	}
	if fresh.MailID != was.c.MailID {
		return c, errRaced
	}
	want := c.State
	c.Version, c.State, c.PlanID, c.Checked, c.Planned = fresh.Version, fresh.State, fresh.PlanID, fresh.Checked, fresh.Planned
	c.Owner, c.Held, c.HeldWhy, c.Supersedes = fresh.Owner, fresh.Held, fresh.HeldWhy, fresh.Supersedes
	if c, err = in.Reopen(ctx, tx, c); err != nil {
		return c, err
	}
	c.State = want
	return tx.SaveCase(ctx, c)
}

// leave answers a correction that gives no row at all, and leaves the case as it is: what was good before stays so.
func (in *Intake) leave(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c bot.Case, request bot.Request, now time.Time) error {
	letter, err := in.answer(m, msg, unit, r, c, settled{request: request}, now)
	if err != nil {
		return err
	}
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		m.CaseID, letter.CaseID = c.ID, c.ID
		if _, err := in.endTx(ctx, tx, m, store.IsFollowUp, in.Folders.Returned, string(request.Action), ""); err != nil {
			return err
		}
		if _, err := tx.AddLetter(ctx, letter); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.Actor("unit:" + c.Unit), Case: c.ID, Mail: m.ID, What: "correction_unusable",
			Detail: map[string]string{"action": string(request.Action), "findings": fmt.Sprint(len(request.Findings))}})
	})
}
