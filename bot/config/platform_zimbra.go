package config

import (
	"net/url"
	"time"
)

// Zimbra is a Zimbra server (or Carbonio), asked by its admin SOAP API.
type Zimbra struct {
	URL        string `toml:"url"` // "https://zimbra.truong.example:7071"
	ServerName string `toml:"server_name"`
	CAFile     string `toml:"ca_file"`
	Admin      string `toml:"admin"` // "vanthu@truong.example"
	Secret
	COS        string        `toml:"cos"`              // name or id of the class of service; "" the domain's default
	CodeAttr   string        `toml:"code_attribute"`   // default "employeeNumber"
	MarkerAttr string        `toml:"marker_attribute"` // default "zimbraNotes"
	Suspend    string        `toml:"suspend"`          // "locked": mails still come; "closed": they bounce
	MustChange bool          `toml:"must_change"`      // the initial password must be changed at the first sign-in
	PerSecond  int           `toml:"per_second"`       // requests; Zimbra's own limit is 30 (zimbraHttpDosFilterMaxRequestsPerSec)
	Settle     time.Duration `toml:"settle"`           // how long a replica of the directory may lag behind
	Timeout    time.Duration `toml:"timeout"`          // of one request
}

func defaultZimbra() Zimbra {
	return Zimbra{CodeAttr: "employeeNumber", MarkerAttr: "zimbraNotes", Suspend: "locked", MustChange: true, PerSecond: 20, Settle: time.Minute, Timeout: 30 * time.Second}
}

func (c *checker) zimbra(z *Zimbra) {
	const path, example = "accounts.zimbra.url", `"https://zimbra.truong.example:7071"`
	if c.need(path, z.URL, example) {
		if u, err := url.Parse(z.URL); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" {
			c.add(path, "is not the address of Zimbra's admin service; write for example %s", example)
		}
	}
	c.caFile("accounts.zimbra.ca_file", z.CAFile)
	if c.need("accounts.zimbra.admin", z.Admin, `"vanthu@truong.example"`) {
		c.address("accounts.zimbra.admin", z.Admin)
	}
	if z.File == "" && z.Env == "" {
		c.add("accounts.zimbra.password_file", "is missing; name the file that holds the password, or use password_env")
	}
	c.secret("accounts.zimbra", &z.Secret)
	c.need("accounts.zimbra.code_attribute", z.CodeAttr, `"employeeNumber"`)
	c.need("accounts.zimbra.marker_attribute", z.MarkerAttr, `"zimbraNotes"`)
	c.oneOf("accounts.zimbra.suspend", z.Suspend, "locked", "closed")
	c.positive("accounts.zimbra.per_second", z.PerSecond)
	c.length("accounts.zimbra.settle", z.Settle, time.Second)
	c.length("accounts.zimbra.timeout", z.Timeout, time.Second)
}
