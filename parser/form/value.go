package form

import (
	"regexp"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// unusable reports a cell that has no value to read: an error, or a formula that nobody has calculated (LST-11).
func unusable(c grid.Cell) bool {
	return c.Kind == grid.Error || c.Formula && c.Text == ""
}

// value reads one cell as it shows.
func (l *list) value(row grid.Row, col int) parser.Value {
	if col == 0 {
		return parser.Value{}
	}
	c := row.Cell(col)
	v := parser.Value{Raw: c.Raw, At: l.place(row.Number, col)}
	if !unusable(c) {
		v.Text = oneLine(c.Text)
	}
	return v
}

// checked is value, with a remark when the cell cannot be used.
func (l *list) checked(row grid.Row, col, n int) parser.Value {
	v := l.value(row, col)
	if c := row.Cell(col); col > 0 && unusable(c) {
		shown := c.Text
		if shown == "" {
			shown = "công thức chưa có giá trị"
		}
		l.remark(parser.CellUnusable, n, v.At, c.Text, "cell", v.At.Cell(), "v", shown)
	}
	return v
}

// filled is checked, with the value of a merged cell used for every row that it covers (LST-10).
func (l *list) filled(row grid.Row, col, n int) parser.Value {
	v := l.checked(row, col, n)
	if col == 0 || v.Text != "" || unusable(row.Cell(col)) {
		return v
	}
	r, ok := l.scan.m.above(row.Number, col)
	if !ok || r.Row <= l.out.HeaderRow {
		return v
	}
	from := l.scan.rowNumber(r.Row).Cell(col)
	if unusable(from) {
		return v
	}
	v.Text, v.Raw = oneLine(from.Text), from.Raw
	if v.Text != "" && !l.merged[r] {
		l.merged[r] = true
		at := l.place(r.Row, col)
		l.remark(parser.MergedDown, 0, at, v.Text, "cell", at.Cell())
	}
	return v
}

// rowNumber returns the row with that number, an empty one when the sheet has none.
func (c *scan) rowNumber(number int) grid.Row {
	lo, hi := 0, len(c.s.Rows)
	for lo < hi {
		mid := (lo + hi) / 2
		if c.s.Rows[mid].Number < number {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(c.s.Rows) && c.s.Rows[lo].Number == number {
		return c.s.Rows[lo]
	}
	return grid.Row{Number: number}
}

var (
	labelRE    = regexp.MustCompile(`(?i)^(?:mssv|mshv|mã số|mã sv|mã hv|msv)\s*[:.]?\s*`)
	groupedRE  = regexp.MustCompile(`^\d+(?:[ .]\d+)+$`)
	decimalRE  = regexp.MustCompile(`^(\d{6,})\.0+$`)
	exponentRE = regexp.MustCompile(`^\d+(?:[.,]\d+)?[eE]\+?\d+$`)
	digitsRE   = regexp.MustCompile(`^\d+$`)
)

// code reads a code. Of a number all digits are taken, leading zeros of its format kept. What typing and export programs
// leave around digits (an apostrophe, a label, blanks or dots between them, ".0", full-width digits) is taken off with a
// remark; anything else stays for the rules to judge.
func (l *list) code(row grid.Row, n int) parser.Value {
	v := l.checked(row, l.cols.code, n)
	c := row.Cell(l.cols.code)
	l.formulas = l.formulas || c.Formula
	if v.Text == "" {
		return v
	}
	if c.Kind == grid.Number {
		switch {
		case !digitsRE.MatchString(c.Raw) || len(c.Raw) > 15:
			v.Text = c.Raw
			l.remark(parser.CodeDamaged, n, v.At, v.Text)
		case !digitsRE.MatchString(v.Text):
			v.Text = c.Raw
		}
		return v
	}
	if exponentRE.MatchString(v.Text) {
		l.remark(parser.CodeDamaged, n, v.At, v.Text)
		return v
	}
	shown := strings.TrimSpace(c.Text)
	v.Text = tidyCode(v.Text)
	if v.Text != shown {
		l.remark(parser.TextNormalised, n, v.At, v.Text)
	}
	return v
}

func tidyCode(s string) string {
	s = strings.Map(func(r rune) rune {
		if '０' <= r && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, s)
	s = strings.TrimSpace(strings.TrimPrefix(s, "'"))
	s = labelRE.ReplaceAllString(s, "")
	if m := decimalRE.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if groupedRE.MatchString(s) {
		return strings.NewReplacer(" ", "", ".", "").Replace(s)
	}
	return s
}

// name reads a name from its columns. It is the person's: blanks, invisible characters and Unicode forms are put right
// with a remark (NAM-05, NAM-06), letters and their case never.
func (l *list) name(row grid.Row, n int) parser.Value {
	if len(l.cols.name) == 0 {
		return parser.Value{}
	}
	v := parser.Value{At: l.place(row.Number, l.cols.name[0])}
	var parts, raw []string
	usable := true
	var did viet.Changes
	for _, col := range l.cols.name {
		c := row.Cell(col)
		l.formulas = l.formulas || c.Formula
		l.checked(row, col, n)
		usable = usable && !unusable(c)
		text, changes := viet.Clean(c.Text)
		did |= changes
		if text != "" {
			parts = append(parts, text)
		}
		if c.Raw != "" {
			raw = append(raw, c.Raw)
		}
	}
	v.Raw = strings.Join(raw, " ")
	if !usable {
		return v
	}
	v.Text = strings.Join(parts, " ")
	if did&(viet.Composed|viet.Invisible|viet.Blanks) != 0 {
		l.remark(parser.TextNormalised, n, v.At, v.Text)
	}
	if did&viet.Eth != 0 {
		l.remark(parser.EthReplaced, n, v.At, v.Text)
	}
	return v
}

// note reads the notes, joined when a list has several columns of them.
func (l *list) note(row grid.Row) parser.Value {
	if len(l.cols.note) == 0 {
		return parser.Value{}
	}
	v := l.value(row, l.cols.note[0])
	for _, col := range l.cols.note[1:] {
		more := l.value(row, col)
		if more.Text == "" {
			continue
		}
		if v.Text == "" {
			v = more
			continue
		}
		v.Text += "; " + more.Text
		v.Raw += "; " + more.Raw
	}
	return v
}
