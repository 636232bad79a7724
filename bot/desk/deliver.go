package desk

import (
	"context"
	"fmt"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Unseal opens a sealed password; Label names its row the way it was sealed.
type Unseal struct {
	Open  func(sealed []byte, label string) ([]byte, error)
	Label func(number string, n int) string
}

// Deliver puts the credentials of a created case into the outbox, encrypted (step 5, FR-33). Only when the MTA has taken
// the mail does Sent move the case on and erase the passwords.
func (d *Desk) Deliver(ctx context.Context, unseal Unseal, caseID int64) error {
	var a bot.Answer
	waits := false
	err := d.DB.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil || c.State != bot.Created {
			return err
		}
		a, err = Answer(ctx, tx, d.Units, c, bot.CredentialsOf)
		if err != nil {
			return err
		}
		if waits, err = tx.HasLetter(ctx, a.Step); err != nil || waits { // for its server; no password is opened again
			return err
		}
		a.ConfirmDue = d.StepDue(c, bot.StepHandOver, a.At)
		return d.fillAccounts(ctx, tx, c, unseal, &a)
	})
	if err != nil || waits || a.Kind == "" {
		return err
	}
	if a.Again && len(a.Accounts) == 0 {
		return d.notReset(ctx, a.Case)
	}
	if len(a.Accounts) > 0 { // its number before its words: a try that fails finds the same one
		err := d.DB.Write(ctx, func(tx *store.Tx) (err error) {
			a.Notice, err = tx.KeepNotice(ctx, caseID, a.Step)
			return err
		})
		if err != nil {
			return err
		}
	}
	letter, err := d.Compose(a)
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil || c.State != bot.Created || c.Version != a.Case.Version {
			return err
		}
		added, err := tx.AddLetter(ctx, letter)
		if err != nil || !added {
			return err
		}
		if len(letter.Notice) > 0 {
			if err := tx.SaveNotice(ctx, c.ID, a.Notice, letter.Notice); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, What: "credentials_ready", Detail: map[string]string{"accounts": fmt.Sprint(len(a.Accounts))}})
	})
}

func (d *Desk) fillAccounts(ctx context.Context, tx *store.Tx, c bot.Case, unseal Unseal, a *bot.Answer) error {
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return err
	}
	secrets, err := tx.Secrets(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.PlanID != 0 {
		plan, err := tx.Plan(ctx, c.PlanID)
		if err != nil {
			return err
		}
		if a.Again = plan.Kind == bot.PlanReset; !a.Again {
			if a.Groups, err = groupsOf(ctx, tx, c, plan, rows); err != nil {
				return err
			}
		}
	}
	for _, r := range rows {
		if a.Again && r.State == bot.RowMissing {
			a.NotReset = append(a.NotReset, r.Row)
		}
		if r.State != bot.RowCreated {
			continue
		}
		plain, err := unseal.Open(secrets[r.N], unseal.Label(c.Number, r.N))
		if err != nil {
			return fmt.Errorf("desk: case %s row %d: %w", c.Number, r.N, err)
		}
		a.Accounts = append(a.Accounts, bot.NewAccount{Row: r.Row, User: r.User, Address: r.Address, Password: plain})
	}
	return nil
}

// notReset takes a case back to where it was when none of its missing rows could get a new password: there is nothing to send, and an
// officer must look.
func (d *Desk) notReset(ctx context.Context, c bot.Case) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.Case(ctx, c.ID)
		if err != nil || now.State != bot.Created {
			return err
		}
		now.State = bot.Delivered
		if now, err = tx.SaveCase(ctx, now); err != nil {
			return err
		}
		if err := tx.ForgetSecrets(ctx, now.ID); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: now.ID, Plan: now.PlanID, What: "nothing_reset"})
	})
}

// Sent is told, in the transaction that notes it, that the MTA has taken a letter. With the credentials the case is
// delivered and the passwords are forgotten (FR-32).
func (d *Desk) Sent(ctx context.Context, tx *store.Tx, l store.Letter) error {
	if l.Kind != string(bot.CredentialsOf) {
		return nil
	}
	c, err := tx.Case(ctx, l.CaseID)
	if err != nil || c.State != bot.Created {
		return err
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return err
	}
	made := 0
	for _, r := range rows {
		if r.State != bot.RowCreated {
			continue
		}
		made++
		r.State = bot.RowDelivered
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
		if err := tx.MoveLiving(ctx, r.Code, bot.AccountHandedOut); err != nil {
			return err
		}
	}
	c.State = bot.Delivered
	if c, err = tx.SaveCase(ctx, c); err != nil {
		return err
	}
	if err := tx.ForgetSecrets(ctx, c.ID); err != nil {
		return err
	}
	if err := d.learnClasses(ctx, tx, c, rows); err != nil {
		return err
	}
	if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, What: "case_delivered"}); err != nil || made > 0 {
		return err
	}
	_, err = d.close(ctx, tx, c) // no account could be made: there is nothing to hand over, and the letter said why
	return err
}

// close ends a case on the way that is drawn.
func (d *Desk) close(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error) {
	for _, state := range []bot.State{bot.HandedOver, bot.Closed} {
		if c.State == state {
			continue
		}
		c.State = state
		var err error
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return c, err
		}
	}
	return c, tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, What: "case_closed"})
}

// An Explanation is everything that is known of one row of a case.
type Explanation struct {
	Case     bot.Case      `json:"case"`
	Row      bot.CaseRow   `json:"row"`
	Mail     store.Mail    `json:"mail"`
	Findings []bot.Finding `json:"findings"`
	Plan     *bot.Plan     `json:"plan,omitempty"`
	Events   []bot.Event   `json:"events"`
}

// Explain says of one row which mail, file and cell it came from, which rules spoke, who approved and what the platform
// said.
func (d *Desk) Explain(ctx context.Context, number string, n int) (Explanation, error) {
	var e Explanation
	err := d.DB.Read(ctx, func(tx *store.Tx) error {
		var err error
		if e.Case, err = tx.CaseByNumber(ctx, number); err != nil {
			return err
		}
		if e.Row, err = tx.Row(ctx, e.Case.ID, n); err != nil {
			return err
		}
		if e.Mail, err = tx.Mail(ctx, e.Case.MailID); err != nil {
			return err
		}
		findings, err := tx.Findings(ctx, e.Case.ID)
		if err != nil {
			return err
		}
		for _, f := range findings {
			if f.N == n || f.N == 0 {
				e.Findings = append(e.Findings, f)
			}
		}
		events, err := tx.Events(ctx, e.Case.ID)
		if err != nil {
			return err
		}
		row := fmt.Sprint(n)
		for _, ev := range events {
			if r, ok := ev.Detail["row"]; !ok || r == row {
				e.Events = append(e.Events, ev)
			}
		}
		if e.Case.PlanID == 0 {
			return nil
		}
		plan, err := tx.Plan(ctx, e.Case.PlanID)
		if err != nil {
			return err
		}
		plan.Items = planItem(plan.Items, number, n)
		e.Plan = &plan.Plan
		return nil
	})
	return e, err
}

func planItem(items []bot.PlanItem, number string, n int) []bot.PlanItem {
	for _, item := range items {
		if item.Case == number && item.N == n {
			return []bot.PlanItem{item}
		}
	}
	return nil
}
