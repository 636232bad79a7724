package viet

import (
	_ "embed"
	"strings"
	"unicode"
)

// A value says how good a word is as Vietnamese.
type value uint8

const (
	wrong    value = iota // no syllable
	possible              // a syllable that spelling allows
	common                // a word that is frequent in names, lists and letters
)

//go:embed common.txt
var commonText string

// commonWords holds the key of every word of common.txt. Read-only.
var commonWords = readCommon(commonText)

func readCommon(text string) map[string]bool {
	m := make(map[string]bool)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			m[ToneKey(w)] = true
		}
	}
	return m
}

// eachWord calls do with every word of s that holds more than ASCII: what stands between blanks, digits and ASCII signs,
// without signs at its ends. odd says that it holds a sign that stands for a letter in some old encoding, as in
// "NguyÔn V¨n": no word of Unicode does.
func eachWord(s string, do func(word string, odd bool)) {
	for _, field := range strings.FieldsFunc(s, divides) {
		if isASCII(field) {
			continue
		}
		if quoted, ok := strings.CutSuffix(field, "»"); ok { // no word ends in ằ
			field = strings.TrimPrefix(quoted, "«")
		}
		field = strings.TrimRight(field, "®©") // nor in đ or â
		word := strings.TrimFunc(field, func(r rune) bool { return !isLetter(r) })
		switch {
		case word == "", isASCII(field):
		case strings.ContainsFunc(field, oddSign):
			do(field, true)
		case !isASCII(word):
			do(word, strings.ContainsFunc(word, func(r rune) bool { return !isLetter(r) }))
		}
	}
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) }

// divides reports what ends a word in any encoding: blanks and ASCII that is no letter, and the signs that typing programs
// set for an apostrophe or a hyphen.
func divides(r rune) bool {
	if r < 0x80 {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	return unicode.IsSpace(r) || r == '’' || r == '–'
}

// oddSign reports the signs of Latin-1 that are letters in TCVN3; beside letters they have no other business. ° ± ² ³ º
// are left out, for they do stand beside letters.
func oddSign(r rune) bool {
	return 0xA1 <= r && r <= 0xAE || 0xB5 <= r && r <= 0xBE && r != 0xBA || r == '×' || r == '÷'
}

// A tally counts the words of a text that hold more than ASCII.
type tally struct{ words, wrong, common, odd int }

func (t *tally) add(o tally) {
	t.words += o.words
	t.wrong += o.wrong
	t.common += o.common
	t.odd += o.odd
}

// share is how many of the words are syllables, 0 to 1.
func (t tally) share() float64 {
	if t.words == 0 {
		return 0
	}
	return float64(t.words-t.wrong) / float64(t.words)
}

// score is share with weight on frequent words, 0 to 1.
func (t tally) score() float64 {
	if t.words == 0 {
		return 0
	}
	return (float64(t.words-t.wrong) + 0.4*float64(t.common)) / (1.4 * float64(t.words))
}

// fine reports whether every word is a syllable; familiar, whether every word is frequent.
func (t tally) fine() bool     { return t.wrong == 0 }
func (t tally) familiar() bool { return t.common == t.words }

// count values the words of a text.
func (j *Judge) count(s string) tally {
	var t tally
	eachWord(s, func(word string, odd bool) {
		t.words++
		if odd {
			t.odd++
			t.wrong++
			return
		}
		switch j.value(word) {
		case wrong:
			t.wrong++
		case common:
			t.common++
		case possible:
		}
	})
	return t
}

// longest is more than any syllable has bytes: "nghiễng", decomposed, has 13.
const longest = 24

// maxKnown bounds what a Judge remembers, maxWork how many words it looks at closely, maxAlone how many samples it tries in
// every encoding, and maxBytes how much text it reads in all, each reading counted. A list has a few thousand different words; a file made to keep the desk busy has millions, and
// what is left of it then is doubted.
const (
	maxKnown = 1 << 16
	maxWork  = 1 << 20
	maxAlone = 1 << 15
	maxBytes = 48 << 20
)

// value values one word, and remembers it.
func (j *Judge) value(word string) value {
	if len(word) > longest {
		return wrong
	}
	if v, known := j.known[word]; known {
		return v
	}
	if j.work++; j.work > maxWork {
		return wrong
	}
	v := wrong
	plain := eths.Replace(word) // Ð for Đ is Unicode typed on a foreign keyboard, no old encoding
	if !lateCapital(word) && IsSyllable(plain) {
		v = possible
		if commonWords[ToneKey(plain)] {
			v = common
		}
	}
	if len(j.known) < maxKnown {
		j.known[strings.Clone(word)] = v
	}
	return v
}

var eths = strings.NewReplacer("Ð", "Đ", "ð", "đ", "Ɖ", "Đ", "ɖ", "đ")

// lateCapital reports a capital beyond ASCII behind a small letter, as in "TrÀn" (VPS) or "ChÝ" (TCVN3): nobody types that.
func lateCapital(word string) bool {
	small := false
	for _, r := range word {
		if small && r >= 0x80 && unicode.IsUpper(r) {
			return true
		}
		small = small || unicode.IsLower(r)
	}
	return false
}
