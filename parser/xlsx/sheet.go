package xlsx

import (
	"encoding/xml"
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/ooxml"
)

// Excel's own bounds (§18.3.1.73 row, §18.18.62 ST_Ref).
const (
	lastRow = 1 << 20
	lastCol = 1 << 14
)

// readSheet reads one worksheet. Cells without a value are left out, so a sheet that is formatted down to its last row
// costs nothing; what the dimension element claims is not looked at.
func (b *book) readSheet(part string) (grid.Sheet, error) {
	x, c, err := b.open(part)
	if err != nil {
		return grid.Sheet{}, err
	}
	defer c.Close()
	var s grid.Sheet
	number := 0
	for {
		t, err := x.Token()
		if done(err) {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "row":
			row, err := b.readRow(x, e, number)
			if err != nil {
				return s, err
			}
			number = row.Number
			if len(row.Cells) == 0 {
				continue
			}
			if b.rows++; b.rows > b.lim.Rows+around {
				return s, parser.Beyond(b.lim.Rows, "dòng")
			}
			s.Rows = append(s.Rows, row)
		case "col":
			if ooxml.True(ooxml.Attr(e, "hidden")) {
				s.HiddenCols = append(s.HiddenCols, grid.Range{Col: number1(ooxml.Attr(e, "min")), LastCol: number1(ooxml.Attr(e, "max"))})
			}
		case "mergeCell":
			if r, ok := parseRange(ooxml.Attr(e, "ref")); ok {
				s.Merged = append(s.Merged, r)
			}
		}
	}
}

// readRow reads to the end of a row. Rows and cells may leave out their position: then they follow the one before (§18.3.1.4).
func (b *book) readRow(x *ooxml.Reader, e xml.StartElement, before int) (grid.Row, error) {
	row := grid.Row{Number: before + 1, Hidden: ooxml.True(ooxml.Attr(e, "hidden"))}
	if r := ooxml.Attr(e, "r"); r != "" {
		row.Number = number1(r)
	}
	if row.Number <= before || row.Number > lastRow {
		return row, parser.Damage("rows out of order after row %d", before)
	}
	col := 0
	for {
		t, err := x.Token()
		if err != nil {
			return row, err
		}
		switch e := t.(type) {
		case xml.EndElement:
			return row, nil
		case xml.StartElement:
			if e.Name.Local != "c" {
				if err := x.Skip(); err != nil {
					return row, err
				}
				continue
			}
			cell, err := b.readCell(x, e)
			if err != nil {
				return row, err
			}
			if cell.Col == 0 {
				cell.Col = col + 1
			}
			if cell.Col <= col || cell.Col > lastCol {
				return row, parser.Damage("cells out of order in row %d", row.Number)
			}
			col = cell.Col
			if cell.Text == "" && !cell.Formula {
				continue
			}
			if col > b.lim.Columns {
				return row, parser.Beyond(b.lim.Columns, "cột")
			}
			if b.cells++; b.cells > maxCells {
				return row, parser.Beyond(maxCells, "ô")
			}
			row.Cells = append(row.Cells, cell)
		}
	}
}

// readCell reads to the end of a cell. Col is 0 when the cell does not say where it stands.
func (b *book) readCell(x *ooxml.Reader, e xml.StartElement) (grid.Cell, error) {
	var kind, value string
	var id int
	var cell grid.Cell
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "r":
			var ok bool
			if cell.Col, _, ok = parseCell(a.Value); !ok {
				return cell, parser.Damage("cell %.20q", a.Value)
			}
		case "t":
			kind = a.Value
		case "s":
			id = number1(a.Value)
		}
	}
	var inline *shared
	calculated := false
	for {
		t, err := x.Token()
		if err != nil {
			return cell, err
		}
		if _, ok := t.(xml.EndElement); ok {
			break
		}
		c, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch c.Name.Local {
		case "v":
			var text strings.Builder
			if err := chars(x, &text); err != nil {
				return cell, err
			}
			value, calculated = text.String(), true
		case "is":
			s, err := readText(x)
			if err != nil {
				return cell, err
			}
			inline = &s
		default:
			cell.Formula = cell.Formula || c.Name.Local == "f"
			if err := x.Skip(); err != nil {
				return cell, err
			}
		}
	}
	if kind == "str" && calculated && value == "" {
		cell.Formula = false // calculated, and nothing came out: an empty cell
	}
	err := b.fill(&cell, kind, value, id, inline)
	return cell, err
}

