package app

import (
	"context"
	"encoding/json"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/store"
)

// A Status is what can be said of vanthu at a look: who serves, what waits, what is wrong.
type Status struct {
	At        time.Time     `json:"at"`
	OK        bool          `json:"ok"` // somebody serves, and no alarm stands
	Processes []Process     `json:"processes"`
	Waiting   store.Waiting `json:"waiting"`
	Canary    CanaryStatus  `json:"canary"`
	Alarms    []Standing    `json:"alarms"`
	// YearsMissing are those whose official days off nobody has entered yet: due dates in them may be wrong.
	YearsMissing []int `json:"years_missing,omitempty"`
}

// A Process is one that serves, or did when it was last heard of.
type Process struct {
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
	Alive bool      `json:"alive"`
	Pulse
}

// CanaryStatus is the last round trip, and since when one is away.
type CanaryStatus struct {
	Every   string    `json:"every"` // "0s": none are sent
	BackAt  time.Time `json:"back_at,omitzero"`
	Seconds float64   `json:"seconds"` // of the last round trip
	Away    time.Time `json:"away,omitzero"`
}

// Standing is an alarm that stands, in words.
type Standing struct {
	store.Alarm
	VI string `json:"text_vi"`
	EN string `json:"text_en"`
}

// pulseless is how long a process may be unheard of: it writes its pulse four times a minute.
const pulseless = 2 * time.Minute

// Status asks the database.
func (a *App) Status(ctx context.Context) (Status, error) {
	s := Status{Processes: []Process{}, Alarms: []Standing{}}
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		s.At = tx.Now
		s.YearsMissing = a.Calendar.Missing(tx.Now)
		beats, err := tx.Beats(ctx)
		if err != nil {
			return err
		}
		for _, b := range beats {
			p := Process{Name: b.Process, At: b.At, Alive: tx.Now.Sub(b.At) < pulseless}
			if err := json.Unmarshal([]byte(b.State), &p.Pulse); err != nil { // of another version
				p.Pulse = Pulse{}
			}
			s.Processes = append(s.Processes, p)
			s.OK = s.OK || p.Alive
		}
		if s.Waiting, err = tx.Waits(ctx); err != nil {
			return err
		}
		back, away, err := tx.Canaries(ctx)
		if err != nil {
			return err
		}
		s.Canary = CanaryStatus{Every: a.Config.Alarm.Canary.String(), BackAt: back.BackAt, Away: away.SentAt}
		if !back.BackAt.IsZero() {
			s.Canary.Seconds = back.BackAt.Sub(back.SentAt).Seconds()
		}
		open, err := tx.OpenAlarms(ctx)
		for _, row := range open {
			if a.Alarms.Counts(row, tx.Now) {
				s.Alarms = append(s.Alarms, standing(row))
			}
		}
		return err
	})
	s.OK = s.OK && len(s.Alarms) == 0
	return s, err
}

func standing(row store.Alarm) Standing {
	vi, en := alarm.Text(alarm.Condition(row.Condition), row.Code)
	return Standing{row, vi, en}
}
