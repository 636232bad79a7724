package xlsx

import (
	"strings"

	"vanthu/parser"
)

const (
	firstPiece = 1 << 10
	lastPiece  = 32 << 10
	pageSize   = 4096
)

// An arena keeps many short strings in few pieces of memory.
type arena struct {
	piece strings.Builder
	size  int
}

// add returns b as a string.
func (a *arena) add(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if a.piece.Len()+len(b) > a.piece.Cap() {
		a.size = min(max(2*a.size, firstPiece), lastPiece)
		a.piece = strings.Builder{}
		a.piece.Grow(max(a.size, len(b)))
	}
	from := a.piece.Len()
	a.piece.Write(b)
	return a.piece.String()[from:]
}

// A table is the shared strings, by number. They are kept in pages, because a slice that grows is there twice for a moment.
type table struct {
	pages []page
	n     int
	arena arena
	looks []look // those of rich text; the first one is that of plain text
	known map[look]uint16
}

type page struct {
	text []string
	look []uint16 // index of looks; nil: all of it is plain
}

// maxLooks bounds the fonts of rich text: Excel knows 1,024 in a workbook.
const maxLooks = 10_000

// A look is what the runs of a text say of its font.
type look struct {
	font   string // that of most of its characters, "" for that of the cell
	struck bool   // all of it is struck through
	partly bool   // a part of it is
}

func (t *table) add(text []byte, l look) {
	if t.n%pageSize == 0 {
		size := pageSize
		if t.n == 0 {
			size = 64
		}
		t.pages = append(t.pages, page{text: make([]string, 0, size)})
	}
	p := &t.pages[len(t.pages)-1]
	p.text = append(p.text, t.arena.add(text))
	if l != (look{}) {
		if p.look == nil {
			p.look = make([]uint16, pageSize)
		}
		p.look[t.n%pageSize] = t.number(l)
	}
	t.n++
}

// number returns the index of a look.
func (t *table) number(l look) uint16 {
	n, ok := t.known[l]
	if !ok {
		if t.known == nil {
			t.known, t.looks = map[look]uint16{}, make([]look, 1)
		}
		n = uint16(len(t.looks)) //nolint:gosec // at most maxLooks and one
		t.looks = append(t.looks, l)
		t.known[l] = n
	}
	return n
}

// full returns a problem when there are more strings or looks than any list has.
func (t *table) full() error {
	switch {
	case t.n > maxStrings:
		return parser.Beyond(maxStrings, "chuỗi")
	case len(t.looks) > maxLooks:
		return parser.Beyond(maxLooks, "phông chữ")
	}
	return nil
}

func (t *table) at(i int) (text string, l look) {
	p := &t.pages[uint(i)/pageSize]
	text = p.text[uint(i)%pageSize]
	if p.look != nil && p.look[uint(i)%pageSize] > 0 {
		l = t.looks[p.look[uint(i)%pageSize]]
	}
	return text, l
}
