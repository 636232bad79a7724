package form

import (
	"regexp"
	"strings"

	"vanthu/parser"
	"vanthu/parser/viet"
)

// A taken value stands elsewhere than in its row. where is the word of the remark ValueTaken.
type taken struct {
	parser.Value
	where string
}

// A group is what a title row says of the people beneath it.
type group struct {
	class, cohort taken
	from          int // index of its first row in the list
	at            parser.Place
}

// or fills what g does not say from another.
func (g group) or(other group) group {
	if g.class.Text == "" {
		g.class = other.class
	}
	if g.cohort.Text == "" {
		g.cohort = other.cohort
	}
	return g
}

// What ends the name of a class in a title: "Lớp YAK50 (45 SV)", "Lớp YAK50 - Khóa 50", "LỚP YAK50 NĂM HỌC …". Folded.
var (
	classTitleRE = regexp.MustCompile(`(?:^|[^a-z0-9])lop\s*:?\s*(?:hanh chinh|sinh hoat)?\s*:?\s*(.*)$`)
	classEndRE   = regexp.MustCompile(`\s*([(\[;]|[-–:.,;]?\s*\b(khoa|nien khoa|nam hoc|hoc ky|si so|ss|gom|co \d|so luong|tong so|nganh|he|dot|thoi hoc|de nghi|cap|truong|pho|gvcn|co van|thuoc|bo sung|nhap hoc|duoc|theo|kem)\b).*$`)
	classShapeRE = regexp.MustCompile(`^[a-z0-9][a-z0-9 .&_-]{0,30}$`)
	severalRE    = regexp.MustCompile(`[,/+]|\bva\b|\bden\b`) // "các lớp YAK50, YBK50": whose is which is not said
	// A cohort needs digits: "Khoa Y" is a faculty.
	cohortTitleRE = regexp.MustCompile(`\b(?:nien khoa|khoa hoc|khoa)\s*:?\s*(k?\s?\d{1,3}\b|\d{4}\s*[-/]\s*\d{4})|\b(k\d{2,3})\b`)
	yearsRE       = regexp.MustCompile(`^\d{4}\s*[-–/]\s*\d{4}$`)
)

// lastGroup is what holds for the last people of a list.
func (l *list) lastGroup() group {
	if k := len(l.groups); k > 0 {
		return l.groups[k-1].or(l.above)
	}
	return l.above
}

// openGroup reports whether a title row ends the list: its people come behind.
func (l *list) openGroup() bool {
	k := len(l.groups)
	return k > 0 && l.groups[k-1].from == len(l.rows)
}

// titleGroup reads the class and the cohort that a title names: "LỚP: YA – K51", "I. Lớp Y A - K51 (45 SV)", "KHÓA 50".
func titleGroup(n line, where string) group {
	fold, text := viet.Fold(n.text), []rune(n.text)
	g := group{}
	if len([]rune(fold)) != len(text) { // folding drops nothing of a clean text
		return g
	}
	take := func(from, to int) taken {
		first := len([]rune(fold[:from]))
		shown := strings.TrimSpace(string(text[first : first+len([]rune(fold[from:to]))]))
		return taken{parser.Value{Text: shown, Raw: n.text, At: n.at}, where}
	}
	rest := fold
	if m := classTitleRE.FindStringSubmatchIndex(fold); m != nil {
		value := fold[m[2]:m[3]]
		value = value[:classLength(value)]
		if v := take(m[2], m[2]+len(value)); isClassName(v.Text) {
			g.class = v
		}
		rest = fold[:m[2]] + strings.Repeat("#", len(value)) + fold[m[2]+len(value):] // "YA - K51" names no cohort apart
	}
	if m := cohortTitleRE.FindStringSubmatchIndex(rest); m != nil {
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		if !severalRE.MatchString(rest[to:min(len(rest), to+4)]) {
			g.cohort = take(from, to)
		}
	}
	return g
}

// What never stands inside the name of a class.
var notClassRE = regexp.MustCompile(`^(de|cua|da|se|dang|nam|hoc|tai|vao|co|la|duoc|cho|va)$`)

// classLength returns how many bytes of a folded text are the name of a class: up to its last word with a digit, over short
// words only ("CK1 Nội K5"), or one word.
func classLength(fold string) int {
	if end := classEndRE.FindStringIndex(fold); end != nil {
		fold = fold[:end[0]]
	}
	end, at := 0, 0
	for i, w := range strings.SplitAfter(fold, " ") {
		at += len(w)
		w = strings.TrimSpace(w)
		digit := strings.ContainsAny(w, "0123456789")
		if i >= 6 || len(w) > 5 && !digit || notClassRE.MatchString(w) {
			break
		}
		if i == 0 || digit {
			end = at
		}
	}
	return len(strings.TrimRight(fold[:end], " .-:"))
}

