package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/account/offline"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// bundleCmd hands to the admin of another platform, as files, what is to be done with accounts, and reads what came of it.
type bundleCmd struct {
	List   bundleListCmd   `cmd:"" help:"List the bundles that are open, and what is gathered for the next ones."`
	Show   bundleShowCmd   `cmd:"" help:"Show a bundle row by row."`
	Make   bundleMakeCmd   `cmd:"" help:"Make bundles of what is gathered at once; else the serving process does so when nothing was added for a while."`
	Export bundleExportCmd `cmd:"" help:"Write the files of a bundle into a new folder, to be handed over. The same bytes each time; recorded."`
	Read   bundleReadCmd   `cmd:"" help:"Read what came of a bundle. Exit code 1: some rows still wait, or something else must be looked at."`
	Close  bundleCloseCmd  `cmd:"" help:"End a bundle whose other rows were not carried out: they go into another."`
	Void   bundleVoidCmd   `cmd:"" help:"End a bundle that was never carried out: its rows go into another."`
}

type bundleListCmd struct {
	officerFlags
	All bool `help:"Also those that are ended."`
}

func (c *bundleListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var bundles []store.Bundle
		var gathered []store.Gathering
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			if bundles, err = tx.Bundles(e.ctx, !c.All); err != nil {
				return err
			}
			gathered, err = tx.Gatherings(e.ctx)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, map[string]any{"bundles": append([]store.Bundle{}, bundles...), "gathered": append([]store.Gathering{}, gathered...)})
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "BUNDLE\tFORM\tACT\tPLAN\tSTATE\tWAITS\tDONE\tREFUSED\tMADE\tTAKEN OUT")
		for _, b := range bundles {
			out := "not yet"
			if b.Exported.Done() {
				out = fmt.Sprintf("%s by %s", local(b.Exported.At), b.Exported.By)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", b.Number, b.Form, b.Act, b.Plan, b.State, b.Waits, b.Done, b.Refused, local(b.MadeAt), out)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, g := range gathered {
			fmt.Fprintf(e.stdout, "gathered  %s to %s, of %s since %s, in no bundle yet\n", count(g.N, "account"), g.Act, g.Plan, local(g.Since))
		}
		return nil
	})
}

type bundleShowCmd struct {
	officerFlags
	Bundle string `arg:"" help:"Number of the bundle."`
}

func (c *bundleShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var b store.Bundle
		var rows []store.BundleRow
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			if b, err = tx.Bundle(e.ctx, c.Bundle); err != nil {
				return err
			}
			rows, err = tx.BundleRows(e.ctx, b.ID)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, struct {
				store.Bundle
				Rows []store.BundleRow `json:"rows"`
			}{b, append([]store.BundleRow{}, rows...)})
		}
		printBundle(e, b)
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "CASE\tROW\tADDRESS\tSTATE\tSAID")
		for _, r := range rows {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", r.Case, r.N, r.Address, r.State, harmless(dash(r.Said), longest))
		}
		return w.Flush()
	})
}

func printBundle(e *env, b store.Bundle) {
	fmt.Fprintf(e.stdout, "%s (%s, %s) of plan %s is %s: %d wait, %d done, %d refused, %d for another bundle\n", b.Number, b.Form, b.Act, b.Plan, b.State, b.Waits, b.Done, b.Refused, b.Void)
	fmt.Fprintf(e.stdout, "SHA256SUMS %s, made %s", b.Sums, local(b.MadeAt))
	if b.Exported.Done() {
		fmt.Fprintf(e.stdout, ", first taken out by %s %s", b.Exported.By, local(b.Exported.At))
	}
	if b.Ended.Done() {
		fmt.Fprintf(e.stdout, ", ended by %s %s: %s", b.Ended.By, local(b.Ended.At), harmless(b.Why, longest))
	}
	fmt.Fprintln(e.stdout)
}

type bundleMakeCmd struct {
	officerFlags
	Plan string `arg:"" optional:"" help:"Plan number; without it all plans."`
}

// Run asks the serving process: it alone may open sealed passwords.
func (c *bundleMakeCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, _ bot.Officer) error {
		n, err := a.Bundles().Ask(e.ctx, c.Plan)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("bundle make: nothing is gathered; accounts are gathered when an approved plan runs")
		}
		fmt.Fprintf(e.stdout, "asked for; \"bundle list\" shows them in a moment\n")
		return nil
	})
}

