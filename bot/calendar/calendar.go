// Package calendar counts the time limits of QT.CNTT.03 in the days of a Vietnamese public office: weekends, holidays,
// compensation and swapped days, make-up Saturdays, and what the university gives its own people off.
//
// It must not know which step has which limit (the procedure says so) nor what follows when one has passed.
package calendar

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
)

//go:embed vn_holidays.tsv
var vietnam string

// A Calendar knows which days are off.
type Calendar struct {
	days      map[day]Day  // those that are not as their weekday says
	announced map[int]bool // the years that are known; true: by an official notice
}

// A day is a date in ICT.
type day struct {
	year  int
	month time.Month
	date  int
}

func dayOf(t time.Time) day {
	year, month, date := t.In(bot.ICT).Date()
	return day{year, month, date}
}

func midnight(t time.Time) time.Time {
	d := dayOf(t)
	return time.Date(d.year, d.month, d.date, 0, 0, 0, 0, bot.ICT)
}

// Vietnam returns the calendar built into the program: 2026 as announced, 2027-2035 computed.
func Vietnam() (*Calendar, error) { return New("") }

// New returns the built-in calendar with a table of the office laid over it (Parse says how one is written). The announced rows
// of a year take the place of all that is built in for it; own rows come on top of everything.
func New(table string) (*Calendar, error) {
	c := &Calendar{days: map[day]Day{}, announced: map[int]bool{}}
	builtIn, err := Parse(vietnam)
	if err != nil {
		return nil, err
	}
	office, err := Parse(table)
	if err != nil {
		return nil, err
	}
	replaced := map[int]bool{}
	for _, d := range office {
		if d.Status == Announced {
			replaced[d.Date.Year()] = true
		}
	}
	for _, d := range builtIn {
		year := d.Date.Year()
		if !replaced[year] {
			c.days[dayOf(d.Date)] = d
			c.announced[year] = c.announced[year] || d.Status == Announced
		}
	}
	for _, status := range []Status{Computed, Announced, Own} {
		for _, d := range office {
			if d.Status == status {
				c.days[dayOf(d.Date)] = d
			}
		}
	}
	for year := range replaced {
		c.announced[year] = true
	}
	return c, nil
}

// IsOff says whether the office is closed on the day of the instant: a holiday, or a Saturday or Sunday that is not
// worked instead of another day.
func (c *Calendar) IsOff(at time.Time) bool {
	if d, named := c.days[dayOf(at)]; named {
		return d.Kind != Worked
	}
	weekday := at.In(bot.ICT).Weekday()
	return weekday == time.Saturday || weekday == time.Sunday
}

// Due returns the last microsecond of the last day of a limit that starts with an event at start. The day of the event
// is not counted (Civil Code 2015 art. 147); a last day off rolls on to the next working day (art. 148). With working,
// only working days count ("ngày làm việc"); plain "ngày" is a calendar day. The hour of start does not matter.
func (c *Calendar) Due(start time.Time, days int, working bool) time.Time {
	last := midnight(start)
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

// Days counts the days of a limit that have begun between two instants: the day of from is not counted, that of to is. It is 0
// when to is not on a later day.
func (c *Calendar) Days(from, to time.Time, working bool) int {
	n := 0
	end := midnight(to)
	for d := midnight(from).AddDate(0, 0, 1); !d.After(end); d = d.AddDate(0, 0, 1) {
		if !working || !c.IsOff(d) {
			n++
		}
	}
	return n
}

// Tentative says whether the days off of a year are computed, or not known at all, because no official notice is in.
func (c *Calendar) Tentative(year int) bool { return !c.announced[year] }

// TentativeYears names the known years that wait for their official notice, in order.
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

// Missing names the years of which somebody should enter the official notice now: this one, and from November on the next one,
// for that is when the ministry has usually announced it.
func (c *Calendar) Missing(now time.Time) []int {
	var years []int
	today := dayOf(now)
	if c.Tentative(today.year) {
		years = append(years, today.year)
	}
	if today.month >= time.November && c.Tentative(today.year+1) {
		years = append(years, today.year+1)
	}
	return years
}

// Year lists the days of a year that are not as their weekday says, in order.
func (c *Calendar) Year(year int) []Day {
	var days []Day
	for d, row := range c.days {
		if d.year == year {
			days = append(days, row)
		}
	}
	slices.SortFunc(days, func(x, y Day) int { return x.Date.Compare(y.Date) })
	return days
}

// String says a day as a person writes it into a table.
func (d Day) String() string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", d.Date.Format(time.DateOnly), d.Date.Format("Mon"), d.Kind, d.Name, d.Status)
}
