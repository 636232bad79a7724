package ods_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/csv"
	"vanthu/parser/grid"
	"vanthu/parser/grid/gridtest"
	"vanthu/parser/ods"
)

const names = `xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:fo="f" xmlns:svg="v" xmlns:calcext="c"`

// pack makes a package of one content.xml. styles go between the root and the body.
func pack(t testing.TB, styles, tables string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"},
		{"content.xml", `<?xml version="1.0" encoding="UTF-8"?><office:document-content ` + names + `>` + styles + `<office:body><office:spreadsheet>` + tables + `</office:spreadsheet></office:body></office:document-content>`},
	} {
		w, err := z.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(part[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func table(rows string) string { return `<table:table table:name="A">` + rows + `</table:table>` }

func cells(s ...string) string {
	var b strings.Builder
	b.WriteString("<table:table-row>")
	for _, c := range s {
		b.WriteString(c)
	}
	return b.String() + "</table:table-row>"
}

func text(s string) string {
	return `<table:table-cell office:value-type="string"><text:p>` + s + `</text:p></table:table-cell>`
}

func TestRead(t *testing.T) {
	t.Parallel()
	const styles = `<office:font-face-decls><style:font-face style:name="F1" svg:font-family="'.VnTime'"/></office:font-face-decls>
		<office:automatic-styles>
		<style:default-style style:family="table-cell"><style:text-properties style:font-name="Arial"/></style:default-style>
		<style:style style:name="old" style:family="table-cell"><style:text-properties style:font-name="F1"/></style:style>
		<style:style style:name="out" style:family="table-cell" style:parent-style-name="old"><style:text-properties style:text-line-through-style="solid"/></style:style>
		<style:style style:name="ring" style:family="table-cell" style:parent-style-name="ring"/>
		<style:style style:name="T1" style:family="text"><style:text-properties style:text-line-through-type="single" fo:font-family="VNI-Times"/></style:style>
		<style:style style:name="T2" style:family="text"><style:text-properties style:text-line-through-style="none"/></style:style>
		<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>
		</office:automatic-styles>`
	for name, c := range map[string]struct{ in, want string }{
		"text":         {table(cells(text("a"), text(""), text("b"))), "# A\nA1=a C1=b\n"},
		"paragraphs":   {table(cells(`<table:table-cell office:value-type="string"><text:p>a</text:p><text:p/><text:p>b</text:p></table:table-cell>`)), "# A\nA1=a\\n\\nb\n"},
		"blanks":       {table(cells(text("\n  a \t <text:span>b</text:span> <text:s/><text:s text:c=\"2\"/>c<text:tab/>d<text:line-break/>e  \n"))), "# A\nA1=a b    c\td\\ne\n"},
		"links":        {table(cells(text(`<text:a>a<text:span>b</text:span></text:a>`))), "# A\nA1=ab\n"},
		"notes":        {table(cells(`<table:table-cell office:value-type="string"><office:annotation><text:p>x</text:p></office:annotation><text:p>a<office:annotation><text:p>y</text:p></office:annotation></text:p></table:table-cell>`)), "# A\nA1=a\n"},
		"number":       {table(cells(`<table:table-cell office:value-type="float" office:value="202153010001"><text:p>2.02E+11</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="2.0215301E+15"/>`)), "# A\nA1=2.02E+11{202153010001}! B1=2021530100000000!\n"},
		"percentage":   {table(cells(`<table:table-cell office:value-type="percentage" office:value="0.5"><text:p>50%</text:p></table:table-cell>`)), "# A\nA1=50%{0.5}!\n"},
		"dates":        {table(cells(`<table:table-cell office:value-type="date" office:date-value="2024-08-19"><text:p>19/08/2024</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2024-08-19T12:00:00"/><table:table-cell office:value-type="time" office:time-value="PT06H00M00S"><text:p>6:00</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="x"/>`)), "# A\nA1=19/08/2024{45523}!! B1=45523.5!! C1=6:00{0.25}!! D1=x!!\n"},
		"boolean":      {table(cells(`<table:table-cell office:value-type="boolean" office:boolean-value="true"/>`)), "# A\nA1=TRUE{1}!!!\n"},
		"string value": {table(cells(`<table:table-cell office:value-type="string" office:string-value="a"/>`)), "# A\nA1=a\n"},
		"formulas": {table(cells(`<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>`,
			`<table:table-cell table:formula="of:=A1"/>`, `<table:table-cell table:formula="of:=A1" office:value-type="string" office:string-value=""><text:p/></table:table-cell>`,
			`<table:table-cell table:formula="of:=X" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#NAME?</text:p></table:table-cell>`,
			`<table:table-cell table:formula="of:=X" office:value-type="float" office:value="0"><text:p>Err:508</text:p></table:table-cell>`)),
			"# A\nA1=2!= B1== D1=#NAME?!!!!= E1=Err:508!!!!=\n"},
		"repeated cells": {table(cells(`<table:table-cell table:number-columns-repeated="2"/>`, `<table:table-cell office:value-type="string" table:number-columns-repeated="2"><text:p>a</text:p></table:table-cell>`, text("b"), `<table:table-cell table:number-columns-repeated="16379"/>`)), "# A\nC1=a D1=a E1=b\n"},
		"repeated rows":  {table(`<table:table-row table:number-rows-repeated="2">` + text("a") + `</table:table-row><table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>` + cells(text("b"))), "# A\nA1=a\nA2=a\nA1000003=b\n"},
		"spans":          {table(cells(`<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="2" office:value-type="string"><text:p>a</text:p></table:table-cell><table:covered-table-cell/>`, text("b")) + cells(`<table:covered-table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>unseen</text:p></table:covered-table-cell>`, text("c"))), "# A A1:B2\nA1=a C1=b\nC2=c\n"},
		"groups":         {table(`<table:table-header-rows>` + cells(text("a")) + `</table:table-header-rows><table:table-row-group table:display="false"><table:table-rows>` + cells(text("b")) + `</table:table-rows></table:table-row-group><table:table-row-group>` + cells(text("c")) + `</table:table-row-group>`), "# A\nA1=a\nA2=b (hidden)\nA3=c\n"},
		"hidden":         {table(`<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/><table:table-row table:visibility="filter">` + text("a") + `</table:table-row><table:table-row table:visibility="collapse">` + text("b") + `</table:table-row>`), "# A hides B-C\nA1=a (hidden)\nA2=b (hidden)\n"},
		"hidden sheet":   {`<table:table table:name="B" table:style-name="gone">` + cells(text("a")) + `</table:table>`, "# B hidden\nA1=a<Arial>\n"},
		"changes":        {`<table:tracked-changes><table:cell-content-change><table:previous><table:change-track-table-cell><text:p>old</text:p></table:change-track-table-cell></table:previous></table:cell-content-change><table:deletion><table:table>x</table:table></table:deletion></table:tracked-changes>` + table(cells(text("a"))), "# A\nA1=a\n"},
		"fonts":          {table(`<table:table-column/><table:table-column table:default-cell-style-name="old"/>` + cells(text("a"), text("b"), `<table:table-cell table:style-name="ring" office:value-type="string"><text:p>c</text:p></table:table-cell>`, text(`<text:span text:style-name="T1">d</text:span>e`))), "# A\nA1=a<Arial> B1=b<.VnTime> C1=c<Arial> D1=de<VNI-Times>\n"},
		"row font":       {table(`<table:table-row table:default-cell-style-name="old">` + text("a") + `</table:table-row>`), "# A\nA1=a<.VnTime>\n"},
		"struck":         {table(cells(`<table:table-cell table:style-name="out" office:value-type="string"><text:p>a <text:s/></text:p></table:table-cell>`, `<table:table-cell table:style-name="out" office:value-type="string"><text:p>a<text:span text:style-name="T2">b</text:span></text:p></table:table-cell>`, text(`<text:span text:style-name="T1">c</text:span>`))), "# A\nA1=a  <.VnTime>~ B1=ab<.VnTime> C1=c<VNI-Times>~\n"},
		"error as text":  {table(cells(text("#N/A"))), "# A\nA1=#N/A!!!!\n"},
		"drawings":       {table(`<table:shapes><x/></table:shapes>` + cells(`<table:table-cell><draw><text:p>x</text:p></draw></table:table-cell>`, text("a"))), "# A\nB1=a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ""
			if strings.Contains(c.want, "<") || strings.Contains(c.want, "hidden\nA1") {
				s = styles
			}
			book, err := ods.Read(pack(t, s, c.in), parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, gridtest.Book(book)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestOtherPrefixes reads what a library writes that gives namespaces names of its own.
func TestOtherPrefixes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("content.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(`<ns0:document-content xmlns:ns0="o" xmlns:ns1="t" xmlns:ns2="x"><ns0:body><ns0:spreadsheet><ns1:table ns1:name="A"><ns1:table-row><ns1:table-cell ns0:value-type="float" ns0:value="5"><ns2:p>5</ns2:p></ns1:table-cell></ns1:table-row></ns1:table></ns0:spreadsheet></ns0:body></ns0:document-content>`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := ods.Read(b.Bytes(), parser.DefaultLimits())
	if err != nil || gridtest.Book(book) != "# A\nA1=5!\n" {
		t.Errorf("%v %s", err, gridtest.Book(book))
	}
}

// TestPrograms holds that what is shown is what LibreOffice shows: it saved the file as text, too. gnumeric shows a long
// number and a minus in its own way.
func TestPrograms(t *testing.T) {
	t.Parallel()
	shown, err := os.ReadFile("testdata/shown.csv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := csv.Read(shown, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for file, differs := range map[string]*strings.Replacer{
		"libreoffice.ods": strings.NewReplacer(),
		"gnumeric.ods":    strings.NewReplacer("2.02E+11", "202153010001", "−", "-"),
	} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		book, err := ods.Read(data, parser.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if len(book.Sheets) != 3 || !book.Sheets[2].Hidden {
			t.Errorf("%s: sheets %v", file, book.Sheets)
		}
		s := book.Sheets[0]
		if d := cmp.Diff([]grid.Range{{Row: 1, Col: 1, LastRow: 1, LastCol: 3}, {Row: 1, Col: 4, LastRow: 1, LastCol: 6}, {Row: 3, Col: 1, LastRow: 3, LastCol: 6}, {Row: 6, Col: 4, LastRow: 9, LastCol: 4}}, s.Merged); d != "" {
			t.Errorf("%s: merged -want +got\n%s", file, d)
		}
		if d := cmp.Diff(plain(want.Sheets[0], strings.NewReplacer()), plain(s, differs)); d != "" {
			t.Errorf("%s: -want +got\n%s", file, d)
		}
		for _, r := range s.Rows {
			if r.Hidden != (r.Number == 10) || r.Cell(3).Struck != (r.Number == 11) || (r.Cell(3).Font == ".VnTime") != (r.Number == 12) {
				t.Errorf("%s: row %d: %+v", file, r.Number, r)
			}
		}
	}
}

// plain is the text of a sheet alone.
func plain(s grid.Sheet, r *strings.Replacer) string {
	var b strings.Builder
	for _, row := range s.Rows {
		for _, c := range row.Cells {
			fmt.Fprintf(&b, "%s=%s\n", parser.Place{Row: row.Number, Col: c.Col}.Cell(), r.Replace(c.Text))
		}
	}
	return b.String()
}

func TestBroken(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Rows, lim.Columns, lim.Sheets, lim.Depth = 10, 5, 2, 20
	whole := pack(t, "", table(cells(text("a"))))
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"cut":             {whole[:len(whole)-30], "damaged: zip: zip: not a valid zip file"},
		"no sheet":        {pack(t, "", ""), "damaged: no sheet"},
		"not closed":      {pack(t, "", "<table:table>"), "damaged: xml: <table:table> ends with </office:spreadsheet>"},
		"rows":            {pack(t, "", table(`<table:table-row table:number-rows-repeated="1011">`+text("a")+`</table:table-row>`)), "too_large: 10 dòng"},
		"sheets":          {pack(t, "", strings.Repeat(table(""), 3)), "too_large: 2 trang tính"},
		"nesting":         {pack(t, "", table(cells(text(strings.Repeat("<text:span>", 20)+strings.Repeat("</text:span>", 20))))), "too_large: 20 cấp lồng nhau"},
		"entities":        {pack(t, "", table(cells(text("&lol;")))), "damaged: xml: unknown entity &lol;"},
		"something else":  {[]byte("PK\x03\x04"), "damaged: zip: zip: not a valid zip file"},
		"text for a flat": {[]byte("<office:document>"), "damaged: xml: the document is cut off"},
	} {
		_, err := ods.Read(c.data, lim)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	book, err := ods.Read(pack(t, "", table(cells(`<table:table-cell office:value-type="string" table:number-columns-repeated="6"><text:p>a</text:p></table:table-cell>`))), lim)
	if err != nil || !book.Sheets[0].Cut || len(book.Sheets[0].Rows[0].Cells) != 5 {
		t.Errorf("too many columns: %v, %+v", err, book)
	}
	// What is empty is never expanded.
	if _, err := ods.Read(pack(t, "", table(`<table:table-row table:number-rows-repeated="99999999999"><table:table-cell table:number-columns-repeated="99999999999"/></table:table-row>`+
		cells(text(`<text:s text:c="999999999"/>`)))), lim); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, in := range []string{
		table(cells(text("a"), `<table:table-cell table:formula="of:=1" office:value-type="float" office:value="1e5"><text:p>1</text:p></table:table-cell>`)),
		table(`<table:table-column table:visibility="collapse"/><table:table-row table:number-rows-repeated="3" table:visibility="filter">` + text("<text:s/>b") + `</table:table-row>`),
	} {
		f.Add([]byte(`<office:document ` + names + `><office:body><office:spreadsheet>` + in + `</office:spreadsheet></office:body></office:document>`))
		f.Add(pack(f, "", in))
	}
	if data, err := os.ReadFile("testdata/gnumeric.ods"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		book, err := ods.Read(data, lim)
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
			for _, m := range s.Merged {
				if m.LastRow < m.Row || m.LastCol < m.Col || m.LastCol > lim.Columns {
					t.Fatalf("range %+v", m)
				}
			}
		}
	})
}

func benchmark(b *testing.B, n int) {
	var s strings.Builder
	for i := range n {
		s.WriteString(cells(fmt.Sprintf(`<table:table-cell office:value-type="float" office:value="%d" calcext:value-type="float"><text:p>%d</text:p></table:table-cell>`, i, i),
			text(fmt.Sprintf("24530%05d", i)), text("Nguyễn Thị Thùy Dương"), text("YAK50"), text("K50"), `<table:table-cell/>`))
	}
	data := pack(b, "", table(s.String()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ods.Read(data, parser.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead10000(b *testing.B)  { benchmark(b, 10_000) }
func BenchmarkRead100000(b *testing.B) { benchmark(b, 100_000) }
