package app

import (
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/store"
)

// leaseRest is how long a process does not want a lease that it has handed on: the others have their turn meanwhile, and where none of
// them gets further it comes round again.
const leaseRest = time.Minute

// handOn lets a lease go that is of no use here: since then, or for as long as it was held, what it is for could not be done, and
// that is longer than patience. Only where another process lives, which may do better.
func (m *machine) handOn(name string, since time.Time, patience time.Duration) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.held[name]
	now := m.db.Now()
	if !ok || !m.others || now.Sub(later(since, t.began)) < patience {
		return false
	}
	m.rests[name] = now.Add(leaseRest)
	delete(m.held, name)
	t.lose() // hold gives it back when the work has ended
	m.logger.Warn("machine", "code", "handed_on", "lease", name, "epoch", t.Epoch)
	return true
}

// resting says whether a lease is not wanted now; m.mu is held. Where nobody else lives there is nobody to wait for. A clock that was
// set back must not make it last.
func (m *machine) resting(name string) bool {
	left := m.rests[name].Sub(m.db.Now())
	return m.others && left > 0 && left <= leaseRest
}

// want ends the rest of a lease: it could not be given back, and nobody else can have it.
func (m *machine) want(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rests, name)
}

// handed says whether a tenure has ended because the lease was handed on.
func (m *machine) handed(l store.Lease) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.resting(l.Name)
}

// A reach is how this machine gets to the mail server while it has a lease for that.
type reach struct {
	machine  *machine
	lease    string
	line     *alarm.Line
	patience time.Duration
	now      func() time.Time
}

// reach is over line. Half a minute is longer than a mail server takes to restart; a sixth of the time until a person is told leaves the
// others their turn before.
func (w *watch) reach(lease string, line *alarm.Line) *reach {
	return &reach{machine: w.machine, lease: lease, line: line, patience: min(30*time.Second, w.cfg.After/6), now: w.app.DB.Now}
}

func (r *reach) good() {
	if r != nil {
		r.line.Good(r.now())
	}
}

// lost notes a try that failed, and hands the lease on when it was one too many. It returns the line as it was by then.
func (r *reach) lost(code string) (s alarm.LineState, handed bool) {
	if r == nil {
		return s, false
	}
	r.line.Bad(r.now(), code)
	s = r.line.State()
	since := s.Since
	if s.Mute { // it has been dead since nobody knows when
		since = s.Sign
	}
	return s, ours(code) && r.machine.handOn(r.lease, since, r.patience)
}

// ours says whether a failure may be this machine's alone: its line, its token. What the mail server says of the mailbox it says to
// everybody, and asking from each machine makes it worse.
func ours(code string) bool {
	switch code {
	case "connection", "timeout", "token", "storage":
		return true
	}
	return false
}
