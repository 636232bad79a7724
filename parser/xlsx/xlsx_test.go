package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/grid"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func written(t testing.TB, f *excelize.File) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, f.Write(&b))
	must(t, f.Close())
	return b.Bytes()
}

// raw builds a minimal workbook around the XML of one sheet.
func raw(t testing.TB, sheetXML string, more ...string) []byte {
	t.Helper()
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	parts := append([]string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + rel + `"><sheets><sheet name="DS" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rel + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="` + rel + `/styles" Target="styles.xml"/><Relationship Id="r3" Type="` + rel + `/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml", `<worksheet xmlns="` + main + `">` + sheetXML + `</worksheet>`,
	}, more...)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		must(t, err)
		_, err = w.Write([]byte(parts[i+1]))
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func cells(s grid.Sheet) []string {
	var out []string
	for _, r := range s.Rows {
		for _, c := range r.Cells {
			line := fmt.Sprintf("%s%d %d %q", parser.ColumnName(c.Col), r.Number, c.Kind, c.Text)
			if c.Raw != c.Text {
				line += " raw " + c.Raw
			}
			if c.Formula {
				line += " formula"
			}
			if c.Struck {
				line += " struck"
			}
			if c.Font != "" && c.Font != "Calibri" {
				line += " " + c.Font
			}
			out = append(out, line)
		}
	}
	return out
}

func TestCells(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	style := func(cell string, s *excelize.Style) {
		id, err := f.NewStyle(s)
		must(t, err)
		must(t, f.SetCellStyle("Sheet1", cell, cell, id))
	}
	zeros, monthYear := "0000000000", "mm-yy"
	must(t, f.SetCellValue("Sheet1", "A1", "Họ và tên"))
	must(t, f.SetCellValue("Sheet1", "B1", 2153010680))
	must(t, f.SetCellValue("Sheet1", "C1", 18530123))
	style("C1", &excelize.Style{CustomNumFmt: &zeros})
	must(t, f.SetCellValue("Sheet1", "D1", 2153010680))
	style("D1", &excelize.Style{NumFmt: 11})
	must(t, f.SetCellValue("Sheet1", "E1", time.Date(2024, 10, 1, 0, 0, 0, 0, time.UTC)))
	style("E1", &excelize.Style{CustomNumFmt: &monthYear})
	must(t, f.SetCellValue("Sheet1", "F1", time.Date(2002, 3, 5, 0, 0, 0, 0, time.UTC)))
	style("F1", &excelize.Style{NumFmt: 14})
	must(t, f.SetCellValue("Sheet1", "G1", true))
	must(t, f.SetCellFormula("Sheet1", "A2", "B1&C1"))
	must(t, f.SetCellValue("Sheet1", "B2", "gạch"))
	style("B2", &excelize.Style{Font: &excelize.Font{Strike: true, Family: ".VnTime"}})
	must(t, f.SetCellRichText("Sheet1", "C2", []excelize.RichTextRun{{Text: "Lý ", Font: &excelize.Font{Family: "VNI-Times"}}, {Text: "Vy"}}))
	must(t, f.SetCellValue("Sheet1", "E4", "x"))
	must(t, f.SetRowVisible("Sheet1", 4, false))
	must(t, f.MergeCell("Sheet1", "A5", "B6"))
	must(t, f.SetColVisible("Sheet1", "D:E", false))
	_, err := f.NewSheet("ẩn")
	must(t, err)
	must(t, f.SetSheetVisible("ẩn", false))
	b, err := Read(written(t, f), parser.DefaultLimits())
	must(t, err)
	want := []string{
		`A1 0 "Họ và tên"`, `B1 1 "2153010680"`, `C1 1 "0018530123" raw 18530123`, `D1 1 "2.15E+09" raw 2153010680`,
		`E1 2 "10-24" raw 45566`, `F1 2 "05/03/2002" raw 37320`, `G1 3 "TRUE" raw 1`,
		`A2 0 "215301068018530123" formula`, `B2 0 "gạch" struck .VnTime`, `C2 0 "Lý Vy" VNI-Times`, `E4 0 "x"`,
	}
	if d := cmp.Diff(want, cells(b.Sheets[0])); d != "" {
		t.Errorf("cells (-want +got):\n%s", d)
	}
	s := b.Sheets[0]
	if !s.Rows[2].Hidden || s.Rows[0].Hidden || !b.Sheets[1].Hidden || b.Sheets[1].Name != "ẩn" {
		t.Error("hidden parts are not told")
	}
	if d := cmp.Diff([]grid.Range{{Row: 5, Col: 1, LastRow: 6, LastCol: 2}}, s.Merged); d != "" {
		t.Errorf("merged: %s", d)
	}
	if d := cmp.Diff([]grid.Range{{Col: 4, LastCol: 5}}, s.HiddenCols); d != "" {
		t.Errorf("hidden columns: %s", d)
	}
}

// What other programs write, and what nobody should.
func TestRawSheets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, xml string
		want      []string
		problem   parser.ProblemCode
		cut       bool // right of the limit of columns
	}{
		{name: "no positions", xml: `<sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c><v>2</v></c></row><row><c><v>3</v></c></row></sheetData>`, want: []string{`A1 0 "a"`, `B1 1 "2"`, `A2 1 "3"`}},
		{name: "exponent", xml: `<sheetData><row r="3"><c r="B3"><v>2.153010680E9</v></c></row></sheetData>`, want: []string{`B3 1 "2153010680"`}},
		{name: "long integer", xml: `<sheetData><row><c><v>21530106801234567890</v></c></row></sheetData>`, want: []string{`A1 1 "21530106801234567890"`}},
		{name: "error, formula text, formula nothing", xml: `<sheetData><row><c t="e"><v>#N/A</v></c><c t="str"><f>A1</f><v>x</v></c><c><f>A1</f></c></row></sheetData>`, want: []string{`A1 4 "#N/A"`, `B1 0 "x" formula`, `C1 0 "" formula`}},
		{name: "a formula that gives the empty text", xml: `<sheetData><row><c t="str"><f>IF(1,"")</f><v></v></c></row></sheetData>`},
		{name: "phonetic guides and escapes", xml: `<sheetData><row><c t="inlineStr"><is><r><t>a_x000D_b</t></r><rPh><t>zz</t></rPh></is></c></row></sheetData>`, want: []string{"A1 0 \"a\\rb\""}},
		{name: "no sheet data", xml: ``},
		{name: "entity", xml: `<sheetData><row><c><v>&l;</v></c></row></sheetData>`, problem: parser.Damaged},
		{name: "cut off", xml: `<sheetData><row><c><v>1</v></c></row></sheetData></worksheet><x>`, problem: parser.Damaged},
		{name: "rows backwards", xml: `<sheetData><row r="2"/><row r="1"/></sheetData>`, problem: parser.Damaged},
		{name: "a cell twice", xml: `<sheetData><row><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row></sheetData>`, problem: parser.Damaged},
		{name: "a cell nowhere", xml: `<sheetData><row><c r="ZZZZ99999999999"><v>1</v></c></row></sheetData>`, problem: parser.Damaged},
		{name: "a row beyond Excel", xml: `<sheetData><row r="1048577"><c><v>1</v></c></row></sheetData>`, problem: parser.Damaged},
		{name: "a shared string that is not there", xml: `<sheetData><row><c t="s"><v>7</v></c></row></sheetData>`, problem: parser.Damaged},
		{name: "too wide", xml: `<sheetData><row><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row></sheetData>`, want: []string{`A1 1 "1"`}, cut: true},
		{name: "a novel in a cell", xml: `<sheetData><row><c t="str"><v>` + strings.Repeat("x", 140_000) + `</v></c></row></sheetData>`, problem: parser.TooLarge},
		{name: "too deep", xml: strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300), problem: parser.TooLarge},
		{name: "a style that is not there", xml: `<sheetData><row><c s="99"><v>1</v></c></row></sheetData>`, want: []string{`A1 1 "1"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, err := Read(raw(t, c.xml), parser.DefaultLimits())
			if c.problem != "" {
				var p *parser.Problem
				if !errors.As(err, &p) || p.Code != c.problem {
					t.Fatalf("error %v, want %s", err, c.problem)
				}
				return
			}
			must(t, err)
			if d := cmp.Diff(c.want, cells(b.Sheets[0])); d != "" {
				t.Errorf("cells (-want +got):\n%s", d)
			}
			if b.Sheets[0].Cut != c.cut {
				t.Errorf("cut: %v", b.Sheets[0].Cut)
			}
		})
	}
}

// Pain 18: a workbook of half a megabyte took half a gigabyte, and a cell at XFD1048576 built a giant sheet. What a cell costs
// is what stands in it, wherever it stands (bot/app TestBombs holds the memory of the process that reads).
func TestPain18FarCellCostsNothing(t *testing.T) {
	far := raw(t, `<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>2</v></c><c r="XFD1048576"><v>3</v></c></row></sheetData>`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := Read(far, parser.DefaultLimits())
	runtime.ReadMemStats(&after)
	must(t, err)
	if n := len(b.Sheets[0].Rows); n != 2 || b.Sheets[0].Rows[1].Number != 1048576 {
		t.Errorf("%d rows", n)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("%d MB for two cells", took>>20)
	}
}

// A sheet that is formatted down to its last row, and a zip that claims little and holds much.
func TestPain18HugeRangeAndLyingZip(t *testing.T) {
	t.Parallel()
	b, err := Read(raw(t, `<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>`), parser.DefaultLimits())
	must(t, err)
	if n := len(b.Sheets[0].Rows); n != 1 {
		t.Errorf("%d rows", n)
	}
	lim := parser.DefaultLimits()
	lim.Unpacked = 100_000
	var p *parser.Problem
	if _, err := Read(raw(t, "<sheetData>"+strings.Repeat("<row/>", 100_000)+"</sheetData>"), lim); !errors.As(err, &p) || p.Code != parser.TooLarge {
		t.Errorf("bomb: %v", err)
	}
}

// The text of every cell is the one that excelize gives.
func TestAgainstExcelize(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	for i := range 50 {
		row := []any{i, fmt.Sprintf("24530%05d", i), "Nguyễn Thị " + string(rune('A'+i%26)), float64(i) / 4, i%2 == 0}
		must(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", 2*i+1), &row))
	}
	data := written(t, f)
	b, err := Read(data, parser.DefaultLimits())
	must(t, err)
	oracle, err := excelize.OpenReader(bytes.NewReader(data))
	must(t, err)
	defer oracle.Close()
	rows, err := oracle.GetRows("Sheet1")
	must(t, err)
	n := 0
	for _, r := range b.Sheets[0].Rows {
		for _, c := range r.Cells {
			if want := rows[r.Number-1][c.Col-1]; c.Text != want {
				t.Errorf("%d,%d is %q, want %q", r.Number, c.Col, c.Text, want)
			}
			n++
		}
	}
	if n != 250 {
		t.Errorf("%d cells", n)
	}
}

func TestUnlockRefusesEndlessWork(t *testing.T) {
	t.Parallel()
	if _, ok := Unlock([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 spinCount=\"4000000000\"")); ok {
		t.Error("opened")
	}
}

// Both ways in which Office encrypts, with the password that it knows itself; the sender's own is not guessed.
func TestUnlock(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	must(t, f.SetCellValue("Sheet1", "A1", 1))
	plain := written(t, f)
	standard, err := excelize.Encrypt(plain, &excelize.Options{Password: "VelvetSweatshop"})
	must(t, err)
	own, err := excelize.Encrypt(plain, &excelize.Options{Password: "mat khau rieng"})
	must(t, err)
	agile, err := os.ReadFile("testdata/agile.xlsx")
	must(t, err)
	for name, c := range map[string]struct {
		data []byte
		ok   bool
	}{"standard": {standard, true}, "agile": {agile, true}, "another password": {own, false}, "plain": {plain, false}, "cut": {agile[:5000], false}, "nothing": {nil, false}} {
		open, ok := Unlock(c.data)
		if ok != c.ok {
			t.Errorf("%s: %t", name, ok)
			continue
		}
		if ok {
			b, err := Read(open, parser.DefaultLimits())
			if err != nil || len(b.Sheets[0].Rows) == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(raw(f, `<sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c s="1"><v>2</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		b, err := both(t, data, lim)
		if err != nil {
			var p *parser.Problem
			if !errors.As(err, &p) {
				t.Errorf("no problem: %v", err)
			}
			return
		}
		for _, s := range b.Sheets {
			check(t, s)
		}
	})
}

