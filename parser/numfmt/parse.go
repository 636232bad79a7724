package numfmt

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a section shows.
const (
	literalKind = iota // nothing of the number
	generalKind
	numberKind
	fractionKind
	exponentKind
	dateKind
	textKind
)

// The parts of a section.
const (
	opLiteral = iota
	opRoom    // _x: the width of a character
	opGeneral
	opText   // @
	opDigit  // 0 # ?
	opPoint  // .
	opSlash  // / of a fraction
	opE      // E+ E-
	opFixed  // the denominator that a fraction names
	opYear   // n: letters
	opMonth  // n: letters
	opDay    // n: letters
	opHour   // n: letters
	opMinute // n: letters
	opSecond // n: letters
	opAMPM   // text: as written
	opHours  // [h], n: letters
	opMinutes
	opSeconds
	opFraction // of a second; n: digits
	opBuddhist // b: the year of Thailand
)

type part struct {
	op    int
	n     int
	text  string
	digit byte // of opDigit: 0 # ?
}

// A section is one of the parts of a code that a semicolon divides.
type section struct {
	kind      int
	parts     []part
	cond      condition
	before    int  // digits before the point (of a fraction: of its whole part)
	after     int  // digits after it (of a fraction: of its numerator)
	below     int  // digits of the exponent or the denominator
	group     bool // thousands are divided
	shift     int  // powers of ten: percent signs, commas at the end
	vietnam   bool // [$-42A]
	subsecond int  // digits of a fraction of a second
	seconds   bool // seconds are shown
	half      bool // hours go to 12
}

// The conditions of a section: [>=10].
const (
	less = 1 << iota
	equal
	greater
)

type condition struct {
	set bool
	op  int
	x   float64
}

func (c condition) holds(v float64) bool {
	switch {
	case v < c.x:
		return c.op&less != 0
	case v > c.x:
		return c.op&greater != 0
	}
	return c.op&equal != 0
}

// negative reports whether only negative numbers can meet the condition.
func (c condition) negative() bool {
	return c.set && c.op&greater == 0 && (c.x < 0 || c.x == 0 && c.op&equal == 0)
}

// coversPositive reports whether every number that is not negative meets the condition; then those that do not are.
func (c condition) coversPositive() bool {
	return c.set && c.op&greater != 0 && c.op&less == 0 && (c.x < 0 || c.x == 0)
}

// split divides a code at its semicolons.
func split(code string) []string {
	var parts []string
	from := 0
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case quoted:
			quoted = c != '"'
		case c == '"':
			quoted = true
		case bracket:
			bracket = c != ']'
		case c == '[':
			bracket = true
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == ';':
			parts = append(parts, code[from:i])
			from = i + 1
		}
	}
	return append(parts, code[from:])
}

// parseSection reads one section.
func parseSection(code string) section {
	var s section
	commas := 0 // after the last digit so far: they divide by a thousand unless a digit follows
	digits := false
	lit := func(t string) { s.parts = append(s.parts, part{op: opLiteral, text: t}) }
	for i := 0; i < len(code); {
		c := code[i]
		rest := code[i:]
		switch {
		case c == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				lit(rest[1:])
				i = len(code)
				continue
			}
			lit(rest[1 : 1+end])
			i += end + 2
		case c == '\\' || c == '_' || c == '*':
			_, n := utf8.DecodeRuneInString(rest[1:])
			switch {
			case n == 0:
			case c == '\\':
				lit(rest[1 : 1+n])
			case c == '_':
				s.parts = append(s.parts, part{op: opRoom})
			}
			i += 1 + n
		case c == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				lit(rest)
				i = len(code)
				continue
			}
			s.bracket(rest[1:end])
			i += end + 1
		case c == '0' || c == '#' || c == '?':
			if commas > 0 && digits {
				s.group = true
			}
			commas, digits = 0, true
			s.parts = append(s.parts, part{op: opDigit, digit: c})
			i++
		case c == ',':
			if digits {
				commas++
			} else {
				lit(",")
			}
			i++
		case c == '.':
			if n := fractionDigits(rest); n > 0 && s.lastIs(opSecond, opSeconds) {
				s.parts = append(s.parts, part{op: opFraction, n: n})
				s.subsecond = n
				i += 1 + n
				continue
			}
			s.shift -= 3 * commas // "0,.0": the commas stand before the point
			commas = 0
			s.parts = append(s.parts, part{op: opPoint})
			i++
		case c == '%':
			s.shift += 2
			lit("%")
			i++
		case c == '/' && digits:
			s.parts = append(s.parts, part{op: opSlash})
			i++
		case (c == 'E' || c == 'e') && digits && len(rest) > 1 && (rest[1] == '+' || rest[1] == '-'):
			s.parts = append(s.parts, part{op: opE, text: rest[:2]})
			i += 2
		case c == '@':
			s.parts = append(s.parts, part{op: opText})
			i++
		default:
			i += s.word(rest)
		}
	}
	s.shift -= 3 * commas
	s.settle()
	return s
}

