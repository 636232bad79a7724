package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/inbox"
)

// A cluster is what several machines have in common: a database, a clock, and a person who is told of alarms.
type cluster struct {
	t    *testing.T
	dsn  string
	mu   sync.Mutex
	at   time.Time
	told []string // state and condition of each message
	all  []*station
}

func (c *cluster) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (*cluster) Name() string { return "person" }

func (c *cluster) Send(_ context.Context, m alarm.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, string(m.State)+" "+m.Condition)
	return nil
}

// A station is one machine that watches a mailbox, or would.
type station struct {
	*watch
	line    inbox.Config // what the watcher is told of its connection, and tells
	reaches bool         // it gets to the mail server
	turns   atomic.Int64 // of its alarms
	tenures atomic.Int64 // how often its watcher was begun
}

func (c *cluster) machine(reaches bool) *station {
	c.t.Helper()
	t, s := c.t, &station{reaches: reaches}
	db, err := store.Open(t.Context(), c.dsn, "", c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	m := newMachine(db, logger, func(context.Context, string) error { return nil })
	db.Holder = m.me.ID
	if _, _, err := db.Begin(t.Context(), m.me, func(store.Process) bool { return false }, m.putBack); err != nil {
		t.Fatal(err)
	}
	alarms := alarm.New(db, alarm.Config{After: 3 * time.Minute, Tick: 5 * time.Millisecond, Channels: []alarm.Channel{c}, Process: m.me.ID, Logger: slog.New(slog.DiscardHandler), Now: c.now,
		Beat: func() string { s.turns.Add(1); return "{}" }})
	start := c.now()
	s.watch = &watch{app: &App{DB: db, Logger: logger, Config: &config.Config{}}, cfg: config.Alarm{After: 3 * time.Minute}, tick: 15 * time.Second, alarms: alarms, quiet: 4 * time.Minute,
		clock: alarm.WallClock{Now: c.now, Mono: func() time.Duration { return c.now().Sub(start) }}, tokens: new(alarm.Line), began: start,
		expires: func() (time.Time, bool) { return time.Time{}, false }, machine: m}
	s.mailbox(&s.line)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	for _, run := range []func() error{
		func() error { return alarms.Run(ctx) },
		func() error {
			return m.hold(ctx, leaseWatch, func(ctx context.Context) error { s.tenures.Add(1); <-ctx.Done(); return nil })
		},
	} {
		running.Go(func() {
			if err := run(); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("it ended: %v", err)
			}
		})
	}
	t.Cleanup(func() { stop(); running.Wait() })
	c.all = append(c.all, s)
	return s
}

// turn turns the clock alone.
func (c *cluster) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// pass lets time go by, ten seconds after the other: each machine beats, tries the mail server when that is its part, and looks at what
// it knows.
func (c *cluster) pass(d time.Duration) {
	c.t.Helper()
	for end := c.now().Add(d); c.now().Before(end); {
		c.turn(10 * time.Second)
		for _, s := range c.all {
			c.settled(s)
			if err := s.machine.beat(c.t.Context()); err != nil {
				c.t.Fatal(err)
			}
			switch has := s.machine.has(leaseWatch); {
			case has && s.reaches:
				s.line.Status(inbox.Idle)
			case has:
				s.line.Lost("connection")
			}
			if err := s.lines(c.t.Context()); err != nil {
				c.t.Fatal(err)
			}
			for turns := s.turns.Load(); s.turns.Load() < turns+2; { // a whole one after what was said
				<-time.After(time.Millisecond)
			}
		}
		if has := c.watching(); len(has) > 1 {
			c.t.Fatalf("%d machines watch the mailbox", len(has))
		}
	}
}

// settled waits until a machine has the lease or waits for it: what it handed on is given back by then.
func (c *cluster) settled(s *station) {
	for {
		s.machine.mu.Lock()
		_, has := s.machine.held[leaseWatch]
		_, wants := s.machine.wanted[leaseWatch]
		s.machine.mu.Unlock()
		if has || wants {
			return
		}
		<-time.After(time.Millisecond)
	}
}

