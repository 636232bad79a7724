//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// TestCorpus sends every case of testdata/corpus the way its sender would (a unit by submission, a stranger's server through
// the MX, with a DKIM signature or without), lets officers serve what may be served, and compares what came of it, seen from
// outside, with expected.json: what was answered, who got an account, and everything that must not happen.
func TestCorpus(t *testing.T) {
	cases := readCorpus(t)
	w := newWorld(t, "sqlite")
	w.corpusRules()
	for _, address := range []string{"vanthu@truong.example", "khoay@truong.example"} {
		w.mailbox(address).empty()
	}
	connections := countConnections(t, "127.0.0.1:9") // a case asks to be connected to there
	seeded := w.seeded()
	serve := w.serve()
	a := w.open()

	sent := w.postAll(cases, func(m *corpusMail) bool { return m.first })
	w.await("all first mails judged, filed and answered", 3*time.Minute, func() bool { return atRest(t, a, sent) })
	sent += w.postAll(cases, func(m *corpusMail) bool { return !m.first && !m.reply }) // an hour later, says the case; the MTA keeps no order
	w.await("all that came again judged, filed and answered", time.Minute, func() bool { return atRest(t, a, sent) })
	collect(t, w, a, cases)
	sent += w.postAll(cases, func(m *corpusMail) bool { return m.reply })
	for _, c := range cases { // the unit takes what is good
		if answer := c.last(); answer != nil && strings.Contains(answer.Text, "Đồng ý cấp phần hợp lệ") && !c.replies() {
			w.courier(c.mails[0].sender).send(answerTo(c, answer))
			sent++
		}
	}
	w.await("all replies judged, filed and answered", 2*time.Minute, func() bool { return atRest(t, a, sent) })
	collect(t, w, a, cases)
	for _, c := range cases {
		c.beforeOfficers(t)
	}

	officer, stop := context.WithCancel(t.Context())
	worked := make(chan error, 1)
	go func() { worked <- officers(officer, a) }()
	w.await("everybody served", 2*time.Minute, func() bool { return settled(t, a, sent) })
	stop()
	if err := <-worked; err != nil {
		t.Fatal(err)
	}
	collect(t, w, a, cases)

	o := w.outcome(a, cases)
	o.connections, o.reset = connections.Load(), !slices.Equal(seeded, w.seeded())
	o.report(t)
	if mb := serve.memory(t, "VmHWM"); mb > 256 {
		t.Errorf("serve took %.0f MB", mb)
	}
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

// corpusRules gives the world the rules that the cases were written for. The mails are two years old.
func (w *world) corpusRules() {
	w.t.Helper()
	toml, err := os.ReadFile("../testdata/corpus.toml")
	if err != nil {
		w.t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(toml), "[rules]\n")
	rules, _, _ = strings.Cut(rules, "[[unit]]")
	rules = strings.Replace(rules, "existing = \"existing.csv\"\n", "clock_hours = 0\n", 1)
	rules = strings.Replace(rules, "[rules.deletion]\n", "[rules.deletion]\ndays = 0\n", 1)
	now, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(now), "[[rules.code]]")
	_, units, _ := strings.Cut(rest, "[[unit]]")
	head = strings.Replace(head, "[store]\n", "[strangers]\nnote = true\n\n[store]\n", 1) // the most that a stranger may get
	w.write("vanthu.toml", head+"[rules]\n"+rules+"[[unit]]"+units)
}

// countConnections counts who connects to an address that a case names.
func countConnections(t *testing.T, address string) *atomic.Int64 {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("somebody else listens on %s: %v", address, err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	n := &atomic.Int64{}
	go func() {
		for {
			c, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				n.Add(1)
				_ = c.Close()
			}
		}
	}()
	return n
}

