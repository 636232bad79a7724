package reply

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	_ "image/png" // for the library that puts the picture into a list
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// A pixel is a picture for the header of the printed page.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// richList is a list with all that an office puts into one: title, merged cells, colours of the theme, drop-downs,
// conditional colours, hidden rows and sheets, print settings with a picture, notes, a button, formulas.
func richList(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	style := func(s *excelize.Style) int {
		id, err := f.NewStyle(s)
		do(err)
		return id
	}
	do(f.SetSheetName("Sheet1", "K51 – Y đa khoa"))
	sheet := "K51 – Y đa khoa"
	do(f.MergeCell(sheet, "A1", "F1"))
	do(f.SetCellStr(sheet, "A1", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL"))
	do(f.MergeCell(sheet, "E2", "H2"))
	theme := 4
	do(f.SetCellStyle(sheet, "A1", "F1", style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14, ColorTheme: &theme, ColorTint: 0.4}})))
	do(f.SetSheetRow(sheet, "A4", &[]string{"STT", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú"}))
	header := style(&excelize.Style{Fill: excelize.Fill{Type: "gradient", Color: []string{"FFFFFF", "E0EBF5"}, Shading: 1}, Border: borders(), Alignment: &excelize.Alignment{TextRotation: 45, Indent: 2}})
	do(f.SetCellStyle(sheet, "A4", "F4", header))
	zeros, money := "0000000000", 44
	codes := style(&excelize.Style{CustomNumFmt: &zeros, Border: borders(), Protection: &excelize.Protection{Locked: false}})
	for i, row := range [][]any{
		{1, 53010345, "Lý Thị Vân Vy", "YAK51", "K51", ""},
		{2, 53010346, "Trần Công Hùng", "YAK51", "K51", "Lớp trưởng"},
		{3, "21530103", "Đỗ Văn Nam", "YAK51", "K51", ""},
		{4, "2153010348", "", "YBK51", "K51", ""},
		{5, "2153010349", "Vũ Thị Trang", "YBK51", "K51", ""},
	} {
		cell, err := excelize.CoordinatesToCellName(1, 5+i)
		do(err)
		do(f.SetSheetRow(sheet, cell, &row))
	}
	do(f.SetCellStyle(sheet, "B5", "B9", codes))
	do(f.SetCellStyle(sheet, "F6", "F6", style(&excelize.Style{NumFmt: money, Font: &excelize.Font{Strike: true}})))
	do(f.SetCellRichText(sheet, "C9", []excelize.RichTextRun{{Text: "Vũ Thị "}, {Text: "Trang", Font: &excelize.Font{Italic: true, Color: "2354E8"}}}))
	do(f.SetCellFormula(sheet, "G9", `COUNTA(B5:B9)`)) // without a header and, as written here, without a result
	do(f.SetColWidth(sheet, "C", "C", 31.5))
	do(f.SetColVisible(sheet, "I:K", false))
	do(f.SetRowHeight(sheet, 4, 40))
	do(f.SetRowVisible(sheet, 8, false))
	do(f.SetRowOutlineLevel(sheet, 9, 1))
	list := excelize.NewDataValidation(true)
	list.SetSqref("D5:D9")
	do(list.SetDropList([]string{"YAK51", "YBK51"}))
	do(f.AddDataValidation(sheet, list))
	do(f.AutoFilter(sheet, "A4:F9", nil))
	bad, err := f.NewConditionalStyle(&excelize.Style{Font: &excelize.Font{Color: "9A0511"}})
	do(err)
	do(f.SetConditionalFormat(sheet, "B5:B9", []excelize.ConditionalFormatOptions{{Type: "duplicate", Criteria: "=", Format: &bad}}))
	do(f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 4, TopLeftCell: "A5", ActivePane: "bottomLeft"}))
	do(f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: "'K51 – Y đa khoa'!$A$1:$F$9", Scope: sheet}))
	landscape := "landscape"
	do(f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &landscape}))
	do(f.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&C&P/&N", OddHeader: "&L&G"}))
	picture, err := base64.StdEncoding.DecodeString(pixel)
	do(err)
	do(f.AddHeaderFooterImage(sheet, &excelize.HeaderFooterImageOptions{Position: excelize.HeaderFooterImagePositionLeft, File: picture, Extension: ".png", Width: "50pt", Height: "30pt"}))
	do(f.AddComment(sheet, excelize.Comment{Cell: "B7", Author: "Phòng CTSV", Text: "Đã hỏi lại lớp."}))
	do(f.AddFormControl(sheet, excelize.FormControl{Cell: "H12", Type: excelize.FormControlButton, Text: "In"}))
	do(f.AddPicture(sheet, "A12", pictureFile(t, picture), nil))
	_, err = f.NewSheet("Danh mục")
	do(err)
	do(f.SetCellFormula("Danh mục", "A1", "1+1"))
	do(f.AddComment("Danh mục", excelize.Comment{Cell: "A1", Author: "Phòng CTSV", Text: "Không sửa trang này."}))
	do(f.SetSheetVisible("Danh mục", false))
	data, err := written(f)
	do(err)
	return data
}

