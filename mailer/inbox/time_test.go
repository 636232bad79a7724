package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// These tests live in bubbles of synctest: hours pass at once, and the fake is reached by pipes.

// pass lets time go by in the bubble, and everybody come to rest after it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// dawdle is a server that takes its time.
func dawdle(d time.Duration) { <-time.After(d) }

// bubbled is a watcher's configuration in a bubble, with what it logs.
func bubbled(f *fake) (Config, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return Config{Address: "127.0.0.1:143", TLS: TLSPlain, User: "cntt", dial: f.dial, Logger: slog.New(slog.NewTextHandler(log, nil)),
		Password: func(context.Context) (string, error) { return "pw", nil }}, log
}

// live starts a watcher with the pauses it has in life; the returned function stops it and its server.
func live(t *testing.T, f *fake, cfg Config, n *notebook) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	w := New(cfg, n.journal())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		f.close()
	}
}

func newNotebook(t *testing.T) *notebook {
	return &notebook{t: t, known: make(map[[2]uint32]bool), stored: make(chan Delivery, 5000), lost: make(chan uint32, 100)}
}

// Pain 11: a server that accepts IDLE and never says anything again is asked every few minutes all the same, and no IDLE
// lasts for 29 minutes (RFC 2177), whatever poll is.
func TestPain11SilentIdle(t *testing.T) {
	t.Parallel()
	for poll, late := range map[time.Duration]time.Duration{0: 2 * time.Minute, 3 * time.Hour: 28 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newPiped(t, mail(1))
			var longest time.Duration
			f.hook = func(c *fakeConn, command string) bool {
				if command != "IDLE" {
					return false
				}
				c.say("+ idling")
				began := time.Now()
				line, err := c.r.ReadString('\n')
				longest = max(longest, time.Since(began))
				if err == nil && line == "DONE\r\n" {
					c.ok()
				}
				return true
			}
			cfg, log := bubbled(f)
			cfg.Poll = poll
			n := newNotebook(t)
			stop := live(t, f, cfg, n)
			for uid := uint32(2); uid < 30; uid++ {
				pass(47 * time.Minute)
				f.mu.Lock()
				f.mails = append(f.mails, mail(uid)) // and nobody is told
				f.mu.Unlock()
				pass(late + time.Second)
				if len(n.stored) != int(uid) {
					t.Fatalf("poll %v: mail %d is not there after %v", poll, uid, late)
				}
			}
			stop()
			if longest > late || longest >= 29*time.Minute {
				t.Errorf("poll %v: an IDLE lasted %v", poll, longest)
			}
			if f.connections() != 1 || strings.Contains(log.String(), "mailbox_lost") {
				t.Errorf("poll %v: %d connections:\n%s", poll, f.connections(), log)
			}
		})
	}
}

// Pain 11: a line that is dead, in IDLE or anywhere else, is noticed within a poll and a timeout, and mail goes on.
func TestPain11DeadLine(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"(greeting)", "CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "IDLE", "DONE"} {
		synctest.Test(t, func(t *testing.T) {
			f := newPiped(t, mail(1))
			f.hook = func(c *fakeConn, command string) bool {
				if c.n > 1 || !strings.HasPrefix(command, stage) && (stage != "DONE" || command != "IDLE") {
					return false
				}
				if stage == "DONE" {
					c.say("+ idling")
				}
				return c.hang()
			}
			cfg, _ := bubbled(f)
			n := newNotebook(t)
			stop := live(t, f, cfg, n)
			pass(time.Second)
			f.mu.Lock()
			f.mails = append(f.mails, mail(2))
			f.mu.Unlock()
			pass(3*time.Minute + 5*time.Second) // poll 2 m, timeout 1 m, the first pause
			if len(n.stored) != 2 {
				t.Errorf("%s: %d mails, want 2", stage, len(n.stored))
			}
			stop()
		})
	}
}

