package xls

import (
	"math"

	"vanthu/parser/numfmt"
)

// A font is what matters of FONT ([MS-XLS] §2.4.122).
type font struct {
	name    string
	struck  bool
	partly  bool // a part of a text with runs is struck through
	charset byte
}

func (b *book) font(body []byte) font {
	if len(body) < 15 {
		return font{}
	}
	f := font{struck: body[2]&8 != 0, charset: body[12]}
	f.name = b.shortText(&parts{now: body[14:]}, 1, font{})
	return f
}

// fontAt returns the font with that index: there is none with the number 4 ([MS-XLS] §2.5.129).
func (b *book) fontAt(i int) font {
	if i > 4 {
		i--
	}
	if i >= len(b.fonts) {
		return font{}
	}
	return b.fonts[i]
}

// formatCode reads the code of FORMAT, whose length takes one byte before BIFF8 ([MS-XLS] §2.4.126).
func (b *book) formatCode(body []byte) string {
	if b.eight {
		return b.shortText(&parts{now: body}, 2, font{})
	}
	return b.shortText(&parts{now: body}, 1, font{})
}

// An xf is what matters of XF.
type xf struct{ font, format int }

// A style is what a list needs to know of a cell's format.
type style struct {
	font   font
	index  int // of the font
	date   bool
	format *numfmt.Format
}

// style returns the style with that index; one that the file does not define is a plain one.
func (b *book) style(i int) *style {
	if i >= len(b.styles) {
		b.styles = append(b.styles, make([]*style, max(i+1, len(b.xfs))-len(b.styles))...)
	}
	if b.styles[i] == nil {
		x := xf{font: 1 << 16} // there is none
		if i < len(b.xfs) {
			x = b.xfs[i]
		}
		f := b.format(x.format)
		b.styles[i] = &style{font: b.fontAt(x.font), index: x.font, date: f.IsDate(), format: f}
	}
	return b.styles[i]
}

// format returns the number format with that number.
func (b *book) format(id int) *numfmt.Format {
	f, ok := b.parsed[id]
	if !ok {
		code, own := b.formats[id]
		if !own {
			if code, own = numfmt.Builtin(id); !own {
				code = "General"
			}
		}
		f = numfmt.Parse(code)
		b.parsed[id] = f
	}
	return f
}

// number shows a number; raw are its digits. A zero that its format hides shows nothing; what else is hidden is read all
// the same, because a row without its value would be a row misread.
func (s *style) number(f float64, raw string, date1904 bool) string {
	if s.format.IsGeneral() && f == math.Trunc(f) && len(raw) < 16 {
		return raw
	}
	if text := s.format.Show(f, date1904); text != "" || f == 0 {
		return text
	}
	return raw
}

// text shows a text, even one that its format hides.
func (s *style) text(raw string) string {
	if text := s.format.Text(raw); text != "" {
		return text
	}
	return raw
}
