package rest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vanthu/bot/account"
)

// A Quota is what a platform publishes: so many requests in so long. No span of that length, wherever it begins, ever holds
// more, however many rows are in flight.
type Quota struct {
	Count int
	Per   time.Duration
	Burst int                 // of them without a pause, after a rest; 0: a sixtieth
	Cost  func(r Request) int // what a request counts; nil: its N
}

// A bucket spreads a quota over time (the generic cell rate algorithm: a token bucket as one moment). It gives each request
// its own moment, in turn: nobody who waits is overtaken, and nobody passes it twice.
type bucket struct {
	cost  func(Request) int
	gap   time.Duration // between two requests
	slack time.Duration // how far ahead of its moment a request may be after a rest

	mu   sync.Mutex
	full time.Time // when all that was given has flowed off
}

func newBucket(q Quota) *bucket {
	b := &bucket{cost: q.Cost}
	if b.cost == nil {
		b.cost = func(r Request) int { return max(1, r.N) }
	}
	burst := q.Burst
	if burst <= 0 {
		burst = q.Count / 60
	}
	burst = min(max(1, burst), max(1, q.Count/2))
	if q.Count > 0 { // what flows in while the burst is used up belongs to the same span
		slots := time.Duration(q.Count - burst + 1)
		b.gap = (q.Per + slots - 1) / slots
		b.slack = time.Duration(burst) * b.gap
	}
	return b
}

// take gives n away and says how long to wait before they may be used.
func (b *bucket) take(now time.Time, n int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gap == 0 || n <= 0 {
		return 0
	}
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(time.Duration(n) * b.gap)
	return max(0, b.full.Sub(now)-b.slack)
}

// admit waits until the quotas have room, and while the platform wants to be left alone.
func (c *Client) admit(ctx context.Context, r Request) error {
	for {
		now := c.cfg.Now()
		c.mu.Lock()
		rest := c.rest.Sub(now)
		c.mu.Unlock()
		if rest <= 0 {
			break
		}
		if rest > c.cfg.Patience {
			return &account.Wait{For: rest, Err: c.fail(r, 0, ErrBusy)}
		}
		if err := c.cfg.Sleep(ctx, rest); err != nil {
			return err
		}
	}
	var wait time.Duration
	for _, b := range c.buckets {
		wait = max(wait, b.take(c.cfg.Now(), b.cost(r)))
	}
	if wait <= 0 {
		return ctx.Err()
	}
	return c.cfg.Sleep(ctx, wait)
}

// quiet makes everybody wait: a platform that is asked too much by one row is asked too much by all, and by other machines,
// too, that share the quota.
func (c *Client) quiet(d time.Duration) {
	until := c.cfg.Now().Add(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.rest) {
		c.rest = until
	}
}

// fail words an error: who, what, and the status, and never what was sent.
func (c *Client) fail(r Request, status int, err error) error {
	if status == 0 {
		return fmt.Errorf("%s: %s: %w", c.cfg.Name, r.What, err)
	}
	return fmt.Errorf("%s: %s: %d: %w", c.cfg.Name, r.What, status, err)
}
