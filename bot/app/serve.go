package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"time"

	"golang.org/x/sync/errgroup"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/alarm"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
)

// ends is how long running work may take to finish after SIGTERM; what is not done by then is put back.
const ends = 20 * time.Second

// A Server is vanthu at work: it watches the mailbox, judges, answers, files, creates and delivers.
type Server struct {
	*App
	watcher *inbox.Watcher
	filer   *filing
	watch   *watch
	parts   *parts
	machine *machine // nil: no other process can serve this database
	alone   bool     // no other process serves it
	release func()
	hooks   Hooks
}

// Hooks are what the program that serves adds; all may be nil. The demo and tests see with them what happens.
type Hooks struct {
	Watching func(inbox.Status)
	Commit   func() error // before each commit of the store
	// Child makes a process that calls ServeForeign: one of those in which foreign bytes are read. nil: they are read in
	// this process.
	Child func() *exec.Cmd

	// A play with a clock of its own dates by it what the mail server has dated, sweeps more often than each minute, and
	// hears of each sweep when it began.
	Arrived func(time.Time) time.Time
	Sweep   time.Duration
	Swept   func(began time.Time) error
}

// NewServer builds a server. Everything that can be wrong with the world is an error here, not later.
func NewServer(ctx context.Context, cfg *config.Config, logger *slog.Logger, now func() time.Time, hooks Hooks) (_ *Server, err error) {
	a, err := open(ctx, cfg, logger, now)
	if err != nil {
		return nil, err
	}
	s := &Server{App: a, release: func() {}, hooks: hooks}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	var release func()
	if s.alone, release, err = a.DB.Alone(); err != nil {
		return nil, err
	}
	s.release = release
	if !s.alone && !a.DB.Shared() {
		return nil, bot.Errorf(bot.Conflict, "another vanthu serves this database already")
	}
	if err := a.knowEditions(ctx); err != nil {
		return nil, err
	}
	if s.parts, err = newParts(ctx, a, hooks); err != nil {
		return nil, err
	}
	s.filer = newFiling(a.DB, s.parts.filer, logger)
	s.watch = newWatch(a, s.parts)
	s.watch.mailbox(&s.parts.inboxConfig)
	if err = a.openQueue(ctx, s.parts.queues(a)); err != nil {
		return nil, err
	}
	a.DB.Wake, a.DB.Commit = s.wake, hooks.Commit
	if a.DB.Shared() {
		s.machine = newMachine(a.DB, logger, a.runner.PutBack)
		s.watch.machine = s.machine
		s.filer.shared, s.filer.reach = s.machine.shared, s.watch.reach(leaseFile, &alarm.Line{})
		if p, ok := s.parts.platform.(account.Sharer); ok {
			s.machine.share = p.Share
		}
	}
	s.watcher = inbox.New(s.parts.inboxConfig, s.watch.journal(inbox.Journal{Unknown: s.parts.intake.Unknown, Store: hooks.dated(s.parts.intake.Store), Lost: s.parts.intake.Lost}))
	return s, nil
}

// dated is store with the dates of arrival that a play wants.
func (h Hooks) dated(store func(context.Context, []inbox.Delivery) error) func(context.Context, []inbox.Delivery) error {
	if h.Arrived == nil {
		return store
	}
	return func(ctx context.Context, batch []inbox.Delivery) error {
		for i := range batch {
			batch[i].InternalDate = h.Arrived(batch[i].InternalDate)
		}
		return store(ctx, batch)
	}
}

// start takes up what was left when the last process ended, and begins to work.
func (s *Server) start(ctx context.Context) error {
	if s.machine != nil {
		alone, err := s.machine.begin(ctx)
		if err != nil {
			return err
		}
		s.alone = alone
	} else {
		if err := s.DB.Write(ctx, func(tx *store.Tx) error {
			return errors.Join(tx.RecallLetters(ctx, 0), tx.ReleaseLetters(ctx), tx.ForgetBeats(ctx))
		}); err != nil {
			return err
		}
	}
	return s.runner.Start(context.WithoutCancel(ctx), s.alone) // Run stops it: running work outlives ctx
}

// wake rings for what was just committed.
func (s *Server) wake(jobs []store.Job) {
	s.runner.Wake(jobs)
	for _, j := range jobs {
		if j.Kind == store.FileJob {
			s.filer.ring()
			return
		}
	}
}

// Run works until ctx ends, then stops gracefully: no new mail, running work finished or put back.
func (s *Server) Run(ctx context.Context) error {
	if err := s.start(ctx); err != nil {
		s.leave(context.WithoutCancel(ctx))
		if ctx.Err() != nil { // told to stop before it began
			return nil
		}
		return fmt.Errorf("app: %w", err)
	}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.machine.hold(gctx, leaseWatch, s.watcher.Run) })
	group.Go(func() error { return s.machine.hold(gctx, leaseFile, s.filer.run) })
	group.Go(func() error { return s.machine.hold(gctx, leaseSweep, s.byTheClock) })
	group.Go(func() error { return s.Alarms.Run(gctx) })
	group.Go(func() error { return s.watch.run(gctx) })
	group.Go(func() error { return s.ahead(gctx) })
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), ends)
	defer cancel()
	s.machine.giveBack(stop, leaseWatch) // another process need not wait for our work
	s.machine.giveBack(stop, leaseSweep)
	err = errors.Join(err, s.runner.Stop(stop))
	s.noBeat(stop)
	if under, ok := s.machine.under(stop, leaseFile); ok {
		if late := s.filer.once(under); late != nil { // the journal knows what is left: the next process files it
			s.Logger.Warn("filing", "code", "filing_failed", "error", late.Error())
		}
	}
	s.leave(context.WithoutCancel(ctx))
	return err
}

// leave says that this process does not serve any more.
func (s *Server) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := s.machine.leave(ctx); err != nil { // the others will notice
		s.Logger.Warn("stopping", "code", "process_left", "error", err.Error())
	}
}

// byTheClock is what one process does for all.
func (s *Server) byTheClock(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.sweeping(ctx) })
	group.Go(func() error { return s.balancing(ctx) })
	group.Go(func() error { return s.auditing(ctx) })
	group.Go(func() error { return s.activating(ctx) })
	return group.Wait()
}

// sweeping wakes each minute whatever is due and has no live job.
func (s *Server) sweeping(ctx context.Context) error {
	every := time.Minute
	if s.hooks.Sweep > 0 {
		every = s.hooks.Sweep
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			began := s.DB.Now()
			if err := s.parts.postman.late(ctx, s.Config.Alarm.LetterAge); err != nil && ctx.Err() == nil {
				s.Logger.Error("sweep", "code", "late_failed", "error", err.Error())
			}
			if err := s.runner.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.Logger.Error("sweep", "code", "sweep_failed", "error", err.Error())
			}
			if s.hooks.Swept != nil {
				if err := s.hooks.Swept(began); err != nil {
					return fmt.Errorf("app: %w", err)
				}
			}
		}
	}
}

// Close gives everything back. Run must have returned, or never been called.
func (s *Server) Close() {
	if s.parts != nil {
		s.parts.close()
	}
	s.release()
	s.App.Close()
}
