// Package form reads the files of a request as BM-CNTT31 and its kin (QT.CNTT.03, appendix): a letter, and lists of people.
// It finds out what each file is, finds the header of each list wherever it stands, and keeps for every value its place.
//
// It must not know which codes, classes or units exist, nor what is wrong with a request: it says what stands there.
package form

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
)

// Read reads the files of one request. It never fails: what cannot be read is a Problem of its file, what was odd a Remark.
func Read(files []parser.File, lim parser.Limits) parser.Submission {
	sources := make([]*source, len(files))
	for i, f := range files {
		sources[i] = readSource(f, lim)
	}
	return together(sources, lim)
}

// together makes one submission of what stands in the files.
func together(sources []*source, lim parser.Limits) parser.Submission {
	r := &reading{lim: lim, sources: sources}
	r.lists()
	r.letter()
	r.roles()
	for _, s := range r.sources {
		r.out.Files = append(r.out.Files, s.report)
	}
	return r.out
}

// A reading is a request while it is put together.
type reading struct {
	lim     parser.Limits
	sources []*source
	out     parser.Submission
	header  bool // some list has a header
}

// lists takes the rows of all lists, in the order of files and sheets.
func (r *reading) lists() {
	var withRows []string
	for _, s := range r.sources {
		if s.macros {
			r.remark(newRemark(parser.MacrosPresent, 0, parser.Place{File: s.report.Name}, "", "file", s.report.Name))
		}
		if s.charset != "" {
			r.remark(newRemark(parser.CharsetRead, 0, parser.Place{File: s.report.Name}, s.charset, "enc", s.charset))
		}
		r.leaveOut(s)
		var sheets []string
		before := len(r.out.Rows)
		for _, l := range s.lists {
			r.header = true
			if l.leftOut == "" {
				r.take(l)
				if len(l.rows) > 0 && !slices.Contains(sheets, l.out.Sheet) {
					sheets = append(sheets, l.out.Sheet)
				}
			}
		}
		for _, h := range s.hidden {
			r.remark(h)
		}
		if len(sheets) > 1 {
			at := parser.Place{File: s.report.Name}
			r.remark(newRemark(parser.SeveralSheets, 0, at, "", "n", strconv.Itoa(len(sheets)), "s", strings.Join(sheets, ", ")))
		}
		r.notesBelow(s)
		if len(r.out.Rows) > before {
			withRows = append(withRows, s.report.Name)
		}
	}
	if len(withRows) > 1 {
		r.remark(newRemark(parser.SeveralLists, 0, parser.Place{}, "", "n", strconv.Itoa(len(withRows)), "files", strings.Join(withRows, ", ")))
	}
	if len(r.out.Rows) == 0 {
		r.noRows()
		return
	}
	r.strays()
	r.alsoElsewhere()
}

// take adds a list, its rows numbered on from those before (LST-12 when they are too many).
func (r *reading) take(l *list) {
	base := len(r.out.Rows)
	rows := l.rows
	if base+len(rows) > r.lim.Rows {
		rows = rows[:max(0, r.lim.Rows-base)]
		r.remark(newRemark(parser.TooManyRows, 0, l.place(l.out.HeaderRow, 0), "", "max", strconv.Itoa(r.lim.Rows)))
	}
	if base == 0 { // the only list, in most requests
		r.out.Rows = rows[:len(rows):len(rows)]
	} else {
		for _, p := range rows {
			p.N += base
			r.out.Rows = append(r.out.Rows, p)
		}
	}
	for _, m := range l.remarks {
		if m.N > len(rows) || len(l.rows) == 0 && aboutColumns(m.Code) && r.people() {
			continue
		}
		if m.N > 0 {
			m.N += base
		}
		r.remark(m)
	}
	if len(l.rows) > 0 {
		r.out.Lists = append(r.out.Lists, l.out)
	}
}

// people reports whether any list has people: what is odd about the columns of an empty one is of no interest then.
func (r *reading) people() bool {
	return slices.ContainsFunc(r.sources, func(s *source) bool {
		return slices.ContainsFunc(s.lists, func(l *list) bool { return len(l.rows) > 0 })
	})
}

func aboutColumns(code parser.RemarkCode) bool {
	return slices.Contains([]parser.RemarkCode{parser.HeaderRead, parser.ColumnDropped, parser.ColumnMissing, parser.HeaderTwice}, code)
}

// noRows says why there is nobody to serve: lists without rows (LST-05), or a table of people without a header (LST-01).
func (r *reading) noRows() {
	for _, s := range r.sources {
		switch {
		case len(s.lists) > 0:
			for _, l := range s.lists {
				r.remark(newRemark(parser.NoRows, 0, l.place(l.out.HeaderRow, 0), ""))
			}
		case s.headless != nil:
			r.remark(newRemark(parser.HeaderMissing, 0, *s.headless, "", "cols", "Mã số SV/HV, Họ và tên"))
		case s.isBook() && s.score() < letterScore:
			r.remark(newRemark(parser.NoRows, 0, parser.Place{File: s.report.Name}, ""))
		}
	}
}

func (r *reading) remark(m parser.Remark) { r.out.Remarks = append(r.out.Remarks, m) }

