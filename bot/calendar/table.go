package calendar

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"vanthu/bot"
)

// A Day is one that is not as its weekday says.
type Day struct {
	Date   time.Time // midnight in ICT
	Kind   Kind
	Name   string // "Giỗ Tổ Hùng Vương"
	Status Status
}

// Kind is why.
type Kind string

// The kinds of day.
const (
	Off          Kind = "off"       // a holiday
	Compensation Kind = "off-comp"  // for a holiday on a weekly day of rest (Labour Code art. 111.3)
	Swapped      Kind = "off-swap"  // for a Saturday that is worked
	Worked       Kind = "work-swap" // a Saturday that is worked
)

// Status is how sure a day is.
type Status string

// The status of a day.
const (
	Announced Status = "announced" // by an official notice
	Computed  Status = "computed"  // by the Labour Code and the lunar calendar, until there is one
	Own       Status = "own"       // what the university decides for itself
)

// statusOf reads a status: its first word, before any remark.
func statusOf(text string) (Status, bool) {
	for _, s := range []Status{Announced, Computed, Own} {
		if rest, ok := strings.CutPrefix(text, string(s)); ok && (rest == "" || !unicode.IsLetter(rune(rest[0]))) {
			return s, true
		}
	}
	return "", false
}

// What a table may hold at most.
const (
	mostDays    = 5000
	longestName = 200
)

// Parse reads lines of date, weekday, kind, name and status, separated by tabs; the weekday is checked against the date, because
// a table typed by hand goes wrong there first. Empty lines, and lines that begin with #, are left out.
func Parse(table string) ([]Day, error) {
	var days []Day
	seen := map[day]bool{}
	for i, line := range strings.Split(strings.TrimPrefix(table, "\ufeff"), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' || strings.HasPrefix(line, "date\t") {
			continue
		}
		d, err := row(strings.Split(line, "\t"))
		if err == nil && seen[dayOf(d.Date)] {
			err = fmt.Errorf("%s stands twice", d.Date.Format(time.DateOnly))
		}
		if err == nil && len(days) == mostDays {
			err = fmt.Errorf("there are more than %d days", mostDays)
		}
		if err != nil {
			return nil, fmt.Errorf("calendar line %d: %w", i+1, err)
		}
		seen[dayOf(d.Date)] = true
		days = append(days, d)
	}
	return days, nil
}

func row(columns []string) (d Day, err error) {
	if len(columns) != 5 {
		return d, fmt.Errorf("%d columns, want date, weekday, kind, name and status, separated by tabs", len(columns))
	}
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	if d.Date, err = time.ParseInLocation(time.DateOnly, columns[0], bot.ICT); err != nil {
		return d, fmt.Errorf("date %q, want 2027-01-29", columns[0])
	}
	if weekday := d.Date.Format("Mon"); columns[1] != weekday && columns[1] != weekdays[d.Date.Weekday()] {
		return d, fmt.Errorf("%s is a %s (%s), not a %s", columns[0], weekday, weekdays[d.Date.Weekday()], columns[1])
	}
	switch d.Kind = Kind(columns[2]); d.Kind {
	case Off, Compensation, Swapped, Worked:
	default:
		return d, fmt.Errorf("kind %q, want off, off-comp, off-swap or work-swap", columns[2])
	}
	if d.Name = columns[3]; d.Name == "" || len(d.Name) > longestName {
		return d, fmt.Errorf("the day has no name, or one of more than %d bytes", longestName)
	}
	var ok bool
	if d.Status, ok = statusOf(columns[4]); !ok {
		return d, fmt.Errorf("status %q, want announced, computed or own", columns[4])
	}
	return d, nil
}

// weekdays are their names in Vietnamese tables.
var weekdays = [...]string{"CN", "T2", "T3", "T4", "T5", "T6", "T7"}
