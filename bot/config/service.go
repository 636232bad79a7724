package config

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// service checks what `serve` needs beyond the world: mailbox, answers, database, key, directory, people.
func (c *checker) service() {
	c.oauth()
	c.loggedIn()
	c.need("school.place", c.cfg.School.Place, `"Cần Thơ"`)
	c.need("school.contact", c.cfg.School.Contact, `"Phòng CNTT, điện thoại 0292 000 000"`)
	c.imap()
	c.smtp()
	c.trust()
	c.strangers()
	c.store()
	if c.need("secret.key_file", c.cfg.Secret.KeyFile, `"vanthu.key"`) {
		c.secretFile("secret.key_file", c.cfg.Secret.KeyFile)
	}
	c.accounts(true)
	c.groups()
	c.officers()
	c.approvals()
	c.alarm()
	for i, u := range c.cfg.Units {
		path := join(element("unit", i), "passphrase_file")
		if c.need(path, u.PassphraseFile, `"ctsv.pass"`) {
			c.passphrase(path, u.PassphraseFile)
		}
	}
}

func (c *checker) imap() {
	m := &c.cfg.IMAP
	c.hostPort("imap.address", m.Address, "mail.truong.example:993")
	c.oneOf("imap.tls", m.TLS, "implicit", "starttls")
	c.caFile("imap.ca_file", m.CAFile)
	c.need("imap.user", m.User, `"cntt@truong.example"`)
	c.password("imap", &m.Secret, m.TokenCommand)
	c.length("imap.poll", m.Poll, time.Second)
	c.length("imap.timeout", m.Timeout, time.Second)
	folders := namesake{}
	for _, folder := range []struct{ path, name string }{
		{"imap.mailbox", m.Mailbox}, {"imap.folders.done", m.Folders.Done}, {"imap.folders.returned", m.Folders.Returned},
		{"imap.folders.ignored", m.Folders.Ignored}, {"imap.folders.quarantine", m.Folders.Quarantine},
	} {
		c.need(folder.path, folder.name, `"Done"`)
		c.unique(folders, folder.path, folder.name, "each outcome needs a folder of its own")
	}
}

func (c *checker) smtp() {
	m := &c.cfg.SMTP
	c.hostPort("smtp.address", m.Address, "mail.truong.example:587")
	c.oneOf("smtp.tls", m.TLS, "implicit", "starttls")
	c.caFile("smtp.ca_file", m.CAFile)
	if m.User != "" {
		c.password("smtp", &m.Secret, m.TokenCommand)
	} else if m.File != "" || m.Env != "" || len(m.TokenCommand) > 0 {
		c.add("smtp.user", "is missing although a password is given; write the login, or remove the password to submit without one")
	}
	if c.need("smtp.from", m.From, `"cntt@truong.example"`) {
		c.address("smtp.from", m.From)
	}
	c.length("smtp.timeout", m.Timeout, time.Second)
	c.plus(m)
	c.notNegative("smtp.per_minute", m.PerMinute)
	c.notNegative("smtp.per_day", m.PerDay)
	c.positive("smtp.connections", m.Connections)
	c.length("smtp.give_up", m.GiveUp, time.Hour)
	b := c.cfg.Brakes
	c.notNegative("brakes.rounds", b.Rounds)
	c.notNegative("brakes.sender_hour", b.SenderHour)
	c.notNegative("brakes.sender_day", b.SenderDay)
	c.notNegative("brakes.desk_hour", b.DeskHour)
}

// plus checks the sign that parts a token from our local part.
func (c *checker) plus(m *SMTP) {
	local, _, _ := strings.Cut(m.From, "@")
	switch m.Plus { // RFC 5233 leaves the separator to the site
	case "":
		return
	case "+", "-", "=", "#":
	default:
		c.add("smtp.plus", "is %q; write \"+\" when cntt+anything@… reaches the mailbox, or leave it out", m.Plus)
		return
	}
	if strings.Contains(local, m.Plus) {
		c.add("smtp.plus", "the sign %q stands in smtp.from itself; the mail server would cut the address there", m.Plus)
	}
}

func (c *checker) trust() {
	c.oneOf("trust.dkim", c.cfg.Trust.DKIM, "mta", "own")
	if c.cfg.Trust.Resolver != "" {
		c.hostPort("trust.resolver", c.cfg.Trust.Resolver, "127.0.0.1:53")
	}
	if c.cfg.Trust.DKIM != "own" && c.cfg.Trust.AuthservID == "" {
		c.add("trust.authserv_id", `is missing; write for example authserv_id = "mail.truong.example", or dkim = "own" if your mail server writes no Authentication-Results`)
	}
	if len(c.cfg.Trust.Domains) == 0 {
		c.add("trust.domains", `is missing; write for example domains = ["truong.example"]`)
	}
	for i, domain := range c.cfg.Trust.Domains {
		c.domain(element("trust.domains", i), domain)
	}
}

