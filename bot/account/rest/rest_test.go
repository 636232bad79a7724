package rest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"pgregory.net/rapid"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
	"vanthu/bot/account/resttest"
)

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// api is a server that counts what it has done, behind faults.
type api struct {
	*resttest.Faults
	clock *resttest.Clock
	url   string

	mu     sync.Mutex
	done   int
	tokens int
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done++
	_ = json.NewEncoder(w).Encode(map[string]string{"said": "done", "token": r.Header.Get("Authorization")})
}

func newAPI(t *testing.T, faults ...resttest.Fault) *api {
	t.Helper()
	a := &api{clock: resttest.NewClock(start)}
	a.Faults = &resttest.Faults{Handler: a, Clock: a.clock, Choose: func(n int, _ *http.Request) resttest.Fault {
		if n <= len(faults) {
			return faults[n-1]
		}
		return resttest.Fine
	}}
	server := httptest.NewServer(a.Faults)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *api) client(t *testing.T, change func(*rest.Config)) *rest.Client {
	t.Helper()
	cfg := rest.Config{Name: "api", Base: a.url, Now: a.clock.Now, Sleep: a.clock.Sleep, Fetch: func(context.Context) (*oauth2.Token, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.tokens++
		return &oauth2.Token{AccessToken: fmt.Sprint("secret", a.tokens), ExpiresIn: 3600}, nil
	}}
	if change != nil {
		change(&cfg)
	}
	c, err := rest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What is tried again in place, and how often the work is done: never twice unless it may be.
func TestFaults(t *testing.T) {
	t.Parallel()
	const ok, unknown, wait, exists, refused = "ok", "unknown", "wait", "exists", "permanent"
	for _, test := range []struct {
		method string
		faults []resttest.Fault
		want   string
		done   int
	}{
		{"GET", []resttest.Fault{resttest.Lost, resttest.Cut}, ok, 3},
		{"GET", []resttest.Fault{resttest.Internal, resttest.Unavailable}, ok, 1},
		{"GET", []resttest.Fault{resttest.Busy, resttest.BusyFor, resttest.BusyUntil, resttest.Expired}, ok, 1},
		{"PUT", []resttest.Fault{resttest.Lost}, ok, 2},
		{"POST", []resttest.Fault{resttest.Lost}, unknown, 1},
		{"POST", []resttest.Fault{resttest.Cut}, unknown, 1},
		{"POST", []resttest.Fault{resttest.Refused}, unknown, 0},
		{"POST", []resttest.Fault{resttest.InternalDone}, unknown, 1},
		{"POST", []resttest.Fault{resttest.Unavailable}, unknown, 0},
		{"POST", []resttest.Fault{resttest.Busy, resttest.BusyFor, resttest.BusyUntil}, ok, 1},
		{"POST", []resttest.Fault{resttest.Expired}, ok, 1},
		{"POST", []resttest.Fault{resttest.Expired, resttest.Expired}, unknown, 0},
		{"POST", []resttest.Fault{resttest.Conflict}, exists, 0},
		{"POST", []resttest.Fault{resttest.Precondition}, refused, 0},
		{"POST", slices.Repeat([]resttest.Fault{resttest.Busy}, 20), wait, 0},
		{"GET", slices.Repeat([]resttest.Fault{resttest.Internal}, 20), unknown, 0},
	} {
		t.Run(fmt.Sprint(test.method, test.faults), func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, test.faults...)
			var said struct{ Said string }
			_, err := a.client(t, nil).Do(t.Context(), rest.Request{What: "things.change", Method: test.method, Path: "/an.nguyen@truong.example", Body: "secret", Into: &said})
			got := unknown
			if _, waits := errors.AsType[*account.Wait](err); waits {
				got = wait
			}
			switch {
			case err == nil && said.Said == "done":
				got = ok
			case errors.Is(err, account.ErrExists):
				got = exists
			case errors.Is(err, account.ErrPermanent):
				got = refused
			}
			a.mu.Lock()
			done := a.done
			a.mu.Unlock()
			if got != test.want || done != test.done {
				t.Errorf("%s, work done %d times (%v), want %s, %d", got, done, err, test.want, test.done)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "nguyen") || !strings.Contains(err.Error(), "things.change")) {
				t.Errorf("the error tells too much or too little: %v", err)
			}
		})
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	a := newAPI(t, resttest.Hang)
	_, err := a.client(t, func(c *rest.Config) { c.Timeout = 50 * time.Millisecond }).Do(t.Context(), rest.Request{What: "things.make", Method: "POST", Path: "/"})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, account.ErrPermanent) {
		t.Errorf("error %v, want a temporary one about the time", err)
	}
}

