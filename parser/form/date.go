package form

import (
	"regexp"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/viet"
)

// "ngày 05 tháng 11 năm 2026", "ngày 5/11/2026", folded.
var (
	longDateRE  = regexp.MustCompile(`ngay\s*(\d{1,2})\s*thang\s*(\d{1,2})\s*nam\s*(\d{4})\b`)
	shortDateRE = regexp.MustCompile(`ngay\s*:?\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})\b`)
)

// parseDate reads the first date of a line that says "ngày".
func parseDate(n line) (parser.Date, bool) {
	text := viet.Fold(n.text)
	m := longDateRE.FindStringSubmatch(text)
	if m == nil {
		m = shortDateRE.FindStringSubmatch(text)
	}
	if m == nil {
		return parser.Date{}, false
	}
	d := parser.Date{Text: n.text, At: n.at}
	d.Day, _ = strconv.Atoi(m[1])
	d.Month, _ = strconv.Atoi(m[2])
	d.Year, _ = strconv.Atoi(m[3])
	d.Valid = d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= daysOf(d.Year, d.Month) && d.Year > 0
	return d, true
}

func daysOf(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
