package ldap

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// Preflight looks whether accounts could be made: it signs in, reads the bases, and asks for what else the server tells. A directory has
// no quota, whatever n is.
func (d *Directory) Preflight(ctx context.Context, _ int) []account.Check {
	if err := d.Check(ctx); err != nil {
		return []account.Check{failed("connection", "%v", err)}
	}
	checks := []account.Check{passed("connection", "%s, signed in as %s", d.cfg.URL, d.cfg.BindDN), passed("org_unit", "%s is there", d.cfg.Base)}
	return append(checks, d.layout.preflight(ctx)...)
}

func passed(what, format string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckOK, Said: fmt.Sprintf(format, args...)}
}

func warning(what, format string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckWarning, Said: fmt.Sprintf(format, args...)}
}

func failed(what, format string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckFailed, Said: fmt.Sprintf(format, args...)}
}

// one reads an entry; nil when it is not there or may not be read.
func (d *Directory) one(ctx context.Context, base string, scope int, filter string, attributes ...string) (*goldap.Entry, error) {
	request := goldap.NewSearchRequest(base, scope, goldap.NeverDerefAliases, 1, max(1, int(d.cfg.Timeout.Seconds())), false, filter, attributes, nil)
	var e *goldap.Entry
	err := d.do(ctx, func(c *goldap.Conn) error {
		result, err := c.Search(request)
		if result != nil && len(result.Entries) > 0 {
			e = result.Entries[0]
		}
		return err
	})
	switch {
	case e != nil, goldap.IsErrorAnyOf(err, goldap.LDAPResultNoSuchObject, goldap.LDAPResultInsufficientAccessRights, goldap.LDAPResultSizeLimitExceeded):
		return e, nil
	}
	return nil, d.explain(err)
}

const anything = "(objectClass=*)"

// preflight: slapd does not say what somebody may do. What vanthu made before shows whether hashes can be read; the rest is for a
// throw-away account to show.
func (l inetOrgPerson) preflight(ctx context.Context) []account.Check {
	const advice = "`vanthu preflight --try` makes, suspends and erases one account"
	var checks []account.Check
	e, err := l.one(ctx, l.cfg.Base, goldap.ScopeWholeSubtree, "("+l.cfg.MarkerAttr+"="+ours+"*)", attrPassword, "entryDN")
	switch {
	case err != nil:
		checks = append(checks, warning("rights", "cannot be looked at: %v", err))
	case e == nil:
		checks = append(checks, warning("rights", "the server does not tell what %s may do, and no account of vanthu is there yet; %s", l.cfg.BindDN, advice))
	case l.lockAttr == "" && len(hashesOf(e)) == 0:
		checks = append(checks, failed("rights", "the passwords of vanthu's accounts cannot be read, so that nobody can be suspended: let %s read userPassword, or set suspend", l.cfg.BindDN))
	default:
		checks = append(checks, passed("rights", "vanthu has made accounts there before, and can suspend them"))
	}
	e, err = l.one(ctx, "cn=config", goldap.ScopeWholeSubtree, "(objectClass=olcUniqueConfig)", "olcUniqueURI", "olcUniqueAttribute")
	if err != nil || e == nil {
		return append(checks, warning("unique", "whether the server holds %s and %s unique (overlay unique) cannot be seen from here; vanthu looks before and after all the same", l.cfg.CodeAttr, attrAddress))
	}
	rules := strings.ToLower(strings.Join(append(e.GetEqualFoldAttributeValues("olcUniqueURI"), e.GetEqualFoldAttributeValues("olcUniqueAttribute")...), " "))
	for _, attribute := range []string{l.cfg.CodeAttr, attrAddress} {
		if !strings.Contains(rules, strings.ToLower(attribute)) {
			checks = append(checks, warning("unique", "the overlay unique does not name %s", attribute))
		}
	}
	return checks
}

