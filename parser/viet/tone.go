package viet

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The tones in the order of the Unicode collation tables, as ToneKey writes them.
const (
	ngang = iota
	huyen
	hoi
	nga
	sac
	nang
)

func toneOf(mark rune) int {
	switch mark {
	case '\u0300':
		return huyen
	case '\u0309':
		return hoi
	case '\u0303':
		return nga
	case '\u0301':
		return sac
	case '\u0323':
		return nang
	}
	return ngang
}

// ToneKey returns a key that is equal for two spellings that differ only in case and in where the tone is written:
// "Thuỳ" and "Thùy" are both "thuy1". "Mỹ" and "Mĩ" are different spellings and stay apart (NAM-09, ROW-17).
func ToneKey(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		base, tone := liftTone(w)
		words[i] = base + string(rune('0'+tone))
	}
	return strings.Join(words, " ")
}

// liftTone splits one word into its lower-case letters without tone (NFC) and its tone; of several tones the first counts.
func liftTone(word string) (string, int) {
	tone := ngang
	var b strings.Builder
	b.Grow(len(word))
	for _, r := range word {
		p, known := parts(unicode.ToLower(r))
		if !known {
			return liftAnyTone(word)
		}
		b.WriteRune(p.base)
		if tone == ngang {
			tone = int(p.tone)
		}
	}
	return b.String(), tone
}

// A part is a letter without its tone, and the tone.
type part struct {
	base rune
	tone uint8
}

// The letters of Vietnamese and their neighbours, taken apart: the common case, in which no normalization is needed.
// Read-only.
var (
	latinParts = takeApart(0, 0x250)
	vietParts  = takeApart(0x1EA0, 0x1EFA)
)

func takeApart(from, to rune) []part {
	all := make([]part, 0, to-from)
	for r := from; r < to; r++ {
		base, tone := liftAnyTone(string(r))
		p := part{base: r, tone: ngang}
		if letters := []rune(base); len(letters) == 1 && unicode.ToLower(r) == r {
			p = part{letters[0], uint8(tone)}
		}
		all = append(all, p)
	}
	return all
}

// parts takes a small letter apart; known is false for what only normalization can tell.
func parts(r rune) (p part, known bool) {
	switch {
	case r < 0x250:
		return latinParts[r], true
	case 0x1EA0 <= r && r < 0x1EFA:
		return vietParts[r-0x1EA0], true
	}
	return part{}, false
}

// liftAnyTone is liftTone for any text.
func liftAnyTone(word string) (string, int) {
	tone := ngang
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(word)) {
		if t := toneOf(r); t != ngang {
			if tone == ngang {
				tone = t
			}
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String()), tone
}

// TitleCase proposes the usual capitals for a name that is written in one case throughout ("LÊ HOÀNG PHÚC"), also after
// an apostrophe ("H'Hen"). A name in mixed case is returned as it is. It is a proposal to be shown (NAM-04): only the unit
// knows how the person writes the name.
func TitleCase(s string) string {
	if s != strings.ToUpper(s) && s != strings.ToLower(s) {
		return s
	}
	if len([]rune(s)) < 2 {
		return s
	}
	start := true
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
			start = true
			return r
		}
		if start {
			start = false
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}
