package main

import (
	"bytes"
	"strings"
	"testing"
)

// What the command prints is what [[edition]] reads.
func TestProcedurePrintsAnEdition(t *testing.T) {
	t.Parallel()
	var out, complaint bytes.Buffer
	if code := run(t.Context(), []string{"procedure"}, &out, &complaint); code != 0 {
		t.Fatal(code, complaint.String())
	}
	for _, want := range []string{`code    = "QT.CNTT.03"`, `edition = "01"`, "[[step]]", "1336/QĐ-ĐHYDCT", "BM-CNTT32"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %s", want)
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"no limit": days(0, 0, false), "1 day": days(1, 1, false), "1 working day": days(1, 1, true), "20 to 30 days": days(20, 30, false), "5 working days": days(5, 5, true),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
