package rules

import (
	"strconv"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/parser"
)

// What a text in a cell looks like, whatever stands above it.
type cellKind int

const (
	looksEmpty cellKind = iota
	looksCode
	looksName
	looksClass
	looksCohort
	looksNumber
	looksOther
)

// looks judges a text that stands where it may not belong; it is asked for few rows.
func (j *judge) looks(text string) cellKind {
	class := j.classText(text)
	switch code := canonical(text); {
	case text == "":
		return looksEmpty
	case len(j.policy.Codes) > 0 && j.policy.wellFormed(code, j.unit) != nil, len(text) >= 6 && strings.Trim(text, "0123456789") == "":
		return looksCode
	case len(text) <= 4 && strings.Trim(text, "0123456789") == "":
		return looksNumber
	case class.isCohort():
		return looksCohort
	case class.isClass(), j.knownClass(class):
		return looksClass
	case len(strings.Fields(text)) > 1 && !strings.ContainsFunc(text, func(r rune) bool { return r != ' ' && !unicode.IsLetter(r) && !belongs(r) }):
		return looksName
	}
	return looksOther
}

// A misfit is how the cells of a row stand in the wrong columns.
type misfit string

// The misfits, as terms.tsv calls them.
const (
	fits              misfit = ""
	codeNameSwapped   misfit = "code_name_swapped"
	nameClassSwapped  misfit = "name_class_swapped"
	shiftedRight      misfit = "shifted_right"
	shiftedLeft       misfit = "shifted_left"
	mostNotJustSingle        = 2 // rows from which on the columns are at fault, if they are more than half of the list
)

// misfitOf says what seems to have happened to a row. It is sure of two cells at least: one odd cell is a slip of its own.
func (j *judge) misfitOf(p *person) misfit {
	if p.form != nil && !p.name.strange && !p.class.isCohort() && p.Class.Text != "" && j.looks(p.Name.Text) != looksClass {
		return fits
	}
	code, name, class := j.looks(p.Code.Text), j.looks(p.Name.Text), j.looks(p.Class.Text)
	switch {
	case code == looksName && name == looksCode:
		return codeNameSwapped
	case name == looksCode && (class == looksName || class == looksOther && p.Class.Text != "" && code != looksCode) && code != looksCode:
		return shiftedRight
	case code == looksName && (name == looksClass || name == looksCohort):
		return shiftedLeft
	case code == looksCode && name == looksClass && class == looksName:
		return nameClassSwapped
	}
	return fits
}

// layout finds rows whose cells stand under the wrong headings (LST-17), and lists whose columns do (LST-18). They are never
// served, and little else is said of them: all else would follow from it.
func (j *judge) layout() {
	type count struct {
		rows   int
		misfit map[misfit][]*person
	}
	lists := make(map[*parser.List]*count)
	var order []*parser.List
	for i := range j.found { // what the reader saw
		switch f := &j.found[i]; {
		case f.Rule == "LST-18" && f.Args["field"] == "class":
			if j.turned == nil {
				j.turned = make(map[[2]string]bool)
			}
			j.turned[[2]string{f.File, f.Sheet}] = true
		case f.Rule == "LST-17" && 0 < f.N && f.N <= len(j.people) && f.Args["why"] == "":
			if m := j.misfitOf(&j.people[f.N-1]); m != fits {
				f.add("why", string(m))
			}
		}
	}
	for i := range j.people {
		p := &j.people[i]
		c := lists[p.list]
		if c == nil {
			c = &count{misfit: make(map[misfit][]*person)}
			lists[p.list] = c
			order = append(order, p.list)
		}
		c.rows++
		if j.has("LST-17", p.N) {
			p.misfit = true
		} else if m := j.misfitOf(p); m != fits {
			c.misfit[m] = append(c.misfit[m], p)
		}
	}
	for _, list := range order {
		c := lists[list]
		for _, m := range []misfit{codeNameSwapped, nameClassSwapped, shiftedRight, shiftedLeft} {
			people := c.misfit[m]
			if len(people) >= mostNotJustSingle && 2*len(people) > c.rows {
				j.columnsMisfit(list, m, people)
				continue
			}
			for _, p := range people {
				p.misfit = true
				at, h := p.Code, heading(list, "code")
				if m == nameClassSwapped || m == shiftedRight {
					at, h = p.Name, heading(list, "name")
				}
				j.say("LST-17", in(p, at), at.Text, "h", h, "v", at.Text, "why", string(m))
			}
		}
	}
}

// columnsMisfit says once of a list what is wrong with all its rows.
func (j *judge) columnsMisfit(list *parser.List, m misfit, people []*person) {
	for _, p := range people {
		p.misfit, p.rejected = true, true
	}
	first, n := people[0], strconv.Itoa(len(people))
	for _, f := range j.found {
		if f.Rule == "LST-18" && f.Severity == bot.RejectRequest && f.File == first.At.File && f.Sheet == first.At.Sheet { // the reader saw it
			return
		}
	}
	at := place{at: parser.Place{File: first.At.File, Sheet: first.At.Sheet}}
	field := "code"
	if m == nameClassSwapped {
		field = "name"
	}
	if list != nil && list.Columns[field].At.Row > 0 {
		at.at = list.Columns[field].At
	}
	switch m {
	case codeNameSwapped:
		j.say("LST-18", at, first.Code.Text, "h1", heading(list, "code"), "h2", heading(list, "name"), "n", n, "a", first.Code.Text, "b", first.Name.Text)
	case nameClassSwapped:
		j.say("LST-18", at, first.Name.Text, "h1", heading(list, "name"), "h2", heading(list, "class"), "n", n, "a", first.Name.Text, "b", first.Class.Text)
	default:
		j.say("LST-18", at, first.Code.Text, "why", string(m), "n", n)
	}
}

// heading is the header cell of a field as the unit wrote it, else the form's.
func heading(list *parser.List, field string) string {
	if list != nil && list.Columns[field].Text != "" {
		return list.Columns[field].Text
	}
	if t, ok := terms[field]; ok {
		return t[vietnamese]
	}
	return field
}
