package ldap

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

const (
	sambaTop    = "DC=ad,DC=truong,DC=example"
	sambaBase   = "OU=Students," + sambaTop
	sambaGroups = "OU=Groups," + sambaTop
)

// samba is a real domain controller of this test alone, by .ci/samba.
type samba struct {
	url, ca string
	pool    *x509.CertPool
}

func startSamba(t testing.TB) samba {
	t.Helper()
	for _, name := range []string{"samba", "samba-tool"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed (Debian: apt-get install samba-ad-dc samba-ad-provision)")
		}
	}
	if os.Getuid() != 0 {
		t.Skip("a domain controller listens on port 636 and has files of root: only root starts it")
	}
	script, err := filepath.Abs("../../../.ci/samba")
	if err != nil {
		t.Fatal(err)
	}
	ip := ownIP()
	_, cert, key := certificate(t, ip)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(bindPass), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var said bytes.Buffer
	cmd := exec.Command(script, dir, ip, password, cert, key)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &said, &said, &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its children, too, which take half a minute to leave by themselves
		<-ended
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // it sends its stderr there
			t.Logf("samba said:\n%s%s", said.Bytes(), log)
		}
	})
	awaitPort(t, ip+":636", ended)
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return samba{url: "ldaps://" + ip, ca: cert, pool: pool}
}

func (s samba) config() Config {
	return Config{Layout: ActiveDirectory, URL: s.url, CAFile: s.ca, BindDN: "vanthu@ad.truong.example", Password: bindPass,
		Base: sambaBase, SearchBase: sambaTop}
}

// bind signs in as a person does, by userPrincipalName.
func (s samba) bind(t testing.TB, upn, password string) error {
	t.Helper()
	c, err := goldap.DialURL(s.url, goldap.DialWithTLSConfig(&tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.Bind(upn, password)
}

// adSigner is the domain as its people see it.
type adSigner struct {
	*Directory
	s samba
}

func (s adSigner) SignsIn(t testing.TB, user, password string) bool {
	t.Helper()
	err := s.s.bind(t, user+"@sv.truong.example", password)
	if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
		t.Fatal(err)
	}
	return err == nil
}

func (adSigner) Refuses(user string) bool { return fitsAD(account.Account{User: user}) != nil }

func TestPain31ActiveDirectory(t *testing.T) {
	t.Parallel()
	s := startSamba(t)
	open := func(t *testing.T, change func(*Config)) adSigner {
		cfg := s.config()
		change(&cfg)
		d := directory(t, cfg)
		if err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		return adSigner{d, s}
	}
	plain := func(*Config) {}
	t.Run("Conformance", func(t *testing.T) {
		t.Parallel()
		accounttest.Run(t, func(t *testing.T) account.Platform { return open(t, plain) })
	})
	t.Run("Groups", func(t *testing.T) {
		t.Parallel()
		accounttest.RunGroups(t, func(t *testing.T) account.Platform {
			return open(t, func(c *Config) { c.GroupBase = sambaGroups })
		})
	})
	for name, test := range map[string]func(*testing.T, adWorld){
		"CutOffAnywhere": adCutOff, "Begun": adBegun, "PolicyRefuses": adPolicy, "MustChange": adMustChange, "OneCodeTwice": adOneCode,
		"Taken": adTaken, "Refuses": adRefuses, "List": adList, "Entry": adEntry, "Preflight": adPreflight, "MarkerIsOurs": adMarkerIsOurs,
		"Hidden": adHidden, "Below": adBelow, "JoinAgain": adJoinAgain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, adWorld{s, open})
		})
	}
}

type adWorld struct {
	samba
	open func(t *testing.T, change func(*Config)) adSigner
}

func (w adWorld) plain(t *testing.T) adSigner { return w.open(t, func(*Config) {}) }