// A Retry-After of days, or of a year, stops nobody for longer than an hour.
func TestAbsurdWait(t *testing.T) {
	t.Parallel()
	for _, said := range []string{"86400", "31536000", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		clock := resttest.NewClock(start)
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 1 {
				w.Header().Set("Retry-After", said)
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = w.Write([]byte("{}"))
		}))
		t.Cleanup(server.Close)
		c, err := rest.New(rest.Config{Name: "api", Base: server.URL, Now: clock.Now, Sleep: clock.Sleep})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"})
		if w, ok := errors.AsType[*account.Wait](err); !ok || w.For > 61*time.Minute {
			t.Errorf("%s: error %v, want a Wait of an hour", said, err)
		}
		clock.Step(61 * time.Minute)
		if _, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"}); err != nil {
			t.Errorf("%s: an hour later: %v", said, err)
		}
	}
}

// Of a long Retry-After the caller hears; meanwhile nobody else asks either.
func TestLongWait(t *testing.T) {
	t.Parallel()
	clock := resttest.NewClock(start)
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	c, err := rest.New(rest.Config{Name: "api", Base: server.URL, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"})
		if w, ok := errors.AsType[*account.Wait](err); !ok || w.For < time.Hour || w.For > 61*time.Minute || asked != 1 {
			t.Fatalf("error %v after %d requests, want to wait for an hour after one", err, asked)
		}
	}
	clock.Step(61 * time.Minute)
	if _, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"}); err != nil {
		t.Error(err)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	a := newAPI(t, resttest.Fine, resttest.Expired)
	c := a.client(t, nil)
	ask := func(want string) {
		t.Helper()
		var said struct{ Token string }
		if _, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/", Into: &said}); err != nil || said.Token != want {
			t.Errorf("token %q, error %v, want %q", said.Token, err, want)
		}
	}
	ask("Bearer secret1")
	ask("Bearer secret2") // refused once
	ask("Bearer secret2")
	a.clock.Step(time.Hour - 30*time.Second)
	ask("Bearer secret3") // at its end
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens != 3 {
		t.Errorf("%d tokens", a.tokens)
	}
}

func TestTokenError(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := a.client(t, func(cfg *rest.Config) {
		cfg.Fetch = func(context.Context) (*oauth2.Token, error) {
			return nil, &oauth2.RetrieveError{Response: &http.Response{StatusCode: 401}, Body: []byte(`{"error":"unauthorized_client","error_description":"an.nguyen secret"}`)}
		}
	})
	_, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"})
	if err == nil || errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "401 unauthorized_client") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done != 0 {
		t.Error("asked without a token")
	}
}

