package viet

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// IsSyllable reports whether word (one syllable, any case, either tone placement) follows Vietnamese spelling: an onset,
// a rime, and with a final c, ch, p or t only the tones sắc and nặng. Names of minorities and foreigners often do not and
// are right all the same, so a "no" is only worth a hint (NAM-07).
func IsSyllable(word string) bool {
	if n, placed := marks(word); n > 1 || !placed {
		return false
	}
	s, tone := liftTone(word)
	onset, rime, ok := split(s)
	if !ok {
		return false
	}
	if stopped(rime) && tone != sac && tone != nang {
		return false
	}
	return fits(onset, rime)
}

// marks counts the tones written in word; placed is false when one stands on a consonant (the ñ of Ñinh is no n).
func marks(word string) (n int, placed bool) {
	placed = true
	for _, r := range word {
		p, known := parts(unicode.ToLower(r))
		if !known {
			return anyMarks(word)
		}
		if p.tone != ngang {
			n++
			placed = placed && strings.ContainsRune("aăâeêioôơuưy", p.base)
		}
	}
	return n, placed
}

// anyMarks is marks for any text.
func anyMarks(word string) (n int, placed bool) {
	vowel := false
	placed = true
	for _, r := range norm.NFD.String(word) {
		switch {
		case toneOf(r) != ngang:
			n++
			placed = placed && vowel
		case !unicode.Is(unicode.Mn, r):
			vowel = strings.ContainsRune("aeiouyAEIOUY", r)
		}
	}
	return n, placed
}

func stopped(rime string) bool {
	return strings.HasSuffix(rime, "c") || strings.HasSuffix(rime, "ch") || strings.HasSuffix(rime, "p") || strings.HasSuffix(rime, "t")
}

// split finds the onset and the rime of a syllable without tone. "qu" and "gi" are written together with their rime:
// quang is q+uang, written for q+oang; giêng is gi+iêng.
func split(s string) (onset, rime string, ok bool) {
	if rest, is := strings.CutPrefix(s, "qu"); is {
		return "q", rest, rest != "" && (rimes[rest] || rimes["u"+rest])
	}
	if rest, is := strings.CutPrefix(s, "gi"); is {
		if rest == "" || rimes["i"+rest] {
			return "gi", "i" + rest, true
		}
		return "gi", rest, rimes[rest]
	}
	for n := min(3, len(s)); n >= 1; n-- {
		if onsets[s[:n]] && rimes[s[n:]] {
			return s[:n], s[n:], true
		}
	}
	return "", s, rimes[s]
}

// fits holds the spelling rules between onset and vowel: k, gh, ngh stand before e, ê, i, y; c, g, ng before the others.
func fits(onset, rime string) bool {
	front := strings.HasPrefix(rime, "e") || strings.HasPrefix(rime, "ê") || strings.HasPrefix(rime, "i") || strings.HasPrefix(rime, "y")
	switch onset {
	case "k", "gh", "ngh":
		return front
	case "c", "g", "ng":
		return !front
	}
	return true
}

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// The onsets and rimes of Vietnamese spelling, without tone. đ is two bytes long, like the digraphs.
var (
	onsets = set(`b c ch d đ g gh h k kh l m n ng ngh nh p ph r s t th tr v x`)
	rimes  = set(`
		a ac ach ai am an ang anh ao ap at au ay
		ăc ăm ăn ăng ăp ăt
		âc âm ân âng âp ât âu ây
		e ec em en eng eo ep et
		ê êch êm ên ênh êp êt êu
		i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
		o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot
		ô ôc ôi ôm ôn ông ôp ôt
		ơ ơi ơm ơn ơp ơt
		u ua uân uâng uât uây uc uê uêch uênh uêu ui um un ung uôc uôi uôm uôn uông uôt uơ up ut
		uy uya uych uyên uyêt uynh uyp uyt uyu
		ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu
		y yêm yên yêng yêt yêu`)
)
