package pdf

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// A font turns the codes of a string into characters and widths (§9.6, §9.7).
type font struct {
	name     string            // without the mark of a subset
	wide     bool              // codes have two bytes
	unicode  map[uint32]string // ToUnicode (§9.10.3)
	simple   [256]string       // from the encoding, for fonts without ToUnicode
	widths   map[uint32]float64
	standard float64 // width of codes that widths does not name, in thousandths
	unmarked bool    // no way to characters is known
}

// maxCodes bounds the codes that one ToUnicode map may define.
const maxCodes = 1 << 17

func (f *file) font(d dict) *font {
	t := &font{widths: map[uint32]float64{}, standard: 500}
	if n, ok := f.get(d["BaseFont"]).(name); ok {
		t.name = string(n)
		if len(n) > 7 && n[6] == '+' { // "ABCDEF+Times" (§9.6.4)
			t.name = string(n[7:])
		}
	}
	if f.get(d["Subtype"]) == name("Type0") {
		t.wide = true
		f.wideWidths(t, d)
	} else {
		first := f.integer(d["FirstChar"])
		for i, w := range f.array(d["Widths"]) {
			if code := first + i; code >= 0 && code < 256 {
				t.widths[uint32(code)] = f.number(w)
			}
		}
		if desc := f.dict(d["FontDescriptor"]); desc["MissingWidth"] != nil {
			t.standard = f.number(desc["MissingWidth"])
		}
		f.encoding(t, d["Encoding"])
	}
	if s, ok := f.get(d["ToUnicode"]).(stream); ok {
		t.unicode = readCMap(f.decode(s))
	}
	t.unmarked = t.wide && len(t.unicode) == 0
	return t
}

// wideWidths reads W of a composite font: "c [w1 w2 …]" and "c1 c2 w" (§9.7.4.3).
func (f *file) wideWidths(t *font, d dict) {
	t.standard = 1000
	kids := f.array(d["DescendantFonts"])
	if len(kids) == 0 {
		return
	}
	kid := f.dict(kids[0])
	if dw, ok := f.get(kid["DW"]).(float64); ok {
		t.standard = dw
	}
	w := f.array(kid["W"])
	for i := 0; i+1 < len(w) && len(t.widths) < maxCodes; {
		from := f.integer(w[i])
		if list, ok := f.get(w[i+1]).(array); ok {
			for j, v := range list {
				t.widths[uint32(from+j)] = f.number(v)
			}
			i += 2
			continue
		}
		if i+2 >= len(w) {
			return
		}
		to := f.integer(w[i+1])
		for c := from; c <= to && c-from < 1<<16 && len(t.widths) < maxCodes; c++ {
			t.widths[uint32(c)] = f.number(w[i+2])
		}
		i += 3
	}
}

// encoding sets the characters of a simple font by its encoding and differences (§9.6.6).
func (f *file) encoding(t *font, v any) {
	table := charmap.Windows1252
	enc := f.get(v)
	d, _ := enc.(dict)
	if d != nil {
		enc = f.get(d["BaseEncoding"])
	}
	if enc == name("MacRomanEncoding") {
		table = charmap.Macintosh
	}
	for i := range t.simple {
		if r := table.DecodeByte(byte(i)); i >= ' ' && r != '\uFFFD' {
			t.simple[i] = string(r)
		}
	}
	code := 0
	for _, v := range f.array(d["Differences"]) {
		switch v := f.get(v).(type) {
		case float64:
			code = int(min(max(v, 0), 256))
		case name:
			if code < 256 {
				t.simple[code] = glyph(string(v))
			}
			code++
		}
	}
}

// The glyph names of punctuation and digits; letters are their own names, the rest is "uni1EA5" (Adobe Glyph List).
var glyphs = map[string]string{
	"space": " ", "period": ".", "comma": ",", "colon": ":", "semicolon": ";", "hyphen": "-", "endash": "-", "slash": "/",
	"parenleft": "(", "parenright": ")", "quotesingle": "'", "quoteright": "'", "quotedbl": `"`, "underscore": "_", "at": "@",
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"dcroat": "đ", "Dcroat": "Đ", "abreve": "ă", "Abreve": "Ă", "acircumflex": "â", "Acircumflex": "Â", "ecircumflex": "ê",
	"Ecircumflex": "Ê", "ocircumflex": "ô", "Ocircumflex": "Ô", "ohorn": "ơ", "Ohorn": "Ơ", "uhorn": "ư", "Uhorn": "Ư",
	"aacute": "á", "agrave": "à", "atilde": "ã", "eacute": "é", "egrave": "è", "iacute": "í", "igrave": "ì", "itilde": "ĩ",
	"oacute": "ó", "ograve": "ò", "otilde": "õ", "uacute": "ú", "ugrave": "ù", "utilde": "ũ", "yacute": "ý",
}

