package form

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// shapes counts what the values of a column look like.
type shapes struct{ filled, codes, names, cohorts, classes int }

func shapesOf(col int, below []grid.Row) shapes {
	var s shapes
	if col == 0 {
		return s
	}
	for _, r := range below {
		c := r.Cell(col)
		if blank(c.Text) {
			continue
		}
		v := oneLine(c.Text)
		s.filled++
		switch {
		case looksLikeCode(v) && len(v) >= 8:
			s.codes++
		case nameLike(v):
			s.names++
		case cohortRE.MatchString(viet.Fold(v)):
			s.cohorts++
		case classLike(v):
			s.classes++
		}
	}
	return s
}

// mostly asks for four of five, of two values at least.
func mostly(n, of int) bool { return of >= 2 && n*5 >= of*4 }

// nameLike reports whether v can only be a name: two to eight words of letters.
func nameLike(v string) bool {
	n := 0
	for w := range strings.FieldsSeq(v) {
		if len([]rune(w)) > 10 {
			return false
		}
		n++
	}
	return n >= 2 && n <= 8 && lettersOnly(v) && !strings.ContainsAny(v, ":;/@=()[]?!_") && !footerRE.MatchString(viet.Fold(v))
}

var classLikeRE = regexp.MustCompile(`^[a-z][a-z .-]{0,12}[ .-]?[a-z]{0,3}\d{1,3}[a-z]{0,3}([ .-]*[a-z]?\d{0,3})?$`)

// classLike reports whether v looks like the name of a class: YAK50, Y A - K51, CK2-SAN-K5. A cohort does not.
func classLike(v string) bool {
	fold := viet.Fold(v)
	return len(v) <= 24 && !cohortRE.MatchString(fold) && classLikeRE.MatchString(fold)
}

// swapped remarks whole columns whose values stand under each other's headings (LST-18).
func (l *list) swapped(below []grid.Row) {
	if l.cols.code > 0 && len(l.cols.name) > 0 {
		code, name := shapesOf(l.cols.code, below), shapesOf(l.cols.name[0], below)
		if mostly(code.names, code.filled) && mostly(name.codes, name.filled) {
			l.swap(fieldCode, fieldName)
			l.turned = true
		}
	}
	class, cohort := shapesOf(l.cols.class, below), shapesOf(l.cols.cohort, below)
	if mostly(class.cohorts, class.filled) && mostly(cohort.classes, cohort.filled) {
		l.swap(fieldClass, fieldCohort)
	}
}

func (l *list) swap(a, b string) {
	h1, h2 := l.cols.header[a], l.cols.header[b]
	l.remark(parser.ColumnsSwapped, 0, h1.At, h1.Text, "h1", h1.Text, "h2", h2.Text, "field", a)
}

// shifted remarks one row whose values stand under other headings (LST-17): a code where the name should be, or a name where
// the code should be and no name beside it.
func (l *list) shifted(p parser.Row) {
	code, name := p.Code.Text, p.Name.Text
	switch {
	case l.turned:
	case looksLikeCode(name) && !looksLikeCode(code):
		h := l.cols.header[fieldName]
		l.remark(parser.RowShifted, p.N, p.Name.At, name, "h", h.Text, "v", name)
	case nameLike(code) && name != "" && !lettersOnly(name):
		h := l.cols.header[fieldCode]
		l.remark(parser.RowShifted, p.N, p.Code.At, code, "h", h.Text, "v", code)
	}
}

// families are the commonest family names, folded: what begins with one is a name of its own.
var families = strings.Fields("nguyen tran le pham huynh hoang phan vu vo dang bui do ho ngo duong ly dinh dao doan vuong trinh " +
	"truong cao mai lam luong ta to ha thai tang thach son danh kim chau luu phung quach khuu giang hua ong tong ton cong au kieu lai nghiem trieu")

// wrapped remarks a name that somebody broke over two rows: beneath a numbered person stands a name without anything else,
// and it begins with no family name. The person above must not be served with half a name.
func (l *list) wrapped(p parser.Row) {
	if l.cols.stt == 0 || l.gap || len(l.rows) == 0 || !l.onlyNamed(p) {
		return
	}
	above := l.rows[len(l.rows)-1]
	first, _, _ := strings.Cut(viet.Fold(p.Name.Text), " ")
	half := !slices.Contains(families, first) || !strings.Contains(above.Name.Text, " ") // "Hoàng An" beneath "Danh" goes on with it
	if above.At.Row == p.At.Row-1 && isNumber(above.STT.Text) && half {
		h := l.cols.header[fieldName]
		l.remark(parser.RowShifted, above.N, above.Name.At, above.Name.Text, "h", h.Text, "v", p.Name.Text)
	}
}

// twoNames remarks a cell with two names above each other beside one code (LST-16): beneath a name stands one that begins with
// a family name. A name that only takes two lines ("Trương Thị\nBích Ngọc") is one.
func (l *list) twoNames(p parser.Row) {
	lines := linesOf(p.Name.Raw)
	if len(lines) < 2 || several(grid.Cell{Text: p.Code.Raw}) > 1 || len(strings.Fields(lines[0])) < 2 {
		return
	}
	for _, text := range lines[1:] {
		words := strings.Fields(viet.Fold(oneLine(text)))
		if len(words) > 1 && slices.Contains(families, words[0]) {
			l.remark(parser.SeveralPeople, p.N, p.Name.At, p.Name.Text, "n", strconv.Itoa(len(lines)))
			return
		}
	}
}

// halfName remarks a row without the last part of its name, where names stand in parts: half a name must not be served
// (LST-17). That the last part is written twice cannot be told from a name such as "Lan Lan".
func (l *list) halfName(row grid.Row, p parser.Row) {
	k := len(l.cols.name)
	if k < 2 || p.Name.Text == "" {
		return
	}
	first, last := row.Cell(l.cols.name[0]), row.Cell(l.cols.name[k-1])
	if unusable(first) || unusable(last) || l.scan.m.lastCol(row.Number, first.Col) >= l.cols.name[k-1] {
		return
	}
	a, b := oneLine(first.Text), oneLine(last.Text)
	if strings.Contains(a, " ") && b == "" {
		l.remark(parser.RowShifted, p.N, p.Name.At, a, "h", l.cols.header[fieldName].Text, "v", a)
	}
}
