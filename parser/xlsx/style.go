package xlsx

import (
	"strings"

	"github.com/xuri/excelize/v2"
)

// A style is what a list needs to know of a cell's format.
type style struct {
	font   string
	struck bool
	date   bool
	plain  bool   // numbers are shown as their digits (General, text)
	cell   string // where formatted asks, "" before the first time
}

// styles answers for style ids, each looked up once. Number formats are applied by excelize on a scratch sheet, so that a
// broken workbook cannot disturb it.
type styles struct {
	file     *excelize.File
	known    map[int]*style
	scratch  *excelize.File
	date1904 bool
}

const scratchSheet = "Sheet1" // the sheet of a new workbook

func newStyles(f *excelize.File) *styles {
	s := &styles{file: f, known: map[int]*style{}}
	if f.WorkBook.WorkbookPr != nil {
		s.date1904 = f.WorkBook.WorkbookPr.Date1904
	}
	return s
}

func (s *styles) close() {
	if s.scratch != nil {
		s.scratch.Close()
	}
}

// of returns the style with that id; a style that the file does not define is a plain one.
func (s *styles) of(id int) *style {
	if st, ok := s.known[id]; ok {
		return st
	}
	st := &style{plain: true}
	s.known[id] = st
	def := s.definition(id)
	if def == nil {
		return st
	}
	if def.Font != nil {
		st.font, st.struck = def.Font.Family, def.Font.Strike
	}
	st.date = isDate(def)
	st.plain = def.CustomNumFmt == nil && (def.NumFmt == 0 || def.NumFmt == 49)
	return st
}

// definition asks excelize, which trusts the indexes in styles.xml and panics when they lead nowhere.
func (s *styles) definition(id int) (def *excelize.Style) {
	defer func() {
		if recover() != nil {
			def = nil
		}
	}()
	def, err := s.file.GetStyle(id)
	if err != nil {
		return nil
	}
	return def
}

// formatted returns the number as the format of style id shows it, "" when that cannot be said.
func (s *styles) formatted(id int, number string) (text string) {
	st := s.of(id)
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	if st.cell == "" && !s.prepare(id, st) {
		return ""
	}
	if err := s.scratch.SetCellDefault(scratchSheet, st.cell, number); err != nil {
		return ""
	}
	text, err := s.scratch.GetCellValue(scratchSheet, st.cell)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// prepare gives the style a cell of the scratch sheet.
func (s *styles) prepare(id int, st *style) bool {
	if s.scratch == nil {
		s.scratch = excelize.NewFile(excelize.Options{ShortDatePattern: "dd/mm/yyyy"}) // format 14 follows the country
		if err := s.scratch.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &s.date1904}); err != nil {
			return false
		}
	}
	def := s.definition(id)
	if def == nil {
		return false
	}
	n, err := s.scratch.NewStyle(&excelize.Style{NumFmt: def.NumFmt, CustomNumFmt: def.CustomNumFmt})
	if err != nil {
		return false
	}
	cell, err := excelize.CoordinatesToCellName(len(s.known), 1)
	if err != nil {
		return false
	}
	if err := s.scratch.SetCellStyle(scratchSheet, cell, cell, n); err != nil {
		return false
	}
	st.cell = cell
	return true
}

// isDate reports whether the format shows a number as a date or time: the built-in ones of §18.8.30, or a code with one of
// their letters outside quotes and brackets.
func isDate(def *excelize.Style) bool {
	if def.CustomNumFmt == nil {
		n := def.NumFmt
		return 14 <= n && n <= 22 || 27 <= n && n <= 36 || 45 <= n && n <= 47 || 50 <= n && n <= 58
	}
	quoted, bracket, escaped := false, false, false
	for _, r := range strings.ToLower(*def.CustomNumFmt) {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case bracket:
		case r == 'y' || r == 'd' || r == 'm' || r == 'h':
			return true
		}
	}
	return false
}