// latinNames are the names of the characters from U+00A1 to U+00FF. Fonts of TCVN3 and VNI give their letters these names.
var latinNames = strings.Fields(`exclamdown cent sterling currency yen brokenbar section dieresis copyright ordfeminine guillemotleft
logicalnot softhyphen registered macron degree plusminus twosuperior threesuperior acute mu paragraph periodcentered cedilla
onesuperior ordmasculine guillemotright onequarter onehalf threequarters questiondown Agrave Aacute Acircumflex Atilde Adieresis
Aring AE Ccedilla Egrave Eacute Ecircumflex Edieresis Igrave Iacute Icircumflex Idieresis Eth Ntilde Ograve Oacute Ocircumflex
Otilde Odieresis multiply Oslash Ugrave Uacute Ucircumflex Udieresis Yacute Thorn germandbls agrave aacute acircumflex atilde
adieresis aring ae ccedilla egrave eacute ecircumflex edieresis igrave iacute icircumflex idieresis eth ntilde ograve oacute
ocircumflex otilde odieresis divide oslash ugrave uacute ucircumflex udieresis yacute thorn ydieresis`)

func glyph(n string) string {
	if i := slices.Index(latinNames, n); i >= 0 {
		return string(rune(0xA1 + i))
	}
	if g, ok := glyphs[n]; ok {
		return g
	}
	if len(n) == 1 {
		return n
	}
	for _, prefix := range []string{"uni", "u"} {
		if digits, ok := strings.CutPrefix(n, prefix); ok && len(digits) >= 4 {
			if r, err := strconv.ParseUint(digits, 16, 21); err == nil {
				return string(rune(r))
			}
		}
	}
	return "\uFFFD"
}

// text returns the characters of a code.
func (t *font) text(code uint32) string {
	if s, ok := t.unicode[code]; ok {
		return s
	}
	if !t.wide && code < 256 {
		return t.simple[code]
	}
	return "\uFFFD"
}

// width returns the width of a code in text space units of size 1.
func (t *font) width(code uint32) float64 {
	w, ok := t.widths[code]
	if !ok {
		w = t.standard
	}
	return w / 1000
}

// codes splits a string into the codes of the font.
func (t *font) codes(s str) []uint32 {
	var out []uint32
	if !t.wide {
		for i := range len(s) {
			out = append(out, uint32(s[i]))
		}
		return out
	}
	for i := 0; i+1 < len(s); i += 2 {
		out = append(out, uint32(s[i])<<8|uint32(s[i+1]))
	}
	return out
}

// readCMap reads the bfchar and bfrange sections of a ToUnicode map.
func readCMap(data []byte) map[uint32]string {
	m := map[uint32]string{}
	l := &lexer{data: data}
	var args []any
	for len(m) < maxCodes {
		v, ok := l.next()
		if !ok {
			break
		}
		word, isWord := v.(keyword)
		if !isWord {
			if len(args) < maxCodes {
				args = append(args, v)
			}
			continue
		}
		switch word {
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				m[codeOf(args[i])] = utf16Text(args[i+1])
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				addRange(m, codeOf(args[i]), codeOf(args[i+1]), args[i+2])
			}
		}
		args = nil
	}
	return m
}

func addRange(m map[uint32]string, from, to uint32, dst any) {
	if list, ok := dst.(array); ok {
		for i, v := range list {
			if len(m) < maxCodes {
				m[from+uint32(i)] = utf16Text(v)
			}
		}
		return
	}
	text := []rune(utf16Text(dst))
	if len(text) == 0 || to < from || to-from > 0xffff {
		return
	}
	last := len(text) - 1
	for c := from; c <= to && len(m) < maxCodes; c++ {
		m[c] = string(text)
		text[last]++
	}
}

func codeOf(v any) uint32 {
	s, _ := v.(str)
	var n uint32
	for i := range min(len(s), 4) {
		n = n<<8 | uint32(s[i])
	}
	return n
}

func utf16Text(v any) string {
	s, _ := v.(str)
	if len(s) == 1 {
		return string(rune(s[0]))
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}