func pictureFile(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "anh.png")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const richSheet = "K51 – Y đa khoa"

func TestMarkKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	original := richList(t)
	marked := markList(t, original, readList(t, original,
		finding("ROW-02", bot.RejectRow, 3, richSheet, "B7", "a"),
		finding("NAM-01", bot.RejectRow, 4, richSheet, "C8", "b"),
		finding("ROW-08", bot.Warn, 1, richSheet, "D5", "c"),
		finding("FRM-04", bot.Warn, 0, "", "", "d"),
	))
	// G has a formula in a row of the list, G and H are merged in the title: the column is H, its top line H1.
	checkMarks(t, marked, richSheet,
		map[string]string{"B7": red, "C8": red, "D5": yellow},
		map[string]string{"C8": "[NAM-01]", "D5": "[ROW-08]"}, // B7 has the unit's own note, which stays
		map[string]string{
			"H1": "[FRM-04] Lý do của d / Reason of d", "H4": ReasonHeader, "H5": "[ROW-08] Lý do của c / Reason of c",
			"H7": "[ROW-02] Lý do của a / Reason of a", "H8": "[NAM-01] Lý do của b / Reason of b",
		})
	checkUnchanged(t, original, marked, []string{"B7", "C8", "D5"})
	f, err := excelize.OpenReader(bytes.NewReader(marked))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if visible, err := f.GetRowVisible(richSheet, 8); err != nil || visible {
		t.Errorf("the hidden row is shown, %v", err)
	}
	controls, err := f.GetFormControls(richSheet)
	if err != nil || len(controls) != 1 || controls[0].Cell != "H12" {
		t.Errorf("the button: %v, %v", controls, err)
	}
	for sheet, want := range map[string]string{richSheet: "Đã hỏi lại lớp.", "Danh mục": "Không sửa trang này."} {
		if comments, err := f.GetComments(sheet); err != nil || !strings.Contains(comments[0].Text, want) {
			t.Errorf("the unit's note on %s: %v, %v", sheet, comments, err)
		}
	}
}

// A list goes back and forth until it is right: marks are renewed, not added up.
func TestMarkAgain(t *testing.T) {
	t.Parallel()
	original := readFile(t, "testdata/lists/mixed-defects.xlsx")
	first := markList(t, original, readList(t, original,
		finding("ROW-01", bot.RejectRow, 3, "Sheet1", "B10", "a"), finding("ROW-02", bot.RejectRow, 7, "Sheet1", "B14", "b"),
		finding("FRM-04", bot.Warn, 0, "", "", "c"), finding("LST-06", bot.Warn, 0, "", "", "d")))
	for name, edit := range map[string]func(*testing.T, []byte) []byte{
		"as it was sent": func(_ *testing.T, b []byte) []byte { return b },
		"by LibreOffice": throughLibreOffice,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			corrected := edit(t, first)
			second := markList(t, corrected, readList(t, corrected,
				finding("ROW-03", bot.RejectRow, 7, "Sheet1", "B14", "e"), finding("ROW-08", bot.Warn, 23, "Sheet1", "D30", "f"),
				finding("FRM-10", bot.Warn, 0, "", "", "g")))
			checkMarks(t, second, "Sheet1",
				map[string]string{"B14": red, "D30": yellow},
				map[string]string{"B10": nothingLeft, "B14": "[ROW-03] Lý do của e", "D30": "[ROW-08]"},
				map[string]string{
					"G1": "[FRM-10] Lý do của g / Reason of g", "G7": ReasonHeader,
					"G14": "[ROW-03] Lý do của e / Reason of e", "G30": "[ROW-08] Lý do của f / Reason of f",
				})
			f, err := excelize.OpenReader(bytes.NewReader(second))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			style, err := f.GetCellStyle("Sheet1", "B10")
			if err != nil {
				t.Fatal(err)
			}
			if (&marker{f: f}).isOurs(style) {
				t.Error("a corrected cell is still red")
			}
			if comments, err := f.GetComments("Sheet1"); err != nil || len(comments) != 3 {
				t.Errorf("%d notes, %v", len(comments), err)
			}
		})
	}
}

