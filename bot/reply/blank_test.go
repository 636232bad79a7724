package reply

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/mailer/compose"
	"vanthu/parser"
	"vanthu/parser/form"
)

var blank = Blank{
	Units:   []string{"Phòng Công tác sinh viên", "Phòng Đào tạo sau đại học"},
	Classes: []string{"YBK50", "YAK50", "YBK50"},
	Codes:   []Code{{`[0-9]{10}`, "10 chữ số"}, {`20[0-9]{10}`, "12 chữ số"}},
}

func blankForm(t *testing.T) (letter, list compose.Attachment) {
	t.Helper()
	files, err := letterCase{}.writer().BlankForm(blank)
	if err != nil || len(files) != 2 {
		t.Fatal(len(files), err)
	}
	return files[0], files[1]
}

// filled types texts into the fields of the letter, by their tags, as Word does: in the place of the dots.
func filled(t *testing.T, letter []byte, texts map[string]string) []byte {
	t.Helper()
	a := mustArchive(t, letter)
	document := string(a.parts["word/document.xml"])
	for tag, text := range texts {
		place := regexp.MustCompile(`(<w:tag w:val="` + tag + `"/>.*?<w:sdtContent>)<w:r>.*?</w:r>`)
		if !place.MatchString(document) {
			t.Fatalf("no field %q", tag)
		}
		document = place.ReplaceAllString(document, "${1}<w:r><w:t>"+escape(text)+"</w:t></w:r>")
	}
	a.put("word/document.xml", []byte(document))
	data, err := a.bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// typed writes rows under the header of the blank list, and its date.
func typed(t *testing.T, list []byte, date string, rows [][]string) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	set := func(cell, text string) {
		if err := f.SetCellStr(listSheet, cell, text); err != nil {
			t.Fatal(err)
		}
	}
	set("A2", "(Kèm theo bản đề nghị ngày "+date+")")
	for i, row := range rows {
		for col, text := range row {
			set(cellName(col+1, blankFirst+i), text)
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBlankFormIsReadWithoutRemarks(t *testing.T) {
	t.Parallel()
	letter, list := blankForm(t)
	var rows [][]string
	for i := range 60 { // more than are framed
		note := ""
		if i == 0 {
			note = "Lớp trưởng"
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), fmt.Sprintf("00530106%02d", i), "Nguyễn Thị Ánh", "YAK50", "K50", note})
	}
	sub := form.Read([]parser.File{
		{Name: letter.Name, Data: filled(t, letter.Data, map[string]string{
			"unit": "PHÒNG CÔNG TÁC SINH VIÊN", "day": "05", "month": "11", "year": "2026", "reason1": "Sinh viên nhập học năm học 2026 - 2027", "signer": "ThS. Đoàn Thị Hạnh",
		})},
		{Name: list.Name, Data: typed(t, list.Data, "05/11/2026", rows)},
	}, parser.DefaultLimits())
	if len(sub.Remarks) > 0 {
		t.Errorf("remarks: %+v", sub.Remarks)
	}
	l := sub.Letter
	if l == nil {
		t.Fatal("no letter")
	}
	got := map[string]string{"form": l.Form, "school": l.School.Text, "unit": l.Unit.Text, "reason": l.Reason.Text, "signer": l.Signer.Text,
		"date": fmt.Sprint(l.Date.Day, l.Date.Month, l.Date.Year, l.Date.Valid), "staff": fmt.Sprint(l.Staff), "file": l.File, "lists": fmt.Sprint(len(sub.Lists))}
	want := map[string]string{"form": "BM-CNTT31", "school": strings.ToUpper(testOffice.School), "unit": "PHÒNG CÔNG TÁC SINH VIÊN", "reason": "Sinh viên nhập học năm học 2026 - 2027",
		"signer": "ThS. Đoàn Thị Hạnh", "date": "5 11 2026 true", "staff": "false", "file": letter.Name, "lists": "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := sub.Lists[0].Date; d.Day != 5 || d.Month != 11 || d.Year != 2026 {
		t.Errorf("date of the list: %+v", d)
	}
	var read [][]string
	for _, r := range sub.Rows {
		read = append(read, []string{r.STT.Text, r.Code.Text, r.Name.Text, r.Class.Text, r.Cohort.Text, r.Note.Text})
	}
	if diff := cmp.Diff(rows, read); diff != "" {
		t.Errorf("rows:\n%s", diff)
	}
}

// A form that comes back as it was sent asks for nothing: no unit, no date, nobody.
func TestBlankFormAsItIs(t *testing.T) {
	t.Parallel()
	letter, list := blankForm(t)
	sub := form.Read([]parser.File{{Name: letter.Name, Data: letter.Data}, {Name: list.Name, Data: list.Data}}, parser.DefaultLimits())
	if len(sub.Rows) != 0 || sub.Letter == nil || sub.Letter.Unit.Text != "" || sub.Letter.Reason.Text != "" || sub.Letter.Signer.Text != "" || sub.Letter.Date.Year != 0 {
		t.Errorf("%d rows, letter %+v", len(sub.Rows), sub.Letter)
	}
}

func TestBlankListChecks(t *testing.T) {
	t.Parallel()
	_, list := blankForm(t)
	f, err := excelize.OpenReader(bytes.NewReader(list.Data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules, err := f.GetDataValidations(listSheet)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rules {
		got[r.Sqref] = r.Formula1
	}
	want := map[string]string{
		"B5:B5004": "AND(COUNTIF($B$5:$B$5004,B5)=1,OR(LEN(B5)=10,LEN(B5)=12),ISNUMBER(--B5))",
		"D5:D5004": "'Hướng dẫn'!$B$2:$B$3", "F5:F5004": `"Lớp trưởng"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	style, err := f.GetColStyle(listSheet, "B")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.GetStyle(style); err != nil || s.NumFmt != 49 {
		t.Errorf("the code column has the number format %+v, %v", s, err)
	}
}

func TestCodeFormula(t *testing.T) {
	t.Parallel()
	const once = "COUNTIF($B$5:$B$5004,B5)=1"
	for _, tt := range []struct{ patterns, want string }{
		{`[0-9]{10}`, "AND(" + once + ",LEN(B5)=10,ISNUMBER(--B5))"},
		{`\d{10}(\d\d)?`, "AND(" + once + ",OR(LEN(B5)=10,LEN(B5)=12),ISNUMBER(--B5))"},
		{`^(?:SV|HV)[0-9]{2,4}$`, "AND(" + once + ",OR(LEN(B5)=4,LEN(B5)=5,LEN(B5)=6))"},
		{`[0-9]{4} [A-Z][0-9]{6}`, "AND(" + once + ",OR(LEN(B5)=4,LEN(B5)=7))"},
		{`[0-9]+`, ""}, {`.*`, ""}, {`[0-9]{1,12}`, ""}, {`(`, ""}, {`[0-9]{50}`, ""}, {`([0-9]{10}){9}`, ""}, {``, ""},
	} {
		var codes []Code
		for _, p := range strings.Fields(tt.patterns) {
			codes = append(codes, Code{Pattern: p})
		}
		if got := codeFormula(codes, "B5"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.patterns, got, tt.want)
		}
	}
}

// A unit fills the form in with LibreOffice and saves it as something else: it is read the same (the unit takes
// two lines of a page), and the letter stays on one page.
func TestBlankFormSavedByLibreOffice(t *testing.T) {
	t.Parallel()
	letter, list := blankForm(t)
	typedLetter := filled(t, letter.Data, map[string]string{
		"unit": "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC", "day": "05", "month": "11", "year": "2026", "reason1": "Sinh viên nhập học năm học 2026 - 2027", "signer": "ThS. Đoàn Thị Hạnh",
	})
	typedList := typed(t, list.Data, "05/11/2026", [][]string{{"1", "0053010601", "Nguyễn Thị Ánh", "YAK50", "K50", "Lớp trưởng"}, {"2", "0053010602", "H'Hen Niê", "YBK50", "K50", ""}})
	for _, tt := range []struct{ letter, list string }{{"docx", "xlsx"}, {"odt", "ods"}, {"doc", "xls"}, {"rtf", "xlsx"}, {"pdf", "ods"}} {
		t.Run(tt.letter+" and "+tt.list, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var files []parser.File
			for name, ext := range map[string]string{"letter.docx": tt.letter, "list.xlsx": tt.list} {
				data := typedLetter
				if name == "list.xlsx" {
					data = typedList
				}
				in, out := filepath.Join(dir, name), filepath.Join(dir, "out")
				if err := os.WriteFile(in, data, 0o600); err != nil {
					t.Fatal(err)
				}
				if said, err := libreOffice(t, dir, "--convert-to", ext, "--outdir", out, in); err != nil {
					t.Fatalf("soffice: %v %s", err, said)
				}
				saved := strings.TrimSuffix(name, filepath.Ext(name)) + "." + ext
				read, err := os.ReadFile(filepath.Join(out, saved))
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, parser.File{Name: saved, Data: read})
			}
			sub := form.Read(files, parser.DefaultLimits())
			for _, r := range sub.Remarks {
				t.Errorf("remark %+v", r)
			}
			if sub.Letter == nil || len(sub.Rows) != 2 {
				t.Fatalf("letter %+v, %d rows", sub.Letter, len(sub.Rows))
			}
			l := sub.Letter
			got := []string{l.Form, l.School.Text, l.Unit.Text, l.Reason.Text, l.Signer.Text, fmt.Sprint(l.Date.Day, l.Date.Month, l.Date.Year), fmt.Sprint(l.Staff), sub.Rows[1].Code.Text, sub.Rows[1].Name.Text}
			want := []string{"BM-CNTT31", strings.ToUpper(testOffice.School), "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC", "Sinh viên nhập học năm học 2026 - 2027", "ThS. Đoàn Thị Hạnh", "5 11 2026", "false", "0053010602", "H'Hen Niê"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if d, err := form.Open(files[slices.IndexFunc(files, func(f parser.File) bool { return strings.HasPrefix(f.Name, "letter") })], parser.DefaultLimits()); err == nil {
				for _, b := range d.Blocks {
					if b.Page > 1 {
						t.Errorf("the letter goes on on page %d", b.Page)
						break
					}
				}
			}
		})
	}
}
