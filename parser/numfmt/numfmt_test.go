package numfmt

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestShow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code string
		v    float64
		want string
	}{
		// General: all digits of an integer; Excel shows the first of these as 2.15301E+11 in a narrow column.
		{"General", 215301068012, "215301068012"}, {"General", 2153010680, "2153010680"}, {"", 0, ""}, {"General", 0, "0"}, {"General", -5, "-5"}, {"general", 123456789012345, "123456789012345"},
		{"General", 0.1 + 0.2, "0.3"}, {"General", 1234.56789012345, "1234.56789"}, {"General", 123456.789012, "123456.789"}, {"General", 12345678901.5, "12345678901.5"}, {"General", 0.000012345678, "1.23457E-05"},
		{"General", 0.00001, "0.00001"}, {"General", 0.00012345678901, "0.000123457"}, {"General", 1e30, "1E+30"}, {"General", 1.0 / 3, "0.333333333"}, {"General", 9.9999999999, "10"}, {"General", 123456789012.5, "123456789012.5"},
		// codes with zeros in front
		{"0000000000", 18530123, "0018530123"}, {"0000 0000 0000", 215301068012, "2153 0106 8012"}, {"000-000", 1234567, "1234-567"}, {"000", 12345, "12345"}, {`"SV"0000`, 12, "SV0012"}, {`\K0`, 47, "K47"}, {"00000", -12, "-00012"},
		{`"K"General`, 47, "K47"}, {"@", 2153010680, "2153010680"}, {`"SV"@`, 12, "SV12"},
		// thousands, decimals, scales, percent
		{"#,##0", 1234567, "1,234,567"}, {"#,##0", 12, "12"}, {"#,##0.00", 1234.5, "1,234.50"}, {"0.00", 1.005, "1.01"}, {"0.00", 2.675, "2.68"}, {"#.##", 0.5, ".5"}, {"0.##", 5, "5."}, {"0.0#", 1.25, "1.25"}, {".00", 12.5, "12.50"},
		{"0,", 1234567, "1235"}, {"0.0,,", 1234567, "1.2"}, {"000,000", 1, "000,001"}, {"0%", 0.256, "26%"}, {"0.00%", 0.12345, "12.35%"}, {"0.00", -0.5, "-0.50"}, {"0", 0.5, "1"}, {"0", 99.5, "100"}, {"#", 0, ""}, {"?0.0?", 5.25, "5.25"},
		{"0", 1234567890123456789, "1234567890123460000"}, // beyond 15 digits, as Excel
		// exponents and fractions
		{"0.00E+00", 2153010680, "2.15E+09"}, {"##0.0E+0", 12345, "12.3E+3"}, {"0.00E-00", 0.00012, "1.20E-04"}, {"0E+0", 9.99, "1E+1"}, {"0.00E+00", 0, "0.00E+00"}, {"##0E+0", 999.9, "1E+3"},
		{"# ?/?", 0.5, "1/2"}, {"# ?/?", 1.25, "1 1/4"}, {"# ?/?", 5, "5"}, {"# ??/??", 3.14159265, "3  1/7"}, {"?/?", 1.5, "3/2"}, {"# ?/8", 2.5, "2 4/8"}, {"# ??/100", 0.07, "7/100"}, {"# ?/?", 0, "0"}, {"# ?/?", 0.999, "1"},
		// sections
		{"0;(0)", -5, "(5)"}, {"0;-0;\"không\"", 0, "không"}, {"[>=1000]0.0,\"k\";0", 1500, "1.5k"}, {"[>=1000]0.0,\"k\";0", 5, "5"}, {"[<100]\"ít\";[<1000]\"vừa\";\"nhiều\"", 500, "vừa"}, {"[<100]\"ít\";[<1000]\"vừa\";\"nhiều\"", 5000, "nhiều"},
		{"[Red][<0]0;0", -7, "7"}, {"[>100]0;0", -7, "-7"}, {"[=1]\"Nam\";[=2]\"Nữ\";0", 2, "Nữ"}, {";;;", 5, ""}, {"0;;", -5, ""}, {"[>100]0", 5, "5"}, {`0_);\(0\)`, -3, "(3)"}, {`0_);\(0\)`, 3, "3"},
		{`_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)`, 0, "-"}, {`_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)`, 1234, "1,234"}, {"[$₫-42A]#,##0", 1234, "₫1,234"}, {"#,##0 [$VND]", 1234, "1,234 VND"}, {`"$"#,##0`, -12, "-$12"},
		// dates
		{"dd/mm/yyyy", 45566, "01/10/2024"}, {"d/m/yy", 37320, "5/3/02"}, {"mm-yy", 45566, "10-24"}, {"mmm-yy", 45566, "Oct-24"}, {"mmmm d, yyyy", 45566, "October 1, 2024"}, {"dddd", 45566, "Tuesday"}, {"ddd", 45566, "Tue"}, {"mmmmm", 45566, "O"},
		{"[$-42A]dddd dd mmmm yyyy", 45566, "Thứ Ba 01 Tháng 10 2024"}, {"[$-101042A]d/m/yyyy;@", 45566, "1/10/2024"}, {"[$-vi-VN]ddd mmm", 45566, "T3 Thg 10"}, {"[$-1010000]d/m/yyyy", 45566, "1/10/2024"}, {"[$-F800]dddd, mmmm dd, yyyy", 45566, "Tuesday, October 01, 2024"},
		{"dd/mm/yyyy", 60, "29/02/1900"}, {"dd/mm/yyyy", 59, "28/02/1900"}, {"dd/mm/yyyy", 61, "01/03/1900"}, {"dd/mm/yyyy", 1, "01/01/1900"}, {"dd/mm/yyyy", 0, "00/01/1900"}, {"dd/mm/yyyy", 2958465, "31/12/9999"},
		{"dd/mm/yyyy", -1, "-1"}, {"dd/mm/yyyy", 2153010680, "2153010680"}, // ##### in Excel: the digits say more
		{"yyyy\"年\"m\"月\"", 45566, "2024年10月"}, {"bbbb", 45566, "2567"}, {"e", 45566, "2024"}, {`yyyy\-mm\-dd`, 45566, "2024-10-01"}, {"yyyy.mm.dd", 45566, "2024.10.01"},
		// times
		{"h:mm", 0.520833333333333, "12:30"}, {"h:mm:ss", 0.999999, "0:00:00"}, {"dd/mm/yyyy h:mm", 45566.75, "01/10/2024 18:00"}, {"h:mm AM/PM", 0.75, "6:00 PM"}, {"h:mm AM/PM", 0, "12:00 AM"}, {"[$-42A]h:mm AM/PM", 0.75, "6:00 CH"}, {"h A/P", 0.25, "6 A"},
		{"[h]:mm", 1.5, "36:00"}, {"[h]:mm:ss", 45.0 / 24, "45:00:00"}, {"[mm]:ss", 1.0 / 24, "60:00"}, {"[s]", 1.0 / 1440, "60"}, {"mm:ss.0", 0.0007, "01:00.5"}, {"ss.000", 1.2345 / 86400, "01.235"}, {"h:mm", 0.0416666, "0:59"}, {"mm", 45566, "10"},
		// what nobody should write
		{"\"open", 5, "open"}, {"[open", 5, "[open"}, {"0\\", 5, "5"}, {"_", 5, ""}, {"0;0;0;0;0", 5, "5"}, {"/", 5, "/"}, {"0/", 5, "5/"}, {"E+", 5, "1900+"}, {"[<x]0", 5, "5"}, {"[]0", 5, "5"}, {"[$]0", 5, "5"}, {"0.0.0", 1.25, "1.2.5"},
	} {
		if got := Parse(c.code).Show(c.v, false); got != c.want {
			t.Errorf("%q shows %v as %q, want %q", c.code, c.v, got, c.want)
		}
	}
	if got := Parse("dd/mm/yyyy").Show(44104, true); got != "01/10/2024" {
		t.Errorf("1904: %q", got)
	}
	if got := Parse("[h]:mm").Show(1.5, true); got != "36:00" {
		t.Errorf("1904: %q", got)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"@": " a", "General": " a", "0": " a", `"SV"@`: "SV a", "0;0;0;@\".\"": " a.", ";;;": "", `_(@_)`: " a", "dd/mm/yyyy;@": " a"} {
		if got := Parse(code).Text(" a"); got != want {
			t.Errorf("%q shows %q, want %q", code, got, want)
		}
	}
}

