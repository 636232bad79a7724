// Package formula works out the formulas that a list is put together with, where a file has none of their values: programs
// that write workbooks leave the calculating to Excel, and the unit sees names that are nowhere in the file. It knows the
// few functions whose meaning is beyond doubt (ECMA-376 part 1 §18.17); a formula with anything else has no value here, and
// the cell is said to be unusable (LST-11) rather than guessed.
//
// It must not know any file format, nor what a column means.
package formula

import (
	"math"
	"strconv"
	"strings"
)

// Kind says what a Value is.
type Kind uint8

// The kinds of value.
const (
	Empty Kind = iota
	Text
	Number
	Bool
)

// A Value is the value of a cell or of a formula.
type Value struct {
	Kind   Kind
	Text   string
	Number float64
	Bool   bool
}

// A Cells gives the value of a cell; sheet is "" for the formula's own. ok is false when the cell has none that is known:
// an error, or a formula that cannot be worked out.
type Cells func(sheet string, row, col int) (v Value, ok bool)

// Eval works out a formula (without the leading "=") of the cell at row and col. ok is false when it cannot be done with
// certainty.
func Eval(formula string, row, col int, cells Cells) (v Value, ok bool) {
	if len(formula) > maxLength {
		return Value{}, false
	}
	p := &parser{text: strings.TrimPrefix(strings.TrimSpace(formula), "="), row: row, col: col, cells: cells, steps: maxSteps}
	e := p.compare()
	p.blanks()
	if p.failed || p.at < len(p.text) || e.ranged {
		return Value{}, false
	}
	if e.value.Kind == Empty { // a reference to an empty cell shows as 0
		return num(0), true
	}
	return e.value, true
}

// Bounds of one formula: Excel's own on its length (§18.17.1), and what it may look at.
const (
	maxLength = 8192
	maxDepth  = 64
	maxSteps  = 200_000
)

// String returns the value as a cell of the format General shows it.
func (v Value) String() string {
	switch v.Kind {
	case Text:
		return v.Text
	case Number:
		if v.Number == math.Trunc(v.Number) && math.Abs(v.Number) < 1e15 {
			return strconv.FormatFloat(v.Number, 'f', 0, 64)
		}
		return strconv.FormatFloat(v.Number, 'G', 15, 64)
	case Bool:
		if v.Bool {
			return "TRUE"
		}
		return "FALSE"
	case Empty:
	}
	return ""
}

// number returns the value as an operand of arithmetic. A text that is no plain number has none here: what Excel makes of
// "1/2" depends on the country.
func (v Value) number() (float64, bool) {
	switch v.Kind {
	case Number:
		return v.Number, true
	case Bool:
		if v.Bool {
			return 1, true
		}
		return 0, true
	case Empty:
		return 0, true
	case Text:
		if t := strings.TrimSpace(v.Text); t != "" && strings.Trim(t, "0123456789") == "" && len(t) <= 15 {
			f, err := strconv.ParseFloat(t, 64)
			return f, err == nil
		}
	}
	return 0, false
}

func text(s string) Value   { return Value{Kind: Text, Text: s} }
func num(f float64) Value   { return Value{Kind: Number, Number: f} }
func truth(b bool) Value    { return Value{Kind: Bool, Bool: b} }
func (v Value) empty() bool { return v.Kind == Empty || v.Kind == Text && v.Text == "" }

// equal compares as "=" does: texts without regard to case, an empty cell equal to "" and 0.
func equal(a, b Value) bool {
	if a.Kind == Empty || b.Kind == Empty {
		if a.Kind == Empty {
			a, b = b, a
		}
		return a.empty() || a.Kind == Number && a.Number == 0 || a.Kind == Bool && !a.Bool
	}
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Text:
		return strings.EqualFold(a.Text, b.Text)
	case Number:
		return a.Number == b.Number
	case Bool, Empty:
	}
	return a.Bool == b.Bool
}
