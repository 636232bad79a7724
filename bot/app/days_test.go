package app

import (
	"testing"
	"time"
)

// What a letter says of the days that are left is what its reader counts on a calendar in Cần Thơ.
func TestDaysBetween(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to string
		want     int
	}{
		{"2027-03-30T03:00:00Z", "2027-03-31T02:00:00Z", 1},
		{"2027-03-30T01:00:00Z", "2027-03-31T02:00:00Z", 1}, // 25 hours
		{"2027-03-31T01:00:00Z", "2027-03-31T02:00:00Z", 0}, // this very morning
		{"2027-03-29T17:30:00Z", "2027-03-31T02:00:00Z", 1}, // half past midnight of the 30th
		{"2027-03-01T01:20:00Z", "2027-03-31T02:00:00Z", 30},
		{"2027-04-01T01:00:00Z", "2027-03-31T02:00:00Z", 0},
	} {
		from, err := time.Parse(time.RFC3339, tt.from)
		to, err2 := time.Parse(time.RFC3339, tt.to)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if got := daysBetween(from, to); got != tt.want {
			t.Errorf("from %s to %s: %d days, want %d", tt.from, tt.to, got, tt.want)
		}
	}
	if got := daysBetween(time.Now(), time.Time{}); got != 0 {
		t.Errorf("no day: %d", got)
	}
}
