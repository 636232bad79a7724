package form

import (
	_ "embed"
	"strings"
	"unicode"

	"vanthu/parser/viet"
)

// The fields of a list that are kept, as headers.tsv names them. A name may stand in parts.
const (
	fieldSTT    = "stt"
	fieldCode   = "code"
	fieldName   = "name"
	fieldFirst  = "name_first_part"
	fieldMiddle = "name_middle"
	fieldGiven  = "name_given"
	fieldClass  = "class"
	fieldCohort = "cohort"
	fieldNote   = "note"
)

//go:embed headers.tsv
var headersTSV string

// headings maps a folded heading to its field.
var headings = readHeadings(headersTSV)

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

// The six headings of the printed form, folded: read without a remark (LST-03).
var printed = map[string]string{
	fieldSTT: "stt", fieldCode: "ma so sv hv", fieldName: "ho va ten",
	fieldClass: "lop", fieldCohort: "khoa", fieldNote: "ghi chu",
}

// fieldOf returns the field that a heading names, "" when it names none. What stands in brackets may be left out.
func fieldOf(text string) string {
	if len(text) > 200 {
		return ""
	}
	if f := headings[foldHeading(text)]; f != "" {
		return f
	}
	if i := strings.IndexAny(text, "(["); i > 0 {
		return headings[foldHeading(text[:i])]
	}
	return ""
}

// foldHeading folds a heading as headers.tsv does: "Mã số  SV/HV (*)" is "ma so sv hv".
func foldHeading(text string) string {
	clean, _ := viet.Clean(text)
	return strings.Join(strings.FieldsFunc(viet.Fold(clean), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}
