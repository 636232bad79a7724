// Package sandbox does work on foreign bytes in a small pool of long-lived child processes of the same program, so that a
// reader's panic, hang or hunger costs one child and one kind answer, never the desk. Jobs and results travel as one gob
// stream in each direction, which tells each type once: a job costs far less than a process. What is large travels beside
// them as bytes.
//
// It must not know what a job is.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"
)

// A Config says how the children live.
type Config struct {
	// Command makes a process that calls Serve with its standard input and output; its streams are set by the pool.
	Command func() *exec.Cmd
	Size    int           // children at the most; they are started when they are needed
	Memory  int64         // bytes that a child may hold
	Timeout time.Duration // of processor time that one job may take; ten times as much by the clock
	Jobs    int           // after so many a child is replaced by a fresh one; 0: never
	// Lost is told of each child that died over a job; may be nil.
	Lost func(Death)
}

// patience is how much longer than its processor time a job may take by the clock, on a machine that does other things, too.
const patience = 10

// A Pool is children waiting for jobs. Job and Result are types that gob can carry.
type Pool[Job, Result any] struct {
	cfg    Config
	places chan struct{} // one for each child that may be busy

	mu     sync.Mutex
	idle   []*child
	closed bool
}

// New returns a pool without any child yet.
func New[Job, Result any](cfg Config) *Pool[Job, Result] {
	cfg.Size = max(1, cfg.Size)
	return &Pool[Job, Result]{cfg: cfg, places: make(chan struct{}, cfg.Size)}
}

// A Cause is why a child died over a job.
type Cause string

// The causes.
const (
	Hungry  Cause = "hungry"  // it took more memory than it may
	Slow    Cause = "slow"    // it took more time than it may
	Crashed Cause = "crashed" // anything else, twice, the second time in a fresh child
)

// Death is the error of a job that killed its child. The same job would do it again.
type Death struct {
	Cause   Cause
	Memory  int64
	Timeout time.Duration
}

func (d *Death) Error() string { return "sandbox: the child is lost: " + string(d.Cause) }

// ErrClosed says that the pool was closed.
var ErrClosed = errors.New("sandbox: closed")

// Do hands a job with its bytes to a child and returns its result with the bytes of it. The error is a *Death when the job
// is at fault, otherwise one of ctx or of the machine, and the job may be tried again later.
func (p *Pool[Job, Result]) Do(ctx context.Context, job Job, data ...[]byte) (result Result, out [][]byte, err error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return result, nil, ctx.Err()
	}
	// A child may also be killed from outside, by a person or for want of memory on the machine, while it works or while it
	// waits, and others with it: only when a fresh one dies, too, it died of the job.
	for try := 1; ; try++ {
		result, out, err = p.once(ctx, try > 1, job, data)
		death, dead := errors.AsType[*Death](err)
		if !dead {
			return result, out, err
		}
		if death.Cause != Crashed || try == 2 {
			if p.cfg.Lost != nil {
				p.cfg.Lost(*death)
			}
			return result, nil, err
		}
	}
}

func (p *Pool[Job, Result]) once(ctx context.Context, fresh bool, job Job, data [][]byte) (result Result, out [][]byte, err error) {
	c, err := p.take(fresh)
	if err != nil {
		return result, nil, err
	}
	stop := context.AfterFunc(ctx, c.kill)
	out, err = c.do(job, data, &result, patience*p.cfg.Timeout)
	if !stop() && ctx.Err() != nil { // killed because nobody waits any more
		return result, nil, errors.Join(ctx.Err(), c.bury())
	}
	if err == nil {
		p.put(c)
		return result, out, nil
	}
	return result, nil, &Death{Cause: c.cause(err), Memory: p.cfg.Memory, Timeout: p.cfg.Timeout}
}

// take returns an idle child, or a new one; fresh asks for a new one, in the place of an idle one.
func (p *Pool[Job, Result]) take(fresh bool) (*child, error) {
	idle, err := p.pop()
	if err != nil || idle != nil && !fresh {
		return idle, err
	}
	if idle != nil {
		_ = idle.bury() // how it ends says nothing
	}
	c, err := start(p.cfg.Command(), hello{Memory: p.cfg.Memory, Timeout: p.cfg.Timeout})
	if err != nil {
		return nil, fmt.Errorf("sandbox: no child: %w", err)
	}
	return c, nil
}

// pop takes out the child that waits since the shortest time, nil when none waits.
func (p *Pool[Job, Result]) pop() (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	n := len(p.idle)
	if n == 0 {
		return nil, nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c, nil
}

// put takes a child back, or lets it go when it has done enough.
func (p *Pool[Job, Result]) put(c *child) {
	p.mu.Lock()
	over := p.closed || p.cfg.Jobs > 0 && c.jobs >= p.cfg.Jobs
	if !over {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if over {
		_ = c.bury() // its work is done
	}
}

// Check starts a child if there is none, so that a machine on which none can be started is noticed before the first mail.
func (p *Pool[Job, Result]) Check() error {
	c, err := p.take(false)
	if err == nil {
		p.put(c)
	}
	return err
}

// Close ends the children; those that work end when they are done.
func (p *Pool[Job, Result]) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, c := range idle {
		errs = append(errs, c.bury())
	}
	return errors.Join(errs...)
}

// hello is what a child is told first, greeting what it answers.
type (
	hello struct {
		Memory  int64
		Timeout time.Duration
	}
	greeting struct{ PID int }
)

// Ends of a child that say why.
const (
	exitHungry = 77
	exitSlow   = 78
)
