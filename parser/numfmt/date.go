package numfmt

import (
	"math"
	"strconv"
)

// A moment is a serial number as a date and a time of day.
type moment struct {
	year, month, day int
	weekday          int // 0: Sunday
	ms               int // of the day
	serial           float64
}

const (
	msOfDay   = 24 * 60 * 60 * 1000
	lastDay   = 2958465 // 31 December 9999
	offset04  = 1462    // days from 1900's day 0 to 1904's
	leapError = 60      // 29 February 1900, which never was (§18.17.4.1)
)

// timeOf reads a serial number; false for one that is no date. Seconds are rounded to what is shown of them, minutes and
// hours cut off.
func timeOf(v float64, date1904 bool, s *section) (moment, bool) {
	if date1904 {
		v += offset04
	}
	if v < 0 || v >= lastDay+1 || math.IsNaN(v) {
		return moment{}, false
	}
	unit := 1.0 // milliseconds: what a double holds of a day in our time
	if s.seconds {
		unit = 1000 / math.Pow10(s.subsecond)
	}
	day := math.Floor(v)
	ms := math.Round((v-day)*msOfDay/unit) * unit
	if ms >= msOfDay {
		day++
		ms = 0
	}
	m := moment{ms: int(ms), serial: day + ms/msOfDay}
	if date1904 {
		m.serial -= offset04
	}
	n := int(day)
	m.weekday = (n + 6) % 7
	switch {
	case n == leapError:
		m.year, m.month, m.day = 1900, 2, 29
	case n == 0:
		m.year, m.month, m.day = 1900, 1, 0
	default:
		if n < leapError {
			n++
		}
		m.year, m.month, m.day = civil(n - 25569) // days since 1970
	}
	return m, n <= lastDay
}

// civil turns days since 1 January 1970 into a date of the Gregorian calendar.
func civil(days int) (year, month, day int) {
	days += 719468 // since 1 March of the year 0
	era := days / 146097
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	year = yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

var (
	months     = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdays   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	weekdaysVN = [...]string{"Chủ Nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"}
	shortVN    = [...]string{"CN", "T2", "T3", "T4", "T5", "T6", "T7"}
)

// showDate adds a date.
func (s *section) showDate(b []byte, m moment) []byte {
	for _, p := range s.parts {
		switch p.op {
		case opLiteral:
			b = append(b, p.text...)
		case opRoom:
			b = append(b, ' ')
		case opYear:
			b = year(b, m.year, p.n)
		case opBuddhist:
			b = year(b, m.year+543, p.n)
		case opMonth:
			b = s.month(b, m.month, p.n)
		case opDay:
			b = s.day(b, m, p.n)
		case opHour:
			h := m.ms / 3_600_000
			if s.half {
				if h %= 12; h == 0 {
					h = 12
				}
			}
			b = padded(b, h, p.n)
		case opMinute:
			b = padded(b, m.ms/60_000%60, p.n)
		case opSecond:
			b = padded(b, m.ms/1000%60, p.n)
		case opFraction:
			b = append(b, '.')
			ms := strconv.Itoa(1000 + m.ms%1000)
			b = append(b, ms[1:1+p.n]...)
		case opAMPM:
			b = s.noon(b, p.text, m.ms >= msOfDay/2)
		case opHours:
			b = elapsed(b, m.serial*24, p.n)
		case opMinutes:
			b = elapsed(b, m.serial*24*60, p.n)
		case opSeconds:
			b = elapsed(b, m.serial*24*60*60, p.n)
		}
	}
	return b
}

func padded(b []byte, v, n int) []byte {
	if n > 1 && v < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(v), 10)
}

// elapsed adds hours, minutes or seconds without an end; what a double lacks to the next one is forgiven.
func elapsed(b []byte, v float64, n int) []byte {
	s := strconv.FormatInt(int64(math.Floor(v+1e-6)), 10)
	for range n - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func year(b []byte, y, n int) []byte {
	if n < 3 {
		return padded(b, y%100, 2)
	}
	return strconv.AppendInt(b, int64(y), 10)
}

func (s *section) month(b []byte, m, n int) []byte {
	if n < 3 {
		return padded(b, m, n)
	}
	if s.vietnam {
		switch n {
		case 3:
			b = append(b, "Thg "...)
		case 5:
			b = append(b, "T "...)
		default:
			b = append(b, "Tháng "...)
		}
		return strconv.AppendInt(b, int64(m), 10)
	}
	name := months[m-1]
	switch n {
	case 3:
		name = name[:3]
	case 5:
		name = name[:1]
	}
	return append(b, name...)
}

func (s *section) day(b []byte, m moment, n int) []byte {
	switch {
	case n < 3:
		return padded(b, m.day, n)
	case s.vietnam && n == 3:
		return append(b, shortVN[m.weekday]...)
	case s.vietnam:
		return append(b, weekdaysVN[m.weekday]...)
	case n == 3:
		return append(b, weekdays[m.weekday][:3]...)
	}
	return append(b, weekdays[m.weekday]...)
}

// noon adds AM or PM, as short as the code writes it.
func (s *section) noon(b []byte, code string, pm bool) []byte {
	before, after := "AM", "PM"
	if s.vietnam {
		before, after = "SA", "CH"
	}
	if pm {
		before = after
	}
	if len(code) < 5 {
		before = before[:1]
	}
	return append(b, before...)
}
