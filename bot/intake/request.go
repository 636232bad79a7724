package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// errRaced says that another case took one of our codes between judging and writing; the mail is judged again.
var errRaced = errors.New("intake: a code was taken meanwhile")

// errEnded says that another process judged the mail meanwhile; what this one wrote is rolled back.
var errEnded = errors.New("intake: judged meanwhile")

// races bounds how often one mail is judged again at once.
const races = 5

// open opens a case for a request and answers it.
func (in *Intake) open(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading) error {
	return in.settle(ctx, m, msg, unit, r, bot.Case{Procedure: bot.Procedure, Edition: in.Edition(m.ArrivedAt), Kind: r.Kind, Unit: unit.ID})
}

// number keeps a case number for a mail that becomes a case. Of copies that are judged at the same time one gets it, and so it
// is with mails of one unit that bring the same list; beside is the case with that list that the mail knows of.
func (in *Intake) number(ctx context.Context, m store.Mail, beside int64) (number string, err error) {
	err = in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil {
			return err
		}
		if err := tx.Describe(ctx, m); err != nil {
			return err
		}
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		if err := in.alone(ctx, tx, m, beside); err != nil {
			return err
		}
		number, err = tx.KeepNumber(ctx, m.ID, "YC")
		return err
	})
	return number, err
}

// settle judges a request, composes its answer, and writes case, rows, event, answer and outcome in one transaction. c has
// no id yet for a new case.
func (in *Intake) settle(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c bot.Case) error {
	platform, err := in.Accounts(ctx, in.Codes(r.Submission), in.addresses(r))
	if err != nil {
		return bot.Errorf(bot.Temporary, "the account platform cannot be asked: %w", err)
	}
	return untilSettled(func() error { return in.settleOnce(ctx, m, msg, unit, r, c, platform) })
}

