// Package grid is the one shape in which every list reader ends: a book of sheets of rows of cells, each with the
// position that a person sees in the program that made the file. Readers fill it, parser/form reads it.
//
// It must not know any file format, any university, nor what a column means.
package grid

// A Book is one file as a grid. Same bytes, same Book.
type Book struct {
	Format string // "xlsx", "docx" …: what the content is, whatever the name says
	Sheets []Sheet
	Macros bool // the file carries a macro project; it is never run nor kept (ENV-05)
}

// A Sheet is one sheet, or one table of a document.
type Sheet struct {
	Name   string // as on its tab; a document's table is named by its reader ("Bảng 1")
	Hidden bool
	Page   int // 1-based page, or 0 where the format has none
	Rows   []Row
	Merged []Range
	// HiddenCols are columns that the person does not see; only Col and LastCol are set.
	HiddenCols []Range
}

// A Row is one row that holds at least one cell. Rows come in order of Number, gaps are empty rows.
type Row struct {
	Number int // 1-based, as the program numbers it
	Hidden bool
	Cells  []Cell // in order of Col, gaps are empty cells
}

// Cell returns the cell of column col (1-based), or an empty one.
func (r Row) Cell(col int) Cell {
	for _, c := range r.Cells {
		if c.Col == col {
			return c
		}
	}
	return Cell{Col: col}
}

// Kind says how the file stored a cell.
type Kind uint8

// The kinds of cell.
const (
	Text Kind = iota
	Number
	Date
	Bool
	Error // #N/A and its kin
)

// A Cell is one cell. Text is what the person sees, Raw what the file stores (for a number its digits, for a date its
// serial); the two are equal for text.
type Cell struct {
	Col     int // 1-based: A is 1
	Kind    Kind
	Text    string
	Raw     string
	Font    string // name of the font, a hint at a legacy encoding
	Formula bool   // the text is a formula's cached value; empty Text: there was none (LST-11)
	Struck  bool   // struck through (LST-13)
}

// A Range is a rectangle of merged cells, 1-based, both ends included. The value stands in its first cell.
type Range struct{ Row, Col, LastRow, LastCol int }
