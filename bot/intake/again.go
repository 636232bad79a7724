package intake

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// earlier is a case as it was when its correction was judged. The zero one: there is no case yet.
type earlier struct {
	c        bot.Case
	rows     []bot.CaseRow
	findings []bot.Finding
}

func lookBack(ctx context.Context, tx *store.Tx, caseID int64) (was earlier, err error) {
	if caseID == 0 {
		return was, nil
	}
	if was.c, err = tx.Case(ctx, caseID); err != nil {
		return was, err
	}
	if was.rows, err = tx.Rows(ctx, caseID); err != nil {
		return was, err
	}
	was.findings, err = tx.Findings(ctx, caseID)
	return was, err
}

// changedTo compares with the list that was there; nil when there was none.
func (e earlier) changedTo(rows []bot.Row) *bot.Changes {
	if len(e.rows) == 0 {
		return nil
	}
	was := make([]bot.Row, len(e.rows))
	for i, r := range e.rows {
		was[i] = r.Row
	}
	c := changes(was, rows)
	return &c
}

// again says what to do with a list that a unit has sent before (ENV-09).
type again struct {
	of       bot.Case // the open case that has it; no id: none
	answer   bool     // nothing is new: the unit is told where the case stands
	corrects bool     // it is meant for that case, though nothing of the mail says so
}

// comesAgain looks for the case that a list is in already. A unit that sends its list again has often missed our answer:
// while the case waits for it, the list is judged anew and answered in full; else it is told which case it is, and how far.
// A changed letter beside the same list corrects that case while it may be corrected, and is a new request afterwards.
func (in *Intake) comesAgain(ctx context.Context, m store.Mail, unit bot.Unit, request bot.Request, letter string, was earlier) (a again, err error) {
	if m.ListHash == "" {
		return a, nil
	}
	if was.c.ID != 0 {
		same := was.c.ListHash == m.ListHash && sameLetter(request, letter, was.c)
		return again{of: was.c, answer: same && was.c.State != bot.WaitingUnit}, nil
	}
	err = in.DB.Read(ctx, func(tx *store.Tx) error {
		a.of, _, err = tx.SameList(ctx, unit.ID, request.Kind, m.ListHash)
		return err
	})
	if err != nil {
		return a, err
	}
	if a.of.ID == 0 {
		a.of, err = in.samePeople(ctx, unit, request)
		a.corrects = a.of.ID != 0
		return a, err
	}
	same, later := sameLetter(request, letter, a.of), a.of.MailID > m.ID
	if same && (a.of.State != bot.WaitingUnit || later) {
		a.answer = true
		return a, nil
	}
	a.corrects, err = in.mayChange(ctx, a.of)
	return a, err
}

// samePeople returns the case that waits for this unit and is about the people of a list that comes as a request of its own:
// most units answer a returned case with a new mail. It must be one case alone, and most people of each must be in the other;
// the list then corrects it and is compared with what was there (FR-15). Of deletions none is taken for a correction: another
// decision may name the same people. No id: there is none.
func (in *Intake) samePeople(ctx context.Context, unit bot.Unit, request bot.Request) (found bot.Case, err error) {
	people := make(map[string]bool)
	for _, r := range request.Rows {
		if r.Code != "" {
			people[r.Code] = true
		}
	}
	if len(people) == 0 || request.Kind != bot.AccountRequest { // whom two lists of leavers name, DEL-11 says
		return found, nil
	}
	err = in.DB.Read(ctx, func(tx *store.Tx) error {
		waiting, err := tx.WaitingFor(ctx, unit.ID, request.Kind)
		if err != nil {
			return err
		}
		for _, c := range waiting {
			rows, err := tx.Rows(ctx, c.ID)
			if err != nil {
				return err
			}
			theirs, shared := make(map[string]bool), 0
			for _, r := range rows {
				if r.Code != "" && !theirs[r.Code] {
					theirs[r.Code] = true
					if people[r.Code] {
						shared++
					}
				}
			}
			if 2*shared <= len(people) || 2*shared <= len(theirs) {
				continue
			}
			if found.ID != 0 { // two cases are about them: an officer sees both, and ROW-06 names them
				found = bot.Case{}
				return nil
			}
			found = c
		}
		return nil
	})
	return found, err
}

