package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"vanthu/bot/store"
)

// queue is an outbox with letters that are numbered from 1 and a clock that stands.
type queue struct {
	t   *testing.T
	db  *store.DB
	now time.Time
}

func newQueue(t *testing.T, db *store.DB, letters ...store.Letter) *queue {
	t.Helper()
	q := &queue{t: t, db: db, now: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { return q.now }
	c := addCase(t, db, 1)
	for i, l := range letters {
		l.Step, l.MessageID, l.Token = fmt.Sprint("step ", i), fmt.Sprintf("<%d@x>", i), fmt.Sprint("token", i)
		l.Kind, l.CaseID, l.To, l.Raw = "k", c.ID, "ctsv@truong.example", []byte("x")
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AddLetter(ctx, l)
			return err
		})
	}
	return q
}

// next takes a letter; its number is 0 when there is none.
func (q *queue) next(pace store.Pace) (l store.Letter, wait time.Duration) {
	q.t.Helper()
	write(q.t, q.db, func(ctx context.Context, tx *store.Tx) (err error) {
		l, _, wait, err = tx.NextLetter(ctx, tx.Now.Add(time.Hour), pace)
		return err
	})
	return l, wait
}

func (q *queue) end(l store.Letter, state store.LetterState, outcome string) error {
	q.t.Helper()
	l.State = state
	return tryWrite(q.t, q.db, func(ctx context.Context, tx *store.Tx) error { return tx.EndTry(ctx, l, outcome) })
}

func (q *queue) must(err error) {
	q.t.Helper()
	if err != nil {
		q.t.Fatal(err)
	}
}

// urgencyFirst holds the order: what somebody waits for, then bulk; within one, who waited longer.
func urgencyFirst(t *testing.T, db *store.DB) {
	q := newQueue(t, db, store.Letter{Urgency: 2}, store.Letter{Urgency: 1}, store.Letter{}, store.Letter{Urgency: 1}, store.Letter{})
	var order []int64
	for range 6 {
		l, _ := q.next(store.Pace{})
		order = append(order, l.ID)
	}
	if !slices.Equal(order, []int64{3, 5, 2, 4, 1, 0}) {
		t.Errorf("order %v", order)
	}
}

// paceIsKept holds the limits by the minute, by the day and at a time. They are counted in the table: whoever comes later,
// after a restart or from another process, counts the same.
func paceIsKept(t *testing.T, db *store.DB) {
	q := newQueue(t, db, make([]store.Letter, 12)...)
	pace := store.Pace{PerMinute: 3, PerDay: 5}
	send := func(outcome string) (sent int, wait time.Duration) {
		for {
			l, w := q.next(pace)
			if l.ID == 0 {
				return sent, w
			}
			sent++
			state := store.LetterSent
			if outcome == "limited" || outcome == "permanent" {
				state = store.LetterFailed
			}
			q.must(q.end(l, state, outcome))
			q.now = q.now.Add(time.Second)
		}
	}
	if n, wait := send("sent"); n != 3 || wait != 57*time.Second {
		t.Fatalf("%d in the first minute, then %v", n, wait)
	}
	q.now = q.now.Add(56 * time.Second)
	if n, wait := send("sent"); n != 0 || wait != time.Second {
		t.Fatalf("%d too early, then %v", n, wait)
	}
	q.now = q.now.Add(time.Second)
	if n, wait := send("sent"); n != 2 || wait < 23*time.Hour { // one a second leaves the minute; then the day is full
		t.Fatalf("%d of the day, then %v", n, wait)
	}
	q.now = q.now.Add(24 * time.Hour)
	if n, _ := send("permanent"); n != 7 { // what the server did not take is not counted
		t.Fatalf("%d were refused", n)
	}
}

func connectionsAreShared(t *testing.T, db *store.DB) {
	q := newQueue(t, db, make([]store.Letter, 3)...)
	pace := store.Pace{Connections: 2}
	first, _ := q.next(pace)
	q.next(pace)
	if l, wait := q.next(pace); l.ID != 0 || wait <= 0 {
		t.Errorf("a third connection for %d, wait %v", l.ID, wait)
	}
	q.must(q.end(first, store.LetterSent, "sent"))
	if l, _ := q.next(pace); l.ID != 3 {
		t.Errorf("got %d", l.ID)
	}
	q.now = q.now.Add(2 * time.Minute) // their process is dead: no letter waits for its lease
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddLetter(ctx, store.Letter{Step: "fresh", MessageID: "<fresh@x>", Kind: "k", To: "ctsv@truong.example", Raw: []byte("x")})
		return err
	})
	if l, _ := q.next(pace); l.ID != 4 {
		t.Errorf("got %d beside the dead", l.ID)
	}
	q.now = q.now.Add(2 * time.Hour)
	if l, _ := q.next(pace); l.ID != 2 {
		t.Errorf("got %d of the dead", l.ID)
	}
}

