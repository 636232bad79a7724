//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// report says everything that differs from what the corpus expects.
func (o *outcome) report(t *testing.T) {
	t.Helper()
	served, answered := 0, 0
	for _, c := range o.cases {
		action := c.action()
		// Several lists of leavers name the same people: whichever comes first has them, and the others are told so.
		taken := action == "return" && slices.ContainsFunc(c.answers, func(r received) bool { return strings.Contains(r.Text, "[DEL-11") })
		if !slices.Contains(c.AcceptActions, action) && !taken {
			t.Errorf("%s: %s, want %s", c.name, action, strings.Join(c.AcceptActions, " or "))
		}
		if !c.told(action) {
			t.Errorf("%s: %s, and the answers say %s", c.name, action, c.subjects())
		}
		if len(c.journal) < len(c.mails) {
			t.Errorf("%s: %d of %d mails are in the journal", c.name, len(c.journal), len(c.mails))
		}
		if c.Kind == "spoofed" || c.Kind == "automatic" || c.Kind == "not_entitled" {
			o.silence(t, c)
		}
		for _, m := range c.MustNot {
			o.mustNot(t, c, m)
		}
		if len(c.answers) > 0 {
			answered++
		}
		served += o.accountsOf(t, c, action)
		if c.Limits != nil && c.took().Seconds() > float64(c.Limits.Seconds) {
			t.Errorf("%s took %v", c.name, c.took())
		}
	}
	o.secrets(t)
	for _, e := range o.accounts {
		if o.numbers[strings.Split(e.marker, ":")[1]] == nil {
			t.Errorf("the account %s (%s) belongs to no case of the corpus", e.mail, e.marker)
		}
	}
	if o.reset {
		t.Error("an account that was there before was changed")
	}
	t.Logf("corpus by mail: %d cases, %d answered, %d accounts for %d cases", len(o.cases), answered, len(o.accounts), served)
}

func (c *corpusCase) subjects() []string {
	subjects := []string{}
	for _, r := range c.answers {
		subjects = append(subjects, r.to+": "+r.Subject)
	}
	return subjects
}

// silence: who is not entitled, or not who he says he is, opens no case and gets no account. A program and a forger are told
// nothing at all; for anybody else a note that holds nothing of ours is looked at by secrets.
func (o *outcome) silence(t *testing.T, c *corpusCase) {
	if len(c.opened) > 0 || len(o.codes(c)) > 0 {
		t.Errorf("%s: %s, and %d cases, %d accounts", c.name, c.Kind, len(c.opened), len(o.codes(c)))
	}
	if c.Kind != "not_entitled" && len(c.answers) > 0 {
		t.Errorf("%s: %s, and was told %s", c.name, c.Kind, c.subjects())
	}
	for _, r := range c.answers {
		if len(r.Parts) > 0 {
			t.Errorf("%s: %s got a file", c.name, r.to)
		}
	}
}

// codes are the student codes that have an account because of the case.
func (o *outcome) codes(c *corpusCase) map[string]bool {
	codes := make(map[string]bool)
	for _, e := range o.accounts {
		if o.numbers[strings.Split(e.marker, ":")[1]] == c {
			codes[e.code] = true
		}
	}
	return codes
}

// accountsOf compares who has an account with who should; it returns 1 for a case that was served.
func (o *outcome) accountsOf(t *testing.T, c *corpusCase, action string) int {
	made := o.codes(c)
	if action != "queue" && action != "queue_with_defects" || slices.Contains(c.Loose, "rows") || c.Kind == "deletion_request" {
		if (action != "queue" && action != "queue_with_defects" || c.Kind == "deletion_request") && len(made) > 0 {
			t.Errorf("%s: %s, and %d accounts were made", c.name, action, len(made))
		}
		return 0
	}
	want := make(map[string]bool)
	for _, row := range c.Rows {
		for _, id := range append([]string{row.ID}, row.IDAccept...) {
			want[id] = want[id] || row.OK
		}
		if row.OK && len(c.Either) == 0 && !made[row.ID] && !slices.ContainsFunc(row.IDAccept, func(id string) bool { return made[id] }) {
			t.Errorf("%s: %s has no account", c.name, row.ID)
		}
	}
	for code := range made {
		if !want[code] {
			t.Errorf("%s: %s has an account, and is no good row", c.name, code)
		}
	}
	return 1
}

