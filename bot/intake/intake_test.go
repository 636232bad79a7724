package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Every kind of mail has one outcome and one folder, and only an entitled unit's request is answered.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	list := []string{"2153010001", "2153010002"}
	for _, tt := range []struct {
		name    string
		mail    letter
		tooBig  bool
		outcome store.Outcome
		reason  string // begins with
		folder  string
		answer  []string
		unit    string
	}{
		{name: "a clean request", mail: letter{from: ctsv, codes: list}, outcome: store.IsCase, reason: "queue", folder: "Done", answer: []string{"acknowledged"}, unit: "CTSV"},
		{name: "a bad row", mail: letter{from: ctsv, codes: []string{"2153010001", "12"}}, outcome: store.IsCase, reason: "queue_with_defects", folder: "Returned", answer: []string{"defects"}, unit: "CTSV"},
		{name: "no good row", mail: letter{from: dtsdh, codes: []string{"12"}}, outcome: store.IsCase, reason: "return", folder: "Returned", answer: []string{"returned"}, unit: "DTSDH"},
		{name: "nothing attached", mail: letter{from: ctsv}, outcome: store.IsCase, reason: "ask_sender", folder: "Returned", answer: []string{"returned"}, unit: "CTSV"},
		{name: "over a limit", mail: letter{from: ctsv, codes: list}, tooBig: true, outcome: store.IsCase, reason: "ask_sender", folder: "Returned", answer: []string{"returned"}, unit: "CTSV"},
		{name: "a doubt", mail: letter{from: ctsv, subject: "Re: x", text: "de nghi cap bo sung them em An"}, outcome: store.Quarantined, reason: "needs_person", folder: "Quarantine", unit: "CTSV"},
		{name: "a stranger", mail: letter{from: stranger, login: "none", codes: list}, outcome: store.Quarantined, reason: "not_entitled", folder: "Quarantine"},
		{name: "a colleague without a unit", mail: letter{from: "an@truong.example", codes: list}, outcome: store.Quarantined, reason: "not_entitled", folder: "Quarantine"},
		{name: "a letter that folds to an s", mail: letter{from: "ct\u017fv@truong.example", codes: list}, outcome: store.Quarantined, reason: "not_entitled", folder: "Quarantine"},
		{name: "not authenticated", mail: letter{from: ctsv, login: "none", codes: list}, outcome: store.Quarantined, reason: "not_authenticated", folder: "Quarantine"},
		{name: "another's login", mail: letter{from: ctsv, login: "an@truong.example", codes: list}, outcome: store.Quarantined, reason: "spoofed", folder: "Quarantine"},
		{name: "two From addresses", mail: letter{from: ctsv + ">, <" + dtsdh, login: ctsv, codes: list}, outcome: store.Quarantined, reason: "spoofed", folder: "Quarantine"},
		{name: "our own mail", mail: letter{from: service, codes: list}, outcome: store.Ignored, reason: "own_mail", folder: "Ignored"},
		{name: "a list's copy", mail: letter{from: ctsv, header: "List-Id: <a.truong.example>\r\n", codes: list}, outcome: store.Ignored, reason: "mailing_list", folder: "Ignored"},
		{name: "an automatic mail", mail: letter{from: ctsv, header: "Auto-Submitted: auto-replied\r\n", codes: list}, outcome: store.Ignored, reason: "automatic", folder: "Ignored"},
		{name: "an out-of-office without any mark", mail: letter{from: ctsv, subject: "Thu tra loi tu dong: di vang"}, outcome: store.Ignored, reason: "automatic", folder: "Ignored", unit: "CTSV"},
		{name: "a deletion request", mail: letter{from: ctsv, subject: "Xoa tai khoan sinh vien thoi hoc"}, outcome: store.Quarantined, reason: "needs_person: a deletion request", folder: "Quarantine", unit: "CTSV"},
		{name: "an incident", mail: letter{from: ctsv, subject: "Bao su co"}, outcome: store.Quarantined, reason: "needs_person: an incident", folder: "Quarantine", unit: "CTSV"},
		{name: "a reset", mail: letter{from: ctsv, subject: "Nho cap lai mat khau"}, outcome: store.Ignored, reason: "answered: outside", folder: "Done", answer: []string{"talk"}, unit: "CTSV"},
		{name: "how far it is", mail: letter{from: ctsv, subject: "Ho so cua phong den dau roi?"}, outcome: store.Ignored, reason: "answered: status", folder: "Done", answer: []string{"talk"}, unit: "CTSV"},
		{name: "a list to be checked", mail: letter{from: ctsv, subject: "Kiem tra thu", text: "Nho kiem tra thu, chua gui chinh thuc.", codes: list}, outcome: store.Ignored, reason: "answered: trial", folder: "Done", answer: []string{"talk"}, unit: "CTSV"},
		{name: "a stranger asks how far it is", mail: letter{from: stranger, login: "none", subject: "Ho so den dau roi?"}, outcome: store.Quarantined, reason: "not_entitled", folder: "Quarantine"},
		{name: "a program asks how far it is", mail: letter{from: ctsv, header: "Auto-Submitted: auto-generated\r\n", subject: "Ho so den dau roi?"}, outcome: store.Ignored, reason: "automatic", folder: "Ignored"},
		{name: "asked in part", mail: letter{from: ctsv, subject: "x", text: "Hồ sơ đến đâu rồi? Trưởng phòng muốn gặp anh Minh."}, outcome: store.Quarantined, reason: "needs_person: answered: status", folder: "Quarantine", answer: []string{"talk"}, unit: "CTSV"},
		{name: "a question", mail: letter{from: ctsv, subject: "Hoi ve bieu mau"}, outcome: store.Quarantined, reason: "needs_person: a message", folder: "Quarantine", unit: "CTSV"},
		{name: "the blank form is asked for", mail: letter{from: ctsv, subject: "Xin mau BM-CNTT31"}, outcome: store.Ignored, reason: "form_sent", folder: "Done", answer: []string{"blank_form"}, unit: "CTSV"},
		{name: "a stranger asks for the blank form", mail: letter{from: stranger, login: "none", subject: "Xin mau BM-CNTT31"}, outcome: store.Quarantined, reason: "not_entitled", folder: "Quarantine"},
		{name: "who is not proven asks for the blank form", mail: letter{from: ctsv, login: "none", subject: "Xin mau BM-CNTT31"}, outcome: store.Quarantined, reason: "not_authenticated", folder: "Quarantine"},
		{name: "a program asks for the blank form", mail: letter{from: ctsv, header: "Auto-Submitted: auto-replied\r\n", subject: "Xin mau BM-CNTT31"}, outcome: store.Ignored, reason: "automatic", folder: "Ignored"},
		{name: "a confirmation of nothing", mail: letter{from: ctsv, subject: "Re: x", text: "Đã nhận đủ."}, outcome: store.Quarantined, reason: "needs_person: a confirmation", folder: "Quarantine", unit: "CTSV"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			if tt.tooBig {
				w.in.MIME.Size = 1000
			}
			m := w.takes(tt.mail)
			if m.Outcome != tt.outcome || !strings.HasPrefix(m.Reason, tt.reason) || m.Folder != tt.folder || m.Unit != tt.unit || m.JudgedAt.IsZero() {
				t.Errorf("%s in %s (%s) of %q, want %s in %s (%s…) of %q", m.Outcome, m.Folder, m.Reason, m.Unit, tt.outcome, tt.folder, tt.reason, tt.unit)
			}
			if diff := cmp.Diff(tt.answer, w.answers()); diff != "" {
				t.Errorf("answers:\n%s", diff)
			}
			if err := w.in.Mail(t.Context(), m.ID); err != nil { // a job that comes twice
				t.Fatal(err)
			}
			if again := w.mail(m.ID); !cmp.Equal(m, again) || len(w.answers()) != len(tt.answer) {
				t.Errorf("judged twice:\n%s", cmp.Diff(m, again))
			}
		})
	}
}

func TestBouncesAreFollowedAndNeverAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	first := w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
	answer := w.letters()[0]
	report := func(original, action string) store.Mail {
		raw := "Received: from pc by mail.truong.example with ESMTP id 1\r\nFrom: <MAILER-DAEMON@evil.example>\r\nSubject: failed\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n" +
			"Final-Recipient: rfc822; " + ctsv + "\r\nAction: " + action + "\r\nStatus: 5.1.1\r\n\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: " + original + "\r\n\r\n--x--\r\n"
		id := w.arrive([]byte(raw))[0]
		if err := w.in.Mail(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return w.mail(id)
	}
	if m := report(answer.MessageID, "failed"); m.Outcome != store.IsFollowUp || m.CaseID != first.CaseID || m.Folder != "Done" {
		t.Errorf("a bounce of an answer: %+v", m)
	}
	if m := report("<other@truong.example>", "failed"); m.Outcome != store.Ignored || m.Folder != "Ignored" {
		t.Errorf("a bounce of no answer: %+v", m)
	}
	report(answer.MessageID, "sent") // anybody can write a report: it must not write our own words into the history
	var said []string
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, first.CaseID) }) {
		if strings.HasPrefix(e.What, "answer_") {
			said = append(said, e.What)
		}
	}
	if diff := cmp.Diff([]string{"answer_failed", "answer_bounced"}, said); diff != "" {
		t.Error(diff)
	}
	if len(w.letters()) != 1 {
		t.Error("a bounce was answered")
	}
}

