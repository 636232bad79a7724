package ldap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

// slapd is a real OpenLDAP server of this test alone, on loopback, with its files in the test's folder.
type slapd struct {
	plain, secure string // URLs
	ca            string
	stop          func()
	restart       func() (stop func())
}

const (
	slapdSuffix = "dc=truong,dc=example"
	slapdSeed   = `dn: dc=truong,dc=example
objectClass: dcObject
objectClass: organization
dc: truong
o: Truong Dai hoc Vi du

dn: ou=students,dc=truong,dc=example
objectClass: organizationalUnit
ou: students

dn: ou=groups,dc=truong,dc=example
objectClass: organizationalUnit
ou: groups

dn: ou=left,dc=truong,dc=example
objectClass: organizationalUnit
ou: left

dn: uid=1753010001,ou=left,dc=truong,dc=example
objectClass: inetOrgPerson
uid: 1753010001
employeeNumber: 1753010001
cn:: Tmd1eeG7hW4gVsSDbiBBbg==
sn:: Tmd1eeG7hW4=
mail: 1753010001@sv.truong.example

dn: uid=lethimy,ou=left,dc=truong,dc=example
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
uid: lethimy
employeeNumber: CB0021
cn:: TMOqIFRo4buLIE15
sn:: TMOq
mail: lethimy@truong.example
mail: 2153019001@sv.truong.example
mailLocalAddress: 2153019002@sv.truong.example

dn: cn=vanthu,dc=truong,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: vanthu
userPassword: Canary-bind-1
`
)