func (c *checker) strangers() {
	c.positive("confirm.hours", c.cfg.Confirm.Hours)
	c.positive("confirm.waiting", c.cfg.Confirm.Waiting)
	c.positive("confirm.day", c.cfg.Confirm.Day)
	c.positive("strangers.day", c.cfg.Stranger.Day)
	c.positive("strangers.hour", c.cfg.Stranger.Hour)
}

func (c *checker) store() {
	const remedy = `write "sqlite:vanthu.db" or "postgres://user@host:5432/database"`
	s := &c.cfg.Store
	if file, ok := strings.CutPrefix(s.URL, sqliteScheme); ok {
		if file == "" {
			c.add("store.url", "names no file; %s", remedy)
		}
		if s.File != "" || s.Env != "" {
			c.add("store.password_file", "a password is of no use to SQLite; remove it")
		}
		return
	}
	u, err := url.Parse(s.URL)
	if err != nil { // the error repeats the URL, which may hold a password
		c.add("store.url", "is not a URL; %s", remedy)
		return
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		c.add("store.url", "names neither SQLite nor PostgreSQL; %s", remedy)
		return
	}
	_, inUser := u.User.Password()
	if inUser || u.Query().Has("password") {
		c.add("store.url", "holds a password; move it to password_file or password_env")
		return
	}
	if u.Host == "" && !u.Query().Has("host") || strings.Trim(u.Path, "/") == "" {
		c.add("store.url", "names no host or no database; %s", remedy)
	}
	c.secret("store", &s.Secret)
}

// accounts checks how accounts are named, and for who makes them where.
func (c *checker) accounts(makes bool) {
	a := &c.cfg.Accounts
	if c.need("accounts.domain", a.Domain, `"sv.truong.example"`) {
		c.domain("accounts.domain", a.Domain)
	}
	switch a.Platform {
	case "ldap":
		if makes {
			c.ldap(&a.LDAP)
		}
	case "google":
		if makes {
			c.google(&a.Google)
		}
	case "passwd":
		if makes {
			c.passwd(&a.Passwd)
		}
	case "zimbra":
		if makes {
			c.zimbra(&a.Zimbra)
		}
	case "microsoft":
		if makes {
			c.microsoft(&a.Microsoft)
		}
	case "file":
		c.need("accounts.file_path", a.FilePath, `"accounts.json"`)
	case "offline":
		c.bundles(&a.Offline, makes)
		if c.cfg.Groups.Enabled {
			c.add("groups.enabled", "is on, and the platform \"offline\" makes no groups; ask the admin of the platform to make them, and switch it off")
		}
	default:
		c.oneOf("accounts.platform", a.Platform, "ldap", "google", "microsoft", "zimbra", "passwd", "offline", "file")
	}
}

func (c *checker) ldap(l *LDAP) {
	if c.need("accounts.ldap.url", l.URL, `"ldaps://ldap.truong.example"`) {
		c.ldapURL(l)
	}
	c.caFile("accounts.ldap.ca_file", l.CAFile)
	if l.Layout != "ad" || !strings.Contains(l.BindDN, "@") { // there a sign-in name will do
		c.dn("accounts.ldap.bind_dn", l.BindDN, `"cn=vanthu,ou=services,dc=truong,dc=example"`)
	}
	c.dn("accounts.ldap.base", l.Base, `"ou=students,dc=truong,dc=example"`)
	if l.SearchBase != l.Base {
		c.dn("accounts.ldap.search_base", l.SearchBase, `"dc=truong,dc=example"`)
	}
	if l.File == "" && l.Env == "" {
		c.add("accounts.ldap.password_file", "is missing; name the file that holds the password, or use password_env")
	}
	c.secret("accounts.ldap", &l.Secret)
	c.oneOf("accounts.ldap.hash", l.Hash, "ssha512", "argon2", "ssha")
	c.oneOf("accounts.ldap.layout", l.Layout, "inetorgperson", "ad")
	if l.Layout == "ad" {
		c.activeDirectory(l)
	} else if l.UPNSuffix != "" {
		c.add("accounts.ldap.upn_suffix", `is for layout = "ad"; remove it`)
	}
	c.attributeValue("accounts.ldap.must_change", l.MustChange, "pwdReset=TRUE")
	c.attributeValue("accounts.ldap.suspend", l.Suspend, "pwdAccountLockedTime=000001010000Z")
	c.length("accounts.ldap.timeout", l.Timeout, time.Second)
}

