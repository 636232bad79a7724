package viet

import "strings"

// Replaced reports whether letters of s were lost for good: the replacement character, or a question mark where a letter
// should stand ("Nguy?n").
func Replaced(s string) bool {
	if strings.ContainsRune(s, '\uFFFD') {
		return true
	}
	at := strings.IndexByte(s, '?')
	if at < 0 || strings.Contains(s, "://") || strings.ContainsRune(s, '@') {
		return false
	}
	r := []rune(s)
	before := ' ' // the character before a run of question marks
	for i, c := range r {
		switch {
		case c != '?':
			before = c
		case i+1 < len(r) && isLetter(r[i+1]) && (before == ' ' || isLetter(before)):
			return true
		}
	}
	return false
}

// lost reports whether a word of s, decoded from TCVN3, has lost its ư: U+00AD, the soft hyphen, which many programs
// throw away. Such a word is no syllable, and is a frequent one with an ư put in ("Dơng", "Nh"). stripped says that the
// whole column holds no soft hyphen; then rare syllables that an ư would make frequent are doubted, too ("Lu").
func (j *Judge) lost(s string, stripped bool) bool {
	for _, w := range strings.Fields(s) {
		if strings.ContainsAny(w, ".'’") { // abbreviations, and names such as H'Hen
			continue
		}
		w = strings.TrimFunc(w, func(r rune) bool { return !isLetter(r) })
		if len(w) < 2 || len(w) > longest || strings.ContainsFunc(w, func(r rune) bool { return !isLetter(r) }) {
			continue
		}
		v := j.value(w)
		if v == common || v == possible && !stripped {
			continue
		}
		for i := range w {
			if i > 0 && j.value(w[:i]+"ư"+w[i:]) == common {
				return true
			}
		}
		if j.value(w+"ư") == common {
			return true
		}
	}
	return false
}
