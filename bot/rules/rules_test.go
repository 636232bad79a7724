package rules

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/parser"
)

var ict = time.FixedZone("ICT", 7*3600)

func policy() Policy {
	return Policy{
		Units: []bot.Unit{
			{ID: "CTSV", Name: "Phòng Công tác sinh viên", Aliases: []string{"P. CTSV"}},
			{ID: "DTSDH", Name: "Phòng Đào tạo Sau đại học"},
		},
		Codes: []CodeRule{
			{Pattern: regexp.MustCompile(`^\d{10}$`), Shown: "10 chữ số"},
			{Pattern: regexp.MustCompile(`^CK\d{8}$`), Shown: "CK và 8 chữ số", Units: []string{"DTSDH"}},
		},
		NameFault: func(r bot.NameRow) (string, string, string) {
			switch r.Code {
			case "2153019998":
				return "ACC-02", "v", r.Code
			case "2153019999":
				return "ACC-03", "v", r.Code
			}
			return "", "", ""
		},
	}
}

func setting() Context {
	unit := policy().Units[0]
	return Context{Kind: bot.AccountRequest, Unit: &unit, Now: time.Date(2026, 11, 21, 8, 0, 0, 0, ict)}
}

// request is a clean one: a signed letter and a list with the given rows, "code|name|class|cohort|note" each, from row 8
// of the sheet on.
func request(rows ...string) parser.Submission {
	sub := parser.Submission{
		Files: []parser.FileReport{{Name: "de nghi.docx", Role: parser.RoleLetter}, {Name: "ds.xlsx", Role: parser.RoleList}},
		Letter: &parser.Letter{File: "de nghi.docx", Unit: parser.Value{Text: "PHÒNG CÔNG TÁC SINH VIÊN"}, Reason: parser.Value{Text: "Nhập học"},
			Date: parser.Date{Year: 2026, Month: 11, Day: 20, Valid: true}, Signer: parser.Value{Text: "Đoàn Thị Nguyên"}, Signed: true},
		Lists: []parser.List{{File: "ds.xlsx", Sheet: "K50", HeaderRow: 7, FirstRow: 8, LastRow: 7 + len(rows),
			Columns: map[string]parser.Value{"code": {}, "name": {}, "class": {}, "cohort": {}, "note": {}}}},
	}
	for i, line := range rows {
		cells := strings.Split(line+"||||", "|")
		at := parser.Place{File: "ds.xlsx", Sheet: "K50", Row: 8 + i}
		value := func(col int) parser.Value {
			where := at
			where.Col = col
			return parser.Value{Text: cells[col-2], Raw: cells[col-2], At: where}
		}
		sub.Rows = append(sub.Rows, parser.Row{N: i + 1, At: at, Code: value(2), Name: value(3), Class: value(4), Cohort: value(5), Note: value(6)})
	}
	return sub
}

