package numfmt

import (
	"math"
	"strconv"
)

// showNumber adds a number, or only the literals of a section that shows none.
func (s *section) showNumber(b []byte, d decimal, v float64) []byte {
	if d.n > 0 {
		d.exp += s.shift
	}
	general := ""
	if s.kind == generalKind {
		general = General(v)
	}
	d.round(s.after)
	return s.digits(b, &d, general)
}

// float returns the number again.
func (d *decimal) float() float64 {
	v, err := strconv.ParseFloat("0."+string(d.digits[:d.n])+"0e"+strconv.Itoa(d.exp), 64)
	if err != nil {
		return 0
	}
	return v
}

// digits adds the section with the digits of d in the places of its own: from the point to both sides, literals between.
func (s *section) digits(b []byte, d *decimal, general string) []byte {
	place, point := s.before, false
	for _, p := range s.parts {
		switch p.op {
		case opLiteral:
			b = append(b, p.text...)
		case opRoom:
			b = append(b, ' ')
		case opGeneral:
			b = append(b, general...)
		case opPoint:
			if s.before == 0 {
				b = s.integer(b, d, d.whole()-1, 0)
			}
			b = append(b, '.')
			point = true
			place = 0
		case opDigit:
			place--
			if point {
				b = placeholder(b, d, place, p.digit, place >= d.exp-d.n)
				continue
			}
			if place == s.before-1 {
				b = s.integer(b, d, d.whole()-1, place+1) // more digits than places: all before the first
			}
			shown := place < d.whole()
			before := len(b)
			b = placeholder(b, d, place, p.digit, shown)
			if s.group && place > 0 && place%3 == 0 && len(b) > before && b[len(b)-1] != ' ' {
				b = append(b, ',')
			}
		}
	}
	return b
}

// integer adds the digits from 10^from down to 10^to.
func (s *section) integer(b []byte, d *decimal, from, to int) []byte {
	for p := from; p >= to; p-- {
		b = append(b, d.at(p))
		if s.group && p > 0 && p%3 == 0 {
			b = append(b, ',')
		}
	}
	return b
}

// placeholder adds the digit of 10^p, or what stands for none there.
func placeholder(b []byte, d *decimal, p int, digit byte, shown bool) []byte {
	switch {
	case shown:
		return append(b, d.at(p))
	case digit == '0':
		return append(b, '0')
	case digit == '?':
		return append(b, ' ')
	}
	return b
}

// showExponent adds a number with an exponent: a multiple of the digits before the point (##0.0E+0: of three).
func (s *section) showExponent(b []byte, d decimal) []byte {
	e := 0
	width := max(s.before, 1)
	if d.n > 0 {
		d.exp += s.shift
		for range 2 { // rounding may give one digit more
			e = (d.exp - 1)
			e -= ((e % width) + width) % width
			m := d
			m.exp -= e
			if m.round(s.after); m.exp <= width {
				d = m
				break
			}
			m.exp += e
			d = m
		}
	}
	mantissa := *s
	for i, p := range s.parts {
		if p.op == opE {
			mantissa.parts = s.parts[:i]
			b = mantissa.digits(b, &d, "")
			switch {
			case e < 0:
				b = append(b, 'E', '-')
			case p.text[1] == '+':
				b = append(b, 'E', '+')
			default:
				b = append(b, 'E')
			}
			x := decimalOf(math.Abs(float64(e)))
			power := section{parts: s.parts[i+1:], before: s.below}
			return power.digits(b, &x, "")
		}
	}
	return b
}

// showFraction adds a number as a whole part and a fraction, or as a fraction alone.
func (s *section) showFraction(b []byte, d decimal) []byte {
	v := d.float() * math.Pow10(s.shift)
	whole := math.Floor(v)
	if s.before == 0 {
		whole = 0
	}
	var num, den int
	for _, p := range s.parts {
		if p.op == opFixed {
			den = p.n
			num = int(math.Round((v - whole) * float64(den)))
		}
	}
	if den == 0 {
		num, den = fraction(v-whole, int(math.Pow10(min(s.below, 7)))-1)
	}
	if s.before > 0 && num == den {
		whole++
		num = 0
	}
	parts := [3]decimal{decimalOf(whole), decimalOf(float64(num)), decimalOf(float64(den))}
	widths := [3]int{s.before, s.after, s.below}
	none := s.before > 0 && num == 0 // "3    " and not "3 0/1"
	at := 0
	if s.before == 0 {
		at = 1
	}
	place := widths[at]
	for _, p := range s.parts {
		switch p.op {
		case opLiteral:
			b = append(b, p.text...)
		case opRoom:
			b = append(b, ' ')
		case opFixed:
			if !none {
				b = strconv.AppendInt(b, int64(p.n), 10)
			}
		case opSlash:
			at, place = 2, widths[2]
			if !none {
				b = append(b, '/')
			}
		case opDigit:
			if place == 0 && at < 2 {
				at++
				place = widths[at]
			}
			place--
			if none && at > 0 || place < 0 {
				continue
			}
			x := &parts[at]
			if at == 2 { // the denominator stands at the slash
				if place == widths[at]-1 {
					b = s.integer(b, x, x.whole()-1, 0)
				}
				continue
			}
			if place == widths[at]-1 {
				b = s.integer(b, x, x.whole()-1, place+1)
			}
			if at == 0 && whole == 0 && num > 0 && p.digit != '0' { // "1/2", without a zero in front
				continue
			}
			shown := place < x.whole()
			if place == 0 && at > 0 || place == 0 && none {
				shown = true
			}
			b = placeholder(b, x, place, p.digit, shown)
		}
	}
	return b
}

// fraction returns the last convergent of v's continued fraction whose denominator is at most limit, as Excel does: 1/7 for
// what pi has beyond 3, though 14/99 lies nearer.
func fraction(v float64, limit int) (num, den int) {
	p0, q0, p1, q1 := 0, 1, 1, 0
	x := v
	for range 32 {
		a := math.Floor(x + 1e-9)
		p2, q2 := float64(p1)*a+float64(p0), float64(q1)*a+float64(q0)
		if q2 > float64(max(limit, 1)) || p2 > 1e15 {
			break
		}
		p0, q0, p1, q1 = p1, q1, int(p2), int(q2)
		if x-a < 1e-9 {
			break
		}
		x = 1 / (x - a)
	}
	if q1 == 0 {
		return int(math.Round(v)), 1
	}
	return p1, q1
}
