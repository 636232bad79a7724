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

// What one mailbox gets in words: so many answers in 24 hours, and none to a mail that answers an answer of this hour and asks for
// the same. A program that answers us by asking again must not go on for ever, even when nothing tells it from a person.
const (
	talksADay = 20
	formsADay = 3
)

// talk answers what a mail asks in words (issue 5, point 8): all of it in one letter that begins with what was understood. What was
// not understood is said there, and an officer sees the mail. No case is opened; the mail follows the case that it belongs to.
func (in *Intake) talk(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c *bot.Case) error {
	err := untilSettled(func() error { return in.talkOnce(ctx, m, msg, unit, r, c) })
	if bot.ErrorCode(err) == bot.Conflict {
		return in.quarantine(ctx, m, "needs_person", err.Error())
	}
	return err
}

func (in *Intake) talkOnce(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c *bot.Case) error {
	a := bot.Answer{Kind: bot.Talk, Step: fmt.Sprintf("talk mail %d", m.ID), Unit: unit, At: in.DB.Now(), Thread: thread(msg)}
	if c != nil {
		a.Case, m.CaseID = *c, c.ID
	}
	var leaves *bot.Case
	err := in.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if a.Talk, err = in.known(ctx, tx, unit, r.Wishes, c); err != nil {
			return err
		}
		leaves, err = in.leaving(ctx, tx, unit, r, c, &a.Talk)
		return err
	})
	if err != nil {
		return err
	}
	if r.Wishes.only(bot.WishForm) {
		a.Kind, a.Step = bot.BlankForm, fmt.Sprintf("form mail %d", m.ID)
	}
	a.Talk.NoList = r.Wishes.asks(bot.WishTrial) // with one, trial would have it
	letter, err := in.Compose(a)
	if err != nil {
		return err
	}
	letter.MailID, letter.CaseID = m.ID, m.CaseID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		answered, err := in.endTalk(ctx, tx, m, msg, a, letter)
		if err != nil || !answered || leaves == nil {
			return err
		}
		return in.Confirm(ctx, tx, *leaves, Said{Withdraw: true}, unit, m.ID)
	})
}

// endTalk writes the outcome of a mail that was answered in words, and the answer. It says false when nothing was answered.
func (in *Intake) endTalk(ctx context.Context, tx *store.Tx, m store.Mail, msg *mime.Message, a bot.Answer, letter store.Letter) (bool, error) {
	if err := pending(ctx, tx, m); err != nil {
		return false, err
	}
	again, err := askedAgain(ctx, tx, msg, a, letter.To)
	if err != nil {
		return false, err
	}
	outcome, folder, code, why := store.Ignored, in.Folders.Done, "answered", strings.Join(kindsOf(a.Talk.Wishes), ", ")
	switch {
	case again && a.Kind == bot.BlankForm:
		outcome, folder, code, why = store.Quarantined, in.Folders.Quarantine, "needs_person", "asks for the blank form again"
	case again:
		outcome, folder, code, why = store.Quarantined, in.Folders.Quarantine, "needs_person", "asks the same again"
	case len(a.Talk.Unclear) > 0:
		outcome, folder, code, why = store.Quarantined, in.Folders.Quarantine, "needs_person", "answered: "+why+"; the rest is for a person"
	case urgent(a):
		outcome, folder, code, why = store.Quarantined, in.Folders.Quarantine, "needs_person", "wants to withdraw case "+a.Talk.Refused+", whose accounts are being made; it was told so"
	case m.CaseID != 0:
		outcome = store.IsFollowUp
	}
	if a.Kind == bot.BlankForm && code == "answered" {
		code, why = "form_sent", "the blank form was sent"
	}
	first, err := in.endTx(ctx, tx, m, outcome, folder, code, why)
	if err != nil || !first || again {
		return false, err
	}
	return tx.AddLetter(ctx, letter)
}

// urgent says whether an officer must know at once of a withdrawal that comes too late: the accounts are not handed out yet.
func urgent(a bot.Answer) bool {
	return a.Talk.Refused != "" && slices.ContainsFunc(a.Talk.Status, func(s bot.CaseStatus) bool {
		return s.Number == a.Talk.Refused && (s.State == bot.Creating || s.State == bot.Created || s.State == bot.Suspending)
	})
}

