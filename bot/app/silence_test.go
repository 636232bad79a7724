package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/mailer/local"
)

// A cable lies between vanthu and a server, and can be cut.
type cable struct {
	net.Listener
	mu   sync.Mutex
	cut  bool
	ends []net.Conn
}

func newCable(t *testing.T, server string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: l}
	t.Cleanup(func() { l.Close(); c.set(true) })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil || !c.lay(near, far) {
				near.Close()
				continue
			}
			go func() { _, _ = io.Copy(far, near); far.Close() }()
			go func() { _, _ = io.Copy(near, far); near.Close() }()
		}
	}()
	return c
}

func (c *cable) lay(near, far net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		far.Close()
		return false
	}
	c.ends = append(c.ends, near, far)
	return true
}

func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for _, end := range c.ends {
			end.Close()
		}
		c.ends = nil
	}
}

// silent is a whole serving vanthu beside a mail system, with somebody who hears its alarms.
type silent struct {
	t      *testing.T
	mail   *local.Server
	imap   *cable
	smtp   *cable
	heard  chan alarm.Message
	server *app.Server
	ahead  atomic.Int64 // of our clock
	stuck  atomic.Bool  // the database
}

func newSilent(t *testing.T, settings string) *silent {
	t.Helper()
	return newSilentOn(t, "platform = \"file\"\nfile_path = \"accounts.jsonl\"\ndomain = \"sv.truong.example\"", settings)
}

func newSilentOn(t *testing.T, accounts, settings string) *silent {
	t.Helper()
	s := &silent{t: t, heard: make(chan alarm.Message, 100)}
	var err error
	s.mail, err = local.Start(local.Options{Mailboxes: []local.Account{{Address: "cntt@truong.example", Password: "invented"}, {Address: "ctsv@truong.example", Password: "invented"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.mail.Close() })
	s.imap, s.smtp = newCable(t, s.mail.IMAPAddr()), newCable(t, s.mail.SMTPAddr())
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m alarm.Message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		s.heard <- m
	}))
	t.Cleanup(hook.Close)

	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.mail.WriteCA(dir); err != nil {
		t.Fatal(err)
	}
	if err := secret.GenerateKey(filepath.Join(dir, "vanthu.key")); err != nil {
		t.Fatal(err)
	}
	write("pw", "invented")
	write("ctsv.pass", "correct horse battery staple")
	write("vanthu.toml", fmt.Sprintf(silentSettings, s.imap.Addr(), s.smtp.Addr(), accounts, settings, hook.URL))
	cfg, err := config.Load(filepath.Join(dir, "vanthu.toml"))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	hooks := app.Hooks{Commit: func() error {
		if s.stuck.Load() {
			return errors.New("no space left on device")
		}
		return nil
	}}
	if s.server, err = app.NewServer(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)), now, hooks); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.server.Close()
	})
	return s
}

const silentSettings = `
[school]
name = "TRƯỜNG"
office = "Phòng Công nghệ Thông tin"
place = "Cần Thơ"
contact = "0292 000 000"
[imap]
address = %q
ca_file = "ca.pem"
user = "cntt@truong.example"
password_file = "pw"
poll = "1s"
timeout = "10s"
[smtp]
address = %q
tls = "implicit"
ca_file = "ca.pem"
user = "cntt@truong.example"
password_file = "pw"
from = "cntt@truong.example"
timeout = "10s"
[trust]
authserv_id = "mail.truong.example"
domains = ["truong.example"]
[accounts]
%s
[alarm]
after = "1s"
disk_mb = 1
%s
[alarm.webhook]
url = %q
[[rules.code]]
pattern = '\d{10}'
shown = "10 chữ số"
[[unit]]
id = "CTSV"
name = "Phòng Công tác sinh viên"
addresses = ["ctsv@truong.example"]
passphrase_file = "ctsv.pass"
[[officer]]
id = "lan"
name = "Trần Thị Lan"
login = "lan"
approver = true
[[officer]]
id = "minh"
name = "Châu Văn Minh"
login = "minh"
approver = true
`

