package config

import (
	"net/url"
	"strings"
	"time"
)

// Passwd is a table of users in another system's PostgreSQL, which Dovecot reads.
type Passwd struct {
	URL string `toml:"url"` // "postgres://vanthu@db.truong.example:5432/mail?sslmode=verify-full"
	Secret
	Table       string        `toml:"table"` // "users", "mail.users"
	Columns     PasswdColumns `toml:"columns"`
	Aliases     PasswdAliases `toml:"aliases"`
	Yes         string        `toml:"yes"`         // what columns.active holds for who may sign in: "true", "1", "Y"
	No          string        `toml:"no"`          // and for who may not
	Extra       []string      `toml:"extra"`       // column=value of further columns that a new row needs
	MustChange  string        `toml:"must_change"` // column=value written with every initial password; "" none
	Hash        string        `toml:"hash"`        // "ssha512", "argon2" or "ssha"
	Timeout     time.Duration `toml:"timeout"`
	Connections int           `toml:"connections"`
}

// PasswdColumns are the names of the columns.
type PasswdColumns struct {
	User     string `toml:"user"` // "" none: user names are what stands before the @
	Address  string `toml:"address"`
	Password string `toml:"password"`
	Active   string `toml:"active"`
	Name     string `toml:"name"`
	Code     string `toml:"code"`
	Marker   string `toml:"marker"`
}

// PasswdAliases is a table of further addresses, which is read only.
type PasswdAliases struct {
	Table   string `toml:"table"` // "" none
	Address string `toml:"address"`
	Target  string `toml:"target"`
}

func defaultPasswd() Passwd {
	return Passwd{Table: "users", Columns: PasswdColumns{Address: "address", Password: "password", Active: "active", Name: "name", Code: "code", Marker: "marker"},
		Aliases: PasswdAliases{Address: "address", Target: "target"}, Yes: "true", No: "false", Hash: "ssha512", Timeout: 30 * time.Second, Connections: 8}
}

// passwd leaves the names of table and columns to the platform, which quotes them, and to the database, which knows them.
func (c *checker) passwd(p *Passwd) {
	const path, example = "accounts.passwd.url", `"postgres://vanthu@db.truong.example:5432/mail?sslmode=verify-full"`
	if c.need(path, p.URL, example) {
		c.passwdURL(path, p.URL, example)
	}
	c.secret("accounts.passwd", &p.Secret)
	c.need("accounts.passwd.table", p.Table, `"users"`)
	c.oneOf("accounts.passwd.hash", p.Hash, "ssha512", "argon2", "ssha")
	c.attributeValue("accounts.passwd.must_change", p.MustChange, "must_change=true")
	for i, e := range p.Extra {
		c.attributeValue(element("accounts.passwd.extra", i), e, "domain={domain}")
	}
	if p.Yes == p.No {
		c.add("accounts.passwd.no", "is %q as yes is: nobody could be suspended", p.No)
	}
	c.length("accounts.passwd.timeout", p.Timeout, time.Second)
	c.positive("accounts.passwd.connections", p.Connections)
}

// passwdURL lets no password hash cross a network that somebody may read or sit in. What it says never repeats the URL.
func (c *checker) passwdURL(path, text, example string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.Trim(u.Path, "/") == "" {
		c.add(path, "is not the URL of a PostgreSQL database; write for example %s", example)
		return
	}
	if _, inUser := u.User.Password(); inUser || u.Query().Has("password") {
		c.add(path, "holds a password; move it to password_file or password_env")
		return
	}
	for _, host := range []string{u.Hostname(), u.Query().Get("host")} { // the driver takes the second for the first
		if mode := u.Query().Get("sslmode"); host != "" && !strings.HasPrefix(host, "/") && !loopback(host) && mode != "verify-full" && mode != "verify-ca" {
			c.add(path, "would send hashes of passwords to %s over a connection that proves nothing; add ?sslmode=verify-full, with &sslrootcert=… for a CA of your own", host)
		}
	}
}
