package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	"vanthu/mailer/mime"
)

// BenchmarkCheck is what a person waits for who checks a letter and a list of 5,000 rows: configuration, reading, judging and
// the report, without the start of the program.
func BenchmarkCheck(b *testing.B) {
	files := []string{letterOf(b, "testdata/corpus/a01-xlsx-plain/message.eml"), workbook(b, 5000)}
	b.ReportAllocs()
	for b.Loop() {
		var stdout, stderr bytes.Buffer
		c := &checkCmd{Files: files, Config: "testdata/corpus.toml", Lang: "vi"}
		if err := c.Run(&env{ctx: b.Context(), stdout: &stdout, stderr: &stderr}); err != nil && !errors.Is(err, exitRejects) {
			b.Fatalf("%v: %s", err, &stderr)
		}
		if bytes.Count(stdout.Bytes(), []byte("\n")) < 5000 {
			b.Fatalf("a short report:\n%s", &stdout)
		}
	}
}

// letterOf writes the letter of a mail into a file.
func letterOf(b *testing.B, path string) string {
	b.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	msg, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	for _, part := range msg.Parts {
		if filepath.Ext(part.Name) == ".docx" {
			letter := filepath.Join(b.TempDir(), part.Name)
			if err := os.WriteFile(letter, part.Data, 0o600); err != nil {
				b.Fatal(err)
			}
			return letter
		}
	}
	b.Fatalf("%s has no letter", path)
	return ""
}

func workbook(b *testing.B, rows int) string {
	b.Helper()
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	row := func(n int, cells ...any) {
		if err := w.SetRow(fmt.Sprintf("A%d", n), cells); err != nil {
			b.Fatal(err)
		}
	}
	row(1, "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL")
	row(2, "Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú")
	family, middle, given := []string{"Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Đỗ"}, []string{"Thị", "Văn", "Minh", "Ngọc", "Bảo"}, []string{"An", "Bích", "Dũng", "Hòa", "Khoa", "Mỹ", "Thúy"}
	for i := range rows {
		name := family[i%len(family)] + " " + middle[i%len(middle)] + " " + given[i%len(given)]
		row(i+3, i+1, fmt.Sprintf("24530%05d", i), name, fmt.Sprintf("Y%dK50", i/50), "K50", "")
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "danh sach.xlsx")
	if err := f.SaveAs(path); err != nil {
		b.Fatal(err)
	}
	return path
}
