// Package ldap makes accounts in an LDAP directory as inetOrgPerson entries (RFC 2798). It keeps a few connections, checks
// every certificate and puts a deadline on every operation.
//
// Uniqueness: the user name is the entry's RDN and unique in the base by itself. That codes and addresses are unique, too,
// must be the server's rule (slapd: overlay unique on mail and employeeNumber); without it, account.Ensure still looks
// before it creates and reads back after. The server should index uid, mail and employeeNumber for equality.
//
// A suspended account is one whose password hash stands behind a scheme that no server knows, or, where Config.Suspend names
// an attribute, one that has it. For the first the bind DN must be allowed to read userPassword: what cannot be read
// cannot be given back, so that Suspend refuses. Hashes are read for nothing else, and no password ever is.
//
// It must not know cases, plans or mails.
package ldap

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// Config says where the directory is and what an entry looks like.
type Config struct {
	URL        string // "ldaps://host[:port]", or "ldap://host[:port]" with StartTLS
	StartTLS   bool
	Insecure   bool   // ldap:// without TLS, for a loopback address only
	ServerName string // name on the certificate, default the URL's host
	CAFile     string // PEM, default the system's

	BindDN   string
	Password string

	Base       string   // where accounts are made
	SearchBase string   // where existing ones are looked for, default Base; whole subtree
	GroupBase  string   // where groups of classes are made, "" none
	Layout     string   // InetOrgPerson (default) or ActiveDirectory
	CodeAttr   string   // holds the code, default "employeeNumber", in Active Directory "employeeID"
	UPNSuffix  string   // Active Directory: what stands behind the @ of userPrincipalName, default the domain of the address
	Hash       string   // "ssha512" (default), "argon2" or "ssha"; Active Directory has its own
	MarkerAttr string   // default "description", in Active Directory "adminDescription"
	AliasAttrs []string // more attributes that hold addresses, for instance "mailAlternateAddress"; further values of mail are aliases anyway
	ClassAttr  string   // holds the class, for instance "departmentNumber"; "" not written
	MustChange string   // attribute=value written with every initial password, for instance "pwdReset=TRUE"; "" none
	Suspend    string   // attribute=value that stops sign-in, for instance "pwdAccountLockedTime=000001010000Z" or "nsAccountLock=TRUE"; "" the hash is set aside

	// For Preflight alone: the domain of addresses, and how long initial passwords are; "" and 0: not looked at.
	Domain         string
	PasswordLength int

	Timeout     time.Duration // of one operation, connecting included; default 30 s
	Connections int           // at most, default 8
}

// A Directory is the account.Platform of an LDAP server.
type Directory struct {
	cfg        Config
	address    string // host:port
	tls        *tls.Config
	changeAttr string // of MustChange
	changeVal  string
	lockAttr   string // of Suspend
	lockVal    string
	layout     layout
	pool       *pool
	page       uint32 // entries of one page
}

