package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vanthu/bot/store"
)

// A Message is what a person gets, and what the webhook and the command get as JSON.
type Message struct {
	Condition string    `json:"condition"`
	Code      string    `json:"code"`
	State     State     `json:"state"`
	Service   string    `json:"service"`
	Process   string    `json:"process"`
	Since     time.Time `json:"since"`
	At        time.Time `json:"at"`
	Seconds   int64     `json:"seconds"` // how long it has lasted
	VI        string    `json:"text_vi"`
	EN        string    `json:"text_en"`
	Detail    string    `json:"detail"`
}

// State is what a message says of its condition.
type State string

// The states of a message.
const (
	Raised  State = "raised"
	Lasts   State = "lasts" // told before
	Cleared State = "cleared"
	Test    State = "test"
)

// A Channel is a way to a person. It must give up when ctx ends, and its errors hold no secret.
type Channel interface {
	Name() string
	Send(ctx context.Context, m Message) error
}

// message puts an alarm into words.
func (a *Alarms) message(row store.Alarm) Message {
	now := a.cfg.Now().UTC()
	m := Message{Condition: row.Condition, Code: row.Code, State: Raised, Service: a.cfg.Service, Process: a.cfg.Process, Since: row.Since, At: now, Detail: row.Detail}
	lasted := now.Sub(row.Since)
	vi, en := Text(Condition(row.Condition), row.Code)
	if row.Detail != "" {
		vi, en = vi+" ("+row.Detail+")", en+" ("+row.Detail+")"
	}
	switch {
	case !row.Stands():
		m.State, lasted = Cleared, row.ClearedAt.Sub(row.Since)
		m.VI = fmt.Sprintf("ĐÃ HẾT, kéo dài %s: %s", lengthVI(lasted), vi)
		m.EN = fmt.Sprintf("OVER after %s: %s", lengthEN(lasted), en)
	case row.Told > 0:
		m.State = Lasts
		m.VI = fmt.Sprintf("VẪN CÒN, đã %s: %s", lengthVI(lasted), vi)
		m.EN = fmt.Sprintf("STILL SO after %s: %s", lengthEN(lasted), en)
	default:
		m.VI, m.EN = "CẢNH BÁO: "+vi, "ALARM: "+en
	}
	m.Seconds = int64(max(lasted, 0) / time.Second)
	return m
}

// tell says one alarm to the log and over every channel. It counts as told when one of them took it: then somebody knows,
// and the channel that failed becomes an alarm of its own.
func (a *Alarms) tell(ctx context.Context, row store.Alarm) {
	m := a.message(row)
	level := slog.LevelError
	if m.State == Cleared {
		level = slog.LevelWarn
	}
	a.cfg.Logger.Log(ctx, level, "alarm", "code", m.Condition+"/"+m.Code, "state", string(m.State), "detail", m.Detail, "duration_ms", 1000*m.Seconds)
	ok := a.send(ctx, m)
	a.mu.Lock()
	delete(a.busy, keyOf(row))
	if ok || ctx.Err() == nil { // else the next process finds it untold
		a.in.told = append(a.in.told, told{keyOf(row), ok})
	}
	a.mu.Unlock()
	a.ring()
}

// send says whether a channel took the message. The log counts where nothing else is configured.
func (a *Alarms) send(ctx context.Context, m Message) bool {
	failed := make([]error, len(a.cfg.Channels))
	var all sync.WaitGroup
	for i, c := range a.cfg.Channels {
		all.Go(func() { failed[i] = a.insist(ctx, c, m) })
	}
	all.Wait()
	took, broken := len(failed) == 0, false
	for i, err := range failed {
		if err == nil {
			took = true
			continue
		}
		broken = true
		name := a.cfg.Channels[i].Name()
		a.cfg.Logger.ErrorContext(ctx, "alarm_channel_failed", "code", name, "error", err)
		if ctx.Err() == nil {
			a.Raise(BadChannel, name, err.Error())
		}
	}
	if !broken {
		a.Clear(BadChannel)
	}
	return took
}

// Try sends a message that is no alarm over every channel, once, and says how many there are.
func (a *Alarms) Try(ctx context.Context) (channels int, err error) {
	now := a.cfg.Now().UTC()
	m := Message{Condition: "test", Code: "test", State: Test, Service: a.cfg.Service, Process: a.cfg.Process, Since: now, At: now,
		VI: "THỬ: kênh cảnh báo của vanthu hoạt động", EN: "TEST: this way to tell alarms works"}
	var failed []error
	for _, c := range a.cfg.Channels {
		if err := c.Send(ctx, m); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name(), err))
		}
	}
	return len(a.cfg.Channels), errors.Join(failed...)
}

// insist sends a few times, with growing pauses: all of it takes less than the lease.
func (a *Alarms) insist(ctx context.Context, c Channel, m Message) (err error) {
	ctx, cancel := context.WithTimeout(ctx, lease-10*time.Second)
	defer cancel()
	for _, pause := range a.pauses {
		if err = c.Send(ctx, m); err == nil {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
	return c.Send(ctx, m)
}

func lengthVI(d time.Duration) string { return length(d, "giây", "phút", "giờ", "ngày") }
func lengthEN(d time.Duration) string { return length(d, "s", "min", "h", "d") }

// length says a duration with its two largest units.
func length(d time.Duration, second, minute, hour, day string) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d %s", d/time.Second, second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d %s", d/time.Minute, minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d %s %d %s", d/time.Hour, hour, d%time.Hour/time.Minute, minute)
	}
	return fmt.Sprintf("%d %s %d %s", d/(24*time.Hour), day, d%(24*time.Hour)/time.Hour, hour)
}
