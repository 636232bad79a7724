//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

func lettersOf(t testing.TB, a *app.App) (letters []store.Letter) {
	t.Helper()
	err := a.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		letters, err = tx.Letters(t.Context(), 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

func mailsOf(t testing.TB, a *app.App) (mails []store.Mail) {
	t.Helper()
	err := a.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		mails, err = tx.Mails(t.Context(), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

// A real Postfix returns our answers: its reports come to the address of the one letter, and are read down to the recipient. hong is
// taken and refused by the delivery behind Postfix; khac.example, where no mail goes, and khongco are refused at once.
func TestOutboxBounces(t *testing.T) {
	for _, tt := range []struct {
		address string
		state   store.LetterState
		fate    store.Fate
		said    string
	}{
		{"hong@truong.example", store.LetterSent, store.Bounced, "5.1.1"},
		{"ctsv@khac.example", store.LetterFailed, "", "550 5.4.1"},
		{"khongco@truong.example", store.LetterFailed, "", "550 5.1.1"},
	} {
		t.Run(tt.address, func(t *testing.T) {
			w := newWorld(t, "sqlite")
			w.change(`addresses = ["ctsv@truong.example"]`, fmt.Sprintf(`addresses = [%q, "ctsv@truong.example"]`, tt.address))
			w.serve()
			a := w.open()
			w.courier(ctsv).send(request(t, ctsv, "bounce", people(1, 2)))
			w.await("the answer comes back", time.Minute, func() bool {
				l := lettersOf(t, a)
				return len(l) == 1 && l[0].NeedsPerson() && (tt.fate == "" || len(mailsOf(t, a)) == 2)
			})
			l := lettersOf(t, a)[0]
			if said := l.Reply + l.FateSaid; l.State != tt.state || l.Fate != tt.fate || !strings.Contains(said, tt.said) {
				t.Errorf("%s, %s: %s", l.State, l.Fate, said)
			}
			var list struct{ Letters []store.Letter }
			if err := json.Unmarshal([]byte(w.must("outbox", "list", "--json", "--as", "lan")), &list); err != nil || len(list.Letters) != 1 {
				t.Errorf("%v: %d letters wait for an officer", err, len(list.Letters))
			}
			if shown := w.must("case", "show", mailsOf(t, a)[0].Number, "--as", "lan"); !strings.Contains(shown, "answer_failed") && !strings.Contains(shown, "answer_permanent") {
				t.Errorf("the case does not say it:\n%s", shown)
			}
			if tt.fate == "" {
				return
			}
			if m := mailsOf(t, a)[1]; m.Kind != bot.Bounce || m.Outcome != store.IsFollowUp || m.CaseID != l.CaseID {
				t.Errorf("the report: %+v", m)
			}
			// A report that anybody has made up is nobody's.
			w.must("outbox", "settle", fmt.Sprint(l.ID), "--delivered", "--as", "lan")
			w.receive("", fakeBounce(tt.address))
			w.await("the false report", time.Minute, func() bool { all := mailsOf(t, a); return len(all) == 3 && all[2].Outcome != "" })
			if m, l := mailsOf(t, a)[2], lettersOf(t, a)[0]; m.Outcome != store.Ignored || l.NeedsPerson() || l.Fate != "" {
				t.Errorf("the false report: %s %s; the letter: %s", m.Outcome, m.Reason, l.Fate)
			}
		})
	}
}

// fakeBounce says that a mail to an address has bounced, and knows nothing else.
func fakeBounce(address string) compose.Mail {
	return compose.Mail{From: mime.Address{Address: "mailer-daemon@evil.example"}, To: []mime.Address{{Address: service}}, Subject: "Undelivered Mail Returned to Sender",
		MessageID: "<false@evil.example>", Date: time.Now(), Text: "This is the Postfix program at host evil.example.\n\n<" + address + ">: user unknown\n\nMessage-ID: <YC-2026-0001@truong.example>\n"}
}

// policy answers what Postfix asks before it takes a recipient (Postfix SMTPD_POLICY_README).
type policy struct {
	mu     sync.Mutex
	asked  []time.Time
	answer func(n int) string // to the n-th question, from 1
}

func newPolicy(t *testing.T, answer func(n int) string) *policy {
	t.Helper()
	p := &policy{answer: answer}
	listener, err := net.Listen("tcp", os.Getenv("VANTHU_CI_POLICY"))
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	t.Cleanup(func() { _ = listener.Close(); conns.Wait() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				stop := make(chan struct{})
				defer close(stop)
				go func() {
					select {
					case <-t.Context().Done():
						_ = conn.Close()
					case <-stop:
					}
				}()
				lines := bufio.NewScanner(conn)
				for lines.Scan() {
					if lines.Text() == "" {
						fmt.Fprintf(conn, "action=%s\n\n", p.ask())
					}
				}
			})
		}
	}()
	return p
}

func (p *policy) ask() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, time.Now())
	return p.answer(len(p.asked))
}

