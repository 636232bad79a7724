package form

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/viet"
)

// Conversions counts what was converted under one heading.
type conversions struct {
	n         int
	encodings map[viet.Encoding]int
	fonts     map[string]int
}

func (c *conversions) add(d decoded) {
	if c.n == 0 {
		c.encodings, c.fonts = map[viet.Encoding]int{}, map[string]int{}
	}
	c.n++
	c.encodings[d.Encoding]++
	c.fonts[d.font]++
}

// args says what most of it was.
func (c *conversions) args() []string {
	return []string{"enc", commonest(c.encodings).String(), "font", commonest(c.fonts), "n", strconv.Itoa(c.n)}
}

func commonest[K cmp.Ordered](counts map[K]int) (most K) {
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if counts[k] > counts[most] {
			most = k
		}
	}
	return most
}

// say remarks what was done about encodings: of every column and every value of a list, and once of what stands around.
// Conversion is never silent (ENC-01).
func (n *decoding) say(s *source) {
	if n == nil {
		return
	}
	said := map[cellPlace]bool{}
	for _, l := range s.lists {
		n.sayList(l, said)
	}
	n.sayAround(s, said)
}

// sayList remarks the columns and values of one list.
func (n *decoding) sayList(l *list, said map[cellPlace]bool) {
	cols := l.keptColumns()
	of := map[int]*conversions{}
	before := len(l.remarks)
	for i := range l.rows {
		p := &l.rows[i]
		for _, col := range cols {
			place := cellPlace{l.out.Sheet, p.At.Row, col}
			d, found := n.cells[place]
			if !found {
				continue
			}
			said[place] = true
			at := l.place(p.At.Row, col)
			if d.Encoding != viet.Unicode {
				if of[col] == nil {
					of[col] = &conversions{}
				}
				of[col].add(d)
				l.remark(parser.EncodingConverted, p.N, at, d.Text, "raw", d.raw, "text", d.Text)
			}
			if code := doubtCode(d.Doubt); code != "" && !(d.Doubt == viet.UnknownEncoding && n.unknown[cellPlace{l.out.Sheet, 0, col}]) {
				l.remark(code, p.N, at, d.Text)
			}
		}
	}
	for _, col := range cols {
		at, heading := l.headingOf(col)
		if c := of[col]; c != nil {
			l.remark(parser.EncodingConverted, 0, at, "", append(c.args(), "h", heading)...)
		}
		if n.unknown[cellPlace{l.out.Sheet, 0, col}] {
			l.remark(parser.EncodingUnknown, 0, at, "", "h", heading)
		}
	}
	if len(l.remarks) > before {
		slices.SortStableFunc(l.remarks, func(a, b parser.Remark) int { return cmp.Or(a.At.Row-b.At.Row, a.N-b.N) })
	}
}

// keptColumns are the columns from which values of a row come, in order.
func (l *list) keptColumns() []int {
	cols := []int{l.cols.stt, l.cols.code, l.cols.class, l.cols.cohort}
	cols = append(append(cols, l.cols.name...), l.cols.note...)
	slices.Sort(cols)
	cols = slices.Compact(cols)
	return slices.DeleteFunc(cols, func(col int) bool { return col == 0 })
}

// headingOf returns the place and the text of a column's heading; of a name in parts, its own part.
func (l *list) headingOf(col int) (parser.Place, string) {
	if h := l.head.over(col); h != nil {
		return l.place(h.row, col), h.text
	}
	return l.place(l.out.HeaderRow, col), parser.ColumnName(col)
}

// sayAround remarks, once a file, what was decoded or doubted outside of the rows of lists.
func (n *decoding) sayAround(s *source, said map[cellPlace]bool) {
	var around conversions
	var first parser.Place
	doubts := map[parser.RemarkCode]bool{}
	look := func(d decoded, at parser.Place) {
		if d.Encoding != viet.Unicode {
			if around.n == 0 {
				first = at
			}
			around.add(d)
		}
		if code := doubtCode(d.Doubt); code != "" && !doubts[code] {
			doubts[code] = true
			s.hidden = append(s.hidden, newRemark(code, 0, at, d.Text))
		}
	}
	for _, d := range n.lines {
		look(d, parser.Place{File: s.report.Name, Page: d.page})
	}
	places := make([]cellPlace, 0, len(n.cells))
	for p := range n.cells {
		if !said[p] {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b cellPlace) int { return cmp.Or(cmp.Compare(a.sheet, b.sheet), a.row-b.row, a.col-b.col) })
	for _, p := range places {
		d := n.cells[p]
		look(d, parser.Place{File: s.report.Name, Sheet: p.sheet, Row: p.row, Col: p.col, Page: d.page})
	}
	fonts := map[string]bool{}
	for _, m := range n.misled {
		if !fonts[m.font] {
			fonts[m.font] = true
			at := parser.Place{File: s.report.Name, Sheet: m.at.sheet, Row: m.at.row, Col: m.at.col, Page: m.page}
			s.hidden = append(s.hidden, newRemark(parser.FontMisleads, 0, at, "", "font", m.font))
		}
	}
	if around.n > 0 {
		s.hidden = append(s.hidden, newRemark(parser.EncodingConverted, 0, first, "", append(around.args(), "where", "around_list")...))
	}
}

// doubtCode is the remark for what cannot be read for certain.
func doubtCode(d viet.Doubt) parser.RemarkCode {
	switch d {
	case viet.UnknownEncoding:
		return parser.EncodingUnknown
	case viet.LetterLost:
		return parser.LetterLost
	case viet.ReplacedLetters:
		return parser.ReplacementChars
	case viet.Certain:
	}
	return ""
}