// Pain 11: nothing that is filed waits for ever either: every command of a move has its deadline, and so has the farewell.
func TestPain11DeadLineWhileFiling(t *testing.T) {
	t.Parallel()
	for caps, stages := range map[string][]string{
		"IMAP4rev1 MOVE NAMESPACE": {"(greeting)", "LOGIN", "SELECT", "UID SEARCH", "UID MOVE", "NAMESPACE", "LIST", "CREATE", "SUBSCRIBE", "NOOP", "LOGOUT"},
		"IMAP4rev1 UIDPLUS":        {"UID COPY", "UID STORE", "UID EXPUNGE"},
	} {
		for _, stage := range stages {
			synctest.Test(t, func(t *testing.T) {
				f := newPiped(t, mail(1), mail(2))
				f.caps, f.files = caps, true
				tried := false
				f.hook = func(c *fakeConn, command string) bool {
					switch {
					case stage == "NOOP" && len(f.said("NOOP")) != 2: // that of a login
					case strings.HasPrefix(command, stage):
						return c.hang()
					case strings.HasPrefix(command, "UID MOVE") && !tried && strings.Contains("NAMESPACE LIST CREATE SUBSCRIBE", stage):
						tried = true
						c.say("%s NO [TRYCREATE] no such folder", c.tag)
						return true
					}
					return false
				}
				cfg, _ := bubbled(f)
				filer := NewFiler(cfg)
				began := time.Now()
				_, err := filer.Move(t.Context(), "INBOX", 7, 1, "Done")
				if stage == "NOOP" { // of the second move, which tries a new connection
					_, err = filer.Move(t.Context(), "INBOX", 7, 2, "Done")
					if err != nil || f.connections() != 2 {
						t.Errorf("%s: %v on %d connections", stage, err, f.connections())
					}
				} else if stage != "LOGOUT" && !errors.Is(err, ErrTimeout) {
					t.Errorf("%s: %v", stage, err)
				}
				_ = filer.Close()
				if lasted := time.Since(began); lasted > 65*time.Second || stage == "LOGOUT" && lasted > 3*time.Second {
					t.Errorf("%s: lasted %v", stage, lasted)
				}
				f.close()
			})
		}
	}
}

// Pain 11: a server that gives a mail drop by drop holds up nobody for long: neither the others, nor the end.
func TestPain11SlowDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		big := fakeMail{uid: 2, body: "Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef", 8<<10)}
		f := newPiped(t, mail(1), big, mail(3))
		drips := 0
		f.hook = func(c *fakeConn, command string) bool {
			if !strings.Contains(command, "BODY.PEEK[]") || drips >= 3 || !inSet(strings.Fields(strings.TrimPrefix(command, "UID "))[1], 2) {
				return false
			}
			drips++
			c.say("* 1 FETCH (%s)", mail(1).items(command))
			_, _ = fmt.Fprintf(c, "* 2 FETCH (UID 2 BODY[] {%d}\r\n", len(big.body))
			for i := range big.body {
				if _, err := c.Write([]byte{big.body[i]}); err != nil {
					return true
				}
				dawdle(20 * time.Second)
			}
			return true
		}
		cfg, _ := bubbled(f)
		n := newNotebook(t)
		stop := live(t, f, cfg, n)
		pass(10 * time.Minute)
		if len(n.stored) != 3 || len(n.lost) != 0 {
			t.Errorf("%d mails, %d lost", len(n.stored), len(n.lost))
		}
		stop()
	})
}

// Pain 11: but a line that is only slow brings a large mail in the end.
func TestPain11SlowLineIsNoDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		big := fakeMail{uid: 1, body: "Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef", 40<<10)}
		f := newPiped(t, big)
		f.hook = func(c *fakeConn, command string) bool {
			if !strings.Contains(command, "BODY.PEEK[]") {
				return false
			}
			_, _ = fmt.Fprintf(c, "* 1 FETCH (UID 1 BODY[] {%d}\r\n", len(big.body))
			for rest := big.body; rest != ""; rest = rest[min(1024, len(rest)):] { // a kilobyte a second: ten minutes
				if _, err := c.Write([]byte(rest[:min(1024, len(rest))])); err != nil {
					return true
				}
				dawdle(time.Second)
			}
			c.say(")")
			c.ok()
			return true
		}
		cfg, _ := bubbled(f)
		n := newNotebook(t)
		stop := live(t, f, cfg, n)
		pass(20 * time.Minute)
		if len(n.stored) != 1 || f.connections() != 1 {
			t.Errorf("%d mails, %d connections", len(n.stored), f.connections())
		}
		stop()
	})
}

