package app

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/file"
	"vanthu/bot/config"
)

// OpenPlatform opens where accounts are made. What is wrong with the world there is an error now, not with the first account.
func OpenPlatform(ctx context.Context, cfg *config.Config, now func() time.Time) (account.Platform, func() error, error) {
	switch cfg.Accounts.Platform {
	case "file":
		p, err := file.Open(cfg.Accounts.FilePath)
		return p, func() error { return nil }, err
	case "ldap":
		return openLDAP(ctx, cfg)
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
