package oauth

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzAnswer lets a provider answer anything: an error at worst, in which none of it stands.
func FuzzAnswer(f *testing.F) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		const canary = "canary-5d1f"
		if status < 200 || status > 599 {
			status = 200
		}
		path := filepath.Join(dir, "oauth.token")
		serve := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(strings.ReplaceAll(string(body), "CANARY", canary)))
		}
		source, err := New(Config{Provider: Provider{TokenURL: "http://127.0.0.1/token"}, ClientID: "vanthu", File: path,
			Client: &http.Client{Transport: inMemory(serve)}})
		if err != nil {
			t.Fatal(err)
		}
		text := `{"client_id":"vanthu","token_url":"http://127.0.0.1/token","refresh_token":"` + canary + `"}`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := source.Token(t.Context(), ""); err != nil {
			if KindOf(err) == "" || strings.Contains(err.Error(), canary) {
				t.Errorf("%v", err)
			}
		}
		if _, err := source.Status(); err != nil {
			t.Errorf("the token file was damaged: %v", err)
		}
	})
}

// FuzzFile lets anything lie in the token file.
func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		b := box{filepath.Join(dir, "oauth.token")}
		if err := os.WriteFile(b.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.read(); err != nil && KindOf(err) != Storage {
			t.Errorf("%v", err)
		}
	})
}
