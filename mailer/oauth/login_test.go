package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/google/go-cmp/cmp"
)

// inMemory answers requests without a network, so that time in a bubble of synctest can pass.
type inMemory http.HandlerFunc

func (f inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	f(w, r)
	return w.Result(), nil
}

// The code is polled as slowly as the provider wants, until the person is done or gives up (RFC 8628 §3.5).
func TestLoginByCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replies []string // to the polls; the last is given for ever
		want    Kind
		lasts   time.Duration
	}{
		"done":      {[]string{"authorization_pending", "slow_down", "authorization_pending", ""}, "", (3 + 3 + 8 + 8) * time.Second},
		"no":        {[]string{"authorization_pending", "access_denied"}, Dead, 6 * time.Second},
		"forgotten": {[]string{"authorization_pending"}, Temporary, 15 * time.Minute},
		"expired":   {[]string{"expired_token"}, Dead, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				polls := 0
				serve := func(w http.ResponseWriter, r *http.Request) {
					_ = r.ParseForm()
					w.Header().Set("Content-Type", "application/json")
					if r.URL.Path == "/device" {
						fmt.Fprint(w, `{"device_code":"DEVICE","user_code":"AB-CD","verification_uri":"https://login.example/device","expires_in":900,"interval":3}`)
						return
					}
					if r.PostForm.Get("device_code") != "DEVICE" || r.PostForm.Get("client_secret") != "hush" {
						t.Errorf("%v", r.PostForm)
					}
					reply := c.replies[min(polls, len(c.replies)-1)]
					if polls++; reply != "" {
						refuse(w, reply)
						return
					}
					fmt.Fprint(w, `{"access_token":"a","refresh_token":"r","expires_in":3600}`)
				}
				source, err := New(Config{Provider: Provider{TokenURL: "http://127.0.0.1/token", DeviceURL: "http://127.0.0.1/device"},
					ClientID: "vanthu", Secret: "hush", File: dir + "/oauth.token", Client: &http.Client{Transport: inMemory(serve)}})
				if err != nil {
					t.Fatal(err)
				}
				began, shown := time.Now(), ""
				err = source.LoginByCode(t.Context(), func(address, code string) { shown = address + " " + code })
				if KindOf(err) != c.want || (err == nil) != (c.want == "") || shown != "https://login.example/device AB-CD" {
					t.Errorf("%v, shown %q", err, shown)
				}
				if got := time.Since(began); got != c.lasts {
					t.Errorf("lasted %v, want %v", got, c.lasts)
				}
				if got, err := source.Token(t.Context(), ""); (err == nil) != (c.want == "") || err == nil && got != "a" {
					t.Errorf("%q, %v", got, err)
				}
			})
		})
	}
}

// browser is a person with a browser on this machine or on another.
func browser(t *testing.T, s *stand, source *Source, visit func(redirect, state string, query url.Values), pasted io.Reader) error {
	t.Helper()
	return source.LoginByBrowser(t.Context(), "cntt@truong.example", pasted, func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
			return
		}
		q := u.Query()
		if q.Get("code_challenge_method") != "S256" || q.Get("access_type") != "offline" || q.Get("scope") != "mail" || q.Get("login_hint") != "cntt@truong.example" {
			t.Errorf("asked with %v", q)
		}
		s.answer = func(w http.ResponseWriter, r *http.Request) bool {
			hash := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
			if base64.RawURLEncoding.EncodeToString(hash[:]) != q.Get("code_challenge") || r.PostForm.Get("redirect_uri") != q.Get("redirect_uri") || r.PostForm.Get("code") != "CODE" {
				refuse(w, "invalid_grant")
				return true
			}
			s.give(w)
			return true
		}
		visit(q.Get("redirect_uri"), q.Get("state"), q)
	})
}

