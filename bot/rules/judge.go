package rules

import (
	"cmp"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/parser"
)

// judge gathers the findings of one submission.
type judge struct {
	sub     parser.Submission
	policy  Policy
	known   Register
	context Context
	unit    *bot.Unit // that asks: of the mailbox, else of the letter
	people  []person  // one for each row
	words   lexicon
	classes map[string]classText
	book    map[string]string  // known classes, by their key and their compact form
	turned  map[[2]string]bool // files and sheets whose classes and cohorts changed places as a whole (LST-18)
	scan    string             // a picture taken for the letter (FRM-12)
	found   []finding
	said    map[saying]bool
}

// A saying is a rule that was said of a row, for rules that make another one superfluous.
type saying struct {
	rule string
	n    int
}

type finding struct {
	bot.Finding
	area int // ENV, FRM, LST, ROW …
	at   parser.Place
}

// place is where a finding stands: the whole request, or a row with or without a cell.
type place struct {
	n  int
	at parser.Place
}

func newJudge(sub parser.Submission, p Policy, known Register, c Context) *judge {
	j := &judge{sub: sub, policy: p, known: known, context: c, unit: c.Unit, said: make(map[saying]bool), words: make(lexicon), classes: make(map[string]classText)}
	if sub.Letter != nil && j.unit == nil {
		j.unit = unitNamed(p.Units, sub.Letter.Unit.Text)
	}
	j.people = make([]person, len(sub.Rows))
	var list *parser.List
	for i := range sub.Rows {
		row := &sub.Rows[i]
		if list == nil || !holds(list, row) {
			list = j.listOf(row)
		}
		j.people[i] = j.person(row, list)
	}
	return j
}

// say records a finding with the catalogue's severity. pairs are the {fields} of its message and their values.
func (j *judge) say(rule string, where place, value string, pairs ...string) {
	j.sayAs(catalogue[rule].Severity, rule, where, value, pairs...)
}

func (j *judge) sayAs(severity bot.Severity, rule string, where place, value string, pairs ...string) {
	args := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			args[pairs[i]] = pairs[i+1]
		}
	}
	j.record(severity, rule, where, value, args)
}

func (j *judge) record(severity bot.Severity, rule string, where place, value string, args map[string]string) {
	if len(args) == 0 {
		args = nil
	}
	j.found = append(j.found, finding{
		Finding: bot.Finding{Rule: rule, Severity: severity, N: where.n, File: where.at.File, Sheet: where.at.Sheet,
			Cell: where.at.Cell(), Value: value, Args: args},
		area: areaOf(rule), at: where.at,
	})
	if where.n > 0 {
		j.said[saying{rule, where.n}] = true
		if severity == bot.RejectRow && where.n <= len(j.people) {
			j.people[where.n-1].rejected = true
		}
	}
}

// add gives a finding that was made already one more field.
func (f *finding) add(field, value string) {
	if f.Args == nil {
		f.Args = make(map[string]string)
	}
	f.Args[field] = value
}

func (j *judge) has(rule string, n int) bool { return j.said[saying{rule, n}] }

func areaOf(rule string) int {
	return slices.Index([]string{"ENV", "FRM", "DEL", "LST", "ENC", "ROW", "NAM", "ACC"}, rule[:3])
}

// ordered returns the findings by their place: the whole request first, by what it is about and then by file, sheet and
// cell; then row by row, in a row from left to right.
func (j *judge) ordered() []bot.Finding {
	files, sheets := make(map[string]int), make(map[[2]string]int)
	for i, f := range j.sub.Files {
		files[f.Name] = i + 1
	}
	for i, l := range j.sub.Lists {
		sheets[[2]string{l.File, l.Sheet}] = i + 1
	}
	slices.SortStableFunc(j.found, func(a, b finding) int {
		if a.N != b.N || a.N > 0 {
			return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.at.Col, b.at.Col))
		}
		return cmp.Or(cmp.Compare(a.area, b.area), strings.Compare(a.Rule, b.Rule), cmp.Compare(files[a.File], files[b.File]),
			cmp.Compare(sheets[[2]string{a.File, a.Sheet}], sheets[[2]string{b.File, b.Sheet}]),
			cmp.Compare(a.at.Row, b.at.Row), cmp.Compare(a.at.Col, b.at.Col))
	})
	all := make([]bot.Finding, len(j.found))
	for i, f := range j.found {
		all[i] = f.Finding
	}
	return all
}
