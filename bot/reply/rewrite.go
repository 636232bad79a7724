package reply

import (
	"cmp"
	"slices"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/parser/grid"
)

// MarkDocument writes a file that is no .xlsx into a new workbook, as it was read: its sheets in their order, every cell at
// its place, what is hidden hidden; and marks it as MarkWorkbook does. All cells are text, so leading zeros stay and nothing
// is a formula. Of a document (.docx, .pdf …) the tables with people become sheets: other tables are the letter's layout.
func (w *Writer) MarkDocument(d grid.Document, req bot.Request) (marked []byte, err error) {
	defer func() { // as in MarkWorkbook
		if r := recover(); r != nil {
			marked, err = nil, bot.Errorf(bot.Invalid, "the list cannot be marked: %v", r)
		}
	}()
	sheets := sheetsToShow(d, req)
	if len(sheets) == 0 {
		return nil, bot.Errorf(bot.Invalid, "the file has no sheet and no table")
	}
	if err := rewriteBounds(sheets); err != nil {
		return nil, err
	}
	f := excelize.NewFile()
	defer f.Close()
	names := tabNames(sheets)
	req = renamed(req, names)
	c := copier{f: f, styles: map[cellLook]int{}}
	known := map[string]view{}
	for i, s := range sheets {
		name := names[s.Name]
		c.tabler = tabler{f: f, sheet: name}
		if i == 0 {
			c.sheet = f.GetSheetName(0)
			c.rename(name)
		} else if _, err := f.NewSheet(name); err != nil {
			return nil, bot.Errorf(bot.Invalid, "sheet %q cannot be written: %w", name, err)
		}
		if known[name] = c.copy(s, areaOf(s, name, req)); c.err != nil {
			return nil, bot.Errorf(bot.Invalid, "sheet %q cannot be written: %w", name, c.err)
		}
	}
	if err := showSheets(f, sheets, names, req); err != nil {
		return nil, err
	}
	return w.mark(f, req, known)
}

// sheetsToShow are all sheets of a workbook, and of a document the tables that findings or people stand in.
func sheetsToShow(d grid.Document, req bot.Request) []*grid.Sheet {
	var all, used []*grid.Sheet
	for i := range d.Sheets {
		s := &d.Sheets[i]
		all = append(all, s)
		if slices.ContainsFunc(req.Rows, func(r bot.Row) bool { return r.Sheet == s.Name }) ||
			slices.ContainsFunc(req.Findings, func(f bot.Finding) bool { return f.Sheet == s.Name }) {
			used = append(used, s)
		}
	}
	if len(d.Blocks) > 0 && len(used) > 0 {
		return used
	}
	return all
}

// emptyRow is what a row costs that lies between two others, against a cell: the library keeps a record for each.
const emptyRow = 15

// rewriteBounds refuses what would take more than its size lets expect; see cellBound.
func rewriteBounds(sheets []*grid.Sheet) error {
	cells := 0
	for _, s := range sheets {
		last := 0
		for _, row := range s.Rows {
			cells += emptyRow * max(row.Number-last, 0)
			last = max(last, row.Number)
			if n := len(row.Cells); n > 0 {
				cells += row.Cells[n-1].Col
			}
			if row.Number < 1 || row.Number > excelize.TotalRows || cells > cellBound {
				return bot.Errorf(bot.Invalid, "the list is too wide or too scattered to be marked")
			}
		}
	}
	return nil
}

// tabNames gives every sheet a name that Excel allows.
func tabNames(sheets []*grid.Sheet) map[string]string {
	names, free := map[string]string{}, sheetNames{}
	for _, s := range sheets {
		if _, known := names[s.Name]; !known {
			names[s.Name] = free.take(s.Name, listSheet)
		}
	}
	return names
}

// renamed is the request with the new names of its sheets.
func renamed(req bot.Request, names map[string]string) bot.Request {
	req.Rows, req.Findings = slices.Clone(req.Rows), slices.Clone(req.Findings)
	for i := range req.Rows {
		req.Rows[i].Sheet = cmp.Or(names[req.Rows[i].Sheet], req.Rows[i].Sheet)
	}
	for i := range req.Findings {
		if f := &req.Findings[i]; f.Sheet != "" || f.N > 0 { // else it is about the whole request
			f.Sheet = cmp.Or(names[f.Sheet], f.Sheet)
		}
	}
	return req
}

// showSheets hides what was hidden and opens the workbook at the first list.
func showSheets(f *excelize.File, sheets []*grid.Sheet, names map[string]string, req bot.Request) error {
	active := slices.IndexFunc(sheets, func(s *grid.Sheet) bool { return len(req.Rows) > 0 && names[s.Name] == req.Rows[0].Sheet })
	if active < 0 {
		active = slices.IndexFunc(sheets, func(s *grid.Sheet) bool { return !s.Hidden })
	}
	f.SetActiveSheet(max(active, 0))
	for i, s := range sheets {
		if s.Hidden && i != max(active, 0) { // one sheet must be seen
			if err := f.SetSheetVisible(names[s.Name], false); err != nil {
				return bot.Errorf(bot.Invalid, "sheet %q cannot be hidden: %w", s.Name, err)
			}
		}
	}
	return nil
}

// An area is where the list stands on a sheet: its header, the first and the last person. Without people it is zero.
type area struct{ header, first, last, width int }

func (a area) has(row, col int) bool { return a.header <= row && row <= a.last && col <= a.width }

// areaOf finds the list by its people: their rows, and the header above.
func areaOf(s *grid.Sheet, name string, req bot.Request) area {
	var people []bot.Row
	for _, row := range req.Rows {
		if row.Sheet == name && row.Line > 0 {
			people = append(people, row)
		}
	}
	if len(people) == 0 {
		return area{}
	}
	byLine := func(a, b bot.Row) int { return cmp.Compare(a.Line, b.Line) }
	first, last := slices.MinFunc(people, byLine), slices.MaxFunc(people, byLine)
	head := map[int][]string{}
	at := area{first: first.Line, last: last.Line}
	for _, row := range s.Rows {
		if row.Number < first.Line && row.Number >= first.Line-headRows {
			head[row.Number] = textsOf(row)
		}
		if n := len(row.Cells); n > 0 && first.Line <= row.Number && row.Number <= last.Line {
			at.width = max(at.width, row.Cells[n-1].Col)
		}
	}
	at.header = headerRow(head, first.Line, first)
	at.width = max(at.width, len(head[at.header]))
	return at
}

func textsOf(row grid.Row) []string {
	var values []string
	for _, c := range row.Cells {
		for len(values) < c.Col {
			values = append(values, "")
		}
		values[c.Col-1] = c.Text
	}
	return values
}
