package calendar

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"vanthu/bot"
)

// The lunar calendar of Vietnam at UTC+7, computed here and nowhere else: the oracle of the table. A month begins on the day of a
// new moon; month 11 is the one that holds the winter solstice; between two months 11 that are 13 months apart the first month without a
// major term of the sun is the leap month. After J. Meeus, Astronomical Algorithms (1998), ch. 25 and 49.

// newMoon is the instant of the k-th new moon after 1900, as a Julian day in universal time.
func newMoon(k float64) float64 {
	T := k / 1236.85
	rad := math.Pi / 180
	jd := 2415020.75933 + 29.53058868*k + 0.0001178*T*T - 0.000000155*T*T*T + 0.00033*math.Sin((166.56+132.87*T-0.009173*T*T)*rad)
	M := (359.2242 + 29.10535608*k - 0.0000333*T*T - 0.00000347*T*T*T) * rad
	Mpr := (306.0253 + 385.81691806*k + 0.0107306*T*T + 0.00001236*T*T*T) * rad
	F := (21.2964 + 390.67050646*k - 0.0016528*T*T - 0.00000239*T*T*T) * rad
	c := (0.1734-0.000393*T)*math.Sin(M) + 0.0021*math.Sin(2*M) - 0.4068*math.Sin(Mpr) + 0.0161*math.Sin(2*Mpr) - 0.0004*math.Sin(3*Mpr) +
		0.0104*math.Sin(2*F) - 0.0051*math.Sin(M+Mpr) - 0.0074*math.Sin(M-Mpr) + 0.0004*math.Sin(2*F+M) - 0.0004*math.Sin(2*F-M) -
		0.0006*math.Sin(2*F+Mpr) + 0.0010*math.Sin(2*F-Mpr) + 0.0005*math.Sin(2*Mpr+M)
	deltaT := -0.000278 + 0.000265*T + 0.000262*T*T
	if T < -11 {
		deltaT = 0.001 + 0.000839*T + 0.0002261*T*T - 0.00000845*T*T*T - 0.000000081*T*T*T*T
	}
	return jd + c - deltaT
}

// sunTerm is in which twelfth of its year the sun stands at the beginning of a day: 0 from the spring equinox, 9 from the winter solstice.
func sunTerm(jdn, hours float64) int {
	T := (jdn - 0.5 - hours/24 - 2451545.0) / 36525
	rad := math.Pi / 180
	M := (357.52910 + 35999.05030*T - 0.0001559*T*T - 0.00000048*T*T*T) * rad
	L0 := 280.46645 + 36000.76983*T + 0.0003032*T*T
	DL := (1.914600-0.004817*T-0.000014*T*T)*math.Sin(M) + (0.019993-0.000101*T)*math.Sin(2*M) + 0.000290*math.Sin(3*M)
	L := math.Mod(L0+DL-0.00569-0.00478*math.Sin((125.04-1934.136*T)*rad), 360)
	return int(math.Mod(L+360, 360) / 30)
}

// A lunar calendar is that of one time zone, in hours east of Greenwich.
type lunar struct{ hours float64 }

func (l lunar) newMoonDay(k int) float64 { return math.Floor(newMoon(float64(k)) + 0.5 + l.hours/24) }

func (l lunar) month11(year int) (k int) {
	off := jdn(year, time.December, 31) - 2415021
	k = int(math.Floor(off / 29.530588853))
	if sunTerm(l.newMoonDay(k), l.hours) >= 9 {
		k--
	}
	return k
}

// month is the first day of a month of a lunar year.
func (l lunar) month(year, month int) time.Time {
	k := l.month11(year - 1)
	next := l.month11(year)
	after := month + 1 // months after month 11
	if next-k > 12 {
		for i := 1; i <= after; i++ {
			if sunTerm(l.newMoonDay(k+i), l.hours) == sunTerm(l.newMoonDay(k+i+1), l.hours) { // no major term: the leap month
				after++
				break
			}
		}
	}
	return ofJDN(l.newMoonDay(k + after))
}

