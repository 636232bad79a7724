package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"vanthu/bot/app"
	"vanthu/bot/audit"
	"vanthu/bot/store"
)

// storeCmd is what an administrator does to a whole database.
type storeCmd struct {
	Copy storeCopyCmd `cmd:"" help:"Copy everything from SQLite to an empty PostgreSQL database, or back. Nobody may serve either. Exit code 1: the history of the copy is broken."`
}

type storeCopyCmd struct {
	From         string `arg:"" help:"sqlite:FILE or postgres://…"`
	To           string `arg:"" help:"The same; the database must be empty."`
	PasswordFile string `type:"existingfile" placeholder:"FILE" help:"The password of PostgreSQL, when its URL holds none."`
	JSON         bool   `name:"json" help:"Print JSON."`
}

// Run needs no officer: who may read both databases is above all of them.
func (c *storeCopyCmd) Run(e *env) error {
	password := ""
	if c.PasswordFile != "" {
		text, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return err
		}
		password = strings.TrimSpace(string(text))
	}
	if file, ok := strings.CutPrefix(c.From, "sqlite:"); ok { // Open would make it
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	out := struct {
		Tables []store.Copied `json:"tables"`
		Audit  *audit.Report  `json:"audit"`
	}{Tables: []store.Copied{}}
	began, rows := time.Now(), int64(0)
	report, err := app.CopyStore(e.ctx, c.From, c.To, password, clock, func(t store.Copied) {
		out.Tables = append(out.Tables, t)
		rows += t.Rows
	})
	if err != nil {
		return err
	}
	if out.Audit = report; c.JSON {
		err = writeJSON(e, out)
	} else {
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "table\trows\tlast number\tcontent, on both sides\t")
		for _, t := range out.Tables {
			last := ""
			if t.Last > 0 {
				last = fmt.Sprint(t.Last)
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%.16s\tsame\n", t.Table, t.Rows, last, t.Hash)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "\n%d rows in %v\n", rows, time.Since(began).Round(10*time.Millisecond))
		printAudit(e, report)
	}
	if err == nil && !report.OK() {
		return exit(1)
	}
	return err
}
