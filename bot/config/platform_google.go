package config

import (
	"net/mail"
	"strings"
	"time"

	"vanthu/mailer/oauth"
)

// Google is a Google Workspace, reached over the Directory API by a service account that acts for an administrator.
type Google struct {
	KeyFile    string        `toml:"key_file"` // of the service account, JSON
	Key        Secret        `toml:"-"`        // filled by Load
	Admin      string        `toml:"admin"`    // the administrator for whom it acts
	Customer   string        `toml:"customer"`
	OrgUnit    string        `toml:"org_unit"`
	CodeType   string        `toml:"code_type"`   // the type of the external id that is the student code
	MustChange bool          `toml:"must_change"` // the holder must change the initial password
	Unmanaged  bool          `toml:"unmanaged"`   // look for personal accounts with an address of the domain
	PerMinute  int           `toml:"queries_per_minute"`
	Machines   int           `toml:"machines"` // parts of the quota, at least
	InFlight   int           `toml:"in_flight"`
	Settle     time.Duration `toml:"settle"` // how long Google may not show what was done
	Timeout    time.Duration `toml:"timeout"`
	Directory  string        `toml:"directory_url"`
	Identity   string        `toml:"identity_url"`
}

func defaultGoogle() Google {
	return Google{Customer: "my_customer", OrgUnit: "/", CodeType: "organization", MustChange: true, Unmanaged: true, PerMinute: 2400, Machines: 1, InFlight: 16,
		Settle: 10 * time.Minute, Timeout: 30 * time.Second, Directory: "https://admin.googleapis.com", Identity: "https://cloudidentity.googleapis.com"}
}

func (c *checker) google(g *Google) {
	if c.need("accounts.google.key_file", g.KeyFile, `"/etc/vanthu/google.json"`) {
		g.Key = Secret{File: g.KeyFile, Value: c.secretFile("accounts.google.key_file", g.KeyFile)}
	}
	if c.need("accounts.google.admin", g.Admin, `"quantri@truong.example"`) {
		if _, err := mail.ParseAddress(g.Admin); err != nil {
			c.add("accounts.google.admin", `%q is no address; write for example "quantri@truong.example"`, g.Admin)
		}
	}
	if !strings.HasPrefix(g.OrgUnit, "/") {
		c.add("accounts.google.org_unit", `%q does not begin with a slash; write for example "/Sinh viên"`, g.OrgUnit)
	}
	c.oneOf("accounts.google.code_type", g.CodeType, "organization", "account", "customer", "login_id", "network")
	c.positive("accounts.google.queries_per_minute", g.PerMinute)
	c.positive("accounts.google.machines", g.Machines)
	c.positive("accounts.google.in_flight", g.InFlight)
	c.length("accounts.google.settle", g.Settle, time.Second)
	c.length("accounts.google.timeout", g.Timeout, time.Second)
	for _, u := range []struct{ path, url string }{{"accounts.google.directory_url", g.Directory}, {"accounts.google.identity_url", g.Identity}} {
		if err := oauth.CheckURL(u.url); err != nil {
			c.add(u.path, "%s", err)
		}
	}
}
