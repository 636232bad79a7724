package form

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/viet"
)

func foldedOf(text string) foldedLine { return foldedLine{line{text: text}, viet.Fold(text)} }

func textOf(values []parser.Value) string {
	var out []string
	for _, v := range values {
		out = append(out, v.Text)
	}
	return strings.Join(out, "|")
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, classes, cohorts string }{
		{"đề nghị cấp email cho 142 sinh viên lớp YAK50.", "YAK50", ""},
		{"sinh viên các lớp YAK50, YBK50 và Y C - K50 khóa 50", "YAK50|YBK50|Y C - K50", "50"},
		{"cho sinh viên lớp YAK50 và lớp YBK50 (khóa 50, 51)", "YAK50|YBK50", "50|51"},
		{"học viên lớp CK2-SAN-K5, khóa 2024-2026", "CK2-SAN-K5", "2024-2026"},
		{"sinh viên K50 năm học 2024-2025", "", "K50"},
		{"sinh viên khóa K50, K51", "", "K50|K51"},
		{"niên khóa 2024 – 2030", "", "2024 – 2030"},
		{"Lớp trưởng các lớp sẽ nhận", "", ""},
		{"sinh viên khoa Y, khoa Dược", "", ""},
		{"lớp YAK50 để học tập trực tuyến", "YAK50", ""},
		{"Lớp: Y A - K51", "Y A - K51", ""},
		{"các lớp CK1 Nội K5, CK2 Ngoại K6 của trường", "CK1 Nội K5|CK2 Ngoại K6", ""},
		{"không có gì", "", ""},
	} {
		n := foldedOf(c.text)
		if got := textOf(once(namedClasses(n))); got != c.classes {
			t.Errorf("classes of %q: %q, want %q", c.text, got, c.classes)
		}
		if got := textOf(once(namedCohorts(n))); got != c.cohorts {
			t.Errorf("cohorts of %q: %q, want %q", c.text, got, c.cohorts)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"đề nghị cấp 142 tài khoản":                                 142,
		"cho 142 (một trăm bốn mươi hai) sinh viên":                 142,
		"cho một trăm (100) sinh viên":                              100,
		"cho 1.234 sinh viên":                                       1234,
		"cho một trăm bốn mươi hai sinh viên":                       142,
		"cho mười lăm học viên":                                     15,
		"cho hai nghìn không trăm linh năm sinh viên":               2005,
		"cho hai mươi mốt sinh viên":                                21,
		"cho 100 tân sinh viên":                                     100,
		"sinh viên khóa 50 sinh viên chính quy":                     0,
		"nhập học năm 2026 sinh viên":                               0,
		"cho 142 sinh viên, trong đó có 40 sinh viên nữ":            142,
		"cho 100 sinh viên lớp YAK50 và 42 sinh viên YBK50":         0,
		"cho 142 sinh viên gồm 100 sinh viên A và 42 sinh viên B":   142,
		"cho 100 sinh viên A và 42 sinh viên B, tổng 142 sinh viên": 142,
		"Số lượng sinh viên: 142":                                   142,
		"Tổng số tài khoản đề nghị là 15":                           15,
		"cho sinh viên": 0,
	} {
		if got := count(viet.Fold(text), nil); got != want {
			t.Errorf("count(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestDecision(t *testing.T) {
	t.Parallel()
	type said struct {
		number           string
		day, month, year int
	}
	for text, want := range map[string]said{
		"Căn cứ Quyết định số 1234/QĐ-ĐHYDVD ngày 01/10/2026 của Hiệu trưởng":             {"1234/QĐ-ĐHYDVD", 1, 10, 2026},
		"theo Quyết định số: 45 /QĐ-ĐHYDVD, ngày 2 tháng 9 năm 2026 về việc cho thôi học": {"45 /QĐ-ĐHYDVD", 2, 9, 2026},
		"Kèm theo QĐ 99/QĐ-ĐHYDVD":               {"99/QĐ-ĐHYDVD", 0, 0, 0},
		"Quyết định số 1234 ngày 01/10/2026":     {"1234", 1, 10, 2026},
		"Quyết định của Hiệu trưởng":             {},
		"Số: 12/PĐT, ngày 01/10/2026":            {},
		"QUYẾT ĐỊNH SỐ 7A/QĐ-ĐHYD NGÀY 1-2-2026": {"7A/QĐ-ĐHYD", 1, 2, 2026},
	} {
		v, d := decision(line{text: text}, viet.Fold(text))
		if diff := cmp.Diff(want, said{v.Text, d.Day, d.Month, d.Year}, cmp.AllowUnexported(said{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
