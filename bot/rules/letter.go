package rules

import (
	"fmt"
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
	if !j.signed(l.File) {
		severity := bot.Warn
		if j.policy.need(j.context.Kind) >= bot.E2 {
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
