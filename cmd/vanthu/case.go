package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/register"
	"vanthu/bot/rules"
	"vanthu/bot/store"
)

// caseCmd is what officers do to cases. A case is named by its number, or as "case show" shows it, YC-2026-0042@7: then nothing is
// done when it has changed since.
type caseCmd struct {
	List      caseListCmd      `cmd:"" help:"List cases."`
	Show      caseShowCmd      `cmd:"" help:"Show a case: rows, findings, history."`
	Check     caseCheckCmd     `cmd:"" help:"Stamp a case as checked (QT.CNTT.03 step 3)."`
	Return    caseReturnCmd    `cmd:"" help:"Return a case to its unit with a reason."`
	Withdraw  caseWithdrawCmd  `cmd:"" help:"Withdraw a case before anything was made."`
	Take      caseTakeCmd      `cmd:"" help:"Be the officer who has a case."`
	Release   caseReleaseCmd   `cmd:"" help:"Give a case back to the office."`
	Hold      caseHoldCmd      `cmd:"" help:"Put a case on hold with a reason: its clock stands still, the unit is told."`
	Resume    caseResumeCmd    `cmd:"" help:"Let a case go on that was on hold."`
	Sure      caseSureCmd      `cmd:"" help:"Confirm that a doubtful list is of people who left (step 7)."`
	Restore   caseRestoreCmd   `cmd:"" help:"Give suspended accounts back within their window (step 7)."`
	GoOn      caseGoOnCmd      `cmd:"" help:"Let rows of a deletion go on that were stopped (step 7)."`
	Resend    caseResendCmd    `cmd:"" help:"Send the answers of a case again that failed or bounced."`
	Supersede caseSupersedeCmd `cmd:"" help:"End a case because another one of its unit stands in for it."`

	Received   caseReceivedCmd   `cmd:"" help:"Note that a unit has received its accounts, as it told otherwise than by mail (step 6)."`
	HandedOver caseHandedOverCmd `cmd:"" help:"Note that a unit has handed its accounts over, all or those of a class."`
	Missing    caseMissingCmd    `cmd:"" help:"Note rows whose accounts a unit misses or cannot use; a plan gives them new passwords."`
	Found      caseFoundCmd      `cmd:"" help:"Note that rows said to be missing are there after all."`

	Explain caseExplainCmd `cmd:"" help:"Tell a case from its beginning; of one row: which mail, file and cell, which rule, who approved, what the platform said."`

	Report  caseReportCmd  `cmd:"" help:"Say how the steps went: due, done, on time or late, by whom."`
	Archive caseArchiveCmd `cmd:"" help:"Write the records of a case (QT.CNTT.03, section VII) as files that can be kept without vanthu."`
}

type caseListCmd struct {
	officerFlags
	State   string `help:"Only cases in this state."`
	Overdue bool   `help:"Only cases with a step that is overdue."`
}

func (c *caseListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var cases []bot.Case
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			cases, err = tx.Cases(e.ctx, bot.State(c.State))
			return err
		})
		if err == nil && c.Overdue {
			cases, err = overdue(e, a, cases)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, cases)
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "CASE\tUNIT\tSTATE\tRECEIVED\tOFFICER\tCHECKED BY\tPLANNED BY")
		for _, k := range cases {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Number, k.Unit, stateOf(k), local(k.ReceivedAt), dash(k.Owner), dash(string(k.Checked.By)), dash(string(k.Planned.By)))
		}
		return w.Flush()
	})
}

// stateOf says where a case stands, with its flag.
func stateOf(c bot.Case) string {
	if c.Held.Done() {
		return string(c.State) + " (on hold)"
	}
	return string(c.State)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// What stands in a list, a file name or a finding is cut beyond so many characters on a terminal; --json has all of it.
const (
	widest  = 200
	longest = 1000
)

// foreign is what a unit wrote, harmless; "-" for nothing.
func foreign(s string) string { return dash(harmless(s, widest)) }

type caseShowCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
}

// caseView is a whole case for --json.
type caseView struct {
	Case     bot.Case       `json:"case"`
	Rows     []bot.CaseRow  `json:"rows"`
	Findings []bot.Finding  `json:"findings"`
	Letters  []store.Letter `json:"letters"`
	Events   []bot.Event    `json:"events"`
	Limits   []bot.Limit    `json:"limits"`

	Corrections []store.Correction `json:"corrections"`

	Stops map[int]store.RowStop `json:"stops,omitempty"` // rows of a deletion that wait for an officer
	Held  map[string]bool       `json:"held,omitempty"`  // codes that are on hold

	Near []register.Near `json:"near,omitempty"` // who may have an account under another code
}

