package doc

import (
	"encoding/binary"
	"sort"

	"vanthu/parser"
	"vanthu/parser/cfb"
)

// The stories of a document, in the order of their characters ([MS-DOC] §2.3, §2.5.4 FibRgLw97).
const (
	mainText = iota
	footnotes
	headers
	macros // none since Word 97
	comments
	endnotes
	textBoxes
	headerTextBoxes
	storyCount
)

// Indexes of FibRgFcLcb97 (§2.5.6).
const (
	fcStshf       = 1
	fcPlcfBteChpx = 12
	fcPlcfBtePapx = 13
	fcSttbfFfn    = 15
	fcClx         = 33
	fcPlcSpaMom   = 40
	fcDggInfo     = 50
	fcPlcftxbxTxt = 56
	fcPlfLst      = 73
	fcPlfLfo      = 74
)

// A file is an opened document.
type file struct {
	text    []byte // the stream WordDocument
	table   []byte // the stream 0Table or 1Table
	data    []byte // the stream Data
	stories [storyCount]int
	pieces  []piece
	extra   [][]byte // formats that pieces name (Prc)
	chars   *formats
	paras   *formats
	fonts   []string
	styles  []style
	normal  string // the font where no style names one
	shapes  shapes
	lists   lists
	work    int // bytes of modifiers that may still be looked at
}

// A piece is a run of characters that lie together ([MS-DOC] §2.4.1).
type piece struct {
	cp, end int
	fc      int
	wide    bool
	prm     int
}

func u16(b []byte, at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }

func u32(b []byte, at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }

// open reads what describes the text.
func open(c *cfb.File) (*file, error) {
	f := &file{work: maxWork}
	var err error
	if f.text, err = c.Stream("WordDocument"); err != nil {
		return nil, err
	}
	b := f.text
	const fixed = 154 // to the beginning of FibRgFcLcb97
	if len(b) < 12 {
		return nil, parser.Damage("doc: a FIB of %d bytes", len(b))
	}
	if ident, version := u16(b, 0), u16(b, 2); ident != 0xa5ec || version < 0xc1 {
		return nil, &parser.Problem{Code: parser.Unsupported, Detail: "doc: Word 95 or older"}
	}
	flags := u16(b, 10)
	if flags&0x0100 != 0 {
		return nil, &parser.Problem{Code: parser.Encrypted}
	}
	if len(b) < fixed || u16(b, 32) != 14 || u16(b, 62) < 22 || u16(b, 152) <= fcPlfLfo || len(b) < fixed+8*u16(b, 152) {
		return nil, parser.Damage("doc: FIB cut off")
	}
	for i := range f.stories {
		f.stories[i] = u32(b, 64+12+4*i)
	}
	name := "0Table"
	if flags&0x0200 != 0 {
		name = "1Table"
	}
	if f.table, err = c.Stream(name); err != nil {
		return nil, err
	}
	if f.data, err = c.Stream("Data"); err != nil {
		return nil, err
	}
	return f, f.parts(func(i int) ([]byte, error) {
		from, n := u32(b, fixed+8*i), u32(b, fixed+8*i+4)
		if n == 0 {
			return nil, nil
		}
		if from > len(f.table) || n > len(f.table)-from {
			return nil, parser.Damage("doc: table %d lies at %d+%d of %d", i, from, n, len(f.table))
		}
		return f.table[from : from+n], nil
	})
}

// parts reads the tables that the FIB names.
func (f *file) parts(part func(i int) ([]byte, error)) error {
	var b [10][]byte
	for i, n := range []int{fcClx, fcPlcfBteChpx, fcPlcfBtePapx, fcSttbfFfn, fcStshf, fcPlcSpaMom, fcDggInfo, fcPlcftxbxTxt, fcPlfLst, fcPlfLfo} {
		var err error
		if b[i], err = part(n); err != nil {
			return err
		}
	}
	err := f.clx(b[0])
	if err != nil {
		return err
	}
	if f.chars, err = newFormats(f.text, b[1], false); err != nil {
		return err
	}
	if f.paras, err = newFormats(f.text, b[2], true); err != nil {
		return err
	}
	f.fonts = fontNames(b[3])
	f.stylesheet(b[4])
	f.shapes = readShapes(b[5], b[6], b[7])
	f.lists = readLists(b[8], b[9])
	return nil
}

// clx reads the piece table (§2.9.38).
func (f *file) clx(b []byte) error {
	for len(b) >= 3 && b[0] == 1 { // Prc: formats for pieces
		n := u16(b, 1)
		if n > len(b)-3 {
			return parser.Damage("doc: Prc cut off")
		}
		f.extra = append(f.extra, b[3:3+n])
		b = b[3+n:]
	}
	if len(b) < 5 || b[0] != 2 || u32(b, 1) > len(b)-5 {
		return parser.Damage("doc: no piece table")
	}
	b = b[5 : 5+u32(b, 1)]
	n := (len(b) - 4) / 12
	if n < 1 {
		return parser.Damage("doc: an empty piece table")
	}
	for i := range n {
		p := piece{cp: u32(b, 4*i), end: u32(b, 4*i+4)}
		pcd := b[4*(n+1)+8*i:]
		fc := u32(pcd, 2)
		p.fc, p.wide, p.prm = fc&0x3fffffff, fc&0x40000000 == 0, u16(pcd, 6)
		width := 2
		if !p.wide {
			p.fc /= 2
			width = 1
		}
		if p.end < p.cp || i > 0 && p.cp != f.pieces[i-1].end || p.fc > len(f.text) || p.end-p.cp > (len(f.text)-p.fc)/width {
			return parser.Damage("doc: piece %d lies outside of the text", i)
		}
		f.pieces = append(f.pieces, p)
	}
	// Every character takes a byte of the file: pieces that lie upon each other would make a long text of a short file.
	total := 0
	for _, s := range f.stories {
		if s > len(f.text) {
			return parser.Damage("doc: a story of %d characters", s)
		}
		total += s
	}
	if last := f.pieces[n-1].end; f.pieces[0].cp != 0 || last > len(f.text) || last < total {
		return parser.Damage("doc: %d characters, pieces end at %d", total, last)
	}
	return nil
}

// story returns the characters of a story.
func (f *file) story(i int) (from, to int) {
	for _, n := range f.stories[:i] {
		from += n
	}
	return from, from + f.stories[i]
}

// pieceAt returns the index of the piece that holds a character.
func (f *file) pieceAt(cp int) int {
	return sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i].end > cp })
}
