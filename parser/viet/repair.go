package viet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// repairCase gives back capitals that TCVN3 cannot write. Capitals with a tone are small letters there, drawn large by a
// font; text set in another font comes out as "NGUYễN". A word whose ASCII letters are all capitals becomes capitals, and
// so do all words where no ASCII letter is small. names says that every word begins with a capital: then "ánh", which had
// no way to be written "Ánh", does too.
func repairCase(s string, names bool) string {
	if isASCII(s) {
		return s
	}
	whole := 0 // ASCII capitals of the word that has most of them
	small := false
	words := strings.FieldsFunc(s, unicode.IsSpace)
	for _, w := range words {
		up, low := asciiCase(w)
		whole = max(whole, up)
		small = small || low > 0
	}
	if whole >= 2 && !small {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		at := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) })
		if at < 0 {
			break
		}
		b.WriteString(s[:at])
		s = s[at:]
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		w := s[:end]
		s = s[end:]
		if up, low := asciiCase(w); up >= 2 && low == 0 {
			w = strings.ToUpper(w)
		} else if r, n := utf8.DecodeRuneInString(w); names && toned(r) {
			w = string(unicode.ToUpper(r)) + w[n:]
		}
		b.WriteString(w)
	}
	b.WriteString(s)
	return b.String()
}

func asciiCase(w string) (capitals, small int) {
	for i := range len(w) {
		switch c := w[i]; {
		case 'A' <= c && c <= 'Z':
			capitals++
		case 'a' <= c && c <= 'z':
			small++
		}
	}
	return capitals, small
}

// toned reports a small vowel with a tone, which TCVN3 has in small only.
func toned(r rune) bool {
	if r < 0x80 || !unicode.IsLower(r) {
		return false
	}
	p, _ := parts(r)
	return p.tone != ngang
}

// initials counts the words that begin with a letter whose case TCVN3 can tell, and those of them that are capitals.
func initials(s string) (capitals, all int) {
	for _, w := range strings.FieldsFunc(s, unicode.IsSpace) {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsLetter(r) || toned(r) {
			continue
		}
		all++
		if unicode.IsUpper(r) {
			capitals++
		}
	}
	return capitals, all
}