func throughLibreOffice(t *testing.T, book []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "in.xlsx")
	if err := os.WriteFile(in, book, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if said, err := libreOffice(t, dir, "--convert-to", "xlsx", "--outdir", out, in); err != nil {
		t.Fatalf("soffice: %v %s", err, said)
	}
	return readFile(t, filepath.Join(out, "in.xlsx"))
}

// LibreOffice sees the colours, the notes and the column.
func TestMarkedOpensInLibreOffice(t *testing.T) {
	t.Parallel()
	original := richList(t)
	marked := markList(t, original, readList(t, original,
		finding("NAM-01", bot.RejectRow, 4, richSheet, "C8", "b"), finding("ROW-08", bot.Warn, 1, richSheet, "D5", "c")))
	checkMarks(t, throughLibreOffice(t, marked), richSheet,
		map[string]string{"C8": red, "D5": yellow}, map[string]string{"C8": "[NAM-01]", "D5": "[ROW-08]", "B7": "Đã hỏi lại lớp."},
		map[string]string{"H4": ReasonHeader, "H5": "[ROW-08] Lý do của c / Reason of c", "H8": "[NAM-01] Lý do của b / Reason of b"})
}

func TestMarkWithoutMacros(t *testing.T) {
	t.Parallel()
	original := readFile(t, "testdata/lists/macro.xlsm")
	marked := markList(t, original, readList(t, original, finding("ROW-02", bot.RejectRow, 1, "Sheet1", "B8", "x")))
	checkMarks(t, marked, "Sheet1", map[string]string{"B8": red}, map[string]string{"B8": "[ROW-02]"},
		map[string]string{"G7": ReasonHeader, "G8": "[ROW-02] Lý do của x / Reason of x"})
	text := unpacked(t, marked)
	for _, word := range []string{"vbaProject", "macroEnabled"} {
		if strings.Contains(text, word) {
			t.Errorf("%s is still there", word)
		}
	}
}

// Where no table was understood the reasons still stand in the unit's file.
func TestMarkWithoutRows(t *testing.T) {
	t.Parallel()
	original := readFile(t, "testdata/lists/mixed-defects.xlsx")
	marked := markList(t, original, bot.Request{Findings: []bot.Finding{
		finding("LST-02", bot.RejectRequest, 0, "Sheet1", "", "a"), finding("LST-03", bot.Warn, 0, "", "", "b"),
	}})
	checkMarks(t, marked, "Sheet1", nil, nil, map[string]string{
		"G1": ReasonHeader, "G2": "[LST-02] Lý do của a / Reason of a\n[LST-03] Lý do của b / Reason of b",
	})
	checkUnchanged(t, original, marked, nil)
}

