package reply

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// A line is one line of text without anything that a mail program could take for something else. What a unit or an
// officer typed enters a letter only as a line, so it cannot start a header field, a paragraph or a template action.
type line string

// Lengths, in characters, to which a foreign text is cut.
const (
	longest = 200  // of a name, a code, a file name
	speech  = 1500 // of a sentence: a rule's message, an officer's reason
)

// plain makes a line: control characters, line breaks and the invisible ones that turn the direction of text become
// blanks, runs of blanks one blank; beyond limit characters it is cut and ends in "…".
func plain(s string, limit int) line {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = strings.TrimRight(string(runes[:limit-1]), " ") + "…"
	}
	return line(s)
}

// escaped is what a reader of OOXML takes for one character: "_x0041_" (ECMA-376 part 1, §22.9.2.19 ST_Xstring).
var escaped = regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`)

// setText writes a cell of text: a shared string, never a formula. The library neither cuts a text to what a cell holds nor
// keeps "_x0041_" from being read as "A".
func setText(f *excelize.File, sheet, cell, text string) error {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > excelize.TotalCellChars {
		text = cut(text, excelize.TotalCellChars)
	}
	return f.SetCellStr(sheet, cell, escaped.ReplaceAllString(text, "_x005F_$1"))
}

// cut shortens a text to a number of UTF-16 units, which is how Excel counts.
func cut(s string, limit int) string {
	for i, r := range s {
		if limit -= utf16.RuneLen(r); limit < 0 {
			return s[:i]
		}
	}
	return s
}

// so writes a number as letters do: 01, 02 … 10, 11.
func so(n int) string { return fmt.Sprintf("%02d", n) }

// ngay writes a date in words, with a 0 before days under 10 and before January and February only (Decree
// 30/2020/NĐ-CP, Appendix I).
func ngay(t time.Time) string {
	year, month, day := t.In(bot.ICT).Date()
	if month <= time.February {
		return fmt.Sprintf("ngày %02d tháng %02d năm %d", day, month, year)
	}
	return fmt.Sprintf("ngày %02d tháng %d năm %d", day, month, year)
}

// ngan writes a date as in a table: 05/02/2026.
func ngan(t time.Time) string { return t.In(bot.ICT).Format("02/01/2006") }

// gio writes the time of day: "09 giờ 05 phút".
func gio(t time.Time) string { return t.In(bot.ICT).Format("15 giờ 04 phút") }

// date and clock are the English of ngay and gio.
func date(t time.Time) string { return t.In(bot.ICT).Format("2 January 2006") }

func clock(t time.Time) string { return t.In(bot.ICT).Format("15:04") }

func upper(l line) line { return line(strings.ToUpper(string(l))) }

// count writes an English number with its noun: "1 row", "12 rows".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// grouped writes a number in groups of three: 200.000.
func grouped(n int, separator string) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return digits
}

// isoDate reads the "2026-11-20" of a letter's date; the zero Time when there is none.
func isoDate(s string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, s, bot.ICT)
	if err != nil {
		return time.Time{}
	}
	return t
}