// Pain 13: a server that has too many connections of ours is not asked every minute for one more, by nobody of us; when it
// has room again, mail goes on by itself.
func TestPain13TooManyConnections(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(c *fakeConn, command string) bool{
		"gmail": func(c *fakeConn, command string) bool {
			if command = strings.Fields(command)[0]; command == "LOGIN" {
				c.say("%s NO [ALERT] Too many simultaneous connections. (Failure)", c.tag)
			}
			return command == "LOGIN"
		},
		"microsoft": func(c *fakeConn, command string) bool {
			if command = strings.Fields(command)[0]; command == "EXAMINE" || command == "SELECT" {
				c.say("%s BAD User is authenticated but not connected.", c.tag)
				return true
			}
			return false
		},
		"dovecot": func(c *fakeConn, command string) bool {
			if command = strings.Fields(command)[0]; command == "LOGIN" {
				c.say("%s NO [LIMIT] not more", c.tag)
			}
			return command == "LOGIN"
		},
		"greeting": func(c *fakeConn, command string) bool {
			if command == "(greeting)" {
				c.say("* BYE Too many connections from this address")
				_ = c.Close()
				return true
			}
			return false
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newPiped(t, mail(1))
			f.files = true
			var full atomic.Bool
			full.Store(true)
			f.hook = func(c *fakeConn, command string) bool { return full.Load() && refuse(c, command) }
			cfg, log := bubbled(f)
			filer := NewFiler(cfg)
			n := newNotebook(t)
			stop := live(t, f, cfg, n)
			for range 120 { // the filing loop tries each half minute
				pass(30 * time.Second)
				if _, err := filer.Move(t.Context(), "INBOX", 7, 1, "Done"); pressed(err) == nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if got := f.connections(); got < 20 || got > 60/5*2+60/5+2 {
				t.Errorf("%s: %d connections in an hour", name, got)
			}
			if got := strings.Count(log.String(), "code=connections"); got < 10 || strings.Contains(log.String(), "code=refused") {
				t.Errorf("%s: named %d times:\n%s", name, got, log)
			}
			full.Store(false)
			pass(5*time.Minute + time.Second)
			if len(n.stored) != 1 {
				t.Errorf("%s: no mail after it had room", name)
			}
			_ = filer.Close()
			stop()
		})
	}
}

// Pain 12: Gmail gives 2,500 MB a day. When that is used up, whoever did it, asking on would keep it shut.
func TestPain12BandwidthUsedUp(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]string{
		"no":  "%[1]s NO [ALERT] Account exceeded command or bandwidth limits. (Failure)",
		"bye": "* BYE [ALERT] Account exceeded command or bandwidth limits.",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newPiped(t, mail(1), mail(2))
			var shut atomic.Bool
			shut.Store(true)
			f.hook = func(c *fakeConn, command string) bool {
				if !shut.Load() || !strings.Contains(command, "BODY.PEEK[]") {
					return false
				}
				c.say("%s", strings.ReplaceAll(say, "%[1]s", c.tag))
				_ = c.Close()
				return true
			}
			cfg, log := bubbled(f)
			n := newNotebook(t)
			stop := live(t, f, cfg, n)
			pass(6 * time.Hour)
			if got := f.connections(); got > 24 || len(n.lost) > 0 {
				t.Errorf("%s: %d connections in six hours, %d mails given up:\n%s", name, got, len(n.lost), log)
			}
			if !strings.Contains(log.String(), "code=bandwidth") {
				t.Errorf("%s: not named:\n%s", name, log)
			}
			shut.Store(false)
			pass(30*time.Minute + time.Second)
			if len(n.stored) != 2 {
				t.Errorf("%s: %d mails after it opened", name, len(n.stored))
			}
			stop()
		})
	}
}

