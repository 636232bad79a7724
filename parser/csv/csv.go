// Package csv reads text tables: comma, semicolon, tab or bar between the fields, in whatever encoding the program of the
// sender wrote (RFC 4180 as far as anybody keeps to it).
//
// It must not know what a column means. No field is ever dropped: a quotation mark that closes nothing stays in its cell,
// where the rules see it, and never swallows the rows behind it.
package csv

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/charset"
	"vanthu/parser/grid"
)

// Bounds on memory beside parser.Limits, far above any list.
const (
	around      = 1000       // rows of titles and signatures beside the people that parser.Limits counts
	maxCellText = 32_767 * 4 // bytes of a quoted field; a spreadsheet's cell ends at 32,767 characters
)

// Read reads a text table as a book of one sheet without a name. Rows are numbered as a spreadsheet program numbers them:
// empty lines count, and a record with line breaks in its fields is one row. Errors are *parser.Problem: TooLarge, or Damaged when
// its last line is shorter than all others and has no end.
func Read(data []byte, lim parser.Limits) (grid.Book, error) {
	text, name := charset.Decode(data)
	if int64(len(text)) > lim.Unpacked {
		return grid.Book{}, parser.BeyondBytes(lim.Unpacked, "sau khi giải nén")
	}
	sheet, err := table(text, lim)
	if err != nil {
		return grid.Book{}, err
	}
	return grid.Book{Format: "csv", Charset: name, Sheets: []grid.Sheet{sheet}}, nil
}

// table reads the text of one table.
func table(text string, lim parser.Limits) (grid.Sheet, error) {
	sep, rest, said := declared(text)
	p := &reader{text: rest, lim: lim}
	fields := 0
	if said {
		p.sep = sep
		fields, _ = usual(rest, sep)
	} else if p.sep, fields = separator(rest); p.sep == 0 {
		if inner, ok := unwrapped(rest); ok {
			return table(inner, lim)
		}
	}
	p.fields = fields
	err := p.records()
	return grid.Sheet{Rows: p.rows, Cut: p.cut}, err
}

// declared reads Excel's first line "sep=;". It is no row.
func declared(text string) (sep byte, rest string, ok bool) {
	line, rest := cutLine(text)
	line = strings.Trim(line, `"`)
	if len(line) == 5 && strings.EqualFold(line[:4], "sep=") && line[4] < 0x80 && line[4] != '"' {
		return line[4], rest, true
	}
	return 0, text, false
}