// brief writes findings as "RULE n cell", with a ? behind the rule of a warning.
func brief(req bot.Request) []string {
	var all []string
	for _, f := range req.Findings {
		rule := f.Rule
		if f.Severity == bot.Warn {
			rule += "?"
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %d %s", rule, f.N, f.Cell)))
	}
	return all
}

func TestRows(t *testing.T) {
	t.Parallel()
	const good = "2153010001|Nguyễn Văn An|YBK47|K47|Lớp trưởng"
	for _, tt := range []struct {
		name   string
		rows   []string
		want   []string
		action bot.Action
	}{
		{"clean", []string{good, "2153010002|Trần Thị Bích|YBK47|K47|"}, nil, bot.Queue},
		{"names of minorities and foreigners", []string{good, "2153010002|Y Moan Êban|YBK47|K47|", "2153010003|H’Lin Ksơr|YBK47|K47|", "2153010004|Đặng Anna Müller|YBK47|K47|", "2153010005|Lê O|YBK47|K47|"},
			[]string{"NAM-07? 2 C9", "NAM-07? 3 C10", "NAM-07? 4 C11"}, bot.Queue},
		{"missing code and name", []string{good, "|Trần Thị Bích|YBK47|K47|", "2153010003||YBK47|K47|"}, []string{"ROW-01 2 B9", "NAM-01 3 C10"}, bot.QueueWithDefects},
		{"code too short, with words, damaged", []string{good, "21530100|Trần Thị Bích|YBK47|K47|", "chưa có mã|Lê Thị My|YBK47|K47|", "2.15301E+09|Lê An|YBK47|K47|", "2153010680.0|Lê Ân|YBK47|K47|"},
			[]string{"ROW-02 2 B9", "ROW-02 3 B10", "ROW-03 4 B11", "ROW-03 5 B12"}, bot.QueueWithDefects},
		{"only bad rows", []string{"21530100|Trần Thị Bích|YBK47|K47|"}, []string{"ROW-02 1 B8"}, bot.Return},
		{"exact repeat: the later one", []string{good, "2153010002|Trần Thị Bích|YBK47|K47|", good}, []string{"ROW-04 3 B10"}, bot.QueueWithDefects},
		{"repeat in capitals", []string{good, "2153010001|NGUYỄN VĂN AN|YBK47|K47|"}, []string{"ROW-04 2 B9", "NAM-04? 2 C9"}, bot.QueueWithDefects},
		{"one code, two people", []string{good, "2153010001|Lê Thị My|YBK47|K47|"}, []string{"ROW-04 1 B8", "ROW-04 2 B9"}, bot.Return},
		{"one code, two classes", []string{good, "2153010001|Nguyễn Văn An|YAK47|K47|", "2153010002|Lê Thị My|YBK47|K47|"}, []string{"ROW-14? 0", "ROW-04 1 B8", "ROW-04 2 B9"}, bot.QueueWithDefects},
		{"damaged codes look the same and are no repeats", []string{"2.15301E+09|Lê An|YBK47|K47|", "2.15301E+09|Lê Ân|YBK47|K47|"}, []string{"ROW-03 1 B8", "ROW-03 2 B9"}, bot.Return},
		{"account exists", []string{good, "1753010001|Lê Văn Tám|YBK47|K47|", "1753010002|Trần Thuỳ Bích|YBK47|K47|"},
			[]string{"ROW-05 2 B9", "NAM-10? 2 C9", "ROW-05 3 B10"}, bot.QueueWithDefects},
		{"another account on the platform than in the register", []string{good, "1753010003|Lê Thị My|YBK47|K47|"}, []string{"ROW-05 2 B9", "ROW-05 2 B9"}, bot.QueueWithDefects},
		{"open case", []string{good, "2153010009|Lê Văn Tám|YBK47|K47|"}, []string{"ROW-06 2 B9"}, bot.QueueWithDefects},
		{"class and cohort missing, conflicting", []string{good, "2153010002|Trần Thị Bích|||", "2153010003|Lê Thị My|YBK47|K48|", "2153010004|Võ Thành Tài|CK1-NGOAI-K10|2024-2026|"},
			[]string{"ROW-14? 0", "ROW-08? 2 D9", "ROW-10? 2 E9", "ROW-11? 3 E10"}, bot.Queue},
		{"notes", []string{good, "2153010002|Trần Thị Bích|YBK47|K47|đã thôi học", "2153010003|Lê Thị My|YAK47|K47|LT"}, []string{"ROW-12? 2 F9"}, bot.Queue},
		{"two monitors", []string{good, "2153010002|Trần Thị Bích|YBK47|K47|Lớp trưởng", "2153010003|Lê Thị My|YBK47|K47|"}, []string{"ROW-13 1 F8", "ROW-13 2 F9"}, bot.QueueWithDefects},
		{"namesakes", []string{good, "2153010002|Trần Thùy|YBK47|K47|", "2153010003|Trần Thùy|YBK47|K47|", "2153010004|Trần Thuỳ|YBK47|K47|", "2153010005|Trần Thùy|YAK47|K47|"},
			[]string{"ROW-14? 0", "ROW-17? 3 B10", "NAM-09? 4 C11"}, bot.Queue},
		{"letters of a name", []string{good, "2153010002|Nguyễn Văn An 2|YBK47|K47|", "2153010003|Phаn Văn Nam|YBK47|K47|", "2153010004|=HYPERLINK(\"x\")|YBK47|K47|", "2153010005|An|YBK47|K47|"},
			[]string{"NAM-03 2 C9", "NAM-08 3 C10", "NAM-03 4 C11", "NAM-02? 5 C12"}, bot.QueueWithDefects},
		{"classes that are none", []string{good, "2153010002|Trần Thị Bích|YAK47 -> YBK47|K47|", "2153010003|Lê Thị My|YВК47|K47|"}, []string{"ROW-14? 0", "ROW-09? 2 D9", "ROW-09? 3 D10"}, bot.Queue},
		{"staff", []string{good, "2153010002|Trần Thị Bích|YBK47|K47|Giảng viên"}, []string{"FRM-09 0", "ROW-12? 2 F9"}, bot.Return},
		{"officers of a class are students", []string{good, "2153010002|Trần Thị Bích|YBK47|K47|cán bộ lớp"}, []string{"ROW-12? 2 F9"}, bot.Queue},
		{"people of another unit", []string{good, "ck20240031|Trần Thị Bích|YBK47|K47|"}, []string{"FRM-13? 0"}, bot.Queue},
		{"reserved user name", []string{good, "2153019999|Trần Thị Bích|YBK47|K47|"}, []string{"ACC-03 2 B9"}, bot.QueueWithDefects},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			known := Register{
				"1753010001": {{Code: "1753010001", Name: "Nguyễn Văn An", Address: "1753010001@sv.truong.example"}},
				"1753010002": {{Code: "1753010002", Name: "Trần Thuỳ Bích", Address: "1753010002@SV.truong.example"}, // the platform, and then the register
					{Code: "1753010002", Name: "Trần Thùy Bích", Address: "1753010002@sv.truong.example", Since: time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)}},
				"1753010003": {{Code: "1753010003", Name: "Lê Thị My", Address: "my@sv.truong.example"}, {Code: "1753010003", Name: "Lê Thị My", Address: "1753010003@sv.truong.example"}},
				"2153010009": {{Code: "2153010009", Case: "YC-2026-0031"}},
			}
			got := Judge(request(tt.rows...), policy(), known, setting())
			if diff := cmp.Diff(tt.want, brief(got)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if got.Action != tt.action {
				t.Errorf("action %s, not %s", got.Action, tt.action)
			}
			for _, row := range got.Rows {
				bad := false
				for _, f := range got.Findings {
					bad = bad || f.N == row.N && f.Severity == bot.RejectRow
				}
				if row.OK == bad {
					t.Errorf("row %d: ok is %v", row.N, row.OK)
				}
			}
		})
	}
}

