package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"vanthu/bot"
	"vanthu/bot/alarm"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
	"vanthu/mailer/outbox"
)

// watch looks at everything that may fail, again and again, and says what it finds to the alarms. Its loops are apart, so
// that what hangs (a dead disk, a mail server that thinks) keeps none of the others.
type watch struct {
	ahead    lookingAhead
	app      *App
	cfg      config.Alarm
	tick     time.Duration
	alarms   *alarm.Alarms
	imap     alarm.Line
	smtp     alarm.Line
	tokens   *alarm.Line
	expires  func() (t time.Time, known bool) // of the OAuth 2 grant
	quiet    time.Duration                    // how long a mailbox that is well may show no life
	clock    alarm.WallClock
	folders  []string
	canaries *canaries
	machine  *machine // nil: this process alone watches the mailbox
	probe    func(ctx context.Context) error
	began    time.Time

	mu      sync.Mutex
	spaces  []alarm.Space
	waiting store.Waiting
	canary  store.Canary // the last that came back
	counted time.Time    // of the loop that counts alone
	stoodBy time.Time    // of the loop that looks at the lines: when another process watched the mailbox
}

func newWatch(a *App, p *parts) *watch {
	cfg := a.Config
	start := time.Now()
	w := &watch{app: a, cfg: cfg.Alarm, tick: tick(cfg.Alarm), alarms: a.Alarms, probe: p.sender.Probe, began: a.DB.Now(),
		quiet: cfg.IMAP.Poll + 2*cfg.IMAP.Timeout, clock: alarm.WallClock{Now: a.DB.Now, Mono: func() time.Duration { return time.Since(start) }},
		folders: []string{os.TempDir()}, tokens: &p.tokens, expires: func() (time.Time, bool) { return time.Time{}, false }}
	if p.grant != nil {
		w.expires = p.grant.Expires
	}
	if file, ok := strings.CutPrefix(cfg.Store.URL, "sqlite:"); ok {
		w.folders = append(w.folders, filepath.Dir(file))
	}
	w.canaries = &canaries{db: a.DB, alarms: a.Alarms, every: cfg.Alarm.Canary, late: cfg.Alarm.CanaryLate, keep: canaryKeep,
		from: mime.Address{Name: cfg.SMTP.FromName, Address: cfg.SMTP.From}, send: p.sender.Send, expunge: p.filer.Expunge,
		sent: func() { w.smtp.Good(a.DB.Now()) }}
	a.pulse = w.pulse
	return w
}

// mailbox hears what the connection to the mailbox does. Lost says why it ended; that the journal failed is the database's.
func (w *watch) mailbox(c *inbox.Config) {
	status, now := c.Status, w.app.DB.Now
	c.Lost = func(code string) {
		if code == "journal" {
			w.imap.Good(now())
			return
		}
		if s, handed := w.reach(leaseWatch, &w.imap).lost(code); handed {
			// Until another machine has it nobody says how the mailbox is. One that gets through clears this before a person is told.
			grace := min(w.cfg.After, time.Minute) + 2*w.tick
			w.alarms.RaiseSince(alarm.IMAP, later(s.Began(), now().Add(grace-w.cfg.After)), s.Code, "")
		}
	}
	c.Status = func(s inbox.Status) {
		if s != inbox.Disconnected {
			w.imap.Good(now())
		}
		if status != nil {
			status(s)
		}
	}
}

// journal takes each list of UIDs and each batch as a sign of life: a mailbox that is read for the first time is busy for
// long.
func (w *watch) journal(j inbox.Journal) inbox.Journal {
	unknown, keep := j.Unknown, j.Store
	j.Unknown = func(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) ([]uint32, error) {
		w.imap.Good(w.app.DB.Now())
		return unknown(ctx, mailbox, uidValidity, uids)
	}
	j.Store = func(ctx context.Context, batch []inbox.Delivery) error {
		w.imap.Good(w.app.DB.Now())
		return keep(ctx, batch)
	}
	return j
}

// run looks until ctx ends.
func (w *watch) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.health(ctx) })
	for _, look := range []func(context.Context) error{w.lines, w.disk, w.queues, w.submission, w.canaries.look} {
		group.Go(func() error {
			ticker := time.NewTicker(w.tick)
			defer ticker.Stop()
			for {
				if err := look(ctx); err != nil && ctx.Err() == nil {
					w.app.Logger.Warn("watching", "code", "look_failed", "error", err.Error())
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-ticker.C:
				}
			}
		})
	}
	return group.Wait()
}

