package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/offline"
	"vanthu/bot/config"
	"vanthu/bot/job"
	"vanthu/bot/secret"
	"vanthu/bot/store"
)

// openOffline opens the platform that lives in our own database. It has a handle of its own, like every process that works on it: who
// opens a platform need not know that this one asks nobody else.
func openOffline(ctx context.Context, cfg *config.Config, now func() time.Time) (account.Platform, func() error, error) {
	db, err := store.Open(ctx, cfg.Store.DSN(), cfg.Store.Value, now)
	if err != nil {
		return nil, nil, err
	}
	return &offline.Platform{DB: db, S: bundleSettings(cfg)}, func() error { db.Close(); return nil }, nil
}

func bundleSettings(cfg *config.Config) offline.Settings {
	o := cfg.Accounts.Offline
	hash := offline.Crypt
	if o.Form == offline.LDIF {
		hash = func(password string) (string, error) { return account.HashPassword(o.Hash, password) }
	}
	return offline.Settings{Form: o.Form, Rows: o.Rows, OrgUnit: o.OrgUnit, Location: o.UsageLocation, COS: o.COS, Base: o.Base, Marker: o.MarkerAttr,
		Change: o.MustChange, Suspend: o.Suspend, Hash: hash}
}

// bundles is who makes bundles in a serving process; nil: the platform needs none.
func (a *App) bundles(vault *secret.Vault) (*offline.Maker, error) {
	cfg, o := a.Config, a.Config.Accounts.Offline
	if cfg.Accounts.Platform != "offline" {
		return nil, nil
	}
	m := &offline.Maker{DB: a.DB, S: bundleSettings(cfg), Unseal: vault.Unseal, Head: offline.Head{School: cfg.School.Name, Office: cfg.School.Office, Contact: cfg.School.Contact}}
	var err, err2 error
	m.Key, err = offline.OpenKey(o.SigningKey)
	switch {
	case o.Recipient != "":
		m.Sealer, err2 = offline.ToRecipient(o.Recipient)
	case o.PassphraseFile != "":
		var phrase string
		if phrase, err2 = secret.Passphrase(o.PassphraseFile); err2 == nil {
			m.Sealer, err2 = offline.WithPassphrase(phrase)
		}
	}
	return m, errors.Join(err, err2)
}

// bundleQueue works on bundles, one at a time: their numbers have no gap.
func bundleQueue(m *offline.Maker) []job.Queue {
	if m == nil {
		return nil
	}
	return []job.Queue{{Kind: store.BundleJob, Workers: 1, Handler: m.Make}}
}

// toBundle are the plans of which nothing more has been gathered for a while.
func (a *App) toBundle(ctx context.Context, tx *store.Tx) ([]int64, error) {
	if a.Config.Accounts.Platform != "offline" {
		return nil, nil
	}
	return tx.ToBundle(ctx, tx.Now.Add(-cmp.Or(a.Config.Accounts.Offline.Quiet, time.Minute)))
}

// Bundles is what officers do with bundles.
func (a *App) Bundles() *offline.Office {
	return &offline.Office{DB: a.DB, S: bundleSettings(a.Config)}
}
