package xlsx

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/numfmt"
	"vanthu/parser/ooxml"
)

// The types of a cell (§18.18.11 ST_CellType).
const (
	typeNumber = iota
	typeShared
	typeInline
	typeString
	typeBool
	typeError
	typeDate
)

func kindOf(t []byte) uint8 {
	switch string(t) {
	case "s":
		return typeShared
	case "inlineStr":
		return typeInline
	case "str":
		return typeString
	case "b":
		return typeBool
	case "e":
		return typeError
	case "d":
		return typeDate
	}
	return typeNumber
}

// A stored is a cell as the file has it. The bytes are valid until the next one.
type stored struct {
	col     int // 0: not said
	style   int
	kind    uint8
	formula bool
	given   bool   // v is there
	value   []byte // of v
	inline  bool   // is is there
	text    []byte // of is
	look    look   // of is
}

// put takes a cell over into the row.
func (s *sheet) put(c *stored) error {
	if c.col == 0 {
		c.col = s.col + 1
	}
	if c.col <= s.col || c.col > lastCol {
		return parser.Damage("cells out of order in row %d", s.row.Number)
	}
	s.col = c.col
	if c.kind == typeString && c.given && len(c.value) == 0 {
		c.formula = false // calculated, and nothing came out: an empty cell
	}
	if len(c.value) == 0 && len(c.text) == 0 && !c.formula {
		return nil
	}
	n := len(s.row.Cells)
	if n == cap(s.row.Cells) {
		s.row.Cells = append(s.row.Cells, grid.Cell{})
	}
	s.row.Cells = s.row.Cells[:n+1]
	cell := &s.row.Cells[n]
	if err := s.fill(cell, c); err != nil {
		return err
	}
	if cell.Text == "" && !cell.Formula || c.col > s.lim.Columns && strings.TrimSpace(cell.Text) == "" { // a blank far out is no column
		s.row.Cells = s.row.Cells[:n]
		return nil
	}
	if c.col > s.lim.Columns {
		s.out.Cut, s.row.Cells = true, s.row.Cells[:n]
	}
	return nil
}

// fill sets what the cell shows, by its type; cell is one that was used before.
func (s *sheet) fill(cell *grid.Cell, c *stored) error {
	cell.Col, cell.Formula, cell.Kind, cell.Partly = c.col, c.formula, grid.Text, false
	if len(c.value) == 0 && len(c.text) == 0 {
		cell.Text, cell.Raw, cell.Font, cell.Struck = "", "", "", false
		return nil
	}
	st := s.styles.at(c.style)
	cell.Font, cell.Struck = st.font, st.struck
	if c.inline && (c.kind == typeInline || len(c.value) == 0) {
		return s.setText(cell, s.arena.add(s.texts.unescaped(c.text)), c.look, st)
	}
	switch c.kind {
	case typeShared:
		n, ok := index(bytes.TrimSpace(c.value))
		if !ok || n >= s.strings.n {
			return parser.Damage("shared string %.20q of %d", c.value, s.strings.n)
		}
		text, l := s.strings.at(n)
		return s.setText(cell, text, l, st)
	case typeInline, typeString: // an inline string in v, as some programs write it
		return s.setText(cell, s.arena.add(s.texts.unescaped(c.value)), look{}, st)
	case typeBool:
		cell.Kind, cell.Raw, cell.Text = grid.Bool, s.arena.add(c.value), "FALSE"
		if ooxml.True(cell.Raw) {
			cell.Text = "TRUE"
		}
	case typeError:
		cell.Raw = s.arena.add(c.value)
		cell.Kind, cell.Text = grid.Error, cell.Raw
	case typeDate:
		return s.date(cell, c.value, st)
	default:
		return s.number(cell, bytes.TrimSpace(c.value), st)
	}
	return nil
}

func (s *sheet) setText(cell *grid.Cell, text string, l look, st *style) error {
	cell.Text, cell.Raw = text, text
	if l.font != "" {
		cell.Font = l.font
	}
	cell.Struck, cell.Partly = cell.Struck || l.struck, l.partly
	if st.text {
		return s.show(cell, st.format.Text(text))
	}
	return nil
}

