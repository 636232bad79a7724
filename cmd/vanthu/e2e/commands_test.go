//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// asking is a mail of a unit in its own words.
func asking(from, id, subject, text string, files ...compose.Attachment) compose.Mail {
	_, domain, _ := strings.Cut(from, "@")
	return compose.Mail{From: mime.Address{Address: from}, To: []mime.Address{{Address: service}}, Subject: subject, MessageID: "<" + id + "@" + domain + ">",
		Date: time.Now(), Text: text, Attachments: files}
}

func listFile(t *testing.T, list []person) compose.Attachment {
	return compose.Attachment{Name: "Danh sách.xlsx", Type: xlsxType, Data: workbook(t, list)}
}

// Each thing that a unit may ask, over real servers: the answer begins with what was understood, and nothing is opened or reserved.
func TestCommands(t *testing.T) {
	w := newWorld(t, "sqlite")
	serve := w.serve()
	a := w.open()
	unit, box := w.courier(ctsv), w.mailbox(ctsv)
	sent, got := 0, 0
	// ask sends a mail and returns its line of the journal and its answer, nil for none.
	ask := func(m compose.Mail, answers int) (store.Mail, *mime.Message) {
		t.Helper()
		unit.send(m)
		sent++
		line := w.judged(a, m.MessageID, sent)
		got += answers
		w.await("the answer to "+m.MessageID, 20*time.Second, func() bool { return box.count("INBOX") >= got })
		all := box.mails("INBOX")
		if len(all) != got {
			t.Fatalf("%s: %d answers in all, want %d; %s %s", m.MessageID, len(all), got, line.Outcome, line.Reason)
		}
		if answers == 0 {
			return line, nil
		}
		last := all[len(all)-1]
		if last.Header("Auto-Submitted") != "auto-replied" || len(last.InReplyTo) != 1 || last.InReplyTo[0] != m.MessageID && !strings.Contains(last.Subject, "Đã dừng xử lý") { // that one stands in the thread of its case
			t.Errorf("%s is answered by %q, In-Reply-To %v", m.MessageID, last.Subject, last.InReplyTo)
		}
		return line, last
	}
	says := func(m *mime.Message, parts ...string) {
		t.Helper()
		for _, part := range append([]string{"hiểu thư của Quý đơn vị như sau:"}, parts...) {
			if !strings.Contains(m.Text, part) {
				t.Errorf("%q does not say %q:\n%s", m.Subject, part, m.Text)
			}
		}
	}

	_, m := ask(asking(ctsv, "form", "Xin mẫu", "Cho em xin mẫu BM-CNTT31 ạ."), 1)
	says(m, "01. Xin biểu mẫu BM-CNTT31.")
	if len(m.Parts) != 2 {
		t.Errorf("%d files with the form", len(m.Parts))
	}
	_, m = ask(asking(ctsv, "help", "Trợ giúp", ""), 1)
	says(m, "Nhờ kiểm tra thử danh sách, chưa gửi chính thức", "Xin rút hồ sơ")
	_, m = ask(asking(ctsv, "nothing", "Hỏi", "Cho hỏi tình hình đề nghị tuần trước."), 1)
	says(m, "hiện không có hồ sơ nào")

	// A list that is only checked.
	list := people(100, 4)
	list[1].name = ""
	line, m := ask(asking(ctsv, "trial", "Kiểm tra giúp", "Nhờ kiểm tra giúp danh sách này, chưa gửi chính thức.", listFile(t, list)), 1)
	says(m, "Nhờ kiểm tra thử danh sách", "NAM-01", "KHÔNG có hồ sơ nào được mở")
	if line.CaseID != 0 || line.Number != "" || len(m.Parts) != 1 || len(w.numbers()) != 0 {
		t.Errorf("the trial left case %d, number %q, %d cases, %d files", line.CaseID, line.Number, len(w.numbers()), len(m.Parts))
	}

	// Now for real: the number is the first one, and the codes are free. Its form comes back filled in, for its list is none.
	real := request(t, ctsv, "real", list)
	real.Attachments[1] = compose.Attachment{Name: "ds.csv", Type: "text/csv", Data: csv(list)}
	_, m = ask(real, 1)
	number := m.Header("X-Vanthu-Case")
	if !strings.HasSuffix(number, "-0001") || len(m.Parts) != 2 || !strings.Contains(m.Parts[1].Name, "điền sẵn") {
		t.Errorf("case %s came with %d files", number, len(m.Parts))
	} else if f, err := excelize.OpenReader(bytes.NewReader(m.Parts[1].Data)); err != nil {
		t.Error(err)
	} else if code, _ := f.GetCellValue("Danh sách", "B5"); code != list[0].code {
		t.Errorf("the form begins with %q", code)
	}
	line, m = ask(asking(ctsv, "status", "Hỏi", "Hồ sơ "+number+" đến đâu rồi ạ?"), 1)
	says(m, "01. Hỏi tình hình hồ sơ "+number, "chờ Quý đơn vị hoàn thiện danh sách", "04 dòng, trong đó 03 dòng hợp lệ")
	if line.Outcome != store.IsFollowUp || line.CaseID == 0 {
		t.Errorf("the question: %s %s", line.Outcome, line.Reason)
	}

	// Another unit is told nothing of it.
	other := w.courier(dtsdh)
	for i, text := range []string{"Hồ sơ " + number + " đến đâu rồi?", "Xin rút hồ sơ " + number + "."} {
		q := asking(dtsdh, fmt.Sprint("spy", i), "Hỏi", text)
		other.send(q)
		sent++
		w.judged(a, q.MessageID, sent)
		w.await("the answer to the other unit", 20*time.Second, func() bool { return w.mailbox(dtsdh).count("INBOX") == i+1 })
		told := w.mailbox(dtsdh).mails("INBOX")[i]
		if !strings.Contains(told.Text, "không có hồ sơ nào mang mã số "+number) && !strings.Contains(told.Text, "chưa có hồ sơ nào được rút") || strings.Contains(told.Text, "hoàn thiện danh sách") {
			t.Errorf("the other unit is told:\n%s", told.Text)
		}
	}
	if w.state(number) != bot.WaitingUnit {
		t.Errorf("the case is %s", w.state(number))
	}

	// Several things, one of them not understood.
	line, m = ask(asking(ctsv, "several", "Hỏi", "Hồ sơ "+number+" đến đâu rồi?\nSinh viên quên mật khẩu thì liên hệ ai ạ?\nTrưởng phòng muốn gặp anh Minh vào thứ Sáu."), 1)
	says(m, "01. Hỏi tình hình", "02. Hỏi việc ngoài phạm vi quy trình: cấp lại mật khẩu", "Mật khẩu không được cấp lại", "- Trưởng phòng muốn gặp anh Minh vào thứ Sáu")
	if line.Outcome != store.Quarantined || !strings.Contains(w.must("mail", "list", "--as", "lan"), "answered: status, outside") {
		t.Errorf("no officer sees the rest: %s %s", line.Outcome, line.Reason)
	}

	// The same question in answer to the answer; a program.
	again := answer(ctsv, m, "again", "Hồ sơ "+number+" đến đâu rồi?")
	if line, _ = ask(again, 0); line.Outcome != store.Quarantined {
		t.Errorf("asked again: %s %s", line.Outcome, line.Reason)
	}
	robot := asking(ctsv, "robot", "Hỏi", "Hồ sơ "+number+" đến đâu rồi?")
	robot.AutoSubmitted = "auto-generated"
	if line, _ = ask(robot, 0); line.Outcome != store.Ignored {
		t.Errorf("a program: %s %s", line.Outcome, line.Reason)
	}

	// Withdrawn by a mail of its own; too late when accounts are made.
	if _, m = ask(asking(ctsv, "out", "Rút", "Xin rút hồ sơ "+number+" vì gửi nhầm danh sách."), 1); w.state(number) != bot.Withdrawn || !strings.Contains(m.Subject, "Đã dừng xử lý") {
		t.Errorf("withdrawn: %s, %q", w.state(number), m.Subject)
	}
	_, m = ask(request(t, ctsv, "second", people(200, 2)), 1)
	second := m.Header("X-Vanthu-Case")
	w.must("case", "check", second, "--as", "lan")
	var plan bot.Plan
	decode(t, w.must("plan", "make", second, "--as", "lan", "--json"), &plan)
	w.must("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "minh")
	w.await("the credentials", 30*time.Second, func() bool { return w.state(second) == bot.Delivered && box.count("INBOX") == got+1 })
	got++
	if _, m = ask(asking(ctsv, "late", "Rút", "Xin rút hồ sơ "+second+"."), 1); w.state(second) != bot.Delivered {
		t.Errorf("withdrawn too late: %s", w.state(second))
	}
	says(m, "không rút được nữa")

	// In doubt, the letter decides; the answer says so.
	doubt := request(t, ctsv, "doubt", people(300, 2))
	doubt.Text = "Nhờ Phòng kiểm tra giúp danh sách ạ.\n"
	doubt.Subject = "Danh sách"
	if line, m = ask(doubt, 1); line.Outcome != store.IsCase || !strings.Contains(m.Text, "hiểu đây là đề nghị chính thức") {
		t.Errorf("in doubt with a letter: %s %s", line.Outcome, line.Reason)
	}

	w.strangersAsk(a.DB, sent)
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if serve.log.contains("Trưởng phòng") || serve.log.contains("kiểm tra giúp") {
		t.Error("the log holds what a unit wrote")
	}
}

// strangersAsk writes every command from outside: signed by a domain of its own, and in the unit's name without a proof. Nobody is told
// anything.
func (w *world) strangersAsk(db *store.DB, sent int) {
	w.t.Helper()
	before := map[string]int{}
	for _, address := range []string{ctsv, dtsdh, stranger} {
		before[address] = w.mailbox(address).count("INBOX")
	}
	t := w.t.(*testing.T)
	n := 0
	for i, text := range []string{"Cho em xin mẫu BM-CNTT31 ạ.", "Hồ sơ YC-2026-0001 đến đâu rồi?", "Nhờ kiểm tra thử danh sách, chưa gửi chính thức.", "Xin rút hồ sơ YC-2026-0002.",
		"Trợ giúp", "Quên mật khẩu thì liên hệ ai ạ?"} {
		for who, signer := range map[string]string{stranger: "evil.example", ctsv: ""} {
			m := asking(who, fmt.Sprint("stranger", i, signer), "Hỏi", text, listFile(t, people(400, 1)))
			w.fromOutside(who, service, signer, bytesOf(t, m))
			n++
		}
	}
	w.await("the strangers' mails judged", time.Minute, func() bool {
		judged := 0
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			counts, err := tx.CountMails(t.Context())
			for outcome, n := range counts {
				if outcome != "" {
					judged += n
				}
			}
			return err
		})
		return err == nil && judged >= sent+n
	})
	for address, n := range before {
		if now := w.mailbox(address).count("INBOX"); now != n {
			t.Errorf("%s got %d mails because of strangers", address, now-n)
		}
	}
}

