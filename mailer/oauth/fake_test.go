package oauth

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		renewForEver(url, os.Getenv(childFile))
		return
	}
	goleak.VerifyTestMain(m)
}

// A provider is a token endpoint in this process. It is as strict as the strictest: a refresh token works once, and using
// one twice ends the grant (RFC 9700 §4.14.2).
type provider struct {
	t    *testing.T
	http *httptest.Server
	// answer sees a request first and returns true when it has dealt with it.
	answer func(w http.ResponseWriter, r *http.Request) bool

	mu      sync.Mutex
	rotates bool
	extra   map[string]any // in each answer
	refresh string         // the one that works
	used    map[string]bool
	revoked bool
	asked   []string // grant types
	access  string   // the last given
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, rotates: true, refresh: "first-" + rand.Text(), used: map[string]bool{}, extra: map[string]any{"expires_in": 3600}}
	p.http = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.http.Close)
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || r.Method != http.MethodPost {
		p.t.Errorf("%s %s", r.Method, r.URL)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.PostForm.Get("grant_type"))
	if p.answer != nil && p.answer(w, r) {
		return
	}
	if r.PostForm.Get("client_id") != "vanthu" || r.PostForm.Get("client_secret") != "hush" {
		refuse(w, "invalid_client")
		return
	}
	if r.PostForm.Get("grant_type") == "client_credentials" {
		p.give(w)
		return
	}
	token := r.PostForm.Get("refresh_token")
	if p.used[token] {
		p.revoked = true
	}
	if token != p.refresh || p.revoked {
		refuse(w, "invalid_grant")
		return
	}
	p.give(w)
}

// give answers with new tokens; p.mu is held.
func (p *provider) give(w http.ResponseWriter) {
	p.access = "access-" + rand.Text()
	reply := map[string]any{"access_token": p.access, "token_type": "Bearer"}
	if p.rotates {
		p.used[p.refresh] = true
		p.refresh = "next-" + rand.Text()
		reply["refresh_token"] = p.refresh
	}
	for k, v := range p.extra {
		reply[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}

func refuse(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"error":%q,"error_description":"AADSTS70008: no such thing, %s"}`, code, "whatever was sent")
}

func (p *provider) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// A clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A stand is a provider, a token file and a clock; sources are as many as the test wants.
type stand struct {
	*provider
	*clock
	cfg Config
}

func newStand(t *testing.T) *stand {
	t.Helper()
	p := newProvider(t)
	c := &clock{now: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)}
	s := &stand{provider: p, clock: c, cfg: Config{
		Provider: Provider{TokenURL: p.http.URL + "/token", AuthURL: p.http.URL + "/auth", DeviceURL: p.http.URL + "/device",
			Scopes: []string{"mail"}, AppScopes: []string{"mail/.default"}, Redirect: loopbackAddress},
		ClientID: "vanthu", Secret: "hush", File: filepath.Join(t.TempDir(), "oauth.token"), Client: p.http.Client(), Now: c.Now,
	}}
	return s
}

// loggedIn stores the first grant as a login would.
func (s *stand) loggedIn(t *testing.T) *stand {
	t.Helper()
	space, err := box{s.cfg.File}.reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer space.drop()
	err = space.keep(grant{Client: "vanthu", Token: s.cfg.Provider.TokenURL, Refresh: s.refresh, Login: s.Now(), Renewed: s.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stand) source(t *testing.T) *Source {
	t.Helper()
	source, err := New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// token asks for one that must come.
func token(t *testing.T, s *Source, refused string) string {
	t.Helper()
	got, err := s.Token(t.Context(), refused)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
