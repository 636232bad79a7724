//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// A deletion over real servers (step 7): two people of three are mailed, checked, planned by one and approved by another, and can no
// longer sign in. One comes back, with his old password; the other is erased when the window is over, and his code is never
// given again. The clock of the program is stepped over the window.
func TestDeletionSQLite(t *testing.T)   { deletion(t, "sqlite") }
func TestDeletionPostgres(t *testing.T) { deletion(t, "postgres") }

func deletion(t *testing.T, database string) {
	w := newWorld(t, database)
	w.binary = filepath.Join(t.TempDir(), "vanthu")
	if out, err := exec.Command("go", "build", "-tags", "steppedclock", "-o", w.binary, "vanthu/cmd/vanthu").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.stepTo(time.Now())
	serve := w.serve()
	unit, inbox, desk := w.courier(ctsv), w.mailbox(ctsv), w.mailbox(service)

	list := people(500, 3)
	unit.send(request(t, ctsv, "new", list))
	w.await("the acknowledgement", 20*time.Second, func() bool { return inbox.count("INBOX") == 1 })
	w.served(inbox.mails("INBOX")[0].Header("X-Vanthu-Case"))
	w.await("the credentials", 30*time.Second, func() bool { return inbox.count("INBOX") == 2 })
	passwords := credentials(t, inbox.mails("INBOX")[1])
	signsIn := func(p person) bool {
		for _, e := range w.accounts() {
			if e.code == p.code {
				return w.signIn(e.dn, passwords[p.code]) == nil
			}
		}
		return false
	}
	stays, comesBack, leaves := list[0], list[1], list[2]
	told := func(subject string) *mime.Message { // other letters come, too: reminders of the accounts
		w.await(subject, 30*time.Second, func() bool {
			return slices.ContainsFunc(inbox.mails("INBOX"), func(m *mime.Message) bool { return strings.Contains(m.Subject, subject) })
		})
		all := inbox.mails("INBOX")
		return all[slices.IndexFunc(all, func(m *mime.Message) bool { return strings.Contains(m.Subject, subject) })]
	}

	// A name that is another's is named; nothing is done of it before the unit has answered.
	wrong := leaves
	wrong.name = "Người Khác Hẳn"
	unit.send(leavers(t, "left-1", []person{comesBack, wrong}))
	w.await("the first answer", 20*time.Second, func() bool { return inbox.count("INBOX") == 3 })
	first := inbox.mails("INBOX")[2]
	number := first.Header("X-Vanthu-Case")
	if !strings.Contains(first.Text, "DEL-03") || w.state(number) != bot.WaitingUnit || len(first.Parts) != 1 {
		t.Errorf("%s: case %s, %d files\n%s", first.Subject, w.state(number), len(first.Parts), first.Text)
	}
	corrected := leavers(t, "left-2", []person{comesBack, leaves})
	corrected.InReplyTo, corrected.References, corrected.Subject = first.ID, []string{first.ID}, "Re: "+first.Subject
	unit.send(corrected)
	w.await("M07a", 20*time.Second, func() bool { return inbox.count("INBOX") == 4 })
	received := inbox.mails("INBOX")[3]
	if got := received.Header("X-Vanthu-Case"); got != number || !strings.Contains(received.Text, "1234/QĐ-ĐHYDVD") || !strings.Contains(received.Text, "02 tài khoản khớp") {
		t.Errorf("case %s\n%s", got, received.Text)
	}

	// No mail alone and no single person: not the maker, not an approval of something else.
	for _, p := range list {
		if !signsIn(p) {
			t.Fatalf("%s cannot sign in before anything was approved", p.code)
		}
	}
	w.must("case", "check", number, "--as", "lan")
	var plan bot.Plan
	decode(t, w.must("plan", "make", number, "--as", "lan", "--json"), &plan)
	if plan.Kind != bot.PlanSuspend || len(plan.Items) != 2 || plan.Needs != 1 {
		t.Fatalf("%+v", plan)
	}
	if _, err := w.run("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "lan"); err == nil {
		t.Error("the maker approved the plan")
	}
	w.must("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "minh")
	suspended := told("Đã tạm khoá tài khoản email")
	if len(suspended.Parts) != 1 || !strings.Contains(string(suspended.Parts[0].Data), leaves.name) || !strings.Contains(suspended.Text, "còn 30 ngày") {
		t.Errorf("the notices for the people (M07b) are not there: %+v\n%s", suspended.Parts, suspended.Text)
	}
	if !signsIn(stays) || signsIn(comesBack) || signsIn(leaves) {
		t.Errorf("sign in: %v stays, %v and %v are suspended", signsIn(stays), signsIn(comesBack), signsIn(leaves))
	}

	// The unit wants one stopped, in its own words; an officer gives him back.
	unit.send(answer(ctsv, suspended, "stop", "Kính gửi Phòng CNTT,\nSinh viên "+comesBack.code+" được học tiếp, đề nghị dừng xoá tài khoản của em này."))
	w.await("the mail with the officer", 20*time.Second, func() bool { return desk.count("Quarantine") == 1 })
	if shown := w.must("case", "show", number, "--as", "lan"); !strings.Contains(shown, "row 1 waits for an officer") {
		t.Errorf("the row is not stopped:\n%s", shown)
	}
	w.stepTo(noon(24))
	told("Còn 06 ngày")
	w.must("case", "restore", number, "1", "--reason", "Đơn vị báo sinh viên được học tiếp.", "--as", "lan")
	told("Đã khôi phục tài khoản email")
	if !signsIn(comesBack) || signsIn(leaves) {
		t.Errorf("after the restore: %v is back, %v is suspended", signsIn(comesBack), signsIn(leaves))
	}

	// The last day, and then the window is over.
	w.stepTo(noon(29))
	told("Còn 01 ngày")
	w.stepTo(noon(31))
	told("Thông báo đã xoá tài khoản email")
	w.await("the end", 20*time.Second, func() bool { return w.state(number) == bot.Closed })
	if len(w.accounts()) != 2 || !signsIn(stays) || !signsIn(comesBack) {
		t.Errorf("%d accounts are left", len(w.accounts()))
	}
	before := inbox.count("INBOX")
	unit.send(request(t, ctsv, "again", []person{leaves}))
	// A reminder about the first request may be due on such a day, too.
	w.await("the answer that a deleted code was asked for again", 20*time.Second, func() bool {
		return slices.ContainsFunc(inbox.mails("INBOX")[before:], func(m *mime.Message) bool {
			return strings.Contains(m.Text, "ROW-07") && strings.Contains(m.Text, "1234/QĐ-ĐHYDVD")
		})
	})
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, serve.log)
	}
}

