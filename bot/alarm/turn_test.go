package alarm_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/alarm"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// clock is one that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// person is somebody who gets alarms.
type person struct {
	mu   sync.Mutex
	got  []string
	deaf bool
}

func (p *person) Name() string { return "command" }

func (p *person) Send(_ context.Context, m alarm.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deaf {
		return errors.New("nobody answers")
	}
	p.got = append(p.got, string(m.State)+" "+m.Condition+"/"+m.Code)
	return nil
}

// heard returns what came since it was last asked.
func (p *person) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// desk is one serving process.
type desk struct {
	*alarm.Alarms
	t *testing.T
}

func newDesk(t *testing.T, db *store.DB, c *clock, p *person, name string) desk {
	db.Now = c.Now
	return desk{t: t, Alarms: alarm.New(db, alarm.Config{After: 3 * time.Minute, Remind: 24 * time.Hour, Tick: time.Hour, Channels: []alarm.Channel{p},
		Service: "cntt@truong.example", Process: name, Beat: func() string { return "{}" }, Logger: slog.New(slog.DiscardHandler), Now: c.Now})}
}

// turn looks through the alarms, tells what is due, and takes in what became of it.
func (d desk) turn() {
	d.t.Helper()
	for {
		due := d.Turn(d.t.Context())
		if len(due) == 0 {
			return
		}
		for _, row := range due {
			d.Tell(d.t.Context(), row)
		}
	}
}

func want(t *testing.T, p *person, messages ...string) {
	t.Helper()
	if diff := cmp.Diff(messages, p.heard()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestConditionIsToldOnceRemindedAndItsEndTold(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
		d := newDesk(t, db, c, p, "one")
		look := func(after time.Duration) {
			c.move(after)
			d.Raise(alarm.IMAP, "timeout", "")
			d.turn()
		}
		look(0)
		look(2 * time.Minute)
		want(t, p) // a short trouble is nobody's business
		look(time.Minute)
		want(t, p, "raised imap/timeout")
		for range 10 {
			look(time.Hour)
		}
		want(t, p)
		look(14 * time.Hour)
		want(t, p, "lasts imap/timeout")

		d.Clear(alarm.IMAP)
		d.turn()
		want(t, p) // it may come back at once
		c.move(time.Minute)
		d.turn()
		want(t, p, "cleared imap/timeout")
		c.move(48 * time.Hour)
		d.turn()
		want(t, p)
	})
}

func TestShortTroubleIsForgotten(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
	d := newDesk(t, db, c, p, "one")
	for range 20 { // 20 seconds now and then: never three minutes
		d.Raise(alarm.SMTP, "refused", "")
		d.turn()
		c.move(20 * time.Second)
		d.Clear(alarm.SMTP)
		d.turn()
		c.move(2 * time.Minute)
		d.turn()
	}
	want(t, p)
	if standing, _ := d.Standing(); len(standing) != 0 {
		t.Errorf("stands: %v", standing)
	}
}

func TestConnectionThatComesAndGoesIsTold(t *testing.T) {
	t.Parallel()
	c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
	d := newDesk(t, storetest.SQLite(t), c, p, "one")
	for range 5 {
		d.Raise(alarm.IMAP, "connection", "")
		d.turn()
		c.move(30 * time.Second)
		d.Clear(alarm.IMAP)
		d.turn()
		c.move(30 * time.Second)
	}
	want(t, p, "raised imap/connection")
}

func TestAlarmSurvivesRestart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
		d := newDesk(t, db, c, p, "one")
		d.Raise(alarm.Balance, "unbalanced", "1 mail")
		d.turn()
		want(t, p, "raised balance/unbalanced")

		d = newDesk(t, db, c, p, "two") // nobody raises it again
		c.move(time.Hour)
		d.turn()
		want(t, p)
		c.move(23 * time.Hour)
		d.turn()
		want(t, p, "lasts balance/unbalanced")
		d.Clear(alarm.Balance)
		d.turn()
		want(t, p, "cleared balance/unbalanced")
	})
}

func TestOneOfTwoProcessesTells(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
		one, two := newDesk(t, db, c, p, "one"), newDesk(t, db, c, p, "two")
		one.Raise(alarm.Disk, "space", "")
		two.Raise(alarm.Disk, "space", "")
		first, second := one.Turn(t.Context()), two.Turn(t.Context())
		if len(first)+len(second) != 1 {
			t.Fatalf("one process is to tell: %v and %v", first, second)
		}
		one.Tell(t.Context(), first[0])
		one.turn()
		two.turn()
		want(t, p, "raised disk/space")

		// One finds all well, the other does not: it stands.
		for range 10 {
			one.Clear(alarm.Disk)
			two.Raise(alarm.Disk, "space", "")
			one.turn()
			two.turn()
			c.move(30 * time.Second)
		}
		want(t, p)
		one.Clear(alarm.Disk)
		two.Clear(alarm.Disk)
		c.move(time.Minute)
		one.turn()
		two.turn()
		want(t, p, "cleared disk/space")
	})
}

func TestKilledWhileTelling(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
	d := newDesk(t, db, c, p, "one")
	d.Raise(alarm.Brake, "desk", "")
	if due := d.Turn(t.Context()); len(due) != 1 {
		t.Fatalf("due: %v", due)
	} // and is killed
	d = newDesk(t, db, c, p, "two")
	d.turn()
	want(t, p)
	c.move(2 * time.Minute)
	d.turn()
	want(t, p, "raised brake/desk")
}

func TestDeafChannelIsTriedAgain(t *testing.T) {
	t.Parallel()
	c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{deaf: true}
	d := newDesk(t, storetest.SQLite(t), c, p, "one")
	d.Pauses(0)
	d.Raise(alarm.Brake, "desk", "")
	d.turn()
	want(t, p)
	p.deaf = false
	c.move(time.Minute)
	d.turn()
	want(t, p, "raised brake/desk", "raised channel/command", "cleared channel/command")
}

// A database that is gone is an alarm from memory, and so is everything else meanwhile; what was told before is not told
// again, neither then nor when the database is back.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	c, p := &clock{now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}, &person{}
	d := newDesk(t, db, c, p, "one")
	d.Raise(alarm.Quarantine, "unseen", "")
	d.turn()
	want(t, p, "raised quarantine/unseen")

	db.Commit = func() error { return errors.New("no space left on device") }
	for range 4 {
		d.turn()
		c.move(time.Minute)
	}
	want(t, p, "raised database/failing")
	d.Raise(alarm.Disk, "space", "")
	d.turn()
	want(t, p, "raised disk/space")
	if standing, whole := d.Standing(); whole || len(standing) != 3 {
		t.Errorf("stands: %v, database there: %v", standing, whole)
	}

	db.Commit = nil
	d.turn()
	c.move(time.Minute)
	d.turn()
	want(t, p, "cleared database/failing")
	d.Clear(alarm.Disk)
	d.turn()
	want(t, p, "cleared disk/space")
	if standing, whole := d.Standing(); !whole || len(standing) != 1 {
		t.Errorf("stands: %v, database there: %v", standing, whole)
	}
}
