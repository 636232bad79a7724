package numfmt

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
