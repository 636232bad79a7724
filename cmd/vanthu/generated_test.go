package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/parser"
	"vanthu/parser/viet"
)

// TestGenerated reads lists that are put together by chance from what offices do: their headings, their order of columns,
// names in one, two or three columns, classes in a column, in merged cells, in title rows or on sheets of their own, titles,
// totals and signatures around. Every row must be read as it was meant, or a finding must point at it.
// VANTHU_GENERATED says how many lists, VANTHU_SEED which.
func TestGenerated(t *testing.T) {
	t.Parallel()
	lists, seed := setting(t, "VANTHU_GENERATED", 60), uint64(setting(t, "VANTHU_SEED", 20261125))
	cfg, err := config.LoadOffline("testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	world, err := app.NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	letter := attachments(t, "testdata/corpus/a01-xlsx-plain/message.eml")[0]
	for n := range lists {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			g := newGenerator(rand.New(rand.NewPCG(seed, uint64(n)))) //nolint:gosec // a test that can be repeated
			list := g.book(t)
			checked, err := world.CheckFiles(t.Context(), []parser.File{letter, {Name: "Danh sách.xlsx", Data: list}}, nil, time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			g.compare(t, checked.Request)
		})
	}
}

type student struct{ code, name, class, cohort, note string }

// A generator makes one list.
type generator struct {
	r       *rand.Rand
	f       *excelize.File
	sheet   string
	row     int
	said    []string // what was chosen, for the report
	want    []student
	columns []column
}

type column struct {
	field   string
	heading string
}

func newGenerator(r *rand.Rand) *generator { return &generator{r: r, f: excelize.NewFile()} }

func (g *generator) one(of ...string) string { return of[g.r.IntN(len(of))] }

func (g *generator) maybe(percent int) bool { return g.r.IntN(100) < percent }

func (g *generator) say(format string, args ...any) {
	g.said = append(g.said, fmt.Sprintf(format, args...))
}

func (g *generator) name() string {
	family := g.one("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Ông", "Tống", "Thạch", "Danh", "Ngô", "Lý", "Đỗ", "Công")
	middle := g.one("Văn", "Thị", "Hoàng", "Thị Ngọc", "Đức", "Minh", "Thị Thuỳ", "Quốc", "Khánh", "Như")
	given := g.one("An", "Ánh", "Bích", "Châu", "Dũng", "Giang", "Hòa", "Khoa", "Lan", "Nhung", "Phúc", "Quý", "Thủy", "Ý", "Oanh", "Trường", "Tổng", "Lớp")
	if g.maybe(8) {
		return g.one("H'Hen Niê", "Ro Phi Ah", "Y Thịnh Kdăm", "Kim Sa Rây", "Sơn Thị Sóc Kha")
	}
	return family + " " + middle + " " + given
}

func (g *generator) people(n int, class, cohort string) (all []student) {
	for i := range n {
		s := student{fmt.Sprintf("%s53%02d%04d", cohortYear(cohort), g.r.IntN(20)+1, g.r.IntN(9000)+1000), g.name(), class, cohort, ""}
		if i == 0 && g.maybe(60) {
			s.note = g.one("Lớp trưởng", "LT", "Lớp trưởng (tạm thời)")
		} else if g.maybe(7) {
			s.note = g.one("Bổ sung", "chuyển từ K50", "SV cử tuyển", "Nhập học lại")
		}
		if slices.ContainsFunc(all, func(o student) bool { return o.code == s.code || viet.ToneKey(o.name) == viet.ToneKey(s.name) }) {
			continue
		}
		all = append(all, s)
	}
	return all
}

func cohortYear(cohort string) string {
	var k int
	fmt.Sscanf(cohort, "K%d", &k)
	return fmt.Sprintf("%02d", k+1974-2000)
}

