package form

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// A line is one line of text with its place: what stands around the lists, and the whole of a letter.
type line struct {
	text    string
	at      parser.Place
	column  int  // which of several texts beside each other, 0 where that is not known
	picture bool // a picture stands here
}

// A scan goes down one sheet and keeps apart what is a list and what stands around it.
type scan struct {
	file     string
	document bool // the sheet is a table of a document
	s        *grid.Sheet
	above    []line // paragraphs above a document's table
	before   *list  // the last list of the same file: a table without a header may go on with it

	m      merges
	lists  []*list // finished and active
	header header  // the last one, with all its blocks
	active []*list // the blocks of the header above the current row
	footer bool    // below a signature: only a new header, or a plain person, begins again
	lines  []line
	titles int // index of the first line that can be a title of the next list
	below  int // rows of the sheet from the current one on
	strays []stray
}

// A stray is a person whom no list takes: a code and a name that stand in a row together.
type stray struct {
	code string
	at   parser.Place
}

// scanSheet reads one sheet: its lists, and its other lines in order.
func scanSheet(from scan) *scan {
	c := &from
	c.m = newMerges(c.s)
	c.goOn(c.before)
	last := 0
	for i := 0; i < len(c.s.Rows); {
		row := c.s.Rows[i]
		c.below = len(c.s.Rows) - i
		if !slices.ContainsFunc(row.Cells, present) {
			i++
			continue
		}
		for _, l := range c.active {
			l.gap = row.Number > last+1
		}
		last = row.Number
		if h, ok := c.headerAt(i); ok {
			c.begin(h)
			i = h.last + 1
			last = c.s.Rows[h.last].Number
			continue
		}
		c.row(row)
		i++
	}
	for _, l := range c.lists {
		l.finish()
	}
	return c
}

// headerAt reports whether row i is a header. A row that has a number or a code where the list has them is none.
func (c *scan) headerAt(i int) (header, bool) {
	row := c.s.Rows[i]
	for _, l := range c.active {
		if l.cols.stt > 0 && isNumber(row.Cell(l.cols.stt).Text) || l.cols.code > 0 && looksLikeCode(row.Cell(l.cols.code).Text) {
			return header{}, false
		}
	}
	return headerAt(c.s, c.m, i)
}

// begin starts the lists of a header. The same header again (every printed page has it) goes on with the list above.
func (c *scan) begin(h header) {
	c.footer = false
	blocks := h.blocks()
	if len(blocks) == len(c.active) {
		same := true
		for i, b := range blocks {
			same = same && sameHeadings(b, c.active[i].head) && !c.active[i].turnedBy(c.lines[c.titles:])
		}
		if same {
			for _, l := range c.active {
				l.groupAbove(c.lines[c.titles:])
			}
			c.titles = len(c.lines)
			return
		}
	}
	var last *list
	switch {
	case len(c.lists) > 0:
		last = c.lists[0]
	case c.document: // one title may stand over several tables
		last = c.before
	}
	titles := slices.Concat(c.above, c.lines[c.titles:])
	c.above = nil
	c.active, c.header = nil, h
	for _, b := range blocks {
		c.active = append(c.active, newList(c, b, c.s.Rows[h.last+1:]))
	}
	for i, l := range c.active {
		if i == 0 {
			l.lookAbove(titles, nil)
			l.inherit(last)
			if c.document && last != nil && (sameHeadings(l.head, last.head) || last.openGroup()) { // the next page
				l.above = l.above.or(last.lastGroup())
			}
			continue
		}
		l.lookAbove(titles, c.active[i-1])
	}
	c.lists = append(c.lists, c.active...)
	c.titles = len(c.lines)
}

// goOn reads a table without a header by the header of the list before, where its people stand under the same columns.
func (c *scan) goOn(before *list) {
	if before == nil || before.cols.code == 0 || len(before.cols.name) == 0 {
		return
	}
	fit, next := 0, before.number+1
	for i, row := range c.s.Rows[:min(sample, len(c.s.Rows))] {
		if _, ok := headerAt(c.s, c.m, i); ok {
			break
		}
		if before.fits(row, next) {
			fit++
			next++
		} else if code, _ := strayIn(row, 0, 1<<30); code != "" {
			return // people under other columns
		}
	}
	if fit == 0 {
		return
	}
	h := header{cells: slices.Clone(before.head.cells), last: -1}
	for i := range h.cells {
		if c := &h.cells[i]; c.field == fieldFaculty && unmarked(c.text) { // there may have been no values yet to tell
			c.field = fieldCohort
		}
	}
	c.header = h
	l := newList(c, h, c.s.Rows)
	if len(before.rows) > 0 {
		l.remarks = nil // said of the table before
	}
	for i := range l.remarks {
		l.remarks[i].At.Sheet, l.remarks[i].At.Page = before.out.Sheet, before.scan.s.Page
	}
	l.out.Title, l.out.Deletes, l.number, l.purpose = before.out.Title, before.out.Deletes, before.number, before.purpose
	l.out.Decision, l.out.DecisionDate = before.out.Decision, before.out.DecisionDate
	l.lookAbove(c.above, nil)
	l.above = l.above.or(before.lastGroup())
	l.remark(parser.HeaderCarried, 0, l.place(c.s.Rows[0].Number, 0), "", "s", c.s.Name)
	c.active, c.lists = []*list{l}, []*list{l}
}

