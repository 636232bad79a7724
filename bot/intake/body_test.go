package intake

import (
	"testing"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// TestListInTheText holds when a table in the words of a mail is a list: only what the sender asks for himself.
func TestListInTheText(t *testing.T) {
	t.Parallel()
	const (
		asks  = "Nhờ Phòng CNTT cấp email cho các bạn sau:\n\n"
		table = "Stt\tMSSV\tHọ và tên\tLớp\n1\t2453010001\tLý Vy\tYAK50\n2\t2453010002\tLê Ẩn\tYAK50\n"
		page  = "<p>Nhờ Phòng CNTT cấp email cho các bạn sau:</p><table><tr><td>MSSV<td>Họ và tên<tr><td>2453010001<td>Lý Vy<tr><td>2453010002<td>Lê Ẩn</table>"
	)
	for name, c := range map[string]struct {
		subject, text, html string
		kind                bot.Kind
		rows                int
	}{
		"text":                {"cấp email", asks + table, "", bot.AccountRequest, 2},
		"page":                {"cấp email", "", page, bot.AccountRequest, 2},
		"page beside text":    {"cấp email", "(xem bản HTML)", page, bot.AccountRequest, 2},
		"quoted text":         {"cấp email", asks + "Cảm ơn.\n\nVào Th 5, 5 thg 9, 2024 lúc 15:00 Phòng CNTT <cntt@truong.example> đã viết:\n" + table, "", bot.AccountRequest, 0},
		"quoted page":         {"cấp email", "", "<p>Nhờ cấp email.</p><div class=\"gmail_quote\">" + page + "</div>", bot.AccountRequest, 0},
		"quoted by Outlook":   {"cấp email", "", "<p>Nhờ cấp email.</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'><p><b>From:</b> A</p></div></div>" + page, bot.AccountRequest, 0},
		"quoted in its words": {"cấp email", "", "<p>Nhờ cấp email.</p><p>From: A</p><p>Sent: B</p><p>To: C</p>" + page, bot.AccountRequest, 0},
		"a report":            {"Báo sự cố", "Các sinh viên sau không đăng nhập được:\n\n" + table, "", bot.Incident, 0},
		"a question":          {"Hỏi về danh sách", "Đã có chưa ạ?\n" + table, "", bot.Question, 0},
	} {
		r, err := Read(t.Context(), &mime.Message{Subject: c.subject, Text: c.text, HTML: c.html}, InProcess(parser.DefaultLimits()))
		if err != nil || r.Kind != c.kind || len(r.Submission.Rows) != c.rows || len(r.Files) != min(1, c.rows) {
			t.Errorf("%s: %s, %d rows, %d files, %v", name, r.Kind, len(r.Submission.Rows), len(r.Files), err)
		}
		if r.Submission.Letter != nil {
			t.Errorf("%s: the words are taken for a letter", name)
		}
	}
}
