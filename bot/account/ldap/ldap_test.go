package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/jimlambrt/gldap"
	"go.uber.org/goleak"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformanceInMemory(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, func(t *testing.T) account.Platform {
		return directory(t, config(startMemory(t, nil).url))
	})
}

func TestGroupsInMemory(t *testing.T) {
	t.Parallel()
	accounttest.RunGroups(t, func(t *testing.T) account.Platform {
		cfg := config(startMemory(t, nil).url)
		cfg.GroupBase = baseDN
		return directory(t, cfg)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(c *Config)
		want   string
	}{
		"no URL":               {func(c *Config) { c.URL = "" }, "URL"},
		"another scheme":       {func(c *Config) { c.URL = "http://ldap.truong.example" }, "scheme"},
		"a socket":             {func(c *Config) { c.URL = "ldapi:///run/slapd" }, "URL"},
		"a path":               {func(c *Config) { c.URL = "ldaps://ldap.truong.example/dc=x" }, "URL"},
		"plain":                {func(c *Config) { c.URL = "ldap://ldap.truong.example" }, "StartTLS"},
		"plain but insecure":   {func(c *Config) { c.URL, c.Insecure = "ldap://ldap.truong.example", true }, "loopback"},
		"plain to an address":  {func(c *Config) { c.URL, c.Insecure = "ldap://192.0.2.1:389", true }, "loopback"},
		"twice TLS":            {func(c *Config) { c.StartTLS = true }, "exclude"},
		"no CA file":           {func(c *Config) { c.CAFile = "nowhere.pem" }, "CA file"},
		"an empty CA file":     {func(c *Config) { c.CAFile = "/dev/null" }, "no certificate"},
		"a base of nonsense":   {func(c *Config) { c.Base = "students" }, "base"},
		"no base":              {func(c *Config) { c.Base = "" }, "base"},
		"groups elsewhere":     {func(c *Config) { c.GroupBase = "ou=groups,dc=other,dc=example" }, "below the search base"},
		"no bind DN":           {func(c *Config) { c.BindDN = "" }, "bind DN"},
		"no password":          {func(c *Config) { c.Password = "" }, "password"},
		"an unknown hash":      {func(c *Config) { c.Hash = "md5" }, "md5"},
		"an odd marker":        {func(c *Config) { c.MarkerAttr = "a)(uid=*" }, "attribute"},
		"an odd class":         {func(c *Config) { c.ClassAttr = "a b" }, "attribute"},
		"must-change unclear":  {func(c *Config) { c.MustChange = "pwdReset" }, "attribute=value"},
		"suspend unclear":      {func(c *Config) { c.Suspend = "=TRUE" }, "attribute=value"},
		"suspend oddly":        {func(c *Config) { c.Suspend = "a)(b=TRUE" }, "attribute"},
		"must-change too much": {func(c *Config) { c.MustChange = "pwd Reset=TRUE" }, "attribute"},
	} {
		cfg := config("ldaps://ldap.truong.example")
		c.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), bindPass) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	m := startMemory(t, nil)
	if err := directory(t, config(m.url)).Check(t.Context()); err != nil {
		t.Error(err)
	}
	cfg := config(m.url)
	cfg.SearchBase = "ou=nowhere,dc=truong,dc=example"
	if err := directory(t, cfg).Check(t.Context()); !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrAway) || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no such base: error %v", err)
	}
	cfg = config(m.url)
	cfg.Password = "Canary-wrong-2"
	err := directory(t, cfg).Check(t.Context())
	if err == nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrAway) || !strings.Contains(err.Error(), bindDN) || strings.Contains(err.Error(), "Canary") {
		t.Errorf("wrong password: error %v", err)
	}
}

