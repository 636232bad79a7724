// Package calendar counts the time limits of QT.CNTT.03 in the days of a Vietnamese public office: weekends, holidays,
// compensation and swapped days, make-up Saturdays.
//
// It must not know which step has which limit (the procedure says so) nor what follows when one has passed.
package calendar

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
)

//go:embed vn_holidays.tsv
var vietnam string

// ICT is the time zone of every limit: UTC+7 without summer time. A fixed zone, so that a machine without zone files
// counts the same.
var ICT = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// A Calendar knows which days are off.
type Calendar struct {
	off       map[day]bool // holidays, true; make-up Saturdays, false; every other day by its weekday
	announced map[int]bool // years that have an official notice
}

// A day is a date in ICT.
type day struct {
	year  int
	month time.Month
	date  int
}

func dayOf(t time.Time) day {
	year, month, date := t.In(ICT).Date()
	return day{year, month, date}
}

// Vietnam returns the calendar built into the program: 2026 as announced, 2027-2035 computed.
func Vietnam() (*Calendar, error) { return parse(vietnam) }

// parse reads lines of date, weekday, kind, name and status; the weekday is checked against the date, because a table
// typed by hand goes wrong there first.
func parse(table string) (*Calendar, error) {
	c := &Calendar{off: map[day]bool{}, announced: map[int]bool{}}
	for i, line := range strings.Split(table, "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "date\t") {
			continue
		}
		if err := c.add(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("calendar line %d: %w", i+1, err)
		}
	}
	return c, nil
}

func (c *Calendar) add(columns []string) error {
	if len(columns) != 5 {
		return fmt.Errorf("%d columns, want date, weekday, kind, name, status", len(columns))
	}
	t, err := time.ParseInLocation(time.DateOnly, columns[0], ICT)
	if err != nil {
		return fmt.Errorf("date %q: %w", columns[0], err)
	}
	if weekday := t.Format("Mon"); weekday != columns[1] {
		return fmt.Errorf("%s is a %s, not a %s", columns[0], weekday, columns[1])
	}
	d := dayOf(t)
	if _, twice := c.off[d]; twice {
		return fmt.Errorf("%s stands twice", columns[0])
	}
	switch columns[2] {
	case "off", "off-comp", "off-swap":
		c.off[d] = true
	case "work-swap":
		c.off[d] = false
	default:
		return fmt.Errorf("kind %q, want off, off-comp, off-swap or work-swap", columns[2])
	}
	c.announced[d.year] = c.announced[d.year] || strings.HasPrefix(columns[4], "announced")
	return nil
}

// IsOff says whether the office is closed on the day of the instant: a holiday, or a Saturday or Sunday that is not
// worked instead of another day.
func (c *Calendar) IsOff(at time.Time) bool {
	if off, named := c.off[dayOf(at)]; named {
		return off
	}
	weekday := at.In(ICT).Weekday()
	return weekday == time.Saturday || weekday == time.Sunday
}

// Due returns the last microsecond of the last day of a limit that starts with an event at start. The day of the event
// is not counted (Civil Code 2015 art. 147); a last day off rolls on to the next working day (art. 148). With working,
// only working days count ("ngày làm việc"); plain "ngày" is a calendar day. The hour of start does not matter.
func (c *Calendar) Due(start time.Time, days int, working bool) time.Time {
	year, month, date := start.In(ICT).Date()
	last := time.Date(year, month, date, 0, 0, 0, 0, ICT)
	for days > 0 {
		last = last.AddDate(0, 0, 1)
		if !working || !c.IsOff(last) {
			days--
		}
	}
	for c.IsOff(last) {
		last = last.AddDate(0, 0, 1)
	}
	return last.AddDate(0, 0, 1).Add(-time.Microsecond)
}

// Tentative says whether the days off of a year are computed, or not known at all, because no official notice is in.
func (c *Calendar) Tentative(year int) bool { return !c.announced[year] }

// TentativeYears names the years of the table that wait for their official notice, in order.
func (c *Calendar) TentativeYears() []int {
	var years []int
	for year, announced := range c.announced {
		if !announced {
			years = append(years, year)
		}
	}
	slices.Sort(years)
	return years
}
