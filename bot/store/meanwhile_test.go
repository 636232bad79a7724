package store_test

import (
	"context"
	"testing"
	"time"

	"vanthu/bot/store"
)

// bounceWhileSending holds that a delivery report which arrives before the try is noted (it takes milliseconds, and the noting
// may wait for the database) is not lost with it: whoever sends knows only how his try ended. The same holds for who was told
// that the letter is late.
func bounceWhileSending(t *testing.T, db *store.DB) {
	q := newQueue(t, db, store.Letter{})
	l, _ := q.next(store.Pace{})
	q.now = q.now.Add(2 * time.Hour)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		late, err := tx.LateLetters(ctx, tx.Now.Add(-time.Hour))
		if err != nil || len(late) != 1 {
			t.Errorf("late: %d, %v", len(late), err)
		}
		reported, err := tx.Letter(ctx, l.ID)
		if err != nil {
			return err
		}
		reported.Fate, reported.FateSaid = store.Bounced, "5.1.1 no such user"
		return tx.SaveFate(ctx, reported)
	})
	q.must(q.end(l, store.LetterSent, "sent"))
	got := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Letter, error) { return tx.Letter(ctx, l.ID) })
	if got.State != store.LetterSent || got.Fate != store.Bounced || got.FateSaid == "" || !got.NeedsPerson() || got.LateAt.IsZero() {
		t.Errorf("%+v", got)
	}
}

// foreignTexts holds that what a mail brings never makes a statement fail: the mail would be tried for ever.
func foreignTexts(t *testing.T, db *store.DB) {
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, ours, err := tx.CanaryBack(ctx, "a\x00b\xff", tx.Now)
		if ours {
			t.Error("taken for ours")
		}
		if err != nil {
			return err
		}
		_, err = tx.LettersToDomain(ctx, "stranger", "a\x00\xff.example", tx.Now)
		return err
	})
}

// clockSetBack holds that a clock which was hours ahead and is set back, as at a boot before the time is known, holds up no
// letter: what was queued, tried or ordered then lies in the future.
func clockSetBack(t *testing.T, db *store.DB) {
	q := newQueue(t, db, make([]store.Letter, 3)...)
	pace := store.Pace{PerMinute: 1, PerDay: 1, Connections: 1}
	sent, _ := q.next(pace)
	q.must(q.end(sent, store.LetterSent, "sent"))
	held, _ := q.next(store.Pace{}) // is being sent while the clock is set back
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RestOutbox(ctx, time.Hour, "450")
		return err
	})
	q.now = q.now.Add(-7 * time.Hour)
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.RecallLetters(ctx, time.Minute) })
	if l, wait := q.next(pace); l.ID == 0 || l.ID == sent.ID || l.ID == held.ID {
		t.Errorf("took %d, wait %v", l.ID, wait)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		r, err := tx.RestOutbox(ctx, time.Minute, "450")
		if rests := r.Until.Sub(q.now); rests <= 0 || rests > time.Hour {
			t.Errorf("rests for %v", rests)
		}
		return err
	})
}
