package reply

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// ReasonHeader stands over the column that vanthu adds. A list that comes back corrected still has it: it is no data.
const ReasonHeader = "Lý do / Reason"

// The fills of marked cells. They are not Excel's own "Bad" and "Neutral", so that a list that comes back can be told
// from one that its unit coloured itself.
const (
	red    = "FFC9C9"
	yellow = "FFF0B3"
)

const reasonWidth = 70 // of the reason column, in characters

// MarkWorkbook returns the unit's own .xlsx with every finding shown where it stands: the cell is red (yellow for a
// warning) and has a comment in both languages, and a column after the table gives all reasons of a row. Findings about
// the whole request stand above that column. Nothing else is changed, but that a row grows when its reason needs more
// lines. A list that was marked before and comes back
// gets its old marks renewed, not doubled.
//
// req holds the rows and findings of this one file (see OfFile). A workbook with macros (.xlsm) is returned as .xlsx
// without them. An error of code invalid means that the file cannot be marked; the letter's table says the same.
func (w *Writer) MarkWorkbook(original []byte, req bot.Request) (marked []byte, err error) {
	// A file of strangers goes through a large library: whatever trips it must not stop the answer.
	defer func() {
		if r := recover(); r != nil {
			marked, err = nil, bot.Errorf(bot.Invalid, "the workbook cannot be marked: %v", r)
		}
	}()
	book, err := safeToOpen(original)
	if err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(book), excelize.Options{
		UnzipSizeLimit: unpackedLimit, UnzipXMLSizeLimit: unpackedLimit, // equal: nothing of the list goes to a temporary file
	})
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "the workbook does not open: %w", err)
	}
	defer f.Close()
	f.Theme = nil // read for its colours only; set, it would be written anew
	return w.mark(f, req, nil)
}

// safeToOpen returns the workbook without macros, or an error when it would take too much to open it.
func safeToOpen(original []byte) ([]byte, error) {
	a, err := readArchive(original)
	if err != nil {
		return nil, err
	}
	dropped, err := a.dropMacros()
	if err != nil {
		return nil, err
	}
	if err := a.checkBounds(); err != nil {
		return nil, err
	}
	if !dropped {
		return original, nil
	}
	return a.bytes()
}

// mark marks an open workbook. known holds the sheets that we wrote ourselves, as texts alone; nil for a unit's own workbook.
func (w *Writer) mark(f *excelize.File, req bot.Request, known map[string]view) ([]byte, error) {
	m, err := newMarker(w, f)
	if err != nil {
		return nil, err
	}
	m.known = known
	sheets := sheetsOf(req, f)
	if len(sheets) == 0 {
		return nil, bot.Errorf(bot.Invalid, "none of the request's rows stands in this workbook")
	}
	for _, s := range sheets {
		if err := m.sheet(s); err != nil {
			return nil, bot.Errorf(bot.Invalid, "sheet %q cannot be marked: %w", s.name, err)
		}
	}
	if err := m.compare(req); err != nil {
		return nil, bot.Errorf(bot.Invalid, "what was read in an old encoding cannot be shown: %w", err)
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "the marked workbook cannot be written: %w", err)
	}
	f.Sheet.Clear() // a long list need not be in memory twice while its notes are added
	f.Pkg.Clear()
	f.SharedStrings = nil
	book := out.Bytes()
	if noted, err := addNotes(book, string(plain(w.office.Office, longest)), m.notes, known != nil); err == nil {
		book = noted // without them the colours and the reason column tell everything
	}
	return book, nil
}

// A sheetMarks is what is to be shown on one sheet.
type sheetMarks struct {
	name    string
	rows    []bot.Row // in the order of their lines
	byRow   map[int][]bot.Finding
	general []bot.Finding
}

// sheetsOf sorts the findings by sheet. One about the whole request that names no sheet goes to the first with rows.
func sheetsOf(req bot.Request, f *excelize.File) []*sheetMarks {
	byName := map[string]*sheetMarks{}
	var sheets []*sheetMarks
	for _, name := range f.GetSheetList() {
		byName[name] = &sheetMarks{name: name, byRow: map[int][]bot.Finding{}}
		sheets = append(sheets, byName[name])
	}
	home := map[int]*sheetMarks{}
	var first *sheetMarks
	for _, row := range req.Rows {
		if s := byName[row.Sheet]; s != nil && row.Line > 0 {
			s.rows = append(s.rows, row)
			home[row.N], first = s, cmp.Or(first, s)
		}
	}
	if first == nil && len(req.Rows) == 0 && len(sheets) > 0 {
		first = byName[f.GetSheetName(f.GetActiveSheetIndex())]
	}
	for _, finding := range req.Findings {
		if !rejects(finding) && !warns(finding) {
			continue
		}
		if finding.N != 0 {
			if s := home[finding.N]; s != nil {
				s.byRow[finding.N] = append(s.byRow[finding.N], finding)
			}
		} else if s := cmp.Or(byName[finding.Sheet], first); s != nil {
			s.general = append(s.general, finding)
		}
	}
	return slices.DeleteFunc(sheets, func(s *sheetMarks) bool {
		slices.SortStableFunc(s.rows, func(a, b bot.Row) int { return cmp.Compare(a.Line, b.Line) })
		return len(s.rows) == 0 && len(s.general) == 0
	})
}

