package reply

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/parser/grid"
)

func converted(n int, sheet, cell, raw, text string) bot.Finding {
	f := finding("ENC-01", bot.Warn, n, sheet, cell, text)
	f.Args = map[string]string{"raw": raw, "text": text}
	return f
}

// What was read in an old encoding stands side by side on a sheet of its own; the list keeps what was sent.
func TestCompareSheet(t *testing.T) {
	t.Parallel()
	s := sheetOf("DS", []string{"STT", "Mã số", "Họ và tên"}, []string{"1", "2153010001", "NguyÔn V¨n An"}, []string{"2", "2153010002", "=TrÇn ThÞ B×nh"})
	for i := 1; i < 3; i++ {
		s.Rows[i].Cells[2].Font = ".VnTime"
	}
	column := finding("ENC-01", bot.Warn, 0, "DS", "C1", "")
	column.Args = map[string]string{"h": "Họ và tên", "enc": "TCVN3", "font": ".VnTime", "n": "2"}
	req := requestOf(s, 2, 3, column, converted(1, "DS", "C2", "NguyÔn V¨n An", "Nguyễn Văn An"), converted(2, "DS", "C3", "=TrÇn ThÞ B×nh", "=Trần Thị Bình"))
	marked, err := markWriter().MarkDocument(grid.Document{Book: grid.Book{Format: "xls", Sheets: []grid.Sheet{s}}}, req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := markWriter().MarkWorkbook(marked, req)
	if err != nil {
		t.Fatal(err)
	}
	corrected, err := markWriter().MarkWorkbook(again, bot.Request{Rows: req.Rows, Findings: []bot.Finding{finding("ROW-08", bot.Warn, 1, "DS", "C2", "x")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, book := range map[string][]byte{"once": marked, "twice": again} {
		got := readBack(t, book)
		if len(got.Sheets) != 2 || got.Sheets[1].Name != CompareSheet || got.Sheets[1].Rows[0].Cell(1).Text != CompareHeader {
			t.Fatalf("%s: %d sheets", name, len(got.Sheets))
		}
		var rows [][]string
		for _, row := range got.Sheets[1].Rows[3:] {
			rows = append(rows, textsOf(row))
			if row.Number > 4 && row.Cell(4).Font != ".VnTime" {
				t.Errorf("%s: what was sent stands in the font %q", name, row.Cell(4).Font)
			}
		}
		want := [][]string{
			{"Thứ tự", "Trang / Sheet", "Ô / Cell", "Như đã gửi / As sent", "Đọc là / Read as"},
			{"1", "DS", "C2", "NguyÔn V¨n An", "Nguyễn Văn An"}, {"2", "DS", "C3", "=TrÇn ThÞ B×nh", "=Trần Thị Bình"},
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		sameCells(t, s, got.Sheets[0], 3)
	}
	if got := readBack(t, corrected); len(got.Sheets) != 1 {
		t.Errorf("with nothing to compare: %d sheets", len(got.Sheets))
	}
}
