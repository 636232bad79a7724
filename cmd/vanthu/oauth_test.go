package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// oauthFolder is a configuration whose provider is a server of the test.
func oauthFolder(t *testing.T, provider *httptest.Server, more string) string {
	t.Helper()
	folder := t.TempDir()
	text := fmt.Sprintf(`
[imap]
user = "cntt@truong.example"
[oauth]
provider = "custom"
client_id = "vanthu"
client_secret_file = "oauth.secret"
token_file = "oauth.token"
token_url = "%[1]s/token"
auth_url = "%[1]s/auth"
scopes = ["mail"]
%[2]s`, provider.URL, more)
	for name, data := range map[string]string{"vanthu.toml": text, "oauth.secret": "hush-1f2e"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestOAuthLoginAndStatus(t *testing.T) {
	t.Parallel()
	var reply atomic.Value
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		text := reply.Load().(string)
		if strings.Contains(text, "error") {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(provider.Close)
	folder := oauthFolder(t, provider, "")
	config := "--config=" + filepath.Join(folder, "vanthu.toml")
	var all bytes.Buffer
	status := func(want int, says string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if got := run(t.Context(), append([]string{"oauth", "status", config}, args...), &out, &out); got != want || !strings.Contains(out.String(), says) {
			t.Errorf("status: %d, want %d with %q:\n%s", got, want, says, out.String())
		}
		all.Write(out.Bytes())
	}
	login := func(want int, says string) {
		t.Helper()
		in, out := io.Pipe()
		code := make(chan int, 1)
		go func() {
			code <- run(t.Context(), []string{"oauth", "login", config}, out, out)
			_ = out.Close()
		}()
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			fmt.Fprintln(&all, lines.Text())
			if !strings.HasPrefix(lines.Text(), provider.URL) {
				continue
			}
			go visit(t.Context(), lines.Text())
		}
		if got := <-code; got != want || !strings.Contains(all.String(), says) {
			t.Errorf("login: %d, want %d with %q:\n%s", got, want, says, all.String())
		}
	}
	status(1, "nobody has logged in yet")
	reply.Store(`{"error":"invalid_grant","error_description":"SECRET-3"}`)
	login(64, "log in again")
	reply.Store(`{"access_token":"SECRET-1","refresh_token":"SECRET-2","expires_in":1,"refresh_token_expires_in":7776000}`)
	login(0, "Logged in.")
	status(0, "unless it is renewed")
	reply.Store(`{"access_token":"SECRET-1","refresh_token":"SECRET-2","expires_in":1,"refresh_token_expires_in":86400}`)
	status(1, "Log in again before", "--try")
	reply.Store(`{"access_token":"SECRET-1","refresh_token":"SECRET-4","expires_in":1}`)
	status(0, "not known", "--try")
	reply.Store(`{"error":"temporarily_unavailable"}`)
	status(2, "no token now", "--try")
	reply.Store(`{"error":"invalid_grant"}`)
	status(1, "vanthu oauth login", "--try")
	for _, secret := range []string{"SECRET", "hush-1f2e"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%s was printed:\n%s", secret, all.String())
		}
	}
}

// visit is a browser that is sent back at once.
func visit(ctx context.Context, address string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	q := request.URL.Query()
	back, err := http.NewRequestWithContext(ctx, http.MethodGet, q.Get("redirect_uri")+"/?code=c&state="+q.Get("state"), nil)
	if err != nil {
		return
	}
	if reply, err := http.DefaultClient.Do(back); err == nil {
		_ = reply.Body.Close()
	}
}

func TestOAuthOfAnApplication(t *testing.T) {
	t.Parallel()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"SECRET-1","expires_in":3600}`)
	}))
	t.Cleanup(provider.Close)
	config := "--config=" + filepath.Join(oauthFolder(t, provider, "app_only = true\n"), "vanthu.toml")
	var out bytes.Buffer
	if got := run(t.Context(), []string{"oauth", "status", config}, &out, &out); got != 0 || !strings.Contains(out.String(), "gives tokens") || strings.Contains(out.String(), "SECRET") {
		t.Errorf("%d: %s", got, out.String())
	}
	if got := run(t.Context(), []string{"oauth", "login", config}, &out, &out); got != 64 {
		t.Errorf("login: %d", got)
	}
}
