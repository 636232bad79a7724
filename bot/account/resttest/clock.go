// Package resttest is what the fakes of the platforms behind an API share, so that all of them misbehave alike: a stepped
// clock, and faults.
//
// A fake is an http.Handler that counts its quotas and its delays by Clock.Now. A test puts it behind Faults and a server of
// net/http/httptest, and gives the client the same clock:
//
//	clock := resttest.NewClock(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC))
//	fake := googletest.New(clock.Now)
//	faults := &resttest.Faults{Handler: fake, Clock: clock, Rate: 0.2, Seed: resttest.Seed(t), Body: googletest.Fault}
//	server := httptest.NewServer(faults)
//	client, err := rest.New(rest.Config{Base: server.URL, Now: clock.Now, Sleep: clock.Sleep, …})
//
// Whoever waits moves the clock on: minutes of quotas and of eventual consistency pass in no time. Clock.Step lets time
// pass that nobody waits for (accounttest.Settler). Patient turns a platform behind faults into one on which the
// conformance suite can stand: it asks again as account.Ensure and the jobs do.
//
// It is for tests; nothing else may import it.
package resttest

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A Clock is moved by whoever waits.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts a clock.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep returns at once, and it is later: by d, unless others who waited meanwhile have moved the clock as far already. Two
// who wait for a minute at the same time wait for one minute.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	c.Until(c.Now().Add(d))
	return nil
}

// Step lets time pass.
func (c *Clock) Step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Until moves the clock to a moment, never back.
func (c *Clock) Until(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// Seed returns the seed of VANTHU_SEED, or another one each time, and prints it when the test fails.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if said := os.Getenv("VANTHU_SEED"); said != "" {
		n, err := strconv.ParseUint(said, 10, 64)
		if err != nil {
			t.Fatalf("VANTHU_SEED: %v", err)
		}
		seed = n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("VANTHU_SEED=%d", seed)
		}
	})
	return seed
}
