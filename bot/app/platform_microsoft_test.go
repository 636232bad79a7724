package app_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/microsoft/microsofttest"
	"vanthu/bot/app"
	"vanthu/bot/config"
)

// What stands in the configuration reaches the tenant; passes only where they are wanted.
func TestOpenMicrosoft(t *testing.T) {
	t.Parallel()
	fake := microsofttest.New(time.Now, microsofttest.Config{})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	cfg := &config.Config{Accounts: config.Accounts{Platform: "microsoft", Domain: microsofttest.Domain, Microsoft: config.Microsoft{
		Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Client: config.Secret{Value: microsofttest.Secret}, Licences: []string{microsofttest.Licence}, UsageLocation: "VN",
		PassMinutes: 60, Writes: 3000, Units: 3500, Machines: 2, InFlight: 7, Settle: time.Minute, Timeout: 10 * time.Second, GraphURL: server.URL, LoginURL: server.URL}}}
	p, closer, err := app.OpenPlatform(t.Context(), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closer() })
	if _, shares := p.(account.Sharer); !shares {
		t.Error("several processes would each ask as if they were alone")
	}
	if d := p.Describe(); p.Name() != "microsoft" || d.InFlight != 7 || d.Settle != time.Minute || d.Undelete != 30*24*time.Hour {
		t.Errorf("%s %+v", p.Name(), d)
	}
	a := accounttest.Person(650, 0)
	if _, err := account.Ensure(t.Context(), p, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	if people := fake.Holders(); len(people) != 1 || people[0].Licences != 1 || people[0].Marker != a.Marker || !fake.SignsIn(t, a.User, accounttest.Password) {
		t.Errorf("%+v", people)
	}
	if _, passes := p.(account.Passer); passes {
		t.Error("it makes passes that nobody wants")
	}
	cfg.Accounts.Microsoft.AccessPass = true
	with, closeIt, err := app.OpenPlatform(t.Context(), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeIt() })
	passer, passes := with.(account.Passer)
	if !passes {
		t.Fatal("it makes no passes")
	}
	if _, finishes := with.(account.Finisher); !finishes {
		t.Error("it gives no licences")
	}
	pass, err := passer.Pass(t.Context(), a)
	if err != nil || !fake.PassWorks(t, a.User, pass) {
		t.Errorf("the pass does not work: %v", err)
	}
}

// A tenant that gives every right and refuses the filter by which people are looked for is told before a plan is approved.
func TestPreflightLooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		level  account.Level
	}{"refused": {400, account.CheckFailed}, "away": {503, account.CheckWarning}, "well": {0, ""}} {
		fake := microsofttest.New(time.Now, microsofttest.Config{Sub: func(_, path string) int {
			if strings.HasPrefix(path, "directory/deletedItems") {
				return c.status
			}
			return 0
		}})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := &config.Config{Accounts: config.Accounts{Platform: "microsoft", Domain: microsofttest.Domain, Microsoft: config.Microsoft{
			Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Client: config.Secret{Value: microsofttest.Secret}, Licences: []string{microsofttest.Licence}, UsageLocation: "VN",
			Writes: 3000, Units: 3500, Timeout: 10 * time.Second, GraphURL: server.URL, LoginURL: server.URL}}}
		var got account.Level
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // what is away is waited for
		for _, check := range app.Preflight(ctx, cfg, time.Now, 1).Checks {
			if check.What == "look" {
				got = check.Level
			}
		}
		cancel()
		if got != c.level {
			t.Errorf("%s: %q, want %q", name, got, c.level)
		}
	}
}
