package html_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/grid/gridtest"
	"vanthu/parser/html"
)

func read(t *testing.T, data string) grid.Document {
	t.Helper()
	d, err := html.Read([]byte(data), parser.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"empty":       {"", ""},
		"one table":   {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "# \nA1=a B1=b\nA2=c\n"},
		"capitals":    {"<TABLE><TR><TD>a<TD>b<TR><TH>c</TABLE>", "# \nA1=a B1=b\nA2=c\n"},
		"not closed":  {"<html><table><tr><td>a</td><td>b</html>", "# \nA1=a B1=b\n"},
		"no row tags": {"<table><td>a<td>b</table>", "# \nA1=a B1=b\n"},
		"no cell":     {"<table><tr></tr><tr><td>a</td></tr><tr><td>&nbsp;</td></tr></table>", "# \nA2=a\n"},
		"blanks":      {"<table><tr><td>\n  a \t b\n<b> c</b> </td></tr></table>", "# \nA1=a b c\n"},
		"entities":    {"<table><tr><td>Nguy&#7877;n &#xC1;nh &amp; L&ecirc;&nbsp;An &lt;1&gt;</td></tr></table>", "# \nA1=Nguyễn Ánh & Lê\u00A0An <1>\n"},
		"breaks":      {"<table><tr><td>a<br>b<br/>\n c</td><td><p>d</p><p>e</p></td><td><div>f</div></td></tr></table>", "# \nA1=a\\nb\\nc B1=d\\ne C1=f\n"},
		"colspan":     {"<table><tr><td colspan=3>a</td><td>b</td></tr></table>", "#  A1:C1\nA1=a D1=b\n"},
		"rowspan":     {"<table><tr><td>1</td><td rowspan=2>K</td><td>x</td></tr><tr><td>2</td><td>y</td></tr><tr><td>3</td><td>L</td></tr></table>", "#  B1:B2\nA1=1 B1=K C1=x\nA2=2 C2=y\nA3=3 B3=L\n"},
		"rowspan end": {"<table><tr><td rowspan=0>K</td><td>x</td></tr><tr><td>y</td></tr></table>", "#  A1:A2\nA1=K B1=x\nB2=y\n"},
		"rowspan far": {"<table><tr><td rowspan=99999999999>K</td><td>x</td></tr><tr><td rowspan=9>y</td></tr></table>", "#  A1:A2\nA1=K B1=x\nB2=y\n"},
		"sections":    {"<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody><tfoot><tr><td>c</table>", "# \nA1=a\nA2=b\nA3=c\n"},
		"document":    {"<p>Kính gửi<p>Lý do <table><tr><td>a</table>cuối", "- Kính gửi\n- Lý do\n# Bảng 1\nA1=a\n- cuối\n"},
		"caption":     {"<table><caption>DANH SÁCH</caption><tr><td>a</table>", "- DANH SÁCH\n# Bảng 1\nA1=a\n"},
		"form inside": {"<table><form><tr><td>a</td></tr></form><tr><td><b>b</form></td></tr></table>", "# \nA1=a\nA2=b\n"},
		"layout":      {"<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>", "# Bảng 1\nA1=a B1=b\n"},
		"nested":      {"<table><tr><td>x<table><tr><td>a</table>y</td><td>z</table>", "# Bảng 1\nA1=x\\ny B1=z\n# Bảng 2\nA1=a\n"},
		"two tables":  {"<table><tr><td>a</table><table><tr><td>b</table>", "# Bảng 1\nA1=a\n# Bảng 2\nA1=b\n"},
		"scripts":     {"<title>x</title><script>document.write('<table><tr><td>z')</script><style>td{}</style><table><tr><td>a</table>", "# \nA1=a\n"},
		"comments":    {"<table><!-- <tr><td>x --><tr><td>a<!--[if gte mso 9]><td>b<![endif]--></table>", "# \nA1=a\n"},
		"fields":      {"<table><tr><td><input value='a'><input type=hidden value=b><input type=checkbox value=c></td></tr></table>", "# \nA1=a\n"},
		"stray ends":  {"<table><tr><td class=t>a<o:p></o:p></span></p></td><td><p><span>b</p></td></tr></table>", "# \nA1=a B1=b\n"},
		"pre":         {"<table><tr><td><pre>\na  b\nc</pre></td></tr></table>", "# \nA1=a  b\\nc\n"},
		"error":       {"<table><tr><td>#N/A</td><td x:err='#REF!'></td></tr></table>", "# \nA1=#N/A!!!! B1=#REF!!!!!\n"},
		// What does not show.
		"hidden row":        {"<table><tr style='display: none'><td>a</tr><tr><td>b</table>", "# \nA1=a (hidden)\nA2=b\n"},
		"hidden section":    {"<table><tbody style='DISPLAY:NONE'><tr><td>a</tbody><tr><td>b</table>", "# \nA1=a (hidden)\nA2=b\n"},
		"hidden column":     {"<table><tr><td>a<td hidden>b<td>c<tr><td>d<td style='display:none'>e</table>", "#  hides B-B\nA1=a B1=b C1=c\nA2=d B2=e\n"},
		"hidden cell":       {"<table><tr><td>a<td hidden>b<td>c<tr><td>d<td>e</table>", "# \nA1=a C1=c\nA2=d B2=e\n"},
		"hidden by col":     {"<table><col><col style='display:none;mso-width-source:userset' span=2><tr><td>a<td>b</table>", "#  hides B-C\nA1=a B1=b\n"},
		"hidden text":       {"<table><tr><td>a<span style='mso-hide:all'>b</span> <i style='visibility:hidden'>c</i></table>", "# \nA1=a\n"},
		"hidden table":      {"<div style='display:none'>x<table><tr><td>a</table></div>", "# Bảng 1 hidden\nA1=a\n"},
		"hidden by a class": {"<style>.x{color:red}.x, td.y{display:none}</style><table><tr><td>a</td></tr><tr class=x><td>b</table>", "# \nA1=a\nA2=b (hidden)\n"},
		// Fonts and lines.
		"font":           {"<table><tr><td><font face=\".VnTime, Arial\">a</font></td><td style='font-family:\"\\.VnTime\", serif'>b</td></tr></table>", "# \nA1=a<.VnTime> B1=b<.VnTime>\n"},
		"font by class":  {"<style><!-- td{font-family:Calibri} .xl65 {mso-style-parent:style0; font-family:VNI-Times;} --></style><table><tr><td>a</td><td class=xl65>b</td></tr></table>", "# \nA1=a<Calibri> B1=b<VNI-Times>\n"},
		"struck":         {"<table><tr><td><s>a</s></td><td><strike>a</strike> b</td><td style='text-decoration:line-through'>c</td><td><del>d</del></td></tr></table>", "# \nA1=a~ B1=a b C1=c~ D1=d~\n"},
		"changed":        {"<table><tr><td>a<del>b</del><ins>c</ins></td><td><p><del>d e</del> <del>f</del></p></td></tr></table>", "# \nA1=ac B1=d e f~\n"},
		"struck by row":  {"<style>.x td{color:red}.y{text-decoration:line-through}</style><table><tr class=y><td>a<td><a style='text-decoration:none'>b</a></table>", "# \nA1=a~ B1=b~\n"},
		"struck in part": {"<style>.xl6{text-decoration:line-through}.font5{text-decoration:none}</style><table><tr><td class=xl6>a<font class=font5>b</font></table>", "# \nA1=ab\n"},
		// What Excel and LibreOffice store.
		"numbers": {"<table><tr><td x:num='202153010001'>2.02E+11</td><td x:num='2.02153010001E+11'>2.02E+11</td><td x:num>123</td><td x:num>1,5</td><td x:num x:str>0123</td></tr></table>",
			"# \nA1=2.02E+11{202153010001}! B1=2.02E+11{202153010001}! C1=123! D1=1,5 E1=0123\n"},
		"as text":     {"<table><tr><td>=\"0123\"</td></tr></table>", "# \nA1=0123{=\"0123\"}\n"},
		"LibreOffice": {"<table><tr><td sdval='53010001' sdnum='1033;0;0000000000'>0053010001</td><td sdval='45523' sdnum='1033;0;DD/MM/YYYY'>19/08/2024</td></tr></table>", "# \nA1=0053010001{53010001}! B1=19/08/2024{45523}!!\n"},
		"formula":     {"<table><tr><td x:fmla='=A1'>x</td><td x:fmla='=B1'></td><td x:bool='TRUE'>TRUE</td></tr></table>", "# \nA1=x= B1== C1=TRUE!!!\n"},
		"empty rows":  {"<table><tr><td>a</tr><tr height=51 style='height:38.25pt;mso-xlrowspan:3'><td height=51 colspan=3 style='mso-ignore:colspan'></td></tr><tr><td>b</table>", "# \nA1=a\nA5=b\n"},
		"Google": {`<table class="waffle"><thead><tr><th class="row-header"></th><th class="column-headers-background">A</th><th>B</th></tr></thead><tbody><tr><th class="row-headers-background"><div>1</div></th><td class="s0" colspan="2">a</td></tr>` +
			`<tr><th class="freezebar-cell"></th><td class="freezebar-cell"></td></tr><tr><th><div>3</div></th><td>b</td><td class="freezebar-cell"></td><td>c</td></tr></tbody></table>`, "#  A1:B1\nA1=a\nA3=b B3=c\n"},
		"sheet name":  {"<html><!--[if gte mso 9]><xml><x:ExcelWorkbook><x:ExcelWorksheets><x:ExcelWorksheet><x:Name>L&#7899;p A</x:Name></x:ExcelWorksheet></x:ExcelWorksheets></x:ExcelWorkbook></xml><![endif]--><table><tr><td>a</table>", "# Lớp A\nA1=a\n"},
		"data island": {"<xml><x:Name>Lớp A</x:Name><x:Print/></xml><table><tr><td>a</table>", "# Lớp A\nA1=a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, gridtest.Document(read(t, c.in))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestCharset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, text, charset string }{
		"meta":                 {"<meta charset='windows-1258'><table><tr><td>Nguy\xea\xden</table>", "Nguyễn", ""},
		"http-equiv":           {"<meta http-equiv=Content-Type content=\"text/html; charset=windows-1258\"><table><tr><td>L\xea</table>", "Lê", ""},
		"xml":                  {"<?xml version='1.0' encoding='windows-1258'?><html><table><tr><td>L\xea</table>", "Lê", ""},
		"said, but not so":     {"<meta charset=iso-8859-1><table><tr><td>Nguyễn</table>", "Nguyễn", ""},
		"not said":             {"<table><tr><td>Nguy\xea\xden Thi\xf2 D\xfd\xf5ng</table>", "Nguyễn Thị Dương", "windows-1258"},
		"UTF-16":               {"\xff\xfe<\x00t\x00a\x00b\x00l\x00e\x00>\x00<\x00t\x00d\x00>\x00\xaf\x01<\x00/\x00t\x00a\x00b\x00l\x00e\x00>\x00", "Ư", ""},
		"said another, is old": {"<meta charset=utf-8><table><tr><td>Nguy\xd4n V\xa8n An</table>", "NguyÔn V¨n An", "windows-1252"},
	} {
		d := read(t, c.in)
		if got := d.Sheets[0].Rows[0].Cells[0].Text; got != c.text || d.Charset != c.charset {
			t.Errorf("%s: %q %q", name, got, d.Charset)
		}
	}
}

// TestPrograms reads a workbook as LibreOffice and gnumeric save it as a page.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"libreoffice", "gnumeric"} {
		data, err := os.ReadFile("testdata/" + file + ".html")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("testdata/" + file + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), gridtest.Document(read(t, string(data)))); diff != "" {
			t.Errorf("%s: -want +got\n%s", file, diff)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Rows, lim.Columns, lim.Unpacked, lim.Sheets, lim.Depth = 10, 5, 1_000_000, 3, 8
	for name, c := range map[string]struct{ in, limit string }{
		"rows":    {"<table>" + strings.Repeat("<tr><td>a", 1011), "10 dòng"},
		"columns": {"<table><tr>" + strings.Repeat("<td>a", 6) + "</table>", "5 cột"},
		"tables":  {strings.Repeat("<table><tr><td>a</table>", 4), "3 bảng"},
		"nesting": {strings.Repeat("<table><tr><td>a", 9), "8 cấp lồng nhau"},
		"open":    {strings.Repeat("<b>", 129), "128 cấp lồng nhau"},
		"bytes":   {strings.Repeat("a", 1_000_001), "1.000.000 byte sau khi giải nén"},
	} {
		_, err := html.Read([]byte(c.in), lim)
		if p, ok := errors.AsType[*parser.Problem](err); !ok || p.Code != parser.TooLarge || p.Limit != c.limit {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, in := range []string{"<table><tr><td colspan=99999999>a</table>", "<table><tr>" + strings.Repeat("<td>", 5000) + "</table>", strings.Repeat("<table></table>", 5000)} {
		if _, err := html.Read([]byte(in), lim); err != nil {
			t.Errorf("%.40s: %v", in, err)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"<table><tr><td>a", "<table><tr><td>a</td></tr>", "<html><body><table><tr><td>a</table><table><tr>", "<table><tr><td>a<td"} {
		if _, err := html.Read([]byte(in), parser.DefaultLimits()); err == nil || err.Error() != "damaged: html: cut off in a table" {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// TestSlow holds that what is never closed, or closes nothing, costs little.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		strings.Repeat("<b>", 4000) + strings.Repeat("</i>", 500_000),
		strings.Repeat("<p><b>", 300_000),
		"<table>" + strings.Repeat("<tr>", 200_000),
		"<style>" + strings.Repeat(".a{color:red}", 100_000),
		strings.Repeat("<table>", 250) + strings.Repeat("a<p>", 300_000),
	} {
		_, _ = html.Read([]byte(in), parser.DefaultLimits())
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"<table><tr><td>a<td rowspan=2>b<tr><td colspan=2>c</table>", "<style>.a{display:none}</style><p class=a>x<table><td x:num=1e5>1",
		"<meta charset=windows-1258><table><tr><td><table><tr><td hidden>x", "<pre>\na  b</pre><br><s>c", "<table><tr style='mso-xlrowspan:9'><td>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := parser.Limits{FileSize: 1 << 20, Unpacked: 1 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 16}
		d, err := html.Read(data, lim)
		if err != nil {
			return
		}
		for _, s := range d.Sheets {
			last := 0
			for _, r := range s.Rows {
				if r.Number <= last || len(r.Cells) == 0 {
					t.Fatalf("row %d behind %d with %d cells", r.Number, last, len(r.Cells))
				}
				last = r.Number
				col := 0
				for _, c := range r.Cells {
					if c.Col <= col || c.Col > lim.Columns {
						t.Fatalf("column %d behind %d", c.Col, col)
					}
					col = c.Col
				}
			}
			for _, m := range s.Merged {
				if m.LastRow < m.Row || m.LastCol < m.Col || m.LastCol > lim.Columns {
					t.Fatalf("range %+v", m)
				}
			}
		}
	})
}

func BenchmarkRead10000(b *testing.B) {
	var s strings.Builder
	s.WriteString("<html><table border=1>")
	for range 10_000 {
		s.WriteString("<tr><td class=xl65 style='border:none'>12345</td><td class=xl66>2453010001</td><td>Nguy&#7877;n Thị Thùy Dương</td><td>YAK50</td><td>K50</td><td>&nbsp;</td></tr>\n")
	}
	s.WriteString("</table></html>")
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := html.Read(data, parser.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
