package app

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/mailer/mime"
)

// Pain 16: an attachment was dropped and the sender not told. The letter says in both languages which file came broken and
// what to do; a file that is whole all the same is served.
func TestPain16TheLetterNamesWhatCameBroken(t *testing.T) {
	t.Parallel()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.SMTP.From = "cntt@truong.example"
	world, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	files := attached(t, "a01-xlsx-plain")
	letter, list := files[0].Data, files[1].Data
	const csv = "STT,Mã số SV/HV,Họ và tên,Lớp,Khóa,Ghi chú\n1,2453010901,Nguyễn Văn An,YAK50,50,\n2,2453010902,Trần Thị Bích,YAK50,50,\n"
	coded := func(data string) string { return base64.StdEncoding.EncodeToString([]byte(data)) }
	part := func(header, body string) string { return "--b\r\n" + header + "\r\n\r\n" + body + "\r\n" }
	named := func(name string) string {
		return "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"" + name + "\""
	}
	whole := part(named("BM.docx"), coded(string(letter)))
	const text = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nĐề nghị cấp tài khoản email.\r\n"
	for _, tt := range []struct {
		name, parts string
		action      bot.Action
		says        []string
	}{
		{"whole", text + whole + part(named("DS.csv"), coded(csv)) + "--b--", bot.Queue, nil},
		{"a list with a lost letter", text + whole + part(named("DS.csv"), strings.Replace(coded(csv), "S", "", 1)) + "--b--", bot.AskSender,
			[]string{"Tệp DS.csv đến nơi không còn nguyên vẹn", "đính kèm lại tệp này", "The file DS.csv did not arrive whole", "Please attach this file to a new mail"}},
		{"a list that is cut off", text + whole + part(named("DS.csv"), coded(csv)[:80]), bot.AskSender,
			[]string{"Tệp DS.csv đến nơi không còn nguyên vẹn: thư bị đứt trước khi hết tệp", "The file DS.csv did not arrive whole: the mail was cut off"}},
		{"a workbook that is cut off", text + whole + part(named("DS.xlsx"), coded(string(list))[:2000]), bot.AskSender,
			[]string{"Tệp DS.xlsx đến nơi không còn nguyên vẹn", "The file DS.xlsx did not arrive whole"}},
		{"cut off behind a whole workbook", text + whole + part(named("DS.xlsx"), coded(string(list))), bot.Queue,
			[]string{"ngay sau tệp DS.xlsx", "right behind the file DS.xlsx"}},
		{"cut off before the list", text + whole, bot.AskSender,
			[]string{"ngay sau tệp BM.docx", "gửi lại cả thư", "send the whole mail again"}},
		{"cut off in the text", text, bot.AskSender, []string{"Thư bị đứt giữa chừng", "The mail was cut off on its way"}},
		{"a list that lies elsewhere", text + whole + part("Content-Type: message/external-body; access-type=URL; name=\"DS.xlsx\"", "Content-Type: text/csv\r\n") + "--b--", bot.AskSender,
			[]string{"Tệp DS.xlsx đến nơi không còn nguyên vẹn: tệp không nằm trong thư", "nothing is fetched from elsewhere"}},
		{"a list in yEnc", "--b\r\n\r\nDe nghi cap tai khoan email\r\nbegin\r\n=ybegin line=128 size=9 name=DS.xlsx\r\nabc\r\n=yend\r\n" + whole + "--b--", bot.AskSender,
			[]string{"Tệp DS.xlsx đến nơi không còn nguyên vẹn: được mã hoá", "encoded in a way that is not read here"}},
		{"a made-up encoding", text + whole + part(strings.Replace(named("DS.csv"), "base64", "x-new", 1), "!!!") + "--b--", bot.AskSender,
			[]string{"Tệp DS.csv đến nơi không còn nguyên vẹn"}},
		{"a forward that was cut", text + whole + part("Content-Type: message/rfc822; name=Fwd.eml", "From: a@truong.example\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nabc") + "--b--", bot.AskSender,
			[]string{"Fwd.eml"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw := "From: <ctsv@truong.example>\r\nSubject: De nghi cap tai khoan email\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + tt.parts
			now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
			got, err := world.CheckMail(t.Context(), []byte(raw), nil, now)
			if err != nil {
				t.Fatal(err)
			}
			if got.Request.Action != tt.action {
				t.Errorf("%s, not %s; %+v", got.Request.Action, tt.action, got.Request.Findings)
			}
			kind := bot.Acknowledged
			if tt.action == bot.AskSender {
				kind = bot.Returned
			}
			answer, err := newLetters(cfg, "").compose(bot.Answer{Kind: kind, Step: "x", At: now, Case: bot.Case{Number: "YC-2026-0042", ReceivedAt: now}, Request: got.Request,
				Unit: bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example"}}})
			if err != nil {
				t.Fatal(err)
			}
			m, err := mime.Parse(answer.Raw, mime.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(strings.Fields(m.Text), " ")
			for _, s := range tt.says {
				if !strings.Contains(said, s) {
					t.Errorf("%q is not said in\n%s", s, m.Text)
				}
			}
			if tt.says == nil && strings.Contains(said, "nguyên vẹn") {
				t.Errorf("nothing is broken:\n%s", m.Text)
			}
		})
	}
}
