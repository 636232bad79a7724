package intake

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
)

// Approving is approval by mail ([plan] approve_by_mail, decision 23).
type Approving struct {
	On       bool
	Officers []bot.Officer // with their addresses
	Names    []string      // of school and office: they stand in people's signatures
	Wrong    int           // most that one officer is told in an hour why his answers decide nothing
	// Decide does what an approver has said; bot.Conflict or bot.Forbidden when it does not fit the plan as it stands.
	Decide func(ctx context.Context, tx *store.Tx, by bot.Officer, number, hash string, said bot.PlanDecision, reason string, m store.Mail) error
	// NotReady says of an error of Decide that the platform would refuse accounts now; nil: none does.
	NotReady func(error) bool
}

// approver is the officer whose own address sent a mail that answers a letter which asks for an approval.
func (in *Intake) approver(msg *mime.Message, address string) (bot.Officer, bool) {
	if !in.Approvals.On || address == "" || in.approvalToken(msg) == "" {
		return bot.Officer{}, false
	}
	for _, o := range in.Approvals.Officers {
		if o.Address == address {
			return o, true
		}
	}
	return bot.Officer{}, false
}

var approvalTag = regexp.MustCompile(`(?i)\[` + bot.ApprovalTag + `([a-z2-7]{16})\]`)

// approvalToken is the token of a letter that asks for an approval: in the address that the mail was sent to, else in its subject.
// A text is not looked at: what is quoted, or opened by a scanner, approves nothing.
func (in *Intake) approvalToken(msg *mime.Message) string {
	if tokens := in.tokensIn(msg, "k"); len(tokens) > 0 {
		return tokens[0]
	}
	if found := approvalTag.FindStringSubmatch(msg.Subject); found != nil {
		return strings.ToLower(found[1])
	}
	return ""
}

// A wrongError says why a mail decides nothing about a plan.
type wrongError struct {
	code bot.WrongApproval
	plan *bot.Plan // nil: none that this officer was asked about
	why  string
}

func (e *wrongError) Error() string { return strings.TrimSpace(string(e.code) + " " + e.why) }

// approval does what an approver says of a plan, if the mail server proves that he says it and his words cannot be misread. Whatever
// else he answers changes nothing, and he is told why.
func (in *Intake) approval(ctx context.Context, m store.Mail, msg *mime.Message, officer bot.Officer, verdict trust.Verdict) error {
	m.Kind = bot.PlanAnswer
	_, domain, _ := strings.Cut(officer.Address, "@")
	switch {
	case machineKind(msg) != "": // by a subject that only a program writes
		return in.ignore(ctx, m, bot.Automatic, "automatic", "by its subject")
	case verdict.Level != trust.Authenticated: // an officer cannot vouch for another officer's approval: nothing stands in for this proof
		if err := in.waitsForDNS(m, verdict); err != nil {
			return err
		}
		return in.quarantine(ctx, m, "not_authenticated", "in the name of an approver; "+verdict.Reason())
	case !slices.Contains(in.Trust.Domains, domain):
		return in.quarantine(ctx, m, "not_authenticated", "an approver's address in no domain of ours")
	}
	said, reason := decisionIn(newText(msg), officer.Name, in.Approvals.Names)
	if brings(msg) { // the words do not speak of them
		said = ""
	}
	err := untilSettled(func() error { return in.decide(ctx, m, msg, officer, said, reason) })
	if again, ok := errors.AsType[*copyError](err); ok {
		return in.sameAgain(ctx, m, again.of)
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	if wrong, ok := errors.AsType[*wrongError](err); ok {
		return in.wrongApproval(ctx, m, officer, wrong)
	}
	return err
}

// decide is one transaction: the token is used, the plan decided, the mail ended, or nothing of it.
func (in *Intake) decide(ctx context.Context, m store.Mail, msg *mime.Message, officer bot.Officer, said bot.PlanDecision, reason string) error {
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		token, plan, err := in.asked(ctx, tx, m, officer, in.approvalToken(msg))
		if err != nil {
			return err
		}
		wrong := &wrongError{plan: &plan.Plan, code: bot.ApprovalNotClear}
		if said == "" || namesAnother(newText(msg), plan.Number) {
			return wrong
		}
		if used, err := tx.UsePlanToken(ctx, token.TokenHash, m.ID); err != nil || !used {
			return errors.Join(err, errRaced)
		}
		if err := in.Approvals.Decide(ctx, tx, officer, plan.Number, token.PlanHash, said, reason, m); err != nil {
			if in.Approvals.NotReady != nil && in.Approvals.NotReady(err) { // the token stays good
				return &wrongError{plan: &plan.Plan, code: bot.ApprovalNotReady, why: err.Error()}
			}
			if code := bot.ErrorCode(err); (code == bot.Conflict || code == bot.Forbidden) && !errors.Is(err, store.ErrStale) {
				return &wrongError{plan: &plan.Plan, code: bot.ApprovalChanged, why: err.Error()}
			}
			return err
		}
		_, err = in.endTx(ctx, tx, m, store.Ignored, in.Folders.Done, "plan_"+string(said), fmt.Sprintf("officer %s about plan %s", officer.ID, plan.Number))
		return err
	})
}

