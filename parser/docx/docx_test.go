package docx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

const (
	rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	ns  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"`
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

func fld(kind string) string { return `<w:r><w:fldChar w:fldCharType="` + kind + `"/></w:r>` }

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
		{name: "fields show their result", body: `<w:p>` + fld("begin") + `<w:r><w:instrText>DATE</w:instrText><w:t>no</w:t></w:r>` + fld("begin") + `<w:r><w:t>no</w:t></w:r>` + fld("separate") + `<w:r><w:t>no</w:t></w:r>` + fld("end") + fld("separate") + `<w:r><w:t>yes</w:t></w:r>` + fld("end") + `<w:r><w:t>!</w:t></w:r></w:p><w:p><w:fldSimple w:instr="x"><w:r><w:t>simple</w:t></w:r></w:fldSimple></w:p>`, want: []string{"yes!", "simple"}},
		{name: "a field without an end hides its paragraph only", body: `<w:p>` + fld("begin") + `<w:r><w:t>no</w:t></w:r></w:p>` + p("yes"), want: []string{"", "yes"}},
		{name: "a choice from a list", body: `<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="K1"/><w:listEntry w:val="K2"/></w:ddList></w:ffData></w:fldChar></w:r>` + fld("end") + `</w:p>`, want: []string{"K2"}},
		{name: "hyphens and symbols", body: `<w:p><w:r><w:t>a</w:t><w:softHyphen/><w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font=".VnTime" w:char="F0B5"/><w:sym w:font="Arial" w:char="1EC7"/><w:sym w:char="x"/><w:ptab/><w:cr/><w:t>b</w:t></w:r></w:p>`, want: []string{"a\u00ad✓µệ\t\nb"}},
		{name: "a control that shows its placeholder is empty", body: `<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>` + p("Click here") + `</w:sdtContent></w:sdt><w:sdt><w:sdtPr/><w:sdtContent>` + p("x") + `</w:sdtContent></w:sdt><w:p><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Click</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t>y</w:t></w:r></w:p>`, want: []string{"", "x", "y"}},
		{name: "controls around rows and cells", body: `<w:tbl><w:sdt><w:sdtContent><w:tr><w:sdt><w:sdtContent>` + tc("a") + `</w:sdtContent></w:sdt><w:tc><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>` + p("Click") + `</w:sdtContent></w:sdt></w:tc>` + tc("c") + `</w:tr></w:sdtContent></w:sdt></w:tbl>`, want: []string{"Bảng 1 A1=a C1=c"}},
		{name: "one rendering of several", body: `<w:p><w:r><mc:AlternateContent><mc:Choice><w:t>a</w:t></mc:Choice><mc:Choice><w:t>b</w:t></mc:Choice><mc:Fallback><w:t>c</w:t></mc:Fallback></mc:AlternateContent><mc:AlternateContent><mc:Fallback><w:t>d</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>`, want: []string{"ad"}},
		{name: "an end that is deleted joins paragraphs", body: `<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p>` + p("b") + p("c") + `<w:tbl><w:tr><w:tc><w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>d</w:t></w:r></w:p>` + p("e") + p("f") + `</w:tc></w:tr></w:tbl>`, want: []string{"ab", "c", "Bảng 1 A1=de/f"}},
		{name: "how it looked before", body: `<w:p><w:r><w:rPr><w:rPrChange><w:rPr><w:vanish/><w:strike/></w:rPr></w:rPrChange></w:rPr><w:t>a</w:t></w:r></w:p>`, want: []string{"a"}},
		{name: "a line to sign on is no picture", body: `<w:p><w:r><w:pict><v:shape><v:imagedata/><o:signatureline/></v:shape></w:pict></w:r></w:p><w:p><w:r><w:pict><v:imagedata/></w:pict></w:r></w:p>`, want: []string{"", "[picture]"}},
		{name: "old text boxes", body: `<w:p><w:r><w:t>a</w:t><w:pict><v:shape><v:textbox><w:txbxContent>` + p("box") + `</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>`, want: []string{"a", "box"}},
		{name: "reading aids", body: `<w:p><w:r><w:ruby><w:rt><w:r><w:t>no</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>a</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>`, want: []string{"a"}},
		{
			name:   "merged to the right, as old files have it",
			body:   `<w:tbl><w:tr><w:tc><w:tcPr><w:hMerge w:val="restart"/></w:tcPr>` + p("a") + `</w:tc><w:tc><w:tcPr><w:hMerge/></w:tcPr><w:p/></w:tc><w:tc><w:tcPr><w:hMerge/></w:tcPr><w:p/></w:tc>` + tc("b") + `</w:tr></w:tbl>`,
			want:   []string{"Bảng 1 A1=a D1=b"},
			merged: []grid.Range{{Row: 1, Col: 1, LastRow: 1, LastCol: 3}},
		},
		{
			name:   "merged down over a deleted row",
			body:   `<w:tbl><w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>` + p("a") + `</w:tc></w:tr><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>`,
			want:   []string{"Bảng 1 A1=a"},
			merged: []grid.Range{{Row: 1, Col: 1, LastRow: 3, LastCol: 1}},
		},
		{name: "a deleted cell", body: `<w:tbl><w:tr><w:tc><w:tcPr><w:cellDel/></w:tcPr>` + p("a") + `</w:tc>` + tc("b") + `</w:tr></w:tbl>`, want: []string{"Bảng 1 B1=b"}},
		{name: "struck in part", body: `<w:tbl><w:tr><w:tc><w:p><w:r><w:rPr><w:dstrike/></w:rPr><w:t>a</w:t></w:r><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`, want: []string{"Bảng 1 A1=ab"}},
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
		"word/footer1.xml", "<w:ftr "+ns+"><w:tbl><w:tr>"+tc("BM-CNTT31")+"</w:tr></w:tbl></w:ftr>", "word/vbaProject.bin", "x", "_xmlsignatures/sig1.xml", "<x/>",
	), parser.DefaultLimits())
	if err != nil || !d.Book.Macros || !d.Signature || len(d.Margins) != 1 || d.Margins[0] != "BM-CNTT31" {
		t.Errorf("%+v, %v", d, err)
	}
}

