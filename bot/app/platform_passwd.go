package app

import (
	"context"

	"vanthu/bot/account"
	"vanthu/bot/account/passwd"
	"vanthu/bot/config"
)

func openPasswd(ctx context.Context, cfg *config.Config) (account.Platform, func() error, error) {
	p := cfg.Accounts.Passwd
	table, err := passwd.New(ctx, passwd.Config{URL: p.URL, Password: p.Value, Table: p.Table, Columns: passwd.Columns(p.Columns), Aliases: passwd.Aliases(p.Aliases), Yes: p.Yes, No: p.No,
		Extra: p.Extra, MustChange: p.MustChange, Hash: p.Hash, Domain: cfg.Accounts.Domain, Timeout: p.Timeout, Connections: p.Connections})
	if err != nil {
		return nil, nil, err
	}
	return table, table.Close, nil
}
