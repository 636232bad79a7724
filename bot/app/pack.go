package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf16"

	"vanthu/bot"
	"vanthu/bot/archive"
	"vanthu/bot/reply"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// A packer puts one record into its archive.
type packer struct {
	app *App
	out *archive.Archive
	record
	hide  archive.Hider
	notes []string // what is not as it came
}

func (p *packer) add(data []byte, parts ...string) error {
	data, hidden := p.hide.Hide(data)
	name, err := p.out.Add(data, parts...)
	if hidden {
		p.notes = append(p.notes, name+": token được thay bằng chữ x / tokens are replaced by x")
	}
	return err
}

// requests are the mails of the case as they came, with their files beside them.
func (p *packer) requests(ctx context.Context) error {
	for _, m := range p.mails {
		var raw []byte
		err := p.app.DB.Read(ctx, func(tx *store.Tx) (err error) {
			raw, err = tx.Raw(ctx, m.Hash)
			return err
		})
		if bot.ErrorCode(err) == bot.NotFound {
			p.notes = append(p.notes, fmt.Sprintf("thư %d không còn, SHA-256 khi nhận %s / mail %d is gone, it came with this SHA-256", m.ID, m.Hash, m.ID))
			continue
		}
		if err != nil {
			return err
		}
		name := fmt.Sprintf("Thư %d %s", m.ID, m.ArrivedAt.In(bot.ICT).Format("2006-01-02"))
		msg, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil { // it is kept as it came; what is in it nobody could read
			if err := p.add(raw, listFolder, name+".eml"); err != nil {
				return err
			}
			continue
		}
		if locked(raw, msg) { // credentials that the unit sent back
			p.notes = append(p.notes, fmt.Sprintf("%s: có tệp mã hoá kèm theo, chỉ lưu phần chữ / an encrypted file was attached, only the text is kept; SHA-256 %s", name, m.Hash))
			if err := p.add(spoken(msg), listFolder, name+".txt"); err != nil {
				return err
			}
			continue
		}
		if err := p.add(raw, listFolder, name+".eml"); err != nil {
			return err
		}
		for i, part := range msg.Parts {
			file := part.Name
			if file == "" {
				file = fmt.Sprintf("phần %d", i+1)
			}
			if err := p.add(part.Data, listFolder, name, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostMails is how deep mails in mails are looked into.
const mostMails = 5

// locked says whether an encrypted office file is in a mail: it may be the workbook of passwords. In a delivery report, or a letter that
// is forwarded as a file, it stands in a mail of its own, behind another encoding.
func locked(raw []byte, msg *mime.Message) bool { return lockedIn(raw, msg, 0) }

func lockedIn(raw []byte, msg *mime.Message, depth int) bool {
	for _, part := range msg.Parts {
		if strings.HasPrefix(part.Type, "message/") || strings.EqualFold(path.Ext(part.Name), ".eml") {
			inner, err := mime.Parse(part.Data, mime.DefaultLimits())
			if depth == mostMails || err != nil || lockedIn(part.Data, inner, depth+1) { // what nobody can look into stays out
				return true
			}
		}
		if bytes.Contains(part.Data, encryptedPackage) || bytes.HasPrefix(part.Data, []byte("PK")) && bytes.Contains(part.Data, []byte("mật khẩu (mã hoá)")) {
			return true
		}
	}
	return bytes.Contains(raw, encryptedPackage)
}

// encryptedPackage is the name of a stream that every encrypted office file has (MS-OFFCRYPTO §2.3.1).
var encryptedPackage = utf16Bytes("EncryptedPackage")

func utf16Bytes(s string) (b []byte) {
	for _, r := range utf16.Encode([]rune(s)) {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

// spoken is what a mail says, without its files.
func spoken(msg *mime.Message) []byte {
	var b strings.Builder
	for _, name := range []string{"From", "To", "Date", "Message-ID"} {
		fmt.Fprintf(&b, "%s: %s\n", name, msg.Header(name))
	}
	text := msg.Text
	if text == "" {
		text = msg.HTML
	}
	fmt.Fprintf(&b, "Subject: %s\n\n%s\n", msg.Subject, text)
	for _, part := range msg.Parts {
		fmt.Fprintf(&b, "[%s]\n", part.Name)
	}
	return []byte(b.String())
}

// lists are the list as it was understood, and the register of its accounts.
func (p *packer) lists(context.Context) error {
	var rows [][]string
	for _, r := range p.rows {
		rows = append(rows, []string{fmt.Sprint(r.N), r.STT, r.Code, r.Name, r.Class, r.Cohort, r.Note, string(r.State), r.Address, r.File, r.Sheet, fmt.Sprint(r.Line)})
	}
	data, err := p.app.letters.writer.Sheets(reply.SheetData{Name: "Danh sách", Rows: rows, Columns: []reply.Column{{Title: "Dòng", Width: 7}, {Title: "STT", Width: 7}, {Title: "Mã số SV/HV", Width: 16}, {Title: "Họ và tên", Width: 30},
		{Title: "Lớp", Width: 14}, {Title: "Khóa", Width: 8}, {Title: "Ghi chú", Width: 18}, {Title: "Trạng thái", Width: 12}, {Title: "Địa chỉ email", Width: 34}, {Title: "Tệp", Width: 26},
		{Title: "Trang tính", Width: 14}, {Title: "Dòng trong tệp", Width: 10}}})
	if err != nil {
		return err
	}
	if err := p.add(data, listFolder, p.c.Number+" danh sách đã đọc.xlsx"); err != nil {
		return err
	}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(bot.ICT).Format("02/01/2006 15:04")
	}
	rows = nil
	for _, r := range p.register {
		rows = append(rows, []string{r.Code, r.Name, r.Class, r.Address, r.Platform, string(r.State), day(r.Created), day(r.Suspended), day(r.Deleted), r.Decision})
	}
	data, err = p.app.letters.writer.Sheets(reply.SheetData{Name: "Sổ tài khoản", Rows: rows, Columns: []reply.Column{{Title: "Mã số SV/HV", Width: 16}, {Title: "Họ và tên", Width: 30}, {Title: "Lớp", Width: 14}, {Title: "Địa chỉ email", Width: 34},
		{Title: "Nền tảng", Width: 10}, {Title: "Trạng thái", Width: 20}, {Title: "Ngày tạo", Width: 18}, {Title: "Ngày tạm khoá", Width: 18}, {Title: "Ngày xoá", Width: 18}, {Title: "Quyết định thôi học", Width: 24}}})
	if err != nil {
		return err
	}
	return p.add(data, registerFolder, p.c.Number+" sổ tài khoản.xlsx")
}

// papers are the notices, and the plans with the bytes that their hashes are over.
func (p *packer) papers(ctx context.Context) error {
	for _, n := range p.notices {
		if len(n.Doc) == 0 {
			continue // its number was given, and its delivery was not written yet
		}
		if err := p.add(n.Doc, noticeFolder, n.Number+" Thông báo cấp tài khoản.docx"); err != nil {
			return err
		}
	}
	for _, plan := range p.plans {
		if len(plan.Items) == 0 {
			p.notes = append(p.notes, plan.Number+": đã tiêu huỷ theo danh mục được duyệt / destroyed by an approved list; SHA-256 "+plan.Hash)
			continue
		}
		paper, err := p.app.PlanPaper(ctx, plan)
		if err != nil {
			return err
		}
		if err := p.add(paper.Data, planFolder, paper.Name); err != nil {
			return err
		}
		if err := p.add(plan.Frozen, planFolder, plan.Number+" nội dung được duyệt, SHA-256 "+plan.Hash[:min(12, len(plan.Hash))]+".json"); err != nil {
			return err
		}
	}
	return nil
}

// letters are our answers as they were sent; of credentials the text alone, whether the bytes are erased yet or not.
func (p *packer) letters(ctx context.Context) error {
	for i, l := range p.record.letters {
		name := fmt.Sprintf("%02d %s %s", i+1, l.CreatedAt.In(bot.ICT).Format("2006-01-02"), l.Kind)
		var raw []byte
		err := p.app.DB.Read(ctx, func(tx *store.Tx) (err error) {
			raw, err = tx.LetterRaw(ctx, l.ID)
			return err
		})
		if err != nil {
			return err
		}
		switch {
		case len(raw) == 0:
			p.notes = append(p.notes, name+": nội dung đã xoá, còn dấu vết trong nhật ký / its bytes were erased; the history says that it was sent")
			continue
		case l.Kind != string(bot.CredentialsOf):
			if err := p.add(raw, letterFolder, name+".eml"); err != nil {
				return err
			}
			continue
		}
		msg, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil {
			return err
		}
		p.notes = append(p.notes, name+": không lưu tệp mật khẩu / without the workbook of passwords")
		if err := p.add(spoken(msg), letterFolder, name+".txt"); err != nil {
			return err
		}
	}
	return nil
}

// A proved event is one line of the history with what its hash is over (docs/operations.md, “The proof”).
type proved struct {
	ID     int64       `json:"id"`
	At     json.Number `json:"at"` // microseconds
	Time   string      `json:"time"`
	Actor  string      `json:"actor"`
	What   string      `json:"what"`
	Case   json.Number `json:"case_id"`
	Plan   json.Number `json:"plan_id"`
	Mail   json.Number `json:"mail_id"`
	Detail string      `json:"detail"`
	Salt   string      `json:"salt"`
	Leaf   string      `json:"leaf"`
	Prev   string      `json:"prev"`
	Hash   string      `json:"hash"`
}

func (p *packer) history(context.Context) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for i, e := range p.proof {
		err := enc.Encode(proved{ID: e.ID, At: json.Number(e.At), Time: p.events[i].At.In(bot.ICT).Format(time.RFC3339), Actor: e.Actor, What: e.What, Case: json.Number(e.Case),
			Plan: json.Number(e.Plan), Mail: json.Number(e.Mail), Detail: e.Detail, Salt: e.Salt, Leaf: e.Leaf(), Prev: e.Prev, Hash: e.Hash})
		if err != nil {
			return err
		}
	}
	if err := p.add(lines.Bytes(), historyFolder, "sự kiện.jsonl"); err != nil {
		return err
	}
	all, err := json.MarshalIndent(struct {
		Case     bot.Case       `json:"case"`
		Rows     []bot.CaseRow  `json:"rows"`
		Findings []bot.Finding  `json:"findings"`
		Letters  []store.Letter `json:"letters"`
	}{p.c, p.rows, p.findings, p.record.letters}, "", "  ")
	if err != nil {
		return err
	}
	return p.add(all, historyFolder, "hồ sơ.json")
}

// steps is the report of the steps, as it is on this day.
func (p *packer) steps(ctx context.Context) error {
	r, err := p.app.StepReport(ctx, p.c.Number)
	if err != nil {
		return err
	}
	paper, err := p.app.ReportPaper(r)
	if err != nil {
		return err
	}
	return p.add(paper.Data, historyFolder, paper.Name)
}

// read is for whoever opens the archive in ten years.
func (p *packer) read(context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, `HỒ SƠ %[1]s, quy trình %[2]s, lần ban hành %[3]s, đơn vị %[4]s, trạng thái %[5]s
Lưu trữ theo mục VII của Quy trình, lập %[6]s.

%[7]s, %[8]s, %[9]s: ba loại hồ sơ của mục VII.
%[10]s, %[11]s, %[12]s: kế hoạch được duyệt, thư trả lời, nhật ký sự kiện với mã băm.
Không có mật khẩu trong hồ sơ này. Kiểm tra tính toàn vẹn: sha256sum -c %[13]s

Case %[1]s of %[2]s, edition %[3]s: the three records of section VII, then plans, letters sent, and the history with its hashes.
There is no password in it. Whether it is whole: sha256sum -c %[13]s. How an event is recomputed stands in docs/operations.md, "The proof".
The newest event of the whole history when this was written, for "vanthu audit verify --head":

head  %[14]d  %[6]s  %[15]s
`, p.c.Number, p.c.Procedure, p.c.Edition, p.c.Unit, p.c.State, p.app.DB.Now().In(bot.ICT).Format("02/01/2006 15:04"),
		listFolder, registerFolder, noticeFolder, planFolder, letterFolder, historyFolder, archive.Sums, p.head.Event, p.head.Hash)
	if len(p.notes) > 0 {
		b.WriteString("\nKhông nguyên như khi nhận / not as it came:\n")
		for _, n := range p.notes {
			b.WriteString("- " + n + "\n")
		}
	}
	return p.add([]byte(b.String()), "DOC TRUOC - READ ME.txt")
}
