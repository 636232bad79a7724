package app

import (
	"vanthu/bot/account"
	"vanthu/bot/account/ldap"
	"vanthu/bot/config"
	"vanthu/bot/secret"
)

func openLDAP(cfg *config.Config) (account.Platform, func() error, error) {
	l := cfg.Accounts.LDAP
	groups := ""
	if cfg.Groups.Enabled {
		groups = cfg.Groups.Base
	}
	directory, err := ldap.New(ldap.Config{GroupBase: groups, URL: l.URL, StartTLS: l.StartTLS, Insecure: l.Insecure, ServerName: l.ServerName, CAFile: l.CAFile,
		BindDN: l.BindDN, Password: l.Value, Base: l.Base, SearchBase: l.SearchBase, Layout: l.Layout, CodeAttr: l.CodeAttr, UPNSuffix: l.UPNSuffix, Hash: l.Hash, MarkerAttr: l.MarkerAttr, AliasAttrs: l.AliasAttrs, MustChange: l.MustChange, Suspend: l.Suspend, Timeout: l.Timeout,
		Domain: cfg.Accounts.Domain, PasswordLength: secret.PasswordLength})
	if err != nil {
		return nil, nil, err
	}
	return directory, directory.Close, nil
}
