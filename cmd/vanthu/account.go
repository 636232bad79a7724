package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/register"
	"vanthu/bot/store"
)

// accountCmd is the register of accounts (QT.CNTT.03, section VII.2).
type accountCmd struct {
	List      accountListCmd      `cmd:"" help:"List the accounts of the register."`
	Show      accountShowCmd      `cmd:"" help:"Show what is known of the account of a person."`
	Near      accountNearCmd      `cmd:"" help:"People who may be in the register twice: one name, one class, or codes that differ by a slip."`
	Import    accountImportCmd    `cmd:"" help:"Take accounts that exist already up into the register: from the platform, or from a CSV file. Without --yes nothing is written."`
	Lost      accountLostCmd      `cmd:"" help:"Accounts that the platform agreed to make and does not show; say that one is lost, approve that, take it back."`
	Reconcile accountReconcileCmd `cmd:"" help:"Hold the register against the platform. Nothing is changed. Exit code 1: they differ."`
}

// pageSize is how many lines of the register are in memory at once.
const pageSize = 1000

type accountListCmd struct {
	officerFlags
	State string `help:"Only accounts in this state: new, waits_for_password, active, suspended, deleted." enum:"new,waits_for_password,active,suspended,deleted," default:"" placeholder:"STATE"`
	Class string `help:"Only those of a class." placeholder:"CLASS"`
}

func (c *accountListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		list, t := jsonList{e: e}, table{w: e.stdout, rows: [][]string{{"CODE", "USER", "ADDRESS", "NAME", "CLASS", "STATE", "ORIGIN", "CASE"}}}
		err := eachLine(e, a, func(l store.RegisterLine) error {
			if c.State != "" && string(l.State) != c.State || c.Class != "" && bot.ClassKey(l.Class) != bot.ClassKey(c.Class) {
				return nil
			}
			if c.JSON {
				return list.add(l)
			}
			return t.add(foreign(l.Code), foreign(l.User), foreign(l.Address), foreign(l.Name), foreign(l.Class), string(l.State), l.Origin, dash(l.Case))
		})
		switch {
		case err != nil:
			return err
		case c.JSON:
			return list.end()
		}
		return t.flush()
	})
}

// eachLine goes through the register, a page in each transaction.
func eachLine(e *env, a *app.App, f func(store.RegisterLine) error) error {
	for after := ""; ; {
		var lines []store.RegisterLine
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			lines, err = tx.RegisterAfter(e.ctx, after, pageSize)
			return err
		})
		if err != nil || len(lines) == 0 {
			return err
		}
		for _, l := range lines {
			if err := f(l); err != nil {
				return err
			}
		}
		after = lines[len(lines)-1].Code
	}
}

type accountShowCmd struct {
	officerFlags
	Code string `arg:"" help:"Student code."`
}

func (c *accountShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var lines []store.RegisterLine
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			lines, err = tx.RegisterOf(e.ctx, []string{c.Code}, nil)
			return err
		})
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return bot.Errorf(bot.NotFound, "nobody with the code %s is in the register", c.Code)
		}
		l := lines[0]
		if c.JSON {
			return writeJSON(e, l)
		}
		return printLine(e, l)
	})
}

// printLine says all that the register knows of an account.
func printLine(e *env, l store.RegisterLine) error {
	origin := fmt.Sprintf("made by case %s row %d, %s", l.Case, l.Row, local(l.Since))
	switch l.Origin {
	case "imported":
		origin = "imported: vanthu did not make it"
	case "found":
		origin = fmt.Sprintf("vanthu did not make it; case %s row %d suspended it", l.Case, l.Row)
	}
	state := string(l.State)
	if !l.Gone.IsZero() {
		since := "since"
		if l.Origin == "imported" && l.Decision == "" { // the platform does not say since when
			since = "as it was found"
		}
		state = fmt.Sprintf("%s %s %s, decision %s", l.State, since, local(l.Gone), foreign(l.Decision))
	}
	t := table{w: e.stdout, rows: [][]string{{"code", foreign(l.Code)}, {"name", foreign(l.Name)}, {"class", foreign(l.Class)}, {"cohort", foreign(l.Cohort)}, {"address", foreign(l.Address)},
		{"user name", foreign(l.User)}, {"platform", foreign(l.Platform)}, {"state", state}, {"origin", origin}}}
	return t.flush()
}

type accountNearCmd struct{ officerFlags }

func (c *accountNearCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		list, t := jsonList{e: e}, table{w: e.stdout, rows: [][]string{{"CODE", "OTHER", "NAME", "CLASS OF THE OTHER", "ITS STATE", "SAME NAME, AND SAME"}}}
		err := a.Register().Near(e.ctx, func(n register.Near) error {
			if c.JSON {
				return list.add(n)
			}
			return t.add(foreign(n.Code), foreign(n.Other), foreign(n.Name), foreign(n.Class), string(n.State), nearWhy(n.Why))
		})
		switch {
		case err != nil:
			return err
		case c.JSON:
			return list.end()
		}
		return t.flush()
	})
}

func nearWhy(same []string) string {
	var why []string
	for _, s := range same {
		why = append(why, map[string]string{"class": "class", "cohort": "cohort", "code": "code but for a slip"}[s])
	}
	return strings.Join(why, ", ")
}

// mostNear bounds how many are told of a case or a plan; --json and account near have all.
const mostNear = 50

