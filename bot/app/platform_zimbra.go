package app

import (
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/zimbra"
	"vanthu/bot/config"
)

func openZimbra(cfg *config.Config, now func() time.Time) (account.Platform, func() error, error) {
	z := cfg.Accounts.Zimbra
	p, err := zimbra.New(zimbra.Config{URL: z.URL, ServerName: z.ServerName, CAFile: z.CAFile, Admin: z.Admin, Password: z.Value, Domain: cfg.Accounts.Domain, COS: z.COS,
		CodeAttr: z.CodeAttr, MarkerAttr: z.MarkerAttr, Suspended: z.Suspend, MustChange: z.MustChange, PerSecond: z.PerSecond, Settle: z.Settle, Timeout: z.Timeout, Now: now})
	if err != nil {
		return nil, nil, err
	}
	return p, p.Close, nil
}
