package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"vanthu/bot/app"
	"vanthu/bot/audit"
	"vanthu/bot/config"
)

// auditCmd is what proves the history.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Recompute the history and say whether anything in it was changed. Exit code 1: something was."`
}

type auditVerifyCmd struct {
	officerFlags
	Head string `placeholder:"FILE|HASH" help:"Also find these heads in the history, kept from earlier runs: so that an end that was cut off shows."`
	Deep bool   `help:"Also hold plans against the hashes that were approved, and mails with their attachments against those under which they came."`
}

// Run needs no officer: a timer may run it, and nothing in its answer is about a person.
func (c *auditVerifyCmd) Run(e *env) error {
	heads, err := c.heads()
	if err != nil {
		return err
	}
	return c.openWith(e, config.LoadDesk, func(a *app.App) error {
		r, err := a.Audit(e.ctx, app.Audit{Heads: heads, Deep: c.Deep})
		if err != nil {
			return err
		}
		if c.JSON {
			err = writeJSON(e, r)
		} else {
			printAudit(e, r)
		}
		if err == nil && !r.OK() {
			return exit(1)
		}
		return err
	})
}

// heads reads what --head names: a file, or the hash itself.
func (c *auditVerifyCmd) heads() ([]string, error) {
	if c.Head == "" {
		return nil, nil
	}
	f, err := os.Open(c.Head)
	if errors.Is(err, fs.ErrNotExist) {
		heads, err := audit.Heads([]byte(c.Head))
		if err != nil {
			return nil, fmt.Errorf("--head %s: no such file, and no hash of 64 digits", printable(c.Head))
		}
		return heads, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 16<<20))
	if err != nil {
		return nil, err
	}
	heads, err := audit.Heads(data)
	if err != nil {
		return nil, fmt.Errorf("--head %s: %w", printable(c.Head), err)
	}
	return heads, nil
}

func printAudit(e *env, r *audit.Report) {
	fmt.Fprintf(e.stdout, "%d events verified", r.Events)
	if r.Plans+r.Mails > 0 {
		fmt.Fprintf(e.stdout, ", %d plans, %d mails", r.Plans, r.Mails)
	}
	if r.Heads > 0 {
		fmt.Fprintf(e.stdout, ", %d earlier heads found", r.Heads)
	}
	if r.Gone > 0 {
		fmt.Fprintf(e.stdout, ", %d of them without their detail, destroyed by approved lists", r.Gone)
	}
	fmt.Fprintln(e.stdout)
	for _, a := range r.Adopted {
		fmt.Fprintf(e.stdout, "events %d to %d were written by an earlier version and chained on %s: they are proved from that day on\n", a.From, a.To, local(a.On))
	}
	for _, f := range r.Faults {
		fmt.Fprintf(e.stdout, "FAULT  %s", harmless(f.Says(), longest))
		var about []string
		if f.Check == audit.Changed || f.Check == audit.Moved || f.Check == audit.PutIn {
			about = append(about, "as it stands: "+harmless(f.What, 60), local(f.At))
		}
		if f.Case != "" {
			about = append(about, "case "+f.Case)
		}
		if len(about) > 0 {
			fmt.Fprintf(e.stdout, " (%s)", strings.Join(about, ", "))
		}
		fmt.Fprintln(e.stdout)
	}
	if r.More > 0 {
		fmt.Fprintf(e.stdout, "… and %d more\n", r.More)
	}
	fmt.Fprintf(e.stdout, "head  %d  %s  %s\n", r.Head.Event, local(r.HeadAt), r.Head.Hash)
	if r.OK() {
		fmt.Fprintln(e.stdout, "The history is whole. Keep the line above elsewhere: with --head it proves later that nothing up to here was taken away.")
	}
}
