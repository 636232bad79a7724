package doc

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"vanthu/parser"
	"vanthu/parser/grid"
)

const around = 1000 // paragraphs and rows beside the people that parser.Limits counts

// A walk is the way through the stories of a document.
type walk struct {
	*file
	lim     parser.Limits
	blocks  []grid.Block
	tables  []grid.Sheet
	rows    int
	open    []*table // around the present paragraph, the outermost first
	now     text     // the present paragraph
	held    *text    // the ones before it whose ends were deleted
	heldAs  paraFormat
	fields  []bool // of each open field: this is its code, not yet its result
	codes   int    // how many of them are in their code
	high    rune   // first half of a surrogate pair
	anchors []int  // shapes of the present paragraph or table
}

// story reads some characters, whole paragraphs.
func (w *walk) story(from, to int) error {
	if from >= to {
		return nil
	}
	for i := w.pieceAt(from); from < to; i++ {
		p := w.pieces[i]
		width := 1
		if p.wide {
			width = 2
		}
		for end := min(p.end, to); from < end; {
			fc := p.fc + (from-p.cp)*width
			s, err := w.chars.at(fc)
			if err != nil {
				return err
			}
			var format charFormat
			w.char(&format, s.grpprl)
			w.char(&format, w.prm(p.prm))
			n := max(1, min(end-from, (s.to-fc+width-1)/width))
			for k := range n {
				at := fc + k*width
				r := rune(0)
				if p.wide {
					r = rune(u16(w.text, at))
				} else {
					r = ansi(w.text[at])
				}
				if err := w.rune(r, from+k, at, p.prm, &format); err != nil {
					return err
				}
			}
			from += n
		}
	}
	if w.now.Len() > 0 || w.held != nil {
		if err := w.end(paraFormat{}, false); err != nil {
			return err
		}
	}
	w.fields, w.codes = nil, 0
	return w.close(0)
}

// ansi is windows-1252, where Windows gives undefined bytes the control character of the same number.
func ansi(b byte) rune {
	if r := charmap.Windows1252.DecodeByte(b); r != utf8.RuneError {
		return r
	}
	return rune(b)
}

// pictorial reports fonts whose signs are no letters.
func pictorial(font string) bool {
	return strings.HasPrefix(font, "Wingdings") || strings.HasPrefix(font, "Webdings") || strings.HasPrefix(font, "Symbol")
}

// rune reads one character ([MS-DOC] §2.4.1 and §2.8.25 on fields).
func (w *walk) rune(r rune, cp, fc, prm int, f *charFormat) error {
	switch r {
	case 0x13:
		w.fields = append(w.fields, true)
		w.codes++
		return nil
	case 0x14, 0x15:
		n := len(w.fields)
		if n == 0 {
			return nil
		}
		if w.fields[n-1] {
			w.codes--
		}
		w.fields[n-1] = false
		if r == 0x15 {
			w.fields = w.fields[:n-1]
		}
		return nil
	case '\r', 0x07, 0x0c:
		p, err := w.paragraph(fc, prm)
		if err != nil {
			return err
		}
		switch {
		case r == 0x0c && p.depth > 0: // a break of pages inside a table
			w.now.add('\n', f)
			return nil
		case r == '\r' && f.deleted && !p.cellEnd && !p.rowEnd:
			return w.hold(p)
		}
		return w.end(p, r == 0x07)
	}
	if f.hidden || f.deleted || w.codes > 0 {
		return nil
	}
	switch {
	case r == 0x01:
		w.now.picture = w.now.picture || f.special && !f.data
	case r == 0x08:
		if shape, ok := w.shapes.anchors[cp]; ok && f.special {
			w.now.picture = w.now.picture || w.shapes.pictures[shape]
			w.anchors = append(w.anchors, shape)
		}
	case r == 0x0b, r == 0x0e: // ends of a line and of a column
		w.now.add('\n', f)
	case r == 0x1e:
		w.now.add('-', f)
	case r == 0x1f: // an optional hyphen; under a font of TCVN3 it is a letter that passed through another program
		w.now.add('\u00ad', f)
	case r < ' ' && r != '\t', r == '(' && f.special: // other marks, and symbols of a font of pictures
	case 0xf020 <= r && r <= 0xf0ff && !pictorial(f.font): // a byte under a font without a character set, as some of TCVN3 and VNI are
		w.now.add(ansi(byte(r)), f)
	case utf16.IsSurrogate(r):
		if w.high == 0 {
			w.high = r
			return nil
		}
		r, w.high = utf16.DecodeRune(w.high, r), 0
		w.now.add(r, f)
	default:
		w.now.add(r, f)
	}
	return nil
}

// hold keeps a paragraph whose end was deleted for the next one, with which it becomes one.
func (w *walk) hold(p paraFormat) error {
	if w.now.Len() == 0 && !w.now.picture {
		return nil
	}
	if w.held != nil && w.heldAs.depth != p.depth {
		if err := w.release(p); err != nil {
			return err
		}
	}
	if w.held == nil {
		w.held, w.heldAs = &text{}, p
	}
	w.held.join(&w.now)
	w.now = text{}
	return nil
}

// release gives back what was held: as part of the present paragraph, or on its own before a table or behind one, which is
// no part of a paragraph.
func (w *walk) release(p paraFormat) error {
	held := w.held
	if held == nil {
		return nil
	}
	w.held = nil
	if p.depth == w.heldAs.depth && !p.rowEnd {
		held.join(&w.now)
		w.now = text{}
		w.now.join(held)
		return nil
	}
	now := &text{}
	now.join(&w.now)
	w.now = text{}
	w.now.join(held)
	err := w.end(w.heldAs, false)
	w.now.join(now)
	return err
}

