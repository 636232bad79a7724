package account_test

import (
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
)

func TestCompareClocks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		theirs, asked, heard time.Duration // from now on
		refuses              string
		level                account.Level
		said                 string
	}{
		"agree":              {0, 0, time.Second, "refuses", account.CheckOK, "agree"},
		"a slow answer":      {0, -9 * time.Minute, 9 * time.Minute, "refuses", account.CheckOK, "agree"},
		"behind":             {40 * time.Second, -time.Second, 0, "refuses", account.CheckWarning, "40s behind"},
		"ahead":              {-40 * time.Second, 0, time.Second, "refuses", account.CheckWarning, "40s ahead of that of X"},
		"far behind":         {6 * time.Minute, 0, 0, "refuses us", account.CheckFailed, "which refuses us; set it by NTP"},
		"far ahead":          {-6 * time.Minute, 0, 0, "refuses us", account.CheckFailed, "6m0s ahead"},
		"far, and it is all": {-6 * time.Minute, 0, 0, "", account.CheckWarning, "NTP"},
	} {
		got := account.CompareClocks("X", now.Add(c.theirs), now.Add(c.asked), now.Add(c.heard), c.refuses)
		if got.What != "clock" || got.Level != c.level || !strings.Contains(got.Said, c.said) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := account.CompareClocks("X", time.Time{}, now, now, "refuses"); got.Level != account.CheckWarning || !strings.Contains(got.Said, "does not show") {
		t.Errorf("no clock: %+v", got)
	}
}
