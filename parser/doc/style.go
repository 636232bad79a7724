package doc

import (
	"strings"
	"unicode/utf16"
)

// utf16Text decodes UTF-16 up to a zero.
func utf16Text(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(u16(b, 2*i))
	}
	text, _, _ := strings.Cut(string(utf16.Decode(u)), "\x00")
	return text
}

// fontNames reads the names of fonts by their number ([MS-DOC] §2.9.286 SttbfFfn, §2.9.80 FFN), as far as they hold together:
// fonts are a hint.
func fontNames(b []byte) []string {
	const fixed = 39 // bytes of an FFN before the name, without its length
	var names []string
	for b = b[min(4, len(b)):]; len(b) > 0; {
		n := int(b[0])
		if n > len(b)-1 || n < fixed {
			break
		}
		names = append(names, utf16Text(b[1+fixed:1+n]))
		b = b[1+n:]
	}
	return names
}

// A style is what matters of STD.
type style struct {
	base  int
	font  string
	list  int // how its paragraphs are numbered, from 1
	level int
}

// stylesheet reads the fonts of the styles from STSH (§2.9.271), as far as it holds together, and the font where no style
// names one.
func (f *file) stylesheet(b []byte) {
	if len(b) < 2 || u16(b, 0) < 14 || len(b) < 2+u16(b, 0) {
		return
	}
	info := b[2 : 2+u16(b, 0)]
	if i := u16(info, 12); i < len(f.fonts) {
		f.normal = f.fonts[i]
	}
	for b = b[2+len(info):]; len(b) >= 2; {
		n := u16(b, 0)
		if n > len(b)-2 {
			break
		}
		f.styles = append(f.styles, f.std(b[2:2+n], u16(info, 2)))
		b = b[min(len(b), 2+n+n&1):]
	}
}

// std reads one style (§2.9.261): its base, and the font among its character formats. fixed is the size of what stands
// before its name.
func (f *file) std(b []byte, fixed int) style {
	s := style{base: -1}
	if fixed < 8 || len(b) < fixed+2 {
		return s
	}
	s.base = u16(b, 2) >> 4
	at := fixed + 2 + 2*u16(b, fixed) + 2 // behind the name and its zero
	formats := 0                          // how many come before those of characters
	switch u16(b, 2) & 15 {
	case 1: // of paragraphs
		formats = 1
	case 2: // of characters
	default:
		return s
	}
	for ; at+2 <= len(b); formats-- {
		n := u16(b, at)
		at += 2
		if n > len(b)-at {
			return s
		}
		if formats == 0 {
			var c charFormat
			f.char(&c, b[at:at+n])
			s.font = c.font
			return s
		}
		if n >= 2 { // of paragraphs: a number of a style, then their formats
			f.sprms(b[at+2:at+n], func(sprm int, v []byte) {
				switch sprm {
				case sprmPIlfo:
					s.list = u16(v, 0)
				case sprmPIlvl:
					s.level = int(v[0])
				}
			})
		}
		at += n + n&1
	}
	return s
}

// styleFont returns the font of a style or of the nearest one that it is based on.
func (f *file) styleFont(i int) string {
	for range 20 {
		if i < 0 || i >= len(f.styles) {
			return ""
		}
		if f.styles[i].font != "" {
			return f.styles[i].font
		}
		i = f.styles[i].base
	}
	return ""
}
