package clock_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/calendar"
	"vanthu/bot/clock"
	"vanthu/bot/procedure"
)

var update = flag.Bool("update", false, "write what was counted under the questions of testdata/*.txt")

// Each file of testdata is the history of a case and, after each "now", what its limits are then. Dates are those of Cần Thơ.
//
//	case KIND STATE [decision DATE] [working STEP…]
//	received DATE TIME
//	DATE TIME EVENT ACTOR
//	now DATE TIME
func TestHistories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no histories", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := played(t, string(text))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// played is the file with its answers written anew.
func played(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	var c bot.Case
	var events []bot.Event
	var k clock.Clock
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "|":
			continue
		case words[0] == "case":
			c.Kind, c.State, c.Unit = bot.Kind(words[1]), bot.State(words[2]), "CTSV"
			working := map[string]bool{}
			for i := 3; i < len(words); i++ {
				switch words[i] {
				case "decision":
					c.DecisionDate = words[i+1]
				case "working":
					for _, step := range words[i+1:] {
						working[step] = true
					}
				}
			}
			k = newClock(t, working)
		case words[0] == "received":
			c.ReceivedAt = at(t, words[1], words[2])
		case words[0] == "state":
			c.State = bot.State(words[1])
		case words[0] == "now":
			out.WriteString(line)
			for _, l := range k.Limits(c, events, at(t, words[1], words[2])) {
				fmt.Fprintln(&out, strings.TrimRight("| "+said(l), " "))
			}
			continue
		default:
			e := bot.Event{At: at(t, words[0], words[1]), What: words[2], Actor: bot.Actor(words[3])}
			stamp := bot.Stamp{At: e.At, By: e.Actor}
			switch e.What {
			case "case_checked":
				c.Checked = stamp
			case "plan_approved":
				c.Planned = stamp
			case "case_returned":
				c.Checked, c.Planned = bot.Stamp{}, bot.Stamp{}
			case "case_held":
				c.Held = stamp
			case "case_resumed":
				c.Held = bot.Stamp{}
			}
			events = append(events, e)
		}
		out.WriteString(line)
	}
	return out.String()
}

func said(l bot.Limit) string {
	name := string(l.Step.ID)
	if l.Round > 1 {
		name += fmt.Sprintf(" (%d)", l.Round)
	}
	text := fmt.Sprintf("%-12s %-6s %-8s", name, l.Whose, l.Stage)
	if l.Started.IsZero() {
		return text
	}
	text += "  begun " + day(l.Started)
	if !l.Target.IsZero() {
		text += "  target " + day(l.Target)
	}
	text += "  due " + day(l.Due) + fmt.Sprintf("  used %d left %d over %d", l.Used, l.Left, l.Over)
	if l.Done.Done() {
		text += "  done " + day(l.Done.At) + " by " + string(l.Done.By)
	}
	return text
}

func day(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(bot.ICT).Format("Mon 02/01")
}

func at(t *testing.T, date, hour string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", date+" "+hour, bot.ICT)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newClock(t *testing.T, working map[string]bool) clock.Clock {
	t.Helper()
	d, err := procedure.Parse(procedure.Text())
	if err != nil {
		t.Fatal(err)
	}
	days, err := calendar.Vietnam()
	if err != nil {
		t.Fatal(err)
	}
	return clock.Clock{Due: days.Due, Days: days.Days, Step: func(id bot.StepID) bot.Step {
		s := d.Step(id)
		s.Working = working[string(id)]
		return s
	}}
}

// However a case is held and goes on, a hold never brings a due date forward, and never one on a day off; without a hold the due date
// is that of the calendar; a hold that ends on its own day changes nothing.
func TestHoldsNeverBringForward(t *testing.T) {
	t.Parallel()
	days, err := calendar.Vietnam()
	if err != nil {
		t.Fatal(err)
	}
	for _, working := range []bool{false, true} {
		k := newClock(t, map[string]bool{"create": working})
		start := at(t, "2027-01-04", "09:00")
		for begin := range 40 {
			for long := range 15 {
				c := bot.Case{Kind: bot.AccountRequest, State: bot.Creating, ReceivedAt: start}
				held := start.AddDate(0, 0, begin).Add(time.Hour)
				events := []bot.Event{
					{At: start, What: "case_checked"}, {At: start, What: "plan_approved"}, {At: start, What: "creation_started"},
					{At: held, What: "case_held"}, {At: held.AddDate(0, 0, long), What: "case_resumed"},
				}
				var l bot.Limit
				for _, one := range k.Limits(c, events, start.AddDate(0, 0, 90)) {
					if one.Step.ID == bot.StepCreate {
						l = one
					}
				}
				plain := days.Due(start, 30, working)
				switch {
				case l.Due.Before(plain):
					t.Errorf("held after %d days for %d: due %s, without it %s", begin, long, l.Due, plain)
				case days.IsOff(l.Due):
					t.Errorf("held after %d days for %d: due on a day off, %s", begin, long, l.Due)
				case long == 0 && !l.Due.Equal(plain):
					t.Errorf("held and let go within a day: due %s, without it %s", l.Due, plain)
				case held.After(plain) && !l.Due.Equal(plain):
					t.Errorf("held after it was due: due %s, without it %s", l.Due, plain)
				}
			}
		}
	}
}
