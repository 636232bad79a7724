package xlsx

import (
	"strconv"

	"vanthu/parser"
	"vanthu/parser/numfmt"
	"vanthu/parser/ooxml"
	"vanthu/parser/xmlscan"
)

// Excel has fewer of each: bounds on memory.
const (
	maxStyles = 70_000
	maxCode   = 1020 // bytes of a number format; Excel ends at 255 characters
)

// A style is what a list needs to know of a cell's format.
type style struct {
	font   string
	struck bool
	format *numfmt.Format
	date   bool // numbers are shown as dates
	plain  bool // numbers are shown as their digits (General, text)
	text   bool // the format does something to text: "SV"@
}

// styles are the cell formats of a workbook by number (§18.8.10 cellXfs).
type styles struct {
	all      []style
	none     style // of a cell whose format the file does not define
	date1904 bool
}

// at returns the style with that number.
func (s *styles) at(id int) *style {
	if id < len(s.all) {
		return &s.all[id]
	}
	s.none.plain = true
	return &s.none
}

// readStyles reads fonts, number formats and the cell formats that put them together (§18.8.39 styleSheet). Whether a
// format is applied (applyFont …) is not asked: Excel does not ask either.
func (b *book) readStyles(part string) error {
	codes := map[int]string{}
	type font struct {
		name   string
		struck bool
	}
	var fonts []font
	formats := map[int]*numfmt.Format{}
	s := &b.styles
	count := func(n int) error {
		if n > maxStyles {
			return parser.Beyond(maxStyles, "kiểu ô")
		}
		return nil
	}
	xf := func(x *xmlscan.Scanner) (bool, error) {
		id, fontID := number(x, "numFmtId"), number(x, "fontId")
		f := formats[id]
		if f == nil {
			code, ok := codes[id]
			if !ok {
				code, ok = numfmt.Builtin(id)
			}
			if !ok || len(code) > maxCode {
				code = "General"
			}
			f = numfmt.Parse(code)
			formats[id] = f
		}
		st := style{format: f, date: f.IsDate(), plain: f.IsGeneral(), text: f.Text("x") != "x"}
		if fontID < len(fonts) {
			st.font, st.struck = fonts[fontID].name, fonts[fontID].struck
		}
		s.all = append(s.all, st)
		return false, count(len(s.all))
	}
	return b.scan(part, func(x *xmlscan.Scanner) error {
		if err := root(x); err != nil {
			return err
		}
		return children(x, func() (bool, error) {
			switch string(x.Local()) {
			case "numFmts":
				return true, children(x, func() (bool, error) {
					code, _ := x.Attr("formatCode")
					codes[number(x, "numFmtId")] = unescape(string(code))
					return false, count(len(codes))
				})
			case "fonts":
				return true, children(x, func() (bool, error) {
					var f font
					err := children(x, func() (bool, error) {
						switch string(x.Local()) {
						case "name":
							v, _ := x.Attr("val")
							f.name = string(v)
						case "strike":
							f.struck = on(x)
						}
						return false, nil
					})
					fonts = append(fonts, f)
					if err == nil {
						err = count(len(fonts))
					}
					return true, err
				})
			case "cellXfs":
				return true, children(x, func() (bool, error) { return xf(x) })
			}
			return false, nil
		})
	})
}

// number returns a whole number from 0 on; 0 when the attribute is missing or none.
func number(x *xmlscan.Scanner, local string) int {
	v, _ := x.Attr(local)
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// on reads a property that is on when it is there without a value (§22.9.2.7 ST_OnOff, §18.8 CT_BooleanProperty).
func on(x *xmlscan.Scanner) bool {
	v, ok := x.Attr("val")
	return !ok || ooxml.True(string(v))
}

// yes reads a boolean attribute.
func yes(x *xmlscan.Scanner, local string) bool {
	v, _ := x.Attr(local)
	return len(v) > 0 && ooxml.True(string(v))
}
