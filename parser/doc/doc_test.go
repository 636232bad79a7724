package doc

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// shown writes a document as its paragraphs, pictures and the cells of its tables.
func shown(d grid.Document) []string {
	var out []string
	flat := strings.NewReplacer("\n", "/")
	for _, b := range d.Blocks {
		line := flat.Replace(b.Text)
		if b.Font != "" {
			line += " (" + b.Font + ")"
		}
		if b.Table > 0 {
			s := d.Sheets[b.Table-1]
			line = s.Name
			for _, r := range s.Rows {
				for _, c := range r.Cells {
					line += fmt.Sprintf(" %s%d=%s", parser.ColumnName(c.Col), r.Number, flat.Replace(c.Text))
					if c.Font != "" {
						line += "(" + c.Font + ")"
					}
					if c.Struck {
						line += "(struck)"
					}
				}
			}
			for _, m := range s.Merged {
				line += fmt.Sprintf(" %s%d:%s%d", parser.ColumnName(m.Col), m.Row, parser.ColumnName(m.LastCol), m.LastRow)
			}
		}
		if b.Picture {
			line += "[picture]"
		}
		out = append(out, line)
	}
	return out
}

func read(t *testing.T, data []byte) grid.Document {
	t.Helper()
	d, err := Read(data, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// LibreOffice wrote these from .docx files: merged cells, a table in a cell, fields, links, tracked changes, hidden and
// struck text, fonts of TCVN3; a line, text boxes and pictures.
func TestLibreOffice(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"libreoffice": {
			"Đoạn gạch bỏ và TrÇn V¨n H\u00ad¬ng (.VnTime)", "mới (Calibri)", "Tab:\tx/dòng hai-cuối (Calibri)", "Trang 25 hết (Calibri)", "liên kết (Calibri)",
			"Bảng 1 A1=Stt(Calibri) B1=Mã số(Calibri) C1=Họ và tên(Calibri) E1=Lớp(Calibri) F1=Ghi chú(Calibri)" +
				" C2=Họ đệm(Calibri) D2=Tên(Calibri) E2=YBK50(Calibri)" +
				" A3=1(Calibri) B3=2453010001(Calibri) C3=NguyÔn V¨n(.VnTime) D3=An(.VnTime) F3=một/hai(Calibri)" +
				" A4=2(Calibri) B4=2453010002(Calibri)(struck) C4=Lê(Calibri)(struck) D4=Bỏ(Calibri)(struck)" +
				" A5=3(Calibri) B5=2453010003(Calibri) C5=Trần Thị(Calibri) D5=Cúc(Calibri) E5=YBK51(Calibri) F5=xem/dưới(Calibri)" +
				" A6=4(Calibri) B6=2453010004(Calibri) C6=Võ(Calibri) D6=Dũng(Calibri) E6=YBK51(Calibri)" +
				" A8=Cộng: 4 sinh viên(Calibri) A1:A2 B1:B2 C1:D1 E2:E4 A8:F8",
			"Bảng 2 A1=trong 1(Calibri) B1=trong 2(Calibri) A2=trong 3(Calibri) B2=trong 4(Calibri)",
			"Sau bảng (Calibri)", "Bảng 3 A1=a(Calibri) B1=b(Calibri)", "Cuối 𠮷 (Calibri)",
		},
		"shapes": {
			"đường kẻ (Calibri)", "hộp (Calibri)", "", "Hộp A (Calibri)", "dòng 2 của Hộp A (Calibri)", "", "ảnh trong dòng (Calibri)[picture]",
			"ảnh neo (Calibri)[picture]", "hộp nữa (Calibri)", "", "Hộp B (Calibri)", "dòng 2 của Hộp B (Calibri)", "", "cuối (Calibri)", "",
		},
	} {
		data, err := os.ReadFile("testdata/" + name + ".doc")
		if err != nil {
			t.Fatal(err)
		}
		d := read(t, data)
		if diff := cmp.Diff(want, shown(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{"BM-CNTT31", "Chân trang"}, d.Margins); diff != "" || d.Macros || d.Scan {
			t.Errorf("%s: macros %v, scan %v, margins (-want +got):\n%s", name, d.Macros, d.Scan, diff)
		}
	}
}

// A letter with its list, as a unit sends it.
func TestLetter(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/letter.doc")
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, data)
	if n := len(d.Sheets); n != 3 || len(d.Sheets[2].Rows) != 7 || d.Sheets[2].Rows[3].Cell(3).Text != "Ngô Minh Tiên An" || d.Sheets[2].Rows[1].Cell(2).Text != "2453011468" {
		t.Errorf("%v", shown(d))
	}
	if len(d.Margins) != 1 || d.Margins[0] != "BM-CNTT31" || d.Scan {
		t.Errorf("%+v", d.Margins)
	}
}

// In many a list the numbers are Word's: nothing stands in their cells.
func TestNumbers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/lists.doc")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range shown(read(t, data)) {
		got = append(got, strings.ReplaceAll(line, "(Calibri)", ""))
	}
	want := []string{
		"Danh sách ", "Bảng 1 A1=Stt B1=Họ tên A2=1 B2=An A3=2 B3=Bình A4=3 B4=Cúc", "giữa ", "đoạn có số ",
		"Bảng 2 A1=5 B1=Dũng A2=6 B2=Em", "lại ", "Bảng 3 A1=1 B1=Gấm A2=1 B2=Hoa", "không ",
		"Bảng 4 A1=05. B1=a A2=05.1 B2=b A3=05.2 B3=c A4=06. B4=d B5=e", "hết ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	end := part{text: "\r", para: []byte{}}
	deleted, special := sprm(sprmCFRMarkDel, 1), sprm(sprmCFSpec, 1)
	for _, c := range []struct {
		name string
		w    writer
		want []string
	}{
		{"bytes are windows-1252, or what stands there", writer{bytes: true, parts: []part{{text: "TrÇn"[:2] + "\xc7n Nh\xad \x93\x8d\x94"}, end}}, []string{"TrÇn Nh\u00ad “\u008d”"}},
		{"bytes under a font without a character set, and signs", writer{fonts: []string{".VnTime", "Wingdings"}, parts: []part{{text: "Tr\uf0c7n\uf020", chars: sprm(sprmCRgFtc0, 0)}, {text: "\uf0fc", chars: sprm(sprmCRgFtc0, 1)}, end}}, []string{"TrÇn \uf0fc (.VnTime)"}},
		{"fields show their result", writer{parts: []part{{text: "a\x13 IF \x13 REF \x14x\x15 \x14b\x15c\x13 TC \x15d"}, end}}, []string{"abcd"}},
		{"tracked deletions, one of them with the end of its paragraph", writer{parts: []part{{text: "a"}, {text: "x\r", chars: deleted, para: []byte{}}, {text: "b"}, end}}, []string{"ab"}},
		{"hidden text", writer{parts: []part{{text: "a"}, {text: "x", chars: sprm(sprmCFVanish, 1)}, {text: "b", chars: sprm(sprmCFVanish, 0x80)}, end}}, []string{"ab"}},
		{"marks", writer{parts: []part{{text: "a\x0bb\x1ec\x1fd\te\x05("}, {text: "(\x08", chars: special}, {text: "f\x0cg"}, end}}, []string{"a/b-c\u00add\te(f", "g"}},
		{"pictures and what is none", writer{parts: []part{{text: "\x01", chars: join(special, sprm(sprmCFData, 1))}, end, {text: "\x01", chars: special}, end, {text: "\x01"}, end}}, []string{"", "[picture]", ""}},
		{"fonts: the one of most characters; the style's; its base's; the document's", writer{
			fonts:  []string{"Arial", ".VnTime", "Times"},
			styles: stylesheet(2, std(1, 0xfff, nil, sprm(sprmCRgFtc0, 1)), std(1, 0, []byte{0, 0}, nil), std(1, 0xfff, nil, nil), std(2, 0xfff, sprm(sprmCRgFtc0, 0), nil)),
			parts: []part{
				{text: "ab"}, {text: "c", chars: sprm(sprmCRgFtc0, 0)}, {text: "\r", style: 0, para: []byte{}}, {text: "a\r", style: 1, para: []byte{}}, {text: "a\r", style: 2, para: []byte{}},
				{text: "x", chars: sprm(sprmCIstd, 3)}, {text: "\r", style: 0, para: []byte{}},
			},
		}, []string{"abc (.VnTime)", "a (.VnTime)", "a (Times)", "x (Arial)"}},
		{"a piece hides all", writer{prm: 0x5c<<1 | 1<<8, parts: []part{{text: "a"}, end}}, []string{""}},
		{"a piece with a list of modifiers", writer{prm: 1, extra: join([]byte{1}, le16(3), sprm(sprmCFVanish, 1)), parts: []part{{text: "a"}, end}}, []string{""}},
		{"the end without a mark", writer{parts: []part{{text: "a"}}}, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, shown(read(t, c.w.file()))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// stylesheet is STSH with the number of the font where no style names one.
func stylesheet(font int, styles ...[]byte) []byte {
	b := join(le16(18), le16(len(styles), 10, 0, 0, 0, 0, font, 0, 0))
	for _, s := range styles {
		b = append(append(b, le16(len(s))...), s...)
	}
	return b
}

// std is a style of kind 1 (paragraphs; its first formats are those of paragraphs) or 2 (characters).
func std(kind, base int, first, second []byte) []byte {
	b := join(le16(0, kind|base<<4, 2, 0, 0), le16(1, 'S', 0))
	upxs := [][]byte{first, second}
	if kind == 2 {
		upxs = upxs[:1]
	}
	for _, u := range upxs {
		b = append(append(b, le16(len(u))...), u...)
		if len(u)%2 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

func TestTables(t *testing.T) {
	t.Parallel()
	row := func(format []byte, texts ...string) []part {
		var parts []part
		for _, s := range texts {
			parts = append(parts, part{text: s + "\a", para: cell()})
		}
		return append(parts, part{text: "\a", para: rowEnd(format)})
	}
	all := func(rows ...[]part) []part {
		var parts []part
		for _, r := range rows {
			parts = append(parts, r...)
		}
		return append(parts, part{text: "end\r", para: []byte{}})
	}
	vertical := func(i, flags int) []byte { return join(le16(sprmTVertMerge), []byte{2, byte(i), byte(flags)}) }
	deep := func(n int) []byte { return join(sprm(sprmPFInTable, 1), sprm(sprmPItap, n)) }
	for _, c := range []struct {
		name string
		w    writer
		want []string
	}{
		{"without edges", writer{parts: all(row(nil, "a", "b"), row(nil, "", "c"))}, []string{"Bảng 1 A1=a B1=b B2=c", "end"}},
		{"a wide cell, by its edges; edges that do not quite meet", writer{parts: all(
			row(cells([]int{0, 1000, 5000}), "a", "b"), row(cells([]int{-10, 1040, 3000, 5005}), "c", "d", "e"), row(cells([]int{0, 1000, 3000, 5000}), "f", "g", "h"),
		)}, []string{"Bảng 1 A1=a B1=b A2=c B2=d C2=e A3=f B3=g C3=h B1:C1", "end"}},
		{"columns that were dragged stay columns", writer{parts: all(
			row(cells([]int{0, 1000, 3000, 5000}), "a", "b", "c"), row(cells([]int{0, 1400, 3200, 5000}), "d", "e", "f"), row(cells([]int{0, 5000}), "g"),
		)}, []string{"Bảng 1 A1=a B1=b C1=c A2=d B2=e C2=f A3=g A3:C3", "end"}},
		{"a cell more", writer{parts: all(
			row(cells([]int{0, 1000, 3000, 5000}), "a", "b", "c"), row(cells([]int{0, 1000, 3000, 5000}), "a", "b", "c"), row(cells([]int{0, 1000, 2000, 3000, 5000}), "d", "e", "f", "g"),
		)}, []string{"Bảng 1 A1=a B1=b D1=c A2=a B2=b D2=c A3=d B3=e C3=f D3=g B1:C1 B2:C2", "end"}},
		{"merged by flags", writer{parts: all(
			row(cells([]int{0, 1000, 2000, 3000}, 1, 2, 3<<5), "a", "", "b"), row(join(cells([]int{0, 1000, 2000, 3000}, 0, 0, 1<<5)), "c", "d", ""), row(cells([]int{0, 1000, 2000, 3000}, 2, 1), "e", "", "f"),
		)}, []string{"Bảng 1 A1=a C1=b A2=c B2=d A3=e C3=f A1:B1 C1:C2 A3:B3", "end"}},
		{"merged by later modifiers", writer{parts: all(
			row(join(cells([]int{0, 1000, 2000, 3000}, 0, 0, 0), sprm(sprmTMerge, 0|2<<8), vertical(2, 3)), "a", "", "b"),
			row(join(cells([]int{0, 1000, 2000, 3000}, 1, 2, 0), sprm(sprmTSplit, 0|2<<8), vertical(2, 1)), "c", "d", ""),
		)}, []string{"Bảng 1 A1=a C1=b A2=c B2=d A1:B1 C1:C2", "end"}},
		{"formats that lie elsewhere", writer{
			data:  join(make([]byte, 4), le16(len(rowEnd(cells([]int{0, 9, 3000})))), rowEnd(cells([]int{0, 9, 3000}))),
			parts: []part{{text: "a\a", para: cell()}, {text: "b\a", para: cell()}, {text: "\a", para: sprm(sprmPHugePapx, 4)}, {text: "end\r", para: []byte{}}},
		}, []string{"Bảng 1 A1=a B1=b", "end"}},
		{"a table in a cell, several paragraphs", writer{parts: []part{
			{text: "a\r", para: cell()},
			{text: "in\r", para: join(deep(2), sprm(sprmPFInnerTableCell, 1))}, {text: "\r", para: join(deep(2), sprm(sprmPFInnerTableCell, 1), sprm(sprmPFInnerTtp, 1))},
			{text: "b\a", para: deep(1)}, {text: "\a", para: rowEnd(sprm(sprmPItap, 1))}, {text: "end\r", para: []byte{}},
		}}, []string{"Bảng 1 A1=a/b", "Bảng 2 A1=in", "end"}},
		{"a deleted row", writer{parts: []part{
			{text: "a\a", para: cell()}, {text: "\a", para: rowEnd()},
			{text: "x\a", para: cell(), chars: sprm(sprmCFRMarkDel, 1)}, {text: "\a", para: rowEnd(), chars: sprm(sprmCFRMarkDel, 1)},
			{text: "b\a", para: cell()}, {text: "\a", para: rowEnd()}, {text: "end\r", para: []byte{}},
		}}, []string{"Bảng 1 A1=a A3=b", "end"}},
		{"a paragraph whose end was deleted is no part of the table behind it", writer{parts: []part{
			{text: "abc"}, {text: "\r", chars: sprm(sprmCFRMarkDel, 1), para: []byte{}},
			{text: "a"}, {text: "\r", chars: sprm(sprmCFRMarkDel, 1), para: cell()}, {text: "b\a", para: cell()}, {text: "\a", para: rowEnd()},
			{text: "x\r", chars: sprm(sprmCFRMarkDel, 1), para: []byte{}}, {text: "c\a", para: cell()}, {text: "\a", para: rowEnd()}, {text: "end\r", para: []byte{}},
		}}, []string{"abc", "Bảng 1 A1=ab A2=c", "end"}},
		{"struck through, in whole and in part", writer{parts: all([]part{
			{text: "a b", chars: sprm(sprmCFStrike, 1)}, {text: " \a", para: cell()}, {text: "a", chars: sprm(sprmCFDStrike, 1)}, {text: "b\a", para: cell()}, {text: "\a", para: rowEnd()},
		})}, []string{"Bảng 1 A1=a b(struck) B1=ab", "end"}},
		{"cut off inside a row", writer{parts: []part{{text: "a\a", para: cell()}, {text: "b", para: cell()}}}, []string{"Bảng 1 A1=a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, shown(read(t, c.w.file()))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarginsMacrosScan(t *testing.T) {
	t.Parallel()
	w := writer{parts: []part{{text: "\x01", chars: sprm(sprmCFSpec, 1)}, {text: "\r", para: []byte{}}, {text: "\x03\r", para: []byte{}}, {text: "BM-CNTT31\r", para: []byte{}}, {text: "box\r", para: []byte{}}}, storage: []string{"Macros", "_xmlsignatures"}}
	w.stories[headers], w.stories[textBoxes] = 12, 4
	d := read(t, w.file())
	if diff := cmp.Diff([]string{"[picture]", "box"}, shown(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !d.Macros || !d.Signature || d.Scan || len(d.Margins) != 1 || d.Margins[0] != "BM-CNTT31" {
		t.Errorf("%+v", d)
	}
	w.stories[headers], w.stories[textBoxes], w.parts = 0, 0, w.parts[:2]
	if !read(t, w.file()).Scan {
		t.Error("a picture alone is a scan")
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	plain := func() *writer {
		return &writer{parts: []part{{text: "a\a", para: cell()}, {text: "\a", para: rowEnd()}, {text: "end\r", para: []byte{}}}}
	}
	changed := func(change func(text, table []byte)) []byte {
		w := plain()
		w.change = change
		return w.file()
	}
	pointer := func(index, from, size int) []byte {
		return changed(func(text, _ []byte) { copy(text[154+8*index:], le32(from, size)) })
	}
	many := plain()
	for range 300 {
		many.parts = append(many.parts, plain().parts...)
	}
	deep := plain()
	deep.parts[0].para = join(cell(), sprm(sprmPItap, 1<<30))
	wide := plain()
	for range 300 {
		wide.parts = append(wide.parts, wide.parts[0])
	}
	locked := plain()
	locked.flags = 0x0100
	tall := plain()
	for range 1100 {
		tall.parts = append(tall.parts, tall.parts[:2]...)
	}
	file := plain().file()
	for _, c := range []struct {
		name string
		data []byte
		code parser.ProblemCode
	}{
		{"nothing", nil, parser.Damaged},
		{"cut off", file[:len(file)-4096], parser.Damaged},
		{"cut off early", file[:9000], parser.Damaged},
		{"encrypted", locked.file(), parser.Encrypted},
		{"Word 95", changed(func(text, _ []byte) { copy(text, le16(0xa5dc, 0x68)) }), parser.Unsupported},
		{"no piece table", pointer(fcClx, 0, 0), parser.Damaged},
		{"a piece table elsewhere", pointer(fcClx, 1<<30, 50), parser.Damaged},
		{"a long piece table", pointer(fcClx, 16, 1<<30), parser.Damaged},
		{"characters that are not there", changed(func(text, _ []byte) { copy(text[76:], le32(1<<20)) }), parser.Damaged},
		{"more characters than pieces", changed(func(text, _ []byte) { copy(text[76:], le32(100)) }), parser.Damaged},
		{"pieces beyond the text", changed(func(_, table []byte) { replace(table, le32(0, 7), le32(0, 7000)) }), parser.Damaged},
		{"formats beyond the text", changed(func(text, table []byte) { replace(table, le32(len(text)/pageSize-1), le32(1<<20)) }), parser.Damaged},
		{"a page of too many formats", changed(func(text, _ []byte) { text[len(text)-1] = 200 }), parser.Damaged},
		{"tables", many.file(), parser.TooLarge},
		{"tables in tables without end", deep.file(), parser.TooLarge},
		{"columns", wide.file(), parser.TooLarge},
		{"rows", tall.file(), parser.TooLarge},
	} {
		lim := parser.DefaultLimits()
		lim.Rows = 20
		var problem *parser.Problem
		if _, err := Read(c.data, lim); !errors.As(err, &problem) || problem.Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}

// What is short in a file and long in memory, or takes long to look at, is bounded.
func TestBombs(t *testing.T) {
	t.Parallel()
	const n = 2_000_000
	repeat := func(s string, p part) part {
		p.text = strings.Repeat(s, n)
		return p
	}
	for _, c := range []struct {
		name string
		w    writer
		code parser.ProblemCode // "": it is read
	}{
		{"paragraphs", writer{parts: []part{repeat("\r", part{para: []byte{}})}}, parser.TooLarge},
		{"cells", writer{parts: []part{repeat("\a", part{para: cell()})}}, parser.TooLarge},
		{"rows", writer{parts: []part{repeat("\a", part{para: rowEnd()})}}, parser.TooLarge},
		{"deleted ends of paragraphs", writer{parts: []part{repeat("x", part{}), repeat("\r", part{para: []byte{}, chars: sprm(sprmCFRMarkDel, 1)}), {text: "\r", para: []byte{}}}}, ""},
		{"fields in fields", writer{parts: []part{repeat("\x13", part{}), repeat("x", part{}), {text: "\r", para: []byte{}}}}, ""},
		{"pieces with long formats", writer{extra: join([]byte{1}, le16(60_000), make([]byte, 60_000)), prm: 1, parts: []part{repeat("\r", part{para: []byte{}})}}, parser.TooLarge},
	} {
		start := time.Now()
		c.w.bytes = true
		var problem *parser.Problem
		_, err := Read(c.w.file(), parser.DefaultLimits())
		if c.code == "" && err != nil || c.code != "" && (!errors.As(err, &problem) || problem.Code != c.code) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s took %v", c.name, d)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, rows := range []int{1000, 10_000} {
		var parts []part
		for i := range rows {
			for _, s := range []string{fmt.Sprint(i + 1), fmt.Sprintf("2453%06d", i), fmt.Sprintf("Nguyễn Thị Ánh %d", i), "YBK50", "K50", ""} {
				parts = append(parts, part{text: s + "\a", para: cell()})
			}
			parts = append(parts, part{text: "\a", para: rowEnd(cells([]int{0, 600, 2000, 5000, 6000, 7000, 9000}))})
		}
		data := (&writer{parts: parts}).file()
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for range b.N {
				d, err := Read(data, parser.DefaultLimits())
				if err != nil || len(d.Sheets[0].Rows) != rows {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// replace puts b where a stands first.
func replace(in, a, b []byte) {
	if i := strings.Index(string(in), string(a)); i >= 0 {
		copy(in[i:], b)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"libreoffice", "shapes", "lists", "letter"} {
		data, err := os.ReadFile("testdata/" + name + ".doc")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	w := writer{bytes: true, prm: 1, extra: join([]byte{1}, le16(3), sprm(sprmCFVanish, 0)), data: make([]byte, 100), fonts: []string{"Arial"}, parts: []part{
		{text: "a\a", para: cell()}, {text: "b\a", para: cell()}, {text: "\a", para: rowEnd(cells([]int{0, 1000, 2000}, 1, 2), sprm(sprmPHugePapx, 3))}, {text: "\x13x\x14y\x15\r", para: []byte{}},
	}}
	f.Add(w.file())
	lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(data, lim)
		if err != nil {
			var problem *parser.Problem
			if !errors.As(err, &problem) {
				t.Errorf("no problem: %v", err)
			}
			return
		}
		for _, b := range d.Blocks {
			if b.Table > len(d.Sheets) {
				t.Errorf("table %d of %d", b.Table, len(d.Sheets))
			}
		}
		for _, s := range d.Sheets {
			for _, r := range s.Rows {
				for i, c := range r.Cells {
					if c.Col < 1 || c.Text == "" || i > 0 && c.Col <= r.Cells[i-1].Col {
						t.Errorf("%s row %d: %+v", s.Name, r.Number, c)
					}
				}
			}
		}
	})
}