// show sets what a number format makes of the cell. Where it hides the value this stays as it is stored: a hidden part of
// a list must not get lost.
func (s *sheet) show(cell *grid.Cell, text string) error {
	if text == "" {
		return nil
	}
	cell.Text = text
	if s.shown += int64(len(text)); s.shown > s.lim.Unpacked/4 { // a cell of 255 digits that the file stores in one
		return parser.BeyondBytes(s.lim.Unpacked, "sau khi giải nén")
	}
	return nil
}

// number sets a number: Raw all of its digits, never an exponent, Text as its format shows it.
func (s *sheet) number(cell *grid.Cell, value []byte, st *style) error {
	if n, ok := integer(value); ok {
		cell.Kind, cell.Raw = grid.Number, s.arena.add(value)
		cell.Text = cell.Raw
		if st.plain {
			return nil
		}
		return s.formatted(cell, float64(n), st)
	}
	f, ok := decimal(value)
	if !ok { // no number after all: what stands there is what the person sees
		cell.Raw = s.arena.add(value)
		cell.Text = cell.Raw
		return nil
	}
	cell.Kind = grid.Number
	if digits := bytes.TrimLeft(value, "0"); len(bytes.Trim(digits, "0123456789")) == 0 && len(digits) > 0 { // an integer of any length, or with zeros in front
		cell.Raw, cell.Text = s.arena.add(value), s.arena.add(digits)
	} else {
		cell.Raw = strconv.FormatFloat(f, 'f', -1, 64)
		cell.Text = cell.Raw
		if f != math.Trunc(f) || len(cell.Raw) > 22 {
			cell.Text = numfmt.General(f)
		}
	}
	if st.plain {
		return nil
	}
	return s.formatted(cell, f, st)
}

// formatted shows a number that has a format of its own.
func (s *sheet) formatted(cell *grid.Cell, f float64, st *style) error {
	const beyondDates = 2958466 // the day after 31 December 9999: Excel shows #####, we the number
	if st.date && f >= 0 && f < beyondDates {
		cell.Kind = grid.Date
	}
	return s.show(cell, st.format.Show(f, s.styles.date1904))
}

// index reads a number from 0 on.
func index(v []byte) (n int, ok bool) {
	if len(v) == 0 || len(v) > 9 {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// decimal reads a number as XML Schema writes a double, but for INF and NaN, which are no numbers in a cell.
func decimal(v []byte) (f float64, ok bool) {
	if len(bytes.Trim(v, "0123456789.eE+-")) > 0 {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

// integer reads the common number: a whole one of up to 15 digits, as it would be written by hand.
func integer(v []byte) (n int64, ok bool) {
	d := v
	if len(d) > 1 && d[0] == '-' {
		d = d[1:]
	}
	if len(d) == 0 || len(d) > 15 || d[0] == '0' && len(v) > 1 {
		return 0, false
	}
	for _, c := range d {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(d) < len(v) {
		n = -n
	}
	return n, true
}

// date sets a date in its own notation (ISO 8601, §18.17.4): Raw its serial number, as for all other dates.
func (s *sheet) date(cell *grid.Cell, value []byte, st *style) error {
	cell.Kind = grid.Date
	cell.Raw = s.arena.add(bytes.TrimSpace(value))
	cell.Text = cell.Raw
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339} {
		t, err := time.Parse(layout, cell.Raw)
		if err != nil {
			continue
		}
		epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if s.styles.date1904 {
			epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		days := t.UTC().Sub(epoch).Seconds() / 86400
		if !s.styles.date1904 && days < 61 {
			days-- // before the 29 February 1900 that never was
		}
		if days < 0 {
			return nil
		}
		cell.Raw = strconv.FormatFloat(days, 'f', -1, 64)
		if st.date {
			return s.show(cell, st.format.Show(days, s.styles.date1904))
		}
		return nil
	}
	return nil
}
