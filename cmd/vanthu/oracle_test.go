package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xlsx"
)

// TestAgainstExcelize compares every workbook of the corpus with what excelize reads in it: cells, hidden parts, merges.
func TestAgainstExcelize(t *testing.T) {
	t.Parallel()
	mails, err := filepath.Glob("testdata/corpus/*/message*.eml")
	if err != nil {
		t.Fatal(err)
	}
	books, cells := 0, 0
	for _, path := range mails {
		for _, f := range attachments(t, path) {
			if !bytes.HasPrefix(f.Data, []byte("PK")) || !bytes.Contains(f.Data, []byte("xl/w")) {
				continue
			}
			oracle, err := excelize.OpenReader(bytes.NewReader(f.Data), excelize.Options{ShortDatePattern: "dd/mm/yyyy"})
			if err != nil {
				continue
			}
			book, err := xlsx.Read(f.Data, parser.DefaultLimits())
			if err != nil {
				t.Logf("%s: %s is refused: %v", path, f.Name, err) // the corpus says which must be, and why
				continue
			}
			books++
			for i := range book.Sheets {
				cells += compareSheet(t, filepath.Base(filepath.Dir(path))+"/"+f.Name, oracle, &book.Sheets[i])
			}
			if err := oracle.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("%d workbooks, %d cells", books, cells)
	if books < 60 || cells < 3000 {
		t.Errorf("only %d workbooks, %d cells", books, cells)
	}
}

func compareSheet(t *testing.T, name string, oracle *excelize.File, s *grid.Sheet) (cells int) {
	rows, err := oracle.GetRows(s.Name)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return 0
	}
	ours := map[[2]int]grid.Cell{}
	for _, r := range s.Rows {
		visible, err := oracle.GetRowVisible(s.Name, r.Number)
		if err != nil || visible == r.Hidden {
			t.Errorf("%s: row %d hidden: %t, excelize %t %v", name, r.Number, r.Hidden, !visible, err)
		}
		for _, c := range r.Cells {
			ours[[2]int{r.Number, c.Col}] = c
		}
	}
	for i, row := range rows {
		if s.Cut { // what stands right of the limit is left out
			row = row[:min(len(row), parser.DefaultLimits().Columns)]
		}
		for j, want := range row {
			c := ours[[2]int{i + 1, j + 1}]
			delete(ours, [2]int{i + 1, j + 1})
			want = strings.TrimSpace(want)
			if want == "" && (c.Text == "" || c.Worked) { // excelize gives the values that the file has
				continue
			}
			cells++
			if got := strings.TrimSpace(c.Text); got != want {
				t.Errorf("%s, %s, row %d column %d: %q (raw %q), excelize %q", name, s.Name, i+1, j+1, c.Text, c.Raw, want)
			}
		}
	}
	for at, c := range ours {
		if strings.TrimSpace(c.Text) != "" {
			t.Errorf("%s, %s, row %d column %d: %q, excelize nothing", name, s.Name, at[0], at[1], c.Text)
		}
	}
	merged, err := oracle.GetMergeCells(s.Name)
	if err != nil || len(merged) != len(s.Merged) {
		t.Errorf("%s: %d merges, excelize %d %v", name, len(s.Merged), len(merged), err)
	}
	for col := 1; col <= 20; col++ {
		letter, err := excelize.ColumnNumberToName(col)
		if err != nil {
			t.Fatal(err)
		}
		visible, err := oracle.GetColVisible(s.Name, letter)
		hidden := false
		for _, h := range s.HiddenCols {
			hidden = hidden || h.Col <= col && col <= h.LastCol
		}
		if err != nil || visible == hidden {
			t.Errorf("%s: column %s hidden: %t, excelize %t %v", name, letter, hidden, !visible, err)
		}
	}
	return cells
}
