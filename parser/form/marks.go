package form

import (
	"regexp"
	"slices"
	"strings"

	"vanthu/parser/grid"
)

// What the answer to an earlier list has added to it: units correct the file that came back to them and send that one. A
// test of the program as a whole holds these against what the answer writes.
var answerHeadings = []string{"Lý do / Reason", "Nguồn / Source"}

// A reason in the answer's column begins with its rule: "[ROW-02] Mã số …".
var answerRE = regexp.MustCompile(`^\[[A-Z]{3}-\d\d\] `)

// withoutMarks takes the answer's headings out of a sheet, and the reasons in their columns, also those above the header.
// What stands there beside them stays: a title or a signature may reach into the column.
func withoutMarks(s *grid.Sheet) *grid.Sheet {
	ours := map[int]bool{}
	for _, row := range s.Rows {
		for _, c := range row.Cells {
			if isAnswerHeading(c.Text) {
				ours[c.Col] = true
			}
		}
	}
	if len(ours) == 0 {
		return s
	}
	clean := *s
	clean.Rows = nil
	for _, row := range s.Rows {
		row.Cells = slices.DeleteFunc(slices.Clone(row.Cells), func(c grid.Cell) bool {
			return ours[c.Col] && (isAnswerHeading(c.Text) || answerRE.MatchString(c.Text))
		})
		if len(row.Cells) > 0 {
			clean.Rows = append(clean.Rows, row)
		}
	}
	return &clean
}

// isAnswerHeading also knows the heading with remarks below it, where the list had no room above.
func isAnswerHeading(text string) bool {
	return slices.ContainsFunc(answerHeadings, func(h string) bool {
		rest, ok := strings.CutPrefix(text, h)
		return ok && (rest == "" || rest[0] == '\n' || rest[0] == '\r')
	})
}

// The sheet that the answer adds where values were in an old encoding, and what stands in its first cell.
const (
	comparisonSheet   = "Đối chiếu bảng mã"
	comparisonHeading = "Đối chiếu bảng mã / Old encodings, side by side"
)

// withoutAnswer leaves out what the answer has added to a file, before anything is made of its text: the reasons quote what
// was sent in an old encoding in sentences of Unicode, and the sheet shows values of the list once more.
func withoutAnswer(sheets []grid.Sheet) []grid.Sheet {
	clean := make([]grid.Sheet, 0, len(sheets))
	for i := range sheets {
		s := &sheets[i]
		if s.Name == comparisonSheet && len(s.Rows) > 0 && s.Rows[0].Cell(1).Text == comparisonHeading {
			continue
		}
		clean = append(clean, *withoutMarks(s))
	}
	return clean
}