// fractionDigits counts the zeros after a point.
func fractionDigits(s string) int {
	n := 0
	for 1+n < len(s) && s[1+n] == '0' {
		n++
	}
	return min(n, 3)
}

func (s *section) lastIs(ops ...int) bool {
	if len(s.parts) == 0 {
		return false
	}
	for _, op := range ops {
		if s.parts[len(s.parts)-1].op == op {
			return true
		}
	}
	return false
}

// word reads the letters of dates, General, AM/PM, or one character that stands for itself. It returns how long that was.
func (s *section) word(rest string) int {
	for _, w := range []string{"General", "AM/PM", "A/P"} {
		if len(rest) >= len(w) && strings.EqualFold(rest[:len(w)], w) {
			p := part{op: opAMPM, text: rest[:len(w)]}
			if w == "General" {
				p = part{op: opGeneral}
			}
			s.parts = append(s.parts, p)
			return len(w)
		}
	}
	c := rest[0] | 0x20
	n := 1
	for n < len(rest) && rest[n]|0x20 == c {
		n++
	}
	op := -1
	switch c {
	case 'y', 'e':
		op = opYear
		if c == 'e' {
			n, op = 1, opYear
		}
	case 'b':
		op = opBuddhist
	case 'm':
		op = opMonth
	case 'd':
		op = opDay
	case 'h':
		op = opHour
	case 's':
		op = opSecond
	}
	if op < 0 || rest[0] < 'A' {
		_, n = utf8.DecodeRuneInString(rest)
		s.parts = append(s.parts, part{op: opLiteral, text: rest[:n]})
		return n
	}
	p := part{op: op, n: n}
	if c == 'e' {
		p.n = 4
	}
	s.parts = append(s.parts, p)
	return n
}

// bracket reads what stands in brackets: a condition, elapsed time, a currency with its country, a colour.
func (s *section) bracket(in string) {
	if in == "" {
		return
	}
	switch c := in[0]; {
	case c == '<' || c == '>' || c == '=':
		n, op := 0, 0
		for ; n < len(in) && n < 2 && strings.IndexByte("<>=", in[n]) >= 0; n++ {
			switch in[n] {
			case '<':
				op |= less
			case '>':
				op |= greater
			case '=':
				op |= equal
			}
		}
		if x, err := strconv.ParseFloat(strings.TrimSpace(in[n:]), 64); err == nil {
			s.cond = condition{set: true, op: op, x: x}
		}
	case c == '$':
		currency, country, _ := strings.Cut(in[1:], "-")
		if currency != "" {
			s.parts = append(s.parts, part{op: opLiteral, text: currency})
		}
		country, _, _ = strings.Cut(country, ",")
		if n, err := strconv.ParseUint(country, 16, 32); err == nil {
			s.vietnam = n&0xFFFF == 0x42A || n&0xFFFF == 0x2A
		}
		if strings.EqualFold(country, "vi") || strings.EqualFold(country, "vi-VN") {
			s.vietnam = true
		}
	default:
		same := strings.ToLower(in)
		op := 0
		switch strings.Trim(same, same[:1]) + same[:1] {
		case "h":
			op = opHours
		case "m":
			op = opMinutes
		case "s":
			op = opSeconds
		}
		if op > 0 {
			s.parts = append(s.parts, part{op: op, n: len(in)})
		}
	}
}

