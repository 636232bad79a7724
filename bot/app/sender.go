package app

import (
	"context"
	"net"
	"time"

	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/mailer/signature"
	"vanthu/mailer/trust"
)

// trustPolicy says whose word about a sender is believed, and for whom others would like to be taken.
func trustPolicy(cfg *config.Config) trust.Policy {
	p := trust.Policy{AuthservID: cfg.Trust.AuthservID, Domains: cfg.Trust.Domains}
	for _, u := range cfg.Units {
		p.Known = append(p.Known, u.Addresses...)
	}
	return p
}

// verifier is nil where the mail server verifies DKIM. Only `serve` has one: an offline check asks nobody.
func verifier(cfg *config.Config, now func() time.Time) *trust.Verifier {
	if cfg.Trust.DKIM != "own" {
		return nil
	}
	return &trust.Verifier{TXT: net.DefaultResolver.LookupTXT, Now: now}
}

// notary judges digital signatures by the configured roots, in this process.
func notary(cfg *config.Config) (intake.Notary, error) {
	n := intake.Notary{Read: func(_ context.Context, signed []intake.Signed) ([]signature.Signature, error) {
		return intake.FindSignatures(signed), nil
	}}
	var err error
	n.Roots, err = authorities(cfg.Evidence.RootsFile)
	return n, err
}
