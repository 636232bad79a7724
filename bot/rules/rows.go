package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/parser"
	"vanthu/parser/viet"
)

// asRow copies a row as it is recorded. A name in one letter case throughout gets the usual capitals (NAM-04 says so).
func asRow(row parser.Row) bot.Row {
	out := bot.Row{
		N: row.N, STT: row.STT.Text, Code: canonical(row.Code.Text), Name: nameOf(row),
		Class: row.Class.Text, Cohort: row.Cohort.Text, Note: row.Note.Text, Monitor: isMonitor(row.Note.Text),
		File: row.At.File, Sheet: row.At.Sheet, Line: row.At.Row, Cells: make(map[string]string, 6),
	}
	for field, v := range map[string]parser.Value{
		"stt": row.STT, "code": row.Code, "name": row.Name, "class": row.Class, "cohort": row.Cohort, "note": row.Note,
	} {
		if cell := v.At.Cell(); cell != "" {
			out.Cells[field] = cell
		}
	}
	return out
}

func nameOf(row parser.Row) string {
	if illegal, alien := strange(row.Name.Text); len(illegal)+len(alien) > 0 {
		return row.Name.Text // no name: it comes back as it was written
	}
	return viet.TitleCase(row.Name.Text)
}

// isMonitor reads "Lớp trưởng" (Q15) in the spellings seen in lists.
func isMonitor(note string) bool {
	switch viet.Fold(note) {
	case "lop truong", "lt", "lop truong (tam thoi)", "lop truong tam thoi", "lop truong lam thoi":
		return true
	}
	return false
}

// rows judges every row by itself and against the register.
func (j *judge) rows() {
	for _, row := range j.sub.Rows {
		columns := j.columnsOf(row)
		j.code(row, columns.code)
		j.name(row, columns.name)
		j.class(row, columns)
		if note := row.Note.Text; note != "" && !isMonitor(note) {
			j.say("ROW-12", in(row, row.Note), note, "v", note)
		}
	}
}

// in is the place of a value in its row; an empty cell without a place stands for the row.
func in(row parser.Row, v parser.Value) place {
	at := v.At
	if at.File == "" && at.Row == 0 {
		at = row.At
		at.Col = 0
	}
	return place{n: row.N, at: at}
}

// spoiled codes, as Excel leaves them: 2.15301E+09, 2153010680.0 (ROW-03).
var spoiled = regexp.MustCompile(`^\d+([.,]\d+)?[Ee]\+?\d+$|^\d{6,}[.,]0+$`)

func (j *judge) code(row parser.Row, column bool) {
	v, at := row.Code.Text, in(row, row.Code)
	code := canonical(v)
	switch {
	case v == "":
		if column {
			j.say("ROW-01", at, "")
		}
		return
	case j.has("ROW-03", row.N):
		return
	case spoiled.MatchString(v):
		j.say("ROW-03", at, v, "v", v)
		return
	}
	if !j.wellFormed(code) {
		j.say("ROW-02", at, v, "v", v, "pattern", j.forms())
		return
	}
	if j.policy.NameFault != nil {
		if rule, value := j.policy.NameFault(code); rule != "" {
			j.say(rule, at, v, "v", value)
		}
	}
	j.register(row, code, at)
}

func (j *judge) wellFormed(code string) bool {
	return len(j.policy.Codes) == 0 || slices.ContainsFunc(j.policy.Codes, func(c CodeRule) bool { return c.Pattern.MatchString(code) })
}

// forms says how codes look, those of the asking unit alone when some are its own.
func (j *judge) forms() string {
	var shown []string
	for _, c := range j.policy.Codes {
		if (j.unit == nil || len(c.Units) == 0 || slices.Contains(c.Units, j.unit.ID)) && !slices.Contains(shown, c.Shown) {
			shown = append(shown, c.Shown)
		}
	}
	return strings.Join(shown, " / ")
}

// register says which accounts and open cases are there for a code already (FR-17).
func (j *judge) register(row parser.Row, code string, at place) {
	for _, e := range j.known[code] {
		if e.Case != "" {
			if e.Case != j.context.Case {
				j.say("ROW-06", at, code, "v", code, "ref", e.Case)
			}
			continue
		}
		since := ""
		if !e.Since.IsZero() {
			since = e.Since.In(j.context.Now.Location()).Format("2006-01-02")
		}
		j.say("ROW-05", at, code, "v", code, "addr", e.Address, "date", since)
		if e.Name != "" && row.Name.Text != "" && viet.ToneKey(e.Name) != viet.ToneKey(row.Name.Text) {
			j.say("NAM-10", in(row, row.Name), row.Name.Text, "v", code, "a", row.Name.Text, "b", e.Name)
		}
	}
}

