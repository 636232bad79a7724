package grid_test

import (
	"testing"

	"vanthu/parser/grid"
)

func TestDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2453010001": "2453010001", "0453010001": "0453010001", " 12.50 ": "12.50", "-5.5": "-5.5", "+5": "5", "2.02153010001E+11": "202153010001",
		"2.0215301E15": "2021530100000000", "1e-3": "0.001", "": "", "1,5": "", "0x10": "", "1e9999": "", "NaN": "", "1e400": "", "12a": "", ".5": "",
	} {
		got, ok := grid.Digits(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}

func TestIsError(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"#N/A": true, "#REF!": true, "#DIV/0!": true, "Err:502": true, "#1": false, "#n/a": false, "Err:": false, "Err:5021": false, "Err:50a": false, "": false, "N/A": false,
	} {
		if grid.IsError(in) != want {
			t.Errorf("%q: %v", in, !want)
		}
	}
}

func TestAsText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`="0123"`: "0123", `=""`: "", `="a"b"`: "", `=1`: "", `"a"`: ""} {
		if got, ok := grid.AsText(in); got != want || ok != (want != "") {
			t.Errorf("%s: %q %v", in, got, ok)
		}
	}
}
