// Package oauth gets the access tokens that Gmail and Microsoft 365 want instead of a password (OAuth 2, RFC 6749), keeps
// the grant they come from, and speaks the two SASL mechanisms that carry them. The grant lies in one file that several
// connections and processes share.
//
// It must not know what is done with a token, and lets no token, secret or word of the provider into an error.
package oauth

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// A Config says whose tokens.
type Config struct {
	Provider Provider
	ClientID string
	Secret   string       // of the application; "" for a public one
	AppOnly  bool         // the application itself has the mailbox (client credentials, RFC 6749 §4.4); nobody logs in
	File     string       // the token file
	Client   *http.Client // nil: the system's authorities, 30 s; redirects are never followed
	Now      func() time.Time
}

// A Source gives access tokens. It is safe for concurrent use.
type Source struct {
	cfg Config
	box box

	busy    chan struct{} // holds one: somebody gets a token, and has the fields below
	current grant
	refused string // an access token that a server did not take
	unsaved *unsaved
	dead    *death
}

// unsaved is a grant that could not be stored: without it the file holds one that may be used up.
type unsaved struct {
	next grant
	from string // the refresh token that it came from
}

// death is remembered so that each new connection does not ask again what a person must heal.
type death struct {
	refresh string
	at      time.Time
	err     error
}

const (
	// early is how long before its end a token counts as expired: a login takes time and clocks differ.
	early = 2 * time.Minute
	// young is an access token that was just given: a server that refuses it has another reason.
	young = time.Minute
	// again is when a dead grant is tried once more, in case that the provider was wrong.
	again = 10 * time.Minute
	// patience bounds one exchange with the provider, and the wait for another process that has one.
	patience = 30 * time.Second
)

// New returns a source. The token file need not be there yet.
func New(cfg Config) (*Source, error) {
	endpoints := []string{cfg.Provider.TokenURL}
	for _, other := range []string{cfg.Provider.AuthURL, cfg.Provider.DeviceURL} {
		if other != "" {
			endpoints = append(endpoints, other)
		}
	}
	for _, endpoint := range endpoints {
		if err := CheckURL(endpoint); err != nil {
			return nil, &Error{Kind: Refused, Err: err}
		}
	}
	client := &http.Client{Timeout: patience}
	if cfg.Client != nil {
		*client = *cfg.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // secrets stay where they were sent
	cfg.Client = client
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Source{cfg: cfg, box: box{cfg.File}, busy: make(chan struct{}, 1)}, nil
}

// Token returns an access token. refused is one that a server has just refused, "" otherwise: it is not given again.
// Every error is an *Error.
func (s *Source) Token(ctx context.Context, refused string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience+5*time.Second)
	defer cancel()
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return "", &Error{Kind: Temporary, Err: context.Cause(ctx)}
	}
	if refused != "" {
		s.refused = refused
	}
	if s.good(s.current) && s.unsaved == nil {
		return s.current.Access, nil
	}
	if s.cfg.AppOnly { // nothing to keep: the application's secret gets another one
		g, err := s.asked(ctx, grant{})
		return g.Access, err
	}
	unlock, err := s.box.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	g, err := s.renewed(ctx)
	return g.Access, err
}

// good says whether the access token may be shown to a server. One that was refused while it was new will not be helped by
// another.
func (s *Source) good(g grant) bool {
	now := s.cfg.Now()
	if g.Access == "" || !now.Add(early).Before(g.AccessExpires) {
		return false
	}
	return g.Access != s.refused || now.Before(g.Renewed.Add(young))
}

// renewed returns a grant with a good access token: the one of the file when another process has renewed it, else a new
// one, which is in the file before anybody uses it. The caller holds the lock.
func (s *Source) renewed(ctx context.Context) (grant, error) {
	g, err := s.load()
	if err != nil {
		return grant{}, err
	}
	if s.good(g) {
		s.current = g
		return g, nil
	}
	space, err := s.box.reserve()
	if err != nil {
		return grant{}, err
	}
	defer space.drop()
	next, err := s.asked(ctx, g)
	if err != nil {
		return grant{}, err
	}
	if err := space.keep(next); err != nil {
		s.unsaved = &unsaved{next: next, from: g.Refresh}
		return grant{}, err // said now, while it can be healed; the next call stores it first
	}
	return next, nil
}

// asked asks the provider, but not again at every connection what a person must heal.
func (s *Source) asked(ctx context.Context, g grant) (grant, error) {
	if d := s.dead; d != nil && d.refresh == g.Refresh && s.cfg.Now().Before(d.at.Add(again)) {
		return grant{}, d.err
	}
	s.dead = nil
	next, err := s.ask(ctx, g)
	if kind := KindOf(err); kind == Dead || kind == Refused {
		s.dead = &death{refresh: g.Refresh, at: s.cfg.Now(), err: err}
	}
	if err == nil {
		s.current = next
	}
	return next, err
}

