package rtf

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// A flow is a text that runs by itself: the body, a page's header, a text box.
type flow struct {
	r      *reader
	margin bool
	blocks []block
	para   paragraph
	boxes  []*flow  // text boxes that hang on the current paragraph; they stand behind it
	tables []*table // open tables; the last one stands in a cell of the one before it
}

// A block is one of the document, its table not yet laid out.
type block struct {
	grid.Block
	table *table
}

// A text is a paragraph, or a cell.
type text struct {
	strings.Builder
	font    string // of the first character that is no blank
	struck  int    // bytes struck through
	picture bool
}

type paragraph struct {
	text
	number string // the list's running number, as the writer worked it out
}

// add adds characters to the current paragraph.
func (f *flow) add(s, font string, struck bool) {
	p := &f.para
	p.WriteString(s)
	if struck {
		p.struck += len(s)
	}
	if p.font == "" && strings.Trim(s, blanks) != "" {
		p.font = font
	}
}

// blanks are what a reader may cut off: a no-break space or a soft hyphen may be a letter of a legacy encoding.
const blanks = " \t\r\n"

func (f *flow) picture() { f.para.picture = true }

// inRow reports whether cells of a row wait for its end, in a file that does without \intbl. Where cells had it, a paragraph
// without it stands behind the table: LibreOffice leaves the row's end out when its last cell ends with a table.
func (f *flow) inRow() bool {
	return len(f.tables) > 0 && len(f.tables[0].cells) > 0 && !f.tables[0].marked
}

// at closes what is deeper than level and opens the tables up to it. Tables open in order: the outer one stands first.
func (f *flow) at(level int) *table {
	for len(f.tables) > level {
		f.close()
	}
	for len(f.tables) < level {
		if f.r.tables++; f.r.tables > f.r.lim.Sheets {
			f.r.problem = parser.Beyond(f.r.lim.Sheets, "bảng")
		}
		t := &table{}
		f.tables = append(f.tables, t)
		f.blocks = append(f.blocks, block{table: t})
	}
	if level == 0 {
		return nil
	}
	return f.tables[level-1]
}

// endParagraph puts the current paragraph where it belongs.
func (f *flow) endParagraph(level int) {
	p := f.para
	f.para = paragraph{}
	if level == 0 {
		f.at(0)
		f.blocks = append(f.blocks, block{Block: grid.Block{Text: p.String(), Font: p.font, Picture: p.picture}})
	} else {
		f.at(level).add(p)
	}
	boxes := f.boxes
	f.boxes = nil
	for _, b := range boxes {
		f.blocks = append(f.blocks, b.blocks...)
	}
}

func (f *flow) endCell(level int) {
	f.endParagraph(level)
	t := f.at(level)
	t.marked = t.marked || f.r.st.inTable
	t.endCell()
}

func (f *flow) endRow(level int, def *rowDef) {
	if f.para.Len() > 0 || f.para.picture {
		f.endParagraph(level)
	}
	t := f.at(level)
	if t.cell.Len() > 0 {
		t.endCell()
	}
	if f.r.rows++; f.r.rows > f.r.lim.Rows {
		f.r.problem = parser.Beyond(f.r.lim.Rows, "dòng")
	}
	t.endRow(def)
}

// finish ends a flow: its last paragraph may lack its end.
func (f *flow) finish() {
	if f.para.Len() > 0 || f.para.picture || len(f.boxes) > 0 {
		level := 0
		if f.inRow() {
			level = 1
		}
		f.endParagraph(level)
	}
	f.at(0)
}

// close ends the innermost table. Its last row may lack its end.
func (f *flow) close() {
	n := len(f.tables)
	t, def := f.tables[n-1], f.r.def
	if n > 1 {
		def = f.r.inner
	}
	if t.cell.Len() > 0 {
		t.endCell()
	}
	if len(t.cells) > 0 {
		t.endRow(def)
	}
	f.tables = f.tables[:n-1]
}

// lines returns the flow as lines of text.
func (f *flow) lines() []string {
	var out []string
	for _, b := range f.blocks {
		if b.table == nil {
			out = append(out, strings.Split(b.Text, "\n")...)
			continue
		}
		for _, row := range b.table.rows {
			for _, c := range row.cells {
				out = append(out, strings.Split(c.String(), "\n")...)
			}
		}
	}
	return out
}
