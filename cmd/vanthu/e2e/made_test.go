//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The programs that units use make the files, here and now: openpyxl, LibreOffice and Gnumeric. Each list must be read cell
// by cell as it was written, in every format that the program can write, and no row may be refused.
func TestMadeFiles(t *testing.T) {
	m := newMaker(t)
	list := people(300, 1500) // more than any reader keeps in one piece
	list[3].name, list[4].name = "Nguyễn Hoàng Thuỳ Dương", "Y Thịnh Niê Kdăm"
	list[5].note = "chuyển từ K49; nhà ở “Cái Răng”, TP. Cần Thơ"
	for i := range list[12:] {
		list[12+i].class = "YAK50"
	}
	for i := range list {
		list[i].name = strings.ReplaceAll(list[i].name, "Ð", "Đ")
	}
	m.openpyxl("gốc.xlsx", list)
	pages := list[:200] // a document of more takes LibreOffice long
	m.write("văn bản.fodt", document(pages))
	m.openpyxl("trang.xlsx", pages)
	for _, c := range []made{
		{"openpyxl", "gốc.xlsx", nil},
		{"LibreOffice Calc, xlsx", "lại.xlsx", m.office("gốc.xlsx", "xlsx")},
		{"LibreOffice Calc, xls", "gốc.xls", m.office("gốc.xlsx", "xls")},
		{"LibreOffice Calc, ods", "gốc.ods", m.office("gốc.xlsx", "ods")},
		{"LibreOffice Calc, fods", "gốc.fods", m.office("gốc.xlsx", "fods")},
		{"LibreOffice Calc, csv in UTF-8", "gốc8.csv", m.office("gốc.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76")},
		{"LibreOffice Calc, csv with semicolons in UTF-16", "gốc16.csv", m.office("gốc.xlsx", "csv:Text - txt - csv (StarCalc):59,34,65535")},
		{"LibreOffice Calc, tabs, all quoted", "gốc.tsv", m.office("gốc.xlsx", "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,true")},
		{"LibreOffice Calc, html", "gốc.html", m.office("gốc.xlsx", "html")},
		{"LibreOffice Calc, pdf", "trang.pdf", m.office("trang.xlsx", "pdf")},
		{"LibreOffice Writer, docx", "văn bản.docx", m.office("văn bản.fodt", "docx")},
		{"LibreOffice Writer, doc", "văn bản.doc", m.office("văn bản.fodt", "doc")},
		{"LibreOffice Writer, odt", "văn bản.odt", m.office("văn bản.fodt", "odt")},
		{"LibreOffice Writer, rtf", "văn bản.rtf", m.office("văn bản.fodt", "rtf")},
		{"LibreOffice Writer, pdf", "văn bản.pdf", m.office("văn bản.fodt", "pdf")},
		{"Gnumeric, xlsx", "g.xlsx", m.gnumeric("gốc.xlsx", "Gnumeric_Excel:xlsx")},
		{"Gnumeric, strict xlsx", "g2.xlsx", m.gnumeric("gốc.xlsx", "Gnumeric_Excel:xlsx2")},
		{"Gnumeric, xls", "g.xls", m.gnumeric("gốc.xlsx", "Gnumeric_Excel:excel_biff8")},
		{"Gnumeric, ods", "g.ods", m.gnumeric("gốc.xlsx", "Gnumeric_OpenCalc:odf")},
		{"Gnumeric, html", "g.html", m.gnumeric("gốc.xlsx", "Gnumeric_html:html40")},
		{"Gnumeric, csv", "g.csv", m.gnumeric("gốc.xlsx", "Gnumeric_stf:stf_csv")},
	} {
		t.Run(c.by, func(t *testing.T) {
			if c.make != nil {
				c.make(t, c.file)
			}
			want := list
			if strings.HasPrefix(c.file, "văn bản") || strings.HasPrefix(c.file, "trang") {
				want = pages
			}
			m.check(t, c.file, want)
		})
	}
}

// A made is a file by a program.
type made struct {
	by, file string
	make     func(t *testing.T, file string)
}

// A maker has a folder for what is made.
type maker struct {
	t           *testing.T
	dir, binary string
}

func newMaker(t *testing.T) *maker {
	m := &maker{t: t, dir: t.TempDir(), binary: build(t)}
	m.write("vanthu.toml", fmt.Sprintf(settings, "localhost:993", "ca", "x", "localhost:587", "ca", "x", `url = "sqlite:vanthu.db"`, "ldaps://localhost", "ca", "x", "cn=x", "dc=x"))
	m.write("Bản đề nghị.docx", string(letter(t, "PHÒNG CÔNG TÁC SINH VIÊN")))
	return m
}

func (m *maker) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

