package form

import (
	"slices"
	"strings"

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
			same = same && sameHeadings(b, c.active[i].head)
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
			continue
		}
		l.lookAbove(titles, c.active[i-1])
	}
	c.lists = append(c.lists, c.active...)
	c.titles = len(c.lines)
}

// goOn reads a table without a header by the header of the list before, where its people stand under the same columns.
func (c *scan) goOn(before *list) {
	if before == nil || before.cols.code == 0 || len(before.cols.name) == 0 || len(before.rows) == 0 {
		return
	}
	people, fit := 0, 0
	for i, row := range c.s.Rows {
		if i >= sample {
			break
		}
		if _, ok := headerAt(c.s, c.m, i); ok {
			if people == 0 {
				return // it has a header of its own
			}
			break
		}
		code, _ := strayIn(row, 0, 1<<30)
		if code == "" {
			continue
		}
		people++
		name := row.Cell(before.cols.name[0]).Text
		if looksLikeCode(row.Cell(before.cols.code).Text) && lettersOnly(name) && !blank(name) {
			fit++
		}
	}
	if people == 0 || fit < people {
		return
	}
	h := before.head
	h.last = -1
	c.header = h
	l := newList(c, h, c.s.Rows)
	l.remarks = nil // said of the table before
	l.out.Title, l.out.Deletes, l.above, l.number = before.out.Title, before.out.Deletes, before.above, before.number
	if k := len(before.groups); k > 0 {
		l.above = before.groups[k-1].or(l.above)
	}
	l.remark(parser.HeaderCarried, 0, l.place(c.s.Rows[0].Number, 0), "", "s", c.s.Name)
	c.active, c.lists = []*list{l}, []*list{l}
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
	for _, l := range c.active {
		l.skip(row)
	}
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
			if !l.isPerson(row, c.footer) {
				continue // its columns belong to the part that is looked at
			}
		}
		if code, col := strayIn(row, from, to); code != "" && len(c.strays) < maxStrays {
			c.strays = append(c.strays, stray{code, parser.Place{File: c.file, Sheet: c.s.Name, Row: row.Number, Col: col, Page: c.s.Page}})
		}
		from = next
	}
}

// strayIn looks for a code and a name among the cells of a row, from one column to another. A telephone number is no code.
func strayIn(row grid.Row, from, to int) (code string, col int) {
	name := false
	for _, c := range row.Cells {
		if c.Col < from || c.Col > to || len(c.Text) < 2 {
			continue
		}
		switch {
		case code == "" && looksLikeCode(c.Text) && digits(c.Text) >= 6 && !strings.HasPrefix(strings.TrimSpace(c.Text), "0"):
			code, col = c.Text, c.Col
		case !name:
			name = nameLike(oneLine(c.Text))
		}
	}
	if !name {
		return "", 0
	}
	return code, col
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
