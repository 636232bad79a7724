package app

import (
	"context"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/reply"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
)

// planning is how plans are made.
func (a *App) planning() desk.Planning {
	p := desk.Planning{Workday: a.workday, Ready: ready,
		Needs: func(ctx context.Context, tx *store.Tx, p bot.Plan) (int, error) {
			return deleting(a.Config).Needs(ctx, tx, p)
		},
		EraseOn: func(_ bot.Case, made time.Time) string { return deleting(a.Config).EraseOn(made) },
	}
	if a.Config.Plan.ApproveByMail {
		p.MailValid = time.Duration(a.Config.Plan.ApproveHours) * time.Hour
	}
	if a.Config.Groups.Enabled {
		p.Group = func(_ bot.Case, r bot.CaseRow) string { return config.GroupAddress(a.Config.Groups.Address, r.Class) }
	}
	return p
}

// workday is a day, or the first working day after it.
func (a *App) workday(day time.Time) time.Time {
	for a.Calendar.IsOff(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// PlanPaper is a plan as a document to be signed and filed.
func (a *App) PlanPaper(ctx context.Context, p store.StoredPlan) (compose.Attachment, error) {
	if len(p.Items) == 0 {
		return compose.Attachment{}, bot.Errorf(bot.Conflict, "the content of plan %s was destroyed by an approved list; its hash is left", p.Number)
	}
	var cases map[string]bot.Case
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		cases, err = desk.CasesIn(ctx, tx, p.Plan)
		return err
	})
	if err != nil {
		return compose.Attachment{}, err
	}
	return a.letters.writer.PlanPaper(a.letters.planPaper(p.Plan, cases))
}

// planPaper fills a plan's document: ids become names. cases are those of the plan by their numbers.
func (l *letters) planPaper(p bot.Plan, cases map[string]bot.Case) reply.PlanPaper {
	paper := reply.PlanPaper{Plan: p, Units: make(map[string]string, len(cases)), Maker: l.person(p.Made.By), Officer: l.person(bot.Actor("officer:" + p.Officer))}
	for number, c := range cases {
		paper.Units[number] = c.Unit
		for _, u := range l.cfg.Units {
			if u.ID == c.Unit {
				paper.Units[number] = u.Name
			}
		}
	}
	for _, s := range p.Approvals {
		paper.Approvals = append(paper.Approvals, reply.PlanApproval{Name: l.person(s.By), At: s.At})
	}
	def := l.definition(cases[p.Items[0].Case])
	for _, b := range def.Bases {
		paper.Bases = append(paper.Bases, b.VI)
	}
	if def.Code != "" {
		paper.Bases = append(paper.Bases, "Quy trình "+def.Code+" “"+def.VI+"”, lần ban hành "+def.Edition)
	}
	return paper
}

// planLetter fills a letter about a plan to an officer.
func (l *letters) planLetter(a bot.Answer) reply.PlanLetter {
	letter := reply.PlanLetter{Tag: bot.ApprovalTag + a.Token, Person: a.Person, At: a.At, Until: a.ConfirmDue, Decision: a.Decision, Decider: a.Decider, Reason: a.Reason, Wrong: a.Wrong}
	if a.Plan != nil {
		letter.Paper = l.planPaper(*a.Plan, a.PlanCases)
	}
	return letter
}

// person is the name of an officer; "" for nobody, the id for one who has left the configuration.
func (l *letters) person(actor bot.Actor) string {
	id := strings.TrimPrefix(string(actor), "officer:")
	for _, o := range l.cfg.Officers {
		if o.ID == id {
			return o.Name
		}
	}
	return id
}
