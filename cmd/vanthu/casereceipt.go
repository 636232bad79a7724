package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
)

// What a unit tells an officer about its accounts otherwise than by mail (step 6): the same as its mail would do, recorded with the
// officer and with how he knows.

type caseReceivedCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	How  string `required:"" help:"How the unit told it, and who: \"by telephone, Ms Hoa\"."`
}

func (c *caseReceivedCmd) Run(e *env) error {
	return c.told(e, c.Case, bot.Receipt{Received: true}, c.How)
}

type caseHandedOverCmd struct {
	officerFlags
	Case  string   `arg:"" help:"Case number."`
	Class []string `help:"Only this class; may be given several times. Without it: everybody who is not missing."`
	How   string   `required:"" help:"How the unit told it, and who."`
}

func (c *caseHandedOverCmd) Run(e *env) error {
	return c.told(e, c.Case, bot.Receipt{HandedOver: len(c.Class) == 0, Classes: c.Class}, c.How)
}

type caseMissingCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	Row  []int  `required:"" help:"Row of the case; may be given several times."`
	Why  string `default:"not_there" enum:"not_there,no_sign_in,wrong_password" help:"What is wrong: not_there, no_sign_in or wrong_password."`
	How  string `required:"" help:"How the unit told it, and who."`
}

func (c *caseMissingCmd) Run(e *env) error {
	r := bot.Receipt{}
	for _, n := range c.Row {
		r.Missing = append(r.Missing, bot.Missing{N: n, Why: bot.MissingWhy(c.Why)})
	}
	return c.told(e, c.Case, r, c.How)
}

type caseFoundCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	Row  []int  `required:"" help:"Row of the case; may be given several times."`
	How  string `required:"" help:"How the unit told it, and who."`
}

func (c *caseFoundCmd) Run(e *env) error {
	return c.told(e, c.Case, bot.Receipt{Found: c.Row}, c.How)
}

func (f *officerFlags) told(e *env, number string, r bot.Receipt, how string) error {
	return f.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.ReceiptByOfficer(e.ctx, desk.OfficerActor(officer), number, r, how)
		return f.done(e, k, err)
	})
}

// printClasses shows each class of a case: its monitor (Q15), and where it stands between delivery and hand-over.
func printClasses(out io.Writer, rows []bot.CaseRow) error {
	type class struct {
		name     string
		rows     int
		monitors []string
	}
	var order []string
	classes := make(map[string]*class)
	for _, r := range rows {
		key := bot.ClassKey(r.Class)
		k := classes[key]
		if k == nil {
			k = &class{name: r.Class}
			classes[key], order = k, append(order, key)
		}
		k.rows++
		if r.Monitor {
			k.monitors = append(k.monitors, fmt.Sprintf("%s (%s)", harmless(r.Name, widest), harmless(r.Code, widest)))
		}
	}
	counts := make(map[string]bot.ClassCount)
	for _, c := range bot.ByClass(rows) {
		counts[bot.ClassKey(c.Class)] = c
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLASS\tROWS\tACCOUNTS\tHANDED OVER\tMISSING\tMONITOR")
	for _, key := range order {
		k, c := classes[key], counts[key]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", foreign(k.name), k.rows, c.Made, c.HandedOver, c.Missing, dash(strings.Join(k.monitors, ", ")))
	}
	return w.Flush()
}

func rowState(r bot.CaseRow) string {
	if r.HandedOver.Done() {
		return string(r.State) + ", handed over"
	}
	return string(r.State)
}
