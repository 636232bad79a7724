package form

import (
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// linesOf returns the lines of a cell that hold something.
func linesOf(text string) []string {
	if !strings.ContainsAny(text, "\n\r") {
		if blank(text) {
			return nil
		}
		return []string{text}
	}
	var lines []string
	for l := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if !blank(l) {
			lines = append(lines, l)
		}
	}
	return lines
}

// several returns how many people one row holds: the codes in its code cell, one on each line or divided by blanks or signs.
func several(code grid.Cell) int {
	if len(code.Text) < 12 || code.Kind != grid.Text {
		return 1
	}
	n := 0
	for _, w := range strings.FieldsFunc(code.Text, func(r rune) bool { return r <= ' ' || r == ',' || r == ';' || r == '/' || r == '\u00a0' }) {
		if len(w) < 7 || !looksLikeCode(w) {
			return 1
		}
		n++
	}
	return max(n, 1)
}

// split takes a row with n people apart, as Word tables have them where somebody pressed Enter instead of Tab: each cell has n
// lines, or one that holds for all. A note on one line could be anybody's, so it must not be there. ok is false where it is
// not certain who is who.
func (l *list) split(row grid.Row, n int) (rows []grid.Row, ok bool) {
	rows = make([]grid.Row, n)
	for i := range rows {
		rows[i] = grid.Row{Number: row.Number, Hidden: row.Hidden}
	}
	for _, c := range row.Cells {
		lines := linesOf(c.Text)
		shared := c.Col == l.cols.class || c.Col == l.cols.cohort
		switch {
		case len(lines) == n:
		case len(lines) == 0:
			continue
		case len(lines) == 1 && shared:
		case l.reads(c.Col):
			return nil, false
		default:
			continue // a column that is dropped
		}
		for i := range rows {
			one := c
			one.Text = lines[min(i, len(lines)-1)]
			one.Raw = one.Text
			rows[i].Cells = append(rows[i].Cells, one)
		}
	}
	for _, r := range rows {
		name := false
		for _, col := range l.cols.name {
			name = name || !blank(r.Cell(col).Text)
		}
		if !name || !looksLikeCode(r.Cell(l.cols.code).Text) {
			return nil, false
		}
	}
	return rows, true
}

// reads reports whether anything is read from column col.
func (l *list) reads(col int) bool {
	for _, c := range append(append([]int{l.cols.stt, l.cols.code, l.cols.class, l.cols.cohort, l.cols.reason, l.cols.decision, l.cols.decided}, l.cols.name...), l.cols.note...) {
		if c == col {
			return true
		}
	}
	return false
}

// add reads the person of a row, or the people where somebody wrote several into one.
func (l *list) add(row grid.Row) {
	n := 1
	if l.cols.code > 0 {
		n = several(row.Cell(l.cols.code))
	}
	if n == 1 {
		l.addOne(row)
		return
	}
	if rows, ok := l.split(row, n); ok {
		for _, r := range rows {
			l.addOne(r)
			l.remark(parser.RowSplit, len(l.rows), l.place(row.Number, l.cols.code), "", "n", strconv.Itoa(n))
		}
		return
	}
	l.addOne(row)
	p := &l.rows[len(l.rows)-1]
	p.Code.Text = oneLine(p.Code.Raw)
	l.remark(parser.SeveralPeople, p.N, p.Code.At, p.Code.Text, "n", strconv.Itoa(n))
}
