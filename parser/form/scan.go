package form

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// A line is one line of text with its place: what stands around the lists, and the whole of a letter.
type line struct {
	text    string
	at      parser.Place
	column  int  // which of several texts beside each other, 0 where that is not known
	picture bool // a picture stands here
}

// searchRows is how far down the first header of a sheet is looked for.
const searchRows = 60

// A scan goes down one sheet and keeps apart what is a list and what stands around it.
type scan struct {
	file   string
	s      *grid.Sheet
	m      merges
	lists  []*list // finished and active
	active []*list // the blocks of the header above the current row
	footer bool    // below a signature: only a new header, or a plain person, begins again
	lines  []line
}

// scanSheet reads one sheet: its lists, and its other lines in order.
func scanSheet(file string, s *grid.Sheet) *scan {
	s = withoutMarks(s)
	c := &scan{file: file, s: s, m: newMerges(s)}
	i := c.firstHeader()
	for j := range s.Rows[:i] {
		c.text(s.Rows[j])
	}
	for i < len(s.Rows) {
		row := s.Rows[i]
		if h, ok := c.header(i); ok {
			c.begin(h)
			i = h.last + 1
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

// firstHeader returns the index of the first row that is a header, best one with code and name; len(Rows) when none is.
func (c *scan) firstHeader() int {
	found := len(c.s.Rows)
	for i := range c.s.Rows[:min(searchRows, len(c.s.Rows))] {
		h, ok := headerAt(c.s, c.m, i)
		if !ok {
			continue
		}
		if complete(h.cells) {
			return i
		}
		found = min(found, i)
	}
	return found
}

// header reports whether row i is a header. A row that has a number or a code where the list has them is none.
func (c *scan) header(i int) (header, bool) {
	row := c.s.Rows[i]
	for _, l := range c.active {
		if isNumber(row.Cell(l.cols.stt).Text) || looksLikeCode(row.Cell(l.cols.code).Text) {
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
			return
		}
	}
	c.active = nil
	below := c.s.Rows[h.last+1:]
	for _, b := range blocks {
		l := newList(c, b, below)
		c.active = append(c.active, l)
		c.lists = append(c.lists, l)
	}
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
	person := false
	for _, l := range c.active {
		switch {
		case !l.isPerson(row, c.footer):
		case row.Hidden:
			l.hiddenRow(row)
			person = true
		default:
			c.footer = false
			l.add(row)
			person = true
		}
	}
	if person {
		return
	}
	c.text(row)
	if c.footer || len(c.active) == 0 || row.Hidden {
		return
	}
	if isFooter(row) {
		c.footer = true
		return
	}
	for _, l := range c.active {
		l.skip(row)
	}
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

// Signature blocks and the date above them (BM-CNTT31, after the list), folded.
var footerRE = regexp.MustCompile(`^(nguoi lap|nguoi lam|thu truong|truong (don vi|phong|khoa|ban)\b|pho (truong|hieu)|hieu truong|giam doc|(kt|tl|tuq|tm)\.|xac nhan|noi nhan)|\bky,? ?(ten|ghi)\b|ghi ro ho ten|\bngay\b.{1,12}\bthang\b.{1,12}\bnam\b`)

func isFooter(row grid.Row) bool {
	for _, c := range row.Cells {
		if len(c.Text) < 400 && footerRE.MatchString(viet.Fold(oneLine(c.Text))) {
			return true
		}
	}
	return false
}

// Totals, with their marks: Tống and Công are family names.
var totalRE = regexp.MustCompile(`^(tổng|cộng|tong cong|tong so|danh sách (này|gồm|có)|ấn định)([ :]|$)`)

func isTotal(text string) bool { return totalRE.MatchString(strings.ToLower(text)) }

var totalCountRE = regexp.MustCompile(`^(?:tong cong|tong so|cong|danh sach (?:nay )?(?:co|gom))\D{0,40}?(\d{1,6})\b`)

// totalCount returns the number of people that a total line names, 0 when it names none. "Cộng trang 1" is no total.
func totalCount(text string) int {
	m := totalCountRE.FindStringSubmatch(viet.Fold(text))
	if m == nil || strings.HasPrefix(m[0], "cong trang") {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// isNumber reports whether text is a plain running number: 1, 01, 1.
func isNumber(text string) bool {
	_, ok := number(text)
	return ok
}

func number(text string) (int, bool) {
	text = strings.TrimSuffix(strings.TrimSpace(text), ".")
	if len(text) > 7 {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

var codeRE = regexp.MustCompile(`^[A-Za-z]{0,8}\d{4,}[A-Za-z0-9]*$`)

// looksLikeCode reports whether text could be a student's code, blanks and dots between digits left aside.
func looksLikeCode(text string) bool {
	if len(text) < 4 || len(text) > 60 {
		return false
	}
	return codeRE.MatchString(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' || r == '\u200b' || r == '\'' {
			return -1
		}
		if '０' <= r && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, text))
}
