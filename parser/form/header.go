package form

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// A heading is one cell of a header row.
type heading struct {
	cell    grid.Cell
	row     int // sheet row
	text    string
	field   string
	lastCol int // last column that it covers
}

// A header is a row of headings, or two rows read together.
type header struct {
	cells []heading // in order of column
	last  int       // index of its last row in the sheet's Rows
}

// known returns how many different fields the header names, and whether one of them says who a person is.
func (h header) known() (n int, person bool) {
	seen := map[string]bool{}
	for _, c := range h.cells {
		if c.field == "" || seen[c.field] {
			continue
		}
		seen[c.field] = true
		person = person || identifies(c.field)
	}
	return len(seen), person
}

func identifies(field string) bool {
	return field == fieldCode || field == fieldName || field == fieldFirst || field == fieldGiven
}

// headerAt reads row i of the sheet as a header: it needs a code or a name and one field more. ok is false when it is none.
func headerAt(s *grid.Sheet, m merges, i int) (header, bool) {
	row := s.Rows[i]
	if len(row.Cells) < 2 {
		return header{}, false
	}
	h := header{last: i}
	for _, c := range row.Cells {
		h.cells = append(h.cells, heading{
			cell: c, row: row.Number, text: oneLine(c.Text), field: fieldOf(c.Text), lastCol: m.lastCol(row.Number, c.Col),
		})
	}
	if i+1 < len(s.Rows) && s.Rows[i+1].Number == row.Number+1 {
		h = h.withSecondRow(s.Rows[i+1], i+1)
	}
	n, person := h.known()
	return h, n >= 2 && person
}

// withSecondRow adds the sub-headings under a heading that covers several columns: "Họ và tên" over "Họ đệm" and "Tên".
// The row is one of sub-headings when every cell of it is a known heading or stands under such a wide heading.
func (h header) withSecondRow(row grid.Row, index int) header {
	known := false
	for _, c := range row.Cells {
		up := h.over(c.Col)
		wide := up != nil && up.lastCol > up.cell.Col
		switch field := fieldOf(c.Text); {
		case field != "" && (up == nil || wide):
			known = true
		case wide && lettersOnly(c.Text):
		default:
			return h
		}
	}
	if !known {
		return h
	}
	var out []heading
	for _, up := range h.cells {
		split := false
		for _, c := range row.Cells {
			split = split || up.cell.Col <= c.Col && c.Col <= up.lastCol
		}
		if !split {
			out = append(out, up)
		}
	}
	for _, c := range row.Cells {
		out = append(out, heading{cell: c, row: row.Number, text: oneLine(c.Text), field: fieldOf(c.Text), lastCol: c.Col})
	}
	slices.SortFunc(out, func(a, b heading) int { return a.cell.Col - b.cell.Col })
	return header{cells: out, last: index}
}

// over returns the heading that covers column col.
func (h header) over(col int) *heading {
	for i := range h.cells {
		if c := &h.cells[i]; c.cell.Col <= col && col <= c.lastCol {
			return c
		}
	}
	return nil
}

func lettersOnly(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsDigit(r) }) < 0
}

func oneLine(s string) string {
	clean, _ := viet.Clean(s)
	return clean
}

// Blocks splits a header that repeats itself from left to right: two lists side by side. A block is complete with a code
// and a name; a field that comes again after that begins the next block when the rest is complete, too.
func (h header) blocks() []header {
	var out []header
	from := 0
	seen := map[string]bool{}
	for i, c := range h.cells {
		if c.field != "" && seen[c.field] && complete(h.cells[from:i]) && complete(h.cells[i:]) {
			out = append(out, header{cells: h.cells[from:i], last: h.last})
			from = i
			clear(seen)
		}
		seen[c.field] = true
	}
	return append(out, header{cells: h.cells[from:], last: h.last})
}

func complete(cells []heading) bool {
	code, name := false, false
	for _, c := range cells {
		code = code || c.field == fieldCode
		name = name || c.field != fieldCode && identifies(c.field)
	}
	return code && name
}

// columns says where the fields of one block stand. 0 or empty: nowhere.
type columns struct {
	stt, code, class, cohort int
	name                     []int // in reading order
	note                     []int
	from, to                 int // the block's first and last column
	header                   map[string]parser.Value
}

// sample are values of a column, as many as are worth looking at.
const sample = 60

// assign gives the fields their columns and remarks what is odd about the header. below are the rows under it.
func (l *list) assign(h header, below []grid.Row) {
	l.cols = columns{header: map[string]parser.Value{}, from: h.cells[0].cell.Col}
	for i := range h.cells {
		c := &h.cells[i]
		l.cols.to = max(l.cols.to, c.lastCol)
		if c.field == fieldCohort && foldHeading(c.text) == "khoa" && !isCohort(c, below) {
			c.field = "faculty"
		}
		if l.hidden(c.cell.Col) {
			if kept(c.field) {
				l.hiddenCols = append(l.hiddenCols, c.cell.Col)
			}
			continue
		}
		l.assignOne(*c)
	}
	l.assignName(h, below)
	for _, f := range []string{fieldCode, fieldName, fieldClass, fieldCohort} {
		if _, ok := l.cols.header[f]; !ok {
			l.remark(parser.ColumnMissing, 0, l.place(l.out.HeaderRow, 0), "", "col", f)
		}
	}
}

func kept(field string) bool {
	switch field {
	case fieldSTT, fieldCode, fieldName, fieldFirst, fieldMiddle, fieldGiven, fieldClass, fieldCohort, fieldNote:
		return true
	}
	return false
}

