package app

import (
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/microsoft"
	"vanthu/bot/config"
)

func openMicrosoft(cfg *config.Config, now func() time.Time) (account.Platform, func() error, error) {
	m := cfg.Accounts.Microsoft
	p, err := microsoft.New(microsoft.Config{Tenant: m.Tenant, ClientID: m.ClientID, Secret: m.Client.Value, Certificate: []byte(m.Certificate.Value), Domain: cfg.Accounts.Domain,
		Graph: m.GraphURL, Login: m.LoginURL, Licences: m.Licences, UsageLocation: m.UsageLocation, MarkerAttr: m.MarkerAttr, PasswordAttr: m.PasswordAttr,
		PassLife: time.Duration(m.PassMinutes) * time.Minute, PassOnce: m.PassOnce, Writes: m.Writes, Units: m.Units, Machines: m.Machines, InFlight: m.InFlight, Settle: m.Settle,
		Timeout: m.Timeout, Now: now})
	if err != nil {
		return nil, nil, err
	}
	if m.AccessPass {
		return microsoft.WithPass{Platform: p}, p.Close, nil
	}
	return p, p.Close, nil
}
