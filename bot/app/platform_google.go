package app

import (
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/google"
	"vanthu/bot/config"
)

func openGoogle(cfg *config.Config, now func() time.Time) (account.Platform, func() error, error) {
	g := cfg.Accounts.Google
	p, err := google.New(google.Config{Key: g.Key.Value, Admin: g.Admin, Domain: cfg.Accounts.Domain, Customer: g.Customer, OrgUnit: g.OrgUnit, CodeType: g.CodeType,
		KeepFirst: !g.MustChange, Groups: cfg.Groups.Enabled, Unmanaged: g.Unmanaged, PerMinute: g.PerMinute, Machines: g.Machines, InFlight: g.InFlight,
		Settle: g.Settle, Timeout: g.Timeout, Directory: g.Directory, Identity: g.Identity, Now: now})
	if err != nil {
		return nil, nil, err
	}
	return p, p.Close, nil
}
