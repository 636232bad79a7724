package form

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// Conversions counts what was converted under one heading.
type conversions struct {
	n         int
	encodings map[viet.Encoding]int
	fonts     map[string]int
}

func (c *conversions) add(e viet.Encoding, font string) {
	if c.n == 0 {
		c.encodings, c.fonts = map[viet.Encoding]int{}, map[string]int{}
	}
	c.n++
	c.encodings[e]++
	c.fonts[font]++
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
	sheet := slices.IndexFunc(n.sheets, func(s grid.Sheet) bool { return s.Name == l.out.Sheet })
	if sheet < 0 {
		return
	}
	place := func(row, col int) cellPlace { return cellPlace{int32(sheet), int32(row), int32(col)} }
	cols := l.keptColumns()
	of := map[int]*conversions{}
	before := len(l.remarks)
	for i := range l.rows {
		p := &l.rows[i]
		for _, col := range cols {
			r, found := n.cells[place(p.At.Row, col)]
			if !found {
				continue
			}
			said[place(p.At.Row, col)] = true
			at, cell := l.place(p.At.Row, col), n.cell(place(p.At.Row, col))
			if r.encoding != viet.Unicode {
				if of[col] == nil {
					of[col] = &conversions{}
				}
				of[col].add(r.encoding, cell.Font)
				l.remark(parser.EncodingConverted, p.N, at, cell.Text, "raw", cell.Raw, "text", cell.Text)
			}
			if code := doubtCode(r.doubt); code != "" && !(r.doubt == viet.UnknownEncoding && n.unknown[place(0, col)]) {
				l.remark(code, p.N, at, cell.Text)
			}
		}
	}
	for _, col := range cols {
		at, heading := l.headingOf(col)
		if c := of[col]; c != nil {
			l.remark(parser.EncodingConverted, 0, at, "", append(c.args(), "h", heading)...)
		}
		if n.unknown[place(0, col)] {
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
	look := func(r verdict, text, font string, at parser.Place) {
		if r.encoding != viet.Unicode {
			if around.n == 0 {
				first = at
			}
			around.add(r.encoding, font)
		}
		if code := doubtCode(r.doubt); code != "" && !doubts[code] {
			doubts[code] = true
			s.hidden = append(s.hidden, newRemark(code, 0, at, text))
		}
	}
	for _, d := range n.lines {
		look(d.verdict, d.text, d.font, parser.Place{File: s.report.Name, Page: d.page})
	}
	places := make([]cellPlace, 0, len(n.cells)-len(said))
	for p := range n.cells {
		if !said[p] {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b cellPlace) int {
		return cmp.Or(cmp.Compare(a.sheet, b.sheet), cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col))
	})
	for _, p := range places {
		cell := n.cell(p)
		look(n.cells[p], cell.Text, cell.Font, n.placeOf(s, p))
	}
	fonts := map[string]bool{}
	for _, m := range n.misled {
		if fonts[m.font] {
			continue
		}
		fonts[m.font] = true
		at := parser.Place{File: s.report.Name, Page: m.page}
		if m.at.row > 0 {
			at = n.placeOf(s, m.at)
		}
		s.hidden = append(s.hidden, newRemark(parser.FontMisleads, 0, at, "", "font", m.font))
	}
	if around.n > 0 {
		s.hidden = append(s.hidden, newRemark(parser.EncodingConverted, 0, first, "", append(around.args(), "where", "around_list")...))
	}
}

func (n *decoding) placeOf(s *source, p cellPlace) parser.Place {
	sheet := &n.sheets[p.sheet]
	return parser.Place{File: s.report.Name, Sheet: sheet.Name, Row: int(p.row), Col: int(p.col), Page: sheet.Page}
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
