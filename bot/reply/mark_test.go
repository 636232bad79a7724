package reply

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// markWriter says every finding as its rule and its value.
func markWriter() *Writer {
	return New(testOffice,
		func(f bot.Finding) (string, string) { return "Lý do của " + f.Value, "Reason of " + f.Value },
		func(f bot.Finding) (string, string) { return "Sửa " + f.Value, "Correct " + f.Value })
}

// readList makes the request of a list whose header is the first row with "Mã số" in it.
func readList(t *testing.T, book []byte, findings ...bot.Finding) bot.Request {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	req := bot.Request{Findings: findings}
	fields := []string{"stt", "code", "name", "class", "cohort", "note"}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		header := slices.IndexFunc(rows, func(r []string) bool {
			return slices.ContainsFunc(r, func(v string) bool { return strings.HasPrefix(v, "Mã số") || strings.HasPrefix(v, "MSSV") })
		})
		for line := header + 1; header >= 0 && line < len(rows); line++ {
			if stt := at0(rows[line], 1); stt == "" || stt[0] < '0' || stt[0] > '9' {
				break
			}
			row := bot.Row{N: len(req.Rows) + 1, STT: rows[line][0], Code: at0(rows[line], 2), Sheet: sheet, Line: line + 1, Cells: map[string]string{}}
			for i, field := range fields {
				row.Cells[field] = fmt.Sprintf("%c%d", 'A'+i, line+1)
			}
			req.Rows = append(req.Rows, row)
		}
	}
	if len(req.Rows) == 0 {
		t.Fatal("no rows in the list")
	}
	return req
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func markList(t *testing.T, book []byte, req bot.Request) []byte {
	t.Helper()
	marked, err := markWriter().MarkWorkbook(book, req)
	if err != nil {
		t.Fatal(err)
	}
	return marked
}

func finding(rule string, severity bot.Severity, n int, sheet, cell, value string) bot.Finding {
	return bot.Finding{Rule: rule, Severity: severity, N: n, Sheet: sheet, Cell: cell, Value: value}
}

func TestPain24MarkWorkbook(t *testing.T) {
	t.Parallel()
	const rejected, warned = bot.RejectRow, bot.Warn
	for _, tt := range []struct {
		file     string
		findings []bot.Finding
		fills    map[string]string // cell → colour
		notes    map[string]string // cell → part of the note
		reasons  map[string]string // cell → text of the reason column
	}{
		{
			file: "mixed-defects.xlsx",
			findings: []bot.Finding{
				finding("ROW-01", rejected, 3, "Sheet1", "B10", "x"), finding("ROW-08", warned, 3, "Sheet1", "D10", "y"),
				finding("ROW-02", rejected, 7, "Sheet1", "B14", "=HYPERLINK(\"http://evil.example\")"), finding("NAM-04", warned, 7, "Sheet1", "B14", "z"),
				finding("ROW-14", warned, 23, "Sheet1", "", "w"),
				finding("FRM-10", bot.RejectRequest, 0, "", "", "whole"), finding("LST-03", warned, 0, "Sheet1", "B7", "header"),
			},
			fills: map[string]string{"B10": red, "D10": yellow, "B14": red, "B7": yellow},
			notes: map[string]string{"B10": "[ROW-01] Lý do của x\nĐề nghị: Sửa x\nReason of x", "D10": "[ROW-08]", "B14": "[NAM-04] Lý do của z", "B7": "[LST-03]"},
			reasons: map[string]string{
				"G1": "[FRM-10] Lý do của whole / Reason of whole", "G2": "[LST-03] Lý do của header / Reason of header",
				"G7":  ReasonHeader,
				"G10": "[ROW-01] Lý do của x / Reason of x\n[ROW-08] Lý do của y / Reason of y",
				"G14": "[ROW-02] Lý do của =HYPERLINK(\"http://evil.example\") / Reason of =HYPERLINK(\"http://evil.example\")\n[NAM-04] Lý do của z / Reason of z",
				"G30": "[ROW-14] Lý do của w / Reason of w",
			},
		},
		{
			file:     "libreoffice.xlsx",
			findings: []bot.Finding{finding("ROW-02", rejected, 1, "Sheet1", "B8", "x")},
			fills:    map[string]string{"B8": red}, notes: map[string]string{"B8": "[ROW-02]"},
			reasons: map[string]string{"G7": ReasonHeader, "G8": "[ROW-02] Lý do của x / Reason of x"},
		},
		{ // a warning on a class that is merged over many rows colours what a person sees
			file:     "merged-class.xlsx",
			findings: []bot.Finding{finding("ROW-09", warned, 3, "Sheet1", "D10", "x")},
			fills:    map[string]string{"D8": yellow}, notes: map[string]string{"D8": "[ROW-09]"},
			reasons: map[string]string{"G7": ReasonHeader, "G10": "[ROW-09] Lý do của x / Reason of x"},
		},
		{
			file:     "formula-injection.xlsx",
			findings: []bot.Finding{finding("NAM-03", rejected, 1, "Sheet1", "C8", "x")},
			fills:    map[string]string{"C8": red}, notes: map[string]string{"C8": "[NAM-03]"},
			reasons: map[string]string{"G7": ReasonHeader, "G8": "[NAM-03] Lý do của x / Reason of x"},
		},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			original := readFile(t, "testdata/lists/"+tt.file)
			marked := markList(t, original, readList(t, original, tt.findings...))
			checkMarks(t, marked, "Sheet1", tt.fills, tt.notes, tt.reasons)
			checkUnchanged(t, original, marked, slices.Collect(maps.Keys(tt.fills)))
		})
	}
}

// checkMarks reads the marked workbook and compares colours, notes and the whole reason column.
func checkMarks(t *testing.T, marked []byte, sheet string, fills, notes, reasons map[string]string) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(marked))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, want := range fills {
		id, err := f.GetCellStyle(sheet, cell)
		if err != nil {
			t.Fatal(err)
		}
		fill := f.Styles.Fills.Fill[*f.Styles.CellXfs.Xf[id].FillID].PatternFill
		if fill == nil || fill.FgColor == nil || !strings.HasSuffix(fill.FgColor.RGB, want) {
			t.Errorf("%s is filled %v, want %s", cell, fill, want)
		}
	}
	comments, err := f.GetComments(sheet)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range comments {
		for _, run := range c.Paragraph {
			got[c.Cell] += run.Text
		}
		if c.Author == testOffice.Office && notes[c.Cell] == "" {
			t.Errorf("note on %s: %s", c.Cell, got[c.Cell])
		}
	}
	for cell, want := range notes {
		if !strings.Contains(got[cell], want) {
			t.Errorf("note on %s: %q, want %q", cell, got[cell], want)
		}
	}
	written := map[string]string{}
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	var column string
	for cell := range reasons {
		column = strings.TrimRight(cell, "0123456789")
	}
	col, err := excelize.ColumnNameToNumber(column)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if text := at0(row, col); text != "" {
			cell := column + strconv.Itoa(i+1)
			written[cell] = text
			if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s is a formula: %s %v", cell, formula, err)
			}
		}
	}
	if diff := cmp.Diff(reasons, written); diff != "" {
		t.Errorf("reason column (-want +got):\n%s", diff)
	}
	if width, err := f.GetColWidth(sheet, column); err != nil || width != reasonWidth {
		t.Errorf("width %v, %v", width, err)
	}
}
