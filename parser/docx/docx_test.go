package docx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

const (
	rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	ns  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"`
)

// document builds a .docx around the XML of its body. Its main part has the name that Word on the web gives it.
func document(t testing.TB, body string, more ...string) []byte {
	t.Helper()
	parts := append([]string{
		"_rels/.rels", `<Relationships><Relationship Id="r1" Type="` + rel + `/officeDocument" Target="/word/document2.xml"/></Relationships>`,
		"word/document2.xml", "<w:document " + ns + "><w:body>" + body + "</w:body></w:document>",
	}, more...)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shown writes a document as its paragraphs, pictures and the cells of its tables.
func shown(d grid.Document) []string {
	var out []string
	for _, b := range d.Blocks {
		line := b.Text
		if b.Table > 0 {
			s := d.Book.Sheets[b.Table-1]
			line = s.Name
			for _, r := range s.Rows {
				for _, c := range r.Cells {
					line += fmt.Sprintf(" %s%d=%s", parser.ColumnName(c.Col), r.Number, strings.ReplaceAll(c.Text, "\n", "/"))
					if c.Struck {
						line += "(struck)"
					}
				}
			}
		}
		if b.Picture {
			line += "[picture]"
		}
		out = append(out, line)
	}
	return out
}

func p(text string) string  { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }
func tc(text string) string { return "<w:tc>" + p(text) + "</w:tc>" }

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       []string
		merged     []grid.Range
	}{
		{name: "runs, tabs and breaks", body: `<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t xml:space="preserve"> b</w:t><w:br/></w:r><w:r><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>`, want: []string{"a\t b\nc-d"}},
		{name: "optional hyphens", body: `<w:p><w:r><w:rPr><w:rFonts w:ascii=".VnTime"/></w:rPr><w:t>Nh</w:t><w:softHyphen/></w:r></w:p>`, want: []string{"Nh\u00AD"}},
		{name: "tracked changes: the final state", body: `<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>away</w:t></w:r></w:moveFrom></w:p>`, want: []string{"new"}},
		{name: "field codes and hidden text", body: `<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>yes</w:t></w:r></w:p>`, want: []string{"yes"}},
		{name: "content controls and links", body: `<w:sdt><w:sdtContent><w:p><w:hyperlink><w:r><w:t>x</w:t></w:r></w:hyperlink></w:p></w:sdtContent></w:sdt>`, want: []string{"x"}},
		{name: "a text box comes behind its paragraph, once", body: `<w:p><w:r><w:t>a</w:t><mc:AlternateContent><mc:Choice><w:txbxContent>` + p("box") + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` + p("box") + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>`, want: []string{"a", "box"}},
		{name: "pictures", body: p("a") + `<w:p><w:r><w:drawing><a:blip/></w:drawing></w:r></w:p>`, want: []string{"a", "[picture]"}},
		{name: "a table", body: `<w:tbl><w:tblPr/><w:tr>` + tc("a") + tc("b") + `</w:tr><w:tr><w:tc>` + p("c") + p("d") + `</w:tc>` + tc("") + `</w:tr></w:tbl>` + p("end"), want: []string{"Bảng 1 A1=a B1=b A2=c/d", "end"}},
		{
			name:   "merged cells",
			body:   `<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>` + p("a") + `</w:tc><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>` + p("b") + `</w:tc></w:tr><w:tr>` + tc("c") + tc("d") + `<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>`,
			want:   []string{"Bảng 1 A1=a C1=b A2=c B2=d"},
			merged: []grid.Range{{Row: 1, Col: 1, LastRow: 1, LastCol: 2}, {Row: 1, Col: 3, LastRow: 2, LastCol: 3}},
		},
		{name: "a deleted row keeps its number", body: `<w:tbl><w:tr>` + tc("a") + `</w:tr><w:tr><w:trPr><w:del/></w:trPr>` + tc("gone") + `</w:tr><w:tr>` + tc("b") + `</w:tr></w:tbl>`, want: []string{"Bảng 1 A1=a A3=b"}},
		{name: "struck through", body: `<w:tbl><w:tr><w:tc><w:p><w:r><w:rPr><w:strike/></w:rPr><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`, want: []string{"Bảng 1 A1=a(struck)"}},
		{name: "columns left out", body: `<w:tbl><w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr>` + tc("b") + `</w:tr></w:tbl>`, want: []string{"Bảng 1 B1=b"}},
		{name: "a table in a table", body: `<w:tbl><w:tr><w:tc>` + p("a") + `<w:tbl><w:tr>` + tc("in") + `</w:tr></w:tbl></w:tc></w:tr></w:tbl>`, want: []string{"Bảng 1 A1=a", "Bảng 2 A1=in"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Read(document(t, c.body), parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.merged != nil {
				if diff := cmp.Diff(c.merged, d.Book.Sheets[0].Merged); diff != "" {
					t.Errorf("merged (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestMarginsMacrosSignature(t *testing.T) {
	t.Parallel()
	d, err := Read(document(t, p("x"),
		"word/_rels/document2.xml.rels", `<Relationships><Relationship Id="r1" Type="`+rel+`/footer" Target="footer1.xml"/></Relationships>`,
		"word/footer1.xml", "<w:ftr "+ns+">"+p("BM-CNTT31")+"</w:ftr>", "word/vbaProject.bin", "x", "_xmlsignatures/sig1.xml", "<x/>",
	), parser.DefaultLimits())
	if err != nil || !d.Book.Macros || !d.Signature || len(d.Margins) != 1 || d.Margins[0] != "BM-CNTT31" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	row := "<w:tr>" + tc("a") + "</w:tr>"
	for _, c := range []struct {
		name string
		data []byte
		code parser.ProblemCode
	}{
		{"no zip", []byte("PK"), parser.Damaged},
		{"no document", document(t, "")[:40], parser.Damaged},
		{"entities", document(t, p("&lol;")), parser.Damaged},
		{"cut off", document(t, "<w:p>"), parser.Damaged},
		{"deep", document(t, strings.Repeat("<w:sdt>", 500)+strings.Repeat("</w:sdt>", 500)), parser.TooLarge},
		{"many tables", document(t, strings.Repeat("<w:tbl>"+row+"</w:tbl>", 300)), parser.TooLarge},
		{"wide", document(t, `<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2147483647"/></w:tcPr>`+p("a")+`</w:tc></w:tr></w:tbl>`), parser.TooLarge},
		{"large", document(t, p(strings.Repeat("x", 2<<20))), parser.TooLarge},
	} {
		lim := parser.DefaultLimits()
		lim.Unpacked = 1 << 20
		var problem *parser.Problem
		if _, err := Read(c.data, lim); !errors.As(err, &problem) || problem.Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`<w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/><w:vMerge w:val="restart"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>`)
	f.Add(`<w:tbl><w:tr><w:trPr><w:del/><w:gridBefore w:val="3"/></w:trPr><w:tc><w:tbl><w:tr/></w:tbl></w:tc></w:tr></w:tbl>`)
	f.Fuzz(func(t *testing.T, body string) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		d, err := Read(document(t, body), lim)
		if err != nil {
			var problem *parser.Problem
			if !errors.As(err, &problem) {
				t.Errorf("no problem: %v", err)
			}
			return
		}
		for _, b := range d.Blocks {
			if b.Table > len(d.Book.Sheets) {
				t.Errorf("table %d of %d", b.Table, len(d.Book.Sheets))
			}
		}
	})
}