// noon is that many days from today, at the desk.
func noon(days int) time.Time {
	at := time.Now().In(bot.ICT)
	return time.Date(at.Year(), at.Month(), at.Day()+days, 12, 0, 0, 0, bot.ICT)
}

// served takes a case through check, plan and approval.
func (w *world) served(number string) {
	w.t.Helper()
	w.must("case", "check", number, "--as", "lan")
	var plan bot.Plan
	decode(w.t, w.must("plan", "make", number, "--as", "lan", "--json"), &plan)
	w.must("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "minh")
}

// stepTo sets the clock of a program with a stepped one.
func (w *world) stepTo(at time.Time) {
	w.t.Helper()
	name := filepath.Join(w.dir, "clock")
	if err := os.WriteFile(name+".new", fmt.Appendf(nil, "%s %s\n", at.Format(time.RFC3339Nano), time.Now().Format(time.RFC3339Nano)), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		w.t.Fatal(err)
	}
	if t, ok := w.t.(*testing.T); ok && os.Getenv("VANTHU_STEPPED_CLOCK") != name {
		t.Setenv("VANTHU_STEPPED_CLOCK", name)
	}
}

// leavers is a unit's mail about people who left: a letter, and a list with the decision of each.
func leavers(t testing.TB, id string, list []person) compose.Mail {
	t.Helper()
	decided := time.Now().AddDate(0, 0, -1).Format("02/01/2006")
	f := excelize.NewFile()
	defer f.Close()
	set := func(cell string, row []any) {
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	set("A1", []any{"DANH SÁCH SINH VIÊN THÔI HỌC"})
	set("A3", []any{"Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Số quyết định", "Ngày quyết định"})
	for i, p := range list {
		set(fmt.Sprintf("A%d", i+4), []any{i + 1, p.code, p.name, p.class, p.cohort, "1234/QĐ-ĐHYDVD", decided})
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	letter := wordFile(t, []string{"TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ", "ĐƠN VỊ: PHÒNG CÔNG TÁC SINH VIÊN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập – Tự do – Hạnh phúc",
		"Cần Thơ, ngày " + time.Now().Format("02 tháng 01 năm 2006"), "BẢN ĐỀ NGHỊ", "Về việc xoá tài khoản email của sinh viên thôi học", "Kính gửi: Phòng Công nghệ Thông tin",
		"Lý do: Sinh viên đã thôi học theo Quyết định của Hiệu trưởng", "Đề nghị Phòng CNTT xoá tài khoản email của sinh viên thôi học theo danh sách đính kèm.",
		"Trân trọng.", "Thủ trưởng đơn vị", "Nguyễn Thị Thu Hà"})
	return compose.Mail{From: mime.Address{Name: "PHÒNG CÔNG TÁC SINH VIÊN", Address: ctsv}, To: []mime.Address{{Address: service}}, Subject: "Đề nghị xoá tài khoản sinh viên thôi học",
		MessageID: "<" + id + "@truong.example>", Date: time.Now(), Text: "Kính gửi Phòng CNTT,\nĐơn vị gửi danh sách sinh viên thôi học kèm theo.\n",
		Attachments: []compose.Attachment{{Name: "De nghi xoa.docx", Type: docxType, Data: letter}, {Name: "Thoi hoc.xlsx", Type: xlsxType, Data: out.Bytes()}}}
}
