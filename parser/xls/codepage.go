package xls

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// bytesText gives the characters of an 8-bit string of BIFF5. Under a font of TCVN3 or VNI they are the windows-1252 view of
// the bytes, as BIFF8 stores them and as the decoder of legacy encodings expects; otherwise the font's character set, then
// the workbook's code page, says whether they are windows-1258.
func (b *book) bytesText(s []byte, f font) string {
	page := charmap.Windows1252
	if !legacy(f.name) && (f.charset == vietnameseCharset || b.codePage == 1258) {
		page = charmap.Windows1258
	}
	dst := make([]byte, 0, len(s)+len(s)/2)
	for _, c := range s {
		r := page.DecodeByte(c)
		if r == utf8.RuneError { // Windows gives undefined bytes the control character of the same number
			r = rune(c)
		}
		dst = utf8.AppendRune(dst, r)
	}
	return string(dst)
}

// vietnameseCharset is VIETNAMESE_CHARSET of FONT's bCharSet ([MS-XLS] §2.4.122).
const vietnameseCharset = 163

// legacy reports fonts whose letters are not those of their code page.
func legacy(font string) bool {
	font = strings.ToLower(font)
	for _, p := range []string{".vn", "vni", "vn", "vps", "bk", "abc"} {
		if strings.HasPrefix(font, p) {
			return true
		}
	}
	return false
}
