package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

type planPauseCmd struct {
	officerFlags
	Plan   string `arg:"" help:"Plan number."`
	Reason string `required:"" help:"Why; it stands in the history."`
}

func (c *planPauseCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if _, err := a.Desk.PausePlan(e.ctx, desk.OfficerActor(officer), c.Plan, c.Reason); err != nil {
			return err
		}
		return printProgress(e, a, c.Plan, c.JSON)
	})
}

type planContinueCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
}

func (c *planContinueCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if _, err := a.Desk.ContinuePlan(e.ctx, desk.OfficerActor(officer), c.Plan); err != nil {
			return err
		}
		return printProgress(e, a, c.Plan, c.JSON)
	})
}

type planProgressCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
}

func (c *planProgressCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error { return printProgress(e, a, c.Plan, c.JSON) })
}

func printProgress(e *env, a *app.App, number string, asJSON bool) error {
	p, err := a.Desk.Progress(e.ctx, number)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(e, p)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\n", p.Plan, runState(p))
	fmt.Fprintf(w, "done\t%d of %d\t%s\n", p.Done, p.Of, percent(p.Done, p.Of))
	if p.Failed > 0 {
		fmt.Fprintf(w, "given up\t%d\tan officer must look: vanthu plan show, vanthu case explain\n", p.Failed)
	}
	if p.Left > 0 {
		fmt.Fprintf(w, "left\t%d\n", p.Left)
	}
	if p.Hidden > 0 {
		fmt.Fprintf(w, "  not shown yet\t%d\tasked for; looked for again, not asked twice\n", p.Hidden)
	}
	if p.Tried > 0 {
		fmt.Fprintf(w, "  asked for, not done\t%d\t%s\n", p.Tried, harmless(p.Said, widest))
	}
	for _, h := range p.Handed {
		fmt.Fprintf(w, "%s by another admin\t%d\t%s\n", h.Act, h.Gathered+h.Handed+h.Void, handing(h))
	}
	if p.Later > 0 {
		fmt.Fprintf(w, "later\t%d\tthe next batch on %s\n", p.Later, p.Next)
	}
	if p.PerMinute > 0 {
		fmt.Fprintf(w, "pace\t%s a minute\tthe last row %s\n", pace(p), local(p.Last))
	}
	if !p.Ends.IsZero() {
		fmt.Fprintf(w, "ends\tabout %s\n", local(p.Ends))
	}
	return w.Flush()
}

// handing says what happens next with rows that another admin carries out.
func handing(h store.Handing) string {
	var parts []string
	if h.Handed > 0 {
		parts = append(parts, fmt.Sprintf("%d in open bundles, the oldest %s of %s: vanthu bundle export, then read", h.Handed, h.Bundle, local(h.Since)))
	}
	if h.Gathered > 0 {
		parts = append(parts, fmt.Sprintf("%d go into the next bundle: made when nothing was added for a while, or by vanthu bundle make", h.Gathered))
	}
	if h.Void > 0 {
		parts = append(parts, fmt.Sprintf("%d were taken out of a bundle and are gathered again by the serving process", h.Void))
	}
	return strings.Join(parts, "; ")
}

func percent(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", 100*n/of)
}

func pace(p desk.Progress) string {
	if p.PerMinute < 10 {
		return fmt.Sprintf("%.1f", p.PerMinute)
	}
	return fmt.Sprintf("%.0f", p.PerMinute)
}

// runState says in a few words what a plan is doing.
func runState(p desk.Progress) string {
	switch p.State {
	case desk.RunPaused:
		return fmt.Sprintf("STOPPED by %s %s: %s", p.Paused.By, local(p.Paused.At), harmless(p.Why, widest))
	case desk.RunRests:
		return "rests: the platform wants to be let alone until " + local(p.Rests)
	case desk.RunWaits:
		return "waits for approval, check or its day"
	}
	return p.State
}

// progressLine is a progress in one line.
func progressLine(p desk.Progress) string {
	parts := []string{fmt.Sprintf("%s %s: %d of %d done", p.Plan, runState(p), p.Done, p.Of)}
	if p.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d given up", p.Failed))
	}
	if p.Hidden > 0 {
		parts = append(parts, fmt.Sprintf("%d not shown yet", p.Hidden))
	}
	if p.PerMinute > 0 && p.State != desk.RunDone {
		parts = append(parts, pace(p)+" a minute")
	}
	if !p.Ends.IsZero() {
		parts = append(parts, "ends about "+p.Ends.In(bot.ICT).Format("15:04 02/01/2006"))
	}
	return strings.Join(parts, ", ")
}
