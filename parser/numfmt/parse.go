package numfmt

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

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
