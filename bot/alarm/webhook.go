package alarm

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Format is the shape of what a webhook is sent.
type Format string

// The formats.
const (
	JSON     Format = "json"     // the Message as it is
	Slack    Format = "slack"    // {"text": …}; Mattermost, Google Chat and others take it too
	Teams    Format = "teams"    // an adaptive card, as workflows of Microsoft Teams take it
	Telegram Format = "telegram" // sendMessage of a bot
)

// Placeholder stands in a URL for the secret: Slack and Telegram want theirs there.
const Placeholder = "{secret}"

// A Webhook posts messages to a URL.
type Webhook struct {
	URL     string // https, or http to a loopback address; may hold Placeholder
	Format  Format // "" is JSON
	Chat    string // of Telegram
	Secret  string // sent as bearer (RFC 6750 §2.1), or where Placeholder stands; "" none
	RootCAs *x509.CertPool
	Timeout time.Duration // 0: ten seconds
}

// Name is the channel's word in alarms.
func (w Webhook) Name() string { return "webhook" }

// Send posts the message once. Any 2xx is a success. No redirect is followed: the secret is for one host. An error never
// shows the URL, which may hold the secret.
func (w Webhook) Send(ctx context.Context, m Message) error {
	body, err := w.body(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, orElse(w.Timeout, 10*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.ReplaceAll(w.URL, Placeholder, url.PathEscape(w.Secret)), bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL of the webhook cannot be used")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "vanthu")
	if w.Secret != "" && !strings.Contains(w.URL, Placeholder) {
		req.Header.Set("Authorization", "Bearer "+w.Secret)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL
		}
		return fmt.Errorf("the webhook cannot be reached: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered %d", answer.StatusCode)
	}
	return nil
}

// body writes the message in the format of its receiver.
func (w Webhook) body(m Message) ([]byte, error) {
	text := m.VI + "\n" + m.EN + "\n" + m.Service + " · " + m.Process + " · " + m.Condition + "/" + m.Code
	var v any = m
	switch w.Format {
	case Slack:
		v = map[string]string{"text": text}
	case Telegram: // plain text: no parse_mode, so that nothing in it is markup
		v = map[string]string{"chat_id": w.Chat, "text": text}
	case Teams:
		block := map[string]any{"type": "TextBlock", "text": text, "wrap": true}
		card := map[string]any{"type": "AdaptiveCard", "version": "1.4", "body": []any{block}}
		v = map[string]any{"type": "message", "attachments": []any{map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}}
	case JSON:
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("alarm: %w", err)
	}
	return body, nil
}
