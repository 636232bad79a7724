package xls

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// shown writes a book as lines: a sheet's name, then its cells.
func shown(b grid.Book) []string {
	var out []string
	for _, s := range b.Sheets {
		head := "# " + s.Name
		if s.Hidden {
			head += " hidden"
		}
		for _, r := range s.HiddenCols {
			head += fmt.Sprintf(" hidden %s:%s", parser.ColumnName(r.Col), parser.ColumnName(r.LastCol))
		}
		for _, r := range s.Merged {
			head += fmt.Sprintf(" merged %s%d:%s%d", parser.ColumnName(r.Col), r.Row, parser.ColumnName(r.LastCol), r.LastRow)
		}
		out = append(out, head)
		for _, r := range s.Rows {
			for _, c := range r.Cells {
				line := fmt.Sprintf("%s%d=%s", parser.ColumnName(c.Col), r.Number, strings.ReplaceAll(c.Text, "\n", "/"))
				if c.Raw != c.Text {
					line += " (" + c.Raw + ")"
				}
				line += [...]string{"", " number", " date", " bool", " error"}[c.Kind]
				if c.Font != "" {
					line += " " + c.Font
				}
				for on, word := range map[bool]string{c.Struck: " struck", !c.Struck: ""} {
					if on {
						line += word
					}
				}
				if c.Formula {
					line += " formula"
				}
				if r.Hidden {
					line += " hidden"
				}
				out = append(out, line)
			}
		}
	}
	return out
}