// untilSettled runs f again while somebody else was faster. Who never wins has met a busy hour, not a bad mail.
func untilSettled(f func() error) (err error) {
	for range races {
		if err = f(); !errors.Is(err, errRaced) && !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	return bot.Errorf(bot.Temporary, "%w", err)
}

func (in *Intake) settleOnce(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c bot.Case, platform []bot.Existing) error {
	var known map[string][]bot.Existing
	var was earlier
	var asked bot.Asked
	err := in.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if asked, err = in.known(ctx, tx, unit, r.beside(), nil); err != nil {
			return err
		}
		if was, err = lookBack(ctx, tx, c.ID); err != nil {
			return err
		}
		if r.Classes, err = tx.Classes(ctx); err != nil {
			return err
		}
		known, err = in.register(ctx, tx, r, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	if c.ID != 0 {
		c = was.c // somebody may have changed it since
	}
	now := in.DB.Now()
	request := was.keepsLetter(in.Judge(r, unit, c, withPlatform(known, platform), now))
	if request.Action == bot.Human {
		m.CaseID = c.ID
		return in.quarantine(ctx, m, "needs_person", "the intent is not clear")
	}
	m.ListHash = listHash(request.Rows)
	again, err := in.comesAgain(ctx, m, unit, request, letterHash(r, request), was)
	if err == nil && c.ID == 0 && again.of.ID != 0 { // it belongs to a case, as was seen just now
		if held, err := in.brake(ctx, m, unit, &again.of, true); held || err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if c.ID == 0 && (again.answer || again.corrects) { // nothing of the mail named the case, so that nobody has counted for it yet
		if held, err := in.brake(ctx, m, unit, &again.of, true); held || err != nil {
			return err
		}
	}
	switch {
	case again.answer:
		return in.already(ctx, m, msg, unit, again.of)
	case again.corrects:
		if m.Thread == "" {
			m.Thread = "people " + again.of.Number
		}
		return in.correctsSame(ctx, m, msg, unit, r, again.of, platform)
	}
	if c.ID == 0 {
		if m.Number, err = in.number(ctx, m, again.of.ID); err != nil {
			return err
		}
		c.Number, c.Token = m.Number, bot.NewToken()
	}
	if c.ID != 0 && len(request.Rows) == 0 {
		return in.leave(ctx, m, msg, unit, r, c, request, now)
	}
	c = fill(c, m, request)
	if request.LetterFile != "" {
		c.LetterHash = letterHash(r, request)
	}
	c.Promised = time.Time{}
	if c.State == bot.Received && c.Kind == bot.AccountRequest { // what M01 says; a list that goes back begins anew
		c.Promised = in.Promise(c, c.ReceivedAt).Accounts
	}
	s := settled{request: request, asked: asked, changes: was.changedTo(request.Rows), was: was, beside: again.of.ID}
	if s.letter, err = in.answer(m, msg, unit, r, c, s, now); err != nil {
		return err
	}
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil {
			return err
		}
		again, err := in.register(ctx, tx, r, c.ID)
		if err != nil {
			return err
		}
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		if !maps.EqualFunc(again, known, slices.Equal) {
			return errRaced
		}
		return in.write(ctx, tx, m, c, s)
	})
}

// settled is what became of a request before it is written.
type settled struct {
	request bot.Request
	changes *bot.Changes // of a corrected list
	was     earlier
	asked   bot.Asked // what the mail asks beside
	beside  int64     // another open case with the same list, 0: none
	letter  store.Letter
}

// write is the one transaction in which a request becomes a case or corrects one (docs/flow.md).
func (in *Intake) write(ctx context.Context, tx *store.Tx, m store.Mail, c bot.Case, s settled) error {
	outcome, what := store.IsFollowUp, "list_corrected"
	var err error
	if c.ID == 0 {
		outcome, what = store.IsCase, "case_received"
		if err = in.alone(ctx, tx, m, s.beside); err != nil {
			return err
		}
		if c, err = tx.AddCase(ctx, c); err != nil {
			return err
		}
	} else if c, err = in.reopen(ctx, tx, c, s.was); err != nil {
		return err
	}
	if err := tx.SetRows(ctx, c.ID, s.request.Rows, s.request.Findings); err != nil {
		return err
	}
	folder := in.Folders.Done
	if c.State == bot.WaitingUnit {
		folder = in.Folders.Returned
	}
	m.CaseID = c.ID
	first, err := in.endTx(ctx, tx, m, outcome, folder, string(s.request.Action), "")
	if err != nil {
		return err
	}
	if !first {
		return errEnded
	}
	s.letter.CaseID = c.ID
	if _, err := tx.AddLetter(ctx, s.letter); err != nil {
		return err
	}
	detail := map[string]string{"action": string(s.request.Action), "rows": fmt.Sprint(len(s.request.Rows)), "good": fmt.Sprint(s.request.Good())}
	describeEvidence(detail, s.request)
	if s.changes != nil {
		for _, kind := range []bot.ChangeKind{bot.RowAdded, bot.RowRemoved, bot.RowChanged} {
			detail[string(kind)] = fmt.Sprint(s.changes.Count(kind))
		}
		detail["unchanged"] = fmt.Sprint(s.changes.Unchanged)
		if err := tx.AddCorrection(ctx, c.ID, m.ID, *s.changes); err != nil {
			return err
		}
	}
	return tx.AddEvent(ctx, bot.Event{Actor: bot.Actor("unit:" + c.Unit), Case: c.ID, Mail: m.ID, What: what, Detail: detail})
}

// fill puts what was read into the case. Deadlines count from the complete list (letters.md M02), so a correction sets
// ReceivedAt anew.
func fill(c bot.Case, m store.Mail, request bot.Request) bot.Case {
	c.State = bot.Received
	if request.Action != bot.Queue {
		c.State = bot.WaitingUnit
	}
	c.MailID, c.ReceivedAt, c.ListHash = m.ID, m.ArrivedAt, m.ListHash
	if request.LetterFile != "" || c.ID == 0 { // a corrected list may come without its letter
		c.Reason, c.LetterDate, c.Signer, c.LetterFile = request.Reason, request.LetterDate, request.Signer, request.LetterFile
	}
	if request.LetterFile != "" || len(request.Signatures) > 0 || c.ID == 0 {
		c.Signatures = request.Signatures
	}
	if request.Kind == bot.DeletionRequest {
		c.Decision, c.DecisionDate = request.Decision, request.DecisionDate
	}
	c.Evidence = request.Evidence
	c.ListFile = strings.Join(request.ListFiles, ", ")
	return c
}

// answer writes the letter that tells the unit what was understood.
func (in *Intake) answer(m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c bot.Case, s settled, now time.Time) (store.Letter, error) {
	request := s.request
	request.LetterFile = cmp.Or(request.LetterFile, c.LetterFile) // a corrected list may come alone
	kind := bot.Acknowledged
	switch request.Action {
	case bot.QueueWithDefects:
		kind = bot.Defects
	case bot.Return, bot.AskSender:
		kind = bot.Returned
	case bot.Queue, bot.Human, bot.Ignore, bot.ConfirmReceived, bot.ReplyStatus, bot.SendForm, bot.CheckOnly:
	}
	a := bot.Answer{Kind: kind, Step: fmt.Sprintf("%s mail %d", c.Number, m.ID), Case: c, Unit: unit, Request: request, At: now,
		Promise: in.Promise(c, c.ReceivedAt), Thread: thread(msg), Changes: s.changes, Talk: s.asked, Unsure: r.Trial == perhaps && c.ID == 0}
	if c.Kind == bot.DeletionRequest && in.Remove != nil {
		a.SuspendBy, a.EraseOn = in.Remove(c, c.ReceivedAt)
	}
	a.Lists = listsOf(r, request)
	letter, err := in.Compose(a)
	letter.MailID = m.ID
	return letter, err
}

// listsOf are the unit's own list files that come back marked.
func listsOf(r Reading, request bot.Request) (lists []bot.ListFile) {
	for _, f := range r.Files {
		if slices.Contains(request.ListFiles, f.Name) && request.ReadWhole(f.Name) {
			lists = append(lists, bot.ListFile{Name: f.Name, Data: f.Data})
		}
	}
	return lists
}

// thread is where an answer to a mail belongs.
func thread(msg *mime.Message) bot.Thread {
	return bot.Thread{InReplyTo: msg.ID, References: append(msg.References[:len(msg.References):len(msg.References)], ids(msg.ID)...), Subject: msg.Subject}
}

func ids(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// addresses are those that the people of a list would get, where that is known already.
func (in *Intake) addresses(r Reading) []string {
	if in.Addresses == nil {
		return nil
	}
	return in.Addresses(r.Submission)
}

// register is what the store knows of the people of a list: their accounts and open cases, by code, and by address who has, or had, the
// ones that they would get.
func (in *Intake) register(ctx context.Context, tx *store.Tx, r Reading, except int64) (map[string][]bot.Existing, error) {
	known, err := tx.Known(ctx, in.Codes(r.Submission), except)
	if err != nil {
		return nil, err
	}
	at, err := tx.KnownAt(ctx, in.addresses(r))
	for address, e := range at {
		known[address] = append(known[address], e)
	}
	return known, err
}

// withPlatform adds the accounts of the platform to what the store knows: by their codes, and by their addresses, which
// somebody with another code may have.
func withPlatform(known map[string][]bot.Existing, platform []bot.Existing) map[string][]bot.Existing {
	all := maps.Clone(known)
	for _, e := range platform {
		if e.Code != "" && e.Alias == "" {
			all[e.Code] = append([]bot.Existing{e}, all[e.Code]...)
		}
		if address := strings.ToLower(cmp.Or(e.Alias, e.Address)); address != "" {
			all[address] = append(all[address], e)
		}
	}
	return all
}
