package config

import (
	"regexp"
	"strconv"
	"strings"
)

// lines says on which line every key, table and array element stands, by path: "imap.poll", "unit[1].addresses[0]". The
// TOML decoder tells only of the last of several [[unit]] tables, and nothing of unknown keys, so the text is scanned here.
type lines struct {
	at   map[string]int
	last int
}

// of returns the line of path, else that of the table that would hold it, else the last one.
func (l lines) of(path string) int {
	for ; path != ""; path = parent(path) {
		if n, ok := l.at[path]; ok {
			return n
		}
	}
	return l.last
}

// join and element build paths; both sides, the scanner and the decoder, use them.
func join(path, key string) string {
	if !bareKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// locate scans text, which must be valid TOML (v1.0 §§ Keys, Table, Array of Tables, Inline Table). On anything else it
// ends without a promise.
func locate(text string) lines {
	s := scanner{text: strings.TrimPrefix(text, "\ufeff"), line: 1, at: map[string]int{}, tables: map[string]int{}}
	table := ""
	for s.skip(" \t\r\n"); s.more(); s.skip(" \t\r\n") {
		before := s.pos
		if s.peek() == '[' {
			table = s.header()
		} else {
			s.pair(table)
		}
		if s.pos == before { // not TOML
			break
		}
	}
	return lines{at: s.at, last: max(1, strings.Count(strings.TrimRight(text, "\n"), "\n")+1)}
}

type scanner struct {
	text   string
	pos    int
	line   int
	at     map[string]int
	tables map[string]int // how many [[tables]] of a path there are so far
}

func (s *scanner) more() bool { return s.pos < len(s.text) }

func (s *scanner) peek() byte {
	if !s.more() {
		return 0
	}
	return s.text[s.pos]
}

// next steps over one byte and counts lines.
func (s *scanner) next() {
	if s.peek() == '\n' {
		s.line++
	}
	if s.more() {
		s.pos++
	}
}

func (s *scanner) step(n int) {
	for range n {
		s.next()
	}
}

// skip steps over the bytes of set and over comments.
func (s *scanner) skip(set string) {
	for s.more() {
		switch {
		case s.peek() == '#':
			for s.more() && s.peek() != '\n' {
				s.next()
			}
		case strings.IndexByte(set, s.peek()) >= 0:
			s.next()
		default:
			return
		}
	}
}

func (s *scanner) mark(path string) {
	if _, ok := s.at[path]; !ok {
		s.at[path] = s.line
	}
}

// header reads [a.b] or [[a.b]] and returns the path of the table that follows. A part that names an array of tables means
// its last one.
func (s *scanner) header() string {
	array := strings.HasPrefix(s.text[s.pos:], "[[")
	s.skip("[ \t")
	keys := s.keys()
	path := ""
	for i, key := range keys {
		path = join(path, key)
		n := s.tables[path]
		if array && i == len(keys)-1 {
			s.mark(path)
			s.tables[path]++
			path = element(path, n)
		} else if n > 0 {
			path = element(path, n-1)
		}
		s.mark(path)
	}
	s.skip("] \t")
	return path
}

// keys reads a dotted key.
func (s *scanner) keys() []string {
	var keys []string
	for {
		s.skip(" \t")
		keys = append(keys, s.key())
		s.skip(" \t")
		if s.peek() != '.' {
			return keys
		}
		s.next()
	}
}

func (s *scanner) key() string {
	start := s.pos
	if c := s.peek(); c == '"' || c == '\'' {
		s.str()
		quoted := s.text[start:s.pos]
		if key, err := strconv.Unquote(quoted); err == nil && c == '"' {
			return key
		}
		return strings.Trim(quoted, `"'`)
	}
	for s.more() && strings.IndexByte(" \t\r\n.=]#", s.peek()) < 0 {
		s.next()
	}
	return s.text[start:s.pos]
}

// pair reads key = value into the table.
func (s *scanner) pair(table string) {
	line := s.line
	path := table
	for _, key := range s.keys() {
		path = join(path, key)
		if _, ok := s.at[path]; !ok {
			s.at[path] = line
		}
	}
	s.skip(" \t=")
	s.value(path)
}

func (s *scanner) value(path string) {
	switch s.peek() {
	case '"', '\'':
		s.str()
	case '[':
		s.next()
		s.list(']', func(i int) {
			s.mark(element(path, i))
			s.value(element(path, i))
		})
	case '{':
		s.next()
		s.list('}', func(int) { s.pair(path) })
	default:
		for s.more() && strings.IndexByte(",]}#\r\n", s.peek()) < 0 {
			s.next()
		}
	}
}

// list reads the items of an array or an inline table up to end.
func (s *scanner) list(end byte, item func(i int)) {
	for i := 0; ; i++ {
		s.skip(" \t\r\n")
		if !s.more() || s.peek() == end {
			s.next()
			return
		}
		before := s.pos
		item(i)
		s.skip(" \t\r\n,")
		if s.pos == before { // not TOML
			return
		}
	}
}

// str steps over a string of any of the four kinds.
func (s *scanner) str() {
	quote := s.text[s.pos : s.pos+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], triple) {
		s.step(3)
		for s.more() && !strings.HasPrefix(s.text[s.pos:], triple) {
			s.char(quote)
		}
		s.step(3)
		for range 2 { // """"" may end with up to two quotes of its own
			if strings.HasPrefix(s.text[s.pos:], quote) {
				s.next()
			}
		}
		return
	}
	s.next()
	for s.more() && s.text[s.pos:s.pos+1] != quote && s.peek() != '\n' {
		s.char(quote)
	}
	s.next()
}

// char steps over one character, or over an escape in a basic string.
func (s *scanner) char(quote string) {
	if quote == `"` && s.peek() == '\\' {
		s.next()
	}
	s.next()
}
