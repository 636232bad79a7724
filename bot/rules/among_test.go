package rules

import (
	"testing"

	"vanthu/bot"
	"vanthu/parser"
)

// A message that names rows names them as the letter's table and the sheet itself do.
func TestRowsAreNamedAsPeopleSeeThem(t *testing.T) {
	t.Parallel()
	const a, b = "2153010001|Nguyễn Văn An|YBK47|K47|Lớp trưởng", "2153010001|Lê Thị My|YBK47|K47|"
	for _, tt := range []struct {
		name   string
		change func(*parser.Submission)
		vi, en string
	}{
		{"one sheet", func(*parser.Submission) {},
			"Mã số 2153010001 lặp lại ở các dòng 8, 9 của trang tính.", "The code 2153010001 stands in rows 8, 9 of the sheet."},
		{"two sheets", func(s *parser.Submission) { s.Rows[1].At.Sheet = "K51" },
			"Mã số 2153010001 lặp lại ở các dòng 8 (K50), 9 (K51) của trang tính.", "The code 2153010001 stands in rows 8 (K50), 9 (K51) of the sheet."},
		{"two files", func(s *parser.Submission) { s.Rows[1].At.File = "b.xlsx" },
			"Mã số 2153010001 lặp lại ở các dòng 8 (ds.xlsx), 9 (b.xlsx) của trang tính.", "The code 2153010001 stands in rows 8 (ds.xlsx), 9 (b.xlsx) of the sheet."},
		{"the table of a document", func(s *parser.Submission) { s.Files[1].Document = true },
			"Mã số 2153010001 lặp lại ở các dòng 8, 9 của danh sách.", "The code 2153010001 stands in rows 8, 9 of the list."},
		{"a place that nobody knows", func(s *parser.Submission) { s.Rows[0].At.Row, s.Rows[1].At.Row = 0, 0 },
			"Mã số 2153010001 lặp lại ở các dòng 1, 2 của danh sách.", "The code 2153010001 stands in rows 1, 2 of the list."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sub := request(a, b)
			tt.change(&sub)
			found := false
			for _, f := range Judge(sub, policy(), nil, setting()).Findings {
				if f.Rule != "ROW-04" {
					continue
				}
				found = true
				if vi, en := Text(f); vi != tt.vi || en != tt.en {
					t.Errorf("got  %s | %s\nwant %s | %s", vi, en, tt.vi, tt.en)
				}
			}
			if !found {
				t.Error("ROW-04 was not said")
			}
		})
	}
}

// Every word that is quoted has quotes of its own.
func TestOddSyllablesAreQuotedEach(t *testing.T) {
	t.Parallel()
	vi, _ := Text(bot.Finding{Rule: "NAM-07", Args: map[string]string{"v": lexicon{}.oddIn("H'Hen Niê")}})
	if want := `Chữ "H'Hen", "Niê" trong họ và tên không theo chính tả tiếng Việt; được giữ nguyên nếu đúng (tên dân tộc thiểu số, tên người nước ngoài).`; vi != want {
		t.Errorf("got %s\nwant %s", vi, want)
	}
}
