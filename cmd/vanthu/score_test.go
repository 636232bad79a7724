package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// TestCorpus reads real mails. A case is a folder: its mails and expected.json, what a careful clerk reads in the first of
// them. Folders under testdata/private are looked at too and never committed: the place for mails of real people; VANTHU_CORPUS
// names another folder of cases to look at instead. Two figures count: the cells that are read exactly, and silent mistakes, that is a wrong value,
// a lost or an invented row, or a bad row that would be served, at which no finding points.
//
// The figures are logged as one line, "corpus: …", and written into the file that VANTHU_SCORE names.
func TestCorpus(t *testing.T) {
	t.Parallel()
	says := defectKinds(t)
	folders := []string{"testdata/corpus", "testdata/private"}
	if other := os.Getenv("VANTHU_CORPUS"); other != "" {
		folders = []string{other}
	}
	var cases []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, "*", "expected.json"))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, found...)
	}
	if len(cases) < 50 {
		t.Fatalf("only %d cases are left", len(cases))
	}
	var total score
	t.Run("case", func(t *testing.T) {
		for _, path := range cases {
			t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
				t.Parallel()
				e := readExpected(t, path)
				if e.Kind == "spoofed" { // only a server can tell
					return
				}
				total.add(e.judge(t, filepath.Dir(path), says))
			})
		}
	})
	line := total.String()
	t.Log(line)
	if file := os.Getenv("VANTHU_SCORE"); file != "" {
		if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
	if total.perfect < total.cases || total.silent > 0 { // cells may be lost by asking back, where that is fair
		t.Error(line)
	}
}

// A score sums up cases.
type score struct {
	mu                                   sync.Mutex
	cases, perfect, cells, exact, silent int
}

func (s *score) add(p points) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cases++
	if len(p.problems) == 0 {
		s.perfect++
	}
	s.cells, s.exact, s.silent = s.cells+p.cells, s.exact+p.exact, s.silent+p.silent
}

func (s *score) String() string {
	return fmt.Sprintf("corpus: %d cases, %d perfect, cells %d/%d, silent mistakes %d", s.cases, s.perfect, s.exact, s.cells, s.silent)
}

// points are what one case gives. It is perfect when there is no problem.
type points struct {
	problems             []string
	cells, exact, silent int
}

func (p *points) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// judge reads the case's mail and compares. A case that is expected after its last mail is judged there; of its first mail
// the file says which defects stand in it.
func (e *expected) judge(t *testing.T, folder string, says map[string][]string) points {
	t.Helper()
	mail := func(i int) jsonReport { return checkJSON(t, filepath.Join(folder, e.Messages[i].File)) }
	last := 0
	var p points
	if e.First != nil {
		last = len(e.Messages) - 1
		p = e.before().compare(mail(0), says)
	}
	after := e.compare(mail(last), says)
	after.problems, after.silent = append(after.problems, p.problems...), after.silent+p.silent
	for _, problem := range after.problems {
		t.Error(problem)
	}
	return after
}

// compare follows the corpus' own scorer line by line: asking back where a clerk would have read costs cells, not silence.
func (e *expected) compare(got jsonReport, says map[string][]string) points {
	var p points
	accepted := slices.Contains(e.AcceptActions, string(got.Action))
	if !accepted {
		p.problem("action %s, not one of %v", got.Action, e.AcceptActions)
	}
	if (e.Kind == "account_request" || e.Kind == "deletion_request") && string(got.Kind) != e.Kind {
		p.problem("kind %s, not %s", got.Kind, e.Kind)
	}
	goesOn := got.Action == "queue" || got.Action == "queue_with_defects"
	at := e.compareRows(&p, got, goesOn)
	for field, value := range map[string]*string{"unit": got.Unit, "reason": got.Reason, "date": got.Date} {
		if want, said := e.letter(field); said && plain(want) != plain(deref(value)) && (goesOn || deref(value) != "") {
			p.problem("%s %q, not %q", field, deref(value), want)
		}
	}
	for _, d := range e.Defects {
		if d.Severity == "error" && !slices.ContainsFunc(got.Findings, func(f jsonFinding) bool { return d.saidBy(f, says, at) }) {
			p.problem("%s at row %d is not said", d.Kind, d.N)
		}
	}
	if len(e.Defects)+len(e.Either) == 0 && (goesOn || !accepted) {
		for _, f := range got.Findings {
			if f.Severity == "reject_row" || f.Severity == "reject_request" {
				p.problem("false alarm: %s %s", f.Rule, f.MessageVI)
			}
		}
	}
	return p
}

