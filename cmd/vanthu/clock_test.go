//go:build !steppedclock

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot/app"
)

// The ordinary program has no door to its clock: whoever could set it could let a window for undo pass, or a deadline.
// (A build with the tag steppedclock has none of these tests.)
func TestNobodySetsTheClock(t *testing.T) {
	door := strings.Join([]string{"VANTHU", "STEPPED", "CLOCK"}, "_") // not a constant, which would stand in this very program
	file := filepath.Join(t.TempDir(), "clock")
	if err := os.WriteFile(file, []byte("1512h"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(door, file)
	if by := time.Until(clock()); by > time.Minute {
		t.Errorf("a file sets the clock %v ahead", by)
	}
	if hooks := played(app.Hooks{}); hooks.Arrived != nil || hooks.Sweep != 0 || hooks.Swept != nil {
		t.Error("serve is played with")
	}
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(program, []byte(door)) {
		t.Errorf("the program knows %s", door)
	}
}