func (c *caseShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var v caseView
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			if v.Case, err = tx.CaseByNumber(e.ctx, c.Case); err != nil {
				return err
			}
			if v.Rows, err = tx.Rows(e.ctx, v.Case.ID); err != nil {
				return err
			}
			if v.Findings, err = tx.Findings(e.ctx, v.Case.ID); err != nil {
				return err
			}
			if v.Letters, err = tx.Letters(e.ctx, v.Case.ID); err != nil {
				return err
			}
			if v.Corrections, err = tx.Corrections(e.ctx, v.Case.ID); err != nil {
				return err
			}
			if v.Stops, err = tx.Stops(e.ctx, v.Case.ID); err != nil {
				return err
			}
			var codes []string
			for _, r := range v.Rows {
				codes = append(codes, r.Code)
			}
			if v.Held, err = tx.Held(e.ctx, codes); err != nil {
				return err
			}
			v.Limits, v.Events, err = a.Desk.LimitsOf(e.ctx, tx, v.Case)
			return err
		})
		if err != nil {
			return err
		}
		if v.Near, err = a.NearRows(e.ctx, v.Case, v.Rows); err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, v)
		}
		return v.print(e)
	})
}

func (v *caseView) print(e *env) error {
	k := v.Case
	fmt.Fprintf(e.stdout, "%s@%d  %s  %s  received %s  officer %s\n", k.Number, k.Version, k.Unit, stateOf(k), local(k.ReceivedAt), dash(k.Owner))
	if k.Held.Done() {
		fmt.Fprintf(e.stdout, "on hold since %s, by %s: %s\n", local(k.Held.At), k.Held.By, foreign(k.HeldWhy))
	}
	fmt.Fprintf(e.stdout, "letter: %s (%s, %s)  list: %s\n", foreign(k.LetterFile), foreign(k.LetterDate), foreign(k.Signer), foreign(k.ListFile))
	v.printDeletion(e)
	printEvidence(e, k)
	if err := printLimits(e, v.Limits); err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "N\tCODE\tNAME\tCLASS\tCOHORT\tNOTE\tSTATE\tADDRESS")
	for _, r := range v.Rows {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.N, harmless(r.Code, widest), harmless(r.Name, widest), harmless(r.Class, widest),
			harmless(r.Cohort, widest), harmless(r.Note, widest), rowState(r), harmless(r.Address, widest))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := printClasses(e.stdout, v.Rows); err != nil {
		return err
	}
	for _, f := range v.Findings {
		vi, en := rules.Text(f)
		fmt.Fprintf(e.stdout, "%s %s %s\n       %s\n", f.Rule, place(f), harmless(vi, longest), harmless(en, longest))
	}
	printNear(e, v.Near)
	v.printCorrections(e)
	fmt.Fprintln(e.stdout)
	for _, l := range v.Letters {
		fmt.Fprintf(e.stdout, "answer %s  %s  %s to %s  %s\n", local(l.CreatedAt), l.Kind, letterState(l), harmless(l.To, widest), harmless(letterSaid(l), 200))
	}
	printEvents(e, v.Events)
	return nil
}

// printCorrections shows what each corrected list changed.
func (v *caseView) printCorrections(e *env) {
	for _, c := range v.Corrections {
		n := c.Changes.Count
		fmt.Fprintf(e.stdout, "\ncorrected by mail %d: %d added, %d removed, %d changed, %d unchanged\n", c.MailID, n(bot.RowAdded), n(bot.RowRemoved), n(bot.RowChanged), c.Changes.Unchanged)
		for _, r := range c.Changes.Rows {
			fmt.Fprintf(e.stdout, "  %-7s  %s  %s  %s", r.Kind, foreign(r.Code), foreign(r.Name), foreign(r.Class))
			for _, f := range r.Fields {
				fmt.Fprintf(e.stdout, "  %s: %s → %s", f.Field, foreign(f.Was), foreign(f.Is))
			}
			fmt.Fprintln(e.stdout)
		}
	}
}

// printEvidence says how strongly it is proved that the head of the unit asks (E0 to E3), and whose digital signatures there are.
func printEvidence(e *env, k bot.Case) {
	fmt.Fprintf(e.stdout, "evidence: %s\n", dash(string(k.Evidence)))
	for _, s := range k.Signatures {
		on := "the mail"
		if s.File != "" {
			on = s.File
		}
		at := "no time"
		if !s.At.IsZero() {
			at = local(s.At)
		}
		fmt.Fprintf(e.stdout, "signature: %s on %s by %s (%s), issued by %s, %s\n", s.Verdict, printable(on), printable(dash(s.By)), printable(dash(s.Email)), printable(dash(s.Issuer)), at)
	}
	fmt.Fprintln(e.stdout)
}