// sheet marks one sheet.
func (m *marker) sheet(s *sheetMarks) error {
	at, err := m.layout(s)
	if err != nil {
		return err
	}
	if at.again {
		if err := m.forget(s, at); err != nil {
			return err
		}
	}
	if err := m.cells(s); err != nil {
		return err
	}
	if err := m.head(s, at); err != nil {
		return err
	}
	if err := m.reasons(s, at); err != nil {
		return err
	}
	column, err := excelize.ColumnNumberToName(at.col)
	if err != nil {
		return err
	}
	if err := m.f.SetColWidth(s.name, column, column, reasonWidth); err != nil {
		return err
	}
	visible, err := m.f.GetColVisible(s.name, column)
	if err != nil || visible {
		return err
	}
	return m.f.SetColVisible(s.name, column, true)
}

// cells colours every cell that has a finding and notes the reasons for it.
func (m *marker) cells(s *sheetMarks) error {
	found := map[string][]bot.Finding{}
	var order []string
	add := func(f bot.Finding) {
		if f.Cell == "" {
			return
		}
		cell := m.shown(f.Cell)
		if _, known := found[cell]; !known {
			order = append(order, cell)
		}
		found[cell] = append(found[cell], f)
	}
	for _, row := range s.rows {
		for _, f := range s.byRow[row.N] {
			add(f)
		}
	}
	for _, f := range s.general {
		if f.Sheet == s.name {
			add(f)
		}
	}
	m.notes[s.name] = []note{} // also without any: notes of an earlier marking are renewed
	for _, cell := range order {
		col, row, err := excelize.CellNameToCoordinates(cell)
		if err != nil {
			continue // not a cell of a sheet: the reason column tells it
		}
		if err := m.paint(s.name, cell, m.fill(found[cell])); err != nil {
			return err
		}
		m.notes[s.name] = append(m.notes[s.name], note{cell: cell, col: col, row: row, text: m.w.noteText(found[cell])})
	}
	return nil
}

func (m *marker) fill(findings []bot.Finding) int {
	if slices.ContainsFunc(findings, rejects) {
		return m.red
	}
	return m.yellow
}

// reasons fills the column, one text for each line of the sheet (side by side there may be two people on a line).
func (m *marker) reasons(s *sheetMarks, at layout) error {
	texts := map[int][]string{}
	var lines []int
	for _, row := range s.rows {
		if _, known := texts[row.Line]; !known && len(s.byRow[row.N]) > 0 {
			lines = append(lines, row.Line)
		}
		for _, f := range s.byRow[row.N] {
			texts[row.Line] = append(texts[row.Line], m.w.reasonText(f))
		}
	}
	for _, line := range lines {
		text := strings.Join(texts[line], "\n")
		if err := m.write(s.name, at.col, line, line, text, false); err != nil {
			return err
		}
	}
	return nil
}

// head writes the header of the column and, above it, what concerns the whole request: each in a cell of its own from
// the top down, in the font of the list.
func (m *marker) head(s *sheetMarks, at layout) error {
	title := ReasonHeader
	if texts := m.w.generalTexts(s.general); len(at.above) == 0 && len(texts) > 0 {
		title += "\n" + strings.Join(texts, "\n")
	} else if err := m.above(s, at, texts); err != nil {
		return err
	}
	if at.header == 0 {
		return nil
	}
	return m.write(s.name, at.col, at.header, at.header, title, false)
}

func (m *marker) above(s *sheetMarks, at layout, texts []string) error {
	like := at.header
	if len(s.rows) > 0 {
		like = s.rows[0].Line
	}
	for i, row := range at.above {
		if i >= len(texts) {
			return nil
		}
		text := texts[i]
		if i == len(at.above)-1 { // no room below: the last cell takes the rest
			text = strings.Join(texts[i:], "\n")
		}
		if err := m.write(s.name, at.col, row, like, text, true); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) generalTexts(findings []bot.Finding) []string {
	var texts []string
	for _, f := range findings {
		texts = append(texts, w.reasonText(f))
	}
	return texts
}

// reasonText is one finding in the reason column. It begins with the rule in brackets, so that no program takes a value
// that a unit typed ("=…", "+…", "-…", "@…") for a formula.
func (w *Writer) reasonText(f bot.Finding) string {
	r := w.reason(f)
	text := fmt.Sprintf("[%s] %s", r.Rule, r.Say)
	if r.SayEN != "" {
		text += " / " + string(r.SayEN)
	}
	return text
}

// noteText is what the comment of a cell says.
func (w *Writer) noteText(findings []bot.Finding) string {
	var texts []string
	for _, f := range findings {
		r := w.reason(f)
		text := fmt.Sprintf("[%s] %s", r.Rule, r.Say)
		if r.Fix != "" {
			text += "\nĐề nghị: " + string(r.Fix)
		}
		if r.SayEN != "" {
			text += "\n" + string(r.SayEN)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\n\n")
}