// Pain 12: a server that is ill for hours, and refuses or breaks off every mail, costs no mail, and when it is well again
// they come soon.
func TestPain12IllServerCostsNoMail(t *testing.T) {
	t.Parallel()
	for name, ill := range map[string]func(c *fakeConn){
		"refuses":   func(c *fakeConn) { c.say("%s NO [SERVERBUG] the disk is slow today", c.tag) },
		"closes":    func(c *fakeConn) { _ = c.Close() },
		"half mail": func(c *fakeConn) { c.say("* 1 FETCH (UID 1 BODY[] {40}\r\nhalf"); _ = c.Close() },
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newPiped(t, mail(1), mail(2), mail(3))
			var well atomic.Bool
			f.hook = func(c *fakeConn, command string) bool {
				if well.Load() || !strings.Contains(command, "BODY.PEEK[]") {
					return false
				}
				ill(c)
				return true
			}
			cfg, log := bubbled(f)
			n := newNotebook(t)
			stop := live(t, f, cfg, n)
			pass(45 * time.Minute)
			if len(n.lost) > 0 {
				t.Errorf("%s: %d mails given up:\n%s", name, len(n.lost), log)
			}
			well.Store(true)
			pass(18 * time.Minute)
			if len(n.stored) != 3 {
				t.Errorf("%s: %d mails:\n%s", name, len(n.stored), log)
			}
			stop()
		})
	}
}

// Exchange says how long it wants to be left alone.
func TestThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newPiped(t, mail(1))
		f.hook = func(c *fakeConn, command string) bool {
			if !strings.HasPrefix(command, "UID SEARCH") {
				return false
			}
			c.say("%s BAD Request is throttled. Suggested Backoff Time: 1200000 milliseconds", c.tag)
			return true
		}
		cfg, log := bubbled(f)
		stop := live(t, f, cfg, newNotebook(t))
		pass(6 * time.Hour)
		if got := f.connections(); got < 18 || got > 36 || !strings.Contains(log.String(), "code=throttled") {
			t.Errorf("%d connections:\n%s", got, log)
		}
		stop()
	})
}

// Pain 12: whatever happens in days of polling, reconnecting and restarting, each body comes over the line once.
func TestPain12EachBodyOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newPiped(t)
		for uid := range uint32(50) {
			f.mails = append(f.mails, mail(uid+1))
		}
		f.mails = append(f.mails, fakeMail{uid: 51, body: "Subject: too large\r\n\r\n" + strings.Repeat("x", 2000)})
		want := 0
		for _, m := range f.mails {
			want += len(m.body)
		}
		n := newNotebook(t) // what the database knows, across restarts
		for day := range 5 {
			cfg, _ := bubbled(f)
			cfg.MaxSize = 1000
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- New(cfg, n.journal()).Run(ctx) }()
			pass(12 * time.Hour)
			f.mu.Lock()
			for _, c := range f.conns { // the line is cut
				_ = c.Close()
			}
			if day == 2 { // a mail more, the others stay where they are
				f.mails = append(f.mails, mail(60))
				want += len(mail(60).body)
			}
			f.mu.Unlock()
			pass(12 * time.Hour)
			cancel()
			<-ended
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		for uid, times := range f.bodies {
			if times != 1 || uid == 51 {
				t.Errorf("mail %d was sent %d times", uid, times)
			}
		}
		if len(f.bodies) != 51 || len(n.stored) != 52 || f.bytes > want {
			t.Errorf("%d bodies, %d stored, %d bytes of mail for %d", len(f.bodies), len(n.stored), f.bytes, want)
		}
		f.mu.Unlock()
		f.close()
		f.mu.Lock()
	})
}
