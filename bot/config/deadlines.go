package config

import (
	"os"
	"slices"
	"time"

	"vanthu/bot"
)

// deadlines checks how time limits are counted, and the later editions of the procedure. What stands in their files is judged by
// who reads them.
func (c *checker) deadlines() {
	steps := namesake{}
	for i, id := range c.cfg.Deadline.Working {
		path := element("deadlines.working", i)
		if id == string(bot.StepRequest) || !slices.Contains(bot.StepIDs(), bot.StepID(id)) {
			c.add(path, "there is no step %q with a time limit; possible: %v", id, bot.StepIDs()[1:])
		}
		c.unique(steps, path, id, "each step may stand once")
	}
	from := namesake{}
	for i, e := range c.cfg.Editions {
		at := element("edition", i)
		if c.need(join(at, "file"), e.Definition, `"qt-cntt-03-02.toml"`) {
			if _, err := os.Stat(e.Definition); err != nil {
				c.add(join(at, "file"), "the file cannot be read (%v); `vanthu procedure` prints edition 01 to begin with", err)
			}
		}
		if c.need(join(at, "from"), e.From, `"2027-09-01"`) {
			if _, err := time.Parse(time.DateOnly, e.From); err != nil {
				c.add(join(at, "from"), "%q is no day; write for example \"2027-09-01\"", e.From)
			}
			c.unique(from, join(at, "from"), e.From, "two editions cannot begin on one day")
		}
	}
}
