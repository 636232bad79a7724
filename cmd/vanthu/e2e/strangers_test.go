//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/smtp"
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot/app"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

const unsignedUnit = "coso2@coso2.example" // its domain has neither DKIM key nor DMARC record

// settings that this world has beside the usual ones.
const outside = `
[strangers]
note = true

[[unit]]
id = "COSO2"
name = "Cơ sở 2"
addresses = ["coso2@coso2.example"]
passphrase_file = "ctsv.pass"
confirm = true
`

func newOutside(t *testing.T) (*world, *app.App) {
	w := newWorld(t, "sqlite")
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.write("vanthu.toml", string(text)+outside)
	w.mailbox(unsignedUnit).empty()
	w.mailbox("vanthu@truong.example").empty()
	w.serve()
	return w, w.open()
}

// fromOutside hands a mail to the MX as the server of its domain does; signer signs it, "" nobody.
func (w *world) fromOutside(path, to, signer string, raw []byte) {
	w.t.Helper()
	if signer != "" {
		var err error
		if raw, err = signed(raw, signer); err != nil {
			w.t.Fatal(err)
		}
	}
	client, err := smtp.Dial(os.Getenv("VANTHU_CI_MX"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	var errs []error
	errs = append(errs, client.Mail(path), client.Rcpt(to))
	data, err := client.Data()
	if err != nil {
		w.t.Fatal(errs, err)
	}
	_, err = bytes.NewReader(raw).WriteTo(data)
	for _, e := range append(errs, err, data.Close()) {
		if e != nil {
			w.t.Fatal(e)
		}
	}
}

func bytesOf(t *testing.T, m compose.Mail) []byte {
	t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// journal is the line of the mail with that Message-ID, when it is judged and all letters are sent.
func (w *world) judged(a *app.App, id string, mails int) (found store.Mail) {
	w.t.Helper()
	w.await("mail "+id+" judged, filed and answered", time.Minute, func() bool { return atRest(w.t.(*testing.T), a, mails) })
	err := a.DB.Read(w.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Mails(w.t.Context(), "")
		for _, m := range all {
			if m.MessageID == id {
				found = m
			}
		}
		return err
	})
	if err != nil || found.ID == 0 {
		w.t.Fatalf("mail %s is not in the journal: %v", id, err)
	}
	return found
}

func TestStrangers(t *testing.T) {
	w, a := newOutside(t)
	list := people(100, 2)
	ask := func(from, id string) compose.Mail {
		m := request(t, ctsv, "x", list)
		m.From, m.MessageID = mime.Address{Name: "Kẻ Lạ", Address: from}, "<"+id+"@evil.example>"
		return m
	}
	auto := ask(stranger, "auto")
	auto.AutoSubmitted = "auto-generated"
	forged := ask(ctsv, "forged")
	for i, s := range []struct {
		path, signer string
		mail         compose.Mail
		notes        int // to the stranger, afterwards
	}{
		{stranger, "", ask(stranger, "unsigned"), 0}, // dmarc=fail
		{"", "evil.example", ask(stranger, "null"), 0},
		{stranger, "evil.example", auto, 0},
		{stranger, "evil.example", forged, 0},
		{stranger, "evil.example", ask("no-reply@evil.example", "noreply"), 0},
		{stranger, "evil.example", ask(stranger, "first"), 1},
		{stranger, "evil.example", ask(stranger, "second"), 1},
	} {
		w.fromOutside(s.path, service, s.signer, bytesOf(t, s.mail))
		m := w.judged(a, s.mail.MessageID, i+1)
		got := w.mailbox(stranger).mails("INBOX")
		if len(got) != s.notes || m.CaseID != 0 || m.Outcome != store.Quarantined && m.Outcome != store.Ignored {
			t.Fatalf("%s: %s %s, %d notes", s.mail.MessageID, m.Outcome, m.Reason, len(got))
		}
	}
	note := w.mailbox(stranger).mails("INBOX")[0]
	if note.ReturnPath != "<>" || note.Header("Auto-Submitted") != "auto-replied" || len(note.Parts) != 0 || note.From[0].Address != service {
		t.Errorf("the note came by %q, %d parts, %q", note.ReturnPath, len(note.Parts), note.Header("Auto-Submitted"))
	}
	for _, secret := range []string{list[0].code, list[0].name, "Kẻ Lạ", "Đề nghị cấp", "ctsv", "Bản đề nghị", "YC-"} {
		if strings.Contains(note.Subject+note.Text, secret) {
			t.Errorf("the note says %q", secret)
		}
	}
	// A colleague with a login of the school, but no right to ask.
	colleague := ask("vanthu@truong.example", "colleague")
	if err := w.post(&corpusMail{From: "vanthu@truong.example", Rcpt: []string{service}, Via: "submission", Auth: "vanthu@truong.example"}, bytesOf(t, colleague)); err != nil {
		t.Fatal(err)
	}
	if m := w.judged(a, colleague.MessageID, 8); m.Outcome != store.Quarantined || len(w.mailbox("vanthu@truong.example").mails("INBOX")) != 1 {
		t.Errorf("the colleague: %s %s", m.Outcome, m.Reason)
	}
	if n := w.mailbox(ctsv).count("INBOX"); n != 0 {
		t.Errorf("the unit got %d mails because of strangers", n)
	}
}

func TestUnsignedUnit(t *testing.T) {
	w, a := newOutside(t)
	list := people(200, 3)
	ask := request(t, ctsv, "x", list)
	ask.From, ask.MessageID = mime.Address{Name: "Cơ sở 2", Address: unsignedUnit}, "<ask@coso2.example>"
	ask.Attachments[0].Data = letter(t, "CƠ SỞ 2")
	w.fromOutside(unsignedUnit, service, "", bytesOf(t, ask))
	if m := w.judged(a, ask.MessageID, 1); !strings.HasPrefix(m.Reason, "awaiting_confirmation") {
		t.Fatalf("the request: %s %s", m.Outcome, m.Reason)
	}
	asked := w.mailbox(unsignedUnit).mails("INBOX")
	if len(asked) != 1 || len(asked[0].ReplyTo) != 1 || !strings.HasPrefix(asked[0].ReplyTo[0].Address, "cntt+x") || len(asked[0].Parts) != 0 {
		t.Fatalf("the unit got %d mails", len(asked))
	}
	for _, secret := range []string{list[0].code, list[0].name, "Danh sách.xlsx", "http"} {
		if strings.Contains(asked[0].Text, secret) {
			t.Errorf("the question says %q", secret)
		}
	}
	question, sent := asked[0], 1
	reply := func(from, id, text string) compose.Mail {
		m := answer(from, question, id, text)
		m.MessageID = "<" + id + "@coso2.example>"
		return m
	}
	quoted := "\nVào 20 thg 11, 2026 lúc 09:05 Phòng CNTT <cntt@truong.example> đã viết:\n> " + strings.ReplaceAll(question.Text, "\n", "\n> ")
	away := reply(unsignedUnit, "away", "Tôi đi công tác đến hết tuần."+quoted)
	away.AutoSubmitted = "auto-replied"
	for _, m := range []compose.Mail{
		away,
		reply(unsignedUnit, "empty", quoted),
		reply(stranger, "stranger", "XÁC NHẬN"),
		reply(dtsdh, "other-unit", "XÁC NHẬN"), // forged: dmarc=fail
	} {
		w.fromOutside(m.From.Address, question.ReplyTo[0].Address, "", bytesOf(t, m))
		sent++
		got := w.judged(a, m.MessageID, sent)
		if request := w.judged(a, ask.MessageID, sent); request.Outcome != store.Quarantined || got.CaseID != 0 {
			t.Fatalf("%s let the request go on: %s %s", m.MessageID, got.Outcome, got.Reason)
		}
	}
	// The unit's own answer: its program kept the subject, and wrote to the address of Reply-To.
	yes := reply(unsignedUnit, "yes", "XÁC NHẬN\n"+quoted)
	w.fromOutside(unsignedUnit, question.ReplyTo[0].Address, "", bytesOf(t, yes))
	sent++
	if m := w.judged(a, yes.MessageID, sent); !strings.HasPrefix(m.Reason, "confirmed") {
		t.Fatalf("the confirmation: %s %s", m.Outcome, m.Reason)
	}
	m := w.judged(a, ask.MessageID, sent)
	if m.Outcome != store.IsCase || !strings.HasPrefix(m.Vouched, "token:") {
		t.Fatalf("the confirmed request: %s %s, vouched %q", m.Outcome, m.Reason, m.Vouched)
	}
	if subject := w.mailbox(unsignedUnit).mails("INBOX")[1].Subject; !strings.Contains(subject, "Đã tiếp nhận") {
		t.Errorf("the unit is answered %q", subject)
	}
	// The token is spent, and lies in no table.
	yes.MessageID = "<again@coso2.example>"
	w.fromOutside(unsignedUnit, question.ReplyTo[0].Address, "", bytesOf(t, yes))
	sent++
	if m := w.judged(a, yes.MessageID, sent); !strings.HasPrefix(m.Reason, "confirmation_refused") {
		t.Errorf("the token again: %s %s", m.Outcome, m.Reason)
	}
	token := strings.TrimSuffix(strings.TrimPrefix(question.ReplyTo[0].Address, "cntt+x"), "@truong.example")
	letters := fmt.Sprint(look(t, a))
	if len(token) != 16 || strings.Contains(letters, token) {
		t.Errorf("the token %d long lies in the outbox", len(token))
	}
}

// look is every letter of the outbox, with its bytes.
func look(t *testing.T, a *app.App) (all []string) {
	t.Helper()
	err := a.DB.Read(t.Context(), func(tx *store.Tx) error {
		letters, err := tx.Letters(t.Context(), 0)
		for _, l := range letters {
			raw, err := tx.LetterRaw(t.Context(), l.ID)
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprintf("%+v %s", l, raw))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