// isClassName reports whether a text behind "Lớp" names one: it has a digit, or is a single word of capitals ("YAK").
func isClassName(s string) bool {
	fold := viet.Fold(s)
	if !classShapeRE.MatchString(fold) || severalRE.MatchString(fold) || yearsRE.MatchString(fold) || len(strings.Fields(s)) > 6 {
		return false
	}
	return strings.ContainsAny(s, "0123456789") || len(s) <= 8 && !strings.Contains(s, " ") && s == strings.ToUpper(s)
}

// Sheets and files are named after classes, too; those of programs and of whole lists are not.
var (
	sheetNoiseRE  = regexp.MustCompile(`^(sheet|trang|bang|ds|danh sach|list|data|table|book|copy|mau|bieu|phu luc|pl|bm|dot|bo sung|tong hop|page)`)
	sheetClassRE  = regexp.MustCompile(`^(lop\s+)?([a-z]{1,4}[a-z .-]{0,10}\d{1,3}[a-z0-9]{0,3}([ .-]+[a-z0-9]{1,4}){0,2})$`)
	sheetCohortRE = regexp.MustCompile(`^(?:khoa\s*|k\s?)(\d{1,3})$`)
)

// romanRE matches the number of a part of a list.
var romanRE = regexp.MustCompile(`^[IVX]{1,5}[.)/]?$`)

// sheetGroup reads the class or the cohort that a sheet is named after: "YAK50", "Lớp Y A - K51", "K50".
func sheetGroup(name string, at parser.Place) group {
	shown := oneLine(name)
	fold := viet.Fold(shown)
	g := group{}
	switch {
	case sheetCohortRE.MatchString(fold):
		g.cohort = taken{parser.Value{Text: shown, Raw: name, At: at}, "sheet_name"}
	case sheetNoiseRE.MatchString(fold):
	case sheetClassRE.MatchString(fold):
		if strings.HasPrefix(fold, "lop ") {
			_, shown, _ = strings.Cut(shown, " ")
		}
		g.class = taken{parser.Value{Text: strings.TrimSpace(shown), Raw: name, At: at}, "sheet_name"}
	}
	return g
}

// fileGroup reads the class that a file's name gives: "Danh sach lop YBK47.xlsx".
func fileGroup(name string) group {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	base = oneLine(strings.ReplaceAll(base, "_", " "))
	return titleGroup(line{text: base, at: parser.Place{File: name}}, "file_name")
}

// beginGroup takes a title row between people; false when it names neither class nor cohort.
func (l *list) beginGroup(n line) bool {
	g := titleGroup(n, "group_row")
	if len(n.text) > maxHeading || g.class.Text == "" && g.cohort.Text == "" {
		return false
	}
	if k := len(l.groups); k > 0 && g.cohort.Text == "" {
		g.cohort = l.groups[k-1].cohort // classes of one cohort follow each other
	}
	g.from, g.at = len(l.rows), n.at
	l.groups = append(l.groups, g)
	return true
}

// fillGroups gives class and cohort to people whose list has them only in a title, in its sheet's or in its file's name.
// A column that has the value for some people of a group is believed for all of them.
func (l *list) fillGroups() {
	if len(l.rows) == 0 {
		return
	}
	whole := l.above
	if !l.scan.document { // a document's table is named by us
		whole = whole.or(sheetGroup(l.out.Sheet, l.place(0, 0)))
	}
	whole = whole.or(fileGroup(l.out.File))
	groups := append([]group{{}}, l.groups...)
	for i, g := range groups {
		to := len(l.rows)
		if i+1 < len(groups) {
			to = groups[i+1].from
		}
		rows := l.rows[g.from:to]
		g = g.or(whole)
		l.fill(fieldClass, g.class, rows, func(p *parser.Row) *parser.Value { return &p.Class })
		l.fill(fieldCohort, g.cohort, rows, func(p *parser.Row) *parser.Value { return &p.Cohort })
	}
}

// fill gives a value to rows that all lack it, with one remark for each place that it is taken from (LST-14).
func (l *list) fill(field string, v taken, rows []parser.Row, of func(*parser.Row) *parser.Value) {
	lacking := 0
	for i := range rows {
		if of(&rows[i]).Text == "" && !l.broken(rows[i], field) {
			lacking++
		}
	}
	switch {
	case len(rows) == 0:
	case lacking < len(rows) || v.Text == "":
		if lacking > 0 && *l.cols.at(field) == 0 && !l.lacks[field] {
			l.lacks[field] = true
			l.remark(parser.ColumnMissing, 0, l.place(l.out.HeaderRow, 0), "", "col", field)
		}
	default:
		for i := range rows {
			*of(&rows[i]) = v.Value
		}
		if key := field + v.where + v.Text + v.At.Cell(); !l.told[key] {
			l.told[key] = true
			l.remark(parser.ValueTaken, 0, v.At, v.Text, "field", field, "v", v.Text, "where", v.where)
		}
	}
}

// broken reports whether the row's own cell holds something that cannot be used: that is no missing value.
func (l *list) broken(p parser.Row, field string) bool {
	col := *l.cols.at(field)
	return col > 0 && unusable(l.scan.rowNumber(p.At.Row).Cell(col))
}
