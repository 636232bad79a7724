package oauth

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// A Provider is who gives tokens, and for which servers.
type Provider struct {
	AuthURL   string // authorization endpoint; "": no login by browser
	TokenURL  string
	DeviceURL string // device authorization endpoint (RFC 8628); "": no login by device code
	Scopes    []string
	AppScopes []string // of an application without a person (client credentials); empty: the provider has none
	Redirect  string   // host of the redirect to this machine, "127.0.0.1" or "localhost" (RFC 8252 §7.3)

	// GrantLife is how long a grant lives since it was last renewed, where the provider does not say it himself; 0: unknown.
	GrantLife time.Duration

	IMAP string // host:port, TLS from the first byte
	SMTP string // host:port, STARTTLS
}

// The names of the providers that are built in.
const (
	Google    = "google"
	Microsoft = "microsoft"
	Custom    = "custom"
)

// Preset returns a provider that is built in, and an empty one for Custom. tenant is for Microsoft alone.
func Preset(name, tenant string) (Provider, error) {
	switch name {
	case Google:
		return Provider{
			AuthURL: "https://accounts.google.com/o/oauth2/v2/auth", TokenURL: "https://oauth2.googleapis.com/token",
			// Google's device flow does not give this scope; the browser's does.
			Scopes:   []string{"https://mail.google.com/"},
			Redirect: loopbackAddress,
			IMAP:     "imap.gmail.com:993", SMTP: "smtp.gmail.com:587",
		}, nil
	case Microsoft:
		base := "https://login.microsoftonline.com/" + url.PathEscape(tenant) + "/oauth2/v2.0/"
		return Provider{
			AuthURL: base + "authorize", TokenURL: base + "token", DeviceURL: base + "devicecode",
			Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"},
			// IMAP.AccessAsApp and SMTP.SendAsApp are given to the application by an administrator and come with this scope.
			AppScopes: []string{"https://outlook.office365.com/.default"},
			Redirect:  "localhost", // whose port Microsoft ignores
			GrantLife: 90 * 24 * time.Hour,
			IMAP:      "outlook.office365.com:993", SMTP: "smtp.office365.com:587",
		}, nil
	case Custom:
		return Provider{Redirect: loopbackAddress}, nil
	}
	return Provider{}, fmt.Errorf("there is no provider %q; possible: %s, %s, %s", name, Google, Microsoft, Custom)
}

const loopbackAddress = "127.0.0.1"

// CheckURL refuses an endpoint to which secrets would go in the clear. A loopback address may be asked without TLS.
func CheckURL(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("is not the URL of an endpoint; write for example %q", "https://login.truong.example/oauth2/token")
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	default:
		return fmt.Errorf("would send secrets in the clear; write https:// (http:// is for this very machine)")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
