package rules

import (
	"fmt"
	"testing"

	"vanthu/parser"
)

// large is a clean request of n people in classes of fifty, with the names of a region: a few hundred, each many times.
func large(n int) parser.Submission {
	family := []string{"Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Thạch"}
	middle := []string{"Thị", "Văn", "Hoàng", "Thị Mỹ", "Minh", "Quốc", "Ngọc", "Thanh", "Gia", "Bảo", "Thị Thùy"}
	given := []string{"An", "Ánh", "Bích", "Dũng", "Duyên", "Hà", "Hòa", "Khoa", "Linh", "Mỹ", "Nhung", "Phúc", "Quỳnh", "Thúy", "Trí", "Tuyết", "Yến"}
	rows := make([]string, n)
	for i := range rows {
		note := ""
		if i%50 == 0 {
			note = "Lớp trưởng"
		}
		rows[i] = fmt.Sprintf("21%08d|%s %s %s|YB%dK47|K47|%s", i, family[i%len(family)], middle[i%len(middle)], given[i%len(given)], i/50, note)
	}
	return request(rows...)
}

func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{1_000, 5_000, 100_000} {
		sub, p, c := large(n), policy(), setting()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if req := Judge(sub, p, nil, c); req.Good() < n/2 {
					b.Fatalf("%d good rows", req.Good())
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
