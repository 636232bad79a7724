package xmlss

import (
	"strconv"
	"strings"
	"time"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/numfmt"
	"vanthu/parser/xmlscan"
)

// A style is what of a style matters.
type style struct {
	parent *style
	font   string
	struck string // "1", "0", or not said
	format *numfmt.Format
}

// style reads one ss:Style. A parent stands before its children.
func (b *book) style() error {
	if !b.x.Is("Style") {
		return b.x.Skip()
	}
	st := &style{parent: b.styles[b.attr("Parent")]}
	if id := b.attr("ID"); id != "" {
		if st.parent == nil {
			st.parent = b.styles["Default"]
		}
		b.styles[id] = st
	}
	return b.x.Children(func() error {
		switch {
		case b.x.Is("Font"):
			st.font, st.struck = b.attr("FontName"), b.attr("StrikeThrough")
		case b.x.Is("NumberFormat"):
			st.format = numfmt.Parse(code(b.attr("Format")))
		}
		return b.x.Skip()
	})
}

// code returns the code that one of the format's names stands for.
func code(name string) string {
	switch name {
	case "", "General Number":
		return "General"
	case "General Date":
		return "dd/mm/yyyy h:mm"
	case "Short Date":
		return "dd/mm/yyyy"
	case "Medium Date", "Long Date":
		return "dd-mmm-yy"
	case "Long Time":
		return "h:mm:ss AM/PM"
	case "Medium Time":
		return "h:mm AM/PM"
	case "Short Time":
		return "h:mm"
	case "Fixed":
		return "0.00"
	case "Standard", "Currency", "Euro Currency":
		return "#,##0.00"
	case "Percent":
		return "0.00%"
	case "Scientific":
		return "0.00E+00"
	case "Yes/No", "True/False", "On/Off":
		return "General"
	}
	return name
}

// resolve returns what holds in a cell of the style.
func (st *style) resolve() (font string, struck bool, format *numfmt.Format) {
	said := ""
	for range 16 { // no program nests styles deeper
		if st == nil {
			break
		}
		if font == "" {
			font = st.font
		}
		if said == "" {
			said = st.struck
		}
		if format == nil {
			format = st.format
		}
		st = st.parent
	}
	return font, said == "1", format
}

// cell reads a cell. One that is covered by a merged cell above is not in the file.
func (b *book) cell(s *sheet, r *grid.Row, col *int, row *style) error {
	at, err := b.next(*col)
	if err != nil {
		return err
	}
	across, down := b.count("MergeAcross"), b.count("MergeDown")
	*col = min(at+across, farthest)
	if (across > 0 || down > 0) && at <= b.lim.Columns {
		if b.cells++; b.cells > maxCells {
			return parser.Beyond(maxCells, "ô")
		}
		s.Merged = append(s.Merged, grid.Range{Row: r.Number, Col: at, LastRow: min(r.Number+down, farthest), LastCol: min(at+across, b.lim.Columns)})
	}
	st := b.styles[b.attr("StyleID")]
	for _, other := range []*style{row, s.columns[at], s.style, b.styles["Default"]} {
		if st == nil {
			st = other
		}
	}
	font, struck, format := st.resolve()
	c := grid.Cell{Col: at}
	_, c.Formula = b.x.Attr("Formula")
	b.data = data{bytes: b.data.bytes[:0]}
	typed := false
	if err := b.x.Children(func() error {
		if !b.x.Is("Data") {
			return b.x.Skip() // comments, names
		}
		typed = true
		b.data.kind = b.attr("Type")
		return b.data.read(b.x, font, struck)
	}); err != nil {
		return err
	}
	if typed {
		b.data.fill(&c, format)
		c.Formula = c.Formula && c.Text != "" // an empty text is a value, too
	}
	if c.Text == "" && !c.Formula {
		return nil
	}
	if at > b.lim.Columns {
		s.Cut = true
		return nil
	}
	if b.cells++; b.cells > maxCells {
		return parser.Beyond(maxCells, "ô")
	}
	r.Cells = append(r.Cells, c)
	return nil
}

// data is ss:Data of one cell.
type data struct {
	kind   string
	bytes  []byte
	font   string // of the first characters
	struck int    // bytes struck through, blanks left out
	total  int
}

// read reads characters and what dresses them: <B>, <S>, <Font html:Face="…"> (HTML inside of XML).
func (d *data) read(x *xmlscan.Scanner, font string, struck bool) error {
	for {
		kind, err := x.Next()
		if err != nil || kind == xmlscan.End {
			return err
		}
		if kind == xmlscan.Start {
			font, struck := font, struck
			switch {
			case x.Is("S"), x.Is("Strike"), x.Is("Del"):
				struck = true
			case x.Is("Font"):
				if face, ok := x.Attr("Face"); ok {
					font = string(face)
				}
			case x.Is("BR"):
				d.bytes = append(d.bytes, '\n')
			}
			if err := d.read(x, font, struck); err != nil {
				return err
			}
			continue
		}
		if len(d.bytes) > maxText {
			return parser.BeyondBytes(maxText, "một ô")
		}
		text := x.Text()
		d.bytes = append(d.bytes, text...)
		seen := 0
		for _, c := range text {
			if c > ' ' {
				seen++
			}
		}
		if seen > 0 && d.total == 0 {
			d.font = font
		}
		d.total += seen
		if struck {
			d.struck += seen
		}
	}
}

// fill gives the cell its value.
func (d *data) fill(c *grid.Cell, format *numfmt.Format) {
	text := string(d.bytes)
	c.Text, c.Raw = text, text
	c.Font, c.Struck = d.font, d.total > 0 && d.struck == d.total
	switch d.kind {
	case "Number":
		digits, ok := grid.Digits(text)
		if !ok {
			break
		}
		c.Kind, c.Raw, c.Text = grid.Number, digits, digits
		v, err := strconv.ParseFloat(digits, 64)
		switch {
		case err != nil:
		case format != nil && !format.IsGeneral():
			c.Text = format.Show(v, false)
			if format.IsDate() {
				c.Kind = grid.Date
			}
		case strings.ContainsRune(digits, '.'): // of a whole number all digits are shown, with the zeros that exports leave in front
			c.Text = numfmt.General(v)
		}
	case "DateTime":
		v, ok := serial(strings.TrimSpace(text))
		if !ok {
			break
		}
		c.Kind, c.Raw = grid.Date, strconv.FormatFloat(v, 'f', -1, 64)
		if format == nil || format.IsGeneral() {
			format = numfmt.Parse("dd/mm/yyyy")
		}
		c.Text = format.Show(v, false)
	case "Boolean":
		c.Kind, c.Text = grid.Bool, "FALSE"
		if c.Raw = strings.TrimSpace(text); c.Raw == "1" {
			c.Text = "TRUE"
		}
	case "Error":
		c.Kind = grid.Error
	default:
		if grid.IsError(text) {
			c.Kind = grid.Error
		} else if format != nil && text != "" {
			c.Text = format.Text(text)
		}
	}
}

// epoch is day 0 of spreadsheets.
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// serial returns a date ("2024-08-19T00:00:00.000") as a spreadsheet counts days.
func serial(s string) (float64, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02"} { // a fraction of a second may follow
		if t, err := time.Parse(layout, s); err == nil {
			return t.Sub(epoch).Hours() / 24, true
		}
	}
	return 0, false
}