func jdn(year int, month time.Month, date int) float64 {
	return math.Floor(float64(time.Date(year, month, date, 12, 0, 0, 0, time.UTC).Unix())/86400 + 2440587.5 + 0.5)
}

func ofJDN(n float64) time.Time {
	u := time.Unix(int64((n-2440588)*86400), 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), 0, 0, 0, 0, bot.ICT)
}

// What was announced, and where Vietnam and China differ: 1985 (a month), 2007 and 2030 (a day).
func TestLunarOracle(t *testing.T) {
	t.Parallel()
	vietnam, china := lunar{7}, lunar{8}
	for want, got := range map[string]time.Time{
		"1968-01-29": vietnam.month(1968, 1), // the year of the change to UTC+7
		"1985-01-21": vietnam.month(1985, 1), "1985-02-20": china.month(1985, 1),
		"2007-02-17": vietnam.month(2007, 1), "2007-02-18": china.month(2007, 1),
		"2020-01-25": vietnam.month(2020, 1), "2023-01-22": vietnam.month(2023, 1),
		"2024-02-10": vietnam.month(2024, 1), "2025-01-29": vietnam.month(2025, 1), "2026-02-17": vietnam.month(2026, 1),
		"2030-02-02": vietnam.month(2030, 1), "2030-02-03": china.month(2030, 1),
		"2024-04-18": vietnam.month(2024, 3).AddDate(0, 0, 9), "2025-04-07": vietnam.month(2025, 3).AddDate(0, 0, 9),
		"2026-04-26": vietnam.month(2026, 3).AddDate(0, 0, 9), "2027-04-16": vietnam.month(2027, 3).AddDate(0, 0, 9),
	} {
		if got.Format(time.DateOnly) != want {
			t.Errorf("%s, want %s", got.Format(time.DateOnly), want)
		}
	}
}

// Every computed year of the table is what the law and the moon give: Labour Code art. 112 (with 24/11 by Nghị quyết 28/2026/QH16), Tết
// from the day before mùng 1 to mùng 4, and for each holiday on a day of rest the next working day (art. 111.3).
func TestComputedYears(t *testing.T) {
	t.Parallel()
	c := mustVietnam(t)
	for _, year := range c.TentativeYears() {
		want := map[string]bool{}
		var holidays []time.Time
		add := func(from time.Time, n int) {
			for i := range n {
				holidays = append(holidays, from.AddDate(0, 0, i))
			}
		}
		date := func(month time.Month, day int) time.Time { return time.Date(year, month, day, 0, 0, 0, 0, bot.ICT) }
		add(date(1, 1), 1)
		add(lunar{7}.month(year, 1).AddDate(0, 0, -1), 5)
		add(lunar{7}.month(year, 3).AddDate(0, 0, 9), 1)
		add(date(4, 30), 2)
		if day := date(9, 2).Weekday(); slices.Contains([]time.Weekday{time.Monday, time.Sunday, time.Thursday}, day) {
			add(date(9, 2), 2)
		} else { // the neighbour that gives the longer rest
			add(date(9, 1), 2)
		}
		add(date(11, 24), 1)
		off := map[string]bool{}
		for _, h := range holidays {
			off[h.Format(time.DateOnly)] = true
		}
		for _, h := range holidays {
			want[h.Format(time.DateOnly)] = true
			if wd := h.Weekday(); wd != time.Saturday && wd != time.Sunday {
				continue
			}
			rest := h
			for wd := rest.Weekday(); off[rest.Format(time.DateOnly)] || wd == time.Saturday || wd == time.Sunday; wd = rest.Weekday() {
				rest = rest.AddDate(0, 0, 1)
			}
			off[rest.Format(time.DateOnly)], want[rest.Format(time.DateOnly)] = true, true
		}
		got := map[string]bool{}
		for _, d := range c.Year(year) {
			got[d.Date.Format(time.DateOnly)] = true
			if !want[d.Date.Format(time.DateOnly)] {
				t.Errorf("%s should not be there", fmt.Sprint(d))
			}
		}
		for d := range want {
			if !got[d] {
				t.Errorf("%s is missing", d)
			}
		}
	}
}
