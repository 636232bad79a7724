package rest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vanthu/bot/account"
)

// A Quota is what a platform publishes: so many requests in so long. No span of that length, wherever it begins, ever holds
// more, however many rows are in flight, and however many clients share it that are told so (Share).
type Quota struct {
	Count int // for all who share it
	Per   time.Duration
	Spare int                 // what each leaves of its part, a tenth at most (or one): what is in flight may be counted later than it was sent
	Burst int                 // of them without a pause, after a rest; 0: a sixtieth
	Cost  func(r Request) int // what a request counts; nil: its N
}

// A bucket spreads a quota over time (the generic cell rate algorithm: a token bucket as one moment). It gives each request
// its own moment, in turn: nobody who waits is overtaken, and nobody passes it twice.
type bucket struct {
	quota Quota
	cost  func(Request) int

	mu    sync.Mutex
	of    int           // for so many are the next two
	gap   time.Duration // between two requests
	slack time.Duration // how far ahead of its moment a request may be after a rest
	full  time.Time     // when all that was given has flowed off
}

func newBucket(q Quota) *bucket {
	b := &bucket{quota: q, cost: q.Cost}
	if b.cost == nil {
		b.cost = func(r Request) int { return max(1, r.N) }
	}
	return b
}

// among spreads one of so many parts of the quota.
func (b *bucket) among(of int) {
	if b.of == of || b.quota.Count <= 0 {
		return
	}
	b.of = of
	part, per, burst := b.quota.Count/of, b.quota.Per, b.quota.Burst/of
	if part == 0 { // one request, less often
		part, per = 1, per*time.Duration(of)/time.Duration(b.quota.Count)
	}
	spare := b.quota.Spare
	if of > 1 { // spans in which others come or go: each part is rounded for itself
		spare = max(spare, 1)
	}
	part = max(1, part-min(spare, max(1, part/10)))
	if burst <= 0 {
		burst = part / 60
	}
	burst = min(max(1, burst), max(1, part/2))
	slots := time.Duration(part - burst + 1) // what flows in while the burst is used up belongs to the same span
	b.gap = (per + slots - 1) / slots
	b.slack = time.Duration(burst) * b.gap
}

// take gives n of one of so many parts away and says how long to wait before they may be used.
func (b *bucket) take(now time.Time, n, of int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.among(of)
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
		rest := max(c.rest.Sub(now), c.joins.Sub(now))
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
	of := c.Sharing()
	for _, b := range c.buckets {
		wait = max(wait, b.take(c.cfg.Now(), b.cost(r), of))
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
