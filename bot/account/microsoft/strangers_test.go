package microsoft_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/microsoft"
	"vanthu/bot/account/microsoft/microsofttest"
)

// A proxy's 404, or that of another API, is not "there is no such account": nobody is recorded as erased by it, or as never made.
func TestNotFoundOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		method, body string
	}{
		"a proxy's, to looks":       {http.MethodPost, "<html>404</html>"},
		"another API's, to looks":   {http.MethodPost, `{"error":{"code":"ResourceNotFound","message":"Invalid version."}}`},
		"a proxy's, to the erasure": {http.MethodDelete, "<html>404</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, unlimited(), nil, nil)
			a := accounttest.Person(660, 0)
			must(t, x.Create(t.Context(), a, accounttest.Password))
			p := front(t, x, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != answer.method || r.URL.Path == "/"+microsofttest.Tenant+"/oauth2/v2.0/token" {
					return false
				}
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, answer.body)
				return true
			})
			temporary(t, "erase", p.Erase(t.Context(), a))
			if answer.method == http.MethodPost {
				_, err := p.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
				temporary(t, "look up", err)
				temporary(t, "suspend", p.Suspend(t.Context(), a))
			}
			found, err := x.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
			if err != nil || len(found) != 1 || found[0].Deleted() || found[0].Suspended {
				t.Errorf("the account is %v, error %v", found, err)
			}
		})
	}
}

// What wants to be let alone for longer than anybody waits in place is told at once.
func TestABatchThatIsPutOff(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	p := front(t, x, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1.0/$batch" {
			return false
		}
		_, _ = io.WriteString(w, `{"responses":[`)
		for i := range 3 {
			_, _ = fmt.Fprintf(w, `{"id":"%d","status":429,"headers":{"Retry-After":"3000"},"body":{}},`, i)
		}
		_, _ = io.WriteString(w, `{"id":"3","status":503,"headers":{},"body":{}}]}`)
		return true
	})
	began := x.clock.Now()
	_, err := p.Lookup(t.Context(), account.Keys{Codes: []string{"B21"}, Addresses: []string{"a@sv.truong.example"}, Markers: []string{"vanthu:x"}})
	wait, ok := errors.AsType[*account.Wait](err)
	if !ok || wait.For < 50*time.Minute || wait.For > time.Hour {
		t.Errorf("error %v, want a Wait of 50 minutes", err)
	}
	if waited := x.clock.Now().Sub(began); waited > 3*time.Minute {
		t.Errorf("it was waited for %v", waited)
	}
}

// The application's secret goes to the endpoint that is configured and nowhere else.
func TestTheTokenEndpointSendsNobodyElsewhere(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	var asked atomic.Int64
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1)%2 == 1 { // for the look at the domain
			x.fake.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(login.Close)
	for _, client := range []*http.Client{nil, {}} {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		if client != nil {
			client.Transport = transport
		}
		p, err := microsoft.New(microsoft.Config{Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Secret: microsofttest.Secret, Domain: microsofttest.Domain,
			Graph: x.url, Login: login.URL, HTTP: client, Now: x.clock.Now, Sleep: x.clock.Sleep})
		must(t, err)
		p.Preflight(t.Context(), 1)
		if n := asked.Load() % 2; n != 0 {
			t.Errorf("a token was asked for %d times", asked.Load())
		}
		if n := elsewhere.Load(); n > 0 {
			t.Errorf("the secret was sent elsewhere %d times", n)
		}
		must(t, p.Close())
		transport.CloseIdleConnections()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	}
}
