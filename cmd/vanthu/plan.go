package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/register"
	"vanthu/bot/store"
)

// planCmd is step 2: what would be done, frozen, and approved by another person.
type planCmd struct {
	Make     planMakeCmd     `cmd:"" help:"Freeze what would be done for cases."`
	Preview  planPreviewCmd  `cmd:"" help:"Show what \"plan make\" would freeze; nothing is kept."`
	Show     planShowCmd     `cmd:"" help:"Show a plan row by row, with its hash."`
	List     planListCmd     `cmd:"" help:"List plans."`
	Approve  planApproveCmd  `cmd:"" help:"Approve exactly what a hash is over."`
	Ask      planAskCmd      `cmd:"" help:"Write to the approvers once more (approval by mail); earlier letters are void."`
	Remake   planRemakeCmd   `cmd:"" help:"Make a plan anew because the world has changed, and say what the new one does otherwise."`
	Drop     planDropCmd     `cmd:"" help:"Give up a plan that has not begun."`
	Pause    planPauseCmd    `cmd:"" help:"Stop a plan: what is in flight is ended, nothing more is begun."`
	Continue planContinueCmd `cmd:"" help:"Let a stopped plan go on where it was."`
	Progress planProgressCmd `cmd:"" help:"Show how far a plan has come, its pace and when it will be done."`
	Export   planExportCmd   `cmd:"" help:"Write a plan as a document to be signed and filed."`
}

// wishFlags are how a plan is wanted.
type wishFlags struct {
	Batch   int    `help:"People in a batch." placeholder:"N"`
	ByClass bool   `help:"Make each class a batch."`
	Starts  string `help:"First day, 2027-02-01. Nothing is done before." placeholder:"DATE"`
	Ends    string `help:"Last day on which a batch may begin; without it there is a batch each working day." placeholder:"DATE"`
	Officer string `help:"Id of the officer who carries it out (default: you)." placeholder:"ID"`
}

func (w wishFlags) wish() bot.PlanWish {
	return bot.PlanWish{Batch: w.Batch, ByClass: w.ByClass, Starts: w.Starts, Ends: w.Ends, Officer: w.Officer}
}

type planMakeCmd struct {
	officerFlags
	wishFlags
	DryRun bool     `help:"Show what would be frozen, and keep nothing."`
	Cases  []string `arg:"" help:"Case numbers."`
}

func (c *planMakeCmd) Run(e *env) error {
	if c.DryRun {
		return (&planPreviewCmd{officerFlags: c.officerFlags, wishFlags: c.wishFlags, Cases: c.Cases}).Run(e)
	}
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		defer asksPlatform(e, a)()
		p, err := a.Desk.MakePlanAs(e.ctx, desk.OfficerActor(officer), c.Cases, c.wish())
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}

type planPreviewCmd struct {
	officerFlags
	wishFlags
	Cases []string `arg:"" help:"Case numbers."`
}

func (c *planPreviewCmd) Run(e *env) error {
	return c.open(e, func(a *app.App, officer bot.Officer) error {
		defer asksPlatform(e, a)()
		p, err := a.Desk.PreviewPlan(e.ctx, desk.OfficerActor(officer), c.Cases, c.wish())
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}

type planShowCmd struct {
	officerFlags
	Plan   string `arg:"" help:"Plan number."`
	Frozen bool   `help:"Print the frozen bytes that the hash is over, nothing else: | sha256sum."`

	History bool `help:"Show its history below: who was asked, approved, refused, dropped it."`
}

func (c *planShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		p, err := planOf(e, a, c.Plan)
		if err != nil {
			return err
		}
		if c.Frozen {
			_, err := e.stdout.Write(p.Frozen)
			return err
		}
		progress, err := a.Desk.Progress(e.ctx, p.Number)
		if err != nil {
			return err
		}
		var near []register.Near // as long as somebody may still say no
		if !p.Approved.Done() && !p.Dropped {
			if near, err = a.NearPlan(e.ctx, p.Plan); err != nil {
				return err
			}
		}
		if c.JSON {
			return writeJSON(e, struct {
				planView
				Progress desk.Progress   `json:"progress"`
				Near     []register.Near `json:"near,omitempty"`
			}{viewOf(p), progress, near})
		}
		if err := printPlan(e, p, false); err != nil {
			return err
		}
		if len(near) > 0 {
			fmt.Fprintln(e.stdout)
			printNear(e, near)
		}
		if p.Approved.Done() {
			fmt.Fprintf(e.stdout, "\n%s\n", progressLine(progress))
		} else if p.Kind == bot.PlanCreate && !p.Dropped {
			ahead, err := seenAhead(e, a)
			if err != nil {
				return err
			}
			fmt.Fprintf(e.stdout, "\n%s\n", aheadLine(ahead))
		}
		if !c.History {
			return nil
		}
		fmt.Fprintln(e.stdout)
		return a.DB.Read(e.ctx, func(tx *store.Tx) error {
			events, err := tx.EventsOfPlan(e.ctx, p.ID)
			printEvents(e, events)
			return err
		})
	})
}

