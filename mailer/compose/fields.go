package compose

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vanthu/mailer/mime"
)

const (
	foldAt     = 76 // a line stays below the 78 of RFC 5322 §2.1.1
	wordBytes  = 36 // of text in one encoded-word: 60 letters, within the 75 of RFC 2047 §2 and short enough for a first line
	longestRaw = 60 // a longer word is encoded, so that the line can be folded within it
)

// writeField writes a field from words that may stand on lines of their own.
func writeField(b *bytes.Buffer, name string, words []string) {
	b.WriteString(name + ":")
	column := len(name) + 1
	for i, word := range words {
		if i > 0 && column+1+len(word) > foldAt {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(" " + word)
		column += 1 + len(word)
	}
	b.WriteString("\r\n")
}

// textWords are the words of an unstructured field. A word of plain ASCII stays as it is, so that "[YC-2026-0042]" can be
// found with any tool; only what lies between such words is encoded (RFC 2047 §5). White space counts as one space.
func textWords(s string) []string {
	var words, run []string
	flush := func() {
		if len(run) > 0 {
			words = append(words, encodedWords(strings.Join(run, " "))...)
			run = nil
		}
	}
	for _, word := range strings.Fields(strings.ToValidUTF8(s, "\uFFFD")) {
		if isPlain(word) && len(word) <= longestRaw {
			flush()
			words = append(words, word)
			continue
		}
		run = append(run, word)
	}
	flush()
	return words
}

// isPlain says whether a word can stand raw: printable ASCII that nobody takes for an encoded-word.
func isPlain(word string) bool {
	return isASCII(word) && !strings.Contains(word, "=?") && !strings.ContainsFunc(word, unicode.IsControl)
}

// encodedWords writes a text as encoded-words of base64, cut between letters.
func encodedWords(text string) []string {
	var words []string
	for text != "" {
		n := min(wordBytes, len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(text[:n]))+"?=")
		text = text[n:]
	}
	return words
}

// addressWords are the words of an address list, with the commas.
func addressWords(list []mime.Address) []string {
	var words []string
	for i, a := range list {
		words = append(words, phrase(a.Name)...)
		word := "<" + a.Address + ">"
		if a.Name == "" {
			word = a.Address
		}
		if i < len(list)-1 {
			word += ","
		}
		words = append(words, word)
	}
	return words
}

// phrase writes a display name (RFC 5322 §3.2.5): atoms, a quoted string, or encoded-words.
func phrase(name string) []string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "\uFFFD")), " ")
	switch {
	case name == "":
		return nil
	case !isPlain(strings.ReplaceAll(name, " ", "")) || len(name) > longestRaw:
		return encodedWords(name)
	case strings.ContainsAny(name, "()<>[]:;@\\,.\""):
		return []string{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`}
	default:
		return strings.Fields(name)
	}
}

// writeAttachment writes one attachment with its fields. The name stands twice: filename* is right (RFC 2231), filename is
// for programs that read nothing else (RFC 6266 §5).
func writeAttachment(b *bytes.Buffer, a Attachment) {
	name := mime.CleanName(a.Name)
	fallback := asciiName(name)
	charset := ""
	if strings.HasPrefix(a.Type, "text/") && utf8.Valid(a.Data) { // without it, text is US-ASCII (RFC 2046 §4.1.2)
		charset = "; charset=utf-8"
	}
	fmt.Fprintf(b, "Content-Type: %s%s\r\nContent-Transfer-Encoding: base64\r\n", a.Type, charset)
	fmt.Fprintf(b, "Content-Disposition: attachment;\r\n filename=\"%s\"", fallback)
	if fallback != name {
		fmt.Fprintf(b, ";\r\n filename*=UTF-8''%s", extended(name))
	}
	b.WriteString("\r\n\r\n")
	writeBase64(b, a.Data)
}

// asciiName is the name without diacritics, "Danh sach.xlsx", and without what a reader might decode or unquote.
func asciiName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == 'đ':
			return 'd'
		case r == 'Đ':
			return 'D'
		case r < ' ' || r > '~' || strings.ContainsRune("\"\\%?", r):
			return '_'
		}
		return r
	}, norm.NFD.String(name))
}

// extended percent-encodes everything but the letters that RFC 2231 §7 leaves.
func extended(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || c == '-' || c == '.' || c == '_') {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
