package reply

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// XLSX is the media type of every workbook that vanthu writes.
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Workbook makes an attachment of a workbook. The name of the unit's file stays, with .xlsx as its extension.
func Workbook(name string, data []byte) compose.Attachment {
	return compose.Attachment{
		Name: strings.TrimSuffix(path.Base(name), path.Ext(name)) + ".xlsx", Type: XLSX, Data: data,
	}
}

// OfFile returns the part of a request that stands in one file: its rows, their findings, and the findings about the
// whole that name this file or none.
func OfFile(req bot.Request, file string) bot.Request {
	rows := map[int]bool{}
	part := req
	part.Rows, part.Findings = nil, nil
	for _, row := range req.Rows {
		if row.File == file {
			part.Rows = append(part.Rows, row)
			rows[row.N] = true
		}
	}
	for _, f := range req.Findings {
		if rows[f.N] || f.N == 0 && (f.File == file || f.File == "") {
			part.Findings = append(part.Findings, f)
		}
	}
	return part
}

// InFile returns a request whose only list stands in that file. Findings about other files, the letter's, stay without their
// place: a letter has a "Bảng 1", too, and its cells are not the list's.
func InFile(req bot.Request, file string) bot.Request {
	req.Findings = slices.Clone(req.Findings)
	for i := range req.Findings {
		if f := &req.Findings[i]; f.N == 0 && f.File != "" && f.File != file {
			f.Sheet, f.Cell = "", ""
		}
	}
	return req
}

// SourceHeader stands over the column of a rewritten list that says where each row stood. It is no data either.
const SourceHeader = "Nguồn / Source"

// The columns of the form (BM-CNTT31), by the field of bot.Row.Cells.
var listColumns = []struct {
	field, header string
	width         float64
}{
	{"stt", "STT", 6}, {"code", "Mã số SV/HV", 16}, {"name", "Họ và tên", 30}, {"class", "Lớp", 14},
	{"cohort", "Khóa", 8}, {"note", "Ghi chú", 18}, {"", SourceHeader, 34},
}

const listSheet = "Danh sách"

// ListWorkbook writes the rows as they were read into a new workbook and marks them as MarkWorkbook does. It is for
// lists that cannot be opened again or are too wide to be marked; a column says where each row stood.
func (w *Writer) ListWorkbook(req bot.Request) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	t := tabler{f: f, sheet: "Sheet1"}
	t.rename(listSheet)
	t.lay()
	var headers []string
	for _, c := range listColumns {
		headers = append(headers, c.header)
	}
	// Findings about the whole stand over the table, so rows are left free for them.
	const top = 3
	t.row = top
	t.header(headers...)
	for i, c := range listColumns {
		t.width(i+1, c.width)
	}
	moved := req
	moved.Rows, moved.Findings = nil, slices.Clone(req.Findings)
	for _, row := range req.Rows {
		line := t.row
		place, _ := rowPlace(row, nil, true)
		t.text(row.STT, row.Code, row.Name, row.Class, row.Cohort, row.Note, string(place))
		fresh := row
		fresh.Sheet, fresh.Line, fresh.Cells = listSheet, line, map[string]string{}
		for i, c := range listColumns {
			if c.field != "" {
				fresh.Cells[c.field], _ = excelize.CoordinatesToCellName(i+1, line)
			}
		}
		moveFindings(moved.Findings, row, fresh)
		moved.Rows = append(moved.Rows, fresh)
	}
	for i := range moved.Findings {
		if moved.Findings[i].N == 0 {
			moved.Findings[i].Sheet, moved.Findings[i].Cell = "", ""
		}
	}
	if t.err != nil {
		return nil, t.err
	}
	return w.mark(f, moved, map[string]view{})
}

// moveFindings gives the findings of a row their place in the new workbook, by the field whose cell they named.
func moveFindings(findings []bot.Finding, old, fresh bot.Row) {
	for i := range findings {
		f := &findings[i]
		if f.N != old.N {
			continue
		}
		cell := ""
		for field, at := range old.Cells {
			if at == f.Cell && f.Cell != "" {
				cell = fresh.Cells[field]
			}
		}
		f.Sheet, f.Cell = listSheet, cell
	}
}

