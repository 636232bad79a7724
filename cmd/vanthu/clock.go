//go:build !steppedclock

package main

import (
	"time"

	"vanthu/bot/app"
)

// clock is the time of every command: the machine's, and there is no way to tell it another (clock_stepped.go is no part of
// this program).
func clock() time.Time { return time.Now() }

// played is what a play adds to serve: nothing.
func played(hooks app.Hooks) app.Hooks { return hooks }