// FuzzSheet mutates the XML itself, which a mutated zip rarely reaches.
func FuzzSheet(f *testing.F) {
	f.Add(`<sheetData><row r="1" spans="1:2" ht="15"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>ạ</t></is></c></row><row><c t="d"><v>2024-10-01</v></c><c s="4"><v>4.5E4</v></c></row></sheetData>`)
	f.Add(`<cols><col min="1" max="2" hidden="1"/></cols><sheetData><row r="1" hidden="1"><c r="A1" t="str"><f>1</f><v>a</v></c><c r="C1" s="3"><v>1.5</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`)
	f.Fuzz(func(t *testing.T, xml string) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		b, err := both(t, raw(t, xml, "xl/sharedStrings.xml", "<sst><si><t>a</t></si><si><r><rPr><strike/></rPr><t>b</t></r></si></sst>", "xl/styles.xml", oddStyles), lim)
		if err != nil {
			return
		}
		for _, s := range b.Sheets {
			check(t, s)
		}
	})
}

// check holds what grid promises.
func check(t *testing.T, s grid.Sheet) {
	t.Helper()
	last := 0
	for _, r := range s.Rows {
		if r.Number <= last || len(r.Cells) == 0 {
			t.Errorf("row %d after %d with %d cells", r.Number, last, len(r.Cells))
		}
		last = r.Number
		col := 0
		for _, c := range r.Cells {
			if c.Col <= col || c.Text == "" && !c.Formula {
				t.Errorf("row %d: cell %d after %d: %+v", r.Number, c.Col, col, c)
			}
			col = c.Col
		}
	}
}

