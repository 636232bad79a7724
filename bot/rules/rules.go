// Package rules judges a submission: the catalogue of rules, and Judge, which says all of them at once, each with its
// place. It is pure: the same submission, policy, register and context give the same findings.
//
// It must not know how the files came or were read, how anything is stored, or what is answered.
package rules

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vanthu/bot"
	"vanthu/parser"
)

// A Register holds what is known of people before the request: accounts, and open cases that ask for them. The keys are
// codes as Codes gives them, and the addresses of accounts that have another code or none (ACC-01).
type Register map[string][]bot.Existing

// A Context is what is known of the request beside its files.
type Context struct {
	Kind        bot.Kind        // what the mail asks; only requests for accounts and for deletion are judged row by row
	Unit        *bot.Unit       // the unit of the mailbox; nil: unknown, the letter says it
	Now         time.Time       // in the office's zone
	Sent        time.Time       // as the mail says; zero: it does not
	Arrived     time.Time       // when the mail was received; zero: not known, as in a check before sending
	Case        string          // the open case that this mail corrects, "" a new one (ROW-06 spares its own rows)
	ByThread    bool            // Case was found by the thread, the mail does not name it (ENV-10)
	LetterKnown bool            // the case has its letter already: a corrected list may come alone
	Links       []string        // web addresses in the mail's text (ENV-03 says that they are not opened)
	Password    bool            // the mail's text tells a password (ENV-11)
	Doubt       string          // why an officer must decide what is meant; "" clear
	Signatures  []bot.Signature // digital signatures of the mail and its files, as judged
	Earlier     bot.Evidence    // what the letter of Case proved
	Faults      []Fault         // files that did not come whole (ENV-14, ENV-15)
}

// A Fault is a file that the mail brought damaged.
type Fault struct {
	File string // "" the text of the mail
	Why  string // "cut", "garbled", "undecoded", "piece" or "elsewhere": a term of the catalogue
}

// Codes returns the codes for which Judge needs the register, each once, sorted.
func Codes(sub parser.Submission) []string {
	var codes []string
	for i := range sub.Rows {
		if code := sub.Rows[i].Code.Text; code != "" {
			codes = append(codes, canonical(code))
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// People returns whom the rows of a submission name, for user names.
func People(sub parser.Submission) []bot.NameRow {
	people := make([]bot.NameRow, 0, len(sub.Rows))
	for i := range sub.Rows {
		if r := &sub.Rows[i]; r.Code.Text != "" {
			people = append(people, bot.NameRow{Code: canonical(r.Code.Text), Name: r.Name.Text, Class: r.Class.Text, Cohort: r.Cohort.Text})
		}
	}
	return people
}

// canonical is a code as it is compared and recorded: the small letters of "ck20240031" are the typist's, not the code's.
// What is no code at all ("chưa có mã") stays as it was written.
func canonical(code string) string {
	for i := 0; i < len(code); i++ {
		if code[i] >= utf8.RuneSelf || code[i] == ' ' {
			return code
		}
	}
	return strings.ToUpper(code)
}

// Judge says everything that the rules find in a submission, and what follows from it.
func Judge(sub parser.Submission, p Policy, known Register, c Context) bot.Request {
	j := newJudge(sub, p, known, c)
	req := j.request()
	j.envelope()
	if c.Kind == bot.AccountRequest {
		j.files()
		j.letter()
	}
	j.remarks()
	switch c.Kind {
	case bot.AccountRequest:
		j.layout()
		j.rows()
		j.among()
		j.scope()
	case bot.DeletionRequest:
		j.layout()
		j.leavers(&req)
	default:
	}
	if req.LetterFile == "" {
		req.LetterFile = j.scan
	}
	j.evidence(&req)
	req.Findings = j.ordered()
	for i := range req.Rows {
		req.Rows[i].OK = !j.people[i].rejected && !j.unusable(req.Rows[i])
	}
	req.Action = action(req, c)
	return req
}

// unusable rows lack what an account is made of, or known by, whoever says so.
func (j *judge) unusable(row bot.Row) bool {
	return (j.context.Kind == bot.AccountRequest || j.context.Kind == bot.DeletionRequest) && (row.Code == "" || row.Name == "")
}

// request copies what was understood, before anything is judged.
func (j *judge) request() bot.Request {
	req := bot.Request{Kind: j.context.Kind}
	if l := j.sub.Letter; l != nil {
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
	req.Rows = make([]bot.Row, len(j.people))
	for i := range j.people {
		req.Rows[i] = asRow(&j.people[i])
		req.Rows[i].Class = j.named(&j.people[i])
	}
	return req
}

// asRow copies a row as it is recorded. A name in one letter case throughout gets the usual capitals (NAM-04 says so).
func asRow(p *person) bot.Row {
	out := bot.Row{
		N: p.N, STT: p.STT.Text, Code: p.code, Name: p.recorded, Class: p.Class.Text, Cohort: p.Cohort.Text, Note: p.Note.Text,
		Monitor: p.monitor, File: p.At.File, Sheet: p.At.Sheet, Line: p.At.Row, Cells: make(map[string]string, 6),
	}
	for _, cell := range [...]struct {
		field string
		at    parser.Place
	}{{"stt", p.STT.At}, {"code", p.Code.At}, {"name", p.Name.At}, {"class", p.Class.At}, {"cohort", p.Cohort.At}, {"note", p.Note.At}} {
		if name := cell.at.Cell(); name != "" {
			out.Cells[cell.field] = name
		}
	}
	return out
}
