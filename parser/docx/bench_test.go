package docx

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"testing"

	"vanthu/parser"
)

// longList is a list of n people as Word writes it.
func longList(t testing.TB, n int) []byte {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="700"/></w:tblGrid>`)
	for i := range n {
		fmt.Fprintf(&b, `<w:tr w:rsidR="00A77427" w:rsidTr="00B12345"><w:trPr><w:trHeight w:val="300"/></w:trPr>`)
		for _, c := range []string{fmt.Sprint(i + 1), fmt.Sprint(2253010001 + i), "Nguyễn Thị Thùy Dương", "YAK48", "K48", ""} {
			b.WriteString(`<w:tc><w:tcPr><w:tcW w:w="1500" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr><w:p w:rsidR="00A77427" w:rsidRDefault="00A77427"><w:pPr><w:jc w:val="center"/><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="26"/></w:rPr></w:pPr>`)
			if c != "" {
				b.WriteString(`<w:r w:rsidRPr="00C11111"><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="26"/></w:rPr><w:t>` + c + `</w:t></w:r>`)
			}
			b.WriteString(`</w:p></w:tc>`)
		}
		b.WriteString(`</w:tr>`)
	}
	b.WriteString(`</w:tbl>`)
	return document(t, b.String())
}

// BenchmarkRead reads lists beside what unpacking alone costs.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		data := longList(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, err := Read(data, parser.DefaultLimits())
				if err != nil || len(d.Sheets[0].Rows) != n {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/inflate", n), func(b *testing.B) {
			z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for _, f := range z.File {
					r, err := f.OpenRaw()
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, flate.NewReader(r)); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
