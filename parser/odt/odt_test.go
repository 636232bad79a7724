package odt_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/odt"
)

const names = `xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:draw="d" xmlns:svg="v"`

const styles = `<office:automatic-styles>
	<style:style style:name="old" style:family="paragraph"><style:text-properties style:font-name=".VnTime"/></style:style>
	<style:style style:name="out" style:family="text"><style:text-properties style:text-line-through-style="solid"/></style:style>
	<style:style style:name="unseen" style:family="text"><style:text-properties text:display="none"/></style:style>
	</office:automatic-styles>`

// flat is a document in one XML file.
func flat(body string) []byte {
	return []byte(`<office:document ` + names + ` office:mimetype="application/vnd.oasis.opendocument.text">` + styles +
		`<office:master-styles><style:master-page><style:header><text:p>BM-CNTT31</text:p><table:table><table:table-row><table:table-cell><text:p>Trang 1</text:p></table:table-cell></table:table-row></table:table></style:header>` +
		`<style:footer-left style:display="false"><text:p>unseen</text:p></style:footer-left></style:master-page></office:master-styles>` +
		`<office:body><office:text>` + body + `</office:text></office:body></office:document>`)
}

// show writes a document with one line for a paragraph ("- text"), a table ("# name") and a row ("A1=x B1=y").
func show(d grid.Document) string {
	var b strings.Builder
	for _, bl := range d.Blocks {
		if bl.Table == 0 {
			fmt.Fprintf(&b, "- %s", strings.ReplaceAll(bl.Text, "\n", `\n`))
			if bl.Font != "" {
				fmt.Fprintf(&b, "<%s>", bl.Font)
			}
		} else {
			s := d.Sheets[bl.Table-1]
			fmt.Fprintf(&b, "# %s", s.Name)
			for _, m := range s.Merged {
				fmt.Fprintf(&b, " %s:%s", parser.Place{Row: m.Row, Col: m.Col}.Cell(), parser.Place{Row: m.LastRow, Col: m.LastCol}.Cell())
			}
			for _, r := range s.Rows {
				b.WriteByte('\n')
				for i, c := range r.Cells {
					if i > 0 {
						b.WriteByte(' ')
					}
					fmt.Fprintf(&b, "%s=%s", parser.Place{Row: r.Number, Col: c.Col}.Cell(), strings.ReplaceAll(c.Text, "\n", `\n`))
					if c.Struck {
						b.WriteString("~")
					}
				}
			}
		}
		if bl.Picture {
			b.WriteString(" [picture]")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func table(rows ...string) string {
	var b strings.Builder
	b.WriteString("<table:table><table:table-column/>")
	for _, r := range rows {
		b.WriteString("<table:table-row>" + r + "</table:table-row>")
	}
	return b.String() + "</table:table>"
}

func cell(inside string) string { return "<table:table-cell>" + inside + "</table:table-cell>" }

func p(s string) string { return "<text:p>" + s + "</text:p>" }

func TestRead(t *testing.T) {
	t.Parallel()
	const image = `<draw:frame><draw:image><office:binary-data>AAAA</office:binary-data></draw:image><svg:desc>x</svg:desc></draw:frame>`
	for name, c := range map[string]struct{ in, want string }{
		"paragraphs": {p("a") + p("") + "<text:h>b  c<text:line-break/>d</text:h>", "- a\n- b c\\nd\n"},
		"lists":      {"<text:list><text:list-header>" + p("a") + "</text:list-header><text:list-item>" + p("b") + "<text:list><text:list-item>" + p("c") + "</text:list-item></text:list></text:list-item></text:list>", "- a\n- b\n- c\n"},
		"sections":   {"<text:section>" + p("a") + "</text:section><text:section text:display=\"none\">" + p("b") + "</text:section><text:section text:display=\"condition\" text:is-hidden=\"true\">" + p("c") + "</text:section>", "- a\n"},
		"changes":    {"<text:tracked-changes><text:changed-region><text:deletion>" + p("gone") + "</text:deletion></text:changed-region></text:tracked-changes>" + p(`a<text:change text:change-id="1"/>b`), "- ab\n"},
		"fonts":      {`<text:p text:style-name="old">a<text:span text:style-name="unseen">b</text:span></text:p>`, "- a<.VnTime>\n"},
		"notes":      {p("a<text:note><text:note-body>" + p("x") + "</text:note-body></text:note>b<office:annotation>" + p("y") + "</office:annotation>"), "- ab\n"},
		"text box":   {p("a<draw:frame><draw:text-box>"+p("x")+table(cell(p("y")))+"</draw:text-box></draw:frame>b") + p("c"), "- ab\n- x\n# Bảng 1\nA1=y\n- c\n"},
		"picture":    {p(image) + p("a"+image) + image, "-  [picture]\n- a [picture]\n-  [picture]\n"},
		"table":      {table(cell(p("a")+p("b"))+cell(""), cell("<text:list><text:list-item>"+p("c")+"</text:list-item></text:list>")+cell(p(`<text:span text:style-name="out">d</text:span>`))), "# Bảng 1\nA1=a\\nb\nA2=c B2=d~\n"},
		"spans":      {table(`<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="2">`+p("a")+`</table:table-cell><table:covered-table-cell/>`+cell(p("b")), `<table:covered-table-cell table:number-columns-repeated="2"/>`+cell(p("c"))), "# Bảng 1 A1:B2\nA1=a C1=b\nC2=c\n"},
		"header row": {"<table:table><table:table-header-rows><table:table-row>" + cell(p("a")) + "</table:table-row></table:table-header-rows><table:table-rows><table:table-row>" + cell(p("b")) + "</table:table-row></table:table-rows></table:table>", "# Bảng 1\nA1=a\nA2=b\n"},
		"nested":     {table(cell(p("a")+table(cell(p("x")))+p("b"))+cell(p("c"+image))) + p("d"), "# Bảng 1\nA1=a\\nb B1=c [picture]\n# Bảng 2\nA1=x\n- d\n"},
		"repeated":   {`<table:table><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2">` + p("a") + `</table:table-cell></table:table-row></table:table>`, "# Bảng 1\nA1=a B1=a\nA2=a B2=a\n"},
	} {
		d, err := odt.Read(flat(c.in), parser.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, show(d)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{"BM-CNTT31", "Trang 1"}, d.Margins); diff != "" {
			t.Errorf("%s: margins %s", name, diff)
		}
	}
}

// TestPrograms reads a letter with its list, and a list with tracked changes, as LibreOffice wrote them.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"letter", "tracked"} {
		data, err := os.ReadFile("testdata/" + file + ".odt")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("testdata/" + file + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		d, err := odt.Read(data, parser.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), show(d)); diff != "" {
			t.Errorf("%s: -want +got\n%s", file, diff)
		}
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{"content.xml": string(flat(p("a"))), "META-INF/documentsignatures.xml": "<x/>", "Basic/Standard/Module1.xml": "<x/>"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := odt.Read(b.Bytes(), parser.DefaultLimits())
	if err != nil || !d.Signature || !d.Macros || len(d.Blocks) != 1 {
		t.Errorf("%+v %v", d, err)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Rows, lim.Columns, lim.Sheets, lim.Depth = 10, 5, 2, 30
	for name, c := range map[string]struct{ in, want string }{
		"not closed": {"<text:p>", "damaged: xml: <text:p> ends with </office:text>"},
		"rows":       {table(strings.Split(strings.Repeat(cell(p("a"))+"|", 1011), "|")...), "too_large: 10 dòng"},
		"paragraphs": {strings.Repeat(p("a"), 1100), "too_large: 10 đoạn văn"},
		"columns":    {table(strings.Repeat(cell(p("a")), 6)), "too_large: 5 cột"},
		"tables":     {strings.Repeat(table(""), 3), "too_large: 2 bảng"},
		"nesting":    {strings.Repeat("<text:section>", 30) + strings.Repeat("</text:section>", 30), "too_large: 30 cấp lồng nhau"},
	} {
		_, err := odt.Read(flat(c.in), lim)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := odt.Read([]byte(`<office:document xmlns:office="o"><office:body><office:drawing/></office:body></office:document>`), lim); err == nil || err.Error() != "damaged: no text" {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(flat(p("a<draw:frame><draw:text-box>" + p("x") + table(cell(p("y"))) + "</draw:text-box></draw:frame>b")))
	f.Add(flat(table(`<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="2">` + p("a") + `</table:table-cell><table:covered-table-cell/>` + cell(p("b")))))
	if data, err := os.ReadFile("testdata/tracked.odt"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		d, err := odt.Read(data, lim)
		if err != nil {
			return
		}
		for _, b := range d.Blocks {
			if b.Table > len(d.Sheets) {
				t.Fatalf("table %d of %d", b.Table, len(d.Sheets))
			}
		}
		for _, s := range d.Sheets {
			last := 0
			for _, r := range s.Rows {
				if r.Number <= last || len(r.Cells) == 0 {
					t.Fatalf("row %d behind %d with %d cells", r.Number, last, len(r.Cells))
				}
				last = r.Number
			}
		}
	})
}
