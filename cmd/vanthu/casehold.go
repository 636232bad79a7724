package main

import (
	"fmt"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
)

type caseTakeCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	Over bool   `help:"Take it over from another officer."`
}

func (c *caseTakeCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Take(e.ctx, officer, c.Case, c.Over)
		if err != nil || c.JSON {
			return c.done(e, k, err)
		}
		_, err = fmt.Fprintf(e.stdout, "%s is %s's; it is %s\n", k.Number, k.Owner, stateOf(k))
		return err
	})
}

type caseReleaseCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
}

func (c *caseReleaseCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Release(e.ctx, officer, c.Case)
		return c.done(e, k, err)
	})
}

type caseHoldCmd struct {
	officerFlags
	Case   string `arg:"" help:"Case number."`
	Reason string `required:"" help:"Why; the unit is told."`
}

func (c *caseHoldCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Hold(e.ctx, desk.OfficerActor(officer), c.Case, c.Reason)
		return c.done(e, k, err)
	})
}

type caseResumeCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
}

func (c *caseResumeCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Resume(e.ctx, desk.OfficerActor(officer), c.Case)
		return c.done(e, k, err)
	})
}

type caseSupersedeCmd struct {
	officerFlags
	Case string `arg:"" help:"Number of the case that ends."`
	By   string `required:"" help:"Number of the case of the same unit that stands in for it."`
}

func (c *caseSupersedeCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Supersede(e.ctx, desk.OfficerActor(officer), c.Case, c.By)
		return c.done(e, k, err)
	})
}
