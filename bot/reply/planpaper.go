package reply

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// planForm is a plan as a document that the head of the office can sign and file (FR-10, VII), in the layout of Decree 30/2020/NĐ-CP,
// Appendix I. Its number in the office's register is left to the clerk who keeps that.
var planForm = template.Must(template.New("").Funcs(template.FuncMap{
	"x":     func(s any) string { return escape(fmt.Sprint(s)) },
	"upper": upper,
	"p":     func(style string, text any) paragraph { return paragraph{style, fmt.Sprint(text)} },
	"cell":  func(c column, style, text string) tableCell { return tableCell{c.Width, style, text} },
}).ParseFS(forms, "forms/plan.xml", "forms/notice.xml", "forms/report.xml", "forms/retention.xml"))

type (
	paragraph struct{ Style, Text string }
	column    struct {
		Title string
		Width int // twentieths of a point
		Style string
	}
	tableCell struct {
		Width       int
		Style, Text string
	}
	paperTable struct {
		Columns []column
		Rows    [][]string
	}
	signature struct {
		Width             int
		Title, Name, Said string
	}
)

// Width is that of all columns.
func (g paperTable) Width() (sum int) {
	for _, c := range g.Columns {
		sum += c.Width
	}
	return sum
}

// A PlanPaper is what the document of a plan is made of.
type PlanPaper struct {
	Plan      bot.Plan
	Units     map[string]string // the name of the unit of each case number
	Maker     string            // names of people
	Officer   string
	Approvals []PlanApproval
	Bases     []string // the documents that the procedure rests on
}

// A PlanApproval is who has approved, for the document.
type PlanApproval struct {
	Name string
	At   time.Time
}

// planFacts is what the template fills in; every foreign text in it went through plain.
type planFacts struct {
	page
	Number, About, Date, What string
	At                        string
	Bases, When, Check, How   []string
	ByCase, ByClass, List     paperTable
	ByBatch                   *paperTable
	Hash, ListTitle, ListEnd  string
	Signs                     []signature
	Recipients                []string
}

// planWords are the words of one kind of plan.
type planWords struct{ about, what, list, action string }

func wordsOf(kind bot.PlanKind) planWords {
	switch kind {
	case bot.PlanReset:
		return planWords{"Cấp lại mật khẩu ban đầu của tài khoản email", "Cấp lại mật khẩu ban đầu cho %s tài khoản email mà đơn vị báo chưa nhận được, thuộc %s, theo danh sách ở Phụ lục.",
			"DANH SÁCH TÀI KHOẢN EMAIL CẤP LẠI MẬT KHẨU", "cấp lại mật khẩu"}
	case bot.PlanSuspend:
		return planWords{"Tạm khoá và xoá tài khoản email của sinh viên, học viên thôi học", "Tạm khoá %s tài khoản email của sinh viên, học viên có quyết định thôi học, thuộc %s, theo danh sách ở Phụ lục; xoá vào ngày ghi ở từng dòng nếu không có thông báo khôi phục trước ngày đó. Địa chỉ đã xoá không cấp lại cho người khác.",
			"DANH SÁCH TÀI KHOẢN EMAIL TẠM KHOÁ VÀ XOÁ", "tạm khoá"}
	case bot.PlanCreate:
	}
	return planWords{"Cấp mới tài khoản email cho sinh viên, học viên", "Cấp mới %s tài khoản email cho sinh viên, học viên thuộc %s, theo danh sách ở Phụ lục.",
		"DANH SÁCH TÀI KHOẢN EMAIL CẤP MỚI", "tạo mới"}
}

// PlanPaper writes a plan as a document to be signed.
func (w *Writer) PlanPaper(p PlanPaper) (compose.Attachment, error) {
	data, err := paper("plan.xml", w.planFacts(p), p.Plan.Number+" · mã băm "+briefly(p.Plan.Hash))
	return compose.Attachment{Name: string(plain(p.Plan.Number, longest)) + " Kế hoạch.docx", Type: DOCX, Data: data}, err
}

// paper fills a document. What stands at its foot is on every page.
func paper(name string, facts any, foot string) ([]byte, error) {
	var document strings.Builder
	if err := planForm.ExecuteTemplate(&document, name, facts); err != nil {
		return nil, fmt.Errorf("document %s: %w", name, err)
	}
	styles, err := forms.ReadFile("forms/styles.xml")
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", name, err)
	}
	a := &archive{parts: map[string][]byte{}}
	a.put(contentTypesPart, []byte(strings.Replace(wordContentTypes, "header1.xml\" ContentType=\""+wordMain+"header+xml", "footer1.xml\" ContentType=\""+wordMain+"footer+xml", 1)))
	a.put("_rels/.rels", []byte(wordRelations("officeDocument", "word/document.xml")))
	a.put("word/document.xml", []byte(document.String()))
	a.put("word/_rels/document.xml.rels", []byte(wordRelations("styles", "styles.xml", "footer", "footer1.xml")))
	a.put("word/styles.xml", styles)
	a.put("word/footer1.xml", []byte(strings.Replace(planFooter, "{foot}", escape(foot), 1)))
	return a.bytes()
}

