package config

import (
	"regexp"
	"slices"
	"time"

	"vanthu/mailer/oauth"
)

// Microsoft is a Microsoft 365 tenant, reached over Microsoft Graph by an application of the school's own.
type Microsoft struct {
	Tenant          string `toml:"tenant"` // a domain of it, or its id
	ClientID        string `toml:"client_id"`
	SecretFile      string `toml:"client_secret_file"`
	SecretEnv       string `toml:"client_secret_env"`
	CertificateFile string `toml:"certificate_file"` // PEM, certificate and RSA key; in place of the secret
	Client          Secret `toml:"-"`                // filled by Load
	Certificate     Secret `toml:"-"`

	Licences      []string `toml:"licences"`       // part numbers or ids; none: given by groups, or not at all
	UsageLocation string   `toml:"usage_location"` // ISO 3166
	MarkerAttr    string   `toml:"marker_attribute"`
	PasswordAttr  string   `toml:"password_attribute"` // when vanthu last set a password

	AccessPass  bool `toml:"access_pass"` // a Temporary Access Pass in place of the initial password
	PassMinutes int  `toml:"pass_minutes"`
	PassOnce    bool `toml:"pass_once"`

	Writes   int           `toml:"writes"`   // in 2 min 30 s, as published for one application in one tenant
	Units    int           `toml:"units"`    // resource units in 10 s: 3,500 below 50 users, 5,000 up to 500, 8,000 above
	Machines int           `toml:"machines"` // parts of the quotas, at least
	InFlight int           `toml:"in_flight"`
	Settle   time.Duration `toml:"settle"` // how long replicas may not show what was done
	Timeout  time.Duration `toml:"timeout"`

	GraphURL string `toml:"graph_url"` // of a national cloud
	LoginURL string `toml:"login_url"`
}

func defaultMicrosoft() Microsoft {
	return Microsoft{UsageLocation: "VN", MarkerAttr: "extensionAttribute15", PasswordAttr: "extensionAttribute14", PassMinutes: 480, Writes: 3000, Units: 3500, Machines: 1, InFlight: 24,
		Settle: 15 * time.Minute, Timeout: 30 * time.Second, GraphURL: "https://graph.microsoft.com", LoginURL: "https://login.microsoftonline.com"}
}

var (
	country   = regexp.MustCompile(`^[A-Z]{2}$`)
	product   = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	attribute = regexp.MustCompile(`^extensionAttribute([1-9]|1[0-5])$`)
)

func (c *checker) microsoft(m *Microsoft) {
	c.need("accounts.microsoft.tenant", m.Tenant, `"truong.example"`)
	c.need("accounts.microsoft.client_id", m.ClientID, `"00000000-0000-0000-0000-000000000000"`)
	c.microsoftSecret(m)
	for i, l := range m.Licences {
		if !product.MatchString(l) {
			c.add(element("accounts.microsoft.licences", i), `%q is neither the part number nor the id of a product; write for example "STANDARDWOFFPACK_STUDENT"`, l)
		}
	}
	if m.UsageLocation != "" && !country.MatchString(m.UsageLocation) || m.UsageLocation == "" && len(m.Licences) > 0 {
		c.add("accounts.microsoft.usage_location", `%q is no country of ISO 3166, and no licence is given without one; write for example "VN"`, m.UsageLocation)
	}
	for _, a := range []struct{ path, value string }{{"accounts.microsoft.marker_attribute", m.MarkerAttr}, {"accounts.microsoft.password_attribute", m.PasswordAttr}} {
		if !attribute.MatchString(a.value) {
			c.add(a.path, "%q is none of extensionAttribute1 to extensionAttribute15", a.value)
		}
	}
	if m.MarkerAttr == m.PasswordAttr {
		c.add("accounts.microsoft.password_attribute", "is %q as marker_attribute is; each needs one of its own", m.PasswordAttr)
	}
	if m.PassMinutes < 10 || m.PassMinutes > 43200 {
		c.add("accounts.microsoft.pass_minutes", "%d is not between 10 and 43200 (30 days), which Microsoft allows; the tenant's policy may allow less", m.PassMinutes)
	}
	c.positive("accounts.microsoft.writes", m.Writes)
	c.positive("accounts.microsoft.units", m.Units)
	c.positive("accounts.microsoft.machines", m.Machines)
	c.positive("accounts.microsoft.in_flight", m.InFlight)
	c.length("accounts.microsoft.settle", m.Settle, time.Second)
	c.length("accounts.microsoft.timeout", m.Timeout, time.Second)
	for _, u := range []struct{ path, url string }{{"accounts.microsoft.graph_url", m.GraphURL}, {"accounts.microsoft.login_url", m.LoginURL}} {
		if err := oauth.CheckURL(u.url); err != nil {
			c.add(u.path, "%s", err)
		}
	}
}

func (c *checker) microsoftSecret(m *Microsoft) {
	const table = "accounts.microsoft."
	said := slices.DeleteFunc([]string{m.SecretFile, m.SecretEnv, m.CertificateFile}, func(s string) bool { return s == "" })
	switch {
	case len(said) == 0:
		c.add(table+"client_secret_file", "is missing; name the file that holds the secret of the application, or use client_secret_env or certificate_file")
	case m.CertificateFile != "" && len(said) > 1:
		c.add(table+"certificate_file", "stands beside a secret; remove one of them")
	case m.CertificateFile != "":
		m.Certificate = Secret{File: m.CertificateFile, Value: c.secretFile(table+"certificate_file", m.CertificateFile)}
	case m.SecretEnv != "" && c.getenv(m.SecretEnv) != "":
		m.Client = Secret{Env: m.SecretEnv, Value: c.getenv(m.SecretEnv)}
	case m.SecretFile != "":
		m.Client = Secret{File: m.SecretFile, Value: c.secretFile(table+"client_secret_file", m.SecretFile)}
	default:
		c.add(table+"client_secret_env", "the environment variable %s is not set; set it, or use client_secret_file", m.SecretEnv)
	}
}
