package form

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/csv"
	"vanthu/parser/doc"
	"vanthu/parser/docx"
	"vanthu/parser/grid"
	"vanthu/parser/html"
	"vanthu/parser/ods"
	"vanthu/parser/odt"
	"vanthu/parser/pdf"
	"vanthu/parser/rtf"
	"vanthu/parser/viet"
	"vanthu/parser/xls"
	"vanthu/parser/xlsx"
	"vanthu/parser/xmlss"
)

// A source is one file after reading.
type source struct {
	report    parser.FileReport
	lists     []*list
	lines     []line // outside of lists
	folded    []foldedLine
	margins   []string
	hidden    []parser.Remark
	headless  *parser.Place // a table of people without a header begins here
	charset   string        // of a text file that is not UTF-8
	strays    []stray       // people whom no list takes
	below     int           // index of the first line below the last table
	macros    bool
	signature bool
	picture   bool // a photo
	scan      bool // pages without text
	letter    bool // taken as the letter
	body      bool // the text of the mail
}

// readSource reads one file as far as it goes.
func readSource(f parser.File, lim parser.Limits) *source {
	s := &source{report: parser.FileReport{Name: f.Name}, body: f.Body}
	switch {
	case f.Problem != nil:
		s.report.Problem, s.report.Format = f.Problem, detect(f.Data).format
		return s
	case len(f.Data) == 0:
		s.report.Problem = &parser.Problem{Code: parser.Empty}
		return s
	case int64(len(f.Data)) > lim.FileSize:
		s.report.Problem = parser.BeyondBytes(lim.FileSize, "một tệp")
		return s
	}
	s.report.Problem = guard(func() error {
		k, data := identify(f.Data)
		s.report.Format, s.picture = k.format, k.picture
		switch {
		case k.encrypted:
			return &parser.Problem{Code: parser.Encrypted}
		case k.picture:
			return nil
		}
		d, err := read(k.format, data, lim)
		if err != nil {
			return err
		}
		d = tabbed(d)
		s.cut(d.Sheets, lim)
		d.Sheets = withoutAnswer(d.Sheets)
		d, text := decode(d)
		s.take(d)
		text.say(s)
		return nil
	})
	if s.report.Problem != nil { // half a list must not pass for a whole one
		*s = source{report: s.report, body: s.body}
	}
	s.folded = foldLines(s.lines)
	return s
}

// take reads a file that a reader has turned into sheets or a document.
func (s *source) take(d grid.Document) {
	s.macros, s.signature, s.margins, s.scan, s.charset = d.Macros, d.Signature, d.Margins, d.Scan, d.Charset
	s.report.Document = len(d.Blocks) > 0
	if s.report.Document {
		s.document(d)
	} else {
		s.sheets(d.Sheets)
	}
}

// identify says what a file is, and opens what Excel opens with its built-in password without asking: the sender does not
// know of any.
func identify(data []byte) (kind, []byte) {
	k := detect(data)
	if k.encrypted && k.format == formatOLE {
		if open, ok := xlsx.Unlock(data); ok {
			return detect(open), open
		}
	}
	return k, data
}

// read is where a format finds its reader.
func read(format string, data []byte, lim parser.Limits) (grid.Document, error) {
	switch format {
	case formatXLSX:
		book, err := xlsx.Read(data, lim)
		return grid.Document{Book: book}, err
	case formatXLS:
		book, err := xls.Read(data, lim)
		return grid.Document{Book: book}, err
	case formatDOC:
		return doc.Read(data, lim)
	case formatDOCX:
		return docx.Read(data, lim)
	case formatPDF:
		return pdf.Read(data, lim)
	case formatRTF:
		return rtf.Read(data, lim)
	case formatHTML:
		return html.Read(data, lim)
	case formatXMLSS:
		book, err := xmlss.Read(data, lim)
		return grid.Document{Book: book}, err
	case formatODT, formatFODT:
		return odt.Read(data, lim)
	case formatODS, formatFODS:
		book, err := ods.Read(data, lim)
		return grid.Document{Book: book}, err
	case formatTXT:
		return readText(data, lim)
	case formatCSV:
		book, err := csv.Read(data, lim)
		return grid.Document{Book: book}, err
	}
	return grid.Document{}, &parser.Problem{Code: parser.Unsupported}
}

