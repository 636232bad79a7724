package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"vanthu/bot"
)

// A PutOff is no failure: there is more to do, and not before For has passed.
type PutOff struct {
	For time.Duration
	Why string
}

func (p *PutOff) Error() string {
	return fmt.Sprintf("account: again in %v: %s", p.For.Round(time.Second), p.Why)
}

const (
	// away is after how many rows in vain the platform is taken to be away, and the rest is left to the next try.
	away = 3
	// spare is how long before its end a job takes up no row any more: what is in flight then is recorded.
	spare = time.Minute
	// longestRest bounds how long nobody looks at what was put off: an officer may have put things right meanwhile.
	longestRest = 10 * time.Minute
	// farthestRest is longer than any platform wants to be let alone (a quota of the day): the clock was ahead, and was set back.
	farthestRest = 30 * time.Hour
)

// inTurn does the rows, some at once. One that fails holds up nobody else; the first failure is told. A platform that wants to be let
// alone (Wait) ends the run at once, a row that does not show yet only its own try: that is a PutOff, and no failure.
func inTurn(ctx context.Context, atOnce int, todo []bot.PlanItem, row func(bot.PlanItem) error) error {
	r, cancel := newRun(ctx)
	defer cancel()
	r.do(atOnce, todo, row)
	return r.end(ctx, len(todo))
}

// A run is rows being done.
type run struct {
	start context.Context // rows are taken up while it lasts

	mu      sync.Mutex
	first   error
	failed  int
	inVain  int
	wait    *Wait   // the platform wants to be let alone
	putOff  *PutOff // the soonest of the rows
	pending *Pending
	stopped bool // an officer wants it
}

// newRun begins a run that takes up no row any more when its job must end soon.
func newRun(ctx context.Context) (*run, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		start, cancel := context.WithDeadline(ctx, end.Add(-spare))
		return &run{start: start}, cancel
	}
	return &run{start: ctx}, func() {}
}

// stop lets no further row be taken up.
func (r *run) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

func (r *run) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inVain >= away || r.wait != nil || r.stopped || r.start.Err() != nil
}

func (r *run) do(atOnce int, todo []bot.PlanItem, row func(bot.PlanItem) error) {
	var group errgroup.Group
	group.SetLimit(max(1, atOnce))
	for _, item := range todo {
		group.Go(func() error {
			if !r.over() {
				r.ended(row(item))
			}
			return nil
		})
	}
	_ = group.Wait()
}

// ended counts how a row ended.
func (r *run) ended(err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if wait, ok := errors.AsType[*Wait](err); ok {
		if r.wait == nil || wait.For > r.wait.For {
			r.wait = wait
		}
		return
	}
	if pending, ok := errors.AsType[*Pending](err); ok {
		r.pending = pending
		return
	}
	put, ok := errors.AsType[*PutOff](err)
	if !ok && errors.Is(err, ErrUnseen) {
		put, ok = &PutOff{For: 5 * time.Second, Why: err.Error()}, true
	}
	if ok {
		if r.putOff == nil || put.For < r.putOff.For {
			r.putOff = put
		}
		return
	}
	r.failed++
	if !errors.Is(err, ErrPermanent) {
		r.inVain++
	}
	r.first = cmp.Or(r.first, err)
}

// end says how a run ended.
func (r *run) end(ctx context.Context, of int) error {
	switch {
	case r.first != nil:
		return fmt.Errorf("account: %d of %d rows failed, the first: %w", r.failed, of, r.first)
	case ctx.Err() != nil:
		return ctx.Err()
	case r.wait != nil:
		return &PutOff{For: min(max(r.wait.For, time.Second), longestRest), Why: r.wait.Error()}
	case r.start.Err() != nil: // out of time
		return &PutOff{Why: "the job has had its time, the next goes on"}
	case r.putOff != nil:
		return &PutOff{For: min(r.putOff.For, longestRest), Why: r.putOff.Why}
	case r.pending != nil:
		return r.pending
	}
	return nil
}