func (m *maker) run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = m.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// openpyxl writes a list as an office would: titles, codes as numbers, a signature below.
func (m *maker) openpyxl(file string, list []person) {
	m.t.Helper()
	rows, err := json.Marshal(func() (rows [][]string) {
		for _, p := range list {
			rows = append(rows, []string{p.code, p.name, p.class, p.cohort, p.note})
		}
		return rows
	}())
	if err != nil {
		m.t.Fatal(err)
	}
	m.write("rows.json", string(rows))
	m.run(m.t, "/usr/bin/python3", "-c", `
import json, sys
from openpyxl import Workbook
from openpyxl.styles import Font, Border, Side, Alignment
wb = Workbook(); ws = wb.active; ws.title = "Danh sách"
ws["A1"] = "TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ"; ws["A3"] = "DANH SÁCH SINH VIÊN ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL"
ws.merge_cells("A3:F3"); ws["A3"].font = Font(bold=True)
ws.append([]); ws.append(["Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú"])
for i, (code, name, cls, cohort, note) in enumerate(json.load(open("rows.json", encoding="utf-8"))):
    ws.append([i + 1, int(code) if i % 2 else code, name, cls, cohort, note or None])
thin = Side(style="thin")
for row in ws.iter_rows(min_row=5, max_row=ws.max_row, max_col=6):
    for c in row:
        c.border = Border(left=thin, right=thin, top=thin, bottom=thin); c.font = Font(name="Times New Roman", size=12)
for col, width in zip("ABCDEF", (6, 16, 34, 12, 8, 60)):
    ws.column_dimensions[col].width = width
for row in ws.iter_rows(min_row=6, min_col=2, max_col=2):
    row[0].number_format = "0"
    row[0].alignment = Alignment(horizontal="left")
ws.page_setup.orientation = "landscape"; ws.page_setup.fitToWidth = 1; ws.page_setup.fitToHeight = 0
ws.sheet_properties.pageSetUpPr.fitToPage = True
n = ws.max_row + 2
ws.cell(n, 4, "Cần Thơ, ngày 10 tháng 11 năm 2026"); ws.cell(n + 1, 4, "Thủ trưởng đơn vị"); ws.cell(n + 4, 4, "Nguyễn Thị Thu Hà")
wb.save(sys.argv[1])`, file)
}

// office returns what makes a file of another by LibreOffice.
func (m *maker) office(from, filter string) func(t *testing.T, file string) {
	return func(t *testing.T, file string) {
		out := t.TempDir()
		m.run(t, "soffice", "--headless", "-env:UserInstallation=file://"+filepath.Join(m.dir, "profile"), "--convert-to", filter, "--outdir", out, from)
		found, err := filepath.Glob(filepath.Join(out, "*"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%d files, %v", len(found), err)
		}
		if err := os.Rename(found[0], filepath.Join(m.dir, file)); err != nil {
			t.Fatal(err)
		}
	}
}

// gnumeric does the same by Gnumeric.
func (m *maker) gnumeric(from, exporter string) func(t *testing.T, file string) {
	return func(t *testing.T, file string) { m.run(t, "ssconvert", "--export-type="+exporter, from, file) }
}

// check reads a list with its letter as a unit would, and compares every cell.
func (m *maker) check(t *testing.T, file string, want []person) {
	t.Helper()
	args := []string{"check", "--json", "Bản đề nghị.docx", file}
	cmd := exec.CommandContext(t.Context(), m.binary, args...)
	cmd.Dir = m.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var got struct {
		Action   string
		Rows     []struct{ ID, Name, Class, Cohort, Note string }
		Findings []struct{ Rule, Severity, Cell, MessageVI string }
	}
	if jsonErr := json.Unmarshal(out, &got); jsonErr != nil {
		t.Fatalf("%v, %v: %s%s", err, jsonErr, out, &stderr)
	}
	if got.Action != "queue" {
		t.Errorf("action %s", got.Action)
	}
	for _, f := range got.Findings {
		if f.Severity != "warn" {
			t.Errorf("%+v", f)
		}
	}
	var rows []person
	for _, r := range got.Rows {
		rows = append(rows, person{r.ID, r.Name, r.Class, r.Cohort, r.Note})
	}
	if !slices.Equal(rows, want) {
		t.Errorf("%d rows, want %d", len(rows), len(want))
		for i := range min(len(rows), len(want)) {
			if rows[i] != want[i] {
				t.Errorf("row %d: %q, want %q", i+1, rows[i], want[i])
			}
		}
	}
}

// document is a flat OpenDocument text with the list as a table.
func document(list []person) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">
<office:automatic-styles>
<style:style style:name="cell" style:family="table-cell"><style:table-cell-properties fo:border="0.5pt solid #000000" fo:padding="0.05cm"/></style:style>
`)
	widths := []string{"1cm", "3cm", "5.5cm", "2.2cm", "1.6cm", "3.7cm"}
	for i, w := range widths {
		fmt.Fprintf(&b, `<style:style style:name="c%d" style:family="table-column"><style:table-column-properties style:column-width="%s"/></style:style>`, i, w)
	}
	b.WriteString(`</office:automatic-styles><office:body><office:text><text:p>DANH SÁCH SINH VIÊN ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL</text:p><table:table table:name="Danh sách">`)
	for i := range widths {
		fmt.Fprintf(&b, `<table:table-column table:style-name="c%d"/>`, i)
	}
	row := func(cells ...string) {
		b.WriteString("<table:table-row>")
		for _, c := range cells {
			fmt.Fprintf(&b, `<table:table-cell table:style-name="cell" office:value-type="string"><text:p>%s</text:p></table:table-cell>`, html.EscapeString(c))
		}
		b.WriteString("</table:table-row>")
	}
	b.WriteString("<table:table-header-rows>")
	row("Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú")
	b.WriteString("</table:table-header-rows>")
	for i, p := range list {
		row(fmt.Sprint(i+1), p.code, p.name, p.class, p.cohort, p.note)
	}
	b.WriteString(`</table:table><text:p>Cần Thơ, ngày 10 tháng 11 năm 2026</text:p><text:p>Thủ trưởng đơn vị</text:p><text:p>Nguyễn Thị Thu Hà</text:p></office:text></office:body></office:document>`)
	return b.String()
}