func TestTheSameMailAgain(t *testing.T) {
	t.Parallel()
	request := letter{from: ctsv, id: "<a@truong.example>", codes: []string{"2153010001"}}
	other := request
	other.via = "otherway"
	unproven := request
	unproven.login = "none"
	for _, tt := range []struct {
		name          string
		first, second letter
		outcomes      []store.Outcome
	}{
		{"the mailbox was renumbered", request, request, []store.Outcome{store.IsCase, store.IsFollowUp}},
		{"delivered by two ways", request, other, []store.Outcome{store.IsCase, store.IsFollowUp}},
		{"first by a way that proves nothing", unproven, request, []store.Outcome{store.Quarantined, store.IsCase}},
		{"then by a way that proves nothing", request, unproven, []store.Outcome{store.IsCase, store.Quarantined}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			got := []store.Outcome{w.takes(tt.first).Outcome, w.takes(tt.second).Outcome}
			if diff := cmp.Diff(tt.outcomes, got); diff != "" {
				t.Error(diff)
			}
			if len(w.cases()) != 1 || len(w.letters()) != 1 {
				t.Errorf("%d cases, %d answers", len(w.cases()), len(w.letters()))
			}
		})
	}
}

// An officer who has put right why a mail was quarantined moves it back to the mailbox: it is judged as if it were new.
func TestQuarantinedMailMovedBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	mail := letter{from: "yhct@truong.example", codes: []string{"2153010001"}}
	if m := w.takes(mail); m.Outcome != store.Quarantined {
		t.Fatal(m.Outcome)
	}
	w.in.Units = append(units[:2:2], bot.Unit{ID: "YHCT", Addresses: []string{"yhct@truong.example"}})
	if m := w.takes(mail); m.Outcome != store.IsCase {
		t.Errorf("moved back: %s %s", m.Outcome, m.Reason)
	}
}

// Who vouches for a sender vouches for that alone: it opens the door of a unit whose mail was not proven, and no other.
func TestVouched(t *testing.T) {
	t.Parallel()
	list := []string{"2153010001"}
	for _, tt := range []struct {
		name   string
		mail   letter
		reason string // begins with
	}{
		{"not authenticated", letter{from: ctsv, login: "none", codes: list}, "queue"},
		{"another's login", letter{from: ctsv, login: "an@truong.example", codes: list}, "queue"},
		{"a stranger", letter{from: stranger, login: "none", codes: list}, "not_entitled"},
		{"two From addresses", letter{from: ctsv + ">, <" + dtsdh, login: ctsv, codes: list}, "not_entitled"},
		{"our own mail", letter{from: service, login: "none", codes: list}, "own_mail"},
		{"a list's copy", letter{from: ctsv, login: "none", header: "List-Id: <a.truong.example>\r\n", codes: list}, "mailing_list"},
		{"an automatic mail", letter{from: ctsv, login: "none", header: "Auto-Submitted: auto-replied\r\n", codes: list}, "automatic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				m := w.takes(tt.mail)
				err := w.db.Write(t.Context(), func(tx *store.Tx) error { return tx.RetryMail(t.Context(), m.ID, "officer:lan") })
				if m.Outcome != store.Quarantined {
					if m.Outcome != store.Ignored || bot.ErrorCode(err) != bot.Conflict {
						t.Errorf("at first %s %s, taken back: %v", m.Outcome, m.Reason, err)
					}
					return
				}
				if err := errors.Join(err, w.in.Mail(t.Context(), m.ID)); err != nil {
					t.Fatal(err)
				}
				got := w.mail(m.ID)
				if !strings.HasPrefix(got.Reason, tt.reason) || got.Vouched != "officer:lan" || (got.Outcome == store.IsCase) != (tt.reason == "queue") {
					t.Errorf("vouched for: %s %s, want %s", got.Outcome, got.Reason, tt.reason)
				}
			})
		})
	}
}

