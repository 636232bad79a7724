package app

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot/config"
	"vanthu/mailer/oauth"
)

// What proves us: a password of its own goes before [oauth], a token command too.
func TestCredentials(t *testing.T) {
	t.Parallel()
	provider := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.FormValue("client_secret") != "hush" || r.FormValue("client_id") != "vanthu" {
			t.Errorf("asked by %v", r.Form)
		}
		fmt.Fprint(w, `{"access_token":"from the grant","expires_in":3600}`)
	}))
	t.Cleanup(provider.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: provider.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{OAuth: config.OAuth{Provider: "custom", ClientID: "vanthu", Client: config.Secret{Value: "hush"}, AppOnly: true,
		Scopes: []string{"mail"}, TokenURL: provider.URL, CAFile: ca}}
	grant, err := NewGrant(cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{grant: grant, now: time.Now}
	stored := config.Secret{File: "imap.pw", Value: "pw"}
	if password, token := p.credentials(cfg, stored, nil); token != nil || password == nil {
		t.Error("a password of its own is not used")
	} else if got, err := password(t.Context()); got != "pw" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for want, command := range map[string][]string{"from the grant": nil, "from a command": {"/bin/echo", "from a command"}} {
		password, token := p.credentials(cfg, config.Secret{}, command)
		if password != nil {
			t.Error("a password")
		}
		if got, err := token(t.Context(), ""); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	_, token := p.credentials(cfg, config.Secret{}, []string{"/bin/sh", "-c", "echo SECRET; echo SECRET >&2; exit 3"})
	if _, err := token(t.Context(), ""); err == nil || strings.Contains(fmt.Sprintf("%+v", err), "SECRET") {
		t.Errorf("a command that fails: %v", err)
	}
	cfg.OAuth.CAFile = ""
	if grant, err = NewGrant(cfg, time.Now); err != nil {
		t.Fatal(err)
	}
	if _, err := grant.Token(t.Context(), ""); oauth.KindOf(err) != oauth.Temporary || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}
