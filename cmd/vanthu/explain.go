package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/store"
)

// A told line is one thing that happened, whatever table it stands in.
type told struct {
	At    time.Time `json:"at"`
	Event int64     `json:"event,omitempty"` // its number in the history
	Who   string    `json:"who"`
	What  string    `json:"what"`
}

// explainWhole tells everything that is known of a case in the order in which it happened.
func (c *caseExplainCmd) explainWhole(e *env, a *app.App) error {
	var k bot.Case
	var rows []bot.CaseRow
	var findings []bot.Finding
	var mails []store.Mail
	var letters []store.Letter
	var plans []store.StoredPlan
	var notices []store.StoredNotice
	var limits []bot.Limit
	var events []bot.Event
	err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
		if k, err = tx.CaseByNumber(e.ctx, c.Case); err != nil {
			return err
		}
		if rows, err = tx.Rows(e.ctx, k.ID); err != nil {
			return err
		}
		if findings, err = tx.Findings(e.ctx, k.ID); err != nil {
			return err
		}
		if mails, err = tx.MailsOfCase(e.ctx, k.ID); err != nil {
			return err
		}
		if letters, err = tx.Letters(e.ctx, k.ID); err != nil {
			return err
		}
		if plans, err = tx.PlansOfCase(e.ctx, k.ID); err != nil {
			return err
		}
		if notices, err = tx.Notices(e.ctx, k.ID); err != nil {
			return err
		}
		limits, events, err = a.Desk.LimitsOf(e.ctx, tx, k)
		return err
	})
	if err != nil {
		return err
	}
	story := append(toldMails(mails), append(toldLetters(letters), append(toldPlans(plans), toldEvents(events)...)...)...)
	slices.SortStableFunc(story, func(x, y told) int { return x.At.Compare(y.At) })
	if c.JSON {
		return writeJSON(e, struct {
			Case     bot.Case      `json:"case"`
			Limits   []bot.Limit   `json:"limits"`
			Rows     []bot.CaseRow `json:"rows"`
			Findings []bot.Finding `json:"findings"`
			Story    []told        `json:"story"`
		}{k, limits, rows, findings, story})
	}
	fmt.Fprintf(e.stdout, "%s of %s (%s %s, %s) is %s", k.Number, k.Unit, k.Procedure, k.Edition, k.Kind, k.State)
	if k.Owner != "" {
		fmt.Fprintf(e.stdout, ", with %s", k.Owner)
	}
	if k.Held.Done() {
		fmt.Fprintf(e.stdout, ", on hold since %s: %s", local(k.Held.At), harmless(k.HeldWhy, longest))
	}
	fmt.Fprintln(e.stdout)
	fmt.Fprintf(e.stdout, "letter of %s, signed by %s; %s\n", foreign(k.LetterDate), foreign(k.Signer), tally(rows))
	if k.Decision != "" {
		fmt.Fprintf(e.stdout, "decision %s of %s\n", foreign(k.Decision), foreign(k.DecisionDate))
	}
	printEvidence(e, k)
	if err := printLimits(e, limits); err != nil {
		return err
	}
	for _, t := range story {
		number := ""
		if t.Event > 0 {
			number = fmt.Sprintf("#%d", t.Event)
		}
		fmt.Fprintf(e.stdout, "%s  %-6s  %-14s  %s\n", local(t.At), number, harmless(t.Who, 40), harmless(t.What, longest))
	}
	for _, n := range notices {
		fmt.Fprintf(e.stdout, "notice %s of %s, SHA-256 %s\n", n.Number, local(n.At), dash(n.Hash))
	}
	if len(findings) > 0 {
		fmt.Fprintf(e.stdout, "%s by the rules; \"case explain %s ROW\" says what of a row, \"case show\" of all\n", count(len(findings), "finding"), k.Number)
	}
	return nil
}

// tally counts the rows by what has become of them.
func tally(rows []bot.CaseRow) string {
	n := make(map[bot.RowState]int)
	for _, r := range rows {
		n[r.State]++
	}
	var parts []string
	for _, state := range bot.RowStates() {
		if n[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[state], state))
		}
	}
	return fmt.Sprintf("%s: %s", count(len(rows), "row"), strings.Join(parts, ", "))
}

func toldMails(mails []store.Mail) (story []told) {
	for _, m := range mails {
		what := fmt.Sprintf("mail %d came to %s: %s, %s", m.ID, m.Mailbox, m.Outcome, m.Reason)
		if m.Thread != "" {
			what += "; known by " + m.Thread
		}
		if m.Vouched != "" {
			what += "; vouched for by " + m.Vouched
		}
		story = append(story, told{At: m.ArrivedAt, Who: m.Sender, What: what})
	}
	return story
}

func toldLetters(letters []store.Letter) (story []told) {
	for _, l := range letters {
		at, what := l.SentAt, fmt.Sprintf("letter %d %s to %s is with its server: %s", l.ID, l.Kind, l.To, letterSaid(l))
		if at.IsZero() {
			at, what = l.CreatedAt, fmt.Sprintf("letter %d %s to %s: %s %s", l.ID, l.Kind, l.To, letterState(l), letterSaid(l))
		}
		story = append(story, told{At: at, Who: string(bot.System), What: what})
	}
	return story
}

func toldPlans(plans []store.StoredPlan) (story []told) {
	for _, p := range plans {
		story = append(story, told{At: p.Made.At, Who: string(p.Made.By), What: fmt.Sprintf("plan %s (%s) is frozen under %s", p.Number, p.Kind, p.Hash)})
		for _, g := range p.Given {
			story = append(story, told{At: g.At, Who: string(g.Officer), What: fmt.Sprintf("approves %s of plan %s (%s)", g.Hash, p.Number, g.Via)})
		}
	}
	return story
}

func toldEvents(events []bot.Event) (story []told) {
	for _, ev := range events {
		what := ev.What
		for _, key := range slices.Sorted(maps.Keys(ev.Detail)) {
			what += fmt.Sprintf("  %s=%s", key, ev.Detail[key])
		}
		if ev.Mail != 0 {
			what += fmt.Sprintf("  mail=%d", ev.Mail)
		}
		story = append(story, told{At: ev.At, Event: ev.ID, Who: string(ev.Actor), What: what})
	}
	return story
}
