// Package rtf reads Rich Text Format (Microsoft's "RTF Specification 1.9.1"), as Word, WordPad and LibreOffice write it: its
// paragraphs and tables in the order in which a person reads them, in the final state of tracked changes.
//
// It is a reader of its own because the lists depend on what converters pass over: which code page a byte stands for changes
// with every font, and which column a cell stands in is said by its right edge alone.
//
// It must not know what a letter or a list is.
package rtf

import (
	"fmt"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// Read reads a document. Errors are *parser.Problem: Damaged or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	r := &reader{lexer: lexer{data: data}, lim: lim, fonts: map[int]font{}, own: western, first: -1}
	r.main = &flow{r: r}
	r.st = state{flow: r.main, uc: 1, font: noFont}
	if err := r.run(); err != nil {
		return grid.Document{}, err
	}
	r.main.finish()
	if r.problem != nil {
		return grid.Document{}, r.problem
	}
	d := grid.Document{Book: grid.Book{Format: "rtf"}, Margins: r.margins}
	for _, b := range r.main.blocks {
		if b.table != nil {
			sheet, err := b.table.sheet(lim)
			if err != nil {
				return grid.Document{}, err
			}
			sheet.Name = fmt.Sprintf("Bảng %d", len(d.Sheets)+1)
			d.Sheets = append(d.Sheets, sheet)
			b.Table, b.Picture = len(d.Sheets), b.table.picture
		}
		d.Blocks = append(d.Blocks, b.Block)
	}
	d.Scan = len(d.Sheets) == 0 && grid.OnlyPictures(d.Blocks)
	return d, nil
}

// A place says what becomes of the text of a group.
type place uint8

const (
	visible place = iota
	hidden        // destinations that a person does not see
	fonts         // the font table: text is names
	number        // the running number of a list's paragraph, as text
)

const noFont = -1 // the file's default

// A state is what a group inherits and what ends with it.
type state struct {
	place   place
	flow    *flow
	font    int
	uc      int // how many characters behind \u are its stand-in (\uc)
	struck  bool
	vanish  bool // \v
	gone    bool // tracked deletion or moved away
	inTable bool // \intbl
	level   int  // \itap
	star    bool // \* was just read: an unknown destination is to be passed over
	fresh   bool // nothing but \* was read in the group
	upr     bool // within \upr, whose \ud is the real text
	nested  bool // within \nesttableprops
	noPict  bool // pictures here are none that a person sees a second time
}

// A reader goes through one file.
type reader struct {
	lexer
	lim     parser.Limits
	st      state
	stack   []state
	fonts   map[int]font
	own     page // \ansicpg
	first   int  // the font table's first font, for files without \deff
	deff    int
	named   int // the font whose name is being read
	name    []byte
	main    *flow
	margins []string
	rows    int
	def     *rowDef // \trowd of the outermost table
	inner   *rowDef // of a nested one
	skip    int     // characters of a stand-in still to pass over
	high    rune    // first half of a pair of \u
	bytes   []byte  // of text, not yet decoded
	tables  int
	problem *parser.Problem // a limit that was hit
}

func (r *reader) run() error {
	started := false
	for !started || len(r.stack) > 0 { // behind the last brace there is nothing
		t := r.next()
		if t.kind == end {
			return parser.Damage("rtf: cut off")
		}
		if !started && t.kind != open { // blanks, a byte order mark
			continue
		}
		if r.skip > 0 && r.passOver(&t) {
			continue
		}
		if t.kind != hexed && t.kind != plain {
			r.flush()
		}
		switch t.kind {
		case open:
			started = true
			if len(r.stack) >= r.lim.Depth {
				return parser.Beyond(r.lim.Depth, "cấp lồng nhau")
			}
			r.stack = append(r.stack, r.st)
			r.st.star, r.st.fresh = false, true
		case shut:
			r.shut()
			if r.problem != nil {
				return r.problem
			}
		case word:
			if err := r.word(t); err != nil {
				return err
			}
			r.st.star, r.st.fresh = false, false
		case symbol:
			if err := r.symbol(t.text[0]); err != nil {
				return err
			}
		case hexed:
			r.text([]byte{byte(t.num)})
		case plain:
			r.text(t.text)
		case end, binary:
		}
	}
	return nil
}