// end ends a paragraph. mark: with the mark of a cell or a row of an outermost table.
func (w *walk) end(p paraFormat, mark bool) error {
	if err := w.release(p); err != nil {
		return err
	}
	if number := w.lists.next(p.list, p.level); number != "" && p.depth > 0 && !p.rowEnd && w.now.solid == 0 {
		for _, r := range number { // elsewhere Word's numbers stand before a text that says more
			w.now.add(r, &charFormat{})
		}
	}
	now := w.now
	w.now = text{}
	now.settle(w.font(p.style))
	if w.work < 0 {
		return parser.Beyond(maxWork, "byte định dạng")
	}
	if err := w.close(p.depth); err != nil {
		return err
	}
	if p.depth == 0 {
		if len(w.blocks) > w.lim.Rows+around {
			return parser.Beyond(w.lim.Rows, "đoạn văn")
		}
		w.blocks = append(w.blocks, grid.Block{Text: now.String(), Font: now.font(), Picture: now.picture})
		return w.showBoxes()
	}
	for len(w.open) < p.depth {
		if len(w.tables) == w.lim.Sheets {
			return parser.Beyond(w.lim.Sheets, "bảng")
		}
		w.tables = append(w.tables, grid.Sheet{})
		w.blocks = append(w.blocks, grid.Block{Table: len(w.tables)})
		w.open = append(w.open, &table{sheet: len(w.tables) - 1, block: len(w.blocks) - 1})
	}
	t := w.open[p.depth-1]
	if p.rowEnd && mark == (p.depth == 1) {
		if w.rows++; w.rows > w.lim.Rows+around {
			return parser.Beyond(w.lim.Rows, "dòng")
		}
		t.endRow(p.row)
		return nil
	}
	if len(t.cells) >= w.lim.Columns {
		return parser.Beyond(w.lim.Columns, "cột")
	}
	switch last := mark || p.cellEnd; {
	case last && t.cell == nil: // the usual cell is one paragraph
		t.picture = t.picture || now.picture
		t.cells = append(t.cells, now)
	case last:
		t.add(&now)
		t.endCell()
	default:
		t.add(&now)
	}
	return nil
}

// font returns the font of a style, or of the text that names none.
func (w *walk) font(style int) string {
	if f := w.styleFont(style); f != "" {
		return f
	}
	return w.normal
}

// close ends the tables deeper than depth.
func (w *walk) close(depth int) error {
	if len(w.open) <= depth {
		return nil
	}
	for len(w.open) > depth {
		t := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		sheet, err := t.grid(w.lim)
		if err != nil {
			return err
		}
		w.tables[t.sheet] = sheet
		w.blocks[t.block].Picture = t.picture
	}
	if depth == 0 {
		return w.showBoxes()
	}
	return nil
}

// showBoxes reads the text boxes whose anchors were met: they stand behind the paragraph or table.
func (w *walk) showBoxes() error {
	anchors := w.anchors
	w.anchors = nil
	for _, shape := range anchors {
		boxes := w.shapes.boxes[shape]
		delete(w.shapes.boxes, shape)
		for _, b := range boxes {
			if err := w.box(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// otherBoxes reads the text boxes whose anchors were not met.
func (w *walk) otherBoxes() error {
	if len(w.shapes.order) == 0 {
		return w.story(w.file.story(textBoxes))
	}
	w.anchors = w.shapes.order
	return w.showBoxes()
}

func (w *walk) box(b box) error {
	start, end := w.file.story(textBoxes)
	fields, codes := w.fields, w.codes
	w.fields, w.codes = nil, 0
	err := w.story(start+b.from, min(start+b.to, end))
	w.fields, w.codes = fields, codes
	return err
}

// A text gathers the characters of a paragraph or of a cell.
type text struct {
	strings.Builder
	fonts   []fontCount
	solid   int // characters that are no blanks
	struck  int // those of them that are struck through
	picture bool
}

type fontCount struct {
	name string
	n    int
}

func (t *text) add(r rune, f *charFormat) {
	t.WriteRune(r)
	if r == ' ' || r == '\n' || r == '\t' || r == '\u00a0' {
		return
	}
	t.solid++
	if f.struck {
		t.struck++
	}
	t.count(f.font, 1)
}

// join adds another text behind.
func (t *text) join(u *text) {
	t.WriteString(u.String())
	t.solid += u.solid
	t.struck += u.struck
	t.picture = t.picture || u.picture
	for _, f := range u.fonts {
		t.count(f.name, f.n)
	}
}

func (t *text) count(name string, n int) {
	for i := range t.fonts {
		if t.fonts[i].name == name {
			t.fonts[i].n += n
			return
		}
	}
	if len(t.fonts) < 16 { // fonts are a hint
		t.fonts = append(t.fonts, fontCount{name, n})
	}
}

// settle gives the characters without a font of their own that of their paragraph.
func (t *text) settle(font string) {
	for i, c := range t.fonts {
		if c.name == "" {
			t.fonts[i].n = 0
			t.count(font, c.n)
		}
	}
}

// font returns the font under which most of the text stands.
func (t *text) font() string {
	var most fontCount
	for _, c := range t.fonts {
		if c.n > most.n {
			most = c
		}
	}
	return most.name
}
