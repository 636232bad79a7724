package csv_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/csv"
)

// show writes a sheet as one line a row: "A3=1 B3=Lê An".
func show(t *testing.T, data string) string {
	t.Helper()
	book, err := csv.Read([]byte(data), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range book.Sheets[0].Rows {
		for i, c := range row.Cells {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(parser.Place{Row: row.Number, Col: c.Col}.Cell() + "=" + strings.ReplaceAll(c.Text, "\n", `\n`))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"empty":           {"", ""},
		"comma":           {"a,b\nc,d", "A1=a B1=b\nA2=c B2=d\n"},
		"semicolon":       {"a;b, c\nd;e, f\n", "A1=a B1=b, c\nA2=d B2=e, f\n"},
		"tab":             {"a\tb\r\nc\td\r\n", "A1=a B1=b\nA2=c B2=d\n"},
		"bar":             {"a|b\nc|d\n", "A1=a B1=b\nA2=c B2=d\n"},
		"mac":             {"a,b\rc,d\r", "A1=a B1=b\nA2=c B2=d\n"},
		"mixed breaks":    {"a,b\r\nc,d\re,f\n", "A1=a B1=b\nA2=c B2=d\nA3=e B3=f\n"},
		"one column":      {"a\nb\n", "A1=a\nA2=b\n"},
		"mark":            {"\ufeffa,b\nc,d\n", "A1=a B1=b\nA2=c B2=d\n"},
		"empty lines":     {"a,b\n\n,\nc,d\n", "A1=a B1=b\nA4=c B4=d\n"},
		"empty fields":    {"a,,b\n,c,\n", "A1=a C1=b\nB2=c\n"},
		"sep":             {"sep=;\na;b\nc;d,e\n", "A1=a B1=b\nA2=c B2=d,e\n"},
		"sep quoted":      {"\"sep=|\"\r\na|b\r\n", "A1=a B1=b\n"},
		"quotes":          {"a,\"b, c\"\nd,\"e \"\"f\"\"\"\n", "A1=a B1=b, c\nA2=d B2=e \"f\"\n"},
		"line break":      {"a,\"b\nc\",d\ne,f,g\n", "A1=a B1=b\\nc C1=d\nA2=e B2=f C2=g\n"},
		"crlf in field":   {"a,\"b\r\nc\r\n\"\"d\"\"\",x\r\ne,f,g\r\n", "A1=a B1=b\\nc\\n\"d\" C1=x\nA2=e B2=f C2=g\n"},
		"breaks all over": {"a,\"b\nc\",\"d\ne\",f\ng,\"h\ni\",\"j\nk\",l\n", "A1=a B1=b\\nc C1=d\\ne D1=f\nA2=g B2=h\\ni C2=j\\nk D2=l\n"},
		"last column":     {"a,b,\"c\nd\"\ne,f,\"g\nh\"\n", "A1=a B1=b C1=c\\nd\nA2=e B2=f C2=g\\nh\n"},
		"blank, quote":    {"a, \"b, c\" ,d\ne,f,g\n", "A1=a B1=b, c C1=d\nA2=e B2=f C2=g\n"},
		"as text":         {"=\"0123\",b\n\"=\"\"0456\"\"\",c\n", "A1=0123 B1=b\nA2=0456 B2=c\n"},
		"apostrophe":      {"'0123,b\n'0456,c\n", "A1='0123 B1=b\nA2='0456 B2=c\n"},
		"titles":          {"DANH SÁCH, năm học 2024, 2025, 2026\n\na;b;c\nd;e;f\ng;h;i\n", "A1=DANH SÁCH, năm học 2024, 2025, 2026\nA3=a B3=b C3=c\nA4=d B4=e C4=f\nA5=g B5=h C5=i\n"},
		// What does not hold together stays in its own row, marks and all.
		"opens only":     {"a,b,c\nd,\"e,f\ng,h,i\nj,k,l\n", "A1=a B1=b C1=c\nA2=d B2=\"e C2=f\nA3=g B3=h C3=i\nA4=j B4=k C4=l\n"},
		"would swallow":  {"a,b,c\nd,\"e,f\ng,h,i\nj,k\",l\n", "A1=a B1=b C1=c\nA2=d B2=\"e C2=f\nA3=g B3=h C3=i\nA4=j B4=k\" C4=l\n"},
		"swallow by two": {"a,b,c\nd,\"e,f\ng,h\",i\n", "A1=a B1=b C1=c\nA2=d B2=\"e C2=f\nA3=g B3=h\" C3=i\n"},
		"marks inside":   {"a,\"b \"c\" d\",e\nf,g,h\n", "A1=a B1=b \"c\" d C1=e\nA2=f B2=g C2=h\n"},
		"inches":         {"a,5\" x 7\",c\nd,e,f\n", "A1=a B1=5\" x 7\" C1=c\nA2=d B2=e C2=f\n"},
		"lone mark":      {"a,\",c\nd,e,f\ng,h,i\n", "A1=a B1=\" C1=c\nA2=d B2=e C2=f\nA3=g B3=h C3=i\n"},
		"one column all": {"\"a,b \"\"x\"\"\"\n\"c,d\"\n", "A1=a B1=b \"x\"\nA2=c B2=d\n"},
		"nul":            {"a,b\x00\nc,d\n", "A1=a B1=b\x00\nA2=c B2=d\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, show(t, c.in)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Rows, lim.Columns, lim.Unpacked = 10, 5, 100_000
	for name, c := range map[string]struct{ in, limit string }{
		"rows":  {strings.Repeat("a,b\n", 1011), "10 dòng"},
		"bytes": {strings.Repeat("a", 100_001), "100.000 byte sau khi giải nén"},
	} {
		_, err := csv.Read([]byte(c.in), lim)
		if p, ok := errors.AsType[*parser.Problem](err); !ok || p.Code != parser.TooLarge || p.Limit != c.limit {
			t.Errorf("%s: %v", name, err)
		}
	}
	if book, err := csv.Read([]byte("a,b,c,d,e,f\n1,2,3,4,5,6\n"), lim); err != nil || !book.Sheets[0].Cut || len(book.Sheets[0].Rows[1].Cells) != 5 {
		t.Errorf("too many columns: %v, %+v", err, book)
	}
	// Blank lines and empty columns beyond the limits are no rows.
	if _, err := csv.Read([]byte("a,b,,,,,,,,\n"+strings.Repeat(",,\n", 5000)), lim); err != nil {
		t.Error(err)
	}
}

// TestCut holds that a file that lost its end does not pass for whole, and that nothing else is taken for one.
func TestCut(t *testing.T) {
	t.Parallel()
	const rows = "a,b,c\nd,e,f\ng,h,i\n"
	for in, cut := range map[string]bool{
		rows + "j,k": true, rows + "j,\"k": true, rows + "j,k\n": false, rows + "j": false, rows + "j,k,l": false,
		"title\n" + rows + "j,k": false, rows + "j,k\nl,m": false, "a,b,c\nd,e": false, rows + "\nj,k,l,m": false,
	} {
		_, err := csv.Read([]byte(in), parser.DefaultLimits())
		if (err != nil) != cut {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// TestSlow holds that marks which close nothing cost no more than a look ahead.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"\"a\n", "a,\"\"\"b\n", "\"a\"\"\n", ",\"\"\",\n", "\"\r"} {
		if _, err := csv.Read([]byte(strings.Repeat(line, 100_000)), parser.DefaultLimits()); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	if _, err := csv.Read([]byte(`"a";`+strings.Repeat("b;", 1_000_000)+"\n"), parser.DefaultLimits()); err != nil {
		t.Errorf("one line of many fields: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"Stt,Mã số\n1,2453010001\n", "sep=;\n1;2\n", "a\t\"b\nc\"\n", "a,\"b,c\nd,e\",f\n", "\xff\xfea\x00,\x00b\x00", "\"a,b\"\n\"c,d\"\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 1 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
		book, err := csv.Read(data, lim)
		if err != nil {
			return
		}
		row := 0
		for _, r := range book.Sheets[0].Rows {
			if r.Number <= row || len(r.Cells) == 0 {
				t.Fatalf("row %d behind %d with %d cells", r.Number, row, len(r.Cells))
			}
			row = r.Number
			col := 0
			for _, c := range r.Cells {
				if c.Col <= col || c.Text == "" {
					t.Fatalf("column %d behind %d: %q", c.Col, col, c.Text)
				}
				col = c.Col
			}
		}
	})
}

func BenchmarkRead100000(b *testing.B) {
	var s strings.Builder
	s.WriteString("Stt,Mã số SV/HV,Họ và tên,Lớp,Khóa,Ghi chú\n")
	for range 100_000 {
		s.WriteString("12345,2453010001,Nguyễn Thị Thùy Dương,YAK50,K50,Lớp trưởng\n")
	}
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := csv.Read(data, parser.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPrograms reads one workbook as LibreOffice wrote it in three encodings, with three separators: the same cells.
func TestPrograms(t *testing.T) {
	t.Parallel()
	want := ""
	for _, c := range []struct{ file, charset string }{
		{"comma-utf8.csv", ""}, {"tab-utf16.csv", "UTF-16LE"}, {"semicolon-1258.csv", "windows-1258"},
	} {
		data, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		book, err := csv.Read(data, parser.DefaultLimits())
		if err != nil || book.Charset != c.charset {
			t.Errorf("%s: %q %v", c.file, book.Charset, err)
		}
		got := show(t, string(data))
		if want == "" {
			want = got
			if !strings.Contains(got, "\nA8=3 B8=2453010003 C8=Trần\\nBích E8=K50 F8=1 < 2 & 3 > 2\nA9=4 B9=2453010004 C9=Hoàng  Đăng   Khoa E9=K50 F9='phẩy\n") {
				t.Errorf("%s:\n%s", c.file, got)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.file, diff)
		}
	}
}

// TestManyRows holds that no row is lost where the cells of the rows go on in another piece of memory.
func TestManyRows(t *testing.T) {
	t.Parallel()
	for _, row := range []string{"%d,2453%06d,Lê An,YBK50,K50\n", "%d,2453%06d,\"Lê, An\",YBK50,K50\n"} {
		var text strings.Builder
		const rows = 5000
		for i := range rows {
			fmt.Fprintf(&text, row, i+1, i)
		}
		book, err := csv.Read([]byte(text.String()), parser.DefaultLimits())
		if err != nil || len(book.Sheets[0].Rows) != rows {
			t.Fatalf("%d rows, %v", len(book.Sheets[0].Rows), err)
		}
		for i, r := range book.Sheets[0].Rows {
			if r.Number != i+1 || len(r.Cells) != 5 || r.Cells[0].Text != fmt.Sprint(i+1) || r.Cells[1].Text != fmt.Sprintf("2453%06d", i) || r.Cells[4].Text != "K50" {
				t.Fatalf("row %d: %+v", i+1, r)
			}
		}
	}
}
