package csv

import "strings"

// separators in the order in which they win a draw: the less a text uses a character otherwise, the sooner.
const separators = "\t;|,"

// What a decision looks at: lists have at most a few dozen lines of titles.
const (
	sampledRecords = 300
	sampledBytes   = 256 << 10
)

// enough separators in a line make a table; with more, a sentence full of commas would outdo it.
const enough = 5

// separator finds what stands between the fields: the character that cuts the most records into the same number of fields,
// the more fields the better. 0: none cuts two records alike, so there is one column.
func separator(text string) (sep byte, fields int) {
	best := 0
	for i := range len(separators) {
		if n, score := usual(text, separators[i]); score > best {
			best, sep, fields = score, separators[i], n
		}
	}
	return sep, fields
}

// usual returns the number of fields, above one, that most records have, and how much speaks for it. A record is read over
// line breaks in quotation marks and, for files where a mark closes nothing, line by line; what is more regular counts.
func usual(text string, sep byte) (fields, score int) {
	text = text[:min(len(text), sampledBytes)]
	p := reader{text: text, sep: sep}
	var whole, lines tally
	for at := 0; at < len(text) && whole.n < sampledRecords; {
		n, next := p.count(at)
		whole.add(n)
		at = next
	}
	for at := 0; at < len(text) && lines.n < sampledRecords; {
		line, next := lineAt(text, at)
		lines.add(countFields(line, sep))
		at = next
	}
	fields, score = whole.most()
	if n, s := lines.most(); s > score {
		return n, s
	}
	return fields, score
}

// count counts the fields of the record that begins at p.text[at:].
func (p *reader) count(at int) (fields, next int) {
	from := at
	for fields = 1; ; fields++ {
		f, ok := p.field(at, from)
		if !ok {
			f = p.literal(at)
		}
		if f.end == len(p.text) || p.text[f.end] != p.sep {
			return fields, afterBreak(p.text, f.end)
		}
		at = f.end + 1
	}
}

// A tally counts records by their number of fields.
type tally struct {
	by map[int]int
	n  int
}

func (t *tally) add(fields int) {
	if t.by == nil {
		t.by = map[int]int{}
	}
	t.by[fields]++
	t.n++
}

func (t *tally) most() (fields, score int) {
	alike := 0
	for n, count := range t.by {
		if n > 1 && (count > alike || count == alike && n > fields) {
			fields, alike = n, count
		}
	}
	if alike < 2 && t.n > 1 {
		return 0, 0
	}
	return fields, alike * min(fields-1, enough)
}

// countFields counts the fields of one line. A separator between quotation marks divides nothing.
func countFields(line string, sep byte) int {
	if strings.IndexByte(line, '"') < 0 {
		return strings.Count(line, string(rune(sep))) + 1
	}
	n, quoted, start := 1, false, true
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"' && (quoted || start):
			quoted = !quoted
		case c == sep && !quoted:
			n++
			start = true
			continue
		case c == ' ' && start:
			continue
		}
		start = false
	}
	return n
}
