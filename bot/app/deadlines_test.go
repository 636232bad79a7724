package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/calendar"
	"vanthu/bot/config"
	"vanthu/bot/procedure"
)

// What is promised when each step takes the whole of its limit, beside what each edition and switch makes of it.
func TestPromise(t *testing.T) {
	t.Parallel()
	days, err := calendar.Vietnam()
	if err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(t.TempDir(), "02.toml")
	text := strings.NewReplacer(`edition = "01"`, `edition = "02"`, "days   = 30", "days   = 10", "target = 20", "target = 5").Replace(procedure.Text())
	if err := os.WriteFile(second, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	book, err := readBook(&config.Config{Editions: []config.Edition{{Definition: second, From: "2026-11-20"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, received, edition   string
		working                   []string
		check, expected, accounts string
	}{
		// Fri 20: plan by Sat 21 → Mon 23; check by Tue 24, a holiday → Wed 25; 20 days → Tue 15/12, 30 days → Fri 25/12; a day more: Sat 26 → Mon 28.
		{"a Friday before a holiday", "2026-11-20", "01", nil, "2026-11-25", "2026-12-16", "2026-12-28"},
		{"another edition", "2026-11-20", "02", nil, "2026-11-25", "2026-12-01", "2026-12-08"},
		// 20 working days from 25/11 end on 23/12, 30 on 07/01: 01/01 is off.
		{"creation in working days", "2026-11-20", "01", []string{"create"}, "2026-11-25", "2026-12-24", "2027-01-08"},
		// 30 days end on Fri 05/02, the first day of Tết → Fri 12/02; a day more: Sat 13 → Mon 15.
		{"across Tết", "2027-01-04", "01", nil, "2027-01-06", "2027-01-27", "2027-02-15"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &App{Config: &config.Config{Deadline: config.Deadlines{Working: tt.working}}, Calendar: days, Book: book}
			from, err := time.ParseInLocation(time.DateOnly, tt.received, bot.ICT)
			if err != nil {
				t.Fatal(err)
			}
			p := a.promise(bot.Case{Edition: tt.edition}, from)
			for name, d := range map[string]struct {
				got  time.Time
				want string
			}{"check": {p.Check, tt.check}, "expected": {p.Expected, tt.expected}, "accounts": {p.Accounts, tt.accounts}} {
				if got := d.got.In(bot.ICT).Format(time.DateOnly); got != d.want {
					t.Errorf("%s by %s, want %s", name, got, d.want)
				}
			}
		})
	}
	if before, after := book.At(time.Date(2026, 11, 19, 16, 59, 59, 0, time.UTC)), book.At(time.Date(2026, 11, 19, 17, 0, 0, 0, time.UTC)); before.Edition != "01" || after.Edition != "02" {
		t.Errorf("at midnight of Cần Thơ edition %s becomes %s", before.Edition, after.Edition)
	}
}

// A promise that is made again says what was promised as long as everything is in time, whatever has been done early, and moves with a hold.
func TestPromiseAgain(t *testing.T) {
	t.Parallel()
	days, err := calendar.Vietnam()
	if err != nil {
		t.Fatal(err)
	}
	book, err := readBook(&config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Config: &config.Config{}, Calendar: days, Book: book}
	for day := range 730 {
		received := time.Date(2026, 11, 1, 9, 0, 0, 0, bot.ICT).AddDate(0, 0, day)
		c := bot.Case{Kind: bot.AccountRequest, State: bot.Received, Edition: "01", ReceivedAt: received}
		c.Promised = a.promise(c, received).Accounts
		if got := a.again(c, a.limits(c, nil, received)); !got.Equal(c.Promised) {
			t.Fatalf("received %s: promised %s, then %s", received, c.Promised, got)
		}
		held := received.Add(time.Hour)
		events := []bot.Event{{At: held, What: "case_held"}, {At: held.AddDate(0, 0, 10), What: "case_resumed"}}
		moved := a.again(c, a.limits(c, events, held.AddDate(0, 0, 10)))
		if want := a.promise(c, held.AddDate(0, 0, 10)).Accounts; !moved.Equal(want) {
			t.Fatalf("received %s, held on that day for ten: promised %s, want %s", received, moved, want)
		}
		c.Checked, c.Planned = bot.Stamp{At: held}, bot.Stamp{At: held}
		if early := a.again(c, a.limits(c, nil, held)); early.After(c.Promised) {
			t.Fatalf("received %s: checked and planned within the hour, promised %s, then %s", received, c.Promised, early)
		}
	}
}