// alone makes sure that no other mail of the unit brings the same list at this moment. While it is being judged this one
// waits; when it has become a case since this one was judged, that is looked at again.
func (in *Intake) alone(ctx context.Context, tx *store.Tx, m store.Mail, beside int64) error {
	c, ok, err := tx.SameList(ctx, m.Unit, m.Kind, m.ListHash)
	if err != nil {
		return err
	}
	if ok && c.ID != beside {
		return errRaced
	}
	if m.Number != "" {
		return nil
	}
	other, err := tx.SameListInHand(ctx, m)
	if err == nil && other != 0 {
		err = bot.Errorf(bot.Temporary, "mail %d brings the same list as mail %d, which is being judged", m.ID, other)
	}
	return err
}

// correctsSame judges a list again that comes for a case without saying so.
func (in *Intake) correctsSame(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c bot.Case, platform []bot.Existing) error {
	return in.toPerson(ctx, m, c, in.settleOnce(ctx, m, msg, unit, r, c, platform))
}

// already tells a unit that its list is in a case, and how far that is. Nothing is changed.
func (in *Intake) already(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, c bot.Case) error {
	var progress bot.Progress
	err := in.DB.Read(ctx, func(tx *store.Tx) (err error) {
		progress, err = in.Progress(ctx, tx, c)
		return err
	})
	if err != nil {
		return err
	}
	letter, err := in.Compose(bot.Answer{Kind: bot.AlreadyHere, Step: fmt.Sprintf("%s mail %d", c.Number, m.ID), Case: c, Unit: unit, At: in.DB.Now(),
		Promise: in.Promise(c, c.ReceivedAt), Progress: progress, Thread: thread(msg)})
	if err != nil {
		return err
	}
	letter.MailID, letter.CaseID, m.CaseID = m.ID, c.ID, c.ID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		fresh, err := tx.Case(ctx, c.ID)
		if err != nil {
			return err
		}
		if fresh.Version != c.Version {
			return errRaced
		}
		first, err := in.endTx(ctx, tx, m, store.IsFollowUp, in.Folders.Done, "same_list", "the list of case "+c.Number+" again")
		if err != nil {
			return err
		}
		if !first {
			return errEnded
		}
		if _, err := tx.AddLetter(ctx, letter); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.Actor("unit:" + c.Unit), Case: c.ID, Mail: m.ID, What: "list_resent", Detail: map[string]string{"state": string(c.State)}})
	})
}

// letterHash is the hash of the file that the letter of a request stands in, "" without one.
func letterHash(r Reading, request bot.Request) string {
	at := slices.IndexFunc(r.Files, func(f parser.File) bool { return f.Name == request.LetterFile })
	if request.LetterFile == "" || at < 0 {
		return ""
	}
	return digest(r.Files[at].Data)
}

// sameLetter says whether a request brings the letter that its case has, or none: the same file, or one saved anew that says
// the same. A PDF or a picture may have been signed meanwhile, which its fields do not show.
func sameLetter(request bot.Request, hash string, c bot.Case) bool {
	if request.LetterFile == "" {
		return true
	}
	switch strings.ToLower(filepath.Ext(request.LetterFile)) {
	case ".docx", ".doc", ".odt", ".rtf", ".xlsx", ".xls", ".ods", ".html", ".htm":
		fields := [3]string{request.Reason, request.LetterDate, request.Signer}
		if fields != [3]string{} && fields == [3]string{c.Reason, c.LetterDate, c.Signer} {
			return true
		}
	}
	return hash != "" && hash == c.LetterHash
}
