package config

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	canary := rand.Text()
	secret := Secret{File: "imap.pw", Value: canary}
	cfg := defaults()
	cfg.IMAP.Secret, cfg.SMTP.Secret, cfg.Store.Secret, cfg.Accounts.LDAP.Secret = secret, secret, secret, secret
	cfg.OAuth = OAuth{Provider: "google", ClientID: "1234", Client: Secret{File: "oauth.secret", Value: canary}}
	cfg.SMTP.From = "cntt@truong.example"
	shown := map[string]string{}
	for _, v := range []any{secret, &secret, cfg.OAuth, cfg.IMAP, cfg.Store, &cfg.SMTP, cfg.Accounts, cfg, *cfg, []any{cfg.IMAP}, map[string]any{"imap": cfg.IMAP}} {
		name := fmt.Sprintf("%T", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s"} {
			shown[name+" "+verb] = fmt.Sprintf(verb, v)
		}
		shown[name+" error"] = fmt.Errorf("imap: %v", v).Error()
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("m", "v", v)
			shown[name+" "+kind] = b.String()
		}
		var encoded bytes.Buffer
		if err := json.NewEncoder(&encoded).Encode(v); err != nil {
			t.Errorf("%s as JSON: %v", name, err)
		}
		if err := xml.NewEncoder(&encoded).Encode(secret); err != nil {
			t.Errorf("%s as XML: %v", name, err)
		}
		if err := toml.NewEncoder(&encoded).Encode(map[string]any{"v": cfg.IMAP}); err != nil {
			t.Errorf("%s as TOML: %v", name, err)
		}
		shown[name+" encoded"] = encoded.String()
	}
	shown["direct"] = secret.String() + secret.GoString()
	shown["Print"] = printed(t, cfg)
	for how, text := range shown {
		if strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", canary)) {
			t.Errorf("%s shows the secret: %s", how, text)
		}
	}
	if got := fmt.Sprint(secret, Secret{}); got != "(set) (none)" {
		t.Errorf("a set and an unset secret: got %q", got)
	}
	if !strings.Contains(shown["Print"], `password_file = "imap.pw" # (set)`) {
		t.Errorf("Print does not say where the secret is from:\n%s", shown["Print"])
	}
}

func TestDSN(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, value, want string }{
		{"sqlite:/var/lib/vanthu.db", "", "sqlite:/var/lib/vanthu.db"},
		{"postgres://vanthu@db:5432/vanthu", "", "postgres://vanthu@db:5432/vanthu"},
		{"postgres://vanthu@db:5432/vanthu?sslmode=require", "a/b@c", "postgres://vanthu:a%2Fb%40c@db:5432/vanthu?sslmode=require"},
	} {
		if got := (Store{URL: c.url, Secret: Secret{Value: c.value}}).DSN(); got != c.want {
			t.Errorf("DSN of %s: got %s, want %s", c.url, got, c.want)
		}
	}
}
