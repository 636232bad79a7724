package app

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
)

// people are few, so that lists overlap; the last code is not one.
var sequencePeople = []string{"2153010001", "2153010002", "2153010003", "2153010004", "2153010005", "2153010006", "21530"}

// unitAsks mails a list, most often with its letter, as a new mail or as a reply to any letter of ours.
func (w *sequence) unitAsks(t *rapid.T) {
	w.asks(t, rapid.IntRange(0, 2).Draw(t, "what") == 0)
}

func (w *sequence) asks(t *rapid.T, deletes bool) {
	people := sequencePeople[:6]
	if have := slices.Sorted(maps.Keys(w.platform)); deletes && len(have) > 0 && rapid.IntRange(0, 5).Draw(t, "of those who have one") > 0 {
		people = have
	}
	codes := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 1, min(3, len(people)), rapid.ID[string]).Draw(t, "people")
	if rapid.IntRange(0, 3).Draw(t, "bad row") == 0 {
		codes = append(codes, sequencePeople[6])
	}
	var list strings.Builder
	title := "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL"
	letter := "ĐƠN VỊ: {unit}\nCần Thơ, ngày 25 tháng 01 năm 2027\nBẢN ĐỀ NGHỊ\nVề việc cấp tài khoản email\nKính gửi: Phòng Công nghệ Thông tin\nLý do cấp email: sinh viên nhập học\nĐề nghị Phòng CNTT cấp mới tài khoản email cho sinh viên theo danh sách đính kèm.\nThủ trưởng đơn vị\nNguyễn Thị Thu Hà"
	if deletes {
		title = "DANH SÁCH SINH VIÊN THÔI HỌC\n(Kèm theo Quyết định số 12/QĐ-ĐHYD ngày 25/01/2027)"
		letter = "ĐƠN VỊ: {unit}\nCần Thơ, ngày 25 tháng 01 năm 2027\nBẢN ĐỀ NGHỊ\nVề việc xoá tài khoản email của sinh viên thôi học\nKính gửi: Phòng Công nghệ Thông tin\nCăn cứ Quyết định số 12/QĐ-ĐHYD ngày 25/01/2027 về việc thôi học\nĐề nghị Phòng CNTT xoá tài khoản email theo danh sách đính kèm.\nThủ trưởng đơn vị\nNguyễn Thị Thu Hà"
	}
	fmt.Fprintf(&list, "%s\nStt,Mã số SV/HV,Họ và tên,Lớp,Khóa,Ghi chú\n", title)
	for i, code := range codes {
		note := ""
		if i == 0 && !deletes {
			note = "Lớp trưởng"
		}
		fmt.Fprintf(&list, "%d,%s,Nguyễn Văn %s,YA K47,K47,%s\n", i+1, code, []string{"An", "Bình", "Chi", "Dũng", "Em", "Giang", "Hà"}[slices.Index(sequencePeople, code)], note)
	}
	if rapid.IntRange(0, 5).Draw(t, "no letter") == 0 {
		letter = "Em gửi danh sách ạ."
	}
	w.mail(t, letter, list.String())
}

// unitSays mails words without a list, as a reply to any letter of ours.
func (w *sequence) unitSays(t *rapid.T) {
	w.mail(t, rapid.SampledFrom([]string{
		"Đã nhận đủ.", "Đã bàn giao cho toàn bộ sinh viên.", "Đồng ý cấp phần hợp lệ.", "Xin rút hồ sơ.", "Thiếu: {code}, 2153010002", "Thiếu: {code}", "Còn thiếu {code} ạ.", "Thiếu: {code}.", "Đã bàn giao lớp YA K47.", "{code} đã đăng nhập được rồi ạ.",
		"Hồ sơ đến đâu rồi ạ?", "Đề nghị xoá tài khoản 2153010001.", "Đề nghị dừng xoá tài khoản 2153010001.", "Cho em xin mẫu BM-CNTT31.", "DUYỆT", "Đồng ý duyệt kế hoạch.",
		"Đề nghị cấp lại mật khẩu cho 2153010001."}).Draw(t, "words"), "")
}

