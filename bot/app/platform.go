package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/file"
	"vanthu/bot/config"
	"vanthu/bot/job"
)

// OpenPlatform opens where accounts are made, and asks nobody: a server that is away for a minute must not keep the desk from starting
// (decision 38). What the configuration itself has wrong is an error.
func OpenPlatform(ctx context.Context, cfg *config.Config, now func() time.Time) (account.Platform, func() error, error) {
	switch cfg.Accounts.Platform {
	case "file":
		p, err := file.Open(cfg.Accounts.FilePath)
		return p, func() error { return nil }, err
	case "ldap":
		return openLDAP(cfg)
	case "microsoft":
		return openMicrosoft(cfg, now)
	case "google":
		return openGoogle(cfg, now)
	case "zimbra":
		return openZimbra(cfg, now)
	case "passwd":
		return openPasswd(ctx, cfg)
	case "offline":
		return openOffline(ctx, cfg, now)
	}
	return nil, nil, fmt.Errorf("app: no platform is called %q", cfg.Accounts.Platform)
}

// firstLook bounds how long the start, or an officer's command, waits for the platform.
const firstLook = 10 * time.Second

// lookAt asks a platform whether what the configuration names is there: account.ErrAway when it does not say. One that cannot be asked
// that is taken as it is.
func lookAt(ctx context.Context, p account.Platform) error {
	c, ok := p.(account.Checker)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	if err := c.Check(ctx); err != nil {
		return fmt.Errorf("app: accounts.platform %q: %w", p.Name(), err)
	}
	return nil
}

// A seen knows whether the platform was seen to be what the configuration names.
type seen struct {
	platform account.Platform
	once     atomic.Bool
}

// first looks at the start. A platform that is away is no reason not to begin: it is looked at when it is needed.
func (s *seen) first(ctx context.Context, logger *slog.Logger) error {
	err := lookAt(ctx, s.platform)
	if errors.Is(err, account.ErrAway) {
		logger.Warn("platform_away", "platform", s.platform.Name(), "code", "at_start", "error", err.Error())
		return nil
	}
	s.once.Store(err == nil)
	return err
}

// before lets h act on the platform only once that was seen: what was away at the start may come back and be another one than the
// configuration means, without its base or its unique index, and what it refuses then would be held against the rows.
func (s *seen) before(h job.Handler) job.Handler {
	return func(ctx context.Context, id int64) error {
		if !s.once.Load() {
			if err := lookAt(ctx, s.platform); err != nil {
				return err
			}
			s.once.Store(true)
		}
		return h(ctx, id)
	}
}
