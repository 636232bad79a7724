package form

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// isPerson reports whether the row is a person of the list: it has a code or a name, and is neither a total nor a title.
// Under a signature only a row with both counts, so that the names of those who sign are not taken for students.
func (l *list) isPerson(row grid.Row, footer bool) bool {
	code := row.Cell(l.cols.code)
	hasCode := l.cols.code > 0 && present(code)
	isCode := hasCode && (looksLikeCode(code.Text) || several(code) > 1)
	hasName := false
	for _, col := range l.cols.name {
		hasName = hasName || present(row.Cell(col))
	}
	numbered := l.cols.stt > 0 && isNumber(row.Cell(l.cols.stt).Text)
	if footer {
		n, ok := number(row.Cell(l.cols.stt).Text)
		return isCode && (hasName || numbered) || hasName && l.cols.stt > 0 && ok && n == l.number+1
	}
	if !hasCode && !hasName || l.columnNumbers(row) || !hasName && !numbered && isTotal(oneLine(l.first(row).Text)) {
		return false
	}
	if isCode || numbered {
		return true
	}
	if first := oneLine(l.first(row).Text); purposeOf(first) != "" || isTotal(first) || isLabel(first) || isFooter(row) || isPageLine(row) {
		return false
	}
	return hasName && !l.isTitle(row) && (hasCode || l.canBeName(row))
}

// canBeName reports whether what stands in the columns of the name of a row without code and number is one: no sentence, no
// label. An error or a formula stands for a name.
func (l *list) canBeName(row grid.Row) bool {
	words := 0
	for _, col := range l.cols.name {
		c := row.Cell(col)
		if unusable(c) {
			return true
		}
		if strings.ContainsAny(c.Text, ":;?!/") || len(c.Text) > 120 || !lettersOnly(c.Text) || proseRE.MatchString(viet.Fold(oneLine(c.Text))) {
			return false
		}
		words += len(strings.Fields(c.Text))
	}
	return words <= 8
}

var proseRE = regexp.MustCompile(`^[^a-z]*[-*+•(]|\b(de nghi|danh sach|sinh vien|hoc vien|ghi chu|luu y|quyet dinh|so luong|kem theo|kinh gui|can cu)\b`)

// present reports whether something stands in the cell, be it an error.
func present(c grid.Cell) bool { return unusable(c) || !blank(c.Text) }

// first returns the first cell of the block that has text; a title may stand left of the first block's headings.
func (l *list) first(row grid.Row) grid.Cell {
	leftmost := len(l.scan.active) == 0 || l.scan.active[0] == l
	for _, c := range row.Cells {
		if (leftmost || l.cols.from <= c.Col) && c.Col <= l.cols.to && !blank(c.Text) {
			return c
		}
	}
	return grid.Cell{}
}

// columnNumbers recognises the row "(1) (2) (3)", "1 2 3" or "A B C" that some offices put under a header.
func (l *list) columnNumbers(row grid.Row) bool {
	i, letters := 0, 0
	for _, c := range row.Cells {
		if blank(c.Text) {
			continue
		}
		i++
		text, _, _ := strings.Cut(strings.Trim(c.Text, "()[] \n"), "=")
		text = strings.Trim(text, "() ")
		if len(text) == 1 && 'A' <= text[0] && text[0] <= 'Z' {
			letters++
			continue
		}
		if n, ok := number(text); !ok || n != i && n != i-letters {
			return false
		}
	}
	return i >= 3 || i == 2 && strings.HasPrefix(strings.TrimSpace(l.first(row).Text), "(")
}

// Titles between people, with their marks where a family name is spelt alike without: Tô, Bạch.
var (
	groupRE  = regexp.MustCompile(`^[ivx\d]*[.)/]?\s*[-*+•]?\s*(lop|khoa|nganh|nhom|danh sach|nien khoa)\b[ :.-]|^[ivx]+[.)/] `)
	markedRE = regexp.MustCompile(`^(tổ|hệ|bậc|đợt)[ :.-]`)
)

