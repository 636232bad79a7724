package sandbox

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Serve is the life of a child: it takes jobs from r, does them one after the other and writes the results to w, until r
// ends. It bounds its own memory and time; over a bound it exits.
func Serve[Job, Result any](r io.Reader, w io.Writer, do func(Job) Result) error {
	dec, out := gob.NewDecoder(bufio.NewReaderSize(r, 64<<10)), bufio.NewWriterSize(w, 64<<10)
	enc := gob.NewEncoder(out)
	var h hello
	if err := dec.Decode(&h); err != nil {
		return ended(err)
	}
	if err := confine(h.Memory); err != nil {
		return err
	}
	if err := errors.Join(enc.Encode(greeting{PID: os.Getpid()}), out.Flush()); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	debug.SetMemoryLimit(h.Memory / 4 * 3) // collect harder before the bound is reached
	for {
		var job Job
		if err := dec.Decode(&job); err != nil {
			return ended(err)
		}
		watch := newWatch(h)
		result := do(job)
		err := enc.Encode(result)
		watch.stop()
		if err = errors.Join(err, out.Flush()); err != nil {
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
	timer *time.Timer
	done  chan struct{}
}

func newWatch(h hello) *watch {
	began := used()
	w := &watch{done: make(chan struct{})}
	w.timer = time.AfterFunc(look, func() {
		select {
		case <-w.done:
			return
		default:
		}
		if held() > h.Memory {
			os.Exit(exitHungry)
		}
		if used()-began > h.Timeout {
			os.Exit(exitSlow)
		}
		w.timer.Reset(look)
	})
	return w
}

func (w *watch) stop() {
	close(w.done)
	w.timer.Stop()
}

// held returns the bytes of memory that the process holds and has not given back.
func held() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
