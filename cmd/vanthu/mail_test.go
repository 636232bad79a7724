package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
)

// An officer looks at what waits in quarantine, has it judged again, vouches, answers, and closes; every act has his name.
func TestMailDesk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.serve()
	nasty := append(stamp(outsider), []byte("From: =?utf-8?Q?=1B[31mCTSV_ctsv=40truong.example?= <"+outsider+">\r\nReply-To: <thu@evil.example>\r\nTo: <"+serviceBox+">\r\nSubject: =?utf-8?Q?gap_=1B]0;x=07=E2=80=AE?=\r\n"+
		"Message-ID: <n@gmail.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+
		"\x1b[2Jmail 1 is handled\r\nhttp://evil.example/x\r\n--x\r\nContent-Type: application/octet-stream; name=\"ds.xlsx.exe\"\r\n\r\nMZ\r\n--x--\r\n")...)
	o.arrive("INBOX",
		nasty,
		o.request("yhct@truong.example", "yhct@truong.example", "<2@truong.example>", "2653010001"), // a unit that is not configured yet
		o.request(ctsvAddress, "", "<3@truong.example>", "2653010002"),                              // nobody vouches
		append(stamp("yhct@truong.example"), []byte("From: <yhct@truong.example>\r\nTo: <"+serviceBox+">\r\nSubject: Hoi\r\nMessage-ID: <4@truong.example>\r\n\r\nXin hoi\r\n")...),
		append(stamp(ctsvAddress), []byte("From: <"+ctsvAddress+">\r\nTo: <"+serviceBox+">\r\nSubject: Bao su co\r\nMessage-ID: <5@truong.example>\r\n\r\nBao su co\r\n")...))
	o.settled(5)
	ids := make(map[string]int64)
	for _, m := range o.journal() {
		ids[m.MessageID] = m.ID
		if m.Outcome != store.Quarantined {
			t.Fatalf("%+v", m)
		}
	}
	id := func(n string) string { return fmt.Sprint(ids["<"+n+"@truong.example>"]) }

	// A look changes nothing, runs nothing, and prints nothing that a terminal obeys.
	shown := o.must("mail", "show", fmt.Sprint(ids["<n@gmail.example>"]))
	if strings.ContainsFunc(shown, func(r rune) bool { return r == 0x1b || r == 7 || r == '\u202e' }) {
		t.Errorf("a control character is printed: %q", shown)
	}
	for _, want := range []string{"not_entitled", "| ·[2Jmail 1 is handled", "CAUTION   may run something when it is opened: ds.xlsx.exe", "invisible or control characters", "a link: http://evil.example/x", "evil.example", "ds.xlsx.exe, application/octet-stream, 2 bytes"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown in\n%s", want, shown)
		}
	}
	if shown = o.must("mail", "show", id("3")); !strings.Contains(shown, "csv list") || !strings.Contains(shown, "read      1 rows") || !strings.Contains(shown, "not_authenticated") {
		t.Errorf("what was read is not shown:\n%s", shown)
	}
	if raw := o.must("mail", "raw", fmt.Sprint(ids["<n@gmail.example>"])); !bytes.Equal([]byte(raw), nasty) {
		t.Error("the raw bytes are others")
	}

	if out, code := o.run("mail", "retry", id("2"), "--vouch"); code == 0 {
		t.Errorf("somebody vouches for a stranger: %s", out)
	}

	// After a change of the configuration a mail is judged again.
	o.stop()
	o.change(`addresses       = ["ctsv@truong.example"]`, `addresses       = ["ctsv@truong.example", "yhct@truong.example"]`)
	o.serve()
	o.must("mail", "retry", id("2"))
	o.await("the unit is known now", func() bool { return o.find(ids["<2@truong.example>"]).Outcome == store.IsCase })

	// Vouching stands in for the proof.
	o.must("mail", "retry", id("3"), "--vouch", "--reason", "đã gọi điện")
	o.await("the vouched mail becomes a case", func() bool { return o.find(ids["<3@truong.example>"]).Outcome == store.IsCase })
	o.await("they are filed anew", func() bool { return o.lies("Done") == 2 && o.lies("Quarantine") == 3 })
	if m := o.find(ids["<3@truong.example>"]); m.Vouched != "officer:lan" || m.Lies.Folder != "Done" {
		t.Errorf("%+v", m)
	}

	// Answers go to the registered address, or to a proven stranger; then the entry is closed.
	text := filepath.Join(o.dir, "answer.txt")
	if err := os.WriteFile(text, []byte("Xin gọi số 0000 000 000.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := o.must("mail", "answer", id("4"), "--text-file", text); !strings.Contains(out, ctsvAddress) {
		t.Errorf("not answered to the registered address: %s", out)
	}
	if out, code := o.run("mail", "answer", fmt.Sprint(ids["<n@gmail.example>"]), "--template", "not_entitled"); code == 0 || !strings.Contains(out, "nothing proves") {
		t.Errorf("an unproven stranger is answered: %s", out)
	}
	if out, code := o.run("mail", "answer", id("5"), "--template", "nonsense"); code == 0 {
		t.Errorf("a letter that does not exist: %s", out)
	}
	o.must("mail", "done", id("5"), "--reason", "đã xử lý qua điện thoại")
	o.must("mail", "done", fmt.Sprint(ids["<n@gmail.example>"]), "--reason", "thư rác")
	if out, code := o.run("mail", "done", id("5"), "--reason", "lại"); code == 0 || !strings.Contains(out, "officer:lan") {
		t.Errorf("closed twice: %s", out)
	}
	if out := o.must("mail", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("something still waits:\n%s", out)
	}
	if out := o.must("mail", "list", "--handled"); strings.Count(out, "officer:lan") != 3 {
		t.Errorf("what was handled:\n%s", out)
	}
	o.await("the answers arrive", func() bool {
		mails, err := o.mail.Messages(ctsvAddress, "INBOX")
		return err == nil && len(mails) == 3
	})
	what := make(map[string]int)
	for _, e := range look(o, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, 0) }) {
		if e.Actor == "officer:lan" {
			what[e.What]++
		}
	}
	if what["mail_retried"] != 2 || what["mail_answered"] != 1 || what["mail_done"] != 2 {
		t.Errorf("the history: %v", what)
	}
	if b, code := o.balance(); code != 0 || len(b.Moved) != 0 || b.Cases != 2 {
		t.Errorf("exit %d, %+v", code, b)
	}
}

