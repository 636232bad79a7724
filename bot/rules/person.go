package rules

import (
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/parser"
	"vanthu/parser/viet"
)

// A person is a row with what judging and comparing it needs, worked out once: a list may have a hundred thousand.
type person struct {
	*parser.Row
	list     *parser.List // the table it stands in; nil: not known
	code     string       // as it is compared and recorded
	form     *CodeRule    // that the code matches
	name     nameText
	recorded string // the name as it is recorded
	class    classText
	cohort   classText
	monitor  bool
	rejected bool
	repeats  bool // says again what an earlier row says
	misfit   bool // its cells stand in the wrong columns
}

func (j *judge) person(row *parser.Row, list *parser.List) person {
	p := person{Row: row, list: list, code: canonical(row.Code.Text), name: j.words.name(row.Name.Text),
		class: j.classText(row.Class.Text), cohort: j.classText(row.Cohort.Text), monitor: isMonitor(row.Note.Text)}
	if known := j.knownAs(p.class); known != "" {
		p.class = j.classText(known)
	}
	p.form = j.policy.wellFormed(p.code, j.unit)
	p.recorded = row.Name.Text // what is no name comes back as it was written
	if p.name.oneCase && !p.name.strange {
		p.recorded = viet.TitleCase(row.Name.Text)
	}
	return p
}

// nameRow is whom a user name is made for.
func (p *person) nameRow() bot.NameRow {
	return bot.NameRow{Code: p.code, Name: p.Name.Text, Class: p.Class.Text, Cohort: p.Cohort.Text}
}

// isMonitor reads "Lớp trưởng" (Q15) in the spellings seen in lists, alone or beside another office: "Lớp trưởng kiêm Bí thư". The
// secretary of the Youth Union ("Bí thư") and the deputy ("Lớp phó") are none, nor is who was it before.
func isMonitor(note string) bool {
	if note == "" || len(note) > 60 {
		return false
	}
	folded := strings.NewReplacer(" kiem ", ",", " va ", ",").Replace(viet.Fold(note))
	return slices.ContainsFunc(strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune(",;/&+", r) }), func(office string) bool {
		words := strings.FieldsFunc(office, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		return slices.Contains(monitorWords, strings.Join(words, " "))
	})
}

// monitorWords are the spellings, folded. Read-only.
var monitorWords = []string{"lop truong", "lt", "l t", "l truong", "lop tr", "lop truong tam thoi", "lop truong lam thoi", "lt tam thoi", "lt lam thoi",
	"quyen lop truong", "lop truong tam", "monitor", "class monitor", "monitor of the class", "ban can su lop truong", "bcs lop truong", "truong lop"}

// holds reports whether a row stands in a list. Tables side by side share rows: the column of the codes tells them apart.
func holds(l *parser.List, row *parser.Row) bool {
	if l.File != row.At.File || l.Sheet != row.At.Sheet || l.LastRow > 0 && (row.At.Row < l.FirstRow || row.At.Row > l.LastRow) {
		return false
	}
	head := l.Columns["code"].At.Col
	return head == 0 || row.Code.At.Col == 0 || head == row.Code.At.Col
}

func (j *judge) listOf(row *parser.Row) *parser.List {
	for i := range j.sub.Lists {
		if holds(&j.sub.Lists[i], row) {
			return &j.sub.Lists[i]
		}
	}
	return nil
}

// column reports whether the list of a person has a column: where one is missing altogether, LST-02 speaks once for all rows.
func (p *person) column(fields ...string) bool {
	if p.list == nil || len(p.list.Columns) == 0 {
		return true
	}
	for _, f := range fields {
		if _, ok := p.list.Columns[f]; ok {
			return true
		}
	}
	return false
}

// A lexicon knows the words of names: lists have few, each many times.
type lexicon map[string]word

type word struct {
	key          string // without regard to case and to where the tone stands
	odd          bool   // not Vietnamese spelling
	upper, lower bool   // has letters in capitals, in small letters
	uneven       bool   // a capital behind a small letter of the same part: "NguyỄn"
	starts       bool   // begins with a capital
	letters      int
	strange      bool // has characters that names do not have
}

// nameText is what is known of a name as written.
type nameText struct {
	key     string // equal for names that differ in case and tone placement only
	words   int
	oneCase bool // all in capitals or all in small letters
	odd     bool // some word is not Vietnamese spelling
	strange bool
	uneven  bool // capitals where none belong, or none where one belongs
}

// longWord bounds what is remembered of one word of a name, in bytes.
const longWord = 64

func (l lexicon) word(text string) word {
	if w, ok := l[text]; ok {
		return w
	}
	w := word{odd: true, key: text}
	if len(text) <= longWord {
		w.key, w.odd = viet.ToneKey(text), oddWord(text)
	}
	begins := true
	for i, r := range text {
		switch {
		case unicode.IsUpper(r):
			w.uneven = w.uneven || w.lower && !begins
			w.upper, w.starts = true, w.starts || i == 0
		case unicode.IsLower(r):
			w.lower = true
		}
		if unicode.IsLetter(r) {
			w.letters++
		}
		begins = !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r)
		w.strange = w.strange || !belongs(r)
	}
	if len(text) <= longWord {
		l[strings.Clone(text)] = w
	}
	return w
}

func (l lexicon) name(text string) nameText {
	var n nameText
	upper, lower, small, capitals, uneven := false, false, false, false, false
	var key strings.Builder
	key.Grow(len(text) + 8)
	for part := range strings.FieldsSeq(text) {
		w := l.word(part)
		if n.words > 0 {
			key.WriteByte(' ')
		}
		key.WriteString(w.key)
		n.words++
		n.odd, n.strange = n.odd || w.odd, n.strange || w.strange
		upper, lower = upper || w.upper, lower || w.lower
		small, capitals, uneven = small || w.lower && !w.starts, capitals || w.letters > 1 && !w.lower, uneven || w.uneven
	}
	n.key = key.String()
	n.oneCase = upper != lower
	n.uneven = !n.oneCase && !n.odd && (small || capitals || uneven) // foreign names have particles: "Ludwig van Beethoven"
	return n
}

// belongs reports whether a character may stand in a word of a name. Latin letters with any mark, apostrophe and hyphen are
// what names are made of: "H'Hen Niê".
func belongs(r rune) bool {
	return unicode.Is(unicode.Latin, r) || unicode.Is(unicode.Mn, r) || strings.ContainsRune("'’‘ʼ`´-‐", r)
}

// oddWord reports whether a word does not follow Vietnamese spelling: minority and foreign names, or slips.
func oddWord(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) }) {
		if !viet.IsSyllable(part) {
			return true
		}
	}
	return false
}
