package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vanthu/bot/calendar"
)

// What the command prints is what [deadlines] days_off reads, and gives the same days.
func TestCalendarPrintsATable(t *testing.T) {
	t.Parallel()
	var out, complaint bytes.Buffer
	if code := run(t.Context(), []string{"calendar", "2030"}, &out, &complaint); code != 0 {
		t.Fatal(code, complaint.String())
	}
	days, err := calendar.Parse(out.String())
	if err != nil || len(days) < 12 {
		t.Fatalf("%d days, %v", len(days), err)
	}
	announced := strings.ReplaceAll(out.String(), "\tcomputed", "\tannounced")
	c, err := calendar.New(announced)
	if err != nil || c.Tentative(2030) || len(c.Year(2030)) != len(days) {
		t.Errorf("as an official notice: %v, %d days, tentative %t", err, len(c.Year(2030)), c.Tentative(2030))
	}
}

func TestCalendarNamesTheTableThatIsWrong(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text, err := os.ReadFile("testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"v.toml": string(text) + "\n[deadlines]\ndays_off = \"off.tsv\"\n", "existing.csv": "code,name,address\n", "off.tsv": "2027-01-29\tMon\toff\tNghỉ\town\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, complaint bytes.Buffer
	if code := run(t.Context(), []string{"calendar", "2027", "--config", filepath.Join(folder, "v.toml")}, &out, &complaint); code == 0 ||
		!strings.Contains(complaint.String(), "off.tsv: calendar line 1: 2027-01-29 is a Fri (T6), not a Mon") {
		t.Errorf("%d: %s", code, complaint.String())
	}
}
