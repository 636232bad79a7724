// Package viet knows Vietnamese text: the clean form of what people type, the fold to ASCII, a comparison key that does not
// care where the tone is written, and which syllables Vietnamese spelling allows.
//
// It knows letters only: no file formats, no columns, no people.
package viet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Changes says what Clean put right beyond blanks at either end.
type Changes uint8

// The kinds of change.
const (
	Composed  Changes = 1 << iota // decomposed or half-composed letters became NFC (NAM-05)
	Invisible                     // zero-width, soft hyphen or control characters were removed (NAM-05)
	Blanks                        // runs of blanks or unusual blanks became one blank (NAM-05)
	Eth                           // Ð, ð of Icelandic or Ɖ, ɖ of African letters became Đ, đ (NAM-06)
	Signs                         // typographic apostrophes and dashes became ' and -
)

// Clean returns the form in which a text is stored and compared, and what was changed: NFC, Đ for its look-alikes, plain
// apostrophe and hyphen, no invisible characters, single blanks, none at the ends. It never changes letter case, tone
// placement or spelling: a person's name is the person's.
func Clean(s string) (string, Changes) {
	if clean(s) {
		return s, 0
	}
	var did Changes
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	composed := norm.NFC.String(s)
	if composed != s {
		did |= Composed
	}
	var b strings.Builder
	b.Grow(len(composed))
	var blank rune // the last blank that is waiting for a letter behind it
	for _, r := range composed {
		if unicode.IsSpace(r) || r == '\u3000' {
			if b.Len() > 0 && (blank != 0 || r != ' ') {
				did |= Blanks
			}
			blank = r
			continue
		}
		mapped := sign(r)
		if mapped < 0 {
			did |= Invisible
			continue
		}
		if mapped != r {
			did |= changeOf(mapped)
		}
		if blank != 0 && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = 0
		b.WriteRune(mapped)
	}
	if last := strings.TrimRightFunc(composed, unicode.IsSpace); len(last) < len(composed) && did&Blanks != 0 && !innerBlanks(last) {
		did &^= Blanks // only blanks at the end
	}
	out := norm.NFC.String(b.String())
	return out, did
}

// innerBlanks reports whether s holds a run of blanks or an unusual one before its last letter.
func innerBlanks(s string) bool {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	was := false
	for _, r := range s {
		is := unicode.IsSpace(r)
		if is && (was || r != ' ') {
			return true
		}
		was = is
	}
	return false
}

// clean reports whether s is plain ASCII that Clean would return as it is: the common case for codes and numbers.
func clean(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == '`' {
			return false
		}
		if c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return false
		}
	}
	return true
}

// sign maps the look-alikes that Vietnamese keyboards and word processors produce; -1 removes the character.
func sign(r rune) rune {
	switch r {
	case 'Ð', 'Ɖ':
		return 'Đ'
	case 'ð', 'ɖ':
		return 'đ'
	case '’', '‘', 'ʼ', '`', '´':
		return '\''
	case '–', '‐', '‑':
		return '-'
	case '\u00AD', '\u2060', '\uFEFF':
		return -1
	}
	if r >= '\u200B' && r <= '\u200F' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || // messengers leave their marks of direction
		unicode.Is(unicode.Cc, r) {
		return -1
	}
	return r
}

func changeOf(mapped rune) Changes {
	if mapped == 'Đ' || mapped == 'đ' {
		return Eth
	}
	return Signs
}

// Fold returns s in lower case without any mark, for headers, user names and searches: "Đặng Thuỳ" is "dang thuy".
// Latin letters become ASCII; letters of other scripts, digits and punctuation stay.
func Fold(s string) string {
	if isLowerASCII(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b = append(b, byte(r))
		case r < foldedLatin && folded[r] != "":
			b = append(b, folded[r]...)
		default:
			b = appendFolded(b, r)
		}
	}
	return string(b)
}

// folded holds what the letters of European and Vietnamese spelling fold to: Fold meets hardly any others, and each of them
// would cost a decomposition.
const foldedLatin = 0x1F00

var folded = foldAll()

func foldAll() (table [foldedLatin]string) {
	for _, letters := range [][2]rune{{0xC0, 0x24F}, {0x1EA0, 0x1EFF}} {
		for r := letters[0]; r <= letters[1]; r++ {
			table[r] = string(appendFolded(nil, r))
		}
	}
	return table
}

// appendFolded folds one letter by its decomposition.
func appendFolded(b []byte, r rune) []byte {
	for _, r := range norm.NFD.String(string(r)) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		r = unicode.ToLower(r)
		switch r { // letters with a stroke have no decomposition
		case 'đ', 'ð', 'ɖ':
			r = 'd'
		case 'ƀ':
			r = 'b'
		case 'ø':
			r = 'o'
		case 'ł':
			r = 'l'
		case 'ı':
			r = 'i'
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

func isLowerASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}