// mustNot holds one line of "must_not".
func (o *outcome) mustNot(t *testing.T, c *corpusCase, what string) {
	word, arg, _ := strings.Cut(what, ":")
	made := o.codes(c)
	bad := ""
	switch word {
	case "create_any":
		if len(made) > 0 {
			bad = fmt.Sprint(slices.Sorted(maps.Keys(made)))
		}
	case "create_silently":
		if arg == "" && len(made) > 0 || arg != "" && made[arg] && !c.says(arg) {
			bad = "made, and nobody was told"
		}
	case "create_twice", "two_requests_queued":
		if n := len(c.opened); n > 1 && (word == "two_requests_queued" || c.served() > 1) {
			bad = fmt.Sprintf("%d cases, %d of them served", n, c.served())
		}
	case "any_reply":
		bad = strings.Join(c.subjects(), ", ")
	case "mail_to", "credentials_to":
		if i := slices.IndexFunc(c.answers, func(r received) bool { return r.to == arg && (word == "mail_to" || len(r.Parts) > 0) }); i >= 0 {
			bad = c.answers[i].Subject
		}
	case "student_data_to": // secrets
	case "formula_in_output", "forward_executable", "unescaped_html":
		bad = c.badOutput(t)
	case "ldap_dn_outside_students":
		for _, e := range o.accounts {
			if made[e.code] && e.dn != "uid="+e.code+","+os.Getenv("VANTHU_CI_LDAP_BASE") {
				bad = e.dn
			}
		}
	case "file":
		if _, err := os.Stat(arg); err == nil {
			bad = "it is there"
		}
	case "connect", "fetch_url":
		if o.connections > 0 {
			bad = fmt.Sprintf("%d connections", o.connections)
		}
	case "delete_without_review", "delete_silently", "reset_password":
		if o.reset {
			bad = "the directory's own accounts were touched"
		}
	case "create_without_showing_second_mail": // beforeOfficers
	default:
		bad = "nobody looks at this"
	}
	if bad != "" {
		t.Errorf("%s: must not %s: %s", c.name, what, bad)
	}
}

// says reports whether a letter to the unit names a row.
func (c *corpusCase) says(code string) bool {
	return slices.ContainsFunc(c.answers, func(r received) bool {
		return !strings.Contains(r.Subject, "Thông báo cấp tài khoản") && strings.Contains(r.Text, code)
	})
}

func (c *corpusCase) served() int {
	n := 0
	for _, opened := range c.opened {
		if opened.State == bot.Delivered {
			n++
		}
	}
	return n
}

var markup = regexp.MustCompile(`(?i)<(script|img|b|a|iframe)[ >]`)

// badOutput looks for programs, formulas and raw markup in what we sent.
func (c *corpusCase) badOutput(t *testing.T) string {
	for _, r := range c.answers {
		if found := markup.FindString(r.HTML); found != "" {
			return "HTML " + found
		}
		for _, part := range r.Parts {
			switch {
			case bytes.HasPrefix(part.Data, []byte("MZ")) || strings.HasSuffix(strings.ToLower(part.Name), ".exe"):
				return "a program " + part.Name
			case bytes.HasPrefix(part.Data, []byte("PK")) && strings.HasSuffix(part.Name, ".xlsx"): // a Word file is no workbook, an encrypted one cannot be opened
				f, err := excelize.OpenReader(bytes.NewReader(part.Data))
				if err != nil {
					t.Errorf("%s: %s cannot be opened: %v", c.name, part.Name, err)
					continue
				}
				for _, sheet := range f.GetSheetList() {
					rows, _ := f.GetRows(sheet)
					for i, row := range rows {
						for j := range row {
							cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
							if formula, _ := f.GetCellFormula(sheet, cell); formula != "" {
								return "a formula in " + part.Name + " " + cell
							}
						}
					}
				}
				_ = f.Close()
			}
		}
	}
	return ""
}

// secrets: what a stranger must not learn is in no mail to him; names and passwords are in no log and no event; a password of
// a unit's file is in no answer.
func (o *outcome) secrets(t *testing.T) {
	t.Helper()
	for secret, name := range o.hidden {
		if strings.Contains(o.log, secret) {
			t.Errorf("the log holds what %s hides: %q", name, secret)
		}
		for _, e := range o.events {
			for key, value := range e.Detail {
				if strings.Contains(value, secret) {
					t.Errorf("event %s %s holds what %s hides: %q", e.What, key, name, secret)
				}
			}
		}
	}
	for _, c := range o.cases {
		for _, r := range c.answers {
			text := r.Subject + "\n" + r.Text + "\n" + r.HTML
			if c.HiddenPassword != "" && strings.Contains(text, c.HiddenPassword) {
				t.Errorf("%s: the password of the unit's file is in an answer", c.name)
			}
			if r.to == ctsv || r.to == dtsdh {
				continue
			}
			for _, secret := range slices.Concat(c.SecretIDs, c.SecretNames) {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s was told %q", c.name, r.to, secret)
				}
			}
			for secret := range o.hidden { // whoever's it is
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s was told %q", c.name, r.to, secret)
				}
			}
		}
	}
}