// Styles name fonts and formats for whole paragraphs and tables; what stands closer to the text goes before.
func TestStyles(t *testing.T) {
	t.Parallel()
	font := func(name string) string { return `<w:rFonts w:ascii="` + name + `" w:hAnsi="` + name + `"/>` }
	style := func(kind, id, more string) string {
		return `<w:style w:type="` + kind + `" w:styleId="` + id + `">` + more + `</w:style>`
	}
	styles := `<w:styles ` + ns + `><w:docDefaults><w:rPrDefault><w:rPr>` + font("Default") + `</w:rPr></w:rPrDefault></w:docDefaults><w:latentStyles><w:lsdException/></w:latentStyles>` +
		style("paragraph", "P", `<w:rPr>`+font(".VnTime")+`</w:rPr>`) + style("paragraph", "Q", `<w:basedOn w:val="P"/><w:rPr><w:strike/></w:rPr>`) +
		style("paragraph", "Circle", `<w:basedOn w:val="Circle2"/><w:rPr>`+font("Round")+`</w:rPr>`) + style("paragraph", "Circle2", `<w:basedOn w:val="Circle"/>`) +
		style("character", "C", `<w:rPr>`+font(".VnTimeH")+`</w:rPr>`) + style("character", "Hidden", `<w:rPr><w:vanish/></w:rPr>`) +
		style("table", "T", `<w:rPr>`+font(".VnArial")+`</w:rPr><w:tblStylePr w:type="firstRow"><w:rPr>`+font("No")+`</w:rPr></w:tblStylePr>`) + `</w:styles>`
	cell := func(pPr, rPr string) string {
		return `<w:tc><w:p><w:pPr>` + pPr + `</w:pPr><w:r><w:rPr>` + rPr + `</w:rPr><w:t>x</w:t></w:r></w:p></w:tc>`
	}
	table := func(pr string, cells ...string) string {
		return `<w:tbl><w:tblPr>` + pr + `</w:tblPr><w:tr>` + strings.Join(cells, "") + `</w:tr></w:tbl>`
	}
	body := table("", cell("", ""), cell(`<w:pStyle w:val="P"/>`, ""), cell(`<w:pStyle w:val="Q"/>`, ""), cell(`<w:pStyle w:val="Q"/>`, font("Own")+`<w:strike w:val="0"/>`),
		cell(`<w:pStyle w:val="P"/>`, `<w:rStyle w:val="C"/>`), cell("", `<w:rFonts w:asciiTheme="majorHAnsi" w:ascii="no"/>`), cell(`<w:pStyle w:val="Circle"/>`, ""), cell(`<w:pStyle w:val="Missing"/>`, ""), cell("", `<w:rStyle w:val="Hidden"/>`)) +
		table(`<w:tblStyle w:val="T"/>`, cell("", ""), cell(`<w:pStyle w:val="P"/>`, "")) + table("", cell("", ""))
	d, err := Read(document(t, body,
		"word/_rels/document2.xml.rels", `<Relationships><Relationship Type="`+rel+`/styles" Target="s.xml"/><Relationship Type="`+rel+`/theme" Target="t.xml"/></Relationships>`,
		"word/s.xml", styles,
		"word/t.xml", `<a:theme `+ns+`><a:majorFont><a:latin typeface="Great"/></a:majorFont><a:minorFont><a:latin typeface="Small"/></a:minorFont></a:theme>`,
	), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range d.Sheets {
		for _, c := range s.Rows[0].Cells {
			f := c.Font
			if c.Struck {
				f += " struck"
			}
			got = append(got, f)
		}
	}
	want := []string{"Default", ".VnTime", ".VnTime struck", "Own", ".VnTimeH", "Great", "Round", "Default", ".VnArial", ".VnTime", "Default"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A column of running numbers that Word counts has no text in the file.
func TestNumbers(t *testing.T) {
	t.Parallel()
	lvl := func(at int, format, text string) string {
		return fmt.Sprintf(`<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/></w:lvl>`, at, format, text)
	}
	numbering := `<w:numbering ` + ns + `><w:abstractNum w:abstractNumId="7">` + lvl(0, "decimal", "%1.") + lvl(1, "decimal", "%1.%2") + lvl(2, "lowerLetter", "%3)") + `</w:abstractNum>` +
		`<w:abstractNum w:abstractNumId="8">` + lvl(0, "decimalZero", "%1") + `</w:abstractNum><w:abstractNum w:abstractNumId="9">` + lvl(0, "bullet", "o") + `</w:abstractNum>` +
		`<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num><w:num w:numId="3"><w:abstractNumId w:val="9"/></w:num>` +
		`<w:num w:numId="4"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num><w:num w:numId="5"><w:abstractNumId w:val="404"/></w:num></w:numbering>`
	styles := `<w:styles ` + ns + `><w:style w:type="paragraph" w:styleId="L"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style><w:style w:type="paragraph" w:styleId="M"><w:basedOn w:val="L"/></w:style></w:styles>`
	num := func(id, level int, text string) string {
		return fmt.Sprintf(`<w:tc><w:p><w:pPr><w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr></w:pPr><w:r><w:t>%s</w:t></w:r></w:p></w:tc>`, level, id, text)
	}
	styled := func(id, more string) string {
		return `<w:tc><w:p><w:pPr><w:pStyle w:val="` + id + `"/>` + more + `</w:pPr></w:p></w:tc>`
	}
	row := func(cells ...string) string { return `<w:tr>` + strings.Join(cells, "") + `</w:tr>` }
	body := `<w:tbl>` + row(num(1, 0, ""), num(2, 0, ""), num(3, 0, "")) + `<w:tr><w:trPr><w:del/></w:trPr>` + num(1, 0, "") + `</w:tr>` +
		row(num(1, 0, ""), num(1, 1, ""), num(1, 1, "")) + row(num(1, 2, ""), num(1, 0, "text"), num(1, 0, "")) +
		row(num(4, 0, ""), num(4, 0, ""), num(1, 0, "")) + row(num(5, 0, ""), num(77, 0, ""), num(1, 99, "")) +
		row(styled("L", ""), styled("M", ""), styled("L", `<w:numPr><w:numId w:val="0"/></w:numPr>`)) + `</w:tbl>`
	d, err := Read(document(t, body,
		"word/_rels/document2.xml.rels", `<Relationships><Relationship Type="`+rel+`/numbering" Target="n.xml"/><Relationship Type="`+rel+`/styles" Target="s.xml"/></Relationships>`,
		"word/n.xml", numbering, "word/s.xml", styles,
	), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Bảng 1 A1=1. B1=01 A3=2. B3=2.1 C3=2.2 B4=text C4=4. A5=5. B5=6. C5=7. A7=02 B7=03"}
	if diff := cmp.Diff(want, shown(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Merged cells, tracked changes, hidden and struck text, list numbers, a nested table, a text box, fonts, a footnote.
func TestLibreOffice(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/libreoffice.docx")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Read(data, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"DANH SÁCH    ĐỀ NGHỊ",
		"Bảng 1 A1=Stt B1=Mã số SV/HV C1=Họ và tên E1=Lớp F1=Ghi chú" +
			" A2=1. B2=2253010001 C2=Nguyễn Thị Ánh D2=Tuyết E2=YAK48 F2=Lớp trưởng(struck)" +
			" A3=2. B3=2253010002 C3=Trần/Văn D3=Ýnh F3=a\tb/c" +
			" A4=3 B4=2253010003 C4=NguyÔn ThÞ D4=D\u00ad¬ng E4=YAK48 F4=x",
		"Bảng 2 A1=trong 1 B1=trong 2 A2=trong 3 B2=trong 4",
		`Hộp chữ {a\b}`, "trong hộp", "Hết 😀",
	}
	if diff := cmp.Diff(want, shown(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := d.Sheets[0].Rows[3].Cells[3]; c.Font != ".VnTime" {
		t.Errorf("font %q", c.Font)
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	picture := `<w:p><w:r><w:drawing><a:blip/></w:drawing></w:r></w:p>`
	for body, want := range map[string]bool{picture + p(" "): true, picture + p("x"): false, p(""): false, picture + `<w:tbl><w:tr>` + tc("x") + `</w:tr></w:tbl>`: false} {
		if d, err := Read(document(t, body), parser.DefaultLimits()); err != nil || d.Scan != want {
			t.Errorf("%s: %v, %v", body, d.Scan, err)
		}
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
		{"a cell cut off", document(t, "<w:tbl><w:tr><w:tc>"), parser.Damaged},
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
	beside := `<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="x"/></w:rPr></w:rPrDefault></w:docDefaults><w:style w:styleId="a" w:type="paragraph" w:default="1"><w:basedOn w:val="a"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>`
	f.Add(`<w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/><w:vMerge w:val="restart"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>`, beside)
	f.Add(`<w:tbl><w:tr><w:trPr><w:del/><w:gridBefore w:val="3"/></w:trPr><w:tc><w:tbl><w:tr/></w:tbl></w:tc></w:tr></w:tbl>`, beside)
	f.Add(`<w:p><w:pPr><w:pStyle w:val="a"/><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:fldChar w:fldCharType="begin"/><w:sym w:char="F0FC"/><w:fldChar w:fldCharType="end"/></w:r></w:p>`, beside)
	f.Add(`<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:tbl><w:tr><w:tc><w:tcPr><w:hMerge/></w:tcPr><w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p/></w:txbxContent></mc:Choice></mc:AlternateContent></w:r></w:p></w:tc></w:tr></w:tbl></w:sdtContent></w:sdt>`, beside)
	f.Fuzz(func(t *testing.T, body, beside string) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		d, err := Read(document(t, body,
			"word/_rels/document2.xml.rels", `<Relationships><Relationship Type="/styles" Target="b.xml"/><Relationship Type="/numbering" Target="b.xml"/><Relationship Type="/theme" Target="b.xml"/></Relationships>`,
			"word/b.xml", "<b>"+beside+"</b>"), lim)
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
		for _, s := range d.Sheets {
			last := 0
			for _, r := range s.Rows {
				col := 0
				for _, c := range r.Cells {
					if c.Col <= col || c.Col > lim.Columns || r.Number <= last {
						t.Fatalf("cell %d behind %d in row %d behind %d", c.Col, col, r.Number, last)
					}
					col = c.Col
				}
				last = r.Number
			}
		}
	})
}