// fits reports whether the row has a code in the list's column, with a name or a running number in theirs, or a name and the
// next running number: the code is missing then.
func (l *list) fits(row grid.Row, next int) bool {
	named := false
	for _, col := range l.cols.name {
		v := row.Cell(col).Text
		if !lettersOnly(v) {
			return false
		}
		named = named || !blank(v)
	}
	n, numbered := 0, false
	if l.cols.stt > 0 {
		n, numbered = number(row.Cell(l.cols.stt).Text)
	}
	if code := row.Cell(l.cols.code).Text; !looksLikeCode(code) || digits(code) < 6 {
		return named && numbered && n == next && next > 0
	}
	return named || numbered
}

func sameHeadings(a, b header) bool {
	if len(a.cells) != len(b.cells) {
		return false
	}
	for i := range a.cells {
		if a.cells[i].cell.Col != b.cells[i].cell.Col || foldHeading(a.cells[i].text) != foldHeading(b.cells[i].text) {
			return false
		}
	}
	return true
}

// row decides what one row below a header is.
func (c *scan) row(row grid.Row) {
	person, all := false, len(c.active) > 0
	for _, l := range c.active {
		switch {
		case !l.isPerson(row, c.footer):
			all = false
		case row.Hidden:
			l.hiddenRow(row)
			person = true
		default:
			c.footer = false
			l.add(row)
			person = true
			all = all && !l.codeless()
		}
	}
	if !row.Hidden && (!all || c.wider(row)) {
		c.stray(row)
	}
	if person {
		return
	}
	c.text(row)
	if len(c.active) == 0 || row.Hidden {
		return
	}
	if !c.footer && isFooter(row) {
		c.footer = true
		return
	}
	if c.footer { // a signature for each class, then the next class
		for _, l := range c.active {
			text := oneLine(l.first(row).Text)
			if len(text) <= maxHeading && titleGroup(line{text: text}, "").class.Text != "" && !isFooter(row) {
				c.footer = false
			}
		}
		if c.footer {
			return
		}
	}
	c.turn(row)
	for _, l := range c.active {
		l.skip(row)
	}
}

// codeless reports whether no heading of the list speaks of a code, not even "Mã số" alone, as tables have from which lists
// take their names: then a code in the row belongs to nobody.
func (l *list) codeless() bool {
	return l.cols.code == 0 && !slices.ContainsFunc(l.head.cells, func(c heading) bool { return c.weak })
}

// wider reports whether a row goes beyond the columns of the lists.
func (c *scan) wider(row grid.Row) bool {
	n := len(row.Cells)
	return n > 0 && (row.Cells[n-1].Col > c.active[len(c.active)-1].cols.to || row.Cells[0].Col < c.active[0].cols.from)
}

// maxStrays is how many people without a list are worth remembering.
const maxStrays = 10_000

// stray remembers a person outside of the lists' columns, or in a row that no list took.
func (c *scan) stray(row grid.Row) {
	from := 0
	for i := 0; i <= len(c.active); i++ {
		to := 1 << 30
		next := 0
		if i < len(c.active) {
			l := c.active[i]
			to, next = l.cols.from-1, l.cols.to+1
			if l.codeless() || !l.isPerson(row, c.footer) {
				continue // its columns belong to the part that is looked at
			}
		}
		if code, col := strayIn(row, from, to); code != "" && len(c.strays) < maxStrays {
			c.strays = append(c.strays, stray{code, parser.Place{File: c.file, Sheet: c.s.Name, Row: row.Number, Col: col, Page: c.s.Page}})
		}
		from = next
	}
}

// strayIn looks for a code and a name, whole or in parts, among the cells of a row, from one column to another. A telephone
// number is no code.
func strayIn(row grid.Row, from, to int) (code string, col int) {
	name, part := false, 0
	for _, c := range row.Cells {
		if c.Col < from || c.Col > to || len(c.Text) < 2 {
			continue
		}
		switch {
		case code == "" && looksLikeCode(c.Text) && digits(c.Text) >= 6 && !strings.HasPrefix(strings.TrimSpace(c.Text), "0"):
			code, col = c.Text, c.Col
		case !name:
			v := oneLine(c.Text)
			name = nameLike(v) || part > 0 && c.Col-part <= 2 && namePartLike(v)
			if namePartLike(v) {
				part = c.Col
			}
		}
	}
	if !name {
		return "", 0
	}
	return code, col
}

// namePartLike reports whether v can be a part of a name: one to four words of letters with capitals.
func namePartLike(v string) bool {
	n := 0
	for w := range strings.FieldsSeq(v) {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsUpper(r) || len(w) > 15 {
			return false
		}
		n++
	}
	return n >= 1 && n <= 4 && lettersOnly(v) && !strings.ContainsAny(v, ":;/@=()[]?!_")
}

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			n++
		}
	}
	return n
}

// text keeps a row as lines.
func (c *scan) text(row grid.Row) {
	for _, cell := range row.Cells {
		for t := range strings.SplitSeq(cell.Text, "\n") {
			if t = oneLine(t); t != "" {
				c.lines = append(c.lines, line{text: t, at: parser.Place{
					File: c.file, Sheet: c.s.Name, Row: row.Number, Col: cell.Col, Page: c.s.Page,
				}, column: cell.Col})
			}
		}
	}
}
