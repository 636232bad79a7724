package form

import (
	stdhtml "html"
	"strings"
	"unicode"
	"unicode/utf8"

	"vanthu/parser"
)

// BodyName is how the text of the mail is named where an attachment would be.
const BodyName = "nội dung thư"

// Bodies returns the text of a mail as files that can be read for their tables: the HTML part if it has one, and the plain
// text if it holds a table beyond doubt. Both are what the sender wrote himself, without what he quotes. The words around
// a table are no letter: the procedure asks for the form, signed.
func Bodies(text, html string) []parser.File {
	var files []parser.File
	if strings.Contains(strings.ToLower(html), "<table") {
		files = append(files, parser.File{Name: BodyName, Type: "text/html", Data: []byte(html), Body: true})
	}
	if page, ok := pageOf(text); ok {
		files = append(files, parser.File{Name: BodyName, Type: "text/html", Data: []byte(page), Body: true})
	}
	return files
}

// A textTable is a table in plain text.
type textTable struct {
	rows      [][]string
	from, end int // its lines
}

// maxPage bounds a text in which a table is looked for: 5,000 rows.
const maxPage = 1 << 20

// pageOf makes a page of a text with a table, whose rows a person counts from its header on.
func pageOf(text string) (string, bool) {
	if len(text) > maxPage {
		return "", false
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for _, s := range []splitter{{by: '\t'}, {by: '|'}, {by: ';'}, {}, {by: ','}} {
		if t, ok := s.table(lines); ok {
			return t.page(lines), true
		}
	}
	return "", false
}

func (t textTable) page(lines []string) string {
	var b strings.Builder
	paragraphs := func(lines []string) {
		for _, l := range lines {
			if strings.TrimSpace(l) != "" {
				b.WriteString("<p>" + stdhtml.EscapeString(l) + "</p>\n")
			}
		}
	}
	b.WriteString("<html><body>\n")
	paragraphs(lines[:t.from])
	b.WriteString("<table>\n")
	for _, row := range t.rows {
		b.WriteString("<tr>")
		for _, cell := range row {
			b.WriteString("<td>" + stdhtml.EscapeString(cell) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
	paragraphs(lines[t.end:])
	b.WriteString("</body></html>\n")
	return b.String()
}

// A splitter divides lines into cells: at a character, or (0) where two blanks or more stand, as in text set under each
// other.
type splitter struct{ by rune }

// A chunk is the text of a cell and the characters of the line where it begins and ends.
type chunk struct {
	text     string
	from, to int
}

func (s splitter) split(line string) []chunk {
	var out []chunk
	if s.by == 0 {
		return aligned(line)
	}
	line = strings.TrimRight(line, " \r\u00a0")
	if s.by == '|' { // | framed | on both sides |
		line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	}
	for cell := range strings.SplitSeq(line, string(s.by)) {
		out = append(out, chunk{text: strings.TrimSpace(cell)})
	}
	return out
}

// aligned divides a line where two blanks or more stand, or a tab. A mail may be one line of any length, so that what a
// cell holds is put together once.
func aligned(line string) []chunk {
	var out []chunk
	var text []byte
	ends := func() {
		if len(out) > 0 {
			out[len(out)-1].text = string(text)
		}
		text = text[:0]
	}
	at, blanks := 0, 2
	for _, r := range line {
		switch {
		case r == '\t':
			blanks += 2
		case unicode.IsSpace(r):
			blanks++
		default:
			if blanks >= 2 || len(out) == 0 {
				ends()
				out = append(out, chunk{from: at})
			} else if blanks == 1 {
				text = append(text, ' ')
			}
			text = utf8.AppendRune(text, r)
			out[len(out)-1].to = at
			blanks = 0
		}
		at++
	}
	ends()
	return out
}

// wrapped is from which length on a line may have been broken in two by a mail program.
const wrapped = 60

// table finds a table with a header that names a code and a name. It is taken only if it is whole beyond doubt: every row
// has a code under the code's heading, nothing directly beneath it looks like the rest of a row that the mail program has
// wrapped, and no other line looks like a row. Otherwise the sender is asked for a file.
func (s splitter) table(lines []string) (textTable, bool) {
	for i := range lines {
		head := s.split(lines[i])
		code := codeColumn(head)
		if code < 0 {
			continue
		}
		t := textTable{rows: [][]string{cellTexts(head)}, from: i, end: i + 1}
		j := i + 1
		for ; j < len(lines); j++ {
			if strings.TrimSpace(lines[j]) == "" || s.isFrame(lines[j]) {
				continue
			}
			row, ok := s.row(lines[j], head)
			if !ok || code >= len(row) || !looksLikeCode(row[code]) {
				break
			}
			t.rows = append(t.rows, row)
			t.end = j + 1
		}
		return t, len(t.rows) > 1 && s.whole(t, lines)
	}
	return textTable{}, false
}

// codeColumn returns where a header has the code, -1 when the cells are no header with code and name.
func codeColumn(head []chunk) int {
	code, name := -1, false
	for i, c := range head {
		switch f := fieldOf(c.text); {
		case f == fieldCode && code >= 0:
			return -1
		case f == fieldCode:
			code = i
		case identifies(f):
			name = true
		}
	}
	if !name {
		return -1
	}
	return code
}

func cellTexts(cells []chunk) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = c.text
	}
	return out
}

// isFrame recognises the rules of a drawn table.
func (s splitter) isFrame(line string) bool {
	return strings.Trim(line, " |+-=:_\t") == ""
}

// row returns the cells of a row under a header. ok is false when they are more than headings, or when texts set under each
// other cannot be told apart.
func (s splitter) row(line string, head []chunk) (row []string, ok bool) {
	cells := s.split(line)
	if s.by != 0 {
		return cellTexts(cells), 1 < len(cells) && len(cells) <= len(head)
	}
	row = make([]string, len(head))
	next := 0
	for _, c := range cells {
		col := -1
		for k := next; k < len(head); k++ {
			h := head[k]
			if near(c.from, h.from) || near(c.to, h.to) {
				col = k
				break
			}
		}
		if col < 0 {
			return nil, false
		}
		row[col] = c.text
		next = col + 1
	}
	return row, len(cells) > 1
}

func near(a, b int) bool { return a-b <= 1 && b-a <= 1 }

// whole reports whether the lines beneath a table are none of it.
func (s splitter) whole(t textTable, lines []string) bool {
	if t.end < len(lines) && strings.TrimSpace(lines[t.end]) != "" {
		if len(s.split(lines[t.end])) > 1 || utf8.RuneCountInString(lines[t.end-1]) >= wrapped {
			return false
		}
	}
	for i, l := range lines {
		if i >= t.from && i < t.end {
			continue
		}
		for _, c := range s.split(l) {
			if len(c.text) >= 8 && looksLikeCode(c.text) && len(s.split(l)) > 1 {
				return false
			}
		}
	}
	return true
}
