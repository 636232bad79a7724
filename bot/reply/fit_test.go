package reply

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

func TestLinesOf(t *testing.T) {
	t.Parallel()
	times := face{size: 12, wide: 1}
	for _, tt := range []struct {
		text string
		face face
		want int
	}{
		{"[NAM-01] Thiếu họ và tên. / The name is missing.", times, 1},
		{"a\nb\n", times, 3},
		{strings.Repeat("quỳnh ", 22), times, 2},
		{strings.Repeat("quỳnh ", 22), face{size: 24, wide: 1}, 5},
		{strings.Repeat("quỳnh ", 11), times, 1},
		{strings.Repeat("QUỲNH ", 11), times, 2},                // capitals need more
		{strings.Repeat("iii ", 27), times, 1},                  // narrow letters less
		{strings.Repeat("ơ", 60), times, 1},                     // marks take no room
		{"tệp " + strings.Repeat("x", 250) + ".xlsx", times, 6}, // a word that fits on no line
		{strings.Repeat("quỳnh ", 11), face{12, 1.1}, 2},        // a wider font
	} {
		if got := linesOf(tt.text, tt.face, reasonPoints); got != tt.want {
			t.Errorf("%.40q…: %d lines, want %d", tt.text, got, tt.want)
		}
	}
}

// Rows are as high as their reasons need, by the font of the list; the remarks above the table stay within the column.
func TestMarkedRowsFitTheirReasons(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("quỳnh ", 25)
	for _, size := range []float64{12, 18} {
		f := excelize.NewFile()
		defer f.Close()
		style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Family: "Times New Roman", Size: size}})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range [][]string{{"DANH SÁCH"}, {}, {"STT", "Mã số", "Họ và tên"}, {"1", "2153010345", "Lý Vy"}, {"2", "2153010346", "Lê An"}, {"3", "2153010347", "Đỗ Nam"}} {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.SetCellStyle("Sheet1", "A1", "C6", style); err != nil {
			t.Fatal(err)
		}
		if err := f.SetRowHeight("Sheet1", 6, 300); err != nil {
			t.Fatal(err)
		}
		book, err := written(f)
		if err != nil {
			t.Fatal(err)
		}
		req := readList(t, book, finding("ROW-02", bot.RejectRow, 1, "Sheet1", "B4", "x"), finding("ROW-02", bot.RejectRow, 2, "Sheet1", "B5", long),
			finding("ROW-02", bot.RejectRow, 3, "Sheet1", "B6", long), finding("FRM-10", bot.Warn, 0, "", "", long))
		for i := range req.Rows {
			for field := range req.Rows[i].Cells {
				if field > "code" && field != "name" { // the list has three columns
					delete(req.Rows[i].Cells, field)
				}
			}
		}
		marked, err := excelize.OpenReader(bytes.NewReader(markList(t, book, req)))
		if err != nil {
			t.Fatal(err)
		}
		defer marked.Close()
		lines := linesOf(markWriter().reasonText(req.Findings[1]), face{size, 1}, reasonPoints)
		for row, want := range map[int][2]float64{1: {float64(lines) * size * 1.2, float64(lines) * size * 1.4}, 4: {15, 15}, 5: {float64(lines) * size * 1.2, float64(lines) * size * 1.4}, 6: {300, 300}} {
			if height, err := marked.GetRowHeight("Sheet1", row); err != nil || height < want[0] || height > want[1] {
				t.Errorf("font %v, row %d is %v high, want %v (%v)", size, row, height, want, err)
			}
		}
		above, err := marked.GetCellStyle("Sheet1", "D1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := marked.GetStyle(above); err != nil || got.Alignment == nil || !got.Alignment.WrapText || got.Font.Size != size {
			t.Errorf("the remark above the table: %+v, %v", got, err)
		}
	}
}
