package main

import (
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
)

// calendarCmd prints the days off of a year in the form in which [deadlines] days_off takes them.
type calendarCmd struct {
	Year   int    `arg:"" optional:"" help:"Default: this year."`
	Config string `help:"With the office's own table of this configuration." type:"existingfile" placeholder:"FILE"`
}

// Run needs neither an officer nor the database.
func (c calendarCmd) Run(e *env) error {
	cfg := &config.Config{}
	if c.Config != "" {
		var err error
		if cfg, err = config.LoadOffline(c.Config); err != nil {
			return err
		}
	}
	days, err := app.Calendar(cfg)
	if err != nil {
		return err
	}
	year := c.Year
	if year == 0 {
		year = time.Now().In(bot.ICT).Year()
	}
	if len(days.Year(year)) == 0 {
		return fmt.Errorf("the days off of %d are not known", year)
	}
	state := "by the official notice"
	if days.Tentative(year) {
		state = "computed, not announced: put the official notice in their place, with announced as status"
	}
	fmt.Fprintf(e.stdout, "# %d: %s. The university's own days have the status own.\n", year, state)
	fmt.Fprintln(e.stdout, "# kind: off = holiday, off-comp = compensation, off-swap = swapped day off, work-swap = Saturday that is worked.")
	fmt.Fprintln(e.stdout, "date\tweekday\tkind\tname\tstatus")
	for _, d := range days.Year(year) {
		fmt.Fprintln(e.stdout, d)
	}
	return nil
}