func (c *cluster) watching() (has []*station) {
	for _, s := range c.all {
		if s.machine.has(leaseWatch) {
			has = append(has, s)
		}
	}
	return has
}

func (c *cluster) watches(want *station, what string) {
	c.t.Helper()
	if has := c.watching(); len(has) != 1 || has[0] != want {
		c.t.Errorf("%s: another machine has the mailbox, or none", what)
	}
}

func (c *cluster) heard(what string, want ...string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.told) != len(want) {
		c.t.Errorf("%s: a person was told %q, want %q", what, c.told, want)
		return
	}
	for i := range want {
		if c.told[i] != want[i] {
			c.t.Errorf("%s: a person was told %q, want %q", what, c.told, want)
		}
	}
}

// A machine that reaches the database and not the mail server hands the mailbox on to one that does, and nobody is told. Where none does it
// goes round, slowly, and a person is told once; whoever gets through keeps it.
func TestDeadLineHandsTheMailboxOn(t *testing.T) {
	t.Parallel()
	c := &cluster{t: t, dsn: storetest.Postgres(t).URL(t), at: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}
	cut := c.machine(false)
	c.pass(time.Minute)
	c.watches(cut, "nobody else lives")
	if n := cut.tenures.Load(); n != 1 {
		t.Errorf("alone, it began to watch %d times", n)
	}

	well := c.machine(true)
	c.pass(time.Minute)
	c.watches(well, "another one lives")
	c.pass(4 * time.Minute)
	c.watches(well, "it gets through")
	c.heard("the mailbox was handed on")
	if cut.tenures.Load() != 1 || well.tenures.Load() != 1 {
		t.Errorf("the mailbox went to and fro: %d and %d times", cut.tenures.Load(), well.tenures.Load())
	}
	if s := cut.imap.State(); s.Bad {
		t.Errorf("who stands by goes by what he knew before: %+v", s)
	}

	well.reaches = false
	c.pass(8 * time.Minute)
	c.heard("nobody gets through", "raised imap")
	if a, b := cut.tenures.Load(), well.tenures.Load(); a < 3 || b < 3 || a+b > 2+8*2 {
		t.Errorf("where nobody gets through each had it %d and %d times in 8 minutes", a, b)
	}

	cut.reaches = true
	c.pass(4 * time.Minute)
	c.watches(cut, "it gets through now")
	c.heard("it is over", "raised imap", "cleared imap")

	// A line that dies in silence is noticed minutes later. The other machine asks at once, and comes before the alarm.
	well.reaches, cut.reaches = true, false
	c.turn(3 * time.Minute)
	cut.line.Lost("timeout")
	c.pass(4 * time.Minute)
	c.watches(well, "the line of the other one died in silence")
	c.heard("nobody need know", "raised imap", "cleared imap")
}

// Who has just taken the mailbox over knows nothing of it yet: the alarm of those before him goes on.
func TestWhoTakesOverEndsNoAlarm(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	g.alarms.Raise(alarm.IMAP, "connection", "")
	g.deaf, g.stoodBy = true, g.now
	g.stands("imap/connection")
	g.stands("imap/connection")
	g.deaf = false
	g.now = g.now.Add(3 * time.Minute)
	g.stands()
}

