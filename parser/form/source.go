package form

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/docx"
	"vanthu/parser/grid"
	"vanthu/parser/pdf"
	"vanthu/parser/viet"
	"vanthu/parser/xlsx"
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
	macros    bool
	signature bool
	picture   bool // a photo
	scan      bool // pages without text
	letter    bool // taken as the letter
}

// readSource reads one file as far as it goes.
func readSource(f parser.File, lim parser.Limits) *source {
	s := &source{report: parser.FileReport{Name: f.Name}}
	switch {
	case len(f.Data) == 0:
		s.report.Problem = &parser.Problem{Code: parser.Empty}
		return s
	case int64(len(f.Data)) > lim.FileSize:
		s.report.Problem = parser.BeyondBytes(lim.FileSize, "một tệp")
		return s
	}
	k := detect(f.Data)
	data := f.Data
	if k.encrypted && k.format == formatOLE {
		// Excel opens a file with its built-in password without asking, so the sender does not know of any.
		if open, ok := xlsx.Unlock(data); ok {
			data, k = open, detect(open)
		}
	}
	s.report.Format = k.format
	s.picture = k.picture
	switch {
	case k.encrypted:
		s.report.Problem = &parser.Problem{Code: parser.Encrypted}
	case k.format == formatXLSX:
		s.report.Problem = guard(func() error { return s.readXLSX(data, lim) })
	case k.format == formatDOCX:
		s.report.Problem = guard(func() error { return s.readDOCX(data, lim) })
	case k.format == formatPDF:
		s.report.Problem = guard(func() error { return s.readPDF(data, lim) })
	case !k.picture:
		s.report.Problem = &parser.Problem{Code: parser.Unsupported}
	}
	if s.report.Problem != nil { // half a list must not pass for a whole one
		*s = source{report: s.report}
	}
	s.folded = foldLines(s.lines)
	return s
}

func (s *source) isBook() bool { return s.report.Format == formatXLSX && s.report.Problem == nil }

func (s *source) readXLSX(data []byte, lim parser.Limits) error {
	book, err := xlsx.Read(data, lim)
	if err != nil {
		return err
	}
	s.macros = book.Macros
	for i := range book.Sheets {
		sheet := &book.Sheets[i]
		if sheet.Hidden {
			if len(sheet.Rows) > 0 {
				at := parser.Place{File: s.report.Name, Sheet: sheet.Name}
				s.hidden = append(s.hidden, newRemark(parser.HiddenPart, 0, at, sheet.Name, "what", `trang tính "`+sheet.Name+`"`))
			}
			continue
		}
		s.sheet(scanSheet(s.report.Name, sheet))
	}
	return nil
}

// sheet takes over what a scan found.
func (s *source) sheet(c *scan) {
	s.lists = append(s.lists, c.lists...)
	s.lines = append(s.lines, c.lines...)
	if len(c.lists) == 0 && s.headless == nil {
		s.headless = headless(s.report.Name, c.s)
	}
}

// headless returns where a table of people without a header begins, nil when the sheet holds none: two rows or more with
// a code and a name.
func headless(file string, sheet *grid.Sheet) *parser.Place {
	n := 0
	var first parser.Place
	for _, row := range sheet.Rows {
		code, name := false, false
		for _, c := range row.Cells {
			code = code || looksLikeCode(c.Text)
			name = name || len(strings.Fields(c.Text)) > 1 && lettersOnly(c.Text) && len(c.Text) < 100
		}
		if code && name {
			if n == 0 {
				first = parser.Place{File: file, Sheet: sheet.Name, Row: row.Number, Page: sheet.Page}
			}
			n++
		}
	}
	if n < 2 {
		return nil
	}
	return &first
}

func (s *source) readDOCX(data []byte, lim parser.Limits) error {
	doc, err := docx.Read(data, lim)
	if err != nil {
		return err
	}
	s.macros, s.signature, s.margins = doc.Book.Macros, doc.Signature, doc.Margins
	for _, b := range doc.Blocks {
		if b.Table > 0 {
			s.table(&doc.Book.Sheets[b.Table-1])
		} else {
			for t := range strings.SplitSeq(b.Text, "\n") {
				s.paragraph(t)
			}
		}
		if b.Picture {
			s.lines = append(s.lines, line{picture: true, at: parser.Place{File: s.report.Name}})
		}
	}
	return nil
}

func (s *source) paragraph(text string) {
	if text = oneLine(text); text != "" {
		s.lines = append(s.lines, line{text: text, at: parser.Place{File: s.report.Name}})
	}
}

// table reads a table of a document. The paragraphs above belong to it, as the rows above a list belong to a sheet.
func (s *source) table(sheet *grid.Sheet) {
	c := scanSheet(s.report.Name, sheet)
	for _, l := range c.lists {
		above := s.lines[max(0, len(s.lines)-6):]
		for _, n := range above {
			l.lookAt(n)
		}
	}
	s.sheet(c)
}

func (s *source) readPDF(data []byte, lim parser.Limits) error {
	doc, err := pdf.Text(data, lim)
	if err != nil {
		return err
	}
	s.signature = doc.Signature
	for i, page := range doc.Pages {
		for _, n := range page.Lines {
			at := parser.Place{File: s.report.Name, Page: i + 1}
			s.lines = append(s.lines, line{text: oneLine(n.Text), at: at, column: n.Column, picture: n.Picture})
		}
	}
	s.scan = !doc.HasText()
	return nil
}

// letterLines returns the lines with those of page margins, where the form's code often stands.
func (s *source) letterLines() []foldedLine {
	lines := s.folded
	for _, m := range s.margins {
		text := oneLine(m)
		lines = append(lines, foldedLine{line{text: text, at: parser.Place{File: s.report.Name}}, viet.Fold(text)})
	}
	return lines
}

func (s *source) score() int { return scoreLetter(s.letterLines()) }

// deletes reports whether the file holds a letter that asks for deletion.
func (s *source) deletes() bool {
	return s.score() >= letterScore && readLetter(s.report.Name, s.letterLines()).Deletes
}