func TestWholeRequest(t *testing.T) {
	t.Parallel()
	problem := func(name string, code parser.ProblemCode) parser.FileReport {
		return parser.FileReport{Name: name, Role: parser.RoleProblem, Problem: &parser.Problem{Code: code, Limit: "100 MB"}}
	}
	noLetter := func(s *parser.Submission) { s.Letter, s.Files = nil, s.Files[1:] }
	noList := func(s *parser.Submission) { s.Rows, s.Lists, s.Files = nil, nil, s.Files[:1] }
	for _, tt := range []struct {
		name   string
		change func(*parser.Submission, *Policy, *Context)
		want   []string
		action bot.Action
	}{
		{"no letter", func(s *parser.Submission, _ *Policy, _ *Context) { noLetter(s) }, []string{"FRM-01 0"}, bot.AskSender},
		{"a corrected list may come alone", func(s *parser.Submission, _ *Policy, c *Context) { noLetter(s); c.LetterKnown = true }, nil, bot.Queue},
		{"no list", func(s *parser.Submission, _ *Policy, _ *Context) { noList(s) }, []string{"ENV-03 0"}, bot.AskSender},
		{"nothing", func(s *parser.Submission, _ *Policy, _ *Context) { *s = parser.Submission{} }, []string{"ENV-03 0", "FRM-01 0"}, bot.AskSender},
		{"locked list", func(s *parser.Submission, _ *Policy, _ *Context) {
			noList(s)
			s.Files = append(s.Files, problem("ds.xlsx", parser.Encrypted))
		}, []string{"ENV-06 0"}, bot.AskSender},
		{"locked list, no letter", func(s *parser.Submission, _ *Policy, _ *Context) {
			*s = parser.Submission{Files: []parser.FileReport{problem("ds.xlsx", parser.Encrypted)}}
		}, []string{"ENV-06 0", "FRM-01 0"}, bot.AskSender},
		{"a second list that is damaged", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Files = append(s.Files, problem("ds2.xlsx", parser.Damaged))
		}, []string{"ENV-07 0"}, bot.AskSender},
		{"photo of the list", func(s *parser.Submission, _ *Policy, _ *Context) {
			noList(s)
			s.Files = append(s.Files, problem("ds.jpg", parser.Picture))
		}, []string{"ENV-13 0"}, bot.AskSender},
		{"scanned letter", func(s *parser.Submission, _ *Policy, _ *Context) {
			noLetter(s)
			s.Files = append(s.Files, problem("cong van.pdf", parser.Picture))
		}, []string{"FRM-12? 0"}, bot.Queue},
		{"pictures beside a whole request", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Files = append(s.Files, problem("1.png", parser.Picture), problem("2.png", parser.Picture))
		}, []string{"ENV-13? 0"}, bot.Queue},
		{"a stray file beside a whole request", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Files = append(s.Files, problem("setup.exe", parser.Unsupported))
		}, []string{"ENV-04? 0"}, bot.Queue},
		{"an archive beside a whole request may hold people", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Files = append(s.Files, problem("ds2.7z", parser.Unsupported))
		}, []string{"ENV-04 0"}, bot.AskSender},
		{"letter without unit, reason, date", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Letter.Unit, s.Letter.Reason, s.Letter.Date, s.Letter.Signed = parser.Value{}, parser.Value{}, parser.Date{}, false
		}, []string{"FRM-02 0", "FRM-04? 0", "FRM-05? 0", "FRM-06? 0"}, bot.Return},
		{"signature demanded", func(s *parser.Submission, p *Policy, _ *Context) {
			s.Letter.Signed, p.Needs = false, map[bot.Kind]bot.Evidence{bot.AccountRequest: bot.E2}
		}, []string{"FRM-04 0"}, bot.Return},
		{"another unit's letter", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Letter.Unit.Text = "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC"
		}, []string{"FRM-03 0"}, bot.Return},
		{"unit in short", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Letter.Unit.Text = "P.CTSV - Trường ĐH Ví Dụ"
		}, nil, bot.Queue},
		{"impossible date", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Letter.Date = parser.Date{Year: 2026, Month: 11, Day: 31, Text: "ngày 31 tháng 11 năm 2026"}
		}, []string{"FRM-06? 0"}, bot.Queue},
		{"date to come", func(s *parser.Submission, _ *Policy, _ *Context) { s.Letter.Date.Day = 22 }, []string{"FRM-06? 0"}, bot.Queue},
		{"dated today", func(s *parser.Submission, _ *Policy, _ *Context) { s.Letter.Date.Day = 21 }, nil, bot.Queue},
		{"list of another letter", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Lists[0].Date = parser.Date{Year: 2026, Month: 10, Day: 5, Valid: true}
		}, []string{"FRM-07 0"}, bot.Return},
		{"cán bộ in the printed form", func(s *parser.Submission, _ *Policy, _ *Context) { s.Letter.Staff = true }, []string{"FRM-08? 0"}, bot.Queue},
		{"counts", func(s *parser.Submission, _ *Policy, _ *Context) { s.Letter.Count, s.Lists[0].Count = 3, 4 }, []string{"FRM-10? 0", "FRM-10? 0"}, bot.Queue},
		{"missing columns", func(s *parser.Submission, _ *Policy, _ *Context) {
			delete(s.Lists[0].Columns, "cohort")
			s.Rows[1].Cohort = parser.Value{}
			s.Remarks = []parser.Remark{{Code: parser.ColumnMissing, Args: map[string]string{"col": "cohort"}}}
		}, []string{"LST-02? 0"}, bot.Queue},
		{"no code column", func(s *parser.Submission, _ *Policy, _ *Context) {
			delete(s.Lists[0].Columns, "code")
			s.Rows[0].Code, s.Rows[1].Code = parser.Value{}, parser.Value{}
			s.Remarks = []parser.Remark{{Code: parser.ColumnMissing, Args: map[string]string{"col": "code"}}}
		}, []string{"LST-02 0"}, bot.Return},
		{"no header", func(s *parser.Submission, _ *Policy, _ *Context) {
			noList(s)
			s.Remarks = []parser.Remark{{Code: parser.HeaderMissing}}
		}, []string{"LST-01 0"}, bot.Return},
		{"a formula in the name and one in the note", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Remarks = []parser.Remark{{Code: parser.CellUnusable, N: 2, At: s.Rows[1].Note.At, Value: "#N/A"}, {Code: parser.CellUnusable, N: 2, At: s.Rows[1].Name.At, Value: "#REF!"}}
		}, []string{"LST-11 2 C9", "LST-11? 2 F9"}, bot.QueueWithDefects},
		{"row struck through", func(s *parser.Submission, _ *Policy, _ *Context) {
			s.Remarks = []parser.Remark{{Code: parser.RowStruck, N: 2, Args: map[string]string{"row": "9"}}}
		}, []string{"LST-13? 2"}, bot.Queue},
		{"too many rows", func(_ *parser.Submission, p *Policy, _ *Context) { p.MaxRows = 1 }, []string{"LST-12 0"}, bot.Return},
		{"password in the text", func(_ *parser.Submission, _ *Policy, c *Context) { c.Password = true }, []string{"ENV-11? 0"}, bot.Queue},
		{"doubtful intent", func(s *parser.Submission, _ *Policy, c *Context) { noList(s); c.Doubt = "why" }, []string{"ENV-03 0"}, bot.Human},
		{"own case on correction", func(_ *parser.Submission, _ *Policy, c *Context) { c.Case = "YC-2026-0031" }, nil, bot.Queue},
		{"a deletion without a decision", func(_ *parser.Submission, _ *Policy, c *Context) { c.Kind = bot.DeletionRequest },
			[]string{"DEL-01 0", "DEL-01? 0", "DEL-10? 0", "DEL-02 1 B8", "DEL-02 2 B9"}, bot.AskSender},
		{"a deletion in words alone", func(s *parser.Submission, _ *Policy, c *Context) { noList(s); c.Kind = bot.DeletionRequest }, nil, bot.Human},
		{"confirmation", func(_ *parser.Submission, _ *Policy, c *Context) { c.Kind = bot.Confirmation }, nil, bot.ConfirmReceived},
		{"automatic", func(_ *parser.Submission, _ *Policy, c *Context) { c.Kind = bot.Automatic }, nil, bot.Ignore},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sub, p, c := request("2153010001|Nguyễn Văn An|YBK47|K47|Lớp trưởng", "2153010002|Trần Thị Bích|YBK47|K47|"), policy(), setting()
			tt.change(&sub, &p, &c)
			known := Register{"2153010002": {{Code: "2153010002", Case: "YC-2026-0031"}}}
			if tt.name != "own case on correction" {
				known = nil
			}
			got := Judge(sub, p, known, c)
			if diff := cmp.Diff(tt.want, brief(got)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if got.Action != tt.action {
				t.Errorf("action %s, not %s", got.Action, tt.action)
			}
			for _, f := range got.Findings {
				vi, en := Text(f)
				if strings.ContainsAny(vi+en, "{}") || strings.Contains(vi+en, "()") || strings.Contains(vi+en, `""`) {
					t.Errorf("%s is not filled: %s | %s", f.Rule, vi, en)
				}
			}
		})
	}
}

