package xls

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// A sheet is a worksheet while it is read.
type sheet struct {
	*book
	grid.Sheet
	slab       []grid.Cell  // where the cells of all rows lie
	rowHidden  map[int]bool // of rows that have a ROW record
	rowsHidden bool         // of those that have none
	unsorted   bool
	formula    place // whose STRING record is still to come
}

// A place is a cell's row and column (0-based) and the index of its format; every cell record begins with it.
type place struct {
	row, col, xf int
	set          bool
}

// sheet reads one sheet. ok is false when a tab leads to something else than a worksheet.
func (b *book) sheet(t tab) (out grid.Sheet, ok bool, err error) {
	if t.pos >= len(b.stream) {
		return out, false, parser.Damage("xls: sheet at %d of %d", t.pos, len(b.stream))
	}
	r := scanner{b: b.stream, pos: t.pos}
	id, body, err := r.next()
	if err != nil {
		return out, false, err
	}
	if id != recBOF || len(body) < 4 {
		return out, false, parser.Damage("xls: no sheet at %d", t.pos)
	}
	if u16(body, 2) != kindSheet {
		return out, false, nil
	}
	s := &sheet{book: b, Sheet: grid.Sheet{Name: t.name, Hidden: t.hidden}, rowHidden: map[int]bool{}}
	for depth := 1; depth > 0; {
		id, body, err := r.next()
		if err != nil {
			return out, false, err
		}
		if b.budget -= 4 + len(body); b.budget < 0 {
			return out, false, parser.Damage("xls: sheets overlap")
		}
		switch {
		case id == recBOF: // a chart in the sheet
			depth++
		case id == recEOF:
			depth--
		case depth == 1:
			if err := s.record(&r, id, body); err != nil {
				return out, false, err
			}
		}
	}
	if err := s.noString(); err != nil {
		return out, false, err
	}
	s.finish()
	return s.Sheet, true, nil
}

// record reads one record of a sheet.
func (s *sheet) record(r *scanner, id uint16, body []byte) error {
	switch id {
	case recLabelSST, recRK, recNumber, recMulRK, recLabel, recRString, recBoolErr, recFormula, recFormula34, recFormula4:
		if len(body) < 6 {
			return parser.Damage("xls: record %#x of %d bytes", id, len(body))
		}
		if err := s.noString(); err != nil {
			return err
		}
		return s.cellRecord(id, place{row: u16(body, 0), col: u16(body, 2), xf: u16(body, 4), set: true}, body)
	case recString:
		if !s.formula.set {
			return nil
		}
		return s.stringRecord(r, body)
	case recRow:
		return s.rowRecord(body)
	case recDefaultRowH:
		s.rowsHidden = len(body) >= 2 && body[0]&2 != 0
	case recColInfo:
		if len(body) < 10 {
			return parser.Damage("xls: COLINFO of %d bytes", len(body))
		}
		if hidden := body[8]&1 != 0 || u16(body, 4) == 0; hidden && len(s.HiddenCols) < s.lim.Columns {
			s.HiddenCols = append(s.HiddenCols, grid.Range{Col: u16(body, 0) + 1, LastCol: u16(body, 2) + 1})
		}
	case recMergeCells:
		return s.mergeRecord(body)
	}
	return nil
}

// rowRecord reads ROW ([MS-XLS] §2.4.221): a row is hidden by its flag or by a height of zero.
func (s *sheet) rowRecord(body []byte) error {
	if len(body) < 14 {
		return parser.Damage("xls: ROW of %d bytes", len(body))
	}
	s.rowHidden[u16(body, 0)+1] = body[12]&0x20 != 0 || u16(body, 6) == 0
	return nil
}