func (j *judge) name(row parser.Row, column bool) {
	v, at := row.Name.Text, in(row, row.Name)
	if v == "" {
		if column {
			j.say("NAM-01", at, "")
		}
		return
	}
	illegal, alien := strange(v)
	if len(illegal) > 0 {
		j.say("NAM-03", at, v, "chars", strings.Join(illegal, " "))
	}
	if len(alien) > 0 {
		j.say("NAM-08", at, v, "chars", strings.Join(alien, ", "))
	}
	if len(illegal)+len(alien) > 0 {
		return // what follows reads Latin names
	}
	if !strings.Contains(v, " ") {
		j.say("NAM-02", at, v, "v", v)
	}
	if proposal := viet.TitleCase(v); proposal != v {
		j.say("NAM-04", at, v, "v", v, "name", proposal)
	}
	if odd := oddSyllables(v); odd != "" {
		j.say("NAM-07", at, v, "v", odd)
	}
}

// strange lists the characters of a name that are no letters (NAM-03) and those of other scripts, which may look like
// Latin ones (NAM-08). Latin letters with any mark, apostrophe, hyphen and blank are what names are made of: "H'Hen Niê".
func strange(name string) (illegal, alien []string) {
	for _, r := range name {
		switch {
		case unicode.Is(unicode.Latin, r) || unicode.Is(unicode.Mn, r) || strings.ContainsRune(" '’‘ʼ`´-‐", r):
		case unicode.IsLetter(r):
			if s := fmt.Sprintf("%c (%U)", r, r); !slices.Contains(alien, s) && len(alien) < 10 {
				alien = append(alien, s)
			}
		default:
			s := string(r)
			if !unicode.IsPrint(r) {
				s = fmt.Sprintf("%U", r)
			}
			if !slices.Contains(illegal, s) && len(illegal) < 10 {
				illegal = append(illegal, s)
			}
		}
	}
	return illegal, alien
}

// oddSyllables lists the words of a name that Vietnamese spelling does not know: minority and foreign names, or slips. The
// message puts the list between quotes, so they also stand between its words.
func oddSyllables(name string) string {
	var odd []string
	for word := range strings.FieldsSeq(name) {
		parts := strings.FieldsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) })
		if slices.ContainsFunc(parts, func(p string) bool { return !viet.IsSyllable(p) }) && !slices.Contains(odd, word) {
			odd = append(odd, word)
		}
	}
	return strings.Join(odd, `", "`)
}

// classEnd finds the cohort that many classes carry at their end: YBK47 is of cohort 47.
var (
	classEnd  = regexp.MustCompile(`(?i)K[ .-]?(\d{1,2})$`)
	cohortNum = regexp.MustCompile(`(?i)^(?:K|KH[OÓ][AÁ])?[ .-]?(\d{1,2})$`)
)

func (j *judge) class(row parser.Row, columns columns) {
	class, cohort := row.Class.Text, row.Cohort.Text
	if class == "" && columns.class {
		j.say("ROW-08", in(row, row.Class), "")
	}
	if cohort == "" && columns.cohort {
		j.say("ROW-10", in(row, row.Cohort), "")
	}
	if class != "" && len(j.policy.Classes) > 0 &&
		!slices.ContainsFunc(j.policy.Classes, func(c string) bool { return wordsOf(c) == wordsOf(class) }) {
		j.say("ROW-09", in(row, row.Class), class, "v", class)
	}
	if a, b := classEnd.FindStringSubmatch(class), cohortNum.FindStringSubmatch(cohort); a != nil && b != nil && a[1] != b[1] {
		j.say("ROW-11", in(row, row.Cohort), cohort, "v", cohort, "lop", class)
	}
}

// columns says which columns the list of a row has: where one is missing altogether, LST-02 speaks once for all rows.
type columns struct{ code, name, class, cohort bool }

func (j *judge) columnsOf(row parser.Row) columns {
	all := columns{true, true, true, true}
	for _, list := range j.sub.Lists {
		if list.File != row.At.File || list.Sheet != row.At.Sheet || len(list.Columns) == 0 ||
			list.LastRow > 0 && (row.At.Row < list.FirstRow || row.At.Row > list.LastRow) {
			continue
		}
		has := func(fields ...string) bool {
			return slices.ContainsFunc(fields, func(f string) bool { _, ok := list.Columns[f]; return ok })
		}
		return columns{has("code"), has("name", "name_given", "name_first_part"), has("class"), has("cohort")}
	}
	return all
}

// unusable rows lack what an account is made of, whoever says so.
func (j *judge) unusable(row bot.Row) bool {
	return j.context.Kind == bot.AccountRequest && (row.Code == "" || row.Name == "")
}

func (j *judge) has(rule string, n int) bool { return j.said[saidKey(rule, n)] }

func saidKey(rule string, n int) string { return fmt.Sprint(rule, " ", n) }
