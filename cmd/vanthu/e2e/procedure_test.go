//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// The whole procedure over real servers, once on each database: check → plan → approve → create → deliver → confirm.
func TestProcedureSQLite(t *testing.T)   { procedure(t, "sqlite") }
func TestProcedurePostgres(t *testing.T) { procedure(t, "postgres") }

func procedure(t *testing.T, database string) {
	w := newWorld(t, database)
	serve := w.serve()
	unit, other := w.courier(ctsv), w.courier(dtsdh)
	inbox, desk := w.mailbox(ctsv), w.mailbox(service)

	// A clean request, one with defects, a stranger, an out-of-office.
	unit.send(request(t, ctsv, "clean", people(100, 6)))
	defective := people(200, 6)
	defective[1].name, defective[2].code, defective[3].code, defective[4].code = "", "24530", "1753010001", defective[0].code
	other.send(request(t, dtsdh, "defects", defective))
	w.receive(stranger, compose.Mail{From: mime.Address{Name: "Phòng CTSV <ctsv@truong.example>", Address: stranger}, To: []mime.Address{{Address: service}},
		Subject: "Đề nghị cấp tài khoản email", MessageID: "<s1@evil.example>", Date: time.Now(), Text: "Gấp", Attachments: request(t, ctsv, "x", people(900, 3)).Attachments})
	w.receive(stranger, forged(t))
	unit.send(compose.Mail{From: mime.Address{Address: ctsv}, To: []mime.Address{{Address: service}}, Subject: "Trả lời tự động: vắng mặt", MessageID: "<ooo@truong.example>",
		Date: time.Now(), AutoSubmitted: "auto-replied", Text: "Tôi đi vắng."})

	w.await("five mails filed", 30*time.Second, func() bool {
		return desk.count("INBOX") == 0 && desk.count("Done") == 1 && desk.count("Returned") == 1 && desk.count("Ignored") == 1 && desk.count("Quarantine") == 2
	})
	w.await("the acknowledgement", 20*time.Second, func() bool { return inbox.count("INBOX") == 1 })
	ack := inbox.mails("INBOX")[0]
	number := ack.Header("X-Vanthu-Case")
	expectAnswer(t, ack, "<clean@truong.example>", number)
	units := w.mailbox(dtsdh)
	w.await("the marked list", 20*time.Second, func() bool { return units.count("INBOX") == 1 })
	marked := units.mails("INBOX")[0]
	expectAnswer(t, marked, "<defects@truong.example>", marked.Header("X-Vanthu-Case"))
	if len(marked.Parts) != 1 || !strings.HasSuffix(marked.Parts[0].Name, ".xlsx") {
		t.Errorf("the unit's own list did not come back: %+v", marked.Problems)
	}
	for _, rule := range []string{"NAM-01", "ROW-02", "ROW-05", "ROW-04"} {
		if !strings.Contains(marked.Text, rule) {
			t.Errorf("the letter does not name %s", rule)
		}
	}
	if n := w.mailbox(stranger).count("INBOX"); n != 0 {
		t.Errorf("the stranger was told something: %d mails", n)
	}

	// The desk: nobody approves his own plan, nor another hash.
	w.must("case", "check", number, "--as", "lan")
	var plan bot.Plan
	decode(t, w.must("plan", "make", number, "--as", "lan", "--json"), &plan)
	if len(plan.Items) != 6 || len(w.accounts()) != 0 {
		t.Fatalf("%d planned, %d made before approval", len(plan.Items), len(w.accounts()))
	}
	if _, err := w.run("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "lan"); err == nil {
		t.Error("the maker approved the plan")
	}
	if _, err := w.run("plan", "approve", plan.Number, "--hash", strings.Repeat("0", 64), "--as", "minh"); err == nil {
		t.Error("another hash was approved")
	}
	w.must("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "minh")

	w.await("the credentials", 30*time.Second, func() bool { return inbox.count("INBOX") == 2 })
	delivered := inbox.mails("INBOX")[1]
	expectAnswer(t, delivered, "<clean@truong.example>", number)
	made := w.accounts()
	if len(made) != 6 {
		t.Fatalf("%d accounts in the directory, want 6", len(made))
	}
	passwords := credentials(t, delivered)
	for _, e := range made {
		if passwords[e.code] == "" || strings.Contains(delivered.Text, passwords[e.code]) {
			t.Fatalf("the password of %s is not in the workbook, or stands in the mail", e.code)
		}
		if err := w.signIn(e.dn, passwords[e.code]); err != nil {
			t.Errorf("%s cannot sign in: %v", e.code, err)
		}
	}

	// The corrected list keeps the case; the unit confirms.
	fixed := request(t, dtsdh, "fixed", people(300, 4))
	fixed.InReplyTo, fixed.References, fixed.Subject = marked.ID, []string{marked.ID}, "Re: "+marked.Subject
	other.send(fixed)
	w.await("the corrected list", 20*time.Second, func() bool { return units.count("INBOX") == 2 })
	if got := units.mails("INBOX")[1].Header("X-Vanthu-Case"); got != marked.Header("X-Vanthu-Case") {
		t.Errorf("the corrected list opened case %s", got)
	}
	unit.send(answer(ctsv, delivered, "got", "Đã nhận đủ.\n\nTrân trọng."))
	w.await("received", 20*time.Second, func() bool { return w.state(number) == bot.ReceivedByUnit })
	unit.send(answer(ctsv, delivered, "done", "Phòng CTSV đã bàn giao tài khoản cho toàn bộ sinh viên."))
	w.await("closed", 20*time.Second, func() bool { return w.state(number) == bot.Closed && inbox.count("INBOX") == 3 })

	explained := w.must("case", "explain", number, "3", "--as", "lan")
	for _, part := range []string{"Danh sách.xlsx", "approved by officer:minh", "ldap"} {
		if !strings.Contains(explained, part) {
			t.Errorf("explain does not say %q:\n%s", part, explained)
		}
	}
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, serve.log)
	}
	for code, password := range passwords {
		if serve.log.contains(password) {
			t.Errorf("the password of %s is in the log", code)
		}
	}
}

// forged pretends to be a unit, with results that our MTA did not write.
func forged(t *testing.T) compose.Mail {
	m := request(t, ctsv, "forged", people(950, 2))
	m.Header = []mime.Field{{Name: "Authentication-Results", Value: "mail.truong.example; auth=pass smtp.auth=ctsv@truong.example"}}
	return m
}

func expectAnswer(t *testing.T, m *mime.Message, inReplyTo, number string) {
	t.Helper()
	if number == "" || !strings.HasPrefix(m.Subject, "[QT.CNTT.03] ["+number+"]") {
		t.Errorf("subject %q, case %q", m.Subject, number)
	}
	if len(m.InReplyTo) != 1 || m.InReplyTo[0] != inReplyTo {
		t.Errorf("%s answers %v, want %s", m.Subject, m.InReplyTo, inReplyTo)
	}
	if m.Header("Auto-Submitted") != "auto-replied" || !strings.HasPrefix(m.ReturnPath, "cntt+b") || !strings.HasSuffix(m.ReturnPath, "@truong.example") {
		t.Errorf("%s: Auto-Submitted %q, Return-Path %q", m.Subject, m.Header("Auto-Submitted"), m.ReturnPath)
	}
}

func (w *world) state(number string) bot.State {
	w.t.Helper()
	var v struct {
		Case bot.Case `json:"case"`
	}
	decode(w.t, w.must("case", "show", number, "--as", "lan", "--json"), &v)
	return v.Case.State
}

func decode(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