// hear waits for one alarm. A machine that is slow may raise others.
func (s *silent) hear(state alarm.State, condition alarm.Condition, code string) alarm.Message {
	s.t.Helper()
	limit := time.After(60 * time.Second)
	for {
		select {
		case m := <-s.heard:
			if m.State == state && m.Condition == string(condition) && (code == "" || m.Code == code) {
				return m
			}
			s.t.Logf("heard %s %s/%s while waiting for %s %s", m.State, m.Condition, m.Code, state, condition)
		case <-limit:
			s.t.Fatalf("nobody was told: %s %s", state, condition)
		}
	}
}

func (s *silent) read(f func(ctx context.Context, tx *store.Tx) error) {
	s.t.Helper()
	if err := s.server.DB.Read(s.t.Context(), func(tx *store.Tx) error { return f(s.t.Context(), tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// until asks again until yes says so.
func (s *silent) until(what string, yes func() bool) {
	s.t.Helper()
	limit := time.After(60 * time.Second)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !yes() {
		select {
		case <-ticker.C:
		case <-limit:
			s.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// Everything that vanthu needs is cut, one by one: somebody is told each time by another way, and again when it is over, and
// nobody has to do anything but mend what was cut.
func TestSilenceIsAnAlarm(t *testing.T) {
	t.Parallel()
	s := newSilent(t, ``)
	for _, c := range []struct {
		condition alarm.Condition
		cut, mend func()
	}{
		{alarm.IMAP, func() { s.imap.set(true) }, func() { s.imap.set(false) }},
		{alarm.SMTP, func() { s.smtp.set(true) }, func() { s.smtp.set(false) }},
		{alarm.Database, func() { s.stuck.Store(true) }, func() { s.stuck.Store(false) }},
		{alarm.Clock, func() { s.ahead.Store(int64(time.Hour)) }, func() { s.ahead.Store(0) }},
	} {
		c.cut()
		m := s.hear(alarm.Raised, c.condition, "")
		if m.Service != "cntt@truong.example" || m.VI == "" || m.EN == "" {
			t.Errorf("the message is %+v", m)
		}
		c.mend()
		s.hear(alarm.Cleared, c.condition, "")
	}
}

// A canary goes the whole way and is journalled; it opens nothing and is answered by being judged. When it does not come, or
// cannot be sent, somebody is told.
func TestCanaryGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	s := newSilent(t, "canary = \"1s\"\ncanary_late = \"3s\"")
	var back store.Canary
	s.until("a canary comes back", func() bool {
		s.read(func(ctx context.Context, tx *store.Tx) (err error) { back, _, err = tx.Canaries(ctx); return err })
		return !back.BackAt.IsZero()
	})
	if took := back.BackAt.Sub(back.SentAt); took <= 0 || took > 30*time.Second {
		t.Errorf("the way took %v", took)
	}
	s.read(func(ctx context.Context, tx *store.Tx) error {
		mails, err := tx.Mails(ctx, store.Ignored)
		if err != nil || len(mails) == 0 || mails[0].Kind != "own_mail" {
			t.Errorf("journal: %v, %+v", err, mails)
		}
		events, err := tx.Events(ctx, 0)
		for _, e := range events {
			if e.Mail != 0 {
				t.Errorf("hundreds a day must leave no events: %+v", e)
			}
		}
		return err
	})

	s.mail.FailRcpt("cntt@truong.example", 60, 550, "no such mailbox") // tried at each tick: for ten seconds
	s.hear(alarm.Raised, alarm.Canary, "unsent")
	s.hear(alarm.Cleared, alarm.Canary, "")

	// The mail server takes mail and its mailbox is deaf: only the canary shows it.
	s.imap.set(true)
	told := map[string]bool{}
	for !told["canary"] || !told["imap"] {
		select {
		case m := <-s.heard:
			told[m.Condition] = told[m.Condition] || m.State == alarm.Raised
		case <-time.After(60 * time.Second):
			t.Fatalf("told: %v", told)
		}
	}
}
