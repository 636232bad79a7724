package form_test

import (
	"strings"
	"testing"

	"vanthu/parser"
	"vanthu/parser/form"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	const (
		tabs  = "Stt\tMã số SV/HV\tHọ và tên\tLớp\n1\t2453010001\tLý Thị Vân Vy\tYAK50\n2\t2453010002\tLê Ẩn\n"
		bars  = "| Stt | MSSV | Họ và tên |\n|-----|------|-----------|\n| 1 | 2453010001 | Lý Thị Vân Vy |\n| 2 | 2453010002 | Lê Ẩn |\n"
		semis = "MSSV;Họ tên\n2453010001;Lý Thị Vân Vy\n2453010002;Lê Ẩn"
		under = "" +
			"  Stt  MSSV        Họ và tên        Lớp    Ghi chú\n" +
			"    1  2453010001  Lý Thị Vân Vy    YAK50  LT\n" +
			"    2  2453010002  Lê Ẩn                   x\n"
	)
	both := []string{"2453010001 Lý Thị Vân Vy", "2453010002 Lê Ẩn"}
	for name, c := range map[string]struct {
		text, html string
		want       []string
	}{
		"nothing":            {"Kính gửi Phòng CNTT", "", nil},
		"tabs":               {"Kính gửi Phòng CNTT, cấp email cho:\n\n" + tabs + "\nCảm ơn.\nĐT: 0912345678", "", both},
		"bars":               {bars + "\nCảm ơn", "", both},
		"semicolons":         {semis, "", both},
		"commas":             {strings.ReplaceAll(semis, ";", ", ") + "\n\nTrân trọng, cảm ơn.", "", both},
		"under each other":   {under, "", both},
		"blank lines":        {strings.ReplaceAll(tabs, "\n", "\r\n\r\n"), "", both},
		"page":               {"(xem bản HTML)", "<p>Kính gửi</p><table><tr><td>MSSV<td>Họ và tên<tr><td>2453010001<td>Lý Thị Vân Vy<tr><td>2453010002<td>Lê Ẩn</table>", both},
		"no header":          {"1\t2453010001\tLý Thị Vân Vy\n2\t2453010002\tLê Ẩn", "", nil},
		"no code":            {"Stt\tHọ và tên\n1\tLý Thị Vân Vy", "", nil},
		"only a header":      {"MSSV\tHọ và tên\n", "", nil},
		"wrapped":            {"Stt\tMSSV\tHọ và tên\tLớp\n1\t2453010001\tLý Thị\nVân Vy\tYAK50\n2\t2453010002\tLê Ẩn\tYAK50", "", nil},
		"wrapped at the end": {"Stt\tMSSV\tHọ và tên\tLớp\n1\t2453010001\tLý Thị\nVân Vy\tYAK50", "", nil},
		"last cell wrapped":  {"Stt\tMSSV\tHọ và tên\tLớp\tGhi chú\n1\t2453010001\tLý Thị Vân Vy\tYAK50\tLớp trưởng tạm thời của cả khóa\nnăm nay", "", nil},
		"rows beyond a line": {tabs + "Lớp YBK50:\n3\t2453010003\tLê Bính", "", nil},
		"out of line":        {"MSSV        Họ và tên      Lớp\n2453010001  Lý Vy  YAK50\n", "", nil},
		"too many cells":     {"MSSV\tHọ và tên\n2453010001\tLý\tVy", "", nil},
	} {
		var got []string
		for _, f := range form.Bodies(c.text, c.html) {
			s := form.Read([]parser.File{f}, parser.DefaultLimits())
			for i, r := range s.Rows {
				got = append(got, r.Code.Text+" "+r.Name.Text)
				if f.Name != form.BodyName || r.At.Row != i+2 || s.Letter != nil {
					t.Errorf("%s: %+v, letter %v", name, r.At, s.Letter)
				}
			}
			// What is marked is read again from the file alone.
			f.Body = false
			if d, err := form.Open(f, parser.DefaultLimits()); err != nil || len(d.Sheets) != 1 {
				t.Errorf("%s: %v %v", name, d.Sheets, err)
			}
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestBodyIsNoLetter holds that words of a mail never stand for the signed form.
func TestBodyIsNoLetter(t *testing.T) {
	t.Parallel()
	page := "<p>BM-CNTT31</p><p>BẢN ĐỀ NGHỊ</p><p>Về việc cấp tài khoản email</p><p>Kính gửi: Phòng CNTT</p><p>Đơn vị: Phòng CTSV</p><table><tr><td>MSSV<td>Họ và tên<tr><td>2453010001<td>Lý Vy</table>"
	for _, f := range form.Bodies("", page) {
		s := form.Read([]parser.File{f}, parser.DefaultLimits())
		if s.Letter != nil || len(s.Rows) != 1 {
			t.Errorf("letter %+v, rows %d", s.Letter, len(s.Rows))
		}
		f.Body = false
		if s := form.Read([]parser.File{f}, parser.DefaultLimits()); s.Letter == nil {
			t.Error("the same as an attachment is one")
		}
	}
}

// TestTextInColumns reads a list that was saved as text with its columns set under each other.
func TestTextInColumns(t *testing.T) {
	t.Parallel()
	text := "DANH SÁCH\n\nStt  MSSV        Họ và tên\n  1  2453010001  Lý Vy\n  2  2453010002  Lê Ẩn\n\nTổng cộng: 02 sinh viên\n"
	s := form.Read([]parser.File{{Name: "ds.prn", Data: []byte(text)}}, parser.DefaultLimits())
	if len(s.Rows) != 2 || s.Rows[1].Name.Text != "Lê Ẩn" || s.Files[0].Format != "txt" || s.Lists[0].Title != "DANH SÁCH" {
		t.Errorf("%+v", s)
	}
}

// TestLongLine holds that a mail of one long line costs no more than its length: it is looked at in the serving process.
func TestLongLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{strings.Repeat("a", 1<<20), strings.Repeat("a b ", 1<<18), strings.Repeat("ế", 1<<18)} {
		if got := form.Bodies(line, ""); len(got) != 0 {
			t.Errorf("%d pages", len(got))
		}
	}
}

// FuzzBodies holds that a table found in a text gives people only with codes that stand in the text.
func FuzzBodies(f *testing.F) {
	for _, s := range []string{
		"MSSV\tHọ và tên\n2453010001\tLý Vy\n", "| MSSV | Họ tên |\n|--|--|\n| 2453010001 | Lý |", "MSSV        Họ và tên\n2453010001  Lý Vy\n", "MSSV,Họ tên\n2453010001,\"<b>\n\nx",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range form.Bodies(text, "") {
			for _, r := range form.Read([]parser.File{file}, fuzzLimits()).Rows {
				for _, word := range strings.Fields(r.Code.Raw) {
					if !strings.Contains(text, word) {
						t.Errorf("%q is not in %q", word, text)
					}
				}
			}
		}
	})
}
