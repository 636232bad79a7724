//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/store"
)

// The soak: mails of all kinds come in through Postfix and Dovecot while the process is killed, its connections are cut, the
// servers beside it are restarted and the disk is full for a while; units answer and officers work. In the end mails in are
// outcomes, answers are steps, accounts are approved rows, exactly. VANTHU_SOAK is "MAILS SEED"; all chance comes from the
// seed, which is printed. On a failure everything that is needed to find the cause is kept.
func TestSoakSQLite(t *testing.T)   { soakTest(t, "sqlite", 1) }
func TestSoakPostgres(t *testing.T) { soakTest(t, "postgres", 2) } // two processes share one database

// A soak is one run.
type soak struct {
	*world
	a        *app.App
	database string
	seed     uint64
	stories  []*story
	cutter   *cutter
	imap     string // the address that stands before Dovecot
	smtp     string // and before Postfix

	mails sync.RWMutex // held by who talks to Postfix or Dovecot for the test; a restart waits for it
	lines map[string]*line

	mu       sync.Mutex
	byID     map[string]*letterIn
	sent     int             // mails that the MTA took for the service address
	extra    map[string]int  // Message-ID → copies that a person made
	read     map[string]bool // Message-IDs that a person marked as read
	arrived  map[string]bool // Message-IDs of letters that a unit has
	mishaps  []mishap
	mounted  bool         // the database has a file system of its own
	settled  atomic.Int64 // credentials that an officer settled
	troubles atomic.Int64 // errors of officers and units that had to be tried again
}

func soakTest(t *testing.T, database string, processes int) {
	mails, seed := 100, uint64(time.Now().UnixNano())
	if v := os.Getenv("VANTHU_SOAK"); v != "" {
		if _, err := fmt.Sscan(v, &mails, &seed); err != nil {
			t.Fatalf("VANTHU_SOAK=%q: %v", v, err)
		}
	}
	t.Logf("%s: VANTHU_SOAK=\"%d %d\"", database, mails, seed)
	s := newSoak(t, database, mails, seed)
	herd := &herd{soak: s, random: s.chance(2)}
	began := time.Now()

	ctx, calm := context.WithCancel(t.Context()) // ends with the chaos
	work, stop := context.WithCancel(t.Context())
	defer stop()
	var chaos, people sync.WaitGroup
	for range processes {
		chaos.Go(func() { herd.run(ctx) })
	}
	s.cutter.arm(true)
	chaos.Go(func() { s.restarts(ctx, s.chance(3)) })
	chaos.Go(func() { s.person(ctx, s.chance(4)) })
	people.Go(func() { s.officers(work) })
	people.Go(func() { s.unit(work, ctsv) })
	people.Go(func() { s.unit(work, dtsdh) })
	s.post()
	s.until(10*time.Second+time.Duration(mails)*120*time.Millisecond, s.progress)
	calm()
	chaos.Wait()
	s.cutter.arm(false)
	t.Logf("%v of chaos: %d kills, %d cuts, %d other mishaps", time.Since(began).Round(time.Second), herd.kills.Load(), len(s.cutter.cuts), len(s.mishaps))

	for range processes { // the first is alone, and takes up what the killed ones had in their hands
		herd.last(t)
	}
	if !s.until(3*time.Minute+time.Duration(mails)*200*time.Millisecond, func() bool { return s.left() == "" }) {
		t.Errorf("not at rest: %s", s.left())
	}
	stop()
	people.Wait()
	if out, err := s.run("mail", "count", "--as", "lan"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, p := range herd.alive {
		if err := p.stop(t); err != nil {
			t.Errorf("SIGTERM: %v", err)
		}
	}
	s.balance()
	t.Logf("%v in all; %d credentials settled by an officer, %d errors that officers and units met and tried again", time.Since(began).Round(time.Second), s.settled.Load(), s.troubles.Load())
}

// chance is the source of one actor: what the others do must not change it.
func (s *soak) chance(actor uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, actor)) }