// planFooter stands on every page: a page of another plan does not slip in unseen.
const planFooter = xmlHead + `<w:ftr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:pStyle w:val="Small"/></w:pPr><w:r><w:t xml:space="preserve">{foot} · trang </w:t></w:r>` +
	`<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t>/</w:t></w:r><w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>`

// briefly is the beginning of a hash, enough to be compared by eye.
func briefly(hash string) string { return hash[:min(len(hash), 12)] }

func (w *Writer) planFacts(p PlanPaper) planFacts {
	words, plan := wordsOf(p.Plan.Kind), p.Plan
	f := planFacts{page: w.page("", "", plan.Made.At), Number: string(plain(plan.Number, longest)), About: words.about, Date: ngay(plan.Made.At), Hash: plan.Hash, ListTitle: words.list,
		Check: []string{"Nội dung cần duyệt được ghi cố định khi lập kế hoạch và nhận diện bằng mã băm SHA-256 dưới đây. Người duyệt phải khác người lập. Chỉ thực hiện đúng các dòng đã duyệt; nếu hồ sơ thay đổi sau khi lập thì kế hoạch này không thực hiện được và phải lập lại."},
		How:   []string{fmt.Sprintf("Cách kiểm tra: lệnh “vanthu plan show %s” phải in đúng mã băm trên; lệnh “vanthu plan show %s --frozen | sha256sum” tính lại mã băm từ nội dung được duyệt.", plan.Number, plan.Number)},
	}
	if f.Place != "" {
		f.At = string(f.Place) + ", "
	}
	for _, b := range p.Bases {
		f.Bases = append(f.Bases, "Căn cứ "+string(plain(b, speech))+";")
	}
	cases := countBy(plan.Items, func(i bot.PlanItem) []string { return []string{i.Case, p.Units[i.Case]} })
	f.What = fmt.Sprintf(words.what, so(len(plan.Items)), so(len(cases.Rows))+" hồ sơ")
	f.ByCase = cases.table(column{"Hồ sơ", 2600, "Cell"}, column{"Đơn vị", 4800, "Cell"}, column{"Số tài khoản", 1840, "CellNumber"})
	classes := countBy(plan.Items, func(i bot.PlanItem) []string { return []string{p.Units[i.Case], i.Class} })
	f.ByClass = classes.table(column{"Đơn vị", 4800, "Cell"}, column{"Lớp", 2600, "Cell"}, column{"Số tài khoản", 1840, "CellNumber"})
	f.ListEnd = fmt.Sprintf("(Danh sách gồm %s dòng.)", so(len(plan.Items)))
	w.planWhen(&f, p)
	f.List = planList(plan, words.action)
	f.Signs = planSigns(p)
	for _, unit := range f.units(p) {
		f.Recipients = append(f.Recipients, "- "+unit+";")
	}
	f.Recipients = append(f.Recipients, "- Lưu: VT, CNTT.")
	return f
}