// unwrapped undoes what a spreadsheet does to a table that it took for one column: every line in quotation marks, its own
// marks doubled. ok is false when the lines are not all like that, or hold no table.
func unwrapped(text string) (string, bool) {
	var b strings.Builder
	n := 0
	for rest := text; rest != ""; {
		var line string
		line, rest = cutLine(rest)
		if strings.TrimSpace(line) != "" {
			if len(line) < 2 || line[0] != '"' || line[len(line)-1] != '"' {
				return "", false
			}
			line = strings.ReplaceAll(line[1:len(line)-1], `""`, `"`)
			n++
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	sep, _ := separator(b.String())
	return b.String(), n > 1 && sep != 0
}

// A reader goes through the text record by record.
type reader struct {
	text   string
	sep    byte // 0: there is one column
	fields int  // usual number of fields of a record
	lim    parser.Limits
	rows   []grid.Row
	arena  []grid.Cell
	last   int  // number of fields of the record before
	cut    bool // cells right of the limit were left out
}

func (p *reader) records() error {
	lim := p.lim.Rows + around
	regular, odd := 0, false // records of the usual number of fields, and whether there are others before the last
	for number, at := 1, 0; at < len(p.text); number++ {
		if p.last == p.fields {
			regular++
		} else if number > 1 {
			odd = true
		}
		line, next := lineAt(p.text, at)
		p.reserve() // before from is taken: a new piece begins at 0
		from := len(p.arena)
		var err error
		if strings.IndexByte(line, '"') < 0 {
			err = p.plain(line)
		} else {
			next, err = p.quoted(at)
		}
		if err != nil {
			return err
		}
		at = next
		if len(p.arena) > from {
			if len(p.rows) == lim {
				return parser.Beyond(p.lim.Rows, "dòng")
			}
			p.rows = append(p.rows, grid.Row{Number: number, Cells: p.arena[from:len(p.arena):len(p.arena)]})
		}
	}
	if !odd && regular > 2 && 1 < p.last && p.last < p.fields && !strings.HasSuffix(p.text, "\n") && !strings.HasSuffix(p.text, "\r") {
		return parser.Damage("the last line is cut off")
	}
	return nil
}

// plain reads a record without quotation marks.
func (p *reader) plain(line string) error {
	for col := 1; ; col++ {
		end := -1
		if p.sep != 0 {
			end = strings.IndexByte(line, p.sep)
		}
		field := line
		if end >= 0 {
			field = line[:end]
		}
		if err := p.add(col, field, field); err != nil {
			return err
		}
		if end < 0 {
			p.last = col
			return nil
		}
		line = line[end+1:]
	}
}

// reserve keeps the cells of one record in one piece of the arena.
func (p *reader) reserve() {
	if need := p.lim.Columns; cap(p.arena)-len(p.arena) < need {
		p.arena = make([]grid.Cell, 0, max(4096, 2*need))
	}
}

func (p *reader) add(col int, text, raw string) error {
	if text == "" {
		return nil
	}
	if col > p.lim.Columns {
		p.cut = true
		return nil
	}
	c := grid.Cell{Col: col, Text: text, Raw: raw}
	if grid.IsError(text) {
		c.Kind = grid.Error
	}
	p.arena = append(p.arena, c)
	return nil
}

// quoted reads the record that begins at p.text[at:] and holds quotation marks in its first line. It returns where the
// next record begins.
func (p *reader) quoted(at int) (int, error) {
	from := at
	for col := 1; ; col++ {
		f, ok := p.field(at, from)
		if !ok { // not quoted, or its marks mean nothing: the field ends where the separator or the line does
			f = p.literal(at)
		}
		text, raw := f.text, f.text
		if inner, ok := grid.AsText(text); ok {
			text = inner
		}
		if err := p.add(col, text, raw); err != nil {
			return 0, err
		}
		if f.end == len(p.text) || p.text[f.end] != p.sep || p.sep == 0 {
			p.last = col
			return afterBreak(p.text, f.end), nil
		}
		at = f.end + 1
	}
}

// A field is one field, and where the separator or the line break behind it stands.
type field struct {
	text string
	end  int
}

// literal reads up to the next separator or line break: no further, for a line may hold very many fields.
func (p *reader) literal(at int) field {
	end := at
	for end < len(p.text) && p.text[end] != '\n' && p.text[end] != '\r' && (p.sep == 0 || p.text[end] != p.sep) {
		end++
	}
	return field{p.text[at:end], end}
}

// field reads a quoted field at p.text[at:], of a record that begins at from. ok is false when the field is not quoted, or
// when its marks do not hold together: a mark inside it, after a line break, that closes nothing; no closing mark; or lines
// inside it that are records themselves.
func (p *reader) field(at, from int) (f field, ok bool) {
	i := at
	for i < len(p.text) && p.text[i] == ' ' { // `1, "Lê An"`
		i++
	}
	if i == len(p.text) || p.text[i] != '"' {
		return field{}, false
	}
	start := i + 1
	var b strings.Builder // used when the text is not one piece of p.text
	piece := start
	broken := 0 // where the first line inside the field ends
	for i = start; i < len(p.text) && i-start <= maxCellText; i++ {
		switch c := p.text[i]; c {
		case '\n', '\r':
			if broken == 0 {
				broken = i
			}
			if c == '\r' { // line breaks inside a cell are \n
				b.WriteString(p.text[piece:i])
				if i+1 < len(p.text) && p.text[i+1] == '\n' {
					i++
				}
				b.WriteByte('\n')
				piece = i + 1
			}
		case '"':
			if i+1 < len(p.text) && p.text[i+1] == '"' {
				b.WriteString(p.text[piece : i+1])
				i++
				piece = i + 1
				continue
			}
			end := i + 1
			for end < len(p.text) && p.text[end] == ' ' && p.sep != ' ' {
				end++
			}
			if end < len(p.text) && p.text[end] != '\n' && p.text[end] != '\r' && (p.sep == 0 || p.text[end] != p.sep) {
				if broken > 0 {
					return field{}, false
				}
				continue // a mark inside: `"Lê "Ba" An"`
			}
			if broken > 0 && p.swallows(from, broken, end) {
				return field{}, false
			}
			b.WriteString(p.text[piece:i])
			return field{b.String(), end}, true
		}
	}
	return field{}, false
}

// swallows reports whether a field that runs over line breaks holds records: a line within has as many fields as a record
// has, or both the line where it opens and the one where it closes have.
func (p *reader) swallows(from, broken, end int) bool {
	if p.fields < 2 {
		return false
	}
	whole := func(line string) bool { return strings.Count(line, string(rune(p.sep)))+1 >= p.fields }
	first := whole(p.text[from:broken])
	for at := afterBreak(p.text, broken); ; {
		line, next := lineAt(p.text, at)
		if next > end || next == len(p.text) { // the line where it closes
			return first && whole(line)
		}
		if whole(line) {
			return true
		}
		at = next
	}
}

// lineAt returns the line that begins at text[at:] and where the next one begins. Lines end with \n, \r\n or \r.
func lineAt(text string, at int) (line string, next int) {
	end := at
	for end < len(text) && text[end] != '\n' && text[end] != '\r' {
		end++
	}
	return text[at:end], afterBreak(text, end)
}

// afterBreak returns what stands behind the line break at text[at:].
func afterBreak(text string, at int) int {
	switch {
	case at == len(text):
		return at
	case text[at] == '\r' && at+1 < len(text) && text[at+1] == '\n':
		return at + 2
	}
	return at + 1
}

func cutLine(text string) (line, rest string) {
	line, next := lineAt(text, 0)
	return line, text[next:]
}
