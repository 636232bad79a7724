package numfmt

import (
	"math"
	"strconv"
)

// precision is the number of digits that a spreadsheet keeps.
const precision = 15

// A decimal is a number by its digits: 0.DIGITS × 10^exp, no zeros at either end. Zero has no digits. A spreadsheet rounds
// what it shows by decimal digits (1.005 with two of them is 1.01, though its double lies below).
type decimal struct {
	neg    bool
	digits [precision + 1]byte
	n      int
	exp    int
}

func decimalOf(v float64) decimal {
	d := decimal{neg: v < 0}
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return d
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], math.Abs(v), 'e', precision-1, 64) // d.dddde+xx
	d.digits[0] = b[0]
	copy(d.digits[1:], b[2:1+precision])
	d.n = precision
	exp, err := strconv.Atoi(string(b[2+precision:]))
	if err != nil {
		return decimal{}
	}
	d.exp = exp + 1
	d.trim()
	return d
}

func (d *decimal) trim() {
	for d.n > 0 && d.digits[d.n-1] == '0' {
		d.n--
	}
	if d.n == 0 {
		d.exp = 0
	}
}

// round keeps so many digits after the point; half goes up.
func (d *decimal) round(places int) {
	keep := d.exp + places
	if keep >= d.n {
		return
	}
	if keep < 0 {
		d.n, d.exp = 0, 0
		return
	}
	up := d.digits[keep] >= '5'
	d.n = keep
	if up {
		i := keep - 1
		for ; i >= 0; i-- {
			if d.digits[i] != '9' {
				d.digits[i]++
				break
			}
			d.digits[i] = '0'
		}
		if i < 0 { // 99 becomes 100
			d.digits[0] = '1'
			d.n = 1
			d.exp++
			return
		}
	}
	d.trim()
}

// whole returns how many digits stand before the point.
func (d *decimal) whole() int { return max(d.exp, 0) }

// at returns the digit that stands for 10^p.
func (d *decimal) at(p int) byte {
	i := d.exp - 1 - p
	if i < 0 || i >= d.n {
		return '0'
	}
	return d.digits[i]
}

// General returns the number as General shows it: an integer with all of its digits, others with up to 11 characters as
// Excel does, an exponent only where nothing else is left.
func General(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	d := decimalOf(v)
	var b []byte
	if d.neg && d.n > 0 {
		b = append(b, '-')
	}
	switch {
	case d.n == 0:
		return "0"
	case d.exp >= d.n && d.exp <= 21 || d.exp > 10 && d.exp <= 21:
		return string(d.plain(b)) // an integer, or one that is longer than the cell's eleven characters
	case d.exp > 21:
		return string(d.scientific(b))
	case d.exp > 0:
		d.round(10 - d.exp)
		return string(d.plain(b))
	case d.exp > -4:
		d.round(9)
		return string(d.plain(b))
	case d.n-d.exp <= 9: // 0.00001
		return string(d.plain(b))
	}
	return string(d.scientific(b))
}

// plain adds the digits with a point where one is needed.
func (d *decimal) plain(b []byte) []byte {
	if d.whole() == 0 {
		b = append(b, '0')
	}
	for p := d.whole() - 1; p >= 0; p-- {
		b = append(b, d.at(p))
	}
	if d.n > d.exp && d.n > 0 {
		b = append(b, '.')
		for p := -1; p >= d.exp-d.n; p-- {
			b = append(b, d.at(p))
		}
	}
	return b
}

// scientific adds 1.23457E+25.
func (d *decimal) scientific(b []byte) []byte {
	e := d.exp - 1
	d.exp = 1
	d.round(5)
	if d.exp > 1 {
		e, d.exp = e+1, 1
	}
	b = append(d.plain(b), 'E')
	if e < 0 {
		b = append(b, '-')
		e = -e
	} else {
		b = append(b, '+')
	}
	if e < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(e), 10)
}
