//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// kill -9 of serve at random moments while mails come in and an officer and an approver work. VANTHU_CRASH is
// "MAILS KILLS SEED"; the seed is printed, so that a failure can be played again.
func TestCrashSQLite(t *testing.T)   { crash(t, "sqlite") }
func TestCrashPostgres(t *testing.T) { crash(t, "postgres") }

func crash(t *testing.T, database string) {
	mails, kills, seed := 60, 8, uint64(time.Now().UnixNano())
	if s := os.Getenv("VANTHU_CRASH"); s != "" {
		if _, err := fmt.Sscan(s, &mails, &kills, &seed); err != nil {
			t.Fatalf("VANTHU_CRASH=%q: %v", s, err)
		}
	}
	t.Logf("%s: %d mails, %d kills, seed %d", database, mails, kills, seed)
	w := newWorld(t, database)
	random := rand.New(rand.NewPCG(seed, seed))
	a := w.open()

	// Units send while the daemon is killed; the officer works beside it.
	sent := make(chan error, 1)
	plan := traffic(t, mails, random)
	unit, other := w.courier(ctsv), w.courier(dtsdh)
	go func() {
		for i, m := range plan {
			from := unit
			if m.From.Address == dtsdh {
				from = other
			}
			raw, err := m.Bytes()
			if err == nil {
				err = from.client.SendMail(from.from, []string{service}, strings.NewReader(string(raw)))
			}
			if err != nil {
				sent <- fmt.Errorf("mail %d: %w", i, err)
				return
			}
		}
		sent <- nil
	}()
	officer, stop := context.WithCancel(t.Context())
	worked := make(chan error, 1)
	go func() { worked <- officers(officer, a) }()

	for range kills {
		p := w.serve()
		timer := time.NewTimer(time.Duration(50+random.IntN(900)) * time.Millisecond)
		select {
		case <-timer.C:
		case <-p.exited:
			t.Fatalf("serve ended by itself: %v\n%s", p.err, p.log)
		}
		p.kill()
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	last := w.serve()
	asked := make(map[int64]time.Time)
	w.await("every mail judged, filed and answered, every case delivered", 4*time.Minute, func() bool {
		w.settleUnknown(a, asked)
		return settled(t, a, mails)
	})
	stop()
	if err := <-worked; err != nil {
		t.Fatal(err)
	}
	if err := last.stop(t); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	w.balance(a, mails)
}

// Two processes on one PostgreSQL share the mailbox and the queue: still everything once.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t, "postgres")
	first, second := w.serve(), w.serve()
	a := w.open()
	officer, stop := context.WithCancel(t.Context())
	worked := make(chan error, 1)
	go func() { worked <- officers(officer, a) }()
	unit, other := w.courier(ctsv), w.courier(dtsdh)
	const mails = 40
	for _, m := range traffic(t, mails, rand.New(rand.NewPCG(1, 2))) {
		if m.From.Address == dtsdh {
			other.send(m)
		} else {
			unit.send(m)
		}
	}
	w.await("every mail judged, filed and answered, every case delivered", 2*time.Minute, func() bool { return settled(t, a, mails) })
	stop()
	if err := <-worked; err != nil {
		t.Fatal(err)
	}
	for _, p := range []*process{first, second} {
		if err := p.stop(t); err != nil {
			t.Errorf("SIGTERM: %v", err)
		}
	}
	w.balance(a, mails)
}

// traffic mixes clean requests, ones with defects, codes that stand in two requests, and automatic mail.
func traffic(t *testing.T, n int, random *rand.Rand) []compose.Mail {
	var all []compose.Mail
	for i := range n {
		from := ctsv
		if i%3 == 0 {
			from = dtsdh
		}
		list := people(1000+10*i, 3)
		switch random.IntN(10) {
		case 0:
			list[1].name = ""
		case 1:
			list[2] = people(1000+10*random.IntN(n), 1)[0] // somebody who stands in another request too
		case 2:
			all = append(all, compose.Mail{From: mime.Address{Address: from}, To: []mime.Address{{Address: service}}, Subject: "Trả lời tự động", Text: "Vắng mặt.",
				MessageID: fmt.Sprintf("<c%d@truong.example>", i), Date: time.Now(), AutoSubmitted: "auto-replied"})
			continue
		}
		all = append(all, request(t, from, "c"+strconv.Itoa(i), list))
	}
	return all
}

// officers check, plan and approve whatever is ready, through the same functions as the command line.
func officers(ctx context.Context, a *app.App) error {
	approver := bot.Officer{ID: "minh", Name: "Minh", Approver: true}
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		var ready []bot.Case
		err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
			ready, err = tx.Cases(ctx, bot.Received)
			return err
		})
		for _, c := range ready {
			if err == nil {
				_, err = a.Desk.Check(ctx, "officer:lan", c.Number)
			}
			var p store.StoredPlan
			if err == nil {
				p, err = a.Desk.MakePlan(ctx, "officer:lan", []string{c.Number})
			}
			if err == nil {
				_, err = a.Desk.ApprovePlan(ctx, approver, p.Number, p.Hash)
			}
		}
		if err != nil && ctx.Err() == nil && bot.ErrorCode(err) != bot.Conflict { // the case has moved meanwhile
			return err
		}
	}
}

