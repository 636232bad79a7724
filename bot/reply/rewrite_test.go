package reply

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xlsx"
)

// sheetOf makes a sheet of texts from its first row on; "" is an empty cell.
func sheetOf(name string, rows ...[]string) grid.Sheet {
	s := grid.Sheet{Name: name}
	for i, values := range rows {
		row := grid.Row{Number: i + 1}
		for col, v := range values {
			if v != "" {
				row.Cells = append(row.Cells, grid.Cell{Col: col + 1, Text: v, Raw: v})
			}
		}
		if len(row.Cells) > 0 {
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}

// oddBook is a list with whatever a sheet can hold.
func oddBook() grid.Document {
	list := sheetOf("Danh sách [lớp 1]: K50/K51 của khoa Y và khoa Dược",
		[]string{"TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ", "", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"},
		nil,
		[]string{"", "", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL"},
		[]string{"STT", "Mã số SV/HV", "Họ và tên", "Lớp", "Ngày sinh", "Khóa", "Ghi chú"},
		[]string{"1", "0053010680", "Nguyễn Văn An", "YK50", "01/02/2006", "50", "=HYPERLINK(\"http://evil.example\")"},
		[]string{"2", "2.15301E+09", "+Trần Thị Bình", "", "", "50", "-1"},
		[]string{"3", "2153010682", "@Lê Văn Cường", "", "", "50", "dòng một\ndòng hai"},
		[]string{"4", "2153010683", "_x0041_ Phạm Thị Dung", "YK51", "", "51", "tự xin rút"},
		nil,
		[]string{"", "", "", "", "Cần Thơ, ngày 20 tháng 11 năm 2026"},
	)
	list.Rows[4].Cells[1] = grid.Cell{Col: 2, Kind: grid.Number, Text: "2.15301E+09", Raw: "2153010681"}
	for i := range list.Rows[6].Cells {
		list.Rows[6].Cells[i].Struck = true
	}
	list.Rows[5].Hidden = true
	list.Rows[3].Cells[2].Font = ".VnTime"
	list.HiddenCols = []grid.Range{{Col: 5, LastCol: 5}, {Col: 9, LastCol: 16384}}
	list.Merged = []grid.Range{
		{Row: 3, Col: 3, LastRow: 3, LastCol: 6}, {Row: 5, Col: 4, LastRow: 7, LastCol: 4}, // the class of three people
		{Row: 6, Col: 4, LastRow: 6, LastCol: 5}, {Row: 0, Col: 1, LastRow: 1, LastCol: 1}, {Row: 1, Col: 1, LastRow: 1 << 20, LastCol: 1 << 14},
	}
	hidden := sheetOf("Sổ gốc", []string{"nội bộ"})
	hidden.Hidden = true
	return grid.Document{Book: grid.Book{Format: "xls", Sheets: []grid.Sheet{hidden, sheetOf("", []string{"ghi nhớ"}), list}}}
}

func requestOf(s grid.Sheet, first, last int, findings ...bot.Finding) bot.Request {
	req := bot.Request{Findings: findings}
	for line := first; line <= last; line++ {
		row := bot.Row{N: line - first + 1, Sheet: s.Name, Line: line, Cells: map[string]string{}}
		for col, field := range []string{"stt", "code", "name", "class"} {
			row.Cells[field] = cellName(col+1, line)
		}
		req.Rows = append(req.Rows, row)
	}
	return req
}

func TestMarkDocument(t *testing.T) {
	t.Parallel()
	d := oddBook()
	list := d.Sheets[2]
	req := requestOf(list, 5, 8,
		finding("ROW-02", bot.RejectRow, 2, list.Name, "B6", "x"), finding("LST-10", bot.Warn, 3, list.Name, "D7", "y"),
		finding("LST-13", bot.RejectRow, 4, list.Name, "", "z"), finding("LST-07", bot.Warn, 0, list.Name, "", "hidden"), finding("FRM-01", bot.RejectRequest, 0, "", "", "whole"))
	marked, err := markWriter().MarkDocument(d, req)
	if err != nil {
		t.Fatal(err)
	}
	const name = "Danh sách -lớp 1-- K50-K51 của"
	checkMarks(t, marked, name, map[string]string{"B6": red, "D5": yellow},
		map[string]string{"B6": "[ROW-02] Lý do của x", "D5": "[LST-10] Lý do của y"},
		map[string]string{
			"H1": "[LST-07] Lý do của hidden / Reason of hidden", "H2": "[FRM-01] Lý do của whole / Reason of whole", "H4": ReasonHeader,
			"H6": "[ROW-02] Lý do của x / Reason of x", "H7": "[LST-10] Lý do của y / Reason of y", "H8": "[LST-13] Lý do của z / Reason of z",
		})

	got := readBack(t, marked)
	if got.Sheets[0].Name != "Sổ gốc" || !got.Sheets[0].Hidden || got.Sheets[1].Name != listSheet || got.Sheets[1].Hidden || got.Sheets[2].Name != name {
		t.Errorf("sheets %q %q %q", got.Sheets[0].Name, got.Sheets[1].Name, got.Sheets[2].Name)
	}
	list.Rows[4].Cells[1].Text = "2153010681" // all digits, not what the column was too narrow for
	sameCells(t, list, got.Sheets[2], 7)
	sheet := got.Sheets[2]
	if diff := cmp.Diff(list.Merged[:2], sheet.Merged); diff != "" {
		t.Errorf("merged ranges:\n%s", diff)
	}
	if diff := cmp.Diff([]grid.Range{{Col: 5, LastCol: 5}}, sheet.HiddenCols); diff != "" {
		t.Errorf("hidden columns:\n%s", diff)
	}
	for _, row := range sheet.Rows {
		if row.Hidden != (row.Number == 7) {
			t.Errorf("row %d: hidden is %v", row.Number, row.Hidden)
		}
		for _, c := range row.Cells {
			if c.Formula || c.Kind != grid.Text || c.Struck != (row.Number == 8 && c.Col < 8) || (c.Font == ".VnTime") != (row.Number == 5 && c.Col == 3) {
				t.Errorf("row %d: cell %+v", row.Number, c)
			}
		}
	}
	for name, part := range mustArchive(t, marked).parts {
		if strings.HasPrefix(name, "xl/worksheets/sheet") && !bytes.Contains(part, []byte(numbersAreTexts)) {
			t.Errorf("%s warns of numbers stored as text", name)
		}
	}
}

// Of a document only the tables with people come back.
func TestMarkTables(t *testing.T) {
	t.Parallel()
	d := grid.Document{
		Book: grid.Book{Format: "docx", Sheets: []grid.Sheet{
			sheetOf("Bảng 1", []string{"TRƯỜNG", "CỘNG HÒA"}),
			sheetOf("Bảng 2", []string{"STT", "Mã số", "Họ và tên", "Lớp"}, []string{"1", "12", "Nguyễn Văn An", "YK50"}),
		}},
		Blocks: []grid.Block{{Table: 1}, {Text: "Kính gửi"}, {Table: 2}},
	}
	marked, err := markWriter().MarkDocument(d, requestOf(d.Sheets[1], 2, 2, finding("ROW-02", bot.RejectRow, 1, "Bảng 2", "B2", "x"), finding("FRM-05", bot.Warn, 0, "", "", "y")))
	if err != nil {
		t.Fatal(err)
	}
	if got := readBack(t, marked); len(got.Sheets) != 1 || got.Sheets[0].Name != "Bảng 2" {
		t.Errorf("%d sheets", len(got.Sheets))
	}
	checkMarks(t, marked, "Bảng 2", map[string]string{"B2": red}, map[string]string{"B2": "[ROW-02]"},
		map[string]string{"E1": ReasonHeader + "\n[FRM-05] Lý do của y / Reason of y", "E2": "[ROW-02] Lý do của x / Reason of x"})
}

// A grid that would cost too much is refused, and cheaply.
func TestMarkDocumentBounds(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]grid.Sheet{
		"a cell far below":     {Rows: []grid.Row{{Number: 1 << 20, Cells: []grid.Cell{{Col: 1, Text: "x"}}}}},
		"a row beyond a sheet": {Rows: []grid.Row{{Number: 1<<20 + 1, Cells: []grid.Cell{{Col: 1, Text: "x"}}}}},
		"wide rows":            wide(200, 16384),
		"rows without order":   {Rows: []grid.Row{{Number: 0, Cells: []grid.Cell{{Col: 1, Text: "x"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Name = "x"
			if _, err := markWriter().MarkDocument(grid.Document{Book: grid.Book{Sheets: []grid.Sheet{s}}}, requestOf(s, 1, 1)); bot.ErrorCode(err) != bot.Invalid {
				t.Errorf("error %v", err)
			}
		})
	}
}

func wide(rows, col int) (s grid.Sheet) {
	for n := range rows {
		s.Rows = append(s.Rows, grid.Row{Number: n + 1, Cells: []grid.Cell{{Col: col, Text: "x"}}})
	}
	return s
}

func readBack(t *testing.T, book []byte) grid.Book {
	t.Helper()
	got, err := xlsx.Read(book, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sameCells wants every cell up to column cols at its place.
func sameCells(t *testing.T, want, got grid.Sheet, cols int) {
	t.Helper()
	texts := func(s grid.Sheet) map[string]string {
		all := map[string]string{}
		for _, row := range s.Rows {
			for _, c := range row.Cells {
				if c.Col <= cols && c.Text != "" {
					all[cellName(c.Col, row.Number)] = c.Text
				}
			}
		}
		return all
	}
	if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
		t.Errorf("cells (-sent +came back):\n%s", diff)
	}
}

// longList is a list of n people; every tenth code is too short.
func longList(n int) (grid.Document, bot.Request) {
	rows := [][]string{{"STT", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú"}}
	var findings []bot.Finding
	for i := range n {
		rows = append(rows, []string{strconv.Itoa(i + 1), strconv.Itoa(2153000000 + i), fmt.Sprintf("Nguyễn Thị Bích %d", i), fmt.Sprintf("YK%02d", i/100), "50", ""})
		if i%10 == 0 {
			findings = append(findings, finding("ROW-02", bot.RejectRow, i+1, "DS", cellName(2, i+2), strconv.Itoa(i)))
		}
	}
	s := sheetOf("DS", rows...)
	return grid.Document{Book: grid.Book{Format: "xls", Sheets: []grid.Sheet{s}}}, requestOf(s, 2, n+1, findings...)
}

func BenchmarkMarkDocument(b *testing.B) {
	for _, n := range []int{1000, 5000, 20_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			d, req := longList(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := markWriter().MarkDocument(d, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzMarkDocument(f *testing.F) {
	f.Add("Sheet1", ".VnTime", "STT", "Mã số", 1, 1, 3, 2, 8, 5)
	f.Add("a/b", "", "=1+1", "\x00\u200b\n", 5, 2, 1, 1, 1<<20, 1<<14)
	f.Add("History", "Times New Roman", "_x0041_", strings.Repeat("đ", 40_000), 2, 3, 2, 3, 2, 3)
	f.Fuzz(func(t *testing.T, name, font, a, b string, row, col, top, left, bottom, right int) {
		row, col = row%500, col%500 // how far a sheet reaches is bounded elsewhere
		s := grid.Sheet{Name: name, Merged: []grid.Range{{Row: top, Col: left, LastRow: bottom, LastCol: right}}, HiddenCols: []grid.Range{{Col: left, LastCol: right}}}
		s.Rows = []grid.Row{
			{Number: row, Cells: []grid.Cell{{Col: 1, Text: a, Font: font}, {Col: col, Text: b, Kind: grid.Number, Raw: a, Struck: true}}},
			{Number: row + 1, Hidden: true, Cells: []grid.Cell{{Col: col, Text: b}}},
		}
		d := grid.Document{Book: grid.Book{Sheets: []grid.Sheet{s, {Name: a, Hidden: true}}}}
		marked, err := markWriter().MarkDocument(d, requestOf(s, row, row+1, finding("ROW-02", bot.RejectRow, 1, name, cellName(1, max(row, 1)), a)))
		if err != nil {
			return
		}
		if _, err := xlsx.Read(marked, parser.DefaultLimits()); err != nil {
			t.Errorf("the marked workbook does not read: %v", err)
		}
		if _, err := excelize.OpenReader(bytes.NewReader(marked)); err != nil {
			t.Errorf("the marked workbook does not open: %v", err)
		}
	})
}

// What we write opens in another library without a warning, both ways in which it reads.
func TestMarkedDocumentsOpenInOpenpyxl(t *testing.T) {
	t.Parallel()
	python := pythonWith(t, "openpyxl", "python3-openpyxl")
	d := oddBook()
	list := d.Sheets[2]
	marked, err := markWriter().MarkDocument(d, requestOf(list, 5, 8,
		finding("ROW-02", bot.RejectRow, 2, list.Name, "B6", "x"), converted(1, list.Name, "C5", "NguyÔn V¨n An", "Nguyễn Văn An")))
	if err != nil {
		t.Fatal(err)
	}
	_, blankList := blankForm(t)
	for name, book := range map[string][]byte{"marked.xlsx": marked, "blank.xlsx": blankList.Data} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, book, 0o600); err != nil {
			t.Fatal(err)
		}
		const script = `import sys, warnings
warnings.simplefilter("error")
import openpyxl
for lazily in (False, True):
    book = openpyxl.load_workbook(sys.argv[1], read_only=lazily)
    for sheet in book:
        print(sheet.title, sheet.sheet_state, sum(1 for row in sheet.iter_rows() for c in row if c.value is not None), sum(1 for row in sheet.iter_rows() for c in row if getattr(c, "comment", None)))`
		said, err := exec.CommandContext(t.Context(), python, "-c", script, file).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
		if name == "marked.xlsx" && !strings.Contains(string(said), "Danh sách -lớp 1-- K50-K51 của visible 37 2\n") {
			t.Errorf("openpyxl sees:\n%s", said)
		}
	}
}

// The letter has a "Bảng 1", too: what is wrong there is told of the whole, and no cell of the list is marked for it.
func TestFindingsOfTheLetterMarkNoCell(t *testing.T) {
	t.Parallel()
	d := grid.Document{Book: grid.Book{Sheets: []grid.Sheet{sheetOf("Bảng 1", []string{"STT", "Mã số", "Họ và tên", "Lớp"}, []string{"1", "2153010001", "Nguyễn Văn An", "YK50"})}}, Blocks: []grid.Block{{Table: 1}}}
	date := finding("FRM-06", bot.Warn, 0, "Bảng 1", "B2", "y")
	date.File = "Đề nghị.docx"
	req := InFile(requestOf(d.Sheets[0], 2, 2, date), "Danh sách.docx")
	marked, err := markWriter().MarkDocument(d, req)
	if err != nil {
		t.Fatal(err)
	}
	checkMarks(t, marked, "Bảng 1", nil, nil, map[string]string{"E1": ReasonHeader + "\n[FRM-06] Lý do của y / Reason of y"})
	f, err := excelize.OpenReader(bytes.NewReader(marked))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if comments, err := f.GetComments("Bảng 1"); err != nil || len(comments) > 0 {
		t.Errorf("notes %v, %v", comments, err)
	}
}