// lines says what is known of the connections, and of the clock.
func (w *watch) lines(context.Context) error {
	now, jumped := w.app.DB.Now(), w.clock.Jumped()
	switch s := w.imap.State(); {
	case !w.machine.has(leaseWatch): // another process watches it, and says how it is
		w.stoodBy = now
		w.imap.Forget()
		w.alarms.Leave(alarm.IMAP)
	case s.Bad && s.Mute && now.Sub(s.Since) < w.cfg.After/3: // a server that paused once is asked again before
	case s.Bad:
		w.alarms.RaiseSince(alarm.IMAP, s.Began(), s.Code, "")
	case jumped == 0 && now.Sub(later(s.Sign, later(w.began, w.stoodBy))) > w.quiet:
		w.alarms.Raise(alarm.IMAP, "silent", "")
	case s.Sign.After(w.stoodBy): // who has only just taken it over does not know yet
		w.alarms.Clear(alarm.IMAP)
	}
	if s := w.smtp.State(); s.Bad {
		w.alarms.RaiseSince(alarm.SMTP, s.Since, s.Code, "")
	} else if !s.Sign.IsZero() {
		w.alarms.Clear(alarm.SMTP)
	}
	w.grant(now)
	w.mu.Lock()
	skew := skewed(w.canary, w.waiting.Ahead)
	w.mu.Unlock()
	if jumped != 0 {
		w.alarms.Raise(alarm.Clock, "jumped", fmt.Sprintf("%+d s", jumped/time.Second))
	} else if skew != 0 {
		w.alarms.Raise(alarm.Clock, "differs", fmt.Sprintf("%+d s", skew/time.Second))
	} else {
		w.alarms.Clear(alarm.Clock)
	}
	return nil
}

// warnDays is how many days before a grant expires a person is told: he may be on leave.
const warnDays = 7

// grant says whether tokens come, and whether they will: a grant that expires is renewed by a person, at the provider's.
func (w *watch) grant(now time.Time) {
	s := w.tokens.State()
	if s.Bad {
		w.alarms.Raise(alarm.OAuth, s.Code, "")
		return
	}
	if t, known := w.expires(); known && t.Sub(now) < warnDays*24*time.Hour {
		w.alarms.Raise(alarm.OAuth, "expires", t.In(bot.ICT).Format("02/01/2006 15:04"))
		return
	}
	w.alarms.Clear(alarm.OAuth)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// skewed says by how much the mail server's clock is ahead of ours (behind, when negative): it dated the last canary before
// we sent it or after we had it, or a mail later than we saw it. 0: not by much.
func skewed(c store.Canary, ahead time.Duration) time.Duration {
	if !c.ArrivedAt.IsZero() {
		if by := c.ArrivedAt.Sub(c.SentAt); by < -alarm.Skew {
			return by
		}
		if by := c.ArrivedAt.Sub(c.BackAt); by > alarm.Skew {
			return by
		}
	}
	if ahead > alarm.Skew {
		return ahead
	}
	return 0
}

// disk looks at the file systems that we write.
func (w *watch) disk(context.Context) error {
	var spaces []alarm.Space
	code, where := "", ""
	for _, folder := range w.folders {
		s, err := alarm.Free(folder)
		if err != nil {
			return err
		}
		spaces = append(spaces, s)
		switch {
		case alarm.Writable(folder) != nil:
			code, where = "write", folder
		case code != "":
		case s.MB < int64(w.cfg.DiskMB):
			code, where = "space", fmt.Sprintf("%s: %d MB", folder, s.MB)
		case s.Inodes >= 0 && s.Inodes < 1000:
			code, where = "inodes", fmt.Sprintf("%s: %d", folder, s.Inodes)
		}
	}
	if code != "" {
		w.alarms.Raise(alarm.Disk, code, where)
	} else {
		w.alarms.Clear(alarm.Disk)
	}
	w.mu.Lock()
	w.spaces = spaces
	w.mu.Unlock()
	return nil
}

// submission tries whether letters could be sent, when nothing has shown so for a while.
func (w *watch) submission(ctx context.Context) error {
	now, s := w.app.DB.Now(), w.smtp.State()
	if pause := w.cfg.After / 3; !s.Bad && now.Sub(s.Sign) < pause && !now.Before(s.Sign) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, min(30*time.Second, w.app.Config.SMTP.Timeout))
	defer cancel()
	err := w.probe(ctx)
	if err == nil {
		w.smtp.Good(w.app.DB.Now())
		return nil
	}
	code := "connection"
	if e, ok := errors.AsType[*outbox.Error](err); ok && strings.HasPrefix(e.Reply, "login") {
		code = "refused"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		code = "timeout"
	}
	if !s.Bad {
		w.app.Logger.Warn("submission_lost", "platform", w.app.Config.SMTP.Address, "code", code, "error", err)
	}
	w.smtp.Bad(now, code) // since it was asked
	return nil
}

