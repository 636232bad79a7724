package main

import (
	"fmt"
	"strconv"

	"vanthu/bot"
	"vanthu/bot/app"
)

type mailReplayCmd struct {
	officerFlags
	What []string `arg:"" optional:"" help:"Numbers of mails, or files (.eml)."`
	All  bool     `help:"Every mail of the journal."`
}

// Run judges stored mails again with this version. Exit code 1: something would end otherwise.
func (c *mailReplayCmd) Run(e *env) error {
	var ids []int64
	var files []string
	for _, what := range c.What {
		if id, err := strconv.ParseInt(what, 10, 64); err == nil {
			ids = append(ids, id)
			continue
		}
		files = append(files, what)
	}
	if c.All == (len(c.What) > 0) {
		return bot.Errorf(bot.Invalid, "say which mails, or --all")
	}
	if !c.All && ids == nil {
		ids = []int64{}
	}
	return c.look(e, func(a *app.App) error {
		all := []app.Replayed{}
		differ := 0
		err := a.Replay(e.ctx, reader, ids, files, func(r app.Replayed) {
			if len(r.Diffs) > 0 {
				differ++
			}
			if all = append(all, r); !c.JSON {
				printReplayed(e, r, c.All)
			}
		})
		if err != nil {
			return err
		}
		if c.JSON {
			err = writeJSON(e, all)
		} else {
			fmt.Fprintf(e.stdout, "%d mails judged again, %d differ\n", len(all), differ)
		}
		if err == nil && differ > 0 {
			return exit(1)
		}
		return err
	})
}

// printReplayed prints one mail; of many only those that differ.
func printReplayed(e *env, r app.Replayed, many bool) {
	if many && len(r.Diffs) == 0 {
		return
	}
	if r.File != "" {
		fmt.Fprintf(e.stdout, "%s: %s\n", harmless(r.File, 200), r.Now)
		return
	}
	fmt.Fprintf(e.stdout, "mail %d: %s", r.Mail, r.Then)
	if r.Now != r.Then {
		fmt.Fprintf(e.stdout, " → %s", r.Now)
	}
	fmt.Fprintln(e.stdout)
	for _, d := range r.Diffs {
		fmt.Fprintf(e.stdout, "  %s\n", harmless(d, 300))
	}
}