type bundleExportCmd struct {
	officerFlags
	Bundle string `arg:"" help:"Number of the bundle."`
	Dir    string `arg:"" type:"existingdir" help:"Folder in which a new one is made."`
}

func (c *bundleExportCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		folder, err := a.Bundles().Export(e.ctx, desk.OfficerActor(officer), c.Bundle, c.Dir)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, folder)
		return nil
	})
}

type bundleReadCmd struct {
	officerFlags
	Bundle string   `arg:"" help:"Number of the bundle."`
	Files  []string `arg:"" type:"existingfile" help:"What the other admin sent back; files that belong together (ldapsearch and ldapadd -S) in one command."`
	Whole  bool     `help:"The list is of all accounts of the platform: whose account is to be erased and is not in it is erased."`
}

func (c *bundleReadCmd) Run(e *env) error {
	var inputs []offline.Input
	for _, name := range c.Files {
		data, err := readResult(name)
		if err != nil {
			return fmt.Errorf("bundle read: %w", err)
		}
		inputs = append(inputs, offline.Input{Name: filepath.Base(name), Data: data})
	}
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		r, err := a.Bundles().Read(e.ctx, desk.OfficerActor(officer), c.Bundle, inputs, c.Whole)
		if err != nil {
			return err
		}
		if c.JSON {
			err = writeJSON(e, r)
		} else {
			printReading(e, r)
		}
		if err == nil && len(r.Waits)+len(r.Strange) > 0 {
			return exit(1)
		}
		return err
	})
}

// readResult reads a file up to the limit of what is taken, and one byte more: then it is too long.
func readResult(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, offline.MaxResult+1))
}

func printReading(e *env, r offline.Reading) {
	done := map[store.BundleAct]string{store.ActCreate: "made", store.ActReset: "given new passwords", store.ActSuspend: "suspended", store.ActRestore: "restored", store.ActErase: "erased"}
	fmt.Fprintf(e.stdout, "read: %s %s, %d refused", count(r.Done, "account"), done[r.Bundle.Act], r.Refused)
	if r.Others > 0 {
		fmt.Fprintf(e.stdout, "; %d others in the list are not of this bundle", r.Others)
	}
	fmt.Fprintln(e.stdout)
	for _, t := range r.Waits {
		fmt.Fprintf(e.stdout, "WAITS    %s: %s%s\n", t.Address, harmless(t.Said, longest), toldAt(t))
	}
	for _, t := range r.Strange {
		fmt.Fprintf(e.stdout, "STRANGE  %s: %s%s; nothing was done with it\n", harmless(t.Address, 80), harmless(t.Said, longest), toldAt(t))
	}
	printBundle(e, r.Bundle)
}

func toldAt(t offline.Told) string {
	if t.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s, line %d)", harmless(t.File, 80), t.Line)
}

type bundleCloseCmd struct {
	officerFlags
	Bundle string `arg:"" help:"Number of the bundle."`
	Reason string `required:"" help:"Why; it stands in the history."`
}

func (c *bundleCloseCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		b, err := a.Bundles().Close(e.ctx, desk.OfficerActor(officer), c.Bundle, c.Reason)
		return c.saidBundle(e, b, err)
	})
}

type bundleVoidCmd struct {
	officerFlags
	Bundle string `arg:"" help:"Number of the bundle."`
	Reason string `required:"" help:"Why; it stands in the history."`
}

func (c *bundleVoidCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		b, err := a.Bundles().Void(e.ctx, desk.OfficerActor(officer), c.Bundle, c.Reason)
		return c.saidBundle(e, b, err)
	})
}

func (f *officerFlags) saidBundle(e *env, b store.Bundle, err error) error {
	if err != nil {
		return err
	}
	if f.JSON {
		return writeJSON(e, b)
	}
	printBundle(e, b)
	if b.Exported.Done() && b.Void > 0 { // nothing in them says that they count no more
		fmt.Fprintln(e.stdout, "its files were taken out, and the signature still holds: have the other admin delete them, else both bundles are carried out")
	}
	return nil
}
