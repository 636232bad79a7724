package microsoft

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// fetcher gets tokens by the client credentials grant ("OAuth 2.0 client credentials flow on the Microsoft identity platform"), with the
// application's secret or with an assertion that its certificate signs.
func (p *Platform) fetcher() (func(context.Context) (*oauth2.Token, error), error) {
	c := clientcredentials.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.Secret, AuthStyle: oauth2.AuthStyleInParams,
		TokenURL: strings.TrimSuffix(p.cfg.Login, "/") + "/" + url.PathEscape(p.cfg.Tenant) + "/oauth2/v2.0/token",
		Scopes:   []string{strings.TrimSuffix(p.cfg.Graph, "/") + "/.default"}}
	if len(p.cfg.Certificate) == 0 {
		if p.cfg.Secret == "" {
			return nil, errors.New("microsoft: the application needs a secret or a certificate")
		}
		return c.Token, nil
	}
	pair, err := tls.X509KeyPair(p.cfg.Certificate, p.cfg.Certificate)
	if err != nil {
		return nil, errors.New("microsoft: the certificate file must hold a certificate and its private key in PEM")
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("microsoft: the key of the certificate must be RSA: Microsoft Entra takes PS256 and RS256 alone")
	}
	return func(ctx context.Context) (*oauth2.Token, error) {
		assertion, err := p.assertion(c.TokenURL, pair.Certificate[0], key)
		if err != nil {
			return nil, err
		}
		with := c
		with.ClientSecret = ""
		with.EndpointParams = url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}}
		return with.Token(ctx)
	}, nil
}

// assertion is the signed claim to be the application ("Microsoft identity platform application authentication certificate credentials").
func (p *Platform) assertion(audience string, certificate []byte, key *rsa.PrivateKey) (string, error) {
	thumb := sha256.Sum256(certificate)
	now := p.cfg.Now()
	id := rand.Text()
	var parts []string
	for _, part := range []map[string]any{
		{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(thumb[:])},
		{"aud": audience, "iss": p.cfg.ClientID, "sub": p.cfg.ClientID, "jti": id, "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()},
	} {
		encoded, err := json.Marshal(part)
		if err != nil {
			return "", fmt.Errorf("microsoft: %w", err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(encoded))
	}
	signed := strings.Join(parts, ".")
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		return "", fmt.Errorf("microsoft: the assertion cannot be signed: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// withHTTP lets the library ask with a client that follows no redirect, as package rest's does: the secret stays where it was sent.
func (p *Platform) withHTTP(ctx context.Context) context.Context {
	client := &http.Client{}
	if p.cfg.HTTP != nil {
		*client = *p.cfg.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = cmp.Or(p.cfg.Timeout, 30*time.Second)
	return context.WithValue(ctx, oauth2.HTTPClient, client)
}

// rolesOf reads the application permissions in an access token, without believing anything else of it: Graph alone can verify it.
func rolesOf(token string) []string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var said struct {
		Roles []string `json:"roles"`
	}
	if json.Unmarshal(claims, &said) != nil {
		return nil
	}
	return said.Roles
}
