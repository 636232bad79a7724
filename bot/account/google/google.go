// Package google makes accounts in Google Workspace by the Directory API of the Admin SDK, as a service account with
// domain-wide delegation that acts for an administrator.
//
// What Google guarantees is that no address is given twice, at once. What it shows is late: a user who was made is not found for
// minutes, and a search may take up to 36 hours to know him ("Search for users"). So a user is read by his address, and
// searched for only by what has no other way.
//
// It must not know the database, plans or mails. No error of it holds a password, a token or a word of Google's but a code.
package google

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// The addresses of the APIs.
const (
	DirectoryURL = "https://admin.googleapis.com"
	IdentityURL  = "https://cloudidentity.googleapis.com"
	TokenURL     = "https://oauth2.googleapis.com/token" //nolint:gosec // no secret
)

// The scopes, each for what it is needed for ("Authorize requests").
const (
	scopeUsers   = "https://www.googleapis.com/auth/admin.directory.user"
	scopeGroups  = "https://www.googleapis.com/auth/admin.directory.group"
	scopeUnits   = "https://www.googleapis.com/auth/admin.directory.orgunit.readonly"
	scopeDomains = "https://www.googleapis.com/auth/admin.directory.domain.readonly"
	scopeInvite  = "https://www.googleapis.com/auth/cloud-identity.userinvitations.readonly"
)

const (
	// undelete is how long a deleted user can be restored ("Restore a recently deleted user").
	undelete = 20 * 24 * time.Hour
	// late is how long a search may not know a user ("Search for users").
	late = 36 * time.Hour
	// perSecond is how many users may be made in a domain ("Limits and quotas", Creating users). No quota page raises it.
	perSecond = 10
)

// A Config says where and as whom. Key, Admin, Domain and Now are needed.
type Config struct {
	Key       string // the service account's key file, JSON
	Admin     string // the administrator for whom it acts
	Domain    string // user names are the local parts of addresses here
	Customer  string // "": my_customer
	OrgUnit   string // where users are made; "": "/"
	CodeType  string // the type of the external id that is the student code; "": organization (the console calls it employee ID)
	KeepFirst bool   // do not make the holder change the initial password
	Groups    bool   // groups are kept, too
	Unmanaged bool   // personal accounts with an address of the domain are looked for (Cloud Identity API)
	PerMinute int    // queries of this project and administrator ("Limits and quotas"); 0: 2400
	Machines  int    // that share the quota at least; 0: 1
	InFlight  int    // rows at once; 0: 16
	Settle    time.Duration
	Timeout   time.Duration // of one request; 0: 30 s
	Directory string        // "": DirectoryURL
	Identity  string        // "": IdentityURL
	HTTP      *http.Client
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
}

// Platform is a Google Workspace.
type Platform struct {
	cfg      Config
	key      serviceKey
	api      *rest.Client // users and groups
	identity *rest.Client // nil: personal accounts are not looked for

	mu      sync.Mutex
	made    map[string]made // by code, marker and address: what was made here, until a search must know it
	erased  kept[[]user]
	strange kept[map[string]bool] // addresses of personal accounts
	taken   map[string]holder     // addresses of which Google said that they are taken, and by what

	all snapshot
}

