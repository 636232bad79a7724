package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
)

// officerFlags are what every officer's command takes.
type officerFlags struct {
	Config string `required:"" type:"existingfile" help:"Configuration file."`
	JSON   bool   `name:"json" help:"Print JSON."`
	As     string `help:"Act as this officer (root only; recorded)."`
}

// desk opens the database for one command.
func (f *officerFlags) desk(e *env, run func(a *app.App, officer bot.Officer) error) error {
	cfg, err := config.Load(f.Config)
	if err != nil {
		return err
	}
	a, err := app.Open(e.ctx, cfg, slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), time.Now)
	if err != nil {
		return err
	}
	defer a.Close()
	officer, err := a.Officer(f.As)
	if err != nil {
		return err
	}
	if cfg.Plan.OfficeOfOne {
		fmt.Fprintln(e.stderr, "note: office_of_one is on: whoever makes a plan may approve it")
	}
	return run(a, officer)
}

// writeJSON writes v for a machine.
func writeJSON(e *env, v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// local shows an instant as the office reads it.
func local(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(time.FixedZone("+07", 7*60*60)).Format("02/01/2006 15:04")
}