// The same mail by two ways at the same moment: one case, one answer, whoever is faster.
func TestCopiesJudgedAtTheSameTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		a := letter{from: ctsv, id: "<a@truong.example>", codes: []string{"2153010001"}}
		b := a
		b.via = "otherway"
		ids := w.arrive(a.raw(), b.raw())
		w.judgeTogether(ids)
		ends := map[store.Outcome]int{}
		for _, id := range ids {
			ends[w.mail(id).Outcome]++
		}
		if diff := cmp.Diff(map[store.Outcome]int{store.IsCase: 1, store.IsFollowUp: 1}, ends); diff != "" {
			t.Error(diff)
		}
		if len(w.cases()) != 1 || len(w.letters()) != 1 {
			t.Errorf("%d cases, %d answers", len(w.cases()), len(w.letters()))
		}
	})
}

// judgeTogether judges two mails so that each is judged before the other is written.
func (w *world) judgeTogether(ids []int64) {
	w.t.Helper()
	var both, group sync.WaitGroup
	both.Add(len(ids))
	var mu sync.Mutex
	seen := 0
	w.judging = func([]string) {
		mu.Lock()
		seen++
		first := seen <= len(ids)
		mu.Unlock()
		if first {
			both.Done()
			both.Wait()
		}
	}
	errs := make([]error, len(ids))
	for i, id := range ids {
		group.Go(func() { errs[i] = w.in.Mail(w.t.Context(), id) })
	}
	group.Wait()
	w.judging = nil
	for i, id := range ids {
		if bot.ErrorCode(errs[i]) == bot.Temporary { // the queue tries again
			errs[i] = w.in.Mail(w.t.Context(), id)
		}
	}
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// Numbers have no gap: not after a crash at any commit, nor after a mail that became no case.
func TestNumbersHaveNoGap(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 3; n++ {
		t.Run(fmt.Sprintf("cut off at commit %d", n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			id := w.arrive(letter{from: ctsv, codes: []string{"2153010001"}}.raw())[0]
			commits := 0
			w.db.Commit = func() error {
				if commits++; commits == n {
					return errCut
				}
				return nil
			}
			for w.mail(id).Outcome == "" {
				if err := w.in.Mail(t.Context(), id); err != nil && !errors.Is(err, errCut) {
					t.Fatal(err)
				}
			}
			doubt := w.takes(letter{from: ctsv, subject: "Re: x", text: "de nghi cap bo sung them em An"})
			w.takes(letter{from: ctsv, codes: []string{"2153010002"}})
			var numbers []string
			for _, c := range w.cases() {
				numbers = append(numbers, c.Number[8:])
			}
			if diff := cmp.Diff([]string{"0001", "0002"}, numbers); diff != "" || doubt.Number != "" {
				t.Errorf("numbers (one was kept for a mail that became no case: %q):\n%s", doubt.Number, diff)
			}
			if diff := cmp.Diff([]string{"acknowledged", "acknowledged"}, w.answers()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fail  func(w *world, cancel context.CancelFunc)
		times int // that it fails
		ends  store.Outcome
	}{
		{"a mail that always fails is given to an officer", func(w *world, _ context.CancelFunc) {
			w.in.Compose = func(bot.Answer) (store.Letter, error) { return store.Letter{}, errCut }
		}, 3, store.Quarantined},
		{"the platform is away for long", func(w *world, _ context.CancelFunc) {
			w.platform = func([]string) ([]bot.Existing, error) { return nil, errCut }
		}, 9, store.IsCase},
		{"the database is full for long", func(w *world, _ context.CancelFunc) {
			w.db.Commit = func() error { return bot.Errorf(bot.Temporary, "full") }
		}, 9, store.IsCase},
		{"a mail that kills the process", func(w *world, _ context.CancelFunc) {
			w.in.Compose = func(bot.Answer) (store.Letter, error) { panic("killed") }
		}, 9, store.Quarantined},
		{"a process that is killed often", func(w *world, _ context.CancelFunc) {
			w.in.Compose = func(bot.Answer) (store.Letter, error) { panic("killed") }
		}, 8, store.IsCase},
		{"the process is stopped again and again", func(w *world, cancel context.CancelFunc) {
			w.judging = func([]string) { cancel() }
		}, 9, store.IsCase},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			id := w.arrive(letter{from: ctsv, codes: []string{"2153010001"}}.raw())[0]
			for i := range tt.times {
				ctx, cancel := context.WithCancel(t.Context())
				tt.fail(w, cancel)
				if err := w.dies(ctx, id); err == nil || w.mail(id).Outcome != "" {
					t.Fatalf("try %d: %v, %q", i+1, err, w.mail(id).Outcome)
				}
				cancel()
			}
			w.in.Compose, w.platform, w.judging, w.db.Commit = compose, nil, nil, nil
			if err := w.in.Mail(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if m := w.mail(id); m.Outcome != tt.ends {
				t.Errorf("%s %s, want %s", m.Outcome, m.Reason, tt.ends)
			}
		})
	}
}

// dies judges a mail; a panic stands for the end of the process.
func (w *world) dies(ctx context.Context, id int64) (err error) {
	defer func() {
		if recover() != nil {
			err = errCut
		}
	}()
	return w.in.Mail(ctx, id)
}

// A mail that takes longer than a job may run is at fault itself: it must not be tried for ever.
func TestAMailThatTakesTooLongIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	id := w.arrive(letter{from: ctsv, codes: []string{"2153010001"}}.raw())[0]
	for range 3 {
		ctx := &overtime{Context: t.Context(), over: make(chan struct{})}
		w.judging = func([]string) { close(ctx.over) }
		if err := w.in.Mail(ctx, id); err == nil {
			t.Fatal("judged in time")
		}
	}
	w.judging = nil
	if err := w.in.Mail(t.Context(), id); err != nil || w.mail(id).Outcome != store.Quarantined {
		t.Errorf("%v, %q", err, w.mail(id).Outcome)
	}
}

// overtime is a context whose time is over when a test says so.
type overtime struct {
	context.Context
	over chan struct{}
}

func (o *overtime) Done() <-chan struct{} { return o.over }

func (o *overtime) Err() error {
	select {
	case <-o.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Every mail is judged by three workers at once, as two processes on one database may: each ends once, each case has one
// answer, the numbers have no gap.
func TestManyWorkers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		var raws [][]byte
		for i := range 6 {
			raws = append(raws, letter{from: ctsv, id: fmt.Sprintf("<%d@truong.example>", i), codes: []string{fmt.Sprintf("215301%04d", i)}}.raw())
		}
		raws = append(raws, raws[0], raws[1], letter{from: stranger, login: "none"}.raw())
		ids := w.arrive(raws...)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				for _, id := range ids {
					for range 100 {
						if err := w.in.Mail(context.WithoutCancel(t.Context()), id); err == nil {
							break
						} else if bot.ErrorCode(err) != bot.Temporary {
							t.Error(err)
						}
					}
				}
			})
		}
		group.Wait()
		ends := map[store.Outcome]int{}
		for _, m := range w.mails() {
			ends[m.Outcome]++
		}
		if diff := cmp.Diff(map[store.Outcome]int{store.IsCase: 6, store.IsFollowUp: 2, store.Quarantined: 1}, ends); diff != "" {
			t.Error(diff)
		}
		numbers := map[string]bool{}
		for _, c := range w.cases() {
			numbers[c.Number[8:]] = true
		}
		if len(numbers) != 6 || !numbers["0001"] || !numbers["0006"] || len(w.letters()) != 6 {
			t.Errorf("numbers %v, %d answers", numbers, len(w.letters()))
		}
	})
}
