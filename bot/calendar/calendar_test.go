package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustVietnam(t *testing.T) *Calendar {
	t.Helper()
	c, err := Vietnam()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The first six are the examples worked by hand when the calendar was drawn up.
func TestDue(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	for _, tt := range []struct {
		name    string
		start   string
		days    int
		working bool
		want    string
	}{
		{"Saturday rolls to Monday", "2026-11-20 10:00", 1, false, "2026-11-23"},
		{"holiday rolls to the next day", "2026-11-23 10:00", 1, false, "2026-11-25"},
		{"20 days end on a Sunday", "2027-02-01 08:00", 20, false, "2027-02-22"},
		{"30 days end on a Wednesday", "2027-02-01 08:00", 30, false, "2027-03-03"},
		{"20 working days around Tết", "2027-02-01 08:00", 20, true, "2027-03-08"},
		{"make-up Saturday is worked", "2026-08-21 08:00", 1, false, "2026-08-22"},

		{"make-up Saturday counts as a working day", "2026-08-21 08:00", 1, true, "2026-08-22"},
		{"the whole Tết is rolled over", "2026-02-13 08:00", 1, false, "2026-02-23"},
		{"late in the evening is still the day", "2026-11-20 23:59", 1, false, "2026-11-23"},
		{"nothing to count: the day itself", "2026-11-20 10:00", 0, false, "2026-11-20"},
		{"received on a Sunday, counted from it", "2026-11-22 10:00", 1, false, "2026-11-23"},
		{"beyond the table only weekends are known", "2050-01-06 10:00", 1, false, "2050-01-07"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start, err := time.ParseInLocation("2006-01-02 15:04", tt.start, ICT)
			if err != nil {
				t.Fatal(err)
			}
			want, err := time.ParseInLocation(time.DateOnly, tt.want, ICT)
			if err != nil {
				t.Fatal(err)
			}
			want = want.AddDate(0, 0, 1).Add(-time.Microsecond)
			if got := c.Due(start, tt.days, tt.working); !got.Equal(want) {
				t.Errorf("Due(%s, %d, %t) = %s, want %s", tt.start, tt.days, tt.working, got, want)
			}
		})
	}
}

// A mail stored at 17:30 UTC came after midnight in Cần Thơ.
func TestDueCountsInICT(t *testing.T) {
	t.Parallel()
	got := mustVietnam(t).Due(time.Date(2026, 11, 24, 17, 30, 0, 0, time.UTC), 1, false)
	want := time.Date(2026, 11, 26, 16, 59, 59, 999999000, time.UTC)
	if !got.Equal(want) {
		t.Errorf("Due = %s, want %s", got, want)
	}
}

func TestIsOff(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	for date, want := range map[string]bool{
		"2026-01-02": true,  // swapped
		"2026-01-10": false, // worked instead
		"2026-04-27": true,  // compensation
		"2026-08-22": false,
		"2026-08-29": true, // a plain Saturday
		"2026-11-24": true,
		"2026-11-25": false,
		"2030-02-02": true, // Tết by UTC+7, not 03/02
	} {
		day, err := time.ParseInLocation(time.DateOnly, date, ICT)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.IsOff(day); got != want {
			t.Errorf("IsOff(%s) = %t, want %t", date, got, want)
		}
	}
}

func TestTentative(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	want := []int{2027, 2028, 2029, 2030, 2031, 2032, 2033, 2034, 2035}
	if diff := cmp.Diff(want, c.TentativeYears()); diff != "" {
		t.Error(diff)
	}
	for year, want := range map[int]bool{2026: false, 2027: true, 2050: true} {
		if got := c.Tentative(year); got != want {
			t.Errorf("Tentative(%d) = %t, want %t", year, got, want)
		}
	}
}

// Art. 112 of the Labour Code and the resolution of 2026 give at least these holidays in every year of the table.
func TestEveryYearHasItsHolidays(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	for year := range c.announced {
		for _, d := range []day{{year, 1, 1}, {year, 4, 30}, {year, 5, 1}, {year, 9, 2}, {year, 11, 24}} {
			if !c.off[d] {
				t.Errorf("%v is not in the table", d)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ table, want string }{
		"columns": {"2026-01-01\tThu\toff", "line 1: 3 columns"},
		"date":    {"# note\n01/01/2026\tThu\toff\tTết\tannounced", `line 2: date "01/01/2026"`},
		"weekday": {"2026-01-01\tFri\toff\tTết\tannounced", "2026-01-01 is a Thu, not a Fri"},
		"kind":    {"2026-01-01\tThu\tholiday\tTết\tannounced", `kind "holiday"`},
		"twice":   {"2026-01-01\tThu\toff\tTết\tannounced\n2026-01-01\tThu\toff\tTết\tannounced", "stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(tt.table); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("parse: %v, want %q", err, tt.want)
			}
		})
	}
}
