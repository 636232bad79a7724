package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/register"
	"vanthu/bot/store"
)

// What a unit wrote into a cell or a file name is shown to officers at their terminals: it commands none, and makes no line of its
// own in a list that is checked or approved.
func TestCellsCommandNoTerminal(t *testing.T) {
	t.Parallel()
	const bad = "An\x1b]0;x\x07\x1b[2J\u202e\nYC-2026-0001  1  2153010009"
	row := bot.Row{N: 1, Code: bad, Name: bad, Class: bad, Cohort: bad, Note: bad}
	v := caseView{
		Case:     bot.Case{Number: "YC-2026-0001", LetterFile: bad, LetterDate: bad, Signer: bad, ListFile: bad},
		Rows:     []bot.CaseRow{{Row: row, Address: bad}},
		Findings: []bot.Finding{{Rule: "ROW-06", N: 1, Cell: bad, Args: map[string]string{"v": bad, "ref": "YC-2026-0002"}}},
		Letters:  []store.Letter{{Kind: "acknowledged", To: bad}},
		Corrections: []store.Correction{{MailID: 2, Changes: bot.Changes{Rows: []bot.Change{{Kind: bot.RowChanged, Code: bad, Name: bad, Class: bad,
			Fields: []bot.FieldChange{{Field: "name", Was: bad, Is: bad}}}}}}},
	}
	var out bytes.Buffer
	if err := v.print(&env{stdout: &out}); err != nil {
		t.Fatal(err)
	}
	plan := store.StoredPlan{Plan: bot.Plan{Number: "KH-2026-0001", Items: []bot.PlanItem{{Case: "YC-2026-0001", N: 1, Code: bad, Name: bad, Address: bad}}}}
	if err := printPlan(&env{stdout: &out}, plan, false); err != nil {
		t.Fatal(err)
	}
	if err := printLine(&env{stdout: &out}, store.RegisterLine{Code: bad, User: bad, Address: bad, Name: bad, Class: bad, Cohort: bad, Platform: bad, Gone: time.Unix(1, 0), Decision: bad}); err != nil {
		t.Fatal(err)
	}
	if err := new(accountLostCmd).print(&env{stdout: &out}, []store.Loss{{Code: bad, Address: bad, Why: bad, Asked: bot.Stamp{At: time.Unix(1, 0)}}}); err != nil {
		t.Fatal(err)
	}
	printDifferent(&env{stdout: &out}, []register.Difference{{Code: bad, Address: bad, Register: bad, There: bad}})
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e") {
		t.Errorf("a control character came through:\n%q", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "YC-2026-0001  1  2153010009") {
			t.Errorf("a cell made a line: %q", line)
		}
	}
}
