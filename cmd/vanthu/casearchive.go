package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/archive"
)

type caseArchiveCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	To   string `required:"" placeholder:"FOLDER|FILE.zip" help:"A new folder, or a new .zip file."`
}

// Run writes the archive under a name of its own first: half an archive never has the name of a whole one.
func (c *caseArchiveCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if _, err := os.Lstat(c.To); err == nil {
			return fmt.Errorf("%s is there already: an archive is written once", printable(c.To))
		}
		to := strings.TrimRight(c.To, "/")
		part := to + ".part"
		var out *archive.Archive
		var err error
		if strings.HasSuffix(strings.ToLower(to), ".zip") {
			out, err = archive.Zip(part, time.Now())
		} else {
			out, err = archive.Folder(part)
		}
		if err != nil {
			return err
		}
		err = a.ArchiveCase(e.ctx, officer, c.Case, out)
		if err = errors.Join(err, out.Close()); err != nil {
			return errors.Join(err, os.RemoveAll(part))
		}
		if err := os.Rename(part, to); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s: %d files in %s\n", c.Case, out.Files, printable(to))
		return nil
	})
}
