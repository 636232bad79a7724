package pdf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// names are those of the files in testdata, whose codes and classes count up.
var names = []string{
	"Nguyễn Văn An", "Trần Thị Bích Ngọc", "Lê Hoàng Đăng Khoa", "Phạm Ngọc Ánh Tuyết", "Tôn Nữ Thị Ninh Hương Giang Trường An",
	"Ý", "Thạch Sà Phol", "Đỗ Hữu Nghĩa",
}

var longNames = []string{"Tôn Nữ Thị Ninh Hương Giang Trường An", "Công Tằng Tôn Nữ Nguyễn Hoàng Thị Phương Thảo Nguyên"}

func people(n int, names []string) []string {
	var out []string
	for i := range n {
		row := fmt.Sprintf("%d|%d|%s|YAK%d|K%d|", i+1, 2253010001+i, names[i%len(names)], 48+i%3, 48+i%3)
		if i%7 == 0 {
			row += "Lớp trưởng"
		}
		out = append(out, row)
	}
	return out
}

// rows writes the first sheet as texts of six columns; lines of a cell are put together, repeated headers left out.
func rows(d grid.Document) []string {
	var out []string
	for _, s := range d.Sheets {
		for _, r := range s.Rows {
			if a := r.Cell(1).Text; strings.EqualFold(a, "stt") {
				continue
			}
			var cells []string
			for col := 1; col <= 6; col++ {
				cells = append(cells, strings.ReplaceAll(r.Cell(col).Text, "\n", " "))
			}
			out = append(out, strings.Join(cells, "|"))
		}
	}
	return out
}

// Files of LibreOffice: every cell must be exact, on however many pages.
func TestLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file   string
		want   []string // none: the document must come as lines
		sheets int
	}{
		{"writer-broken-rows", people(30, longNames), 1}, // rows that go on on the next page, below a header that every page has
		{"writer-plain", people(60, names), 1},           // no lines; one name in two lines
		{"calc-borders", people(120, names), 1},
		{"calc-plain", people(120, names), 1},
		{"calc-landscape", people(40, names), 1},
		{"calc-cut", nil, 0}, // names cut off at the side
		{"calc-low", nil, 0}, // names that run over the row below
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("testdata", c.file+".pdf"))
			if err != nil {
				t.Fatal(err)
			}
			d, err := Read(data, parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, rows(d)); diff != "" || len(d.Sheets) != c.sheets {
				t.Errorf("%d sheets (-want +got):\n%s", len(d.Sheets), diff)
			}
			if c.sheets > 0 && d.Sheets[0].Page != 1 {
				t.Errorf("page %d", d.Sheets[0].Page)
			}
		})
	}
}

