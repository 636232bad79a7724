package reply

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A Blank is what a school knows that its blank form can offer.
type Blank struct {
	Units   []string // names, to be chosen in the letter
	Classes []string // known classes, to be chosen in the list; none: any may be typed
	Codes   []Code   // what codes look like; none: nothing is checked
}

// A Code is one pattern of codes.
type Code struct {
	Pattern string // regular expression over the whole code
	Shown   string // how a person says it: "10 chữ số"
}

// BlankForm is the blank form BM-CNTT31: the letter and its list.
func (w *Writer) BlankForm(b Blank) ([]compose.Attachment, error) {
	letter, err := w.BlankLetter(b.Units)
	if err != nil {
		return nil, err
	}
	list, err := w.BlankList(b)
	return []compose.Attachment{letter, list}, err
}

// The rows of the blank list: its heads, and how far its frame, its drop-downs and its text format reach.
const (
	blankTitle  = 1
	blankDate   = 2
	blankHeader = 4
	blankFirst  = blankHeader + 1
	blankFramed = blankHeader + 25
	blankLast   = blankHeader + 5000
)

// blankColumns are the columns of the form with their widths on an upright A4 page.
var blankColumns = []struct {
	letter, head string
	width        float64
	centred      bool
}{
	{"A", "Stt", 6, true}, {"B", "Mã số SV/HV", 16, false}, {"C", "Họ và tên", 30, false}, {"D", "Lớp", 14, false}, {"E", "Khóa", 11, false}, {"F", "Ghi chú", 16, false},
}

const (
	blankGuide  = "Hướng dẫn"
	classColumn = "B" // of the guide, where the known classes stand
)

// BlankList is the list part of the blank form: its cells are texts, so codes keep their zeros; a code of the wrong length is
// refused while it is typed, known classes and "Lớp trưởng" can be chosen. Nothing is hidden in it.
func (w *Writer) BlankList(b Blank) (compose.Attachment, error) { return w.listWith(b, nil) }

// listWith is the list with the rows of a request in it; nil: blank.
func (w *Writer) listWith(b Blank, req *bot.Request) (compose.Attachment, error) {
	f := excelize.NewFile()
	defer f.Close()
	t := tabler{f: f, sheet: "Sheet1"}
	t.rename(listSheet)
	t.blankSheet()
	t.sheetNamed(blankGuide)
	firstClass := t.guide(w, b)
	t.sheet = listSheet
	t.blankRules(b, firstClass)
	if req != nil {
		t.fillRows(w, req)
	}
	f.SetActiveSheet(0)
	if t.err != nil {
		return compose.Attachment{}, fmt.Errorf("blank list: %w", t.err)
	}
	data, err := written(f)
	if err != nil {
		return compose.Attachment{}, fmt.Errorf("blank list: %w", err)
	}
	data, err = withoutWarnings(data)
	return compose.Attachment{Name: listName, Type: XLSX, Data: data}, err
}

// blankSheet writes the list's head and frame.
func (t *tabler) blankSheet() {
	for i, c := range blankColumns {
		t.width(i+1, c.width)
		t.keep(t.f.SetColStyle(t.sheet, c.letter, t.blankStyle(c.centred, false)))
	}
	t.blankHead(blankTitle, "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", excelize.Font{Size: 14, Bold: true})
	t.blankHead(blankDate, "(Kèm theo bản đề nghị ngày ...../...../20.....)", excelize.Font{Size: 13, Italic: true})
	var heads []string
	for _, c := range blankColumns {
		heads = append(heads, c.head)
	}
	t.row = blankHeader
	t.header(heads...)
	for i, c := range blankColumns {
		t.keep(t.f.SetCellStyle(t.sheet, cellName(i+1, blankFirst), cellName(i+1, blankFramed), t.blankStyle(c.centred, true)))
	}
	t.blankPage()
}

