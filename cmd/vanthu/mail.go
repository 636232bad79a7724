package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot/app"
	"vanthu/bot/store"
)

// mailCmd shows the journal: every mail ever seen, and what became of it.
type mailCmd struct {
	List mailListCmd `cmd:"" help:"List mails with their outcome and reason; what waits in quarantine by default."`
}

type mailListCmd struct {
	officerFlags
	Outcome string `default:"quarantine" enum:"quarantine,case,followup,ignored,all" help:"quarantine, case, followup, ignored or all."`
}

func (c *mailListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		outcome := store.Outcome(c.Outcome)
		if c.Outcome == "all" {
			outcome = ""
		}
		var mails []store.Mail
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			mails, err = tx.Mails(e.ctx, outcome)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, mails)
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "MAIL\tARRIVED\tFROM\tOUTCOME\tFOLDER\tREASON")
		for _, m := range mails {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", m.ID, local(m.ArrivedAt), dash(m.Sender), dash(string(m.Outcome)), dash(m.Folder), dash(m.Reason))
		}
		return w.Flush()
	})
}