// A tabler writes rows of text cells, one below the other. The first error stays.
type tabler struct {
	f     *excelize.File
	sheet string
	row   int // next row
	plain int // style of a text cell, made when needed
	err   error
}

// lay gives all rows of the sheet the height that 12-point text needs, and prints it as wide as an A4 page lies, on as
// many pages as it takes.
func (t *tabler) lay() {
	height, yes, landscape, a4, pages := 18.0, true, "landscape", 9, 0
	t.keep(t.f.SetSheetDimension(t.sheet, "")) // a new sheet claims to hold one cell
	t.keep(t.f.SetSheetProps(t.sheet, &excelize.SheetPropsOptions{DefaultRowHeight: &height, CustomHeight: &yes, FitToPage: &yes}))
	t.keep(t.f.SetPageLayout(t.sheet, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &a4, FitToHeight: &pages}))
}

func (t *tabler) rename(name string) {
	t.keep(t.f.SetSheetName(t.sheet, name))
	t.sheet = name
}

func (t *tabler) width(col int, width float64) {
	name, err := excelize.ColumnNumberToName(col)
	if err == nil {
		err = t.f.SetColWidth(t.sheet, name, name, width)
	}
	t.keep(err)
}

// text writes one row of cells in the number format "Text": what looks like a number or a formula stays what it is, also
// when a person edits it (leading zeros, "=…").
func (t *tabler) text(values ...string) {
	if t.plain == 0 && t.err == nil {
		var err error
		t.plain, err = t.f.NewStyle(&excelize.Style{
			NumFmt: 49, Font: font(false), Border: borders(), Alignment: &excelize.Alignment{Vertical: "center"},
		})
		t.keep(err)
	}
	t.write(t.plain, values)
}

func (t *tabler) header(values ...string) {
	style, err := t.f.NewStyle(&excelize.Style{
		Font: font(true), Border: borders(),
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
	})
	t.keep(err)
	t.write(style, values)
}

// line writes one cell without a border.
func (t *tabler) line(value string, bold bool) {
	style, err := t.f.NewStyle(&excelize.Style{
		NumFmt: 49, Font: font(bold), Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	})
	t.keep(err)
	t.write(style, []string{value})
}

func (t *tabler) write(style int, values []string) {
	for i, value := range values {
		cell, err := excelize.CoordinatesToCellName(i+1, t.row)
		if err == nil {
			err = setText(t.f, t.sheet, cell, value)
		}
		if err == nil {
			err = t.f.SetCellStyle(t.sheet, cell, cell, style)
		}
		t.keep(err)
	}
	t.row++
}

func (t *tabler) keep(err error) {
	if t.err == nil {
		t.err = err
	}
}

// sheetNames gives sheets names that spreadsheet programs take: at most 31 characters, none of []:*?/\, not
// twice the same in whatever case.
type sheetNames map[string]bool

// take returns the name to be used for a wanted one, unnamed for an empty one.
func (n sheetNames) take(wanted, unnamed string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) {
			return '-'
		}
		return r
	}, string(plain(wanted, longest))), "' ")
	if name == "" {
		name = unnamed
	}
	if strings.EqualFold(name, "History") { // Excel keeps the name for itself
		name = name + " (1)"
	}
	for i := 1; ; i++ {
		suffix := ""
		if i > 1 {
			suffix = fmt.Sprintf(" (%d)", i)
		}
		full := strings.TrimRight(cut(name, excelize.MaxSheetNameLength-len(suffix)), "' ") + suffix
		if key := strings.ToLower(full); !n[key] {
			n[key] = true
			return full
		}
	}
}

// font is the one of administrative documents (Decree 30/2020/NĐ-CP, Appendix I).
func font(bold bool) *excelize.Font {
	return &excelize.Font{Family: "Times New Roman", Size: 12, Bold: bold}
}

func borders() []excelize.Border {
	var list []excelize.Border
	for _, side := range []string{"left", "right", "top", "bottom"} {
		list = append(list, excelize.Border{Type: side, Color: "000000", Style: 1})
	}
	return list
}

// written closes a workbook into bytes, encrypted when there is a password.
func written(f *excelize.File, options ...excelize.Options) ([]byte, error) {
	var out bytes.Buffer
	if err := f.Write(&out, options...); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
