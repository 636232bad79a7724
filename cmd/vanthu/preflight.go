package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/store"
)

// preflightCmd looks whether accounts could be made, before a plan is approved. It reads the platform's secret, so it is for whoever
// runs vanthu; officers see in "plan show" and "status" what the serving process sees.
type preflightCmd struct {
	officerFlags
	Plan string `arg:"" optional:"" help:"Look for the accounts of this plan."`
	Try  bool   `help:"Make a throw-away account, sign in to it, suspend and erase it. Recorded as yours."`
}

func (c *preflightCmd) Run(e *env) error {
	return c.openWith(e, config.Load, func(a *app.App) error {
		n := 0
		if c.Plan != "" {
			p, err := planOf(e, a, c.Plan)
			if err != nil {
				return err
			}
			if p.Kind == bot.PlanCreate {
				n = len(p.Items)
			}
		}
		seen := app.Preflight(e.ctx, a.Config, clock, n)
		left := ""
		if c.Try && len(seen.Failed()) == 0 {
			officer, err := a.Officer(c.As)
			if err != nil {
				return err
			}
			if c.As != "" {
				if err := a.RecordActingAs(e.ctx, officer); err != nil {
					return err
				}
			}
			tried, lies, err := a.Try(e.ctx, officer)
			if err != nil {
				return err
			}
			seen.Checks, left = append(seen.Checks, tried.Checks...), lies
		}
		return c.print(e, seen, left)
	})
}

func (c *preflightCmd) print(e *env, seen app.Ahead, left string) error {
	if c.JSON {
		if err := writeJSON(e, struct {
			app.Ahead
			Left string `json:"left,omitempty"`
		}{seen, left}); err != nil {
			return err
		}
	} else {
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		for _, check := range seen.Checks {
			fmt.Fprintf(w, "%s\t%s\t%s\n", strings.ToUpper(string(check.Level)), check.What, foreign(check.Said))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if len(seen.Checks) == 0 {
			fmt.Fprintf(e.stdout, "%s has nothing that could be looked at before\n", seen.Platform)
		}
		if left != "" {
			fmt.Fprintln(e.stdout, left)
		}
	}
	if len(seen.Failed()) > 0 {
		return exit(1)
	}
	return nil
}

func seenAhead(e *env, a *app.App) (seen *app.Ahead, err error) {
	err = a.DB.Read(e.ctx, func(tx *store.Tx) error {
		seen, err = app.SeenAhead(e.ctx, tx)
		return err
	})
	return seen, err
}

// aheadLine is what the serving process saw last, in a line.
func aheadLine(seen *app.Ahead) string {
	if seen == nil {
		return "preflight: not known: nobody serves, or the process that does has not looked yet (vanthu status)"
	}
	if failed := seen.Failed(); len(failed) > 0 {
		return fmt.Sprintf("preflight: FAILED at %s: %s", local(seen.At), foreign(seen.Said()))
	}
	warnings := 0
	for _, c := range seen.Checks {
		if c.Level == account.CheckWarning {
			warnings++
		}
	}
	if warnings > 0 {
		return fmt.Sprintf("preflight: nothing against it at %s, %s (vanthu preflight)", local(seen.At), count(warnings, "warning"))
	}
	return fmt.Sprintf("preflight: nothing against it at %s", local(seen.At))
}