// preflight asks what Active Directory tells: effective rights (MS-ADTS §3.1.1.4.5.4), the policy of passwords, its clock, and
// which attributes are indexed.
func (l activeDirectory) preflight(ctx context.Context) []account.Check {
	var checks []account.Check
	look := func(what string, f func() (account.Check, error)) {
		c, err := f()
		if err != nil {
			c = warning(what, "cannot be looked at: %v", err)
		}
		if c.What != "" {
			checks = append(checks, c)
		}
	}
	look("rights", func() (account.Check, error) { return l.mayMake(ctx, l.cfg.Base, "user") })
	if l.cfg.GroupBase != "" {
		look("rights", func() (account.Check, error) { return l.mayMake(ctx, l.cfg.GroupBase, "group") })
	}
	asked := time.Now() //nolint:forbidigo // the machine's own
	root, err := l.one(ctx, "", goldap.ScopeBaseObject, anything, "currentTime", "dnsHostName", "defaultNamingContext", "schemaNamingContext", "configurationNamingContext")
	if err != nil || root == nil {
		return append(checks, warning("connection", "the server does not describe itself (rootDSE): %v", err))
	}
	look("connection", func() (account.Check, error) {
		return oneController(l.address, root.GetEqualFoldAttributeValue("dnsHostName")), nil
	})
	look("policy", func() (account.Check, error) {
		return l.policy(ctx, root.GetEqualFoldAttributeValue("defaultNamingContext"))
	})
	heard := time.Now() //nolint:forbidigo // the machine's own
	look("clock", func() (account.Check, error) {
		return l.clock(root.GetEqualFoldAttributeValue("currentTime"), asked, heard)
	})
	look("domain", func() (account.Check, error) { return l.suffixes(ctx, root) })
	look("rights", func() (account.Check, error) {
		return l.ownAttributes(ctx, root.GetEqualFoldAttributeValue("schemaNamingContext"))
	})
	look("index", func() (account.Check, error) {
		return l.indexed(ctx, root.GetEqualFoldAttributeValue("schemaNamingContext"))
	})
	return checks
}

func (l activeDirectory) mayMake(ctx context.Context, base, class string) (account.Check, error) {
	e, err := l.one(ctx, base, goldap.ScopeBaseObject, anything, "allowedChildClassesEffective")
	if err != nil || e == nil {
		return account.Check{}, err
	}
	if !slices.Contains(e.GetEqualFoldAttributeValues("allowedChildClassesEffective"), class) {
		return failed("rights", "%s may not make a %s in %s: it needs %s", l.cfg.BindDN, class, base, adRights), nil
	}
	return passed("rights", "%s may make a %s in %s", l.cfg.BindDN, class, base), nil
}

func (l activeDirectory) policy(ctx context.Context, domain string) (account.Check, error) {
	e, err := l.one(ctx, domain, goldap.ScopeBaseObject, anything, "minPwdLength")
	if err != nil || e == nil {
		return account.Check{}, err
	}
	if n := number(e, "minPwdLength"); l.cfg.PasswordLength > 0 && n > int64(l.cfg.PasswordLength) {
		return failed("policy", "the domain wants passwords of %d characters, and initial ones have %d; give the unit of the accounts a policy of its own", n, l.cfg.PasswordLength), nil
	}
	return passed("policy", "initial passwords fulfil the policy of the domain"), nil
}

// clock reads the time of the rootDSE. It is the machine's clock that Kerberos looks at.
func (l activeDirectory) clock(text string, asked, heard time.Time) (account.Check, error) {
	theirs, err := time.Parse("20060102150405.0Z", text)
	if err != nil {
		return account.Check{}, fmt.Errorf("ldap: the time of the server: %w", err)
	}
	return account.CompareClocks("the server", theirs, asked, heard, ""), nil
}

// suffixes: the name of a sign-in may end in anything, but the tools of Windows offer what is registered.
func (l activeDirectory) suffixes(ctx context.Context, root *goldap.Entry) (account.Check, error) {
	want := l.cfg.UPNSuffix
	if want == "" {
		want = l.cfg.Domain
	}
	if want == "" {
		return account.Check{}, nil
	}
	partitions := "CN=Partitions," + root.GetEqualFoldAttributeValue("configurationNamingContext")
	registered, err := l.one(ctx, partitions, goldap.ScopeBaseObject, anything, "uPNSuffixes")
	if err != nil {
		return account.Check{}, err
	}
	own, err := l.one(ctx, partitions, goldap.ScopeSingleLevel, is("dnsRoot", want), "dnsRoot")
	if err != nil {
		return account.Check{}, err
	}
	if own != nil || registered != nil && slices.ContainsFunc(registered.GetEqualFoldAttributeValues("uPNSuffixes"), func(s string) bool { return strings.EqualFold(s, want) }) {
		return passed("domain", "%s is a suffix of sign-in names of the forest", want), nil
	}
	return warning("domain", "%s is no registered suffix of sign-in names (Active Directory Domains and Trusts): people can sign in by it, and the tools of Windows will not offer it", want), nil
}