// settle says what the section shows, now that all of its parts are known.
func (s *section) settle() {
	var has [opBuddhist + 1]bool
	for i := range s.parts {
		has[s.parts[i].op] = true
	}
	switch {
	case has[opYear] || has[opMonth] || has[opDay] || has[opHour] || has[opMinute] || has[opSecond] || has[opAMPM] || has[opHours] || has[opMinutes] || has[opSeconds] || has[opBuddhist]:
		s.kind = dateKind
		s.settleDate()
	case has[opText]:
		s.kind = textKind
	case has[opGeneral]:
		s.kind = generalKind
	case has[opSlash]:
		s.kind = fractionKind
		s.settleFraction()
	case has[opE]:
		s.kind = exponentKind
		s.count(opE)
	case has[opDigit]:
		s.kind = numberKind
		s.count(-1)
	}
}

// count counts the digits before and after the point, and after the part op.
func (s *section) count(op int) {
	point, beyond := false, false
	for i := range s.parts {
		switch p := &s.parts[i]; {
		case p.op == op:
			beyond = true
		case p.op == opPoint && !point && !beyond:
			point = true
		case p.op == opPoint:
			p.op, p.text = opLiteral, "."
		case p.op != opDigit:
		case beyond:
			s.below++
		case point:
			s.after++
		default:
			s.before++
		}
	}
}

// settleDate tells minutes from months: minutes stand after hours or before seconds. Signs of numbers stand for
// themselves in a date.
func (s *section) settleDate() {
	letters := func(op int) bool { return opYear <= op && op <= opSeconds || op == opBuddhist }
	last := -1
	for i := range s.parts {
		p := &s.parts[i]
		switch p.op {
		case opDigit:
			p.op, p.text = opLiteral, string(p.digit)
		case opPoint:
			p.op, p.text = opLiteral, "."
		case opSlash:
			p.op, p.text = opLiteral, "/"
		case opText, opGeneral, opE:
			p.op = opLiteral
		case opAMPM:
			s.half = true
			continue // h AM/PM mm: still minutes
		case opSecond, opSeconds:
			s.seconds = true
			if last >= 0 && s.parts[last].op == opMonth && s.parts[last].n < 3 {
				s.parts[last].op = opMinute
			}
		case opMonth:
			if last >= 0 && (s.parts[last].op == opHour || s.parts[last].op == opHours) && p.n < 3 {
				p.op = opMinute
			}
		}
		if letters(p.op) {
			last = i
		}
	}
}

// settleFraction finds the whole part, the numerator and the denominator: the digits next to the slash are the numerator.
func (s *section) settleFraction() {
	slash := 0
	for s.parts[slash].op != opSlash {
		slash++
	}
	first := slash // of the numerator
	for first > 0 && s.parts[first-1].op == opDigit {
		first--
	}
	s.after = slash - first
	for i := range first {
		if s.parts[i].op == opDigit {
			s.before++
		}
	}
	end := slash + 1
	for end < len(s.parts) && (s.parts[end].op == opDigit || s.parts[end].op == opLiteral && len(s.parts[end].text) == 1 && '0' < s.parts[end].text[0] && s.parts[end].text[0] <= '9') {
		end++
	}
	s.below = end - slash - 1
	fixed := ""
	for _, p := range s.parts[slash+1 : end] {
		if p.op == opLiteral {
			fixed += p.text
		} else if fixed != "" {
			fixed += "0"
		}
	}
	if fixed != "" {
		n, err := strconv.Atoi(fixed)
		if err == nil && n > 0 {
			s.parts = append(s.parts[:slash+1], append([]part{{op: opFixed, n: n}}, s.parts[end:]...)...)
		}
	}
	if s.after == 0 || s.below == 0 { // a slash that divides nothing
		s.parts[slash].op, s.parts[slash].text = opLiteral, "/"
		s.kind, s.before, s.after, s.below = numberKind, 0, 0, 0
		s.count(-1)
	}
}
