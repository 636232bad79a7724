package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
)

// classCmd is the directory of classes (FR-05).
type classCmd struct {
	List    classListCmd    `cmd:"" help:"List the known classes, and those that open cases name and nobody has confirmed."`
	Confirm classConfirmCmd `cmd:"" help:"Confirm classes: lists that name them are not warned any more."`
	Rename  classRenameCmd  `cmd:"" help:"Write a known class in another way."`
	Forget  classForgetCmd  `cmd:"" help:"Take a class out of the directory."`
}

type classListCmd struct {
	officerFlags
	Unknown bool `help:"Only those that nobody has confirmed."`
}

func (c *classListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		known, unknown, err := a.Desk.Classes(e.ctx)
		if err != nil {
			return err
		}
		if c.Unknown {
			known = nil
		}
		if c.JSON {
			return writeJSON(e, struct {
				Known   []bot.Class `json:"known"`
				Unknown []bot.Class `json:"unknown"`
			}{known, unknown})
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "CLASS\tUNIT\tCOHORT\tCONFIRMED BY\tSINCE\tIN OPEN CASES")
		for _, k := range known {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", foreign(k.Name), dash(k.Unit), foreign(k.Cohort), dash(string(k.Known.By)), local(k.Known.At))
		}
		for _, k := range unknown {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s (%d rows)\n", foreign(k.Name), dash(k.Unit), foreign(k.Cohort), "nobody", "-", k.Cases, k.Rows)
		}
		return w.Flush()
	})
}

type classConfirmCmd struct {
	officerFlags
	Names  []string `arg:"" name:"class" help:"Classes, as they are to be written."`
	Unit   string   `help:"Whose classes they are; default: the unit of the open cases that name them."`
	Cohort string   `help:"Their cohort; default: as the open cases say."`
}

func (c *classConfirmCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		for _, name := range c.Names {
			k, err := a.Desk.ConfirmClass(e.ctx, desk.OfficerActor(officer), bot.Class{Name: name, Unit: c.Unit, Cohort: c.Cohort})
			if err != nil {
				return err
			}
			fmt.Fprintf(e.stdout, "%s  unit %s  cohort %s  confirmed by %s\n", foreign(k.Name), dash(k.Unit), foreign(k.Cohort), k.Known.By)
		}
		return nil
	})
}

type classRenameCmd struct {
	officerFlags
	Class string `arg:"" help:"A known class."`
	To    string `arg:"" help:"How it is to be written."`
}

func (c *classRenameCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if err := a.Desk.RenameClass(e.ctx, desk.OfficerActor(officer), c.Class, c.To); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "%s is now written %s\n", foreign(c.Class), foreign(c.To))
		return err
	})
}

type classForgetCmd struct {
	officerFlags
	Class string `arg:"" help:"A known class."`
}

func (c *classForgetCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if err := a.Desk.ForgetClass(e.ctx, desk.OfficerActor(officer), c.Class); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "%s is forgotten\n", foreign(c.Class))
		return err
	})
}
