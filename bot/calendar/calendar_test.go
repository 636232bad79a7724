package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
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
			start, err := time.ParseInLocation("2006-01-02 15:04", tt.start, bot.ICT)
			if err != nil {
				t.Fatal(err)
			}
			want, err := time.ParseInLocation(time.DateOnly, tt.want, bot.ICT)
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
		day, err := time.ParseInLocation(time.DateOnly, date, bot.ICT)
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

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ table, want string }{
		"columns": {"2026-01-01\tThu\toff", "line 1: 3 columns"},
		"date":    {"# note\n01/01/2026\tThu\toff\tTết\tannounced", `line 2: date "01/01/2026"`},
		"weekday": {"2026-01-01\tFri\toff\tTết\tannounced", "2026-01-01 is a Thu (T5), not a Fri"},
		"kind":    {"2026-01-01\tThu\tholiday\tTết\tannounced", `kind "holiday"`},
		"status":  {"2026-01-01\tThu\toff\tTết\townership", `status "ownership"`},
		"name":    {"2026-01-01\tT5\toff\t \town", "no name"},
		"twice":   {"2026-01-01\tThu\toff\tTết\tannounced\n2026-01-01\tThu\toff\tTết\tannounced", "stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse(tt.table); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want %q", err, tt.want)
			}
		})
	}
}

// The office enters the notice for 2027 when it comes, and what the university gives itself.
func TestOfficeTable(t *testing.T) {
	t.Parallel()
	c, err := New("# Thông báo giả định\r\n" +
		"2027-01-01\tT6\toff\tTết Dương lịch\tannounced\r\n" +
		"2027-02-04\tT5\toff\tTết Nguyên đán\tannounced\r\n" +
		"2026-12-12\tSat\twork-swap\tNgày hội tuyển sinh\town\r\n" +
		"2026-11-20\tFri\toff\tNgày Nhà giáo (nghỉ theo quyết định của Trường)\town\r\n" +
		"2028-03-26\tCN\twork-swap\tLàm việc Chủ nhật\town\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for date, want := range map[string]bool{
		"2027-01-01": true, "2027-02-04": true,
		"2027-02-05": false, "2027-11-24": false, // built in, and not in the notice
		"2026-11-20": true, "2026-12-12": false, "2026-11-24": true, // own days leave the others of their year as they are
		"2028-03-26": false, "2028-04-04": true,
	} {
		day, err := time.ParseInLocation(time.DateOnly, date, bot.ICT)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.IsOff(day); got != want {
			t.Errorf("IsOff(%s) = %t, want %t", date, got, want)
		}
	}
	if c.Tentative(2027) || !c.Tentative(2028) {
		t.Errorf("2027 tentative: %t, 2028: %t", c.Tentative(2027), c.Tentative(2028))
	}
	if d := c.Year(2027); len(d) != 2 || d[1].Name != "Tết Nguyên đán" {
		t.Errorf("2027 has %v", d)
	}
}

// Each November somebody is asked for the notice of the next year; in January for that of this year.
func TestMissing(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	for now, want := range map[string][]int{
		"2026-10-31T23:59:59+07:00": nil,
		"2026-10-31T17:00:00Z":      {2027}, // 1 November in Cần Thơ
		"2026-12-31T16:59:59Z":      {2027},
		"2027-01-01T00:00:00+07:00": {2027},
		"2027-11-01T00:00:00+07:00": {2027, 2028},
		"2040-12-01T00:00:00+07:00": {2040, 2041},
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.Missing(at)); diff != "" {
			t.Errorf("%s: %s", now, diff)
		}
	}
}

// Ten full years, day by day, at both ends of the day in Cần Thơ: a due date is the end of a working day, never before its start, and
// neither a later start nor more days bring it forward; working days are never fewer than calendar days.
func TestTenYears(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	limits := []int{0, 1, 2, 3, 5, 20, 30}
	for _, working := range []bool{false, true} {
		var before [7]time.Time
		for d := time.Date(2026, 1, 1, 0, 0, 0, 0, bot.ICT); d.Year() <= 2035; d = d.AddDate(0, 0, 1) {
			var shorter time.Time
			for i, days := range limits {
				due := c.Due(d, days, working)
				if late := c.Due(d.AddDate(0, 0, 1).Add(-time.Microsecond), days, working); !late.Equal(due) {
					t.Fatalf("%s, %d days: begun at midnight due %s, a microsecond before the next one %s", d, days, due, late)
				}
				if next := due.Add(time.Microsecond).In(bot.ICT); next.Hour() != 0 || next.Minute() != 0 || next.Second() != 0 || next.Nanosecond() != 0 {
					t.Fatalf("%s, %d days: %s is no end of a day", d, days, due)
				}
				switch {
				case c.IsOff(due):
					t.Fatalf("%s, %d days: due on a day off, %s", d, days, due)
				case due.Before(d) || days > 0 && due.Before(d.AddDate(0, 0, days)):
					t.Fatalf("%s, %d days: due %s, too early", d, days, due)
				case due.Before(shorter):
					t.Fatalf("%s: %d days are due %s, fewer days later", d, days, due)
				case due.Before(before[i]):
					t.Fatalf("%s, %d days: due %s, the day before it was %s", d, days, due, before[i])
				case working && due.Before(c.Due(d, days, false)):
					t.Fatalf("%s: %d working days end before %d days", d, days, days)
				case c.Days(d, due, working) < days:
					t.Fatalf("%s, %d days: only %d of them lie before %s", d, days, c.Days(d, due, working), due)
				case working && days > 0 && c.Days(d, due, true) != days:
					t.Fatalf("%s: %d working days hold %d", d, days, c.Days(d, due, true))
				}
				shorter, before[i] = due, due
			}
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, bot.ICT)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		from, to    string
		all, worked int
	}{
		{"2026-11-20 08:00", "2026-11-20 23:59", 0, 0},
		{"2026-11-20 23:59", "2026-11-21 00:00", 1, 0},
		{"2026-11-20 08:00", "2026-11-25 00:00", 5, 2}, // Saturday, Sunday and the 24th are off
		{"2026-11-25 08:00", "2026-11-20 08:00", 0, 0},
		{"2026-02-13 08:00", "2026-02-23 08:00", 10, 1}, // Tết
		{"2026-08-21 08:00", "2026-08-22 08:00", 1, 1},  // a Saturday that is worked
	} {
		if all, worked := c.Days(at(tt.from), at(tt.to), false), c.Days(at(tt.from), at(tt.to), true); all != tt.all || worked != tt.worked {
			t.Errorf("from %s to %s: %d and %d, want %d and %d", tt.from, tt.to, all, worked, tt.all, tt.worked)
		}
	}
}

// A table is typed by a person; whatever it holds, nothing but an error comes of it, or days that are written as they were read.
func FuzzParse(f *testing.F) {
	f.Add(vietnam)
	f.Add("2026-12-12\tT7\twork-swap\tNgày hội\town\r\n")
	f.Fuzz(func(t *testing.T, table string) {
		days, err := Parse(table)
		if err != nil {
			return
		}
		for _, d := range days {
			again, err := Parse(d.String())
			if err != nil || len(again) != 1 || again[0] != d {
				t.Errorf("%q is read again as %v, %v", d.String(), again, err)
			}
		}
	})
}
