package rtf

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// shown writes a document as its paragraphs, pictures and the cells of its tables.
func shown(d grid.Document) []string {
	var out []string
	for _, b := range d.Blocks {
		line := b.Text
		if b.Table > 0 {
			s := d.Sheets[b.Table-1]
			line = s.Name
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
		if b.Picture {
			line += "[picture]"
		}
		out = append(out, line)
	}
	return out
}

// head begins a file as Word does.
const head = `{\rtf1\ansi\ansicpg1252\uc1\deff0{\fonttbl{\f0\froman\fcharset0\fprq2{\*\panose 02020603050405020304}Times New Roman;}
{\f1\fnil\fcharset0 .VnTime;}{\f2\froman\fcharset163\fprq2 Times New Roman (Vietnamese);}{\f3\fnil .VnTimeH;}{\f4\fswiss\fcharset204 Arial;}}
{\colortbl;\red0\green0\blue0;}{\stylesheet{\ql \f0 Normal;}{\*\cs10 Default Paragraph Font;}}{\*\generator Riched20}{\info{\author x}}
`

func TestRead(t *testing.T) {
	t.Parallel()
	cells := `\trowd\cellx1000\cellx2000 `
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"paragraphs, tabs and breaks", `\pard a\tab b\line c\par d\'e9\_e\~f\-g\par`, []string{"a\tb\nc", "dé-e\u00a0f\u00adg"}},
		{"the last paragraph lacks its end", `a{\b b}`, []string{"ab"}},
		{"line ends of the file", "a\r\nb\n\\par\r\nc\\\nd", []string{"ab", "c", "d"}},
		{"unicode with a stand-in", `Nguy\u7877\'3fn \u272\'d0?\u7843 ?{\uc0 \u7877}\uc2\u7879\'ef\'bf!\u-10179\'3f\'3f\u-8704\'3f\'3f`, []string{"Nguyễn Đ?ảễệ!😀"}},
		{"a stand-in that is missing", `{\u7877}x\u7877\u7879\u7877\b y`, []string{"ễxễệễy"}},
		{"a stand-in that is a word", `\u8212\emdash a\u8212\-b`, []string{"—a—b"}},
		{"code pages of fonts", `\f0\'d5\f2\'d5\'ea\'ec\f4\'d5{\f1 \'b5}\f3\'b5`, []string{"ÕƠê\u0301Хµµ"}},
		{"plain goes back to the first font", `\f2\'d5\plain\'d5`, []string{"ƠÕ"}},
		{"hidden, deleted and moved", `a{\v no}{\deleted no}{\mvf no}\v no\v0 b\deleted no\deleted0 c`, []string{"abc"}},
		{"fields", `{\field{\*\fldinst {HYPERLINK "x"}}{\fldrslt {\ul x}}}`, []string{"x"}},
		{"destinations", `a{\*\bkmkstart x}{\*\unknown y{z}}{\footnote \chftn foot}{\*\annotation no}{\xe no}{\*\bkmkend x}b`, []string{"ab"}},
		{"two forms of one text", `{\upr{ansi}{\*\ud{\u7879?}}}`, []string{"ệ"}},
		{"binary data", "a{\\*\\x\\bin5 }}{\\\\}b\\bin2 }}c", []string{"abc"}},
		{"pictures", `a{\*\shppict{\pict\pngblip 00ff}}{\nonshppict{\pict 00}}\par b\par{\pict\bin2 }}}\par`, []string{"a[picture]", "b", "[picture]"}},
		{"a text box behind its paragraph", `a{\shp{\*\shpinst\shpleft1{\sp{\sn x}{\sv y}}{\shptxt \pard in\par}}{\shprslt{\*\do\dptxbx{\dptxbxtext in\par}}}}b\par c\par`, []string{"ab", "in", "c"}},
		{"list numbers are no part of a paragraph", `{\listtext\f0 1.\tab}a\par`, []string{"a"}},
		{"behind the end", `a}}}b`, []string{"a"}},

		{"a table", cells + `\pard\intbl a\cell b\cell\row\intbl c\par d\cell\cell\row\pard e\par`, []string{"Bảng 1 A1=a B1=b A2=c/d", "e"}},
		{"row definitions before and behind, as Word writes", cells + `\pard\plain\intbl {a\cell b\cell}\pard\intbl{` + cells + `\row}` + cells + `\pard\intbl{c\cell d\cell}{` + cells + `\row}\pard e`, []string{"Bảng 1 A1=a B1=b A2=c B2=d", "e"}},
		{"columns by edges", `\trowd\cellx1000\cellx3000\pard\intbl a\cell b\cell\row\trowd\cellx1010\cellx2000\cellx2990\intbl c\cell d\cell e\cell\row`, []string{"Bảng 1 A1=a B1=b A2=c B2=d C2=e 1,2-1,3"}},
		{"a row that begins further right", `\trowd\cellx1000\cellx2000\pard\intbl a\cell b\cell\row\trowd\trleft1000\cellx2000\intbl c\cell\row`, []string{"Bảng 1 A1=a B1=b B2=c"}},
		{"thin cells stay apart", `\trowd\cellx1000\cellx1020\cellx2000\pard\intbl a\cell b\cell c\cell\row`, []string{"Bảng 1 A1=a B1=b C1=c"}},
		{"no edges at all", `\trowd\pard\intbl a\cell b\cell\row\trowd c\cell\row`, []string{"Bảng 1 A1=a B1=b A2=c"}},
		{"merged down and to the right", `\trowd\clvmgf\cellx1\clmgf\cellx1000\clmrg\cellx2000\pard\intbl a\cell b\cell\cell\row\trowd\clvmrg\cellx1\cellx1000\cellx2000\intbl\cell c\cell d\cell\row`, []string{"Bảng 1 A1=a B1=b B2=c C2=d 1,1-2,1 1,2-1,3"}},
		{"numbers of a list", cells + `\pard\intbl{\listtext\f0 1.\tab}\cell{\listtext\f0 \'b7\tab}\cell\row\intbl{\pntext\f0 2)\tab}\cell{\listtext 1.}x\cell\row`, []string{"Bảng 1 A1=1. A2=2) B2=x"}},
		{"struck through, font", cells + `\pard\intbl{\strike a}\cell{\strike b}c\cell\row\intbl{\striked1 d}\cell{ \f1 e\'ad}\cell\row`, []string{"Bảng 1 A1=a(struck) B1=bc A2=d(struck) B2=e\u00ad(.VnTime)"}},
		{"a row whose deletion is tracked keeps its number", cells + `\pard\intbl a\cell\cell\row\intbl{\deleted x\cell y\cell\row}\pard\intbl b\cell\cell\row`, []string{"Bảng 1 A1=a A3=b"}},
		{"a table in a table", cells + `\pard\intbl a\par\intbl\itap2 in\nestcell{\*\nesttableprops\trowd\cellx500\nestrow}{\nonesttables\par}\pard\intbl\cell b\cell\row`, []string{"Bảng 1 A1=a B1=b", "Bảng 2 A1=in"}},
		{"a row without its end", cells + `\pard\intbl a\cell b\cell\pard c\par`, []string{"Bảng 1 A1=a B1=b", "c"}},
		{"cells without intbl", cells + `a\par b\cell c\cell\row d\par`, []string{"a", "Bảng 1 A1=b B1=c", "d"}},
		{"two tables", cells + `\pard\intbl a\cell\row\pard\par` + cells + `\pard\intbl b\cell\row`, []string{"Bảng 1 A1=a", "", "Bảng 2 A1=b"}},
		{"characters of no known page", `{\fonttbl{\f9\fcharset128 x;}}\f9\'82\'6c`, []string{"\uFFFDl"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Read([]byte(head+c.body+"}"), parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Fonts without a character set, and a file of another code page.
func TestCodePages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, want string }{
		{"the file's own", `{\rtf1\ansi\ansicpg1258{\fonttbl{\f0 Arial;}}\f0 Nguy\'ea\'den}`, "Nguyê\u0303n"},
		{"a charset that says the file's own", `{\rtf1\ansi\ansicpg1258\deff0{\fonttbl{\f0\fcharset1 Arial;}}\'d5}`, "Ơ"},
		{"shapes of TCVN3 are no letters of 1258", `{\rtf1\ansi\ansicpg1258\deff0{\fonttbl{\f0\fnil .VnTime;}}Nguy\'d4n}`, "NguyÔn"},
		{"VNI, bytes as they stand", "{\\rtf1\\ansi\\ansicpg1258\\deff0{\\fonttbl{\\f0\\fnil VNI-Times;}}Nguye\xe3n}", "Nguyeãn"},
		{"UTF-8", "{\\rtf1\\ansi\\ansicpg65001{\\fonttbl\\f0 Arial;}Nguyễn}", "Nguyễn"},
		{"no font table", `{\rtf1 a\'e9}`, "aé"},
		{"font table behind deff", `{\rtf1\ansi\deff1{\fonttbl\f0 Arial;\f1\fcharset163 Arial;}\'d5}`, "Ơ"},
	} {
		d, err := Read([]byte(c.data), parser.DefaultLimits())
		if err != nil || len(d.Blocks) != 1 || d.Blocks[0].Text != c.want {
			t.Errorf("%s: %+v, %v", c.name, d.Blocks, err)
		}
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{`{\pict 00}\par`: true, `{\pict 00}x`: false, ``: false} {
		if d, err := Read([]byte(head+body+"}"), parser.DefaultLimits()); err != nil || d.Scan != want {
			t.Errorf("%s: %v, %v", body, d.Scan, err)
		}
	}
}

func TestMargins(t *testing.T) {
	t.Parallel()
	d, err := Read([]byte(head+`{\headerl\pard BM-CNTT31\par}{\footer\trowd\cellx1\pard\intbl a\cell\row}\pard b}`), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"BM-CNTT31", "a"}, d.Margins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b"}, shown(d)); diff != "" {
		t.Error(diff)
	}
}

// Merged cells, tracked changes, hidden and struck text, list numbers, a nested table, a text box, fonts, a footnote.
func TestLibreOffice(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/libreoffice.rtf")
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
			" A4=3 B4=2253010003 C4=NguyÔn ThÞ(.VnTime) D4=D\u00ad¬ng(.VnTime) E4=YAK48 F4=x 1,3-1,4 2,5-3,5",
		"Bảng 2 A1=trong 1 B1=trong 2 A2=trong 3 B2=trong 4",
		`Hộp chữ {a\b}`, "trong hộp", "Hết 😀",
	}
	if diff := cmp.Diff(want, shown(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"BM-CNTT31"}, d.Margins); diff != "" {
		t.Error(diff)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	row := `\trowd\cellx1\intbl a\cell\row`
	for _, c := range []struct {
		name, data string
		code       parser.ProblemCode
	}{
		{"nothing", ``, parser.Damaged},
		{"cut off", head + row, parser.Damaged},
		{"cut off in a word", `{\rtf1\`, parser.Damaged},
		{"cut off in a byte", `{\rtf1\'e`, parser.Damaged},
		{"binary data without end", `{\rtf1\bin2147483647 }`, parser.Damaged},
		{"deep", `{\rtf1` + strings.Repeat("{", 1<<20), parser.TooLarge},
		{"many rows", `{\rtf1` + strings.Repeat(row, 1001) + `}`, parser.TooLarge},
		{"many tables", `{\rtf1` + strings.Repeat(row+`\pard\par `, 21) + `}`, parser.TooLarge},
		{"tables in tables", `{\rtf1` + strings.Repeat(`\itap256 a\par\itap0\par `, 1<<10) + `}`, parser.TooLarge},
		{"wide", `{\rtf1\trowd` + strings.Repeat(`\cellx1`, 100) + strings.Repeat(`\intbl a\cell`, 100) + `\row}`, parser.TooLarge},
		{"text boxes in circles", `{\rtf1` + strings.Repeat(`{\shptxt a`, 70), parser.TooLarge},
	} {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 1 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		var problem *parser.Problem
		if _, err := Read([]byte(c.data), lim); !errors.As(err, &problem) || problem.Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}

func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/libreoffice.rtf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(head + `\trowd\clvmgf\cellx1\clmrg\cellx2\pard\intbl{\strike a\'e9\u7877?}\cell\itap2 b\nestcell{\*\nesttableprops\trowd\cellx1\nestrow}\cell\row}`))
	f.Add([]byte(`{\rtf1\ansicpg1258{\fonttbl\f0\fcharset163 a;}{\upr{a}{\*\ud{\uc2\u-10179 ??}}}{\shp{\*\shpinst{\shptxt a\par}}}{\header b}{\pict\bin2 }}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 1 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
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
			last := 0
			for _, r := range s.Rows {
				col := 0
				for _, c := range r.Cells {
					if c.Col <= col || c.Col > lim.Columns || r.Number <= last {
						t.Fatalf("cell %d behind %d in row %d", c.Col, col, r.Number)
					}
					col = c.Col
				}
				last = r.Number
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	row := `\trowd\cellx700\cellx2500\cellx5000\cellx6000\cellx7000\cellx9000\pard\intbl 1\cell 2253010001\cell Nguy\u7877\'3fn V\u259\'3fn An\cell YAK48\cell K48\cell\cell\row`
	data := []byte(head + strings.Repeat(row, 10_000) + "}")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(data, parser.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
