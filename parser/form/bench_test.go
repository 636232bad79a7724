package form

import (
	"fmt"
	"strconv"
	"testing"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// benchmarkRead measures what form adds to reading: six columns of n people, as a reader hands them over.
func benchmarkRead(b *testing.B, n int) {
	cell := func(col int, text string) grid.Cell { return grid.Cell{Col: col, Text: text, Raw: text} }
	sheet := grid.Sheet{Name: "Sheet1"}
	add := func(texts ...string) {
		r := grid.Row{Number: len(sheet.Rows) + 1}
		for i, t := range texts {
			if t != "" {
				r.Cells = append(r.Cells, cell(i+1, t))
			}
		}
		sheet.Rows = append(sheet.Rows, r)
	}
	add("TRƯỜNG ĐẠI HỌC VÍ DỤ")
	add("DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL")
	add("Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú")
	for i := range n {
		add(strconv.Itoa(i+1), fmt.Sprintf("24530%05d", i), "Nguyễn Thị Thùy Dương", fmt.Sprintf("YAK%02d", i%50), "K50")
	}
	d := grid.Document{Book: grid.Book{Format: formatXLSX, Sheets: []grid.Sheet{sheet}}}
	b.ReportAllocs()
	for b.Loop() {
		d, _ := decode(d)
		s := &source{report: parser.FileReport{Name: "ds.xlsx"}}
		s.take(d)
		if out := together([]*source{s}, parser.DefaultLimits()); len(out.Rows) != n {
			b.Fatalf("%d rows", len(out.Rows))
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkRead1000(b *testing.B)   { benchmarkRead(b, 1_000) }
func BenchmarkRead5000(b *testing.B)   { benchmarkRead(b, 5_000) }
func BenchmarkRead100000(b *testing.B) { benchmarkRead(b, 100_000) }
