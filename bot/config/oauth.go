package config

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"vanthu/mailer/oauth"
)

// OAuth is one grant for the mailbox and the submission server, used by whichever of them has no password and no token
// command of its own.
type OAuth struct {
	Provider   string   `toml:"provider"`           // "google", "microsoft" or "custom"; "": no grant
	Tenant     string   `toml:"tenant"`             // of Microsoft: a domain or its id
	ClientID   string   `toml:"client_id"`          // of the application that the school registered
	SecretFile string   `toml:"client_secret_file"` // as password_file
	SecretEnv  string   `toml:"client_secret_env"`
	Client     Secret   `toml:"-"`          // filled by Load
	TokenFile  string   `toml:"token_file"` // written by vanthu alone
	AppOnly    bool     `toml:"app_only"`   // Microsoft: the application itself has the mailbox
	GrantDays  int      `toml:"grant_days"` // how long a login lasts where the provider does not say it; 0: as is known of him
	Scopes     []string `toml:"scopes"`     // default: the provider's, as the three addresses
	AuthURL    string   `toml:"auth_url"`
	TokenURL   string   `toml:"token_url"`
	DeviceURL  string   `toml:"device_url"`
	CAFile     string   `toml:"ca_file"` // of a private authority; for the provider's addresses only
}

// Endpoints are the provider's with what this file says in their place.
func (o OAuth) Endpoints() (oauth.Provider, error) {
	p, err := oauth.Preset(o.Provider, o.Tenant)
	if err != nil {
		return p, err
	}
	p.AuthURL, p.TokenURL, p.DeviceURL = or(o.AuthURL, p.AuthURL), or(o.TokenURL, p.TokenURL), or(o.DeviceURL, p.DeviceURL)
	if len(o.Scopes) > 0 {
		p.Scopes = o.Scopes
		if o.AppOnly {
			p.AppScopes = o.Scopes
		}
	}
	if o.GrantDays > 0 {
		p.GrantLife = time.Duration(o.GrantDays) * 24 * time.Hour
	}
	return p, nil
}

// ByOAuth says whether the mailbox is opened with the grant.
func (c *Config) ByOAuth(s Secret, command []string) bool {
	return c.OAuth.Provider != "" && s.File == "" && s.Env == "" && len(command) == 0
}

// servers fills in where the provider's servers are.
func (c *Config) servers() {
	p, err := c.OAuth.Endpoints()
	if err != nil {
		return
	}
	if c.ByOAuth(c.IMAP.Secret, c.IMAP.TokenCommand) {
		c.IMAP.Address = or(c.IMAP.Address, p.IMAP)
	}
	if c.ByOAuth(c.SMTP.Secret, c.SMTP.TokenCommand) {
		c.SMTP.Address = or(c.SMTP.Address, p.SMTP)
	}
}

// LoadOAuth reads what a login needs: the grant, and whose mailbox it is.
func LoadOAuth(path string) (*Config, error) {
	return load(path, os.Getenv, func(c *checker) {
		if c.need("oauth.provider", c.cfg.OAuth.Provider, `"google"`) {
			c.oauth()
		}
		c.need("imap.user", c.cfg.IMAP.User, `"cntt@truong.example"`)
	})
}

func (c *checker) oauth() {
	o := &c.cfg.OAuth
	if o.Provider == "" {
		if o.ClientID+o.TokenFile+o.SecretFile+o.SecretEnv != "" {
			c.add("oauth.provider", `is missing; possible: google, microsoft, custom`)
		}
		return
	}
	c.oneOf("oauth.provider", o.Provider, oauth.Google, oauth.Microsoft, oauth.Custom)
	switch {
	case o.Provider == oauth.Microsoft:
		c.need("oauth.tenant", o.Tenant, `"truong.example"`)
	case o.Tenant != "":
		c.add("oauth.tenant", "is of use to microsoft only; remove it")
	}
	c.need("oauth.client_id", o.ClientID, `"1234-abcd.apps.example"`)
	c.clientSecret(o)
	c.endpoints(o)
	c.notNegative("oauth.grant_days", o.GrantDays)
	c.caFile("oauth.ca_file", o.CAFile)
	if !o.AppOnly {
		c.need("oauth.token_file", o.TokenFile, `"/var/lib/vanthu/oauth.token"`)
	}
}

func (c *checker) clientSecret(o *OAuth) {
	switch {
	case o.SecretEnv != "" && c.getenv(o.SecretEnv) != "":
		o.Client = Secret{Env: o.SecretEnv, Value: c.getenv(o.SecretEnv)}
	case o.SecretFile != "":
		o.Client = Secret{File: o.SecretFile, Value: c.secretFile("oauth.client_secret_file", o.SecretFile)}
	case o.SecretEnv != "":
		c.add("oauth.client_secret_env", "the environment variable %s is not set; set it, or use client_secret_file", o.SecretEnv)
	case o.Provider == oauth.Google || o.AppOnly:
		c.add("oauth.client_secret_file", "is missing; name the file that holds the secret of the application, or use client_secret_env")
	}
}

func (c *checker) endpoints(o *OAuth) {
	p, err := o.Endpoints()
	if err != nil {
		return // said already
	}
	c.need("oauth.token_url", p.TokenURL, `"https://login.truong.example/oauth2/token"`)
	for _, endpoint := range []struct{ path, url string }{{"oauth.auth_url", p.AuthURL}, {"oauth.token_url", p.TokenURL}, {"oauth.device_url", p.DeviceURL}} {
		if endpoint.url == "" {
			continue
		}
		if err := oauth.CheckURL(endpoint.url); err != nil {
			c.add(endpoint.path, "%s", err)
		}
	}
	switch {
	case o.AppOnly && len(p.AppScopes) == 0:
		c.add("oauth.app_only", "%s gives no mailbox to an application alone; remove it and log in", o.Provider)
	case o.AppOnly:
	case p.AuthURL == "" && p.DeviceURL == "":
		c.add("oauth.auth_url", "is missing, and device_url too; one of them is needed to log in")
	case len(p.Scopes) == 0:
		c.add("oauth.scopes", "is missing; write what the provider calls access to the mailbox")
	}
}

// loggedIn checks that somebody has logged in, so that `serve` says so before it starts.
func (c *checker) loggedIn() {
	o := &c.cfg.OAuth
	if o.Provider == "" || o.AppOnly || o.TokenFile == "" {
		return
	}
	if _, err := os.Stat(o.TokenFile); errors.Is(err, fs.ErrNotExist) {
		c.add("oauth.token_file", "%s is not there: nobody has logged in yet; run `vanthu oauth login --config %s`", o.TokenFile, strings.TrimSpace(c.cfg.File))
	}
}
