package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"vanthu/bot"
	"vanthu/bot/store"
)

// AskApprovers writes once more to those who may still approve a plan, when the letters have expired or went astray; the earlier
// letters are void then.
func (d *Desk) AskApprovers(ctx context.Context, actor bot.Actor, number string) (plan store.StoredPlan, err error) {
	err = d.DB.Write(ctx, func(tx *store.Tx) error {
		if plan, err = tx.PlanByNumber(ctx, number); err != nil {
			return err
		}
		switch {
		case d.Planning.MailValid <= 0:
			return bot.Errorf(bot.Conflict, "nobody approves by mail; write [plan] approve_by_mail = true, or approve by `plan approve`")
		case plan.Dropped || plan.Approved.Done():
			return bot.Errorf(bot.Conflict, "plan %s was approved or dropped already", number)
		}
		if err := tx.VoidPlanTokens(ctx, plan.ID); err != nil {
			return err
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Plan: plan.ID, What: "approval_asked_again", Detail: map[string]string{"plan": number}}); err != nil {
			return err
		}
		return d.askApprovers(ctx, tx, plan)
	})
	return plan, err
}

// askApprovers writes to each approver with a mailbox, other than the maker, what is to be approved, with a token of his own
// (decision 23). The token stands in that letter alone; here only its hash is kept.
func (d *Desk) askApprovers(ctx context.Context, tx *store.Tx, plan store.StoredPlan) error {
	cases, err := CasesIn(ctx, tx, plan.Plan)
	if err != nil {
		return err
	}
	until := tx.Now.Add(d.Planning.MailValid)
	for _, o := range d.Officers {
		gave := slices.ContainsFunc(plan.Given, func(g store.Approval) bool { return g.Officer == OfficerActor(o) })
		if !o.Approver || o.Address == "" || gave || OfficerActor(o) == plan.Made.By {
			continue
		}
		token := bot.NewToken()
		letter, err := d.Compose(bot.Answer{Kind: bot.ApprovalAsked, Step: fmt.Sprintf("%s approval %s %d", plan.Number, o.ID, tx.Now.UnixMicro()), Unit: bot.Unit{Name: o.Name}, To: o.Address,
			Person: o.Name, At: tx.Now, Plan: &plan.Plan, PlanCases: cases, Token: token, ConfirmDue: until})
		if err != nil {
			return err
		}
		if _, err := tx.AddLetter(ctx, letter); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(token))
		if err := tx.AddPlanToken(ctx, store.PlanToken{TokenHash: hex.EncodeToString(sum[:]), PlanID: plan.ID, PlanHash: plan.Hash, Officer: o.ID, ExpiresAt: until}); err != nil {
			return err
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Plan: plan.ID, What: "approval_asked", Detail: map[string]string{"plan": plan.Number, "to": o.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// DecideIn does what an approver has said by mail, within the transaction that ends the mail, and tells him and the maker what was
// done. What the command would refuse is refused here too; and nobody decides so about a plan of his own, not even in an office of one.
func (d *Desk) DecideIn(ctx context.Context, tx *store.Tx, approver bot.Officer, number, hash string, said bot.PlanDecision, reason string, m store.Mail) error {
	var plan store.StoredPlan
	var err error
	switch said {
	case bot.PlanApproves:
		plan, err = d.ApproveIn(ctx, tx, approver, number, hash, fmt.Sprintf("mail:%d", m.ID))
	case bot.PlanRefuses:
		plan, err = d.RefuseIn(ctx, tx, approver, number, hash, reason)
	default:
		return bot.Errorf(bot.Invalid, "nothing was decided about plan %s", number)
	}
	if err != nil {
		return err
	}
	cases, err := CasesIn(ctx, tx, plan.Plan)
	if err != nil {
		return err
	}
	for _, o := range d.Officers {
		own := o.ID == approver.ID
		if o.Address == "" || !own && OfficerActor(o) != plan.Made.By {
			continue
		}
		a := bot.Answer{Kind: bot.PlanDecided, Step: fmt.Sprintf("mail %d decided %s", m.ID, o.ID), Unit: bot.Unit{Name: o.Name}, To: o.Address, Person: o.Name, Decider: approver.Name,
			At: tx.Now, Plan: &plan.Plan, PlanCases: cases, Decision: said, Reason: reason}
		if own {
			a.Thread = bot.Thread{InReplyTo: m.MessageID}
			if m.MessageID != "" {
				a.Thread.References = []string{m.MessageID}
			}
		}
		letter, err := d.Compose(a)
		if err != nil {
			return err
		}
		letter.MailID = m.ID
		if _, err := tx.AddLetter(ctx, letter); err != nil {
			return err
		}
	}
	return nil
}