var words = map[string][]string{
	"stt":    {"STT", "Stt", "Số TT", "TT", "Số thứ tự"},
	"code":   {"Mã số SV/HV", "Mã số sinh viên", "MSSV", "Mã SV", "Mã sinh viên", "Mã số SV", "MÃ SỐ SV/HV"},
	"name":   {"Họ và tên", "Họ tên", "Họ và Tên", "HỌ VÀ TÊN", "Họ tên sinh viên", "Họ và tên SV"},
	"first":  {"Họ và tên đệm", "Họ lót", "Họ đệm", "Họ và chữ lót", "Họ"},
	"given":  {"Tên"},
	"class":  {"Lớp", "LỚP", "Mã lớp", "Tên lớp", "Lớp hành chính"},
	"cohort": {"Khóa", "Khoá", "KHÓA", "Khóa học"},
	"note":   {"Ghi chú", "GHI CHÚ", "Ghi chú (Lớp trưởng)"},
	"dob":    {"Ngày sinh", "Ngày tháng năm sinh"},
	"sex":    {"Giới tính", "Phái", "Nữ"},
	"phone":  {"SĐT", "Số điện thoại"},
	"major":  {"Ngành", "Ngành học"},
	"card":   {"CCCD", "Số CCCD"},
	"home":   {"Quê quán", "Hộ khẩu thường trú"},
}

func (g *generator) heading(field string) string {
	h := g.one(words[field]...)
	switch g.r.IntN(8) {
	case 0:
		h = strings.ToUpper(h)
	case 1:
		if field != "cohort" {
			h = plainLetters(h)
		}
	case 2:
		h = strings.Replace(h, " ", "\n", 1)
	case 3:
		h += g.one(" (*)", ":", " ")
	}
	return h
}

