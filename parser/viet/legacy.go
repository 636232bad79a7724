package viet

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// An Encoding is what the characters of a text really are. All but Unicode come from bytes of an older encoding that some
// program took for windows-1252 (or Latin-1): the file is valid, only a font of the right family shows what was meant.
type Encoding uint8

// The encodings, the commonest first.
const (
	Unicode   Encoding = iota // as it stands
	TCVN3                     // ABC; fonts .VnTime, .VnArial … and their capitals .VnTimeH
	VNI                       // fonts VNI-Times …
	CP1258                    // windows-1258 bytes read as windows-1252
	UTF8                      // UTF-8 bytes read as windows-1252
	UTF8Twice                 // the same done twice
	UTF8Via58                 // UTF-8 bytes read as windows-1258, as Excel does on a Vietnamese Windows
	VISCII                    // RFC 1456
	VPS
	encodings // how many there are
)

var encodingNames = [encodings]string{
	"Unicode", "TCVN3 (ABC)", "VNI", "windows-1258", "UTF-8 read as windows-1252", "UTF-8 read as windows-1252 twice",
	"UTF-8 read as windows-1258", "VISCII", "VPS",
}

// String returns the name that people know it by.
func (e Encoding) String() string {
	if e < encodings {
		return encodingNames[e]
	}
	return "Encoding(" + strconv.Itoa(int(e)) + ")"
}

// decode reads s, the windows-1252 or Latin-1 view of the bytes of e, as Unicode (NFC). ok is false when s cannot be text
// of e: it holds letters that only Unicode has, a mark without its letter, or bytes that e does not know. rare says that letters
// were used which the encoding has on paper but no font in use draws.
func decode(s string, e Encoding) (text string, rare, ok bool) {
	if isASCII(s) {
		return s, false, true
	}
	switch e {
	case Unicode:
		return norm.NFC.String(s), false, true
	case TCVN3:
		return single(s, &tcvn3, &tcvn3Rare)
	case VPS:
		return single(s, &vps, nil)
	case VISCII:
		return single(s, &viscii, nil)
	case VNI:
		text, ok = decodeVNI(s)
	case CP1258:
		text, ok = decode1258(s)
	case UTF8:
		text, ok = fromUTF8(s, byteOf)
		ok = ok && letterly(text)
	case UTF8Via58:
		text, ok = fromUTF8(s, byteOf58)
		ok = ok && letterly(text)
	case UTF8Twice:
		if text, ok = fromUTF8(s, byteOf); ok {
			text, ok = fromUTF8(text, byteOf)
		}
		ok = ok && letterly(text)
	case encodings:
	}
	return text, false, ok
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// byteOf returns the byte that r stands for in windows-1252 or Latin-1. Programs differ in 0x80-0x9F: some give the
// control characters of Latin-1, some € ‚ ƒ ….
func byteOf(r rune) (byte, bool) {
	if r < 0x100 {
		return byte(r), true
	}
	return charmap.Windows1252.EncodeRune(r)
}

func byteOf58(r rune) (byte, bool) {
	if 0x80 <= r && r < 0xA0 {
		return byte(r), true
	}
	return charmap.Windows1258.EncodeRune(r)
}

// onlyUnicode reports whether r is a letter or mark of Vietnamese that no 8-bit view holds: the text it stands in is
// Unicode already, at least here.
func onlyUnicode(r rune) bool {
	switch {
	case r < 0x100:
		return false
	case r == 'Ă', r == 'ă', r == 'Đ', r == 'đ', r == 'Ĩ', r == 'ĩ', r == 'Ũ', r == 'ũ', r == 'Ơ', r == 'ơ', r == 'Ư', r == 'ư':
		return true
	}
	return 0x1EA0 <= r && r <= 0x1EF9 || toneOf(r) != ngang || r == '\u0302' || r == '\u0306' || r == '\u031B'
}

// A letters table has the letter of each byte, 0 where a byte is none.
type letters [256]rune

// single decodes an encoding of one byte a letter. What is no letter of it stays: punctuation looks the same everywhere.
func single(s string, table, unusual *letters) (text string, rare, ok bool) {
	var b strings.Builder
	b.Grow(len(s) + len(s)/2)
	marked := false
	for _, r := range s {
		if onlyUnicode(r) {
			return "", false, false
		}
		if c, is := byteOf(r); is && table[c] != 0 {
			rare = rare || unusual != nil && unusual[c] != 0
			r = table[c]
		}
		marked = marked || r >= 0x300 && (r < 0x1EA0 || r > 0x1EF9)
		b.WriteRune(r)
	}
	if !marked {
		return b.String(), rare, true
	}
	return norm.NFC.String(b.String()), rare, true
}

// decodeVNI reads a base letter and the mark behind it as one letter, and the letters that are one byte.
func decodeVNI(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	var base byte // waits for its mark; 0: none does
	flush := func() {
		switch {
		case base == 0:
		case vniSingle[base] != 0:
			b.WriteRune(vniSingle[base])
		default:
			b.WriteByte(base)
		}
		base = 0
	}
	for _, r := range s {
		if onlyUnicode(r) {
			return "", false
		}
		c, is := byteOf(r)
		if is && base != 0 {
			if letter := vniPairs[[2]byte{base, c}]; letter != 0 {
				b.WriteRune(letter)
				base = 0
				continue
			}
		}
		flush()
		switch {
		case is && vniBase[c]:
			base = c
		case is && vniSingle[c] != 0:
			b.WriteRune(vniSingle[c])
		case is && c >= 0xC0:
			return "", false // a mark without its letter
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return norm.NFC.String(b.String()), true
}

// decode1258 reads windows-1258, whose tones are marks behind their letter.
func decode1258(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if onlyUnicode(r) {
			return "", false
		}
		if c, is := byteOf(r); is && c >= utf8.RuneSelf {
			if r = charmap.Windows1258.DecodeByte(c); r == utf8.RuneError {
				return "", false
			}
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String()), true
}

// fromUTF8 undoes a wrong reading of UTF-8: the bytes, as view gives them, must be UTF-8 throughout.
func fromUTF8(s string, view func(rune) (byte, bool)) (string, bool) {
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		c, is := byte(r), true
		if r >= utf8.RuneSelf {
			c, is = view(r)
		}
		if !is {
			return "", false
		}
		raw = append(raw, c)
	}
	if !utf8.Valid(raw) {
		return "", false
	}
	return norm.NFC.String(string(raw)), true
}

// letterly reports whether a text is made of what a Vietnamese office types: Latin letters and common signs. Bytes of VPS
// and VISCII are UTF-8 by chance now and then, but then say Cyrillic or Arabic.
func letterly(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case r < 0x80, 0xC0 <= r && r < 0x180, 0x300 <= r && r < 0x370, onlyUnicode(r):
			return false
		}
		return !strings.ContainsRune("“”‘’–—…•\u00A0\u200B\uFEFF«»°²³½", r)
	})
}