// leaveOut marks the lists of a file that are not the request, each with a remark that says why: sources of a VLOOKUP,
// tables without a code or a name beside a list that has both, and people who left beside people who come.
func (r *reading) leaveOut(s *source) {
	whole, coming := false, false
	asked := slices.ContainsFunc(r.sources, (*source).asks)
	for _, l := range s.lists {
		if len(l.rows) > 0 {
			whole = whole || l.whole()
			coming = coming || !l.out.Deletes
		}
	}
	for _, l := range s.lists {
		switch {
		case len(l.rows) == 0:
			continue
		case whole && !l.whole() && known(l, s.lists):
			l.leftOut = "incomplete"
		case coming && l.out.Deletes && !s.deletes():
			l.leftOut = forLeavers
		case asked && l.purpose != "" && (l.purpose != forLeavers || !s.deletes()) || l.purpose == forStaff:
			l.leftOut = l.purpose
		case lookedUp(l, s.lists):
			l.leftOut = "lookup"
		default:
			continue
		}
		name, at := l.leftOutAs()
		r.remark(newRemark(parser.ListLeftOut, 0, at, l.out.Sheet, "s", name, "why", l.leftOut))
	}
}

// whole reports whether a list says who its people are: by code and name.
func (l *list) whole() bool { return l.cols.code > 0 && len(l.cols.header[fieldName].Text) > 0 }

// known reports whether the people of an incomplete list stand in the whole lists of the file anyhow, or it is no list of
// people: a table of codes from which lists are made, goods. Else they are people who lack something.
func known(l *list, all []*list) bool {
	if l.cols.class+l.cols.cohort == 0 || l.cols.stt == 0 && (l.cols.code > 0 || slices.ContainsFunc(l.head.cells, func(c heading) bool { return c.weak })) {
		return true
	}
	names, codes := map[string]bool{}, map[string]bool{}
	for _, other := range all {
		if other.whole() {
			for _, p := range other.rows {
				names[p.Name.Text], codes[p.Code.Text] = true, true
			}
		}
	}
	return !slices.ContainsFunc(l.rows, func(p parser.Row) bool {
		return l.cols.code > 0 && !codes[p.Code.Text] || l.cols.code == 0 && !names[p.Name.Text]
	})
}

// lookedUp reports whether another list of the file takes its names by formula from l: all its codes stand in l, too.
func lookedUp(l *list, all []*list) bool {
	if l.formulas {
		return false
	}
	var codes map[string]bool
	for _, other := range all {
		if other == l || !other.formulas || other.scan == l.scan || len(other.rows) == 0 {
			continue
		}
		if codes == nil {
			codes = map[string]bool{}
			for _, p := range l.rows {
				codes[p.Code.Text] = true
			}
		}
		if !slices.ContainsFunc(other.rows, func(p parser.Row) bool { return !codes[p.Code.Text] }) {
			return true
		}
	}
	return false
}

// letter finds the letter among the files: the first that looks like one, or a scan when a list stands elsewhere (FRM-12).
func (r *reading) letter() {
	var found []*source
	for _, s := range r.sources {
		if s.score() >= letterScore {
			found = append(found, s)
		}
	}
	if len(found) > 0 {
		s := found[0]
		s.letter = true
		r.out.Letter = readLetter(s.report.Name, s.letterLines())
		r.out.Letter.Signed = r.out.Letter.Signed || s.signature
	}
	if len(found) > 1 {
		r.remark(newRemark(parser.LetterAmbiguous, 0, parser.Place{File: found[1].report.Name}, found[1].report.Name))
	}
	if r.out.Letter != nil || len(r.out.Rows) == 0 {
		return
	}
	for _, s := range r.sources {
		if s.scan {
			s.letter = true
			r.out.Letter = &parser.Letter{File: s.report.Name, Scan: true, Signed: s.signature}
			return
		}
	}
}

// roles says of every file what it was taken for. A picture or a scan is a Problem only while something is missing: beside
// a letter and a list it is a logo, or a copy of a decision.
func (r *reading) roles() {
	whole := r.out.Letter != nil && len(r.out.Rows) > 0
	for _, s := range r.sources {
		list := len(s.lists) > 0 || s.headless != nil
		switch {
		case s.report.Problem != nil:
			s.report.Role = parser.RoleProblem
		case s.letter && list:
			s.report.Role = parser.RoleBoth
		case s.letter:
			s.report.Role = parser.RoleLetter
		case list:
			s.report.Role = parser.RoleList
		case (s.scan || s.picture) && !whole:
			s.report.Role = parser.RoleProblem
			s.report.Problem = &parser.Problem{Code: parser.Picture}
		default:
			s.report.Role = parser.RoleOther
		}
	}
}

// problemOf turns an error of a reader into the Problem of its file.
func problemOf(err error) *parser.Problem {
	var p *parser.Problem
	if errors.As(err, &p) {
		return p
	}
	return parser.Damage("%v", err)
}

// guard runs a reader; a panic in it is a Problem of the file, not of the program.
func guard(read func() error) (problem *parser.Problem) {
	defer func() {
		if x := recover(); x != nil {
			problem = &parser.Problem{Code: parser.Damaged, Detail: fmt.Sprintf("panic: %.200v", x)}
		}
	}()
	if err := read(); err != nil {
		return problemOf(err)
	}
	return nil
}
