// Package grid is the one shape in which every list reader ends: a book of sheets of rows of cells, each with the
// position that a person sees in the program that made the file. Readers fill it, parser/form reads it.
//
// It must not know any file format, any university, nor what a column means.
package grid

import "strings"

// A Book is one file as a grid. Same bytes, same Book.
type Book struct {
	Format string // "xlsx", "docx" …: what the content is, whatever the name says
	Sheets []Sheet
	Macros bool // the file carries a macro project; it is never run nor kept (ENV-05)
	// Charset names the encoding of a text format that is not UTF-8 ("windows-1258", "UTF-16LE"), "" otherwise (ENC-05).
	Charset string
}

// A Document is one file as a person reads it from top to bottom. A workbook has sheets only; a document has blocks, and
// its tables stand in the Book as sheets "Bảng 1", "Bảng 2" …
type Document struct {
	Book
	Blocks    []Block
	Margins   []string // lines of page headers and footers, where a form's code often stands
	Signature bool     // the file carries a digital signature (which nobody has checked)
	Scan      bool     // pages of pictures without text
}

// A Block is a paragraph, a table or a picture of a document.
type Block struct {
	Text    string // of a paragraph; lines divided by \n
	Font    string // of the paragraph, a hint at a legacy encoding
	Table   int    // 1-based index into Sheets, 0 for a paragraph
	Page    int    // 1-based, 0 where the format has no pages
	Column  int    // which of several texts on one height, from 1; 0 where that is not known
	Picture bool   // a picture stands in it
}

// OnlyPictures reports whether pictures are all that there is: a scan that was put into a document.
func OnlyPictures(blocks []Block) bool {
	picture := false
	for _, b := range blocks {
		if strings.TrimSpace(b.Text) != "" {
			return false
		}
		picture = picture || b.Picture
	}
	return picture
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
	// Cut says that cells right of the limit of columns are left out; an error is only what nobody can read (ENV-07).
	Cut bool
}

// A Row is one row that holds at least one cell. Rows come in order of Number, gaps are empty rows.
type Row struct {
	Number int // 1-based, as the program numbers it
	Hidden bool
	Cells  []Cell // in order of Col, gaps are empty cells
}

// Cell returns the cell of column col (1-based), or an empty one.
func (r Row) Cell(col int) Cell {
	n := len(r.Cells)
	if col > 0 && col <= n && r.Cells[col-1].Col == col { // no gap before it, as in most rows
		return r.Cells[col-1]
	}
	for i := range r.Cells {
		if r.Cells[i].Col == col {
			return r.Cells[i]
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

// IsError reports whether a text is how spreadsheet programs show an error value: #N/A and its kin (ODF 1.2 part 2 §5.12).
// Formats that store only what is shown have no other sign of it.
func IsError(text string) bool {
	if len(text) < 4 || text[0] != '#' && text[0] != 'E' {
		return false
	}
	switch text {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA":
		return true
	}
	code, ok := strings.CutPrefix(text, "Err:") // LibreOffice's own: Err:502
	return ok && len(code) == 3 && strings.Trim(code, "0123456789") == ""
}

// A Cell is one cell. Text is what the person sees, Raw what the file stores (for a number its digits, for a date its
// serial); the two are equal for text.
type Cell struct {
	Col     int // 1-based: A is 1
	Kind    Kind
	Formula bool // the text is a formula's cached value; empty Text: there was none (LST-11)
	Struck  bool // struck through (LST-13)
	Partly  bool // a part of the text is struck through, and not all of it (LST-22)
	Worked  bool // the file has no value of the formula: Text is what was worked out (LST-20)
	Text    string
	Raw     string
	Font    string // name of the font, a hint at a legacy encoding
}

// A Range is a rectangle of merged cells, 1-based, both ends included. The value stands in its first cell.
type Range struct{ Row, Col, LastRow, LastCol int }