// asked is what an officer was asked under a token; the error is a *wrongError when he cannot decide it any more, a
// *copyError when this mail has decided it.
func (in *Intake) asked(ctx context.Context, tx *store.Tx, m store.Mail, officer bot.Officer, token string) (store.PlanToken, store.StoredPlan, error) {
	t, err := tx.PlanToken(ctx, digest([]byte(token)))
	if bot.ErrorCode(err) == bot.NotFound || err == nil && t.Officer != officer.ID {
		return t, store.StoredPlan{}, &wrongError{code: bot.ApprovalNotYours}
	}
	if err != nil {
		return t, store.StoredPlan{}, err
	}
	plan, err := tx.Plan(ctx, t.PlanID)
	if err != nil {
		return t, plan, err
	}
	if t.UsedBy != 0 { // by this very mail, delivered by two ways
		first, err := tx.Mail(ctx, t.UsedBy)
		if err != nil {
			return t, plan, err
		}
		if first.MessageID != "" && first.MessageID == m.MessageID && first.BodyHash == m.BodyHash {
			return t, plan, &copyError{first}
		}
	}
	wrong := &wrongError{plan: &plan.Plan}
	switch {
	case plan.Made.By == bot.Actor("officer:"+officer.ID):
		wrong.code = bot.ApprovalOwnPlan
	case !officer.Approver:
		wrong.code = bot.ApprovalNotAllowed
	case !t.UsedAt.IsZero():
		wrong.code = bot.ApprovalUsed
	case plan.Dropped:
		wrong.code = bot.ApprovalDropped
	case plan.Approved.Done():
		wrong.code = bot.ApprovalDecided
	case plan.Hash != t.PlanHash:
		wrong.code = bot.ApprovalChanged
	case !tx.Now.Before(t.ExpiresAt):
		wrong.code = bot.ApprovalExpired
	default:
		return t, plan, nil
	}
	return t, plan, wrong
}

// wrongApproval tells an officer why his mail has decided nothing. Too many of these are for a person: a program may be answering.
func (in *Intake) wrongApproval(ctx context.Context, m store.Mail, officer bot.Officer, wrong *wrongError) error {
	a := bot.Answer{Kind: bot.ApprovalUnclear, Step: fmt.Sprintf("mail %d approval", m.ID), Unit: bot.Unit{Name: officer.Name}, To: officer.Address, Person: officer.Name, At: in.DB.Now(),
		Plan: wrong.plan, Wrong: wrong.code, Thread: bot.Thread{InReplyTo: m.MessageID}}
	if m.MessageID != "" {
		a.Thread.References = []string{m.MessageID}
	}
	letter, err := in.Compose(a)
	if err != nil {
		return err
	}
	letter.MailID = m.ID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		told, err := tx.LettersSince(ctx, string(bot.ApprovalUnclear), officer.Address, tx.Now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if told >= in.Approvals.Wrong {
			in.Logger.Error("braked", "mail", m.ID, "code", "brake")
			_, err := in.endTx(ctx, tx, m, store.Quarantined, in.Folders.Quarantine, "brake", fmt.Sprintf("%d answers of this officer in an hour that decide nothing; %s", told, wrong))
			return err
		}
		first, err := in.endTx(ctx, tx, m, store.Ignored, in.Folders.Done, "approval_refused", wrong.Error())
		if err != nil || !first {
			return err
		}
		event := bot.Event{Actor: bot.System, Mail: m.ID, What: "approval_refused", Detail: map[string]string{"officer": officer.ID, "reason": string(wrong.code)}}
		if wrong.plan != nil {
			event.Plan = wrong.plan.ID
		}
		if err := tx.AddEvent(ctx, event); err != nil {
			return err
		}
		_, err = tx.AddLetter(ctx, letter)
		return err
	})
}