// rests holds that nothing is sent while the server has enough, and that each time is longer until a letter is taken.
func rests(t *testing.T, db *store.DB) {
	q := newQueue(t, db, make([]store.Letter, 2)...)
	rest := func() (r store.Rest) {
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			r, err = tx.RestOutbox(ctx, time.Minute, "450 4.7.1 too much mail")
			return err
		})
		return r
	}
	began := q.now
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if r := rest(); r.Until != q.now.Add(want) || r.Since != began {
			t.Fatalf("rests until %v from %v, want %v", r.Until, q.now, want)
		}
		if again := rest(); again.Until != q.now.Add(want) { // four connections hear it at once
			t.Errorf("heard twice: until %v", again.Until)
		}
		q.now = q.now.Add(want - time.Second)
		if l, wait := q.next(store.Pace{}); l.ID != 0 || wait != time.Second {
			t.Fatalf("%d during the rest, wait %v", l.ID, wait)
		}
		q.now = q.now.Add(time.Second)
	}
	l, _ := q.next(store.Pace{})
	if l.ID != 1 {
		t.Fatal("still resting")
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		ended, err := tx.EndRest(ctx)
		if !ended {
			t.Error("there was no rest")
		}
		return err
	})
	if r := rest(); r.Until != q.now.Add(time.Minute) {
		t.Errorf("the next time begins with %v", r.Until.Sub(q.now))
	}
}

// onceIsOnce holds that a letter of credentials is taken up again only when its final dot was certainly not sent.
func onceIsOnce(t *testing.T, db *store.DB) {
	q := newQueue(t, db, store.Letter{Once: true}, store.Letter{Once: true}, store.Letter{})
	for range 3 {
		l, _ := q.next(store.Pace{})
		if l.ID == 1 {
			continue // killed before the mark
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.MarkDot(ctx, l) })
	}
	q.now = q.now.Add(2 * time.Hour)
	var again []int64
	for range 3 {
		l, _ := q.next(store.Pace{})
		again = append(again, l.ID)
	}
	if !slices.Equal(again, []int64{3, 1, 0}) && !slices.Equal(again, []int64{1, 3, 0}) {
		t.Errorf("taken up again: %v", again)
	}
	var stranded []store.Letter
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		stranded, err = tx.StrandLetters(ctx)
		return err
	})
	if len(stranded) != 1 || stranded[0].ID != 2 || stranded[0].State != store.LetterUnknown || !stranded[0].NeedsPerson() {
		t.Errorf("stranded %+v", stranded)
	}
	open := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.OpenLetters(ctx) })
	tries := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Try, error) { return tx.Tries(ctx, 1) })
	if len(open) != 3 || len(tries) != 2 || tries[0].Outcome != "lost" || tries[1].Outcome != "" {
		t.Errorf("%d open, tries %+v", len(open), tries)
	}
}

// notMine holds that a process which was slower than its lease notes no failure over another's try, and marks no dot; but that
// the server has taken the letter is true whoever says it.
func notMine(t *testing.T, db *store.DB) {
	q := newQueue(t, db, store.Letter{})
	slow, _ := q.next(store.Pace{})
	q.now = q.now.Add(2 * time.Hour)
	other, _ := q.next(store.Pace{})
	if other.ID != slow.ID {
		t.Fatal("not taken over")
	}
	if err := q.end(slow, store.LetterFailed, "permanent"); !errors.Is(err, store.ErrNotMine) {
		t.Errorf("a failure: %v", err)
	}
	if err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.MarkDot(ctx, slow) }); !errors.Is(err, store.ErrNotMine) {
		t.Errorf("the mark: %v", err)
	}
	q.must(q.end(slow, store.LetterSent, "sent"))
}

func late(t *testing.T, db *store.DB) {
	q := newQueue(t, db, store.Letter{}, store.Letter{})
	l, _ := q.next(store.Pace{})
	q.must(q.end(l, store.LetterSent, "sent"))
	q.now = q.now.Add(4 * time.Hour)
	for _, want := range []int{1, 0} { // said once
		var found []store.Letter
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			found, err = tx.LateLetters(ctx, tx.Now.Add(-3*time.Hour))
			return err
		})
		if len(found) != want {
			t.Errorf("%d are late, want %d", len(found), want)
		}
	}
}

func saltIsKept(t *testing.T, db *store.DB) {
	for _, fresh := range []string{"a", "b"} {
		if got, err := db.Salt(t.Context(), fresh); err != nil || got != "a" {
			t.Errorf("%q, %v", got, err)
		}
	}
}
