package form

import (
	"regexp"
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// columns says where the fields of one block stand. 0 or empty: nowhere.
type columns struct {
	stt, code, class, cohort  int
	reason, decision, decided int
	name                      []int // in reading order
	note                      []int
	from, to                  int // the block's first and last column
	header                    map[string]parser.Value
}

// sample are values of a column, as many as are worth looking at.
const sample = 60

// assign gives the fields their columns and remarks what is odd about the header. below are the rows under it.
func (l *list) assign(h header, below []grid.Row) {
	l.cols = columns{header: map[string]parser.Value{}, from: h.cells[0].cell.Col}
	below = filledRows(below, h)
	for i := range h.cells {
		c := &h.cells[i]
		l.cols.to = max(l.cols.to, c.lastCol)
		if c.field == fieldCohort && unmarked(c.text) && !isCohort(c, below) {
			c.field = fieldFaculty
		}
		if l.hidden(c.cell.Col) {
			if kept(c.field) {
				l.hiddenCols = append(l.hiddenCols, c.cell.Col)
			}
			continue
		}
		l.assignOne(*c, below)
	}
	l.assignName(h, below)
	for _, f := range []string{fieldCode, fieldName} {
		if _, ok := l.cols.header[f]; !ok {
			l.remark(parser.ColumnMissing, 0, l.place(l.out.HeaderRow, 0), "", "col", f)
		}
	}
	l.swapped(below)
}

// filledRows are the first rows under a header that look like people: those with a code or a running number in its column, or
// where there are none (the columns may have changed places) those with two values or more.
func filledRows(below []grid.Row, h header) []grid.Row {
	var coded, filled []grid.Row
	for _, r := range below[:min(4*sample, len(below))] {
		n, code := 0, false
		for _, c := range h.cells {
			if v := r.Cell(c.cell.Col); c.field != "" && !blank(v.Text) {
				n++
				code = code || c.field == fieldCode && looksLikeCode(v.Text) || c.field == fieldSTT && isNumber(v.Text)
			}
		}
		switch {
		case code && n >= 2:
			coded = append(coded, r)
		case n >= 2 && namesFields(r): // the same header again, or the next
			if len(coded) > 0 {
				return coded
			}
			continue
		}
		if n >= 2 && len(filled) < sample {
			filled = append(filled, r)
		}
		if len(coded) == sample {
			break
		}
	}
	if len(coded) > 0 {
		return coded
	}
	return filled
}

// namesFields reports whether a row names two fields of a list.
func namesFields(r grid.Row) bool {
	n := 0
	for _, c := range r.Cells {
		if c.Text != "" && fieldOf(c.Text) != "" {
			n++
		}
	}
	return n >= 2
}

func kept(field string) bool {
	switch field {
	case fieldSTT, fieldCode, fieldName, fieldFirst, fieldMiddle, fieldGiven, fieldClass, fieldCohort, fieldNote, fieldReason, fieldDecision, fieldDecided:
		return true
	}
	return false
}

// at returns where the column of a field is kept, nil for names, notes and what is dropped.
func (c *columns) at(field string) *int {
	switch field {
	case fieldSTT:
		return &c.stt
	case fieldCode:
		return &c.code
	case fieldClass:
		return &c.class
	case fieldCohort:
		return &c.cohort
	case fieldReason:
		return &c.reason
	case fieldDecision:
		return &c.decision
	case fieldDecided:
		return &c.decided
	}
	return nil
}

// assignOne takes one heading. A second code column that says something else is an error of the list (LST-04); of other
// fields the first that has values is taken.
func (l *list) assignOne(c heading, below []grid.Row) {
	if namePart(c.field) >= 0 {
		return // assignName
	}
	at := l.place(c.row, c.cell.Col)
	value := parser.Value{Text: c.text, Raw: c.cell.Text, At: at}
	first, twice := l.cols.header[c.field]
	where := l.cols.at(c.field)
	if twice && where != nil && emptyBelow(*where, below) && !emptyBelow(c.cell.Col, below) {
		l.remark(parser.ColumnDropped, 0, first.At, first.Text, "h", first.Text)
		twice = false
	}
	switch {
	case c.field == fieldNote:
		l.cols.note = append(l.cols.note, c.cell.Col)
	case twice && c.field == fieldCode && !repeats(c.cell.Col, l.cols.code, below):
		l.remark(parser.HeaderTwice, 0, at, c.text, "field", c.field, "h1", first.Text, "h2", c.text)
		return
	case where == nil || twice:
		if c.text != "" && c.field != fieldNote {
			l.remark(parser.ColumnDropped, 0, at, c.text, "h", c.text)
		}
	default:
		*where = c.cell.Col
	}
	if c.field != "" && !twice {
		l.cols.header[c.field] = value
	}
	if kept(c.field) && !twice && !asPrinted(c) {
		l.remark(parser.HeaderRead, 0, at, c.text, "h", c.text, "field", c.field)
	}
}

func emptyBelow(col int, below []grid.Row) bool {
	return !slices.ContainsFunc(below, func(r grid.Row) bool { return !blank(r.Cell(col).Text) })
}

// repeats reports whether column col says the same as column other, or nothing.
func repeats(col, other int, below []grid.Row) bool {
	return !slices.ContainsFunc(below, func(r grid.Row) bool {
		v := r.Cell(col)
		return unusable(v) || !blank(v.Text) && oneLine(v.Text) != oneLine(r.Cell(other).Text)
	})
}

// asPrinted reports whether the heading is the form's own. "Khoa" without its mark is not: it was decided by the values.
func asPrinted(c heading) bool {
	if c.field == fieldCohort && unmarked(c.text) {
		return false
	}
	return foldHeading(c.text) == printed[c.field]
}

// assignName finds the columns of the name: one heading, one heading over two columns, or its parts.
func (l *list) assignName(h header, below []grid.Row) {
	var whole, parts []heading
	unseen := false // a part of the name does not show
	for _, c := range h.cells {
		switch {
		case l.hidden(c.cell.Col):
			unseen = unseen || namePart(c.field) > 0
		case c.field == fieldName:
			whole = append(whole, c)
		case namePart(c.field) > 0:
			parts = append(parts, c)
		}
	}
	switch {
	case len(whole) > 0:
		parts = l.wholeName(whole, parts, below)
	case unseen:
		return
	case len(parts) > 0:
		parts = l.nameParts(parts, below)
	default:
		return
	}
	if len(parts) == 0 {
		return
	}
	texts := make([]string, len(parts))
	for i, c := range parts {
		texts[i] = c.text
	}
	c, text := parts[0], strings.Join(texts, " + ")
	at := l.place(c.row, c.cell.Col)
	l.cols.header[fieldName] = parser.Value{Text: text, Raw: text, At: at}
	if len(parts) > 1 || foldHeading(c.text) != printed[fieldName] {
		l.remark(parser.HeaderRead, 0, at, text, "h", text, "field", fieldName)
	}
}

// wholeName takes a heading for the whole name, and returns what the name is read from.
func (l *list) wholeName(whole, parts []heading, below []grid.Row) []heading {
	c := whole[0]
	l.cols.name = append([]int{c.cell.Col}, l.unnamed(c, below)...)
	for _, again := range whole[1:] {
		if slices.Contains(l.cols.name, again.cell.Col) {
			continue
		}
		at := l.place(again.row, again.cell.Col)
		if repeats(again.cell.Col, c.cell.Col, below) {
			l.remark(parser.ColumnDropped, 0, at, again.text, "h", again.text)
			continue
		}
		l.remark(parser.HeaderTwice, 0, at, again.text, "field", fieldName, "h1", c.text, "h2", again.text)
	}
	if len(parts) == 0 || len(l.cols.name) > 1 {
		return whole[:1]
	}
	given := parts[len(parts)-1]
	switch {
	case given.field != fieldGiven || given.cell.Col < c.cell.Col: // a first part beside the whole: it says nothing new
		l.dropParts(parts)
	case len(parts) == 1 && l.endsWith(c, given, below): // "Họ và tên" holds all of it
	default: // "Họ và tên" holds the first part, "Tên" the last
		for _, p := range parts {
			l.cols.name = append(l.cols.name, p.cell.Col)
		}
	}
	return whole[:1]
}

func (l *list) dropParts(parts []heading) {
	for _, p := range parts {
		l.remark(parser.ColumnDropped, 0, l.place(p.row, p.cell.Col), p.text, "h", p.text)
	}
}

// nameParts takes the parts of a name in the order in which a name is read. Of two columns of one kind the first counts,
// unless it is empty. A name without its first or its last part is none: nil.
func (l *list) nameParts(parts []heading, below []grid.Row) []heading {
	slices.SortStableFunc(parts, func(a, b heading) int { return namePart(a.field) - namePart(b.field) })
	var out []heading
	for _, c := range parts {
		if n := len(out); n > 0 && out[n-1].field == c.field {
			if !repeats(c.cell.Col, out[n-1].cell.Col, below) {
				l.remark(parser.HeaderTwice, 0, l.place(c.row, c.cell.Col), c.text, "field", c.field, "h1", out[n-1].text, "h2", c.text)
			}
			continue
		}
		out = append(out, c)
		l.cols.name = append(l.cols.name, c.cell.Col)
	}
	last := out[len(out)-1]
	if last.field != fieldGiven { // the column of given names has no heading, or one that nobody knows
		given := l.unnamed(last, below)
		l.cols.name = append(l.cols.name, given...)
		if len(given) == 0 && !l.wholeNames(last, below) {
			return nil
		}
	}
	if len(out) == 1 && last.field == fieldGiven && !l.wholeNames(last, below) {
		return nil
	}
	return out
}

// wholeNames reports whether a column that is headed as a part of the name holds all of it: two words and more, and the last
// is no usual middle name.
func (l *list) wholeNames(c heading, below []grid.Row) bool {
	n, whole := 0, 0
	for _, r := range below {
		words := strings.Fields(viet.Fold(oneLine(r.Cell(c.cell.Col).Text)))
		if len(words) == 0 {
			continue
		}
		n++
		if len(words) > 1 && (c.field == fieldGiven || len(words) > 2 || words[1] != "thi" && words[1] != "van") {
			whole++
		}
	}
	return n == 0 || whole*10 >= n*6
}

// endsWith reports whether the values under whole already end with the values under given.
func (l *list) endsWith(whole, given heading, below []grid.Row) bool {
	n, ends := 0, 0
	for _, r := range below {
		g := oneLine(r.Cell(given.cell.Col).Text)
		if g == "" {
			continue
		}
		n++
		if strings.HasSuffix(viet.Fold(oneLine(r.Cell(whole.cell.Col).Text)), viet.Fold(g)) {
			ends++
		}
	}
	return n == 0 || 2*ends > n
}

// What columns without a heading hold beside a name: the sex, a tick, a people.
var notGivenRE = regexp.MustCompile(`^(nam|nu|male|female|x|v|kinh|khmer|co|khong|dat|moi|cu)$`)

// unnamed returns the columns behind a name that have no heading of their own but belong to it: those that it is merged
// over, or the next one when it holds single words only, which is the commonest layout of Vietnamese lists.
func (l *list) unnamed(name heading, below []grid.Row) []int {
	var cols []int
	for col := name.cell.Col + 1; col <= name.lastCol; col++ {
		if !l.hidden(col) {
			cols = append(cols, col)
		}
	}
	next := name.cell.Col + 1
	if over := l.scan.header.over(next); len(cols) > 0 || l.hidden(next) || over != nil && (over.field != "" || namePart(over.under) < 0) {
		return cols
	}
	filled, words, rows := 0, 0, 0
	distinct := map[string]bool{}
	for _, r := range below {
		if blank(r.Cell(name.cell.Col).Text) {
			continue
		}
		rows++
		v := oneLine(r.Cell(next).Text)
		if v == "" {
			continue
		}
		filled++
		if fold := viet.Fold(v); len(strings.Fields(v)) <= 2 && lettersOnly(v) && !notGivenRE.MatchString(fold) {
			words++
			distinct[fold] = true
		}
	}
	if len(distinct)*5 < words { // a word that comes again and again is no given name
		return nil
	}
	if rows > 0 && filled*10 >= rows*6 && words*10 >= filled*8 {
		return []int{next}
	}
	return nil
}

var cohortRE = regexp.MustCompile(`^(k|khoa)?[ .:-]*(\d{1,4}|[ivx]{1,6})([ ]*[-/][ ]*\d{2,4})?$`)

// unmarked reports whether a heading begins with Khoa: without its mark it may be Khóa, the cohort.
func unmarked(text string) bool {
	first, _, _ := strings.Cut(strings.ToLower(oneLine(text)), " ")
	return first == "khoa"
}

// isCohort decides what an unmarked "Khoa" is by its values: K51, 51, 2024-2030 are cohorts, words are faculties. Without a
// value to look at it is a faculty: that is how it is spelt.
func isCohort(c *heading, below []grid.Row) bool {
	n, like := 0, 0
	for _, r := range below {
		v := viet.Fold(oneLine(r.Cell(c.cell.Col).Text))
		if v == "" {
			continue
		}
		n++
		if cohortRE.MatchString(v) || r.Cell(c.cell.Col).Kind == grid.Date {
			like++
		}
	}
	return n > 0 && 2*like >= n
}
