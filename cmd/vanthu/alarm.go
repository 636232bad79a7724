package main

import (
	"fmt"
	"log/slog"

	"vanthu/bot/app"
	"vanthu/bot/config"
)

// alarmCmd is about the ways by which a person is told.
type alarmCmd struct {
	Test alarmTestCmd `cmd:"" help:"Send a test over the webhook and the command."`
}

type alarmTestCmd struct {
	Config string `required:"" type:"existingfile" placeholder:"FILE" help:"Configuration file."`
}

// Run needs all settings, as serve does: the secret of the webhook is among them.
func (c *alarmTestCmd) Run(e *env) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	a, err := app.Open(e.ctx, cfg, slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), clock)
	if err != nil {
		return err
	}
	defer a.Close()
	channels, err := a.Alarms.Try(e.ctx)
	if err != nil {
		return err
	}
	if channels == 0 {
		fmt.Fprintln(e.stdout, "no webhook and no command is configured: alarms stand in the log alone")
		return exit(1)
	}
	fmt.Fprintln(e.stdout, "sent")
	return nil
}