// startSlapd starts one with more global lines (modules) and database lines (limits, overlays); it skips where OpenLDAP is not installed.
func startSlapd(t testing.TB, global, database string) slapd {
	t.Helper()
	server, seeder := program(t, "slapd"), program(t, "slapadd")
	if _, err := os.Stat("/etc/ldap/schema"); err != nil {
		t.Skip("slapd is not installed as Debian does it: no /etc/ldap/schema")
	}
	dir := t.TempDir()
	ip := ownIP()
	_, cert, key := certificate(t, ip)
	conf := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload unique
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
%[4]s
database mdb
suffix "%[5]s"
rootdn "cn=root,%[5]s"
rootpw Canary-bind-1
directory %[1]s
maxsize 268435456
index objectClass,uid,mail,employeeNumber eq
overlay unique
unique_uri ldap:///%[5]s?uid?sub
unique_uri ldap:///%[5]s?mail?sub
unique_uri ldap:///%[5]s?employeeNumber?sub
%[6]s
access to attrs=userPassword by dn.exact="%[7]s" write by anonymous auth by * none
access to dn.subtree="ou=students,%[5]s" by dn.exact="%[7]s" write by * none
access to dn.subtree="ou=groups,%[5]s" by dn.exact="%[7]s" write by * none
access to * by dn.exact="%[7]s" read by * none
`, dir, cert, key, global, slapdSuffix, database, bindDN)
	file, seed := filepath.Join(dir, "slapd.conf"), filepath.Join(dir, "seed.ldif")
	for name, text := range map[string]string{file: conf, seed: slapdSeed} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), seeder, "-q", "-f", file, "-l", seed).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	s := slapd{plain: "ldap://" + ip + ":3389", secure: "ldaps://" + ip + ":3636", ca: cert}
	s.restart = func() (stop func()) {
		return run(t, exec.Command(server, "-f", file, "-h", s.plain+"/ "+s.secure+"/", "-d", "stats"), ip+":3389", ip+":3636")
	}
	s.stop = s.restart()
	return s
}

// run starts the program and waits until it accepts connections. What it returns ends it; the end of the test does, too.
func run(t testing.TB, cmd *exec.Cmd, addresses ...string) (stop func()) {
	t.Helper()
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var tail []string
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			tail = append(tail[max(0, len(tail)-10):], lines.Text())
		}
		_, _ = io.Copy(io.Discard, log)
	}()
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
		_ = cmd.Wait()
	})
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s said at the end:\n%s", cmd.Path, strings.Join(tail, "\n"))
		}
	})
	for _, address := range addresses {
		awaitPort(t, address, ended)
	}
	return stop
}

func program(t testing.TB, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Skipf("%s is not installed (Debian: apt-get install slapd)", name)
	return ""
}

// config is for the wire with TLS from the first byte.
func (s slapd) config() Config {
	cfg := config(s.secure)
	cfg.CAFile, cfg.SearchBase = s.ca, slapdSuffix
	return cfg
}

func TestConformanceSlapd(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "moduleload pw-sha2", "")
	accounttest.Run(t, func(t *testing.T) account.Platform {
		d := directory(t, s.config())
		if err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		return signer{d, s}
	})
	t.Run("TakenByOneWhoLeft", func(t *testing.T) { // FR-17: live, suspended and deleted ones
		d := directory(t, s.config())
		a := accounttest.Person(900, 0)
		a.Address = "1753010001@sv.truong.example"
		_, err := account.Ensure(t.Context(), d, a, accounttest.Password)
		if conflict, ok := errors.AsType[*account.Conflict](err); !ok || conflict.Have.Code != "1753010001" {
			t.Errorf("error %v, want a conflict with 1753010001", err)
		}
	})
}

func TestGroupsSlapd(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "", "")
	accounttest.RunGroups(t, func(t *testing.T) account.Platform {
		cfg := s.config()
		cfg.GroupBase = "ou=groups," + slapdSuffix
		d := directory(t, cfg)
		if err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		return d
	})
}

func TestSlapdStartTLS(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "", "")
	cfg := s.config()
	cfg.URL, cfg.StartTLS = s.plain, true
	if err := directory(t, cfg).Check(t.Context()); err != nil {
		t.Error(err)
	}
	cfg.ServerName = "ldap.truong.example"
	if err := directory(t, cfg).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("another name: error %v, want the certificate refused", err)
	}
	cfg.ServerName, cfg.CAFile = "", ""
	if err := directory(t, cfg).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown CA: error %v, want the certificate refused", err)
	}
}

// The initial password opens the account, for every hash that we write, and with which module the server can check it.
func TestSlapdSignIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		module string
		opens  map[string]bool
	}{
		"stock":  {"", map[string]bool{account.SSHA: true, account.SSHA512: false, account.Argon2: false}},
		"sha2":   {"moduleload pw-sha2", map[string]bool{account.SSHA: true, account.SSHA512: true}},
		"argon2": {"moduleload argon2", map[string]bool{account.SSHA: true, account.Argon2: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSlapd(t, c.module, "")
			i := 0
			for scheme, opens := range c.opens {
				cfg := s.config()
				cfg.Hash = scheme
				a := accounttest.Person(1, i)
				i++
				if err := directory(t, cfg).Create(t.Context(), a, accounttest.Password); err != nil {
					t.Fatal(err)
				}
				err := bindAs(t, s, a.User, accounttest.Password)
				if opens && err != nil {
					t.Errorf("%s: the initial password does not open the account: %v", scheme, err)
				}
				if !opens && !goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
					t.Errorf("%s without its module: error %v; if the server knows it now, say so in the documentation", scheme, err)
				}
				if err := bindAs(t, s, a.User, "something else"); !goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
					t.Errorf("%s: another password: error %v", scheme, err)
				}
			}
		})
	}
}

func bindAs(t testing.TB, s slapd, user, password string) error {
	t.Helper()
	c, err := goldap.DialURL(s.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.Bind("uid="+user+","+baseDN, password)
}

// FR-31: the first sign-in must change the password.
func TestSlapdMustChange(t *testing.T) {
	t.Parallel()
	const policy = "cn=policy,dc=truong,dc=example"
	s := startSlapd(t, "moduleload pw-sha2\nmoduleload ppolicy", "access to * by dn.exact=\""+bindDN+"\" write by self write by * read\noverlay ppolicy\nppolicy_default \""+policy+"\"")
	s.add(t, "pwdPolicy", "pwdMustChange", "TRUE")
	cfg := s.config()
	cfg.MustChange = "pwdReset=TRUE"
	a := accounttest.Person(1, 0)
	if err := directory(t, cfg).Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	c, err := goldap.DialURL(s.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Bind(bindDN, bindPass); err != nil {
		t.Fatal(err)
	}
	found, err := c.Search(goldap.NewSearchRequest("uid="+a.User+","+baseDN, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"pwdReset"}, nil))
	if err != nil || len(found.Entries) != 1 || found.Entries[0].GetAttributeValue("pwdReset") != "TRUE" {
		t.Errorf("pwdReset is not set (error %v)", err)
	}

	// FR-22: whoever changes it himself is known to have done so; one that was only made is not.
	changed := func() bool {
		found, err := directory(t, cfg).Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
		if err != nil || len(found) != 1 {
			t.Fatalf("%v: %+v", err, found)
		}
		return found[0].Changed
	}
	if changed() {
		t.Error("a new account is said to have another password")
	}
	<-time.After(time.Until(time.Now().Truncate(time.Second).Add(1100 * time.Millisecond))) // the server's times have whole seconds
	if err := c.Bind("uid="+a.User+","+baseDN, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PasswordModify(goldap.NewPasswordModifyRequest("", "", "Canary-own-4")); err != nil {
		t.Fatal(err)
	}
	if !changed() {
		t.Error("the holder has changed it, and nobody knows")
	}
}

// What a real server says when it will not.
// Pain 45: a tool that is given an alias works on the person behind it. A lecturer's aliases are as taken as her address, and
// whoever asks is shown that one.
func TestPain45AliasIsSomebodyElse(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "", "")
	cfg := s.config()
	cfg.AliasAttrs = []string{"mailLocalAddress"}
	d := directory(t, cfg)
	for i, alias := range []string{"2153019001@sv.truong.example", "2153019002@sv.truong.example"} {
		found, err := d.Lookup(t.Context(), account.Keys{Addresses: []string{alias}})
		if err != nil || len(found) != 1 || found[0].Address != "lethimy@truong.example" || !found[0].Has(alias) {
			t.Fatalf("%s: found %+v, error %v; want lethimy@truong.example", alias, found, err)
		}
		a := accounttest.Person(901, i)
		a.Address = alias
		_, err = account.Ensure(t.Context(), d, a, accounttest.Password)
		conflict, ok := errors.AsType[*account.Conflict](err)
		if !ok || conflict.Have.Code != "CB0021" || !slices.Equal(conflict.Taken, []string{"address"}) {
			t.Errorf("%s: error %v, want the lecturer's address as a conflict", alias, err)
		}
	}
}

func TestSlapdRefuses(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "moduleload constraint", "overlay constraint\nconstraint_attribute displayName size 60")
	for name, c := range map[string]struct {
		change func(cfg *Config, a *account.Account)
		word   string
	}{
		"no right there":    {func(cfg *Config, _ *account.Account) { cfg.Base = "ou=left," + slapdSuffix }, "no write access"},
		"no such base":      {func(cfg *Config, _ *account.Account) { cfg.Base = "ou=none,ou=students," + slapdSuffix }, "No Such Object"},
		"no such attribute": {func(cfg *Config, _ *account.Account) { cfg.MustChange = "pwdReset=TRUE" }, "pwdReset"},
		"no family name":    {func(_ *Config, a *account.Account) { a.Family = "" }, "sn"},
		"no ASCII address":  {func(_ *Config, a *account.Account) { a.Address = "ầ@truong.example" }, "mail"},
		"its own rule":      {func(_ *Config, a *account.Account) { a.Name = strings.Repeat("Lê ", 20) + "Lê" }, "constraint"},
	} {
		cfg, a := s.config(), accounttest.Person(1, 0)
		c.change(&cfg, &a)
		err := directory(t, cfg).Create(t.Context(), a, accounttest.Password)
		if !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: error %v, want ErrPermanent and %q", name, err, c.word)
		}
	}
}

// A server that gives five entries at a time gives all of them in the end.
func TestSlapdSizeLimit(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "sizelimit 5", "")
	d := directory(t, s.config())
	var keys account.Keys
	for i := range 23 {
		a := accounttest.Person(1, i)
		if err := d.Create(t.Context(), a, accounttest.Password); err != nil {
			t.Fatal(err)
		}
		keys.Codes, keys.Addresses = append(keys.Codes, a.Code), append(keys.Addresses, a.Address)
	}
	found, err := d.Lookup(t.Context(), keys)
	if err != nil || len(found) != 23 {
		t.Errorf("%d accounts, want 23 (error %v)", len(found), err)
	}
}

// The server goes and comes back while the Directory is kept.
func TestSlapdRestart(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "", "")
	d := directory(t, s.config())
	a := accounttest.Person(1, 0)
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err == nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
		t.Errorf("server gone: error %v, want a temporary one", err)
	}
	s.restart()
	if got, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil || got.Created {
		t.Errorf("server back: created %v, error %v", got.Created, err)
	}
}

// The goal of the project: look up, create and read back in at most 1.5 times what plain adds take on one connection.
func BenchmarkSlapd(b *testing.B) {
	for _, bench := range []struct {
		name    string
		workers int
		run     func(b *testing.B, d *Directory, a account.Account) error
	}{
		{"add_1", 1, func(b *testing.B, d *Directory, a account.Account) error {
			return d.Create(b.Context(), a, accounttest.Password)
		}},
		{"add_8", 8, func(b *testing.B, d *Directory, a account.Account) error {
			return d.Create(b.Context(), a, accounttest.Password)
		}},
		{"ensure_1", 1, ensure}, {"ensure_8", 8, ensure},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := startSlapd(b, "", "")
			cfg := s.config()
			cfg.Connections = bench.workers
			d := directory(b, cfg)
			next := make(chan account.Account)
			done := make(chan error, bench.workers)
			for range bench.workers {
				go func() {
					var first error
					for a := range next {
						if err := bench.run(b, d, a); err != nil && first == nil {
							first = err
						}
					}
					done <- first
				}()
			}
			for i := 0; b.Loop(); i++ {
				next <- accounttest.Person(1+i/100000, i%100000)
			}
			close(next)
			for range bench.workers {
				if err := <-done; err != nil {
					b.Error(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
		})
	}
}

func ensure(b *testing.B, d *Directory, a account.Account) error {
	_, err := account.Ensure(b.Context(), d, a, accounttest.Password)
	return err
}
