package reply

import (
	"os"
	"path/filepath"
	"testing"

	"vanthu/bot"
)

// Whatever bytes come: a workbook or an error, never a panic nor a hang, and a workbook opens again.
func FuzzMarkWorkbook(f *testing.F) {
	lists, err := filepath.Glob("testdata/lists/*")
	if err != nil || len(lists) == 0 {
		f.Fatal("no lists", err)
	}
	for _, name := range lists {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	req := bot.Request{
		Rows:     []bot.Row{{N: 1, Sheet: "Sheet1", Line: 8, Cells: map[string]string{"code": "B8", "name": "C8"}}},
		Findings: []bot.Finding{finding("ROW-02", bot.RejectRow, 1, "Sheet1", "B8", "=x"), finding("FRM-04", bot.Warn, 0, "", "", "y")},
	}
	f.Fuzz(func(t *testing.T, book []byte) {
		marked, err := markWriter().MarkWorkbook(book, req)
		if err != nil {
			return
		}
		if _, err := readArchive(marked); err != nil {
			t.Errorf("the marked workbook does not unpack: %v", err)
		}
	})
}

// A sheet of whatever XML in a workbook that is otherwise sound: what excelize is given to chew.
func FuzzMarkSheet(f *testing.F) {
	for _, name := range []string{"mixed-defects", "merged-class", "huge-range"} {
		data, err := os.ReadFile("testdata/lists/" + name + ".xlsx")
		if err != nil {
			f.Fatal(err)
		}
		a, err := readArchive(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(a.parts["xl/worksheets/sheet1.xml"]))
	}
	data, err := os.ReadFile("testdata/lists/mixed-defects.xlsx")
	if err != nil {
		f.Fatal(err)
	}
	req := bot.Request{
		Rows:     []bot.Row{{N: 1, Sheet: "Sheet1", Line: 8, Cells: map[string]string{"code": "B8", "name": "C8"}}},
		Findings: []bot.Finding{finding("ROW-02", bot.RejectRow, 1, "Sheet1", "B8", "=x"), finding("FRM-04", bot.Warn, 0, "", "", "y")},
	}
	f.Fuzz(func(t *testing.T, sheet string) {
		a, err := readArchive(data)
		if err != nil {
			t.Fatal(err)
		}
		a.put("xl/worksheets/sheet1.xml", []byte(sheet))
		book, err := a.bytes()
		if err != nil {
			t.Fatal(err)
		}
		marked, err := markWriter().MarkWorkbook(book, req)
		if err != nil {
			return
		}
		if _, err := readArchive(marked); err != nil {
			t.Errorf("the marked workbook does not unpack: %v", err)
		}
	})
}

// The notes edit the comments of others byte by byte.
func FuzzRewriteComments(f *testing.F) {
	f.Add([]byte(emptyComments))
	f.Add([]byte(`<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>me</author><author/></authors><commentList><comment ref="B8" authorId="0"><text><t>[ROW-02] old</t></text></comment><comment ref="C8" authorId="1"><text/></comment></commentList></comments>`))
	f.Add([]byte(`<x:comments xmlns:x="a"><x:authors/><x:comment ref="B8"><x:text>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := &archive{parts: map[string][]byte{}}
		a.put("c", raw)
		before, err := readComments(raw)
		if err != nil {
			return
		}
		if _, err := a.rewriteComments("c", []note{{cell: "B8", col: 2, row: 8, text: "<&>"}}); err != nil {
			t.Fatal(err)
		}
		after, err := readComments(a.parts["c"])
		if err != nil || len(after) != len(before) {
			t.Errorf("%d comments became %d, %v", len(before), len(after), err)
		}
	})
}
