//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// Two vanthus, each a unit of the other: RFC 3834 on both sides ends it with the first answer.
func TestLoopsOfTwoVanthus(t *testing.T) {
	w := newWorld(t, "sqlite")
	other := newWorld(t, "sqlite") // on the mailbox of the unit
	w.change(`addresses = ["ctsv@truong.example"]`, `addresses = ["dtsdh@truong.example", "ctsv@truong.example"]`)
	w.change(`addresses = ["dtsdh@truong.example"]`, `addresses = ["it.duyet@truong.example"]`)
	for range 4 { // imap.user, smtp.user, smtp.from, school.contact
		other.change(service, "dtsdh@truong.example")
	}
	other.change(`addresses = ["dtsdh@truong.example"]`, `addresses = ["cntt@truong.example"]`)
	w.serve()
	other.serve()
	a, b := w.open(), other.open()
	w.courier(ctsv).send(request(t, ctsv, "start", people(1, 2)))
	w.await("the answer is judged by the other", time.Minute, func() bool { all := mailsOf(t, b); return len(all) == 1 && all[0].Outcome != "" })
	if m := mailsOf(t, b)[0]; m.Outcome != store.Ignored || m.Kind != bot.Automatic || len(lettersOf(t, b)) != 0 || len(lettersOf(t, a)) != 1 {
		t.Errorf("%s %s; %d and %d letters", m.Outcome, m.Reason, len(lettersOf(t, a)), len(lettersOf(t, b)))
	}
}

// A program in the unit's mailbox that answers whatever comes, as a person would, each time as a new mail: it is stopped within ten
// rounds, an officer sees why, and nothing of it is lost.
func TestLoopsOfARobot(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.change("rounds = 0", "rounds = 10")
	w.serve()
	a := w.open()
	robot := w.courier(ctsv)
	say := func(i int) {
		robot.send(compose.Mail{From: mime.Address{Address: ctsv}, To: []mime.Address{{Address: service}}, Subject: "Đề nghị cấp tài khoản email",
			MessageID: fmt.Sprintf("<robot%d@truong.example>", i), Date: time.Now(), Text: "Kính gửi Phòng CNTT,\nĐề nghị cấp tài khoản email cho sinh viên.\n"})
	}
	say(0)
	rounds := 1
	box := w.mailbox(ctsv)
	w.await("the brake", 3*time.Minute, func() bool {
		for n := box.count("INBOX"); rounds <= n; rounds++ { // one mail for each that came
			say(rounds)
		}
		all := mailsOf(t, a)
		return len(all) > 0 && strings.HasPrefix(all[len(all)-1].Reason, "brake: ")
	})
	if letters := lettersOf(t, a); len(letters) > 10 {
		t.Errorf("%d answers before it was stopped", len(letters))
	}
	if list := w.must("mail", "list", "--as", "lan"); !strings.Contains(list, "brake: ") {
		t.Errorf("no officer can see it:\n%s", list)
	}
	counts := map[store.Outcome]int{}
	for _, m := range mailsOf(t, a) {
		counts[m.Outcome]++
	}
	if sum := counts[store.IsCase] + counts[store.Quarantined]; sum != rounds || counts[store.Quarantined] != 1 {
		t.Errorf("%d mails: %v", rounds, counts)
	}
}

// An unproven mail in a unit's name bears the mark of our letter: an officer sees it, nobody is answered.
func TestLoopsOfOurMark(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.serve()
	a := w.open()
	w.courier(ctsv).send(request(t, ctsv, "list", people(1, 2)))
	box := w.mailbox(ctsv)
	w.await("the answer", time.Minute, func() bool { return box.count("INBOX") == 1 })
	ours := box.mails("INBOX")[0]
	m := request(t, ctsv, "again", people(50, 2))
	m.Header = []mime.Field{{Name: "X-Vanthu-Id", Value: strings.TrimSpace(ours.Header("X-Vanthu-Id"))}}
	w.receive("owner@evil.example", m)
	w.await("it is judged", time.Minute, func() bool { all := mailsOf(t, a); return len(all) == 2 && all[1].Outcome != "" })
	if m := mailsOf(t, a)[1]; m.Outcome != store.Quarantined || m.Kind != bot.OwnMail || m.CaseID != 0 {
		t.Errorf("%s %s", m.Outcome, m.Reason)
	}
}
