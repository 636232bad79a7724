//go:build e2e && unix

package app

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vanthu/bot/config"
	"vanthu/parser"
)

// TestBombs holds the promise of the manual: whatever a stranger packs, its file is read or named as a problem by a process
// that takes less than 256 MB and 5 seconds, and the letter beside it is read all the same.
func TestBombs(t *testing.T) {
	letter := attached(t, "a01-xlsx-plain")[:1]
	for name, bomb := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			data := bomb()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			var children []*exec.Cmd
			child := func() *exec.Cmd {
				children = append(children, exec.Command(self, childArg))
				return children[len(children)-1]
			}
			r, err := newReaders(config.Limits{Readers: 1, ReaderMB: 256, ReaderSeconds: 5}, parser.DefaultLimits(), child, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			files, sub, err := r.read(t.Context(), append(letter[:1:1], parser.File{Name: name, Data: data}))
			if err != nil {
				t.Fatal(err)
			}
			if len(files) < 2 || len(files) != len(sub.Files) || sub.Letter == nil || sub.Letter.File != letter[0].Name {
				t.Errorf("files %d, reports %d, letter %+v", len(files), len(sub.Files), sub.Letter)
			}
			peak := 0 // of the child that is left; one that took too much has ended itself
			for _, c := range children {
				peak = max(peak, highWater(c.Process.Pid))
			}
			if err := r.pool.Close(); err != nil {
				t.Error(err)
			}
			var spent time.Duration
			for _, c := range children {
				spent = max(spent, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
			}
			last := sub.Files[len(sub.Files)-1]
			t.Logf("%d KB, %d children, %d MB, %v: %s %v, %d rows", len(data)>>10, len(children), peak, spent.Round(time.Millisecond), last.Format, last.Problem, len(sub.Rows))
			if peak > 256+32 { // the watch looks each 10 ms
				t.Errorf("a child took %d MB", peak)
			}
			if spent > 6*time.Second {
				t.Errorf("a child took %v", spent)
			}
		})
	}
}

// highWater is the most memory that a process has held, in MB; 0 when it is gone.
func highWater(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, _ := strconv.Atoi(kb)
	return n >> 10
}

