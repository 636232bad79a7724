package form

import (
	"slices"
	"strings"
	"unicode"

	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// A heading is one cell of a header row.
type heading struct {
	cell    grid.Cell
	row     int // sheet row
	text    string
	field   string
	lastCol int    // last column that it covers
	top     int    // sheet row of the first cell that it is read from
	under   string // field of the heading above that covers it
	weak    bool   // "Mã số", taken for no code
}

// A header is a row of headings, or up to three rows read together.
type header struct {
	cells []heading // in order of column
	last  int       // index of its last row in the sheet's Rows
}

// known returns how many different fields the header names, and whether one of them says who a person is.
func (h header) known() (n int, person bool) {
	seen := map[string]bool{}
	for _, c := range h.cells {
		if c.field == "" || seen[c.field] {
			continue
		}
		seen[c.field] = true
		person = person || identifies(c.field)
	}
	return len(seen), person
}

func identifies(field string) bool {
	return field == fieldCode || namePart(field) >= 0
}

// namePart returns where a field stands in a name, -1 when it does not: the whole, then its parts from left to right.
func namePart(field string) int {
	return slices.Index([]string{fieldName, fieldFirst, fieldMiddle, fieldGiven}, field)
}

// headerRows is how many rows one header has at the most: a title over groups of columns, headings, parts of a heading.
const headerRows = 3

// headerAt reads the rows from i on as a header: it needs a code or a name and one field more. ok is false when there is none.
func headerAt(s *grid.Sheet, m merges, i int) (header, bool) {
	if !mayBeHeader(s.Rows[i]) {
		return header{}, false
	}
	best := compose(s.Rows[i:i+1], m, i)
	most, person := best.known()
	for k := i + 1; k < min(i+headerRows, len(s.Rows)); k++ {
		if s.Rows[k].Number != s.Rows[k-1].Number+1 || !mayBeSubHeader(s.Rows[k]) {
			break
		}
		h := compose(s.Rows[i:k+1], m, i)
		n, p := h.known()
		if !h.goesOn(best, s.Rows[k], n > most) {
			break
		}
		if !h.uses(s.Rows[i].Number) { // it says all of it again: in another language, or on the next page
			if !sameTexts(s.Rows[i], s.Rows[k]) && most >= 2 && person {
				best.last = k
			}
			break
		}
		best, most, person = h, max(n, most), p || person
	}
	return best, most >= 2 && person && best.uses(s.Rows[i].Number)
}

// sameTexts reports whether two rows say the same in the same columns.
func sameTexts(a, b grid.Row) bool {
	return !slices.ContainsFunc(a.Cells, func(c grid.Cell) bool { return oneLine(c.Text) != oneLine(b.Cell(c.Col).Text) })
}

// mayBeHeader is a quick look: at least two short texts, no code.
func mayBeHeader(row grid.Row) bool {
	n := 0
	for _, c := range row.Cells {
		if c.Text == "" || len(c.Text) > maxHeading {
			continue
		}
		if manyDigits(c.Text) && looksLikeCode(c.Text) {
			return false
		}
		n++
	}
	return n >= 2
}

// mayBeSubHeader looks the same of a row beneath: a running number or a code says that people begin, "(1)" that columns are
// numbered.
func mayBeSubHeader(row grid.Row) bool {
	n := 0
	for _, c := range row.Cells {
		switch {
		case c.Text == "":
		case len(c.Text) > maxHeading || isNumber(strings.Trim(c.Text, "() ")) || looksLikeCode(c.Text):
			return false
		default:
			n++
		}
	}
	return n > 0
}

// goesOn reports whether row belongs to the header h that was composed with it: it names a field that was not known
// without it, or it is the same header in another language, or it explains ("(10 số)").
func (h header) goesOn(without header, row grid.Row, more bool) bool {
	known, beneath, remarks, unknown := 0, 0, 0, 0
	for _, c := range row.Cells {
		if blank(c.Text) {
			continue
		}
		up, now := without.over(c.Col), h.over(c.Col)
		if up != nil && now != nil && contradicts(*up, *now) {
			return false
		}
		switch {
		case strings.HasPrefix(strings.TrimSpace(c.Text), "("):
			remarks++
		case now != nil && now.field != "" && now.row == row.Number:
			known++
		case up != nil && up.lastCol > up.cell.Col && lettersOnly(c.Text): // beneath a heading over several columns
			beneath++
		default:
			unknown++
		}
	}
	switch {
	case known == 0:
		return remarks > 0 && beneath+unknown == 0
	case unknown > known+beneath+remarks:
		return false
	}
	return more || beneath > 0 || known >= 2 || h.sameFields(without)
}

// contradicts reports whether a heading stands right beneath another field's: then the row above is a title ("Lớp:" over "Stt").
func contradicts(up, now heading) bool {
	return up.field != "" && now.field != "" && up.field != now.field && up.cell.Col == now.cell.Col && up.lastCol == up.cell.Col && now.row > up.row &&
		!strings.HasPrefix(now.field, up.field) && (namePart(up.field) < 0 || namePart(now.field) < 0)
}

// sameFields reports whether a header names the same fields in the same columns as another.
func (h header) sameFields(other header) bool {
	for _, c := range other.cells {
		if now := h.over(c.cell.Col); c.field != "" && (now == nil || now.field != c.field) {
			return false
		}
	}
	return true
}

// uses reports whether the header needs its first row: a title above is none of it.
func (h header) uses(row int) bool {
	return slices.ContainsFunc(h.cells, func(c heading) bool { return c.field != "" && c.top == row })
}

// compose reads rows as one header: in each column the deepest heading counts, with what stands above it where it says
// nothing alone ("Mã số" over "SV/HV").
func compose(rows []grid.Row, m merges, first int) header {
	h := header{last: first + len(rows) - 1}
	for _, col := range columnsOf(rows) {
		h.cells = append(h.cells, resolve(chainOf(rows, m, col), col))
	}
	h.weaken()
	return h
}

// columnsOf returns the columns that hold text, in order.
func columnsOf(rows []grid.Row) []int {
	var cols []int
	for _, r := range rows {
		for _, c := range r.Cells {
			if !blank(c.Text) {
				cols = append(cols, c.Col)
			}
		}
	}
	slices.Sort(cols)
	return slices.Compact(cols)
}

// chainOf returns the headings over column col from top to bottom, those that reach over it from the left among them, down
// to the last that stands in the column itself.
func chainOf(rows []grid.Row, m merges, col int) []heading {
	var chain []heading
	own := 0
	for _, r := range rows {
		for _, c := range r.Cells {
			if c.Col > col {
				break
			}
			if last := m.lastCol(r.Number, c.Col); last >= col && !blank(c.Text) {
				chain = append(chain, heading{cell: c, row: r.Number, top: r.Number, text: oneLine(c.Text), field: fieldOf(c.Text), lastCol: last})
				if c.Col == col {
					own = len(chain)
				}
			}
		}
	}
	return chain[:own]
}

// resolve makes one heading of a chain.
func resolve(chain []heading, col int) heading {
	h := chain[len(chain)-1]
	if len(chain) == 1 {
		return h
	}
	var up *heading // the nearest above that says something
	for i := range len(chain) - 1 {
		if chain[i].field != "" {
			up = &chain[i]
		}
	}
	if up != nil {
		h.under = up.field
	}
	stray := up != nil && namePart(up.field) < 0 && (namePart(h.field) > 0 || strings.HasPrefix(h.field, "dob_")) // "Lớp" over "Tên"
	for from := range len(chain) - 1 {                                                                            // what is written in two cells: "Mã số" over "SV/HV", "Quyết định" over "Ngày"
		text := chain[from].text
		for _, c := range chain[from+1:] {
			text += " " + c.text
		}
		f := exactField(text)
		if f != "" && (h.field == "" || stray || h.field == f || namePart(f) >= 0 && namePart(h.field) >= 0) {
			h.field, h.text, h.top = f, text, chain[from].row
			return h
		}
	}
	if up == nil || h.field != "" && !stray {
		return h
	}
	if strings.HasPrefix(h.field, up.field) { // "Ngày sinh" over "Ngày"
		return h
	}
	if up.cell.Col != col {
		h.field = "" // another column under the same heading
		return h
	}
	h = *up
	if namePart(up.field) < 0 {
		h.lastCol = col
	}
	return h
}

// weaken decides what "Mã số" is: a code where the header has a name and no better code, nothing elsewhere.
func (h *header) weaken() {
	named, coded := false, false
	for _, c := range h.cells {
		named = named || c.field == fieldName || c.field == fieldFirst
		coded = coded || c.field == fieldCode
	}
	for i := range h.cells {
		if c := &h.cells[i]; c.field == fieldWeak {
			c.field, c.weak = "", true
			if named && !coded {
				c.field, c.weak = fieldCode, false
			}
		}
	}
}

// over returns the heading that covers column col.
func (h header) over(col int) *heading {
	for i := range h.cells {
		if c := &h.cells[i]; c.cell.Col <= col && col <= c.lastCol {
			return c
		}
	}
	return nil
}

func lettersOnly(s string) bool {
	return strings.IndexFunc(s, unicode.IsDigit) < 0
}

func oneLine(s string) string {
	clean, _ := viet.Clean(s)
	return clean
}

// Blocks splits a header that repeats itself from left to right: two lists side by side. A block is complete with a code
// and a name; a field that comes again after that begins the next block when the rest is complete, too.
func (h header) blocks() []header {
	var out []header
	from := 0
	seen := map[string]bool{}
	for i, c := range h.cells {
		if c.field != "" && seen[c.field] && complete(h.cells[from:i]) && complete(h.cells[i:]) {
			out = append(out, header{cells: h.cells[from:i], last: h.last})
			from = i
			clear(seen)
		}
		seen[c.field] = true
	}
	return append(out, header{cells: h.cells[from:], last: h.last})
}

func complete(cells []heading) bool {
	code, name := false, false
	for _, c := range cells {
		code = code || c.field == fieldCode
		name = name || c.field != fieldCode && identifies(c.field)
	}
	return code && name
}
