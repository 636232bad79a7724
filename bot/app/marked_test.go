package app_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/reply"
	"vanthu/bot/rules"
	"vanthu/parser"
)

// A unit corrects the file that came back marked and sends that one: it is read as if we had never written into it.
func TestMarkedListComesBack(t *testing.T) {
	t.Parallel()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	world, err := app.NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(book []byte) bot.Request {
		files := []parser.File{{Name: "ds.xlsx", Data: book}}
		checked, err := world.CheckFiles(t.Context(), files, nil, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		return checked.Request
	}
	original, err := os.ReadFile("../reply/testdata/lists/mixed-defects.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	writer := reply.New(reply.Office{Office: "Phòng CNTT"}, rules.Text, rules.Remedy)
	before := judge(original)
	marked, err := writer.MarkWorkbook(original, before)
	if err != nil {
		t.Fatal(err)
	}
	written, err := writer.ListWorkbook(before) // what a list that is no workbook comes back as
	if err != nil {
		t.Fatal(err)
	}

	corrections := map[string]string{
		"B10": "2453013319", "C12": "Lê Văn Bình", "B14": "2453013323", "B17": "2453013326", "C17": "Nguyễn Văn Bảy", "F17": "", "B20": "2153023331",
		"B22": "2153023328", "B24": "2353053333", "C26": "Bùi Công Quang An", "C27": "Nguyễn Thị Nhi", "B29": "2353053338", "C29": "Nguyễn Thị Anh Nhung", "D30": "YTCCK49",
	}
	corrected := judge(edited(t, original, corrections))
	if corrected.Good() != len(before.Rows) || len(corrected.Findings) != 1 || corrected.Findings[0].Rule != "FRM-01" {
		t.Fatalf("corrected without our marks: %d rows, %d good, %v", len(corrected.Rows), corrected.Good(), corrected.Findings)
	}

	for name, tt := range map[string]struct {
		book []byte
		want bot.Request
	}{
		"as it was sent":              {marked, before},
		"marked twice":                {again(t, writer, marked, judge), before},
		"corrected":                   {edited(t, marked, corrections), corrected},
		"with remarks of the unit":    {edited(t, marked, map[string]string{"G5": "(lần 2)", "G10": "đã sửa", "G11": "đã sửa"}), before},
		"with a row of numbers below": {numbered(t, writer, original, judge), judge(withNumbers(t, original))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judge(tt.book)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-without our marks +with them:\n%s", diff)
			}
		})
	}
	t.Run("written anew", func(t *testing.T) {
		t.Parallel()
		got := judge(written)
		if len(got.Rows) != len(before.Rows) || got.Good() != before.Good() {
			t.Errorf("%d rows, %d good; there were %d, %d good", len(got.Rows), got.Good(), len(before.Rows), before.Good())
		}
		for _, f := range got.Findings {
			if f.Rule == "ROW-16" || f.Rule == "LST-03" {
				vi, _ := rules.Text(f)
				t.Errorf("our own column is remarked: %s", vi)
			}
		}
	})
}

// withNumbers puts "(1) (2) …" under the header, as some offices do; the list begins one row lower.
func withNumbers(t *testing.T, book []byte) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.InsertRows("Sheet1", 8, 1); err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetRow("Sheet1", "A8", &[]string{"(1)", "(2)", "(3)", "(4)", "(5)", "(6)"}); err != nil {
		t.Fatal(err)
	}
	return saved(t, f)
}

func numbered(t *testing.T, w *reply.Writer, original []byte, judge func([]byte) bot.Request) []byte {
	t.Helper()
	book := withNumbers(t, original)
	marked, err := w.MarkWorkbook(book, judge(book))
	if err != nil {
		t.Fatal(err)
	}
	return marked
}

// again marks a marked list once more, as it comes back uncorrected.
func again(t *testing.T, w *reply.Writer, marked []byte, judge func([]byte) bot.Request) []byte {
	t.Helper()
	twice, err := w.MarkWorkbook(marked, judge(marked))
	if err != nil {
		t.Fatal(err)
	}
	return twice
}

func edited(t *testing.T, book []byte, cells map[string]string) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, value := range cells {
		if err := f.SetCellStr("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	return saved(t, f)
}

func saved(t *testing.T, f *excelize.File) []byte {
	t.Helper()
	out, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
