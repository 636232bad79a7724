package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

type caseSureCmd struct {
	officerFlags
	Case   string `arg:"" help:"Case number."`
	Reason string `required:"" help:"How you know that these people have left."`
}

func (c *caseSureCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Sure(e.ctx, desk.OfficerActor(officer), c.Case, c.Reason)
		return c.done(e, k, err)
	})
}

type caseRestoreCmd struct {
	officerFlags
	Case   string `arg:"" help:"Case number."`
	Rows   []int  `arg:"" optional:"" help:"Numbers of rows; none: all."`
	Reason string `required:"" help:"Why access is given back."`
}

func (c *caseRestoreCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.GiveBack(e.ctx, desk.OfficerActor(officer), c.Case, c.Rows, c.Reason)
		if err == nil && !c.JSON {
			fmt.Fprintln(e.stdout, "the serving process gives access back and tells the unit")
		}
		return c.done(e, k, err)
	})
}

type caseGoOnCmd struct {
	officerFlags
	Case   string `arg:"" help:"Case number."`
	Rows   []int  `arg:"" optional:"" help:"Numbers of rows; none: all that are stopped."`
	Reason string `required:"" help:"Why the deletion goes on."`
}

func (c *caseGoOnCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.GoOn(e.ctx, desk.OfficerActor(officer), c.Case, c.Rows, c.Reason)
		return c.done(e, k, err)
	})
}

// holdCmd keeps the accounts of named people as they are (step 7).
type holdCmd struct {
	Add  holdAddCmd  `cmd:"" help:"Keep the account of a person: it is not suspended nor erased, whatever a list says."`
	Lift holdLiftCmd `cmd:"" help:"End a hold. What was approved meanwhile goes on."`
	List holdListCmd `cmd:"" help:"List who is on hold."`
}

type holdAddCmd struct {
	officerFlags
	Code   string `arg:"" help:"Student or learner code."`
	Reason string `required:"" help:"Why; for officers alone, the unit is not told."`
}

func (c *holdAddCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if err := a.Desk.HoldPerson(e.ctx, desk.OfficerActor(officer), c.Code, c.Reason); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(e.stdout, "%s is on hold\n", foreign(c.Code)); err != nil {
			return err
		}
		return c.noteUnknown(e, a)
	})
}

// noteUnknown says that the register has no account of the person: it may be a slip, which would protect nobody. The directory may
// still have one that vanthu did not make.
func (c *holdAddCmd) noteUnknown(e *env, a *app.App) error {
	code, known := strings.ToUpper(strings.TrimSpace(c.Code)), false
	err := a.DB.Read(e.ctx, func(tx *store.Tx) error {
		found, err := tx.Known(e.ctx, []string{code}, 0)
		known = len(found[code]) > 0
		return err
	})
	if err == nil && !known {
		fmt.Fprintf(e.stderr, "note: the register has no account of %s; look at the code once more\n", foreign(code))
	}
	return err
}

type holdLiftCmd struct {
	officerFlags
	Code   string `arg:"" help:"Student or learner code."`
	Reason string `required:"" help:"Why it is lifted."`
}

func (c *holdLiftCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if err := a.Desk.LiftHold(e.ctx, desk.OfficerActor(officer), c.Code, c.Reason); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "%s is not on hold any more\n", foreign(c.Code))
		return err
	})
}

type holdListCmd struct {
	officerFlags
	All bool `help:"Those that were lifted, too."`
}

func (c *holdListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var holds []store.NamedHold
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			holds, err = tx.Holds(e.ctx, c.All)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, holds)
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "CODE\tSINCE\tBY\tREASON\tLIFTED")
		for _, h := range holds {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", foreign(h.Code), local(h.Added.At), h.Added.By, foreign(h.Reason), dash(string(h.Lifted.By)))
		}
		return w.Flush()
	})
}

// printDeletion shows on what a deletion rests, its two clocks (Q10), and what keeps rows of it.
func (v *caseView) printDeletion(e *env) {
	k := v.Case
	if k.Kind != bot.DeletionRequest {
		return
	}
	fmt.Fprintf(e.stdout, "decision: %s of %s\n", foreign(k.Decision), dash(k.DecisionDate))
	if decided, err := officeDay("decision", k.DecisionDate); err == nil {
		fmt.Fprintf(e.stdout, "clocks: decision to mail %s (the unit's); mail to %s (the office's)\n", inDays(k.ReceivedAt.Sub(decided)), v.worked())
	}
	if k.State == bot.Suspended {
		fmt.Fprintf(e.stdout, "erased: from %s, %s left to undo it\n", local(k.EraseAt), inDays(k.EraseAt.Sub(clock())))
	}
	for _, r := range v.Rows {
		if s, stopped := v.Stops[r.N]; stopped {
			fmt.Fprintf(e.stdout, "row %d waits for an officer since %s, by %s: %s\n", r.N, local(s.Since.At), s.Since.By, harmless(s.Why, widest))
		}
		if v.Held[r.Code] {
			fmt.Fprintf(e.stdout, "row %d is on hold (hold list)\n", r.N)
		}
	}
}

// worked is when the accounts were suspended, and how long that took.
func (v *caseView) worked() string {
	for _, ev := range v.Events {
		if ev.What == "accounts_suspended" {
			return "suspension " + inDays(ev.At.Sub(v.Case.ReceivedAt))
		}
	}
	return "suspension, not done yet"
}

func inDays(d time.Duration) string {
	return strings.TrimSuffix(strconv.FormatFloat(d.Hours()/24, 'f', 1, 64), ".0") + " days"
}
