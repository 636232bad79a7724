package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
)

// among judges rows against each other: one code twice, one person under two codes, two monitors of a class.
func (j *judge) among() {
	j.repeatedCodes()
	j.namesakes()
	j.classesOf()
	j.enrolments()
	j.monitors()
}

// repeatedCodes says ROW-04. Of rows that say the same, the first stands and the later ones are repeats, which are
// returned; of rows that contradict each other none can be served, for nobody knows whose code it is.
func (j *judge) repeatedCodes() {
	conflicts := 0
	for _, rows := range shared(j.people, func(p *person) string {
		if p.misfit || p.code == "" || j.has("ROW-02", p.N) || j.has("ROW-03", p.N) {
			return ""
		}
		return p.code
	}) {
		guilty := rows[1:]
		if !alike(rows) {
			guilty = rows
			if slices.ContainsFunc(rows, func(p *person) bool { return p.At.File != rows[0].At.File || p.At.Sheet != rows[0].At.Sheet }) {
				conflicts++
			}
		}
		where := j.lines(rows...)
		for _, p := range guilty {
			p.repeats = len(guilty) < len(rows)
			j.say("ROW-04", in(p, p.Code), p.Code.Text, append(where[:len(where):len(where)], "v", p.code)...)
		}
	}
	if conflicts == 0 {
		return
	}
	for i := range j.found { // ENV-08 named the files; now it is known whether they contradict each other
		if f := &j.found[i]; f.Rule == "ENV-08" {
			f.add("m", strconv.Itoa(conflicts))
		}
	}
}

// alike reports whether rows of one code say the same of the person; an empty cell contradicts nobody.
func alike(rows []*person) bool {
	agree := func(field func(*person) string) bool {
		said := ""
		for _, p := range rows {
			v := field(p)
			if v != "" && said != "" && v != said {
				return false
			}
			said = cmp.Or(said, v)
		}
		return true
	}
	return agree(func(p *person) string { return p.name.key }) &&
		agree(func(p *person) string { return p.class.key }) &&
		agree(func(p *person) string { return p.cohort.key })
}

// namesakes says ROW-17 and NAM-09 of the later of two rows that may be one person: same class, same name up to the place
// of the tone, two codes. Only a warning: a class may well have two people of one name.
func (j *judge) namesakes() {
	type key struct{ name, class string }
	for _, rows := range shared(j.people, func(p *person) key {
		if p.repeats || p.misfit || p.Name.Text == "" || p.Class.Text == "" || p.code == "" {
			return key{}
		}
		return key{p.name.key, p.class.key}
	}) {
		first := rows[0]
		for _, p := range rows[1:] {
			switch {
			case p.code == first.code: // ROW-04 speaks
			case !strings.EqualFold(p.Name.Text, first.Name.Text):
				j.say("NAM-09", in(p, p.Name), p.Name.Text, append(j.lines(first), "a", p.Name.Text, "b", first.Name.Text)...)
			default:
				j.say("ROW-17", in(p, p.Code), p.Code.Text, append(j.lines(first, p), "a", first.Code.Text, "b", p.Code.Text)...)
			}
		}
	}
}

// monitors says ROW-13 and ROW-14. A class without a monitor is only worth a word where other classes have one: a list of
// late-comers has none at all.
func (j *judge) monitors() {
	type class struct {
		first    *person
		monitors []*person
	}
	classes := make(map[string]*class)
	var order []*class
	some := false
	for i := range j.people {
		p := &j.people[i]
		if p.class.key == "" || p.misfit {
			continue
		}
		c := classes[p.class.key]
		if c == nil {
			c = &class{first: p}
			classes[p.class.key] = c
			order = append(order, c)
		}
		if p.monitor && !p.repeats {
			c.monitors = append(c.monitors, p)
			some = true
		}
	}
	var without []string
	for _, c := range order {
		if some && len(c.monitors) == 0 {
			without = append(without, c.first.Class.Text)
		}
		if len(c.monitors) < 2 {
			continue
		}
		var names []string
		for _, p := range c.monitors {
			names = append(names, p.recorded+" ("+p.code+")")
		}
		for _, p := range c.monitors {
			j.say("ROW-13", in(p, p.Note), p.Note.Text, "lop", p.Class.Text, "names", fewOf(names))
		}
	}
	if len(without) > 0 {
		j.say("ROW-14", place{}, "", "lop", fewOf(without))
	}
}

// shared returns the people who have a key in common with somebody else, in the order of the first of each. Who has the
// zero key is alone.
func shared[K comparable](people []person, key func(*person) K) [][]*person {
	var none K
	firsts := make(map[K]int, len(people))
	groups := make(map[int][]*person)
	for i := range people {
		k := key(&people[i])
		if k == none {
			continue
		}
		first, ok := firsts[k]
		if !ok {
			firsts[k] = i
			continue
		}
		if groups[first] == nil {
			groups[first] = []*person{&people[first]}
		}
		groups[first] = append(groups[first], &people[i])
	}
	order := make([]int, 0, len(groups))
	for first := range groups {
		order = append(order, first)
	}
	slices.Sort(order)
	all := make([][]*person, len(order))
	for i, first := range order {
		all[i] = groups[first]
	}
	return all
}

// lines says where rows stand, as the {field} of a message and its value: {lines} of a sheet, which a person sees beside
// them, else {rows} of the table or of the request. The sheet and the file are named when the rows stand in several.
func (j *judge) lines(rows ...*person) []string {
	field := "lines"
	sheets, files := false, false
	for _, p := range rows {
		if p.At.Row == 0 || !j.inWorkbook(p) {
			field = "rows"
		}
		sheets = sheets || p.At.Sheet != rows[0].At.Sheet
		files = files || p.At.File != rows[0].At.File
	}
	var places []string
	for _, p := range rows {
		var in []string
		if sheets && p.At.Sheet != "" {
			in = append(in, p.At.Sheet)
		}
		if files {
			in = append(in, p.At.File)
		}
		place := strconv.Itoa(cmp.Or(p.At.Row, p.N))
		if len(in) > 0 {
			place += " (" + strings.Join(in, ", ") + ")"
		}
		places = append(places, place)
	}
	return []string{field, fewOf(places)}
}

// inWorkbook reports whether a row stands on a sheet, not in a document's table.
func (j *judge) inWorkbook(p *person) bool {
	return !slices.ContainsFunc(j.sub.Files, func(f parser.FileReport) bool { return f.Name == p.At.File && f.Document })
}