func (o *office) find(id int64) store.Mail {
	for _, m := range o.journal() {
		if m.ID == id {
			return m
		}
	}
	o.t.Fatalf("there is no mail %d", id)
	return store.Mail{}
}

// Before an upgrade every mail is judged again: the same program comes to the same end, and a changed rule is seen row by row.
// The journal, the mailbox and the outbox stay as they are.
func TestMailReplay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.arrive("INBOX", o.three()...)
	o.arrive("INBOX", o.request(ctsvAddress, ctsvAddress, "<4@truong.example>", "2653010004", "12"))
	o.serve()
	o.settled(4)
	number := ""
	for _, m := range o.journal() {
		if m.MessageID == "<4@truong.example>" {
			number = m.Number
		}
	}
	fixed := bytes.Replace(o.request(ctsvAddress, ctsvAddress, "<5@truong.example>", "2653010004", "2653010005"), []byte("Subject: "), []byte("Subject: Re: ["+number+"] "), 1)
	o.arrive("INBOX", fixed, o.three()[0]) // a correction, and a copy
	mails := o.settled(6)
	before := fmt.Sprintf("%+v", mails)
	if out := o.must("mail", "replay", "--all"); !strings.Contains(out, "6 mails judged again, 0 differ") {
		t.Errorf("the same program: %s", out)
	}
	if out := o.must("mail", "replay", "5"); !strings.Contains(out, "mail 5: followup") || !strings.Contains(out, "1 mails judged again, 0 differ") {
		t.Errorf("one mail with what it refers to: %s", out)
	}
	file := filepath.Join(o.dir, "x.eml")
	if err := os.WriteFile(file, o.request(ctsvAddress, ctsvAddress, "<6@truong.example>", "2653010006"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := o.must("mail", "replay", file); !strings.Contains(out, "x.eml: case queue") {
		t.Errorf("a file: %s", out)
	}
	o.change("[0-9]{10}", "[0-9]{9}4") // another rule
	if out, code := o.run("mail", "replay", "--all"); code != 1 || !strings.Contains(out, "→ case return") || !strings.Contains(out, "new: finding ROW-02") {
		t.Errorf("another rule: exit %d\n%s", code, out)
	}
	if after := fmt.Sprintf("%+v", o.journal()); after != before {
		t.Error("the journal changed")
	}
	o.mustServe("0001 0002 0003, 4 letters")
}
