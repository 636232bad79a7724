package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
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
	d := c.cfg.Deadline
	if _, err := os.Stat(d.DaysOff); d.DaysOff != "" && err != nil {
		c.add("deadlines.days_off", "the file cannot be read (%v); `vanthu calendar` prints the built-in table to begin with", err)
	}
	if _, _, err := d.WorkingHours(); err != nil {
		c.add("deadlines.hours", "%v", err)
	}
	c.notNegative("deadlines.remind", d.Remind)
	c.notNegative("retention.case_years", c.cfg.Retain.CaseYears)
	c.notNegative("retention.files_months", c.cfg.Retain.FilesMonths)
	c.notNegative("retention.account_years", c.cfg.Retain.AccountYears)
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

// WorkingHours are the hours within a day in which officers are told.
func (d Deadlines) WorkingHours() (from, to time.Duration, err error) {
	begin, end, _ := strings.Cut(d.Hours, "-")
	clock := func(text string) (time.Duration, bool) {
		t, err := time.Parse("15:04", text)
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil
	}
	from, ok := clock(begin)
	to, ok2 := clock(end)
	if !ok || !ok2 || from >= to {
		return 0, 0, fmt.Errorf("is %q; write the working hours of the office, for example \"08:00-16:30\"", d.Hours)
	}
	return from, to, nil
}

// officerAddress checks a mailbox that is told by mail. That of a unit or of the desk would begin a conversation with a program.
func (c *checker) officerAddress(path, address string, seen namesake) {
	if address == "" {
		return
	}
	c.address(path, address)
	c.unique(seen, path, address, "each officer needs a mailbox of his own")
	if address == c.cfg.SMTP.From {
		c.add(path, "%q is the service address smtp.from; vanthu would write to itself", address)
	}
	for _, u := range c.cfg.Units {
		if slices.Contains(u.Addresses, address) {
			c.add(path, "%q is an address of unit %s; an officer needs a mailbox of his own", address, u.ID)
		}
	}
}
