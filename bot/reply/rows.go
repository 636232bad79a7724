package reply

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"vanthu/bot"
)

// shownRows is how many rows a letter names before it points to the workbook.
const shownRows = 50

// A table is the rows that a letter names.
type table struct {
	Rows []person
	More int // rows left out
}

// A person is one row of a table. STT, Code and Name stand as the unit wrote them.
type person struct {
	Place, PlaceEN  line // "Dòng 14 (ô B14)", with file and sheet when there are several
	STT, Code, Name line
	Reasons         []reason
	Why, WhyEN      line // of somebody whose account is missing
}

// A reason is one finding, said.
type reason struct {
	Rule           line
	Place, PlaceEN line // of a finding about the whole request; may be empty
	Say, SayEN     line
	Fix, FixEN     line
}

func (w *Writer) reason(f bot.Finding) reason {
	say, sayEN := w.say(f)
	fix, fixEN := w.fix(f)
	r := reason{
		Rule: plain(f.Rule, longest),
		Say:  plain(say, speech), SayEN: plain(sayEN, speech),
		Fix: plain(fix, speech), FixEN: plain(fixEN, speech),
	}
	r.Place, r.PlaceEN = wholePlace(f, say)
	return r
}

// wholePlace says where a finding about the whole request was seen, unless its message names the file already.
func wholePlace(f bot.Finding, said string) (vi, en line) {
	var parts, partsEN []string
	if f.File != "" && !strings.Contains(said, f.File) {
		parts, partsEN = append(parts, "tệp "+f.File), append(partsEN, "file "+f.File)
	}
	if f.Sheet != "" {
		parts, partsEN = append(parts, "trang "+f.Sheet), append(partsEN, "sheet "+f.Sheet)
	}
	if f.Cell != "" {
		parts, partsEN = append(parts, "ô "+f.Cell), append(partsEN, "cell "+f.Cell)
	}
	return plain(strings.Join(parts, ", "), longest), plain(strings.Join(partsEN, ", "), longest)
}

// general returns the findings about the whole request that keep says yes to.
func (w *Writer) general(req bot.Request, keep func(bot.Finding) bool) []reason {
	var reasons []reason
	for _, f := range req.Findings {
		if f.N == 0 && keep(f) {
			reasons = append(reasons, w.reason(f))
		}
	}
	return reasons
}

// table gathers the rows that have a finding that keep says yes to, in the order of the request.
func (w *Writer) table(req bot.Request, keep func(bot.Finding) bool) table {
	findings := map[int][]bot.Finding{}
	for _, f := range req.Findings {
		if f.N != 0 && keep(f) {
			findings[f.N] = append(findings[f.N], f)
		}
	}
	several := severalTables(req.Rows)
	var t table
	for _, row := range req.Rows {
		switch found := findings[row.N]; {
		case len(found) == 0:
		case len(t.Rows) == shownRows:
			t.More++
		default:
			t.Rows = append(t.Rows, w.person(row, found, several))
		}
	}
	return t
}

// people lists rows without reasons.
func (w *Writer) people(rows []bot.Row) table {
	several := severalTables(rows)
	var t table
	for _, row := range rows {
		if len(t.Rows) == shownRows {
			t.More = len(rows) - shownRows
			break
		}
		t.Rows = append(t.Rows, w.person(row, nil, several))
	}
	return t
}

func (w *Writer) person(row bot.Row, findings []bot.Finding, several bool) person {
	p := person{
		STT: plain(row.STT, longest), Code: plain(row.Code, longest), Name: plain(row.Name, longest),
	}
	p.Place, p.PlaceEN = rowPlace(row, findings, several)
	for _, f := range findings {
		r := w.reason(f)
		r.Place, r.PlaceEN = "", ""
		p.Reasons = append(p.Reasons, r)
	}
	return p
}

// rowPlace is "Dòng 14 (ô B14, C14)"; with several tables the file and the sheet follow.
func rowPlace(row bot.Row, findings []bot.Finding, several bool) (vi, en line) {
	var cells []string
	for _, f := range findings {
		if f.Cell != "" && !slices.Contains(cells, f.Cell) {
			cells = append(cells, f.Cell)
		}
	}
	number := strconv.Itoa(cmp.Or(row.Line, row.N)) // a list without lines of its own: the place in the request
	v, e := "Dòng "+number, "Row "+number
	if len(cells) > 0 {
		v += " (ô " + strings.Join(cells, ", ") + ")"
		e += " (cell " + strings.Join(cells, ", ") + ")"
	}
	if several {
		v += ", trang " + cmp.Or(row.Sheet, "?") + ", tệp " + cmp.Or(row.File, "?")
		e += ", sheet " + cmp.Or(row.Sheet, "?") + ", file " + cmp.Or(row.File, "?")
	}
	return plain(v, longest), plain(e, longest)
}

func severalTables(rows []bot.Row) bool {
	return slices.ContainsFunc(rows, func(r bot.Row) bool { return r.File != rows[0].File || r.Sheet != rows[0].Sheet })
}

func rejects(f bot.Finding) bool {
	return f.Severity == bot.RejectRow || f.Severity == bot.RejectRequest
}

func warns(f bot.Finding) bool { return f.Severity == bot.Warn }

// classes counts the classes that are named.
func classes(rows []bot.Row) int {
	seen := map[string]bool{}
	for _, row := range rows {
		if row.Class != "" {
			seen[row.Class] = true
		}
	}
	return len(seen)
}