func TestIsDate(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"General": false, "@": false, "0": false, "dd/mm/yyyy": true, "[h]:mm": true, `"dmy"0`: false, "[Red]0": false, `\d0`: false, "[$-42A]d": true, "0.00E+00": false, "mm:ss.0": true, "0_d": false, "[$USD]0": false, "0;d": true, "[ss]": true,
	} {
		if got := Parse(code).IsDate(); got != want {
			t.Errorf("IsDate(%q) = %t", code, got)
		}
	}
	for id := range 100 {
		code, ok := Builtin(id)
		date := 14 <= id && id <= 22 || 27 <= id && id <= 36 || 45 <= id && id <= 47 || 50 <= id && id <= 58 || 71 <= id && id <= 81
		if ok && Parse(code).IsDate() != date {
			t.Errorf("format %d, %q: date is %t", id, code, !date)
		}
	}
}

// The same as excelize, on the formats that lists have, but where excelize is wrong.
func TestAgainstExcelize(t *testing.T) {
	t.Parallel()
	codes := []string{"0", "0.00", "#,##0", "#,##0.00", "0%", "0.00%", "0.00E+00", "0000000000", "000000000000", `"SV"0000`, "dd/mm/yyyy", "d/m/yyyy", "mm-yy", "mmm-yy", "d-mmm-yy", "dd-mm-yyyy", `dd\.mm\.yyyy`, "yyyy", "h:mm", "h:mm:ss", "hh:mm AM/PM", "dd/mm/yyyy hh:mm",
		"[h]:mm:ss", "mm:ss", "dddd, mmmm dd, yyyy", "[$-42A]dd mmmm yyyy", "0.0", "#", "0;-0", "0;(0);\"-\"", "#,##0_);(#,##0)", `_(* #,##0_);_(* \(#,##0\);_(* "-"??_);_(@_)`, "yyyy-mm-dd", "m/d/yy h:mm", "@", "General", "00 00 00"}
	values := []float64{0, 1, 47, 2153010680, 215301068012, 18530123, 45566, 37320, 45566.75, 0.5, 12.345, -5, 1234567.891, 60, 59, 61}
	f := excelize.NewFile()
	defer f.Close()
	for i, code := range codes {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range values {
			cell, err := excelize.CoordinatesToCellName(i+1, j+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellValue("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle("Sheet1", cell, cell, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, code := range codes {
		format := Parse(code)
		for j, v := range values {
			cell, err := excelize.CoordinatesToCellName(i+1, j+1)
			if err != nil {
				t.Fatal(err)
			}
			want, err := f.GetCellValue("Sheet1", cell)
			if err != nil {
				t.Fatal(err)
			}
			want = strings.TrimSpace(want)
			switch {
			case format.IsDate() && v > lastDay: // excelize counts years beyond 9999, where Excel shows #####
				want = General(v)
			case code == "[h]:mm:ss" && v == 1234567.891: // excelize ends at the longest time.Duration
				want = "29629629:23:02"
			case v == 0 && code == "#": // excelize shows zeros that the format leaves out or replaces
				want = ""
			case v == 0 && strings.Contains(code, `"-"`):
				want = "-"
			case v == 215301068012 && code == "General": // ours: all digits of an integer
				want = "215301068012"
			}
			if got := format.Show(v, false); got != want {
				t.Errorf("%q shows %v as %q, excelize %q", code, v, got, want)
			}
			n++
		}
	}
	t.Logf("%d numbers", n)
}

func FuzzShow(f *testing.F) {
	for _, code := range []string{"General", "0.00;-0;@", "[>1]# ?/?;[<0]d/m", "##0.0E+0", "[h]:mm:ss.000", "#,##0.0,,%", `"a"\b_c*d[$x-42A]`} {
		f.Add(code, 45566.75)
	}
	f.Fuzz(func(t *testing.T, code string, v float64) {
		format := Parse(code)
		if got := format.Show(v, false); len(got) > 10*len(code)+1000*(1+strings.Count(code, "General")) && len(code) < 1000 {
			t.Errorf("%d bytes", len(got))
		}
		format.Show(v, true)
		format.Text("x")
	})
}

func BenchmarkShow(b *testing.B) {
	for _, code := range []string{"General", "0000000000", "dd/mm/yyyy"} {
		b.Run(code, func(b *testing.B) {
			f := Parse(code)
			b.ReportAllocs()
			for b.Loop() {
				f.Show(45566, false)
			}
		})
	}
}
