package reply

import (
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A Notice is the delivery as a document with number and date, for the unit to file (FR-29, section VII.3). It cannot hold a
// password.
type Notice struct {
	Number     string // "TB-2026-0007"
	Case, Unit string
	At         time.Time
	LetterDate string // of the unit's letter; "" unknown
	HandOverBy time.Time
	Again      bool // new passwords for accounts that were delivered before
	Accounts   []bot.NewAccount
	Definition bot.Definition // the edition that the case follows
}

// noticeFacts is what the template fills in; every foreign text in it went through plain.
type noticeFacts struct {
	page
	Number, About, Date, At string
	Bases, Says, Recipients []string
	ByClass, List           paperTable
	ListTitle, ListEnd      string
	Signs                   []signature
}

// NoticePaper writes the notice.
func (w *Writer) NoticePaper(n Notice) (compose.Attachment, error) {
	f := noticeFacts{page: w.page(n.Case, n.Unit, n.At), Number: string(plain(n.Number, longest)), Date: ngay(n.At),
		About: "Về việc cấp tài khoản email cho sinh viên, học viên", ListTitle: "TÀI KHOẢN EMAIL ĐÃ CẤP",
		Signs: []signature{{Width: 4600, Title: "TRƯỞNG PHÒNG"}}}
	if f.Place != "" {
		f.At = string(f.Place) + ", "
	}
	for _, b := range n.Definition.Bases {
		f.Bases = append(f.Bases, "Căn cứ "+string(plain(b.VI, speech))+";")
	}
	if d := n.Definition; d.Code != "" {
		f.Bases = append(f.Bases, fmt.Sprintf("Căn cứ Quy trình %s “%s”, lần ban hành %s, %s.", plain(d.Code, longest), plain(d.VI, speech), plain(d.Edition, longest), ngay(d.IssuedOn())))
	}
	did := "đã tạo và cấp"
	if n.Again {
		f.About, f.ListTitle = "Về việc cấp lại mật khẩu ban đầu của tài khoản email", "TÀI KHOẢN EMAIL ĐƯỢC CẤP LẠI MẬT KHẨU BAN ĐẦU"
		did = "đã cấp lại mật khẩu ban đầu của"
	}
	asked := "Thực hiện đề nghị của Quý đơn vị"
	if at := isoDate(n.LetterDate); !at.IsZero() {
		asked = "Thực hiện đề nghị " + ngay(at) + " của Quý đơn vị"
	}
	until := ""
	if !n.HandOverBy.IsZero() {
		until = ", chậm nhất " + ngay(n.HandOverBy)
	}
	f.Says = []string{
		fmt.Sprintf("%s (mã hồ sơ %s), %s %s %s tài khoản email cho sinh viên, học viên theo danh sách kèm theo.", asked, f.Case, f.Office, did, so(len(n.Accounts))),
		"1. Tên đăng nhập và địa chỉ thư của từng người ghi trong danh sách kèm theo Thông báo này.",
		"2. Mật khẩu ban đầu được gửi riêng trong tệp đã mã hoá, không ghi trong Thông báo này. Người sử dụng phải đổi mật khẩu ngay ở lần đăng nhập đầu tiên.",
		fmt.Sprintf("3. Đề nghị Quý đơn vị bàn giao tài khoản cho từng sinh viên, học viên%s, và trả lời thư của %s khi đã bàn giao xong (Bước 6 của Quy trình %s).", until, f.Office, bot.Procedure),
		fmt.Sprintf("4. Đề nghị Quý đơn vị lưu Thông báo này và danh sách kèm theo, theo mục VII của Quy trình %s.", bot.Procedure),
	}
	var items []bot.PlanItem
	for _, a := range n.Accounts {
		items = append(items, bot.PlanItem{Class: a.Row.Class})
	}
	const none = "(chưa ghi lớp)"
	classes := countBy(items, func(i bot.PlanItem) []string {
		if i.Class == "" {
			return []string{none, ""}
		}
		return []string{i.Class, ""}
	})
	f.ByClass = paperTable{Columns: []column{{"Lớp", 4600, "Cell"}, {"Số tài khoản", 2000, "CellNumber"}}}
	for _, row := range classes.table().Rows {
		f.ByClass.Rows = append(f.ByClass.Rows, []string{row[0], row[2]})
	}
	f.List = paperTable{Columns: []column{{"TT", 700, "CellNumber"}, {"Mã số", 1700, "Cell"}, {"Họ và tên", 3600, "Cell"}, {"Lớp", 1700, "Cell"}, {"Khóa", 900, "Cell"},
		{"Tên đăng nhập", 2000, "Cell"}, {"Địa chỉ email", 4300, "Cell"}}}
	for i, a := range n.Accounts {
		var row []string
		for _, s := range []string{a.Row.Code, a.Row.Name, a.Row.Class, a.Row.Cohort, a.User, a.Address} {
			row = append(row, string(plain(s, longest)))
		}
		f.List.Rows = append(f.List.Rows, append([]string{so(i + 1)}, row...))
	}
	f.ListEnd = fmt.Sprintf("(Danh sách gồm %s dòng.)", so(len(n.Accounts)))
	f.Recipients = []string{"- Như trên;", "- Lưu: VT, CNTT."}
	data, err := paper("notice.xml", f, n.Number+" · hồ sơ "+string(f.Case))
	return compose.Attachment{Name: n.Number + " Thông báo cấp tài khoản.docx", Type: DOCX, Data: data}, err
}