func kindsOf(wishes []bot.Wish) (kinds []string) {
	for _, w := range wishes {
		if !slices.Contains(kinds, string(w.Kind)) {
			kinds = append(kinds, string(w.Kind))
		}
	}
	return kinds
}

// known looks up what an answer to these wishes tells: the cases that are named, or the one of the thread, or all open ones. A case
// of another unit is told of like one that is not there.
func (in *Intake) known(ctx context.Context, tx *store.Tx, unit bot.Unit, wishes Wishes, c *bot.Case) (t bot.Asked, err error) {
	t.Wishes, t.Unclear = wishes.List, wishes.Unclear
	at := slices.IndexFunc(t.Wishes, func(w bot.Wish) bool { return w.Kind == bot.WishStatus })
	if at < 0 {
		return t, nil
	}
	var cases []bot.Case
	for _, number := range t.Wishes[at].Cases {
		found, err := tx.CaseByNumber(ctx, number)
		if err != nil && bot.ErrorCode(err) != bot.NotFound {
			return t, err
		}
		if err != nil || found.Unit != unit.ID {
			t.Unknown = append(t.Unknown, number)
			continue
		}
		cases = append(cases, found)
	}
	if len(cases) == 0 && c != nil && len(t.Unknown) == 0 {
		cases = append(cases, *c)
	}
	if len(cases) == 0 {
		if cases, err = tx.OpenCases(ctx, unit.ID); err != nil {
			return t, err
		}
	}
	if len(cases) == 0 && len(t.Unknown) == 0 { // nothing is open: the newest one is what is meant, most likely
		last, ok, err := tx.LastCase(ctx, unit.ID)
		if err != nil {
			return t, err
		}
		if ok {
			cases = append(cases, last)
		}
	}
	return t, in.addStatus(ctx, tx, &t, cases...)
}

func (in *Intake) addStatus(ctx context.Context, tx *store.Tx, t *bot.Asked, cases ...bot.Case) error {
	for _, c := range cases {
		if slices.ContainsFunc(t.Status, func(s bot.CaseStatus) bool { return s.Number == c.Number }) {
			continue
		}
		rows, good, err := tx.CountRows(ctx, c.ID)
		if err != nil {
			return err
		}
		s := bot.CaseStatus{Number: c.Number, Kind: c.Kind, State: c.State, ReceivedAt: c.ReceivedAt, Rows: rows, Good: good, EraseAt: c.EraseAt}
		if s.Progress, err = in.Progress(ctx, tx, c); err != nil {
			return err
		}
		if c.Kind != bot.DeletionRequest {
			s.CreateBy = c.Promised
			if s.CreateBy.IsZero() {
				s.CreateBy = in.Promise(c, c.ReceivedAt).Accounts
			}
		}
		if c.Held.Done() {
			s.HeldSince = c.Held.At
		}
		t.Status = append(t.Status, s)
	}
	return nil
}

// leaving finds the case that a mail withdraws beside what else it asks: one that is named, else the one of the thread. What is not
// clear is asked back; what cannot be withdrawn any more is refused (Refused). The case is nil when nothing is to be withdrawn.
func (in *Intake) leaving(ctx context.Context, tx *store.Tx, unit bot.Unit, r Reading, c *bot.Case, t *bot.Asked) (*bot.Case, error) {
	at := slices.IndexFunc(t.Wishes, func(w bot.Wish) bool { return w.Kind == bot.WishWithdraw })
	if at < 0 || len(t.Unclear) > 0 {
		return nil, nil
	}
	named := t.Wishes[at].Cases
	switch {
	case len(named) == 1:
		found, err := tx.CaseByNumber(ctx, named[0])
		switch {
		case bot.ErrorCode(err) == bot.NotFound, err == nil && found.Unit != unit.ID:
			t.Unknown = append(t.Unknown, named[0])
			c = nil
		case err != nil:
			return nil, err
		default:
			c = &found
		}
	case len(named) > 1 || c != nil && len(r.Numbers.Text) > 1:
		c = nil
	}
	if c == nil {
		t.Which = true
		open, err := tx.OpenCases(ctx, unit.ID)
		if err != nil {
			return nil, err
		}
		return nil, in.addStatus(ctx, tx, t, open...)
	}
	if c.State == bot.Withdrawn || bot.MayMove(c.Kind, c.State, bot.Withdrawn) {
		return c, nil
	}
	t.Refused = c.Number
	return nil, in.addStatus(ctx, tx, t, *c)
}

