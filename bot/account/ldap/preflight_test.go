package ldap

import (
	"context"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

// said are the checks in a line: those that failed in capitals, warnings with a question mark.
func said(checks []account.Check) string {
	var all []string
	for _, c := range checks {
		switch c.Level {
		case account.CheckFailed:
			c.What = strings.ToUpper(c.What)
		case account.CheckWarning:
			c.What += "?"
		case account.CheckOK:
		}
		all = append(all, c.What)
	}
	return strings.Join(all, " ")
}

func trial(t *testing.T, d *Directory, tag string) string {
	t.Helper()
	checks, left := account.Trial{Platform: d, Account: account.TrialAccount("sv.truong.example", tag), Password: accounttest.Password, Now: time.Now,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}.Run(t.Context())
	if left != "" {
		t.Error(left)
	}
	for _, c := range checks {
		if strings.Contains(c.Said, accounttest.Password) || strings.Contains(c.Said, bindPass) {
			t.Errorf("%s: a password is said: %s", c.What, c.Said)
		}
	}
	return said(checks)
}

const allWell = "make sign_in suspend locked erase"

func TestSlapdPreflight(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "moduleload pw-sha2", "")
	d := directory(t, s.config())
	if got := said(d.Preflight(t.Context(), 10)); got != "connection org_unit rights? unique?" {
		t.Errorf("nothing made yet: %s", got)
	}
	if got := trial(t, d, "AB12"); got != allWell {
		t.Errorf("a trial: %s", got)
	}
	if _, err := account.Ensure(t.Context(), d, accounttest.Person(1, 0), accounttest.Password); err != nil {
		t.Fatal(err)
	}
	if got := said(d.Preflight(t.Context(), 10)); got != "connection org_unit rights unique?" {
		t.Errorf("with one that vanthu made: %s", got)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a wrong password": {func(c *Config) { c.Password = "Canary-wrong-2" }, "CONNECTION"},
		"no such base":     {func(c *Config) { c.Base = "ou=nowhere," + slapdSuffix }, "CONNECTION"},
		"no server":        {func(c *Config) { c.URL = "ldaps://127.0.0.1:1" }, "CONNECTION"},
	} {
		cfg := s.config()
		c.change(&cfg)
		checks := directory(t, cfg).Preflight(t.Context(), 10)
		if got := said(checks); got != c.want || strings.Contains(checks[0].Said, "Canary") {
			t.Errorf("%s: %s %+v", name, got, checks)
		}
	}
	// Where it may not write, only the trial shows it; a hash that the server does not know shows in the sign-in.
	cfg := s.config()
	cfg.Base = "ou=left," + slapdSuffix
	if got := trial(t, directory(t, cfg), "AB13"); got != "MAKE erase" {
		t.Errorf("no right to write: %s", got)
	}
	cfg = s.config()
	cfg.Hash = account.Argon2
	if got := trial(t, directory(t, cfg), "AB14"); got != "make SIGN_IN erase" {
		t.Errorf("a hash without its module: %s", got)
	}
}

func adPreflight(t *testing.T, w adWorld) {
	d := w.open(t, func(c *Config) { c.Domain, c.PasswordLength, c.GroupBase = "ad.truong.example", 14, sambaGroups })
	if checks := d.Preflight(t.Context(), 10); said(checks) != "connection org_unit rights rights policy clock domain index" {
		t.Errorf("%s: %+v", said(checks), checks)
	}
	if got := trial(t, d.Directory, "AB12"); got != allWell {
		t.Errorf("a trial: %s", got)
	}
	d = w.open(t, func(c *Config) { c.MustChange = "pwdLastSet=0" })
	if got := trial(t, d.Directory, "AB13"); got != allWell {
		t.Errorf("a trial that must change its password: %s", got)
	}
	d = w.open(t, func(c *Config) {
		c.Base, c.Domain, c.PasswordLength, c.CodeAttr, c.GroupBase = "OU=Staff,"+sambaTop, "sv.truong.example", 5, "employeeNumber", "OU=Staff,"+sambaTop
	})
	if checks := d.Preflight(t.Context(), 10); said(checks) != "connection org_unit RIGHTS RIGHTS POLICY clock domain? index?" {
		t.Errorf("where nothing is right: %s: %+v", said(checks), checks)
	}
	if got := trial(t, d.Directory, "AB14"); got != "MAKE erase" {
		t.Errorf("a trial without rights: %s", got)
	}
}

// Behind the name of a domain another controller may answer each time.
func TestOneController(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]account.Level{
		"dc1.ad.truong.example:636": "", "DC1.ad.truong.example:636": "", "127.0.0.1:636": "", "[::1]:636": "", "localhost:636": "",
		"ad.truong.example:636": account.CheckWarning, "dc2.ad.truong.example:636": account.CheckWarning,
	} {
		if c := oneController(address, "dc1.ad.truong.example"); c.Level != want {
			t.Errorf("%s: %q, want %q", address, c.Level, want)
		}
	}
	if c := oneController("ad.truong.example:636", ""); c.What != "" {
		t.Error("a server that does not say its name is warned of")
	}
}