// New reads the key; it asks nobody.
func New(cfg Config) (*Platform, error) {
	cfg.defaults()
	p := &Platform{cfg: cfg, made: map[string]made{}, taken: map[string]holder{}}
	if err := p.key.read(cfg.Key, cfg.Now); err != nil {
		return nil, fmt.Errorf("google: the key file: %w", err)
	}
	if cfg.Admin == "" || cfg.Domain == "" {
		return nil, errors.New("google: an administrator and a domain are needed")
	}
	scopes := []string{scopeUsers}
	if cfg.Groups {
		scopes = append(scopes, scopeGroups)
	}
	var err error
	if p.api, err = p.client(cfg.Directory, scopes...); err != nil {
		return nil, err
	}
	if cfg.Unmanaged {
		if p.identity, err = p.client(cfg.Identity, scopeInvite); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (cfg *Config) defaults() {
	set := func(field *string, otherwise string) {
		if *field == "" {
			*field = otherwise
		}
	}
	set(&cfg.Customer, "my_customer")
	set(&cfg.OrgUnit, "/")
	set(&cfg.CodeType, "organization")
	set(&cfg.Directory, DirectoryURL)
	set(&cfg.Identity, IdentityURL)
	cfg.Domain = strings.ToLower(cfg.Domain)
	if cfg.PerMinute <= 0 {
		cfg.PerMinute = 2400
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 16
	}
	if cfg.Settle <= 0 {
		cfg.Settle = 10 * time.Minute
	}
}

func (p *Platform) client(base string, scopes ...string) (*rest.Client, error) {
	// Google counts when a query arrives: those in flight may be late, and fall into a later minute than they were sent in.
	quotas := []rest.Quota{{Count: p.cfg.PerMinute, Per: time.Minute, Spare: 2 * p.cfg.InFlight}, {Count: perSecond, Per: time.Second, Spare: 1, Cost: makes}}
	return rest.New(rest.Config{Name: "google", Base: base, Fetch: p.key.fetch(p.cfg.Admin, scopes), Classify: classify, MaxBody: 16 << 20,
		Quotas: quotas, Machines: p.cfg.Machines, Timeout: p.cfg.Timeout, HTTP: p.cfg.HTTP, Now: p.cfg.Now, Sleep: p.cfg.Sleep})
}

// Share is told how many processes share the quotas.
func (p *Platform) Share(of int, joins bool) {
	p.api.Share(of, joins)
	if p.identity != nil {
		p.identity.Share(of, joins)
	}
}

// makes is what a request counts of the users that may be made.
func makes(r rest.Request) int {
	if r.Method == http.MethodPost && r.Path == usersPath {
		return 1
	}
	return 0
}

// A serviceKey is what Google gives as the key of a service account.
type serviceKey struct {
	Type    string `json:"type"`
	Email   string `json:"client_email"`
	ID      string `json:"private_key_id"`
	Private string `json:"private_key"`
	Token   string `json:"token_uri"`
}

// read checks the key now rather than at the first account.
func (k *serviceKey) read(file string, now func() time.Time) error {
	if err := json.Unmarshal([]byte(file), k); err != nil {
		return errors.New("it is no JSON; make a key of type JSON for the service account")
	}
	block, _ := pem.Decode([]byte(k.Private))
	if k.Type != "service_account" || k.Email == "" || block == nil {
		return errors.New("it is no key of a service account; make a key of type JSON for the service account")
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		return errors.New("its private key cannot be read; make another one")
	}
	if k.Token == "" {
		k.Token = TokenURL
	}
	if _, err := rest.New(rest.Config{Name: "google", Base: k.Token, Now: now}); err != nil {
		return errors.New("its token_uri is not an https:// address")
	}
	return nil
}

// fetch gets a token for the administrator: a signed statement is exchanged for it (RFC 7523 §2.1).
func (k serviceKey) fetch(admin string, scopes []string) func(context.Context) (*oauth2.Token, error) {
	cfg := &jwt.Config{Email: k.Email, PrivateKey: []byte(k.Private), PrivateKeyID: k.ID, Subject: admin, Scopes: scopes, TokenURL: k.Token}
	return func(ctx context.Context) (*oauth2.Token, error) { return cfg.TokenSource(ctx).Token() } // a source of its own each time: none is kept
}

// Name is "google".
func (p *Platform) Name() string { return "google" }

// Describe says how Google behaves.
func (p *Platform) Describe() account.Description {
	return account.Description{Undelete: undelete, Settle: p.cfg.Settle, InFlight: p.cfg.InFlight}
}

// Stats counts the queries.
func (p *Platform) Stats() rest.Stats { return p.api.Stats() }

// Close lets go of idle connections.
func (p *Platform) Close() error {
	if p.identity != nil {
		_ = p.identity.Close()
	}
	return p.api.Close()
}

// A made is where and when something was made by this process.
type made struct {
	address string
	at      time.Time
}

// remember notes, before a user is made, where he will be found: neither a search nor a listing knows him for long.
func (p *Platform) remember(a account.Account) {
	now := p.cfg.Now()
	m := made{strings.ToLower(a.Address), now}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range []string{codeKey(a.Code), markerKey(a.Marker), addressKey(a.Address)} {
		p.made[key] = m
	}
	for key, m := range p.made { // seldom more than one run's
		if now.Sub(m.at) > late {
			delete(p.made, key)
		}
	}
}

func (p *Platform) remembered(key string) (made, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.made[key]
	return m, ok
}

func codeKey(code string) string       { return "code " + strings.ToLower(code) }
func markerKey(marker string) string   { return "marker " + marker }
func addressKey(address string) string { return "address " + strings.ToLower(address) }