// TestWorkedOut holds that formulas without values get those that are certain, and that the others stay without.
func TestWorkedOut(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	defer f.Close()
	if _, err := f.NewSheet("Gốc"); err != nil {
		t.Fatal(err)
	}
	must(t, f.SetSheetRow("Gốc", "A1", &[]any{"Nguyễn", "Văn", "An", 2153010001}))
	for cell, formula := range map[string]string{
		"A1": `Gốc!A1&" "&Gốc!B1&" "&Gốc!C1`, "B1": "'Gốc'!D1", "C1": `UPPER(A1)`, "D1": `C1&"!"`, "E1": "NOW()", "F1": "E1&\"x\"", "G1": "H1", "H1": "G1", "I1": `IF(A1="","x","")`, "J1": "ROW()+4",
	} {
		must(t, f.SetCellFormula("Sheet1", cell, formula))
	}
	var out bytes.Buffer
	must(t, f.Write(&out))
	b, err := both(t, out.Bytes(), parser.DefaultLimits())
	must(t, err)
	var got []string
	for _, c := range b.Sheets[0].Rows[0].Cells {
		got = append(got, fmt.Sprintf("%s %q %v %v", parser.ColumnName(c.Col), c.Text, c.Formula, c.Worked))
	}
	want := []string{`A "Nguyễn Văn An" true true`, `B "2153010001" true true`, `C "NGUYỄN VĂN AN" true true`, `D "NGUYỄN VĂN AN!" true true`, `E "" true false`, `F "" true false`,
		`G "" true false`, `H "" true false`, `I "" false true`, `J "5" true true`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
