package oauth

import "testing"

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for endpoint, good := range map[string]bool{
		"https://login.truong.example/token":     true,
		"http://127.0.0.1:8080/token":            true,
		"http://localhost/token":                 true,
		"http://[::1]:80/token":                  true,
		"http://login.truong.example/token":      false,
		"http://127.0.0.1.truong.example/token":  false,
		"http://192.0.2.1/token":                 false,
		"ftp://127.0.0.1/token":                  false,
		"https://user:pw@login.truong.example/":  false,
		"https:///token":                         false,
		"login.truong.example/token":             false,
		"https://login.truong.example/token#top": false,
		"":                                       false,
		"https://\x7f":                           false,
	} {
		if err := CheckURL(endpoint); (err == nil) != good {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	for _, name := range []string{Google, Microsoft} {
		p, err := Preset(name, "truong.example")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Provider: p}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.IMAP == "" || p.SMTP == "" || len(p.Scopes) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, err := Preset("gmail", ""); err == nil {
		t.Error("there is a provider gmail")
	}
	p, _ := Preset(Microsoft, "../evil.example/x")
	if p.TokenURL != "https://login.microsoftonline.com/..%2Fevil.example%2Fx/oauth2/v2.0/token" {
		t.Error(p.TokenURL)
	}
}
