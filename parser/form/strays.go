package form

import (
	"strings"

	"vanthu/parser"
)

// strays points at people whom no list takes: a table without a header beside those with one, or people beside a table. A
// code that some list has is no such person, one that looks unlike all codes of the request is a number of another kind, and
// a table that has all people of a list and more is what the list was made from.
func (r *reading) strays() {
	codes, lengths := map[string]bool{}, map[int]bool{}
	for _, s := range r.sources {
		if len(s.strays) == 0 {
			continue
		}
		if len(codes) == 0 {
			for _, s := range r.sources {
				for _, l := range s.lists {
					for _, p := range l.rows {
						codes[p.Code.Text] = true
						lengths[len(p.Code.Text)] = true
					}
				}
			}
		}
		for from := 0; from < len(s.strays); {
			to := from + 1
			for to < len(s.strays) && s.strays[to].at.Sheet == s.strays[from].at.Sheet {
				to++
			}
			r.straysOf(s, s.strays[from:to], codes, lengths)
			from = to
		}
	}
}

// straysOf judges the strays of one sheet.
func (r *reading) straysOf(s *source, strays []stray, codes map[string]bool, lengths map[int]bool) {
	own := make(map[string]bool, len(strays))
	var first *stray
	for i := range strays {
		code := tidyCode(oneLine(strays[i].code))
		own[code] = true
		if first == nil && lengths[len(code)] && !codes[code] {
			first = &strays[i]
		}
	}
	switch {
	case first == nil:
	case s.madeFrom(own):
		at := parser.Place{File: first.at.File, Sheet: first.at.Sheet, Page: first.at.Page}
		r.remark(newRemark(parser.ListLeftOut, 0, at, at.Sheet, "s", at.Sheet, "why", "lookup"))
	default:
		r.remark(newRemark(parser.HeaderMissing, 0, first.at, "", "cols", "Mã số SV/HV, Họ và tên"))
	}
}

// fewPeople is how many people two tables may have in common by chance, or because one corrects the other.
const fewPeople = 5

// madeFrom reports whether a list of the file has all its people from a table: by formula, or so many that it is no chance.
func (s *source) madeFrom(table map[string]bool) bool {
	for _, l := range s.lists {
		if len(l.rows) == 0 || l.cols.code == 0 || !l.formulas && len(l.rows) < fewPeople {
			continue
		}
		all := true
		for _, p := range l.rows {
			code := strings.TrimSpace(p.Code.Text)
			all = all && (code == "" || table[code])
		}
		if all {
			return true
		}
	}
	return false
}