// Who does not answer, or not now, is away; whoever answers that we are wrong is not (TestCheck, TestCertificateIsChecked).
func TestAway(t *testing.T) {
	t.Parallel()
	listen := func(answer func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var talks sync.WaitGroup
		t.Cleanup(func() { l.Close(); talks.Wait() })
		talks.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				talks.Go(func() { defer c.Close(); answer(c) })
			}
		})
		return "ldap://" + l.Addr().String()
	}
	says := func(code byte) func(net.Conn) { // a BindResponse with that result code (RFC 4511 §4.2.2)
		return func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1000))
			_, _ = c.Write([]byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00})
			_, _ = c.Read(make([]byte, 1000))
		}
	}
	for name, c := range map[string]struct {
		url  string
		away bool
	}{
		"nobody listens":   {"ldap://127.0.0.1:1", true},
		"no such host":     {"ldaps://ldap.invalid", true}, // RFC 2606 §2; the DNS may be what is away
		"it hangs up":      {listen(func(net.Conn) {}), true},
		"it is silent":     {listen(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), true},
		"no TLS is spoken": {strings.Replace(listen(func(net.Conn) {}), "ldap:", "ldaps:", 1), true},
		"busy":             {listen(says(goldap.LDAPResultBusy)), true},
		"unavailable":      {listen(says(goldap.LDAPResultUnavailable)), true},
		"not known":        {listen(says(goldap.LDAPResultInvalidCredentials)), false},
		"another method":   {listen(says(goldap.LDAPResultInappropriateAuthentication)), false},
	} {
		cfg := config(c.url)
		cfg.Timeout = time.Second
		if err := directory(t, cfg).Check(t.Context()); err == nil || errors.Is(err, account.ErrAway) != c.away || !strings.Contains(err.Error(), cfg.URL) {
			t.Errorf("%s: error %v, want away %v", name, err, c.away)
		}
	}
}

func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	pair, ca, _ := certificate(t, "ldap.truong.example")
	_, otherCA, _ := certificate(t, "ldap.truong.example")
	m := startMemory(t, &tls.Config{Certificates: []tls.Certificate{pair}})
	for name, c := range map[string]struct {
		server, ca string
		ok         bool
	}{
		"right":        {"ldap.truong.example", ca, true},
		"another name": {"ldap.evil.example", ca, false},
		"the address":  {"", ca, false},
		"another CA":   {"ldap.truong.example", otherCA, false},
		"the system's": {"ldap.truong.example", "", false},
	} {
		cfg := config(m.url)
		cfg.ServerName, cfg.CAFile = c.server, c.ca
		err := directory(t, cfg).Check(t.Context())
		if c.ok && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !c.ok {
			if _, isTLS := errors.AsType[*tls.CertificateVerificationError](err); !isTLS || errors.Is(err, account.ErrAway) {
				t.Errorf("%s: error %v, want the certificate refused", name, err)
			}
		}
	}
	if m.binds != 1 {
		t.Errorf("the password was sent %d times, want once", m.binds)
	}
}