// Pain 31: whatever breaks off wherever, nobody can sign in to an account that has no password, and the next try finishes it.
func adCutOff(t *testing.T, w adWorld) {
	d := w.plain(t)
	finished := false
	for records := 1; !finished && records < 30; records++ {
		a := accounttest.Person(910, records)
		cut := cutter(t, strings.TrimPrefix(w.url, "ldaps://")+":636", records)
		broken := w.open2(t, cut)
		err := broken.Create(t.Context(), a, accounttest.Password)
		if errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
			t.Errorf("cut off after %d records: error %v, want a temporary one", records, err)
		}
		finished = err == nil
		found, lookErr := d.Lookup(t.Context(), byCode(a))
		if lookErr != nil || len(found) > 1 {
			t.Fatalf("cut off after %d records: found %+v, error %v", records, found, lookErr)
		}
		if in := d.SignsIn(t, a.User, accounttest.Password); len(found) == 1 && (in == found[0].Suspended || in == found[0].Unfinished) || len(found) == 0 && in {
			t.Errorf("cut off after %d records: %+v, and its holder signs in: %v", records, found, in)
		}
		if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
			t.Errorf("cut off after %d records, again: %v", records, err)
		}
		if !d.SignsIn(t, a.User, accounttest.Password) {
			t.Errorf("cut off after %d records, again: its holder cannot sign in", records)
		}
	}
	if !finished {
		t.Error("a create takes more than 30 records")
	}
}

// open2 reaches the server by another address.
func (w adWorld) open2(t *testing.T, address string) *Directory {
	cfg := w.config()
	cfg.URL, cfg.ServerName = "ldaps://"+address, strings.TrimPrefix(w.url, "ldaps://")
	return directory(t, cfg)
}

func byCode(a account.Account) account.Keys { return account.Keys{Codes: []string{a.Code}} }

// cutter passes on so much of what a client sends, and drops the line when the server has answered that.
func cutter(t *testing.T, server string, records int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		client, err := l.Accept()
		if err != nil {
			return
		}
		_ = l.Close() // whoever comes again finds nobody
		defer func() { _ = client.Close() }()
		up, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer func() { _ = up.Close() }()
		last := make(chan struct{})
		all.Go(func() {
			buffer := make([]byte, 1<<16)
			for {
				n, err := up.Read(buffer)
				if err != nil {
					_ = client.Close()
					return
				}
				select {
				case <-last: // done, and the answer lost
					_ = client.Close()
					return
				default:
				}
				if _, err := client.Write(buffer[:n]); err != nil {
					return
				}
			}
		})
		buffer := make([]byte, 1<<16)
		for sent := 1; ; sent++ {
			n, err := client.Read(buffer)
			if err != nil {
				return
			}
			if sent == records {
				close(last)
			}
			if _, err := up.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	return l.Addr().String()
}

// What another try has begun is finished; what somebody has begun for another row is left alone.
func adBegun(t *testing.T, w adWorld) {
	d := w.plain(t)
	l := activeDirectory{d.Directory}
	add := func(a account.Account) {
		if err := l.do(t.Context(), func(c *goldap.Conn) error { return c.Add(l.entry(a)) }); err != nil {
			t.Fatal(err)
		}
	}
	a := accounttest.Person(911, 0)
	add(a)
	found, err := d.Lookup(t.Context(), account.Keys{Markers: []string{a.Marker}})
	if err != nil || len(found) != 1 || !found[0].Unfinished || !found[0].Suspended || found[0].Marker != a.Marker {
		t.Fatalf("a begun one: %+v, error %v", found, err)
	}
	if err := d.Restore(t.Context(), a); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("restore a begun one: error %v: it has no password", err)
	}
	other := a
	other.Marker = "vanthu:YC-2026-9999:1"
	if _, err := account.Ensure(t.Context(), d, other, accounttest.Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("another row: error %v, want a conflict", err)
	}
	got, err := account.Ensure(t.Context(), d, a, accounttest.Password)
	if err != nil || !got.Created || got.Account.Unfinished || got.Account.Suspended {
		t.Errorf("the same row: %+v, error %v", got, err)
	}
	// Whoever wakes up late has seen the entry unfinished, and must not set the initial password again.
	late := goldap.NewEntry("CN="+a.User+","+sambaBase, map[string][]string{adControl: {"514"}})
	if err := d.SetPassword(t.Context(), a, "Canary-own-4"); err != nil {
		t.Fatal(err)
	}
	if err := l.finish(t.Context(), late, a.Marker, accounttest.Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("a late one: error %v, want ErrExists", err)
	}
	if d.SignsIn(t, a.User, accounttest.Password) || !d.SignsIn(t, a.User, "Canary-own-4") {
		t.Error("a late one has set the initial password again")
	}
}

