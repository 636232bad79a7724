package app

import (
	"context"
	"testing"
	"time"

	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/mime"
	"vanthu/mailer/outbox"
)

// A letter whose reply never comes may have been delivered each time: it is not sent for ever, and a person is told.
func TestUnknownLetterIsGivenUp(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	id := p.add(store.Letter{Raw: []byte("x")})
	p.says(outbox.Unknown, "waiting for the reply to the message: EOF", false)
	began := p.now
	for tries := 0; p.letters()[1].Waits(); tries++ {
		if tries > 10_000 {
			t.Fatal("it is sent for ever")
		}
		p.now = p.now.Add(p.wake(id))
	}
	if took := p.now.Sub(began); took < p.man.smtp.GiveUp || took > p.man.smtp.GiveUp+time.Hour {
		t.Errorf("given up after %v", took)
	}
	if l := p.letters()[1]; l.State != store.LetterFailed || !l.NeedsPerson() {
		t.Errorf("%+v", l)
	}
}

// A letter whose bytes are gone fails and is told; the letters behind it go.
func TestLetterWithoutItsBytesHoldsUpNobody(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	p := newPost(t, db)
	empty, behind := p.add(store.Letter{Raw: []byte("x")}), p.add(store.Letter{Raw: []byte("y")})
	p.write(func(ctx context.Context, tx *store.Tx) error { return tx.EraseLetter(ctx, empty) })
	p.wake(behind)
	if letters := p.letters(); letters[1].State != store.LetterFailed || !letters[1].NeedsPerson() || letters[2].State != store.LetterSent {
		t.Errorf("%+v", letters)
	}
}

// While the provider lets nothing be sent, no canary is sent either: who goes on asking is blocked for longer. One that is cut
// off by the end of the process is not awaited by the next, which would raise a false alarm.
func TestCanaryRestsAndIsForgotten(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	sent := 0
	ctx, stop := context.WithCancel(t.Context())
	c := &canaries{db: g.app.DB, alarms: g.alarms, every: time.Minute, late: time.Minute, from: mime.Address{Address: "cntt@truong.example"}, sent: func() {},
		send: func(context.Context, string, []string, []byte) (string, error) {
			sent++
			stop()
			return "", context.Canceled
		}}
	if err := g.app.DB.Write(ctx, func(tx *store.Tx) error { _, err := tx.RestOutbox(ctx, time.Minute, "450"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := c.fly(ctx); err != nil || sent != 0 {
		t.Errorf("%d sent while resting, %v", sent, err)
	}
	if err := g.app.DB.Write(ctx, func(tx *store.Tx) error { _, err := tx.EndRest(ctx); return err }); err != nil {
		t.Fatal(err)
	}
	if err := c.fly(ctx); err != nil || sent != 1 {
		t.Errorf("%d sent, %v", sent, err)
	}
	if away := storetest.Read(t, g.app.DB, func(ctx context.Context, tx *store.Tx) (store.Canary, error) {
		_, away, err := tx.Canaries(ctx)
		return away, err
	}); away.Token != "" {
		t.Errorf("awaited: %+v", away)
	}
}

// Another process has all connections: the letters that wait do not all ask again each second.
func TestWaitingLettersAskOneAfterTheOther(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	p.man.pace = store.Pace{Connections: 1}
	var ids []int64
	for range 150 {
		ids = append(ids, p.add(store.Letter{Raw: []byte("x")}))
	}
	p.write(func(ctx context.Context, tx *store.Tx) error {
		_, _, _, err := tx.NextLetter(ctx, tx.Now.Add(lease), p.man.pace)
		return err
	})
	if first, last := p.wake(ids[1]), p.wake(ids[149]); first > 2*time.Second || last < first+2*time.Second {
		t.Errorf("the first in %v, the last in %v", first, last)
	}
}
