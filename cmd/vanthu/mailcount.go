package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"vanthu/bot/app"
	"vanthu/bot/balance"
	"vanthu/bot/config"
	"vanthu/bot/store"
)

type mailCountCmd struct {
	officerFlags
	Offline bool `help:"Do not ask the mailbox: no password of it is needed."`
	Quick   bool `help:"Do not hold the bytes of every mail against its hash."`
}

// Run balances mailbox, journal and outcomes. Exit code 1: it does not balance.
func (c *mailCountCmd) Run(e *env) error {
	load := config.Load
	if c.Offline {
		load = config.LoadDesk
	}
	return c.openWith(e, load, func(a *app.App) error {
		b, err := a.Balance(e.ctx, app.Count{Offline: c.Offline, Bytes: !c.Quick, Patience: 15 * time.Second})
		if err != nil {
			return err
		}
		if c.JSON {
			err = writeJSON(e, b)
		} else {
			err = printBalance(e, b)
		}
		if err == nil && !b.OK() {
			return exit(1)
		}
		return err
	})
}

func printBalance(e *env, b *balance.Balance) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "mails in the journal\t%d\t\n", b.Mails)
	for _, o := range []store.Outcome{store.IsCase, store.IsFollowUp, store.Quarantined, store.Ignored} {
		fmt.Fprintf(w, "%s\t%d\t\n", o, b.Outcomes[o])
	}
	fmt.Fprintf(w, "pending\t%d\t\n", b.Pending)
	fmt.Fprintf(w, "cases\t%d\t\n", b.Cases)
	fmt.Fprintf(w, "answers\t%d\t\n", b.Letters)
	if b.Hashed > 0 {
		fmt.Fprintf(w, "bytes held against their hash\t%d\t\n", b.Hashed)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(b.Folders) > 0 {
		fmt.Fprintln(e.stdout)
		fmt.Fprintln(w, "folder\tjournal says\tthere\tfound\t")
		for _, f := range b.Folders {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", f.Name, f.Journal, f.There, f.Found)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	for _, m := range b.Moved[:min(len(b.Moved), 20)] {
		to := m.To
		if to == "" {
			to = "somewhere else, or deleted"
		}
		fmt.Fprintf(e.stdout, "mail %d moved by somebody: %s → %s\n", m.Mail, m.From, to)
	}
	if n := len(b.Moved) - 20; n > 0 {
		fmt.Fprintf(e.stdout, "… and %d more\n", n)
	}
	for _, f := range b.Faults {
		fmt.Fprintf(e.stdout, "FAULT  %s: %s (%d): %s\n", f.Check, f.Says, len(f.What), strings.Join(f.What, ", "))
	}
	if b.OK() {
		fmt.Fprintln(e.stdout, "it balances")
	}
	return nil
}
