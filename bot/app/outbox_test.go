package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/job"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/mime"
	"vanthu/mailer/outbox"
)

// add queues one more letter and returns its id.
func (p *post) add(l store.Letter) int64 {
	p.t.Helper()
	n := len(p.letters())
	l.Step, l.MessageID, l.Token = fmt.Sprint("step ", n), fmt.Sprintf("<%d@truong.example>", n), fmt.Sprint("token", n)
	l.To = "ctsv@truong.example"
	if l.Kind == "" {
		l.Kind = string(bot.Acknowledged)
	}
	p.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddLetter(ctx, l)
		return err
	})
	return p.letters()[n].ID
}

// wake runs the job of a letter and says when it is to be run again.
func (p *post) wake(id int64) time.Duration {
	p.t.Helper()
	err := p.man.letter(p.t.Context(), id)
	later, ok := errors.AsType[job.Later](err)
	if err != nil && !ok {
		p.t.Fatal(err)
	}
	return time.Duration(later)
}

func (p *post) says(outcome outbox.Outcome, reply string, said bool) {
	p.answer = &outbox.Error{Outcome: outcome, Reply: reply, Said: said, Rest: time.Hour}
}

// Many workers, and jobs that come twice: each letter goes once, the urgent first, whoever was woken.
func TestPain37NeverSentTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPost(t, db)
		ids := []int64{p.id, p.id}
		for i := range 20 {
			id := p.add(store.Letter{Raw: fmt.Append(nil, "letter ", i)})
			ids = append(ids, id, id)
		}
		var group sync.WaitGroup
		for _, id := range ids {
			group.Go(func() {
				if err := p.man.letter(context.WithoutCancel(t.Context()), id); err != nil {
					if _, putOff := errors.AsType[job.Later](err); !putOff {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		for _, id := range ids {
			p.wake(id)
		}
		slices.Sort(p.sent)
		if len(slices.Compact(slices.Clone(p.sent))) != len(p.sent) || len(p.sent) != 21 {
			t.Errorf("%d sendings of 21 letters: %q", len(p.sent), p.sent)
		}
	})
}

func TestUrgentLettersGoFirst(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	p.man.pace = store.Pace{PerMinute: 1}
	p.add(store.Letter{Raw: []byte("reminder"), Urgency: bot.Reminder.Urgency()})
	p.add(store.Letter{Raw: []byte("receipt"), Urgency: bot.Acknowledged.Urgency()})
	for range 3 {
		p.wake(p.id) // the job of the credentials
		p.now = p.now.Add(time.Minute)
	}
	if want := []string{"receipt", "sealed mail"}; !slices.Equal(p.sent, want) {
		t.Errorf("sent %q, want %q", p.sent, want)
	}
}

// A letter that must wait for the pace is looked at again when its turn comes, not each second.
func TestPain36LettersWaitForThePace(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	p.man.pace = store.Pace{PerMinute: 30}
	var ids []int64
	for range 90 {
		ids = append(ids, p.add(store.Letter{Raw: []byte("bulk"), Urgency: 2}))
	}
	wakings, due, end := 0, map[int64]time.Time{p.id: p.now}, p.now
	for _, id := range ids {
		due[id] = p.now
	}
	for len(due) > 0 {
		for id, at := range due {
			if at.After(p.now) {
				continue
			}
			wakings++
			if later := p.wake(id); later > 0 {
				due[id] = p.now.Add(later)
			} else {
				delete(due, id)
			}
		}
		end, p.now = p.now, p.now.Add(time.Second)
	}
	took := end.Sub(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC))
	if len(p.sent) != 91 || took < 3*time.Minute || took > 4*time.Minute || wakings > 5*91 {
		t.Errorf("%d letters in %v, %d wakings", len(p.sent), took, wakings)
	}
}

// The provider's limit stops all letters and fails none of them; afterwards they go.
func TestPain36QuotaPausesTheOutbox(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	other := p.add(store.Letter{Raw: []byte("other")})
	p.says(outbox.Limited, "message: 550 5.4.5 Daily user sending limit exceeded", true)
	if later := p.wake(other); later != time.Hour {
		t.Errorf("rests %v", later)
	}
	p.answer = nil // it would take letters, but nobody asks
	if later := p.wake(p.id); later != time.Hour || len(p.sent) != 1 {
		t.Errorf("%d sent while resting, again in %v", len(p.sent), later)
	}
	p.now = p.now.Add(time.Hour)
	p.wake(p.id)
	p.wake(other)
	for _, l := range p.letters() {
		if l.State != store.LetterSent {
			t.Errorf("%s is %s: %s", l.Kind, l.State, l.Reply)
		}
	}
}

// Greylisting: half a minute at first, growing, with some chance in it; then it is taken.
func TestGreylisted(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	p.early = true
	p.says(outbox.Temporary, "RCPT TO: 450 4.2.0 Greylisted", true)
	var pauses []time.Duration
	for range 4 {
		pauses = append(pauses, p.wake(p.id))
		p.now = p.now.Add(pauses[len(pauses)-1])
	}
	for i, pause := range pauses {
		if want := 30 * time.Second << i; pause < want*9/10 || pause > want*11/10 {
			t.Errorf("pause %d is %v, want about %v", i+1, pause, want)
		}
	}
	p.answer = nil
	if later := p.wake(p.id); later != 0 {
		t.Errorf("again in %v", later)
	}
	p.stands(store.LetterSent, bot.Delivered, bot.RowDelivered, 0, "answer_temporary", "answer_temporary", "answer_temporary", "answer_temporary", "answer_sent", "case_delivered")
}

// A letter is tried for days, said to be late after hours, and failed at the end; an officer can queue it again.
func TestLetterIsGivenUp(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	p.early = true
	p.says(outbox.Temporary, "connecting: connection refused", false)
	began, tries := p.now, 0
	for p.letters()[0].Waits() && tries < 10_000 {
		p.now = p.now.Add(p.wake(p.id))
		tries++
	}
	if took := p.now.Sub(began); took < p.man.smtp.GiveUp || took > p.man.smtp.GiveUp+time.Hour {
		t.Errorf("given up after %v and %d tries", took, tries)
	}
	if l := p.letters()[0]; l.State != store.LetterFailed || !l.NeedsPerson() || p.wake(p.id) != 0 {
		t.Errorf("%+v", l)
	}
	p.answer = nil
	if _, err := p.man.desk.ResendLetter(t.Context(), "officer:lan", p.id); err != nil {
		t.Fatal(err)
	}
	if p.wake(p.id); len(p.sent) != 1 {
		t.Errorf("sent %d times", len(p.sent))
	}
}

// A letter that waits for long is said to be late, once.
func TestLateLetterIsTold(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	for _, pass := range []time.Duration{29 * time.Minute, time.Minute, time.Hour} {
		p.now = p.now.Add(pass)
		if err := p.man.late(t.Context(), 30*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	p.stands(store.LetterQueued, bot.Created, bot.RowCreated, 1, "answer_late")
}

// An unknown letter that holds no secret is sent again by itself: the same bytes, so the same Message-ID.
func TestPain37UnknownLetterHasTheSameMessageID(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	id := p.add(store.Letter{Raw: []byte("Message-ID: <1@truong.example>\r\n\r\nx")})
	p.says(outbox.Unknown, "waiting for the reply to the message: EOF", false)
	p.now = p.now.Add(p.wake(id))
	p.answer = nil
	p.wake(id)
	if len(p.sent) != 2 || p.sent[0] != p.sent[1] {
		t.Errorf("sent %q", p.sent)
	}
	if l := p.letters()[1]; l.State != store.LetterSent {
		t.Errorf("%+v", l)
	}
}

func TestReturnPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		plus string
		null bool
		l    store.Letter
		want string
	}{
		{"", true, store.Letter{Token: "abc"}, "cntt@truong.example"},
		{"+", true, store.Letter{Token: "abc"}, "cntt+babc@truong.example"},
		{"+", true, store.Letter{}, "cntt@truong.example"}, // written before there were tokens
		{"+", true, store.Letter{Token: "abc", NullPath: true}, ""},
		{"+", false, store.Letter{Token: "abc", NullPath: true}, "cntt+babc@truong.example"},
	} {
		p := &postman{smtp: config.SMTP{From: "cntt@truong.example", Plus: tt.plus, NullPath: tt.null}}
		if got := p.returnPath(tt.l); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

// A server that takes no return path but the service address gets that one: no letter waits for it.
func TestReturnPathIsRefused(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	p.man.smtp.Plus = "+"
	tried := 0
	p.man.send = func(ctx context.Context, m outbox.Message) (string, error) {
		tried++
		if m.From != "cntt@truong.example" {
			return "", &outbox.Error{Outcome: outbox.Limited, Sender: true, Said: true, Rest: time.Hour, Reply: "MAIL FROM: 550 5.7.60 not permitted"}
		}
		return p.send(ctx, m)
	}
	note := p.add(store.Letter{Raw: []byte("note"), NullPath: true})
	p.wake(p.id)
	p.wake(note)
	if want := []string{"cntt@truong.example", "cntt@truong.example"}; !slices.Equal(p.from, want) || tried != 3 {
		t.Errorf("sent from %q after %d tries", p.from, tried)
	}
}

// Whoever was not sent a letter cannot know its Message-ID or token: they differ from one database to the next, although the
// steps are the same. In one database they are the same however often the letter is composed.
func TestPain38IDsCannotBeGuessed(t *testing.T) {
	t.Parallel()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.SMTP.From = "cntt@truong.example"
	var got []store.Letter
	for _, salt := range []string{"one", "one", "two"} {
		l, err := newLetters(cfg, salt).compose(bot.Answer{Kind: bot.BlankForm, Step: "form mail 1", At: time.Unix(0, 0), Unit: bot.Unit{Addresses: []string{"ctsv@truong.example"}}})
		if err != nil {
			t.Fatal(err)
		}
		msg, err := mime.Parse(l.Raw, mime.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if msg.ID != l.MessageID || strings.TrimSpace(msg.Header("X-Vanthu-Id")) != l.Token || len(l.Token) != 16 {
			t.Errorf("the mail says %s and %s, the outbox %s and %s", msg.ID, msg.Header("X-Vanthu-Id"), l.MessageID, l.Token)
		}
		got = append(got, l)
	}
	if got[0].MessageID != got[1].MessageID || got[0].Token != got[1].Token || got[0].MessageID == got[2].MessageID || got[0].Token == got[2].Token {
		t.Errorf("%s %s, %s %s, %s %s", got[0].MessageID, got[0].Token, got[1].MessageID, got[1].Token, got[2].MessageID, got[2].Token)
	}
}
