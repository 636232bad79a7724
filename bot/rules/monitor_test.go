package rules

import "testing"

func TestIsMonitor(t *testing.T) {
	t.Parallel()
	for note, want := range map[string]bool{
		"Lớp trưởng": true, "lớp trưởng": true, "LỚP TRƯỞNG": true, "lop truong": true, "Lop truong": true, "LT": true, "lt.": true, "L.T": true, "Lớp Trưởng ": true,
		"Lớp trưởng (tạm thời)": true, "Lớp trưởng tạm thời": true, "Lớp trưởng lâm thời": true, "LT (tạm thời)": true, "Monitor": true, "class monitor": true,
		"- Lớp trưởng": true, "Lớp-trưởng": true, "Lớp trưởng, Bí thư": true, "Bí thư kiêm lớp trưởng": true, "Lớp trưởng / SV 5 tốt": true, "BCS: Lớp trưởng": true,

		"": false, "Bí thư": false, "Bí thư chi đoàn": false, "Lớp phó": false, "Phó lớp": false, "Lớp trưởng cũ": false, "Nguyên lớp trưởng": false,
		"không còn làm lớp trưởng": false, "Chưa có lớp trưởng": false, "Lớp phó học tập": false, "Tổ trưởng": false, "Liên thông": false, "Monitoring": false,
		"lớp trưởng của lớp cũ, nay đã chuyển sang lớp khác và không giữ chức vụ nào": false, "trưởng": false, "Lớp": false, "alt": false, "K47 LTA": false,
	} {
		if got := isMonitor(note); got != want {
			t.Errorf("%q: %v", note, got)
		}
	}
}
