package ods

import (
	"strconv"
	"strings"
	"time"

	"vanthu/parser/grid"
)

// A value is what a cell stores (ODF 1.2 part 1 §19.385 office:value-type and the attributes beside it).
type value struct {
	kind  grid.Kind
	typed bool   // a type is named
	raw   string // of what is no text
	text  string // office:string-value
	said  bool   // a text is stored, be it empty
}

// value reads the attributes of the cell whose start was just returned.
func (b *book) value() (v value) {
	t, ok := b.x.Attr("value-type")
	if !ok {
		return v
	}
	v.typed = true
	switch string(t) {
	case "float", "percentage", "currency":
		v.kind = grid.Number
		stored, _ := b.x.Attr("value")
		v.raw = string(stored)
		if digits, ok := grid.Digits(v.raw); ok {
			v.raw = digits
		}
	case "date":
		v.kind, v.raw = grid.Date, serial(b.attr("date-value"))
	case "time":
		v.kind, v.raw = grid.Date, fraction(b.attr("time-value"))
	case "boolean":
		v.kind, v.raw = grid.Bool, "0"
		if b.attr("boolean-value") == "true" {
			v.raw = "1"
		}
	default:
		var text []byte
		text, v.said = b.x.Attr("string-value")
		v.text = string(text)
	}
	if t, ok := b.x.AttrNS("calcext", "value-type"); ok && string(t) == "error" { // LibreOffice
		v.kind, v.raw = grid.Error, ""
	}
	return v
}

// fill gives the cell its value; shown is the text of its paragraphs, begun says that there was one.
func (v value) fill(c *grid.Cell, shown string, begun bool) {
	c.Kind, c.Text, c.Raw = v.kind, shown, v.raw
	switch {
	case grid.IsError(shown):
		c.Kind = grid.Error
	case shown != "":
	case v.kind == grid.Bool:
		c.Text = strings.ToUpper(strconv.FormatBool(v.raw == "1"))
	case v.kind == grid.Text:
		c.Text = v.text
		if c.Text == "" && v.typed && (v.said || begun) {
			c.Formula = false // its value is an empty text: there is one
		}
	case !begun: // some libraries store the value alone
		c.Text = v.raw
	}
	if c.Kind == grid.Text || c.Kind == grid.Error || c.Raw == "" {
		c.Raw = c.Text
	}
}

// epoch is day 0 of spreadsheets (§9.4.3, table:null-date by default).
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// serial returns a date as a spreadsheet counts days, the date as it stands when it is none.
func serial(s string) string {
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04:05"} { // a fraction of a second may follow
		if t, err := time.Parse(layout, s); err == nil {
			return strconv.FormatFloat(t.Sub(epoch).Hours()/24, 'f', -1, 64)
		}
	}
	return s
}

// fraction returns a duration ("PT08H30M00S") as a fraction of a day, as it stands when it is none.
func fraction(s string) string {
	d, err := time.ParseDuration(strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s, "PT"), ",", ".")))
	if err != nil {
		return s
	}
	return strconv.FormatFloat(d.Hours()/24, 'f', -1, 64)
}