func (p *policy) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// picky sends by the port that asks the policy.
func (w *world) picky() {
	w.change(os.Getenv("VANTHU_CI_SUBMISSION"), os.Getenv("VANTHU_CI_PICKY"))
}

// Greylisted at first, taken half a minute later.
func TestOutboxGreylisted(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.picky()
	p := newPolicy(t, func(n int) string {
		if n == 1 {
			return "450 4.2.0 Greylisted, see http://postgrey.example/"
		}
		return "DUNNO"
	})
	w.serve()
	a := w.open()
	w.courier(ctsv).send(request(t, ctsv, "grey", people(1, 2)))
	box := w.mailbox(ctsv)
	w.await("the answer arrives", 2*time.Minute, func() bool { return box.count("INBOX") == 1 })
	w.await("it is noted", 10*time.Second, func() bool { return lettersOf(t, a)[0].State == store.LetterSent })
	if l := lettersOf(t, a)[0]; l.Tries != 2 || p.times() != 2 {
		t.Errorf("%d tries, asked %d times", l.Tries, p.times())
	}
	if pause := p.asked[1].Sub(p.asked[0]); pause < 25*time.Second {
		t.Errorf("again after %v", pause)
	}
	shown := w.must("outbox", "show", "1", "--as", "lan")
	if !strings.Contains(shown, "450 4.2.0") || !strings.Contains(shown, "queued as") {
		t.Errorf("the tries are not shown:\n%s", shown)
	}
}

// The provider's limit for the day: no letter fails, none is tried meanwhile, a restart does not forget it; then all go.
func TestOutboxQuota(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.picky()
	var full sync.Map
	full.Store("full", true)
	p := newPolicy(t, func(int) string {
		if on, _ := full.Load("full"); on == true {
			return "550 5.4.5 Daily user sending limit exceeded"
		}
		return "DUNNO"
	})
	serving := w.serve()
	a := w.open()
	unit := w.courier(ctsv)
	for i := range 5 {
		unit.send(request(t, ctsv, fmt.Sprint("quota", i), people(10*i, 2)))
	}
	w.await("five letters wait", time.Minute, func() bool { return len(lettersOf(t, a)) == 5 && p.times() > 0 })
	if err := serving.stop(t); err != nil {
		t.Fatal(err)
	}
	asked := p.times()
	full.Store("full", false)
	serving = w.serve()
	unit.send(request(t, ctsv, "quota5", people(90, 2)))
	w.await("the sixth letter waits", time.Minute, func() bool { return len(lettersOf(t, a)) == 6 })
	if list := w.must("outbox", "list", "--as", "lan"); !strings.Contains(list, "nothing is sent until") {
		t.Errorf("nobody says why:\n%s", list)
	}
	for _, l := range lettersOf(t, a) {
		if l.State != store.LetterQueued {
			t.Errorf("answer %d is %s: %s", l.ID, l.State, l.Reply)
		}
	}
	if p.times() != asked || asked > 4 {
		t.Errorf("asked %d times, then %d more", asked, p.times()-asked)
	}
	if err := serving.stop(t); err != nil {
		t.Fatal(err)
	}
	err := a.DB.Write(t.Context(), func(tx *store.Tx) error { // the hour is over
		if _, err := tx.EndRest(t.Context()); err != nil {
			return err
		}
		for _, l := range lettersOf(t, a) {
			l.NextAt = tx.Now
			if err := tx.SaveLetter(t.Context(), l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.serve()
	box := w.mailbox(ctsv)
	w.await("all arrive", time.Minute, func() bool { return box.count("INBOX") == 6 })
}
