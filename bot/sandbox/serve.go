package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Serve is the life of a child: it takes jobs with their bytes from r, does them one after the other and writes the results
// with the bytes of these to w, until r ends. It bounds its own memory and time; over a bound it exits.
func Serve[Job, Result any](r io.Reader, w io.Writer, do func(Job, [][]byte) (Result, [][]byte)) error {
	x := newWire(r, w)
	var h hello
	if _, err := x.receive(&h); err != nil {
		return ended(err)
	}
	if err := confine(h.Memory); err != nil {
		return err
	}
	if err := x.send(greeting{PID: os.Getpid()}, nil); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	debug.SetGCPercent(400)                // jobs are short and much of what they take is rubbish at once …
	debug.SetMemoryLimit(h.Memory / 4 * 3) // … but collect harder before the bound is reached
	for {
		var job Job
		in, err := x.receive(&job)
		if err != nil {
			return ended(err)
		}
		watch := newWatch(h)
		result, out := do(job, in)
		err = x.write(result, out)
		watch.stop() // before the parent has the result: from then on a death would be the next job's
		if err = errors.Join(err, x.out.Flush()); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		if held() > h.Memory/4 {
			debug.FreeOSMemory() // one large list must not make a large child for ever
		}
	}
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("sandbox: %w", err)
}

// look is how often a child looks at what its job has taken.
const look = 10 * time.Millisecond

// A watch ends the process when a job takes too much.
type watch struct {
	mu    sync.Mutex
	done  bool
	timer *time.Timer
}

func newWatch(h hello) *watch {
	began, looks := used(), 0
	w := &watch{}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(look, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.done {
			return
		}
		if held() > h.Memory {
			os.Exit(exitHungry) //nolint:forbidigo // the one way out of a job that does not end
		}
		// The parent counts time by the clock, but may be gone; then nobody ends a job that waits for ever.
		looks++
		if used()-began > h.Timeout || time.Duration(looks)*look > 2*patience*h.Timeout {
			os.Exit(exitSlow) //nolint:forbidigo // as above
		}
		w.timer.Reset(look)
	})
	return w
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.timer.Stop()
}

// held returns the bytes of memory that the process holds and has not given back.
func held() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
