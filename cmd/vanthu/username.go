package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
)

// usernameCmd explains how somebody comes to his user name (FR-16).
type usernameCmd struct {
	officerFlags
	Name   string `arg:"" help:"Full name."`
	Code   string `arg:"" help:"Student code."`
	Class  string `help:"Class, where the policy uses it."`
	Cohort string `help:"Cohort, where the policy uses it."`
}

func (c *usernameCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		defer asksPlatform(e, a)()
		u, err := a.Username(e.ctx, bot.NameRow{Code: c.Code, Name: c.Name, Class: c.Class, Cohort: c.Cohort})
		if err != nil {
			return err
		}
		if c.JSON {
			err = writeJSON(e, u)
		} else {
			err = printUsername(e, a.Config.Accounts.Names.Policy, u)
		}
		if err == nil && (u.User == "" || u.Has != "") {
			err = exit(1)
		}
		return err
	})
}

func printUsername(e *env, policy string, u app.Username) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	what := map[string]string{"folded": "without marks", "fields": "parts", "policy": "policy " + policy, "shortened": "shortened", "fault": "refused by", "instead": "code instead"}
	for _, s := range u.Steps {
		fmt.Fprintf(w, "%s\t%s\n", what[s.What], foreign(s.Is))
	}
	for _, t := range u.Tried {
		if t.Free && u.Has != "" {
			fmt.Fprintf(w, "%s\tnobody else's\n", t.User)
			continue
		}
		if t.Free {
			fmt.Fprintf(w, "%s\tfree\n", t.User)
			continue
		}
		holder := "somebody else's account"
		if t.Holder != "" {
			holder = foreign(t.Holder)
		}
		in := map[string]string{"register": "in the register", "plan": "reserved by a plan", "platform": "on the platform", "group": "the group of a class"}[t.Where]
		if t.State == string(bot.AccountDeleted) || t.State == string(bot.AccountSuspended) {
			in += ", " + t.State
		}
		fmt.Fprintf(w, "%s\ttaken by %s, %s\n", t.User, holder, in)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !u.Asked && u.Rule == "" {
		fmt.Fprintln(e.stdout, "the platform was not asked; it has the last word when the account is made")
	}
	switch {
	case u.Rule == "ACC-02":
		fmt.Fprintln(e.stdout, "no user name (ACC-02): none can be made of this code and name; put the code right, or let such people have their code ([accounts.names] instead)")
	case u.Rule != "":
		fmt.Fprintf(e.stdout, "no user name (%s): reserved, unsuitable or of a length that is not given; see [accounts.names] suitable and instead, [accounts] reserved\n", u.Rule)
	case u.Has != "":
		fmt.Fprintf(e.stdout, "gets none: %s has an account already, %s (%s), and nobody gets a second one\n", foreign(u.Code), foreign(u.Has), u.State)
	case u.User == "":
		fmt.Fprintln(e.stdout, "no user name: this policy has no other one; see [accounts.names] collision")
	default:
		fmt.Fprintf(e.stdout, "would get %s, %s\n", u.User, u.Address)
	}
	return nil
}

// asksPlatform lets plans ask the platform who has a name, where names may be taken by others, and says when it cannot be asked from
// here: then the accounts that are made say it. It returns what ends that.
func asksPlatform(e *env, a *app.App) (done func()) {
	if !a.Desk.Names.Suffix {
		return func() {}
	}
	done, err := a.AskPlatform(e.ctx)
	if err != nil {
		fmt.Fprintf(e.stderr, "note: the platform is not asked who has these names, the register is: %v\n", err)
		return func() {}
	}
	return done
}