// queues looks at what has waited for too long. The database says it, so one process's word is as good as another's.
func (w *watch) queues(ctx context.Context) error {
	if now := w.app.DB.Now(); now.Sub(w.counted) < 4*w.tick && !now.Before(w.counted) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var q store.Waiting
	var rest store.Rest
	var resting bool
	var back store.Canary
	var now time.Time
	err := w.app.DB.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		if q, err = tx.Waits(ctx); err != nil {
			return err
		}
		if rest, resting, err = tx.Resting(ctx); err != nil {
			return err
		}
		back, _, err = tx.Canaries(ctx)
		return err
	})
	if err != nil {
		return err
	}
	w.counted = now
	w.mu.Lock()
	w.waiting, w.canary = q, back
	w.mu.Unlock()
	w.aged(alarm.Judging, q.Unjudged, now, w.cfg.MailAge)
	w.aged(alarm.Filing, q.Unfiled, now, w.cfg.MailAge)
	if resting {
		w.alarms.Raise(alarm.Outbox, "limited", detail(store.Queue{N: rest.Times, Since: rest.Until}))
	} else {
		w.aged(alarm.Outbox, q.Unsent, now, w.cfg.LetterAge)
	}
	if q.Braked.N > 0 {
		w.alarms.Raise(alarm.Brake, "", detail(q.Braked))
	} else {
		w.alarms.Clear(alarm.Brake)
	}
	if q.Hidden.N > 0 {
		w.alarms.Raise(alarm.Accounts, "unseen", detail(q.Hidden))
	} else {
		w.aged(alarm.Accounts, q.Accounts, now, w.cfg.AccountAge)
	}
	w.aged(alarm.Quarantine, q.Unseen, now, w.cfg.Unseen)
	switch {
	case q.Unknown.N > 0:
		w.alarms.Raise(alarm.Letters, "unknown", detail(q.Unknown))
	case q.Failed.N > 0:
		w.alarms.Raise(alarm.Letters, "failed", detail(q.Failed))
	default:
		w.alarms.Clear(alarm.Letters)
	}
	return nil
}

// aged raises a condition whose oldest has waited for longer than limit; 0 is no limit.
func (w *watch) aged(c alarm.Condition, q store.Queue, now time.Time, limit time.Duration) {
	if q.N > 0 && limit > 0 && now.Sub(q.Since) > limit {
		w.alarms.Raise(c, "late", detail(q))
		return
	}
	w.alarms.Clear(c)
}

// detail says how many wait, and since when by the office's clock.
func detail(q store.Queue) string {
	return fmt.Sprintf("%d; %s", q.N, q.Since.In(bot.ICT).Format("02/01/2006 15:04"))
}

// A Pulse is what a serving process knows of its connections.
type Pulse struct {
	Began  time.Time       `json:"began,omitzero"`
	IMAP   alarm.LineState `json:"imap"`
	SMTP   alarm.LineState `json:"smtp"`
	Spaces []alarm.Space   `json:"disk"`
	Ahead  *Ahead          `json:"ahead,omitempty"` // whether accounts could be made
}

func (w *watch) pulse() string {
	w.mu.Lock()
	p := Pulse{Began: w.began.UTC(), IMAP: w.imap.State(), SMTP: w.smtp.State(), Spaces: slices.Clone(w.spaces), Ahead: w.ahead.get()}
	w.mu.Unlock()
	text, err := json.Marshal(p)
	if err != nil {
		return "{}"
	}
	return string(text)
}