// csv is a list without the columns of the form.
func csv(list []person) []byte {
	var b bytes.Buffer
	b.WriteString("Họ và tên;MSSV;Lớp;Khóa\n")
	for _, p := range list {
		fmt.Fprintf(&b, "%s;%s;YK48;K48\n", p.name, p.code)
	}
	return b.Bytes()
}

// A class that nobody knows stops its case until an officer confirms it; other spellings of it are understood from then on.
func TestCommandsClasses(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.change("[[rules.code]]", "[rules]\nconfirm_classes = true\n\n[[rules.code]]")
	w.serve()
	a := w.open()
	unit, box := w.courier(ctsv), w.mailbox(ctsv)
	send := func(id string, list []person, n int) *mime.Message {
		t.Helper()
		m := request(t, ctsv, id, list)
		unit.send(m)
		w.judged(a, m.MessageID, n)
		w.await("the answer", 20*time.Second, func() bool { return box.count("INBOX") == n })
		return box.mails("INBOX")[n-1]
	}
	first := send("first", people(500, 2), 1)
	number := first.Header("X-Vanthu-Case")
	if !strings.Contains(first.Text, "ROW-09") {
		t.Errorf("nothing is said of the class:\n%s", first.Text)
	}
	if out, err := w.run("case", "check", number, "--as", "lan"); err == nil {
		t.Errorf("checked with an unknown class: %s", out)
	}
	var classes struct {
		Unknown []bot.Class `json:"unknown"`
	}
	decode(t, w.must("class", "list", "--unknown", "--as", "lan", "--json"), &classes)
	if len(classes.Unknown) == 0 {
		t.Fatal("class list names no unknown class")
	}
	for _, c := range classes.Unknown {
		w.must("class", "confirm", c.Name, "--as", "lan")
	}
	w.must("case", "check", number, "--as", "lan")
	if second := send("second", people(510, 2), 2); strings.Contains(second.Text, "ROW-09") {
		t.Errorf("the class is known, and the unit is told:\n%s", second.Text)
	}
	w.must("class", "forget", classes.Unknown[0].Name, "--as", "lan")
	if third := send("third", people(520, 2), 3); !strings.Contains(third.Text, "ROW-09") {
		t.Errorf("the class was forgotten, and nothing is said:\n%s", third.Text)
	}
}
