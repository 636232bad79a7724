package form

import (
	"strings"
	"testing"
)

func TestHeadings(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for line := range strings.Lines(headersTSV) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "field\t") {
			continue
		}
		cols := strings.Split(line, "\t")
		if len(cols) != 4 {
			t.Errorf("%q has %d columns", line, len(cols))
			continue
		}
		if cols[1] != foldHeading(cols[1]) {
			t.Errorf("%q is not folded: %q", cols[1], foldHeading(cols[1]))
		}
		if f, ok := seen[cols[1]]; ok {
			t.Errorf("%q means %s and %s", cols[1], f, cols[0])
		}
		seen[cols[1]] = cols[0]
	}
	if len(seen) < 90 {
		t.Errorf("only %d headings", len(seen))
	}
	for field, text := range printed {
		if seen[text] != field {
			t.Errorf("the printed heading %q is %q, not %s", text, seen[text], field)
		}
	}
}

func TestFieldOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Mã số  SV/HV": "code", "MSSV (*)": "code", "Mã số SV/HV:": "code", "MÃ SỐ SINH VIÊN": "code", "Ma\u0303 sô\u0301 SV/HV": "code",
		"Họ, chữ lót và tên": "name", "Ho va ten": "name", "Họ và\ntên": "name", "Nhóm / Lớp": "class", "Khoá": "cohort", "No.": "stt",
		"Tên sản phẩm": "", "Mã số": "code_weak", "": "", "(MSSV)": "code", "Mã số sinh vein": "code", "Họ và tn": "name", "Họ vàtên": "name", "Họ tên GV": "", "Mã số GV": "", "Mã số nhân viên": "",
		"2. Họ và tên (*)": "name", "Lớp/Khóa": "class", "Mã SV / Student ID": "code", "HoVaTen": "name", "Họ tên cha": "", "Ngày sinh": "dob", strings.Repeat("MSSV ", 100): "",
	} {
		if got := fieldOf(text); got != want {
			t.Errorf("fieldOf(%.40q) = %q, want %q", text, got, want)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"Tổng cộng: 140 sinh viên./.": 140, "Danh sách này có 140 sinh viên": 140, "Danh sách gồm 12 học viên": 12, "Tổng số SV: 08": 8,
		"Cộng trang 1: 06 sinh viên": 0, "Tổng cộng": 0, "Danh sách lớp YAK50": 0,
	} {
		if got := totalCount(text); got != want {
			t.Errorf("totalCount(%q) = %d, want %d", text, got, want)
		}
	}
}
