package reply

import (
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A RetentionPaper is a list of what is to be destroyed, or the record of its destruction.
type RetentionPaper struct {
	List, Hash           string
	Made, Approved, Done bot.Stamp
	Lines                []RetentionLine
	Person               func(bot.Actor) string
	At                   time.Time
}

// A RetentionLine is one thing on the list. It names no person.
type RetentionLine struct {
	Kind                         string // "files", "case", "account"
	Case                         string
	Row                          int
	Ended                        string // 2026-12-07
	Mails, Letters, Rows, Events int
	Destroyed                    time.Time
	LeftWhy                      string
	Lies                         []string // where the mails still lie in the mailbox
}

func (l RetentionLine) what() string {
	switch l.Kind {
	case "files":
		return fmt.Sprintf("Nội dung thư và tệp: %s thư đến, %s thư đi (giữ lại mã băm)", so(l.Mails), so(l.Letters))
	case "account":
		return fmt.Sprintf("Sổ tài khoản, dòng %d: họ tên (địa chỉ vẫn bị khóa, không cấp lại)", l.Row)
	}
	return fmt.Sprintf("Hồ sơ: %s dòng danh sách, chi tiết của %s sự kiện (giữ lại mã băm)", so(l.Rows), so(l.Events))
}

func (l RetentionLine) result() string {
	switch {
	case !l.Destroyed.IsZero():
		return "đã tiêu huỷ " + stamped(l.Destroyed)
	case l.LeftWhy == "held":
		return "GIỮ LẠI: có người đang được giữ hồ sơ"
	case l.LeftWhy != "":
		return "GIỮ LẠI: không còn đủ điều kiện"
	}
	return "chưa thực hiện"
}

// retentionFacts is what the template fills in; every foreign text in it went through plain.
type retentionFacts struct {
	page
	Number, About, Date, At, Title string
	Hash                           string
	Says, Notes, Recipients        []string
	Steps                          paperTable
	Signs                          []signature
}

// RetentionPaper writes the document.
func (w *Writer) RetentionPaper(p RetentionPaper) (compose.Attachment, error) {
	name := func(s bot.Stamp) string { return string(plain(p.Person(s.By), longest)) }
	f := retentionFacts{page: w.page("", "", p.At), Number: string(plain(p.List, longest)), Hash: string(plain(p.Hash, longest)), Date: ngay(p.At), Title: "DANH MỤC TÀI LIỆU HẾT THỜI HẠN LƯU", About: "Đề nghị tiêu huỷ, " + string(plain(p.List, longest))}
	if f.Place != "" {
		f.At = string(f.Place) + ", "
	}
	f.Says = []string{
		fmt.Sprintf("Danh mục %s gồm %s mục, %s lập %s.", f.Number, so(len(p.Lines)), name(p.Made), ngay(p.Made.At)),
	}
	f.Signs = []signature{{Title: "NGƯỜI LẬP", Name: name(p.Made)}, {Title: "NGƯỜI DUYỆT"}}
	if p.Approved.Done() {
		f.Says = append(f.Says, fmt.Sprintf("%s đã duyệt đúng mã băm dưới đây lúc %s, %s.", name(p.Approved), gio(p.Approved.At), ngay(p.Approved.At)))
		f.Signs[1].Name = name(p.Approved)
	}
	columns := []column{{"TT", 560, "CellNumber"}, {"Hồ sơ", 1640, "Cell"}, {"Nội dung", 3900, "Cell"}, {"Kết thúc", 1240, "Cell"}}
	if p.Done.Done() {
		f.Title, f.About = "BIÊN BẢN TIÊU HUỶ TÀI LIỆU", "Theo danh mục được duyệt "+f.Number
		f.Says = append(f.Says, fmt.Sprintf("%s đã thực hiện xong lúc %s, %s. Chỉ những mục đã duyệt được tiêu huỷ; nhật ký sự kiện còn lại mã băm của từng nội dung.", name(p.Done), gio(p.Done.At), ngay(p.Done.At)))
		columns = append(columns, column{"Kết quả", 1900, "Cell"})
		f.Signs = append(f.Signs, signature{Title: "NGƯỜI THỰC HIỆN", Name: name(p.Done)})
	}
	for i := range f.Signs {
		f.Signs[i].Width = (9240 - recipientsWidth) / len(f.Signs)
	}
	f.Steps = paperTable{Columns: columns}
	for i, l := range p.Lines {
		row := []string{so(i + 1), string(plain(l.Case, longest)), l.what(), ""}
		if at := isoDate(l.Ended); !at.IsZero() {
			row[3] = at.Format("02/01/2006")
		}
		if p.Done.Done() {
			row = append(row, l.result())
		}
		f.Steps.Rows = append(f.Steps.Rows, row)
		if len(l.Lies) > 0 {
			f.Notes = append(f.Notes, fmt.Sprintf("%s: thư gốc còn trong hộp thư, cần người xoá tay (thư mục UIDVALIDITY/UID): %s.", l.Case, plain(strings.Join(l.Lies, "; "), speech)))
		}
	}
	f.Recipients = []string{"- Lưu: VT, CNTT."}
	data, err := paper("retention.xml", f, f.Number+" · mã băm "+briefly(p.Hash))
	file := " danh mục tiêu huỷ.docx"
	if p.Done.Done() {
		file = " biên bản tiêu huỷ.docx"
	}
	return compose.Attachment{Name: f.Number + file, Type: DOCX, Data: data}, err
}