// TestRequest holds what is recorded of a request and its rows, and in which order findings stand.
func TestRequest(t *testing.T) {
	t.Parallel()
	sub := request("2153010001|NGUYỄN VĂN AN|YBK47|K48|Lớp trưởng|", "ck20240031|Trần@|||")
	sub.Letter.Signed = false
	sub.Remarks = []parser.Remark{{Code: parser.ColumnDropped, Args: map[string]string{"h": "CCCD"}}, {Code: parser.TextNormalised, N: 1, At: sub.Rows[0].Name.At, Value: "NGUYỄN  VĂN AN"}}
	got := Judge(sub, policy(), nil, setting())
	want := []string{"FRM-04? 0", "FRM-13? 0", "ROW-16? 0", "NAM-05? 1 C8", "NAM-04? 1 C8", "ROW-11? 1 E8", "NAM-03 2 C9", "ROW-08? 2 D9", "ROW-10? 2 E9"}
	if diff := cmp.Diff(want, brief(got)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	got.Findings = nil
	if diff := cmp.Diff(bot.Request{
		Kind: bot.AccountRequest, Action: bot.QueueWithDefects, Unit: "CTSV", UnitName: "Phòng Công tác sinh viên", Reason: "Nhập học",
		LetterDate: "2026-11-20", Signer: "Đoàn Thị Nguyên", LetterFile: "de nghi.docx", ListFiles: []string{"ds.xlsx"},
		Rows: []bot.Row{
			{N: 1, Code: "2153010001", Name: "Nguyễn Văn An", Class: "YBK47", Cohort: "K48", Note: "Lớp trưởng", Monitor: true, File: "ds.xlsx", Sheet: "K50", Line: 8,
				Cells: map[string]string{"code": "B8", "name": "C8", "class": "D8", "cohort": "E8", "note": "F8"}, OK: true},
			{N: 2, Code: "CK20240031", Name: "Trần@", File: "ds.xlsx", Sheet: "K50", Line: 9,
				Cells: map[string]string{"code": "B9", "name": "C9", "class": "D9", "cohort": "E9", "note": "F9"}},
		},
		Evidence: bot.E1,
	}, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2153010001", "CK20240031"}, Codes(sub)); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

// TestEncodingSeverity holds that only the code and the name stop a row: a class or a note that cannot be read waits for eyes.
func TestEncodingSeverity(t *testing.T) {
	t.Parallel()
	sub := request("2153010345|Lý Thị Vân Vy|YBK47|K47|")
	row := sub.Rows[0]
	sub.Lists = []parser.List{{Columns: map[string]parser.Value{
		"name": {Text: "Họ và tên", At: parser.Place{File: row.At.File, Sheet: row.At.Sheet, Row: 7, Col: row.Name.At.Col}},
		"note": {Text: "Ghi chú", At: parser.Place{File: row.At.File, Sheet: row.At.Sheet, Row: 7, Col: row.Note.At.Col}},
	}}}
	j := &judge{sub: sub}
	column := func(col int) parser.Place {
		return parser.Place{File: row.At.File, Sheet: row.At.Sheet, Row: 7, Col: col}
	}
	for _, c := range []struct {
		remark parser.Remark
		want   bot.Severity
	}{
		{parser.Remark{Code: parser.EncodingUnknown, N: 1, At: row.Name.At}, bot.RejectRow},
		{parser.Remark{Code: parser.EncodingUnknown, N: 1, At: row.Class.At}, bot.Warn},
		{parser.Remark{Code: parser.EncodingUnknown, At: column(row.Name.At.Col), Args: map[string]string{"h": "Họ và tên"}}, bot.RejectRequest},
		{parser.Remark{Code: parser.EncodingUnknown, At: column(row.Note.At.Col), Args: map[string]string{"h": "Ghi chú"}}, bot.Warn},
		{parser.Remark{Code: parser.EncodingUnknown, At: parser.Place{File: row.At.File}}, bot.Warn},
		{parser.Remark{Code: parser.LetterLost, N: 1, At: row.Name.At}, bot.RejectRow},
		{parser.Remark{Code: parser.LetterLost}, bot.Warn},
		{parser.Remark{Code: parser.ReplacementChars, N: 1, At: row.Class.At}, bot.Warn},
		{parser.Remark{Code: parser.ReplacementChars, N: 1, At: row.Code.At}, bot.RejectRow},
		{parser.Remark{Code: parser.EncodingConverted, N: 1, At: row.Name.At}, bot.Warn},
	} {
		if got := j.severityOf(c.remark, ruleOf(c.remark.Code)); got != c.want {
			t.Errorf("%+v is %s, want %s", c.remark, got, c.want)
		}
	}
}

// TestRemarksAreMapped fails when a reader learns a new remark and no rule speaks of it.
func TestRemarksAreMapped(t *testing.T) {
	t.Parallel()
	for _, code := range []parser.RemarkCode{parser.HeaderMissing, parser.ColumnMissing, parser.HeaderRead, parser.HeaderTwice, parser.NoRows,
		parser.NumberingJumps, parser.HiddenPart, parser.SeveralSheets, parser.RowsSkipped, parser.MergedDown, parser.CellUnusable, parser.TooManyRows,
		parser.RowStruck, parser.ColumnDropped, parser.CodeDamaged, parser.TextNormalised, parser.EthReplaced, parser.MacrosPresent, parser.SeveralLists, parser.ListLeftOut, parser.LetterAmbiguous,
		parser.ValueTaken, parser.RowSplit, parser.SeveralPeople, parser.ColumnsCut, parser.RowShifted, parser.ColumnsSwapped, parser.HeaderCarried, parser.CellsWorkedOut, parser.PartlyStruck, parser.NoteBelow,
		parser.EncodingConverted, parser.EncodingUnknown, parser.LetterLost, parser.ReplacementChars, parser.CharsetRead, parser.FontMisleads} {
		if _, ok := catalogue[ruleOf(code)]; !ok {
			t.Errorf("no rule speaks of %s", code)
		}
	}
}

// A code with a made-up name does not tell a unit whose it is.
func TestOtherName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ listed, registered, want string }{
		{"Trần Thị Bích", "Trần Thị Bich", "Trần Thị Bich"}, {"TRAN  THI BICH", "Trần Thị Bích", "Trần Thị Bích"}, {"Đặng An", "Dang An", "Dang An"},
		{"a", "Phạm Thị Dung", "P. T. D."}, {"Phạm Thị", "Phạm Thị Dung", "P. T. D."}, {"Trần Thị Bích", "Đỗ Ánh", "Đ. Á."}, {"a", " ", "?"}, {"", "", "?"},
	} {
		if got := otherName(tt.listed, tt.registered); got != tt.want {
			t.Errorf("%q beside %q: %q, want %q", tt.registered, tt.listed, got, tt.want)
		}
	}
}
