//go:build steppedclock

package main

import (
	"fmt"
	"os"
	"time"

	"vanthu/bot/app"
)

// The program that the story of cmd/vanthu/e2e plays with: `serve` and the officers' commands live in another time than the
// machine, so that a case can be taken across Tết within minutes. No other program has this door, and a test holds that.
//
// The file that VANTHU_STEPPED_CLOCK names holds two instants: what time it is in the play, and since when by the machine's
// clock. Whoever plays writes it anew for each step.
const clockFile = "VANTHU_STEPPED_CLOCK"

// slower is by how much the clock goes slower than the machine's between two steps: a machine with much to do writes the
// same minute into its letters, and nothing is ever earlier than what went before it.
const slower = 100

// clock is the time of the play.
func clock() time.Time { return inPlay(time.Now()) }

// inPlay is what time it is in the play at an instant of the machine. Without the file nothing may run: a play must not fall
// back into today.
func inPlay(at time.Time) time.Time {
	text, err := os.ReadFile(os.Getenv(clockFile))
	if err != nil {
		panic(fmt.Sprintf("a program with a stepped clock needs %s: %v", clockFile, err))
	}
	var step, since string
	_, err = fmt.Sscan(string(text), &step, &since)
	now, err2 := time.Parse(time.RFC3339Nano, step)
	anchor, err3 := time.Parse(time.RFC3339Nano, since)
	for _, err := range []error{err, err2, err3} {
		if err != nil {
			panic(fmt.Sprintf("%s: %v", clockFile, err))
		}
	}
	return now.Add(max(0, at.Sub(anchor)) / slower)
}

// sweeps is how often what is due is looked for: a play does not wait for the next minute.
const sweeps = 250 * time.Millisecond

// played dates what arrives by the same clock, for the mail server has the machine's; sweeps often, and notes beside
// the file of the clock when the last sweep that is done began.
func played(hooks app.Hooks) app.Hooks {
	hooks.Arrived = inPlay
	hooks.Sweep = sweeps
	hooks.Swept = func(began time.Time) error {
		name := os.Getenv(clockFile) + ".swept"
		if err := os.WriteFile(name+".new", []byte(began.Format(time.RFC3339Nano)), 0o600); err != nil {
			return err
		}
		return os.Rename(name+".new", name)
	}
	return hooks
}
