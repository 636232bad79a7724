// Package xls reads Excel's binary workbooks: BIFF8 (Excel 97 to 2003) and BIFF5 (Excel 5 and 95), in a compound file or, as
// scripts write them, bare ([MS-XLS]; BIFF5 by OpenOffice's documentation of the format). What the program shows is what is
// read: cached values of formulas, numbers under their format.
//
// It must not know what a list is.
package xls

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/cfb"
	"vanthu/parser/grid"
	"vanthu/parser/numfmt"
)

const (
	around   = 1000 // rows of titles and signatures beside the people that parser.Limits counts
	maxCells = 200_000 * 12
	// maxMemory bounds what one workbook takes: its stream, its shared strings, its cells.
	maxMemory = 200 << 20
	cellSize  = 72
	maxIndex  = 1 << 16 // of fonts and formats, which are named by two bytes
)

// Versions and kinds of substreams that BOF names ([MS-XLS] §2.4.21).
const (
	biff8       = 0x0600
	kindGlobals = 0x0005
	kindSheet   = 0x0010 // a worksheet, or a dialog
)

// Read reads a workbook. Errors are *parser.Problem: Damaged, TooLarge, Encrypted or Unsupported.
func Read(data []byte, lim parser.Limits) (grid.Book, error) {
	b := &book{lim: lim, codePage: 1252, formats: map[int]string{}, parsed: map[int]*numfmt.Format{}}
	if err := b.open(data); err != nil {
		return grid.Book{}, err
	}
	b.budget = 2*len(b.stream) + 1024
	if err := b.globals(); err != nil {
		return grid.Book{}, err
	}
	b.memory = maxMemory - len(b.stream) - b.sst.size()
	out := grid.Book{Format: "xls", Macros: b.macros}
	for _, t := range b.tabs {
		s, ok, err := b.sheet(t)
		if err != nil {
			return grid.Book{}, err
		}
		if ok {
			out.Sheets = append(out.Sheets, s)
		}
	}
	return out, nil
}

// A book is a workbook while it is read.
type book struct {
	lim      parser.Limits
	stream   []byte
	eight    bool // BIFF8
	codePage int
	date1904 bool
	recalc   bool // written by a program that keeps cached values (RECALCID)
	macros   bool
	unlocked bool
	fonts    []font
	formats  map[int]string
	parsed   map[int]*numfmt.Format
	xfs      []xf
	styles   []*style // by index of xfs, nil before they are needed
	sst      shared
	tabs     []tab
	rows     int
	cells    int
	memory   int // bytes that cells may still take
	budget   int // bytes of records still to be looked at: sheets do not overlap
}

// A tab is what BOUNDSHEET says of a sheet.
type tab struct {
	name   string
	pos    int
	hidden bool
}

// open finds the stream of the workbook.
func (b *book) open(data []byte) error {
	if !bytes.HasPrefix(data, []byte(cfb.Signature)) {
		b.stream = data
		return nil
	}
	f, err := cfb.Open(data)
	if err != nil {
		return err
	}
	b.macros = f.Has("_VBA_PROJECT_CUR") || f.Has("_VBA_PROJECT")
	for _, name := range []string{"Workbook", "Book"} { // a file for two versions has both; the newer one says more
		if b.stream, err = f.Stream(name); b.stream != nil || err != nil {
			return err
		}
	}
	return parser.Damage("xls: no workbook stream")
}