// passOver takes the token as part of a stand-in: a byte, a word or a symbol counts as one character, and a brace ends it
// ("Unicode RTF"). A word that stands for no character counts, but is obeyed all the same: programs that write no stand-in
// would lose the next letter or a cell's end. What remains of plain text stays in the token.
func (r *reader) passOver(t *token) bool {
	switch t.kind {
	case plain:
		n := min(r.skip, len(t.text))
		r.skip -= n
		t.text = t.text[n:]
		return len(t.text) == 0
	case word:
		r.skip--
		_, character := characters[string(t.text)]
		return character
	case hexed, symbol, binary:
		r.skip--
		return true
	case end, open, shut:
	}
	r.skip = 0
	return false
}

// shut ends a group.
func (r *reader) shut() {
	if r.st.place == fonts {
		r.endFont()
	}
	if len(r.stack) == 0 {
		return
	}
	was := r.st
	r.st = r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	if was.flow != r.st.flow {
		was.flow.finish()
		if was.flow.margin {
			r.margins = append(r.margins, was.flow.lines()...)
		}
	}
}

// text takes bytes as they stand.
func (r *reader) text(b []byte) {
	if len(b) == 0 {
		return
	}
	r.st.star, r.st.fresh = false, false
	switch r.st.place {
	case fonts:
		for _, c := range b {
			if c == ';' {
				r.endFont()
			} else {
				r.name = append(r.name, c)
			}
		}
	case visible, number:
		r.high = 0
		r.bytes = append(r.bytes, b...)
	case hidden:
	}
}

// flush decodes the bytes that were read so far. They have one font: a change of it is a word.
func (r *reader) flush() {
	if len(r.bytes) > 0 {
		r.put(r.page().decode(r.bytes))
		r.bytes = r.bytes[:0]
	}
}

func (r *reader) font() font {
	n := r.st.font
	if n == noFont {
		n = r.deff
	}
	if f, ok := r.fonts[n]; ok {
		return f
	}
	if f, ok := r.fonts[r.first]; ok {
		return f
	}
	return font{charset: -1}
}

func (r *reader) page() page { return r.font().codePage(r.own) }

// put adds characters to the paragraph.
func (r *reader) put(s string) {
	if r.st.vanish || r.st.gone {
		return
	}
	switch r.st.place {
	case visible:
		r.st.flow.add(s, r.font().name, r.st.struck)
	case number:
		r.st.flow.para.number += s
	case hidden, fonts:
	}
}

// unicode takes \u: one UTF-16 unit, as a signed number ("Unicode RTF").
func (r *reader) unicode(n int) {
	r.skip = max(r.st.uc, 0)
	if n < 0 {
		n += 1 << 16
	}
	c := rune(n)
	switch {
	case 0xD800 <= c && c < 0xDC00:
		r.high = c
		return
	case 0xDC00 <= c && c < 0xE000:
		if r.high == 0 {
			c = '\uFFFD'
		} else {
			c = (r.high-0xD800)<<10 | (c - 0xDC00) + 0x10000
		}
	case c < 0 || c > 0x10FFFF:
		c = '\uFFFD'
	}
	r.high = 0
	if c == 0 {
		return
	}
	if r.st.place == fonts {
		r.name = append(r.name, string(c)...)
		return
	}
	r.put(string(c))
}

// endFont ends an entry of the font table.
func (r *reader) endFont() {
	if f, ok := r.fonts[r.named]; ok && f.name == "" {
		f.name = strings.TrimSpace(f.codePage(r.own).decode(r.name))
		r.fonts[r.named] = f
	}
	r.name = r.name[:0]
}
