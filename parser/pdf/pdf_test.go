package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// written builds a PDF of the objects, numbered from 1; object 1 is the catalogue.
func written(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("trailer <</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
	return b.Bytes()
}

func streamOf(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

const (
	catalogue = "<</Type/Catalog/Pages 2 0 R>>"
	tree      = "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F 5 0 R>>/XObject<</I 7 0 R/X 8 0 R>>>>>>"
	leaf      = "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>"
	latin     = "<</Type/Font/Subtype/Type1/Encoding/WinAnsiEncoding/FirstChar 32/Widths[250]/FontDescriptor<</MissingWidth 500>>>>"
	image     = "<</Subtype/Image/Length 1>>\nstream\nx\nendstream"
)

// one is a file of one page with that content.
func one(content string) []byte {
	return written(catalogue, tree, leaf, streamOf("", content), latin, "null", image, streamOf("/Subtype/Form/Matrix[1 0 0 1 0 -100]", "BT /F 10 Tf (in a form) Tj ET"))
}

func shown(d grid.Document) []string {
	var out []string
	for _, b := range d.Blocks {
		line := fmt.Sprintf("%d.%d %s", b.Page, b.Column, b.Text)
		if b.Picture {
			line = fmt.Sprintf("%d picture", b.Page)
		}
		if b.Table > 0 {
			s := d.Sheets[b.Table-1]
			line = fmt.Sprintf("%d %s", b.Page, s.Name)
			for _, r := range s.Rows {
				for _, c := range r.Cells {
					line += fmt.Sprintf(" %s%d=%s", parser.ColumnName(c.Col), r.Number, strings.ReplaceAll(c.Text, "\n", "/"))
					if c.Struck {
						line += "(struck)"
					}
					if strings.HasPrefix(c.Font, ".") {
						line += "(" + c.Font + ")"
					}
				}
			}
			for _, m := range s.Merged {
				line += fmt.Sprintf(" %d,%d-%d,%d", m.Row, m.Col, m.LastRow, m.LastCol)
			}
		}
		out = append(out, line)
	}
	return out
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"lines by height, not by order", one("BT /F 10 Tf 1 0 0 1 50 100 Tm (below) Tj 1 0 0 1 50 200 Tm (above) Tj ET"), []string{"1.1 above", "1.1 below"}},
		{"next line operators", one("BT /F 10 Tf 12 TL 50 200 Td (a) Tj T* (b) Tj (c) ' 0 -20 TD (d) Tj T* (e) Tj ET"), []string{"1.1 a", "1.1 b", "1.1 c", "1.1 d", "1.1 e"}},
		{"glyphs painted later into a gap", one("BT /F 10 Tf 1 0 0 1 50 100 Tm (Th) Tj 5 0 Td ET BT 1 0 0 1 65 100 Tm (m) Tj 1 0 0 1 60 100 Tm (\\352) Tj ET"), []string{"1.1 Thêm"}},
		{"a blank that is a gap", one("BT /F 10 Tf 50 100 Td [(ab)-300(c)-20(d)] TJ ET"), []string{"1.1 ab cd"}},
		{"two columns", one("BT /F 10 Tf 1 0 0 1 300 100 Tm (right) Tj 1 0 0 1 50 101 Tm (left) Tj ET"), []string{"1.1 left", "1.2 right"}},
		{"scaled and moved", one("q 2 0 0 2 10 10 cm BT /F 5 Tf (a) Tj ET Q BT /F 10 Tf 1 0 0 1 15 10 Tm (b) Tj ET"), []string{"1.1 ab"}},
		{"a form and a picture", one("BT /F 10 Tf 0 50 Td (text) Tj ET /X Do q 50 0 0 20 0 -60 cm /I Do Q"), []string{"1.1 text", "1 picture", "1.1 in a form"}},
		{"escapes and hexadecimal", one(`BT /F 10 Tf (\(a\)\101\
b) Tj <4 3> Tj ET`), []string{"1.1 (a)AbC"}},
		{"inline picture", one("BI /W 1 ID \x00\x01(( EI BT /F 10 Tf (a) Tj ET"), []string{"1.1 a"}},
		{"compressed", written(catalogue, tree, leaf, streamOf("/Filter/FlateDecode", deflated("BT /F 10 Tf (a) Tj ET")), latin), []string{"1.1 a"}},
		{"a length that lies", written(catalogue, tree, leaf, "<</Length 99999>>\nstream\nBT /F 10 Tf (a) Tj ET\nendstream", latin), []string{"1.1 a"}},
		{"differences", written(catalogue, tree, leaf, streamOf("", "BT /F 10 Tf (ABC) Tj ET"), "<</Subtype/Type1/Encoding<</Differences[65/Dcroat/uni1EA5/x]>>>>"), []string{"1.1 Đấx"}},
		{
			"ToUnicode",
			written(catalogue, tree, leaf, streamOf("", "BT /F 10 Tf <000100020005> Tj ET"), "<</Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</DW 500/W[1[500 500]3 9 500]>>]/ToUnicode 6 0 R>>",
				streamOf("", "2 beginbfchar <0001> <0110> <0002> <1EB7> endbfchar 1 beginbfrange <0004> <0006> <0061> endbfrange")),
			[]string{"1.1 Đặb"},
		},
		{"codes that nobody can read are no text", written(catalogue, tree, leaf, streamOf("", "BT /F 10 Tf <00010002> Tj ET"), "<</Subtype/Type0/DescendantFonts[<<>>]>>"), nil},
		{"a scan", one("q 500 0 0 800 0 0 cm /I Do Q"), []string{"1 picture"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Read(c.data, parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Everything but the pages stands in an object stream, and the trailer is a cross-reference stream: PDF 1.5.
func TestObjectStreams(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	objects := []string{catalogue, tree, leaf, latin}
	var head, body string
	for i, n := range []int{1, 2, 3, 5} {
		head += fmt.Sprintf("%d %d ", n, len(body))
		body += objects[i] + " "
	}
	fmt.Fprintf(&b, "4 0 obj %s endobj\n", streamOf("", "BT /F 10 Tf (packed) Tj ET"))
	fmt.Fprintf(&b, "10 0 obj %s endobj\n", streamOf(fmt.Sprintf("/Type/ObjStm/N 4/First %d/Filter/FlateDecode", len(head)), deflated(head+body)))
	fmt.Fprintf(&b, "11 0 obj %s endobj\n", streamOf("/Type/XRef/Size 12/W[1 2 1]/Root 1 0 R", "..."))
	d, err := Read(b.Bytes(), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1.1 packed"}, shown(d)); diff != "" {
		t.Error(diff)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	bomb := deflated(strings.Repeat("BT /F 10 Tf (aaaaaaaaaa) Tj ET ", 1<<16))
	for _, c := range []struct {
		name string
		data []byte
		code parser.ProblemCode // "" when the file is read as far as it goes
	}{
		{"nothing", []byte("%PDF-1.7"), parser.Damaged},
		{"encrypted", append(one(""), "trailer <</Encrypt 9 0 R>>"...), parser.Encrypted},
		{"unpacks to too much", written(catalogue, tree, leaf, streamOf("/Filter/FlateDecode", bomb), latin), parser.TooLarge},
		{"a page tree in a circle", written(catalogue, "<</Kids[2 0 R 2 0 R]>>"), parser.Damaged},
		{"a reference to itself", written(catalogue, tree, leaf, "4 0 R", latin), ""},
		{"a length that is the stream itself", written(catalogue, tree, leaf, "<</Length 4 0 R>>\nstream\nx\nendstream"), ""},
		{"a form that paints itself", written(catalogue, tree, leaf, streamOf("", "/X Do"), latin, "null", "null", streamOf("/Subtype/Form", "/X Do /X Do")), ""},
		{"arrays without end", one(strings.Repeat("[", 1<<20)), ""},
		{"dictionaries without end", written(catalogue, strings.Repeat("<</a", 1<<20)), ""},
		{"an object stream in itself", append(one(""), "9 0 obj <</Type/ObjStm/N 99999999/First 9 0 R/Length 9>>stream\n9 0 endstream"...), ""},
		{"widths without end", written(catalogue, tree, leaf, streamOf("", "BT /F 1 Tf (a) Tj ET"), "<</Subtype/Type0/DescendantFonts[<</W[0 999999999 1 0 999999999 1]>>]>>"), ""},
		{"ranges without end", written(catalogue, tree, leaf, streamOf("", "BT /F 1 Tf (a) Tj ET"), "<</Subtype/Type0/ToUnicode 6 0 R>>", streamOf("", strings.Repeat("<00000000> <ffffffff> <0041> endbfrange ", 100))), ""},
		{"a drawing", one(strings.Repeat("0 0 m 9 0 l 9 9 l h S ", 30_000) + "BT /F 10 Tf (a) Tj ET"), ""},
		{"lines through much text", one(strings.Repeat("0 2 m 900 2 l S ", 15_000) + strings.Repeat("BT /F 10 Tf (aaaaaaaaaa) Tj ET ", 5_000)), ""},
		{"a fine grid", one(grid2(1500)), ""},
		{"paths beyond measure", one("1e308 0 m 1e308 1e308 l 1e999 0 1 1 re S W n q 1e308 0 0 1e308 0 0 cm 1e308 0 m 0 0 l S Q"), ""},
		{"a key that is none", append(one(""), "9 0 obj <</Filter/Standard/V 5/R 6/U(x)/CF<</a<</CFM/AESV3>>>>/StmF/a>> endobj trailer <</Encrypt 9 0 R>>"...), parser.Encrypted},
		{"numbers beyond measure", one("1e999 0 0 1e999 0 0 cm BT /F 1e308 Tf 1e308 Tc (aaaa) Tj ET"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lim := parser.DefaultLimits()
			lim.Unpacked = 1 << 20
			_, err := Read(c.data, lim)
			var p *parser.Problem
			if c.code == "" && err != nil || c.code != "" && (!errors.As(err, &p) || p.Code != c.code) {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
}

// grid2 draws n lines across and n down.
func grid2(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "0 %d m %d %d l %d 0 m %d %d l S ", 4*i, 4*n, 4*i, 4*i, 4*i, 4*n)
	}
	return b.String()
}

func TestManyPages(t *testing.T) {
	t.Parallel()
	kids := strings.Repeat("<</Type/Page>>", maxPages+1)
	_, err := Read(written(catalogue, "<</Kids["+kids+"]>>"), parser.DefaultLimits())
	var p *parser.Problem
	if !errors.As(err, &p) || p.Limit != "500 trang" {
		t.Errorf("%v", err)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	d, err := Read(append(one("BT /F 10 Tf (a) Tj ET"), "9 0 obj <</ByteRange[0 1 2 3]>> endobj"...), parser.DefaultLimits())
	if err != nil || !d.Signature {
		t.Errorf("%+v, %v", d, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(one("BT /F 10 Tf 12 TL 50 200 Td [(ab)-300(c)] TJ T* (b) Tj ET /X Do /I Do"))
	f.Add(one(boxes([]float64{50, 100, 200}, []float64{200, 180, 160}) + put(55, 186, "a") + "50 188 m 55 188 l S q 0 0 99 99 re W n " + put(105, 166, "b") + "Q"))
	f.Add(pages(line(100, "no", "id", "name", "class")+line(80, "1", "11", "An", "A"), line(300, "2", "12", "Vy", "B")))
	f.Add(append(one(""), "9 0 obj <</Filter/Standard/V 2/R 3/Length 128/P -4/O(01234567890123456789012345678901)/U(0123456789012345)>> endobj trailer <</Encrypt 9 0 R/ID[(a)(b)]>>"...))
	f.Add(written(catalogue, tree, leaf, streamOf("", "BT /F 10 Tf <00010002> Tj ET"), "<</Subtype/Type0/DescendantFonts[<</W[1[5]2 3 4]>>]/ToUnicode 6 0 R>>", streamOf("", "<0001> <0041> endbfchar <0001> <0005> <0041> endbfrange")))
	f.Add(written(catalogue, tree, leaf, streamOf("/Filter[/ASCIIHexDecode/FlateDecode]", "789c>"), "<</Encoding<</Differences[1/a/uni0041]>>>>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 1 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		d, err := Read(data, lim)
		if err != nil {
			var p *parser.Problem
			if !errors.As(err, &p) {
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
