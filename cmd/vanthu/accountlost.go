package main

import (
	"errors"
	"fmt"
	"strings"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// accountLostCmd is for an account that the platform agreed to make and has lost (decision 40). It asks nobody: the serving process looks.
type accountLostCmd struct {
	officerFlags
	Code     string `arg:"" optional:"" help:"Student code. Without one: list what the platform agreed to make, or says to be there, and does not show."`
	Reason   string `help:"Say that the platform has lost the account, and why you think so; it stands in the history." xor:"act" placeholder:"TEXT"`
	Approve  bool   `help:"Say so, too, as another officer. Then its row is given up when the platform does not show it for a while yet." xor:"act"`
	Withdraw bool   `help:"Take it back." xor:"act"`
}

func (c *accountLostCmd) Run(e *env) error {
	does := c.Reason != "" || c.Approve || c.Withdraw
	switch {
	case c.Code == "" && does:
		return errors.New("account lost: say whose account, by its student code")
	case !does:
		return c.look(e, func(a *app.App) error {
			all, err := a.Desk.Unseen(e.ctx)
			if err != nil {
				return err
			}
			return c.print(e, all)
		})
	}
	return c.act(e, func(a *app.App, officer bot.Officer) (err error) {
		var l store.Loss
		switch actor := desk.OfficerActor(officer); {
		case c.Approve:
			l, err = a.Desk.ApproveLost(e.ctx, officer, c.Code)
		case c.Withdraw:
			l, err = a.Desk.WithdrawLost(e.ctx, actor, c.Code)
		default:
			l, err = a.Desk.AskLost(e.ctx, actor, c.Code, c.Reason)
		}
		if err != nil {
			return err
		}
		return c.print(e, []store.Loss{l})
	})
}

func (c *accountLostCmd) print(e *env, all []store.Loss) error {
	shown := []store.Loss{}
	for _, l := range all {
		if c.Code == "" || strings.EqualFold(l.Code, strings.TrimSpace(c.Code)) {
			shown = append(shown, l)
		}
	}
	if c.JSON {
		return writeJSON(e, shown)
	}
	if len(shown) == 0 {
		_, err := fmt.Fprintln(e.stdout, "the platform shows all that it agreed to make, or may still take its time")
		return err
	}
	t := table{w: e.stdout, rows: [][]string{{"CODE", "ADDRESS", "CASE", "ROW", "AGREED", "HELD FOR LOST BY", "NOT SHOWN SINCE", "APPROVED BY"}}}
	for _, l := range shown {
		if err := t.add(foreign(l.Code), foreign(l.Address), l.Case, fmt.Sprint(l.N), local(l.Agreed), dash(string(l.Asked.By)), local(l.Unseen), dash(string(l.Approved.By))); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, l := range shown {
		if l.Open() {
			fmt.Fprintf(e.stdout, "%s: %s\n", foreign(l.Code), harmless(l.Why, longest))
		}
	}
	return nil
}
