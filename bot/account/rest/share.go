package rest

import "time"

// known is how long it takes at most until every process that lives knows of one that begins, or is declared gone itself (store.LeaseTime,
// which this package must not know): a process says each two seconds that it lives, and learns then who else does.
const known = 10 * time.Second

// Share tells the client how many share its quotas now, itself among them, as often as that is learnt. Its part shrinks at once; it grows
// only when fewer were seen for as long as who is gone may still have something in flight. Who joins others, or comes back to those who
// have declared it gone, asks nothing before all of them know.
func (c *Client) Share(of int, joins bool) {
	now := c.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if joins {
		c.joins = now.Add(known)
	}
	switch {
	case of >= c.of:
		c.of, c.fewer, c.since = of, 0, time.Time{}
	case c.since.IsZero():
		c.fewer, c.since = of, now
	default:
		if c.fewer = max(c.fewer, of); now.Sub(c.since) >= known {
			c.of, c.fewer, c.since = c.fewer, 0, time.Time{}
		}
	}
}

// Sharing is among how many the quotas are divided: never among fewer than the configuration says.
func (c *Client) Sharing() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(1, c.cfg.Machines, c.of)
}
