package parser

import (
	"errors"
	"fmt"
	"testing"
)

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1.000", 200000: "200.000", 1234567: "1.234.567", -1000: "-1.000", -100: "-100"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestProblemIsAnError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading: %w", Beyond(200_000, "dòng"))
	var p *Problem
	if !errors.As(err, &p) || p.Code != TooLarge || p.Error() != "too_large: 200.000 dòng" {
		t.Errorf("%v", err)
	}
	if got := BeyondBytes(100<<20, "sau khi giải nén").Limit; got != "100 MB sau khi giải nén" {
		t.Error(got)
	}
	if got := Damage("part %d", 3).Error(); got != "damaged: part 3" {
		t.Error(got)
	}
}

func TestCellNames(t *testing.T) {
	t.Parallel()
	for col, want := range map[int]string{1: "A", 26: "Z", 27: "AA", 28: "AB", 702: "ZZ", 703: "AAA", 16384: "XFD", 0: ""} {
		if got := ColumnName(col); got != want {
			t.Errorf("ColumnName(%d) = %q, want %q", col, got, want)
		}
	}
	if got := (Place{Row: 14, Col: 2}).Cell(); got != "B14" {
		t.Error(got)
	}
	if got := (Place{Row: 14}).Cell(); got != "" {
		t.Error(got)
	}
}
