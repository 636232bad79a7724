package formula

import (
	"strconv"
	"strings"
)

// An operand is a value, or a range that only functions take.
type operand struct {
	value  Value
	ranged bool
	area   area
}

type area struct {
	sheet                    string
	row, col, lastRow, lastC int
}

// A parser reads a formula and works it out on the way. failed is final.
type parser struct {
	text     string
	at       int
	row, col int
	cells    Cells
	depth    int
	steps    int
	failed   bool
}

func (p *parser) fail() operand {
	p.failed = true
	return operand{}
}

func (p *parser) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take reads one of tokens, the first that fits.
func (p *parser) take(tokens ...string) string {
	p.blanks()
	for _, t := range tokens {
		if strings.HasPrefix(p.text[p.at:], t) {
			p.at += len(t)
			return t
		}
	}
	return ""
}

// single is an operand that is no range.
func (p *parser) single(o operand) Value {
	if o.ranged {
		p.failed = true
	}
	return o.value
}

func (p *parser) compare() operand {
	if p.depth++; p.depth > maxDepth {
		return p.fail()
	}
	defer func() { p.depth-- }()
	left := p.join()
	for !p.failed {
		op := p.take("<>", "<=", ">=", "=", "<", ">")
		if op == "" {
			return left
		}
		a, b := p.single(left), p.single(p.join())
		switch op {
		case "=":
			left = operand{value: truth(equal(a, b))}
		case "<>":
			left = operand{value: truth(!equal(a, b))}
		default:
			x, y := p.arithmetic(a), p.arithmetic(b)
			left = operand{value: truth(op == "<" && x < y || op == ">" && x > y || op == "<=" && x <= y || op == ">=" && x >= y)}
		}
	}
	return left
}

func (p *parser) join() operand {
	left := p.sum()
	for !p.failed && p.take("&") != "" {
		left = operand{value: text(p.single(left).String() + p.single(p.sum()).String())}
	}
	return left
}

func (p *parser) sum() operand {
	left := p.product()
	for !p.failed {
		switch p.take("+", "-") {
		case "+":
			left = operand{value: num(p.arithmetic(p.single(left)) + p.arithmetic(p.single(p.product())))}
		case "-":
			left = operand{value: num(p.arithmetic(p.single(left)) - p.arithmetic(p.single(p.product())))}
		default:
			return left
		}
	}
	return left
}

func (p *parser) product() operand {
	left := p.unary()
	for !p.failed {
		switch p.take("*", "/") {
		case "*":
			left = operand{value: num(p.arithmetic(p.single(left)) * p.arithmetic(p.single(p.unary())))}
		case "/":
			a, b := p.arithmetic(p.single(left)), p.arithmetic(p.single(p.unary()))
			if b == 0 {
				return p.fail()
			}
			left = operand{value: num(a / b)}
		default:
			return left
		}
	}
	return left
}

func (p *parser) arithmetic(v Value) float64 {
	f, ok := v.number()
	if !ok {
		p.failed = true
	}
	return f
}

func (p *parser) unary() operand {
	if p.depth++; p.depth > maxDepth {
		return p.fail()
	}
	defer func() { p.depth-- }()
	switch p.take("-", "+") {
	case "-":
		return operand{value: num(-p.arithmetic(p.single(p.unary())))}
	case "+":
		return p.unary()
	}
	return p.primary()
}

func (p *parser) primary() operand {
	p.blanks()
	if p.at == len(p.text) {
		return p.fail()
	}
	switch c := p.text[p.at]; {
	case c == '(':
		p.at++
		o := p.compare()
		if p.take(")") == "" {
			return p.fail()
		}
		return o
	case c == '"':
		return p.quoted()
	case '0' <= c && c <= '9' || c == '.':
		from := p.at
		for p.at < len(p.text) && strings.IndexByte("0123456789.", p.text[p.at]) >= 0 {
			p.at++
		}
		f, err := strconv.ParseFloat(p.text[from:p.at], 64)
		if err != nil || p.at < len(p.text) && strings.IndexByte("eE%:", p.text[p.at]) >= 0 {
			return p.fail()
		}
		return operand{value: num(f)}
	}
	return p.named()
}

// quoted reads a text; "" in it is one ".
func (p *parser) quoted() operand {
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		if p.text[p.at] != '"' {
			b.WriteByte(p.text[p.at])
			continue
		}
		if p.at+1 < len(p.text) && p.text[p.at+1] == '"' {
			b.WriteByte('"')
			p.at++
			continue
		}
		p.at++
		return operand{value: text(b.String())}
	}
	return p.fail()
}

// named reads what begins with a letter: a function, a truth value, or a reference with or without its sheet.
func (p *parser) named() operand {
	sheet := ""
	if p.text[p.at] == '\'' {
		end := strings.Index(p.text[p.at+1:], "'!")
		if end < 0 {
			return p.fail()
		}
		sheet = strings.ReplaceAll(p.text[p.at+1:p.at+1+end], "''", "'")
		p.at += end + 3
	}
	word := p.word()
	if p.at < len(p.text) && p.text[p.at] == '!' && sheet == "" && word != "" {
		sheet = word
		p.at++
		word = p.word()
	}
	if p.at < len(p.text) && p.text[p.at] == '(' && sheet == "" {
		p.at++
		return p.call(strings.ToUpper(strings.TrimPrefix(strings.ToUpper(word), "_XLFN.")))
	}
	switch strings.ToUpper(word) {
	case "TRUE", "FALSE":
		return operand{value: truth(strings.EqualFold(word, "TRUE"))}
	}
	row, col, ok := reference(word)
	if !ok {
		return p.fail()
	}
	a := area{sheet: sheet, row: row, col: col, lastRow: row, lastC: col}
	if p.at < len(p.text) && p.text[p.at] == ':' {
		p.at++
		if a.lastRow, a.lastC, ok = reference(p.word()); !ok || a.lastRow < row || a.lastC < col {
			return p.fail()
		}
		return operand{ranged: true, area: a}
	}
	return operand{value: p.cell(a.sheet, row, col), area: a}
}

func (p *parser) cell(sheet string, row, col int) Value {
	if p.steps--; p.steps < 0 {
		p.failed = true
		return Value{}
	}
	v, ok := p.cells(sheet, row, col)
	if !ok {
		p.failed = true
	}
	return v
}

// word reads letters, digits and what else names are made of.
func (p *parser) word() string {
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c < 0x80 && !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '$' || c == '_' || c == '.') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

// reference reads "A1" or "$A$1", within the bounds of a sheet.
func reference(word string) (row, col int, ok bool) {
	for i := 0; i < len(word); i++ {
		switch c := word[i] | 0x20; {
		case word[i] == '$':
		case 'a' <= c && c <= 'z' && row == 0:
			col = col*26 + int(c-'a') + 1
		case '0' <= word[i] && word[i] <= '9' && col > 0:
			row = row*10 + int(word[i]-'0')
		default:
			return 0, 0, false
		}
		if col > 1<<14 || row > 1<<20 {
			return 0, 0, false
		}
	}
	return row, col, row > 0 && col > 0
}
