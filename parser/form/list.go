package form

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// A list is one table of people while it is read. N of its rows and remarks counts from 1 within the list.
type list struct {
	scan    *scan
	head    header
	cols    columns
	out     parser.List
	rows    []parser.Row
	remarks []parser.Remark

	above      group           // what the titles above the table say of all
	groups     []group         // title rows between the people
	lacks      map[string]bool // fields whose column was said to be missing
	told       map[string]bool // values that were said to be taken from a title
	number     int             // running number of the row before, -1 before the first
	skipped    int             // rows left out so far, and those since the last person
	pending    int
	gap        bool  // an empty row stands before the current one
	trailing   []int // rows at the end that have only a name: they may be those who sign
	hiddenRows []int
	hiddenCols []int
	merged     map[grid.Range]bool // already remarked
	purpose    string              // what its people are listed for, "" for the request itself
	status     []status            // columns that are not read, but may say that a person left
	seen       map[string]bool     // their values, and whether they say so
	at         int                 // row of the title that began it between people, 0: a header did
	leftOut    string              // why the list is not taken, "" when it is
	turned     bool                // codes stand under the name and names under the code
	totals     []total
	worked     int // formulas without values that were worked out, the first at workedAt
	workedAt   parser.Place
	formulas   bool // code or name come from formulas, as in lists filled by VLOOKUP
}

func newList(c *scan, h header, below []grid.Row) *list {
	l := &list{scan: c, head: h, number: -1, merged: map[grid.Range]bool{}, lacks: map[string]bool{}, told: map[string]bool{}}
	l.out = parser.List{File: c.file, Sheet: c.s.Name}
	if h.last >= 0 {
		l.out.HeaderRow = c.s.Rows[h.last].Number
	}
	if !c.document {
		l.purpose = sheetPurpose(c.s.Name)
	}
	if name := strings.NewReplacer("_", " ", "-", " ").Replace(c.file); l.purpose == "" && purposeOf(name) == forServed {
		l.purpose = forServed
	}
	l.assign(h, below)
	l.statuses(h)
	l.out.Columns = l.cols.header
	return l
}

// lookAbove takes what stands above the table. Of tables side by side each looks over its own columns first.
func (l *list) lookAbove(lines []line, beside *list) {
	for _, n := range withLabels(lines) {
		if beside == nil && len(l.scan.active) < 2 || n.at.Col == 0 || l.cols.from <= n.at.Col && n.at.Col <= l.cols.to {
			l.lookAt(n)
		}
	}
	if beside != nil {
		l.above = l.above.or(beside.above)
		l.inherit(beside)
	}
}

// inherit takes the titles of another list of the sheet where this one has none of its own.
func (l *list) inherit(other *list) {
	if other == nil {
		return
	}
	if l.out.Title == "" {
		l.out.Title, l.out.Deletes = other.out.Title, other.out.Deletes
		if l.purpose == "" {
			l.purpose = other.purpose
		}
	}
	if l.out.Date.Year == 0 {
		l.out.Date = other.out.Date
	}
	if l.out.Decision.Text == "" {
		l.out.Decision, l.out.DecisionDate = other.out.Decision, other.out.DecisionDate
	}
}

// isLabel reports whether a cell of a title only says what stands in the next one: "Lớp:" beside "YAK50".
func isLabel(text string) bool {
	if len(text) > 30 {
		return false
	}
	f := exactField(text)
	return f == fieldClass || f == fieldCohort
}

// withLabels draws labels and the values beside them together.
func withLabels(lines []line) []line {
	out := make([]line, 0, len(lines))
	for i, n := range lines {
		if i > 0 && isLabel(lines[i-1].text) && n.at.Row == lines[i-1].at.Row && n.at.Row > 0 {
			out[len(out)-1].text = strings.TrimRight(out[len(out)-1].text, ": ") + ": " + n.text
			continue
		}
		out = append(out, n)
	}
	return out
}