// isTitle recognises a title row between people: one text alone, spread over the table or beginning like one.
func (l *list) isTitle(row grid.Row) bool {
	var only grid.Cell
	n := 0
	for _, c := range row.Cells {
		if l.cols.from <= c.Col && c.Col <= l.cols.to && !blank(c.Text) {
			only = c
			n++
		}
	}
	return n == 1 && (l.scan.m.lastCol(row.Number, only.Col) > only.Col+len(l.cols.name) || isGroupTitle(oneLine(only.Text)))
}

func isGroupTitle(text string) bool {
	return groupRE.MatchString(viet.Fold(text)) || markedRE.MatchString(strings.ToLower(text))
}

// Signature blocks and the date above them (BM-CNTT31, after the list), folded.
var footerRE = regexp.MustCompile(`^(nguoi (lap|lam|thuc hien|tong hop|kiem tra|duyet)|lap (bang|bieu)|can bo (lap|phu trach)|giao vu|thu truong|truong (don vi|phong|khoa|ban|bo mon)\b|(p\.|pho) ?(truong|hieu|giam)|hieu truong|giam doc|ban (giam hieu|chu nhiem)|co van hoc tap|chu tich|phu trach|(kt|tl|tuq|tm)\.|t/m|xac nhan|noi nhan|phe duyet|da kiem tra|dai dien)|\bky,? ?(ten|ghi|va|dong)\b|ghi ro ho ten|\bngay\b.{1,12}\bthang\b.{1,12}\bnam\b`)

func isFooter(row grid.Row) bool {
	for _, c := range row.Cells {
		if len(c.Text) >= 5 && len(c.Text) < 400 && footerRE.MatchString(viet.Fold(oneLine(c.Text))) {
			return true
		}
	}
	return false
}

// What printing puts at the foot of each page.
var pageLineRE = regexp.MustCompile(`^-?\s*(trang|page)\s*:?\s*\d+(\s*(/|of|tren)\s*\d+)?\s*-?$`)

func isPageLine(row grid.Row) bool {
	n := 0
	for _, c := range row.Cells {
		if blank(c.Text) {
			continue
		}
		n++
		if len(c.Text) > 40 || !pageLineRE.MatchString(viet.Fold(oneLine(c.Text))) {
			return false
		}
	}
	return n == 1
}

// Totals, with their marks: Tống and Công are family names.
var totalRE = regexp.MustCompile(`^(tổng|cộng|tong cong|tong so|sĩ số|si so|danh sách (này|gồm|có|trên)|ấn định)([ :]|$)`)

func isTotal(text string) bool { return totalRE.MatchString(strings.ToLower(text)) }

var totalCountRE = regexp.MustCompile(`^(?:tong cong|tong so|tong|cong|danh sach (?:nay |tren )?(?:co|gom)|an dinh danh sach)\D{0,40}?(\d{1,6})\b`)

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

// isNumber reports whether text is a plain running number: 1, 01, 1., 1).
func isNumber(text string) bool {
	_, ok := number(text)
	return ok
}

func number(text string) (int, bool) {
	if text == "" || text[0] > '9' && text[0] < 0x80 {
		return 0, false
	}
	text = strings.TrimRight(strings.TrimSpace(text), ".)")
	if len(text) > 7 {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// looksLikeCode reports whether text could be a student's code, blanks and dots between digits left aside: up to eight
// letters, four digits, then letters and digits.
func looksLikeCode(text string) bool {
	if len(text) < 4 || len(text) > 60 {
		return false
	}
	letters, digits, kept := 0, 0, 0
	for _, r := range text {
		if '０' <= r && r <= '９' {
			r += '0' - '０'
		}
		switch {
		case r == '.' || r == '\u200b' || r == '\'' || r == ' ' || r == '\u00a0' || unicode.IsSpace(r):
			continue
		case '0' <= r && r <= '9':
			digits++
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			switch {
			case digits == 0:
				letters++
			case digits < 4:
				return false
			}
		default:
			return false
		}
		kept++
	}
	return digits >= 4 && letters <= 8 && kept >= 4
}
