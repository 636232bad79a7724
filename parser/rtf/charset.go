package rtf

import (
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// A page is a code page by its Windows number.
type page int

const (
	western page = 1252
	utf8    page = 65001
)

// The code pages of which the reader knows the characters. Those of two bytes (932, 936, 949, 950) are not among them: every
// writer since Word 97 gives such characters as \u, too, and their bytes are then passed over.
var tables = map[page]*charmap.Charmap{
	437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 866: charmap.CodePage866, 874: charmap.Windows874,
	1250: charmap.Windows1250, 1251: charmap.Windows1251, western: charmap.Windows1252, 1253: charmap.Windows1253,
	1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257,
	1258: charmap.Windows1258, 10000: charmap.Macintosh,
}

// charsets are the code pages of \fcharset (RTF 1.9.1 "Font Table"). 1 is the file's own; 2 is Symbol, whose bytes are names
// of drawings.
var charsets = map[int]page{
	0: western, 2: western, 77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255,
	178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250, 254: 437, 255: 850,
}

// A font is one line of the font table.
type font struct {
	name    string
	charset int  // -1: none said
	page    page // of \cpg, 0: none said
}

// legacy are the beginnings of the names of Vietnamese fonts of the time before Unicode: their bytes are shapes, and the file
// keeps them as the characters that windows-1252 has in their place.
var legacy = []string{".vn", "vn", "vni-", "vps ", "vi "}

// codePage returns the code page of a text in that font.
func (f font) codePage(own page) page {
	if f.page != 0 {
		return f.page
	}
	if p, ok := charsets[f.charset]; ok {
		return p
	}
	name := strings.ToLower(f.name)
	for _, l := range legacy {
		if strings.HasPrefix(name, l) {
			return western
		}
	}
	return own
}

// decode returns the characters of bytes. A byte that the page does not know is U+FFFD: it must not pass for a letter.
func (p page) decode(b []byte) string {
	if p == utf8 {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	table := tables[p]
	var s strings.Builder
	s.Grow(len(b))
	for _, c := range b {
		switch {
		case c < 0x80:
			s.WriteByte(c)
		case table == nil:
			s.WriteRune('\uFFFD')
		default:
			s.WriteRune(table.DecodeByte(c))
		}
	}
	return s.String()
}