// Who got through for a moment, and lost the mailbox before that counted, does not end the alarm later, while another watches it.
func TestWhoStandsByEndsNoAlarm(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		g := newGuard(t)
		db := g.app.DB
		g.alarms = alarm.New(db, alarm.Config{After: time.Minute, Tick: time.Hour, Logger: slog.New(slog.DiscardHandler), Now: db.Now})
		g.watch.alarms = g.alarms
		g.machine = newMachine(db, slog.New(slog.DiscardHandler), nil)
		t.Cleanup(g.machine.loseAll)
		g.machine.wanted[leaseWatch] = make(chan tenure, 1)
		g.machine.learn(time.Now(), store.Pulse{Held: []store.Lease{{Name: leaseWatch, Holder: g.machine.me.ID, Epoch: 1}}, Living: 2})
		look := func() {
			if err := g.lines(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.alarms.Turn(t.Context())
		}
		g.alarms.RaiseSince(alarm.IMAP, g.now.Add(-time.Hour), "connection", "")
		g.alarms.Turn(t.Context())
		g.now = g.now.Add(10 * time.Second)
		g.imap.Good(g.now)
		look()
		if !keeps {
			g.machine.loseAll()
		}
		look()
		g.now = g.now.Add(2 * time.Minute)
		look()
		if standing, _ := g.alarms.Standing(); (len(standing) == 0) != keeps {
			t.Errorf("it keeps the mailbox: %v; stands %v", keeps, standing)
		}
	}
}

// What the mail server says of the mailbox it says to every machine: a wrong password, too many connections. It is not asked more often.
func TestRefusalIsNotHandedOn(t *testing.T) {
	t.Parallel()
	c := &cluster{t: t, dsn: storetest.Postgres(t).URL(t), at: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}
	first, _ := c.machine(true), c.machine(true)
	c.pass(20 * time.Second)
	c.watches(first, "it began first")
	for _, code := range []string{"journal", "refused", "connections", "bandwidth", "throttled", "grant_dead", "client_refused"} {
		first.line.Lost(code)
		first.line.Status(inbox.Disconnected)
		c.turn(2 * time.Minute)
		first.line.Lost(code)
		c.watches(first, code)
	}
	first.line.Lost("connection") // it has been bad for long
	if len(c.watching()) != 0 {
		t.Error("a line that is dead is kept")
	}
}

// One that moves mails hands that on, too; a folder that is refused it does not.
func TestDeadLineHandsFilingOn(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return at }
	m := newMachine(db, slog.New(slog.DiscardHandler), nil)
	t.Cleanup(m.loseAll)
	lease := store.Lease{Name: leaseFile, Holder: m.me.ID, Epoch: 1}
	m.wanted[leaseFile] = make(chan tenure, 1)
	m.learn(time.Now(), store.Pulse{Held: []store.Lease{lease}, Living: 2})
	w := &watch{app: &App{DB: db}, cfg: config.Alarm{After: 3 * time.Minute}, machine: m}
	f := &filing{reach: w.reach(leaseFile, &alarm.Line{})}
	for _, step := range []struct {
		err  error
		kept bool
	}{
		{errors.New("EOF"), true},
		{nil, true}, // it was a pause
		{errors.New("EOF"), true},
		{inbox.ErrRenumbered, true},
		{errors.New("EOF"), true},
		{errors.New("EOF"), true},
		{errors.New("EOF"), false},
	} {
		f.reached(t.Context(), step.err)
		if m.has(leaseFile) != step.kept {
			t.Fatalf("after %v at %v it has the lease: %v", step.err, at, !step.kept)
		}
		at = at.Add(15 * time.Second)
	}
	m.wanted[leaseFile] = make(chan tenure, 1)
	if m.learn(time.Now(), store.Pulse{Held: []store.Lease{lease}, Living: 2}); m.has(leaseFile) || len(m.missing()) != 0 {
		t.Error("it takes back at once what it has handed on")
	}
	m.learn(time.Now(), store.Pulse{})
	if len(m.missing()) != 1 {
		t.Error("nobody else lives, and it does not want it")
	}
	m.learn(time.Now(), store.Pulse{Living: 2})
	at = at.Add(-time.Hour)
	if len(m.missing()) != 1 {
		t.Error("a clock that was set back makes the rest last for an hour")
	}
	at = at.Add(time.Hour + leaseRest)
	if m.learn(time.Now(), store.Pulse{Held: []store.Lease{lease}, Living: 2}); !m.has(leaseFile) {
		t.Error("after its rest it does not take it")
	}
}
