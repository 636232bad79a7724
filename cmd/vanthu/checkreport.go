package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/intake"
	"vanthu/bot/rules"
)

// report prints what was understood for people. The values come from outside, so nothing that moves a cursor passes.
type report struct {
	w        io.Writer
	lang     string
	err      error
	remedies map[string]bool // said already: what to do is said once, where it is needed first
}

func (r *report) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = printable(s)
		}
	}
	if _, err := fmt.Fprintf(r.w, format+"\n", args...); err != nil && r.err == nil {
		r.err = err
	}
}

func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) || unicode.Is(unicode.Mn, c) {
			return c
		}
		return '·'
	}, s)
}

// say chooses the language.
func (r *report) say(vi, en string) string {
	if r.lang == "en" {
		return en
	}
	return vi
}

func (r *report) print(c app.Checked) {
	out := r.w
	buffer := bufio.NewWriterSize(out, 64<<10)
	r.w = buffer
	r.all(c)
	r.w = out
	if err := buffer.Flush(); r.err == nil {
		r.err = err
	}
}

func (r *report) all(c app.Checked) {
	req := c.Request
	r.field(r.say("Loại thư", "Kind"), r.kind(req.Kind))
	r.field(r.say("Đơn vị", "Unit"), joinNonEmpty(" · ", req.Unit, req.UnitName))
	r.field(r.say("Mã hồ sơ", "Case"), c.Reading.Case)
	r.field(r.say("Bản đề nghị", "Letter"), joinNonEmpty(" · ", req.LetterFile, day(req.LetterDate), req.Signer))
	r.field(r.say("Lý do", "Reason"), req.Reason)
	r.field(r.say("Danh sách", "List"), strings.Join(req.ListFiles, ", "))
	r.field(r.say("Chứng cứ", "Evidence"), r.evidence(req))
	byRow := make(map[int][]bot.Finding)
	for _, f := range req.Findings {
		byRow[f.N] = append(byRow[f.N], f)
	}
	if whole := byRow[0]; len(whole) > 0 {
		r.line("")
		r.line("%s", r.say("Về cả yêu cầu", "About the whole request"))
		r.findings(whole)
	}
	r.rows(req.Rows, judged(req.Kind), byRow)
	r.line("")
	r.line("%s", r.outcome(c))
}

func (r *report) field(label, value string) {
	if value != "" {
		r.line("%s %s", pad(label, 12), value)
	}
}

// evidence says how strongly it is proved that the head of the unit asks, if the mail comes from the unit's mailbox.
func (r *report) evidence(req bot.Request) string {
	var signed []string
	for _, s := range req.Signatures {
		worth := r.say("không được tính", "does not count")
		switch s.Verdict { //nolint:exhaustive // the others are findings (FRM-11)
		case bot.SignatureGood:
			worth = r.say("hợp lệ", "valid")
		case bot.SignatureUnchecked:
			worth = r.say("chưa kiểm tra được người ký", "the signer cannot be checked")
		case bot.SignatureEarlier:
			worth = r.say("của bản trước", "of an earlier version")
		}
		signed = append(signed, fmt.Sprintf("%s (%s: %s)", joinNonEmpty(" ", r.say("chữ ký số", "digital signature"), s.File), cmp.Or(s.By, "?"), worth))
	}
	return joinNonEmpty(" · ", string(req.Evidence), strings.Join(signed, ", "))
}

// rows prints the list as it was understood, each finding under its row. A row is called by its number on the sheet, as the
// messages and the letters call it.
func (r *report) rows(rows []bot.Row, judged bool, byRow map[int][]bot.Finding) {
	if len(rows) == 0 {
		return
	}
	table := [][]string{{r.say("Dòng", "Row"), r.say("Mã số", "Code"), r.say("Họ và tên", "Name"), r.say("Lớp", "Class"), r.say("Khóa", "Cohort"), r.say("Ghi chú", "Note")}}
	for _, row := range rows {
		cells := []string{fmt.Sprint(cmp.Or(row.Line, row.N)), row.Code, row.Name, row.Class, row.Cohort, row.Note}
		for i, cell := range cells {
			cells[i] = clip(cell, longCell)
		}
		table = append(table, cells)
	}
	widths := make([]int, len(table[0]))
	for _, cells := range table {
		for i, cell := range cells {
			widths[i] = max(widths[i], min(utf8.RuneCountInString(cell), 32))
		}
	}
	r.line("")
	for i, cells := range table {
		mark := " "
		if i > 0 && judged {
			mark = markOf(rows[i-1], byRow[rows[i-1].N])
		}
		var b strings.Builder
		for k, cell := range cells {
			b.WriteString("  " + pad(cell, widths[k]))
		}
		r.line("%s", strings.TrimRight(mark+b.String(), " "))
		if i > 0 {
			r.findings(byRow[rows[i-1].N])
		}
	}
}

// judged reports whether the rows of such a request are judged one by one.
func judged(k bot.Kind) bool { return k == bot.AccountRequest || k == bot.DeletionRequest }

func markOf(row bot.Row, found []bot.Finding) string {
	switch {
	case !row.OK:
		return "✗"
	case len(found) > 0:
		return "!"
	}
	return "✓"
}

