package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"vanthu/bot/config"
	"vanthu/mailer/oauth"
)

// NewGrant returns where the access tokens of [oauth] come from.
func NewGrant(cfg *config.Config, now func() time.Time) (*oauth.Source, error) {
	provider, err := cfg.OAuth.Endpoints()
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	roots, err := authorities(cfg.OAuth.CAFile)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.DisableKeepAlives = true // it is asked once an hour
	return oauth.New(oauth.Config{Provider: provider, ClientID: cfg.OAuth.ClientID, Secret: cfg.OAuth.Client.Value, AppOnly: cfg.OAuth.AppOnly,
		File: cfg.OAuth.TokenFile, Client: &http.Client{Transport: transport, Timeout: tokenTime}, Now: now})
}

// tokenTime bounds the provider, and the command that prints an OAuth 2 token.
const tokenTime = 30 * time.Second

type (
	passwordFunc = func(ctx context.Context) (string, error)
	tokenFunc    = func(ctx context.Context, refused string) (string, error)
)

// credentials returns what proves us: a password, a token printed by a command at every login, or one of the grant.
func (p *parts) credentials(cfg *config.Config, s config.Secret, command []string) (passwordFunc, tokenFunc) {
	switch {
	case cfg.ByOAuth(s, command):
		return nil, p.watched(p.grant.Token)
	case len(command) == 0:
		return func(context.Context) (string, error) { return s.Value, nil }, nil
	}
	return nil, p.watched(func(ctx context.Context, _ string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, tokenTime)
		defer cancel()
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).Output() // #nosec G204 -- the administrator's own command
		if err != nil {
			return "", fmt.Errorf("app: the token command %s: %w", command[0], err)
		}
		return strings.TrimSpace(string(out)), nil
	})
}

// watched notes whether tokens come, for the alarms. That somebody gave up waiting says nothing.
func (p *parts) watched(token tokenFunc) tokenFunc {
	return func(ctx context.Context, refused string) (string, error) {
		t, err := token(ctx, refused)
		switch {
		case err == nil:
			p.tokens.Good(p.now())
		case ctx.Err() == nil:
			p.tokens.Bad(p.now(), cmp.Or(string(oauth.KindOf(err)), "command"))
		}
		return t, err
	}
}