// Why there is no token is said where it is a matter of the line: an administrator looks elsewhere when he is told of a key.
func TestTokenUnreached(t *testing.T) {
	t.Parallel()
	nobody := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.truong.example", IsNotFound: true}}
	for want, cause := range map[string]error{
		"no such host":      &url.Error{Op: "Post", URL: "https://api.truong.example/?password=secret", Err: nobody},
		"unknown authority": &url.Error{Op: "Post", URL: "https://api.truong.example/?password=secret", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		"token endpoint":    errors.New("secret"),
	} {
		a := newAPI(t)
		auth := a.client(t, func(cfg *rest.Config) {
			cfg.HTTP, cfg.Fetch = &http.Client{Transport: refuses{cause}}, nil
		})
		for name, fetch := range map[string]func(context.Context) (*oauth2.Token, error){
			"the endpoint": func(context.Context) (*oauth2.Token, error) { return nil, cause },
			"a client": func(ctx context.Context) (*oauth2.Token, error) {
				_, err := auth.Do(ctx, rest.Request{What: "sign in", Method: "POST", Path: "/"})
				return nil, err
			},
		} {
			c := a.client(t, func(cfg *rest.Config) { cfg.Fetch, cfg.Tries = fetch, 1 })
			_, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"})
			if !errors.Is(err, account.ErrUndone) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s of %s: %v", want, name, err)
			}
		}
	}
}

type refuses struct{ err error }

func (r refuses) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"said":%q}`, strings.Repeat("x", 2000))
	}))
	t.Cleanup(server.Close)
	clock := resttest.NewClock(start)
	c, err := rest.New(rest.Config{Name: "api", Base: server.URL, MaxBody: 1000, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"}); err == nil || errors.Is(err, account.ErrPermanent) {
		t.Errorf("error %v, want a temporary one", err)
	}
}

// A redirect would carry the token elsewhere.
func TestRedirect(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("redirect followed") }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	clock := resttest.NewClock(start)
	c, err := rest.New(rest.Config{Name: "api", Base: server.URL, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), rest.Request{What: "things.list", Method: "GET", Path: "/"}); err == nil {
		t.Error("no error")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "api.truong.example", "http://api.truong.example", "ftp://127.0.0.1", "https://u:p@api.truong.example", "https://api.truong.example/?x=1"} {
		if _, err := rest.New(rest.Config{Name: "api", Base: base, Now: resttest.NewClock(start).Now}); err == nil {
			t.Errorf("%q taken", base)
		}
	}
	for _, base := range []string{"https://api.truong.example/v1/", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:1"} {
		if _, err := rest.New(rest.Config{Name: "api", Base: base, Now: resttest.NewClock(start).Now}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// No span as long as the quota's ever holds more than the quota, however requests come, and they come as fast as it lets them.
func TestQuota(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := rest.Quota{Count: rapid.IntRange(1, 60).Draw(t, "count"), Per: time.Minute, Burst: rapid.IntRange(0, 70).Draw(t, "burst")}
		clock := resttest.NewClock(start)
		var sent []time.Time
		c, err := rest.New(rest.Config{Name: "api", Base: "http://127.0.0.1:1", Quotas: []rest.Quota{q}, Now: clock.Now, Sleep: clock.Sleep,
			HTTP: &http.Client{Transport: sender(func(*http.Request) (*http.Response, error) {
				sent = append(sent, clock.Now())
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			})}})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			clock.Step(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 900, 30_000}).Draw(t, "pause")) * time.Millisecond)
			if _, err := c.Do(t.Context(), rest.Request{What: "x", Method: "GET", Path: "/"}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range sent {
			if j := i + q.Count; j < len(sent) && sent[j].Sub(sent[i]) < q.Per {
				t.Fatalf("%d requests in %v", q.Count+1, sent[j].Sub(sent[i]))
			}
		}
	})
}

// Published quotas are used up, not only kept.
func TestQuotaSpeed(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := a.client(t, func(cfg *rest.Config) { cfg.Quotas = []rest.Quota{{Count: 2400, Per: time.Minute}} })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 60 {
				if _, err := c.Do(t.Context(), rest.Request{What: "x", Method: "POST", Path: "/", N: 10}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if took := a.clock.Now().Sub(start); took < 115*time.Second || took > 125*time.Second {
		t.Errorf("4,800 requests took %v, want two minutes", took)
	}
}

type sender func(*http.Request) (*http.Response, error)

func (s sender) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }
