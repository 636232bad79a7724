package rest

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// early is how long before its end a token counts as expired: a request takes time and clocks differ.
const early = time.Minute

// bearer returns the token, a new one when there is none or it ends soon. Others wait meanwhile: one fetch serves all.
func (c *Client) bearer(ctx context.Context) (string, error) {
	if c.cfg.Fetch == nil {
		return "", nil
	}
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if c.token != "" && (c.expires.IsZero() || c.cfg.Now().Add(early).Before(c.expires)) {
		return c.token, nil
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, c.cfg.HTTP), c.cfg.Timeout)
	defer cancel()
	asked := c.cfg.Now()
	token, err := c.cfg.Fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: no token: %w", tokenKind(err), tokenError(err))
	}
	if token.AccessToken == "" {
		return "", fmt.Errorf("%w: no token: the answer holds none", ErrUndone)
	}
	c.token, c.expires = token.AccessToken, time.Time{}
	if life := lifeOf(token); life > 0 {
		c.expires = asked.Add(life)
	}
	return c.token, nil
}

// lifeOf returns how long a token was given for, 0 when it was not said: then it is used until it is refused. Its Expiry is not asked: the
// library counts it by the system's clock.
func lifeOf(token *oauth2.Token) time.Duration {
	seconds := float64(token.ExpiresIn)
	if said, ok := token.Extra("expires_in").(float64); ok && seconds == 0 { // of a signed statement (jwt)
		seconds = said
	}
	return time.Duration(max(0, min(seconds, 365*24*3600)) * float64(time.Second))
}

// forget drops a token that was refused, unless another one has taken its place meanwhile.
func (c *Client) forget(ctx context.Context, refused string) {
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return
	}
	if c.token == refused {
		c.token = ""
	}
}

// tokenError keeps the code of RFC 6749 §5.2 and the status: the rest of an answer repeats what was sent.
func tokenError(err error) error {
	said, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
			if errors.Is(err, known) {
				return known
			}
		}
		if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
			return fmt.Errorf("no connection: %w", cmp.Or(dial.Err, err))
		}
		if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return bad
		}
		if lost, ok := errors.AsType[*unreached](err); ok { // of a client like this one, by which Zimbra signs in
			return lost
		}
		return errors.New("the token endpoint cannot be asked, or the key cannot be read")
	}
	status := 0
	if said.Response != nil {
		status = said.Response.StatusCode
	}
	name := Code(said.ErrorCode)
	if name == "" {
		name = codeOf(said.Body)
	}
	return fmt.Errorf("the token endpoint said %d %s", status, name)
}

// tokenKind says whether to ask again at once: what the endpoint refuses a person must heal.
func tokenKind(err error) error {
	said, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && said.Response != nil && said.Response.StatusCode >= 400 && said.Response.StatusCode < 500 && said.Response.StatusCode != http.StatusTooManyRequests {
		return ErrLater
	}
	return ErrUndone
}

// codeOf finds the code in an answer that the library has not read.
func codeOf(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &answer) // no code then
	return Code(answer.Error)
}

// Authorized says whether a token is given.
func (c *Client) Authorized(ctx context.Context) error {
	_, err := c.bearer(ctx)
	return err
}