// otherCase says whether a mail withdraws a case that it names, and its thread is another one's.
func otherCase(r Reading, c *bot.Case) bool {
	var named []string
	for _, w := range r.Wishes.List {
		named = append(named, w.Cases...)
	}
	return c == nil || len(named) > 1 || len(named) == 1 && named[0] != c.Number
}

// tooLate says whether a mail wants to withdraw a case that cannot be withdrawn any more, and nothing else: it is answered in words.
func tooLate(r Reading, c *bot.Case) bool {
	return r.Said.onlyWithdraws() && c != nil && c.State != bot.Withdrawn && !bot.MayMove(c.Kind, c.State, bot.Withdrawn)
}

// askedAgain says whether a mail answers an answer of ours of this hour and asks for the same, or its mailbox got enough of them
// today. An answer to a blank form or to where to go is never answered so again (at most one a thread).
func askedAgain(ctx context.Context, tx *store.Tx, msg *mime.Message, a bot.Answer, to string) (bool, error) {
	for _, id := range slices.Concat(msg.InReplyTo, msg.References) {
		l, ok, err := tx.Answer(ctx, id)
		if err != nil {
			return false, err
		}
		if !ok || l.Kind != string(a.Kind) {
			continue
		}
		if a.Kind == bot.BlankForm || a.Talk.Asks(bot.WishOutside) || l.CreatedAt.After(tx.Now.Add(-time.Hour)) {
			return true, nil
		}
	}
	most := talksADay
	if a.Kind == bot.BlankForm {
		most = formsADay
	}
	n, err := tx.LettersSince(ctx, string(a.Kind), to, tx.Now.Add(-24*time.Hour))
	return n >= most, err
}

// trial judges a list as if it had been sent in, and tells what was found: no case, no number, no clock, and no code is reserved.
func (in *Intake) trial(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading, c *bot.Case) error {
	platform, err := in.Accounts(ctx, in.Codes(r.Submission), in.addresses(r))
	if err != nil {
		return bot.Errorf(bot.Temporary, "the account platform cannot be asked: %w", err)
	}
	a := bot.Answer{Kind: bot.Talk, Step: fmt.Sprintf("talk mail %d", m.ID), Unit: unit, At: in.DB.Now(), Thread: thread(msg), Trial: true, Unsure: r.Trial == perhaps}
	var judged bot.Case
	if c != nil {
		a.Case, m.CaseID, judged = *c, c.ID, *c
	}
	if !r.Wishes.asks(bot.WishTrial) {
		r.Wishes.List = append([]bot.Wish{{Kind: bot.WishTrial}}, r.Wishes.List...)
	}
	var accounts map[string][]bot.Existing
	err = in.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if accounts, err = in.register(ctx, tx, r, judged.ID); err != nil {
			return err
		}
		if r.Classes, err = tx.Classes(ctx); err != nil {
			return err
		}
		a.Talk, err = in.known(ctx, tx, unit, r.Wishes, c)
		return err
	})
	if err != nil {
		return err
	}
	a.Request = in.Judge(r, unit, judged, withPlatform(accounts, platform), a.At)
	if a.Request.Action == bot.Human {
		return in.quarantine(ctx, m, "needs_person", "a list to be checked, and the intent is not clear")
	}
	a.Request.Findings = slices.DeleteFunc(a.Request.Findings, func(f bot.Finding) bool { // a list that is not sent in may come without its letter
		a.Talk.NoLetter = a.Talk.NoLetter || f.Rule == "FRM-01"
		return f.Rule == "FRM-01"
	})
	a.Lists = listsOf(r, a.Request)
	letter, err := in.Compose(a)
	if err != nil {
		return err
	}
	letter.MailID, letter.CaseID = m.ID, m.CaseID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := in.endTalk(ctx, tx, m, msg, a, letter)
		return err
	})
}
