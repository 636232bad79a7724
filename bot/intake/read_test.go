package intake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// What a text says without the case. The words of receipt stand in testdata/receipts.
func TestSaid(t *testing.T) {
	t.Parallel()
	received, handed, both := bot.Receipt{Received: true}, bot.Receipt{HandedOver: true}, bot.Receipt{Received: true, HandedOver: true}
	for _, tt := range []struct {
		text    string
		receipt bot.Receipt
		want    Said
	}{
		{text: "Đã nhận đủ 142 tài khoản", receipt: received},
		{text: "Phòng ĐTSĐH đã bàn giao tất cả 25 tài khoản cho học viên.", receipt: handed},
		{text: "Đã nhận đủ và đã bàn giao.", receipt: both},
		{text: "Thiếu: 2153010680, ck20240031", receipt: bot.Receipt{Unknown: []string{"2153010680", "CK20240031"}}},
		{text: "Đã bàn giao 100 tài khoản", receipt: bot.Receipt{Doubt: bot.DoubtCount, About: "Đã bàn giao 100 tài khoản"}},
		{text: "Đồng ý cấp phần hợp lệ", want: Said{AcceptGoodRows: true}},
		{text: "\"Đồng ý cấp phần hợp lệ\"", want: Said{AcceptGoodRows: true}},
		{text: "Phòng CTSV đồng ý cấp trước phần hợp lệ. Xin cảm ơn.", want: Said{AcceptGoodRows: true}},
		{text: "Dong y cap phan hop le a", want: Said{AcceptGoodRows: true}},
		{text: "Phòng CTSV xin rút đề nghị này. Cảm ơn.", want: Said{Withdraw: true}},
		{text: "Xin rút lại hồ sơ YC-2026-0042", want: Said{Withdraw: true}},

		// Not sure enough: an officer reads them.
		{text: ""},
		{text: "Không đồng ý cấp phần hợp lệ"},
		{text: "Chưa đồng ý cấp phần hợp lệ vì còn sửa"},
		{text: "Đồng ý cấp phần hợp lệ sau khi Trưởng phòng duyệt"},
		{text: "Đồng ý cấp phần hợp lệ, xin rút đề nghị"},
		{text: "danh sách bị nhầm, xin RÚT LẠI đề nghị này, chưa cấp tài khoản"},
		{text: "Không rút đề nghị"},
		{text: "Danh sách cấp email gửi ngày 05/9 đã xử lý chưa ạ?", want: Said{Status: true}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			tt.want.Receipt = tt.receipt
			if cmp.Equal(tt.receipt, bot.Receipt{}) {
				tt.want.Receipt.Doubt = bot.DoubtNothing
			}
			got := saidIn(unsigned(unquoted(tt.text)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, html, want string }{
		{"marks", "Đã nhận.\n> Đã nhận đủ\n>> Đã bàn giao", "", "Đã nhận."},
		{"below the quotation", "On Mon, 2 Nov 2026 at 15:00, CNTT <cntt@truong.example> wrote:\n> hỏi\n\nĐã nhận đủ", "", "Đã nhận đủ"},
		{"attribution without marks", "Cảm ơn.\n\nVào Th 5, 5 thg 9, 2024 lúc 15:00 Phòng CNTT <cntt@truong.example> đã viết:\nTrả lời \"Đã nhận đủ\"", "", "Cảm ơn."},
		{"attribution wrapped", "Cảm ơn.\n\nVào Th 5, 5 thg 9, 2024 lúc 15:00 Phòng CNTT\n<cntt@truong.example> đã viết:\n\nĐã nhận đủ", "", "Cảm ơn."},
		{"outlook", "Cảm ơn.\n\n-----Original Message-----\nĐã nhận đủ", "", "Cảm ơn."},
		{"outlook header", "Cảm ơn.\n\nFrom: CNTT\nSent: Monday\nTo: CTSV\n\nĐã nhận đủ", "", "Cảm ơn."},
		{"outlook header in Vietnamese", "Cảm ơn.\n\nTừ: CNTT <cntt@truong.example>\nĐã gửi: Thứ Hai\nĐến: CTSV\nChủ đề: x\n\nĐã nhận đủ", "", "Cảm ơn."},
		{"a line that only begins like a header", "Từ: ngày 5 tháng 9 đến nay đã nhận đủ", "", "Từ: ngày 5 tháng 9 đến nay đã nhận đủ"},
		{"signature", "Cảm ơn.\n-- \nĐã nhận đủ", "", "Cảm ơn."},
		{"disclaimer below the closing", "Đã nhận đủ.\nTrân trọng,\nNếu Quý vị không phải người nhận", "", "Đã nhận đủ."},
		{"HTML alone", "", `<html><head><style>p{}</style></head><p>Đã nh&#7853;n</p><div class="gmail_quote">Đã nhận đủ</div>`, "Đã nhận"},
		{"HTML quotation", "", `<p>Cảm ơn</p><blockquote>Đã nhận đủ</blockquote>`, "Cảm ơn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := newText(&mime.Message{Text: tt.text, HTML: tt.html}); got != tt.want {
				t.Errorf("got %q, not %q", got, tt.want)
			}
		})
	}
}

func TestKindWithoutFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		msg  mime.Message
		kind bot.Kind
	}{
		{"confirmation", mime.Message{Subject: "Re: [QT.CNTT.03] [YC-2026-0042] Thông báo cấp tài khoản email", Text: "Đã nhận đủ"}, bot.Confirmation},
		{"thanks", mime.Message{Subject: "Re: [YC-2026-0042] Đã tiếp nhận đề nghị cấp tài khoản email", Text: "Cảm ơn."}, bot.Conversation},
		{"what we wrote is not what they say", mime.Message{Subject: "Re: x", Text: "Cảm ơn.\n> trả lời \"Đã nhận đủ\""}, bot.Conversation},
		{"status", mime.Message{Subject: "Hỏi về danh sách cấp email ngày 05/9", Text: "đã xử lý chưa ạ?"}, bot.Question},
		{"incident", mime.Message{Subject: "Báo sự cố", Text: "không đăng nhập được"}, bot.Incident},
		{"password", mime.Message{Subject: "Nhờ cấp lại mật khẩu", Text: "cho em 2153010001"}, bot.Question},
		{"deletion", mime.Message{Subject: "V/v khóa email sinh viên", Text: "các em đã nghỉ học"}, bot.DeletionRequest},
		{"request without files", mime.Message{Subject: "Đề nghị cấp tài khoản email", Text: "xem bảng"}, bot.AccountRequest},
		{"the form, by its code", mime.Message{Subject: "Xin mẫu BM-CNTT31", Text: "Kính gửi Phòng CNTT"}, bot.FormRequest},
		{"the form, in a sentence", mime.Message{Subject: "Đề nghị cấp email", Text: "Anh chị gửi giúp em biểu mẫu đề nghị cấp email với ạ."}, bot.FormRequest},
		{"the form, without marks", mime.Message{Subject: "Hoi", Text: "Cho em xin bieu mau BM-CNTT-31 a"}, bot.FormRequest},
		{"the form, where", mime.Message{Subject: "BM-CNTT31", Text: "Biểu mẫu BM-CNTT31 lấy ở đâu ạ?"}, bot.FormRequest},
		{"the form, in a reply", mime.Message{Subject: "Re: [QT.CNTT.03] [YC-2026-0042] x", Text: "Em chưa có mẫu, cho em xin file mẫu ạ"}, bot.FormRequest},
		{"the form, in English", mime.Message{Subject: "Form", Text: "Dear IT office,\nplease send me the form for new email accounts."}, bot.FormRequest},
		{"a form that comes along", mime.Message{Subject: "Gửi biểu mẫu BM-CNTT31", Text: "Phòng CTSV xin gửi biểu mẫu BM-CNTT31 đề nghị cấp email, gửi cho em xin ý kiến."}, bot.AccountRequest},
		{"a form that was filled in", mime.Message{Subject: "Đề nghị cấp email", Text: "Biểu mẫu đã điền nộp ở đâu ạ?"}, bot.AccountRequest},
		{"the form and a confirmation", mime.Message{Subject: "Re: x", Text: "Đã nhận đủ. Cho em xin biểu mẫu mới."}, bot.Conversation},
		{"the form and a question", mime.Message{Subject: "x", Text: "Cho em xin biểu mẫu. Danh sách lần trước đã cấp chưa ạ?"}, bot.Question},
		{"the form and an incident", mime.Message{Subject: "Báo sự cố", Text: "Cho em xin biểu mẫu báo sự cố"}, bot.Incident},
		{"the form, quoted", mime.Message{Subject: "Re: Xin mẫu BM-CNTT31", Text: "Cảm ơn.\n> Cho em xin biểu mẫu"}, bot.Conversation},
		{"invitation", mime.Message{Subject: "Mời họp", Text: "Kính mời họp 8h00"}, bot.Other},
		{"automatic", mime.Message{Automated: "Auto-Submitted: auto-replied", Text: "Đã nhận đủ"}, bot.Automatic},
		{"automatic, unmarked", mime.Message{Subject: "Automatic reply: Đã nhận đủ", Text: "Đã nhận đủ"}, bot.Automatic},
		{"bounce", mime.Message{DSN: &mime.DSN{}, Text: "Đã nhận đủ"}, bot.Bounce},
		{"list", mime.Message{List: true, Text: "Đã nhận đủ"}, bot.MailingList},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := reading(t, &tt.msg); got.Kind != tt.kind {
				t.Errorf("kind %s, not %s (%+v)", got.Kind, tt.kind, got.Said)
			}
		})
	}
}

