package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vanthu/bot"
	"vanthu/parser"
	"vanthu/parser/viet"
)

// letter judges the letter part of BM-CNTT31 (A-19, rules FRM).
func (j *judge) letter() {
	l := j.sub.Letter
	if l == nil {
		return
	}
	file := place{at: parser.Place{File: l.File}}
	if l.Scan { // nothing in it can be read: an officer does, and nothing else is asked of it
		j.say("FRM-12", file, "", "file", l.File)
		return
	}
	if l.Unit.Text == "" {
		j.say("FRM-02", file, "")
	} else if u := j.context.Unit; u != nil {
		if named := unitNamed(j.policy.Units, l.Unit.Text); named == nil || named.ID != u.ID {
			j.say("FRM-03", place{at: l.Unit.At}, l.Unit.Text, "unit", l.Unit.Text, "mailunit", u.Name)
		}
	}
	if !l.Signed {
		severity := bot.Warn
		if j.policy.Evidence == BySigned {
			severity = bot.RejectRequest
		}
		j.sayAs(severity, "FRM-04", file, l.Signer.Text)
	}
	if l.Reason.Text == "" {
		j.say("FRM-05", file, "")
	}
	j.dates(l)
	if l.Staff {
		j.say("FRM-08", place{at: l.Request.At}, l.Request.Text)
	}
	if l.Count > 0 && len(j.sub.Rows) > 0 && l.Count != len(j.sub.Rows) {
		j.count("letter", l.Count, len(j.sub.Rows), file)
	}
}

// dates judges the date of the letter, and that the lists name the same one ("Kèm theo bản đề nghị ngày …").
func (j *judge) dates(l *parser.Letter) {
	switch {
	case l.Date.Year == 0:
		j.say("FRM-06", place{at: parser.Place{File: l.File}}, "")
	case !whole(l.Date):
		j.say("FRM-06", place{at: l.Date.At}, l.Date.Text, "d", l.Date.Text)
	case time.Date(l.Date.Year, time.Month(l.Date.Month), l.Date.Day, 0, 0, 0, 0, j.context.Now.Location()).After(j.context.Now):
		j.say("FRM-06", place{at: l.Date.At}, l.Date.Text, "d", iso(l.Date))
	}
	for _, list := range j.sub.Lists {
		if whole(list.Date) && whole(l.Date) && iso(list.Date) != iso(l.Date) {
			j.say("FRM-07", place{at: list.Date.At}, list.Date.Text, "d1", iso(list.Date), "d2", iso(l.Date))
		}
	}
}

func (j *judge) count(where string, said, read int, at place) {
	j.say("FRM-10", at, strconv.Itoa(said), "where", where, "n1", strconv.Itoa(said), "n2", strconv.Itoa(read))
}

// scope judges whether the people are those of the procedure and of the unit (FR-03, FR-08).
func (j *judge) scope() {
	perList := make(map[parser.Place]int)
	var staff []string
	var foreign []parser.Row
	kinds := ""
	for _, row := range j.sub.Rows {
		perList[parser.Place{File: row.At.File, Sheet: row.At.Sheet}]++
		if isStaff(row.Note.Text) {
			staff = append(staff, strconv.Itoa(row.N))
		}
		if shown, ours := j.ofUnit(row.Code.Text); !ours {
			foreign, kinds = append(foreign, row), shown
		}
	}
	for _, list := range j.sub.Lists {
		at := parser.Place{File: list.File, Sheet: list.Sheet}
		if read := perList[at]; list.Count > 0 && read > 0 && list.Count != read {
			j.count("list", list.Count, read, place{at: at})
		}
	}
	if len(staff) > 0 {
		j.say("FRM-09", place{}, "", "n", strconv.Itoa(len(staff)))
	}
	if len(foreign) > 0 {
		j.say("FRM-13", place{}, "", append(j.lines(foreign...), "kind", kinds, "unit", j.unit.Name)...)
	}
}

// isStaff reports whether a note says that the row is staff. Only the bare word counts: "cán bộ lớp" is a student.
func isStaff(note string) bool {
	switch viet.Fold(note) {
	case "can bo", "vien chuc", "can bo vien chuc", "can bo, vien chuc", "giang vien", "nhan vien", "chuyen vien":
		return true
	}
	return false
}

// ofUnit reports whether a code is of the unit that asks; shown is the form it has instead.
func (j *judge) ofUnit(code string) (shown string, ours bool) {
	if j.unit == nil {
		return "", true
	}
	for _, rule := range j.policy.Codes {
		if !rule.Pattern.MatchString(canonical(code)) {
			continue
		}
		if len(rule.Units) == 0 || slices.Contains(rule.Units, j.unit.ID) {
			return "", true
		}
		shown = rule.Shown
	}
	return shown, shown == ""
}

// unitNamed finds the unit that a letter's text names: by id, name or another spelling of it, the longest that stands in
// the text ("P. CTSV - Trường …" names CTSV); nil when none does.
func unitNamed(units []bot.Unit, text string) *bot.Unit {
	text = " " + wordsOf(text) + " "
	var best *bot.Unit
	longest := 0
	for i, u := range units {
		for _, name := range append([]string{u.ID, u.Name}, u.Aliases...) {
			if name = wordsOf(name); name != "" && len(name) > longest && strings.Contains(text, " "+name+" ") {
				best, longest = &units[i], len(name)
			}
		}
	}
	return best
}

// wordsOf folds a text to its words: lower case, no marks, single blanks between.
func wordsOf(s string) string {
	return strings.Join(strings.FieldsFunc(viet.Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

func whole(d parser.Date) bool { return d.Valid && d.Year > 0 && d.Month > 0 && d.Day > 0 }

func iso(d parser.Date) string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }
