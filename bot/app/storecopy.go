package app

import (
	"context"
	"log/slog"
	"time"

	"vanthu/bot/audit"
	"vanthu/bot/store"
)

// CopyStore copies everything from one database to the other, and verifies the history of the copy. passwords are for URLs that
// hold none.
func CopyStore(ctx context.Context, from, to, password string, now func() time.Time, told func(store.Copied)) (*audit.Report, error) {
	source, err := store.Open(ctx, from, password, now)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	target, err := store.Open(ctx, to, password, now)
	if err != nil {
		return nil, err
	}
	defer target.Close()
	if err := source.CopyTo(ctx, target, told); err != nil {
		return nil, err
	}
	a := &App{DB: target, Logger: slog.New(slog.DiscardHandler)}
	return a.Audit(ctx, Audit{})
}
