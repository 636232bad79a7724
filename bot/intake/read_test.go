package intake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

func TestSaid(t *testing.T) {
	t.Parallel()
	received, handed, both := Said{Received: true}, Said{HandedOver: true}, Said{Received: true, HandedOver: true}
	accept, withdraw, nothing := Said{AcceptGoodRows: true}, Said{Withdraw: true}, Said{}
	for _, tt := range []struct {
		text string
		want Said
	}{
		{"Đã nhận đủ", received},
		{"đã nhận đủ ạ.", received},
		{"DA NHAN DU", received},
		{"Dạ, Phòng CTSV đã nhận đủ. Cảm ơn Phòng CNTT!", received},
		{"Kính gửi Phòng CNTT,\n\nPhòng Công tác sinh viên xác nhận đã nhận đủ 142 tài khoản email\ntheo hồ sơ YC-2026-0042, tệp mở được bình thường.\n\nTrân trọng", received},
		{"Đã nhận đủ và đã bàn giao.", both},
		{"Đã nhận đủ.\nĐã bàn giao cho toàn bộ sinh viên.", both},
		{"Đã bàn giao", handed},
		{"Phòng ĐTSĐH đã bàn giao tất cả 25 tài khoản cho học viên.", handed},
		{"Đồng ý cấp phần hợp lệ", accept},
		{"\"Đồng ý cấp phần hợp lệ\"", accept},
		{"Phòng CTSV đồng ý cấp trước phần hợp lệ. Xin cảm ơn.", accept},
		{"Dong y cap phan hop le a", accept},
		{"Phòng CTSV xin rút đề nghị này. Cảm ơn.", withdraw},
		{"Xin rút lại hồ sơ YC-2026-0042", withdraw},
		{"Thiếu: 2153010680, 2153010681", Said{Missing: []string{"2153010680", "2153010681"}}},
		{"Phòng CTSV còn thiếu:\n2153010680\nck20240031", Said{Missing: []string{"2153010680", "CK20240031"}}},

		// Not sure enough: an officer reads them.
		{"", nothing},
		{"Đã nhận. Cảm ơn Phòng CNTT.", nothing},
		{"Chưa nhận đủ", nothing},
		{"Chúng tôi chưa nhận đủ tài khoản", nothing},
		{"Vẫn không thấy là đã nhận đủ", nothing},
		{"Đã nhận đủ chưa?", nothing},
		{"Đã nhận đủ, nhưng sai tên 2 em.", nothing},
		{"Đã nhận đủ. Tuy nhiên tệp không mở được.", nothing},
		{"Khi nào đã nhận đủ, Phòng sẽ báo.", nothing},
		{"Nếu đã nhận đủ thì báo lại giúp.", nothing},
		{"Đã nhận đủ giấy tờ nhập học của tân sinh viên", nothing},
		{"Đã bàn giao 100 tài khoản", nothing},
		{"Đã bàn giao một phần", nothing},
		{"Đã bàn giao cho lớp trưởng lớp A, còn lớp B tuần sau", nothing},
		{"Không đồng ý cấp phần hợp lệ", nothing},
		{"Chưa đồng ý cấp phần hợp lệ vì còn sửa", nothing},
		{"Đồng ý cấp phần hợp lệ sau khi Trưởng phòng duyệt", nothing},
		{"Đồng ý cấp phần hợp lệ, xin rút đề nghị", nothing},
		{"danh sách bị nhầm, xin RÚT LẠI đề nghị này, chưa cấp tài khoản", nothing},
		{"Không rút đề nghị", nothing},
		{"Không thiếu", nothing},
		{"Thiếu một số em, sẽ báo sau", nothing},
		{"Danh sách cấp email gửi ngày 05/9 đã xử lý chưa ạ?", Said{Status: true}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
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

// FuzzSaid holds what keeps a wrong confirmation out: text with a question, or with "chưa" or "không", confirms nothing.
func FuzzSaid(f *testing.F) {
	for _, seed := range []string{"Đã nhận đủ", "On x 2026 wrote:\n> y\nĐã bàn giao", "Thiếu: 2153010680", "Đồng ý cấp phần hợp lệ chưa?", "-----Original Message-----\nx", "Từ: a\nĐến: b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = unsigned(unquoted(text))
		said := saidIn(text)
		folded := " " + words(text) + " "
		if strings.Contains(text, "?") || strings.Contains(folded, " chua ") || strings.Contains(folded, " khong ") {
			if said.Received || said.HandedOver || said.AcceptGoodRows || said.Withdraw {
				t.Errorf("%q confirms %+v", text, said)
			}
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
