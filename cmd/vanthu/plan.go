package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// planCmd is step 2: what would be done, frozen, and approved by another person.
type planCmd struct {
	Make    planMakeCmd    `cmd:"" help:"Freeze what would be done for cases."`
	Show    planShowCmd    `cmd:"" help:"Show a plan row by row, with its hash."`
	List    planListCmd    `cmd:"" help:"List plans."`
	Approve planApproveCmd `cmd:"" help:"Approve exactly what a hash is over."`
}

type planMakeCmd struct {
	officerFlags
	Cases []string `arg:"" help:"Case numbers."`
}

func (c *planMakeCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		p, err := a.Desk.MakePlan(e.ctx, desk.OfficerActor(officer), c.Cases)
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}

type planShowCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
}

func (c *planShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var p store.StoredPlan
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			p, err = tx.PlanByNumber(e.ctx, c.Plan)
			return err
		})
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}

func printPlan(e *env, p store.StoredPlan, asJSON bool) error {
	if asJSON {
		return writeJSON(e, p.Plan)
	}
	state := "waits for approval"
	switch {
	case p.Dropped:
		state = "dropped: a case in it has changed"
	case p.Approved.Done():
		state = fmt.Sprintf("approved by %s %s", p.Approved.By, local(p.Approved.At))
	}
	fmt.Fprintf(e.stdout, "%s  %d accounts  made by %s %s  %s\nhash %s\n\n", p.Number, len(p.Items), p.Made.By, local(p.Made.At), state, p.Hash)
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CASE\tN\tCODE\tNAME\tADDRESS\tPLATFORM\tACTION")
	for _, i := range p.Items {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", i.Case, i.N, harmless(i.Code, widest), harmless(i.Name, widest), harmless(i.Address, widest), i.Platform, i.Action)
	}
	return w.Flush()
}

type planListCmd struct{ officerFlags }

func (c *planListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var plans []store.StoredPlan
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			plans, err = tx.Plans(e.ctx)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			all := make([]bot.Plan, 0, len(plans))
			for _, p := range plans {
				all = append(all, p.Plan)
			}
			return writeJSON(e, all)
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PLAN\tACCOUNTS\tMADE BY\tAPPROVED BY\tHASH")
		for _, p := range plans {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", p.Number, len(p.Items), p.Made.By, dash(string(p.Approved.By)), p.Hash)
		}
		return w.Flush()
	})
}

type planApproveCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
	Hash string `required:"" help:"Hash of what is approved, from \"plan show\"."`
}

func (c *planApproveCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		p, err := a.Desk.ApprovePlan(e.ctx, officer, c.Plan, c.Hash)
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}
