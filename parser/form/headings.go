package form

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"vanthu/parser/viet"
)

// The fields of a list that are kept, as headers.tsv names them. A name may stand in parts.
const (
	fieldSTT      = "stt"
	fieldCode     = "code"
	fieldWeak     = "code_weak" // "Mã số", "ID": a code beside a name, something else in other tables
	fieldName     = "name"
	fieldFirst    = "name_first_part"
	fieldMiddle   = "name_middle"
	fieldGiven    = "name_given"
	fieldClass    = "class"
	fieldCohort   = "cohort"
	fieldNote     = "note"
	fieldFaculty  = "faculty"
	fieldReason   = "reason"
	fieldDecision = "decision_no"
	fieldDecided  = "decision_date"
)

//go:embed headers.tsv
var headersTSV string

// headings maps a folded heading to its field; joined does so without blanks, long with those worth a guess at a typo.
var (
	headings = readHeadings(headersTSV)
	joined   = withoutBlanks(headings)
)

func readHeadings(tsv string) map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(tsv) {
		cols := strings.Split(strings.TrimSpace(line), "\t")
		if len(cols) == 4 && cols[0] != "field" && !strings.HasPrefix(cols[0], "#") {
			m[cols[1]] = cols[0]
		}
	}
	return m
}

// withoutBlanks serves headings of programs: "MaSinhVien", "HoTen". What two fields would share is left out.
func withoutBlanks(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, f := range m {
		k = strings.ReplaceAll(k, " ", "")
		if have, ok := out[k]; ok && have != f {
			f = ""
		}
		out[k] = f
	}
	return out
}

// The six headings of the printed form and the two of a list of leavers, folded: read without a remark (LST-03).
var printed = map[string]string{
	fieldSTT: "stt", fieldCode: "ma so sv hv", fieldName: "ho va ten",
	fieldClass: "lop", fieldCohort: "khoa", fieldNote: "ghi chu",
	fieldDecision: "so quyet dinh", fieldDecided: "ngay quyet dinh",
}

// maxHeading bounds a heading in bytes: what is longer is prose.
const maxHeading = 200

// fieldOf returns the field that a heading names, "" when it names none. A number before it, what stands in brackets, and a
// second language beside or beneath, may be left out.
func fieldOf(text string) string {
	if len(text) > maxHeading || manyDigits(text) {
		return ""
	}
	if f := exactField(text); f != "" {
		return f
	}
	bare := strings.TrimLeft(text, "0123456789.)( -\n")
	for _, t := range []string{bare, beforeBracket(bare)} {
		if f := exactField(t); t != text && f != "" {
			return f
		}
	}
	if whole := strings.ReplaceAll(text, "-\n", ""); whole != text {
		if f := exactField(whole); f != "" {
			return f
		}
	}
	for _, sep := range []string{"\n", "/", " - ", "|"} {
		if f := sameField(text, sep); f != "" {
			return f
		}
	}
	return mistyped(foldHeading(text))
}

// beforeBracket returns what stands before an explanation: "MSSV (10 số)".
func beforeBracket(s string) string {
	if i := strings.IndexAny(s, "(["); i > 0 {
		return s[:i]
	}
	return s
}

// manyDigits tells a value from a heading: "MSSV (10 số)" has two, a code or a date more.
func manyDigits(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n > 4
}

// exactField looks a heading up; one word without blanks may be a program's.
func exactField(text string) string {
	key := foldHeading(text)
	if f := headings[key]; f != "" {
		return f
	}
	if len(key) >= 4 && !strings.Contains(key, " ") {
		return joined[key]
	}
	return ""
}

// sameField reads a heading in two languages: its first part is known, and no other part is another field. "Lớp/Khóa" is the
// class with the cohort behind it.
func sameField(text, sep string) string {
	if !strings.Contains(text, sep) {
		return ""
	}
	field := ""
	for i, part := range strings.Split(text, sep) {
		f := exactField(part)
		if f == "" {
			f = exactField(beforeBracket(part))
		}
		switch {
		case i == 0:
			if field = f; f == "" {
				return ""
			}
		case f == "" && sep == "\n" && !strings.HasPrefix(strings.TrimSpace(part), "("): // "Hộ" of "Hộ\nkhẩu", "Tên" of "Tên\ncha"
			return ""
		case f != "" && f != field && (field != fieldClass || f != fieldCohort):
			return ""
		}
	}
	return field
}

// mistyped returns the field of a long heading with one letter too few, too many, wrong or in the wrong place. An
// abbreviation is never guessed at: "Họ tên GV" is no typo for "Họ tên SV".
func mistyped(key string) string {
	if len(key) < 8 {
		return ""
	}
	found := ""
	for k, f := range headings {
		if len(k) < 8 || len(k)-len(key) > 1 || len(key)-len(k) > 1 || !oneTypo(key, k) || shortWordDiffers(key, k) {
			continue
		}
		if found != "" && found != f {
			return ""
		}
		found = f
	}
	return found
}

// oneTypo reports whether a and b are at a Damerau-Levenshtein distance of one. Both are folded, so bytes are letters.
func oneTypo(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a)+len(b) == 1 || len(a) == 1 && len(b) == 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// shortWordDiffers reports whether the words that differ are short ones of which one may stand for something else: "SV" and
// "GV". A lost blank is no such word, nor is "tn" for "tên".
func shortWordDiffers(typed, known string) bool {
	x, y := strings.Fields(typed), strings.Fields(known)
	if len(x) != len(y) {
		return strings.ReplaceAll(typed, " ", "") != strings.ReplaceAll(known, " ", "")
	}
	for i := range x {
		if x[i] != y[i] && len(y[i]) <= 3 && (len(x[i]) == len(y[i]) || !strings.ContainsAny(y[i], "aeiouy")) {
			return true
		}
	}
	return false
}

// foldHeading folds a heading as headers.tsv does: "Mã số  SV/HV (*)" is "ma so sv hv".
func foldHeading(text string) string {
	clean, _ := viet.Clean(text)
	return strings.Join(strings.FieldsFunc(viet.Fold(clean), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// blank reports whether nothing can be seen in s, without the cost of cleaning it.
func blank(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c > ' ' && c < utf8.RuneSelf {
			return false
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r > ' ' && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.IsControl(r) {
			return false
		}
		i += size
	}
	return true
}