// What the server answers decides who tries again.
func TestResultCodes(t *testing.T) {
	t.Parallel()
	m := startMemory(t, nil)
	d := directory(t, config(m.url))
	for code, want := range map[int]error{
		goldap.LDAPResultEntryAlreadyExists:       account.ErrExists,
		goldap.LDAPResultConstraintViolation:      account.ErrPermanent, // nobody has the code: a policy
		goldap.LDAPResultNoSuchObject:             account.ErrPermanent,
		goldap.LDAPResultInvalidDNSyntax:          account.ErrPermanent,
		goldap.LDAPResultUndefinedAttributeType:   account.ErrPermanent,
		goldap.LDAPResultInvalidAttributeSyntax:   account.ErrPermanent,
		goldap.LDAPResultObjectClassViolation:     account.ErrPermanent,
		goldap.LDAPResultInsufficientAccessRights: account.ErrPermanent,
		goldap.LDAPResultReferral:                 account.ErrPermanent,
		goldap.LDAPResultBusy:                     nil,
		goldap.LDAPResultUnavailable:              nil,
		goldap.LDAPResultUnwillingToPerform:       nil,
		goldap.LDAPResultOther:                    nil,
	} {
		// A server that quotes all it was sent, with a line end to forge a log line.
		m.mu.Lock()
		m.answer = func(add *gldap.AddMessage) (int, string, bool) {
			text := "no thanks\nlevel=ERROR"
			for _, a := range add.Attributes {
				if a.Type == "userPassword" {
					text += " " + a.Vals[0] + " " + strings.TrimPrefix(a.Vals[0], "{SSHA512}")
				}
			}
			return code, text + " " + accounttest.Password + strings.Repeat(" ầ", 1000), true
		}
		m.mu.Unlock()
		err := d.Create(t.Context(), accounttest.Person(1, 0), accounttest.Password)
		if err == nil {
			t.Errorf("code %d: no error", code)
			continue
		}
		for _, kind := range []error{account.ErrExists, account.ErrPermanent} {
			if errors.Is(err, kind) != errors.Is(want, kind) {
				t.Errorf("code %d: error %v, want %v", code, err, want)
			}
		}
		text := err.Error()
		if !strings.Contains(text, fmt.Sprintf("(%d)", code)) || !strings.Contains(text, "no thanks") {
			t.Errorf("code %d: error %q without the server's word", code, text)
		}
		m.mu.Lock()
		binds := m.binds
		m.mu.Unlock()
		if strings.Contains(text, accounttest.Password) || strings.Contains(text, "{SSHA512}") || strings.Contains(text, "==") ||
			strings.ContainsRune(text, '\n') || len(text) > 500 {
			t.Errorf("code %d: error %q holds a secret, a line end or a novel (%d sign-ins)", code, text, binds)
		}
	}
	if m.binds != 1 {
		t.Errorf("%d connections, want the one kept", m.binds)
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	m := startMemory(t, nil)
	cfg := config(m.url)
	cfg.MarkerAttr, cfg.ClassAttr, cfg.MustChange, cfg.Hash = "carLicense", "departmentNumber", "pwdReset=TRUE", account.Argon2
	d := directory(t, cfg)
	a := accounttest.Person(1, 0)
	a.Class = "YA-K51"
	one := a
	one.Name, one.Family, one.Given, one.Class = "Lê", "Lê", "", ""
	one.User, one.Code, one.Address, one.Marker = "1", "1", "1@truong.example", "vanthu:YC-2026-0001:2"
	for _, x := range []account.Account{a, one} {
		if err := d.Create(t.Context(), x, accounttest.Password); err != nil {
			t.Fatal(err)
		}
	}
	got := m.entries["uid="+a.User+","+baseDN]
	if hash := got["userpassword"][0]; !strings.HasPrefix(hash, "{ARGON2}") || !account.CheckPassword(hash, accounttest.Password) {
		t.Error("the password is not kept as the hash that was asked for")
	}
	delete(got, "userpassword")
	want := map[string][]string{
		"objectclass": {"inetOrgPerson"}, "uid": {a.User}, "cn": {a.Name}, "sn": {a.Family}, "givenname": {a.Given},
		"displayname": {a.Name}, "mail": {a.Address}, "employeenumber": {a.Code}, "carlicense": {a.Marker},
		"departmentnumber": {"YA-K51"}, "pwdreset": {"TRUE"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if _, ok := m.entries["uid=1,"+baseDN]["givenname"]; ok {
		t.Error("an attribute without a value was sent")
	}
	found, err := d.Lookup(t.Context(), account.Keys{Markers: []string{a.Marker}})
	if diff := cmp.Diff([]account.Account{a}, found); err != nil || diff != "" {
		t.Errorf("read back (-want +got), error %v:\n%s", err, diff)
	}
}

// People wrote entries before us: aliases, descriptions, no code.
func TestForeignEntry(t *testing.T) {
	t.Parallel()
	m := startMemory(t, nil)
	d := directory(t, config(m.url))
	m.entries["uid=lan,"+baseDN] = map[string][]string{
		"objectclass": {"inetOrgPerson"}, "uid": {"lan", "lan2"}, "cn": {"Trần Thị Lan"}, "sn": {"Trần"},
		"mail": {"lan@truong.example", "2153010009@truong.example"}, "description": {"phòng 3", "vanthu:YC-2026-0009:1", "làm đến 2027"},
	}
	found, err := d.Lookup(t.Context(), account.Keys{Codes: []string{"2153010009"}, Addresses: []string{"2153010009@TRUONG.example"}})
	want := []account.Account{{
		User: "lan", Address: "lan@truong.example", Aliases: []string{"2153010009@truong.example"}, Name: "Trần Thị Lan", Family: "Trần", Marker: "vanthu:YC-2026-0009:1",
	}}
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("(-want +got), error %v:\n%s", err, diff)
	}
	m.entries["uid=lan,"+baseDN]["description"] = []string{"phòng 3"}
	found, err = d.Lookup(t.Context(), account.Keys{Users: []string{"lan2"}})
	if err != nil || len(found) != 1 || found[0].Marker != "" || found[0].User != "lan2" {
		t.Errorf("found %+v, error %v", found, err)
	}
}

// A server that takes the connection and says nothing more.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 8)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		for c := range accepted {
			_ = c.Close()
		}
	})
	_, ca, _ := certificate(t, "127.0.0.1")
	for name, change := range map[string]func(*Config){
		"plain":    func(*Config) {},
		"ldaps":    func(c *Config) { c.URL, c.CAFile = "ldaps://"+l.Addr().String(), ca },
		"StartTLS": func(c *Config) { c.StartTLS, c.CAFile = true, ca },
	} {
		cfg := config("ldap://" + l.Addr().String())
		cfg.Timeout = 50 * time.Millisecond
		change(&cfg)
		d := directory(t, cfg)
		if err := d.Check(t.Context()); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, account.ErrPermanent) {
			t.Errorf("%s: error %v, want the deadline as a temporary error", name, err)
		}

		cfg.Timeout = time.Hour
		d = directory(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Create(ctx, accounttest.Person(1, 0), accounttest.Password) }()
		<-accepted // of the first; the second is on its way
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}

		d = directory(t, cfg)
		go func() { done <- d.Create(t.Context(), accounttest.Person(1, 0), accounttest.Password) }()
		_ = d.Close()
		if err := <-done; !errors.Is(err, errClosed) {
			t.Errorf("%s: error %v, want errClosed", name, err)
		}
	}
}