// fill sets what the cell shows, by its type (§18.18.11 ST_CellType).
func (b *book) fill(cell *grid.Cell, kind, value string, id int, inline *shared) error {
	if value == "" && inline == nil {
		return nil
	}
	st := b.styles.of(id)
	cell.Font, cell.Struck = st.font, st.struck
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < 0 || n >= len(b.strings) {
			return parser.Damage("shared string %.20q of %d", value, len(b.strings))
		}
		setText(cell, b.strings[n])
	case "inlineStr":
		if inline != nil {
			setText(cell, *inline)
		}
	case "str":
		cell.Text = unescape(value)
		cell.Raw = cell.Text
	case "b":
		cell.Kind, cell.Raw, cell.Text = grid.Bool, value, "FALSE"
		if ooxml.True(value) {
			cell.Text = "TRUE"
		}
	case "e":
		cell.Kind, cell.Raw, cell.Text = grid.Error, value, value
	case "d":
		cell.Kind, cell.Raw, cell.Text = grid.Date, value, value
	default:
		b.number(cell, strings.TrimSpace(value), id, st)
	}
	return nil
}

// number sets a number: Raw its digits, never an exponent, Text as its format shows it.
func (b *book) number(cell *grid.Cell, value string, id int, st *style) {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil { // no number after all: what stands there is what the person sees
		cell.Text, cell.Raw = value, value
		return
	}
	cell.Kind = grid.Number
	if st.date {
		cell.Kind = grid.Date
	}
	cell.Raw = strconv.FormatFloat(f, 'f', -1, 64)
	if strings.Trim(value, "0123456789") == "" {
		cell.Raw = value // an integer of any length: its own digits
	}
	cell.Text = cell.Raw
	if !st.plain {
		if text := b.styles.formatted(id, value); text != "" {
			cell.Text = text
		}
	}
}

// parseRange reads "A1:B2" or "A1".
func parseRange(ref string) (grid.Range, bool) {
	from, to, two := strings.Cut(ref, ":")
	if !two {
		to = from
	}
	c1, r1, ok1 := parseCell(from)
	c2, r2, ok2 := parseCell(to)
	return grid.Range{Row: r1, Col: c1, LastRow: r2, LastCol: c2}, ok1 && ok2 && r1 > 0 && r1 <= r2 && c1 <= c2
}

// parseCell reads "AB12" or "$AB$12".
func parseCell(ref string) (col, row int, ok bool) {
	for i := 0; i < len(ref); i++ {
		switch c := ref[i]; {
		case c == '$':
		case 'A' <= c && c <= 'Z' && row == 0:
			col = col*26 + int(c-'A') + 1
		case 'a' <= c && c <= 'z' && row == 0:
			col = col*26 + int(c-'a') + 1
		case '0' <= c && c <= '9' && col > 0:
			row = row*10 + int(c-'0')
		default:
			return 0, 0, false
		}
		if col > lastCol || row > lastRow {
			return 0, 0, false
		}
	}
	return col, row, col > 0
}

// number1 reads a number from 1 on; 0 when it is none.
func number1(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func setText(cell *grid.Cell, s shared) {
	cell.Text, cell.Raw = s.text, s.text
	if s.font != "" {
		cell.Font = s.font
	}
	cell.Struck = cell.Struck || s.struck
}