// The layouts.
const (
	InetOrgPerson   = "inetorgperson"
	ActiveDirectory = "ad"
)

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`) // RFC 4512 §1.4, descr

// New checks the configuration; it does not connect (Check does).
func New(cfg Config) (*Directory, error) {
	d := &Directory{cfg: cfg, page: pageSize}
	d.layout = inetOrgPerson{d}
	if cfg.Layout == ActiveDirectory {
		d.layout = activeDirectory{d}
	}
	if err := errors.Join(d.setDefaults(), d.setServer(), d.setNames()); err != nil {
		return nil, fmt.Errorf("ldap: %w", err)
	}
	d.pool = newPool(d.cfg.Connections, d.dial)
	return d, nil
}

func (d *Directory) setDefaults() error {
	c := &d.cfg
	if c.SearchBase == "" {
		c.SearchBase = c.Base
	}
	if c.Hash == "" {
		c.Hash = account.SSHA512
	}
	marker, code := "description", "employeeNumber"
	switch c.Layout {
	case "", InetOrgPerson:
	case ActiveDirectory:
		marker, code = "adminDescription", "employeeID" // not info: of that everybody may write his own (Personal-Information)
	default:
		return fmt.Errorf("the layout is %q, want %s or %s", c.Layout, InetOrgPerson, ActiveDirectory)
	}
	c.MarkerAttr, c.CodeAttr = cmp.Or(c.MarkerAttr, marker), cmp.Or(c.CodeAttr, code)
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Connections <= 0 {
		c.Connections = 8
	}
	_, err := account.HashPassword(c.Hash, "")
	return err
}

func (d *Directory) setServer() error {
	u, err := url.Parse(d.cfg.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") {
		return errors.New("the URL must be ldaps://host[:port] or ldap://host[:port]")
	}
	port := u.Port()
	switch {
	case u.Scheme == "ldaps" && d.cfg.StartTLS:
		return errors.New("ldaps:// and StartTLS exclude each other")
	case u.Scheme == "ldaps":
		port = cmp.Or(port, goldap.DefaultLdapsPort)
	case u.Scheme != "ldap":
		return fmt.Errorf("the URL's scheme is %q, want ldaps or ldap", u.Scheme)
	case !d.cfg.StartTLS && !d.cfg.Insecure:
		return errors.New("ldap:// needs StartTLS: passwords would travel readable")
	case !d.cfg.StartTLS && !mayBeLoopback(u.Hostname()):
		return fmt.Errorf("ldap:// without TLS is for a loopback address only, not %s", u.Hostname())
	}
	d.address = net.JoinHostPort(u.Hostname(), cmp.Or(port, goldap.DefaultLdapPort))
	if u.Scheme == "ldap" && !d.cfg.StartTLS {
		return nil
	}
	d.tls = &tls.Config{ServerName: cmp.Or(d.cfg.ServerName, u.Hostname()), MinVersion: tls.VersionTLS12}
	if d.cfg.CAFile != "" {
		pem, err := os.ReadFile(d.cfg.CAFile)
		if err != nil {
			return fmt.Errorf("CA file: %w", err)
		}
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("CA file %s holds no certificate", d.cfg.CAFile)
		}
	}
	return nil
}

func (d *Directory) setNames() error {
	if err := d.setAD(); err != nil {
		return err
	}
	dns := map[string]string{"base": d.cfg.Base, "search base": d.cfg.SearchBase}
	if d.cfg.Layout != ActiveDirectory || !strings.Contains(d.cfg.BindDN, "@") { // Active Directory takes a userPrincipalName, too
		dns["bind DN"] = d.cfg.BindDN
	}
	for what, dn := range dns {
		if parsed, err := goldap.ParseDN(dn); err != nil || len(parsed.RDNs) == 0 {
			return fmt.Errorf("the %s %q is not a distinguished name", what, dn)
		}
	}
	if base := d.cfg.GroupBase; base != "" {
		parsed, err := goldap.ParseDN(base)
		above, _ := goldap.ParseDN(d.cfg.SearchBase)
		if err != nil || !above.AncestorOfFold(parsed) && !above.EqualFold(parsed) { // or an address of a group would not be seen as taken
			return fmt.Errorf("the base of groups %q is not a distinguished name below the search base %q", base, d.cfg.SearchBase)
		}
	}
	if d.cfg.Password == "" { // RFC 4513 §5.1.2: a bind without a password "succeeds" as nobody
		return errors.New("the bind password is empty")
	}
	names := append([]string{d.cfg.MarkerAttr, d.cfg.CodeAttr, cmp.Or(d.cfg.ClassAttr, "x")}, d.cfg.AliasAttrs...)
	var err1, err2 error
	d.changeAttr, d.changeVal, err1 = attributeValue("must-change", d.cfg.MustChange)
	d.lockAttr, d.lockVal, err2 = attributeValue("suspend", d.cfg.Suspend)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	names = append(names, cmp.Or(d.changeAttr, "x"), cmp.Or(d.lockAttr, "x"))
	for _, name := range names {
		if !attributeName.MatchString(name) {
			return fmt.Errorf("%q is not the name of an attribute", name)
		}
	}
	return nil
}

// setAD refuses what Active Directory does in its own way.
func (d *Directory) setAD() error {
	c := d.cfg
	switch {
	case c.Layout != ActiveDirectory:
		return nil
	case d.tls == nil:
		return errors.New("active directory takes passwords over TLS alone: ldaps:// or StartTLS")
	case c.MustChange != "" && c.MustChange != adPasswordAt+"=0":
		return fmt.Errorf("must-change is %q, want %s=0 in Active Directory", c.MustChange, adPasswordAt)
	case c.Suspend != "":
		return errors.New("active directory has its own lock (userAccountControl): leave suspend out")
	}
	return nil
}

func attributeValue(what, text string) (attribute, value string, err error) {
	attribute, value, ok := strings.Cut(text, "=")
	if text != "" && (!ok || attribute == "" || value == "") {
		return "", "", fmt.Errorf("%s is %q, want attribute=value", what, text)
	}
	return attribute, value, nil
}

// mayBeLoopback is asked before connecting; what was really reached is looked at again in dial.
func mayBeLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// Name is "ldap".
func (d *Directory) Name() string { return "ldap" }

// Describe says that what is written is there, at once, and what is erased is gone.
func (*Directory) Describe() account.Description { return account.Description{} }

// Close ends the kept connections. Operations that run end with an error.
func (d *Directory) Close() error {
	d.pool.close()
	return nil
}

// Check signs in and looks whether the bases are there: for start-up.
func (d *Directory) Check(ctx context.Context) error {
	bases := []string{d.cfg.Base, d.cfg.SearchBase}
	if d.cfg.GroupBase != "" {
		bases = append(bases, d.cfg.GroupBase)
	}
	for _, base := range bases {
		err := d.do(ctx, func(c *goldap.Conn) error {
			_, err := c.Search(goldap.NewSearchRequest(base, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 1, 0, false,
				"(objectClass=*)", []string{"1.1"}, nil))
			return err
		})
		if err != nil {
			said := fmt.Errorf("%s: base %q: %w", d.cfg.URL, base, d.explain(err))
			if away(err) {
				return fmt.Errorf("%w: %w", account.ErrAway, said)
			}
			return said
		}
	}
	return nil
}