// assignOne takes one heading. A second code column is an error of the list (LST-04); of other fields the first is taken.
func (l *list) assignOne(c heading) {
	at := l.place(c.row, c.cell.Col)
	value := parser.Value{Text: c.text, Raw: c.cell.Text, At: at}
	first, twice := l.cols.header[c.field]
	switch {
	case c.field == fieldNote:
		l.cols.note = append(l.cols.note, c.cell.Col)
	case twice && c.field == fieldCode:
		l.remark(parser.HeaderTwice, 0, at, c.text, "field", c.field, "h1", first.Text, "h2", c.text)
		return
	case c.field == fieldName || c.field == fieldFirst || c.field == fieldMiddle || c.field == fieldGiven:
		return // assignName
	case c.field == "" || !kept(c.field) || twice:
		if c.text != "" {
			l.remark(parser.ColumnDropped, 0, at, c.text, "h", c.text)
		}
	case c.field == fieldSTT:
		l.cols.stt = c.cell.Col
	case c.field == fieldCode:
		l.cols.code = c.cell.Col
	case c.field == fieldClass:
		l.cols.class = c.cell.Col
	case c.field == fieldCohort:
		l.cols.cohort = c.cell.Col
	}
	if c.field != "" && !twice {
		l.cols.header[c.field] = value
	}
	if kept(c.field) && !twice && !asPrinted(c) {
		l.remark(parser.HeaderRead, 0, at, c.text, "h", c.text, "field", c.field)
	}
}

// asPrinted reports whether the heading is the form's own. "Khoa" without its mark is not: it was decided by the values.
func asPrinted(c heading) bool {
	if c.field == fieldCohort && strings.EqualFold(c.text, "khoa") {
		return false
	}
	return foldHeading(c.text) == printed[c.field]
}

// assignName finds the columns of the name: one heading, one heading over two columns, or its parts.
func (l *list) assignName(h header, below []grid.Row) {
	var whole, parts []heading
	for _, c := range h.cells {
		switch {
		case l.hidden(c.cell.Col):
		case c.field == fieldName:
			whole = append(whole, c)
		case c.field == fieldFirst, c.field == fieldMiddle, c.field == fieldGiven:
			parts = append(parts, c)
		}
	}
	switch {
	case len(whole) > 0:
		c := whole[0]
		l.cols.name = append([]int{c.cell.Col}, l.unnamed(h, c, below)...)
		for _, again := range whole[1:] {
			l.remark(parser.HeaderTwice, 0, l.place(again.row, again.cell.Col), again.text, "field", fieldName, "h1", c.text, "h2", again.text)
		}
		parts = append([]heading{c}, parts...)
		if len(parts) > 1 && onlyGiven(parts[1:]) && len(l.cols.name) == 1 && !l.endsWith(c, parts[1], below) {
			l.cols.name = append(l.cols.name, parts[1].cell.Col) // "Họ và tên" holds the first part, "Tên" the last
		}
		parts = parts[:1]
	case len(parts) > 0:
		slices.SortStableFunc(parts, func(a, b heading) int { return namePart(a.field) - namePart(b.field) })
		for _, c := range parts {
			l.cols.name = append(l.cols.name, c.cell.Col)
		}
	default:
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

func namePart(field string) int {
	return slices.Index([]string{fieldFirst, fieldMiddle, fieldGiven}, field)
}

func onlyGiven(parts []heading) bool {
	return len(parts) == 1 && parts[0].field == fieldGiven
}

// endsWith reports whether the values under whole already end with the values under given.
func (l *list) endsWith(whole, given heading, below []grid.Row) bool {
	n, ends := 0, 0
	for _, r := range below[:min(sample, len(below))] {
		g := oneLine(r.Cell(given.cell.Col).Text)
		if g == "" {
			continue
		}
		n++
		if strings.HasSuffix(oneLine(r.Cell(whole.cell.Col).Text), g) {
			ends++
		}
	}
	return n == 0 || 2*ends > n
}

// unnamed returns the columns behind a name that have no heading of their own but belong to it: those that it is merged
// over, or the next one when it holds single words only, which is the commonest layout of Vietnamese lists.
func (l *list) unnamed(h header, name heading, below []grid.Row) []int {
	var cols []int
	for col := name.cell.Col + 1; col <= name.lastCol; col++ {
		cols = append(cols, col)
	}
	next := name.cell.Col + 1
	if len(cols) > 0 || h.over(next) != nil || l.hidden(next) {
		return cols
	}
	filled, words, rows := 0, 0, 0
	for _, r := range below[:min(sample, len(below))] {
		if r.Cell(name.cell.Col).Text == "" {
			continue
		}
		rows++
		v := oneLine(r.Cell(next).Text)
		if v == "" {
			continue
		}
		filled++
		if len(strings.Fields(v)) <= 2 && lettersOnly(v) {
			words++
		}
	}
	if rows > 0 && filled*10 >= rows*6 && words*10 >= filled*8 {
		return []int{next}
	}
	return nil
}

var cohortRE = regexp.MustCompile(`^(k|khoa)?[ .-]*\d{1,4}([ ]*[-/][ ]*\d{2,4})?$`)

// isCohort decides what an unmarked "Khoa" is by its values: K51, 51, 2024-2030 are cohorts, words are faculties. With no
// value to look at, a heading that is written without its mark among marked ones is a faculty.
func isCohort(c *heading, below []grid.Row) bool {
	n, like := 0, 0
	for _, r := range below[:min(sample, len(below))] {
		v := viet.Fold(oneLine(r.Cell(c.cell.Col).Text))
		if v == "" {
			continue
		}
		n++
		if cohortRE.MatchString(v) || r.Cell(c.cell.Col).Kind == grid.Date {
			like++
		}
	}
	if n == 0 {
		return !strings.EqualFold(c.text, "khoa")
	}
	return 2*like >= n || !strings.EqualFold(c.text, "khoa")
}