func (r *report) findings(found []bot.Finding) {
	for _, f := range found {
		vi, en := rules.Text(f)
		fixVI, fixEN := rules.Remedy(f)
		mark := "!"
		if f.Severity != bot.Warn {
			mark = "✗"
		}
		at := f.Rule
		if f.Cell != "" {
			at += " " + f.Cell
		}
		r.line("     %s %s  %s", mark, pad(at, 10), r.say(vi, en))
		if fix := r.say(fixVI, fixEN); fix != "" && !r.remedies[fix] {
			if r.remedies == nil {
				r.remedies = make(map[string]bool)
			}
			r.remedies[fix] = true
			r.line("       %s  → %s", pad("", 10), fix)
		}
	}
}

func (r *report) kind(k bot.Kind) string {
	switch k {
	case bot.AccountRequest:
		return r.say("đề nghị cấp tài khoản email", "request for accounts")
	case bot.DeletionRequest:
		return r.say("đề nghị xoá tài khoản", "request to delete accounts")
	case bot.Confirmation:
		return r.say("xác nhận của đơn vị", "confirmation of the unit")
	case bot.Incident:
		return r.say("báo cáo sự cố", "incident report")
	case bot.Conversation:
		return r.say("thư trao đổi", "conversation")
	case bot.FormRequest:
		return r.say("xin biểu mẫu", "asks for the blank form")
	case bot.Question:
		return r.say("câu hỏi của đơn vị", "question of the unit")
	case bot.OtherRequest:
		return r.say("yêu cầu ngoài phạm vi quy trình", "request outside this procedure")
	case bot.Automatic:
		return r.say("thư trả lời tự động", "automatic reply")
	case bot.Bounce:
		return r.say("thư báo không gửi được", "delivery report")
	case bot.MailingList:
		return r.say("thư của danh sách thư", "mailing list")
	case bot.PlanAnswer:
		return r.say("trả lời của người duyệt kế hoạch", "answer of an approver about a plan")
	case bot.OwnMail:
		return r.say("thư của chính hộp thư này", "our own mail")
	case bot.Spoofed:
		return r.say("thư không rõ người gửi", "mail of a doubtful sender")
	case bot.NotEntitled:
		return r.say("người gửi không thuộc đơn vị được đề nghị", "the sender is no unit that may ask")
	case bot.Other:
	}
	return r.say("thư khác", "other mail")
}

// outcome says what vanthu would do, in one sentence.
func (r *report) outcome(c app.Checked) string {
	req := c.Request
	good := fmt.Sprintf(r.say("%d/%d dòng hợp lệ. ", "%d of %d rows are good. "), req.Good(), len(req.Rows))
	if len(req.Rows) == 0 || !judged(req.Kind) {
		good = ""
	}
	switch req.Action {
	case bot.Queue:
		return good + r.say("Yêu cầu được tiếp nhận.", "The request is accepted.")
	case bot.QueueWithDefects:
		return good + r.say("Hồ sơ được mở; chờ đơn vị sửa các dòng bị lỗi hoặc đồng ý cấp phần hợp lệ.", "The case is opened; the unit corrects the bad rows or agrees to the good ones.")
	case bot.Return:
		return good + r.say("Yêu cầu bị trả lại vì các lý do trên.", "The request is returned for the reasons above.")
	case bot.AskSender:
		return good + r.say("Yêu cầu chưa đủ; đề nghị đơn vị bổ sung như trên.", "The request is not complete; the unit is asked for what is named above.")
	case bot.Ignore:
		return r.say("Thư được ghi nhận, không trả lời.", "The mail is recorded and not answered.")
	case bot.ConfirmReceived:
		return r.say("Xác nhận được ghi vào hồ sơ.", "The confirmation is noted in its case.")
	case bot.SendForm:
		return r.say("Biểu mẫu trống được gửi cho đơn vị.", "The blank form is sent to the unit.")
	case bot.ReplyStatus:
		return r.say("Câu hỏi được trả lời ngay, không mở hồ sơ.", "The question is answered at once, no case is opened.")
	case bot.CheckOnly:
		return good + r.say("Danh sách chỉ được kiểm tra thử, không mở hồ sơ.", "The list is only checked, no case is opened.")
	case bot.Human:
	}
	return good + joinNonEmpty(" ", r.say("Chờ cán bộ xem xét.", "An officer decides."), r.doubt(c.Reading.Doubt))
}

// doubt says why an officer must decide.
func (r *report) doubt(d intake.Doubt) string {
	switch d {
	case intake.SpeaksOfDeletion:
		return r.say("Bản đề nghị xin cấp tài khoản, nhưng thư nói đến việc xoá.", "The letter asks for accounts, but the mail speaks of deletion.")
	case intake.ConfirmsAndAsks:
		return r.say("Thư vừa xác nhận hoặc cảm ơn, vừa có tệp đề nghị.", "The mail confirms or thanks, and carries a request.")
	case intake.AddsToEarlier:
		return r.say("Thư bổ sung cho thư trước, không có bản đề nghị và danh sách.", "The mail adds to an earlier one, without letter and list.")
	case intake.OnlyTheMailDeletes:
		return r.say("Thư nói đến việc xoá, nhưng danh sách không phải là danh sách thôi học.", "The mail speaks of deletion, but the list is none of people who left.")
	case intake.NoDoubt:
	}
	return ""
}

// day writes 2026-11-20 as people here do.
func day(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return t.Format("02/01/2006")
}

func joinNonEmpty(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// longCell is what is shown of one value; the list itself has the rest.
const longCell = 60

func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}
