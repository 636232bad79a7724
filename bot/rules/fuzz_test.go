package rules

import (
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/parser"
)

// FuzzJudge feeds lists of any content: nobody is refused without a word, nobody without a name or a code of the school is
// served, and every message is filled in.
func FuzzJudge(f *testing.F) {
	f.Add("2153010001|Nguyễn Văn An|YBK47|K47|Lớp trưởng\n2153010001|NGUYỄN VĂN AN|YB-K47|K48|LT", "code_damaged", 1, 2, false)
	f.Add("Trần Thị Bích|2153010002|K47|YBK47|\n1|53010680|Lê|x|đã thôi học", "columns_swapped", 0, 4, false)
	f.Add("18530123|A\u0301 n|2024-2030|Khóa 47|Giảng viên\n18530124|Phаn|||", "row_shifted", 2, 1, true)
	f.Add("2153010003|H'Hen Niê|CK1-NGOAI-K10|10-24|bảo lưu", "several_lists", 7, 0, true)
	f.Fuzz(func(t *testing.T, list, code string, n, col int, deletes bool) {
		sub, c := request(strings.Split(list, "\n")...), setting()
		if len(sub.Rows) > 50 || n < 0 || col < 0 { // readers number from 1
			return
		}
		if deletes {
			c.Kind = bot.DeletionRequest
		}
		sub.Remarks = []parser.Remark{{Code: parser.RemarkCode(code), N: n, At: parser.Place{File: "ds.xlsx", Sheet: "K50", Row: 8, Col: col}}}
		p := policy()
		p.Classes = []string{"YBK47", "Y A-K51"}
		got := Judge(sub, p, nil, c)
		refused := make(map[int]bool)
		for _, f := range got.Findings {
			refused[f.N] = refused[f.N] || f.Severity == bot.RejectRow
			refused[0] = refused[0] || f.Severity == bot.RejectRequest
			vi, en := Text(f)
			if vi == f.Rule || vi == "" || en == "" {
				t.Errorf("%s says nothing", f.Rule)
			}
		}
		for i, row := range got.Rows {
			if !row.OK && !refused[row.N] && !refused[0] && sub.Rows[i].Code.Text != "" && sub.Rows[i].Name.Text != "" {
				t.Errorf("row %d is refused without a word: %+v, %v", row.N, row, brief(got))
			}
			if row.OK && !deletes && (row.Name == "" || p.wellFormed(row.Code, c.Unit) == nil) {
				t.Errorf("row %d would be served: %+v", row.N, row)
			}
		}
		if again := Judge(sub, p, nil, c); len(again.Findings) != len(got.Findings) {
			t.Error("judged again, it says something else")
		}
	})
}