// unitMisses says that somebody of a delivered case has no account, in a reply to its newest letter.
func (w *sequence) unitMisses(t *rapid.T) {
	var letters []store.Letter
	w.read(func(ctx context.Context, tx *store.Tx) error {
		cases, err := tx.Cases(ctx, bot.Delivered)
		if err != nil || len(cases) == 0 {
			return err
		}
		letters, err = tx.Letters(ctx, cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")].ID)
		return err
	})
	if len(letters) == 0 {
		t.Skip("nothing is delivered")
	}
	w.sends(t, "Thiếu: {code}", "", letters[len(letters)-1:])
}

// mail mails something new, or a reply to any letter of ours.
func (w *sequence) mail(t *rapid.T, text, list string) {
	var letters []store.Letter
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		letters, err = tx.Letters(ctx, 0)
		return err
	})
	if len(letters) > 0 && rapid.IntRange(0, 2).Draw(t, "reply") == 0 {
		letters = nil
	}
	w.sends(t, text, list, letters)
}

// sends mails a reply to one of these letters, or something new where there is none.
func (w *sequence) sends(t *rapid.T, text, list string, letters []store.Letter) {
	from := rapid.SampledFrom([]string{"ctsv@truong.example", "ctsv@truong.example", "dtsdh@truong.example"}).Draw(t, "unit")
	subject, reply := "Đề nghị về tài khoản email", ""
	if n := len(letters); n > 0 {
		back := rapid.IntRange(0, n-1).Draw(t, "letters back") // the newest most often
		l := letters[n-1-back]
		subject, reply = "Re: "+l.Subject, "In-Reply-To: "+l.MessageID+"\r\n"
		if rapid.IntRange(0, 7).Draw(t, "another unit") > 0 {
			from = l.To
		}
		w.read(func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.Rows(ctx, l.CaseID)
			if len(rows) > 0 {
				text = strings.ReplaceAll(text, "{code}", rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")].Code)
			}
			return err
		})
	}
	auth := "Authentication-Results: mail.truong.example; auth=pass smtp.auth=" + from + "\r\n"
	if rapid.IntRange(0, 9).Draw(t, "forged") == 0 {
		auth = ""
	}
	text = strings.ReplaceAll(text, "{code}", "2153010001")
	text = strings.ReplaceAll(text, "{unit}", map[string]string{"ctsv@truong.example": "PHÒNG CÔNG TÁC SINH VIÊN", "dtsdh@truong.example": "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC"}[from])
	w.uid++
	head := fmt.Sprintf("%sReceived: from pc by mail.truong.example with ESMTPSA; Thu, 28 Jan 2027 02:00:00 +0000\r\nFrom: %s\r\nTo: cntt@truong.example\r\nDate: %s\r\nMessage-ID: <%d@truong.example>\r\nMIME-Version: 1.0\r\n%s",
		auth, from, w.now.Format(time.RFC1123Z), w.uid, reply)
	head += "Subject: " + mime.BEncoding.Encode("utf-8", subject) + "\r\n"
	body := "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	if list != "" {
		body = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8; name=\"de-nghi.txt\"\r\n\r\n" + text +
			"\r\n--b\r\nContent-Type: text/csv; charset=utf-8; name=\"danh-sach.csv\"\r\nContent-Disposition: attachment; filename=\"danh-sach.csv\"\r\n\r\n" + list + "\r\n--b--\r\n"
	}
	if err := w.parts.intake.Store(w.ctx(), []inbox.Delivery{{Mailbox: "INBOX", UIDValidity: 7, UID: w.uid, InternalDate: w.now, Raw: []byte(head + body), Size: int64(len(head + body))}}); err != nil {
		t.Fatal(err)
	}
	var mails []store.Mail
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		mails, err = tx.Mails(ctx, "")
		return err
	})
	m := mails[len(mails)-1]
	if err := w.parts.intake.Mail(w.ctx(), m.ID); err != nil {
		t.Fatalf("mail %d: %v", m.ID, err)
	}
}
