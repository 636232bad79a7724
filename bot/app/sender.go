package app

import (
	"context"
	"net"
	"strings"
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
	resolver := net.DefaultResolver
	if server := cfg.Trust.Resolver; server != "" {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server)
		}}
	}
	return &trust.Verifier{TXT: rooted(resolver), Now: now}
}

// rooted asks for a name as it is: without the search list of the machine.
func rooted(r *net.Resolver) trust.Resolver {
	return func(ctx context.Context, name string) ([]string, error) {
		return r.LookupTXT(ctx, strings.TrimSuffix(name, ".")+".")
	}
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
