package inbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/mailer/oauth"
)

// An authority gives tokens, each refresh token once, and tells Dovecot which access token is good (RFC 7662).
type authority struct {
	mu      sync.Mutex
	n       int
	revoked bool // the access token given last is not good any more
	all     []string
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		if r.PostForm.Get("refresh_token") != fmt.Sprintf("refresh-canary-%d", a.n) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant"}`)
			return
		}
		a.n++
		a.revoked = false
		a.all = append(a.all, fmt.Sprintf("access-canary-%d", a.n), fmt.Sprintf("refresh-canary-%d", a.n))
		fmt.Fprintf(w, `{"access_token":"access-canary-%d","refresh_token":"refresh-canary-%[1]d","expires_in":3600}`, a.n)
		return
	}
	said := r.URL.Query().Get("token") + r.PostForm.Get("token") + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	good := strings.Contains(said, fmt.Sprintf("access-canary-%d", a.n)) && !a.revoked
	_ = json.NewEncoder(w).Encode(map[string]any{"active": good, "username": desk})
}

// The whole way with a real server: a grant in a file, a token by OAUTHBEARER or XOAUTH2, a refusal in the middle of life that
// is healed by a new token, and nothing of it in the log.
func TestTokensOnDovecot(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"oauthbearer", "xoauth2"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			a := &authority{}
			provider := httptest.NewServer(a)
			t.Cleanup(provider.Close)
			folder := t.TempDir()
			settings := filepath.Join(folder, "oauth2.conf")
			text := "introspection_mode = post\nintrospection_url = " + provider.URL + "/introspect\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n"
			if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg := dovecot(t, "auth_mechanisms = "+mechanism, "passdb {\n driver = oauth2\n mechanisms = oauthbearer xoauth2\n args = "+settings+"\n}")
			now := time.Now()
			var mu sync.Mutex
			clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
			file := filepath.Join(folder, "oauth.token")
			grant := fmt.Sprintf(`{"client_id":"vanthu","token_url":%q,"refresh_token":"refresh-canary-0"}`, provider.URL+"/token")
			if err := os.WriteFile(file, []byte(grant), 0o600); err != nil {
				t.Fatal(err)
			}
			source, err := oauth.New(oauth.Config{Provider: oauth.Provider{TokenURL: provider.URL + "/token"}, ClientID: "vanthu", File: file, Now: clock, Client: provider.Client()})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			cfg.Password, cfg.Token, cfg.Logger = nil, source.Token, slog.New(slog.NewTextHandler(&log, nil))
			put(t, cfg, []byte("Subject: one\r\n\r\nbody\r\n"))
			n := observe(t, cfg)
			n.gets(1)
			n.until(Idle)
			mu.Lock()
			now = now.Add(10 * time.Minute)
			mu.Unlock()
			a.mu.Lock()
			a.revoked = true
			a.mu.Unlock()
			put(t, cfg, []byte("Subject: two\r\n\r\nbody\r\n")) // on a connection of its own, with a token that is refused first
			n.gets(2)
			n.end()
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.n != 2 {
				t.Errorf("%d tokens were given, want 2", a.n)
			}
			for _, secret := range a.all {
				if strings.Contains(log.String(), secret) {
					t.Errorf("%s stands in the log:\n%s", secret, log.String())
				}
			}
		})
	}
}
