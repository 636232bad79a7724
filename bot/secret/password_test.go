package secret

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestNewPassword(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2000 {
		p, err := NewPassword(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != 14 {
			t.Fatalf("%d characters, want 14", len(p))
		}
		for _, class := range []string{lower, upper, digits} {
			if !strings.ContainsAny(p, class) {
				t.Fatalf("no character of %q", class)
			}
		}
		if strings.ContainsAny(p, "0Oo1lI") || strings.Trim(p, alphabet) != "" {
			t.Fatal("a character that is mistaken for another one")
		}
		if seen[p] {
			t.Fatal("drawn twice")
		}
		seen[p] = true
	}
}

// A remainder without rejection would give the first 32 characters 25 % more than the rest.
func TestDrawIsFair(t *testing.T) {
	t.Parallel()
	const draws = 20000
	count := map[rune]int{}
	for range draws {
		p, err := draw(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p {
			count[r]++
		}
	}
	expected := float64(draws*passwordLength) / float64(len(alphabet))
	chi2 := 0.0
	for _, r := range alphabet {
		d := float64(count[r]) - expected
		chi2 += d * d / expected
	}
	// 55 degrees of freedom: beyond 130 less than once in ten million runs; the biased draw gives some 3,000.
	if chi2 > 130 {
		t.Errorf("chi-square %.0f over %d characters", chi2, draws*passwordLength)
	}
}

func TestNewPasswordNeedsRandomness(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]io.Reader{
		"empty":        bytes.NewReader(nil),
		"short":        bytes.NewReader([]byte{1, 2, 3}),
		"always zero":  constant(0),
		"out of range": constant(255),
	} {
		if p, err := NewPassword(source); p != "" || !errors.Is(err, ErrRandom) {
			t.Errorf("%s: error %v, want ErrRandom", name, err)
		}
	}
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}
