// Package desk is what people may do to a case: check, plan, approve, return, withdraw, confirm (QT.CNTT.03 steps 2, 3, 5
// and 6). Every act names its actor, is checked against the arrows of bot.Arrows and the version that was read, and
// writes an event, all in one transaction.
//
// It must not know how an act came (command line, mail, browser), nor how letters look.
package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Desk is where cases are handled.
type Desk struct {
	DB          *store.DB
	Units       []bot.Unit
	OfficeOfOne bool   // the maker may approve his own plan
	Platform    string // where accounts are made
	Names       Naming
	Compose     func(bot.Answer) (store.Letter, error)
	Officers    []bot.Officer
	ClassBook   ClassBook
	Planning    Planning
	// StepDue is the end of a step of the case that began at from; Promise is for a request that is complete from then on; Limits
	// are all steps of the case by its history.
	StepDue func(c bot.Case, step bot.StepID, from time.Time) time.Time
	Limits  func(c bot.Case, events []bot.Event, now time.Time) []bot.Limit
	Promise func(c bot.Case, from time.Time) bot.Promise
	// Again is the last day of a promise for a case that goes on, by its limits.
	Again    func(c bot.Case, limits []bot.Limit) time.Time
	Deleting Deleting

	Digests     Digests
	RemindEvery int // days between reminders to a unit; 0: one only
}

// Check stamps that an officer has checked a case against the rules (step 3). Creation starts when it is planned too.
func (d *Desk) Check(ctx context.Context, actor bot.Actor, ref string) (bot.Case, error) {
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		if c.State != bot.Received && c.State != bot.InWork {
			return c, bot.Errorf(bot.Conflict, "case %s is %s: only a case without open defects can be checked", c.Number, c.State)
		}
		if err := notHeld(c); err != nil {
			return c, err
		}
		if c.Checked.Done() {
			return c, bot.Errorf(bot.Conflict, "case %s was checked by %s already", c.Number, c.Checked.By)
		}
		if err := d.surely(ctx, tx, c); err != nil {
			return c, err
		}
		if err := d.confirmedClasses(ctx, tx, c); err != nil {
			return c, err
		}
		c.Checked = bot.Stamp{At: tx.Now, By: actor}
		if c.State == bot.Received {
			c.State = bot.InWork
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "case_checked"}); err != nil {
			return c, err
		}
		return d.begin(ctx, tx, c)
	})
}

// Return sends a case back to the unit with an officer's reason ("yêu cầu làm lại", step 3).
func (d *Desk) Return(ctx context.Context, actor bot.Actor, ref, reason string) (bot.Case, error) {
	if reason == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say why the case is returned")
	}
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		c, err := d.leavePlan(ctx, tx, c)
		if err != nil {
			return c, err
		}
		if c, err = endHold(ctx, tx, c, actor); err != nil {
			return c, err
		}
		c.State = bot.WaitingUnit
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return c, err
		}
		if err := d.tell(ctx, tx, c, bot.ReturnedByUs, reason); err != nil {
			return c, err
		}
		return c, tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "case_returned", Detail: map[string]string{"reason": reason}})
	})
}

// Withdraw ends a case before anything was made (side state "rút").
func (d *Desk) Withdraw(ctx context.Context, actor bot.Actor, ref, reason string) (bot.Case, error) {
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		return d.withdraw(ctx, tx, c, actor, reason)
	})
}

func (d *Desk) withdraw(ctx context.Context, tx *store.Tx, c bot.Case, actor bot.Actor, reason string) (bot.Case, error) {
	if c.State == bot.Withdrawn {
		return c, bot.Errorf(bot.Conflict, "case %s is withdrawn already", c.Number)
	}
	c, err := d.leavePlan(ctx, tx, c)
	if err != nil {
		return c, err
	}
	if c, err = endHold(ctx, tx, c, actor); err != nil {
		return c, err
	}
	c.State = bot.Withdrawn
	if c, err = tx.SaveCase(ctx, c); err != nil {
		return c, err
	}
	if d.knows(c.Unit) { // a unit that has left the configuration cannot be told; its case must end all the same
		if err := d.tell(ctx, tx, c, bot.WithdrawnNote, reason); err != nil {
			return c, err
		}
	}
	return c, tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "case_withdrawn", Detail: map[string]string{"reason": reason}})
}

func (d *Desk) knows(unit string) bool {
	return slices.ContainsFunc(d.Units, func(u bot.Unit) bool { return u.ID == unit })
}

// Reopen takes the stamps from a case whose rows are about to change, and drops a plan that held them.
func (d *Desk) Reopen(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error) {
	switch c.State {
	case bot.Received, bot.WaitingUnit, bot.InWork:
		return d.leavePlan(ctx, tx, c)
	case bot.Creating, bot.Created, bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Suspending, bot.Suspended, bot.Erasing,
		bot.Closed, bot.Withdrawn, bot.Superseded:
	}
	return c, bot.Errorf(bot.Conflict, "case %s is %s: its list can no longer change", c.Number, c.State)
}