// saidBy reports whether a finding says a defect: by a fitting rule, at its row.
func (d defect) saidBy(f jsonFinding, says map[string][]string, at map[int]int) bool {
	fits := slices.ContainsFunc(append([]string{d.Kind}, d.Accept...), func(kind string) bool { return slices.Contains(says[kind], f.Rule) })
	return fits && (d.N == 0 || f.N != nil && (*f.N == d.N || *f.N == at[d.N]))
}

// compareRows compares row by row what a clerk reads with what was read, and returns where each row of his was found.
func (e *expected) compareRows(p *points, got jsonReport, goesOn bool) map[int]int {
	at := make(map[int]int)
	if e.Rows == nil || slices.Contains(e.Loose, "rows") {
		return at
	}
	reads := e.Action == "queue" || e.Action == "queue_with_defects"
	if reads {
		p.cells += len(e.Rows) * len(cellFields)
	}
	if !goesOn && len(got.Rows) == 0 {
		return at
	}
	pairs := align(e.Rows, got.Rows)
	found := make(map[int]bool, len(pairs))
	for i, want := range e.Rows {
		j, ok := pairs[i]
		if !ok {
			p.problem("row %d is missing", want.N)
			if goesOn {
				p.silent++
			}
			continue
		}
		found[j] = true
		at[want.N] = got.Rows[j].N
		wrong := e.compareRow(p, want, got.Rows[j], got.Findings, goesOn)
		if reads {
			p.exact += len(cellFields) - wrong
		}
	}
	for j, row := range got.Rows {
		if found[j] || e.RowsMayRepeat {
			continue
		}
		p.problem("a row too many: %s %s", row.ID, row.Name)
		if row.OK || !refused(row, got.Findings) {
			p.silent++
		}
	}
	return at
}

// compareRow returns how many of the cells are wrong.
func (e *expected) compareRow(p *points, want expectedRow, row jsonRow, findings []jsonFinding, goesOn bool) (wrong int) {
	silent := false
	for _, field := range cellFields {
		value := field.of(row)
		if want.cells[field].has(value) {
			continue
		}
		wrong++
		p.problem("row %d: %s %q, not %q", want.N, field, value, want.cells[field])
		silent = silent || !excused(findings, row.N, field)
	}
	if silent {
		p.silent++
	}
	if want.SheetRow > 0 && row.SheetRow > 0 && row.SheetRow != want.SheetRow {
		p.problem("row %d stands in row %d of the sheet, not %d", want.N, row.SheetRow, want.SheetRow)
	}
	switch {
	case goesOn && !want.ok() && row.OK:
		p.problem("row %d would be served", want.N)
		p.silent++
	case goesOn && want.ok() && !row.OK && len(e.Either) == 0:
		p.problem("row %d is refused without cause", want.N)
	}
	if !row.OK && !refused(row, findings) {
		p.problem("row %d is refused and no finding says why", want.N)
	}
	return wrong
}

func refused(row jsonRow, findings []jsonFinding) bool {
	return slices.ContainsFunc(findings, func(f jsonFinding) bool {
		return f.Severity == "reject_request" || f.Severity == "reject_row" && f.N != nil && *f.N == row.N
	})
}

// excused reports whether a finding points at a cell that was read wrong: then it is no silent mistake.
func excused(findings []jsonFinding, n int, field cellField) bool {
	return slices.ContainsFunc(findings, func(f jsonFinding) bool { return f.N != nil && *f.N == n && field.pointedAtBy(f.Rule) })
}

// align finds the longest run of pairs in which both sides speak of the same person, in order: by code or by name.
func align(want []expectedRow, got []jsonRow) map[int]int {
	same := func(i, j int) bool {
		id, name := want[i].cells["id"], want[i].cells["name"]
		return id[0] != "" && id.has(got[j].ID) || name[0] != "" && name.has(got[j].Name)
	}
	best := make([][]int, len(want)+1)
	for i := range best {
		best[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if best[i][j] = max(best[i+1][j], best[i][j+1]); same(i, j) {
				best[i][j] = best[i+1][j+1] + 1
			}
		}
	}
	pairs := make(map[int]int)
	for i, j := 0, 0; i < len(want) && j < len(got); {
		switch {
		case same(i, j) && best[i][j] == best[i+1][j+1]+1:
			pairs[i] = j
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
