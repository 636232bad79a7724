package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vanthu/parser"
)

// classText is a class or a cohort as written, with what comparing it needs.
type classText struct {
	key     string // its words, folded: "ya k51"
	compact string // without blanks and signs: two spellings of one class are equal
	ends    int    // the cohort at the end of a class: 47 of YBK47; 0: none
	number  int    // the cohort that the whole text is: 47 of "K47", "Khóa 47"; 0: none
	year    int    // the first year of "2024-2030"; 0: none
}

var (
	classEnd  = regexp.MustCompile(`(?i)K[ .-]*(\d{1,2})$`)
	cohortNum = regexp.MustCompile(`^(?:k|khoa)?[ .-]?(\d{1,2})$`)
	years     = regexp.MustCompile(`^(?:khoa |nien khoa )?((?:19|20)\d\d)(?: *[-–] *((?:19|20)?\d\d))?$`)
)

// classText looks a class or cohort up: a list has few of them.
func (j *judge) classText(text string) classText {
	if text == "" {
		return classText{}
	}
	if c, ok := j.classes[text]; ok {
		return c
	}
	c := classText{key: wordsOf(text)}
	c.compact = strings.ReplaceAll(c.key, " ", "")
	folded := strings.ToLower(c.key)
	if m := cohortNum.FindStringSubmatch(folded); m != nil {
		c.number, _ = strconv.Atoi(m[1])
	} else if m := classEnd.FindStringSubmatch(text); m != nil {
		c.ends, _ = strconv.Atoi(m[1])
	}
	if m := years.FindStringSubmatch(strings.ReplaceAll(folded, " ", "-")); m != nil {
		c.year, _ = strconv.Atoi(m[1])
	}
	j.classes[strings.Clone(text)] = c
	return c
}

// isCohort reports whether a text is a cohort and no class: "K47", "2024-2030".
func (c classText) isCohort() bool { return c.number > 0 || c.year > 0 }

// isClass reports whether a text looks like a class and like no cohort: letters, and the cohort at the end.
func (c classText) isClass() bool { return c.ends > 0 && !c.isCohort() }

// classOf judges class and cohort of a person. They never stop an account.
func (j *judge) classOf(p *person) {
	class, cohort := p.Class.Text, p.Cohort.Text
	if class == "" && p.column("class") {
		j.say("ROW-08", in(p, p.Class), "")
	}
	if cohort == "" && p.column("cohort") {
		j.say("ROW-10", in(p, p.Cohort), "")
	}
	switch {
	case j.knownClass(p.class), j.turned[[2]string{p.At.File, p.At.Sheet}]:
	case p.class.isCohort() && p.cohort.isClass():
		j.say("ROW-18", in(p, p.Class), class, "lop", class, "v", cohort)
		return
	case p.class.isCohort() && cohort == "":
		j.say("ROW-18", in(p, p.Class), class, "lop", class)
	case p.cohort.isClass() && class == "":
		j.say("ROW-18", in(p, p.Cohort), cohort, "v", cohort)
	}
	if p.class.ends > 0 && p.cohort.number > 0 && p.class.ends != p.cohort.number {
		j.say("ROW-11", in(p, p.Cohort), cohort, "v", cohort, "lop", class)
	}
}

// knownClass reports whether the office knows a class, in whatever way it is written.
func (j *judge) knownClass(c classText) bool { return j.knownAs(c) != "" }

// knownAs is how the office writes a class, "" for one that it does not know. Of several that differ in signs alone it is the one
// that is written so.
func (j *judge) knownAs(c classText) string {
	if j.book == nil {
		j.book = make(map[string]string, 2*len(j.policy.Classes))
		for _, known := range slices.Backward(j.policy.Classes) {
			k := j.classText(known)
			j.book["= "+k.key], j.book[k.compact] = known, known
		}
	}
	if known, ok := j.book["= "+c.key]; ok {
		return known
	}
	return j.book[c.compact]
}

// named is a class as it is recorded: as the office writes it, else as it was sent.
func (j *judge) named(p *person) string {
	if known := j.knownAs(p.class); known != "" && p.Class.Text != "" {
		return known
	}
	return p.Class.Text
}