// globals reads the substream that describes the workbook.
func (b *book) globals() error {
	s := scanner{b: b.stream}
	if id := s.peek(); id == 0x0009 || id == 0x0209 || id == 0x0409 { // BIFF2 to BIFF4
		return &parser.Problem{Code: parser.Unsupported, Detail: "xls: Excel 4.0 or older"}
	}
	id, body, err := s.next()
	if err != nil {
		return err
	}
	if id != recBOF || len(body) < 4 {
		return parser.Damage("xls: no workbook")
	}
	b.eight = u16(body, 0) == biff8
	if u16(body, 2) == kindSheet { // a bare sheet, as scripts write it
		b.tabs = []tab{{name: "Sheet1"}}
		return nil
	}
	if u16(body, 2) != kindGlobals {
		return parser.Damage("xls: a stream of kind %#x", u16(body, 2))
	}
	for {
		id, body, err := s.next()
		if err != nil {
			return err
		}
		switch id {
		case recEOF:
			return nil
		case recFilePass:
			if b.unlocked {
				return parser.Damage("xls: locked twice")
			}
			b.unlocked = true
			if b.stream, err = unlock(b.stream, body, b.eight); err != nil {
				return err
			}
			s.b = b.stream
		case recSST:
			if b.sst, err = readSST(&parts{now: body, from: &s}); err != nil {
				return err
			}
		case recBoundSheet:
			if err := b.boundSheet(body); err != nil {
				return err
			}
		default:
			if err := b.global(id, body); err != nil {
				return err
			}
		}
	}
}

// global reads the records of one value each.
func (b *book) global(id uint16, body []byte) error {
	switch id {
	case recCodePage:
		if len(body) >= 2 {
			b.codePage = u16(body, 0)
		}
	case recDate1904:
		b.date1904 = len(body) >= 2 && u16(body, 0) == 1
	case recRecalcID:
		b.recalc = true
	case recObProj:
		b.macros = true
	case recFont, recFont34:
		if len(b.fonts) < maxIndex {
			b.fonts = append(b.fonts, b.font(body))
		}
	case recFormat:
		if len(body) > 2 {
			b.formats[u16(body, 0)] = b.formatCode(body[2:])
		}
	case recXF:
		if len(body) < 4 {
			return parser.Damage("xls: XF of %d bytes", len(body))
		}
		if len(b.xfs) < maxIndex {
			b.xfs = append(b.xfs, xf{font: u16(body, 0), format: u16(body, 2)})
		}
	}
	return nil
}

// boundSheet reads BOUNDSHEET ([MS-XLS] §2.4.28). Chart sheets hold no cells; macro sheets and modules are not looked into.
func (b *book) boundSheet(body []byte) error {
	if len(body) < 7 {
		return parser.Damage("xls: BOUNDSHEET of %d bytes", len(body))
	}
	switch body[5] {
	case 0:
	case 1, 6:
		b.macros = true
		return nil
	default:
		return nil
	}
	if len(b.tabs) == b.lim.Sheets {
		return parser.Beyond(b.lim.Sheets, "trang tính")
	}
	p := &parts{now: body[6:]}
	n := int(p.u8())
	var name string
	if b.eight {
		wide := p.u8()&1 != 0
		name = string(p.chars(nil, n, wide))
	} else {
		name = b.bytesText(p.now[:min(n, len(p.now))], font{})
	}
	b.tabs = append(b.tabs, tab{name: name, pos: int(binary.LittleEndian.Uint32(body)), hidden: body[4]&3 != 0})
	return nil
}

// shortText reads a string whose length is counted in size bytes: ShortXLUnicodeString, XLUnicodeString, or 8-bit of BIFF5.
func (b *book) shortText(p *parts, size int, f font) string {
	n := int(p.u8())
	if size == 2 {
		n |= int(p.u8()) << 8
	}
	if b.eight {
		wide := p.u8()&1 != 0
		return string(p.chars(nil, n, wide))
	}
	var s []byte
	for n > 0 && p.turn() {
		k := min(n, len(p.now))
		s = append(s, p.now[:k]...)
		p.now = p.now[k:]
		n -= k
	}
	return b.bytesText(s, f)
}

// plainNumber writes a number as its digits, without an exponent.
func plainNumber(f float64) string {
	if i := int64(f); float64(i) == f && -1e15 < f && f < 1e15 {
		return strconv.FormatInt(i, 10)
	}
	if size := math.Abs(f); size < 1e-30 || size > 1e30 { // no code, no number of people: a page of zeros would say no more
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
