package form

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// people builds a sheet of n rows; write gives a name as it stands in its cells.
func people(n int, font string, write func(string) string) grid.Document {
	names := []string{"Nguyễn Thị Thùy Dương", "Lê Toàn", "Hoàng Hà", "Trần Văn Bình", "Đỗ Hữu Nghĩa", "Kim Anh", "Tô Hoài"}
	s := grid.Sheet{Name: "Sheet1"}
	for i := range n {
		name := write(names[i%len(names)])
		s.Rows = append(s.Rows, grid.Row{Number: i + 1, Cells: []grid.Cell{
			{Col: 1, Kind: grid.Number, Text: fmt.Sprint(i + 1)}, {Col: 2, Text: fmt.Sprintf("24530%05d", i)},
			{Col: 3, Text: name, Raw: name, Font: font}, {Col: 4, Text: "YAK50"}, {Col: 5, Text: "K50"}, {Col: 6, Text: ""},
		}})
	}
	return grid.Document{Book: grid.Book{Sheets: []grid.Sheet{s}}}
}

func asIs(s string) string { return s }

// mojibake shows UTF-8 as a program that takes it for Latin-1.
func mojibake(s string) string {
	var out []rune
	for _, b := range []byte(s) {
		out = append(out, rune(b))
	}
	return string(out)
}

func TestPlainSheetsAreNotTouched(t *testing.T) {
	t.Parallel()
	d := people(100, "Arial", asIs)
	if _, n := decode(d); n != nil {
		t.Errorf("%+v", n)
	}
	d = people(100, "Arial", mojibake)
	first := d.Sheets[0].Rows[0].Cells[2].Text
	got, n := decode(d)
	if n == nil || got.Sheets[0].Rows[0].Cells[2].Text != "Nguyễn Thị Thùy Dương" || got.Sheets[0].Rows[0].Cells[2].Raw != first {
		t.Errorf("%+v", got.Sheets[0].Rows[0].Cells[2])
	}
	if d.Sheets[0].Rows[0].Cells[2].Text != first {
		t.Error("the sheet handed in was changed")
	}
}

func TestParagraphs(t *testing.T) {
	t.Parallel()
	d := grid.Document{Blocks: []grid.Block{{Text: "KÝnh göi: Phßng C«ng nghÖ Th«ng tin", Font: ".VnTime", Page: 2}, {Text: "Trân trọng", Font: "Arial"}}, Margins: []string{"BM-CNTT31"}}
	got, n := decode(d)
	if n == nil || got.Blocks[0].Text != "Kính gửi: Phòng Công nghệ Thông tin" || got.Blocks[1].Text != "Trân trọng" || d.Blocks[0].Text[:1] != "K" {
		t.Fatalf("%+v %+v", got.Blocks, n)
	}
	if len(n.lines) != 1 || n.lines[0].page != 2 || n.lines[0].encoding != viet.TCVN3 {
		t.Errorf("%+v", n.lines)
	}
}

func benchmarkDecode(b *testing.B, write func(string) string) {
	d := people(100_000, "Times New Roman", write)
	b.ReportAllocs()
	for b.Loop() {
		decode(d)
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecodeUnicode(b *testing.B)  { benchmarkDecode(b, asIs) }
func BenchmarkDecodeMojibake(b *testing.B) { benchmarkDecode(b, mojibake) }

// gibberish is a sheet that nobody can read, as a file made to keep the desk busy would be.
func gibberish(rows int) grid.Document {
	rnd := rand.New(rand.NewPCG(1, 1))
	s := grid.Sheet{Name: "S"}
	for i := range rows {
		r := grid.Row{Number: i + 1}
		for c := range 5 {
			text := make([]rune, 0, 40)
			for range 40 {
				if rnd.IntN(5) == 0 {
					text = append(text, ' ')
				} else {
					text = append(text, rune(0xA1+rnd.IntN(94)))
				}
			}
			r.Cells = append(r.Cells, grid.Cell{Col: c + 1, Text: string(text), Font: ".VnTime"})
		}
		s.Rows = append(s.Rows, r)
	}
	return grid.Document{Book: grid.Book{Sheets: []grid.Sheet{s}}}
}

// What cannot be read is said of every cell, also when the Judge has had enough.
func TestGibberishIsDoubted(t *testing.T) {
	t.Parallel()
	d := gibberish(7000)
	got, n := decode(d)
	signs := regexp.MustCompile(`[À-ÖØ-öø-ÿ][¡-¨¬¶¸¹]+[À-ÖØ-öø-ÿ]`) // letters alone may be a foreign name
	for i, r := range got.Sheets[0].Rows {
		for k, c := range r.Cells {
			v := n.cells[cellPlace{0, int32(r.Number), int32(c.Col)}]
			if c.Text != d.Sheets[0].Rows[i].Cells[k].Text && v.encoding == viet.Unicode || signs.MatchString(c.Text) && v.doubt == viet.Certain {
				t.Fatalf("%s%d is %q and nothing is said", "ABCDE"[k:k+1], r.Number, c.Text)
			}
		}
	}
}

func BenchmarkDecodeGibberish(b *testing.B) {
	d := gibberish(200_000)
	b.ReportAllocs()
	for b.Loop() {
		decode(d)
	}
}
