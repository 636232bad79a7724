package app

import (
	"time"

	"vanthu/bot/desk"
)

// planning is how plans are made.
func (a *App) planning() desk.Planning { return desk.Planning{Workday: a.workday} }

// workday is a day, or the first working day after it.
func (a *App) workday(day time.Time) time.Time {
	for a.Calendar.IsOff(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}
