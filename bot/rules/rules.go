// Package rules judges a submission: the catalogue of rules, and Judge, which says all of them at once, each with its
// place. It is pure: the same submission, policy, register and context give the same findings.
//
// It must not know how the files came or were read, how anything is stored, or what is answered.
package rules

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vanthu/bot"
	"vanthu/parser"
)

// A Policy is what the school expects of a request.
type Policy struct {
	Units    []bot.Unit
	Codes    []CodeRule // a code must match one of them; none: every code passes
	Classes  []string   // known classes; empty: not checked (ROW-09)
	Evidence Evidence
	MaxRows  int // rows of one request; 0: no limit (LST-12)

	// NameFault says why a code gives no user name, ACC-02 or ACC-03 with the value that the message quotes; rule is "" when
	// it gives one. nil: not judged.
	NameFault func(code string) (rule, value string)
}

// Evidence says what proves that the head of the unit asks (procedure 1.2, Q14).
type Evidence string

// The evidence policies.
const (
	ByMailbox Evidence = "mailbox" // the unit's mailbox is enough: FRM-04 warns
	BySigned  Evidence = "signed"  // the letter must carry a signature: FRM-04 rejects
)

// A CodeRule is one form of student or learner codes.
type CodeRule struct {
	Pattern *regexp.Regexp // matches the whole code, which is handed over in capitals
	Shown   string         // how a person says it: "10 chữ số"
	Units   []string       // ids of the units whose people have such codes; empty: all (FRM-13)
}

// A Register holds what is known of codes before the request: accounts, and open cases that ask for them. The keys are
// codes as Codes gives them.
type Register map[string][]bot.Existing

// A Context is what is known of the request beside its files.
type Context struct {
	Kind        bot.Kind  // what the mail asks; only an AccountRequest is judged row by row
	Unit        *bot.Unit // the unit of the mailbox; nil: unknown, the letter says it
	Now         time.Time // in the office's zone
	Case        string    // the open case that this mail corrects, "" a new one (ROW-06 spares its own rows)
	LetterKnown bool      // the case has its letter already: a corrected list may come alone
	Links       []string  // web addresses in the mail's text (ENV-03 says that they are not opened)
	Password    bool      // the mail's text tells a password (ENV-11)
	Doubt       string    // why an officer must decide what is meant; "" clear
}

// Codes returns the codes for which Judge needs the register, each once, sorted.
func Codes(sub parser.Submission) []string {
	var codes []string
	for _, row := range sub.Rows {
		if row.Code.Text != "" {
			codes = append(codes, canonical(row.Code.Text))
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// canonical is a code as it is compared and recorded: the small letters of "ck20240031" are the typist's, not the code's.
// What is no code at all ("chưa có mã") stays as it was written.
func canonical(code string) string {
	for _, r := range code {
		if r >= utf8.RuneSelf || r == ' ' {
			return code
		}
	}
	return strings.ToUpper(code)
}

// Judge says everything that the rules find in a submission, and what follows from it.
func Judge(sub parser.Submission, p Policy, known Register, c Context) bot.Request {
	j := &judge{sub: sub, policy: p, known: known, context: c, rejected: make(map[int]bool), said: make(map[string]bool)}
	req := j.request()
	if c.Kind == bot.AccountRequest {
		j.files()
		j.letter()
	}
	j.remarks()
	if c.Kind == bot.AccountRequest {
		j.rows()
		j.people()
		j.scope()
	}
	req.Findings = j.ordered()
	for i := range req.Rows {
		req.Rows[i].OK = !j.rejected[req.Rows[i].N] && !j.unusable(req.Rows[i])
	}
	if req.LetterFile == "" {
		req.LetterFile = j.scan
	}
	req.Action = action(req, c)
	return req
}

// judge gathers the findings of one submission.
type judge struct {
	sub      parser.Submission
	policy   Policy
	known    Register
	context  Context
	unit     *bot.Unit // that asks: of the mailbox, else of the letter
	scan     string    // a picture taken for the letter (FRM-12)
	found    []finding
	rejected map[int]bool    // rows that a finding rejects
	said     map[string]bool // rule and row, for rules that make another one superfluous
}

type finding struct {
	bot.Finding
	area int // ENV, FRM, LST, ROW …
	col  int
}

// place is where a finding stands: the whole request, or a row with or without a cell.
type place struct {
	n  int
	at parser.Place
}

// say records a finding with the catalogue's severity. pairs are the {fields} of its message and their values.
func (j *judge) say(rule string, where place, value string, pairs ...string) {
	j.sayAs(catalogue[rule].Severity, rule, where, value, pairs...)
}

func (j *judge) sayAs(severity bot.Severity, rule string, where place, value string, pairs ...string) {
	args := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
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
		area: areaOf(rule), col: where.at.Col,
	})
	if where.n > 0 {
		j.said[saidKey(rule, where.n)] = true
		if severity == bot.RejectRow {
			j.rejected[where.n] = true
		}
	}
}

func areaOf(rule string) int {
	return slices.Index([]string{"ENV", "FRM", "LST", "ROW", "NAM", "ACC"}, rule[:3])
}

// ordered returns the findings by their place: the whole request first, then row by row, in a row from left to right.
func (j *judge) ordered() []bot.Finding {
	slices.SortStableFunc(j.found, func(a, b finding) int {
		if a.N == 0 && b.N == 0 {
			return cmp.Compare(a.area, b.area)
		}
		return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.col, b.col))
	})
	all := make([]bot.Finding, len(j.found))
	for i, f := range j.found {
		all[i] = f.Finding
	}
	return all
}

// request copies what was understood, before anything is judged.
func (j *judge) request() bot.Request {
	req := bot.Request{Kind: j.context.Kind}
	j.unit = j.context.Unit
	if l := j.sub.Letter; l != nil {
		if j.unit == nil {
			j.unit = unitNamed(j.policy.Units, l.Unit.Text)
		}
		req.Reason, req.Signer, req.LetterFile = l.Reason.Text, l.Signer.Text, l.File
		if whole(l.Date) {
			req.LetterDate = iso(l.Date)
		}
	}
	if j.unit != nil {
		req.Unit, req.UnitName = j.unit.ID, j.unit.Name
	}
	for _, f := range j.sub.Files {
		if f.Role == parser.RoleList || f.Role == parser.RoleBoth {
			req.ListFiles = append(req.ListFiles, f.Name)
		}
	}
	req.Rows = make([]bot.Row, len(j.sub.Rows))
	for i, row := range j.sub.Rows {
		req.Rows[i] = asRow(row)
	}
	return req
}
