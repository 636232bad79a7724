package main

import (
	"fmt"
	"io"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/procedure"
)

// procedureCmd shows the procedure: edition 01 as a file to begin a later edition with, or the editions of a configuration.
type procedureCmd struct {
	Config string `help:"Show the editions of this configuration instead, with the days from which they hold." type:"existingfile" placeholder:"FILE"`
}

// Run needs neither an officer nor the database.
func (c procedureCmd) Run(e *env) error {
	if c.Config == "" {
		_, err := io.WriteString(e.stdout, procedure.Text())
		return err
	}
	cfg, err := config.LoadOffline(c.Config)
	if err != nil {
		return err
	}
	editions, err := app.Editions(cfg)
	if err != nil {
		return err
	}
	for _, d := range editions {
		from := "for all cases before"
		if !d.From.IsZero() {
			from = "for cases from " + d.From.Format("2006-01-02")
		}
		fmt.Fprintf(e.stdout, "%s edition %s, issued %s, %s\n", d.Code, d.Edition, d.Issued, from)
		for _, s := range d.Steps {
			fmt.Fprintf(e.stdout, "  %d  %-10s  %-6s  %s\n", s.Number, s.ID, s.Whose, days(s.Target, s.Days, s.Working))
		}
	}
	return nil
}

func days(target, limit int, working bool) string {
	kind := "days"
	if working {
		kind = "working days"
	}
	switch {
	case limit == 0:
		return "no limit"
	case target != limit:
		return fmt.Sprintf("%d to %d %s", target, limit, kind)
	case limit == 1 && working:
		return "1 working day"
	case limit == 1:
		return "1 day"
	}
	return fmt.Sprintf("%d %s", limit, kind)
}