func bombs(t *testing.T) map[string]func() []byte {
	t.Helper()
	const mb = 1 << 20
	again := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	sheet := func(rows string) []byte {
		return packed(t, map[string]string{
			"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
			"_rels/.rels":         `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
			"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>` +
				`<Relationship Id="r2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
			"xl/workbook.xml":          `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>`,
			"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
		})
	}
	word := func(body string) []byte {
		return packed(t, map[string]string{
			"_rels/.rels":       `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="x/officeDocument" Target="word/document.xml"/></Relationships>`,
			"word/document.xml": `<w:document xmlns:w="w"><w:body>` + body + `</w:body></w:document>`,
		})
	}
	ods := func(table string) []byte {
		return packed(t, map[string]string{
			"mimetype": "application/vnd.oasis.opendocument.spreadsheet",
			"content.xml": `<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">` +
				`<office:body><office:spreadsheet><table:table table:name="a">` + table + `</table:table></office:spreadsheet></office:body></office:document-content>`,
		})
	}
	laughs := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`
	for c := 'b'; c <= 'j'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	strings60 := func() []byte {
		return packed(t, map[string]string{
			"xl/workbook.xml": `<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>` +
				`<Relationship Id="r2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
			"xl/sharedStrings.xml":     `<sst>` + again(`<si><t>a</t></si>`, 60*mb) + `</sst>`,
			"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="s"><v>1</v></c></row></sheetData></worksheet>`,
		})
	}
	inner := packed(t, map[string]string{"a.csv": again("0", 90*mb)})
	return map[string]func() []byte{
		"blanks.xlsx":    func() []byte { return sheet(again(" ", 95*mb)) },
		"beyond.xlsx":    func() []byte { return sheet(again(" ", 300*mb)) },
		"cells.xlsx":     func() []byte { return sheet("<row>" + again(`<c><v>1</v></c>`, 90*mb) + "</row>") },
		"many rows.xlsx": func() []byte { return sheet(again(`<row><c><v>1</v></c></row>`, 90*mb)) },
		"inline.xlsx":    func() []byte { return sheet(again(`<row><c t="inlineStr"><is><t>Nguyễn</t></is></c></row>`, 90*mb)) },
		"one cell.xlsx": func() []byte {
			return sheet(`<row><c t="inlineStr"><is><t>` + again("Nguyễn ", 60*mb) + `</t></is></c></row>`)
		},
		"last column.xlsx": func() []byte { return sheet(again(`<row><c r="XFD1"><v>1</v></c></row>`, 1*mb)) },
		"deep.xlsx":        func() []byte { return sheet(again("<a>", 20*mb)) },
		"attributes.xlsx":  func() []byte { return sheet("<row " + again(`a="1" `, 20*mb) + "/>") },
		"strings.xlsx":     strings60,
		"laughs.xlsx": func() []byte {
			return packed(t, map[string]string{"xl/workbook.xml": laughs + `]><workbook>&j;</workbook>`})
		},
		"laughs.docx": func() []byte {
			return packed(t, map[string]string{"word/document.xml": laughs + `]><w:document xmlns:w="w"><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>`})
		},
		"paragraphs.docx": func() []byte { return word(again("<w:p/>", 90*mb)) },
		"texts.docx":      func() []byte { return word(again("<w:p><w:r><w:t>a</w:t></w:r></w:p>", 90*mb)) },
		"tables.docx":     func() []byte { return word(again("<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", 90*mb)) },
		"deep.docx":       func() []byte { return word(again("<w:tbl><w:tr><w:tc>", 30*mb)) },
		"wide.docx": func() []byte {
			return word("<w:tbl><w:tr>" + again(`<w:tc><w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr><w:p/></w:tc>`, 30*mb) + "</w:tr></w:tbl>")
		},
		"repeated.ods": func() []byte {
			return ods(again(`<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell></table:table-row>`, 1*mb))
		},
		"repeated empty rows.ods": func() []byte { return ods(again(`<table:table-row table:number-rows-repeated="1048576"/>`, 40*mb)) },
		"cells.ods": func() []byte {
			return ods("<table:table-row>" + again(`<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>`, 90*mb) + "</table:table-row>")
		},
		"braces.rtf":  func() []byte { return []byte(`{\rtf1 ` + again("{", 30*mb)) },
		"cells.rtf":   func() []byte { return []byte(`{\rtf1\trowd` + again(`\cell `, 30*mb) + `\row}`) },
		"rows.rtf":    func() []byte { return []byte(`{\rtf1` + again(`\trowd\cellx1 a\cell\row `, 30*mb) + `}`) },
		"fonts.rtf":   func() []byte { return []byte(`{\rtf1{\fonttbl` + again(`{\f1 a;}`, 30*mb) + `}}`) },
		"nested.html": func() []byte { return []byte("<html>" + again("<table><tr><td>", 30*mb)) },
		"spans.html": func() []byte {
			return []byte("<table>" + again(`<tr><td rowspan=65535 colspan=65535>a</td></tr>`, 20*mb) + "</table>")
		},
		"tags.html":  func() []byte { return []byte("<html>" + again("<a ", 30*mb)) },
		"cells.html": func() []byte { return []byte("<table>" + again("<tr><td>a<td>b", 30*mb)) },
		"commas.csv": func() []byte { return []byte(again(",", 39*mb) + "\n") },
		"lines.csv":  func() []byte { return []byte("a,b\n" + again("\n", 39*mb)) },
		"rows.csv":   func() []byte { return []byte("a,b\n" + again("1,2\n", 39*mb)) },
		"quote.csv":  func() []byte { return []byte("a,\"b\n" + again("1,2\n", 39*mb)) },
		"quotes.csv": func() []byte { return []byte("a,b\n" + again(`"`, 39*mb)) },
		"rows.xml": func() []byte {
			return []byte(`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a"><Table>` + again(`<Row ss:Index="900000"><Cell ss:Index="16000" ss:MergeAcross="60000"><Data ss:Type="Number">1</Data></Cell></Row>`, 30*mb) + `</Table></Worksheet></Workbook>`)
		},
		"lying.xlsx": func() []byte { return lying(t, "xl/workbook.xml", 300*mb) },
		"zip in zip.zip": func() []byte {
			return packed(t, map[string]string{"a.zip": string(inner), "b.zip": string(inner), "c.zip": string(inner)})
		},
		"many.zip": func() []byte { return many(t, 60_000) },
		"streams.pdf": func() []byte {
			return []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj 4 0 obj<</Filter[/FlateDecode/FlateDecode/FlateDecode]/Length 9>>stream\n" + deflated(deflated(deflated(again("(a) Tj ", 400*mb)))) + "\nendstream endobj\ntrailer<</Root 1 0 R>>")
		},
		"operators.pdf": func() []byte {
			return []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj 4 0 obj<</Filter/FlateDecode/Length 9>>stream\n" + deflated(again("0 0 1 1 re S ", 80*mb)) + "\nendstream endobj\ntrailer<</Root 1 0 R>>")
		},
		"objects.pdf": func() []byte { return []byte("%PDF-1.4\n" + again("1 0 obj[", 30*mb)) },
		"compound.xls": func() []byte {
			return append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), bytes.Repeat([]byte{0}, 30*mb)...)
		},
	}
}

// packed is a zip of parts.
func packed(t *testing.T, parts map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range append([]string{"mimetype"}, slices.Sorted(maps.Keys(parts))...) {
		text, ok := parts[name]
		if !ok {
			continue
		}
		delete(parts, name)
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// lying is a zip whose directory claims a small part where a large one comes.
func lying(t *testing.T, name string, size int) []byte {
	t.Helper()
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	blank := bytes.Repeat([]byte(" "), 1<<20)
	sum := crc32.NewIEEE()
	for range size >> 20 {
		sum.Write(blank)
		if _, err := w.Write(blank); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	raw, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: sum.Sum32(), CompressedSize64: uint64(small.Len()), UncompressedSize64: 1000})
	if err == nil {
		_, err = raw.Write(small.Bytes())
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// many is a zip of n empty files.
func many(t *testing.T, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range n {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%d.csv", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func deflated(s string) string {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}
