package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMailIsHandedOverAsItStands(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(3), mail(9)).start()
	n := observe(t, plain(f))
	got := n.gets(3, 9)
	want := Delivery{Mailbox: "INBOX", UIDValidity: 7, UID: 9, Size: int64(len(mail(9).body)), Raw: []byte(mail(9).body),
		InternalDate: time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, got[9]); diff != "" {
		t.Error(diff)
	}
	n.until(Idle)
	f.deliver(mail(10))
	n.gets(10)
	n.until(Idle)
	if asked := f.said("UID FETCH", "BODY.PEEK[]"); len(asked) != 2 {
		t.Errorf("bodies were fetched by %q, want one FETCH for each round", asked)
	}
}

func TestRefusedFetchIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(1), mail(2))
	refusals := 3
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.Contains(command, "BODY.PEEK[]") || refusals == 0 {
			return false
		}
		refusals--
		c.say("%s NO [SERVERBUG] the disk is slow today", c.tag)
		return true
	}
	n := observe(t, plain(f.start()))
	n.gets(1, 2)
	if len(n.lost) > 0 || f.connections() != 1 {
		t.Errorf("%d lost, %d connections", len(n.lost), f.connections())
	}
}

// A mail that somebody moves away while it is asked for is not missed.
func TestMailThatVanishesIsNotLost(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(1), mail(2))
	f.hook = func(c *fakeConn, command string) bool {
		if strings.Contains(command, "BODY.PEEK[]") {
			f.mu.Lock()
			f.mails = []fakeMail{mail(1)}
			f.mu.Unlock()
		}
		return false
	}
	n := observe(t, plain(f.start()))
	n.gets(1)
	n.until(Idle)
	if len(n.lost) > 0 {
		t.Errorf("told that %d is lost", <-n.lost)
	}
}

func TestOversizeMailGivesItsHeader(t *testing.T) {
	t.Parallel()
	big := fakeMail{uid: 2, body: "Subject: big\r\n\r\n" + strings.Repeat("x", 5000)}
	for _, honest := range []bool{true, false} {
		t.Run(fmt.Sprintf("honest=%v", honest), func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(1), big)
			f.hook = func(c *fakeConn, command string) bool {
				if honest && strings.Contains(command, "BODY.PEEK[]") && inSet(strings.Fields(command)[2], 2) {
					t.Errorf("the body was asked for: %s", command)
				}
				if honest || !isSizes(strings.Replace(command, "1:2", "5", 1)) {
					return false
				}
				c.say("* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n* 2 FETCH (UID 2 RFC822.SIZE 10)")
				c.ok()
				return true
			}
			cfg := plain(f.start())
			cfg.MaxSize = 1000
			got := observe(t, cfg).gets(1, 2)[2]
			if !got.TooLarge || string(got.Raw) != "Subject: big\r\n\r\n" || got.Size != int64(len(big.body)) {
				t.Errorf("got TooLarge %v, %d bytes, size %d", got.TooLarge, len(got.Raw), got.Size)
			}
		})
	}
}

// A journal that fails says nothing against a mail.
func TestJournalFails(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(1), mail(2))
	ready := make(chan struct{})
	f.hook = func(c *fakeConn, command string) bool {
		<-ready
		return false
	}
	n := observe(t, plain(f.start()))
	n.mu.Lock()
	n.fails = 2 * lastTries
	n.mu.Unlock()
	close(ready)
	n.gets(1, 2)
	if len(n.lost) > 0 {
		t.Errorf("told that %d is lost", <-n.lost)
	}
}

func TestStoreGetsBatches(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for uid := range uint32(1200) {
		f.mails = append(f.mails, mail(2*uid+1))
	}
	cfg := plain(f.start())
	cfg.Batch = 100
	n := observe(t, cfg)
	n.until(Idle)
	if len(n.stored) != 1200 || n.calls != 13 {
		t.Errorf("%d mails in %d batches, want 1200 in 13: one to begin with", len(n.stored), n.calls)
	}
	for _, command := range f.said("UID FETCH") {
		if len(command) > 8000 {
			t.Errorf("a command of %d bytes", len(command))
		}
	}
}

func TestPollWithoutIdle(t *testing.T) {
	t.Parallel()
	for _, caps := range []string{"IMAP4rev1", "IMAP4rev1 IDLE"} {
		t.Run(caps, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(1))
			f.caps = caps
			f.hook = func(c *fakeConn, command string) bool {
				if command != "IDLE" {
					return false
				}
				c.say("%s NO not today", c.tag)
				return true
			}
			cfg := plain(f.start())
			cfg.Poll = 20 * time.Millisecond
			n := observe(t, cfg)
			n.gets(1)
			n.until(Idle)
			f.deliver(mail(2))
			n.gets(2)
			if got := f.connections(); got != 1 {
				t.Errorf("%d connections", got)
			}
		})
	}
}

func TestHostileList(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"* ESEARCH (TAG \"x\") UID ALL 1:*", "* ESEARCH UID ALL 1:4294967295", "* SEARCH 0 1"} {
		f := newFake(t, mail(1))
		f.hook = func(c *fakeConn, command string) bool {
			if c.n > 1 || !strings.HasPrefix(command, "UID SEARCH") {
				return false
			}
			c.say("%s", strings.Replace(list, "x", c.tag, 1))
			c.ok()
			return true
		}
		observe(t, plain(f.start())).gets(1)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	password := func(context.Context) (string, error) { return "", nil }
	for name, cfg := range map[string]Config{
		"no port":         {Address: "mail.truong.example", TLS: TLSImplicit, Password: password},
		"plain elsewhere": {Address: "192.0.2.1:143", TLS: TLSPlain, Password: password},
		"plain by name":   {Address: "mail.truong.example:143", TLS: TLSPlain, Password: password},
		"unknown tls":     {Address: "127.0.0.1:143", TLS: "none", Password: password},
		"no secret":       {Address: "127.0.0.1:143", TLS: TLSPlain},
		"two secrets":     {Address: "127.0.0.1:143", TLS: TLSPlain, Password: password, Token: func(context.Context, string) (string, error) { return "", nil }},
	} {
		if err := New(cfg, Journal{}).Run(t.Context()); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := (Config{Poll: 3 * time.Hour}).withDefaults().Poll; got != 28*time.Minute {
		t.Errorf("IDLE would last %v (RFC 2177 allows 29 m)", got)
	}
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	t.Parallel()
	b := backoff{shortest: time.Second, longest: 2 * time.Minute}
	for step := time.Second; step < 4*time.Minute; step *= 2 {
		top := min(step, b.longest)
		if got := b.next(); got < top/2 || got > top {
			t.Errorf("pause %v, want %v to %v", got, top/2, top)
		}
	}
	b.reset()
	if got := b.next(); got > time.Second {
		t.Errorf("pause %v after a success", got)
	}
}