func plainLetters(s string) string {
	upper := s == strings.ToUpper(s)
	s = viet.Fold(s)
	if upper {
		return strings.ToUpper(s)
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// book writes a workbook and remembers what stands in it.
func (g *generator) book(t *testing.T) []byte {
	t.Helper()
	defer g.f.Close()
	g.sheet = "Sheet1"
	classBy := g.one("column", "column", "column", "merged", "groups", "sheets", "tables")
	g.say("class by %s", classBy)
	cohort := fmt.Sprintf("K%d", 45+g.r.IntN(8))
	var groups [][]student
	for i := range 1 + g.r.IntN(3) {
		if classBy == "column" && i > 0 && g.maybe(50) {
			break
		}
		class := g.one("YBK", "YAK", "RHMK", "DUOCK") + cohort[1:] + g.one("", "A", "B")
		if slices.ContainsFunc(groups, func(s []student) bool { return s[0].class == class }) {
			continue
		}
		groups = append(groups, g.people(2+g.r.IntN(9), class, cohort))
	}
	g.choose(classBy == "groups")
	g.titles()
	switch classBy {
	case "column", "merged":
		g.header()
		g.numbers()
		stt := 0
		for _, people := range groups {
			first := g.row + 1
			for i, s := range people {
				stt++
				g.person(s, stt, classBy == "merged" && i > 0)
				g.between()
			}
			if col := g.at("class"); classBy == "merged" && col > 0 && g.row > first {
				g.must(t, g.f.MergeCell(g.sheet, cell(col, first), cell(col, g.row)))
			}
			if g.maybe(15) {
				g.header()
				g.say("header again")
			}
		}
	case "groups":
		g.header()
		stt := 0
		restart := g.maybe(50)
		for _, people := range groups {
			g.row++
			col := 1 + g.r.IntN(2)
			g.set(col, g.one("LỚP: ", "Lớp ", "Lớp: ", "LỚP ")+people[0].class)
			if col == 1 && g.maybe(60) {
				g.must(t, g.f.MergeCell(g.sheet, cell(1, g.row), cell(len(g.columns), g.row)))
			}
			if restart {
				stt = 0
			}
			for _, s := range people {
				stt++
				g.person(s, stt, false)
			}
		}
	case "sheets":
		for i, people := range groups {
			if i > 0 {
				g.footer(0)
				g.sheet = "Lớp " + people[0].class
				_, err := g.f.NewSheet(g.sheet)
				g.must(t, err)
				g.row = 0
				g.titles()
			}
			g.header()
			for j, s := range people {
				g.person(s, j+1, false)
			}
		}
	case "tables":
		for i, people := range groups {
			if i > 0 {
				g.row += 1 + g.r.IntN(3)
				g.row++
				g.set(1, "DANH SÁCH LỚP "+people[0].class)
				g.row++
				if g.maybe(40) {
					g.shuffle()
				}
			}
			g.header()
			for j, s := range people {
				g.person(s, j+1, false)
			}
		}
	}
	g.footer(len(g.want))
	var out bytes.Buffer
	g.must(t, g.f.Write(&out))
	return out.Bytes()
}

func (g *generator) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func cell(col, row int) string {
	name, _ := excelize.CoordinatesToCellName(col, row)
	return name
}

func (g *generator) set(col int, v any) { _ = g.f.SetCellValue(g.sheet, cell(col, g.row), v) }

// choose decides which columns there are, and in which order.
func (g *generator) choose(noClass bool) {
	fields := []string{}
	if g.maybe(90) {
		fields = append(fields, "stt")
	}
	name := [][]string{{"name"}, {"name"}, {"name"}, {"first", "given"}, {"name+"}}[g.r.IntN(5)]
	g.say("name %v", name)
	id := [][]string{append([]string{"code"}, name...), append(slices.Clone(name), "code")}[g.r.IntN(2)]
	fields = append(fields, id...)
	for _, extra := range []string{"dob", "sex", "major"} {
		if g.maybe(20) {
			fields = append(fields, extra)
		}
	}
	if !noClass {
		fields = append(fields, "class")
	}
	if g.maybe(80) {
		fields = append(fields, "cohort")
	}
	for _, extra := range []string{"phone", "card", "home"} {
		if g.maybe(12) {
			fields = append(fields, extra)
		}
	}
	if g.maybe(75) {
		fields = append(fields, "note")
	}
	for _, f := range fields {
		h := ""
		if f != "name+" {
			h = g.heading(f)
		} else {
			h = g.heading("name")
		}
		g.columns = append(g.columns, column{f, h})
		if f == "name+" {
			g.columns = append(g.columns, column{"plus", ""})
		}
	}
	if g.maybe(20) {
		g.shuffle()
	}
}

// shuffle swaps two whole columns behind the first; a name in two columns stays together.
func (g *generator) shuffle() {
	movable := []int{}
	for i, c := range g.columns {
		if i > 0 && c.field != "first" && c.field != "given" && c.field != "name+" && c.field != "plus" {
			movable = append(movable, i)
		}
	}
	if len(movable) < 2 {
		return
	}
	i, j := movable[g.r.IntN(len(movable))], movable[g.r.IntN(len(movable))]
	g.columns[i], g.columns[j] = g.columns[j], g.columns[i]
	g.say("columns %d and %d swapped", i+1, j+1)
}

func (g *generator) at(field string) int {
	return slices.IndexFunc(g.columns, func(c column) bool { return c.field == field }) + 1
}

func (g *generator) titles() {
	for range g.r.IntN(4) {
		g.row++
		g.set(1+g.r.IntN(2), g.one("TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ", "PHÒNG CÔNG TÁC SINH VIÊN", "Độc lập - Tự do - Hạnh phúc", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL", "Năm học 2026 - 2027"))
	}
	if g.maybe(50) {
		g.row += 1 + g.r.IntN(2)
	}
}

func (g *generator) header() {
	g.row++
	for i, c := range g.columns {
		if c.heading != "" {
			g.set(i+1, c.heading)
		}
		if c.field == "name+" && g.maybe(60) {
			_ = g.f.MergeCell(g.sheet, cell(i+1, g.row), cell(i+2, g.row))
		}
	}
}

// numbers is the row "(1) (2) (3)" under a header.
func (g *generator) numbers() {
	if !g.maybe(12) {
		return
	}
	g.row++
	g.say("column numbers")
	for i := range g.columns {
		g.set(i+1, fmt.Sprintf("(%d)", i+1))
	}
}

// between puts blank rows, and people who do not show, between the others.
func (g *generator) between() {
	switch {
	case g.maybe(4):
		g.row++
	case g.maybe(3):
		g.row++
		for i, c := range g.columns {
			if v := g.value(student{"2153019999", "Nguyễn Văn Ẩn", "YBK47", "K47", ""}, c.field, 99); v != "" {
				g.set(i+1, v)
			}
		}
		_ = g.f.SetRowVisible(g.sheet, g.row, false)
		g.say("row %d hidden", g.row)
	}
}

func (g *generator) value(s student, field string, stt int) any {
	words := strings.Fields(s.name)
	switch field {
	case "stt":
		return stt
	case "code":
		switch g.r.IntN(10) {
		case 0, 1, 2:
			var n int64
			fmt.Sscan(s.code, &n)
			return n
		case 3:
			return s.code + " "
		case 4:
			return "\u00a0" + s.code
		}
		return s.code
	case "name":
		if g.maybe(10) {
			return "  " + strings.Join(words, "  ")
		}
		return s.name
	case "first", "name+":
		return strings.Join(words[:len(words)-1], " ")
	case "given", "plus":
		return words[len(words)-1]
	case "class":
		return s.class
	case "cohort":
		return s.cohort
	case "note":
		return s.note
	case "dob":
		return g.one("12/03/2005", "1/1/2006", "2005-11-20")
	case "sex":
		return g.one("Nam", "Nữ", "x", "")
	case "phone":
		return "09" + fmt.Sprint(10000000+g.r.IntN(89999999))
	case "card":
		return "0920" + fmt.Sprint(10000000+g.r.IntN(89999999))
	case "major":
		return g.one("Y khoa", "Dược học", "Răng Hàm Mặt")
	case "home":
		return g.one("Cần Thơ", "An Giang", "TP. Vĩnh Long")
	}
	return ""
}

func (g *generator) person(s student, stt int, noClass bool) {
	g.row++
	for i, c := range g.columns {
		if c.field == "class" && noClass {
			continue
		}
		if v := g.value(s, c.field, stt); v != "" {
			g.set(i+1, v)
		}
	}
	if g.at("cohort") == 0 {
		s.cohort = ""
	}
	if g.at("note") == 0 {
		s.note = ""
	}
	g.want = append(g.want, s)
}

func (g *generator) footer(total int) {
	if total > 0 && g.maybe(50) {
		g.row++
		g.set(1+g.r.IntN(2), fmt.Sprintf(g.one("Tổng cộng: %d sinh viên", "Danh sách này có %d sinh viên./.", "Tổng số: %02d sinh viên", "Ấn định danh sách có %d người"), total))
	}
	if g.maybe(60) {
		g.row += 2
		g.set(len(g.columns)-1, "Thành phố Mẫu, ngày 09 tháng 10 năm 2024")
		g.row++
		g.set(2, "NGƯỜI LẬP BẢNG")
		g.set(len(g.columns)-1, g.one("THỦ TRƯỞNG ĐƠN VỊ", "TRƯỞNG PHÒNG", "TL. HIỆU TRƯỞNG"))
		g.row += 3
		g.set(2, "Vũ Thị Mai Phương")
		g.set(len(g.columns)-1, "ThS. Đoàn Thị Hạnh Nguyên")
	}
}

// compare holds what was read against what was meant.
func (g *generator) compare(t *testing.T, req bot.Request) {
	t.Helper()
	pointed := map[int]bool{}
	whole := false
	for _, f := range req.Findings {
		if f.N > 0 && f.Severity == bot.RejectRow {
			pointed[f.N] = true
		}
		whole = whole || f.Severity == bot.RejectRequest
	}
	var got []student
	for _, r := range req.Rows {
		got = append(got, student{r.Code, r.Name, r.Class, r.Cohort, r.Note})
	}
	if slices.Equal(got, g.want) {
		for _, f := range req.Findings {
			if f.Severity != bot.Warn && f.Rule != "ROW-04" && f.Rule != "ROW-13" && f.Rule != "ROW-17" {
				t.Errorf("false alarm %s %s %q (%v)", f.Rule, f.Cell, f.Value, g.said)
			}
		}
		return
	}
	if whole {
		t.Errorf("not read: %v (%v)", reject(req), g.said)
		return
	}
	silent := len(got) != len(g.want)
	for i := range min(len(got), len(g.want)) {
		if got[i] != g.want[i] {
			silent = silent || !pointed[i+1]
			t.Errorf("row %d: %q, want %q, pointed at: %v", i+1, got[i], g.want[i], pointed[i+1])
		}
	}
	t.Errorf("%d rows, want %d, silent %v (%v; columns %q)", len(got), len(g.want), silent, g.said, g.columns)
}

func reject(req bot.Request) (rules []string) {
	for _, f := range req.Findings {
		if f.Severity != bot.Warn {
			rules = append(rules, f.Rule+" "+f.Value)
		}
	}
	return rules
}