// blankHead writes one line over the whole width.
func (t *tabler) blankHead(row int, text string, look excelize.Font) {
	look.Family = font(false).Family
	style, err := t.f.NewStyle(&excelize.Style{NumFmt: 49, Font: &look, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center"}})
	t.keep(err)
	first, last := cellName(1, row), cellName(len(blankColumns), row)
	t.keep(setText(t.f, t.sheet, first, text))
	t.keep(t.f.MergeCell(t.sheet, first, last))
	t.keep(t.f.SetCellStyle(t.sheet, first, last, style))
}

func (t *tabler) blankStyle(centred, framed bool) int {
	style := excelize.Style{NumFmt: 49, Font: font(false), Alignment: &excelize.Alignment{Vertical: "center"}}
	if centred {
		style.Alignment.Horizontal = "center"
	}
	if framed {
		style.Border = borders()
	}
	id, err := t.f.NewStyle(&style)
	t.keep(err)
	return id
}

// blankPage sets the page: A4 upright, as wide as the page, the header again on each page and always in sight on the screen.
func (t *tabler) blankPage() {
	t.keep(t.f.SetSheetDimension(t.sheet, "")) // as in lay
	height, yes, portrait, a4, wide, pages := 18.0, true, "portrait", 9, 1, 0
	t.keep(t.f.SetSheetProps(t.sheet, &excelize.SheetPropsOptions{DefaultRowHeight: &height, CustomHeight: &yes, FitToPage: &yes}))
	t.keep(t.f.SetPageLayout(t.sheet, &excelize.PageLayoutOptions{Orientation: &portrait, Size: &a4, FitToWidth: &wide, FitToHeight: &pages}))
	left, right, top, bottom, edge := 1.18, 0.6, 0.8, 0.8, 0.4 // inches: 30, 15, 20 and 20 mm
	t.keep(t.f.SetPageMargins(t.sheet, &excelize.PageLayoutMarginsOptions{Left: &left, Right: &right, Top: &top, Bottom: &bottom, Header: &edge, Footer: &edge, Horizontally: &yes}))
	t.keep(t.f.SetHeaderFooter(t.sheet, &excelize.HeaderFooterOptions{OddHeader: "&R&\"Times New Roman,Regular\"&11BM-CNTT31", OddFooter: "&R&P/&N"}))
	t.keep(t.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", t.sheet, blankHeader, blankHeader), Scope: t.sheet}))
	t.keep(t.f.SetPanes(t.sheet, &excelize.Panes{Freeze: true, YSplit: blankHeader, TopLeftCell: cellName(1, blankFirst), ActivePane: "bottomLeft"}))
	// A row that is used below the frame gets its frame by itself, so that empty rows are not printed.
	frame, err := t.f.NewConditionalStyle(&excelize.Style{Border: borders()})
	t.keep(err)
	t.keep(t.f.SetConditionalFormat(t.sheet, fmt.Sprintf("A%d:F%d", blankFramed+1, blankLast),
		[]excelize.ConditionalFormatOptions{{Type: "formula", Criteria: fmt.Sprintf("COUNTA($A%d:$F%d)>0", blankFramed+1, blankFramed+1), Format: &frame}}))
}

// guideTexts say how the list is filled in.
var guideTexts = []string{
	"CÁCH GHI DANH SÁCH / HOW TO FILL IN THE LIST",
	"1. Ghi mỗi người một dòng ở trang “Danh sách”, ngay dưới dòng tiêu đề, không để dòng trống ở giữa. Không đổi tên, không xoá cột.",
	"2. Cột mã số đã được định dạng Text. Khi dán từ tệp khác, chọn Paste Special > Values để giữ định dạng này.",
	"3. Họ và tên ghi đầy đủ, có dấu, bảng mã Unicode. Lớp trưởng ghi “Lớp trưởng” ở cột Ghi chú.",
	"4. Ghi ngày của bản đề nghị ở dòng thứ hai của trang “Danh sách”.",
	"5. Gửi một thư từ hộp thư của đơn vị, kèm bản đề nghị và danh sách này; không đặt mật khẩu cho tệp.",
	"",
	"1. One person a row on the sheet “Danh sách”, right below the header, without empty rows between. Do not rename or delete columns.",
	"2. The code column is formatted as Text. When you paste from another file, use Paste Special > Values to keep it so.",
	"3. Write full names with their marks, in Unicode. Put “Lớp trưởng” (class monitor) into the column Ghi chú.",
	"4. Write the date of the letter into the second row of the sheet “Danh sách”.",
	"5. Send one mail from the unit's mailbox with the letter and this list; do not protect the file with a password.",
}

// guide writes the second sheet. It returns the row of the first known class, 0 when there are none.
func (t *tabler) guide(w *Writer, b Blank) (firstClass int) {
	t.lay()
	t.width(1, 110)
	t.width(2, 22)
	for i, text := range guideTexts {
		t.line(text, i == 0)
	}
	if shown := shownCodes(b.Codes); shown != "" {
		t.line("", false)
		t.line("Mã số / Codes: "+shown+".", false)
	}
	if w.office.ServiceAddress != "" {
		t.line(fmt.Sprintf("Hộp thư tiếp nhận / Send to: %s (%s)", w.office.ServiceAddress, w.office.Office), false)
	}
	classes := sortedOnce(b.Classes)
	if len(classes) == 0 {
		return 0
	}
	at := tabler{f: t.f, sheet: t.sheet, row: 1}
	head, err := t.f.NewStyle(&excelize.Style{Font: font(true)})
	t.keep(err)
	text, err := t.f.NewStyle(&excelize.Style{NumFmt: 49, Font: font(false)})
	t.keep(err)
	for i, class := range append([]string{"Các lớp đã biết / Known classes"}, classes...) {
		cell := cellName(2, at.row+i)
		t.keep(setText(t.f, t.sheet, cell, class))
		style := text
		if i == 0 {
			style = head
		}
		t.keep(t.f.SetCellStyle(t.sheet, cell, cell, style))
	}
	return 2
}

func sortedOnce(classes []string) []string {
	var all []string
	for _, c := range classes {
		if c := string(plain(c, longest)); c != "" {
			all = append(all, c)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func shownCodes(codes []Code) string {
	var shown []string
	for _, c := range codes {
		if s := string(plain(c.Shown, longest)); s != "" && !slices.Contains(shown, s) {
			shown = append(shown, s)
		}
	}
	return strings.Join(shown, "; ")
}

// blankRules adds what a program checks while somebody types.
func (t *tabler) blankRules(b Blank, firstClass int) {
	reach := func(column string) string { return fmt.Sprintf("%s%d:%s%d", column, blankFirst, column, blankLast) }
	code := excelize.NewDataValidation(true)
	code.SetSqref(reach("B"))
	shown := shownCodes(b.Codes)
	if shown == "" {
		shown = "như trên thẻ sinh viên, học viên"
	}
	code.SetInput("Mã số / Code", short("Ghi mã số ("+shown+"). Ô này là Text: giữ nguyên số 0 ở đầu."))
	if formula := codeFormula(b.Codes, "B"+strconv.Itoa(blankFirst)); formula != "" {
		t.keep(code.SetRange(formula, "", excelize.DataValidationTypeCustom, excelize.DataValidationOperatorBetween))
		code.SetError(excelize.DataValidationErrorStyleStop, "Mã số / Code", short("Mã số phải gồm "+shown+", và chưa có trong danh sách. / The code must have the form of this school and may stand only once."))
	}
	t.keep(t.f.AddDataValidation(t.sheet, code))

	if firstClass > 0 {
		class := excelize.NewDataValidation(true)
		class.SetSqref(reach("D"))
		last := firstClass + len(sortedOnce(b.Classes)) - 1
		class.SetSqrefDropList(fmt.Sprintf("'%s'!$%s$%d:$%s$%d", blankGuide, classColumn, firstClass, classColumn, last))
		class.SetError(excelize.DataValidationErrorStyleWarning, "Lớp / Class", "Lớp này chưa có trong danh mục; vẫn ghi? / This class is not known yet; keep it?")
		t.keep(t.f.AddDataValidation(t.sheet, class))
	}
	note := excelize.NewDataValidation(true)
	note.SetSqref(reach("F"))
	t.keep(note.SetDropList([]string{"Lớp trưởng"}))
	note.ShowErrorMessage = false // anything else may be written, too
	t.keep(t.f.AddDataValidation(t.sheet, note))
}

// short cuts a text to what a program shows beside a cell (ECMA-376 part 1, §18.3.1.32).
func short(text string) string { return cut(text, 225) }

// withoutWarnings tells programs that numbers stored as text are meant so.
func withoutWarnings(book []byte) ([]byte, error) {
	a, err := readArchive(book)
	if err != nil {
		return nil, err
	}
	sheets, err := a.sheets()
	if err != nil {
		return nil, err
	}
	for _, s := range sheets {
		a.put(s.part, withElement(a.parts[s.part], numbersAreTexts, afterIgnoredErrors))
	}
	return a.bytes()
}
