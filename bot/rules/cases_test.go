package rules

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/parser"
)

var update = flag.Bool("update", false, "write testdata/messages.txt")

// elsewhere are the rules that no submission gives by itself, with the place where they arise.
var elsewhere = map[string]string{
	"ENV-01": "intake keeps mails of strangers back, unanswered",
	"ENV-02": "intake keeps mails back whose sender is not proven",
	"ENV-09": "intake knows the list of an open case again, and says in the answer which case it is",
	"ROW-15": "dates of birth are dropped at the door, unread",
	"ACC-04": "user names are codes, each once: two rows with one code are ROW-04",
	"ACC-05": "bot/account, when a platform refuses; the row says so in `case explain`",
}

// TestEveryRule holds that every rule of the catalogue for this procedure has a request that gives it and a near one that does
// not. A file of testdata/catalogue is named by its rule; "gives" and "near" begin a request, which is a clean one changed by
// the lines beneath (scenario.do).
func TestEveryRule(t *testing.T) {
	t.Parallel()
	var messages strings.Builder
	for _, col := range table(catalogueTSV) {
		rule := col[0]
		if col[1] != "ALL" && !strings.HasPrefix(col[1], "QT03") {
			continue
		}
		data, err := os.ReadFile(filepath.Join("testdata", "catalogue", rule+".txt"))
		if where := elsewhere[rule]; where != "" {
			if err == nil {
				t.Errorf("%s has a request, and is said to arise elsewhere: %s", rule, where)
			}
			fmt.Fprintf(&messages, "%s: %s\n\n", rule, where)
			continue
		}
		if err != nil {
			t.Errorf("%s has no request that gives it", rule)
			continue
		}
		gives, near := 0, 0
		for _, part := range parts(string(data)) {
			got := scenarioOf(t, rule, part.lines).judge()
			at := slices.IndexFunc(got.Findings, func(f bot.Finding) bool { return f.Rule == rule })
			if part.gives != (at >= 0) {
				t.Errorf("%s, line %d: given: %v, not %v; found %v", rule, part.line, at >= 0, part.gives, brief(got))
				continue
			}
			if !part.gives {
				near++
				continue
			}
			gives++
			writeMessage(&messages, got.Findings[at], got.Action)
		}
		if gives == 0 || near == 0 {
			t.Errorf("%s: %d requests give it, %d are near; one of each is needed", rule, gives, near)
		}
	}
	const golden = "testdata/messages.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(messages.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), messages.String()); diff != "" {
		t.Errorf("messages (-want +got; -update writes them):\n%s", diff)
	}
}