func TestListWorkbook(t *testing.T) {
	t.Parallel()
	data, err := markWriter().ListWorkbook(bot.Request{
		Rows: []bot.Row{
			{N: 1, STT: "1", Code: "0053010345", Name: "Lý Thị Vân Vy", Class: "YAK51", Cohort: "K51", File: "ds.docx", Sheet: "Bảng 1", Line: 2, Cells: map[string]string{"code": "B2", "name": "C2"}, OK: true},
			{N: 2, STT: "2", Code: "=1+1", Name: "Trần Công Hùng", File: "ds.docx", Sheet: "Bảng 1", Line: 3, Cells: map[string]string{"code": "B3"}},
		},
		Findings: []bot.Finding{
			{Rule: "ROW-02", Severity: bot.RejectRow, N: 2, File: "ds.docx", Sheet: "Bảng 1", Cell: "B3", Value: "=1+1"},
			{Rule: "ROW-08", Severity: bot.Warn, N: 2, Value: "x"},
			{Rule: "FRM-04", Severity: bot.Warn, File: "de nghi.docx", Sheet: "Bảng 7", Cell: "Z9", Value: "y"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	checkMarks(t, data, listSheet, map[string]string{"B5": red}, map[string]string{"B5": "[ROW-02]"}, map[string]string{
		"H1": "[FRM-04] Lý do của y / Reason of y", "H3": ReasonHeader,
		"H5": "[ROW-02] Lý do của =1+1 / Reason of =1+1\n[ROW-08] Lý do của x / Reason of x",
	})
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(listSheet)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1", "0053010345", "Lý Thị Vân Vy", "YAK51", "K51", "", "Dòng 2, trang Bảng 1, tệp ds.docx"}
	if diff := cmp.Diff(want, rows[3]); diff != "" {
		t.Error(diff)
	}
	if formula, err := f.GetCellFormula(listSheet, "B5"); err != nil || formula != "" {
		t.Errorf("B5 is a formula: %s, %v", formula, err)
	}
}

func TestOfFile(t *testing.T) {
	t.Parallel()
	req := bot.Request{
		Unit:     "CTSV",
		Rows:     []bot.Row{{N: 1, File: "a.xlsx"}, {N: 2, File: "b.xlsx"}},
		Findings: []bot.Finding{{Rule: "1", N: 1}, {Rule: "2", N: 2}, {Rule: "3", File: "a.xlsx"}, {Rule: "4", File: "b.xlsx"}, {Rule: "5"}},
	}
	got := OfFile(req, "b.xlsx")
	want := bot.Request{Unit: "CTSV", Rows: req.Rows[1:], Findings: []bot.Finding{{Rule: "2", N: 2}, {Rule: "4", File: "b.xlsx"}, {Rule: "5"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWorkbookName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"ds.xlsm": "ds.xlsx", "ds K51.xlsx": "ds K51.xlsx", "a/b/ds.docx": "ds.xlsx", "ds": "ds.xlsx"} {
		if got := Workbook(in, nil).Name; got != want {
			t.Errorf("Workbook(%q) is named %q, want %q", in, got, want)
		}
	}
}

// zipOf makes an archive of the parts, name and content in turn.
func zipOf(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for pair := range slices.Chunk(parts, 2) {
		part, err := w.Create(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(pair[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestMarkRefuses(t *testing.T) {
	t.Parallel()
	list := readFile(t, "testdata/lists/mixed-defects.xlsx")
	locked, err := markWriter().Credentials(credentialsWith("x"), testPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	ofSheet := func(name string) bot.Request {
		return bot.Request{Rows: []bot.Row{{N: 1, Sheet: name, Line: 8, Cells: map[string]string{"code": "B8"}}}}
	}
	sheetOf := func(inner string) []byte {
		a := mustArchive(t, list)
		a.put("xl/worksheets/sheet1.xml", []byte(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`+inner+`</worksheet>`))
		book, err := a.bytes()
		if err != nil {
			t.Fatal(err)
		}
		return book
	}
	var wide, merges strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&wide, `<row r="%d"><c r="A%[1]d"/><c r="&#88;FD%[1]d"/></row>`, i+1)
	}
	for i := range mergeBound + 1 {
		fmt.Fprintf(&merges, `<mergeCell ref="A%d:B%[1]d"/>`, i+1)
	}
	bomb := strings.Repeat("0", unpackedLimit+1)
	for name, tt := range map[string]struct {
		book []byte
		req  bot.Request
		want string
	}{
		"no file":                 {nil, ofSheet("Sheet1"), "not a workbook"},
		"not a zip":               {[]byte("STT,Mã số\n1,2153010345\n"), ofSheet("Sheet1"), "not a workbook"},
		"encrypted":               {locked, ofSheet("Sheet1"), "not a workbook"},
		"cut short":               {list[:len(list)/2], ofSheet("Sheet1"), "not a workbook"},
		"another zip":             {zipOf(t, "a.txt", "x"), ofSheet("Sheet1"), "not a workbook"},
		"bomb":                    {zipOf(t, contentTypesPart, "<Types/>", "a", bomb), ofSheet("Sheet1"), "larger than 100 MB"},
		"a part twice":            {zipOf(t, "a", "1", "a", "2"), ofSheet("Sheet1"), "twice"},
		"macro sheet":             {zipOf(t, contentTypesPart, `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/macrosheets/sheet1.xml" ContentType="application/vnd.ms-excel.macrosheet+xml"/></Types>`), ofSheet("Sheet1"), "macro language"},
		"a very wide list":        {sheetOf("<sheetData>" + wide.String() + "</sheetData>"), ofSheet("Sheet1"), "too wide"},
		"rows without number":     {sheetOf("<sheetData>" + strings.Repeat("<row/>", unnumberedBound+1) + "</sheetData>"), ofSheet("Sheet1"), "too scattered"},
		"merged cells everywhere": {sheetOf("<sheetData/><mergeCells>" + merges.String() + "</mergeCells>"), ofSheet("Sheet1"), "too scattered"},
		"columns without end":     {sheetOf(`<cols><col min="1" max="2000000000" width="9"/></cols><sheetData/>`), ofSheet("Sheet1"), "columns that no sheet has"},
		"half a sheet":            {sheetOf("<sheetData><row"), ofSheet("Sheet1"), "does not read"},
		"another's sheet":         {list, ofSheet("Bảng 1"), "none of the request's rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			marked, err := markWriter().MarkWorkbook(tt.book, tt.req)
			if marked != nil || bot.ErrorCode(err) != bot.Invalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d bytes, %v, want %q", len(marked), err, tt.want)
			}
		})
	}
}
