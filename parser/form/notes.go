package form

import (
	"regexp"

	"vanthu/parser"
)

var codeInLineRE = regexp.MustCompile(`[A-Za-z]{0,8}\d{6,}`)

// notesBelow points at people whose codes stand in a line below their list (LST-21): "SV 2453010005 xin rút". What the line
// means, an officer reads.
func (r *reading) notesBelow(s *source) {
	var where map[string]int
	for i, n := range s.lines {
		if n.picture || !s.isBelow(i, n) {
			continue
		}
		for _, code := range codeInLineRE.FindAllString(n.text, -1) {
			if where == nil {
				where = map[string]int{}
				for k := len(r.out.Rows) - 1; k >= 0; k-- {
					if row := &r.out.Rows[k]; row.At.File == s.report.Name {
						where[row.Code.Text] = k
					}
				}
			}
			if k, ok := where[code]; ok {
				row := r.out.Rows[k]
				r.remark(newRemark(parser.NoteBelow, row.N, row.Code.At, n.text, "v", n.text))
			}
		}
	}
}

// isBelow reports whether a line stands beneath the beginning of a list of its sheet, or behind the tables of a document.
func (s *source) isBelow(i int, n line) bool {
	if n.at.Sheet == "" {
		return len(s.lists) > 0 && i >= s.below
	}
	for _, l := range s.lists {
		if l.leftOut == "" && len(l.rows) > 0 && l.out.Sheet == n.at.Sheet && n.at.Row > l.out.FirstRow {
			return true
		}
	}
	return false
}
