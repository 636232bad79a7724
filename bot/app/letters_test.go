package app

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/mailer/mime"
)

func TestLettersOfTheDesk(t *testing.T) {
	t.Parallel()
	const form = ", BM-CNTT31 Đề nghị cấp email (điền sẵn).docx, BM-CNTT31 Danh sách (điền sẵn).xlsx" // its list is no form, and it has no letter
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.School.Place, cfg.SMTP.From = "Ví Dụ", "cntt@truong.example"
	list, err := os.ReadFile("../reply/testdata/lists/mixed-defects.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	row := func(n int, name string, ok bool) bot.Row {
		return bot.Row{N: n, Name: name, Line: 7 + n, Sheet: "Sheet1", OK: ok, Cells: map[string]string{}}
	}
	received := time.Date(2026, 11, 20, 2, 5, 0, 0, time.UTC)
	base := bot.Answer{
		Step: "x", Case: bot.Case{Number: "YC-2026-0042", ReceivedAt: received}, At: received.Add(50 * time.Hour),
		Unit: bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example"}},
		Request: bot.Request{
			Rows:     []bot.Row{row(1, "Người Bị Từ Chối", false), row(2, "Người Giữ Lại", false)},
			Findings: []bot.Finding{{Rule: "ROW-01", Severity: bot.RejectRow, N: 2}, {Rule: "ROW-08", Severity: bot.Warn, N: 1}},
		},
	}
	for _, tt := range []struct {
		name   string
		change func(*bot.Answer)
		says   []string
		not    []string
		part   string // name of the attachment
	}{
		{
			name:   "the consent has its own instant and time limit",
			change: func(a *bot.Answer) { a.Kind, a.Promise.Accounts = bot.PartAccepted, received.Add(800*time.Hour) },
			says:   []string{"Ví Dụ, ngày 22 tháng 11 năm 2026", "lúc 11 giờ 05 phút ngày 22 tháng 11 năm 2026", "chậm nhất ngày 23 tháng 12 năm 2026", "Người Giữ Lại", "mã hồ sơ riêng"},
			not:    []string{"09 giờ 05 phút"},
		},
		{
			name:   "a delivery without accounts",
			change: func(a *bot.Answer) { a.Kind = bot.CredentialsOf },
			says:   []string{"chưa tạo được tài khoản nào", "- Dòng 8 | STT (trống) | (chưa có mã số) | Người Bị Từ Chối", "liên hệ", "01 dòng chưa phù hợp đã được thông báo"},
			not:    []string{"Người Giữ Lại", "tệp", "Đã nhận đủ", " 00 "},
		},
		{
			name: "a list that comes back marked",
			change: func(a *bot.Answer) {
				a.Kind, a.Lists = bot.Defects, []bot.ListFile{{Name: "Danh sách RK52.xlsx", Data: list}}
			},
			says: []string{"Đồng ý cấp phần hợp lệ", "thay thế toàn bộ"}, part: "Danh sách RK52 (đã đánh dấu).xlsx" + form,
		},
		{
			name: "a list that was marked before, named by a Mac",
			change: func(a *bot.Answer) {
				a.Kind, a.Lists = bot.Defects, []bot.ListFile{{Name: "RK52 (đa\u0303 đa\u0301nh dâ\u0301u).xlsx", Data: list}}
			},
			part: "RK52 (đã đánh dấu).xlsx" + form,
		},
		{
			name: "two lists of one name, one of them in an archive",
			change: func(a *bot.Answer) {
				a.Kind, a.Lists = bot.Defects, []bot.ListFile{{Name: "ds.xlsx", Data: list}, {Name: "hồ sơ.zip/ds.xls", Data: list}}
				for i := range a.Request.Rows {
					a.Request.Rows[i].File = a.Lists[i%2].Name
				}
			},
			part: "ds (đã đánh dấu).xlsx, ds (đã đánh dấu) 2.xlsx" + form,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := base
			a.Request.Rows = append([]bot.Row{row(3, "Người Hợp Lệ", true)}, a.Request.Rows...)
			tt.change(&a)
			letter, err := newLetters(cfg, "").compose(a)
			if err != nil {
				t.Fatal(err)
			}
			m, err := mime.Parse(letter.Raw, mime.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range tt.says {
				if !strings.Contains(m.Text, s) {
					t.Errorf("%q is not said in\n%s", s, m.Text)
				}
			}
			vietnamese, _, _ := strings.Cut(m.Text, "——— English")
			for _, s := range tt.not {
				if strings.Contains(vietnamese, s) {
					t.Errorf("%q is said in\n%s", s, vietnamese)
				}
			}
			var parts []string
			for _, p := range m.Parts {
				parts = append(parts, p.Name)
			}
			if got := strings.Join(parts, ", "); got != tt.part {
				t.Errorf("attached %q, want %q", got, tt.part)
			}
			if ascii := `filename="` + "Danh sach RK52 (da danh dau).xlsx" + `"`; strings.HasPrefix(tt.part, "Danh") && !bytes.Contains(letter.Raw, []byte(ascii)) {
				t.Error("no name for programs that read ASCII alone")
			}
		})
	}
}
