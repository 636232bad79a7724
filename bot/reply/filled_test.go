package reply

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/parser"
	"vanthu/parser/form"
)

func rejected() bot.Request {
	req := bot.Request{Reason: "Sinh viên khóa 48 nhập học năm học 2026 - 2027, cần hộp thư để nhận thông báo của Nhà trường và học trực tuyến", LetterDate: "2026-11-05",
		Signer: "ThS. Đoàn Thị Hạnh", LetterFile: "Ban de nghi.docx", ListFiles: []string{"ds.csv"}}
	for i := range 40 {
		row := bot.Row{N: i + 1, STT: fmt.Sprint(i + 1), Code: fmt.Sprintf("00530106%02d", i), Name: "Nguyễn Thị Ánh", Class: "YAK50", Cohort: "K50", File: "ds.csv", OK: true}
		if i == 3 || i == 9 {
			row.OK, row.Code = false, "12"
			req.Findings = append(req.Findings, bot.Finding{Rule: "ROW-02", Severity: bot.RejectRow, N: row.N, Value: "12"})
		}
		if i == 0 {
			row.Note = "Lớp trưởng"
		}
		req.Rows = append(req.Rows, row)
	}
	req.Rows[5].Name, req.Rows[6].Name = "=1+1", "<b>&"
	return req
}

// The form that is sent after a rejection is read as what was read before, so that a unit that only corrects it is understood.
func TestFilledFormIsReadAgain(t *testing.T) {
	t.Parallel()
	w := New(testOffice, func(bot.Finding) (string, string) {
		return "Mã số không đúng định dạng.", "The code does not match."
	}, func(bot.Finding) (string, string) { return "", "" })
	req := rejected()
	files, err := w.FilledForm(blank, Fill{Unit: "Phòng Công tác sinh viên", Request: req, Letter: true, List: true})
	if err != nil || len(files) != 2 {
		t.Fatal(len(files), err)
	}
	if dir := os.Getenv("VANTHU_TEST_LOOK"); dir != "" { // to be looked at
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	sub := form.Read([]parser.File{{Name: files[0].Name, Data: files[0].Data}, {Name: files[1].Name, Data: files[1].Data}}, parser.DefaultLimits())
	l := sub.Letter
	if l == nil || len(sub.Lists) != 1 {
		t.Fatalf("letter %v, %d lists", l, len(sub.Lists))
	}
	got := []string{l.Unit.Text, l.Reason.Text, l.Signer.Text, fmt.Sprint(l.Date.Day, l.Date.Month, l.Date.Year), fmt.Sprint(sub.Lists[0].Date.Day)}
	if diff := cmp.Diff([]string{"PHÒNG CÔNG TÁC SINH VIÊN", req.Reason, req.Signer, "5 11 2026", "5"}, got); diff != "" {
		t.Error(diff)
	}
	if len(sub.Rows) != len(req.Rows) {
		t.Fatalf("%d rows", len(sub.Rows))
	}
	for i, r := range sub.Rows {
		want := req.Rows[i]
		if r.STT.Text != want.STT || r.Code.Text != want.Code || r.Name.Text != want.Name || r.Class.Text != want.Class || r.Cohort.Text != want.Cohort || r.Note.Text != want.Note {
			t.Errorf("row %d: %+v, want %+v", i+1, r, want)
		}
	}
}

func TestOnForm(t *testing.T) {
	t.Parallel()
	cells := map[string]string{"stt": "A5", "code": "B5", "name": "C5", "class": "D5", "cohort": "E5"}
	row := bot.Row{File: "ds.xlsx", Sheet: "Danh sách", Cells: cells}
	for name, c := range map[string]struct {
		rows []bot.Row
		want bool
	}{
		"the form":        {[]bot.Row{row, row}, true},
		"nothing":         {nil, false},
		"csv":             {[]bot.Row{{File: "ds.csv", Cells: cells}}, false},
		"two sheets":      {[]bot.Row{row, {File: "ds.xlsx", Sheet: "2", Cells: cells}}, false},
		"another order":   {[]bot.Row{{File: "ds.xlsx", Cells: map[string]string{"code": "C5", "name": "B5"}}}, false},
		"a wide workbook": {[]bot.Row{{File: "ds.xlsx", Cells: map[string]string{"code": "AB5", "name": "C5"}}}, false},
	} {
		if got := OnForm(bot.Request{Rows: c.rows}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What cannot be put in is left out, and nothing of it is a formula.
func TestFilledFormKeepsItsMeasure(t *testing.T) {
	t.Parallel()
	w := letterCase{}.writer()
	req := rejected()
	for len(req.Rows) <= mostFilled {
		req.Rows = append(req.Rows, req.Rows...)
	}
	req.Reason = strings.Repeat("rất dài ", 2000)
	files, err := w.FilledForm(blank, Fill{Request: req, Letter: true, List: true})
	if err != nil || len(files) != 1 || len(files[0].Data) > 100<<10 {
		t.Errorf("%d files, %v", len(files), err)
	}
	for _, part := range inLines(req.Reason, 3, 50, 68) {
		if part == "" {
			t.Error("an empty line")
		}
	}
	if got := inLines("a b c d", 3, 1, 1); !cmp.Equal(got, []string{"a", "b", "c d"}) {
		t.Errorf("%q", got)
	}
}
