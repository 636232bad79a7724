// Package rest is the HTTP side that the platforms behind an API share: it keeps a quota, carries a token, waits when the
// platform says so, tries again what may be tried again, and tells apart what was refused, what was not done and what nobody
// knows the end of.
//
// It must not know any platform: what a status and an error code mean is handed in (Config.Classify). No error of it holds a
// token, an address, or a word that the platform wrote but a code.
package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"vanthu/bot/account"
)

// What a Classify may say beside the errors of package account. Of all four the platform has done nothing: they are
// account.ErrUndone, too. The first three are sent again in place, whatever the method, while Patience lasts; of ErrLater trying again
// at once is of no use: a right is missing.
var (
	ErrBusy   = fmt.Errorf("the platform says that it is asked too much (%w)", account.ErrUndone)
	ErrToken  = fmt.Errorf("the platform does not take our token (%w)", account.ErrUndone)
	ErrUndone = fmt.Errorf("the platform has not done it (%w)", account.ErrUndone)
	ErrLater  = fmt.Errorf("the platform does not do it now (%w)", account.ErrUndone)
)

// A Config says whom to ask and how. Everything but Name, Base and Now may be left zero.
type Config struct {
	Name string // of the platform, for errors: "google"
	Base string // "https://admin.googleapis.com"; plain HTTP for a loopback address only

	// Fetch gets a new token, each time that it is called: clientcredentials.Config.Token, or jwt.Config.TokenSource(ctx).Token.
	// The client keeps it until shortly before its end. nil: none is needed.
	Fetch func(ctx context.Context) (*oauth2.Token, error)
	// Authorize puts the token into a request; nil: the header Authorization: Bearer (RFC 6750 §2.1).
	Authorize func(r *http.Request, token string)

	Quotas   []Quota
	Machines int // share the quotas at least: programs that Share is told nothing of are among them; 0: 1
	// Classify says what an answer means: nil for success, one of account's errors, one of the three above, or any other for
	// a temporary one of which nobody knows whether the work is done. nil: by status alone (ByStatus).
	Classify func(a Answer) error

	Timeout  time.Duration // of one request; 0: 30 s
	Tries    int           // of one Do; 0: 6
	Patience time.Duration // of one Do, for waits between tries; what must wait longer is an account.Wait; 0: 2 min
	Backoff  time.Duration // before the second try, doubled each time up to 32 s; 0: 1 s
	MaxBody  int64         // of an answer; 0: 8 MB

	HTTP  *http.Client // nil: the system's authorities. Redirects are never followed
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	Rand  func() float64 // in [0, 1), for the jitter
}

// A Request is one call.
type Request struct {
	What   string // for errors: "users.insert"
	Method string
	Path   string // below Base, escaped where it must be (url.PathEscape)
	Query  url.Values
	Header http.Header
	Body   any // nil, []byte as it is (say its type in Header), or what becomes JSON
	Into   any // nil, *[]byte, or what the JSON of a success is read into
	// Repeat says that the request may be sent again although an earlier one may have been done. GET, HEAD, PUT and DELETE may
	// (RFC 9110 §9.2.2); a POST that only asks, or a PATCH that sets the same again, may say so.
	Repeat bool
	N      int // what it counts of a quota: requests in a batch; 0: 1
}

// An Answer is what came back. Of an error there may be one, too.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Time is what time it was for who answered (RFC 9110 §6.6.1), zero when he did not say.
func (a Answer) Time() time.Time {
	at, _ := http.ParseTime(a.Header.Get("Date")) // none, then
	return at
}

// A Client is safe for concurrent use.
type Client struct {
	cfg     Config
	base    *url.URL
	buckets []*bucket

	busy    chan struct{} // holds one: somebody fetches a token, and has token and expires
	token   string
	expires time.Time

	mu    sync.Mutex
	rest  time.Time // nothing is sent before: the platform said so
	joins time.Time // nor before: others who share the quotas do not all know it yet
	of    int       // that share the quotas; 0: nobody has said
	fewer int       // that were seen since then, when it was less
	since time.Time
	stats Stats
}

// Stats counts what a client has done.
type Stats struct {
	Requests int // sent
	Busy     int // answered with ErrBusy
	Again    int // sent once more
}

// New checks the configuration; it asks nobody.
func New(cfg Config) (*Client, error) {
	if cfg.Now == nil {
		return nil, fmt.Errorf("%s: the client of the API needs a clock", cfg.Name)
	}
	base, err := url.Parse(strings.TrimSuffix(cfg.Base, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("%s: the address of the API is none; write for example https://api.truong.example", cfg.Name)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())) {
		return nil, fmt.Errorf("%s: the address of the API, %s://%s, would send tokens and passwords in the clear; write https://", cfg.Name, base.Scheme, base.Host)
	}
	client := &http.Client{}
	if cfg.HTTP != nil {
		*client = *cfg.HTTP
	} else { // the default keeps two connections: the other rows in flight would make one for each request
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 32
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // secrets stay where they were sent
	cfg.HTTP = client
	cfg.defaults()
	c := &Client{cfg: cfg, base: base, busy: make(chan struct{}, 1)}
	for _, q := range cfg.Quotas {
		c.buckets = append(c.buckets, newBucket(q))
	}
	return c, nil
}

func (cfg *Config) defaults() {
	if cfg.Authorize == nil {
		cfg.Authorize = func(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	if cfg.Classify == nil {
		cfg.Classify = ByStatus
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	for _, d := range []struct {
		field     *time.Duration
		otherwise time.Duration
	}{{&cfg.Timeout, 30 * time.Second}, {&cfg.Patience, 2 * time.Minute}, {&cfg.Backoff, time.Second}} {
		if *d.field <= 0 {
			*d.field = d.otherwise
		}
	}
	if cfg.Tries <= 0 {
		cfg.Tries = 6
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = 8 << 20
	}
}

// Stats returns what was counted until now.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

func (c *Client) count(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}

// Close lets go of idle connections.
func (c *Client) Close() error {
	c.cfg.HTTP.CloseIdleConnections()
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

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
