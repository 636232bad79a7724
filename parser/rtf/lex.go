package rtf

import "math"

// The kinds of token (RTF 1.9.1 "Basic Entities").
type kind uint8

const (
	end    kind = iota
	open        // {
	shut        // }
	word        // \name with an optional number
	symbol      // \ and one character that is no letter
	hexed       // \'hh: one byte
	plain       // bytes as they stand
	binary      // \bin with its bytes, which are passed over
)

// A token is one of them. Bytes are those of the file.
type token struct {
	kind  kind
	text  []byte // of a word its name, of plain text its bytes
	num   int    // of a word its number, of hexed the byte
	given bool   // the word has a number
}

// A lexer cuts a file into tokens.
type lexer struct {
	data []byte
	pos  int
}

func (l *lexer) next() token {
	for l.pos < len(l.data) {
		switch c := l.data[l.pos]; c {
		case '\r', '\n': // line ends of the file say nothing
			l.pos++
		case '{':
			l.pos++
			return token{kind: open}
		case '}':
			l.pos++
			return token{kind: shut}
		case '\\':
			l.pos++
			return l.control()
		default:
			from := l.pos
			for l.pos < len(l.data) && !special(l.data[l.pos]) {
				l.pos++
			}
			return token{kind: plain, text: l.data[from:l.pos]}
		}
	}
	return token{}
}

func special(c byte) bool { return c == '\\' || c == '{' || c == '}' || c == '\r' || c == '\n' }

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func digit(c byte) bool { return '0' <= c && c <= '9' }

// control reads what stands behind a backslash.
func (l *lexer) control() token {
	if l.pos >= len(l.data) {
		return token{}
	}
	c := l.data[l.pos]
	if c == '\'' {
		return l.hex()
	}
	if !letter(c) {
		l.pos++
		return token{kind: symbol, text: l.data[l.pos-1 : l.pos]}
	}
	from := l.pos
	for l.pos < len(l.data) && letter(l.data[l.pos]) {
		l.pos++
	}
	t := token{kind: word, text: l.data[from:l.pos]}
	l.number(&t)
	if l.pos < len(l.data) && l.data[l.pos] == ' ' { // the blank that ends a word is part of it
		l.pos++
	}
	if string(t.text) == "bin" {
		t.kind = binary
		l.pos += min(max(t.num, 0), len(l.data)-l.pos)
	}
	return t
}

// number reads the number of a word. Numbers have 32 bits; what is beyond is held at their ends.
func (l *lexer) number(t *token) {
	p, minus := l.pos, false
	if p < len(l.data) && l.data[p] == '-' {
		minus = true
		p++
	}
	if p >= len(l.data) || !digit(l.data[p]) {
		return
	}
	n := 0
	for ; p < len(l.data) && digit(l.data[p]); p++ {
		n = min(n*10+int(l.data[p]-'0'), math.MaxInt32)
	}
	if minus {
		n = -n
	}
	t.num, t.given, l.pos = n, true, p
}

// hex reads the two digits of \'hh. What is no such pair is no character.
func (l *lexer) hex() token {
	l.pos++
	n := 0
	for range 2 {
		if l.pos >= len(l.data) {
			return token{}
		}
		switch c := l.data[l.pos]; {
		case digit(c):
			n = n<<4 | int(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			n = n<<4 | int(c|0x20-'a'+10)
		default:
			return token{kind: plain}
		}
		l.pos++
	}
	return token{kind: hexed, num: n}
}
