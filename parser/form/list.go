package form

import (
	"cmp"
	"fmt"
	"regexp"
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

	group      parser.Value // the title row above the current rows that names a class: "LỚP: YA - K51"
	number     int          // running number of the row before, -1 before the first
	skipped    int          // rows left out so far, and those since the last person
	pending    int
	hiddenRows []int
	hiddenCols []int
	merged     map[grid.Range]bool // already remarked
	leftOut    string              // why the list is not taken, "" when it is
	formulas   bool                // code or name come from formulas, as in lists filled by VLOOKUP
}

func newList(c *scan, h header, below []grid.Row) *list {
	l := &list{scan: c, head: h, number: -1, merged: map[grid.Range]bool{}}
	l.out = parser.List{File: c.file, Sheet: c.s.Name, HeaderRow: c.s.Rows[h.last].Number}
	l.assign(h, below)
	l.out.Columns = l.cols.header
	l.lookAbove()
	return l
}

// lookAbove takes the list's title and the date of its letter from the lines above it.
func (l *list) lookAbove() {
	for _, n := range l.scan.lines {
		l.lookAt(n)
	}
}

func (l *list) lookAt(n line) {
	text := viet.Fold(n.text)
	switch {
	case strings.HasPrefix(text, "danh sach") || strings.HasPrefix(text, "ket qua") || strings.HasPrefix(text, "list of"):
		l.out.Title, l.out.Deletes = n.text, leftRE.MatchString(text)
	case strings.Contains(text, "kem theo"):
		if d, ok := parseDate(n); ok {
			l.out.Date = d
		}
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

// isPerson reports whether the row is a person of the list: it has a code or a name, and is neither a total nor a title.
// Under a signature only a row with both counts, so that the names of those who sign are not taken for students.
func (l *list) isPerson(row grid.Row, footer bool) bool {
	code := row.Cell(l.cols.code)
	hasCode := l.cols.code > 0 && present(code)
	isCode := l.cols.code > 0 && looksLikeCode(code.Text)
	hasName := false
	for _, col := range l.cols.name {
		hasName = hasName || present(row.Cell(col))
	}
	if footer {
		return isCode && hasName
	}
	if !hasCode && !hasName || l.columnNumbers(row) {
		return false
	}
	if isCode || l.cols.stt > 0 && isNumber(row.Cell(l.cols.stt).Text) {
		return true
	}
	if isFooter(row) || isTotal(l.first(row)) {
		return false
	}
	return hasName && !l.isTitle(row)
}

// present reports whether something stands in the cell, be it an error.
func present(c grid.Cell) bool { return unusable(c) || oneLine(c.Text) != "" }

// first returns the text of the first cell of the block that has one.
func (l *list) first(row grid.Row) string {
	for _, c := range row.Cells {
		if l.cols.from <= c.Col && c.Col <= l.cols.to && c.Text != "" {
			return oneLine(c.Text)
		}
	}
	return ""
}

// columnNumbers recognises the row "(1) (2) (3)" or "1 2 3" that some offices put under a header.
func (l *list) columnNumbers(row grid.Row) bool {
	if len(row.Cells) < 3 {
		return false
	}
	for i, c := range row.Cells {
		n, ok := number(strings.Trim(c.Text, "() "))
		if !ok || n != i+1 {
			return false
		}
	}
	return true
}

var groupRE = regexp.MustCompile(`^(lop|khoa|nganh|nhom|to|danh sach|[ivx]+\.)[ :.-]`)

// isTitle recognises a title row between people: one text alone, spread over the table or beginning like one.
func (l *list) isTitle(row grid.Row) bool {
	var only grid.Cell
	n := 0
	for _, c := range row.Cells {
		if l.cols.from <= c.Col && c.Col <= l.cols.to && c.Text != "" {
			only = c
			n++
		}
	}
	return n == 1 && (l.scan.m.lastCol(row.Number, only.Col) > only.Col+len(l.cols.name) || groupRE.MatchString(viet.Fold(oneLine(only.Text))))
}

var classRE = regexp.MustCompile(`(?i)^lớp\s*:?\s*(\S.*)$`)

// skip leaves out a row that is no person: blank though numbered, a total, a title.
func (l *list) skip(row grid.Row) {
	text := l.first(row)
	if text == "" {
		return
	}
	if n := totalCount(text); n > 0 {
		l.out.Count = n
	}
	if m := classRE.FindStringSubmatch(text); m != nil {
		l.group = parser.Value{Text: m[1], Raw: text, At: l.place(row.Number, row.Cells[0].Col)}
	}
	if !l.columnNumbers(row) {
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
	if n, ok := number(row.Cell(l.cols.stt).Text); ok {
		l.number = n
	}
}

// add reads one person.
func (l *list) add(row grid.Row) {
	l.skipped += l.pending
	l.pending = 0
	n := len(l.rows) + 1
	p := parser.Row{N: n, At: l.place(row.Number, 0)}
	p.STT = l.value(row, l.cols.stt)
	p.Code = l.code(row, n)
	p.Name = l.name(row, n)
	p.Class = l.filled(row, l.cols.class, n)
	p.Cohort = l.filled(row, l.cols.cohort, n)
	p.Note = l.note(row)
	if l.cols.class == 0 && p.Class.Text == "" {
		p.Class = l.group
	}
	l.checkNumber(p)
	if l.struck(row) {
		l.remark(parser.RowStruck, n, p.At, "", "row", strconv.Itoa(row.Number))
	}
	if n == 1 {
		l.out.FirstRow = row.Number
	}
	l.out.LastRow = row.Number
	l.rows = append(l.rows, p)
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

// struck reports whether the person is struck through: the code and the name, as far as they are there.
func (l *list) struck(row grid.Row) bool {
	any := false
	for _, col := range append([]int{l.cols.code}, l.cols.name...) {
		if c := row.Cell(col); col > 0 && c.Text != "" {
			if !c.Struck {
				return false
			}
			any = true
		}
	}
	return any
}

// finish remarks what concerns the list as a whole and puts the remarks in order of place.
func (l *list) finish() {
	at := l.place(l.out.HeaderRow, 0)
	if l.skipped > 0 {
		l.remark(parser.RowsSkipped, 0, at, "", "n", strconv.Itoa(l.skipped))
	}
	if what := hiddenWhat(l.hiddenRows, l.hiddenCols); what != "" {
		l.remark(parser.HiddenPart, 0, at, "", "what", what)
	}
	slices.SortStableFunc(l.remarks, func(a, b parser.Remark) int {
		return cmp.Or(a.At.Row-b.At.Row, a.N-b.N)
	})
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