// A list of people who left is no request for accounts, whatever the mail forgets to say.
func TestKindByLists(t *testing.T) {
	t.Parallel()
	left, fresh := parser.List{Title: "DANH SÁCH SINH VIÊN THÔI HỌC", Deletes: true}, parser.List{}
	letter := &parser.Letter{Request: parser.Value{Text: "Đề nghị cấp tài khoản email"}}
	for _, tt := range []struct {
		name  string
		sub   parser.Submission
		text  string
		kind  bot.Kind
		doubt Doubt
	}{
		{"leavers alone", parser.Submission{Lists: []parser.List{left}}, "Gửi anh chị danh sách.", bot.DeletionRequest, NoDoubt},
		{"newcomers alone", parser.Submission{Lists: []parser.List{fresh}}, "Gửi anh chị danh sách.", bot.AccountRequest, NoDoubt},
		{"leavers with a letter that asks for accounts", parser.Submission{Letter: letter, Lists: []parser.List{left}}, "", bot.AccountRequest, SpeaksOfDeletion},
		{"leavers beside newcomers", parser.Submission{Letter: letter, Lists: []parser.List{fresh, left}}, "", bot.AccountRequest, NoDoubt}, // LST-08 speaks
		{"newcomers, and words of closing", parser.Submission{Lists: []parser.List{fresh}}, "Nhờ vô hiệu hoá tài khoản các em sau.", bot.DeletionRequest, NoDoubt},
		{"a class, and words of closing", parser.Submission{Lists: []parser.List{{Title: "DANH SÁCH LỚP YBK47"}}}, "Nhờ vô hiệu hoá tài khoản các em sau.", bot.DeletionRequest, OnlyTheMailDeletes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := Reading{Submission: tt.sub, Text: tt.text}
			if kind, doubt := r.kind(&mime.Message{Subject: "Danh sách", Text: tt.text}); kind != tt.kind || doubt != tt.doubt {
				t.Errorf("%s %q, not %s %q", kind, doubt, tt.kind, tt.doubt)
			}
		})
	}
}