func adPolicy(t *testing.T, w adWorld) {
	d := w.plain(t)
	for i, weak := range []string{"Can7", "canarycanary"} { // too short; letters of one kind
		a := accounttest.Person(912, i)
		_, err := account.Ensure(t.Context(), d, a, weak)
		if !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "password policy") || strings.Contains(err.Error(), weak) {
			t.Errorf("%d: error %v, want the policy named", i, err)
		}
		if found, err := d.Lookup(t.Context(), byCode(a)); err != nil || len(found) != 0 {
			t.Errorf("%d: left behind: %+v, error %v", i, found, err)
		}
	}
}

// FR-31, FR-22: the holder must change the password, can, and is known to have done so.
func adMustChange(t *testing.T, w adWorld) {
	d := w.open(t, func(c *Config) { c.MustChange = "pwdLastSet=0" })
	a := accounttest.Person(913, 0)
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	mustChange := func(what, password string, want bool) {
		t.Helper()
		err := w.bind(t, a.Address, password)
		if is := err != nil && strings.Contains(err.Error(), "data 773"); is != want { // ERROR_PASSWORD_MUST_CHANGE
			t.Errorf("%s: error %v, must change: %v, want %v", what, err, is, want)
		}
	}
	mustChange("made", accounttest.Password, true)
	if err := d.SetPassword(t.Context(), a, "Canary8Canary8"); err != nil {
		t.Fatal(err)
	}
	mustChange("set again", "Canary8Canary8", true)
	// A user changes his own with a delete of the old and an add of the new value.
	change := goldap.NewModifyRequest("CN="+a.User+","+sambaBase, nil)
	change.Delete(adPassword, []string{quoted("Canary8Canary8")})
	change.Add(adPassword, []string{quoted("Canary9Canary9")})
	if err := d.do(t.Context(), func(c *goldap.Conn) error { return c.Modify(change) }); err != nil {
		t.Fatal(err)
	}
	mustChange("changed", "Canary9Canary9", false)
	if !d.SignsIn(t, a.User, "Canary9Canary9") {
		t.Error("the own password does not open the account")
	}
	entries, err := d.search(t.Context(), d.tests(byCode(a)))
	if err != nil || len(entries) != 1 {
		t.Fatal(err)
	}
	e := entries[0]
	l := activeDirectory{d.Directory}
	for name, c := range map[string]struct {
		made, at string
		want     bool
	}{
		"at once":       {e.GetAttributeValue(adMade), e.GetAttributeValue(adPasswordAt), false}, // as if vanthu had set it
		"an hour later": {"20260101000000.0Z", e.GetAttributeValue(adPasswordAt), true},
		"demanded":      {"20260101000000.0Z", "0", false},
		"nonsense":      {"long ago", e.GetAttributeValue(adPasswordAt), false},
	} {
		entry := goldap.NewEntry(e.DN, map[string][]string{adMade: {c.made}, adPasswordAt: {c.at}})
		if got := l.changed(entry); got != c.want {
			t.Errorf("%s: changed %v, want %v", name, got, c.want)
		}
	}
}