// oneController: which of several answers must not change from connection to connection, for one does not show at once what another made.
func oneController(address, answers string) account.Check {
	host, _, _ := net.SplitHostPort(address)
	if answers == "" || net.ParseIP(host) != nil || strings.EqualFold(host, "localhost") || strings.EqualFold(host, answers) {
		return account.Check{}
	}
	return warning("connection", "url names %s, and %s answered; write the name of one domain controller there: two do not show at once what the other has made, and one person could get two accounts", host, answers)
}

// written by everybody of himself, by the default rights of users (MS-ADTS §3.1.1.2.3.3): rightsGuid of Personal-Information,
// Web-Information and Phone-and-Mail-Options, as they are stored.
var selfWritten = []string{
	"\x86\xb8\xb5\x77\x4a\x94\xd1\x11\xae\xbd\x00\x00\xf8\x03\x67\xc1",
	"\xb3\x95\x57\xe4\x55\x94\xd1\x11\xae\xbd\x00\x00\xf8\x03\x67\xc1",
	"\xb2\x95\x57\xe4\x55\x94\xd1\x11\xae\xbd\x00\x00\xf8\x03\x67\xc1",
}

// ownAttributes warns of attributes that people may write themselves.
func (l activeDirectory) ownAttributes(ctx context.Context, schema string) (account.Check, error) {
	for _, attribute := range []string{l.cfg.CodeAttr, l.cfg.MarkerAttr} {
		e, err := l.one(ctx, schema, goldap.ScopeSingleLevel, is("lDAPDisplayName", attribute), "attributeSecurityGUID")
		if err != nil {
			return account.Check{}, err
		}
		if e != nil && slices.Contains(selfWritten, string(e.GetEqualFoldRawAttributeValue("attributeSecurityGUID"))) {
			return warning("rights", "everybody may write %s of his own entry; choose another attribute (adminDescription, employeeID), or take that right away", attribute), nil
		}
	}
	return account.Check{}, nil
}

func (l activeDirectory) indexed(ctx context.Context, schema string) (account.Check, error) {
	var missing []string
	for _, attribute := range []string{l.cfg.CodeAttr, l.cfg.MarkerAttr} {
		e, err := l.one(ctx, schema, goldap.ScopeSingleLevel, is("lDAPDisplayName", attribute), "searchFlags")
		if err != nil {
			return account.Check{}, err
		}
		if e == nil {
			return failed("index", "the schema has no attribute %s", attribute), nil
		}
		if flags, _ := strconv.Atoi(e.GetEqualFoldAttributeValue("searchFlags")); flags&1 == 0 {
			missing = append(missing, attribute)
		}
	}
	if len(missing) > 0 {
		return warning("index", "%s not indexed: every look reads the whole domain; set searchFlags to 1 in the schema", strings.Join(missing, " and ")), nil
	}
	return passed("index", "%s and %s are indexed", l.cfg.CodeAttr, l.cfg.MarkerAttr), nil
}

// Opens tries a password as its holder would, over a connection of its own.
func (d *Directory) Opens(ctx context.Context, a account.Account, password string) (bool, error) {
	e, err := d.named(ctx, a)
	if err != nil {
		return false, err
	}
	other := *d
	other.cfg.BindDN, other.cfg.Password = e.DN, password
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	c, err := other.dial(ctx)
	if err == nil {
		c.hangUp()
		return true, nil
	}
	if !goldap.IsErrorWithCode(signInCause(err), goldap.LDAPResultInvalidCredentials) {
		return false, other.explain(err)
	}
	// ERROR_PASSWORD_MUST_CHANGE: the password is right, and Active Directory wants another one first.
	return d.changeAttr == adPasswordAt && strings.Contains(err.Error(), "data 773"), nil
}