// postAll sends the mails that which names, several at a time, and returns how many were sent.
func (w *world) postAll(cases []*corpusCase, which func(*corpusMail) bool) int {
	w.t.Helper()
	group, _ := errgroup.WithContext(w.t.Context())
	group.SetLimit(6)
	n := 0
	for _, c := range cases {
		var mails []*corpusMail
		for _, m := range c.mails {
			if which(m) {
				mails = append(mails, m)
			}
		}
		n += len(mails)
		group.Go(func() error {
			for _, m := range mails { // those of one case in their order
				raw, err := m.bytes(c)
				if err == nil {
					err = w.post(m, raw)
				}
				if err != nil {
					return fmt.Errorf("%s %s: %w", c.name, m.File, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// atRest says whether the daemon has judged, filed and answered that many mails.
func atRest(t *testing.T, a *app.App, mails int) bool {
	done := false
	err := a.DB.Read(t.Context(), func(tx *store.Tx) error {
		counts, err := tx.CountMails(t.Context())
		if err != nil {
			return err
		}
		unfiled, err := tx.Unfiled(t.Context(), 1)
		if err != nil {
			return err
		}
		letters, err := tx.Letters(t.Context(), 0)
		total := 0
		for _, n := range counts {
			total += n
		}
		done = total >= mails && counts[""] == 0 && len(unfiled) == 0 &&
			!slices.ContainsFunc(letters, func(l store.Letter) bool { return l.State != store.LetterSent })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// collect looks into the journal and into all mailboxes, and gives each case what is its own: by the thread.
func collect(t *testing.T, w *world, a *app.App, cases []*corpusCase) {
	t.Helper()
	byID := make(map[string]*corpusCase)
	for _, c := range cases {
		c.answers, c.journal = nil, nil
		for _, m := range c.mails {
			byID[m.id] = c
		}
		byID[c.consentID()] = c
	}
	var mails []store.Mail
	var letters []store.Letter
	err := a.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		if letters, err = tx.Letters(t.Context(), 0); err == nil {
			mails, err = tx.Mails(t.Context(), "")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	letters = slices.DeleteFunc(letters, func(l store.Letter) bool { return !slices.Contains(everybody, l.To) })
	w.await("every answer in its mailbox", time.Minute, func() bool { // the mail server has them, and delivers a little later
		n := 0
		for _, address := range everybody {
			n += w.mailbox(address).count("INBOX")
		}
		return n >= len(letters)
	})
	for _, m := range mails {
		if c := byID[m.MessageID]; c != nil {
			c.journal = append(c.journal, m)
		} else {
			t.Errorf("mail %d, %q of %q, belongs to no case", m.ID, m.MessageID, m.Sender)
		}
	}
	for _, address := range everybody {
		for _, m := range w.mailbox(address).mails("INBOX") {
			var c *corpusCase
			for _, id := range slices.Concat(m.InReplyTo, m.References) {
				if c == nil {
					c = byID[id]
				}
			}
			if c == nil {
				t.Errorf("%s got %q, which belongs to no case", address, m.Subject)
				continue
			}
			c.answers = append(c.answers, received{address, m})
		}
	}
}

// everybody is who has a mailbox, the service apart.
var everybody = []string{ctsv, dtsdh, stranger, "vanthu@truong.example", "khoay@truong.example", "it.duyet@truong.example"}

// received is an answer with the mailbox in which it lies.
type received struct {
	to string
	*mime.Message
}

// readCorpus reads all cases.
func readCorpus(t *testing.T) []*corpusCase {
	t.Helper()
	files, err := filepath.Glob("../testdata/corpus/*/expected.json")
	if err != nil || len(files) < 150 {
		t.Fatalf("%d cases of the corpus, %v", len(files), err)
	}
	var cases []*corpusCase
	for _, file := range files {
		cases = append(cases, readCase(t, filepath.Dir(file)))
	}
	return cases
}

// outcome is everything that is looked at in the end.
type outcome struct {
	cases       []*corpusCase
	numbers     map[string]*corpusCase // case number → its case of the corpus
	accounts    []entry
	hidden      map[string]string // what must stand in no log and no event → which case says so
	log         string
	events      []bot.Event
	connections int64
	reset       bool // an account that was there before was touched
}

func (w *world) outcome(a *app.App, cases []*corpusCase) *outcome {
	w.t.Helper()
	o := &outcome{cases: cases, numbers: make(map[string]*corpusCase), accounts: w.accounts(), hidden: make(map[string]string)}
	log, err := os.ReadFile(filepath.Join(w.dir, "serve.log"))
	if err != nil {
		w.t.Fatal(err)
	}
	o.log = string(log)
	err = a.DB.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		o.events, err = tx.Events(w.t.Context(), 0)
		if err != nil {
			return err
		}
		all, err := tx.Cases(w.t.Context(), "")
		for _, row := range all {
			for _, c := range cases {
				if slices.ContainsFunc(c.journal, func(m store.Mail) bool { return m.CaseID == row.ID }) {
					o.numbers[row.Number] = c
					c.opened = append(c.opened, row)
				}
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range cases {
		for _, s := range slices.Concat(c.SecretNames, c.SecretIDs, []string{c.HiddenPassword}) {
			o.hidden[s] = c.name
		}
		for _, row := range c.Rows {
			if strings.Count(row.Name, " ") > 1 { // a personal name stands in no log
				o.hidden[row.Name] = c.name
			}
		}
	}
	delete(o.hidden, "")
	return o
}

// seeded describes the accounts that were in the directory before, with the time of their last change.
func (w *world) seeded() []string {
	w.t.Helper()
	var all []string
	for _, e := range w.search("(!(description=vanthu:*))", "uid", "modifyTimestamp") {
		all = append(all, e.GetAttributeValue("uid")+" "+e.GetAttributeValue("modifyTimestamp"))
	}
	slices.Sort(all)
	return all
}
