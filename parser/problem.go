package parser

import (
	"fmt"
	"strconv"
)

// Error makes a Problem the error of the readers: what they cannot read they return as *Problem.
func (p *Problem) Error() string {
	switch {
	case p.Limit != "":
		return fmt.Sprintf("%s: %s", p.Code, p.Limit)
	case p.Detail != "":
		return fmt.Sprintf("%s: %s", p.Code, p.Detail)
	}
	return string(p.Code)
}

// Damage returns the Problem of a file that does not hold together.
func Damage(format string, args ...any) *Problem {
	return &Problem{Code: Damaged, Detail: fmt.Sprintf(format, args...)}
}

// Beyond returns the Problem of a limit that was hit: Beyond(200000, "dòng") says "200.000 dòng".
func Beyond(limit int, what string) *Problem {
	return &Problem{Code: TooLarge, Limit: Thousands(limit) + " " + what}
}

// BeyondBytes returns the Problem of a size limit: "100 MB sau khi giải nén".
func BeyondBytes(limit int64, what string) *Problem {
	size := Thousands(int(limit)) + " byte"
	if limit >= 1<<20 {
		size = Thousands(int(limit>>20)) + " MB"
	}
	if what != "" {
		size += " " + what
	}
	return &Problem{Code: TooLarge, Limit: size}
}

// Thousands writes n as Vietnamese offices do: 200.000.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
