package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// A pair is two processes on one PostgreSQL.
type pair struct {
	t    *testing.T
	dsn  string
	a, b *store.DB
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, dsn: storetest.Postgres(t).URL(t)}
	p.a, p.b = p.open(), p.open()
	return p
}

func (p *pair) open() *store.DB {
	p.t.Helper()
	db, err := store.Open(p.t.Context(), p.dsn, "", time.Now)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(db.Close)
	db.Holder = "host/1/" + db.Token()
	return db
}

func me(db *store.DB) store.Process { return store.Process{ID: db.Holder, Body: "body"} }

func (p *pair) begin(db *store.DB, dead ...string) (alone bool) {
	p.t.Helper()
	alone, _, err := db.Begin(p.t.Context(), me(db), func(o store.Process) bool { return slices.Contains(dead, o.ID) }, nothing)
	if err != nil {
		p.t.Fatal(err)
	}
	return alone
}

func nothing(context.Context, string) error { return nil }

func (p *pair) beat(db *store.DB, wanted ...string) store.Pulse {
	p.t.Helper()
	pulse, err := db.Beat(p.t.Context(), me(db), wanted)
	if err != nil {
		p.t.Fatal(err)
	}
	return pulse
}

// silence makes a process look as if it had not been heard of for so long.
func (p *pair) silence(db *store.DB, d time.Duration) {
	p.t.Helper()
	if err := storetest.Behind(p.t, p.dsn, `UPDATE processes SET beat_at = beat_at - $1 WHERE id = $2`, d.Microseconds(), db.Holder); err != nil {
		p.t.Fatal(err)
	}
	if err := storetest.Behind(p.t, p.dsn, `UPDATE leases SET until_at = until_at - $1 WHERE holder = $2`, d.Microseconds(), db.Holder); err != nil {
		p.t.Fatal(err)
	}
}

// wake uses up the connections that were ended: a process that was frozen for seconds asks each before it uses it.
func (p *pair) wake(db *store.DB) {
	p.t.Helper()
	for range 20 {
		if db.Read(p.t.Context(), func(*store.Tx) error { return nil }) == nil {
			return
		}
	}
	p.t.Error("it does not come back")
}

func event(ctx context.Context, db *store.DB) error {
	return db.Write(ctx, func(tx *store.Tx) error { return tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: "x"}) })
}

