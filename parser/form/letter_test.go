package form_test

import (
	"archive/zip"
	"bytes"
	"html"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/form"
)

const wordNS = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"`

// document builds a .docx: a line is a paragraph, "a|b" a row of a table, "IMG" a picture; margin is its page header.
func document(t testing.TB, margin string, lines ...string) []byte {
	t.Helper()
	var b strings.Builder
	table := false
	end := func() {
		if table {
			b.WriteString("</w:tbl>")
			table = false
		}
	}
	for _, l := range lines {
		switch {
		case l == "IMG":
			end()
			b.WriteString("<w:p><w:r><w:drawing><a:blip/></w:drawing></w:r></w:p>")
		case strings.Contains(l, "|"):
			if !table {
				b.WriteString("<w:tbl>")
				table = true
			}
			b.WriteString("<w:tr>")
			for c := range strings.SplitSeq(l, "|") {
				b.WriteString("<w:tc><w:p><w:r><w:t>" + html.EscapeString(c) + "</w:t></w:r></w:p></w:tc>")
			}
			b.WriteString("</w:tr>")
		default:
			end()
			b.WriteString("<w:p><w:r><w:t>" + html.EscapeString(l) + "</w:t></w:r></w:p>")
		}
	}
	end()
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	return zipped(t,
		"_rels/.rels", `<Relationships><Relationship Id="r1" Type="`+rel+`/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/_rels/document.xml.rels", `<Relationships><Relationship Id="r1" Type="`+rel+`/header" Target="header1.xml"/></Relationships>`,
		"word/header1.xml", "<w:hdr "+wordNS+"><w:p><w:r><w:t>"+margin+"</w:t></w:r></w:p></w:hdr>",
		"word/document.xml", "<w:document "+wordNS+"><w:body>"+b.String()+"</w:body></w:document>",
	)
}

// zipped builds a zip of names and contents in turn.
func zipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		must(t, err)
		_, err = w.Write([]byte(parts[i+1]))
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// printedLetter is the letter part of BM-CNTT31 as the appendix prints it, filled in.
var printedLetter = []string{
	"TRƯỜNG ĐẠI HỌC VÍ DỤ|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ĐƠN VỊ: PHÒNG CÔNG TÁC SINH VIÊN|Độc lập – Tự do – Hạnh phúc",
	"Cần Thơ, ngày 05 tháng 11 năm 2026", "BẢN ĐỀ NGHỊ", "Về việc cấp tài khoản email", "Kính gửi: Phòng Công nghệ Thông tin",
	"Lý do cấp email:", "Cấp cho sinh viên khóa 50 .....", "nhập học đợt 2.", ".....",
	"Để phục vụ công tác chuyên môn, phòng (ban), đề nghị", "Phòng CNTT cấp mới tài khoản email cho 142 cán bộ theo danh sách đính kèm",
	"Rất mong Phòng CNTT xem xét giải quyết.", "Trân trọng.", "Thủ trưởng đơn vị", "(ký tên và ghi rõ họ tên)", "IMG", "ThS. Đoàn Thị Hạnh",
}

func letterOf(t *testing.T, files ...parser.File) parser.Letter {
	t.Helper()
	s := form.Read(files, parser.DefaultLimits())
	if s.Letter == nil {
		t.Fatalf("no letter; files %+v, remarks %q", s.Files, remarked(s))
	}
	return *s.Letter
}

var onlyText = cmp.Options{cmpopts.IgnoreFields(parser.Value{}, "Raw", "At"), cmpopts.IgnoreFields(parser.Date{}, "At")}

func text(s string) parser.Value { return parser.Value{Text: s} }

func TestPrintedLetter(t *testing.T) {
	t.Parallel()
	got := letterOf(t, parser.File{Name: "de nghi.docx", Data: document(t, "BM-CNTT-31", printedLetter...)})
	want := parser.Letter{
		File: "de nghi.docx", Form: "BM-CNTT31", School: text("TRƯỜNG ĐẠI HỌC VÍ DỤ"), Unit: text("PHÒNG CÔNG TÁC SINH VIÊN"),
		Date:    parser.Date{Year: 2026, Month: 11, Day: 5, Valid: true, Text: "Cần Thơ, ngày 05 tháng 11 năm 2026"},
		Reason:  text("Cấp cho sinh viên khóa 50 nhập học đợt 2"),
		Request: text("Để phục vụ công tác chuyên môn, phòng (ban), đề nghị Phòng CNTT cấp mới tài khoản email cho 142 cán bộ theo danh sách đính kèm"),
		Signer:  text("ThS. Đoàn Thị Hạnh"), Signed: true, Count: 142, Staff: true, Cohorts: []parser.Value{text("50")},
	}
	if d := cmp.Diff(want, got, onlyText); d != "" {
		t.Errorf("letter (-want +got):\n%s", d)
	}
}

func TestLetterFields(t *testing.T) {
	t.Parallel()
	with := func(at int, line string) []string {
		l := append([]string(nil), printedLetter...)
		l[at] = line
		return l
	}
	for _, c := range []struct {
		name  string
		lines []string
		check func(parser.Letter) bool
	}{
		{"impossible date", with(2, "Cần Thơ, ngày 31 tháng 11 năm 2026"), func(l parser.Letter) bool { return l.Date.Year == 2026 && !l.Date.Valid }},
		{"date left blank", with(2, "Cần Thơ, ngày ..... tháng ..... năm 2026"), func(l parser.Letter) bool { return l.Date.Year == 0 && l.Date.Text != "" }},
		{"short date", with(2, "Ngày 5/11/2026"), func(l parser.Letter) bool { return l.Date.Day == 5 && l.Date.Month == 11 && l.Date.Valid }},
		{"date without its word", with(2, "Cần Thơ, 05/11/2026"), func(l parser.Letter) bool { return l.Date.Day == 5 && l.Date.Month == 11 && l.Date.Valid }},
		{"classes", with(7, "Cấp cho sinh viên các lớp YAK50, YBK50"), func(l parser.Letter) bool { return len(l.Classes) == 2 && l.Classes[1].Text == "YBK50" }},
		{"decision", with(9, "theo Quyết định số 12/QĐ-ĐHVD ngày 01/10/2026"), func(l parser.Letter) bool {
			return l.Decision.Text == "12/QĐ-ĐHVD" && l.DecisionDate.Month == 10 && l.Date.Month == 11
		}},
		{"29 February", with(2, "Cần Thơ, ngày 29 tháng 2 năm 2027"), func(l parser.Letter) bool { return !l.Date.Valid }},
		{"unit left blank", with(1, "ĐƠN VỊ: .........|Độc lập"), func(l parser.Letter) bool { return l.Unit.Text == "" }},
		{"unit under the school", with(1, "PHÒNG ĐÀO TẠO|Độc lập"), func(l parser.Letter) bool { return l.Unit.Text == "PHÒNG ĐÀO TẠO" }},
		{"reason in its line", with(6, "Lý do: Tuyển bổ sung."), func(l parser.Letter) bool { return strings.HasPrefix(l.Reason.Text, "Tuyển bổ sung") }},
		{"no signature", with(16, ""), func(l parser.Letter) bool { return !l.Signed && l.Signer.Text != "" }},
		{"a logo is no signature", append([]string{"IMG"}, with(16, "")...), func(l parser.Letter) bool { return !l.Signed }},
		{"students", with(11, "Phòng CNTT cấp mới tài khoản email cho 142 (một trăm bốn mươi hai) sinh viên."), func(l parser.Letter) bool { return l.Count == 142 && !l.Staff }},
		{"deletion", with(4, "Về việc thu hồi tài khoản email"), func(l parser.Letter) bool { return l.Deletes }},
		{"dismissal", with(11, "Phòng CNTT xóa tài khoản email của sinh viên thôi học theo danh sách"), func(l parser.Letter) bool { return l.Deletes }},
		{"no deletion", printedLetter, func(l parser.Letter) bool { return !l.Deletes }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := letterOf(t, parser.File{Name: "a.docx", Data: document(t, "", c.lines...)})
			if !c.check(l) {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestFormCode(t *testing.T) {
	t.Parallel()
	for margin, want := range map[string]string{
		"BM-CNTT31": "BM-CNTT31", "bm.cntt-31": "BM-CNTT31", "BM CNTT 032": "BM-CNTT32", "BM-CNTT05": "", "BM-CNTT310": "",
	} {
		if l := letterOf(t, parser.File{Name: "a.docx", Data: document(t, margin, printedLetter...)}); l.Form != want {
			t.Errorf("%q gives %q, want %q", margin, l.Form, want)
		}
	}
}

// The letter, a page break and the list in one document, as the appendix prints them.
func TestLetterAndListInOneDocument(t *testing.T) {
	t.Parallel()
	lines := append(append([]string(nil), printedLetter...), "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", "(Kèm theo bản đề nghị ngày 05/11/2026)",
		header, "1|2453010001|Lý Thị Vân Vy|YAK50|K50|Lớp trưởng", "THỦ TRƯỞNG ĐƠN VỊ", "ThS. Đoàn Thị Hạnh")
	s := form.Read([]parser.File{{Name: "a.docx", Data: document(t, "BM-CNTT31", lines...)}}, parser.DefaultLimits())
	if d := cmp.Diff([]string{"2453010001|Lý Thị Vân Vy|YAK50|K50|Lớp trưởng @2"}, shown(s)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if s.Files[0].Role != parser.RoleBoth || s.Letter == nil || s.Letter.Reason.Text != "Cấp cho sinh viên khóa 50 nhập học đợt 2" {
		t.Errorf("role %s, letter %+v", s.Files[0].Role, s.Letter)
	}
	if l := s.Lists[0]; l.Date.Month != 11 || l.Title != "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL" {
		t.Errorf("list %+v", l)
	}
}

// The letter in a sheet of its own beside the list, the signer in the column of his title.
func TestLetterInASheet(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	sheet(t, f, "Sheet1", "TRƯỜNG ĐẠI HỌC VÍ DỤ", "PHÒNG ĐÀO TẠO", "Cần Thơ, ngày 05 tháng 11 năm 2026", "BẢN ĐỀ NGHỊ", "Kính gửi: Phòng Công nghệ Thông tin",
		"Lý do: Khóa mới", "Đề nghị cấp tài khoản email cho học viên.", "Số lượng: 07 học viên", "NGƯỜI LẬP||TRƯỞNG PHÒNG", "Vũ Thị Mai||PGS.TS. Tôn Thất Khải")
	sheet(t, f, "DS", header, "#1|2082740001|Lý Thị Vân Vy|CK1|2026-2028")
	s := form.Read([]parser.File{{Name: "ds.xlsx", Data: bytesOf(t, f)}}, parser.DefaultLimits())
	if len(s.Rows) != 1 || s.Files[0].Role != parser.RoleBoth {
		t.Fatalf("rows %q, role %s", shown(s), s.Files[0].Role)
	}
	l := s.Letter
	if l.Unit.Text != "PHÒNG ĐÀO TẠO" || l.Count != 7 || l.Signer.Text != "PGS.TS. Tôn Thất Khải" || l.Reason.Text != "Khóa mới" || l.Reason.At.Cell() != "A6" {
		t.Errorf("letter %+v", l)
	}
}

func TestNoLetter(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"an incident report": {"PHIẾU BÁO SỰ CỐ", "Kính gửi: Phòng Công nghệ Thông tin", "Lý do: Thiết bị hỏng"},
		"the head of a list": {"TRƯỜNG ĐẠI HỌC VÍ DỤ", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", "(Kèm theo bản đề nghị ngày 5/11/2026)", header, "1|2453010001|Lý Vy|Y|K50|"},
	} {
		if s := form.Read([]parser.File{{Name: "a.docx", Data: document(t, "", lines...)}}, parser.DefaultLimits()); s.Letter != nil {
			t.Errorf("%s is taken for a letter: %+v", name, s.Letter)
		}
	}
}

func TestTwoLetters(t *testing.T) {
	t.Parallel()
	a := parser.File{Name: "a.docx", Data: document(t, "", printedLetter...)}
	b := parser.File{Name: "b.docx", Data: a.Data}
	s := form.Read([]parser.File{a, b}, parser.DefaultLimits())
	if s.Letter.File != "a.docx" || len(s.Remarks) != 1 || s.Remarks[0].Code != parser.LetterAmbiguous {
		t.Errorf("letter of %s, remarks %q", s.Letter.File, remarked(s))
	}
}
