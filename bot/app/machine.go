package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vanthu/bot/store"
)

// What one process does at a time.
const (
	leaseWatch = "watch" // the connection to the mailbox
	leaseFile  = "file"  // moving mails
	leaseSweep = "sweep" // what is due by the clock, the counts, the history, who has changed his password
)

// beatEvery is how often a process says that it lives. Who dies is declared gone within store.LeaseTime and two beats.
const beatEvery = 2 * time.Second

// A machine is this process among those that share a database (decision 36). On SQLite there is no other: every lease is held
// for ever, and nothing is written.
type machine struct {
	db      *store.DB
	me      store.Process
	putBack func(ctx context.Context, process string) error // makes the jobs of a process that is gone ready for others
	logger  *slog.Logger
	done    sync.WaitGroup
	stop    context.CancelFunc
	bell    chan struct{}            // somebody waits for a lease
	share   func(of int, joins bool) // tells the platform how many processes share its quota

	mu     sync.Mutex
	wanted map[string]chan tenure
	held   map[string]tenure
	rests  map[string]time.Time // until when a lease is not wanted that was handed on
	ends   *time.Timer          // when what is held is not believed any more
	heard  time.Time            // the last beat
	steady time.Time            // since when none was missed
	others bool                 // another process lives
}

// A tenure is the time in which a lease is held.
type tenure struct {
	store.Lease
	began time.Time
	lost  context.Context //nolint:containedctx // it is the tenure: it ends when the lease is lost
	lose  context.CancelFunc
}

func newMachine(db *store.DB, logger *slog.Logger, putBack func(context.Context, string) error) *machine {
	m := &machine{db: db, me: store.Process{ID: processName(db), Body: body(os.Getpid())}, putBack: putBack, logger: logger,
		stop: func() {}, share: func(int, bool) {}, bell: make(chan struct{}, 1), wanted: make(map[string]chan tenure), held: make(map[string]tenure), rests: make(map[string]time.Time)}
	m.ends = time.AfterFunc(time.Hour, m.loseAll)
	m.ends.Stop()
	return m
}

// begin says that this process serves, and says whether it is alone. What dead ones had in their hands is taken up.
func (m *machine) begin(ctx context.Context) (alone bool, err error) {
	m.db.Holder = m.me.ID
	alone, gone, err := m.db.Begin(ctx, m.me, func(p store.Process) bool { return dead(p.Body) }, m.putBack)
	if err != nil {
		return false, err
	}
	for _, p := range gone {
		m.logger.Warn("process_gone", "code", "dead", "process", p.ID, "silent_ms", p.Silent.Milliseconds())
	}
	if !alone {
		m.share(2, true) // how many it is, the first beat says
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx)) // leave ends it: leases are kept while the last work is done
	m.stop = stop
	m.done.Go(func() {
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		for {
			if err := m.beat(beating); err != nil && beating.Err() == nil {
				m.logger.Warn("machine", "code", "beat_failed", "error", err.Error())
			}
			select {
			case <-beating.Done():
				return
			case <-ticker.C:
			case <-m.bell:
			}
		}
	})
	return alone, nil
}

// leave gives everything back.
func (m *machine) leave(ctx context.Context) error {
	if m == nil {
		return nil
	}
	m.stop()
	m.done.Wait()
	m.loseAll()
	return m.db.Leave(ctx, m.me.ID)
}

// hold does work while this process has the lease, again and again until ctx ends: the context of the work ends when the lease is
// lost, and nothing is written under it by who has lost it. Without a machine the lease is held for ever.
func (m *machine) hold(ctx context.Context, name string, work func(context.Context) error) error {
	if m == nil {
		return work(ctx)
	}
	for {
		t, err := m.await(ctx, name)
		if err != nil {
			return err
		}
		m.logger.Info("machine", "code", "took_over", "lease", name, "epoch", t.Epoch)
		under, cancel := context.WithCancel(store.Under(ctx, t.Lease))
		stop := context.AfterFunc(t.lost, cancel) //nolint:contextcheck // two contexts end the work: the process's and the tenure's
		err = work(under)
		stop()
		cancel()
		if ctx.Err() != nil || t.lost.Err() == nil {
			return err
		}
		if m.handed(t.Lease) {
			if !m.release(ctx, t.Lease) {
				m.want(name)
			}
			continue
		}
		m.logger.Warn("machine", "code", "stands_by", "lease", name, "epoch", t.Epoch)
	}
}

// await returns when this process has the lease.
func (m *machine) await(ctx context.Context, name string) (tenure, error) {
	for {
		m.mu.Lock()
		t, ok := m.held[name]
		if ok && t.lost.Err() == nil {
			m.mu.Unlock()
			return t, nil
		}
		got := m.wanted[name]
		if got == nil {
			got = make(chan tenure, 1)
			m.wanted[name] = got
			select {
			case m.bell <- struct{}{}:
			default:
			}
		}
		m.mu.Unlock()
		select {
		case <-got:
		case <-ctx.Done():
			m.mu.Lock()
			delete(m.wanted, name)
			m.mu.Unlock()
			return tenure{}, ctx.Err()
		}
	}
}

