package rules

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
)

// scope judges whether the people are those of the procedure and of the unit (FR-03, FR-08), and whether letter and list
// speak of the same people.
func (j *judge) scope() {
	var staff, foreign []*person
	kinds := ""
	for i := range j.people {
		p := &j.people[i]
		if isStaff(p.Note.Text) {
			staff = append(staff, p)
		}
		if p.misfit {
			continue
		}
		if shown, ours := j.ofUnit(p); !ours {
			foreign, kinds = append(foreign, p), shown
		}
	}
	if len(staff) > 0 {
		j.say("FRM-09", place{}, "", append(j.lines(staff...), "n", strconv.Itoa(len(staff)))...)
	}
	if len(foreign) > 0 {
		j.say("FRM-13", place{}, "", append(j.lines(foreign...), "kind", kinds, "unit", j.unit.Name)...)
	}
	j.counts()
	if l := j.sub.Letter; l != nil && len(j.people) > 0 {
		j.classesNamed(l)
		j.cohortsNamed(l)
	}
}

// ofUnit reports whether a code is of the unit that asks; shown is the form it has instead.
func (j *judge) ofUnit(p *person) (shown string, ours bool) {
	if j.unit == nil || p.form == nil || p.form.of(j.unit) {
		return "", true
	}
	return p.form.Shown, false
}

// counts says FRM-10: a number of people that the letter or a list names and the rows do not have.
func (j *judge) counts() {
	perList := make(map[*parser.List]int)
	repeats := 0
	for i := range j.people {
		perList[j.people[i].list]++
		if j.people[i].repeats {
			repeats++
		}
	}
	say := func(where string, said, read int, at place) {
		m := ""
		if repeats > 0 && said+repeats == read {
			m = strconv.Itoa(repeats)
		}
		j.say("FRM-10", at, strconv.Itoa(said), "where", where, "n1", strconv.Itoa(said), "n2", strconv.Itoa(read), "m", m)
	}
	if l := j.sub.Letter; l != nil && l.Count > 0 && len(j.people) > 0 && l.Count != len(j.people) {
		say("letter", l.Count, len(j.people), place{at: parser.Place{File: l.File}})
	}
	for i := range j.sub.Lists {
		list := &j.sub.Lists[i]
		if read := perList[list]; list.Count > 0 && read > 0 && list.Count != read && list.Count != len(j.people) {
			say("list", list.Count, read, place{at: parser.Place{File: list.File, Sheet: list.Sheet}})
		}
	}
}

// howManyClasses finds "02 lớp" in the folded words of what the letter asks.
var howManyClasses = regexp.MustCompile(`\b(\d{1,3}) lop\b`)

// classesNamed says FRM-15 of classes that the letter names and the list has not, or the other way round, and FRM-17 of their
// number. A letter that names no class speaks of all.
func (j *judge) classesNamed(l *parser.Letter) {
	have := distinct(j.people, func(p *person) (string, string) { return p.class.compact, p.Class.Text })
	named := make(map[string]string)
	for _, v := range l.Classes {
		if c := j.classText(v.Text); c.compact != "" {
			named[strings.TrimPrefix(c.compact, "lop")] = v.Text
		}
	}
	at := place{at: parser.Place{File: l.File}}
	if len(named) > 0 && len(have) > 0 {
		missing, extra := without(named, have), without(have, named)
		if len(missing)+len(extra) > 0 {
			j.say("FRM-15", cmpPlace(l.Classes, at), "", "a", fewOf(missing), "b", fewOf(extra))
			return // their number differs for the same reason
		}
	}
	if m := howManyClasses.FindStringSubmatch(wordsOf(clip(l.Request.Text, 10*maxShown))); m != nil {
		if n, _ := strconv.Atoi(m[1]); n > 0 && len(have) > 0 && n != len(have) {
			j.say("FRM-17", place{at: l.Request.At}, "", "n1", strconv.Itoa(n), "n2", strconv.Itoa(len(have)), "lop", fewOf(sorted(have)))
		}
	}
}

// cohortsNamed says FRM-16 of cohorts that the letter names and the list has not, or the other way round.
func (j *judge) cohortsNamed(l *parser.Letter) {
	key := func(c classText) string {
		switch {
		case c.number > 0:
			return strconv.Itoa(c.number)
		case c.year > 0:
			return strconv.Itoa(c.year)
		}
		return ""
	}
	have := distinct(j.people, func(p *person) (string, string) { return key(p.cohort), p.Cohort.Text })
	named := make(map[string]string)
	for _, v := range l.Cohorts {
		if k := key(j.classText(v.Text)); k != "" {
			named[k] = v.Text
		}
	}
	if len(named) == 0 || len(have) == 0 {
		return
	}
	if missing, extra := without(named, have), without(have, named); len(missing)+len(extra) > 0 {
		j.say("FRM-16", cmpPlace(l.Cohorts, place{at: parser.Place{File: l.File}}), "", "a", fewOf(missing), "b", fewOf(extra))
	}
}

// cmpPlace is the place of the first value that has one.
func cmpPlace(values []parser.Value, otherwise place) place {
	for _, v := range values {
		if v.At.File != "" {
			return place{at: v.At}
		}
	}
	return otherwise
}

// distinct returns the values that people have, by their keys; the first spelling of each.
func distinct(people []person, of func(*person) (key, shown string)) map[string]string {
	found := make(map[string]string)
	for i := range people {
		p := &people[i]
		if key, shown := of(p); key != "" && !p.misfit && found[key] == "" {
			found[key] = shown
		}
	}
	return found
}

// without returns the values of a that b has not, sorted.
func without(a, b map[string]string) []string {
	left := make(map[string]string)
	for key, shown := range a {
		if b[key] == "" {
			left[key] = shown
		}
	}
	return sorted(left)
}

func sorted(values map[string]string) []string {
	all := make([]string, 0, len(values))
	for _, shown := range values {
		all = append(all, shown)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return all
}
