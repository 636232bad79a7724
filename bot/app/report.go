package app

import (
	"context"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/reply"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
)

// StepReport says how the steps of a case went.
func (a *App) StepReport(ctx context.Context, number string) (r reply.Report, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		r, err = a.report(ctx, tx, c)
		return err
	})
	return r, err
}

// StepReports are those of the cases that came from one day to another, both counted.
func (a *App) StepReports(ctx context.Context, from, to time.Time) (reports []reply.Report, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		cases, err := tx.Cases(ctx, "")
		if err != nil {
			return err
		}
		for _, c := range cases {
			if c.ReceivedAt.Before(from) || !to.IsZero() && !c.ReceivedAt.Before(to.AddDate(0, 0, 1)) {
				continue
			}
			r, err := a.report(ctx, tx, c)
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
		return nil
	})
	return reports, err
}

func (a *App) report(ctx context.Context, tx *store.Tx, c bot.Case) (reply.Report, error) {
	limits, events, err := a.Desk.LimitsOf(ctx, tx, c)
	if err != nil {
		return reply.Report{}, err
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return reply.Report{}, err
	}
	def := a.definition(c)
	r := reply.Report{Case: c, Unit: a.letters.unitName(c.Unit), People: len(rows), Limits: limits, Holds: holds(events), At: tx.Now, Name: def.VI, NameEN: def.EN, ByPerson: a.letters.whoIs}
	for _, row := range rows {
		if !row.CreatedAt.IsZero() {
			r.Made++
		}
	}
	return r, nil
}

// holds are the times in which a case stood still.
func holds(events []bot.Event) (all []reply.Period) {
	for _, e := range events {
		switch e.What {
		case "case_held":
			all = append(all, reply.Period{From: e.At, By: e.Actor, Why: e.Detail["reason"]})
		case "case_resumed":
			if n := len(all); n > 0 && all[n-1].To.IsZero() {
				all[n-1].To = e.At
			}
		}
	}
	return all
}

// unitName is the name of a unit; its id when it has left the configuration.
func (l *letters) unitName(id string) string {
	for _, u := range l.cfg.Units {
		if u.ID == id {
			return u.Name
		}
	}
	return id
}

// whoIs names an actor for people.
func (l *letters) whoIs(a bot.Actor) string {
	if id, ok := strings.CutPrefix(string(a), "unit:"); ok {
		return l.unitName(id)
	}
	if a == bot.System {
		return "vanthu (tự động)"
	}
	return l.person(a)
}

// ReportPaper is a report as a document.
func (a *App) ReportPaper(r reply.Report) (compose.Attachment, error) {
	return a.letters.writer.ReportPaper(r)
}

// ReportTables are the reports of a period as tables.
func (a *App) ReportTables(reports []reply.Report) []reply.SheetData {
	return a.letters.writer.ReportTables(reports)
}

// Workbook writes tables as .xlsx.
func (a *App) Workbook(sheets []reply.SheetData) ([]byte, error) {
	return a.letters.writer.Sheets(sheets...)
}
