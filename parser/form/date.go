package form

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"vanthu/parser"
	"vanthu/parser/grid"
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
	return dated(n, m[1], m[2], m[3]), true
}

func dated(n line, day, month, year string) parser.Date {
	d := parser.Date{Text: n.text, At: n.at}
	d.Day, _ = strconv.Atoi(day)
	d.Month, _ = strconv.Atoi(month)
	d.Year, _ = strconv.Atoi(year)
	d.Valid = d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= daysOf(d.Year, d.Month) && d.Year > 0
	return d
}

var (
	dayRE = regexp.MustCompile(`^(?:ngay )?(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})$`)
	isoRE = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})`)
)

// cellDate reads a cell that holds a date alone: as stored (a serial number of days, or ISO 8601), else as it is written in
// Vietnam, the day first.
func cellDate(c grid.Cell, v parser.Value) (parser.Date, bool) {
	n := line{text: v.Text, at: v.At}
	if m := isoRE.FindStringSubmatch(v.Raw); m != nil {
		return dated(n, m[3], m[2], m[1]), true
	}
	if days, err := strconv.ParseFloat(v.Raw, 64); err == nil && c.Kind == grid.Date && days > 60 && days < 100_000 {
		t := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days)) // ECMA-376 part 1 §18.17.4.1
		return parser.Date{Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Valid: true, Text: v.Text, At: v.At}, true
	}
	if m := dayRE.FindStringSubmatch(viet.Fold(v.Text)); m != nil {
		return dated(n, m[1], m[2], m[3]), true
	}
	return parser.Date{}, false
}

var (
	decisionRE   = regexp.MustCompile(`\b(?:quyet dinh|qd)\b[^0-9]{0,40}?(?:\bso\b)?\s*:?\s*(\d+[a-z]?\s*/\s*[a-z0-9&-]+(?:\s*/\s*[a-z0-9&-]+)*)`)
	bareNumberRE = regexp.MustCompile(`\b(?:quyet dinh|qd)\b[^0-9]{0,20}\bso\s*:?\s*(\d{1,6})\b`)
)

// decision reads the number and the date of a decision that a line names: "Quyết định số 1234/QĐ-ĐHYDVD ngày 01/10/2026".
func decision(n line, fold string) (parser.Value, parser.Date) {
	if !strings.Contains(fold, "qd") && !strings.Contains(fold, "quyet dinh") {
		return parser.Value{}, parser.Date{}
	}
	m := decisionRE.FindStringSubmatchIndex(fold)
	if m == nil {
		m = bareNumberRE.FindStringSubmatchIndex(fold)
	}
	if m == nil {
		return parser.Value{}, parser.Date{}
	}
	v := parser.Value{Text: strings.Trim(shownAt(n.text, fold, m[2], m[3]), " -/"), Raw: n.text, At: n.at}
	d, _ := parseDate(line{text: shownAt(n.text, fold, m[3], len(fold)), at: n.at})
	return v, d
}

// shownAt returns what stands in text where fold, its folded form, has bytes from to to.
func shownAt(text, fold string, from, to int) string {
	runes := []rune(text)
	first, last := len([]rune(fold[:from])), len([]rune(fold[:to]))
	if last > len(runes) {
		return fold[from:to]
	}
	return string(runes[first:last])
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