func place(f bot.Finding) string {
	if f.N == 0 {
		return "(" + foreign(f.Cell) + ")"
	}
	return fmt.Sprintf("row %d (%s)", f.N, foreign(f.Cell))
}

func printEvents(e *env, events []bot.Event) {
	for _, ev := range events {
		fmt.Fprintf(e.stdout, "%s  %-14s  %s", local(ev.At), ev.Actor, ev.What)
		for _, key := range []string{"row", "plan", "kind", "to", "action", "evidence", "signatures", "rows", "good", "added", "removed", "changed", "unchanged", "state", "named", "platform", "group", "classes", "because", "via", "officer", "reason", "said"} {
			if value := ev.Detail[key]; value != "" {
				fmt.Fprintf(e.stdout, "  %s=%s", key, harmless(value, 300))
			}
		}
		fmt.Fprintln(e.stdout)
	}
}

type caseCheckCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
}

func (c *caseCheckCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Check(e.ctx, desk.OfficerActor(officer), c.Case)
		if err == nil && !c.JSON {
			err = sayNear(e, a, k)
		}
		return c.done(e, k, err)
	})
}

// sayNear tells who checks a case which of its people may have an account under another code.
func sayNear(e *env, a *app.App, k bot.Case) error {
	var rows []bot.CaseRow
	if err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Rows(e.ctx, k.ID)
		return err
	}); err != nil {
		return err
	}
	near, err := a.NearRows(e.ctx, k, rows)
	printNear(e, near)
	return err
}

// done says where a case stands after an act.
func (f *officerFlags) done(e *env, k bot.Case, err error) error {
	if err != nil {
		return err
	}
	if f.JSON {
		return writeJSON(e, k)
	}
	fmt.Fprintf(e.stdout, "%s is now %s\n", k.Number, stateOf(k))
	return nil
}

type caseReturnCmd struct {
	officerFlags
	Case   string `arg:"" help:"Case number."`
	Reason string `required:"" help:"What the unit is told."`
}

func (c *caseReturnCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Return(e.ctx, desk.OfficerActor(officer), c.Case, c.Reason)
		return c.done(e, k, err)
	})
}

type caseWithdrawCmd struct {
	officerFlags
	Case   string `arg:"" help:"Case number."`
	Reason string `help:"What the unit is told."`
}

func (c *caseWithdrawCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		k, err := a.Desk.Withdraw(e.ctx, desk.OfficerActor(officer), c.Case, c.Reason)
		return c.done(e, k, err)
	})
}

type caseResendCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
}

func (c *caseResendCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		n, err := a.Desk.Resend(e.ctx, desk.OfficerActor(officer), c.Case)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%d answers of %s are queued again\n", n, c.Case)
		return nil
	})
}

type caseExplainCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	Row  int    `arg:"" optional:"" help:"Number of a row; without it the whole case, in the order in which it happened."`
}

func (c *caseExplainCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		if c.Row == 0 {
			return c.explainWhole(e, a)
		}
		x, err := a.Desk.Explain(e.ctx, c.Case, c.Row)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, x)
		}
		r := x.Row
		fmt.Fprintf(e.stdout, "%s row %d: %s, %s, %s\n", x.Case.Number, r.N, foreign(r.Code), foreign(r.Name), r.State)
		fmt.Fprintf(e.stdout, "mail      %d of %s in %s (UID %d/%d), %s\n", x.Mail.ID, harmless(x.Mail.Sender, widest), x.Mail.Mailbox, x.Mail.UIDValidity, x.Mail.UID, local(x.Mail.ArrivedAt))
		fmt.Fprintf(e.stdout, "stood in  %s, sheet %s, row %d: code %s, name %s\n", foreign(r.File), foreign(r.Sheet), r.Line, foreign(r.Cells["code"]), foreign(r.Cells["name"]))
		for _, f := range x.Findings {
			vi, en := rules.Text(f)
			fmt.Fprintf(e.stdout, "rule      %s %s %s\n          %s\n", f.Rule, place(f), harmless(vi, longest), harmless(en, longest))
		}
		if x.Plan != nil {
			fmt.Fprintf(e.stdout, "plan      %s, hash %s, made by %s, approved by %s %s\n", x.Plan.Number, x.Plan.Hash, x.Plan.Made.By, dash(string(x.Plan.Approved.By)), local(x.Plan.Approved.At))
		}
		fmt.Fprintf(e.stdout, "platform  %s %s: %s\n", dash(r.Platform), foreign(r.Address), foreign(r.Said))
		printEvents(e, x.Events)
		return nil
	})
}
