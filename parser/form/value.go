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
	switch {
	case unusable(c):
	case c.Kind == grid.Number && grouped(c): // 2,024 is the number 2024
		v.Text = c.Raw
	default:
		v.Text = oneLine(c.Text)
	}
	return v
}

// grouped reports whether a number shows signs between its thousands, which belong to its format.
func grouped(c grid.Cell) bool {
	return len(c.Text) > len(c.Raw) && allDigits(c.Raw) && strings.NewReplacer(",", "", ".", "", " ", "", "\u00a0", "").Replace(c.Text) == c.Raw
}

// checked is value, with a remark when the cell cannot be used.
func (l *list) checked(row grid.Row, col, n int) parser.Value {
	if col > 0 {
		l.check(row.Cell(col), row.Number, n)
	}
	return l.value(row, col)
}

// check remarks a cell that cannot be used.
func (l *list) check(c grid.Cell, row, n int) {
	if c.Worked {
		if l.worked++; l.worked == 1 {
			l.workedAt = l.place(row, c.Col)
		}
	}
	if c.Partly {
		at := l.place(row, c.Col)
		l.remark(parser.PartlyStruck, n, at, oneLine(c.Text), "cell", at.Cell())
	}
	if !unusable(c) {
		return
	}
	shown, at := c.Text, l.place(row, c.Col)
	if shown == "" {
		shown = "công thức chưa có giá trị"
	}
	l.remark(parser.CellUnusable, n, at, c.Text, "cell", at.Cell(), "v", shown)
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

// dittoRE matches what a clerk writes for "as above".
var dittoRE = regexp.MustCompile(`^(-? ?(nt|n/t|nhu tren|id|idem|ditto)[ .]*-?|["”“″〃]|''|’’|""|//)$`)

// ditto reads a mark for "as above" as the value above, with a remark where such marks begin (LST-14). A dash says that there
// is no value.
func (l *list) ditto(field string, v parser.Value) parser.Value {
	if v.Text == "" || len(v.Text) > 12 {
		return v
	}
	if !dittoRE.MatchString(viet.Fold(v.Text)) {
		if strings.Trim(v.Text, "-–—._…?* ") == "" {
			v.Text = ""
		}
		return v
	}
	mark := v.Text
	v.Text = ""
	if n := len(l.rows); n > 0 {
		above, title := l.rows[n-1].Class, l.lastGroup().class
		if field == fieldCohort {
			above, title = l.rows[n-1].Cohort, l.lastGroup().cohort
		}
		if !l.openGroup() || title.Text == "" { // right beneath a title it means the title (fillGroups)
			v.Text = above.Text
		}
	}
	if v.Text == "" {
		return v
	}
	if key := field + "ditto" + v.Text; !l.told[key] {
		l.told[key] = true
		l.remark(parser.ValueTaken, 0, v.At, mark, "field", field, "v", v.Text, "where", "ditto")
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
	labelRE    = regexp.MustCompile(`(?i)^(?:mssv|mshv|mã số|mã sv|mã hv|msv|mã sinh viên|mã học viên)\s*[:.]?\s*`)
	groupedRE  = regexp.MustCompile(`^\d{1,6}(?:[ .]\d{1,6})+$`)
	thousandRE = regexp.MustCompile(`^\d{1,3}(?:,\d{3}){2,}$`)
	decimalRE  = regexp.MustCompile(`^(\d{6,})[.,]0+$`)
	exponentRE = regexp.MustCompile(`^\d+(?:[.,]\d+)?[eE]\+?\d+$`)
)

// allDigits reports whether s is digits and nothing else.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// exactDigits is how many digits of a number a spreadsheet keeps (IEEE 754 double; Excel shows no more).
const exactDigits = 15

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
	switch c.Kind {
	case grid.Number:
		switch {
		case !allDigits(c.Raw) || len(c.Raw) > exactDigits:
			v.Text = c.Raw
			l.remark(parser.CodeDamaged, n, v.At, v.Text)
		case !allDigits(v.Text):
			v.Text = c.Raw
		}
		if len(c.Raw) >= 10 && strings.HasSuffix(c.Raw, "0000") { // 2.45301E+09, typed or imported as a number
			l.remark(parser.CodeDamaged, n, v.At, v.Text)
		}
		return v
	case grid.Date, grid.Bool: // a number or a text that the program took for something else
		l.remark(parser.CodeDamaged, n, v.At, v.Text)
		return v
	case grid.Text, grid.Error:
	}
	if v.Text == c.Text && allDigits(v.Text) {
		return v
	}
	if exponentRE.MatchString(v.Text) {
		l.remark(parser.CodeDamaged, n, v.At, v.Text)
		return v
	}
	shown := strings.TrimSpace(c.Text)
	if v.Text = tidyCode(v.Text); v.Text != shown {
		l.remark(parser.TextNormalised, n, v.At, v.Text)
	}
	return v
}

func tidyCode(s string) string {
	if allDigits(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if '０' <= r && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, s)
	s = strings.TrimSpace(strings.TrimPrefix(s, "'"))
	s = strings.TrimRight(labelRE.ReplaceAllString(s, ""), ".,;")
	if m := decimalRE.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if groupedRE.MatchString(s) && digits(s) <= 12 || thousandRE.MatchString(s) {
		return strings.NewReplacer(" ", "", ".", "", ",", "").Replace(s)
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
	parts, raw := make([]string, 0, 4), make([]string, 0, 4)
	usable := true
	var did viet.Changes
	for _, col := range l.cols.name {
		c := row.Cell(col)
		l.formulas = l.formulas || c.Formula
		l.check(c, row.Number, n)
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
func (l *list) note(row grid.Row, n int) parser.Value {
	if len(l.cols.note) == 0 {
		return parser.Value{}
	}
	v := l.filled(row, l.cols.note[0], n)
	for _, col := range l.cols.note[1:] {
		more := l.filled(row, col, n)
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

// leaving reads what a list of people who left says of one of them.
func (l *list) leaving(row grid.Row, n int) *parser.Leaving {
	if l.cols.reason+l.cols.decision+l.cols.decided == 0 {
		return nil
	}
	out := &parser.Leaving{
		Reason: l.filled(row, l.cols.reason, n), Decision: l.filled(row, l.cols.decision, n),
	}
	if col := l.cols.decided; col > 0 {
		v := l.filled(row, col, n)
		out.DecisionDate, _ = cellDate(row.Cell(col), v)
	}
	if v := out.Decision; out.DecisionDate.Year == 0 && v.Text != "" {
		n := line{text: v.Text, at: v.At}
		if number, date := decision(line{text: "Quyết định " + v.Text, at: v.At}, viet.Fold("Quyết định "+v.Text)); number.Text != "" {
			out.Decision.Text, out.DecisionDate = number.Text, date
		} else if d, ok := parseDate(n); ok {
			out.DecisionDate = d
		}
	}
	return out
}