// printNear says of a case, or of a plan, who may have an account under another code.
func printNear(e *env, near []register.Near) {
	for i, n := range near {
		if i == mostNear {
			fmt.Fprintf(e.stdout, "maybe one person: … and %d more (--json)\n", len(near)-i)
			break
		}
		number := n.Case
		if number != "" {
			number += " "
		}
		fmt.Fprintf(e.stdout, "maybe one person: %srow %d, %s, and the account of %s (%s): same name, same %s\n", number, n.Row, foreign(n.Code), foreign(n.Other), n.State, nearWhy(n.Why))
	}
}

type accountImportCmd struct {
	officerFlags
	From string `help:"\"platform\": all accounts that it has." enum:"platform," default:""`
	File string `arg:"" optional:"" help:"CSV file: Mã số, Họ và tên, Email, and perhaps Tên đăng nhập, Lớp, Khóa, Trạng thái." placeholder:"FILE.csv"`
	Yes  bool   `help:"Write what the preview shows."`
}

func (c *accountImportCmd) Run(e *env) error {
	if (c.From == "") == (c.File == "") {
		return errors.New("account import: say --from platform, or name a CSV file")
	}
	do := c.open
	if c.Yes {
		do = c.act
	}
	return do(e, func(a *app.App, officer bot.Officer) error {
		r, err := a.ImportAccounts(e.ctx, desk.OfficerActor(officer), or(c.File, c.From), c.Yes)
		if err != nil {
			if r.Kept && r.New > 0 {
				fmt.Fprintf(e.stderr, "%s were imported before it failed; run it again, it goes on\n", count(r.New, "account"))
			}
			return err
		}
		if c.JSON {
			return writeJSON(e, r)
		}
		fmt.Fprintf(e.stdout, "seen          %d\nnew           %d\nknown         %d\ndiffering     %d  (the register stays as it is)\nunreadable    %d\nwithout code  %d\nnear          %d  (of the new ones: maybe known under another code)\n",
			r.Seen, r.New, r.Known, r.Differing, r.Unreadable, r.WithoutCode, r.Near)
		if len(r.Details) > 0 {
			printDifferent(e, r.Details)
		}
		if r.More > 0 {
			fmt.Fprintf(e.stdout, "… and %d more\n", r.More)
		}
		if r.Kept {
			fmt.Fprintf(e.stdout, "%s imported\n", count(r.New, "account"))
		} else {
			fmt.Fprintln(e.stdout, "nothing was written; --yes imports the new ones")
		}
		return nil
	})
}

func printDifferent(e *env, all []register.Difference) {
	t := table{w: e.stdout, rows: [][]string{{"WHAT", "CODE", "ADDRESS", "FIELD", "REGISTER", "THERE", "WHERE"}}}
	fmt.Fprintln(e.stdout)
	for _, d := range all {
		if d.What == "near" { // nothing is otherwise: it is who is in the register, and in what he is the same
			d.Field, d.There = "same name, same "+nearWhy(strings.Split(d.There, ", ")), "-"
		}
		_ = t.add(d.What, foreign(d.Code), foreign(d.Address), dash(d.Field), foreign(d.Register), foreign(d.There), dash(d.Where))
	}
	_ = t.flush()
}

type accountReconcileCmd struct {
	officerFlags
	File string `arg:"" optional:"" help:"CSV file of all accounts of the platform, as for import, where it cannot be asked for them." placeholder:"FILE.csv"`
	CSV  string `name:"csv" help:"Write the differences to a new CSV file, too." placeholder:"FILE"`
}

func (c *accountReconcileCmd) Run(e *env) error {
	if c.CSV != "" {
		if _, err := os.Lstat(c.CSV); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("account reconcile: %s is there already; nothing was written", c.CSV)
		}
	}
	return c.look(e, func(a *app.App) error {
		r, err := a.Reconcile(e.ctx, c.File)
		if err != nil {
			return err
		}
		if c.CSV != "" {
			if err := writeDifferences(c.CSV, r.Differences); err != nil {
				return fmt.Errorf("account reconcile: %w", err)
			}
		}
		if c.JSON {
			err = writeJSON(e, r)
		} else {
			fmt.Fprintf(e.stdout, "in the register     %d\non the platform     %d  (and %d without a code)\nthe same            %d\nonly on platform    %d\nonly in register    %d\ndifferent           %d\nunreadable          %d\n",
				r.Register, r.Platform, r.WithoutCode, r.Same, r.OnlyPlatform, r.OnlyRegister, r.Differing, r.Unreadable)
			if len(r.Differences) > 0 {
				printDifferent(e, r.Differences)
				fmt.Fprintln(e.stdout, "\nnothing was changed: take accounts up by \"account import\"; what should change on the platform goes by a plan")
			}
		}
		if err == nil && len(r.Differences) > 0 {
			err = exit(1)
		}
		return err
	})
}

// writeDifferences writes a table that a spreadsheet opens: UTF-8 with its mark, and no cell is a formula (pain 44).
func writeDifferences(path string, all []register.Difference) error {
	var b strings.Builder
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"what", "code", "address", "field", "register", "there"}) // into memory
	for _, d := range all {
		_ = w.Write([]string{d.What, noFormula(d.Code), noFormula(d.Address), d.Field, noFormula(d.Register), noFormula(d.There)})
	}
	w.Flush()
	return writeNew(path, b.String())
}

// noFormula puts an apostrophe before what a spreadsheet would work out. A code of digits alone is kept as text by nothing else, but is no
// formula either.
func noFormula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