func newSoak(t *testing.T, database string, mails int, seed uint64) *soak {
	t.Helper()
	s := &soak{world: newWorld(t, database), database: database, seed: seed, byID: make(map[string]*letterIn), extra: make(map[string]int), read: make(map[string]bool), arrived: make(map[string]bool),
		lines: map[string]*line{"": {}, ctsv: {login: ctsv}, dtsdh: {login: dtsdh}}}
	s.stories = makeStories(t, mails, s.chance(0))
	for _, story := range s.stories {
		for _, l := range story.mails {
			s.byID[l.id] = l
		}
	}
	s.cutter = newCutter(t, s.servers, s.chance(1))
	s.imap = s.cutter.listen(t, s.cutter.imap(os.Getenv("VANTHU_CI_IMAPS")))
	s.smtp = s.cutter.listen(t, s.cutter.smtp(os.Getenv("VANTHU_CI_SUBMISSION")))
	s.write("cutter.crt", string(s.cutter.authority))
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	mail, rest, _ := strings.Cut(string(text), "[trust]")
	mail = strings.NewReplacer(os.Getenv("VANTHU_CI_IMAPS"), s.imap, os.Getenv("VANTHU_CI_SUBMISSION"), s.smtp, os.Getenv("VANTHU_CI_CA"), filepath.Join(s.dir, "cutter.crt"),
		"[imap]\n", "[imap]\npoll = \"5s\"\n").Replace(mail)
	if database == "sqlite" {
		s.disk(int64(mails)*150_000 + 96<<20)
		rest = strings.Replace(rest, "sqlite:vanthu.db", "sqlite:disk/vanthu.db", 1)
		mail = strings.Replace(mail, "plus = \"+\"\n", "", 1) // a mail server that brings no such addresses
	}
	s.write("vanthu.toml", mail+"[trust]"+rest+"\n[strangers]\nnote = true\n")
	cfg, err := config.Load(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if s.a, err = app.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.a.Close)
	t.Cleanup(s.keep)
	return s
}

// A line is a kept connection of a sender to Postfix.
type line struct {
	mu     sync.Mutex
	login  string
	client *smtp.Client
}

// send hands a mail to Postfix, once: a connection that has died is opened anew before anything of the mail is sent.
func (s *soak) send(l *letterIn) error {
	s.mails.RLock()
	defer s.mails.RUnlock()
	line := s.lines[l.login]
	line.mu.Lock()
	defer line.mu.Unlock()
	if line.client == nil || line.client.Noop() != nil {
		dial := func() (*smtp.Client, error) { return smtp.Dial(os.Getenv("VANTHU_CI_MX")) }
		if l.login != "" {
			dial = func() (*smtp.Client, error) { return smtp.DialStartTLS(os.Getenv("VANTHU_CI_SUBMISSION"), s.tls()) }
		}
		client, err := dial()
		if err != nil {
			return err
		}
		if l.login != "" {
			if err := client.Auth(sasl.NewPlainClient("", l.login, s.password)); err != nil {
				return err
			}
		}
		line.client = client
	}
	for range l.times {
		if err := line.client.SendMail(l.from, l.to, bytes.NewReader(l.raw)); err != nil {
			return fmt.Errorf("%s: %w", l.id, err)
		}
		s.mu.Lock()
		s.sent += len(l.to)
		s.mu.Unlock()
	}
	return nil
}

// post sends what the stories begin with, in an order by chance that is always the same.
func (s *soak) post() {
	var all []*letterIn
	for _, story := range s.stories {
		all = append(all, story.mails...)
	}
	random := s.chance(5)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, l := range all {
		if err := s.send(l); err != nil {
			s.t.Errorf("not sent: %v", err)
		}
		if random.IntN(20) == 0 { // they come in bursts
			pauseFor(s.t.Context(), time.Duration(random.IntN(2800))*time.Millisecond)
		}
	}
}

func pauseFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// until asks again until done says so, and returns whether it did in time.
func (s *soak) until(limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	for !done() {
		if pauseFor(ctx, 500*time.Millisecond); ctx.Err() != nil {
			return false
		}
	}
	return true
}

// look reads from the database; it says false when that is away.
func (s *soak) look(f func(tx *store.Tx) error) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 20*time.Second)
	defer cancel()
	if err := s.a.DB.Read(ctx, f); err != nil {
		s.troubles.Add(1)
		return false
	}
	return true
}

// progress says whether most of what was sent is judged and most of what was judged is served: what comes after it, nobody
// disturbs any more.
func (s *soak) progress() bool {
	b := s.books(false)
	judged, open := 0, 0
	for _, m := range b.mails {
		if m.Outcome != "" {
			judged++
		}
	}
	for _, c := range b.cases {
		if c.State == bot.Received || c.State == bot.Creating || c.State == bot.Created {
			open++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return 10*judged >= 9*s.sent && 4*open <= len(b.cases)
}
