//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sys/unix"

	"vanthu/mailer/mime"
)

// A herd is the serving processes: killed at random moments and started again.
type herd struct {
	soak   *soak
	random *rand.Rand
	mu     sync.Mutex // of random and alive
	kills  atomic.Int64
	alive  []*process
}

// launch starts `vanthu serve`. It does not wait: a server that it needs may be away.
func (s *soak) launch() (*process, error) { return s.launchBy(s.config) }

func (s *soak) launchBy(config string) (*process, error) {
	p := &process{cmd: exec.Command(s.binary, "serve", "--config", config), log: &safeBuffer{news: make(chan struct{}, 1)}, exited: make(chan struct{})}
	f, err := os.OpenFile(filepath.Join(s.dir, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = io.MultiWriter(p.log, f)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		_ = f.Close()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// run keeps one process going until ctx ends, and kills it again and again; one time in eight it is asked to stop.
func (h *herd) run(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		p, err := h.soak.launch()
		if err != nil {
			h.soak.t.Errorf("serve cannot be started: %v", err)
			return
		}
		h.mu.Lock()
		life, gently, early := time.Duration(80+h.random.IntN(1+h.random.IntN(9000)))*time.Millisecond, h.random.IntN(8) == 0, h.random.IntN(4) == 0
		h.mu.Unlock()
		for !early && ctx.Err() == nil && !p.log.contains("code=started") && p.running() { // one life in four may end before it began
			pauseFor(ctx, 20*time.Millisecond)
		}
		timer := time.NewTimer(life)
		select {
		case <-p.exited:
			timer.Stop()
			if !h.soak.during(began, "postgres", "slapd", "disk") {
				h.soak.t.Errorf("serve ended by itself: %v\n%s", p.err, tail([]byte(p.log.String()), 3000))
			}
			pauseFor(ctx, 300*time.Millisecond)
			continue
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		killed := time.Now()
		if gently && ctx.Err() == nil {
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			pauseFor(ctx, 3*time.Second)
		}
		p.kill()
		h.kills.Add(1)
		h.soak.happened("kill", killed)
	}
}

// last starts a process for the rest of the run and waits until it serves.
func (h *herd) last(t *testing.T) {
	t.Helper()
	p, err := h.soak.launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if !h.soak.until(60*time.Second, func() bool { return p.log.contains("code=started") }) {
		t.Fatalf("serve does not start:\n%s", tail([]byte(p.log.String()), 3000))
	}
	h.alive = append(h.alive, p)
}

// happened notes what was done, from then until now.
func (s *soak) happened(what string, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mishaps = append(s.mishaps, mishap{At: from, Until: time.Now(), What: what})
}

// during says whether one of these was going on at some time since then, or is going on.
func (s *soak) during(since time.Time, what ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mishaps {
		for _, w := range what {
			if m.What == w && !m.Until.Before(since) || m.What == "begin "+w && time.Since(m.At) < 15*time.Second {
				return true
			}
		}
	}
	return false
}

// restarts takes the servers away for a moment, one after the other, and fills the disk.
func (s *soak) restarts(ctx context.Context, random *rand.Rand) {
	what := []string{"slapd", "dovecot", "postfix"}
	if s.database == "postgres" {
		what = append(what, "postgres", "postgres")
	} else {
		what = append(what, "disk", "disk")
	}
	for i := 0; ; i++ {
		if i%len(what) == 0 {
			random.Shuffle(len(what), func(i, j int) { what[i], what[j] = what[j], what[i] })
		}
		if pauseFor(ctx, time.Duration(1500+random.IntN(3500))*time.Millisecond); ctx.Err() != nil {
			return
		}
		name, away := what[i%len(what)], time.Duration(random.IntN(2000))*time.Millisecond
		began := time.Now()
		s.happened("begin "+name, began)
		if name == "disk" {
			s.fillDisk(away)
		} else {
			s.restart(name, away)
		}
		s.happened(name, began)
	}
}

// restart takes one server away. Nobody of the test may be talking to Postfix or Dovecot then: he would not know whether
// his mail was taken.
func (s *soak) restart(name string, away time.Duration) {
	if name == "postfix" || name == "dovecot" {
		s.mails.Lock()
		defer s.mails.Unlock()
	}
	for _, command := range []string{"stop", "start"} {
		if out, err := exec.Command("../../../.ci/servers", command, os.Getenv("VANTHU_CI_DIR"), name).CombinedOutput(); err != nil {
			s.t.Errorf("%s %s: %v\n%s", command, name, err, out)
		}
		if command == "stop" {
			pauseFor(context.Background(), away)
		}
	}
}

// disk puts the database into a small file system of its own. Where none can be mounted the size of files is limited.
func (s *soak) disk(size int64) {
	s.t.Helper()
	dir := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", size)); err != nil {
		s.t.Logf("no file system can be mounted (%v): the size of files is limited instead", err)
		return
	}
	s.mounted = true
	s.t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// fillDisk leaves no room for a while.
func (s *soak) fillDisk(away time.Duration) {
	if !s.mounted {
		s.limitFiles(away)
		return
	}
	name := filepath.Join(s.dir, "disk", "filler")
	f, err := os.Create(name)
	if err != nil {
		s.t.Errorf("filler: %v", err)
		return
	}
	block := make([]byte, 1<<20)
	for size := len(block); size >= 4096; {
		if _, err := f.Write(block[:size]); err != nil {
			size /= 16
		}
	}
	pauseFor(context.Background(), away)
	_ = f.Close()
	if err := os.Remove(name); err != nil {
		s.t.Errorf("filler: %v", err)
	}
}

// limitFiles lets no file of the serving processes grow for a while (setrlimit(2), RLIMIT_FSIZE).
func (s *soak) limitFiles(away time.Duration) {
	limit := func(cur uint64) {
		out, err := exec.Command("pgrep", "-f", "serve --config "+s.config).Output()
		if err != nil {
			return // none runs just now
		}
		for _, word := range strings.Fields(string(out)) {
			pid, _ := strconv.Atoi(word)
			_ = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: cur, Max: unix.RLIM_INFINITY}, nil)
		}
	}
	limit(4096)
	pauseFor(context.Background(), away)
	limit(unix.RLIM_INFINITY)
}

// person works in the same mailbox with a mail program: reads mails, and copies answered ones back.
func (s *soak) person(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		pauseFor(ctx, time.Duration(500+random.IntN(2500))*time.Millisecond)
		func() {
			s.mails.RLock()
			defer s.mails.RUnlock()
			r := &reader{soak: s, address: service}
			defer r.close()
			folder := []string{"INBOX", "Done", "INBOX"}[random.IntN(3)]
			if err := r.open(folder); err != nil || r.count == 0 {
				return
			}
			n := 1 + random.Uint32N(r.count)
			m, err := r.one(n)
			if err != nil || m == nil {
				return
			}
			if folder == "INBOX" {
				s.mu.Lock()
				s.read[m.ID] = true
				s.mu.Unlock()
				_ = r.client.Store(imap.SeqSetNum(n), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
				return
			}
			if _, err := r.client.Copy(imap.SeqSetNum(n), "INBOX").Wait(); err == nil {
				s.mu.Lock()
				s.extra[m.ID]++
				s.sent++
				s.mu.Unlock()
			}
		}()
	}
}

// news returns what has come to the mailbox since the last time.
func (r *reader) news() ([]*mime.Message, error) {
	r.soak.mails.RLock()
	defer r.soak.mails.RUnlock()
	if err := r.open("INBOX"); err != nil {
		return nil, err
	}
	var all []*mime.Message
	for r.seen < int(r.count) {
		m, err := r.one(uint32(r.seen + 1))
		if err != nil {
			return all, err
		}
		r.seen++
		if m != nil {
			all = append(all, m)
		}
	}
	return all, nil
}
