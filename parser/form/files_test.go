package form_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/form"
)

// paper builds a PDF of one page: lines from top to bottom, or a picture alone when there are none.
func paper(lines ...string) []byte {
	var content strings.Builder
	if len(lines) == 0 {
		content.WriteString("q 500 0 0 800 0 0 cm /I Do Q\n")
	}
	for i, l := range lines {
		fmt.Fprintf(&content, "BT /F 12 Tf 1 0 0 1 72 %d Tm <", 780-20*i)
		for _, u := range utf16.Encode([]rune(l)) {
			fmt.Fprintf(&content, "%04x", u)
		}
		content.WriteString("> Tj ET\n")
	}
	cmap := "1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0000> <ffff> <0000> endbfrange"
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</I 7 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%sendstream", content.Len(), content.String()),
		"<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</DW 500>>]/ToUnicode 6 0 R>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(cmap)+1, cmap),
		"<</Subtype/Image/Width 1/Height 1/Length 1>>stream\nx\nendstream",
	} {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("trailer <</Root 1 0 R>>\n%%EOF\n")
	return b.Bytes()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	people := list(t, nil, header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50").Data
	letter := document(t, "", printedLetter...)
	png := []byte("\x89PNG\r\n\x1a\n and so on")
	locked := lockedWorkbook(t)
	for _, c := range []struct {
		name  string
		files [][]byte
		want  []string // format role problem of each
	}{
		{"letter and list", [][]byte{letter, people}, []string{"docx letter", "xlsx list"}},
		{"letter as PDF", [][]byte{paper(flat(printedLetter)...), people}, []string{"pdf letter", "xlsx list"}},
		{"a scan beside a list is the letter", [][]byte{paper(), people}, []string{"pdf letter", "xlsx list"}},
		{"a scan beside both is something else", [][]byte{letter, people, paper()}, []string{"docx letter", "xlsx list", "pdf other"}},
		{"a scan alone could be the list", [][]byte{paper()}, []string{"pdf problem picture"}},
		{"a scan beside a letter could be the list", [][]byte{letter, paper()}, []string{"docx letter", "pdf problem picture"}},
		{"photo", [][]byte{letter, png}, []string{"docx letter", "png problem picture"}},
		{"logo", [][]byte{letter, people, png}, []string{"docx letter", "xlsx list", "png other"}},
		{"heic", [][]byte{[]byte("\x00\x00\x00\x18ftypheic0000")}, []string{"heic problem picture"}},
		{"empty", [][]byte{{}}, []string{" problem empty"}},
		{"password", [][]byte{locked}, []string{"ole problem encrypted"}},
		{"truncated xlsx", [][]byte{people[:len(people)/2]}, []string{"xlsx problem damaged"}},
		{"rtf", [][]byte{[]byte(`{\rtf1 x}`)}, []string{"rtf other"}},
		{"csv", [][]byte{[]byte("Stt,Mã số,Họ và tên\n1,2453010001,Lý Vy\n")}, []string{"csv list"}},
		{"csv of something else", [][]byte{[]byte("Stt,Mã\n1,2\n")}, []string{"csv other"}},
		{"html", [][]byte{[]byte("<html><table><tr><td>MSSV<td>Họ và tên<tr><td>2453010001<td>Lý Vy</table>")}, []string{"html list"}},
		{"7z", [][]byte{[]byte("7z\xbc\xaf\x27\x1c..")}, []string{"7z problem unsupported"}},
		{"rar", [][]byte{[]byte("Rar!\x1a\x07..")}, []string{"rar problem unsupported"}},
		{"zip", [][]byte{zipped(t, "ds.txt", "x")}, []string{"zip problem unsupported"}},
		{"ods", [][]byte{zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet")}, []string{"ods problem damaged"}},
		{"locked ods", [][]byte{zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml", "<encryption-data/>")}, []string{"ods problem encrypted"}},
		{"xlsb", [][]byte{zipped(t, "xl/workbook.bin", "")}, []string{"xlsb problem unsupported"}},
		{"xls that lost its directory", [][]byte{append(compound("")[:512], "\x09\x08\x10\x00\x00\x06\x05\x00"...)}, []string{"xls problem damaged"}},
		{"xls", [][]byte{compound("Workbook")}, []string{"xls problem damaged"}},
		{"doc", [][]byte{compound("WordDocument")}, []string{"doc problem damaged"}},
		{"bytes of nothing", [][]byte{{1, 2, 3, 0, 4}}, []string{" problem unsupported"}},
		{"a pdf that is none", [][]byte{[]byte("%PDF-1.7\n")}, []string{"pdf problem damaged"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var files []parser.File
			for i, d := range c.files {
				files = append(files, parser.File{Name: fmt.Sprintf("%d.bin", i), Type: "application/octet-stream", Data: d})
			}
			s := form.Read(files, parser.DefaultLimits())
			var got []string
			for _, f := range s.Files {
				line := f.Format + " " + string(f.Role)
				if f.Problem != nil {
					line += " " + string(f.Problem.Code)
				}
				got = append(got, line)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

// flat puts the cells of table rows into lines of their own.
func flat(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, strings.Split(l, "|")...)
	}
	return out
}

// compound builds the beginning of a compound file with one directory entry of that name.
func compound(name string) []byte {
	b := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 504)...)
	for _, u := range utf16.Encode([]rune(name)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return append(b, make([]byte, 128)...)
}

func lockedWorkbook(t *testing.T) []byte {
	t.Helper()
	return encryptedWorkbook(t, "mat khau cua don vi")
}

func encryptedWorkbook(t *testing.T, password string) []byte {
	t.Helper()
	f := excelize.NewFile(excelize.Options{Password: password})
	sheet(t, f, "Sheet1", header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50")
	return bytesOf(t, f)
}

// Excel opens a workbook with its built-in password without asking; so do we.
func TestBuiltinPassword(t *testing.T) {
	t.Parallel()
	s := form.Read([]parser.File{{Name: "ds.xlsx", Data: encryptedWorkbook(t, "VelvetSweatshop")}}, parser.DefaultLimits())
	if len(s.Rows) != 1 || s.Files[0].Format != "xlsx" {
		t.Errorf("%+v", s.Files)
	}
}

func TestScannedLetter(t *testing.T) {
	t.Parallel()
	s := form.Read([]parser.File{{Name: "scan.pdf", Data: paper()}, list(t, nil, header, "#1|2453010001|Lý Vy|Y|K50")}, parser.DefaultLimits())
	if s.Letter == nil || !s.Letter.Scan || s.Letter.File != "scan.pdf" {
		t.Errorf("letter %+v", s.Letter)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	people := list(t, nil, header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50")
	for _, c := range []struct {
		name  string
		file  parser.File
		lim   func(*parser.Limits)
		limit string
	}{
		{"file", people, func(l *parser.Limits) { l.FileSize = 1 << 10 }, "1.024 byte một tệp"},
		{"unpacked", people, func(l *parser.Limits) { l.Unpacked = 1 << 10 }, "1.024 byte sau khi giải nén"},
		{"sheets", people, func(l *parser.Limits) { l.Sheets = 0 }, "0 trang tính"},
		{"depth", parser.File{Name: "a.docx", Data: document(t, "", "x")}, func(l *parser.Limits) { l.Depth = 3 }, "3 cấp lồng nhau"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lim := parser.DefaultLimits()
			c.lim(&lim)
			p := form.Read([]parser.File{c.file}, lim).Files[0].Problem
			if p == nil || p.Code != parser.TooLarge || p.Limit != c.limit {
				t.Errorf("problem %v, want limit %q", p, c.limit)
			}
		})
	}
}

// What stands right of the limit of columns is not read, and said; what stands left of it is.
func TestTooManyColumns(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Columns = 10
	s := form.Read([]parser.File{list(t, nil, header+strings.Repeat("|x", 20), "#1|2453010001|Lý Thị Vân Vy|YAK50|K50")}, lim)
	if len(s.Rows) != 1 || !slices.Contains(remarked(s), "columns_cut file=ds.xlsx limit=10 cột") {
		t.Errorf("rows %q, remarks %q", shown(s), remarked(s))
	}
}

func TestMacros(t *testing.T) {
	t.Parallel()
	f := list(t, func(f *excelize.File) {
		must(t, f.AddVBAProject([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
	}, header, "#1|2453010001|Lý Vy|Y|K50")
	s := form.Read([]parser.File{f}, parser.DefaultLimits())
	if d := cmp.Diff([]string{"macros_present file=ds.xlsx"}, remarked(s)); d != "" || len(s.Rows) != 1 {
		t.Errorf("rows %q, remarks (-want +got):\n%s", shown(s), d)
	}
}

// Same bytes, same Submission.
func TestSameAgain(t *testing.T) {
	t.Parallel()
	files := []parser.File{{Name: "a.docx", Data: document(t, "BM-CNTT31", printedLetter...)}, list(t, nil, header, "#1|2453010001|Lý Thị Vân Vy|YAK50|K50")}
	a := form.Read(files, parser.DefaultLimits())
	if d := cmp.Diff(a, form.Read(files, parser.DefaultLimits())); d != "" {
		t.Error(d)
	}
}