func (s *sheet) mergeRecord(body []byte) error {
	if len(body) < 2 || len(body) < 2+8*u16(body, 0) {
		return parser.Damage("xls: MERGECELLS of %d bytes", len(body))
	}
	for at := 2; at < 2+8*u16(body, 0); at += 8 {
		m := grid.Range{Row: u16(body, at) + 1, LastRow: u16(body, at+2) + 1, Col: u16(body, at+4) + 1, LastCol: u16(body, at+6) + 1}
		if s.memory -= cellSize; s.memory < 0 {
			return parser.BeyondBytes(maxMemory, "khi mở ra")
		}
		if m.Row <= m.LastRow && m.Col <= m.LastCol {
			s.Merged = append(s.Merged, m)
		}
	}
	return nil
}

// cellRecord reads a record of cells, which is long enough for its place.
func (s *sheet) cellRecord(id uint16, at place, body []byte) error {
	b := body[6:]
	switch {
	case id == recLabelSST && len(b) >= 4:
		i := int(binary.LittleEndian.Uint32(b))
		if i >= len(s.sst.ends) {
			return parser.Damage("xls: shared string %d of %d", i, len(s.sst.ends))
		}
		return s.text(at, s.sst.at(i), s.dressed(i, s.style(at.xf)))
	case id == recRK && len(b) >= 4:
		return s.number(at, rk(b), false)
	case id == recNumber && len(b) >= 8:
		return s.number(at, float(b), false)
	case id == recMulRK: // every number brings its format, the last column stands at the end ([MS-XLS] §2.4.175)
		for b = body[4:]; len(b) >= 6+2; b = b[6:] {
			at.xf = u16(b, 0)
			if err := s.number(at, rk(b[2:]), false); err != nil {
				return err
			}
			at.col++
		}
		return nil
	case id == recLabel && len(b) >= 2:
		st := s.style(at.xf)
		return s.text(at, s.shortText(&parts{now: b}, 2, st.font), st.font)
	case id == recRString && len(b) >= 2:
		return s.richText(at, b)
	case id == recBoolErr && len(b) >= 2:
		return s.boolErr(at, b[0], b[1] != 0, false)
	case id == recFormula && len(b) >= 10, id == recFormula34 && len(b) >= 10, id == recFormula4 && len(b) >= 10:
		return s.formulaRecord(at, b)
	}
	return parser.Damage("xls: record %#x of %d bytes", id, len(body))
}

// richText reads RSTRING: a text and its runs, which are half as long before BIFF8.
func (s *sheet) richText(at place, b []byte) error {
	p := &parts{now: b}
	text := s.shortText(p, 2, s.style(at.xf).font)
	var runs []run
	if s.eight {
		for range p.u16() {
			runs = append(runs, run{uint16(p.u16()), uint16(p.u16())})
			if p.short {
				break
			}
		}
	} else {
		for range p.u8() {
			runs = append(runs, run{uint16(p.u8()), uint16(p.u8())})
		}
	}
	if p.short {
		return parser.Damage("xls: RSTRING cut off")
	}
	return s.text(at, text, s.dress(text, s.style(at.xf).font, runs))
}

// text sets a text under a font.
func (s *sheet) text(at place, text string, f font) error {
	if text == "" {
		return nil
	}
	shown := s.style(at.xf).text(text)
	size := 0
	if shown != text {
		size = len(shown)
	}
	c, err := s.cell(at, size)
	if err != nil {
		return err
	}
	c.Text, c.Raw, c.Font, c.Struck, c.Partly = shown, text, f.name, f.struck, f.partly && !f.struck
	return nil
}

// number sets a number: Raw its digits, Text as its format shows it.
func (s *sheet) number(at place, f float64, formula bool) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return parser.Damage("xls: no number in row %d", at.row+1)
	}
	st, raw := s.style(at.xf), plainNumber(f)
	text := st.number(f, raw, s.date1904)
	if text == "" {
		return nil
	}
	c, err := s.cell(at, len(text)+len(raw))
	if err != nil {
		return err
	}
	*c = grid.Cell{Col: c.Col, Kind: grid.Number, Text: text, Raw: raw, Font: st.font.name, Formula: formula, Struck: st.font.struck}
	if st.date {
		c.Kind = grid.Date
	}
	return nil
}

