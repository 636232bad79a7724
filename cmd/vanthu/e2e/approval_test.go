//go:build e2e

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

const (
	lanAt  = "lan@truong.example"
	minhAt = "minh@truong.example"
	hienAt = "hien@truong.example"
)

// approvers are officers with mailboxes of their own; lan could approve the plans of others, too.
func (w *world) approvers() {
	w.change("[[unit]]", "[plan]\napprove_by_mail = true\n\n[[unit]]")
	w.change(`login = "lan"`, "login = \"lan\"\naddress = \""+lanAt+"\"\napprover = true")
	w.change(`login = "minh"`, "login = \"minh\"\naddress = \""+minhAt+"\"")
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("vanthu.toml", string(text)+"\n[[officer]]\nid = \"hien\"\nname = \"Lý Thị Hiền\"\nlogin = \"hien\"\napprover = true\naddress = \""+hienAt+"\"\n")
	for _, address := range []string{lanAt, minhAt, hienAt} {
		w.mailbox(address).empty()
	}
}

func TestApprovalByMail(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) { approveByMail(t, database) })
	}
}

func approveByMail(t *testing.T, database string) {
	w := newWorld(t, database)
	w.approvers()
	server := w.serve()
	defer server.kill()
	a := w.open()
	unit, minh := w.mailbox(ctsv), w.mailbox(minhAt)
	w.courier(ctsv).send(request(t, ctsv, "ask", people(100, 5)))
	w.await("the acknowledgement", 30*time.Second, func() bool { return unit.count("INBOX") == 1 })
	number := unit.mails("INBOX")[0].Header("X-Vanthu-Case")
	w.must("case", "check", number, "--as", "lan")
	var plan bot.Plan
	decode(t, w.must("plan", "make", number, "--as", "lan", "--json"), &plan)
	w.await("the letters to both approvers", 30*time.Second, func() bool { return minh.count("INBOX") == 1 && w.mailbox(hienAt).count("INBOX") == 1 })
	asked := minh.mails("INBOX")[0]
	if w.mailbox(lanAt).count("INBOX") != 0 || len(asked.Parts) != 1 || !strings.HasSuffix(asked.Parts[0].Name, ".docx") || !strings.Contains(asked.Text, plan.Hash) ||
		!strings.Contains(asked.Subject, "[DUYET-") || asked.Header("Auto-Submitted") != "auto-generated" {
		t.Fatalf("asked by %q with %d parts", asked.Subject, len(asked.Parts))
	}

	mails := 1
	reply := func(from, id, text string) compose.Mail { return answer(from, asked, id+"."+database, text) }
	says := func(m compose.Mail) string {
		t.Helper()
		w.courier(m.From.Address).send(m)
		mails++
		return w.judged(a, m.MessageID, mails).Reason
	}
	quoted := "\n\nVào Th 6, 20 thg 11, 2026 lúc 09:05 Phòng CNTT <cntt@truong.example> đã viết:\n\n> " + strings.ReplaceAll(asked.Text, "\n", "\n> ")
	forged := reply(minhAt, "forged", "DUYỆT")
	w.fromOutside(stranger, service, "", bytesOf(t, forged))
	mails++
	if m := w.judged(a, forged.MessageID, mails); !strings.HasPrefix(m.Reason, "spoofed") && !strings.HasPrefix(m.Reason, "not_authenticated") {
		t.Errorf("forged: %s", m.Reason)
	}
	auto := reply(minhAt, "auto", "DUYỆT"+quoted)
	auto.AutoSubmitted = "auto-replied"
	list := reply(minhAt, "list", "DUYỆT")
	list.Header = append(list.Header, mime.Field{Name: "List-Id", Value: "<phong.truong.example>"})
	for _, tt := range []struct {
		mail   compose.Mail
		reason string
	}{
		{reply(hienAt, "forwarded", "DUYỆT"), "approval_refused: not_yours"},
		{reply(lanAt, "maker", "DUYỆT"), "approval_refused: not_yours"},
		{reply(ctsv, "unit", "DUYỆT"), "needs_person"},
		{auto, "automatic"},
		{list, "mailing_list"},
		{reply(minhAt, "condition", "DUYỆT nhưng bỏ dòng 2."+quoted), "approval_refused: unclear"},
		{reply(minhAt, "empty", quoted), "approval_refused: unclear"},
	} {
		if reason := says(tt.mail); !strings.HasPrefix(reason, tt.reason) {
			t.Errorf("%s: %s, want %s", tt.mail.MessageID, reason, tt.reason)
		}
	}
	var now bot.Plan
	decode(t, w.must("plan", "show", plan.Number, "--as", "lan", "--json"), &now)
	if now.Approved.Done() || len(w.accounts()) != 0 {
		t.Fatalf("approved by %s, %d accounts", now.Approved.By, len(w.accounts()))
	}
	w.await("the letter and two that say why nothing was decided", 20*time.Second, func() bool { return minh.count("INBOX") == 3 })

	yes := reply(minhAt, "yes", "DUYỆT\n\nTrân trọng.\nChâu Văn Minh"+quoted)
	yes.To, yes.Subject = asked.ReplyTo, "Re: (không còn mã ở tiêu đề)" // by the address alone
	if reason := says(yes); !strings.HasPrefix(reason, "plan_approves") {
		t.Fatalf("the answer: %s", reason)
	}
	w.await("the credentials", time.Minute, func() bool { return unit.count("INBOX") == 2 })
	if n := len(w.accounts()); n != 5 {
		t.Errorf("%d accounts", n)
	}
	decode(t, w.must("plan", "show", plan.Number, "--as", "lan", "--json"), &now)
	if now.Approved.By != "officer:minh" || now.Hash != plan.Hash {
		t.Errorf("%+v", now)
	}
	w.await("what was decided, to minh and to lan", 20*time.Second, func() bool { return minh.count("INBOX") == 4 && w.mailbox(lanAt).count("INBOX") == 2 })
	if decided := minh.mails("INBOX")[3]; !strings.Contains(decided.Text, plan.Hash) || !strings.Contains(decided.Text, "đã duyệt kế hoạch "+plan.Number) || decided.Header("In-Reply-To") != yes.MessageID {
		t.Errorf("decided: %s", decided.Text)
	}
	late := answer(hienAt, w.mailbox(hienAt).mails("INBOX")[0], "late."+database, "DUYỆT")
	if reason := says(late); reason != "approval_refused: decided" {
		t.Errorf("the second approver: %s", reason)
	}
	if err := server.stop(t); err != nil {
		t.Error(err)
	}
}
