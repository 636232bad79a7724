package grid

import (
	"regexp"
	"strconv"
	"strings"
)

var numberRE = regexp.MustCompile(`^[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?$`)

// Digits returns the digits of a number as text formats store it, without an exponent and without a plus: Raw of a cell.
// ok is false when s is no number.
func Digits(s string) (digits string, ok bool) {
	plain := s != ""
	for i := range len(s) {
		plain = plain && '0' <= s[i] && s[i] <= '9'
	}
	if plain {
		return s, true
	}
	if s = strings.TrimSpace(s); !numberRE.MatchString(s) {
		return "", false
	}
	if !strings.ContainsAny(s, "eE+") {
		return s, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

// AsText takes the text out of ="0123", which is how exports as text keep a spreadsheet from making a number of it.
func AsText(s string) (text string, ok bool) {
	if len(s) > 3 && s[:2] == `="` && s[len(s)-1] == '"' && strings.IndexByte(s[2:len(s)-1], '"') < 0 {
		return s[2 : len(s)-1], true
	}
	return "", false
}
