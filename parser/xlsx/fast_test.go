package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// both reads by the short cuts and without them, and by Walk: all must say the same.
func both(t testing.TB, data []byte, lim parser.Limits) (grid.Book, error) {
	t.Helper()
	b, err := read(data, lim, false)
	slow, slowErr := read(data, lim, true)
	if (err == nil) != (slowErr == nil) {
		t.Fatalf("short cuts: %v; long way: %v", err, slowErr)
	}
	if d := cmp.Diff(slow, b); d != "" {
		t.Fatalf("(-long way +short cuts):\n%s", d)
	}
	if err != nil {
		return b, err
	}
	var walked []grid.Row
	must(t, Walk(data, lim, func(_ *grid.Sheet, r *grid.Row) error {
		walked = append(walked, grid.Row{Number: r.Number, Hidden: r.Hidden, Cells: append([]grid.Cell(nil), r.Cells...)})
		return nil
	}))
	var rows []grid.Row
	for _, s := range b.Sheets {
		if len(s.Merged) > 0 { // Walk does not know yet what merged cells will cover
			return b, nil
		}
		for _, r := range s.Rows {
			r.Cells = slices.Clone(r.Cells)
			for i, c := range r.Cells { // Walk works nothing out
				if c.Worked {
					r.Cells[i] = grid.Cell{Col: c.Col, Formula: true}
				}
			}
			rows = append(rows, r)
		}
	}
	if d := cmp.Diff(rows, walked); d != "" {
		t.Fatalf("(-Read +Walk):\n%s", d)
	}
	return b, nil
}

// rewrite returns the workbook with every part's text changed by f.
func rewrite(t testing.TB, data []byte, f func(name, text string) string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, e := range in.File {
		r, err := e.Open()
		must(t, err)
		text, err := io.ReadAll(r)
		must(t, err)
		w, err := out.Create(e.Name)
		must(t, err)
		_, err = io.WriteString(w, f(e.Name, string(text)))
		must(t, err)
	}
	must(t, out.Close())
	return b.Bytes()
}

func isSheet(name string) bool {
	return strings.HasPrefix(name, "xl/worksheets/") || name == "xl/sharedStrings.xml"
}