// Active Directory lets two people have one code and one address. Of several that are made at the same time one stays; two that somebody
// else made are told.
func adOneCode(t *testing.T, w adWorld) {
	d := w.plain(t)
	for round := range 3 {
		errs := make([]error, 4)
		var all sync.WaitGroup
		first := accounttest.Person(914, round*10)
		for i := range errs {
			a := accounttest.Person(914, round*10+i)
			a.Code, a.Address = first.Code, first.Address
			a.User, a.Marker = fmt.Sprintf("y%d.%d", round, i), fmt.Sprintf("vanthu:YC-2026-0914:%d%d", round, i)
			d := w.open(t, func(c *Config) { c.UPNSuffix = "ad.truong.example" }) // so that not even the sign-in name tells
			all.Go(func() { errs[i] = d.Create(t.Context(), a, accounttest.Password) })
		}
		all.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else if !errors.Is(err, account.ErrExists) {
				t.Errorf("error %v, want ErrExists", err)
			}
		}
		if found, err := d.Lookup(t.Context(), byCode(first)); err != nil || made != 1 || len(found) != 1 {
			t.Errorf("%d were made, %d are there, error %v; want one", made, len(found), err)
		}
	}
	a, twin := accounttest.Person(915, 0), accounttest.Person(915, 1)
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	twin.Code, twin.Marker = a.Code, ""
	add := activeDirectory{d.Directory}.entry(twin)
	if err := d.do(t.Context(), func(c *goldap.Conn) error { return c.Add(add) }); err != nil {
		t.Fatal(err)
	}
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("two have one code: error %v, want a conflict", err)
	}
	if err := d.Suspend(t.Context(), a); !errors.Is(err, account.ErrOther) || !strings.Contains(err.Error(), "2 accounts") {
		t.Errorf("two have one code: error %v, want ErrOther", err)
	}
}

// FR-17, pain 45: an alias, a sign-in name and an address of somebody else.
func adTaken(t *testing.T, w adWorld) {
	d := w.plain(t)
	for i, address := range []string{"lethimy@truong.example", "2153019001@sv.truong.example", "LETHIMY@truong.example"} {
		a := accounttest.Person(916, i)
		a.Address = address
		_, err := account.Ensure(t.Context(), d, a, accounttest.Password)
		conflict, ok := errors.AsType[*account.Conflict](err)
		if !ok || conflict.Have.Code != "CB0021" || !slices.Equal(conflict.Taken, []string{"address"}) || !conflict.Have.Suspended {
			t.Errorf("%s: error %v, want the lecturer's address as a conflict", address, err)
		}
	}
	found, err := d.Lookup(t.Context(), account.Keys{Users: []string{"lethimy"}})
	want := []account.Account{{Code: "CB0021", User: "lethimy", Address: "lethimy@truong.example", Aliases: []string{"2153019001@sv.truong.example"},
		Name: "Lê Thị Mỹ", Family: "Lê", Suspended: true}}
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("(-want +got), error %v:\n%s", err, diff)
	}
	// The sign-in name of somebody who has neither our code nor our address.
	a := accounttest.Person(916, 9)
	a.User = "lethimy2"
	suffixed := w.open(t, func(c *Config) { c.UPNSuffix = "truong.example" })
	if err := suffixed.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	b := accounttest.Person(916, 10)
	b.User, b.Address = "lethimy3", "lethimy2@truong.example"
	if err := d.Create(t.Context(), b, accounttest.Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("a sign-in name that is taken: error %v, want ErrExists", err)
	}
}

func adRefuses(t *testing.T, w adWorld) {
	for name, c := range map[string]struct {
		change func(*Config, *account.Account)
		word   string
	}{
		"too long a user":  {func(_ *Config, a *account.Account) { a.User = "nguyenvana.2153010001" }, "21 characters"},
		"an odd user":      {func(_ *Config, a *account.Account) { a.User = "an,con" }, "sAMAccountName"},
		"a user with ầ":    {func(_ *Config, a *account.Account) { a.User = "ầ" }, "sAMAccountName"},
		"no right there":   {func(c *Config, _ *account.Account) { c.Base = "OU=Staff," + sambaTop }, "right"},
		"no such base":     {func(c *Config, _ *account.Account) { c.Base = "OU=Nobody," + sambaBase }, "No Such Object"},
		"too long a code":  {func(_ *Config, a *account.Account) { a.Code = strings.Repeat("1", 17) }, "schema"},
		"no such property": {func(c *Config, _ *account.Account) { c.ClassAttr = "nothingLikeThis" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, a := w.config(), accounttest.Person(917, 0)
			a.Class = "YA"
			c.change(&cfg, &a)
			d := directory(t, cfg)
			err := d.Create(t.Context(), a, accounttest.Password)
			if !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) || !strings.Contains(err.Error(), c.word) {
				t.Errorf("error %v, want ErrPermanent and %q", err, c.word)
			}
			if found, err := w.plain(t).Lookup(t.Context(), byCode(a)); err != nil || len(found) != 0 {
				t.Errorf("left behind: %+v, error %v", found, err)
			}
		})
	}
}

