package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vanthu/parser"
	"vanthu/parser/grid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const oddStyles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
 <numFmts count="5"><numFmt numFmtId="164" formatCode="0000000000"/><numFmt numFmtId="165" formatCode="&quot;SV&quot;@"/><numFmt numFmtId="166" formatCode=";;;"/><numFmt numFmtId="167" formatCode="mm\-yy"/><numFmt numFmtId="168" formatCode="[$-42A]dd mmmm yyyy;@"/></numFmts>
 <fonts><font><name val="Times New Roman"/></font><font><strike/><name val=".VnTime"/></font><font><strike val="0"/><name val="A &amp; B"/></font></fonts>
 <dxfs><dxf><font><strike/><name val="wrong"/></font></dxf></dxfs><cellStyleXfs><xf numFmtId="14" fontId="1"/></cellStyleXfs>
 <cellXfs><xf/><xf numFmtId="164" fontId="1"/><xf numFmtId="165" fontId="2"/><xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="14"/><xf numFmtId="168"/><xf numFmtId="2"/><xf numFmtId="49" quotePrefix="1"/><xf numFmtId="999" fontId="99"/></cellXfs></styleSheet>`

// What cells store and how they show it.
func TestOddCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, cells, want string }{
		{"exponent", `<c><v>2.1530106E9</v></c>`, `A1 1 "2153010600"`},
		{"decimal zero", `<c><v>2153010600.0</v></c>`, `A1 1 "2153010600"`},
		{"negative exponent", `<c><v>21530106800E-1</v></c>`, `A1 1 "2153010680"`},
		{"noise of doubles", `<c><v>0.30000000000000004</v></c>`, `A1 1 "0.3" raw 0.30000000000000004`},
		{"12 digits", `<c><v>202153010680</v></c>`, `A1 1 "202153010680"`},
		{"more digits than a double holds", `<c><v>21530106801234567</v></c>`, `A1 1 "21530106801234567"`},
		{"lost digits", `<c><v>2.1530106801234567E+19</v></c>`, `A1 1 "21530106801234567000"`},
		{"zeros in front of a number", `<c><v>0012</v></c>`, `A1 1 "12" raw 0012`},
		{"zeros by format", `<c s="1"><v>18530123</v></c>`, `A1 1 "0018530123" raw 18530123 struck .VnTime`},
		{"zeros by format, from an exponent", `<c s="1"><v>1.8530123E7</v></c>`, `A1 1 "0018530123" raw 18530123 struck .VnTime`},
		{"decimals by format", `<c s="7"><v>2153010680</v></c>`, `A1 1 "2153010680.00" raw 2153010680`},
		{"text format", `<c s="8"><v>2153010680</v></c>`, `A1 1 "2153010680"`},
		{"apostrophe", `<c s="8" t="inlineStr"><is><t>0012</t></is></c>`, `A1 0 "0012"`},
		{"text by format", `<c s="2" t="str"><v>12</v></c>`, `A1 0 "SV12" raw 12 A & B`},
		{"number in a format for text", `<c s="2"><v>12</v></c>`, `A1 1 "SV12" raw 12 A & B`},
		{"hidden by format", `<c s="3"><v>12</v></c>`, `A1 1 "12"`},
		{"hidden text", `<c s="3" t="str"><v>x</v></c>`, `A1 0 "x"`},
		{"cohort as date", `<c s="4"><v>45566</v></c>`, `A1 2 "10-24" raw 45566`},
		{"date", `<c s="5"><v>37320</v></c>`, `A1 2 "05/03/2002" raw 37320`},
		{"date in Vietnamese", `<c s="6"><v>37320</v></c>`, `A1 2 "05 Tháng 3 2002" raw 37320`},
		{"code with a date's format", `<c s="5"><v>2153010680</v></c>`, `A1 1 "2153010680"`},
		{"ISO date", `<c s="5" t="d"><v>2002-03-05T00:00:00</v></c>`, `A1 2 "05/03/2002" raw 37320`},
		{"ISO date without a format", `<c t="d"><v>2002-03-05</v></c>`, `A1 2 "2002-03-05" raw 37320`},
		{"no date", `<c t="d"><v>soon</v></c>`, `A1 2 "soon"`},
		{"unknown format and font", `<c s="9"><v>5</v></c>`, `A1 1 "5"`},
		{"no number", `<c><v>NaN</v></c>`, `A1 0 "NaN"`}, {"hex", `<c><v>0x10</v></c>`, `A1 0 "0x10"`}, {"endless", `<c><v>1e999</v></c>`, `A1 0 "1e999"`}, {"infinite", `<c><v>Infinity</v></c>`, `A1 0 "Infinity"`}, {"underscores", `<c><v>1_000</v></c>`, `A1 0 "1_000"`},
		{"blanks around", "<c><v> 5\n</v></c>", `A1 1 "5"`}, {"negative", `<c><v>-5</v></c>`, `A1 1 "-5"`}, {"zero", `<c><v>0</v></c>`, `A1 1 "0"`},
		{"formula", `<c><f>A2</f><v>5</v></c>`, `A1 1 "5" formula`}, {"shared formula", `<c><f t="shared" si="0"/><v>5</v></c>`, `A1 1 "5" formula`}, {"array formula", `<c t="str"><f t="array" ref="A1:B1">X</f><v>x</v></c>`, `A1 0 "x" formula`},
		{"formula without value", `<c><f>NOW()</f></c>`, `A1 0 "" formula`}, {"formula with an empty value", `<c><f>NOW()</f><v/></c>`, `A1 0 "" formula`}, {"formula that gives the empty text", `<c t="str"><f>""</f><v/></c>`, ""}, {"formula with an error", `<c t="e"><f>A2</f><v>#REF!</v></c>`, `A1 4 "#REF!" formula`},
		{"booleans", `<c t="b"><v>1</v></c><c t="b"><v>0</v></c>`, `A1 3 "TRUE" raw 1;B1 3 "FALSE" raw 0`},
		{"inline in v", `<c t="inlineStr"><v>x</v></c>`, `A1 0 "x"`}, {"inline without type", `<c><is><t>x</t></is></c>`, `A1 0 "x"`}, {"inline nothing", `<c t="inlineStr"><is><t></t></is></c><c t="inlineStr"><is/></c><c t="inlineStr"/>`, ""},
		{"space", `<c t="inlineStr"><is><t xml:space="preserve"> x </t></is></c>`, `A1 0 " x "`}, {"escapes", `<c t="inlineStr"><is><t>a_x000D_b_x005F_x0041__xD83D__xDE00__xZZZZ_</t></is></c>`, `A1 0 "a\rb_x0041_😀_xZZZZ_"`},
		{"phonetic", `<c t="inlineStr"><is><t>x</t><rPh sb="0" eb="1"><t>y</t></rPh><phoneticPr fontId="1"/></is></c>`, `A1 0 "x"`},
		{"font of most characters", `<c t="inlineStr"><is><r><t>a</t></r><r><rPr><rFont val="VNI-Times"/></rPr><t>bcd</t></r></is></c>`, `A1 0 "abcd" VNI-Times`},
		{"struck but for blanks", `<c t="inlineStr"><is><r><rPr><strike/></rPr><t>a</t></r><r><t> </t></r><r><rPr><strike val="true"/></rPr><t>b</t></r></is></c>`, `A1 0 "a b" struck`},
		{"struck in part", `<c t="inlineStr"><is><r><rPr><strike/></rPr><t>a</t></r><r><rPr><strike val="0"/></rPr><t>b</t></r></is></c>`, `A1 0 "ab"`},
		{"no-break space and zero width", "<c t=\"inlineStr\"><is><t>\u00a0x\u200b\u00ad</t></is></c>", "A1 0 \"\\u00a0x\\u200b\\u00ad\""},
		{"a blank in the last column", `<c r="A1"><v>1</v></c><c r="XFD1" t="str"><v> </v></c>`, `A1 1 "1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, err := both(t, raw(t, `<sheetData><row r="1">`+c.cells+`</row></sheetData>`, "xl/styles.xml", oddStyles), parser.DefaultLimits())
			must(t, err)
			got := strings.Join(cells(b.Sheets[0]), ";")
			got = strings.ReplaceAll(got, " Times New Roman", "")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	b, err := both(t, rewrite(t, raw(t, `<sheetData><row r="1"><c s="5"><v>44104</v></c><c s="5" t="d"><v>2024-10-01</v></c></row></sheetData>`, "xl/styles.xml", oddStyles), func(name, s string) string {
		return strings.Replace(s, "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)
	}), parser.DefaultLimits())
	must(t, err)
	if d := cmp.Diff([]string{`A1 2 "01/10/2024" raw 44104 Times New Roman`, `B1 2 "01/10/2024" raw 44104 Times New Roman`}, cells(b.Sheets[0])); d != "" {
		t.Error(d)
	}
}

// What is not seen.
func TestHiddenParts(t *testing.T) {
	t.Parallel()
	b, err := both(t, raw(t, `<cols><col min="2" max="3" width="9" hidden="1"/><col min="4" max="4" width="0" customWidth="1"/><col min="5" max="16384" width="9"/></cols>
	<sheetData><row r="1"><c><v>1</v></c></row><row r="2" hidden="1"><c><v>1</v></c></row><row r="3" ht="0" customHeight="1"><c><v>1</v></c></row><row r="4" hidden="0" ht="15"><c><v>1</v></c></row><row r="5" hidden="true" outlineLevel="1"><c><v>1</v></c></row><row r="6" collapsed="1"><c><v>1</v></c></row></sheetData>
	<autoFilter ref="A1:B6"/><mergeCells count="2"><mergeCell ref="D1:E2"/><mergeCell ref="$C$1:$C$3"/><mergeCell ref="B2:A1"/></mergeCells><extLst><ext><mergeCells><mergeCell ref="F1:G9"/></mergeCells></ext></extLst>`), parser.DefaultLimits())
	must(t, err)
	s := b.Sheets[0]
	var hidden []int
	for _, r := range s.Rows {
		if r.Hidden {
			hidden = append(hidden, r.Number)
		}
	}
	if d := cmp.Diff([]int{2, 3, 5}, hidden); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]grid.Range{{Col: 2, LastCol: 3}, {Col: 4, LastCol: 4}}, s.HiddenCols); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]grid.Range{{Row: 1, Col: 4, LastRow: 2, LastCol: 5}, {Row: 1, Col: 3, LastRow: 3, LastCol: 3}}, s.Merged); d != "" {
		t.Error(d)
	}
}

// What lies beneath merged cells is not seen.
func TestBeneathMergedCells(t *testing.T) {
	t.Parallel()
	b, err := both(t, raw(t, `<sheetData><row r="1"><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c></row><row r="2"><c><v>4</v></c><c><f>A1</f></c></row><row r="3"><c><v>5</v></c><c><v>6</v></c></row></sheetData>
	<mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="B3:B9"/></mergeCells>`), parser.DefaultLimits())
	must(t, err)
	if d := cmp.Diff([]string{`A1 1 "1"`, `C1 1 "3"`, `A3 1 "5"`, `B3 1 "6"`}, cells(b.Sheets[0])); d != "" {
		t.Error(d)
	}
	if n := len(b.Sheets[0].Rows); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// Containers as programs write them.
func TestOddContainers(t *testing.T) {
	t.Parallel()
	plain := raw(t, `<sheetData><row r="1"><c r="A1"><v>2153010680</v></c></row></sheetData>`)
	target := func(to string) []byte {
		return rewrite(t, plain, func(name, s string) string { return strings.Replace(s, "worksheets/sheet1.xml", to, 1) })
	}
	renamed := func(data []byte, from, to string) []byte {
		return bytes.ReplaceAll(data, []byte(from), []byte(to)) // of the same length
	}
	zip64, err := os.ReadFile("testdata/zip64.xlsx")
	must(t, err)
	var twice, differs, stored bytes.Buffer
	in, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	must(t, err)
	for out, change := range map[*bytes.Buffer]func(w *zip.Writer, f *zip.File){
		&twice: func(w *zip.Writer, f *zip.File) {
			if isSheet(f.Name) {
				must(t, w.Copy(f))
			}
			must(t, w.Copy(f))
		},
		&differs: func(w *zip.Writer, f *zip.File) {
			must(t, w.Copy(f))
			if isSheet(f.Name) {
				x, err := w.Create(strings.ToUpper(f.Name))
				must(t, err)
				_, err = x.Write([]byte("<worksheet/>"))
				must(t, err)
			}
		},
		&stored: func(w *zip.Writer, f *zip.File) {
			x, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
			must(t, err)
			r, err := f.Open()
			must(t, err)
			_, err = bytes.NewBuffer(nil).ReadFrom(r)
			must(t, err)
			r, err = f.Open()
			must(t, err)
			b := new(bytes.Buffer)
			_, err = b.ReadFrom(r)
			must(t, err)
			_, err = x.Write(b.Bytes())
			must(t, err)
		},
	} {
		w := zip.NewWriter(out)
		for _, f := range in.File {
			change(w, f)
		}
		must(t, w.Close())
	}
	lies := bytes.Clone(plain) // the directory says that every part is shorter than it is
	for at := 0; ; {
		i := bytes.Index(lies[at:], []byte("PK\x01\x02"))
		if i < 0 {
			break
		}
		at += i + 4
		binary.LittleEndian.PutUint32(lies[at+20:], binary.LittleEndian.Uint32(lies[at+20:])-5)
	}
	sum := bytes.Clone(plain)
	sum[bytes.LastIndex(sum, []byte("PK\x01\x02"))+16] ^= 1
	for _, c := range []struct {
		name    string
		data    []byte
		problem parser.ProblemCode
	}{
		{"plain", plain, ""}, {"zip64", zip64, ""}, {"stored", stored.Bytes(), ""}, {"the same part twice", twice.Bytes(), ""}, {"two parts of one name", differs.Bytes(), parser.Damaged},
		{"absolute", target("/xl/worksheets/sheet1.xml"), ""}, {"backslashes", target(`worksheets\sheet1.xml`), ""}, {"dots", target("../xl/./worksheets/sheet1.xml"), ""}, {"other case", target("Worksheets/Sheet1.XML"), ""}, {"percent", target("worksheets/sheet%31.xml"), ""}, {"from the root without a slash", target("xl/worksheets/sheet1.xml"), ""}, {"nowhere", target("nowhere.xml"), parser.Damaged},
		{"parts in other case", renamed(plain, "xl/worksheets/sheet1.xml", "XL/WorkSheets/Sheet1.XML"), ""}, {"parts with backslashes", renamed(plain, "xl/worksheets/sheet1.xml", `xl\worksheets\sheet1.xml`), ""},
		{"something in front", append([]byte("MZ stub"), plain...), ""}, {"sizes that lie", lies, parser.Damaged}, {"a wrong checksum", sum, parser.Damaged}, {"half", plain[:len(plain)/2], parser.Damaged}, {"no relationships of the package", renamed(plain, "_rels/.rels", "_relx/.rels"), ""},
		{"no content types", renamed(plain, "[Content_Types].xml", "[Content_Tipes].xml"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, err := both(t, c.data, parser.DefaultLimits())
			var p *parser.Problem
			switch {
			case c.problem != "":
				if !errors.As(err, &p) || p.Code != c.problem {
					t.Errorf("%v", err)
				}
			case err != nil:
				t.Error(err)
			default:
				if d := cmp.Diff([]string{`A1 1 "2153010680"`}, cells(b.Sheets[0])); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

// A bomb costs little time and is named.
func TestBombs(t *testing.T) {
	t.Parallel()
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	for _, c := range []struct {
		name string
		make func() []byte
		rows bool
	}{
		{"endless blank", func() []byte { return raw(t, "<sheetData>"+many(" ", 120<<20)+"</sheetData>") }, false},
		{"empty rows", func() []byte { return raw(t, "<sheetData>"+many("<row/>", 1_100_000)+"</sheetData>") }, false},
		{"cells", func() []byte {
			return raw(t, "<sheetData>"+many("<row>"+many(`<c t="b"><v>1</v></c>`, 100)+"</row>", 21_000)+"</sheetData>")
		}, false},
		{"shared strings", func() []byte {
			return raw(t, "", "xl/sharedStrings.xml", "<sst>"+many("<si/>", 4_100_000)+"</sst>")
		}, false},
		{"one string", func() []byte {
			return raw(t, "", "xl/sharedStrings.xml", "<sst><si><t>"+many("x", 1<<20)+"</t></si></sst>")
		}, false},
		{"one attribute", func() []byte { return raw(t, `<x a="`+many("x", 3<<20)+`"/>`) }, false},
		{"merges", func() []byte { return raw(t, "<mergeCells>"+many(`<mergeCell ref="A1:B2"/>`, 110_000)+"</mergeCells>") }, false},
		{"merges that overlap", func() []byte {
			return raw(t, "<sheetData>"+many("<row><c><v>1</v></c></row>", 1000)+"</sheetData><mergeCells>"+many(`<mergeCell ref="A1:A1048576"/>`, 90_000)+"</mergeCells>")
		}, true},
		{"styles", func() []byte {
			return raw(t, "", "xl/styles.xml", "<s><cellXfs>"+many("<xf/>", 80_000)+"</cellXfs></s>")
		}, false},
		{"fonts", func() []byte { return raw(t, "", "xl/styles.xml", "<s><fonts>"+many("<font/>", 80_000)+"</fonts></s>") }, false},
		{"columns", func() []byte {
			return raw(t, "<cols>"+many(`<col min="1" max="2" hidden="1"/>`, 20_000)+"</cols>")
		}, false},
		{"runs", func() []byte {
			return raw(t, "", "xl/sharedStrings.xml", "<sst><si>"+many("<r><rPr><rFont val='x'/></rPr><t>x</t></r>", 200_000)+"</si></sst>")
		}, true},
		{"what formats make", func() []byte {
			return raw(t, "<sheetData>"+many("<row>"+many(`<c s="0"><v>1</v></c>`, 100)+"</row>", 15_000)+"</sheetData>",
				"xl/styles.xml", `<s><numFmts><numFmt numFmtId="200" formatCode="`+many("0", 250)+`"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs></s>`)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := c.make()
			start := time.Now()
			_, err := Read(data, parser.DefaultLimits())
			took := time.Since(start)
			var p *parser.Problem
			if (err != nil || !c.rows) && (!errors.As(err, &p) || p.Code == "") {
				t.Errorf("%v", err)
			}
			t.Logf("%d bytes, %v: %v", len(data), took, err)
			if took > 10*time.Second { // 5 s are the goal; the machine may be busy
				t.Errorf("%v", took)
			}
		})
	}
}

// Reading can be left at any row; nothing goes on in the background.
func TestWalkEnds(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	data := list(t, 100_000, true)
	for _, after := range []int{1, 2, 50_000} {
		n := 0
		err := Walk(data, limits(0), func(*grid.Sheet, *grid.Row) error {
			if n++; n == after {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || n != after {
			t.Errorf("after %d rows: %v", n, err)
		}
	}
	lim := limits(0)
	lim.Rows = 5000
	var p *parser.Problem
	if _, err := Read(data, lim); !errors.As(err, &p) || p.Code != parser.TooLarge || !strings.Contains(fmt.Sprint(p), "5.000") {
		t.Errorf("%v", err)
	}
}
