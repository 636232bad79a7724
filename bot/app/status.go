package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// A Status is what can be said of vanthu at a look: who serves, what waits, what is wrong.
type Status struct {
	At        time.Time     `json:"at"`
	OK        bool          `json:"ok"` // somebody serves, and no alarm stands
	Processes []Process     `json:"processes"`
	Waiting   store.Waiting `json:"waiting"`
	// Plans are those of which something is being done, or that an officer has stopped.
	Plans  []desk.Progress `json:"plans,omitempty"`
	Canary CanaryStatus    `json:"canary"`
	Alarms []Standing      `json:"alarms"`
	// YearsMissing are those whose official days off nobody has entered yet: due dates in them may be wrong.
	YearsMissing []int `json:"years_missing,omitempty"`
}

// A Process is one that serves, or did when it was last heard of.
type Process struct {
	Name  string    `json:"name"` // host/pid/token
	Host  string    `json:"host"`
	PID   string    `json:"pid"`
	Since time.Time `json:"since,omitzero"`
	At    time.Time `json:"at"` // when it was last heard of
	Alive bool      `json:"alive"`
	// Of several processes on one database: what it alone does ("watch" the mailbox, "file" mails, "sweep"), how often another one
	// had declared it gone and it came back, and when that was last.
	Holds []string  `json:"holds,omitempty"`
	Back  int64     `json:"back,omitzero"`
	Gone  time.Time `json:"gone_at,omitzero"`
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
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		s.At = tx.Now
		s.YearsMissing = a.Calendar.Missing(tx.Now)
		if s.Processes, err = processes(ctx, tx); err != nil {
			return err
		}
		for _, p := range s.Processes {
			s.OK = s.OK || p.Alive
		}
		if s.Waiting, err = tx.Waits(ctx); err != nil {
			return err
		}
		if s.Plans, err = desk.AtWork(ctx, tx); err != nil {
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

// processes are those that serve, as they say themselves and, where there may be several, as the database has heard of them.
func processes(ctx context.Context, tx *store.Tx) ([]Process, error) {
	beats, err := tx.Beats(ctx)
	if err != nil {
		return nil, err
	}
	known, err := tx.Processes(ctx)
	if err != nil {
		return nil, err
	}
	all := []Process{}
	for _, k := range known {
		p := named(k.ID)
		p.Since, p.At, p.Alive, p.Holds, p.Back, p.Gone = k.BeganAt, k.BeatAt, k.GoneAt.IsZero() && k.Silent < store.LeaseTime+2*beatEvery, k.Holds, k.Epoch-1, k.GoneAt
		all = append(all, p)
	}
	for _, b := range beats {
		i := slices.IndexFunc(all, func(p Process) bool { return p.Name == b.Process })
		if i < 0 {
			p := named(b.Process)
			p.At, p.Alive = b.At, tx.Now.Sub(b.At) < pulseless
			all, i = append(all, p), len(all)
		}
		if err := json.Unmarshal([]byte(b.State), &all[i].Pulse); err != nil { // of another version
			all[i].Pulse = Pulse{}
		}
		if all[i].Since.IsZero() {
			all[i].Since = all[i].Began
		}
	}
	return all, nil
}

// named takes the name of a process apart.
func named(name string) Process {
	p := Process{Name: name, Host: name}
	if parts := strings.Split(name, "/"); len(parts) >= 2 {
		p.Host, p.PID = parts[0], parts[1]
	}
	return p
}

func standing(row store.Alarm) Standing {
	vi, en := alarm.Text(alarm.Condition(row.Condition), row.Code)
	return Standing{row, vi, en}
}