// settleUnknown does what an officer does with credentials that were cut off between the final dot and the reply: he looks
// into the unit's mailbox, when the mail server has had the time to bring them. asked holds since when each is known.
func (w *world) settleUnknown(a *app.App, asked map[int64]time.Time) {
	w.t.Helper()
	var open []store.Letter
	err := a.DB.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		open, err = tx.OpenLetters(w.t.Context())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range open {
		if l.State != store.LetterUnknown || !l.Once {
			continue
		}
		if _, ok := asked[l.ID]; !ok {
			asked[l.ID] = time.Now()
		}
		if time.Since(asked[l.ID]) < 5*time.Second {
			continue
		}
		arrived := slices.ContainsFunc(w.mailbox(l.To).mails("INBOX"), func(m *mime.Message) bool { return m.ID == l.MessageID })
		w.t.Logf("answer %d is unknown; the unit has it: %v", l.ID, arrived)
		if _, err := a.Desk.Settle(w.t.Context(), "officer:lan", l.ID, arrived); err != nil {
			w.t.Fatal(err)
		}
		delete(asked, l.ID)
	}
}

// settled says whether nothing is left to be done by the daemon.
func settled(t *testing.T, a *app.App, mails int) bool {
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
		if err != nil {
			return err
		}
		cases, err := tx.Cases(t.Context(), "")
		if err != nil {
			return err
		}
		total := 0
		for _, n := range counts {
			total += n
		}
		done = total >= mails && counts[""] == 0 && len(unfiled) == 0
		for _, l := range letters {
			done = done && l.State == store.LetterSent
		}
		for _, c := range cases {
			done = done && (c.State == bot.Delivered || c.State == bot.WaitingUnit)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// balance looks at everything from outside: mailboxes and directory against the journal.
func (w *world) balance(a *app.App, mails int) {
	t := w.t
	var journal []store.Mail
	var cases []bot.Case
	var letters []store.Letter
	rows := make(map[string]bot.CaseRow) // marker → row
	err := a.DB.Read(t.Context(), func(tx *store.Tx) (err error) {
		if journal, err = tx.Mails(t.Context(), ""); err != nil {
			return err
		}
		if letters, err = tx.Letters(t.Context(), 0); err != nil {
			return err
		}
		if cases, err = tx.Cases(t.Context(), ""); err != nil {
			return err
		}
		for _, c := range cases {
			all, err := tx.Rows(t.Context(), c.ID)
			if err != nil {
				return err
			}
			for _, r := range all {
				rows[fmt.Sprintf("vanthu:%s:%d", c.Number, r.N)] = r
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(journal) != mails {
		t.Errorf("%d mails were sent, %d are in the journal", mails, len(journal))
	}
	numbers := make(map[string]bool)
	for _, c := range cases {
		numbers[c.Number[strings.LastIndex(c.Number, "-"):]] = true
	}
	for i := range cases {
		if want := fmt.Sprintf("-%04d", i+1); !numbers[want] {
			t.Errorf("the case numbers have a gap at %s", want)
		}
	}
	service := w.mailbox(service)
	filed := service.count("Done") + service.count("Returned") + service.count("Ignored") + service.count("Quarantine")
	if filed != mails || service.count("INBOX") != 0 {
		t.Errorf("%d mails are filed and %d in the inbox, want %d and 0", filed, service.count("INBOX"), mails)
	}

	got := make(map[string]int) // Message-ID → copies
	delivered := make(map[string]*mime.Message)
	answers := 0
	for _, address := range []string{ctsv, dtsdh} {
		for _, m := range w.mailbox(address).mails("INBOX") {
			got[m.ID]++
			answers++
			if strings.Contains(m.Text, "mật khẩu") && len(m.Parts) == 2 {
				delivered[m.Header("X-Vanthu-Case")] = m
			}
		}
	}
	twice := 0
	for _, l := range letters {
		switch n := got[l.MessageID]; {
		case n == 0:
			t.Errorf("answer %q was never received", l.Step)
		case n > 1:
			twice += n - 1
		}
		delete(got, l.MessageID)
	}
	for id := range got {
		t.Errorf("a mail that is in no outbox was received: %s", id)
	}
	if len(letters) != len(journal)-ignored(journal)+len(delivered) {
		t.Errorf("%d answers for %d mails that want one and %d deliveries", len(letters), len(journal)-ignored(journal), len(delivered))
	}

	people := make(map[string]string)
	made := 0
	for _, e := range w.accounts() {
		if other, ok := people[e.code]; ok {
			t.Errorf("%s has two accounts: %s and %s", e.code, other, e.marker)
		}
		people[e.code] = e.marker
		r, ok := rows[e.marker]
		if !ok || r.Code != e.code || r.State != bot.RowDelivered {
			t.Errorf("the account %s of %s belongs to no delivered row: %+v", e.mail, e.marker, r.State)
		}
		number := strings.Split(e.marker, ":")[1]
		if made++; made%7 == 0 && delivered[number] != nil { // a sample: opening a workbook takes its time
			if err := w.signIn(e.dn, credentials(t, delivered[number])[e.code]); err != nil {
				t.Errorf("%s cannot sign in with the password that was delivered: %v", e.code, err)
			}
		}
	}
	for marker, r := range rows {
		if r.State == bot.RowDelivered && people[r.Code] != marker {
			t.Errorf("row %s is delivered and its account is not in the directory", marker)
		}
	}
	t.Logf("%d mails: %d cases, %d ignored; %d answers (%d repeated with the same Message-ID); %d accounts", len(journal), len(cases), ignored(journal), answers, twice, made)
}

func ignored(journal []store.Mail) int {
	n := 0
	for _, m := range journal {
		if m.Outcome == store.Ignored {
			n++
		}
	}
	return n
}
