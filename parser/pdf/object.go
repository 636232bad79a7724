package pdf

import (
	"bytes"
	"strconv"
)

// The objects of §7.3. Numbers are float64, strings str, null nil.
type (
	name    string
	str     string
	ref     int // object number; generations are not told apart
	dict    map[name]any
	array   []any
	keyword string
	stream  struct {
		dict     dict
		raw      []byte
		num, gen int // of the object: a part of its key
	}
)

// maxDepth bounds arrays and dictionaries inside each other.
const maxDepth = 64

// A lexer reads objects and operators.
type lexer struct {
	data  []byte
	pos   int
	depth int
}

// closing marks the end of an array or dictionary.
type closing byte

// next returns the next object or keyword, ok false at the end.
func (l *lexer) next() (v any, ok bool) {
	l.space()
	if l.pos >= len(l.data) {
		return nil, false
	}
	switch c := l.data[l.pos]; {
	case c == '/':
		l.pos++
		return name(l.name()), true
	case c == '(':
		return l.literal(), true
	case c == '<' && l.at(1) == '<':
		l.pos += 2
		return l.dict(), true
	case c == '<':
		return l.hex(), true
	case c == '>' && l.at(1) == '>':
		l.pos += 2
		return closing('>'), true
	case c == '[':
		l.pos++
		return l.array(), true
	case c == ']':
		l.pos++
		return closing(']'), true
	case c == '+' || c == '-' || c == '.' || '0' <= c && c <= '9':
		return l.number(), true
	case isDelimiter(c):
		l.pos++
		return keyword(string(c)), true
	}
	from := l.pos
	for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]) {
		l.pos++
	}
	switch word := string(l.data[from:l.pos]); word {
	case "null":
		return nil, true
	case "true", "false":
		return word == "true", true
	default:
		return keyword(word), true
	}
}

func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.data) {
		return l.data[l.pos+n]
	}
	return 0
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

// space skips white space and comments.
func (l *lexer) space() {
	for l.pos < len(l.data) {
		switch c := l.data[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

func (l *lexer) name() string {
	var b []byte
	for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]) {
		c := l.data[l.pos]
		if c == '#' && l.pos+2 < len(l.data) {
			if n, err := strconv.ParseUint(string(l.data[l.pos+1:l.pos+3]), 16, 8); err == nil {
				b = append(b, byte(n))
				l.pos += 3
				continue
			}
		}
		b = append(b, c)
		l.pos++
	}
	return string(b)
}

// literal reads a string in parentheses (§7.3.4.2).
func (l *lexer) literal() str {
	var b []byte
	l.pos++
	for open := 1; l.pos < len(l.data); l.pos++ {
		switch c := l.data[l.pos]; c {
		case '(':
			open++
			b = append(b, c)
		case ')':
			if open--; open == 0 {
				l.pos++
				return str(b)
			}
			b = append(b, c)
		case '\\':
			l.pos++
			b = l.escape(b)
		default:
			b = append(b, c)
		}
	}
	return str(b)
}

// escape adds what stands behind a backslash, and leaves pos on its last byte.
func (l *lexer) escape(b []byte) []byte {
	if l.pos >= len(l.data) {
		return b
	}
	c := l.data[l.pos]
	switch c {
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case '\r':
		if l.at(1) == '\n' {
			l.pos++
		}
		return b
	case '\n':
		return b
	}
	if c < '0' || c > '7' {
		return append(b, c)
	}
	n := 0
	for i := 0; i < 3 && l.pos < len(l.data) && '0' <= l.data[l.pos] && l.data[l.pos] <= '7'; i++ {
		n = n*8 + int(l.data[l.pos]-'0')
		l.pos++
	}
	l.pos--
	return append(b, byte(n))
}

func (l *lexer) hex() str {
	var b []byte
	half := -1
	for l.pos++; l.pos < len(l.data) && l.data[l.pos] != '>'; l.pos++ {
		n, err := strconv.ParseUint(string(l.data[l.pos]), 16, 8)
		switch {
		case err != nil:
		case half < 0:
			half = int(n)
		default:
			b = append(b, byte(half<<4|int(n)))
			half = -1
		}
	}
	if half >= 0 {
		b = append(b, byte(half<<4))
	}
	l.pos++
	return str(b)
}

// number reads a number, or a reference "12 0 R".
func (l *lexer) number() any {
	from := l.pos
	for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]) {
		l.pos++
	}
	text := string(l.data[from:l.pos])
	n, err := strconv.Atoi(text)
	if err != nil {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != f {
			return 0.0
		}
		return f
	}
	if n >= 0 && n < maxObjects && l.reference() {
		return ref(n)
	}
	return float64(n)
}

// reference reads over " 0 R" if that comes next.
func (l *lexer) reference() bool {
	p := l.pos
	skip := func(f func(byte) bool) int {
		from := p
		for p < len(l.data) && f(l.data[p]) && p-from < 8 {
			p++
		}
		return p - from
	}
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	if skip(isSpace) == 0 || skip(digit) == 0 || skip(isSpace) == 0 || p >= len(l.data) || l.data[p] != 'R' {
		return false
	}
	if p+1 < len(l.data) && !isSpace(l.data[p+1]) && !isDelimiter(l.data[p+1]) {
		return false
	}
	l.pos = p + 1
	return true
}

func (l *lexer) array() array {
	var a array
	if l.depth++; l.depth > maxDepth {
		l.pos = len(l.data)
	}
	defer func() { l.depth-- }()
	for {
		v, ok := l.next()
		if _, end := v.(closing); end || !ok {
			return a
		}
		if _, word := v.(keyword); !word {
			a = append(a, v)
		}
	}
}

func (l *lexer) dict() dict {
	d := dict{}
	if l.depth++; l.depth > maxDepth {
		l.pos = len(l.data)
	}
	defer func() { l.depth-- }()
	for {
		k, ok := l.next()
		if _, end := k.(closing); end || !ok {
			return d
		}
		key, isName := k.(name)
		if !isName {
			continue
		}
		v, ok := l.next()
		if _, end := v.(closing); end || !ok {
			return d
		}
		d[key] = v
	}
}
