//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vanthu/bot/app"
	"vanthu/bot/store"
)

// Three processes share one PostgreSQL, with real Dovecot, Postfix and slapd. One more has the mailbox first, does not reach it, and hands
// it on. While mails flow, plans are approved and accounts are made, the one that watches the mailbox is killed, the next one is frozen in
// the middle of its work and goes on much later, the next one is told to end; by night PostgreSQL is restarted, too. Each time it is measured how long nobody watched. In the end everything
// was done once: what the soak counts, without its excuses for whoever was frozen. VANTHU_MACHINES is "MAILS SEED".
func TestMachines(t *testing.T) {
	mails, seed := 60, uint64(20261126)
	if v := os.Getenv("VANTHU_MACHINES"); v != "" {
		if _, err := fmt.Sscan(v, &mails, &seed); err != nil {
			t.Fatalf("VANTHU_MACHINES=%q: %v", v, err)
		}
	}
	t.Logf("VANTHU_MACHINES=\"%d %d\"", mails, seed)
	s := newSoak(t, "postgres", mails, seed)
	f := &fleet{soak: s}
	began := time.Now()
	cut := f.cutOff()
	for range 3 {
		f.start()
	}
	others := time.Now()
	f.until("a machine that does not reach the mail server hands the mailbox on", 20*time.Second, func() bool { return f.watching() != nil })
	f.measured = append(f.measured, fmt.Sprintf("%-22s another process has the mailbox after %5.1f s (of 2.0 s that it waits here)", "cut off from IMAP", time.Since(others).Seconds()))
	if !cut.log.contains("code=handed_on lease=watch") {
		t.Error("it did not say so")
	}
	if err := cut.stop(t); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	work, stop := context.WithCancel(t.Context())
	defer stop()
	var people sync.WaitGroup
	for _, person := range []func(){func() { s.officers(work) }, func() { s.unit(work, ctsv) }, func() { s.unit(work, dtsdh) }} {
		people.Go(person)
	}
	f.until("one process watches", 15*time.Second, func() bool { return f.watching() != nil })

	// Killed. Another process finds out by its silence alone, and takes up what it had in its hands.
	f.post(3)
	victim := f.midWork()
	killed := time.Now()
	victim.kill()
	s.happened("kill", killed)
	f.takeOver("killed (-9)", victim, killed, 15*time.Second)
	f.start() // as systemd does

	// Frozen. It wakes when all it had is in others' hands, and stands by.
	f.post(2)
	victim = f.midWork()
	frozen := time.Now()
	f.signal(victim, syscall.SIGSTOP)
	t.Cleanup(func() { f.signal(victim, syscall.SIGCONT) })
	f.takeOver("frozen (SIGSTOP)", victim, frozen, 15*time.Second)
	f.post(2) // the others work without it
	pauseFor(t.Context(), 4*time.Second)
	f.signal(victim, syscall.SIGCONT)
	woken := time.Now()
	f.until("it knows that it was gone", 10*time.Second, func() bool { return victim.log.contains("code=was_gone") })
	t.Logf("frozen for %v; it knew %v after it woke", woken.Sub(frozen).Round(100*time.Millisecond), time.Since(woken).Round(10*time.Millisecond))

	if os.Getenv("VANTHU_MACHINES_RESTART") != "" {
		f.post(2)
		away := time.Now()
		s.happened("begin postgres", away)
		s.restart("postgres", 3*time.Second)
		s.happened("postgres", away)
		f.takeOver("PostgreSQL restarted", nil, away, 40*time.Second)
	}

	// Told to end: nobody waits for a lease to run out.
	f.post(1)
	victim = f.midWork()
	ended := time.Now()
	f.signal(victim, syscall.SIGTERM)
	f.takeOver("ended in order", victim, ended, 5*time.Second)
	<-victim.exited
	if victim.err != nil {
		t.Errorf("SIGTERM: %v", victim.err)
	}

	if !s.until(60*time.Second+time.Duration(mails)*200*time.Millisecond, func() bool { return s.left() == "" }) {
		t.Errorf("not at rest: %s", s.left())
	}
	stop()
	people.Wait()
	t.Logf("\n%s", s.says("status"))
	for _, args := range [][]string{{"mail", "count", "--as", "lan"}, {"audit", "verify", "--as", "lan"}} {
		if out, err := s.run(args...); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	for _, p := range f.alive {
		if p.running() {
			if err := p.stop(t); err != nil {
				t.Errorf("SIGTERM: %v", err)
			}
		}
	}
	s.balance()
	t.Logf("%v in all; %d credentials settled by an officer, %d errors that officers and units met and tried again\n%s",
		time.Since(began).Round(time.Second), s.settled.Load(), s.troubles.Load(), strings.Join(f.measured, "\n"))
}

// says is what a command prints, whatever it says of alarms.
func (s *soak) says(args ...string) string {
	out, _ := s.run(args...)
	return out
}

// A fleet is several serving processes on one database.
type fleet struct {
	*soak
	alive    []*process
	sentTo   int // stories that were begun
	measured []string
}

func (f *fleet) start() {
	f.t.Helper()
	p, err := f.launch()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(p.kill)
	f.alive = append(f.alive, p)
	f.until("serve starts", 30*time.Second, func() bool { return p.log.contains("code=started") })
}

// cutOff starts a process that reaches the database and not the mail server, alone at first, so that it has the mailbox.
func (f *fleet) cutOff() *process {
	f.t.Helper()
	text, err := os.ReadFile(f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write("cut.toml", strings.Replace(string(text), f.imap, "127.0.0.1:1", 1)+"\n[alarm]\nafter = \"12s\"\n")
	p, err := f.launchBy(filepath.Join(f.dir, "cut.toml"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(p.kill)
	f.until("it tries in vain", 30*time.Second, func() bool { return p.log.contains("mailbox_lost") })
	return p
}

func (f *fleet) until(what string, limit time.Duration, done func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), limit)
	defer cancel()
	for !done() {
		if pauseFor(ctx, 50*time.Millisecond); ctx.Err() != nil {
			f.t.Fatalf("waited %v: %s", limit, what)
		}
	}
}

// post sends some eighths of what is to be sent.
func (f *fleet) post(eighths int) {
	f.t.Helper()
	to := min(len(f.stories), f.sentTo+(len(f.stories)*eighths+7)/8)
	for _, story := range f.stories[f.sentTo:to] {
		for _, l := range story.mails {
			if err := f.send(l); err != nil {
				f.t.Errorf("not sent: %v", err)
			}
		}
	}
	f.sentTo = to
}

// processes are those that the database knows, as `vanthu status` shows them.
func (f *fleet) processes() []app.Process {
	status, err := f.a.Status(context.WithoutCancel(f.t.Context()))
	if err != nil {
		return nil
	}
	return status.Processes
}

// watching is the process that has the mailbox.
func (f *fleet) watching() *process {
	for _, known := range f.processes() {
		if !known.Alive || !slices.Contains(known.Holds, "watch") {
			continue
		}
		for _, p := range f.alive {
			if strconv.Itoa(p.cmd.Process.Pid) == known.PID {
				return p
			}
		}
	}
	return nil
}

// midWork waits until mails are being judged and answers sent, and returns the process that watches the mailbox.
func (f *fleet) midWork() (p *process) {
	f.t.Helper()
	f.until("work is under way", 30*time.Second, func() bool {
		busy := false
		f.look(func(tx *store.Tx) error {
			mails, err := tx.Unjudged(f.t.Context())
			if err != nil {
				return err
			}
			letters, err := tx.OpenLetters(f.t.Context())
			busy = len(mails) > 0 || slices.ContainsFunc(letters, func(l store.Letter) bool { return l.State == store.LetterSending })
			return err
		})
		if p = f.watching(); p != nil && !busy && f.sentTo == len(f.stories) {
			return true // nothing is left to be sent
		}
		return p != nil && busy
	})
	return p
}

// takeOver measures how long it takes until another process watches the mailbox (after a restart of the database: any), and the
// journal has a mail that was sent after then.
func (f *fleet) takeOver(what string, victim *process, from time.Time, limit time.Duration) {
	f.t.Helper()
	f.until(what+": another process watches", limit, func() bool {
		p := f.watching()
		return p != nil && p != victim
	})
	took := time.Since(from)
	next := f.watching()
	var news time.Duration
	if next != nil {
		f.until(what+": it has connected", 15*time.Second, func() bool { return strings.Count(next.log.String(), "mailbox_connected") > 0 })
		news = time.Since(from)
	}
	f.measured = append(f.measured, fmt.Sprintf("%-22s another process has the mailbox after %5.1f s, is connected after %5.1f s", what, took.Seconds(), news.Seconds()))
}

func (f *fleet) signal(p *process, signal syscall.Signal) {
	if err := p.cmd.Process.Signal(signal); err != nil && p.running() {
		f.t.Error(err)
	}
}
