// Package alarm tells a person, by another way than the mailbox, that vanthu cannot do its work: a webhook, a command, and
// always the log. A condition is raised and cleared by whoever watches it; it is told once it has stood for a while, told
// again while it lasts, and its end is told by itself.
//
// It must not know what it warns of: watchers hand in a code and a detail, the words stand in texts.tsv. Neither may hold a
// secret, a subject, a body or a person's name.
package alarm

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vanthu/bot/store"
)

// A Condition is what is wrong, as a word. A part after "/" tells apart several of one kind ("oauth/smtp").
type Condition string

// The conditions. Their words for people are in texts.tsv.
const (
	IMAP       Condition = "imap"       // the mailbox cannot be reached, or is silent
	SMTP       Condition = "smtp"       // nothing can be submitted
	OAuth      Condition = "oauth"      // a grant was refused, or expires within days
	Canary     Condition = "canary"     // a mail to ourselves did not come back
	Disk       Condition = "disk"       // nearly full, or not writable
	Database   Condition = "database"   // cannot be reached, is slow, or does not write
	Clock      Condition = "clock"      // jumped, or differs from the mail server's
	Balance    Condition = "balance"    // mailbox, journal and outcomes do not balance
	Audit      Condition = "audit"      // the history was changed
	Brake      Condition = "brake"      // mails are held by a brake against loops
	Outbox     Condition = "outbox"     // letters wait too long, or the provider lets none through
	Letters    Condition = "letters"    // letters failed for good, or nobody knows whether they arrived
	Judging    Condition = "judging"    // mails wait too long for their outcome
	Filing     Condition = "filing"     // judged mails stay in the inbox
	Accounts   Condition = "accounts"   // accounts wait too long for being made or delivered
	Quarantine Condition = "quarantine" // mails wait for an officer
	BadChannel Condition = "channel"    // one of the ways to tell an alarm fails
)

// Config is how patient to be, and whom to tell.
type Config struct {
	After    time.Duration // how long a connection may fail before a person is told
	Remind   time.Duration // told again while it lasts
	Tick     time.Duration // how often the table is looked through
	Channels []Channel
	Service  string        // our mail address, so that a person knows who calls
	Process  string        // names this process among several
	Beat     func() string // what `vanthu status` shows of this process, JSON; may be nil
	Logger   *slog.Logger
	Now      func() time.Time
}

// Alarms takes what watchers say and tells a person. Raise and Clear may be called at any time and never wait.
type Alarms struct {
	cfg    Config
	db     *store.DB
	bell   chan struct{}
	pauses []time.Duration // between the tries of a channel

	mu      sync.Mutex
	in      input
	busy    map[key]bool  // this process is telling it, however long that takes and whatever the clock says
	rows    []store.Alarm // as last seen in the database, the truth while that is gone
	alone   bool          // the database is gone: rows are kept here
	sending sync.WaitGroup
}

// input is what has been said since the last turn.
type input struct {
	raised  map[Condition]signal
	cleared map[Condition]bool // kept until the condition has settled
	told    []told
	busy    map[key]bool
}

type signal struct {
	since        time.Time
	code, detail string
}

// told is what became of telling one alarm.
type told struct {
	key
	ok bool
}

// key names one message.
type key struct {
	condition string
	since     int64 // microseconds
	cleared   bool
}

func keyOf(row store.Alarm) key {
	return key{row.Condition, row.Since.UnixMicro(), !row.Stands()}
}

// New returns alarms that are kept in db. Run tells them.
func New(db *store.DB, cfg Config) *Alarms {
	return &Alarms{cfg: cfg, db: db, bell: make(chan struct{}, 1),
		pauses: []time.Duration{time.Second, 3 * time.Second, 10 * time.Second},
		busy:   make(map[key]bool),
		in:     input{raised: make(map[Condition]signal), cleared: make(map[Condition]bool)}}
}

// Raise says that c is so now, for a reason that texts.tsv knows by code. Whoever watches says it again at each look: what
// is said again holds against another process that finds all well. What is said once stands until somebody clears it.
func (a *Alarms) Raise(c Condition, code, detail string) { a.RaiseSince(c, a.cfg.Now(), code, detail) }

// RaiseSince is Raise for what began earlier: the time that a person is not told yet counts from then.
func (a *Alarms) RaiseSince(c Condition, since time.Time, code, detail string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.in.cleared, c)
	s, ok := a.in.raised[c]
	if !ok {
		s.since = since.UTC().Truncate(time.Microsecond)
	}
	s.code, s.detail = code, detail
	a.in.raised[c] = s
	if !ok {
		a.ring()
	}
}

// Clear says that c is not so.
func (a *Alarms) Clear(c Condition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.in.raised, c)
	a.in.cleared[c] = true
}

// Leave takes back that c is not so, where that has not come to count yet: another process looks at it now.
func (a *Alarms) Leave(c Condition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.in.cleared, c)
}

// Standing returns what a person was told of, or is to be, and lasts, as far as this process knows; and whether the database
// could be asked.
func (a *Alarms) Standing() (standing []store.Alarm, whole bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.cfg.Now()
	for _, row := range a.rows {
		if a.Counts(row, now) {
			standing = append(standing, row)
		}
	}
	return standing, !a.alone
}

func (a *Alarms) ring() {
	select {
	case a.bell <- struct{}{}:
	default:
	}
}

// Run tells alarms until ctx ends. It fails never: what cannot be written is kept in memory.
func (a *Alarms) Run(ctx context.Context) error {
	defer a.sending.Wait()
	ticker := time.NewTicker(a.cfg.Tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.bell:
		case <-ticker.C:
		}
		for _, row := range a.Turn(ctx) {
			a.sending.Go(func() { a.tell(ctx, row) })
		}
	}
}