func adList(t *testing.T, w adWorld) {
	d := w.plain(t)
	d.page = 3
	people := make(map[string]bool)
	for i := range 10 {
		a := accounttest.Person(918, i)
		if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
			t.Fatal(err)
		}
		people[a.Code] = true
	}
	seen := map[string]int{}
	if err := d.List(t.Context(), func(a account.Account) error { seen[a.Code]++; return nil }); err != nil {
		t.Fatal(err)
	}
	for code := range people {
		if seen[code] != 1 {
			t.Errorf("%s was listed %d times", code, seen[code])
		}
	}
	if seen["CB0021"] != 1 {
		t.Error("the lecturer, who is suspended, is not listed")
	}
}

func adEntry(t *testing.T, w adWorld) {
	d := w.open(t, func(c *Config) { c.ClassAttr, c.UPNSuffix = "department", "ad.truong.example" })
	a := accounttest.Person(919, 8)
	a.Class = "YA-K51"
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	entries, err := d.search(t.Context(), d.tests(byCode(a)))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, error %v", len(entries), err)
	}
	e := entries[0]
	got := map[string]string{"dn": e.DN}
	for _, name := range []string{adUser, adSignIn, "employeeID", attrAddress, attrDisplay, attrFamily, attrGiven, "department", "adminDescription", adControl} {
		got[name] = e.GetAttributeValue(name)
	}
	want := map[string]string{"dn": "CN=" + a.User + "," + sambaBase, adUser: a.User, adSignIn: a.User + "@ad.truong.example", "employeeID": a.Code,
		attrAddress: a.Address, attrDisplay: a.Name, attrFamily: a.Family, attrGiven: a.Given, "department": "YA-K51", "adminDescription": a.Marker, adControl: "512"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whoever signs in may write much of his own entry (the property set Personal-Information, MS-ADTS §5.1.3.2 and §3.1.1.2.3.3), and never
// our marker: with another one he could not be given a new password, and with that of another row he would stand in its way.
func adMarkerIsOurs(t *testing.T, w adWorld) {
	d := w.plain(t)
	a := accounttest.Person(930, 0)
	if _, err := account.Ensure(t.Context(), d, a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	entries, err := d.search(t.Context(), d.tests(byCode(a)))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, error %v", len(entries), err)
	}
	c, err := goldap.DialURL(w.url, goldap.DialWithTLSConfig(&tls.Config{RootCAs: w.pool, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Bind(a.User+"@sv.truong.example", accounttest.Password); err != nil {
		t.Fatal(err)
	}
	own := goldap.NewModifyRequest(entries[0].DN, nil)
	own.Replace("telephoneNumber", []string{"+84 24 0000 0000"})
	if err := c.Modify(own); err != nil {
		t.Errorf("its holder cannot write what is his: %v", err)
	}
	for _, attribute := range []string{d.cfg.MarkerAttr, d.cfg.CodeAttr} {
		forged := goldap.NewModifyRequest(entries[0].DN, nil)
		forged.Replace(attribute, []string{"vanthu:YC-2026-0001:1"})
		if err := c.Modify(forged); !goldap.IsErrorWithCode(err, goldap.LDAPResultInsufficientAccessRights) {
			t.Errorf("%s: its holder writes it himself: error %v", attribute, err)
		}
	}
	warned := func(d adSigner) bool {
		return slices.ContainsFunc(d.Preflight(t.Context(), 1), func(c account.Check) bool {
			return c.What == "rights" && c.Level == account.CheckWarning && strings.Contains(c.Said, "everybody may write")
		})
	}
	if warned(d) || !warned(w.open(t, func(c *Config) { c.MarkerAttr = "info" })) {
		t.Error("preflight warns of the wrong attribute, or does not warn of one that everybody writes himself")
	}
}
