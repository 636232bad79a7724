// Package numfmt shows a number as a spreadsheet's number format does (ECMA-376 part 1 §18.8.30 and §18.8.31, the same
// codes as in BIFF8's FORMAT records and in SpreadsheetML): what the person sees in a cell that stores a number.
//
// Where Excel's answer hangs on the reader's country or on the width of a column, one answer is fixed, so that the same
// bytes give the same text: format 14 is dd/mm/yyyy, separators are those of the code (comma for thousands, point for
// decimals), and General never takes to an exponent below 10^21 (Excel does from 12 digits on), because a list's numbers
// are codes and a clerk reads all of their digits. A number that a date format cannot show (Excel: "#####") is shown as
// General. Digits beyond the 15th are lost, as in Excel.
//
// It must not know any file format.
package numfmt

import (
	"math"
	"slices"
	"strings"
)

// A Format is a parsed code. It may be used by several goroutines.
type Format struct {
	sections []section // one to three, for numbers
	text     *section  // for text, nil: shown as it is
	general  bool      // General, or nothing but @
}

// Parse reads a format code. Every code means something: what is not understood stands for itself.
func Parse(code string) *Format {
	f := &Format{}
	parts := split(code)
	for i, p := range parts[:min(len(parts), 4)] {
		s := parseSection(p)
		if i == 3 || i == len(parts)-1 && s.kind == textKind {
			text := s
			f.text = &text
			if i > 0 {
				continue
			}
		}
		if s.kind == textKind { // a number there is shown as General shows it
			s.parts = slices.Clone(s.parts)
			s.kind = generalKind
			for j := range s.parts {
				if s.parts[j].op == opText {
					s.parts[j].op = opGeneral
				}
			}
		}
		f.sections = append(f.sections, s)
	}
	first := f.sections[0]
	f.general = len(f.sections) == 1 && len(first.parts) == 1 && first.parts[0].op == opGeneral && !first.cond.set
	return f
}

// IsGeneral reports whether numbers are shown as General shows them: their digits and nothing else.
func (f *Format) IsGeneral() bool { return f.general }

// IsDate reports whether the format shows numbers as dates or times.
func (f *Format) IsDate() bool {
	for i := range f.sections {
		if f.sections[i].kind == dateKind {
			return true
		}
	}
	return false
}

// Show returns the number as the format shows it, without the blanks at its ends, which only make room. It is empty when
// the format hides the number.
func (f *Format) Show(v float64, date1904 bool) string {
	if f.general {
		return General(v)
	}
	s, minus := f.choose(v)
	if s == nil {
		return General(v)
	}
	var b []byte
	d := decimalOf(v)
	if minus && d.neg {
		b = append(b, '-')
	}
	d.neg = false
	switch s.kind {
	case dateKind:
		t, ok := timeOf(v, date1904, s)
		if !ok {
			return General(v)
		}
		b = s.showDate(b[:0], t)
	case fractionKind:
		b = s.showFraction(b, d)
	case exponentKind:
		b = s.showExponent(b, d)
	default:
		b = s.showNumber(b, d, math.Abs(v))
	}
	return strings.TrimSpace(string(b))
}

// Text returns text as the format shows it: "SV"@ puts SV in front of it, ;;; hides it.
func (f *Format) Text(text string) string {
	if f.text == nil {
		return text
	}
	var b []byte
	for _, p := range f.text.parts {
		switch p.op {
		case opText:
			b = append(b, text...)
		case opLiteral:
			b = append(b, p.text...)
		}
	}
	return string(b)
}

// choose finds the section for v (§18.8.31: positive; negative; zero, or the first two with conditions of their own).
// minus: the sign is shown, because the section is not one for negative numbers alone. nil: no section takes v.
func (f *Format) choose(v float64) (s *section, minus bool) {
	n := len(f.sections)
	if n == 1 {
		s = &f.sections[0]
		if s.cond.set && !s.cond.holds(v) {
			return nil, true
		}
		return s, !s.cond.negative()
	}
	c1, c2 := f.sections[0].cond, f.sections[1].cond
	if !c1.set {
		c1 = condition{set: true, op: greater}
		if n == 2 {
			c1.op = greater | equal
		}
	}
	if c1.holds(v) {
		return &f.sections[0], !c1.negative()
	}
	if n == 2 {
		if c2.set && !c2.holds(v) {
			return nil, true
		}
		return &f.sections[1], !c1.coversPositive() && !c2.negative()
	}
	if !c2.set {
		c2 = condition{set: true, op: less}
	}
	if c2.holds(v) {
		return &f.sections[1], !c2.negative() && !c1.coversPositive()
	}
	return &f.sections[2], true
}

// Builtin returns the code of a built-in format (§18.8.30), as an Office for Vietnam shows it where it hangs on the
// country.
func Builtin(id int) (code string, ok bool) {
	const date, clock = "dd/mm/yyyy", "h:mm:ss"
	switch {
	case id == 14, 27 <= id && id <= 31, id == 36, 50 <= id && id <= 54, id == 57, id == 58: // 27 to 58: those of East Asia
		return date, true
	case 32 <= id && id <= 35, id == 55, id == 56:
		return clock, true
	}
	code, ok = builtin[id]
	return code, ok
}

var builtin = map[int]string{
	0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
	5: `"$"#,##0_);\("$"#,##0\)`, 6: `"$"#,##0_);[Red]\("$"#,##0\)`, 7: `"$"#,##0.00_);\("$"#,##0.00\)`, 8: `"$"#,##0.00_);[Red]\("$"#,##0.00\)`,
	9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
	15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "dd/mm/yyyy h:mm",
	37: "#,##0_);(#,##0)", 38: "#,##0_);[Red](#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);[Red](#,##0.00)",
	41: `_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)`, 42: `_("$"* #,##0_);_("$"* \(#,##0\);_("$"* "-"_);_(@_)`,
	43: `_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)`, 44: `_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)`,
	45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
	59: "0", 60: "0.00", 61: "#,##0", 62: "#,##0.00", 67: "0%", 68: "0.00%", 69: "# ?/?", 70: "# ??/??", // those of Thailand
	71: "dd/mm/yyyy", 72: "d-mmm-yy", 73: "d-mmm", 74: "mmm-yy", 75: "h:mm", 76: "h:mm:ss", 77: "dd/mm/yyyy h:mm", 78: "mm:ss", 79: "[h]:mm:ss", 80: "mm:ss.0", 81: "dd/mm/yyyy",
}