// activeDirectory has its own demand to change a password and its own lock, and takes passwords over TLS alone.
func (c *checker) activeDirectory(l *LDAP) {
	if l.Insecure {
		c.add("accounts.ldap.insecure_loopback", "Active Directory takes passwords over TLS alone; write ldaps:// or starttls = true")
	}
	if l.MustChange != "" && l.MustChange != "pwdLastSet=0" {
		c.add("accounts.ldap.must_change", `%q is not of Active Directory; write "pwdLastSet=0", or leave it out`, l.MustChange)
	}
	if l.Suspend != "" {
		c.add("accounts.ldap.suspend", "Active Directory has its own lock (userAccountControl); leave it out")
	}
	if l.UPNSuffix != "" {
		c.domain("accounts.ldap.upn_suffix", l.UPNSuffix)
	}
}

func (c *checker) attributeValue(path, text, example string) {
	if attribute, value, ok := strings.Cut(text, "="); text != "" && (!ok || attribute == "" || value == "") {
		c.add(path, `%q is not attribute=value; write for example %q, or leave it out`, text, example)
	}
}

// ldapURL lets no password cross a network in the clear.
func (c *checker) ldapURL(l *LDAP) {
	const path = "accounts.ldap.url"
	u, err := url.Parse(l.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		c.add(path, `is not the URL of a directory; write for example "ldaps://ldap.truong.example"`)
		return
	}
	switch {
	case u.Scheme == "ldaps" && l.StartTLS:
		c.add("accounts.ldap.starttls", "an ldaps:// URL is encrypted already; remove it or write ldap://")
	case u.Scheme == "ldaps" || l.StartTLS:
	case !l.Insecure:
		c.add(path, `would send passwords in the clear; write ldaps://, or starttls = true, or for this very machine insecure_loopback = true`)
	case !loopback(u.Hostname()):
		c.add("accounts.ldap.insecure_loopback", "%s is not this machine; write ldaps:// or starttls = true", u.Hostname())
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// dn checks the shape of a distinguished name only (RFC 4514 §2.3); the directory knows the rest.
func (c *checker) dn(path, value, example string) {
	if c.need(path, value, example) && !strings.Contains(value, "=") {
		c.add(path, "%q is not a distinguished name; write for example %s", value, example)
	}
}

func (c *checker) officers() {
	people := c.cfg.Officers
	if len(people) == 0 {
		c.add("officer", "is missing; everybody who works on cases needs an [[officer]] with id, name and login")
		return
	}
	ids, logins, addresses := namesake{}, namesake{}, namesake{}
	approvers := 0
	for i, o := range people {
		at := element("officer", i)
		c.identifier(join(at, "id"), o.ID, `"lan"`)
		c.unique(ids, join(at, "id"), o.ID, "each officer needs an id of his own")
		c.need(join(at, "name"), o.Name, `"Nguyễn Thị Lan"`)
		c.need(join(at, "login"), o.Login, `"lan"`)
		c.unique(logins, join(at, "login"), o.Login, "two officers cannot share a login: the history names one person")
		c.officerAddress(join(at, "address"), o.Address, addresses)
		if o.Approver {
			approvers++
		}
	}
	switch {
	case approvers == 0:
		c.add("officer", "nobody may approve plans (QT.CNTT.03 step 2); write approver = true at one officer at least")
	case len(people) == 1 && !c.cfg.Plan.OfficeOfOne:
		c.add("officer", "the only officer could not approve his own plans; add another, or write [plan] office_of_one = true")
	}
}

// approvals checks approval by mail: only a mail whose sender our own mail server proves approves anything.
func (c *checker) approvals() {
	p := c.cfg.Plan
	c.positive("plan.approve_hours", p.ApproveHours)
	if !p.ApproveByMail {
		return
	}
	asked := 0
	for i, o := range c.cfg.Officers {
		if !o.Approver || o.Address == "" {
			continue
		}
		asked++
		if _, domain, _ := strings.Cut(strings.ToLower(o.Address), "@"); !slices.Contains(c.cfg.Trust.Domains, domain) {
			c.add(join(element("officer", i), "address"), "%q is in none of trust.domains: what comes from there is not proved by our mail server and cannot approve a plan", o.Address)
		}
	}
	if asked == 0 {
		c.add("plan.approve_by_mail", "no approver has an address; write address = \"minh@truong.example\" at one [[officer]] with approver = true")
	}
}
