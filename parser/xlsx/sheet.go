package xlsx

import (
	"bytes"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xmlscan"
)

// Excel's own bounds (§18.3.1.73 row, §18.18.62 ST_Ref).
const (
	lastRow = 1 << 20
	lastCol = 1 << 14
)

// A sheet is a worksheet while it is read.
type sheet struct {
	*book
	x       *xmlscan.Scanner
	out     *grid.Sheet
	start   start    // of the row
	row     grid.Row // used again for each
	digits  []byte   // its number, as a cell's reference ends
	col     int      // of the last cell
	texts   texts
	cell    stored
	value   []byte // of readCell
	formula []byte
}

// sheet reads one worksheet (§18.3.1.99). Cells without a value are left out, so a sheet that is formatted down to its last
// row costs nothing; what the dimension element claims is not looked at.
func (b *book) sheet(part string, out *grid.Sheet) error {
	return b.scan(part, func(x *xmlscan.Scanner) error {
		if err := root(x); err != nil {
			return err
		}
		s := &sheet{book: b, x: x, out: out}
		return children(x, func() (bool, error) {
			switch string(x.Local()) {
			case "cols":
				return true, s.columns()
			case "sheetData":
				return true, s.rows()
			case "mergeCells":
				return true, s.merged()
			}
			return false, nil
		})
	})
}

// rows reads sheetData (§18.3.1.80).
func (s *sheet) rows() error {
	for {
		if !s.slow {
			if err := s.fastRows(); err != nil {
				return err
			}
		}
		k, err := s.x.Next()
		switch {
		case err != nil:
			return err
		case k == xmlscan.End:
			return nil
		case k != xmlscan.Start:
			continue
		case !s.x.Is("row"):
			err = s.x.Skip()
		default:
			if err = s.readStart(); err == nil {
				err = s.readRow()
			}
		}
		if err != nil {
			return err
		}
	}
}

// A start is what the start tag of a row says: its number, 0 when it does not say, and whether it is hidden.
type start struct {
	number int
	hidden bool
}

// readStart reads the start tag of a row. A row of no height is hidden, too.
func (s *sheet) readStart() error {
	s.start = start{}
	if r, ok := s.x.Attr("r"); ok {
		if s.start.number, ok = index(r); !ok || s.start.number == 0 {
			return parser.Damage("row %.20q", r)
		}
	}
	height, given := s.x.Attr("ht")
	s.start.hidden = yes(s.x, "hidden") || given && zero(height)
	return nil
}

// columns reads which columns are not seen: hidden ones, and those that somebody drew shut (§18.3.1.13 col).
func (s *sheet) columns() error {
	return children(s.x, func() (bool, error) {
		width, given := s.x.Attr("width")
		if !s.x.Is("col") || !yes(s.x, "hidden") && !(given && zero(width)) {
			return false, nil
		}
		r := grid.Range{Col: number(s.x, "min"), LastCol: min(number(s.x, "max"), lastCol)}
		if r.Col < 1 || r.Col > r.LastCol {
			return false, nil
		}
		if s.out.HiddenCols = append(s.out.HiddenCols, r); len(s.out.HiddenCols) > lastCol {
			return false, parser.Damage("columns without end")
		}
		return false, nil
	})
}

// zero reports whether a measure is 0.
func zero(v []byte) bool {
	f, err := strconv.ParseFloat(string(v), 64)
	return err == nil && f == 0
}

func (s *sheet) merged() error {
	return children(s.x, func() (bool, error) {
		ref, _ := s.x.Attr("ref")
		if r, ok := parseRange(ref); ok && s.x.Is("mergeCell") {
			if s.out.Merged = append(s.out.Merged, r); len(s.out.Merged) > maxMerged {
				return false, parser.Beyond(maxMerged, "ô gộp")
			}
		}
		return false, nil
	})
}

// readRow reads to the end of a row. Rows and cells may leave out their position: then they follow the one before
// (§18.3.1.73).
func (s *sheet) readRow() error {
	before := s.row.Number
	s.row = grid.Row{Number: before + 1, Hidden: s.start.hidden, Cells: s.row.Cells[:0]}
	if s.start.number > 0 {
		s.row.Number = s.start.number
	}
	if s.row.Number <= before || s.row.Number > lastRow {
		return parser.Damage("rows out of order after row %d", before)
	}
	s.digits = strconv.AppendInt(s.digits[:0], int64(s.row.Number), 10)
	s.col = 0
	if err := s.cells(); err != nil {
		return err
	}
	if len(s.row.Cells) == 0 {
		return nil
	}
	if s.read++; s.read > s.lim.Rows+around {
		return parser.Beyond(s.lim.Rows, "dòng")
	}
	return s.visit.row(s.out, &s.row)
}

// cells reads the cells up to the end of the row.
func (s *sheet) cells() error {
	for {
		if !s.slow {
			if ended, err := s.fastCells(); ended || err != nil {
				return err
			}
		}
		k, err := s.x.Next()
		switch {
		case err != nil:
			return err
		case k == xmlscan.End:
			return nil
		case k != xmlscan.Start:
			continue
		case s.x.Is("c"):
			err = s.readCell()
		default:
			err = s.x.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// readCell reads to the end of a cell (§18.3.1.4 c).
func (s *sheet) readCell() error {
	c := &s.cell
	*c = stored{style: number(s.x, "s")}
	if ref, ok := s.x.Attr("r"); ok {
		col, row, ok := parseCell(ref)
		if !ok || row != s.row.Number {
			return parser.Damage("cell %.20q in row %d", ref, s.row.Number)
		}
		c.col = col
	}
	t, _ := s.x.Attr("t")
	c.kind = kindOf(t)
	s.value, s.formula = s.value[:0], s.formula[:0]
	err := children(s.x, func() (bool, error) {
		var err error
		switch string(s.x.Local()) {
		case "f":
			c.formula = true
			t, _ := s.x.Attr("t") // the text of an array or a shared formula is not all of it
			s.formula, err = appendChars(s.formula[:0], s.x)
			if len(t) > 0 && string(t) != "normal" {
				s.formula = s.formula[:0]
			}
		case "v":
			c.given = true
			s.value, err = appendChars(s.value, s.x)
		case "is":
			if err = s.texts.read(s.x); err == nil {
				c.inline, c.text, c.look = true, s.texts.text, s.texts.look()
			}
		default:
			return false, nil
		}
		return true, err
	})
	c.value = s.value
	if err != nil {
		return err
	}
	if err := s.put(c); err != nil {
		return err
	}
	if c.formula && len(s.formula) > 0 && len(c.value) == 0 && len(c.text) == 0 {
		return s.remember(c.col)
	}
	return nil
}

// parseRange reads "A1:B2" or "A1".
func parseRange(ref []byte) (grid.Range, bool) {
	from, to, two := bytes.Cut(ref, []byte(":"))
	if !two {
		to = from
	}
	c1, r1, ok1 := parseCell(from)
	c2, r2, ok2 := parseCell(to)
	return grid.Range{Row: r1, Col: c1, LastRow: r2, LastCol: c2}, ok1 && ok2 && r1 <= r2 && c1 <= c2
}

// parseCell reads "AB12" or "$AB$12".
func parseCell(ref []byte) (col, row int, ok bool) {
	for _, c := range ref {
		switch {
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
	return col, row, col > 0 && row > 0
}