// Open reads one file as it stands, without looking for letters or lists in it: what a marked copy is made of. Errors are
// *parser.Problem.
func Open(f parser.File, lim parser.Limits) (d grid.Document, err error) {
	problem := guard(func() error {
		k, data := identify(f.Data)
		switch {
		case k.encrypted:
			return &parser.Problem{Code: parser.Encrypted}
		case k.picture:
			return &parser.Problem{Code: parser.Picture}
		}
		d, err = read(k.format, data, lim)
		d = tabbed(d)
		return err
	})
	if problem != nil {
		return grid.Document{}, problem
	}
	return d, nil
}

// isBook reports whether the file is a workbook.
func (s *source) isBook() bool {
	return s.report.Problem == nil && s.report.Format != "" && !s.report.Document && !s.picture && !s.scan
}

// sheets reads the sheets of a workbook.
func (s *source) sheets(sheets []grid.Sheet) {
	for i := range sheets {
		sheet := &sheets[i]
		if sheet.Hidden {
			s.unseen(sheet, `trang tính "`+sheet.Name+`"`)
			continue
		}
		s.sheet(scanSheet(scan{file: s.report.Name, s: sheet, before: s.last()}))
	}
}

// unseen remarks a sheet or a table that does not show (LST-07).
func (s *source) unseen(sheet *grid.Sheet, what string) {
	if len(sheet.Rows) > 0 {
		at := parser.Place{File: s.report.Name, Sheet: sheet.Name}
		s.hidden = append(s.hidden, newRemark(parser.HiddenPart, 0, at, sheet.Name, "what", what))
	}
}

// cut remarks sheets that go on right of the limit (ENV-07): what stands left of it is read all the same, and shown.
func (s *source) cut(sheets []grid.Sheet, lim parser.Limits) {
	for i := range sheets {
		if sheet := &sheets[i]; sheet.Cut && !sheet.Hidden {
			at := parser.Place{File: s.report.Name, Sheet: sheet.Name}
			s.hidden = append(s.hidden, newRemark(parser.ColumnsCut, 0, at, sheet.Name, "file", s.report.Name, "limit", parser.Beyond(lim.Columns, "cột").Limit))
		}
	}
}

// last returns the last list so far, be it a header without people: they may stand on the next page.
func (s *source) last() *list {
	if len(s.lists) == 0 {
		return nil
	}
	return s.lists[len(s.lists)-1]
}

// sheet takes over what a scan found.
func (s *source) sheet(c *scan) {
	s.lists = append(s.lists, c.lists...)
	s.lines = append(s.lines, c.lines...)
	s.strays = append(s.strays, c.strays...)
	if len(c.lists) == 0 && len(c.strays) > 1 && s.headless == nil {
		s.headless = &c.strays[0].at
	}
}

// document reads the paragraphs and tables of a document, from top to bottom.
func (s *source) document(d grid.Document) {
	for _, b := range d.Blocks {
		at := parser.Place{File: s.report.Name, Page: b.Page}
		if b.Table > 0 {
			if sheet := &d.Sheets[b.Table-1]; sheet.Hidden {
				s.unseen(sheet, "bảng bị ẩn")
			} else {
				s.table(sheet)
			}
		} else {
			for t := range strings.SplitSeq(b.Text, "\n") {
				if t = oneLine(t); t != "" {
					s.lines = append(s.lines, line{text: t, at: at, column: b.Column})
				}
			}
		}
		if b.Picture {
			s.lines = append(s.lines, line{picture: true, at: at})
		}
	}
}

// table reads a table of a document. The paragraphs above belong to it, as the rows above a list belong to a sheet.
func (s *source) table(sheet *grid.Sheet) {
	above := s.lines[max(s.below, len(s.lines)-titleLines):]
	s.sheet(scanSheet(scan{file: s.report.Name, s: sheet, document: true, above: above, before: s.last()}))
	s.below = len(s.lines)
}

// titleLines is how many paragraphs above a table can be its title.
const titleLines = 8

// letterLines returns the lines with those of page margins, where the form's code often stands.
func (s *source) letterLines() []foldedLine {
	lines := s.folded
	for _, m := range s.margins {
		text := oneLine(m)
		lines = append(lines, foldedLine{line{text: text, at: parser.Place{File: s.report.Name}}, viet.Fold(text)})
	}
	return lines
}

// score says how much the file looks like a letter. The text of the mail is none.
func (s *source) score() int {
	if s.body {
		return 0
	}
	return scoreLetter(s.letterLines())
}

// deletes reports whether the file holds a letter that asks for deletion.
func (s *source) deletes() bool {
	return s.score() >= letterScore && readLetter(s.report.Name, s.letterLines()).Deletes
}
