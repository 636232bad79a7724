package reply

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// longestCode is up to which length codes are looked at.
const longestCode = 40

// lengthsOf says which lengths the texts have that a pattern accepts, as bits, and whether they are digits throughout. It
// says 0 for a pattern without an end.
func lengthsOf(pattern string) (lengths uint64, digits bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, false
	}
	return lengthsIn(re.Simplify())
}

func lengthsIn(re *syntax.Regexp) (lengths uint64, digits bool) {
	digits = true
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return 1, true
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			digits = digits && '0' <= r && r <= '9'
		}
		return 1 << min(len(re.Rune), longestCode+1), digits
	case syntax.OpCharClass:
		return 2, len(re.Rune) > 0 && re.Rune[0] >= '0' && re.Rune[len(re.Rune)-1] <= '9'
	case syntax.OpCapture:
		return lengthsIn(re.Sub[0])
	case syntax.OpQuest:
		lengths, digits = lengthsIn(re.Sub[0])
		return lengths | 1, digits
	case syntax.OpConcat:
		lengths = 1
		for _, sub := range re.Sub {
			l, d := lengthsIn(sub)
			lengths, digits = added(lengths, l), digits && d
		}
		return lengths, digits
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			l, d := lengthsIn(sub)
			if l == 0 {
				return 0, false
			}
			lengths, digits = lengths|l, digits && d
		}
		return lengths, digits
	default: // without an end, or of characters of any kind
		return 0, false
	}
}

// added are the sums of two lengths, as bits; 0 when one has none, or beyond what is looked at.
func added(a, b uint64) (sums uint64) {
	for i := range longestCode + 1 {
		if a&(1<<i) != 0 {
			sums |= b << i
		}
	}
	if sums>>(longestCode+1) != 0 {
		return 0
	}
	return sums
}

// codeFormula is the check of a code in a cell while it is typed, in the language of spreadsheet programs: they know no
// patterns, so it looks at the length, at the digits, and whether the code stands in the column already. It says "" when the
// patterns leave nothing to be checked.
func codeFormula(codes []Code, cell string) string {
	var all uint64
	digits := len(codes) > 0
	for _, c := range codes {
		lengths, d := lengthsOf(c.Pattern)
		if lengths == 0 {
			return ""
		}
		all, digits = all|lengths, digits && d
	}
	var lengths []string
	for n := range longestCode + 1 {
		if all&(1<<n) != 0 {
			lengths = append(lengths, fmt.Sprintf("LEN(%s)=%d", cell, n))
		}
	}
	if len(lengths) == 0 || len(lengths) > 8 {
		return ""
	}
	column := strings.TrimRight(cell, "0123456789")
	terms := []string{fmt.Sprintf("COUNTIF($%[1]s$%[2]d:$%[1]s$%[3]d,%[4]s)=1", column, blankFirst, blankLast, cell)}
	if len(lengths) == 1 {
		terms = append(terms, lengths[0])
	} else {
		terms = append(terms, "OR("+strings.Join(lengths, ",")+")")
	}
	if digits {
		terms = append(terms, fmt.Sprintf("ISNUMBER(--%s)", cell))
	}
	return "AND(" + strings.Join(terms, ",") + ")"
}
