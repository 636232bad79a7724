package xlsx

import "strings"

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
	pages [][]string
	n     int
	arena arena
	rich  map[int]look // of the strings that have one
}

// A look is what the runs of a text say of its font.
type look struct {
	font   string // that of most of its characters, "" for that of the cell
	struck bool   // all of it is struck through
}

func (t *table) add(text []byte, l look) {
	if t.n%pageSize == 0 {
		size := pageSize
		if t.n == 0 {
			size = 64
		}
		t.pages = append(t.pages, make([]string, 0, size))
	}
	last := &t.pages[len(t.pages)-1]
	*last = append(*last, t.arena.add(text))
	if l != (look{}) {
		if t.rich == nil {
			t.rich = map[int]look{}
		}
		t.rich[t.n] = l
	}
	t.n++
}

func (t *table) at(i int) (text string, l look) {
	text = t.pages[uint(i)/pageSize][uint(i)%pageSize]
	if t.rich != nil {
		l = t.rich[i]
	}
	return text, l
}
