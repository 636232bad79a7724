package xls

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vanthu/parser"
)

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xls")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, stream := range locked() {
		f.Add(stream)
	}
	lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Read(data, lim)
		if err != nil {
			var problem *parser.Problem
			if !errors.As(err, &problem) {
				t.Errorf("no problem: %v", err)
			}
			return
		}
		for _, s := range b.Sheets {
			last := 0
			for _, r := range s.Rows {
				if r.Number <= last || len(r.Cells) == 0 {
					t.Errorf("row %d after row %d, %d cells", r.Number, last, len(r.Cells))
				}
				last = r.Number
				for i, c := range r.Cells {
					if c.Col < 1 || i > 0 && c.Col <= r.Cells[i-1].Col || c.Text == "" && !c.Formula {
						t.Errorf("row %d: %+v", r.Number, c)
					}
				}
			}
		}
	})
}
