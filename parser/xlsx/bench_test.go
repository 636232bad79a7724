package xlsx

import (
	"archive/zip"
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/grid"
)

var (
	given  = []string{"An", "Bình", "Châu", "Dũng", "Giang", "Hạnh", "Khánh", "Linh", "Minh", "Ngọc", "Phương", "Quỳnh", "Thảo", "Trâm", "Vy", "Yến"}
	middle = []string{"Thị Minh", "Văn", "Hoàng Bảo", "Ngọc Thùy", "Đức", "Quốc", "Gia", "Thanh"}
	family = []string{"Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi"}
)

// person returns the six columns of row i: STT, code, name, class, cohort, note.
func person(i int) [6]string {
	r := rand.New(rand.NewPCG(uint64(i), 7)).Uint32()
	return [6]string{fmt.Sprint(i), fmt.Sprintf("21530%05d", i+int(r>>16%9)), family[r%8] + " " + middle[r>>3%8] + " " + given[r>>6%16] + " " + given[r>>10%16], fmt.Sprintf("YBK47%c", 'A'+i/100%26), "K47", ""}
}

var header = [6]string{"STT", "Mã số sinh viên", "Họ và tên", "Lớp", "Khóa", "Ghi chú"}

// lists holds the workbooks of this run.
var lists struct {
	sync.Mutex
	made map[string][]byte
}

// list returns a workbook of so many rows as Excel writes it, with shared or inline strings.
func list(t testing.TB, rows int, inline bool) []byte {
	t.Helper()
	lists.Lock()
	defer lists.Unlock()
	key := fmt.Sprint(rows, inline)
	if lists.made == nil {
		lists.made = map[string][]byte{}
	}
	if b := lists.made[key]; b != nil {
		return b
	}
	var sheet, sst bytes.Buffer
	index := map[string]int{}
	var order []string
	put := func(col, row int, text string) {
		ref := fmt.Sprintf("%c%d", 'A'+col, row)
		switch {
		case text == "":
			fmt.Fprintf(&sheet, `<c r="%s" s="1"/>`, ref)
		case col == 0 && row > 1:
			fmt.Fprintf(&sheet, `<c r="%s" s="1"><v>%s</v></c>`, ref, text)
		case inline:
			fmt.Fprintf(&sheet, `<c r="%s" s="1" t="inlineStr"><is><t>%s</t></is></c>`, ref, text)
		default:
			n, ok := index[text]
			if !ok {
				n = len(order)
				index[text] = n
				order = append(order, text)
			}
			fmt.Fprintf(&sheet, `<c r="%s" s="1" t="s"><v>%d</v></c>`, ref, n)
		}
	}
	for row := 1; row <= rows; row++ {
		fmt.Fprintf(&sheet, `<row r="%d" spans="1:6" x14ac:dyDescent="0.25">`, row)
		cells := header
		if row > 1 {
			cells = person(row - 1)
		}
		for col, text := range cells {
			put(col, row, text)
		}
		sheet.WriteString("</row>")
	}
	fmt.Fprintf(&sst, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="%d" uniqueCount="%d">`, len(order), len(order))
	for _, s := range order {
		sst.WriteString("<si><t>" + s + "</t></si>")
	}
	sst.WriteString("</sst>")
	lists.made[key] = raw(t, `<dimension ref="A1:F`+fmt.Sprint(rows)+`"/><sheetData>`+sheet.String()+`</sheetData>`,
		"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font><sz val="11"/><name val="Times New Roman"/></font></fonts><cellXfs count="2"><xf numFmtId="0" fontId="0"/><xf numFmtId="0" fontId="0"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml", sst.String())
	return lists.made[key]
}

func limits(rows int) parser.Limits {
	lim := parser.DefaultLimits()
	lim.Rows, lim.Unpacked = max(lim.Rows, rows), 4<<30
	return lim
}

func walk(t testing.TB, data []byte, rows int) {
	n := 0
	must(t, Walk(data, limits(rows), func(_ *grid.Sheet, r *grid.Row) error {
		n += len(r.Cells)
		return nil
	}))
	if n != rows*5+1 {
		t.Fatalf("%d cells of %d rows", n, rows)
	}
}

// inflate unpacks all parts and does nothing with them.
func inflate(t testing.TB, data []byte, reader func(io.Reader) io.ReadCloser) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	buf := make([]byte, 64<<10)
	for _, f := range z.File {
		from, err := f.DataOffset()
		must(t, err)
		r := reader(bytes.NewReader(data[from : from+int64(f.CompressedSize64)]))
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buf)
		must(t, err)
	}
}

// BenchmarkList reads a list of six columns beside bare inflating and excelize, in one run.
func BenchmarkList(b *testing.B) {
	for _, rows := range []int{1_000, 10_000, 100_000} {
		for _, inline := range []bool{false, true} {
			kind := "shared"
			if inline {
				kind = "inline"
			}
			data := list(b, rows, inline)
			for _, c := range []struct {
				name string
				run  func(b *testing.B)
			}{
				{"inflate", func(b *testing.B) { inflate(b, data, flate.NewReader) }},
				{"inflate-std", func(b *testing.B) { inflate(b, data, stdflate.NewReader) }},
				{"walk", func(b *testing.B) { walk(b, data, rows) }},
				{"read", func(b *testing.B) {
					_, err := Read(data, limits(rows))
					must(b, err)
				}},
				{"excelize-rows", func(b *testing.B) { excelizeRows(b, data) }},
			} {
				b.Run(fmt.Sprintf("%d-%s/%s", rows, kind, c.name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						c.run(b)
					}
					b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
				})
			}
		}
	}
}

func excelizeRows(t testing.TB, data []byte) {
	f, err := excelize.OpenReader(bytes.NewReader(data))
	must(t, err)
	defer f.Close()
	rows, err := f.Rows("DS")
	must(t, err)
	for rows.Next() {
		_, err := rows.Columns()
		must(t, err)
	}
}

// Memory does not grow with the rows: what is alive in the middle of many rows is what is alive in the middle of few, and
// the buffers between two goroutines, which only a large part has.
func TestMemoryOfInlineStrings(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	alive := func(rows int) uint64 {
		data := list(t, rows, true)
		var before, now runtime.MemStats
		runtime.GC() // twice: what pools hold goes with the second one
		runtime.GC()
		runtime.ReadMemStats(&before)
		var most uint64
		n := 0
		must(t, Walk(data, limits(rows), func(*grid.Sheet, *grid.Row) error {
			if n++; n%max(rows/4, 1) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
			}
			return nil
		}))
		return most
	}
	few, many := alive(1000), alive(100_000)
	t.Logf("1,000 rows: %d bytes; 100,000 rows: %d bytes", few, many)
	if many > few*6/5+600<<10 {
		t.Errorf("1,000 rows need %d bytes, 100,000 rows %d", few, many)
	}
}