func get(t *testing.T, address string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Get(address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode
}

func TestLoginByBrowser(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	source := s.source(t)
	err := browser(t, s, source, func(redirect, state string, _ url.Values) {
		if !strings.HasPrefix(redirect, "http://127.0.0.1:") {
			t.Errorf("sent back to %s", redirect)
		}
		for _, forged := range []string{"/?code=EVIL", "/?code=EVIL&state=", "/?code=EVIL&state=" + state + "x", "/?error=access_denied&state=x"} {
			if got := get(t, redirect+forged); got != http.StatusNotFound {
				t.Errorf("%s: %d", forged, got)
			}
		}
		if got := get(t, redirect+"/?code=CODE&state="+state); got != http.StatusOK {
			t.Errorf("%d", got)
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.answer = nil
	if token(t, source, "") != s.access || s.times() != 1 {
		t.Errorf("asked %d times", s.times())
	}
	s.pass(time.Hour)
	token(t, source, "")
	if status, err := source.Status(); err != nil || status.Renewed.Sub(status.Login) != time.Hour {
		t.Errorf("%+v, %v", status, err)
	}
}

// On a server without a browser the person pastes the address at which his own browser ended.
func TestLoginByPaste(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	in, out := io.Pipe()
	pasted := make(chan struct{})
	err := browser(t, s, s.source(t), func(redirect, state string, _ url.Values) {
		go func() {
			defer close(pasted)
			fmt.Fprintf(out, "hello\n\nhttp://127.0.0.1/?code=EVIL&state=x\n  %s/?state=%s&code=CODE&scope=x \n", redirect, state)
			_ = out.Close()
		}()
	}, in)
	if err != nil {
		t.Error(err)
	}
	_ = in.Close()
	<-pasted
}

func TestLoginByBrowserFails(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]Kind{
		"error=access_denied": Dead, "error=admin_policy_enforced": Refused, "error=SECRET": Dead, "": Dead, "code=OTHER": Dead,
	} {
		s := newStand(t)
		source := s.source(t)
		err := browser(t, s, source, func(redirect, state string, _ url.Values) { get(t, redirect+"/?state="+state+"&"+answer) }, nil)
		if KindOf(err) != want || strings.Contains(fmt.Sprint(err), "SECRET") {
			t.Errorf("%s: %v", answer, err)
		}
	}
	s := newStand(t)
	s.rotates = false
	err := browser(t, s, s.source(t), func(redirect, state string, _ url.Values) { get(t, redirect+"/?code=CODE&state="+state) }, nil)
	if KindOf(err) != Refused {
		t.Errorf("without a refresh token: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.source(t).LoginByBrowser(ctx, "", nil, func(string) { cancel() })
	if KindOf(err) != Temporary {
		t.Errorf("stopped: %v", err)
	}
	s.cfg.Provider.AuthURL, s.cfg.Provider.DeviceURL = "", ""
	none := s.source(t)
	if KindOf(none.LoginByBrowser(t.Context(), "", nil, nil)) != Refused || KindOf(none.LoginByCode(t.Context(), nil)) != Refused {
		t.Error("a provider that has neither")
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mechanism, user, want string }{
		{XOAUTH2, "cntt@truong.example", "user=cntt@truong.example\x01auth=Bearer tok\x01\x01"},
		{sasl.OAuthBearer, "a=b,c@truong.example", "n,a=a=3Db=2Cc@truong.example,\x01auth=Bearer tok\x01\x01"},
	} {
		b := Bearer(c.mechanism, c.user, "tok")
		mechanism, first, err := b.Start()
		if err != nil || mechanism != c.mechanism {
			t.Errorf("%s: %v", mechanism, err)
		}
		if diff := cmp.Diff(c.want, string(first)); diff != "" {
			t.Error(diff)
		}
		if next, err := b.Next([]byte(`{"status":"invalid_token"}`)); err != nil || string(next) != "\x01" {
			t.Errorf("%q, %v", next, err)
		}
	}
	for _, bad := range [][2]string{{"u\x01auth=Bearer x", "t"}, {"u", "t\x01"}, {"u", ""}, {"u", "a b"}, {"u\r\n", "t"}} {
		if _, _, err := Bearer(XOAUTH2, bad[0], bad[1]).Start(); err == nil {
			t.Errorf("%q", bad)
		}
	}
}

// Two logins by OAUTHBEARER understand each other.
func TestBearerAgainstItsServer(t *testing.T) {
	t.Parallel()
	server := sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
		if o.Token == "good" {
			return nil
		}
		return &sasl.OAuthBearerError{Status: "invalid_token"}
	})
	client := Bearer(sasl.OAuthBearer, "cntt@truong.example", "bad")
	_, first, _ := client.Start()
	challenge, done, err := server.Next(first)
	if done || err != nil || len(challenge) == 0 {
		t.Fatalf("%q %v %v", challenge, done, err)
	}
	answer, err := client.Next(challenge)
	if err != nil {
		t.Fatal(err)
	}
	if _, done, err := server.Next(answer); !done || err == nil {
		t.Errorf("the exchange does not end: %v %v", done, err)
	}
}
