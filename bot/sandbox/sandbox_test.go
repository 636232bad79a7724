package sandbox

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test program is its own child.
const childArg = "sandbox-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		if err := Serve(os.Stdin, os.Stdout, work); err != nil {
			os.Exit(1) //nolint:forbidigo // the test program as a child
		}
		return
	}
	goleak.VerifyTestMain(m)
}

type job struct{ Do string }

type result struct {
	Said string
	PID  int
	N    int
}

var kept [][]byte // what a hungry job holds

func work(j job, data [][]byte) (result, [][]byte) {
	r := result{Said: "done " + j.Do, PID: os.Getpid()}
	for _, d := range data {
		r.N += len(d)
	}
	switch j.Do {
	case "panic":
		panic("a reader's bug")
	case "recurse":
		var deep func(n int) int
		deep = func(n int) int { return deep(n+1) + n }
		r.N = deep(0)
	case "exit":
		os.Exit(0) //nolint:forbidigo // as a reader might
	case "eat":
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = byte(i)
			}
			kept = append(kept, b)
		}
	case "gulp": // more than is ever allowed, in one piece, before anybody looks
		b := make([]byte, 8<<30)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
	case "spin":
		for i := 0; ; i++ {
			r.N = i
		}
	case "hang":
		select {}
	case "write":
		if err := os.WriteFile(os.TempDir()+"/vanthu-sandbox-test", []byte("x"), 0o600); err != nil {
			r.Said = "refused"
		}
	case "environment":
		r.Said = strings.Join(os.Environ(), " ")
	}
	return r, data
}

func newPool(t *testing.T, cfg Config) *Pool[job, result] {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Command == nil {
		cfg.Command = func() *exec.Cmd { return exec.Command(self, childArg) }
	}
	if cfg.Memory == 0 {
		cfg.Memory = 128 << 20
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Second
	}
	p := New[job, result](cfg)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestJobsShareAChild(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{Size: 1})
	pid := 0
	for range 3 {
		r, out, err := p.Do(t.Context(), job{Do: "a"}, make([]byte, 3<<20), nil, []byte("ab"))
		if err != nil || r.Said != "done a" || r.N != 3<<20+2 || len(out) != 3 || len(out[0]) != 3<<20 || string(out[2]) != "ab" {
			t.Fatalf("%+v, %v", r, err)
		}
		if pid != 0 && r.PID != pid || r.PID == os.Getpid() {
			t.Errorf("process %d, before %d", r.PID, pid)
		}
		pid = r.PID
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{Size: 2})
	var wg sync.WaitGroup
	var mu sync.Mutex
	pids := map[int]bool{}
	for range 20 {
		wg.Go(func() {
			r, _, err := p.Do(t.Context(), job{Do: "b"})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			pids[r.PID] = true
		})
	}
	wg.Wait()
	if len(pids) > 2 {
		t.Errorf("%d processes", len(pids))
	}
}

// TestDeaths holds that whatever kills a child is an error that says why, and that the next job is served.
func TestDeaths(t *testing.T) {
	t.Parallel()
	for do, want := range map[string]Cause{"panic": Crashed, "recurse": Hungry, "exit": Crashed, "eat": Hungry, "gulp": Crashed, "spin": Slow, "hang": Slow} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			var told []Death
			cfg := Config{Size: 1, Lost: func(d Death) { told = append(told, d) }}
			if want == Slow {
				cfg.Timeout = 100 * time.Millisecond
			}
			p := newPool(t, cfg)
			_, _, err := p.Do(t.Context(), job{Do: do})
			d, ok := errors.AsType[*Death](err)
			if !ok {
				t.Fatalf("%v", err)
			}
			// How memory runs out depends on who is faster, the watch or the runtime.
			if d.Cause != want && (want == Slow || d.Cause == Slow) {
				t.Errorf("%s, want %s", d.Cause, want)
			}
			if len(told) != 1 || told[0] != *d {
				t.Errorf("told %v", told)
			}
			if r, _, err := p.Do(t.Context(), job{Do: "next"}); err != nil || r.Said != "done next" {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestConfined(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{})
	if r, _, err := p.Do(t.Context(), job{Do: "environment"}); err != nil || r.Said != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, _, err := p.Do(t.Context(), job{Do: "write"}); err == nil && r.Said != "refused" {
		t.Errorf("a child wrote a file: %+v", r)
	}
}

func TestReplaced(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{Size: 1, Jobs: 2})
	var pids []int
	for range 3 {
		r, _, err := p.Do(t.Context(), job{})
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, r.PID)
	}
	if pids[0] != pids[1] || pids[1] == pids[2] {
		t.Errorf("%v", pids)
	}
}

func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{Size: 1})
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := p.Do(ctx, job{}); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, _, err := p.Do(ctx, job{Do: "hang"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, _, err := p.Do(t.Context(), job{}); err != nil {
		t.Error(err)
	}
}

// TestKilledWhileIdle holds that a job is not blamed when all children that wait were killed from outside.
func TestKilledWhileIdle(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{Size: 3, Lost: func(d Death) { t.Errorf("lost: %v", d) }})
	var waiting []*child
	for range 3 {
		c, err := p.take(true)
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, c)
	}
	for _, c := range waiting {
		p.put(c)
	}
	for _, c := range waiting {
		c.kill()
	}
	for range 3 {
		if r, _, err := p.Do(t.Context(), job{Do: "a"}); err != nil || r.Said != "done a" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}

// TestParentGone holds that a child whose parent died does not wait for ever in a job that does.
func TestParentGone(t *testing.T) {
	t.Parallel()
	p := newPool(t, Config{Timeout: 20 * time.Millisecond})
	c, err := p.take(true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.do(job{Do: "hang"}, nil, &result{}, time.Minute); !errors.Is(err, io.EOF) { // a parent that counts nothing
		t.Errorf("%v", err)
	}
	if cause := c.cause(io.EOF); cause != Slow {
		t.Errorf("%s", cause)
	}
}

// TestNoChild holds that a machine or a program at fault is no fault of the job.
func TestNoChild(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/no/such/program", "/bin/true", "/bin/cat"} {
		p := newPool(t, Config{Command: func() *exec.Cmd { return exec.Command(name) }})
		_, _, err := p.Do(t.Context(), job{})
		if _, died := errors.AsType[*Death](err); err == nil || died {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := newPool(t, Config{})
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	p.Close()
	if _, _, err := p.Do(t.Context(), job{}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func BenchmarkDo(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := New[job, result](Config{Command: func() *exec.Cmd { return exec.Command(self, childArg) }, Memory: 256 << 20, Timeout: 5 * time.Second})
	defer p.Close()
	data := make([]byte, 20<<10)
	for b.Loop() {
		if _, _, err := p.Do(b.Context(), job{}, data); err != nil {
			b.Fatal(err)
		}
	}
}
