package app

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// guard is a watch without servers, and what it raises.
type guard struct {
	*watch
	t      *testing.T
	now    time.Time
	deaf   bool // the mailbox shows no life
	alarms *alarm.Alarms
}

func newGuard(t *testing.T) *guard {
	t.Helper()
	g := &guard{t: t, now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}
	db, start := storetest.SQLite(t), g.now
	db.Now = func() time.Time { return g.now }
	logger := slog.New(slog.DiscardHandler)
	g.alarms = alarm.New(db, alarm.Config{Remind: 24 * time.Hour, Tick: time.Hour, Logger: logger, Now: db.Now})
	cfg := config.Alarm{After: 3 * time.Minute, MailAge: 10 * time.Minute, LetterAge: 30 * time.Minute, AccountAge: time.Hour, Unseen: 24 * time.Hour, DiskMB: 1}
	g.watch = &watch{app: &App{DB: db, Logger: logger, Config: &config.Config{}}, cfg: cfg, tick: time.Second, alarms: g.alarms, quiet: 4 * time.Minute,
		clock: alarm.WallClock{Now: db.Now, Mono: func() time.Duration { return g.now.Sub(start) }}, tokens: new(alarm.Line), began: g.now,
		expires: func() (time.Time, bool) { return time.Time{}, false }, folders: []string{t.TempDir()}}
	return g
}

// stands looks once, a minute later, and compares what stands with what should.
func (g *guard) stands(want ...string) {
	g.t.Helper()
	g.now = g.now.Add(time.Minute)
	if !g.deaf {
		g.imap.Good(g.now)
	}
	for _, look := range []error{g.lines(g.t.Context()), g.disk(g.t.Context()), g.queues(g.t.Context())} {
		if look != nil {
			g.t.Fatal(look)
		}
	}
	g.alarms.Turn(g.t.Context())
	rows, whole := g.alarms.Standing()
	var got []string
	for _, row := range rows {
		got = append(got, row.Condition+"/"+row.Code)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") || !whole {
		g.t.Errorf("stands: %v, want %v", got, want)
	}
}

// A grant that died is told of by itself, and one that will die days before: nobody had noticed for ten days (osTicket #6455).
func TestPain10DeadGrantIsAnAlarm(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	g.tokens.Good(g.now)
	g.stands()
	end := g.now.Add(8 * 24 * time.Hour)
	g.expires = func() (time.Time, bool) { return end, true }
	g.stands()
	g.now = g.now.Add(25 * time.Hour)
	g.stands("oauth/expires")
	g.tokens.Bad(g.now, "grant_dead")
	g.stands("oauth/grant_dead")
	end = g.now.Add(90 * 24 * time.Hour) // a person logged in
	g.tokens.Good(g.now)
	g.now = g.now.Add(3 * time.Minute)
	g.stands()
}

// What waits for too long is told: mails that were seen and not judged, and mails that nobody looks at (freescout #2001).
func TestPain03WaitingMailsAreAnAlarm(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	ctx := t.Context()
	write := func(f func(tx *store.Tx) error) {
		t.Helper()
		if err := g.app.DB.Write(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		return tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}})
	})
	g.stands()
	g.now = g.now.Add(10 * time.Minute)
	g.stands("judging/late")
	write(func(tx *store.Tx) error {
		_, err := tx.EndMail(ctx, 1, store.Quarantined, "brake: too many", "Quarantine", 0)
		return err
	})
	g.now = g.now.Add(10 * time.Minute)
	g.stands("brake/", "filing/late")
	write(func(tx *store.Tx) error { return tx.SetFiled(ctx, 1, "Quarantine", store.Place{Folder: "Quarantine"}) })
	g.now = g.now.Add(25 * time.Hour)
	g.stands("brake/", "quarantine/late")
	write(func(tx *store.Tx) error { return tx.HandleMail(ctx, 1, "officer:lan") })
	g.now = g.now.Add(time.Minute)
	g.stands()
}

func TestSilentMailboxAndSkewedClock(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	g.stands()
	g.deaf = true
	g.now = g.now.Add(2 * time.Minute)
	g.stands()
	g.now = g.now.Add(3 * time.Minute)
	g.stands("imap/silent")
	g.deaf = false
	g.now = g.now.Add(2 * time.Minute)
	g.stands()

	sent := g.now
	for _, c := range []struct {
		arrived, back time.Duration // after it was sent
		want          time.Duration
	}{
		{time.Second, 2 * time.Second, 0},
		{-time.Minute, 2 * time.Second, 0},
		{-time.Hour, 2 * time.Second, -time.Hour},
		{time.Hour, 2 * time.Second, time.Hour - 2*time.Second},
		{10 * time.Minute, 11 * time.Minute, 0}, // it took long, that is all
	} {
		if got := skewed(store.Canary{SentAt: sent, BackAt: sent.Add(c.back), ArrivedAt: sent.Add(c.arrived)}, 0); got != c.want {
			t.Errorf("dated %v, back after %v: %v, want %v", c.arrived, c.back, got, c.want)
		}
	}
	if skewed(store.Canary{}, time.Minute) != 0 || skewed(store.Canary{}, time.Hour) != time.Hour {
		t.Error("mails from the future")
	}
}

func TestFullDiskIsAnAlarm(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	g.cfg.DiskMB = 1 << 40
	g.stands("disk/space")
	g.folders = []string{"/proc"} // where nobody can write
	g.stands("disk/write")
	g.cfg.DiskMB, g.folders = 1, []string{t.TempDir()}
	g.now = g.now.Add(2 * time.Minute)
	g.stands()
}

// A connection that dies without a word is noticed late: the time until then counts, so that a person knows within five
// minutes of the failure. One that was closed is given its three minutes.
func TestAlarmWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code          string
		noticed, told time.Duration // after the last sign of life
	}{
		{"timeout", 3 * time.Minute, 4 * time.Minute}, // imap.poll and imap.timeout
		{"connection", 0, 3 * time.Minute},
	} {
		g := newGuard(t)
		g.alarms = alarm.New(g.app.DB, alarm.Config{After: 3 * time.Minute, Tick: time.Hour, Logger: slog.New(slog.DiscardHandler), Now: g.app.DB.Now})
		g.watch.alarms = g.alarms
		last := g.now
		g.imap.Good(last)
		for len(g.alarms.Turn(t.Context())) == 0 {
			if after := g.now.Sub(last); after >= c.noticed {
				g.imap.Bad(g.now, c.code)
			} else if after > 5*time.Minute {
				break
			}
			if err := g.lines(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.now = g.now.Add(15 * time.Second)
		}
		if after := g.now.Sub(last); after < c.told || after > c.told+30*time.Second {
			t.Errorf("%s: told after %v, want %v", c.code, after, c.told)
		}
	}
}