// leavePlan takes a case out of its plan: what was approved was the plan with exactly these rows. A plan that is approved goes on with its
// other cases, and what it has reserved for this one's people is free.
func (d *Desk) leavePlan(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error) {
	switch {
	case c.PlanID == 0:
	case c.Planned.Done():
		if err := tx.LetNamesGo(ctx, c.PlanID, c.ID); err != nil {
			return c, err
		}
	default:
		plan, err := tx.Plan(ctx, c.PlanID)
		if err != nil {
			return c, err
		}
		if err := d.dropPlan(ctx, tx, bot.System, plan, "plan_dropped", "case "+c.Number+" in it has changed", c.Number); err != nil {
			return c, err
		}
		fresh, err := tx.Case(ctx, c.ID)
		if err != nil {
			return c, err
		}
		c.Version = fresh.Version
	}
	c.PlanID, c.Checked, c.Planned = 0, bot.Stamp{}, bot.Stamp{}
	return c, nil
}

// find returns the case that an officer means: by its number, or as he saw it, "YC-2026-0042@7". One that has changed since he
// looked is refused, so that nobody decides about what he has not seen.
func (d *Desk) find(ctx context.Context, tx *store.Tx, ref string) (bot.Case, error) {
	number, seen, versioned := strings.Cut(ref, "@")
	c, err := tx.CaseByNumber(ctx, number)
	if err != nil {
		return c, err
	}
	if versioned && seen != fmt.Sprint(c.Version) {
		return c, bot.Errorf(bot.Conflict, "case %s has changed since you looked: you saw version %s, it is version %d now; look at it again", number, seen, c.Version)
	}
	return c, nil
}

// act runs f on a case in one transaction.
func (d *Desk) act(ctx context.Context, ref string, f func(tx *store.Tx, c bot.Case) (bot.Case, error)) (bot.Case, error) {
	var c bot.Case
	err := d.DB.Write(ctx, func(tx *store.Tx) error {
		var err error
		if c, err = d.find(ctx, tx, ref); err != nil {
			return err
		}
		c, err = f(tx, c)
		return err
	})
	return c, err
}

// tell puts a letter about the case as it stands into the outbox.
func (d *Desk) tell(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind, reason string) error {
	_, err := d.tellOnce(ctx, tx, c, kind, reason)
	return err
}

// tellOnce says false when the case as it stands was told this already.
func (d *Desk) tellOnce(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind, reason string) (bool, error) {
	a, err := Answer(ctx, tx, d.Units, c, kind)
	if err != nil {
		return false, err
	}
	if told, err := tx.HasLetter(ctx, a.Step); err != nil || told {
		return false, err
	}
	a.Reason, a.ConfirmDue = reason, d.StepDue(c, bot.StepHandOver, a.At)
	if kind == bot.PartAccepted { // the time limits start anew with the consent (M02)
		a.Promise = d.Promise(c, a.At)
	}
	letter, err := d.Compose(a)
	if err != nil {
		return false, err
	}
	return tx.AddLetter(ctx, letter)
}

// Answer gathers what a letter about the case may say: rows, findings, the unit and the thread. The step names the
// case's version, so that each act is answered once.
func Answer(ctx context.Context, tx *store.Tx, units []bot.Unit, c bot.Case, kind bot.AnswerKind) (bot.Answer, error) {
	a := bot.Answer{Kind: kind, Step: fmt.Sprintf("%s %s %d", c.Number, kind, c.Version), Case: c, At: tx.Now}
	for _, u := range units {
		if u.ID == c.Unit {
			a.Unit = u
		}
	}
	if a.Unit.ID == "" {
		return a, bot.Errorf(bot.Conflict, "unit %s of case %s is no longer in the configuration", c.Unit, c.Number)
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return a, err
	}
	findings, err := tx.Findings(ctx, c.ID)
	if err != nil {
		return a, err
	}
	mail, err := tx.Mail(ctx, c.MailID)
	if err != nil {
		return a, err
	}
	a.Request = bot.Request{Kind: c.Kind, Unit: c.Unit, UnitName: a.Unit.Name, Reason: c.Reason, LetterDate: c.LetterDate, Signer: c.Signer,
		LetterFile: c.LetterFile, Findings: findings}
	if c.ListFile != "" {
		a.Request.ListFiles = []string{c.ListFile}
	}
	if c.Kind == bot.DeletionRequest {
		if err := deletion(ctx, tx, c, rows, &a); err != nil {
			return a, err
		}
	}
	for _, r := range rows {
		a.Request.Rows = append(a.Request.Rows, r.Row)
		if r.IsAccount() {
			a.Made++
		}
	}
	a.Classes = bot.ByClass(rows)
	a.Thread, err = thread(ctx, tx, c, mail.MessageID)
	return a, err
}

// thread hangs a letter under the unit's mail, after the letters that were sent before it.
func thread(ctx context.Context, tx *store.Tx, c bot.Case, messageID string) (bot.Thread, error) {
	letters, err := tx.Letters(ctx, c.ID)
	if err != nil {
		return bot.Thread{}, err
	}
	t := bot.Thread{InReplyTo: messageID}
	if messageID != "" {
		t.References = append(t.References, messageID)
	}
	for _, l := range letters {
		if l.MessageID != messageID {
			t.References = append(t.References, l.MessageID)
		}
	}
	return t, nil
}