// labelled returns a title row whose labels and values stand in cells of their own as one text.
func (l *list) labelled(row grid.Row) string {
	var parts []string
	for _, c := range row.Cells {
		if t := oneLine(c.Text); t != "" {
			if n := len(parts); n > 0 && !isLabel(parts[n-1]) {
				t = "- " + t
			}
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, " ")
}

// groupAbove takes the titles between two parts of one table, where a signature stood before them.
func (l *list) groupAbove(lines []line) {
	for _, n := range withLabels(lines) {
		if k := len(l.groups); k == 0 || l.groups[k-1].at.Row < n.at.Row {
			l.beginGroup(n)
		}
	}
}

// lookAt takes the list's title, the date of its letter, a decision, and what class or cohort it is of, from a line above.
func (l *list) lookAt(n line) {
	text := viet.Fold(n.text)
	if strings.HasPrefix(text, "danh sach") || strings.HasPrefix(text, "ket qua") || strings.HasPrefix(text, "list of") {
		l.out.Title, l.out.Deletes = n.text, leftRE.MatchString(text)
	} else if strings.Contains(text, "kem theo") && !strings.Contains(text, "quyet dinh") {
		if d, ok := parseDate(n); ok {
			l.out.Date = d
		}
	}
	if v, d := decision(n, text); v.Text != "" {
		l.out.Decision, l.out.DecisionDate = v, d
	}
	if purpose, ok := l.turns(n.text); ok && (n.at.Col == 0 || len(l.cols.name) == 0 || n.at.Col <= l.cols.name[0]) {
		l.purpose = purpose
		if l.out.Title == "" {
			l.out.Title = n.text
		}
	}
	if len(n.text) <= maxHeading {
		l.above = titleGroup(n, "title").or(l.above)
	}
}

func (l *list) place(row, col int) parser.Place {
	return parser.Place{File: l.scan.file, Sheet: l.scan.s.Name, Row: row, Col: col, Page: l.scan.s.Page}
}

func (l *list) remark(code parser.RemarkCode, n int, at parser.Place, value string, args ...string) {
	l.remarks = append(l.remarks, newRemark(code, n, at, value, args...))
}

func newRemark(code parser.RemarkCode, n int, at parser.Place, value string, args ...string) parser.Remark {
	r := parser.Remark{Code: code, N: n, At: at, Value: value}
	for i := 0; i+1 < len(args); i += 2 {
		if r.Args == nil {
			r.Args = map[string]string{}
		}
		r.Args[args[i]] = args[i+1]
	}
	return r
}

// hidden reports whether column col is hidden.
func (l *list) hidden(col int) bool {
	return slices.ContainsFunc(l.scan.s.HiddenCols, func(r grid.Range) bool { return r.Col <= col && col <= r.LastCol })
}

// skip leaves out a row that is no person: blank though numbered, a total, a title.
func (l *list) skip(row grid.Row) {
	cell := l.first(row)
	if cell.Col == 0 { // a title over tables side by side
		for _, c := range row.Cells {
			if c.Col < l.cols.from && l.scan.m.lastCol(row.Number, c.Col) >= l.cols.from {
				cell = c
			}
		}
	}
	text := oneLine(cell.Text)
	if text == "" {
		return
	}
	if next := row.Cell(cell.Col + 1); romanRE.MatchString(text) && !blank(next.Text) { // "I" beside "Lớp YAK50"
		text = oneLine(next.Text)
	}
	if n := totalCount(text); n > 0 {
		l.totals = append(l.totals, total{n, len(l.rows)})
	}
	group := !isTotal(text) && (l.beginGroup(line{text: text, at: l.place(row.Number, cell.Col)}) ||
		isLabel(text) && l.beginGroup(line{text: l.labelled(row), at: l.place(row.Number, cell.Col)}))
	if !group && !l.columnNumbers(row) && !isPageLine(row) {
		l.pending++
	}
	if isNumber(text) { // a numbered row without a person is remarked even at the end
		l.skipped += l.pending
		l.pending = 0
	}
}

// hiddenRow counts a person who does not show (LST-07); the running number goes on over it.
func (l *list) hiddenRow(row grid.Row) {
	l.hiddenRows = append(l.hiddenRows, row.Number)
	if n, ok := number(row.Cell(l.cols.stt).Text); ok && l.cols.stt > 0 {
		l.number = n
	}
}

// addOne reads one person.
func (l *list) addOne(row grid.Row) {
	l.skipped += l.pending
	l.pending = 0
	n := len(l.rows) + 1
	p := parser.Row{N: n, At: l.place(row.Number, 0)}
	p.STT = l.value(row, l.cols.stt)
	p.Code = l.code(row, n)
	p.Name = l.name(row, n)
	p.Class = l.ditto(fieldClass, l.filled(row, l.cols.class, n))
	p.Cohort = l.ditto(fieldCohort, l.filled(row, l.cols.cohort, n))
	p.Note = l.statusOf(row, l.note(row, n))
	p.Leaving = l.leaving(row, n)
	if c := row.Cell(l.cols.class); c.Kind == grid.Date && l.cols.class > 0 { // "5-10", taken for a day
		l.remark(parser.CellUnusable, n, p.Class.At, c.Text, "cell", p.Class.At.Cell(), "v", c.Text)
	}
	l.checkNumber(p)
	l.shifted(p)
	l.twoNames(p)
	l.halfName(row, p)
	l.wrapped(p)
	if l.struck(row) {
		l.remark(parser.RowStruck, n, p.At, "", "row", strconv.Itoa(row.Number))
	}
	if n == 1 {
		l.out.FirstRow = row.Number
	}
	l.out.LastRow = row.Number
	if len(l.rows) == cap(l.rows) { // twice as many, but no more than there can be
		l.rows = slices.Grow(l.rows, max(8, min(len(l.rows), l.scan.below)))
	}
	l.rows = append(l.rows, p)
	if l.onlyNamed(p) && (l.gap || len(l.trailing) > 0) {
		l.trailing = append(l.trailing, n)
	} else {
		l.trailing = nil
	}
}

// onlyNamed reports whether a row says nothing but a name.
func (l *list) onlyNamed(p parser.Row) bool {
	return p.STT.Text+p.Code.Text+p.Class.Text+p.Cohort.Text+p.Note.Text == "" && p.Name.Text != "" && l.cols.code > 0
}

// checkNumber remarks a gap in the running numbers (LST-06). Beginning again at 1 is a new part, no gap.
func (l *list) checkNumber(p parser.Row) {
	b, ok := number(p.STT.Text)
	if !ok {
		return
	}
	if a := l.number; a >= 0 && b != a+1 && b != 1 {
		l.remark(parser.NumberingJumps, 0, p.STT.At, p.STT.Text, "row", strconv.Itoa(p.At.Row), "a", strconv.Itoa(a), "b", strconv.Itoa(b))
	}
	l.number = b
}

// struck reports whether the person is struck through: the code or a part of the name is.
func (l *list) struck(row grid.Row) bool {
	is := func(col int) bool {
		c := row.Cell(col)
		return col > 0 && c.Struck && c.Text != ""
	}
	return is(l.cols.code) || slices.ContainsFunc(l.cols.name, is)
}

// finish takes off who signs, gives out what titles say, remarks what concerns the list as a whole and puts the remarks in
// order of place.
func (l *list) finish() {
	l.dropTrailing()
	l.fillGroups()
	if len(l.totals) > 0 {
		l.out.Count = l.count()
	}
	at := l.place(l.out.HeaderRow, 0)
	if l.skipped > 0 {
		l.remark(parser.RowsSkipped, 0, at, "", "n", strconv.Itoa(l.skipped))
	}
	if l.worked > 0 {
		l.remark(parser.CellsWorkedOut, 0, l.workedAt, "", "n", strconv.Itoa(l.worked), "cell", l.workedAt.Cell())
	}
	if what := hiddenWhat(l.hiddenRows, l.hiddenCols); what != "" {
		l.remark(parser.HiddenPart, 0, at, "", "what", what)
	}
	slices.SortStableFunc(l.remarks, func(a, b parser.Remark) int {
		return cmp.Or(a.At.Row-b.At.Row, a.N-b.N)
	})
}

// A total is a line that names a number of people, below so many rows.
type total struct{ said, rows int }

// count is the number of people that the totals say the list has; 0 when none speaks of its end. A list may have a total for
// each class, or one that goes on from page to page.
func (l *list) count() int {
	before, more := 0, 0
	for _, t := range l.totals {
		if t.said != t.rows && t.said != t.rows-before { // neither all so far, nor those since the total before
			more += t.said - (t.rows - before)
		}
		before = t.rows
	}
	if more == 0 && before < len(l.rows) {
		return 0
	}
	return max(0, len(l.rows)+more)
}

// dropTrailing takes names that stand alone behind an empty row at the end of a list for those who sign it.
func (l *list) dropTrailing() {
	if len(l.trailing) == 0 || len(l.trailing) == len(l.rows) {
		return
	}
	first := l.trailing[0]
	l.skipped += len(l.trailing)
	l.rows = l.rows[:first-1]
	l.out.LastRow = l.rows[len(l.rows)-1].At.Row
	l.remarks = slices.DeleteFunc(l.remarks, func(r parser.Remark) bool { return r.N >= first })
	l.groups = slices.DeleteFunc(l.groups, func(g group) bool { return g.from >= first })
}

// hiddenWhat names hidden rows and columns as the answer shows them: "dòng 11, 14-19; cột G".
func hiddenWhat(rows, cols []int) string {
	var parts []string
	if len(rows) > 0 {
		parts = append(parts, "dòng "+ranges(rows))
	}
	if len(cols) > 0 {
		names := make([]string, len(cols))
		for i, c := range cols {
			names[i] = parser.ColumnName(c)
		}
		parts = append(parts, "cột "+strings.Join(names, ", "))
	}
	return strings.Join(parts, "; ")
}

// ranges writes ascending numbers with runs drawn together, cut after a dozen.
func ranges(n []int) string {
	var parts []string
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if len(parts) == 12 {
			return strings.Join(append(parts, "…"), ", ")
		}
		if i == j {
			parts = append(parts, strconv.Itoa(n[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", n[i], n[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
