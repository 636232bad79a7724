package app

import (
	"context"
	"testing"
	"time"

	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
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