func TestMerged(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/writer-merged.pdf")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Read(data, parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1.1 BM-CNTT31", "1.1 DANH SÁCH",
		"1 Bảng 1 A1=Stt B1=Mã số SV/HV C1=Họ và tên E1=Lớp F1=Ghi chú C2=Họ đệm D2=Tên A3=1 B3=2253010001 C3=Nguyễn Thị Ánh D3=Tuyết E3=YAK48" +
			" F3=Lớp trưởng(struck) A4=2 B4=2253010002 C4=Trần D4=Ý A5=3 B5=2253010003 C5=Đỗ Hữu Văn D5=Nghĩa F5=a b A6=LỚP: YBK49" +
			" A7=4 B7=2253010004 C7=Lê D7=Vy E7=YBK49 1,1-2,1 1,2-2,2 1,3-1,4 1,5-2,5 1,6-2,6 3,5-5,5 6,1-6,6",
		"1.1 Hết",
	}
	if diff := cmp.Diff(want, shown(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// box draws the borders of cells as Word does: every side a thin filled rectangle.
func boxes(xs, ys []float64) string {
	var b strings.Builder
	for _, y := range ys {
		for i := 1; i < len(xs); i++ {
			fmt.Fprintf(&b, "%g %g %g 0.48 re f\n", xs[i-1], y-0.24, xs[i]-xs[i-1])
		}
	}
	for _, x := range xs {
		for i := 1; i < len(ys); i++ {
			fmt.Fprintf(&b, "%g %g 0.48 %g re f*\n", x-0.24, min(ys[i-1], ys[i]), abs(ys[i]-ys[i-1]))
		}
	}
	return b.String()
}

func put(x, y float64, s string) string {
	return fmt.Sprintf("BT /F 10 Tf 1 0 0 1 %g %g Tm (%s) Tj ET\n", x, y, s)
}

func TestRuled(t *testing.T) {
	t.Parallel()
	xs, ys := []float64{50, 100, 200, 300}, []float64{200, 180, 160}
	cells := put(55, 186, "a") + put(105, 186, "b") + put(205, 186, "c") + put(55, 166, "d") + put(205, 166, "f")
	want := "1 Bảng 1 A1=a B1=b C1=c A2=d C2=f"
	across := func(x0, x1 float64, ys ...float64) string {
		s := ""
		for _, y := range ys {
			s += fmt.Sprintf("%g %g m %g %g l S\n", x0, y, x1, y)
		}
		return s
	}
	down := func(y0, y1 float64, xs ...float64) string {
		s := ""
		for _, x := range xs {
			s += fmt.Sprintf("%g %g m %g %g l S\n", x, y0, x, y1)
		}
		return s
	}
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"thin rectangles", boxes(xs, ys) + cells, []string{want}},
		{"lines", across(50, 300, ys...) + down(200, 160, xs...) + cells, []string{want}},
		{"rectangles", "50 180 50 20 re S 100 180 100 20 re S 200 180 100 20 re S 50 160 50 20 re S 100 160 100 20 re S 200 160 100 20 re s " + cells, []string{want}},
		{"double lines", across(50, 300, 200, 201.5, 180, 160, 158.5) + down(201, 158, 50, 51.5, 100, 200, 300) + cells, []string{want}},
		{"open at the sides", across(50, 300, ys...) + down(200, 160, 100, 200) + cells, []string{want}},
		{"open above and below", across(50, 300, 180) + down(200, 160, xs...) + cells, []string{want}},
		{"shaded", "0.9 g 50 180 250 20 re f 0 g " + boxes(xs, ys) + cells, []string{want}},
		{"lines of a cell", boxes(xs, []float64{200, 150}) + put(55, 176, "a") + put(105, 186, "b1") + put(105, 174, "b2") + put(105, 162, "b3") + put(205, 176, "c"), []string{"1 Bảng 1 A1=a B1=b1/b2/b3 C1=c"}},
		{"broken behind a hyphen", boxes(xs, []float64{200, 150}) + put(55, 186, "a b-") + put(55, 174, "k50") + put(105, 186, "a - ") + put(105, 174, "b") + put(205, 186, "a- ") + put(205, 174, "b") + put(205, 162, "1/") + put(230, 162, "--"), []string{"1 Bảng 1 A1=a b-k50 B1=a -/b C1=a-/b/1/ --"}},
		{"a run far apart in a cell is one text", boxes(xs, []float64{200, 180}) + put(105, 186, "b") + put(160, 186, "c") + put(55, 186, "a"), []string{"1 Bảng 1 A1=a B1=b c"}},
		{"one run over all cells", boxes(xs, []float64{200, 180}) + "BT /F 10 Tf 55 186 Td [(aaaaaaaa)-600(bbb)-9000(c)] TJ ET", []string{"1 Bảng 1 A1=aaaaaaaa B1=bbb C1=c"}},
		{"text around", put(50, 230, "above") + boxes(xs, ys) + cells + put(50, 130, "below"), []string{"1.1 above", want, "1.1 below"}},
		{"an underline and a frame are no tables", put(50, 230, "title") + across(50, 75, 228) + "40 40 200 30 re S " + put(50, 50, "framed"), []string{"1.1 title", "1.1 framed"}},
		{"struck through", boxes(xs, []float64{200, 180}) + put(55, 186, "a") + across(55, 60, 188.5) + put(105, 186, "bbbbbbbbbbbbbbbbbb") + across(105, 195, 188) + put(205, 186, "cc") + across(205, 210, 188), []string{"1 Bảng 1 A1=a(struck) B1=bbbbbbbbbbbbbbbbbb(struck) C1=cc"}},
		{"underlined up to the borders", boxes(xs, []float64{200, 180}) + put(102, 186, "bbbbbbbbbbbbbbbbbbb") + across(102, 197, 185) + put(55, 186, "a"), []string{"1 Bảng 1 A1=a B1=bbbbbbbbbbbbbbbbbbb"}},
		{"a text that runs over an empty cell", boxes(xs, []float64{200, 180}) + put(55, 186, "a") + put(105, 186, strings.Repeat("b", 25)), []string{"1 Bảng 1 A1=a B1=" + strings.Repeat("b", 25)}},
		{"a text that runs into another one", boxes(xs, []float64{200, 180}) + put(55, 186, "a") + put(105, 186, strings.Repeat("b", 25)) + put(250, 186, "c"), []string{"1.1 a", "1.2 " + strings.Repeat("b", 25), "1.3 c"}},
		{"a text that is cut off", boxes(xs, []float64{200, 180}) + put(55, 186, "a") + "q 100 180 100 20 re W n " + put(105, 186, strings.Repeat("b", 25)) + "Q", []string{"1.1 a", "1.2 " + strings.Repeat("b", 25)}},
		{"a text that is not cut off", boxes(xs, []float64{200, 180}) + put(55, 186, "a") + "q 100 180 100 20 re W n " + put(105, 186, "b") + "Q", []string{"1 Bảng 1 A1=a B1=b"}},
		{"a text that runs out of the table in pieces", boxes(xs, []float64{200, 180}) + put(205, 186, strings.Repeat("b", 20)) + put(55, 186, "a") + put(310, 186, "c") + put(305, 186, "x"), []string{"1 Bảng 1 A1=a C1=" + strings.Repeat("b", 20) + "xc"}},
		{"a text that runs into an empty cell in pieces", boxes(xs, []float64{200, 180}) + put(105, 186, strings.Repeat("b", 19)) + put(55, 186, "a") + put(205, 186, "c") + put(200, 186, "x"), []string{"1.1 a", "1.2 " + strings.Repeat("b", 19) + "xc"}},
		{"a text that fills its window, where others have none", boxes(xs, []float64{200, 180}) + put(55, 186, "aaaa") + put(205, 186, "cccc") + "q 101 180 98 20 re W n " + put(102, 186, strings.Repeat("b", 19)) + "Q", []string{"1.1 aaaa", "1.2 " + strings.Repeat("b", 19) + " cccc"}},
		{"a row without its last border", across(50, 300, 200, 180, 160) + down(200, 160, 50, 100, 200) + down(180, 160, 300) + cells, []string{want}},
		{"a text in a corner that the table leaves out", boxes(xs, []float64{200, 180}) + across(50, 200, 160) + down(180, 160, 50, 100, 200) + cells, []string{"1.1 a", "1.2 b", "1.3 c", "1.1 d", "1.2 f"}},
		{"a text too high for its row", boxes(xs, []float64{200, 194, 180}) + put(55, 192, "a") + put(105, 183, "b"), []string{"1.1 a", "1.1 b"}},
		{"cells that are no rectangles", boxes(xs, []float64{200, 180}) + across(50, 100, 160) + down(180, 160, 50) + across(100, 200, 140) + down(180, 140, 200) + down(160, 140, 100) + put(55, 186, "a") + put(55, 166, "b"), []string{"1.1 a", "1.1 b"}},
		{"fonts", boxes(xs, []float64{200, 180}) + put(55, 186, "a") + strings.Replace(put(105, 186, "\\265"), "/F", "/V", 1), []string{"1 Bảng 1 A1=a B1=µ(.VnTime)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tree := "<</Type/Pages/Kids[3 0 R]/Resources<</Font<</F 5 0 R/V 6 0 R>>>>>>"
			font := "<</BaseFont/ABCDEF+.VnTime/Subtype/TrueType/Encoding/WinAnsiEncoding>>"
			d, err := Read(written(catalogue, tree, leaf, streamOf("", c.content), latin, font), parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// line puts texts on one height, at tabs 60 apart.
func line(y float64, texts ...string) string {
	s := ""
	for i, t := range texts {
		if t != "" {
			s += put(50+60*float64(i), y, t)
		}
	}
	return s
}

func TestAligned(t *testing.T) {
	t.Parallel()
	head := line(300, "no", "id", "name", "class", "note")
	for _, c := range []struct {
		name    string
		content string
		sheet   string // "" when the page must come as lines
	}{
		{"plain", head + line(280, "1", "11", "An", "A", "x") + line(260, "2", "12", "Vy", "B", ""), "A1=no B1=id C1=name D1=class E1=note A2=1 B2=11 C2=An D2=A E2=x A3=2 B3=12 C3=Vy D3=B"},
		{"a column without texts", head + line(280, "1", "11", "An", "A", "") + line(260, "2", "12", "", "B", ""), "A1=no B1=id C1=name D1=class E1=note A2=1 B2=11 C2=An D2=A A3=2 B3=12 D3=B"},
		{"a second line, clearly nearer", head + line(280, "1", "11", "An", "A", "x") + line(268, "", "", "Vy", "", "") + line(248, "2", "12", "Vy", "B", ""), "A1=no B1=id C1=name D1=class E1=note A2=1 B2=11 C2=An/Vy D2=A E2=x A3=2 B3=12 C3=Vy D3=B"},
		{"a signature below", head + line(280, "1", "11", "An", "A", "x") + put(200, 240, "Sign"), "A1=no B1=id C1=name D1=class E1=note A2=1 B2=11 C2=An D2=A E2=x"},
		{"numbers to the right, close to the next column", head + put(100, 280, "1") + line(280, "", "11", "An", "A", "x") + put(95, 260, "12") + line(260, "", "12", "Vy", "B", "y"), "A1=no B1=id C1=name D1=class E1=note A2=1 B2=11 C2=An D2=A E2=x A3=12 B3=12 C3=Vy D3=B E3=y"},
		{"numbers that touch the next column", head + put(104, 280, "1") + line(280, "", "11", "An", "A", "x") + put(99, 260, "12") + line(260, "", "12", "Vy", "B", "y"), "A1=no B1=id C1=name D1=class E1=note A2=1 B2=11 C2=An D2=A E2=x A3=12 B3=12 C3=Vy D3=B E3=y"},
		{"numbers that are one with the next column", head + put(104.9, 280, "1") + line(280, "", "11", "An", "A", "x") + put(99.9, 260, "12") + line(260, "", "12", "Vy", "B", "y"), ""},
		{"a line between, no nearer", head + line(280, "1", "11", "An", "A", "x") + line(260, "", "", "Vy", "", "") + line(240, "2", "12", "Vy", "B", ""), ""},
		{"something near below the last row", head + line(280, "1", "11", "An", "A", "x") + line(260, "", "", "Vy", "", ""), ""},
		{"a text in two columns", head + line(280, "1", "11", "An", "A", "x") + line(260, "2", "12", "Vyyyyyyyyyyyyy", "", "y"), ""},
		{"rows with more columns than the header", line(300, "no", "id", "name", "class") + line(280, "1", "11", "An", "A", "x") + line(260, "2", "12", "Vy", "B", "y"), ""},
		{"a header alone", head, ""},
		{"three beside each other", line(300, "a", "b", "c") + line(280, "d", "e", "f"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Read(one(c.content), parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(d.Sheets) > 0 {
				got = strings.TrimPrefix(shown(d)[0], "1 Bảng 1 ")
			}
			if diff := cmp.Diff(c.sheet, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// pages is a file of several pages.
func pages(contents ...string) []byte {
	objects := []string{catalogue, "", latin}
	kids := ""
	for i, c := range contents {
		n := strconv.Itoa(4 + 2*i)
		kids += n + " 0 R "
		objects = append(objects, "<</Type/Page/Contents "+strconv.Itoa(5+2*i)+" 0 R>>", streamOf("", c))
	}
	objects[1] = "<</Kids[" + kids + "]/Resources<</Font<</F 3 0 R>>>>>>"
	return written(objects...)
}

func TestPages(t *testing.T) {
	t.Parallel()
	xs := []float64{50, 100, 200, 300}
	table := func(top float64, rows ...string) string {
		ys := []float64{top}
		s := ""
		for i, r := range rows {
			y := top - 20*float64(i+1)
			ys = append(ys, y)
			for j, c := range strings.Split(r, "|") {
				if c != "" {
					s += put(xs[j]+5, y+6, c)
				}
			}
		}
		return boxes(xs, ys) + s
	}
	for _, c := range []struct {
		name  string
		pages []string
		want  []string
	}{
		{"goes on", []string{table(200, "no|id|name", "1|11|An"), table(300, "2|12|Vy")}, []string{"1 Bảng 1 A1=no B1=id C1=name A2=1 B2=11 C2=An A3=2 B3=12 C3=Vy"}},
		{"below running heads", []string{put(50, 400, "Head 1") + table(200, "no|id|name", "1|11|An") + put(50, 20, "1/2"), put(50, 400, "Head 2") + table(300, "2|12|Vy") + put(50, 20, "2/2")}, []string{"1.1 Head 1", "1 Bảng 1 A1=no B1=id C1=name A2=1 B2=11 C2=An A3=2 B3=12 C3=Vy", "1.1 1/2", "2.1 Head 2", "2.1 2/2"}},
		{"with the header again", []string{table(200, "no|id|name", "1|11|An"), table(300, "no|id|name", "2|12|Vy")}, []string{"1 Bảng 1 A1=no B1=id C1=name A2=1 B2=11 C2=An A3=no B3=id C3=name A4=2 B4=12 C4=Vy"}},
		{"a row broken between them", []string{table(200, "no|id|name", "1|11|An"), table(300, "||Vy", "2|12|Vy")}, []string{"1 Bảng 1 A1=no B1=id C1=name A2=1 B2=11 C2=An/Vy A3=2 B3=12 C3=Vy"}},
		{"broken below the header", []string{table(200, "no|id|name", "1|11|An"), table(300, "no|id|name", "||Vy", "2|12|Vy")}, []string{"1 Bảng 1 A1=no B1=id C1=name A2=1 B2=11 C2=An/Vy A3=no B3=id C3=name A4=2 B4=12 C4=Vy"}},
		{"another list with a title of its own", []string{table(200, "no|id|name", "1|11|An"), put(50, 350, "Second") + table(300, "no|id|name", "1|12|Vy")}, []string{"1 Bảng 1 A1=no B1=id C1=name A2=1 B2=11 C2=An", "2.1 Second", "2 Bảng 2 A1=no B1=id C1=name A2=1 B2=12 C2=Vy"}},
		{"the same rows in other columns: printed beside", []string{table(200, "a|b|c", "1|2|3", "4|5|6"), "q 2 0 0 1 0 0 cm " + table(200, "d|e|f", "1|2|3", "4|5|6") + "Q"}, []string{
			"1.1 a", "1.2 b", "1.3 c", "1.1 1", "1.2 2", "1.3 3", "1.1 4", "1.2 5", "1.3 6", "2.1 d", "2.2 e", "2.3 f", "2.1 1", "2.2 2", "2.3 3", "2.1 4", "2.2 5", "2.3 6",
		}},
		{"without lines, a column printed beside", []string{line(300, "no", "id", "name", "class") + line(280, "1", "11", "An", "A"), put(50, 300, "note") + put(50, 280, "x")}, []string{
			"1.1 no", "1.2 id", "1.3 name", "1.4 class", "1.1 1", "1.2 11", "1.3 An", "1.4 A", "2.1 note", "2.1 x",
		}},
		{"without lines", []string{line(100, "no", "id", "name", "class") + line(80, "1", "11", "An", "A"), line(300, "2", "12", "Vy", "B")}, []string{"1 Bảng 1 A1=no B1=id C1=name D1=class A2=1 B2=11 C2=An D2=A A3=2 B3=12 C3=Vy D3=B"}},
		{"without lines, half a row", []string{line(100, "no", "id", "name", "class") + line(80, "1", "11", "An", "A"), line(320, "", "", "Vy") + line(300, "2", "12", "Vy", "B")}, []string{
			"1.1 no", "1.2 id", "1.3 name", "1.4 class", "1.1 1", "1.2 11", "1.3 An", "1.4 A", "2.1 Vy", "2.1 2", "2.2 12", "2.3 Vy", "2.4 B",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Read(pages(c.pages...), parser.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A page that is shown turned is read as it is shown.
func TestTurned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rotate, content string }{
		{"90", "BT /F 10 Tf 0 1 -1 0 100 50 Tm (left) Tj 0 1 -1 0 100 300 Tm (right) Tj 0 1 -1 0 200 50 Tm (below) Tj ET"},
		{"180", "BT /F 10 Tf -1 0 0 -1 300 100 Tm (left) Tj -1 0 0 -1 50 100 Tm (right) Tj -1 0 0 -1 300 200 Tm (below) Tj ET"},
		{"-90", "BT /F 10 Tf 0 -1 1 0 200 300 Tm (left) Tj 0 -1 1 0 200 50 Tm (right) Tj 0 -1 1 0 100 300 Tm (below) Tj ET"},
	} {
		d, err := Read(written(catalogue, strings.Replace(tree, "/Type", "/Rotate "+c.rotate+"/Type", 1), leaf, streamOf("", c.content), latin), parser.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1.1 left", "1.2 right", "1.1 below"}, shown(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.rotate, diff)
		}
	}
}

// What the writer says about glyphs of a font that says nothing.
func TestActualText(t *testing.T) {
	t.Parallel()
	content := `BT /F 10 Tf /Span <</ActualText<FEFF1EC7>>> BDC <00010002> Tj EMC /Span /P BDC <0003> Tj EMC /Span BMC <0004> Tj EMC ET`
	tree := "<</Kids[3 0 R]/Resources<</Font<</F 5 0 R>>/Properties<</P<</ActualText<FEFF0061>>>>>>>>"
	d, err := Read(written(catalogue, tree, leaf, streamOf("", content), "<</Subtype/Type0/DescendantFonts[<</DW 500>>]>>"), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1.1 ệa\uFFFD"}, shown(d)); diff != "" {
		t.Error(diff)
	}
}

// Files that are locked against changes open without a password.
func TestLocked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		open bool
	}{{"rc4-40", true}, {"rc4-128", true}, {"aes-128", true}, {"aes-256-r5", true}, {"aes-256", true}, {"user", false}} {
		data, err := os.ReadFile("testdata/locked-" + c.file + ".pdf")
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(data, parser.DefaultLimits())
		var p *parser.Problem
		switch {
		case c.open:
			if diff := cmp.Diff([]string{"1.1 BM-CNTT31", "1.1 Đề nghị"}, shown(d)); diff != "" || err != nil {
				t.Errorf("%s: %v %s", c.file, err, diff)
			}
		case !errors.As(err, &p) || p.Code != parser.Encrypted:
			t.Errorf("%s: %v", c.file, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("testdata/calc-borders.pdf")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(data, parser.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