// The same list in other clothes gives the same cells: prefixes, blanks, CDATA, references, comments, other quotes, UTF-16,
// the strict namespaces, positions left out.
func TestOtherClothes(t *testing.T) {
	t.Parallel()
	for _, inline := range []bool{false, true} {
		data := list(t, 80, inline)
		want, err := both(t, data, parser.DefaultLimits())
		must(t, err)
		if n := len(want.Sheets[0].Rows); n != 80 {
			t.Fatalf("%d rows", n)
		}
		prefixed := func(s string) string {
			s = strings.ReplaceAll(s, "</", "\x00")
			s = strings.ReplaceAll(s, "<", "<q:")
			s = strings.ReplaceAll(s, "\x00", "</q:")
			return strings.NewReplacer("<q:?", "<?", "xmlns=", "xmlns:q=").Replace(s)
		}
		for name, change := range map[string]func(part, s string) string{
			"prefixes": func(part, s string) string { return prefixed(s) },
			"blanks": func(part, s string) string {
				return strings.NewReplacer("<c ", "\n\t<c  ", "<row ", "\r\n <row ", "</row>", "</row\n>", "<v>", " <v>", "<si>", "\n<si>", "\"/>", "\" />").Replace(s)
			},
			"quotes": func(part, s string) string { return strings.ReplaceAll(s, `"`, `'`) },
			"references": func(part, s string) string {
				return strings.NewReplacer(">K4", ">&#75;&#x34;", ">YB", ">Y&#66;").Replace(s)
			},
			"CDATA": func(part, s string) string {
				return strings.NewReplacer("<t>", "<t><![CDATA[", "</t>", "]]></t>", "<v>", "<v><!-- x --><?y z?>").Replace(s)
			},
			"long spellings": func(part, s string) string {
				return strings.NewReplacer("<t>", `<t xml:space="preserve">`, `s="1"/>`, `s="1"></c>`, ` s="1"`, ` cm="0" s="1"`).Replace(s)
			},
			"other order": func(part, s string) string {
				return strings.NewReplacer(` s="1" t="s"`, ` t="s" s="1"`, `<c r=`, `<c s="0" r=`, `s="0" r="A`, `r="A`).Replace(strings.ReplaceAll(s, ` s="1"`, ""))
			},
			"UTF-16": func(part, s string) string {
				if !isSheet(part) {
					return s
				}
				return utf16File(s)
			},
			"strict": func(part, s string) string {
				return strings.NewReplacer("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main",
					"http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships").Replace(s)
			},
			"runs": func(part, s string) string {
				return strings.NewReplacer("<t>K4", "<r><t>K</t></r><r><t>4", "7</t>", "7</t></r>", "</t></r></r>", "</t></r>", "<t>YBK4", "<t>YBK4").Replace(s)
			},
			"no positions": func(part, s string) string {
				if !isSheet(part) || part == "xl/sharedStrings.xml" {
					return s
				}
				for c := 'A'; c <= 'F'; c++ {
					for i := range 81 {
						s = strings.Replace(s, fmt.Sprintf(` r="%c%d"`, c, i), "", 1)
					}
				}
				for i := range 81 {
					s = strings.Replace(s, fmt.Sprintf(`<row r="%d"`, i), "<row", 1)
				}
				return s
			},
		} {
			if name == "runs" { // only where the pieces fit: the whole cohort column
				change = func(part, s string) string {
					return strings.ReplaceAll(s, "<t>K47</t>", "<r><t>K</t></r><r><rPr><b/></rPr><t>47</t></r><rPh sb=\"0\"><t>zz</t></rPh>")
				}
			}
			got, err := both(t, rewrite(t, data, change), parser.DefaultLimits())
			if err != nil {
				t.Errorf("%s, inline %t: %v", name, inline, err)
				continue
			}
			if name == "long spellings" || name == "other order" { // other styles: the same font
				for i := range got.Sheets[0].Rows {
					for j := range got.Sheets[0].Rows[i].Cells {
						got.Sheets[0].Rows[i].Cells[j].Font = want.Sheets[0].Rows[i].Cells[j].Font
					}
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, inline %t (-want +got):\n%.2000s", name, inline, d)
			}
		}
	}
}

func utf16File(s string) string {
	var b strings.Builder
	b.WriteString("\xFF\xFE")
	for _, r := range s { // the list has no character beyond the first plane
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

// Whatever stands in a sheet, the short cuts say what the long way says.
func TestMixedSheets(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		`<c r="@"><v>%d</v></c>`, `<c r="@" s="1"><v>%d</v></c>`, `<c r="@" t="s"><v>%d</v></c>`, `<c t="s" r="@"><v>%d</v></c>`, `<c r="@" t="str"><f>A1</f><v>x%d</v></c>`, `<c r="@" t="str"><v>x%d</v></c>`, `<c r="@"/>`, `<c r="@"></c>`, `<c/>`,
		`<c r="@" t="inlineStr"><is><t>ạ %d</t></is></c>`, `<c r="@" t="inlineStr"><is><t>&lt;%d</t></is></c>`, `<c r="@" t="inlineStr"><is><r><t>a</t></r></is></c>`, `<c r="@" t="b"><v>1</v></c>`, `<c r="@" t="e"><v>#N/A</v></c>`, `<c r="@" t="d"><v>2024-10-01</v></c>`,
		`<c r="@"><v>%d.5</v></c>`, `<c r="@"><v>1.5E9</v></c>`, `<c r="@"><v> %d </v></c>`, `<c r="@"><v/></c>`, `<c r="@"><f>1+1</f></c>`, ` `, `<x/>`, `<c r="@" t="inlineStr"><v>x</v></c>`, `<c r="@"><is><t>x_x0041_</t></is></c>`, `<c r="@" s="7"><v>00%d</v></c>`,
		`<c r="$@"><v>1</v></c>`, `<c  r="@"><v>1</v></c>`, "<c r='@'><v>1</v></c>", `<c r="@" t="inlineStr"><is><t>a]b</t></is></c>`, "<c r=\"@\" t=\"inlineStr\"><is><t>a\r\nb</t></is></c>", `<c r="@" t="s"><v>99999</v></c>`, `<c r="@" t="n"><v></v></c>`, `<c r="@" t="str"><v></v></c>`,
	}
	rows := []string{`<row r="%d">`, `<row r="%d" spans="1:6" x14ac:dyDescent="0.25">`, `<row r="%d" hidden="1">`, `<row r="%d" ht="0">`, `<row r="%d" ht="15.5" customHeight="1">`, `<row r='%d'>`, `<row>`, `<row spans="1:6" r="%d">`, "<row\n r=\"%d\">", `<row r="%d" ht="0.0" customHeight="1">`}
	problems := 0
	for range 300 {
		var b strings.Builder
		for n := 1; n <= 1+r.IntN(30); n++ {
			start := rows[r.IntN(len(rows))]
			if strings.Contains(start, "%") {
				start = fmt.Sprintf(start, n)
			}
			b.WriteString(start)
			for col := 'A'; col <= 'A'+rune(r.IntN(8)); col++ {
				p := pieces[r.IntN(len(pieces)-3*r.IntN(2))]
				if strings.Contains(p, "%d") {
					p = fmt.Sprintf(p, r.IntN(5))
				}
				b.WriteString(strings.ReplaceAll(p, "@", fmt.Sprintf("%c%d", col, n)))
			}
			b.WriteString("</row>")
		}
		data := raw(t, "<sheetData>"+b.String()+"</sheetData>",
			"xl/sharedStrings.xml", `<sst><si><t>a</t></si><si><t/></si><si><t xml:space="preserve"> b </t></si> <si><r><rPr><strike/><rFont val="VNI-Times"/></rPr><t>c</t></r></si><si><t>d&amp;</t></si></sst>`,
			"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="0000"/></numFmts><fonts><font><name val="F"/></font></fonts><cellXfs><xf/><xf numFmtId="170"/></cellXfs></styleSheet>`)
		if _, err := both(t, data, parser.DefaultLimits()); err != nil {
			problems++
		}
	}
	if problems == 0 || problems > 250 {
		t.Errorf("%d of 300 sheets are refused", problems)
	}
}

// Wherever the window ends in a cell, the result is the same.
func TestWindows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Nguyễn Thị Minh Hạnh ", 300)
	for pad := range 25 {
		var b strings.Builder
		b.WriteString("<sheetData>" + strings.Repeat(" ", pad))
		for i := 1; i <= 60; i++ {
			fmt.Fprintf(&b, `<row r="%d" spans="1:3"><c r="A%d" s="1" t="inlineStr"><is><t>%s</t></is></c><c r="B%d"><v>%d</v></c><c r="C%d" t="s"><v>0</v></c></row>`, i, i, strings.ToValidUTF8(long[:i*21], ""), i, 2153010000+i, i)
		}
		b.WriteString("</sheetData>")
		got, err := both(t, raw(t, b.String(), "xl/sharedStrings.xml", "<sst><si><t>"+long+"</t></si></sst>"), parser.DefaultLimits())
		must(t, err)
		if n := len(got.Sheets[0].Rows); n != 60 {
			t.Errorf("%d rows", n)
		}
	}
}