// classesOf says of each class once what concerns all its people: that nobody knows it (ROW-09), or that it is written in
// more than one way (ROW-19). The finding stands at the first person of the class.
func (j *judge) classesOf() {
	type spelling struct {
		first *person
		n     int
	}
	count := make(map[string]*spelling)
	var order []string
	for i := range j.people {
		p := &j.people[i]
		if p.Class.Text == "" || p.misfit {
			continue
		}
		s := count[p.Class.Text]
		if s == nil {
			s = &spelling{first: p}
			count[p.Class.Text] = s
			order = append(order, p.Class.Text)
		}
		s.n++
	}
	most := make(map[string]string) // compact form → the spelling that most people have
	for _, text := range order {
		compact := count[text].first.class.compact
		if best, ok := most[compact]; !ok || count[text].n > count[best].n {
			most[compact] = text
		}
	}
	for _, text := range order {
		s := count[text]
		known := j.knownAs(s.first.class)
		if known != "" && !strings.EqualFold(known, text) {
			j.say("ROW-20", in(s.first, s.first.Class), text, "v", text, "n", strconv.Itoa(s.n), "a", known)
			continue // however many ways there are, they are one class
		}
		if known == "" && (j.policy.ClassBook || doubtfulClass(text)) {
			j.say("ROW-09", in(s.first, s.first.Class), text, "v", text, "n", strconv.Itoa(s.n), "a", j.nearest(s.first.class))
		}
		if best := most[s.first.class.compact]; best != text && s.first.class.key != count[best].first.class.key {
			j.say("ROW-19", in(s.first, s.first.Class), text, "a", text, "n1", strconv.Itoa(s.n), "b", best, "n2", strconv.Itoa(count[best].n))
		}
	}
}

// doubtfulClass reports whether a text cannot be the name of one class even where no classes are configured: it names several,
// or what it was before ("YAK50 -> YBK50"), or has letters of another script that only look alike.
func doubtfulClass(text string) bool {
	return strings.ContainsAny(text, ",;>→?") || strings.Contains(strings.ToLower(text), " cũ") || strings.Contains(text, "(cũ") ||
		strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) }) >= 0
}

// nearest returns the known class that was probably meant: the same letters and digits, or one of them different; "" none.
func (j *judge) nearest(c classText) string {
	best, nearest := 2, ""
	for _, known := range j.policy.Classes {
		other := j.classText(known)
		if n := distance(c.compact, other.compact, best); n < best && (n == 0 || other.ends == c.ends || other.ends == 0) {
			best, nearest = n, known
		}
	}
	return nearest
}

// distance is the number of bytes to insert, delete or replace between a and b; most when there are more.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			cost := diagonal
			if a[i] != b[k] {
				cost = 1 + min(diagonal, row[k], row[k+1])
			}
			diagonal, row[k+1] = row[k+1], cost
		}
	}
	return min(row[len(b)], most)
}

// What the request itself says of cohorts and years of enrolment is believed from so many people on, if so many of a
// hundred agree.
const (
	enoughPeople = 10
	enoughAgree  = 90
)

// oldestYear is how long somebody may have been enrolled: two digits that give an earlier year are no year.
const oldestYear = 15

// enrolments says ROW-11 of cohorts that do not fit the year in the code: K47 began in 2021, so its codes begin with 21.
func (j *judge) enrolments() {
	zero := j.policy.CohortZero
	offsets := make(map[int]int)
	all := 0
	for i := range j.people {
		if p := &j.people[i]; p.cohort.number > 0 && zero == 0 {
			if year := j.yearOf(p); year > 0 {
				offsets[year-p.cohort.number]++
				all++
			}
		}
	}
	for offset, n := range offsets {
		if all >= enoughPeople && n*100 >= all*enoughAgree {
			zero = offset
		}
	}
	for i := range j.people {
		p := &j.people[i]
		year := j.yearOf(p)
		if year == 0 || p.misfit {
			continue
		}
		switch {
		case p.cohort.year > 0 && p.cohort.year != year:
			j.say("ROW-11", in(p, p.Cohort), p.Cohort.Text, "v", p.Cohort.Text, "n", strconv.Itoa(year), "a", p.code)
		case zero > 0 && p.cohort.number > 0 && p.cohort.number != year-zero:
			j.say("ROW-11", in(p, p.Cohort), p.Cohort.Text, "v", p.Cohort.Text, "n", strconv.Itoa(year), "a", p.code, "b", fmt.Sprintf("K%d", year-zero))
		}
	}
}

// yearOf is the year of enrolment that a code holds, 0 for none.
func (j *judge) yearOf(p *person) int {
	if p.form == nil {
		return 0
	}
	group := p.form.Pattern.SubexpIndex("year")
	if group < 0 {
		return 0
	}
	at := p.form.Pattern.FindStringSubmatchIndex(p.code)
	if at == nil || at[2*group] < 0 {
		return 0
	}
	digits := p.code[at[2*group]:at[2*group+1]]
	year, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	if len(digits) == 2 {
		year += 2000
	}
	if now := j.context.Now.Year(); year > now+1 || year < now-oldestYear {
		return 0
	}
	return year
}

// day is an instant as messages hold it, "" for none.
func (j *judge) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(j.context.Now.Location()).Format(time.DateOnly)
}

// in is the place of a value in its row; an empty cell without a place stands for the row.
func in(p *person, v parser.Value) place {
	at := v.At
	if at.File == "" && at.Row == 0 {
		at = p.At
		at.Col = 0
	}
	return place{n: p.N, at: at}
}
