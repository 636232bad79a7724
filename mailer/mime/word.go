package mime

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// encodedWord is RFC 2047 as it is written: with blanks inside, without the blank between two, with a language (RFC 2231
// §5), within quotes, and cut off at the end of the field. The text ends at the first "?=", which in Q must be written otherwise.
var encodedWord = regexp.MustCompile(`=\?([A-Za-z0-9_.:+\-]{1,40})(?:\*[A-Za-z0-9\-]*)?\?([bBqQ])\?(.*?)(?:\?=|$)`)

// word decodes a field's text: RFC 2047 words wherever they stand, and raw 8-bit.
func word(s string) string {
	if !utf8.ValidString(s) {
		s = decodeText([]byte(s), "")
	}
	return clean(words(s))
}

// words decodes encoded words. Neighbours in one charset are joined before they are decoded: programs cut at bytes, in the
// middle of a letter. Blanks between neighbours do not count (RFC 2047 §6.2).
func words(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	found := encodedWord.FindAllStringSubmatchIndex(s, -1)
	if len(found) == 0 {
		return s
	}
	var b strings.Builder
	var run []byte // bytes of neighbours that are not decoded yet
	label, at := "", 0
	flush := func() {
		b.WriteString(decodeText(run, label))
		run = run[:0]
	}
	open := "" // base64 of the word before, which was cut in the middle of a group
	for i, m := range found {
		between := s[at:m[0]]
		next, encoding, text := strings.ToLower(s[m[2]:m[3]]), s[m[4]]|0x20, s[m[6]:m[7]]
		joined := i > 0 && strings.Trim(between, " \t\r\n") == ""
		goesOn := joined && next == label
		if open != "" && !(goesOn && encoding == 'b') {
			run = append(run, wordBytes('b', open)...)
			open = ""
		}
		if i > 0 && !goesOn {
			flush()
		}
		if !joined {
			b.WriteString(between)
		}
		label, at = next, m[1]
		if text, open = open+text, ""; encoding == 'b' && len(text)%4 != 0 && len(text) < 300 && !strings.HasSuffix(text, "=") {
			open = text
			continue
		}
		run = append(run, wordBytes(encoding, text)...)
	}
	run = append(run, wordBytes('b', open)...)
	flush()
	b.WriteString(s[at:])
	return b.String()
}

// wordBytes undoes the B or Q of one word.
func wordBytes(encoding byte, text string) []byte {
	if encoding == 'b' {
		data, _ := decodeBase64([]byte(text))
		return data
	}
	data := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '_' {
			c = ' '
		}
		if c == '=' && i+2 < len(text) {
			if hi, lo := hexValue(text[i+1]), hexValue(text[i+2]); hi < 16 && lo < 16 {
				c = hi<<4 | lo
				i += 2
			}
		}
		data = append(data, c)
	}
	return data
}

// tolerantReader decodes a known charset and guesses for an unknown one; it never refuses.
func tolerantReader(label string, in io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(decodeText(data, label)), nil
}