// The kept connection dies between two operations; the next one gets another and nobody notices.
func TestReconnect(t *testing.T) {
	t.Parallel()
	m := startMemory(t, nil)
	d := directory(t, config(m.url))
	for i := range 3 {
		if err := d.Create(t.Context(), accounttest.Person(1, i), accounttest.Password); err != nil {
			t.Fatal(err)
		}
		c := d.pool.pop()
		_ = c.wire.Close()
		_ = c.Close() // waits until the reader has seen it
		d.pool.give(c)
	}
	if m.binds != 3 {
		t.Errorf("%d connections, want 3", m.binds)
	}
	_ = d.Close()
	if err := d.Check(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("after Close: error %v, want errClosed", err)
	}
}

// Whatever a key holds, the filter asks for exactly that.
func FuzzFilter(f *testing.F) {
	f.Add("2153010001", "o'brien", `*)(uid=*\`)
	d := directory(f, config("ldaps://ldap.truong.example"))
	f.Fuzz(func(t *testing.T, a, b, c string) {
		tests := d.tests(account.Keys{Codes: []string{a}, Users: []string{b}, Markers: []string{c}})
		if len(tests) == 0 {
			return
		}
		filter := "(|" + strings.Join(tests, "") + ")"
		compiled, err := goldap.CompileFilter(filter)
		if err != nil {
			t.Fatal(err)
		}
		if compiled.Tag != goldap.FilterOr || len(compiled.Children) != len(tests) {
			t.Fatalf("%d parts, want %d", len(compiled.Children), len(tests))
		}
		for _, attribute := range []struct{ name, value string }{{"employeeNumber", a}, {attrUser, b}, {"description", c}} {
			entry := map[string][]string{strings.ToLower(attribute.name): {attribute.value}}
			if attribute.value != "" && !matches(filter, entry) {
				t.Fatalf("%s=%q is not found by its own filter", attribute.name, attribute.value)
			}
		}
		stranger := map[string][]string{"employeenumber": {a + "x"}, "uid": {b + "x"}, "description": {c + "x"}}
		if matches(filter, stranger) {
			t.Fatalf("the filter for %q, %q, %q finds somebody else", a, b, c)
		}
	})
}

// Any user name makes one RDN below the base.
func FuzzEntry(f *testing.F) {
	f.Add("2153010001", "Nguyễn Văn A")
	d := directory(f, config("ldaps://ldap.truong.example"))
	f.Fuzz(func(t *testing.T, user, name string) {
		add := inetOrgPerson{d}.entry(account.Account{User: user, Name: name}, "{SSHA512}x")
		dn, err := goldap.ParseDN(add.DN)
		if err != nil {
			return // the server would say so, too
		}
		base, _ := goldap.ParseDN(baseDN)
		if user != "" && (len(dn.RDNs) != len(base.RDNs)+1 || len(dn.RDNs[0].Attributes) != 1 || !base.AncestorOf(dn)) {
			t.Fatalf("user %q gives the DN %q", user, add.DN)
		}
	})
}
