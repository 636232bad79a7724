package main

import (
	"fmt"
	"log/slog"

	"vanthu/bot/app"
	"vanthu/bot/config"
)

// serveCmd is the daemon.
type serveCmd struct {
	Config string `required:"" type:"existingfile" help:"Configuration file; make one with \"vanthu init\"."`
}

// Run serves until SIGINT or SIGTERM, then finishes what runs.
func (c *serveCmd) Run(e *env) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stderr, "# vanthu: effective settings")
	if err := config.Print(e.stderr, cfg); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	server, err := app.NewServer(e.ctx, cfg, logger, clock, played(app.Hooks{Child: reader}))
	if err != nil {
		return err
	}
	defer server.Close()
	logger.Info("serving", "code", "started")
	err = server.Run(e.ctx)
	logger.Info("serving", "code", "stopped")
	return err
}
