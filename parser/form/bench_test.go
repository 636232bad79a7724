package form_test

import (
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/form"
)

func benchmarkRead(b *testing.B, n int) {
	f := excelize.NewFile()
	sheet(b, f, "Sheet1", "TRƯỜNG ĐẠI HỌC VÍ DỤ", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", header)
	for i := range n {
		row := []any{i + 1, fmt.Sprintf("24530%05d", i), "Nguyễn Thị Thùy Dương", fmt.Sprintf("YAK%02d", i%50), "K50", ""}
		must(b, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+4), &row))
	}
	files := []parser.File{{Name: "ds.xlsx", Data: bytesOf(b, f)}}
	b.ReportAllocs()
	for b.Loop() {
		if s := form.Read(files, parser.DefaultLimits()); len(s.Rows) != n {
			b.Fatalf("%d rows", len(s.Rows))
		}
	}
}

func BenchmarkRead50(b *testing.B)    { benchmarkRead(b, 50) }
func BenchmarkRead10000(b *testing.B) { benchmarkRead(b, 10_000) }
