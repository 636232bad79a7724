package viet

import "strings"

// Suspect reports whether a text needs a Decision: it may be in an old encoding, or letters of it were replaced. It is
// quick to say no of ASCII, and of Unicode with letters that only Unicode has, which is nearly everything that comes.
func (j *Judge) Suspect(text, font string) bool {
	question, beyond, closed, signs := false, false, false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < 0x80:
			question = question || c == '?'
			continue
		case c == 0xC2: // U+0080 to U+00BF: signs, but for the blank
			signs = signs || i+1 < len(text) && text[i+1] != 0xA0
		case c == 0xC4, c == 0xC5, c == 0xC6, c == 0xE1: // mostly Vietnamese letters beyond Latin-1
			closed = true
		case c == 0xEF:
			signs = true
		}
		beyond = true
	}
	if question && Replaced(text) {
		return true
	}
	if !beyond {
		return false
	}
	if signs {
		return true
	}
	if font != j.font {
		hint, _ := FontEncoding(font)
		j.font, j.old = font, hint != Unicode
	}
	if j.old {
		return true
	}
	if closed && strings.ContainsFunc(text, onlyUnicode) {
		return false
	}
	if j.allFine(text) {
		return false
	}
	if j.count(text).wrong > 0 {
		return true
	}
	for w := range strings.SplitSeq(text, " ") {
		if len(j.fine) < maxKnown && len(w) <= longest && !isASCII(w) {
			j.fine[strings.Clone(w)] = true
		}
	}
	return false
}

// allFine reports whether every part of a text that is not ASCII was seen in a text that was right.
func (j *Judge) allFine(text string) bool {
	for start := 0; start < len(text); {
		end := start
		ascii := true
		for end < len(text) && text[end] != ' ' {
			ascii = ascii && text[end] < 0x80
			end++
		}
		if !ascii && !j.fine[text[start:end]] {
			return false
		}
		start = end + 1
	}
	return true
}
