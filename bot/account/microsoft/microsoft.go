// Package microsoft makes accounts in a Microsoft 365 tenant over Microsoft Graph v1.0: users in two phases (the user, then his
// licence), Microsoft 365 groups, Temporary Access Passes.
//
// Where the student code, our marker and the rest stand, and why: decision 31. It must not know cases, plans or mails.
package microsoft

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Where Graph and the tokens are. National clouds have their own ("National cloud deployments").
const (
	Graph = "https://graph.microsoft.com"
	Login = "https://login.microsoftonline.com"
)

// kept is how long a deleted user stays in the deleted items ("directory resource type").
const kept = 30 * 24 * time.Hour

// A Config says which tenant, by which application, and what its users get.
type Config struct {
	Tenant      string // domain or id
	ClientID    string
	Secret      string // of the application; or
	Certificate []byte // PEM: its certificate and private key
	Domain      string // verified; user principal names end in it
	Graph       string // default Graph
	Login       string // default Login

	Licences      []string // part numbers or ids of products; none: groups give them, or nobody
	UsageLocation string   // ISO 3166, "VN"; without one there is no licence
	MarkerAttr    string   // which of extensionAttribute1 … 15 holds our marker
	PasswordAttr  string   // which holds when we set a password last

	PassLife time.Duration // of a Temporary Access Pass
	PassOnce bool

	Writes   int           // requests that change something in 2 min 30 s; 0: as published, 3,000
	Units    int           // resource units in 10 s; 0: as published for a small tenant, 3,500
	Machines int           // that share these two at least; 0: 1
	Settle   time.Duration // how long replicas may be late; 0: 15 min
	InFlight int           // 0: 24

	Timeout time.Duration
	HTTP    *http.Client
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// A Platform is a tenant. It is safe for concurrent use.
type Platform struct {
	cfg   Config
	graph *rest.Client
	base  *url.URL
	token func(context.Context) (string, error) // for preflight, which looks into it

	mu    sync.Mutex
	share float64   // x-ms-throttle-limit-percentage, when it was said last
	when  time.Time // … and then
	units map[string]sku
	skuAt time.Time
}

var extension = regexp.MustCompile(`^extensionAttribute([1-9]|1[0-5])$`)

// New checks the configuration; it asks nobody.
func New(cfg Config) (*Platform, error) {
	cfg.Graph, cfg.Login = cmp.Or(cfg.Graph, Graph), cmp.Or(cfg.Login, Login)
	cfg.MarkerAttr, cfg.PasswordAttr = cmp.Or(cfg.MarkerAttr, "extensionAttribute15"), cmp.Or(cfg.PasswordAttr, "extensionAttribute14")
	cfg.Writes, cfg.Units = cmp.Or(cfg.Writes, 3000), cmp.Or(cfg.Units, 3500)
	cfg.Settle, cfg.InFlight = cmp.Or(cfg.Settle, 15*time.Minute), cmp.Or(cfg.InFlight, 24)
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	if !extension.MatchString(cfg.MarkerAttr) || !extension.MatchString(cfg.PasswordAttr) || cfg.MarkerAttr == cfg.PasswordAttr {
		return nil, errors.New("microsoft: marker and password attribute must be two of extensionAttribute1 … extensionAttribute15")
	}
	if cfg.Domain == "" || cfg.Tenant == "" || cfg.ClientID == "" || cfg.Now == nil {
		return nil, errors.New("microsoft: tenant, client, domain and a clock must be said")
	}
	p := &Platform{cfg: cfg}
	fetch, err := p.fetcher()
	if err != nil {
		return nil, err
	}
	p.token = func(ctx context.Context) (string, error) {
		t, err := fetch(p.withHTTP(ctx))
		if err != nil {
			return "", err
		}
		return t.AccessToken, nil
	}
	if p.base, err = url.Parse(cfg.Graph); err != nil {
		return nil, fmt.Errorf("microsoft: the address of Graph: %w", err)
	}
	p.graph, err = rest.New(rest.Config{Name: "microsoft", Base: strings.TrimSuffix(cfg.Graph, "/") + "/v1.0", Fetch: fetch, Classify: classify,
		Quotas: []rest.Quota{
			// What is in flight may arrive late, and then together with what was sent after it.
			{Count: cfg.Writes, Per: 150 * time.Second, Spare: cfg.InFlight, Cost: writes},
			{Count: cfg.Units, Per: 10 * time.Second, Cost: func(r rest.Request) int { return max(1, r.N) }},
		},
		Machines: cfg.Machines, Timeout: cfg.Timeout, HTTP: cfg.HTTP, Now: cfg.Now, Sleep: cfg.Sleep})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Share is told how many processes share the quotas.
func (p *Platform) Share(of int, joins bool) { p.graph.Share(of, joins) }

// writes is what a request counts of the write quota. Our batches only ask.
func writes(r rest.Request) int {
	if r.Method == http.MethodGet || r.Path == batchPath {
		return 0
	}
	return 1
}

// Name is "microsoft".
func (p *Platform) Name() string { return "microsoft" }

// Describe says that deleted users can be brought back for 30 days, and that replicas are late.
func (p *Platform) Describe() account.Description {
	return account.Description{Undelete: kept, Settle: p.cfg.Settle, InFlight: p.cfg.InFlight}
}

// Stats counts the requests.
func (p *Platform) Stats() rest.Stats { return p.graph.Stats() }

// Close lets go of idle connections.
func (p *Platform) Close() error { return p.graph.Close() }

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
