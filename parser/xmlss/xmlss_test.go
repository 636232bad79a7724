package xmlss_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/csv"
	"vanthu/parser/grid"
	"vanthu/parser/grid/gridtest"
	"vanthu/parser/xmlss"
)

func workbook(styles, table string) string {
	return `<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>` +
		styles + `</Styles><Worksheet ss:Name="A"><Table>` + table + `</Table></Worksheet></Workbook>`
}

func cell(attrs, kind, text string) string {
	return `<Cell ` + attrs + `><Data ss:Type="` + kind + `">` + text + `</Data></Cell>`
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ styles, in, want string }{
		"places":      {"", "<Row ss:Index='3'>" + cell("ss:Index='2'", "String", "a") + cell("", "String", "b") + "</Row><Row>" + cell("", "String", "c") + "</Row>", "# A\nB3=a C3=b\nA4=c\n"},
		"merged":      {"", "<Row>" + cell("ss:MergeAcross='2' ss:MergeDown='1'", "String", "a") + cell("", "String", "b") + "</Row><Row>" + cell("ss:Index='4'", "String", "c") + "</Row>", "# A A1:C2\nA1=a D1=b\nD2=c\n"},
		"hidden":      {"", "<Column ss:Index='2' ss:Hidden='1' ss:Span='1'/><Row ss:Hidden='1'>" + cell("", "String", "a") + "</Row>", "# A hides B-C\nA1=a (hidden)\n"},
		"numbers":     {"", "<Row>" + cell("", "Number", "202153010001") + cell("", "Number", "2.02153010001E+11") + cell("", "Number", "0153010001") + cell("", "Number", "0.30000000000000004") + cell("", "Number", "abc") + "</Row>", "# A\nA1=202153010001! B1=202153010001! C1=0153010001! D1=0.3{0.30000000000000004}! E1=abc\n"},
		"formats":     {"<Style ss:ID='a'><NumberFormat ss:Format='0000000000'/></Style><Style ss:ID='b'><NumberFormat ss:Format='Short Date'/></Style><Style ss:ID='c'><NumberFormat ss:Format='&quot;SV&quot;@'/></Style>", "<Row>" + cell("ss:StyleID='a'", "Number", "53010001") + cell("ss:StyleID='b'", "Number", "45523") + cell("ss:StyleID='b'", "DateTime", "2024-08-19T00:00:00.000") + cell("", "DateTime", "2024-08-19T12:00:00.000") + cell("ss:StyleID='c'", "String", "1") + "</Row>", "# A\nA1=0053010001{53010001}! B1=19/08/2024{45523}!! C1=19/08/2024{45523}!! D1=19/08/2024{45523.5}!! E1=SV1{1}\n"},
		"others":      {"", "<Row>" + cell("", "Boolean", "1") + cell("", "Boolean", "0") + cell("", "Error", "#REF!") + cell("", "String", "#N/A") + "</Row>", "# A\nA1=TRUE{1}!!! B1=FALSE{0}!!! C1=#REF!!!!! D1=#N/A!!!!\n"},
		"formulas":    {"", "<Row>" + cell("ss:Formula='=1'", "Number", "1") + "<Cell ss:Formula='=R1C1'/>" + cell("ss:Formula='=R1C1'", "String", "") + "</Row>", "# A\nA1=1!= B1==\n"},
		"text":        {"", "<Row>" + cell("", "String", " a&#10;b &amp;  c") + "<Cell/>" + cell("", "String", "<![CDATA[<d>]]>") + "</Row>", "# A\nA1= a\\nb &  c C1=<d>\n"},
		"rich text":   {"<Style ss:ID='a'><Font ss:FontName='Arial'/></Style>", `<Row><Cell ss:StyleID='a'><ss:Data ss:Type="String" xmlns="h" xmlns:html="h"><B>a</B> <Font html:Face=".VnTime">b</Font></ss:Data></Cell><Cell><ss:Data ss:Type="String"><S>c <B>d</B></S> </ss:Data></Cell></Row>`, "# A\nA1=a b<Arial> B1=c d ~\n"},
		"fonts":       {"<Style ss:ID='Default'><Font ss:FontName='Arial'/></Style><Style ss:ID='a' ss:Parent='none'><Font ss:FontName='.VnTime'/></Style><Style ss:ID='b' ss:Parent='a'><Font ss:StrikeThrough='1'/></Style><Style ss:ID='c' ss:Parent='b'><Font ss:StrikeThrough='0'/></Style>", "<Column ss:Index='3' ss:StyleID='a'/><Row>" + cell("", "String", "a") + cell("ss:StyleID='b'", "String", "b") + cell("", "String", "c") + cell("ss:StyleID='c'", "String", "d") + "</Row><Row ss:StyleID='a'>" + cell("", "String", "e") + "</Row>", "# A\nA1=a<Arial> B1=b<.VnTime>~ C1=c<.VnTime> D1=d<.VnTime>\nA2=e<.VnTime>\n"},
		"comments":    {"", "<Row><Cell><Data ss:Type='String'>a</Data><Comment><ss:Data>x</ss:Data></Comment><NamedCell ss:Name='_FilterDatabase'/></Cell></Row>", "# A\nA1=a\n"},
		"no prefixes": {"", "<Row Index='2'><Cell Index='2'><Data Type='Number'>5</Data></Cell></Row>", "# A\nB2=5!\n"},
	} {
		book, err := xmlss.Read([]byte(workbook(c.styles, c.in)), parser.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, gridtest.Book(book)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// TestExcel2003 reads what Excel 2003 writes, and holds it against gnumeric's reading of the same file, which knows less of
// formats.
func TestExcel2003(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/excel2003.xml")
	if err != nil {
		t.Fatal(err)
	}
	book, err := xmlss.Read(data, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if len(book.Sheets) != 2 || book.Sheets[0].Name != "Lớp YAK50" || !book.Sheets[1].Hidden {
		t.Fatalf("sheets %+v", book.Sheets)
	}
	text, err := os.ReadFile("testdata/gnumeric.csv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := csv.Read(text, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	stored := func(s grid.Sheet) string {
		var b strings.Builder
		for _, r := range s.Rows {
			for _, c := range r.Cells {
				if c.Text != "" && c.Kind != grid.Date {
					fmt.Fprintf(&b, "%s=%s\n", parser.Place{Row: r.Number, Col: c.Col}.Cell(), c.Raw)
				}
			}
		}
		return b.String()
	}
	if diff := cmp.Diff(strings.NewReplacer("A15=2024/08/19\n", "", "F15=2024/08/19\n", "").Replace(stored(want.Sheets[0])), stored(book.Sheets[0])); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Rows, lim.Columns, lim.Sheets, lim.Depth = 10, 5, 2, 20
	row := "<Row>" + cell("", "String", "a") + "</Row>"
	for name, c := range map[string]struct{ in, want string }{
		"something else": {"<x/>", "damaged: no workbook"},
		"no sheet":       {"<Workbook/>", "damaged: no sheet"},
		"cut":            {workbook("", row)[:300], "damaged: xml: the document is cut off"},
		"and more":       {workbook("", row) + "<x/>", "damaged: xml: a second root"},
		"goes back":      {workbook("", "<Row ss:Index='5'/><Row ss:Index='5'/>"), "damaged: index 5 behind 5"},
		"cell goes back": {workbook("", "<Row>"+cell("ss:MergeAcross='2'", "String", "a")+cell("ss:Index='2'", "String", "a")+"</Row>"), "damaged: index 2 behind 3"},
		"rows":           {workbook("", strings.Repeat(row, 1011)), "too_large: 10 dòng"},
		"sheets":         {"<Workbook>" + strings.Repeat("<Worksheet/>", 3) + "</Workbook>", "too_large: 2 trang tính"},
		"nesting":        {workbook("", "<Row><Cell><Data>"+strings.Repeat("<B>", 20)+strings.Repeat("</B>", 20)+"</Data></Cell></Row>"), "too_large: 20 cấp lồng nhau"},
		"cell":           {workbook("", "<Row>"+cell("", "String", strings.Repeat("a", 2<<20))+"</Row>"), "too_large: 1 MB một ô"},
		"entities":       {workbook("", "<Row>"+cell("", "String", "&nbsp;")+"</Row>"), "damaged: xml: unknown entity &nbsp;"},
	} {
		_, err := xmlss.Read([]byte(c.in), lim)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	book, err := xmlss.Read([]byte(workbook("", "<Row>"+cell("ss:Index='5'", "String", "a")+cell("", "String", "b")+"</Row>")), lim)
	if err != nil || !book.Sheets[0].Cut || len(book.Sheets[0].Rows[0].Cells) != 1 {
		t.Errorf("too many columns: %v, %+v", err, book)
	}
	if _, err := xmlss.Read([]byte(workbook("", "<Row ss:Index='99999999999'><Cell ss:Index='99999999999' ss:MergeAcross='99999999999' ss:MergeDown='99999999999'/></Row>")), lim); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(workbook("<Style ss:ID='a'><NumberFormat ss:Format='0000000000'/></Style>", "<Row ss:Index='2'>"+cell("ss:StyleID='a' ss:MergeDown='1'", "Number", "1e5")+"</Row>")))
	f.Add([]byte(workbook("", "<Column ss:Hidden='1' ss:Span='3'/><Row><Cell ss:Formula='=1'/><Cell><ss:Data ss:Type='DateTime'>2024-08-19T00:00:00.000</ss:Data></Cell></Row>")))
	if data, err := os.ReadFile("testdata/excel2003.xml"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 1 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		book, err := xmlss.Read(data, lim)
		if err != nil {
			return
		}
		for _, s := range book.Sheets {
			last := 0
			for _, r := range s.Rows {
				if r.Number <= last || len(r.Cells) == 0 {
					t.Fatalf("row %d behind %d with %d cells", r.Number, last, len(r.Cells))
				}
				last = r.Number
				col := 0
				for _, c := range r.Cells {
					if c.Col <= col || c.Col > lim.Columns {
						t.Fatalf("column %d behind %d", c.Col, col)
					}
					col = c.Col
				}
			}
		}
	})
}

func BenchmarkRead10000(b *testing.B) {
	var s strings.Builder
	for i := range 10_000 {
		s.WriteString("<Row>" + cell("", "Number", fmt.Sprint(i)) + cell("ss:StyleID='a'", "String", fmt.Sprintf("24530%05d", i)) + cell("", "String", "Nguyễn Thị Thùy Dương") + cell("", "String", "YAK50") + cell("", "String", "K50") + "</Row>\n")
	}
	data := []byte(workbook("<Style ss:ID='a'><NumberFormat ss:Format='@'/></Style>", s.String()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := xmlss.Read(data, parser.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
