package form_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/form"
)

// sheet writes rows from A1 on; a row is cells divided by "|", "#12" is a number, "=A1" a formula without a value.
func sheet(t testing.TB, f *excelize.File, name string, rows ...string) {
	t.Helper()
	if i, err := f.GetSheetIndex(name); err != nil || i < 0 {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range rows {
		for j, v := range strings.Split(r, "|") {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case v == "":
			case v[0] == '#':
				n, err := strconv.ParseFloat(v[1:], 64)
				if err != nil {
					t.Fatal(err)
				}
				err = f.SetCellValue(name, cell, n)
				if err != nil {
					t.Fatal(err)
				}
			case v[0] == '=':
				if err := f.SetCellFormula(name, cell, v[1:]); err != nil {
					t.Fatal(err)
				}
			default:
				if err := f.SetCellStr(name, cell, v); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func bytesOf(t testing.TB, f *excelize.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// list builds a workbook of one sheet and lets change work on it.
func list(t testing.TB, change func(f *excelize.File), rows ...string) parser.File {
	t.Helper()
	f := excelize.NewFile()
	sheet(t, f, "Sheet1", rows...)
	if change != nil {
		change(f)
	}
	return parser.File{Name: "ds.xlsx", Data: bytesOf(t, f)}
}

// shown writes the rows as "code name class cohort note @row".
func shown(s parser.Submission) []string {
	var out []string
	for i, r := range s.Rows {
		if r.N != i+1 {
			out = append(out, fmt.Sprintf("row %d is numbered %d", i+1, r.N))
		}
		out = append(out, fmt.Sprintf("%s|%s|%s|%s|%s @%d", r.Code.Text, r.Name.Text, r.Class.Text, r.Cohort.Text, r.Note.Text, r.At.Row))
	}
	return out
}

// remarked writes the remarks as "code n cell k=v …".
func remarked(s parser.Submission) []string {
	var out []string
	for _, r := range s.Remarks {
		line := string(r.Code)
		if r.N > 0 {
			line += fmt.Sprintf(" n%d", r.N)
		}
		if c := r.At.Cell(); c != "" {
			line += " " + c
		}
		var args []string
		for k, v := range r.Args {
			args = append(args, k+"="+v)
		}
		slices.Sort(args)
		out = append(out, strings.Join(append([]string{line}, args...), " "))
	}
	return out
}

const header = "Stt|Mã số SV/HV|Họ và tên|Lớp|Khóa|Ghi chú"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	one := "2453010001|Lý Thị Vân Vy|YAK50|K50| @"
	for _, c := range []struct {
		name    string
		rows    []string
		change  func(*testing.T, *excelize.File)
		want    []string
		remarks []string
	}{
		{
			name: "the printed form, with its title and its signatures",
			rows: []string{
				"TRƯỜNG ĐẠI HỌC VÍ DỤ||CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "PHÒNG CÔNG TÁC SINH VIÊN", "",
				"DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", "(Kèm theo bản đề nghị ngày 05/11/2026)", "",
				header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50|Lớp trưởng", "#2|2453010002|Tô Văn Ba|YAK50|K50|", "",
				"Danh sách này có 2 sinh viên", "|||Cần Thơ, ngày 05 tháng 11 năm 2026", "|NGƯỜI LẬP BẢNG||THỦ TRƯỞNG ĐƠN VỊ", "",
				"|Vũ Thị Mai||Đoàn Thị Hạnh",
			},
			want: []string{"2453010001|Lý Thị Vân Vy|YAK50|K50|Lớp trưởng @8", "2453010002|Tô Văn Ba|YAK50|K50| @9"},
		},
		{
			name: "columns in another order and with other words",
			rows: []string{"TT|Họ tên sinh viên|Lớp học|MSSV (10 số)|Niên khóa", "#1|Lý Thị Vân Vy|YAK50|2453010001|K50"},
			want: []string{one + "2"},
			remarks: []string{
				"header_read A1 field=stt h=TT", "header_read C1 field=class h=Lớp học", "header_read D1 field=code h=MSSV (10 số)",
				"header_read E1 field=cohort h=Niên khóa", "header_read B1 field=name h=Họ tên sinh viên",
			},
		},
		{
			name: "name in two columns",
			rows: []string{"Stt|Mã số SV/HV|Họ đệm|Tên|Lớp|Khóa", "#1|2453010001|Lý Thị Vân|Vy|YAK50|K50"},
			want: []string{one + "2"}, remarks: []string{"header_read C1 field=name h=Họ đệm + Tên"},
		},
		{
			name: "name in two columns under one merged heading",
			rows: []string{"Stt|Mã số SV/HV|Họ và tên||Lớp|Khóa", "#1|2453010001|Lý Thị Vân|Vy|YAK50|K50"},
			change: func(t *testing.T, f *excelize.File) {
				must(t, f.MergeCell("Sheet1", "C1", "D1"))
			},
			want: []string{one + "2"},
		},
		{
			name: "name in two columns, the second without a heading",
			rows: []string{"Stt|Mã số SV/HV|Họ và tên||Lớp|Khóa", "#1|2453010001|Lý Thị Vân|Vy|YAK50|K50"},
			want: []string{one + "2"},
		},
		{
			name: "two rows of headings",
			rows: []string{"Stt|Mã số SV/HV|Họ và tên||Lớp|Khóa", "||Họ và chữ lót|Tên", "#1|2453010001|Lý Thị Vân|Vy|YAK50|K50"},
			change: func(t *testing.T, f *excelize.File) {
				must(t, f.MergeCell("Sheet1", "C1", "D1"))
				for _, c := range "ABEF" {
					must(t, f.MergeCell("Sheet1", string(c)+"1", string(c)+"2"))
				}
			},
			want: []string{one + "3"}, remarks: []string{"header_read C2 field=name h=Họ và chữ lót + Tên"},
		},
		{
			name: "column numbers under the header",
			rows: []string{header, "(1)|(2)|(3)|(4)|(5)|(6)", "#1|2453010001|Lý Thị Vân Vy|YAK50|K50"},
			want: []string{one + "3"},
		},
		{
			name: "columns that nobody asked for are dropped",
			rows: []string{"Stt|Số CCCD|Mã số SV/HV|Họ và tên|Ngày sinh|Lớp|Khóa|SĐT", "#1|092000000001|2453010001|Lý Thị Vân Vy|1/2/2006|YAK50|K50|0900000001"},
			want: []string{one + "2"}, remarks: []string{"column_dropped B1 h=Số CCCD", "column_dropped E1 h=Ngày sinh", "column_dropped H1 h=SĐT"},
		},
		{
			name: "Khoa without its mark is the cohort when its values are",
			rows: []string{"Stt|Ma so SV/HV|Ho va ten|Lop|Khoa", "#1|2453010001|Lý Thị Vân Vy|YAK50|K50"},
			want: []string{one + "2"}, remarks: []string{"header_read E1 field=cohort h=Khoa"},
		},
		{
			name: "Khoa is the faculty when its values are words",
			rows: []string{"Stt|Mã số SV/HV|Họ và tên|Lớp|Khoa|Khóa", "#1|2453010001|Lý Thị Vân Vy|YAK50|Y|K50"},
			want: []string{one + "2"}, remarks: []string{"column_dropped E1 h=Khoa"},
		},
		{
			name:    "the order of the running numbers has a gap",
			rows:    []string{header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50", "#3|2453010002|Tô Văn Ba|YAK50|K50"},
			want:    []string{one + "2", "2453010002|Tô Văn Ba|YAK50|K50| @3"},
			remarks: []string{"numbering_jumps A3 a=1 b=3 row=3"},
		},
		{
			name: "merged cells hold for all their rows",
			rows: []string{header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50", "#2|2453010002|Tô Văn Ba||"},
			change: func(t *testing.T, f *excelize.File) {
				must(t, f.MergeCell("Sheet1", "D2", "D3"))
			},
			want: []string{one + "2", "2453010002|Tô Văn Ba|YAK50|| @3"}, remarks: []string{"merged_down D2 cell=D2"},
		},
		{
			name: "hidden rows and columns are left alone and named",
			rows: []string{header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50|x", "#2|2453010002|Tô Văn Ba|YAK50|K50", "#3|2453010003|Tô Văn Tư|YAK50|K50"},
			change: func(t *testing.T, f *excelize.File) {
				must(t, f.SetRowVisible("Sheet1", 3, false))
				must(t, f.SetColVisible("Sheet1", "F", false))
			},
			want: []string{one + "2", "2453010003|Tô Văn Tư|YAK50|K50| @4"}, remarks: []string{"hidden_part what=dòng 3; cột F"},
		},
		{
			name:    "formulas that were never calculated",
			rows:    []string{header, "#1|2453010001|=G2&\" \"&H2|YAK50|K50||Lý Thị Vân|Vy", "=ROW()-1|2453010002|=G3|YAK50|K50||Lê Nam"},
			want:    []string{one + "2", "2453010002|Lê Nam|YAK50|K50| @3"},
			remarks: []string{"cells_worked_out C2 cell=C2 n=2"},
		},
		{
			name:    "a formula that was never calculated, and cannot be here",
			rows:    []string{header, "#1|2453010001|=TEXT(NOW(),\"d\")|YAK50|K50||Lý Thị Vân|Vy"},
			want:    []string{"2453010001||YAK50|K50| @2"},
			remarks: []string{"cell_unusable n1 C2 cell=C2 v=công thức chưa có giá trị"},
		},
		{
			name: "struck through",
			rows: []string{header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50"},
			change: func(t *testing.T, f *excelize.File) {
				id, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Strike: true}})
				must(t, err)
				must(t, f.SetCellStyle("Sheet1", "A2", "F2", id))
			},
			want: []string{one + "2"}, remarks: []string{"row_struck n1 row=2"},
		},
		{
			name: "rows of people who lack something stay; rows of nobody go",
			rows: []string{header, "#1|2453010001||YAK50|K50", "#2||Tô Văn Ba|YAK50|K50", "#3|||YAK50|K50", "#4|chưa có mã|Tô Văn Tư|YAK50|K50"},
			want: []string{"2453010001||YAK50|K50| @2", "|Tô Văn Ba|YAK50|K50| @3", "chưa có mã|Tô Văn Tư|YAK50|K50| @5"},
			remarks: []string{
				"rows_skipped n=1", "numbering_jumps A5 a=2 b=4 row=5",
			},
		},
		{
			name: "the same header on every page, with a subtotal between",
			rows: []string{header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50", "Cộng trang 1: 1 sinh viên", "", header, "#2|2453010002|Tô Văn Ba|YAK50|K50"},
			want: []string{one + "2", "2453010002|Tô Văn Ba|YAK50|K50| @6"}, remarks: []string{"rows_skipped n=1"},
		},
		{
			name: "a second table with its own header below the first",
			rows: []string{header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50", "", "II. Danh sách bổ sung", "Stt|Họ và tên|Mã số SV/HV|Lớp|Khóa", "#1|Tô Văn Ba|2453010002|YAK50|K50"},
			want: []string{one + "2", "2453010002|Tô Văn Ba|YAK50|K50| @6"},
		},
		{
			name: "two tables side by side",
			rows: []string{"Stt|Mã số SV/HV|Họ và tên|Lớp|Khóa||Stt|Mã số SV/HV|Họ và tên|Lớp|Khóa", "#1|2453010001|Lý Thị Vân Vy|YAK50|K50||#2|2453010002|Tô Văn Ba|YAK50|K50"},
			want: []string{one + "2", "2453010002|Tô Văn Ba|YAK50|K50| @2"},
		},
		{
			name:    "a class as a title row over its people",
			rows:    []string{"Stt|Mã số SV/HV|Họ và tên|Khóa", "LỚP: YAK50", "#1|2453010001|Lý Thị Vân Vy|K50"},
			want:    []string{one + "3"},
			remarks: []string{"value_taken A2 field=class v=YAK50 where=group_row"},
		},
		{
			name:    "no code column",
			rows:    []string{"Stt|Họ và tên|Lớp|Khóa", "#1|Lý Thị Vân Vy|YAK50|K50"},
			want:    []string{"|Lý Thị Vân Vy|YAK50|K50| @2"},
			remarks: []string{"column_missing col=code"},
		},
		{
			name:    "two code columns",
			rows:    []string{"Stt|Mã số SV/HV|MSSV|Họ và tên|Lớp|Khóa", "#1|2453010001|2453010009|Lý Thị Vân Vy|YAK50|K50"},
			want:    []string{one + "2"},
			remarks: []string{"header_twice C1 field=code h1=Mã số SV/HV h2=MSSV"},
		},
		{name: "no header", rows: []string{"#1|2453010001|Lý Thị Vân Vy|YAK50|K50", "#2|2453010002|Tô Văn Ba|YAK50|K50"}, remarks: []string{"header_missing B1 cols=Mã số SV/HV, Họ và tên"}},
		{name: "a header and nobody", rows: []string{header, "Tổng cộng: 0"}, remarks: []string{"no_rows"}},
		{name: "an empty workbook", remarks: []string{"no_rows"}},
		{name: "a price list", rows: []string{"STT|Mã số|Tên sản phẩm|Đơn giá", "#1|SP01|Máy chiếu|#12000000"}, remarks: []string{"no_rows"}},
		{
			name: "what typing leaves around codes and names",
			rows: []string{
				header, "#1|'2453010001|Lý  Thị Vân\u00a0Vy|YAK50|K50", "#2|24 5301 0001|Ly\u0301 Thị Vân Vy|YAK50|K50", "#3|2453010001.0|Ðỗ Vy|YAK50|K50",
				"#4|MSSV: ２４５３０１０００１| Đỗ Vy |YAK50|K50",
			},
			want: []string{one + "2", one + "3", "2453010001|Đỗ Vy|YAK50|K50| @4", "2453010001|Đỗ Vy|YAK50|K50| @5"},
			remarks: []string{
				"text_normalised n1 B2", "text_normalised n1 C2", "text_normalised n2 B3", "text_normalised n2 C3", "text_normalised n3 B4",
				"eth_replaced n3 C4", "text_normalised n4 B5",
			},
		},
		{
			name: "codes stored as numbers keep their digits; lost ones are said",
			rows: []string{header, "#1|#2453010001|Lý Thị Vân Vy|YAK50|K50", "#2|#18530123|Tô Văn Ba|YAK50|K50", "#3|2.45301E+09|Tô Văn Tư|YAK50|K50", "#4|#24530100.5|Tô Văn Sáu|YAK50|K50"},
			change: func(t *testing.T, f *excelize.File) {
				ten := "0000000000"
				id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &ten})
				must(t, err)
				must(t, f.SetCellStyle("Sheet1", "B3", "B3", id))
				sci, err := f.NewStyle(&excelize.Style{NumFmt: 11})
				must(t, err)
				must(t, f.SetCellStyle("Sheet1", "B2", "B2", sci))
			},
			want: []string{
				one + "2", "0018530123|Tô Văn Ba|YAK50|K50| @3", "2.45301E+09|Tô Văn Tư|YAK50|K50| @4", "24530100.5|Tô Văn Sáu|YAK50|K50| @5",
			},
			remarks: []string{"code_damaged n3 B4", "code_damaged n4 B5"},
		},
		{
			name: "what looks like a formula is text",
			rows: []string{header},
			change: func(t *testing.T, f *excelize.File) {
				must(t, f.SetSheetRow("Sheet1", "A2", &[]any{1, "2453010001", `=HYPERLINK("http://evil.example")`, "YAK50", "K50", "+1"}))
				must(t, f.SetCellStr("Sheet1", "C2", `=HYPERLINK("http://evil.example")`))
			},
			want: []string{`2453010001|=HYPERLINK("http://evil.example")|YAK50|K50|+1 @2`},
		},
		{
			name: "people whose names begin like a total or a title",
			rows: []string{"Mã số SV/HV|Họ và tên|Lớp|Khóa", "2453010001|Tống Văn Cộng|YAK50|K50", "|Công Tằng Tôn Nữ Hà|YAK50|K50", "2453010003|Trương Phong|YAK50|K50", "Tổng cộng: 3"},
			want: []string{"2453010001|Tống Văn Cộng|YAK50|K50| @2", "|Công Tằng Tôn Nữ Hà|YAK50|K50| @3", "2453010003|Trương Phong|YAK50|K50| @4"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := list(t, func(f *excelize.File) {
				if c.change != nil {
					c.change(t, f)
				}
			}, c.rows...)
			s := form.Read([]parser.File{f}, parser.DefaultLimits())
			if p := s.Files[0].Problem; p != nil {
				t.Fatalf("problem: %v", p)
			}
			if d := cmp.Diff(c.want, shown(s)); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.remarks, remarked(s)); d != "" {
				t.Errorf("remarks (-want +got):\n%s", d)
			}
		})
	}
}
