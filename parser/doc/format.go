package doc

import (
	"sort"

	"vanthu/parser"
)

const pageSize = 512 // of formatted disk pages ([MS-DOC] §2.9.33 ChpxFkp, §2.9.175 PapxFkp)

// formats finds the direct format of characters or paragraphs by their place in the text stream. Pages are looked into
// when they are needed.
type formats struct {
	text  []byte
	fcs   []byte // n+1 places
	pages []byte // n page numbers
	n     int
	para  bool
	last  span
}

// A span is a run of one format.
type span struct {
	from, to int // places in the text stream
	style    int // of a paragraph
	grpprl   []byte
}

func newFormats(text, plc []byte, para bool) (*formats, error) {
	f := &formats{text: text, para: para}
	if len(plc) < 4 {
		return f, nil
	}
	f.n = (len(plc) - 4) / 8
	f.fcs, f.pages = plc[:4*(f.n+1)], plc[4*(f.n+1):]
	for i := range f.n {
		if u32(f.fcs, 4*i) > u32(f.fcs, 4*i+4) {
			return nil, parser.Damage("doc: formats out of order")
		}
	}
	return f, nil
}

// at returns the format at a place of the text stream; a plain one where none is stored.
func (f *formats) at(fc int) (span, error) {
	if f.last.from <= fc && fc < f.last.to {
		return f.last, nil
	}
	var err error
	i := sort.Search(f.n, func(i int) bool { return u32(f.fcs, 4*i+4) > fc })
	switch {
	case i == f.n:
		f.last = span{from: fc, to: max(fc+1, len(f.text))}
	case u32(f.fcs, 4*i) > fc:
		f.last = span{from: fc, to: u32(f.fcs, 4*i)}
	default:
		f.last, err = f.inPage(u32(f.pages, 4*i)&0x3fffff*pageSize, fc)
	}
	return f.last, err
}

func (f *formats) inPage(at, fc int) (span, error) {
	if at > len(f.text)-pageSize {
		return span{}, parser.Damage("doc: formats lie at %d of %d", at, len(f.text))
	}
	page := f.text[at : at+pageSize]
	entry := 1
	if f.para {
		entry = 13
	}
	runs := int(page[pageSize-1])
	if runs*(4+entry)+4 >= pageSize {
		return span{}, parser.Damage("doc: %d formats in a page", runs)
	}
	j := sort.Search(runs, func(j int) bool { return u32(page, 4*j+4) > fc })
	if j == runs || u32(page, 4*j) > fc { // the pages and their index do not agree
		return span{from: fc, to: fc + 1}, nil
	}
	s := span{from: u32(page, 4*j), to: u32(page, 4*j+4)}
	if offset := 2 * int(page[4*(runs+1)+entry*j]); offset != 0 {
		return s, s.read(page[offset:pageSize-1], f.para)
	}
	return s, nil
}

// read reads Chpx (§2.9.32) or PapxInFkp (§2.9.176).
func (s *span) read(b []byte, para bool) error {
	if len(b) < 2 {
		return parser.Damage("doc: a format beyond its page")
	}
	n := int(b[0])
	b = b[1:]
	if para && n == 0 {
		n = 2 * int(b[0])
		b = b[1:]
	} else if para {
		n = 2*n - 1
	}
	if n > len(b) || para && n < 2 {
		return parser.Damage("doc: a format beyond its page")
	}
	if para {
		s.style, s.grpprl = u16(b, 0), b[2:n]
	} else {
		s.grpprl = b[:n]
	}
	return nil
}

// A charFormat is the formatting of a character that matters.
type charFormat struct {
	font    string
	struck  bool
	hidden  bool
	deleted bool
	special bool
	data    bool // belongs to a field, shows nothing
}

// char applies modifiers to a format. Toggles against the style are read as if the style were plain: one that strikes
// through or hides everything is not looked for.
func (f *file) char(c *charFormat, grpprl []byte) {
	f.sprms(grpprl, func(sprm int, v []byte) {
		switch sprm {
		case sprmCFRMarkDel:
			c.deleted = on(v)
		case sprmCFData:
			c.data = on(v)
		case sprmCFStrike, sprmCFDStrike:
			c.struck = on(v)
		case sprmCFVanish:
			c.hidden = on(v)
		case sprmCFSpec:
			c.special = on(v)
		case sprmCIstd:
			if font := f.styleFont(u16(v, 0)); font != "" {
				c.font = font
			}
		case sprmCRgFtc0:
			if i := u16(v, 0); i < len(f.fonts) {
				c.font = f.fonts[i]
			}
		}
	})
}

// on reads a ToggleOperand (§2.9.336).
func on(v []byte) bool { return v[0] == 1 || v[0] == 0x81 }

// A paraFormat is the formatting of a paragraph that matters.
type paraFormat struct {
	style   int
	depth   int  // how many tables it stands in
	cellEnd bool // it ends a cell of an inner table
	rowEnd  bool // it ends a row
	list    int  // how it is numbered, from 1
	level   int  // of the list
	row     rowFormat
}

// paragraph returns the format of the paragraph whose last character lies at fc.
func (f *file) paragraph(fc, prm int) (paraFormat, error) {
	s, err := f.paras.at(fc)
	if err != nil {
		return paraFormat{}, err
	}
	out := paraFormat{style: s.style}
	if s.style < len(f.styles) {
		out.list, out.level = f.styles[s.style].list, f.styles[s.style].level
	}
	inTable, depth := false, 0
	var apply func(grpprl []byte, nested int)
	apply = func(grpprl []byte, nested int) {
		f.sprms(grpprl, func(sprm int, v []byte) {
			switch sprm {
			case sprmPFInTable:
				inTable = v[0] != 0
			case sprmPFTtp, sprmPFInnerTtp:
				out.rowEnd = v[0] != 0
			case sprmPFInnerTableCell:
				out.cellEnd = v[0] != 0
			case sprmPIlfo:
				out.list = u16(v, 0)
			case sprmPIlvl:
				out.level = int(v[0])
			case sprmPItap:
				depth = u32(v, 0)
			case sprmPHugePapx, sprmPTableProps: // the rest lies in the stream Data (§2.9.209 PrcData)
				if at := u32(v, 0); nested == 0 && at+2 <= len(f.data) && at+2+u16(f.data, at) <= len(f.data) {
					apply(f.data[at+2:at+2+u16(f.data, at)], 1)
				}
			case sprmTDefTable, sprmTMerge, sprmTSplit, sprmTVertMerge:
				out.row.modify(sprm, v)
			}
		})
	}
	apply(s.grpprl, 0)
	apply(f.prm(prm), 0)
	if out.depth = depth; inTable && depth < 1 {
		out.depth = 1
	}
	return out, nil
}
