package app

import (
	"context"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/config"
	"vanthu/bot/store"
)

// newAlarms builds the ways by which a person is told. Only a serving process runs them.
func newAlarms(a *App) (*alarm.Alarms, error) {
	c := a.Config.Alarm
	var channels []alarm.Channel
	if c.Webhook.URL != "" {
		roots, err := authorities(c.Webhook.CAFile)
		if err != nil {
			return nil, err
		}
		channels = append(channels, alarm.Webhook{URL: c.Webhook.URL, Format: alarm.Format(c.Webhook.Format), Chat: c.Webhook.Chat, Secret: c.Webhook.Value, RootCAs: roots})
	}
	if len(c.Command) > 0 {
		channels = append(channels, alarm.Command{Args: c.Command})
	}
	return alarm.New(a.DB, alarm.Config{After: c.After, Remind: c.Remind, Tick: tick(c), Channels: channels, Service: a.Config.SMTP.From,
		Process: processName(a.DB), Beat: func() string { return a.pulse() }, Logger: a.Logger, Now: a.DB.Now}), nil
}

// tick is how often everything is looked at: often enough for an alarm within five minutes, whatever alarm.after is.
func tick(c config.Alarm) time.Duration {
	return min(15*time.Second, max(c.After/6, 100*time.Millisecond))
}

// noBeat takes our pulse away: this process ends because it was told to.
func (s *Server) noBeat(ctx context.Context) {
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.EndBeat(ctx, processName(s.DB)) }); err != nil {
		s.Logger.Warn("stopping", "code", "beat_left", "error", err.Error())
	}
}
