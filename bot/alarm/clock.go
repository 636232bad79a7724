package alarm

import "time"

// A WallClock watches the machine's clock for jumps: deadlines, reminders and tokens hang on it. It is not safe for concurrent
// use.
type WallClock struct {
	Now  func() time.Time     // what the clock on the wall says
	Mono func() time.Duration // grows evenly, whatever is done to that

	wall   time.Time
	mono   time.Duration
	jumped time.Duration
	at     time.Duration
}

const (
	jump    = 30 * time.Second // what no good clock is corrected by at once
	Skew    = 2 * time.Minute  // what two good clocks do not differ by
	settled = 10 * time.Minute // a jump is told of for so long
)

// Jumped says by how much the clock jumped within the last minutes, 0 for not.
func (c *WallClock) Jumped() time.Duration {
	wall, mono := c.Now().Round(0), c.Mono() // Round takes away the monotonic reading
	if !c.wall.IsZero() {
		if by := wall.Sub(c.wall) - (mono - c.mono); by > jump || by < -jump {
			c.jumped, c.at = c.jumped+by, mono
		}
	}
	c.wall, c.mono = wall, mono
	if c.jumped != 0 && (mono-c.at > settled || c.jumped < jump && c.jumped > -jump) { // or it jumped back
		c.jumped = 0
	}
	return c.jumped
}