func (s *sheet) boolErr(at place, value byte, isError, formula bool) error {
	c, err := s.cell(at, 0)
	if err != nil {
		return err
	}
	st := s.style(at.xf)
	c.Formula, c.Font, c.Struck = formula, st.font.name, st.font.struck
	switch {
	case isError:
		c.Kind, c.Text = grid.Error, errorText(value)
		c.Raw = c.Text
	case value != 0:
		c.Kind, c.Text, c.Raw = grid.Bool, "TRUE", "1"
	default:
		c.Kind, c.Text, c.Raw = grid.Bool, "FALSE", "0"
	}
	return nil
}

// errorText names the values of BErr ([MS-XLS] §2.5.10).
func errorText(code byte) string {
	switch code {
	case 0x00:
		return "#NULL!"
	case 0x07:
		return "#DIV/0!"
	case 0x0f:
		return "#VALUE!"
	case 0x17:
		return "#REF!"
	case 0x1d:
		return "#NAME?"
	case 0x24:
		return "#NUM!"
	case 0x2b:
		return "#GETTING_DATA"
	}
	return "#N/A"
}

// cell adds a cell whose texts take that many bytes of their own.
func (s *sheet) cell(at place, size int) (*grid.Cell, error) {
	if at.col >= s.lim.Columns { // what the caller writes is left out
		s.Cut = true
		return &grid.Cell{Col: at.col + 1}, nil
	}
	if s.cells++; s.cells > maxCells {
		return nil, parser.Beyond(maxCells, "ô")
	}
	if s.memory -= cellSize + size; s.memory < 0 {
		return nil, parser.BeyondBytes(maxMemory, "khi mở ra")
	}
	if n := len(s.Rows); n == 0 || s.Rows[n-1].Number != at.row+1 {
		if s.rows++; s.rows > s.lim.Rows+around {
			return nil, parser.Beyond(s.lim.Rows, "dòng")
		}
		s.unsorted = s.unsorted || n > 0 && s.Rows[n-1].Number > at.row+1
		s.Rows = append(s.Rows, grid.Row{Number: at.row + 1})
	}
	row := &s.Rows[len(s.Rows)-1]
	if len(s.slab) == cap(s.slab) {
		s.slab = append(make([]grid.Cell, 0, 2*len(row.Cells)+min(4096, 64+2*cap(s.slab))), row.Cells...)
	}
	from := len(s.slab) - len(row.Cells)
	s.slab = append(s.slab, grid.Cell{Col: at.col + 1})
	row.Cells = s.slab[from:len(s.slab):len(s.slab)]
	return &s.slab[len(s.slab)-1], nil
}

// finish puts rows and cells in order. Excel writes them so, other programs need not. Of two values of one cell the later
// one stays, as in Excel.
func (s *sheet) finish() {
	if s.unsorted {
		slices.SortStableFunc(s.Rows, func(a, b grid.Row) int { return cmp.Compare(a.Number, b.Number) })
		rows := s.Rows[:1]
		for _, r := range s.Rows[1:] {
			if last := &rows[len(rows)-1]; last.Number == r.Number {
				last.Cells = append(last.Cells, r.Cells...)
			} else {
				rows = append(rows, r)
			}
		}
		s.Rows = rows
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		hidden, known := s.rowHidden[r.Number]
		r.Hidden = hidden || !known && s.rowsHidden
		r.Cells = ordered(r.Cells)
	}
}

func ordered(cells []grid.Cell) []grid.Cell {
	for i := 1; i < len(cells); i++ {
		if cells[i-1].Col < cells[i].Col {
			continue
		}
		slices.SortStableFunc(cells, func(a, b grid.Cell) int { return cmp.Compare(a.Col, b.Col) })
		kept := cells[:1]
		for _, c := range cells[1:] {
			if last := &kept[len(kept)-1]; last.Col == c.Col {
				*last = c
			} else {
				kept = append(kept, c)
			}
		}
		return kept
	}
	return cells
}