func read(t *testing.T, data []byte) grid.Book {
	t.Helper()
	b, err := Read(data, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// one is a bare workbook of one sheet.
func one(global [][]byte, records ...[]byte) []byte {
	w := &writer{global: global, sheets: []testSheet{{name: "Tờ", records: bytes.Join(records, nil)}}}
	return w.stream()
}

func number(f float64) uint64 { return math.Float64bits(f) }

func formula(row, col int, value []byte, flags int) []byte {
	return record(recFormula, row, col, 0, value, flags, uint32(0), 0)
}

func xlstring(s string) []byte {
	u := wide(s)
	return record(recString, len(u)/2, byte(1), u)
}

func TestCells(t *testing.T) {
	t.Parallel()
	recalc := [][]byte{record(recRecalcID, recRecalcID, 0, uint32(1))}
	shfmla := record(0x04bc, make([]byte, 10))
	for _, c := range []struct {
		name    string
		global  [][]byte
		records [][]byte
		want    []string
	}{
		{name: "numbers", records: [][]byte{
			record(recNumber, 0, 0, 0, number(2453010001)),
			rkInt(1, 0, 0, -5),
			record(recRK, 1, 1, 0, uint32(12345)<<2|3),
			record(recRK, 1, 2, 0, uint32(number(0.5)>>32)),
			record(recMulRK, 2, 1, 0, uint32(1<<2|2), 0, uint32(2<<2|2), 2),
		}, want: []string{"A1=2453010001 number", "A2=-5 number", "B2=123.45 number", "C2=0.5 number", "B3=1 number", "C3=2 number"}},
		{name: "texts", records: [][]byte{
			record(recLabel, 0, 0, 0, 3, byte(0), "M\xe3 "),
			record(recLabel, 0, 1, 0, 2, byte(1), wide("Đỗ")),
			record(recRString, 0, 2, 0, 2, byte(0), "ab", 1, 1, 0),
			record(recLabel, 0, 3, 0, 0, byte(0)),
		}, want: []string{"A1=Mã ", "B1=Đỗ", "C1=ab"}},
		{name: "booleans and errors", records: [][]byte{
			record(recBoolErr, 0, 0, 0, byte(1), byte(0)), record(recBoolErr, 0, 1, 0, byte(0), byte(0)),
			record(recBoolErr, 0, 2, 0, byte(0x2a), byte(1)), record(recBoolErr, 0, 3, 0, byte(0x17), byte(1)),
		}, want: []string{"A1=TRUE (1) bool", "B1=FALSE (0) bool", "C1=#N/A error", "D1=#REF! error"}},
		{name: "formulas", global: recalc, records: [][]byte{
			formula(0, 0, le(number(7)), 0),
			formula(0, 1, le(0, 0, 0, 0xffff), 0), xlstring("Lý"),
			formula(0, 2, le(0, 0, 0, 0xffff), 8), shfmla, xlstring("Vy"),
			formula(0, 3, le(1, 1, 0, 0xffff), 0),
			formula(0, 4, le(2, 0x07, 0, 0xffff), 0),
			formula(0, 5, le(3, 0, 0, 0xffff), 0),
			formula(0, 6, le(number(0)), 0),
		}, want: []string{"A1=7 number formula", "B1=Lý formula", "C1=Vy formula", "D1=TRUE (1) bool formula", "E1=#DIV/0! error formula", "G1=0 number formula"}},
		{name: "formulas without a value", records: [][]byte{
			formula(0, 0, le(number(0)), 3),
			formula(0, 1, le(0, 0, 0, 0xffff), 0),
			formula(0, 2, le(3, 0, 0, 0xffff), 0),
			formula(0, 3, le(0, 0, 0, 0xffff), 0),
		}, want: []string{"A1= formula", "B1= formula", "C1= formula", "D1= formula"}},
		{name: "a long text of a formula goes on", records: [][]byte{
			formula(0, 0, le(0, 0, 0, 0xffff), 0), record(recString, 4, byte(0), "ab"), record(recContinue, byte(1), wide("ớc")),
		}, want: []string{"A1=abớc formula"}},
		{name: "hidden rows", records: [][]byte{
			record(recRow, 0, 0, 1, 0x8000|300, 0, 0, 0x20, 0), record(recRow, 1, 0, 1, 0, 0, 0, 0, 0), record(recRow, 2, 0, 1, 300, 0, 0, 0, 0),
			rkInt(0, 0, 0, 1), rkInt(1, 0, 0, 2), rkInt(2, 0, 0, 3),
		}, want: []string{"A1=1 number hidden", "A2=2 number hidden", "A3=3 number"}},
		{name: "rows hidden unless they say otherwise", records: [][]byte{
			record(recDefaultRowH, 2, 0), record(recRow, 0, 0, 1, 300, 0, 0, 0, 0), rkInt(0, 0, 0, 1), rkInt(1, 0, 0, 2),
		}, want: []string{"A1=1 number", "A2=2 number hidden"}},
		{name: "rows and cells out of order, a cell twice", records: [][]byte{
			rkInt(2, 1, 0, 6), rkInt(2, 0, 0, 5), rkInt(0, 0, 0, 1), rkInt(1, 0, 0, 3), rkInt(0, 1, 0, 2), rkInt(2, 1, 0, 7),
		}, want: []string{"A1=1 number", "B1=2 number", "A2=3 number", "A3=5 number", "B3=7 number"}},
		{name: "a chart in the sheet", records: [][]byte{
			rkInt(0, 0, 0, 1), record(recBOF, biff8, 0x20), rkInt(5, 5, 0, 9), record(recEOF), rkInt(1, 0, 0, 2),
		}, want: []string{"A1=1 number", "A2=2 number"}},
		{name: "General", records: [][]byte{record(recNumber, 0, 0, 0, number(202453010003))}, want: []string{"A1=202453010003 number"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := shown(read(t, one(c.global, c.records...)))
			if diff := cmp.Diff(append([]string{"# Tờ"}, c.want...), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestStyles(t *testing.T) {
	t.Parallel()
	format := func(id int, code string) []byte {
		return record(recFormat, id, len(wide(code))/2, byte(1), wide(code))
	}
	global := [][]byte{
		fontRecord("Arial", false), fontRecord(".VnTime", false), fontRecord("Arial", true), fontRecord(".VnTimeH", true),
		fontRecord("Times", false), // number 5: there is no font 4
		format(170, "0000000000"), format(171, "dd/mm/yyyy"),
		xfRecord(0, 0), xfRecord(1, 170), xfRecord(2, 171), xfRecord(5, 14),
	}
	w := &writer{global: global}
	rich := record(recRString, 3, 0, 0, 6, byte(0), "ab cde", 1, 2, 1)
	struck := record(recRString, 3, 1, 0, 4, byte(0), "ab c", 2, 0, 2, 2, 3)
	half := record(recRString, 3, 2, 2, 4, byte(0), "ab c", 1, 3, 0)
	w.sheets = []testSheet{{name: "S", records: bytes.Join([][]byte{
		rkInt(0, 0, 1, 453010004), rkInt(1, 0, 2, 38781), rkInt(2, 0, 3, 1), rich, struck, half,
		labelSST(w, 4, 0, 1, "TrÇn Nh\u00ad"), rkInt(5, 0, 99, 3),
	}, nil)}}
	want := []string{
		"# S", "A1=0453010004 (453010004) number .VnTime", "A2=05/03/2006 (38781) date Arial struck", "A3=01/01/1900 (1) date Times",
		"A4=ab cde .VnTime", "B4=ab c Arial struck", "C4=ab c Arial", "A5=TrÇn Nh\u00ad .VnTime", "A6=3 number",
	}
	if diff := cmp.Diff(want, shown(read(t, w.stream()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.global = append(w.global, record(recDate1904, 1))
	if got := read(t, w.stream()).Sheets[0].Rows[1].Cells[0]; got.Text != "06/03/2010" || got.Raw != "38781" {
		t.Errorf("1904: %+v", got)
	}
}

func TestSheets(t *testing.T) {
	t.Parallel()
	col := func(from, to, width, flags int) []byte { return record(recColInfo, from, to, width, 0, flags, 0) }
	w := &writer{sheets: []testSheet{
		{name: "Lớp 1", records: bytes.Join([][]byte{col(1, 2, 2000, 1), col(4, 4, 0, 0), col(5, 5, 2000, 0), rkInt(0, 0, 0, 1), record(recMergeCells, 1, 0, 1, 2, 3)}, nil)},
		{name: "ẩn", state: 1, records: rkInt(0, 0, 0, 1)}, {name: "rất ẩn", state: 2},
		{name: "biểu đồ", kind: 2},
	}}
	want := []string{"# Lớp 1 hidden B:C hidden E:E merged C1:D2", "A1=1 number", "# ẩn hidden", "A1=1 number", "# rất ẩn hidden"}
	plain := read(t, compound("Workbook", w.stream()))
	if diff := cmp.Diff(want, shown(plain)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.sheets = append(w.sheets, testSheet{name: "Macro1", kind: 1})
	if !read(t, w.stream()).Macros || !read(t, compound("WORKBOOK", one(nil), "_VBA_PROJECT_CUR", "A")).Macros || plain.Macros {
		t.Error("macros")
	}
}

// The table of shared strings goes on in other records, which may begin inside a string and change its width.
func TestSharedStrings(t *testing.T) {
	t.Parallel()
	table := bytes.Join([][]byte{
		record(recSST, uint32(4), uint32(4), 5, byte(0), "ab"), record(recContinue, byte(1), wide("ướ")), record(recContinue, byte(0), "z"),
		record(recContinue, 2, byte(1|8|4), 1, uint32(6), wide("Đỗ"), 0), record(recContinue, 7, "exten"), record(recContinue, "d"),
		record(recContinue, 0, byte(0), 1, byte(0)), record(recContinue, byte(0), "x"),
	}, nil)
	var cells [][]byte
	for i := range 4 {
		cells = append(cells, record(recLabelSST, i, 0, 0, uint32(i)))
	}
	want := []string{"# Tờ", "A1=abướz", "A2=Đỗ", "A4=x"}
	if diff := cmp.Diff(want, shown(read(t, one([][]byte{table}, cells...)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w := &writer{}
	var texts []string
	for i, r := range []rune("aạ𠮷") {
		texts = append(texts, strings.Repeat(string(r), 9000-i), strings.Repeat("bé"+string(r), 1000+i))
	}
	for i, s := range texts {
		w.sheets = append(w.sheets, testSheet{name: fmt.Sprint(i), records: labelSST(w, 0, 0, 0, s)})
	}
	for i, s := range read(t, w.stream()).Sheets {
		if s.Rows[0].Cells[0].Text != texts[i] {
			t.Errorf("text %d differs", i)
		}
	}
}

// BIFF5 has 8-bit strings.
func TestBIFF5(t *testing.T) {
	t.Parallel()
	face := func(name string, charset byte) []byte {
		return record(recFont, 220, 0, 0, 400, 0, byte(0), byte(0), charset, byte(0), byte(len(name)), name)
	}
	book := func(page int, charset byte) []byte {
		out := bytes.Join([][]byte{
			record(recBOF, 0x0500, kindGlobals, 0, 0), record(recCodePage, page), face("Arial", charset), face(".VnTime", charset),
			record(recFormat, 170, byte(5), "00000"), xfRecord(0, 0), xfRecord(1, 170),
		}, nil)
		n := len(out) + 4 + 6 + 4 + 4
		return bytes.Join([][]byte{
			out, record(recBoundSheet, uint32(n), byte(0), byte(0), byte(3), "L\xedp"), record(recEOF),
			record(recBOF, 0x0500, kindSheet, 0, 0),
			record(recLabel, 0, 0, 0, 4, "V\xb5n\xd2"), record(recLabel, 0, 1, 1, 6, "TrÇn\xad"), record(recRString, 0, 2, 0, 3, "abc", byte(1), byte(1), byte(1)),
			rkInt(1, 0, 1, 42), formula(1, 1, le(0, 0, 0, 0xffff), 0), record(recString, 2, "\xd0\x8d"), record(recEOF),
		}, nil)
	}
	rest := []string{"B1=TrÃ‡n\u00ad .VnTime", "C1=abc .VnTime", "A2=00042 (42) number .VnTime"}
	for _, c := range []struct {
		page    int
		charset byte
		want    []string
	}{
		{1252, 0, []string{"# Líp", "A1=VµnÒ Arial", rest[0], rest[1], rest[2], "B2=Ð\u008d Arial formula"}},
		{1258, 0, []string{"# Líp", "A1=Vµn\u0309 Arial", rest[0], rest[1], rest[2], "B2=Đ\u008d Arial formula"}},
		{1252, vietnameseCharset, []string{"# Líp", "A1=Vµn\u0309 Arial", rest[0], rest[1], rest[2], "B2=Đ\u008d Arial formula"}},
	} {
		for _, data := range [][]byte{book(c.page, c.charset), compound("Book", book(c.page, c.charset))} {
			if diff := cmp.Diff(c.want, shown(read(t, data))); diff != "" {
				t.Errorf("%d, %d (-want +got):\n%s", c.page, c.charset, diff)
			}
		}
	}
}

// A script's workbook: one sheet without anything around it, text in whatever bytes the script had.
func TestBareSheet(t *testing.T) {
	t.Parallel()
	data := bytes.Join([][]byte{
		record(recBOF, 0, kindSheet, 0, 0), record(recLabel, 0, 0, 0, 3, "M\xc3\xa3"), record(recNumber, 1, 0, 0, number(7)), record(recEOF),
	}, nil)
	if diff := cmp.Diff([]string{"# Sheet1", "A1=MÃ£", "A2=7 number"}, shown(read(t, data))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	many := &writer{}
	for i := range 300 {
		many.sheets = append(many.sheets, testSheet{name: fmt.Sprint(i)})
	}
	var tall []byte
	for i := range 60000 {
		tall = append(tall, rkInt(i, 0, 0, i)...)
	}
	overlap := &writer{sheets: []testSheet{{name: "a", records: bytes.Repeat(rkInt(0, 0, 0, 1), 3)}}}
	tower := overlap.stream()
	tower = append(tower[:len(tower)-4-3*14], bytes.Repeat(record(recBOF, biff8, kindSheet), 100)...)
	for _, c := range []struct {
		name string
		data []byte
		code parser.ProblemCode
	}{
		{"nothing", nil, parser.Damaged},
		{"no compound file", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), parser.Damaged},
		{"no workbook in it", compound("Contents", one(nil)), parser.Damaged},
		{"a string that is not there", one(nil, record(recLabelSST, 0, 0, 0, uint32(1))), parser.Damaged},
		{"many strings promised", one([][]byte{record(recSST, uint32(1), uint32(1<<31))}), parser.Damaged},
		{"a short cell", one(nil, record(recNumber, 0, 0, 0, 1)), parser.Damaged},
		{"a cell without a place", one(nil, record(recRK, 0)), parser.Damaged},
		{"a hole", one(nil, make([]byte, 64)), parser.Damaged},
		{"a record that does not exist", one(nil, record(0x20fd, 0, 0, 0, uint32(0))), parser.Damaged},
		{"no number", one(nil, record(recNumber, 0, 0, 0, number(math.Inf(1)))), parser.Damaged},
		{"merged cells cut off", one(nil, record(recMergeCells, 9, 0)), parser.Damaged},
		{"sheets", many.stream(), parser.TooLarge},
		{"rows", one(nil, tall), parser.TooLarge},
		{"charts without end", tower, parser.Damaged},
		{"BIFF4", record(0x0409, 0, 0x10, 0), parser.Unsupported},
		{"BIFF2", record(0x0009, 0, 0x10), parser.Unsupported},
	} {
		lim := parser.DefaultLimits()
		lim.Rows = 50000
		var problem *parser.Problem
		if _, err := Read(c.data, lim); !errors.As(err, &problem) || problem.Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}

// What stands right of the limit of columns is left out, and said.
func TestFarColumns(t *testing.T) {
	t.Parallel()
	book, err := Read(one(nil, rkInt(0, 1, 0, 1), rkInt(0, 255, 0, 1)), parser.DefaultLimits())
	if err != nil || !book.Sheets[0].Cut || len(book.Sheets[0].Rows[0].Cells) != 1 {
		t.Errorf("%v, %+v", err, book)
	}
}

// What is short in a file and long in memory, or takes long to look at, is bounded.
func TestBombs(t *testing.T) {
	t.Parallel()
	const cells = 200_000
	each := func(of func(row, col int) []byte) []byte {
		var b []byte
		for i := range cells {
			b = append(b, of(i/100, i%100)...)
		}
		return b
	}
	long := strings.Repeat("x", 30_000)
	format := record(recFormat, 170, len(`"K"@`), byte(0), `"K"@`)
	dressed := &writer{global: [][]byte{fontRecord("A", false), xfRecord(0, 0), record(recSST, uint32(1), uint32(1), 8000, byte(8), 1, long[:8000], 3, 0)}}
	dressed.sheets = []testSheet{{name: "S", records: each(func(r, c int) []byte { return record(recLabelSST, r, c, 0, uint32(0)) })}}
	grown := &writer{global: [][]byte{fontRecord("A", false), format, xfRecord(0, 170)}}
	grown.sst = []string{long}
	grown.sheets = []testSheet{{name: "S", records: each(func(r, c int) []byte { return record(recLabelSST, r, c, 0, uint32(0)) })}}
	for _, c := range []struct {
		name string
		data []byte
		code parser.ProblemCode // "": it is read
	}{
		{"one rich text in every cell", dressed.stream(), ""},
		{"a long text that its format makes longer", grown.stream(), parser.TooLarge},
		{"numbers of many digits", one(nil, each(func(r, c int) []byte { return record(recNumber, r, c, 0, number(1e-300)) })), ""},
		{"a text in pieces of one byte", one([][]byte{record(recSST, uint32(1), uint32(1), 60_000, byte(0)), bytes.Repeat(record(recContinue, byte(0)), 100_000)}), parser.Damaged},
		{"locked often", one([][]byte{bytes.Repeat(record(recFilePass, 0, int(xorKey(builtinPassword)), int(xorVerifier(builtinPassword))), 10_000)}), parser.Damaged},
		{"a format for every cell", one([][]byte{bytes.Repeat(xfRecord(0, 22), 1<<16)}, each(func(r, c int) []byte { return rkInt(r, c, r*100+c, 1) })), ""},
	} {
		start := time.Now()
		var problem *parser.Problem
		_, err := Read(c.data, parser.DefaultLimits())
		if c.code == "" && err != nil || c.code != "" && (!errors.As(err, &problem) || problem.Code != c.code) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s took %v", c.name, d)
		}
	}
}

// A file that was cut off is never read as a shorter list.
func TestCutOff(t *testing.T) {
	t.Parallel()
	w := &writer{}
	w.sheets = []testSheet{{name: "S", records: bytes.Join([][]byte{labelSST(w, 0, 0, 0, "một"), labelSST(w, 1, 0, 0, "hai")}, nil)}}
	stream := w.stream()
	for n := range len(stream) {
		if b, err := Read(stream[:n], parser.DefaultLimits()); err == nil {
			t.Errorf("%d of %d bytes: %v", n, len(stream), shown(b))
		}
	}
	file := compound("Workbook", stream)
	for n := 0; n < len(file)-1; n += 100 {
		b, err := Read(file[:n], parser.DefaultLimits())
		if err == nil && len(shown(b)) != 3 { // what follows the last sector in use may be missing
			t.Errorf("%d of %d bytes of the file: %v", n, len(file), shown(b))
		}
	}
}
