package numfmt

import (
	"strconv"
)

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
