package xls

import (
	"fmt"
	"runtime"
	"testing"

	"vanthu/parser"
)

// people is a list of n rows and six columns as Excel stores it.
func people(n int) []byte {
	w := &writer{global: [][]byte{fontRecord("Times New Roman", false), xfRecord(0, 0)}}
	var b []byte
	for i := range n {
		b = append(b, record(recRow, i, 0, 6, 300, 0, 0, 0, 0)...)
		b = append(b, rkInt(i, 0, 0, i+1)...)
		for col, s := range []string{fmt.Sprintf("2453%06d", i), fmt.Sprintf("Nguyễn Thị Ánh %d", i%5000), fmt.Sprintf("YBK%d", 40+i%10), "K50", fmt.Sprintf("ghi chú %d", i%7)} {
			b = append(b, labelSST(w, i, col+1, 0, s)...)
		}
	}
	w.sheets = []testSheet{{name: "Sheet1", records: b}}
	return compound("Workbook", w.stream())
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10_000, 60_000} {
		data := people(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for range b.N {
				book, err := Read(data, parser.DefaultLimits())
				if err != nil || len(book.Sheets[0].Rows) != n {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// What a list costs in memory is bounded by its size: cells of 72 bytes, texts once.
func TestMemory(t *testing.T) {
	data := people(20_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	book := read(t, data)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8*uint64(len(data)) {
		t.Errorf("%d bytes allocated for a file of %d", grown, len(data))
	}
	runtime.KeepAlive(book)
}