func TestLeases(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	if !p.begin(p.a) || p.begin(p.b) {
		t.Fatal("the first is alone, the second is not")
	}
	held := p.beat(p.a, "watch", "file").Held
	if len(held) != 2 || held[0].Epoch != 1 {
		t.Fatalf("taken: %+v", held)
	}
	watch := store.Under(t.Context(), held[0])
	if got := p.beat(p.b, "watch"); len(got.Held) != 0 || len(got.Silent) != 0 || got.Living != 2 {
		t.Errorf("two hold one lease: %+v", got)
	}
	if err := event(watch, p.a); err != nil {
		t.Errorf("the holder: %v", err)
	}
	// It is renewed while something is written under it.
	err := p.a.Write(watch, func(*store.Tx) error {
		if got := p.beat(p.a); len(got.Held) != 2 {
			t.Errorf("renewed: %+v", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// Given back, it is the next one's at his next beat, under another epoch.
	if err := p.a.GiveBack(t.Context(), held[0]); err != nil {
		t.Fatal(err)
	}
	got := p.beat(p.b, "watch", "file").Held
	if len(got) != 1 || got[0] != (store.Lease{Name: "watch", Holder: p.b.Holder, Epoch: 2}) {
		t.Fatalf("handed over: %+v", got)
	}
	if err := event(watch, p.a); !errors.Is(err, store.ErrLeaseLost) || bot.ErrorCode(err) != bot.Temporary {
		t.Errorf("who has given it back writes under it: %v", err)
	}
	if err := event(t.Context(), p.a); err != nil {
		t.Errorf("and what needs no lease: %v", err)
	}
	if err := p.a.Leave(t.Context(), p.a.Holder); err != nil {
		t.Fatal(err)
	}
	if got := p.beat(p.b, "file"); len(got.Held) != 2 || got.Living != 1 {
		t.Errorf("the first has left: %+v", got)
	}
}

// A process that is frozen while it writes keeps nobody waiting: its connections are ended. When it wakes it has lost its lease
// and its epoch, and what it then commits under it is refused.
func TestFrozenProcess(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.begin(p.a)
	p.begin(p.b)
	lease := p.beat(p.a, "watch").Held[0]
	under := store.Under(t.Context(), lease)
	err := p.a.Write(under, func(*store.Tx) error { // the row of the lease is locked
		p.silence(p.a, 11*time.Second)
		silent := p.beat(p.b, "watch")
		if len(silent.Silent) != 1 || silent.Silent[0].ID != p.a.Holder || silent.Silent[0].Silent < store.LeaseTime {
			t.Fatalf("silent: %+v", silent)
		}
		put := ""
		buried, err := p.b.Bury(t.Context(), silent.Silent[0], false, func(_ context.Context, id string) error { put = id; return nil })
		if err != nil || !buried || put != p.a.Holder {
			t.Errorf("buried %v, put back %q: %v", buried, put, err)
		}
		held := p.beat(p.b, "watch").Held
		for n := 0; len(held) == 0 && n < 1000; n++ { // its connection is being ended
			held = p.beat(p.b, "watch").Held
		}
		if len(held) != 1 || held[0].Epoch != lease.Epoch+1 {
			t.Errorf("taken over: %+v", held)
		}
		return nil
	})
	if bot.ErrorCode(err) != bot.Temporary {
		t.Errorf("a transaction in which it was frozen was committed: %v", err)
	}
	p.wake(p.a)
	if err := event(under, p.a); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("it writes under what it has lost: %v", err)
	}
	if got := p.beat(p.a, "watch"); !got.Back || len(got.Held) != 0 {
		t.Errorf("it comes back: %+v", got)
	}
	if got := p.beat(p.a, "watch"); got.Back {
		t.Error("it came back before")
	}
	all := read(t, p.a, func(ctx context.Context, tx *store.Tx) ([]store.Process, error) { return tx.Processes(ctx) })
	if len(all) != 2 || all[0].Epoch != 2 || !all[0].GoneAt.IsZero() || !slices.Equal(all[1].Holds, []string{"watch"}) {
		t.Errorf("%+v", all)
	}
}

// Who was heard of meanwhile is not buried.
func TestLateBeatIsNoDeath(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.begin(p.a)
	p.begin(p.b)
	p.silence(p.a, 11*time.Second)
	silent := p.beat(p.b).Silent
	p.beat(p.a)
	if buried, err := p.b.Bury(t.Context(), silent[0], false, nothing); err != nil || buried {
		t.Errorf("buried %v: %v", buried, err)
	}
	p.wake(p.a) // its connections were ended all the same
	if p.beat(p.a).Back {
		t.Error("it was declared gone")
	}
}

// What a process had in its hands: an answer whose final dot had not gone out is due at once, one whose had is left to it, unless
// it is dead for certain. A frozen one that wakes before the dot learns that the answer is another's, and one that wakes after it
// still tells that it was sent.
func TestLettersOfAFrozenProcess(t *testing.T) {
	t.Parallel()
	for name, certain := range map[string]bool{"frozen": false, "dead": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			p.begin(p.a)
			for _, step := range []string{"before", "after"} {
				write(t, p.a, func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.AddLetter(ctx, store.Letter{Step: step, MessageID: "<" + step + "@truong.example>", Kind: "acknowledged", To: "ctsv@truong.example", Raw: []byte("x")})
					return err
				})
			}
			next := func(db *store.DB) (l store.Letter, ok bool) {
				write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
					l, ok, _, err = tx.NextLetter(ctx, tx.Now.Add(6*time.Minute), store.Pace{})
					return err
				})
				return l, ok
			}
			before, _ := next(p.a)
			after, _ := next(p.a)
			dot := func(db *store.DB, l store.Letter) error {
				return tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.MarkDot(ctx, l) })
			}
			if err := dot(p.a, after); err != nil {
				t.Fatal(err)
			}
			if certain {
				p.begin(p.b, p.a.Holder)
			} else {
				p.begin(p.b)
				p.silence(p.a, 11*time.Second)
				if buried, err := p.b.Bury(t.Context(), p.beat(p.b).Silent[0], false, nothing); err != nil || !buried {
					t.Fatal(buried, err)
				}
			}
			taken, ok := next(p.b)
			if !ok || taken.ID != before.ID || taken.Tries != before.Tries+1 {
				t.Fatalf("taken up: %+v", taken)
			}
			if again, ok := next(p.b); ok != certain || ok && again.ID != after.ID {
				t.Errorf("what may have been taken is due: %v", ok)
			}
			p.wake(p.a)
			if err := dot(p.a, before); !errors.Is(err, store.ErrNotMine) {
				t.Errorf("it wakes and sends the final dot: %v", err)
			}
			after.State, after.SentAt = store.LetterSent, time.Now()
			write(t, p.a, func(ctx context.Context, tx *store.Tx) error { return tx.EndTry(ctx, after, "sent") })
			if l := read(t, p.b, func(ctx context.Context, tx *store.Tx) (store.Letter, error) { return tx.Letter(ctx, after.ID) }); l.State != store.LetterSent {
				t.Errorf("it wakes and tells that it was taken: %+v", l)
			}
		})
	}
}
