package main

import (
	"fmt"
	"strings"

	"vanthu/bot/app"
	"vanthu/bot/config"
)

type mailRestoreCmd struct{ officerFlags }

// Run puts mailbox and numbers right after the database came back from a backup.
func (c *mailRestoreCmd) Run(e *env) error {
	return c.openWith(e, config.Load, func(a *app.App) error {
		r, err := a.Restore(e.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, r)
		}
		if r.Moved == 0 {
			fmt.Fprintln(e.stdout, "every mail in the folders is in the journal: nothing to do")
			return nil
		}
		fmt.Fprintf(e.stdout, "%d mails are back in the mailbox and will be judged again; numbers go on after %s\n", r.Moved, strings.Join(r.Numbers, ", "))
		return nil
	})
}
