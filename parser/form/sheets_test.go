package form_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/form"
)

func TestSeveralSheets(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	sheet(t, f, "Sheet1")
	sheet(t, f, "YAK50", header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50")
	sheet(t, f, "YBK50", header, "#1|2453010002|Tô Văn Ba|YBK50|K50")
	sheet(t, f, "cũ", header, "#1|2353010009|Tô Văn Cũ|YBK49|K49")
	sheet(t, f, "Data", "Ma so|Ten|Lop|Khoa", "2453010001|Vy|YAK50|K50")
	sheet(t, f, "Danh mục lớp", "Mã lớp|Tên lớp|Khóa|Sĩ số", "YAK50|Lớp YAK50|K50|#60")
	sheet(t, f, "Thôi học", "DANH SÁCH SINH VIÊN THÔI HỌC", header, "#1|1753010001|Nguyễn Văn An|YAK43|K43")
	must(t, f.SetSheetVisible("cũ", false))
	s := form.Read([]parser.File{{Name: "ds.xlsx", Data: bytesOf(t, f)}}, parser.DefaultLimits())
	want := []string{"2453010001|Lý Thị Vân Vy|YAK50|K50| @2", "2453010002|Tô Văn Ba|YBK50|K50| @2"}
	if d := cmp.Diff(want, shown(s)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	wantRemarks := []string{
		"list_left_out s=Data why=incomplete", "list_left_out s=Thôi học why=deletes",
		`hidden_part what=trang tính "cũ"`, "several_sheets n=2 s=YAK50, YBK50",
	}
	if d := cmp.Diff(wantRemarks, remarked(s)); d != "" {
		t.Errorf("remarks (-want +got):\n%s", d)
	}
}

// A sheet from which VLOOKUP takes the names is no request, however complete it is.
func TestLookupSheet(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	sheet(t, f, "Sheet1", header, "#1|2453010001|=VLOOKUP(B2,Data!A:B,2,0)|YAK50|K50")
	sheet(t, f, "Data", "MSSV|Họ và tên|Lớp", "2453010001|Lý Thị Vân Vy|YAK50", "2453010002|Tô Văn Ba|YAK50")
	s := form.Read([]parser.File{{Name: "ds.xlsx", Data: bytesOf(t, f)}}, parser.DefaultLimits())
	if d := cmp.Diff([]string{"2453010001||YAK50|K50| @2"}, shown(s)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if r := remarked(s); !slices.Contains(r, "list_left_out s=Data why=lookup") {
		t.Errorf("remarks: %q", r)
	}
}

func TestSeveralFiles(t *testing.T) {
	t.Parallel()
	a := list(t, nil, header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50")
	b := list(t, nil, header, "#1|2453010002|Tô Văn Ba||K50", "#2|2453010003|Tô Văn Tư|YAK50|K50||")
	b.Name = "ds2.xlsx"
	lim := parser.DefaultLimits()
	s := form.Read([]parser.File{a, b}, lim)
	if got := shown(s); len(got) != 3 || s.Rows[1].At.File != "ds2.xlsx" {
		t.Errorf("rows: %q", got)
	}
	if d := cmp.Diff([]string{"several_lists files=ds.xlsx, ds2.xlsx n=2"}, remarked(s)); d != "" {
		t.Errorf("remarks (-want +got):\n%s", d)
	}
	lim.Rows = 2 // two rows in all, though each file has no more
	s = form.Read([]parser.File{a, a, a}, lim)
	if len(s.Rows) != 2 || !slices.Contains(remarked(s), "too_many_rows max=2") {
		t.Errorf("limit: %d rows, %q", len(s.Rows), remarked(s))
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	s := form.Read([]parser.File{list(t, nil, "", "", header, "#1| 2453010001|Lý  Vy|YAK50|K50|LT")}, parser.DefaultLimits())
	r := s.Rows[0]
	at := func(col int) parser.Place { return parser.Place{File: "ds.xlsx", Sheet: "Sheet1", Row: 4, Col: col} }
	want := parser.Row{
		N: 1, At: at(0),
		STT: parser.Value{Text: "1", Raw: "1", At: at(1)}, Code: parser.Value{Text: "2453010001", Raw: " 2453010001", At: at(2)},
		Name: parser.Value{Text: "Lý Vy", Raw: "Lý  Vy", At: at(3)}, Class: parser.Value{Text: "YAK50", Raw: "YAK50", At: at(4)},
		Cohort: parser.Value{Text: "K50", Raw: "K50", At: at(5)}, Note: parser.Value{Text: "LT", Raw: "LT", At: at(6)},
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("row (-want +got):\n%s", d)
	}
	l := s.Lists[0]
	if l.HeaderRow != 3 || l.FirstRow != 4 || l.LastRow != 4 || l.Columns["code"].At.Cell() != "B3" {
		t.Errorf("list: %+v", l)
	}
}