func TestReadFacts(t *testing.T) {
	t.Parallel()
	got := reading(t, &mime.Message{Subject: "Re: [QT.CNTT.03] [yc-2026-0042] x", Text: "Danh sách: https://drive.example.com/file/d/1, YC-2026-0099\nMật khẩu mở file: ctsv2024"})
	if got.Case != "YC-2026-0042" || !got.Password {
		t.Errorf("case %q, password %v", got.Case, got.Password)
	}
	if diff := cmp.Diff([]string{"https://drive.example.com/file/d/1"}, got.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	inner := strings.ReplaceAll("From: a@truong.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=ds.xlsx\n\nPK\n--b--\n", "\n", "\r\n")
	msg := &mime.Message{Parts: []mime.Part{
		{Name: "logo.png", Type: "image/png", Inline: true, Data: []byte("\x89PNG")},
		{Name: "scan.png", Type: "image/png", Inline: true, Data: append([]byte("\x89PNG"), make([]byte, smallPicture)...)},
		{Name: "anh.png", Type: "image/png", Data: []byte("p")},
		{Name: "lai.png", Type: "image/png", Data: []byte("p")},
		{Name: "moi.ics", Type: "text/calendar"},
		{Name: "smime.p7s", Type: "application/pkcs7-signature", Data: []byte("0\x80")},
		{Name: "Fwd.eml", Type: "message/rfc822", Data: []byte(inner)},
		{Name: "de nghi.docx", Type: "application/octet-stream"},
	}}
	var names []string
	all, _ := attached(msg)
	for _, f := range once(all) {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"scan.png", "anh.png", "ds.xlsx", "de nghi.docx"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	photo := mime.Part{Name: "ds.jpg", Type: "image/jpeg", Inline: true, Data: append([]byte("\xff\xd8"), make([]byte, logoPicture)...)}
	if got, _ := attached(&mime.Message{Parts: []mime.Part{{Name: "logo.png", Type: "image/png", Inline: true}, photo}}); len(got) != 1 || got[0].Name != "ds.jpg" {
		t.Errorf("a photo in the text, and nothing else: %d files", len(got))
	}
}

// FuzzSaid holds what keeps a wrong confirmation out: a question confirms nothing, nor does a text with "chưa" or "không" that names
// nobody who is missing; and only who stands in the case is missing.
func FuzzSaid(f *testing.F) {
	for _, seed := range []string{"Đã nhận đủ", "On x 2026 wrote:\n> y\nĐã bàn giao", "Thiếu: 2153010680", "Đồng ý cấp phần hợp lệ chưa?", "-----Original Message-----\nx", "Từ: a\nĐến: b",
		"Lớp YA đã bàn giao, lớp YB chưa có", "Còn thiếu 02 SV:\n- Nguyễn Văn An\n- STT 2", "Đã thấy 2153010686"} {
		f.Add(seed)
	}
	rows := receiptRows(f)
	f.Fuzz(func(t *testing.T, text string) {
		text, below := atSignature(unquoted(text))
		said, receipt := saidIn(text), Understood(text, below, rows)
		folded := " " + words(text) + " "
		for _, r := range []bot.Receipt{said.Receipt, receipt} {
			names := len(r.Missing)+len(r.Unknown)+len(r.Found) > 0
			confirms := r.Doubt == bot.Sure && (r.Received || r.HandedOver || len(r.Classes) > 0)
			if strings.Contains(text, "?") && r.Doubt == bot.Sure || !names && confirms && (strings.Contains(folded, " chua ") || strings.Contains(folded, " khong ")) {
				t.Errorf("%q confirms %+v", text, r)
			}
			for _, m := range r.Missing {
				if m.N < 1 || m.N > len(rows) || m.Why == "" {
					t.Errorf("%q misses row %d: %q", text, m.N, m.Why)
				}
			}
		}
		if (strings.Contains(text, "?") || strings.Contains(folded, " chua ") || strings.Contains(folded, " khong ")) && (said.AcceptGoodRows || said.Withdraw) {
			t.Errorf("%q says %+v", text, said)
		}
	})
}

func reading(t *testing.T, msg *mime.Message) Reading {
	t.Helper()
	r, err := Read(t.Context(), msg, InProcess(parser.DefaultLimits()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
