package rules

import (
	"testing"
	"time"

	"vanthu/parser"
)

// A decision of Friday that comes on Monday is in time: the one day after it is off, and the limit rolls on (BLDS 2015 Điều 148).
func TestADecisionIsNotLateOverAWeekend(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("ICT", 7*60*60)
	rolls := func(day time.Time, days int) time.Time {
		last := day.AddDate(0, 0, days)
		for last.Weekday() == time.Saturday || last.Weekday() == time.Sunday {
			last = last.AddDate(0, 0, 1)
		}
		return last.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	for _, tt := range []struct {
		arrived string
		due     func(time.Time, int) time.Time
		want    bool
	}{{"2027-03-01 23:59", rolls, false}, {"2027-03-02 00:00", rolls, true}, {"2027-03-01 08:00", nil, true}, {"2027-02-27 23:00", nil, false}} {
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.arrived, zone)
		if err != nil {
			t.Fatal(err)
		}
		j := &judge{policy: Policy{Deletion: Deletion{Days: 1, Due: tt.due}}, context: Context{Now: at, Arrived: at}}
		if got := j.late(parser.Date{Year: 2027, Month: 2, Day: 26, Valid: true}); got != tt.want {
			t.Errorf("signed on Friday 26/02, here at %s, days off %v: late %v, want %v", tt.arrived, tt.due != nil, got, tt.want)
		}
	}
}
