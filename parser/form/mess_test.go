package form

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// TestMess makes lists as offices make them, by chance but the same every time, and asks that exactly the people in them are
// read: whatever the order and the words of the columns, however the name is split, wherever class and cohort stand.
func TestMess(t *testing.T) {
	t.Parallel()
	n := 1000
	if testing.Short() {
		n = 200
	}
	failed := 0
	for seed := range n {
		m := &mess{r: rand.New(rand.NewPCG(uint64(seed), 1))}
		d, want := m.list()
		s := &source{report: parser.FileReport{Name: "ds.xlsx", Format: formatXLSX}}
		s.take(d)
		s.folded = foldLines(s.lines)
		sub := together([]*source{s}, parser.DefaultLimits())
		var got []string
		for _, r := range sub.Rows {
			got = append(got, fmt.Sprintf("%s|%s|%s|%s", r.Code.Text, r.Name.Text, r.Class.Text, r.Cohort.Text))
		}
		bad := cmp.Diff(want, got)
		for _, r := range sub.Remarks {
			if slices.Contains([]parser.RemarkCode{parser.HeaderMissing, parser.HeaderTwice, parser.SeveralPeople, parser.RowShifted,
				parser.ColumnsSwapped, parser.NoRows, parser.CodeDamaged}, r.Code) {
				bad += fmt.Sprintf("%s %v\n", r.Code, r.Args)
			}
		}
		if bad != "" {
			if failed++; failed <= 3 {
				t.Errorf("seed %d (-want +got):\n%s%s", seed, bad, picture(d))
			}
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d", failed, n)
	}
}

// picture shows a grid as the layouts are written.
func picture(d grid.Document) string {
	var b strings.Builder
	for _, s := range d.Sheets {
		fmt.Fprintf(&b, "== %s %v\n", s.Name, s.Merged)
		for _, r := range s.Rows {
			fmt.Fprintf(&b, "%3d ", r.Number)
			col := 1
			for _, c := range r.Cells {
				for ; col < c.Col; col++ {
					b.WriteString("| ")
				}
				b.WriteString(strings.ReplaceAll(c.Text, "\n", `\n`) + " ")
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// A mess is one list in the making.
type mess struct {
	r     *rand.Rand
	sheet grid.Sheet
	row   int
	// defects: some people lack the code or the name; they have a running number then.
	defects bool
	twice   bool // two halves stand beside each other
}

type person struct{ code, first, middle, given, class, cohort string }

func (p person) name() string {
	return strings.Join(strings.Fields(p.first+" "+p.middle+" "+p.given), " ")
}

func (m *mess) chance(percent int) bool { return m.r.IntN(100) < percent }

func (m *mess) one(of ...string) string { return of[m.r.IntN(len(of))] }

// put writes one row of cells, "" for none.
func (m *mess) put(texts ...string) {
	m.row++
	r := grid.Row{Number: m.row}
	for i, t := range texts {
		if t != "" {
			c := grid.Cell{Col: i + 1, Text: t, Raw: t}
			if allDigits(t) && len(t) < 11 && m.chance(30) {
				c.Kind = grid.Number
				if t[0] == '0' {
					c.Kind = grid.Text
				}
			}
			r.Cells = append(r.Cells, c)
		}
	}
	if len(r.Cells) > 0 {
		m.sheet.Rows = append(m.sheet.Rows, r)
	}
}

func (m *mess) merge(row, col, lastRow, lastCol int) {
	if lastRow > row || lastCol > col {
		m.sheet.Merged = append(m.sheet.Merged, grid.Range{Row: row, Col: col, LastRow: lastRow, LastCol: lastCol})
	}
}

func (m *mess) people() []person {
	var out []person
	serial := 1000 + m.r.IntN(5000)
	for range 1 + m.r.IntN(3) {
		class := m.one("YAK50", "YBK50", "Y C - K50", "YA - K51", "CK2-SAN-K5", "DK50A", "XN50")
		cohort := m.one("K50", "50", "2024-2030", "K51")
		if len(out) > 0 && (class == out[len(out)-1].class || m.chance(50)) { // one cohort for one class, and classes that follow each other differ
			class, cohort = m.one("RHM50", "YHDP50", "Y D - K50"), out[len(out)-1].cohort
		}
		for range 1 + m.r.IntN(6) {
			serial++
			out = append(out, person{
				"245301" + strconv.Itoa(serial), m.one("Nguyễn", "Tô", "Tống", "Công", "Danh", "Trương", "Lý", "Đỗ", "Thạch", "Cao"),
				m.one("Thị Thùy", "Văn", "", "Đăng", "Hoàng Minh", "Công", "Ngọc Lan"), m.one("Dương", "Khoa", "Phong", "An", "Ba", "Tổng", "Hiệp", "Ý", "Lan", "Trang"),
				class, cohort,
			})
		}
	}
	return out
}

// A col is one column: its heading, or two over each other, and what it says of a person.
type col struct {
	field string
	head  string
	under string // heading beneath, where the header has two rows
	value func(p person, n int) string
}

func (m *mess) columns(class, cohort bool) []col {
	dress := func(s string) string {
		switch m.r.IntN(8) {
		case 0:
			return strings.ToUpper(s)
		case 1:
			return s + " (*)"
		case 2:
			return strings.Replace(s, " ", "\n", 1)
		case 3:
			return s + ":"
		}
		return s
	}
	cols := []col{{"code", dress(m.one("Mã số SV/HV", "MSSV", "Mã sinh viên", "Mã SV", "Mã số sinh viên", "Student ID")), "", func(p person, _ int) string { return p.code }}}
	if m.defects || m.chance(85) {
		cols = append(cols, col{"stt", dress(m.one("Stt", "TT", "Số TT", "No.")), "", func(_ person, n int) string { return strconv.Itoa(n) }})
	}
	if class {
		cols = append(cols, col{"class", dress(m.one("Lớp", "Lớp học", "Mã lớp", "Tên lớp")), "", func(p person, _ int) string { return p.class }})
	}
	if cohort {
		cols = append(cols, col{"cohort", dress(m.one("Khóa", "Khoá", "Niên khóa", "Khoa")), "", func(p person, _ int) string { return p.cohort }})
	}
	for _, extra := range []col{
		{"", m.one("Giới tính", "Phái"), "", func(person, int) string { return m.one("Nam", "Nữ") }},
		{"", m.one("SĐT", "Điện thoại"), "", func(person, int) string { return "09" + strconv.Itoa(10_000_000+m.r.IntN(80_000_000)) }},
		{"", "Số CCCD", "", func(person, int) string { return "0" + strconv.Itoa(92_000_000_000+m.r.IntN(1_000_000)) }},
		{"", m.one("Nơi sinh", "Quê quán"), "", func(person, int) string { return m.one("Cần Thơ", "An Giang", "Sóc Trăng") }},
		{"", "Ngành", "", func(person, int) string { return m.one("Y khoa", "Dược học") }},
		{"", "", "", func(person, int) string { return m.one("", "x") }},
		{"", m.one("Ghi chú", "Ghi chú (nếu có)"), "", func(person, int) string { return m.one("", "", "Lớp trưởng", "Bổ sung") }},
		{"", "Họ tên phụ huynh", "", func(person, int) string { return m.one("Lê Văn Cha", "Trần Thị Mẹ") }},
	} {
		if m.chance(20) {
			cols = append(cols, extra)
		}
	}
	m.r.Shuffle(len(cols), func(i, j int) { cols[i], cols[j] = cols[j], cols[i] })
	parts := m.nameColumns(dress)
	if m.chance(30) { // the date of birth in three columns
		parts = append(parts, col{"dob", "Ngày sinh", "Ngày", func(person, int) string { return strconv.Itoa(1 + m.r.IntN(28)) }},
			col{"dob2", "", "Tháng", func(person, int) string { return strconv.Itoa(1 + m.r.IntN(12)) }},
			col{"dob3", "", "Năm", func(person, int) string { return "2006" }})
	}
	at := m.r.IntN(len(cols) + 1)
	return append(append(append([]col(nil), cols[:at]...), parts...), cols[at:]...)
}

func (m *mess) nameColumns(dress func(string) string) []col {
	head := dress(m.one("Họ và tên", "Họ tên", "Họ và tên sinh viên", "Họ, chữ lót và tên"))
	family := func(p person, _ int) string { return strings.TrimSpace(p.first + " " + p.middle) }
	given := func(p person, _ int) string { return p.given }
	switch m.r.IntN(5) {
	case 0:
		return []col{{"name", head, "", func(p person, _ int) string { return p.name() }}}
	case 1: // one merged heading
		return []col{{"name1", head, "", family}, {"name2", "<", "", given}}
	case 2:
		return []col{{"name1", m.one("Họ đệm", "Họ lót", "Họ và chữ lót"), "", family}, {"name2", "Tên", "", given}}
	case 3:
		return []col{
			{"name1", "Họ", "", func(p person, _ int) string { return p.first }}, {"name2", m.one("Chữ lót", "Tên đệm"), "", func(p person, _ int) string { return p.middle }},
			{"name3", "Tên", "", given},
		}
	}
	return []col{{"name1", head, m.one("Họ đệm", "Họ và chữ lót"), family}, {"name2", "<", "Tên", given}}
}

// header writes the headings of cols from column 1 on, in one row or two.
func (m *mess) header(cols []col) {
	two := false
	for _, c := range cols {
		two = two || c.under != ""
	}
	head := make([]string, len(cols))
	for i, c := range cols {
		if head[i] = c.head; c.head == "<" {
			head[i] = ""
		}
	}
	merged := m.chance(70)
	top := m.row + 1
	for i := range cols {
		if last := i; cols[i].head != "<" && (merged || i+1 < len(cols) && cols[i+1].head == "<" && !two) {
			for last+1 < len(cols) && (cols[last+1].head == "<" || cols[last+1].head == "" && cols[last+1].under != "") {
				last++
			}
			if bottom := top; last > i {
				if two && cols[i].under == "" {
					bottom = top + 1
				}
				m.merge(top, i+1, bottom, last+1)
			}
		}
	}
	m.put(head...)
	if !two {
		return
	}
	under := make([]string, len(cols))
	for i, c := range cols {
		under[i] = c.under
		if c.under == "" && merged && c.head != "<" && (i+1 == len(cols) || cols[i+1].head != "<") {
			m.merge(top, i+1, top+1, i+1)
		}
	}
	m.put(under...)
}

func (m *mess) list() (grid.Document, []string) {
	m.sheet.Name = "Sheet1"
	people := m.people()
	if m.defects = m.chance(30); m.defects {
		for i := range people {
			switch p := &people[i]; {
			case m.chance(10):
				p.code = m.one("", "", "chưa có", "?")
			case m.chance(8):
				p.first, p.middle, p.given = "", "", ""
			}
		}
	}
	var want []string
	for i := range people {
		want = append(want, fmt.Sprintf("%s|%s|%s|%s", people[i].code, people[i].name(), people[i].class, people[i].cohort))
	}
	book := grid.Book{Format: formatXLSX}
	switch m.r.IntN(6) {
	case 0: // a table for each class, one under the other, each with its own columns
		m.titles()
		for _, class := range classes(people) {
			title := m.chance(40)
			if title {
				m.put(fmt.Sprintf(m.one("LỚP: %s", "Lớp %s", "Danh sách sinh viên lớp %s"), class[0].class))
			}
			m.table(m.columns(!title, true), class, false, false)
			if m.chance(60) {
				m.footer(len(class))
			}
			m.row += m.r.IntN(3)
		}
	case 1: // a sheet for each class, named after it
		for _, class := range classes(people) {
			m.sheet, m.row = grid.Sheet{Name: class[0].class}, 0
			if m.chance(30) {
				m.titles()
			}
			m.table(m.columns(m.chance(50), true), class, false, false)
			m.footer(len(class))
			if len(book.Sheets) == 0 || book.Sheets[len(book.Sheets)-1].Name != m.sheet.Name {
				book.Sheets = append(book.Sheets, m.sheet)
				continue
			}
			m.sheet.Name += " "
			book.Sheets = append(book.Sheets, m.sheet)
		}
		return grid.Document{Book: book}, want
	case 2: // two halves beside each other
		m.titles()
		m.twice = true
		m.beside(people)
	case 3: // class and cohort written once over their people, merged
		m.titles()
		m.merged(people)
		m.footer(len(people))
	default:
		m.titles()
		groupClass, groupCohort := m.chance(30), m.chance(20)
		m.table(m.columns(!groupClass, !groupCohort), people, groupClass, groupCohort)
		m.footer(len(people))
	}
	if m.chance(25) {
		return m.document(), want
	}
	book.Sheets = []grid.Sheet{m.sheet}
	return grid.Document{Book: book}, want
}

// document puts the list into a document: its titles are paragraphs, and a page may cut its table in two, not in a header.
func (m *mess) document() grid.Document {
	d := grid.Document{Book: grid.Book{Format: formatDOCX}}
	rows := m.sheet.Rows
	for len(rows) > 0 && len(rows[0].Cells) == 1 {
		d.Blocks = append(d.Blocks, grid.Block{Text: rows[0].Cells[0].Text})
		rows = rows[1:]
	}
	cut := len(rows)
	if !m.twice && m.chance(40) && len(rows) > 6 {
		cut = 4 + m.r.IntN(len(rows)-5)
		if namesFields(rows[cut-1]) {
			cut = len(rows)
		}
	}
	for _, r := range m.sheet.Merged {
		if cut < len(rows) && r.Row < rows[cut].Number && r.LastRow >= rows[cut].Number {
			cut = len(rows)
		}
	}
	for _, part := range [][]grid.Row{rows[:cut], rows[cut:]} {
		if len(part) == 0 {
			continue
		}
		off := part[0].Number - 1
		s := grid.Sheet{Name: fmt.Sprintf("Bảng %d", len(d.Sheets)+1)}
		for _, r := range part {
			r.Number -= off
			s.Rows = append(s.Rows, r)
		}
		for _, r := range m.sheet.Merged {
			if r.Row > off && r.LastRow <= off+s.Rows[len(s.Rows)-1].Number {
				r.Row, r.LastRow = r.Row-off, r.LastRow-off
				s.Merged = append(s.Merged, r)
			}
		}
		d.Sheets = append(d.Sheets, s)
		d.Blocks = append(d.Blocks, grid.Block{Table: len(d.Sheets)}, grid.Block{})
	}
	return d
}

// classes divides people where the class changes.
func classes(people []person) [][]person {
	var out [][]person
	for i, p := range people {
		if i == 0 || p.class != people[i-1].class {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

func (m *mess) titles() {
	for _, line := range []string{"TRƯỜNG ĐẠI HỌC VÍ DỤ", "PHÒNG CÔNG TÁC SINH VIÊN", "", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", "(Kèm theo bản đề nghị ngày 05/11/2026)"}[:m.r.IntN(6)] {
		m.put(line)
	}
}

// table writes a header and people, with title rows where the class or the cohort is in no column.
func (m *mess) table(cols []col, people []person, groupClass, groupCohort bool) {
	m.header(cols)
	if m.chance(15) {
		numbers := make([]string, len(cols))
		for i := range numbers {
			numbers[i] = fmt.Sprintf("(%d)", i+1)
		}
		m.put(numbers...)
	}
	last := person{}
	again := m.chance(20)
	for i, p := range people {
		if p.class != last.class && groupClass || p.cohort != last.cohort && groupCohort {
			if m.chance(50) {
				m.merge(m.row+1, 1, m.row+1, len(cols))
			}
			m.put(m.group(p, groupClass, groupCohort))
		} else if again && m.chance(15) {
			if m.chance(50) {
				m.put("Trang 1/2")
			}
			m.header(cols)
		}
		if m.chance(5) {
			m.row++ // an empty row
		}
		last = p
		m.put(valuesOf(cols, p, i+1)...)
	}
}

func valuesOf(cols []col, p person, n int) []string {
	out := make([]string, len(cols))
	for k, c := range cols {
		out[k] = c.value(p, n)
	}
	return out
}

func (m *mess) group(p person, class, cohort bool) string {
	switch {
	case class && cohort:
		return fmt.Sprintf(m.one("LỚP: %s - KHÓA %s", "Lớp %s, khóa %s", "1. Lớp %s (khóa %s)"), p.class, p.cohort)
	case class:
		return fmt.Sprintf(m.one("LỚP: %s", "Lớp %s (45 SV)", "II. Lớp %s", "Danh sách lớp %s:"), p.class)
	}
	return fmt.Sprintf(m.one("KHÓA %s", "Khóa: %s", "I. Niên khóa %s"), p.cohort)
}

func (m *mess) beside(people []person) {
	cols := m.columns(true, true)
	if len(cols) > 12 {
		cols = cols[:0]
		for _, c := range m.columns(true, true) {
			if c.field != "" {
				cols = append(cols, c)
			}
		}
	}
	gap := make([]col, m.r.IntN(2))
	for i := range gap {
		gap[i].value = func(person, int) string { return "" }
	}
	half := (len(people) + 1) / 2
	if half == len(people) {
		m.table(cols, people, false, false)
		return
	}
	both := append(append(append([]col(nil), cols...), gap...), cols...)
	m.header(both)
	for i := range half {
		row := append(valuesOf(cols, people[i], i+1), make([]string, len(gap))...)
		if half+i < len(people) {
			row = append(row, valuesOf(cols, people[half+i], half+i+1)...)
		}
		m.put(row...)
	}
	m.footer(len(people))
}

func (m *mess) merged(people []person) {
	cols := m.columns(true, true)
	m.header(cols)
	last := person{}
	first := 0
	for i, p := range people {
		row := valuesOf(cols, p, i+1)
		for k, c := range cols {
			if c.field == "class" && p.class == last.class || c.field == "cohort" && p.class == last.class && p.cohort == last.cohort {
				row[k] = ""
			}
		}
		if p.class != last.class || p.cohort != last.cohort {
			first = i
		}
		last = p
		m.put(row...)
		if i+1 == len(people) || people[i+1].class != p.class || people[i+1].cohort != p.cohort {
			for k, c := range cols {
				if c.field == "class" && people[first].class != "" && (first == 0 || people[first-1].class != p.class) || c.field == "cohort" {
					m.merge(m.row-(i-first), k+1, m.row, k+1)
				}
			}
		}
	}
}

func (m *mess) footer(n int) {
	if m.chance(50) {
		m.put(fmt.Sprintf(m.one("Tổng cộng: %d sinh viên./.", "Danh sách này có %d sinh viên", "Tổng số: %02d"), n))
	}
	if m.chance(30) {
		m.row++
	}
	if m.chance(70) {
		m.put("", "", m.one("Cần Thơ, ngày 05 tháng 11 năm 2026", ""))
		m.put("", m.one("NGƯỜI LẬP BẢNG", "Người lập", "Lập bảng"), "", m.one("THỦ TRƯỞNG ĐƠN VỊ", "TRƯỞNG PHÒNG", "KT. TRƯỞNG PHÒNG"))
		m.put("", "(Ký, ghi rõ họ tên)", "", "(Ký, ghi rõ họ tên)")
		m.row += 3
		m.put("", "Vũ Thị Mai", "", "ThS. Đoàn Thị Hạnh")
	}
}
