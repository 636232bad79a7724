package xls

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vanthu/parser/grid"
)

// What LibreOffice shows of the files in testdata stands beside them as csv, one for each sheet. The files were written by
// LibreOffice and gnumeric: merged cells, hidden parts, rich text, dates, number formats, formulas, texts that go on in
// other records.
func TestAgainstLibreOffice(t *testing.T) {
	t.Parallel()
	tables, err := filepath.Glob("testdata/csv/*.csv")
	if err != nil || len(tables) == 0 {
		t.Fatal("no tables", err)
	}
	for _, table := range tables {
		file, number, _ := strings.Cut(strings.TrimSuffix(filepath.Base(table), ".csv"), "-")
		t.Run(file+" "+number, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("testdata/" + file + ".xls")
			if err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(table)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r := csv.NewReader(f)
			r.FieldsPerRecord = -1
			want, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			i, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, read(t, data).Sheets[i-1], want)
		})
	}
}

// Where LibreOffice shows something else than Excel: truth values that came from an .xlsx, more digits under General; and
// where we do (see numfmt): no exponent in a list of codes.
var otherwise = map[string]string{"TRUE": "1", "12345.6789": "12345.678901", "100000000000000000000": "1E+020"}

// A list typed under .VnTime: its text is the windows-1252 view of TCVN3, soft hyphens (ư) and all.
func TestTCVN3(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/tcvn3.xls")
	if err != nil {
		t.Fatal(err)
	}
	row := read(t, data).Sheets[0].Rows[5]
	if c := row.Cell(3); row.Number != 8 || c.Text != "TrÇn Nh\u00ad Tr©m" || c.Font != ".VnTime" {
		t.Errorf("row %d: %+v", row.Number, c)
	}
}

func compare(t *testing.T, s grid.Sheet, want [][]string) {
	t.Helper()
	rows := map[int]grid.Row{}
	for _, r := range s.Rows {
		rows[r.Number] = r
		if r.Number > len(want) {
			t.Errorf("row %d of %d", r.Number, len(want))
		}
	}
	for i, fields := range want {
		for j, text := range fields {
			if got := rows[i+1].Cell(j + 1).Text; got != text && otherwise[got] != text {
				t.Errorf("row %d column %d: %.40q, want %.40q", i+1, j+1, got, text)
			}
		}
		for _, c := range rows[i+1].Cells {
			if c.Col > len(fields) {
				t.Errorf("row %d: a cell in column %d of %d", i+1, c.Col, len(fields))
			}
		}
	}
}