func (f *planFacts) units(p PlanPaper) []string {
	var units []string
	for _, i := range p.Plan.Items {
		if u := string(plain(p.Units[i.Case], longest)); u != "" && !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	return units
}

// planWhen says when and by whom.
func (w *Writer) planWhen(f *planFacts, p PlanPaper) {
	starts, ends := isoDate(p.Plan.Starts), isoDate(p.Plan.Ends)
	switch {
	case !starts.IsZero() && !ends.IsZero():
		f.When = append(f.When, fmt.Sprintf("1. Thời gian thực hiện: từ %s đến %s.", ngay(starts), ngay(ends)))
	case !starts.IsZero():
		f.When = append(f.When, fmt.Sprintf("1. Thời gian thực hiện: từ %s.", ngay(starts)))
	case !ends.IsZero():
		f.When = append(f.When, fmt.Sprintf("1. Thời gian thực hiện: ngay sau khi kế hoạch được duyệt, xong trước hết %s.", ngay(ends)))
	default:
		f.When = append(f.When, "1. Thời gian thực hiện: ngay sau khi kế hoạch được duyệt và hồ sơ đã được kiểm tra.")
	}
	who := string(plain(p.Officer, longest))
	if who == "" {
		who = string(plain(p.Maker, longest))
	}
	f.When = append(f.When, "2. Người thực hiện: "+who+".")
	if len(p.Plan.Batches) == 0 {
		return
	}
	f.When = append(f.When, fmt.Sprintf("3. Thực hiện thành %s đợt:", so(len(p.Plan.Batches))))
	t := &paperTable{Columns: []column{{"Đợt", 1400, "CellNumber"}, {"Bắt đầu", 3600, "Cell"}, {"Số tài khoản", 1840, "CellNumber"}}}
	for _, b := range p.Plan.Batches {
		n := 0
		for _, i := range p.Plan.Items {
			if i.Batch == b.N {
				n++
			}
		}
		start := "ngay sau khi duyệt"
		if at := isoDate(b.Starts); !at.IsZero() {
			start = at.Format("02/01/2006")
		}
		t.Rows = append(t.Rows, []string{so(b.N), start, fmt.Sprint(n)})
	}
	f.ByBatch = t
}

// planList is the annex: exactly what would be done, row by row. Columns that say nothing in this plan are left out.
func planList(p bot.Plan, action string) paperTable {
	type field struct {
		column
		of   func(i bot.PlanItem) string
		used bool
	}
	shown := func(s string) string { return string(plain(s, longest)) }
	any := func(has func(bot.PlanItem) bool) bool { return slices.ContainsFunc(p.Items, has) }
	n := 0
	fields := []field{
		{column{"TT", 620, "CellNumber"}, func(bot.PlanItem) string { n++; return so(n) }, true},
		{column{"Hồ sơ, dòng", 1850, "Cell"}, func(i bot.PlanItem) string { return fmt.Sprintf("%s, %d", i.Case, i.N) }, true},
		{column{"Mã số", 1450, "Cell"}, func(i bot.PlanItem) string { return shown(i.Code) }, true},
		{column{"Họ và tên", 2350, "Cell"}, func(i bot.PlanItem) string { return shown(i.Name) }, true},
		{column{"Lớp", 1000, "Cell"}, func(i bot.PlanItem) string { return shown(i.Class) }, true},
		{column{"Tên đăng nhập", 1500, "Cell"}, func(i bot.PlanItem) string { return shown(i.User) }, true},
		{column{"Địa chỉ", 3400, "Cell"}, func(i bot.PlanItem) string { return shown(i.Address) }, true},
		{column{"Nhóm", 1700, "Cell"}, func(i bot.PlanItem) string { return shown(i.Group) }, any(func(i bot.PlanItem) bool { return i.Group != "" })},
		{column{"Nền tảng", 900, "Cell"}, func(i bot.PlanItem) string { return shown(i.Platform) }, true},
		{column{"Việc", 1150, "Cell"}, func(bot.PlanItem) string { return action }, true},
		{column{"Xoá ngày", 1300, "Cell"}, func(i bot.PlanItem) string {
			if at := isoDate(i.EraseOn); !at.IsZero() {
				return at.Format("02/01/2006")
			}
			return ""
		}, any(func(i bot.PlanItem) bool { return i.EraseOn != "" })},
		{column{"Đợt", 620, "CellNumber"}, func(i bot.PlanItem) string { return fmt.Sprint(i.Batch) }, any(func(i bot.PlanItem) bool { return i.Batch > 0 })},
	}
	fields = slices.DeleteFunc(fields, func(f field) bool { return !f.used })
	t := paperTable{}
	for _, f := range fields {
		t.Columns = append(t.Columns, f.column)
	}
	const pageWidth = 15100
	if sum := t.Width(); sum > pageWidth {
		for i := range t.Columns {
			t.Columns[i].Width = t.Columns[i].Width * pageWidth / sum
		}
	}
	for _, item := range p.Items {
		var row []string
		for _, f := range fields {
			row = append(row, f.of(item))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// recipientsWidth is the column "Nơi nhận", left of the signatures.
const recipientsWidth = 2640

// planSigns are the places for the signatures: the maker's and each approver's that the plan needs. Who has approved by the system
// is named there.
func planSigns(p PlanPaper) []signature {
	signs := []signature{{Title: "NGƯỜI LẬP", Name: string(plain(p.Maker, longest))}}
	needs := max(p.Plan.Needs, 1, len(p.Approvals))
	for i := range needs {
		s := signature{Title: "NGƯỜI DUYỆT"}
		if needs > 1 {
			s.Title += fmt.Sprintf(" %d", i+1)
		}
		if i < len(p.Approvals) {
			a := p.Approvals[i]
			s.Name, s.Said = string(plain(a.Name, longest)), fmt.Sprintf("(đã duyệt trên hệ thống lúc %s, %s; mã băm %s…)", gio(a.At), ngay(a.At), briefly(p.Plan.Hash))
		}
		signs = append(signs, s)
	}
	for i := range signs {
		signs[i].Width = (9240 - recipientsWidth) / len(signs)
	}
	return signs
}

// counts are how many items have the same key, in the order in which keys come first.
type counts struct {
	Rows  [][]string
	n     map[string]int
	total int
}

func countBy(items []bot.PlanItem, key func(bot.PlanItem) []string) counts {
	c := counts{n: map[string]int{}}
	for _, i := range items {
		k := key(i)
		name := strings.Join(k, "\x00")
		if c.n[name]++; c.n[name] == 1 {
			c.Rows = append(c.Rows, k)
		}
		c.total++
	}
	return c
}

func (c counts) table(columns ...column) paperTable {
	t := paperTable{Columns: columns}
	for _, k := range c.Rows {
		t.Rows = append(t.Rows, []string{string(plain(k[0], longest)), string(plain(k[1], longest)), fmt.Sprint(c.n[strings.Join(k, "\x00")])})
	}
	t.Rows = append(t.Rows, []string{"Cộng", "", fmt.Sprint(c.total)})
	return t
}
