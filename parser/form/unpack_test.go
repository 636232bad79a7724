package form_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/form"
)

// packed builds a zip whose names are written as they are, with or without the flag of UTF-8.
func packed(t testing.TB, utf8 bool, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		h := &zip.FileHeader{Name: parts[i], Method: zip.Deflate, NonUTF8: !utf8}
		if strings.HasPrefix(parts[i], "link") {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		w, err := z.CreateHeader(h)
		must(t, err)
		_, err = w.Write([]byte(parts[i+1]))
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	_, err := w.Write([]byte(text))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// withPassword sets the flag of encryption in the directory and before each entry.
func withPassword(z []byte) []byte {
	z = bytes.Clone(z)
	for _, at := range []struct {
		sign string
		flag int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		for i := 0; i+10 < len(z); i++ {
			if string(z[i:i+4]) == at.sign {
				z[i+at.flag] |= 1
			}
		}
	}
	return z
}

const mailFile = "From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"B\"\r\n\r\n" +
	"--B\r\nContent-Type: text/plain\r\n\r\nDear\r\n" +
	"--B\r\nContent-Type: text/csv; name=\"=?utf-8?b?RGFuaCBzw6FjaC5jc3Y=?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n" +
	"--B\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"b.csv\"\r\n\r\nx\r\n--B--\r\n"

// webArchive is a workbook that a program saved as a web page in one file.
const webArchive = "MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary=\"----=_N\"\r\n\r\n" +
	"------=_N\r\nContent-Location: file:///C:/x/sheet001.htm\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=\"utf-8\"\r\n\r\n" +
	"<html><body><table><tr><td>MSSV</td><td>H=E1=BB=8D t=C3=AAn</td><td>L=E1=BB=9Bp</td></tr>" +
	"<tr><td>2453010001</td><td>L=C3=BD Vy</td><td>YAK50</td></tr></table></body></html>\r\n" +
	"------=_N\r\nContent-Location: file:///C:/x/stylesheet.css\r\nContent-Type: text/css\r\n\r\nx\r\n------=_N--\r\n"

func TestWebArchive(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	s := form.Read(form.Unpack([]parser.File{{Name: "ds.xls", Data: []byte(webArchive)}}, lim), lim)
	if len(s.Rows) != 1 || s.Rows[0].Name.Text != "Lý Vy" || s.Rows[0].At.File != "ds.xls/sheet001.htm" {
		t.Errorf("%+v, files %+v", s.Rows, s.Files)
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	deep := packed(t, true, "a.txt", "x")
	for range 3 {
		deep = packed(t, true, "b.zip", string(deep))
	}
	for _, c := range []struct {
		name string
		data []byte
		want []string // names, or name and problem
	}{
		{"names in UTF-8", packed(t, true, "Hồ sơ/Danh sách.csv", "x", "Hồ sơ/", ""), []string{"t.zip/Hồ sơ/Danh sách.csv"}},
		{"UTF-8 without its flag, decomposed", packed(t, false, "Danh sa\u0301ch.csv", "x"), []string{"t.zip/Danh sách.csv"}},
		{"names of a Vietnamese Windows", packed(t, false, "\xd0\xea\xcc.csv", "x"), []string{"t.zip/Đề.csv"}},
		{"names of the IBM PC", packed(t, false, "r\x82sum\x82.csv", "x"), []string{"t.zip/résumé.csv"}},
		{
			"what nobody put in",
			packed(t, true, "__MACOSX/._a.csv", "x", "k/.DS_Store", "x", "Thumbs.db", "x", "desktop.ini", "x", "~$a.docx", "x", ".~lock.a.ods#", "x", "a.csv", "x"),
			[]string{"t.zip/a.csv"},
		},
		{
			"names that lead elsewhere",
			packed(t, true, "../../etc/a.csv", "x", "/tmp/b.csv", "x", `C:\d\c.csv`, "x", `..\e.csv`, "x", "link", "a.csv", "..", "x"),
			[]string{"t.zip/etc/a.csv", "t.zip/tmp/b.csv", "t.zip/C/d/c.csv", "t.zip/e.csv", "t.zip/?"},
		},
		{"names that are alike", packed(t, true, "a.csv", "x", "A/../a.csv", "y", "./a.csv", "z"), []string{"t.zip/a.csv", "t.zip/A/a.csv", "t.zip/a (2).csv"}},
		{"a zip in a zip", packed(t, true, "k50.zip", string(packed(t, true, "ds.csv", "x"))), []string{"t.zip/k50.zip/ds.csv"}},
		{"too deep", deep, []string{"t.zip/b.zip/b.zip too_large 2 tệp nén lồng nhau"}},
		{"gzip", gzipped(t, "ds.csv", "x"), []string{"t.zip/ds.csv"}},
		{"gzip without a name", gzipped(t, "", "x"), []string{"t.zip/t"}},
		{"Outlook's wrapping, cut off", []byte("\x78\x9f\x3e\x22\x01\x00\x02"), []string{"t.zip damaged"}},
		{"a mail", []byte(mailFile), []string{"t.zip/Danh sách.csv", "t.zip/b.csv"}},
		{"a mail without files", []byte("From: a@b.example\nSubject: x\n\nDear\n"), []string{"t.zip unsupported"}},
		{"a web archive", []byte(webArchive), []string{"t.zip/sheet001.htm"}},
		{"a password", withPassword(packed(t, true, "a.csv", "x")), []string{"t.zip encrypted"}},
		{"nothing in it", packed(t, true, "k/", ""), []string{"t.zip empty"}},
		{"cut off", packed(t, true, "a.csv", strings.Repeat("xyz", 99))[:60], []string{"t.zip damaged"}},
		{"a bomb", packed(t, true, "a.csv", strings.Repeat("0", 2<<20)), []string{"t.zip too_large 400 lần nén"}},
		{"two bombs", packed(t, true, "a.csv", strings.Repeat("01", 2<<20), "b.csv", strings.Repeat("01", 2<<20)), []string{"t.zip too_large 400 lần nén"}},
		{"too many", packed(t, true, strings.Split(strings.Repeat("a.csv|x|", 30), "|")[:60]...), []string{"t.zip too_large 20 tệp trong một tệp nén"}},
		{"a workbook", packed(t, true, "xl/workbook.xml", "x"), []string{"t.zip"}},
		{"a folder that is called Word", packed(t, true, "Word/a.csv", "x"), []string{"t.zip/Word/a.csv"}},
		{"no archive", []byte("x"), []string{"t.zip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lim := parser.DefaultLimits()
			lim.Files = 20
			var got []string
			for _, f := range form.Unpack([]parser.File{{Name: "t.zip", Data: c.data}}, lim) {
				line := f.Name
				if p := f.Problem; p != nil {
					line = strings.TrimSpace(line + " " + string(p.Code) + " " + p.Limit)
				}
				got = append(got, line)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

// What one request unpacks to is bounded over all its archives.
func TestUnpackTogether(t *testing.T) {
	t.Parallel()
	lim := parser.DefaultLimits()
	lim.Unpacked = 1000
	a := parser.File{Name: "a.zip", Data: packed(t, true, "a.csv", strings.Repeat("0123456789", 60))}
	files := form.Unpack([]parser.File{a, a, {Name: "c.txt", Data: []byte("x")}}, lim)
	if len(files) != 3 || files[0].Problem != nil || files[1].Problem == nil || files[1].Problem.Code != parser.TooLarge || files[2].Name != "c.txt" {
		t.Errorf("%+v", files)
	}
	s := form.Read(files, lim)
	if p := s.Files[1].Problem; p == nil || p.Limit != "1.000 byte sau khi giải nén" || s.Files[1].Format != "zip" {
		t.Errorf("%+v", s.Files[1])
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	wide := func(s string) string { // UTF-16LE without its mark
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteByte(c)
			b.WriteByte(0)
		}
		return b.String()
	}
	dbf := append([]byte{0x03, 99, 5, 1, 1, 0, 0, 0, 65, 0, 20, 0}, make([]byte, 52)...)
	for name, c := range map[string]struct{ data, format string }{
		"RTF behind blanks":             {"\r\n {\\rtf1 x}", "rtf"},
		"HTML fragment":                 {"\n\n<table><tr><td>MSSV</td></tr></table>", "html"},
		"HTML with a warning before it": {"Notice: undefined index in a.php\n<br /><table border=1>", "html"},
		"HTML in UTF-16":                {"\xff\xfe" + wide("<html><body><table>"), "html"},
		"HTML in UTF-16 without a mark": {wide("<html><body><table>"), "html"},
		"XHTML":                         {"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">", "html"},
		"SpreadsheetML":                 {"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?><Workbook>", "xmlss"},
		"WordprocessingML 2003":         {"<?xml version=\"1.0\"?><?mso-application progid=\"Word.Document\"?><w:wordDocument>", "wordml"},
		"flat ODF":                      {"<?xml version=\"1.0\"?><office:document office:mimetype=\"application/vnd.oasis.opendocument.spreadsheet\">", "fods"},
		"other XML":                     {"<?xml version=\"1.0\"?><a/>", "xml"},
		"web archive":                   {"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary=\"a\"\r\n\r\n--a\r\n", "mht"},
		"mail":                          {"Received: from a\n\tby b\nFrom: a@b.example\nSubject: x\n\nDear", "eml"},
		"text in tabs":                  {"Stt\tMSSV\tHọ và tên\n1\t2453010001\tLý Vy\n", "csv"},
		"text in UTF-16":                {"\xff\xfe" + wide("Stt\tMSSV\tHo ten\r\n1\t2453010001\tLy Vy\r\n"), "csv"},
		"text with title lines":         {"TRƯỜNG ĐẠI HỌC VÍ DỤ\nDANH SÁCH SINH VIÊN\n\nStt;MSSV;Họ và tên\n1;2453010001;Lý Vy\n", "csv"},
		"letter as text":                {"BẢN ĐỀ NGHỊ\n\nKính gửi: Phòng Công nghệ Thông tin\nĐể phục vụ công tác, phòng, ban đề nghị cấp email.\nTrân trọng.", "txt"},
		"dBASE":                         {string(append(dbf, '\r')), "dbf"},
		"tar":                           {"a.csv" + strings.Repeat("\x00", 252) + "ustar\x0000" + strings.Repeat("\x00", 300), "tar"},
		"a zip behind something":        {"junk\n" + string(zipped(t, "xl/workbook.xml", "x")), "xlsx"},
		"Numbers":                       {string(zipped(t, "Index/Document.iwa", "x")), "iwork"},
		"OpenDocument without mimetype": {string(zipped(t, "content.xml", "x", "META-INF/manifest.xml", "application/vnd.oasis.opendocument.text")), "odt"},
		"zeros":                         {strings.Repeat("\x00", 600), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := form.Read([]parser.File{{Name: "f", Data: []byte(c.data)}}, parser.DefaultLimits()).Files[0].Format; got != c.format {
				t.Errorf("%q, want %q", got, c.format)
			}
		})
	}
}
