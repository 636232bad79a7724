package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// retentionCmd destroys what need not be kept any more: made into a list by one, approved by another, then carried out.
type retentionCmd struct {
	Due     retentionDueCmd     `cmd:"" help:"Show what is old enough to be destroyed, and what stays because of a person on hold."`
	List    retentionListCmd    `cmd:"" help:"Freeze what is old enough as a list."`
	Show    retentionShowCmd    `cmd:"" help:"Show a list with its hash and what became of each line, or all lists."`
	Approve retentionApproveCmd `cmd:"" help:"Approve exactly what a hash is over; not one's own list."`
	Destroy retentionDestroyCmd `cmd:"" help:"Destroy what an approved list names. It cannot be undone."`
	Export  retentionExportCmd  `cmd:"" help:"Write a list, or the record of its destruction, as a document to be signed and filed."`
}

type retentionDueCmd struct{ officerFlags }

func (c *retentionDueCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		due, held, err := a.Retention().Due(e.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, map[string][]store.RetentionItem{"due": append([]store.RetentionItem{}, due...), "held": append([]store.RetentionItem{}, held...)})
		}
		if err := printItems(e, due); err != nil {
			return err
		}
		for _, i := range held {
			fmt.Fprintf(e.stdout, "stays     %s of %s: somebody in it is on hold\n", i.Kind, i.Case)
		}
		return nil
	})
}

func printItems(e *env, items []store.RetentionItem) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tCASE\tENDED\tMAILS\tLETTERS\tROWS\tEVENTS\tDESTROYED\tLEFT")
	for _, i := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", i.Kind, i.Case, day(i.Ended), i.Mails, i.Letters, i.Rows, i.Events, local(i.Destroyed), dash(i.LeftWhy))
	}
	return w.Flush()
}

func printRetention(e *env, l store.RetentionList) error {
	fmt.Fprintf(e.stdout, "%s  made by %s %s", l.Number, l.Made.By, local(l.Made.At))
	if l.Approved.Done() {
		fmt.Fprintf(e.stdout, ", approved by %s %s", l.Approved.By, local(l.Approved.At))
	}
	if l.Done.Done() {
		fmt.Fprintf(e.stdout, ", carried out by %s %s", l.Done.By, local(l.Done.At))
	}
	fmt.Fprintf(e.stdout, "\nhash %s\n", l.Hash)
	return printItems(e, l.Items)
}

type retentionListCmd struct{ officerFlags }

func (c *retentionListCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		l, err := a.Retention().Make(e.ctx, desk.OfficerActor(officer))
		return c.said(e, l, err)
	})
}

func (f *officerFlags) said(e *env, l store.RetentionList, err error) error {
	if err != nil {
		return err
	}
	if f.JSON {
		return writeJSON(e, l)
	}
	return printRetention(e, l)
}

type retentionShowCmd struct {
	officerFlags
	List string `arg:"" optional:"" help:"Number of a list; without it all lists."`
}

func (c *retentionShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var lists []store.RetentionList
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			if c.List == "" {
				lists, err = tx.RetentionLists(e.ctx)
				return err
			}
			l, err := tx.RetentionList(e.ctx, c.List)
			lists = append(lists, l)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, lists)
		}
		for _, l := range lists {
			if c.List == "" {
				fmt.Fprintf(e.stdout, "%s  %s  made by %s, approved by %s, carried out %s\n", l.Number, count(len(l.Items), "item"), l.Made.By, dash(string(l.Approved.By)), local(l.Done.At))
				continue
			}
			if err := printRetention(e, l); err != nil {
				return err
			}
		}
		return nil
	})
}

type retentionApproveCmd struct {
	officerFlags
	List string `arg:"" help:"Number of the list."`
	Hash string `required:"" help:"The hash that \"retention show\" prints: what is approved."`
}

func (c *retentionApproveCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if _, err := a.Retention().Approve(e.ctx, officer, c.List, c.Hash); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s is approved; \"retention destroy %s\" carries it out\n", c.List, c.List)
		return nil
	})
}

type retentionDestroyCmd struct {
	officerFlags
	List string `arg:"" help:"Number of an approved list."`
}

func (c *retentionDestroyCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		l, err := a.Retention().Destroy(e.ctx, desk.OfficerActor(officer), c.List)
		return c.said(e, l, err)
	})
}

type retentionExportCmd struct {
	officerFlags
	List string `arg:"" help:"Number of the list."`
	To   string `required:"" placeholder:"FILE.docx" help:"A new file."`
}

func (c *retentionExportCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var l store.RetentionList
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			l, err = tx.RetentionList(e.ctx, c.List)
			return err
		})
		if err != nil {
			return err
		}
		paper, err := a.RetentionPaper(e.ctx, l)
		if err != nil {
			return err
		}
		return writeFresh(c.To, paper.Data)
	})
}