// under is ctx under a lease, if this process has it: for what is done once.
func (m *machine) under(ctx context.Context, name string) (context.Context, bool) {
	if m == nil {
		return ctx, true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.held[name]
	return store.Under(ctx, t.Lease), ok && t.lost.Err() == nil
}

// has says whether this process does what the lease is for.
func (m *machine) has(name string) bool {
	_, ok := m.under(context.Background(), name)
	return ok
}

// shared says whether another process lives.
func (m *machine) shared() bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.others
}

// giveBack ends a lease that is not wanted any more, before the process ends.
func (m *machine) giveBack(ctx context.Context, name string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	t, ok := m.held[name]
	delete(m.held, name)
	m.mu.Unlock()
	if ok {
		t.lose()
		m.release(ctx, t.Lease)
	}
}

func (m *machine) release(ctx context.Context, l store.Lease) bool {
	ctx, cancel := context.WithTimeout(ctx, store.LeaseTime/2)
	defer cancel()
	err := m.db.GiveBack(ctx, l)
	if err != nil {
		m.logger.Warn("machine", "code", "lease_left", "error", err.Error())
	}
	return err == nil
}

// beat says that this process lives, and learns what it holds and who does not.
func (m *machine) beat(ctx context.Context) error {
	began := time.Now()
	asked, cancel := context.WithTimeout(ctx, store.LeaseTime/2)
	defer cancel()
	pulse, err := m.db.Beat(asked, m.me, m.missing())
	if err != nil {
		return err
	}
	for _, p := range m.learn(began, pulse) {
		buried, err := m.bury(ctx, p)
		if err != nil {
			return err
		}
		if buried {
			return m.beat(ctx) // what it held is free now
		}
	}
	return nil
}

func (m *machine) missing() (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.wanted {
		if !m.resting(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// learn takes in a beat that began then. It returns who is to be declared gone: by one who has seen for a whole LeaseTime that
// the database answers. After a restart of it everybody is silent, and after a freeze everybody else seems to be.
func (m *machine) learn(began time.Time, pulse store.Pulse) []store.Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	if pulse.Back {
		m.logger.Warn("machine", "code", "was_gone", "process", m.me.ID, "silent_ms", began.Sub(m.heard).Milliseconds())
	}
	left := store.LeaseTime - time.Since(began)
	if pulse.Back || left <= 0 {
		m.lose(func(string) bool { return true })
	}
	if began.Sub(m.heard) > store.LeaseTime/2 {
		m.steady = began
	}
	m.heard, m.others = began, pulse.Living > 1
	m.share(pulse.Living, pulse.Back)
	if left <= 0 { // we were frozen over the answer
		return nil
	}
	m.lose(func(name string) bool {
		return !slices.ContainsFunc(pulse.Held, func(l store.Lease) bool { return l == m.held[name].Lease })
	})
	for _, l := range pulse.Held {
		if _, ok := m.held[l.Name]; ok || m.wanted[l.Name] == nil || m.resting(l.Name) {
			continue
		}
		t := tenure{Lease: l, began: m.db.Now()}
		t.lost, t.lose = context.WithCancel(context.Background())
		m.held[l.Name] = t
		m.wanted[l.Name] <- t
		delete(m.wanted, l.Name)
	}
	m.ends.Reset(left)
	if began.Sub(m.steady) < store.LeaseTime {
		return nil
	}
	return pulse.Silent
}

// lose ends tenures; m.mu is held.
func (m *machine) lose(which func(name string) bool) {
	for name, t := range m.held {
		if which(name) {
			t.lose()
			delete(m.held, name)
		}
	}
}

// loseAll stops believing in any lease: the database has not confirmed them in time.
func (m *machine) loseAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lose(func(string) bool { return true })
}

// bury takes up what a silent process had in its hands.
func (m *machine) bury(ctx context.Context, p store.Process) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, store.LeaseTime/2)
	defer cancel()
	certain := dead(p.Body)
	buried, err := m.db.Bury(ctx, p, certain, m.putBack)
	if err == nil && buried {
		m.logger.Warn("process_gone", "code", "silent", "process", p.ID, "silent_ms", p.Silent.Milliseconds(), "dead", certain)
	}
	return buried, err
}

// processName is unlike any other process's on this database.
func processName(db *store.DB) string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), db.Token())
}

// body says what a process is known by on its own machine: the start of the system, the space of its number, the number, and
// when it began (proc(5)). "" where that cannot be known.
func body(pid int) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	began := startOf(pid)
	if began == "" {
		return ""
	}
	return strings.Join([]string{strings.TrimSpace(string(boot)), space, strconv.Itoa(pid), began}, " ")
}

// startOf is the 22nd field of /proc/PID/stat, the ticks at which a process began; the 2nd is in brackets and may hold anything.
// "" when there is no such process, or only what is left of one that has ended.
func startOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(rest) // from the 3rd
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// dead says whether a process of this machine has ended for certain. One of another machine may be frozen, or cut off.
func dead(other string) bool {
	f := strings.Fields(other)
	if len(f) != 4 {
		return false
	}
	mine := strings.Fields(body(os.Getpid()))
	if len(mine) != 4 || f[0] != mine[0] || f[1] != mine[1] {
		return false
	}
	pid, err := strconv.Atoi(f[2])
	return err == nil && startOf(pid) != f[3]
}
