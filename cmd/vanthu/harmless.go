package main

import (
	"strings"
	"unicode"
)

// harmless makes one line of a foreign text: what would move the cursor, colour the terminal, ring, turn the direction of text
// or hide becomes "·", and beyond limit characters it is cut.
func harmless(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

// harmlessText is harmless for several lines, each behind a bar, so that none can be taken for ours.
func harmlessText(s string, lines, width int) string {
	var b strings.Builder
	for i, l := range strings.Split(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), "\n") {
		if i == lines {
			b.WriteString("| … (more: vanthu mail raw)\n")
			break
		}
		b.WriteString("| " + harmless(l, width) + "\n")
	}
	return b.String()
}
