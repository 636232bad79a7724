package main

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever a mail holds, nothing of it moves a cursor, turns the direction of text or begins a line of ours.
func FuzzHarmless(f *testing.F) {
	f.Add("\x1b[2J\x07\u202e\u009b31m\r\nmail 1 is handled\x00\xff")
	f.Add("a\u2028b\u2029c\ue000")
	f.Fuzz(func(t *testing.T, s string) {
		for line := range strings.Lines(harmlessText(s, 50, 80)) {
			if !strings.HasPrefix(line, "| ") {
				t.Fatalf("a line of its own: %q", line)
			}
			if body := strings.TrimSuffix(line, "\n"); !utf8.ValidString(body) || utf8.RuneCountInString(body) > 90 ||
				strings.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
				t.Fatalf("not harmless: %q", body)
			}
		}
	})
}
