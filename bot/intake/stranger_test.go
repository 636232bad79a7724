package intake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// outsider is a mail whose domain our mail server vouches for.
func outsider(from string) letter {
	_, domain, _ := strings.Cut(from, "@")
	return letter{from: from, login: "none", codes: []string{"2153010001"}, header: "X: y\r\n", proof: "dkim=pass header.d=" + domain}
}

func withNotes(db *store.DB, t *testing.T) *world {
	w := newWorld(t, db)
	w.in.Notes = intake.Notes{On: true, Day: 3, Hour: 5}
	return w
}

// A stranger whose address no letter of ours can bear is a stranger like the others: nothing fails, and no log tells his address.
func TestAStrangerWhoCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	w := withNotes(storetest.SQLite(t), t)
	w.in.Compose = func(bot.Answer) (store.Letter, error) {
		return store.Letter{}, errors.New("no mail address in ASCII")
	}
	m := w.takes(outsider("bé@ngoai.example"))
	if m.Outcome != store.Quarantined || !strings.HasPrefix(m.Reason, "not_entitled: ") || m.Sender != "bé@ngoai.example" {
		t.Errorf("%s %s of %q", m.Outcome, m.Reason, m.Sender)
	}
}

// Who is told that his mail was not processed: a person with an address whose domain is proven. Everybody else gets nothing; all
// mails wait for an officer.
func TestWhoGetsANote(t *testing.T) {
	t.Parallel()
	const person = "an@ngoai.example"
	change := func(f func(l *letter)) letter {
		l := outsider(person)
		f(&l)
		return l
	}
	for name, tt := range map[string]struct {
		mail letter
		to   string // who is told, "" nobody
	}{
		"a stranger with a signature":    {outsider(person), person},
		"a colleague with a login":       {letter{from: "vanthu@truong.example"}, "vanthu@truong.example"},
		"Reply-To to somebody else":      {change(func(l *letter) { l.header = "Reply-To: nan.nhan@khac.example\r\n" }), ""},
		"SPF alone":                      {change(func(l *letter) { l.proof = "spf=pass smtp.mailfrom=" + person }), ""},
		"a signature of another domain":  {change(func(l *letter) { l.proof = "dkim=pass header.d=khac.example" }), ""},
		"nothing proven":                 {change(func(l *letter) { l.proof = "dkim=none" }), ""},
		"a failed DMARC":                 {change(func(l *letter) { l.proof += "; dmarc=fail header.from=ngoai.example" }), ""},
		"a list":                         {change(func(l *letter) { l.header = "List-Id: <a.ngoai.example>\r\n" }), ""},
		"Precedence: list":               {change(func(l *letter) { l.header = "Precedence: list\r\n" }), ""},
		"a null sender":                  {change(func(l *letter) { l.header = "Return-Path: <>\r\n" }), ""},
		"an automatic mail":              {change(func(l *letter) { l.header = "Auto-Submitted: auto-generated\r\n" }), ""},
		"an automatic mail by its title": {change(func(l *letter) { l.subject = "Trả lời tự động: x" }), ""},
		"no-reply":                       {outsider("no-reply@ngoai.example"), ""},
		"no_reply with more":             {outsider("thongbao.no_reply+7@ngoai.example"), ""},
		"postmaster":                     {outsider("postmaster@ngoai.example"), ""},
		"a list's owner":                 {outsider("sinhvien-request@ngoai.example"), ""},
		"our own address with a token":   {letter{from: "cntt+aaaaaaaaaaaaaaaa@truong.example"}, ""},
		"a loop":                         {change(func(l *letter) { l.header = "X-Loop: cntt@truong.example\r\n" }), ""},
		"an answer of ours sent back":    {change(func(l *letter) { l.header = "X-Vanthu-Case: YC-2026-0001\r\n" }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := withNotes(storetest.SQLite(t), t)
			var said []bot.Answer
			w.in.Compose = func(a bot.Answer) (store.Letter, error) {
				said = append(said, a)
				return compose(a)
			}
			m := w.takes(tt.mail)
			var to []string
			for _, l := range w.letters() {
				to = append(to, l.To)
				if l.Kind != string(bot.StrangerNote) || l.CaseID != 0 {
					t.Errorf("a %s went out", l.Kind)
				}
			}
			if strings.Join(to, " ") != tt.to {
				t.Errorf("told %v, want %q (%s %s)", to, tt.to, m.Outcome, m.Reason)
			}
			for _, a := range said { // nothing of his mail, nothing of ours
				if a.Thread.Subject != "" || a.Thread.References != nil || a.Unit.Name != "" || a.Unit.ID != "" || a.Case.Number != "" || a.Request.Rows != nil || a.Lists != nil {
					t.Errorf("the note knows %+v", a)
				}
			}
			if len(w.cases()) != 0 || m.Outcome != store.Quarantined && m.Outcome != store.Ignored {
				t.Errorf("%d cases, %s", len(w.cases()), m.Outcome)
			}
			// Without the setting nobody is told anything.
			w.in.Notes.On = false
			before := len(w.letters())
			tt.mail.text = "again"
			if w.takes(tt.mail); len(w.letters()) != before {
				t.Error("told although notes are off")
			}
		})
	}
}

// One note a day to an address, few to a domain, few of the whole desk: a brake is an event, and the mail waits as ever.
func TestNotesAreBraked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w = withNotes(w.db, t)
		now := w.db.Now
		later := func(d time.Duration) {
			past := now
			now = func() time.Time { return past().Add(d) }
			w.db.Now = now
		}
		n := 0
		takes := func(from string) int {
			n++
			before := len(w.letters())
			l := outsider(from)
			l.text = fmt.Sprint(n)
			if m := w.takes(l); m.Outcome != store.Quarantined || !strings.HasPrefix(m.Reason, "not_entitled") {
				t.Errorf("%s: %s %s", from, m.Outcome, m.Reason)
			}
			return len(w.letters()) - before
		}
		braked := func() (count int) {
			for _, e := range w.events() {
				if e.What == "notes_braked" {
					count++
				}
			}
			return count
		}
		if takes("a@mot.example") != 1 || takes("a@mot.example") != 0 || takes("b@mot.example") != 1 || takes("c@mot.example") != 1 {
			t.Error("one note for each address")
		}
		if takes("d@mot.example") != 0 || braked() != 1 || takes("d@motmot.example") != 1 || takes("d@x.mot.example") != 1 {
			t.Errorf("three notes for a domain, told %d", braked())
		}
		if takes("e@hai.example") != 0 || braked() != 2 {
			t.Error("five notes an hour")
		}
		later(61 * time.Minute)
		if takes("f@hai.example") != 1 || takes("a@mot.example") != 0 || takes("d@mot.example") != 0 {
			t.Error("an hour later: the desk may, the addresses of today may not")
		}
		later(24 * time.Hour)
		if takes("a@mot.example") != 1 {
			t.Error("the next day")
		}
	})
}
