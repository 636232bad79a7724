// Package charset finds out in which encoding a text file is written and decodes it: byte order mark, the pattern of NUL
// bytes, valid UTF-8, and at last which of the 8-bit encodings gives Vietnamese syllables.
//
// It must not know any file format. The legacy encodings that live in fonts (TCVN3, VNI, VPS, VISCII) are none of a file:
// their bytes are handed on as windows-1252 shows them, and are decided column by column.
package charset

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/unicode/norm"

	"vanthu/parser/viet"
)

// The names of encodings that are not UTF-8, as an answer shows them (ENC-05).
const (
	UTF16LE     = "UTF-16LE"
	UTF16BE     = "UTF-16BE"
	Windows1258 = "windows-1258"
	Windows1252 = "windows-1252"
)

const (
	markUTF8    = "\xef\xbb\xbf"
	markUTF16LE = "\xff\xfe"
	markUTF16BE = "\xfe\xff"
)

// Decode returns data as text without its byte order mark, and the name of its encoding, "" for UTF-8. What is no
// character in that encoding becomes U+FFFD, so that nothing is lost in silence (ENC-04).
func Decode(data []byte) (text, name string) {
	switch name = Wide(data); name {
	case UTF16LE, UTF16BE:
		return decodeWide(data, name == UTF16BE), name
	}
	data = bytes.TrimPrefix(data, []byte(markUTF8))
	if utf8.Valid(data) {
		return string(data), ""
	}
	if mostlyUTF8(data) {
		return strings.ToValidUTF8(string(data), "\uFFFD"), ""
	}
	if looks1258(data) {
		return vietnamese(data), Windows1258
	}
	return narrow(data, charmap.Windows1252), Windows1252
}

// DecodeAs is Decode for a file that declares its encoding by label ("utf-8", "windows-1258"). A mark, and content that
// contradicts the label, win: exports declare what their template said.
func DecodeAs(data []byte, label string) (text, name string) {
	enc, err := htmlindex.Get(strings.TrimSpace(label))
	if err != nil || Wide(data) != "" || utf8.Valid(data) {
		return Decode(data)
	}
	canonical, err := htmlindex.Name(enc)
	if err != nil || canonical == "utf-8" || strings.HasPrefix(canonical, "utf-16") {
		return Decode(data)
	}
	if canonical == Windows1252 { // what a template without a thought says; its bytes may be Vietnamese all the same
		return Decode(data)
	}
	if canonical == Windows1258 {
		return vietnamese(data), Windows1258
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return Decode(data)
	}
	return string(out), canonical
}

// Wide returns the name of the 16-bit encoding of data, by its mark or by its NUL bytes; "" when there is none.
func Wide(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte(markUTF16LE)):
		return UTF16LE
	case bytes.HasPrefix(data, []byte(markUTF16BE)):
		return UTF16BE
	}
	head := data[:min(4096, len(data))&^1]
	if len(head) < 4 {
		return ""
	}
	var nul, breaks [2]int // at even and at odd places
	for i, c := range head {
		switch c {
		case 0:
			nul[i&1]++
		case '\n', '\r', '\t', ' ', ',', ';':
			breaks[i&1]++
		}
	}
	// ASCII letters, digits, blanks and separators are bytes beside a NUL; a Vietnamese letter often is not.
	half := len(head) / 2
	switch {
	case nul[1]*5 >= 2*half && nul[0]*20 <= half && breaks[0] > breaks[1]:
		return UTF16LE
	case nul[0]*5 >= 2*half && nul[1]*20 <= half && breaks[1] > breaks[0]:
		return UTF16BE
	}
	return ""
}

func decodeWide(data []byte, big bool) string {
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		if big {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		} else {
			units = append(units, uint16(data[i+1])<<8|uint16(data[i]))
		}
	}
	if len(units) > 0 && units[0] == 0xFEFF {
		units = units[1:]
	}
	var b strings.Builder
	b.Grow(len(data))
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			var next rune
			if i+1 < len(units) {
				next = rune(units[i+1])
			}
			if r = utf16.DecodeRune(r, next); r != unicode.ReplacementChar {
				i++
			}
		}
		b.WriteRune(r)
	}
	if len(data)%2 == 1 {
		b.WriteRune(unicode.ReplacementChar)
	}
	return b.String()
}

// mostlyUTF8 recognises UTF-8 with a few broken bytes: a file cut through a letter, or patched by a program that counts
// bytes. In 8-bit text valid sequences are rare accidents.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		if !utf8.FullRune(data[i:]) { // cut
			break
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good > 0 && good >= 4*bad
}

// narrow decodes an 8-bit encoding. Bytes that it does not define stay what they are, as C1 characters: in the legacy
// encodings of fonts they are letters.
func narrow(data []byte, enc *charmap.Charmap) string {
	var table [256]rune
	for i := range table {
		table[i] = enc.DecodeByte(byte(i))
		if table[i] == unicode.ReplacementChar {
			table[i] = rune(i)
		}
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/4)
	for _, c := range data {
		if c < utf8.RuneSelf {
			b.WriteByte(c)
		} else {
			b.WriteRune(table[c])
		}
	}
	return b.String()
}

// vietnamese decodes windows-1258, whose tones are characters of their own behind the vowel: composing them is part of
// reading it.
func vietnamese(data []byte) string { return norm.NFC.String(narrow(data, charmap.Windows1258)) }

// enough runs of letters beyond ASCII are looked at for a decision.
const enough = 2000

// looks1258 reports whether 8-bit text is windows-1258: its words are Vietnamese when read so, and none is more so in an
// encoding of fonts, which is decided column by column.
func looks1258(data []byte) bool {
	var runs []viet.Sample
	for run := range names(data) {
		if slices.ContainsFunc(run, func(c byte) bool { return c >= utf8.RuneSelf }) {
			if runs = append(runs, viet.Sample{Text: narrow(run, charmap.Windows1252)}); len(runs) == enough {
				break
			}
		}
	}
	d := viet.Decide(runs)
	return d.Encoding == viet.CP1258 && !slices.ContainsFunc(d.Readings, func(r viet.Reading) bool {
		return r.Encoding != viet.Unicode && r.Encoding != viet.CP1258
	})
}

// names yields the runs of letters, blanks, hyphens and apostrophes: what is a cell or less in any format.
func names(data []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		start := 0
		for i := 0; i <= len(data); i++ {
			if i < len(data) {
				c := data[i]
				if c >= utf8.RuneSelf || 'a' <= c|0x20 && c|0x20 <= 'z' || c == ' ' || c == '-' || c == '\'' {
					continue
				}
			}
			if i > start && !yield(data[start:i]) {
				return
			}
			start = i + 1
		}
	}
}