//go:embed tcvn3.tsv
var tcvn3TSV string

//go:embed vni.tsv
var vniTSV string

//go:embed vps.tsv
var vpsTSV string

//go:embed viscii.tsv
var visciiTSV string

// The tables of the encodings. Read-only.
var (
	tcvn3, tcvn3Rare    = singles(tcvn3TSV)
	vps, _              = singles(vpsTSV)
	viscii, _           = singles(visciiTSV)
	vniSingle, vniPairs = pairs(vniTSV)
	vniBase             = bases(vniPairs)
)

// singles reads a table of one-byte letters; rare are those whose class says that only a standard has them.
func singles(tsv string) (all, rare letters) {
	for _, row := range tableRows(tsv) {
		c, err := strconv.ParseUint(row[0], 16, 8)
		if err != nil {
			continue
		}
		r, _ := utf8.DecodeRuneInString(row[1])
		all[c] = r
		if class := row[len(row)-1]; strings.HasPrefix(class, "VN") {
			rare[c] = r
		}
	}
	return all, rare
}

// pairs reads the table of VNI. The mark may be of either case (0x20 apart).
func pairs(tsv string) (one letters, two map[[2]byte]rune) {
	two = make(map[[2]byte]rune)
	for _, row := range tableRows(tsv) {
		code, err := strconv.ParseUint(row[0], 16, 16)
		if err != nil {
			continue
		}
		r, _ := utf8.DecodeRuneInString(row[1])
		if code < 0x100 {
			one[code] = r
			continue
		}
		base, mark := byte(code>>8), byte(code)
		two[[2]byte{base, mark}] = r
		two[[2]byte{base, mark ^ 0x20}] = r
	}
	return one, two
}

// bases are the bytes that a mark may follow.
func bases(pairs map[[2]byte]rune) (is [256]bool) {
	for p := range pairs {
		is[p[0]] = true
	}
	return is
}

// tableRows splits embedded data into cells.
func tableRows(tsv string) [][]string {
	var rows [][]string
	for line := range strings.Lines(tsv) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}