func writeMessage(b *strings.Builder, f bot.Finding, action bot.Action) {
	place := strings.TrimSpace(strings.Join([]string{f.File, f.Sheet, f.Cell}, " "))
	if f.N > 0 {
		place = strings.TrimSpace(fmt.Sprintf("row %d %s", f.N, place))
	}
	fmt.Fprintf(b, "%s %s: %s [%s]\n", f.Rule, f.Severity, place, action)
	vi, en := Text(f)
	fixVI, fixEN := Remedy(f)
	for _, line := range []string{vi, en, fixVI, fixEN} {
		if line != "" {
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
	b.WriteByte('\n')
}

type part struct {
	gives bool
	line  int
	lines []string
}

func parts(text string) []part {
	var all []part
	n := 0
	for line := range strings.Lines(text) {
		n++
		switch line = strings.TrimSpace(line); {
		case line == "" || strings.HasPrefix(line, "#"):
		case line == "gives" || line == "near":
			all = append(all, part{gives: line == "gives", line: n})
		default:
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
		}
	}
	return all
}

// A scenario is a request with everything that judging it needs.
type scenario struct {
	sub     parser.Submission
	policy  Policy
	known   Register
	context Context
}

func (s *scenario) judge() bot.Request { return Judge(s.sub, s.policy, s.known, s.context) }

// scenarioOf is a clean request of two people, changed line by line. Lines that begin with "row" replace the people.
func scenarioOf(t *testing.T, rule string, lines []string) *scenario {
	t.Helper()
	rows := []string{"2153010001|Nguyễn Văn An|YBK47|K47|Lớp trưởng", "2153010002|Trần Thị Bích|YBK47|K47|"}
	replaced := false
	for _, line := range lines {
		if row, ok := strings.CutPrefix(line, "row "); ok {
			if !replaced {
				rows, replaced = nil, true
			}
			rows = append(rows, row)
		}
	}
	s := &scenario{sub: request(rows...), policy: policy(), known: Register{}, context: setting()}
	s.policy.MaxRows, s.policy.ClockHours, s.policy.Deletion = 100, 24, Deletion{Units: []string{"CTSV"}, Most: 3, Days: 1}
	s.policy.Codes[0].Pattern = regexp.MustCompile(`^(?P<year>[0-9]{2})[0-9]{8}$`)
	s.policy.Address = func(r bot.NameRow) string { return strings.ToLower(r.Code) + "@sv.truong.example" }
	if strings.HasPrefix(rule, "DEL-") {
		s.leavers()
	}
	for _, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		if word != "row" && !s.do(t, word, rest) && !s.doLetter(t, word, rest) {
			t.Fatalf("%s: nobody knows %q", rule, line)
		}
	}
	return s
}

// leavers makes the request a clean list of people who left: with accounts, a decision of yesterday and its copy.
func (s *scenario) leavers() {
	s.context.Kind = bot.DeletionRequest
	s.sub.Letter.Deletes, s.sub.Letter.Reason.Text = true, "Sinh viên đã thôi học"
	s.sub.Letter.Decision = parser.Value{Text: "12/QĐ-ĐHVD"}
	s.sub.Letter.DecisionDate = parser.Date{Year: 2026, Month: 11, Day: 20, Valid: true, Text: "20/11/2026"}
	s.sub.Files = append(s.sub.Files, parser.FileReport{Name: "quyet dinh.pdf", Role: parser.RoleProblem, Problem: &parser.Problem{Code: parser.Picture}})
	for i := range s.sub.Rows {
		row := &s.sub.Rows[i]
		row.Note.Text = ""
		s.known[row.Code.Text] = []bot.Existing{{Code: row.Code.Text, Name: row.Name.Text, Address: row.Code.Text + "@sv.truong.example"}}
	}
}

// do changes files, lists, register, policy and context.
func (s *scenario) do(t *testing.T, word, rest string) bool {
	t.Helper()
	switch word {
	case "file": // name|role|problem|limit
		f := split(rest, 4)
		report := parser.FileReport{Name: f[0], Role: parser.Role(f[1])}
		if f[2] != "" {
			report.Role, report.Problem = parser.RoleProblem, &parser.Problem{Code: parser.ProblemCode(f[2]), Limit: f[3]}
		}
		s.sub.Files = append(s.sub.Files, report)
	case "no-list":
		s.sub.Rows, s.sub.Lists, s.sub.Files = nil, nil, slices.DeleteFunc(s.sub.Files, func(f parser.FileReport) bool { return f.Role == parser.RoleList })
	case "no-column":
		delete(s.sub.Lists[0].Columns, rest)
	case "second-sheet": // the rows from this one on stand on a sheet of their own
		from := integer(t, rest)
		list := s.sub.Lists[0]
		list.Sheet, list.FirstRow = "K51", s.sub.Rows[from-1].At.Row
		s.sub.Lists[0].LastRow = list.FirstRow - 1
		s.sub.Lists = append(s.sub.Lists, list)
		for i := range s.sub.Rows[from-1:] {
			s.sub.Rows[from-1+i].At.Sheet = "K51"
		}
	case "list-title":
		s.sub.Lists[0].Title, s.sub.Lists[0].Deletes = rest, false
	case "list-count":
		s.sub.Lists[0].Count = integer(t, rest)
	case "list-date":
		s.sub.Lists[0].Date = date(t, rest)
	case "remark": // code|row|column|value|key=value|…
		s.remark(t, strings.Split(rest, "|"))
	case "leaving": // row|reason|decision|date
		f := split(rest, 4)
		row := &s.sub.Rows[integer(t, f[0])-1]
		row.Leaving = &parser.Leaving{Reason: parser.Value{Text: f[1]}, Decision: parser.Value{Text: f[2]}, DecisionDate: date(t, f[3])}
	case "known": // code|name|address|state|decision|owns|case|alias
		f := split(rest, 8)
		e := bot.Existing{Code: f[0], Name: f[1], Address: f[2], State: bot.AccountState(f[3]), Decision: f[4], Owns: f[5], Case: f[6], Alias: f[7]}
		if e.State != bot.AccountLives {
			e.Changed = time.Date(2026, 11, 2, 9, 0, 0, 0, ict)
		}
		s.known[e.Code] = []bot.Existing{e}
		if address := cmp.Or(e.Alias, e.Address); address != "" {
			s.known[address] = []bot.Existing{e}
		}
	case "unknown":
		delete(s.known, rest)
	case "classes":
		s.policy.Classes, s.policy.ClassBook = strings.Split(rest, "|"), true
	case "notes":
		s.policy.Notes = strings.Split(rest, "|")
	case "cohort-zero":
		s.policy.CohortZero = integer(t, rest)
	case "max-rows":
		s.policy.MaxRows = integer(t, rest)
	case "thread":
		s.context.Case, s.context.ByThread, s.context.LetterKnown = rest, true, true
	case "case":
		s.context.Case, s.context.LetterKnown = rest, true
	case "sent":
		sent := date(t, rest)
		s.context.Sent, s.context.Arrived = time.Date(sent.Year, time.Month(sent.Month), sent.Day, 8, 0, 0, 0, ict), s.context.Now
	case "mailbox":
		s.context.Unit = unitNamed(s.policy.Units, rest)
	case "fault": // file|why
		f := split(rest, 2)
		s.context.Faults = append(s.context.Faults, Fault{File: f[0], Why: f[1]})
	case "format": // name|format
		f := split(rest, 2)
		for i := range s.sub.Files {
			if s.sub.Files[i].Name == f[0] {
				s.sub.Files[i].Format = f[1]
			}
		}
	case "link":
		s.context.Links = append(s.context.Links, rest)
	case "password":
		s.context.Password = true
	case "signature": // file|verdict
		f := split(rest, 2)
		s.context.Signatures = append(s.context.Signatures, bot.Signature{File: f[0], Verdict: bot.SignatureVerdict(f[1])})
	case "needs":
		s.policy.Needs = map[bot.Kind]bot.Evidence{s.context.Kind: bot.Evidence(rest)}
	case "earlier":
		s.context.Earlier = bot.Evidence(rest)
	case "deletion":
		s.leavers()
	default:
		return false
	}
	return true
}

// doLetter changes the letter.
func (s *scenario) doLetter(t *testing.T, word, rest string) bool {
	t.Helper()
	l := s.sub.Letter
	switch word {
	case "no-letter":
		s.sub.Letter, s.sub.Files = nil, slices.DeleteFunc(s.sub.Files, func(f parser.FileReport) bool { return f.Role == parser.RoleLetter })
	case "unit":
		l.Unit.Text = rest
	case "reason":
		l.Reason.Text = rest
	case "request":
		l.Request.Text = rest
	case "unsigned":
		l.Signed = false
	case "date":
		l.Date = date(t, rest)
	case "staff":
		l.Staff = true
	case "count":
		l.Count = integer(t, rest)
	case "letter-classes":
		l.Classes = values(rest)
	case "letter-cohorts":
		l.Cohorts = values(rest)
	case "decision": // number|date
		f := split(rest, 2)
		l.Decision.Text, l.DecisionDate = f[0], date(t, f[1])
	default:
		return false
	}
	return true
}

func (s *scenario) remark(t *testing.T, f []string) {
	t.Helper()
	for len(f) < 4 {
		f = append(f, "")
	}
	r := parser.Remark{Code: parser.RemarkCode(f[0]), Value: f[3], Args: map[string]string{}}
	if f[1] != "" {
		r.N = integer(t, f[1])
		r.At = s.sub.Rows[r.N-1].At
	}
	if f[2] != "" {
		if r.At.Row == 0 {
			r.At = parser.Place{File: "ds.xlsx", Sheet: "K50", Row: 7}
		}
		r.At.Col = integer(t, f[2])
	}
	for _, pair := range f[4:] {
		key, value, _ := strings.Cut(pair, "=")
		r.Args[key] = value
	}
	s.sub.Remarks = append(s.sub.Remarks, r)
}

// split splits a line into so many values.
func split(line string, n int) []string {
	f := strings.Split(line, "|")
	for len(f) < n {
		f = append(f, "")
	}
	return f
}

func values(line string) []parser.Value {
	var all []parser.Value
	for text := range strings.SplitSeq(line, "|") {
		all = append(all, parser.Value{Text: text})
	}
	return all
}

func integer(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// date reads 2026-11-31, which need not be a date.
func date(t *testing.T, s string) parser.Date {
	t.Helper()
	if s == "" {
		return parser.Date{}
	}
	f := strings.Split(s, "-")
	d := parser.Date{Year: integer(t, f[0]), Month: integer(t, f[1]), Day: integer(t, f[2]), Text: s}
	_, err := time.Parse(time.DateOnly, s)
	d.Valid = err == nil
	return d
}