// load reads the file, and before that stores what could not be stored, unless somebody has logged in since.
func (s *Source) load() (grant, error) {
	s.box.adopt()
	g, err := s.box.read()
	late := s.unsaved
	if late == nil || err == nil && g.Refresh != late.from {
		s.unsaved = nil
		return s.ours(g, err)
	}
	space, err := s.box.reserve()
	if err != nil {
		return grant{}, err
	}
	defer space.drop()
	if err := space.keep(late.next); err != nil {
		return grant{}, err
	}
	s.unsaved = nil
	return late.next, nil
}

// ours refuses the grant of another application, which would only be refused by the provider.
func (s *Source) ours(g grant, err error) (grant, error) {
	if err != nil {
		return grant{}, err
	}
	if g.Client != s.cfg.ClientID || g.Token != s.cfg.Provider.TokenURL || g.Refresh == "" {
		return grant{}, &Error{Kind: Dead, Err: errors.New("the token file belongs to another client_id or provider")}
	}
	return g, nil
}

// ask gets an access token from the provider. Microsoft and others give a new refresh token each time.
func (s *Source) ask(ctx context.Context, g grant) (grant, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, s.cfg.Client), patience)
	defer cancel()
	var tokens oauth2.TokenSource
	if s.cfg.AppOnly {
		tokens = (&clientcredentials.Config{ClientID: s.cfg.ClientID, ClientSecret: s.cfg.Secret, TokenURL: s.cfg.Provider.TokenURL,
			Scopes: s.cfg.Provider.AppScopes, AuthStyle: oauth2.AuthStyleInParams}).TokenSource(ctx)
	} else {
		tokens = s.library().TokenSource(ctx, &oauth2.Token{RefreshToken: g.Refresh})
	}
	token, err := tokens.Token()
	if err != nil {
		return grant{}, classify(ctx, err)
	}
	return s.granted(token, g), nil
}

func (s *Source) library() *oauth2.Config {
	p := s.cfg.Provider
	return &oauth2.Config{ClientID: s.cfg.ClientID, ClientSecret: s.cfg.Secret, Scopes: p.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: p.AuthURL, TokenURL: p.TokenURL, DeviceAuthURL: p.DeviceURL,
			AuthStyle: oauth2.AuthStyleInParams}} // trying both ways would use up a refresh token
}

// granted is what an answer of the provider makes of the grant before it.
func (s *Source) granted(token *oauth2.Token, before grant) grant {
	now := s.cfg.Now().UTC()
	g := grant{Client: s.cfg.ClientID, Token: s.cfg.Provider.TokenURL, Refresh: before.Refresh, Login: before.Login, Renewed: now,
		Expires: before.Expires, Access: token.AccessToken, AccessExpires: now.Add(seconds(token.ExpiresIn, 5*time.Minute))}
	if g.Login.IsZero() {
		g.Login = now
	}
	if s.cfg.AppOnly {
		return g
	}
	fresh := token.RefreshToken != "" && token.RefreshToken != before.Refresh
	if fresh {
		g.Refresh = token.RefreshToken
	}
	said, _ := token.Extra("refresh_token_expires_in").(float64)
	switch {
	case said > 0:
		g.Expires = now.Add(seconds(int64(min(said, math.MaxInt32)), 0))
	case fresh && s.cfg.Provider.GrantLife > 0: // a token that does not rotate does not slide either
		g.Expires = now.Add(s.cfg.Provider.GrantLife)
	case fresh:
		g.Expires = time.Time{}
	}
	return g
}

func seconds(n int64, otherwise time.Duration) time.Duration {
	if n <= 0 {
		return otherwise
	}
	return time.Duration(n) * time.Second
}

// Status is what may be shown of a grant.
type Status struct {
	Login   time.Time // when a person logged in
	Renewed time.Time // when the provider last gave a token
	Expires time.Time // of the grant; zero: not known
}

// Status reads the token file, which an application without a person does not have.
func (s *Source) Status() (Status, error) {
	if s.cfg.AppOnly {
		return Status{}, nil
	}
	g, err := s.ours(s.box.read())
	return Status{Login: g.Login, Renewed: g.Renewed, Expires: g.Expires}, err
}

// Expires returns when the grant ends unless it is renewed or a person logs in again. known is false when the provider
// does not say it, when nobody need log in, and when there is no grant (Token says why).
func (s *Source) Expires() (t time.Time, known bool) {
	status, err := s.Status()
	if err != nil || status.Expires.IsZero() {
		return time.Time{}, false
	}
	return status.Expires, true
}

// harmless drops from an error of the HTTP client what it was asked: the cause alone is of use.
func harmless(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return errors.New("an answer that cannot be read")
}
