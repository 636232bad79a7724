package app_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/app"
	"vanthu/bot/config"
)

// What the file says of Google is what is asked of it.
func TestOpenGoogle(t *testing.T) {
	t.Parallel()
	fake := googletest.New(time.Now)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	cfg := &config.Config{Accounts: config.Accounts{Platform: "google", Domain: fake.Domain, Google: config.Google{Key: config.Secret{Value: fake.KeyFile(server.URL)}, Admin: fake.Admin,
		OrgUnit: "/Sinh viên", MustChange: true, Unmanaged: true, Directory: server.URL, Identity: server.URL}}}
	p, closer, err := app.OpenPlatform(t.Context(), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closer() })
	if _, shares := p.(account.Sharer); !shares {
		t.Error("several processes would each ask as if they were alone")
	}
	a := account.Account{Code: "2153010001", User: "2153010001", Address: "2153010001@sv.truong.example", Name: "Lê Thị Bé", Marker: "vanthu:YC-2026-0001:1"}
	if _, err := account.Ensure(t.Context(), p, a, "an invented one 7"); err != nil {
		t.Fatal(err)
	}
	if all := fake.Accounts(); len(all) != 1 || all[0].OrgUnit != "/Sinh viên" || !all[0].MustChange {
		t.Errorf("accounts: %+v", all)
	}
}