func planOf(e *env, a *app.App, number string) (p store.StoredPlan, err error) {
	err = a.DB.Read(e.ctx, func(tx *store.Tx) error {
		p, err = tx.PlanByNumber(e.ctx, number)
		return err
	})
	return p, err
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
		return printPlans(e, plans, c.JSON)
	})
}

type planApproveCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
	Hash string `required:"" help:"Hash of what is approved, from \"plan show\"."`

	Despite string `help:"Approve although the platform would refuse accounts, and say why; it stands in the history." placeholder:"REASON"`
}

func (c *planApproveCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		var p store.StoredPlan
		var err error
		if c.Despite == "" {
			p, err = a.Desk.ApprovePlan(e.ctx, officer, c.Plan, c.Hash)
		} else {
			p, err = a.Desk.ApproveDespite(e.ctx, officer, c.Plan, c.Hash, c.Despite)
		}
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}

type planAskCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
}

func (c *planAskCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		p, err := a.Desk.AskApprovers(e.ctx, desk.OfficerActor(officer), c.Plan)
		if err != nil {
			return err
		}
		return printPlan(e, p, c.JSON)
	})
}

type planRemakeCmd struct {
	officerFlags
	wishFlags
	AtOnce bool   `help:"Forget the first and last day of the old plan."`
	Plan   string `arg:"" help:"Plan number."`
}

// Run keeps the terms of the old plan that no flag changes.
func (c *planRemakeCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		defer asksPlatform(e, a)()
		p, differs, err := a.Desk.RemakePlan(e.ctx, desk.OfficerActor(officer), c.Plan, func(w *bot.PlanWish) {
			if c.AtOnce {
				w.Starts, w.Ends = "", ""
			}
			if c.Batch > 0 || c.ByClass {
				w.Batch, w.ByClass = c.Batch, c.ByClass
			}
			w.Starts, w.Ends, w.Officer = or(c.Starts, w.Starts), or(c.Ends, w.Ends), or(c.Officer, w.Officer)
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, struct {
				planView
				Differs []bot.PlanDifference `json:"differs"`
				Was     string               `json:"was"`
			}{viewOf(p), differs, c.Plan})
		}
		printDifferences(e, c.Plan, differs)
		return printPlan(e, p, false)
	})
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

type planDropCmd struct {
	officerFlags
	Plan   string `arg:"" help:"Plan number."`
	Reason string `required:"" help:"Why; it stands in the history."`
}

func (c *planDropCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		p, err := a.Desk.DropPlan(e.ctx, desk.OfficerActor(officer), c.Plan, c.Reason)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, viewOf(p))
		}
		fmt.Fprintf(e.stdout, "%s is dropped; its cases can be planned anew\n", p.Number)
		return nil
	})
}

type planExportCmd struct {
	officerFlags
	Plan string `arg:"" help:"Plan number."`
	To   string `required:"" help:"File to write, .docx." placeholder:"FILE"`
}

// Run overwrites nothing: what has that name may be signed.
func (c *planExportCmd) Run(e *env) error {
	if filepath.Ext(c.To) != ".docx" {
		return fmt.Errorf("plan export: a plan is written as .docx (print it or save it as PDF from there); %s is none", c.To)
	}
	if _, err := os.Lstat(c.To); err == nil {
		return fmt.Errorf("plan export: %s is there already; nothing was written", c.To)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("plan export: %w", err)
	}
	return c.look(e, func(a *app.App) error {
		p, err := planOf(e, a, c.Plan)
		if err != nil {
			return err
		}
		file, err := a.PlanPaper(e.ctx, p)
		if err != nil {
			return err
		}
		if err := writeNew(c.To, string(file.Data)); err != nil {
			return fmt.Errorf("plan export: %w", err)
		}
		fmt.Fprintln(e.stdout, c.To)
		return nil
	})
}
